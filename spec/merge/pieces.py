"""The noun Piece: a text in pieces that belong together, from which the same text can be put together again.

A piece is a key with its value, a table with its header, an entry of a list: each with the comments above it and beside
it. A value in braces, and a list of tables, is made of pieces itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Way = tuple[str, ...]
"""Keys that lead from a table to something in it."""

Form = Literal["section", "table", "list"]
"""How pieces stand beside each other: each on lines of its own; or with commas between, in braces or brackets."""


@dataclass(frozen=True, slots=True)
class Body:
    """Pieces side by side. ``open`` and ``close`` are the brackets with the blanks at them.

    ``last_comma``: whether a comma stands behind the last piece as well.
    """

    form: Form
    open: str
    pieces: tuple[Piece, ...]
    close: str
    last_comma: bool = False

    @property
    def value(self) -> Any:
        """What it says."""
        if self.form == "list":
            return [piece.value for piece in self.pieces]
        found: dict[str, Any] = {}
        for piece in self.pieces:
            holder = found
            for key in piece.way[:-1]:
                holder = holder.setdefault(key, {})
            if piece.entry:
                holder.setdefault(piece.way[-1], []).append(piece.value)
            elif isinstance(piece.value, dict) and isinstance(holder.get(piece.way[-1]), dict):
                holder[piece.way[-1]] |= piece.value
            else:
                holder[piece.way[-1]] = piece.value
        return found


@dataclass(frozen=True, slots=True)
class Piece:
    """One key, table or entry. ``way`` are its keys, seen from what it stands in; an element of a list has none.

    ``entry``: it is one of several of that ``way``, as ``[[layers]]`` is. ``lead`` are the lines above it that belong
    to it, ``head`` is what stands before its value, ``tail`` what follows on the same line (behind the comma).
    """

    way: Way
    entry: bool
    lead: str
    head: str
    body: str | Body
    tail: str
    value: Any = field(compare=False)

    @property
    def listed(self) -> bool:
        """Whether it is found among its like by what it says, not by its keys."""
        return self.entry or not self.way

    def text(self, comma: bool = False) -> str:
        """The text that it was made of."""
        inner = self.body if isinstance(self.body, str) else text(self.body)
        return f"{self.lead}{self.head}{inner}{',' if comma else ''}{self.tail}"


def text(body: Body) -> str:
    """The text that a body was made of."""
    if body.form == "section":
        return body.open + "".join(piece.text() for piece in body.pieces) + body.close
    last = len(body.pieces) - 1
    inner = "".join(piece.text(at < last or body.last_comma) for at, piece in enumerate(body.pieces))
    return body.open + inner + body.close


EMPTY: Final = Body("section", "", (), "")


def lined(words: str) -> tuple[str, str]:
    """What stands between two pieces: to the end of the line it belongs to the one before, then to the next."""
    end = words.find("\n") + 1
    return (words[:end], words[end:]) if end else ("", words)


@dataclass(frozen=True, slots=True)
class Found:
    """A piece between commas, as it was found: where it begins and ends, and where the comma behind it ends, if any."""

    start: int
    end: int
    comma: int | None
    way: Way
    head: str
    body: str | Body
    value: Any


def between_commas(source: str, form: Form, start: int, end: int, found: Sequence[Found]) -> Body:
    """The body of brackets from ``start`` to ``end`` with what was found between them."""
    if not found:
        return Body(form, source[start], (), source[start + 1 : end])
    tail, lead = lined(source[start + 1 : found[0].start])
    opened = source[start] + tail
    pieces = []
    for at, one in enumerate(found):
        behind = found[at + 1].start if at + 1 < len(found) else end - 1
        gap = source[one.end : behind]
        if one.comma is not None:  # what stands before the comma goes behind it
            gap = source[one.end : one.comma - 1] + source[one.comma : behind]
        own, following = lined(gap)
        pieces.append(Piece(one.way, False, lead, one.head, one.body, own, one.value))
        lead = following
    return Body(form, opened, tuple(pieces), lead + source[end - 1], found[-1].comma is not None)


def names(pieces: Sequence[Piece]) -> Iterator[Way]:
    """The lists that entries among pieces belong to, each once."""
    yield from dict.fromkeys(piece.way for piece in pieces if piece.listed)
