"""The noun Document: plain values of one spec, and where in which text each of them stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from .origins import Expansion
    from .traces import Trace

Pointer = tuple[str | int, ...]
"""The way from the root to a value: table keys and list indices. ``()`` is the root."""

Part = Literal["key", "value", "entry"]
"""What of a value a finding points at: its key, the value itself, or (``entry``) the head of a table:
its ``[header]``, its key, or its opening brace."""


class _Hole:
    """The type of HOLE."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "HOLE"


HOLE: Final = _Hole()
"""Stands in Document.data where a value was written but could not be read; later stages stay silent about it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One text that was read: ``path`` as it is shown to the person, ``text`` without its byte order mark."""

    path: str
    text: str
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        object.__setattr__(self, "_starts", tuple(starts))

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, columns in code points, of an offset in code points."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, numbered from 1, without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def offset(self, line: int, column: int) -> int:
        """The offset in code points of a line and column, both from 1."""
        return self._starts[line - 1] + column - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a source: offsets in code points, ``end`` exclusive."""

    source: Source
    start: int
    end: int


Locator = Callable[[Pointer, Part], Place]
"""Finds the place of a pointer; where the pointer leads nowhere, the nearest table around it that exists."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a spec file says, as plain ``dict``, ``list``, ``str``, ``int``, ``float``, ``bool`` and ``None``.

    ``damaged`` holds the pointers of tables and lists in which something could not be read: they may have had
    more keys or elements than ``data`` shows, so nothing may be said to be missing from them.
    Positions are looked up late, by ``place``: a clean spec never pays for them. ``expansion`` is set where
    blocks, parameters and the like were written out: ``data`` then says what they came to. ``trace`` is set
    where it was made of several files, or settings were laid over it: ``files`` are the others, ``settings`` these.
    """

    source: Source
    data: dict[str, Any]
    locate: Locator = field(repr=False, compare=False)
    damaged: frozenset[Pointer] = frozenset()
    expansion: Expansion | None = field(default=None, repr=False, compare=False)
    trace: Trace | None = field(default=None, repr=False, compare=False)
    files: tuple[Source, ...] = field(default=(), repr=False, compare=False)
    settings: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def place(self, pointer: Pointer, part: Part = "value") -> Place:
        """Where ``pointer`` stands in the text."""
        return self.locate(pointer, part)
