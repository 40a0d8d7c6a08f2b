"""What a test sees of an editor: messages, completions, and what it says on hovering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MARK = "§"
"""Where the cursor stands in the text of a test."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something underlined. ``line`` counts from 1; ``severity`` is that of language servers, 1 an error."""

    line: int
    text: str
    severity: int


@dataclass(frozen=True, slots=True)
class Completion:
    """One offer, with what the editor says of it."""

    label: str
    words: str


class Editor(Protocol):
    """An editor that knows the schema."""

    def messages(self, text: str) -> list[Message]: ...
    def completions(self, text: str) -> list[Completion]: ...
    def hover(self, text: str) -> str: ...
    def close(self) -> None: ...


def without_mark(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the mark's line and column, both from 0."""
    before, mark, after = text.partition(MARK)
    assert mark, "the text has no mark"
    return before + after, before.count("\n"), len(before) - before.rfind("\n") - 1
