"""The noun Notes: what is found wrong while a document is being expanded, each with the instances that led there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .document import Document, Part, Place, Pointer
from .finding import Diagnostic, Finding, Related, located
from .origins import Frame, instances

if TYPE_CHECKING:
    from .expression import ExpressionError


class Notes:
    """Findings about a document as written, each said once however many instances show it."""

    __slots__ = ("_seen", "document", "found")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Diagnostic] = []
        self._seen: set[tuple[str, Pointer, Part]] = set()

    def add(
        self,
        code: str,
        message: str,
        pointer: Pointer,
        part: Part = "value",
        *,
        frame: Frame | None = None,
        **more: Any,
    ) -> None:
        """Note what is wrong, and the instance in which it was seen."""
        if (code, pointer, part) in self._seen:
            return
        self._seen.add((code, pointer, part))
        one = located(Finding(code, message, pointer, part, **more), self.document)
        self.found.append(Diagnostic(one.finding, one.place, one.related, instances(frame, self.document)))

    def expression(self, error: ExpressionError, text: str, pointer: Pointer, frame: Frame | None) -> None:
        """Note what is wrong with an expression, at its characters inside the text."""
        place = self.document.place(pointer)
        inside = within(place, text, error.start, error.end)
        self.add(error.code, error.message, pointer, frame=frame, help=error.help, inside=inside)

    def both(self, code: str, message: str, pointer: Pointer, other: Pointer, label: str, **more: Any) -> None:
        """Note what is wrong with two keys together."""
        self.add(code, message, pointer, "key", related=(Related(label, other, "key"),), **more)


def within(place: Place, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where characters of a text stand in what was written for it, which has quotes and may have escapes."""
    raw = place.source.text[place.start : place.end]
    at = raw.find(text)
    if at >= 0:
        return at + start, at + max(end, start + 1)
    piece = text[start:end]
    at = raw.find(piece) if piece.strip() else -1
    return (at, at + len(piece)) if at >= 0 else None
