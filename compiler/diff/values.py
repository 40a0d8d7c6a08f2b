"""From what a spec states to plain values that are equal where they mean the same; and from two such to Differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from ...spec.document import HOLE
from ...spec.merge.entries import content, kind, name_of, paired, table_list
from ...spec.spec import Reference
from ..catalogue import find
from ..catalogue.objects import arguments_of, instantiate
from ..catalogue.record import Object


class _Absent:
    """The type of ABSENT."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""Stands where one of two sides has nothing."""

OBJECTS: Final = {"optimizer": "optimizers", "loss": "losses", "metrics": "metrics", "callbacks": "callbacks"}
"""Keys of the training section → the family of what stands there."""
_PLACES: Final = frozenset({"pointer", "measures_known", "named"})
"""Fields of the records of a spec that say where something stands, not what."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs. ``path`` leads to it; where one side has nothing there, that is ABSENT."""

    path: tuple[str, ...]
    old: Any
    new: Any


def arguments(layer: Object) -> dict[str, Any]:
    """The arguments of an object that are not what Keras takes anyway, as plain values."""
    known = arguments_of(layer.record)
    found = {}
    for name, value in layer.written.items():  # all else is its default
        if name == "name":
            continue
        family = known[name].kind.family if name in known else None
        here = plain(value, family)
        default = known[name].default if name in known else ABSENT
        if content(here) != content(plain(known[name].kind.normal(default) if _simple(default) else default, family)):
            found[name] = here
    if found.get("activation") == "linear":  # is none
        del found["activation"]
    return found


def _simple(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | tuple | list)


def plain(value: Any, family: str | None = None) -> Any:
    """A value as text, numbers, lists and tables; an object is a table with ``type`` and what is not its default.

    A name that stands for an object of the ``family`` is that object with nothing but defaults.
    """
    if isinstance(value, Object):
        inner = arguments(value)
        return {"type": value.record.name, **inner} if inner else value.record.name
    if isinstance(value, str):
        record = find(family, value) if family is not None else None
        return value if record is None else record.name
    if isinstance(value, Mapping):
        if family is not None and isinstance(value.get("type"), str):
            record = find(family, value["type"])
            if record is not None:
                try:
                    made = plain(instantiate(record, value))
                except (KeyError, ValueError, TypeError):
                    return {str(key): plain(one) for key, one in value.items()}
                name = value.get("name")
                return made if name is None else {**(made if isinstance(made, dict) else {"type": made}), "name": name}
        return {str(key): plain(one, family if family and "type" not in value else None) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one, family) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def record(value: Any) -> Any:
    """A section of a spec as plain values, its defaults among them; objects of Keras without theirs."""
    if not is_dataclass(value) or isinstance(value, type):
        if isinstance(value, Mapping):
            return {str(key): record(one) for key, one in value.items()}
        if isinstance(value, tuple | list):
            return [record(one) for one in value]
        return plain(value)
    if isinstance(value, Reference):  # with the name that it would have where blocks are written out
        return "_".join(value.path).replace(".", "_") + (f"[{value.index}]" if value.index else "")
    found = {}
    for one in fields(value):
        inner = getattr(value, one.name)
        if one.name in _PLACES or inner is None or (one.name == "name" and not getattr(value, "named", True)):
            continue
        found[one.name] = plain(inner, OBJECTS[one.name]) if one.name in OBJECTS else record(inner)
    return found


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """All that differs between two plain values, as deep as tables go; lists of tables entry by entry."""
    if old is new or old is HOLE or new is HOLE:  # it could not be read, which is said elsewhere
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping) and _same_object(old, new):
        for key in dict.fromkeys([*old, *new]):
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), (*path, str(key)))
    elif table_list(old) and table_list(new):
        yield from _of_lists(old, new, path)
    elif old is ABSENT or new is ABSENT or content(old) != content(new):
        yield Difference(path, old, new)


def _same_object(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two tables are one thing: where `type` differs, each has arguments of its own."""
    return old.get("type") == new.get("type")


def _of_lists(old: list[Any], new: list[Any], path: tuple[str, ...]) -> Iterator[Difference]:
    pairs = paired(old, new)
    gone = set(range(len(old))) - set(pairs.values())
    for place in sorted(gone):
        yield Difference((*path, label(old[place], place)), old[place], ABSENT)
    for place, one in enumerate(new):
        way = (*path, label(one, place))
        if place in pairs:
            yield from differences(old[pairs[place]], one, way)
        else:
            yield Difference(way, ABSENT, one)


def label(entry: Any, place: int) -> str:
    """What an element of a list is called in a path: its name, else its type, else its number.

    An object that is written as its type alone has the same path as one in braces.
    """
    name = entry if isinstance(entry, str) else name_of(entry)
    if name is not None:
        return name
    said = kind(entry)
    return said.partition(" ")[2] if " " in said and isinstance(entry, Mapping) else str(place)
