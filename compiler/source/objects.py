"""From what a checked spec states to Code: arguments and Keras objects, as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..build import READ, UNREAD, stated
from ..catalogue.kinds import Kind
from ..catalogue.objects import arguments_of
from ..catalogue.offered import offered
from ..catalogue.record import Object as Stated
from .code import Expr, Items, Object, Table, Value

NAMED: Final = READ | {"initializers", "regularizers", "constraints", "optimizers"}
"""Families of which Keras reads names as the builder does."""

UNREADABLE: Final = UNREAD | {
    ("initializers", "Constant"),
    ("initializers", "constant"),
    ("regularizers", "l1_l2"),
    ("optimizers", "Lamb"),
    ("optimizers", "lamb"),
}
"""Names in those families that Keras' own look-up fails on: the object is made."""


def object_code(found: Stated, raw: Mapping[str, Any]) -> Object:
    """The Keras object that a spec states; ``raw`` is its table as written."""
    return Object(found.record, arguments_code(found, raw))


def arguments_code(found: Stated, raw: Mapping[str, Any]) -> dict[str, Expr]:
    """All arguments that a spec states."""
    known = arguments_of(found.record)
    return {name: argument_code(known[name].kind, value, raw.get(name)) for name, value in found.written.items()}


def argument_code(kind: Kind, value: Any, raw: Any = None) -> Expr:
    """One argument: ``value`` as Keras takes it, ``raw`` as it is written."""
    if kind.family is not None and isinstance(value, str):
        return named(kind.family, value)
    return value_code(kind, value, raw)


def value_code(kind: Kind, value: Any, raw: Any = None) -> Expr:
    """A value with the objects in it; one number for all axes stays one number."""
    if isinstance(value, Stated):
        return object_code(value, raw if isinstance(raw, Mapping) else {})
    if isinstance(value, tuple | list):
        if isinstance(raw, int | float) and not isinstance(raw, bool) and value and all(one == raw for one in value):
            return Value(value[0])
        inner = raw if isinstance(raw, list) and len(raw) == len(value) else [None] * len(value)
        if kind.family is not None:
            return Items(tuple(argument_code(kind, one, two) for one, two in zip(value, inner, strict=True)))
        if any(isinstance(one, Stated) for one in value):
            parts = tuple(value_code(kind, one, two) for one, two in zip(value, inner, strict=True))
            return Items(parts, isinstance(value, tuple))
        return Value(type(value)(value))
    if isinstance(value, Mapping):
        table = raw if isinstance(raw, Mapping) else {}
        return Table(tuple((key, argument_code(kind, one, table.get(key))) for key, one in value.items()))
    return Value(value)


def named(family: str, name: str) -> Expr:
    """An object by its name: the name itself where Keras reads it, else the object."""
    if (family in NAMED or name == "auto") and (family, name) not in UNREADABLE and not offered(family, name):
        return Value(name)
    found = stated(family, name)
    return Value(name) if found is None else object_code(found, {})


def objects_in(found: Stated) -> list[Stated]:
    """The object and all that lie in it."""
    every = [found]
    for value in found.written.values():
        for one in value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,):
            if isinstance(one, Stated):
                every += objects_in(one)
    return every
