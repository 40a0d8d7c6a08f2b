"""The noun Trace: for each value of a document made of several files, where it was written, and what it overrode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .document import Document, Locator, Part, Place, Pointer


@dataclass(slots=True)
class Trace:
    """Where one value comes from: ``pointer`` in the document that ``locate`` belongs to.

    ``children`` has what lies inside and comes from elsewhere; what is not there stands where its holder stands.
    ``over`` are the values that stood here before, the last one first, each with its place.
    """

    locate: Locator
    pointer: Pointer = ()
    children: dict[str | int, Trace] = field(default_factory=dict)
    over: tuple[tuple[Any, Locator, Pointer], ...] = ()

    def child(self, key: str | int) -> Trace:
        """The trace of what stands under a key; made where it comes from the same place as its holder."""
        found = self.children.get(key)
        if found is None:
            found = self.children[key] = Trace(self.locate, (*self.pointer, key))
        return found

    def copy(self) -> Trace:
        """A trace that can be changed on its own."""
        return Trace(self.locate, self.pointer, {key: one.copy() for key, one in self.children.items()}, self.over)

    def follow(self, pointer: Pointer) -> tuple[Trace, Pointer]:
        """The last trace on the way to a pointer, and the rest of the way."""
        at = self
        for depth, key in enumerate(pointer):
            inner = at.children.get(key)
            if inner is None:
                return at, pointer[depth:]
            at = inner
        return at, ()

    def place(self, pointer: Pointer, part: Part) -> Place:
        """Where a pointer into the whole stands."""
        at, rest = self.follow(pointer)
        return at.locate((*at.pointer, *rest), part)

    def overridden(self, pointer: Pointer) -> Iterator[tuple[Any, Place]]:
        """What a value overrode, nearest first, and where that stands."""
        at, rest = self.follow(pointer)
        if rest:
            return
        for value, locate, where in at.over:
            yield value, locate(where, "value")


def trace_of(document: Document) -> Trace:
    """The trace of a document: its own, where it was made of several files."""
    return document.trace.copy() if document.trace is not None else Trace(document.locate)


def copied(value: Any) -> Any:
    """Tables and lists copied all the way down."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value
