"""From values as a spec writes them, with expressions in them, to Code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...spec.expression import names_in, parts_of
from ...spec.expression_nodes import Call, Name, Node
from ..catalogue import find
from ..catalogue.kinds import Kind
from ..catalogue.objects import arguments_of, normal
from .code import Expr, Formula, Given, Items, Object, Table, Text, Value, Var
from .formula import none_for
from .objects import argument_code

SHARED: Final = ("initializers", "regularizers", "constraints")
"""Families of which a parameter may state an object."""


class Unnatural(Exception):
    """Something has no natural form in Python; it is written out flat. ``tops`` are further entries that must be."""

    def __init__(self, *tops: int) -> None:
        super().__init__()
        self.tops = tops


class Wanted(Exception):
    """A tensor inside of a block is asked for from outside: its function must give it as well."""

    def __init__(self, block: str, name: str) -> None:
        super().__init__()
        self.block = block
        self.name = name


@dataclass(slots=True)
class Scope:
    """What names in expressions are: ``local`` variables, else constants of the program, which are noted as used."""

    constants: Mapping[str, Var | Given]
    local: Mapping[str, Var] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """Constants that were used."""
    seen: set[str] = field(default_factory=set)
    """Local names that were used."""

    def with_loop(self, counted: bool = False) -> Scope:
        """The same inside of a loop; one that is ``counted`` has the same index and item."""
        item = Var("index" if counted else "item")
        return Scope(self.constants, {**self.local, "index": Var("index"), "item": item}, self.used)

    def name(self, name: str) -> Var | Given:
        """The variable of a name."""
        if name in self.local:
            self.seen.add(name)
            return self.local[name]
        if name not in self.constants:
            raise Unnatural
        self.used.add(name)
        return self.constants[name]

    def variables(self, text: str) -> dict[str, Var]:
        """The variables of all names in a text."""
        found = {}
        for one in names_in(text):
            var = self.name(one)
            if not isinstance(var, Var):
                raise Unnatural
            found[one] = var
        return found


def has(value: Any) -> bool:
    """Whether a value has expressions in it, or a dollar sign that is meant as one."""
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, dict):
        return any(map(has, value.values()))
    return isinstance(value, list) and any(map(has, value))


def expression(text: str, scope: Scope, *, whole: bool = False) -> Expr:
    """A text with expressions; ``whole`` makes a whole number of the result."""
    parts = parts_of(text)
    if all(isinstance(one, str) for one in parts):
        return Value("".join(map(str, parts)))
    if len(parts) == 1 and isinstance(parts[0], Name) and not whole:
        return scope.name(parts[0].name)
    names = scope.variables(text)
    if len(parts) == 1:
        tree = parts[0]
        assert isinstance(tree, Node)
        return Formula(Call(0, 0, "int", (tree,)) if whole else tree, names)
    return Text(tuple(one if isinstance(one, str) else _part(one, names) for one in parts))


def _part(tree: Node, names: Mapping[str, Var]) -> Expr:
    return names[tree.name] if isinstance(tree, Name) else Formula(tree, names)


def value(raw: Any, scope: Scope) -> Expr:
    """A value of no known kind: of a parameter, or handed to a block."""
    if isinstance(raw, dict) and "type" in raw:
        found = _stateless(raw)
        return argument(found, raw, scope)
    if not has(raw):
        if _objects_within(raw):
            raise Unnatural
        return Value(none_for(raw))
    if isinstance(raw, str):
        found_code = expression(raw, scope)
        if isinstance(found_code, Given):
            raise Unnatural
        return found_code
    if isinstance(raw, list):
        return Items(tuple(value(one, scope) for one in raw))
    assert isinstance(raw, dict)
    numbered = bool(raw) and all(isinstance(key, int) for key in none_for(dict.fromkeys(raw, 0)))
    return Table(tuple((int(key) if numbered else key, value(one, scope)) for key, one in raw.items()))


def _objects_within(raw: Any) -> bool:
    if isinstance(raw, dict):
        return "type" in raw or any(map(_objects_within, raw.values()))
    return isinstance(raw, list) and any(map(_objects_within, raw))


def _stateless(raw: Mapping[str, Any]) -> Kind:
    """The kind of an object that may be shared by many layers.

    An initializer can't be, without a seed of its own: it would give all of them the same numbers.
    """
    for family in ("regularizers", "constraints"):
        if isinstance(raw["type"], str) and find(family, raw["type"]) is not None:
            return Kind({}, "", family=family)
    raise Unnatural


def factory(raw: Any, scope: Scope) -> Object | None:
    """The object that a parameter states, to be made anew for each layer; None where it states none."""
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        return None
    for family in SHARED:
        if find(family, raw["type"]) is not None:
            found = argument(Kind({}, "", family=family), raw, scope)
            return found if isinstance(found, Object) else None
    return None


def argument(kind: Kind, raw: Any, scope: Scope, *, whole: bool = False) -> Expr:
    """An argument of a Keras object, as written."""
    if not has(raw):
        return argument_code(kind, normal(kind, raw), raw)
    if isinstance(raw, str):
        return expression(raw, scope, whole=whole)
    if isinstance(raw, list):
        inner = Kind({}, "", family=kind.family)
        return Items(tuple(argument(inner, one, scope) if has(one) else _element(inner, one) for one in raw))
    assert isinstance(raw, dict)
    if kind.family is None or not isinstance(raw.get("type"), str) or has(raw["type"]):
        if kind.named:
            inner = Kind({}, "", family=kind.family)
            return Table(tuple((key, argument(inner, one, scope)) for key, one in raw.items()))
        raise Unnatural
    record = find(kind.family, raw["type"])
    if record is None:
        raise Unnatural
    known = arguments_of(record)
    return Object(record, {key: argument(known[key].kind, one, scope) for key, one in raw.items() if key in known})


def _element(kind: Kind, raw: Any) -> Expr:
    if kind.family is not None:
        return argument_code(kind, normal(kind, raw), raw)
    return Value(none_for(raw))
