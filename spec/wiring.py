"""The noun Wires: what an entry's `inputs` mean, with names replaced by what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .document import HOLE, Pointer
from .notes import Notes
from .scope import Scope, Tensors, resolve

Wire = tuple[str | None, Pointer]
"""One reference, None where it is not known what it means; and where it is written, seen from the entry."""


@dataclass(frozen=True, slots=True)
class Group:
    """What stands for one argument: ``key`` is None where no table gives it; ``listed`` where it is a list."""

    key: str | None
    wires: tuple[Wire, ...]
    listed: bool


@dataclass(frozen=True, slots=True)
class Wires:
    """The inputs of an entry; ``written`` is False where they are those of the entry before.

    ``odd`` is what was written where that can't be read at all: it is left for the schema to say.
    """

    groups: tuple[Group, ...]
    written: bool
    odd: Any = None

    @property
    def first(self) -> Tensors:
        """The first tensor; () where there is none, None where it is not known."""
        for group in self.groups:
            if group.wires:
                one = group.wires[0][0]
                return None if one is None else (one,)
        return () if self.odd is None else None

    def led(self, first: Tensors) -> Wires:
        """The same with another first tensor: that of the instance before."""
        replaced = None if not first else first[0]
        for place, group in enumerate(self.groups):
            if group.wires:
                wires = ((replaced, group.wires[0][1]), *group.wires[1:])
                return Wires((*self.groups[:place], Group(group.key, wires, group.listed), *self.groups[place + 1 :]),
                             self.written)  # fmt: skip
        return Wires((Group(None, ((replaced, ()),), False),), True)

    def data(self) -> tuple[Any, Mapping[Pointer, Pointer]]:
        """The value of `inputs` in the expanded list, and where its elements were written."""
        if self.odd is not None:
            return self.odd, {}
        moved: dict[Pointer, Pointer] = {}

        def one(group: Group, at: Pointer) -> Any:
            values = [HOLE if text is None else text for text, _ in group.wires]
            if not group.listed and len(values) == 1:
                moved[at] = group.wires[0][1]
                return values[0]
            for index, (_, pointer) in enumerate(group.wires):
                moved[(*at, index)] = pointer
            return values

        if any(group.key is not None for group in self.groups):
            return {group.key: one(group, ("inputs", str(group.key))) for group in self.groups}, moved
        return (one(self.groups[0], ("inputs",)) if self.groups else HOLE), moved


def placed(wires: Wires, last: str | None, at_start: bool) -> tuple[Any, Mapping[Pointer, Pointer]]:
    """What to write for `inputs` in the flat list; None where the entry before, ``last``, is meant anyway."""
    if wires.written:
        return wires.data()
    if not wires.groups:
        return None, {}
    (group,) = wires.groups
    if not group.listed and (group.wires[0][0] == last is not None or (last is None and at_start)):
        return None, {}
    return wires.data()


def wire(written: Any, scope: Scope, at: Pointer, notes: Notes, entry: str | None) -> Wires:
    """What the `inputs` of an entry mean; ``written`` is None where there are none."""
    if written is None:
        before = scope.before
        wires: tuple[Wire, ...] = ((None, ()),) if before is None else tuple((one, ()) for one in before)
        return Wires((Group(None, wires, scope.spread or len(wires) > 1),) if wires else (), False)
    if written is HOLE:
        return Wires((Group(None, ((None, ("inputs",)),), False),), True)
    if isinstance(written, dict):
        groups = []
        for key, value in written.items():
            group = _group(key, value, scope, at, ("inputs", key), notes, entry)
            if group is None:
                return Wires((), True, written)
            groups.append(group)
        return Wires(tuple(groups), True, None if groups else written)
    group = _group(None, written, scope, at, ("inputs",), notes, entry)
    return Wires((), True, written) if group is None else Wires((group,), True)


def _group(
    key: str | None, value: Any, scope: Scope, at: Pointer, inner: Pointer, notes: Notes, entry: str | None
) -> Group | None:
    if isinstance(value, str):
        tensors, many = resolve(value, scope, (*at, *inner), notes, entry)
        wires = tuple((one, inner) for one in tensors) if tensors is not None else ((None, inner),)
        return Group(key, wires, many)
    if value is HOLE:
        return Group(key, ((None, inner),), False)
    if not isinstance(value, list) or not value:
        return None
    found: list[Wire] = []
    for index, one in enumerate(value):
        place = (*inner, index)
        if one is HOLE:
            found.append((None, place))
        elif not isinstance(one, str):
            return None
        else:
            tensors, _ = resolve(one, scope, (*at, *place), notes, entry)
            found.extend((text, place) for text in tensors) if tensors is not None else found.append((None, place))
    return Group(key, tuple(found), True)
