"""Which names of a saved model a spec writes: those that somebody chose, and those that something refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...spec.naming import NAME, FreeNames, snake_case
from ..catalogue.record import Record

LONGEST = 128


def legal(name: str) -> str:
    """A name that a spec may have: ``block1/conv`` becomes ``block1_conv``."""
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:LONGEST]
    if NAME.fullmatch(cleaned):
        return cleaned
    return f"_{cleaned}"[:LONGEST]


def generated(name: str, kinds: Iterable[str]) -> bool:
    """Whether Keras makes such a name by itself for an object of one of these classes."""
    bases = {base for kind in kinds for base in (snake_case(kind), kind.rpartition(".")[2].lower())}
    return re.sub(r"_\d+$", "", legal(name)) in bases  # made legal first: the spec's name must be judged alike


def kinds_of(record: Record, stored: str) -> tuple[str, ...]:
    """What the class of an object is or was called."""
    return (record.name, stored, *record.aliases)


class Names:
    """Gives the entries of one list of layers their names, in order: chosen ones as they are, others by counting."""

    def __init__(self, taken: Iterable[str], chosen: Iterable[str]) -> None:
        self._chosen: dict[str, str] = {}
        own = FreeNames(taken)
        for name in chosen:
            self._chosen[name] = own.name(legal(name))
        self._free = FreeNames({*taken, *self._chosen.values()})

    def chosen(self, name: str) -> str:
        """A name that somebody chose, made legal."""
        return self._chosen[name]

    def counted(self, base: str) -> str:
        """The next name that is generated from a type."""
        return self._free.name(snake_case(base))
