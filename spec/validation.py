"""The noun Validation: what came of checking a document against the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .document import Document, Pointer
from .finding import Finding

GRAPH: Final = frozenset({"inputs", "layers", "blocks", "include", "extends"})
"""Keys of the top level from which names of inputs and layers come."""


def is_library(document: Document) -> bool:
    """Whether a document is there for its blocks alone, which others include."""
    data = document.data if document.expansion is None else document.expansion.written.data
    return "blocks" in data and data.keys().isdisjoint(("inputs", "layers", "outputs", "extends"))


@dataclass(slots=True)
class Validation:
    """What came of checking a document.

    ``rejected``: values that later stages must not look at. ``unsound``: tables of which so much is wrong or
    lost that nothing may be concluded from them. ``misplaced``: keys of the top level that were misspelt or
    written elsewhere, and so are not missing. ``unallowed``: plugins of which that
    was said already. ``document`` has HOLE in place of what is not carried out yet.
    """

    document: Document
    findings: list[Finding] = field(default_factory=list)
    rejected: set[Pointer] = field(default_factory=set)
    unsound: set[Pointer] = field(default_factory=set)
    misplaced: set[str] = field(default_factory=set)
    unallowed: set[str] = field(default_factory=set)

    @property
    def partial(self) -> bool:
        """Whether the document lies over another one, or has nothing but blocks: then nothing can be called missing."""
        return "extends" in self.document.data or is_library(self.document)

    def below(self, at: Pointer, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """The table that one in a phase of training is laid over; empty where there is none, or one of another type."""
        if len(at) < 4 or at[:2] != ("training", "phases"):
            return {}
        found = self.document.data["training"]
        for key in at[3:]:
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, dict) or table.get("type", found.get("type")) != found.get("type"):
            return {}
        return found

    def add(self, code: str, message: str, pointer: Pointer, **more: Any) -> None:
        """Note a finding and leave its value out of later stages."""
        self.note(code, message, pointer, **more)
        self.rejected.add(pointer)

    def spoil(self, pointer: Pointer, key: str) -> None:
        """Conclude nothing more from a table, because of a key; the top level only gives up its graph."""
        if pointer or key in GRAPH:
            self.unsound.add(pointer)

    def note(self, code: str, message: str, pointer: Pointer, **more: Any) -> None:
        """Note a finding."""
        self.findings.append(Finding(code, message, pointer, **more))
