"""From a syntax tree to places: which stretch of a text each key, value and table head of a spec takes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from .document import HOLE, Part, Place, Pointer, Source

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

Span = tuple[int, int]
"""A stretch of a text: offsets in code points, the end exclusive."""

DEEPEST = 64
"""So many tables and lists may lie inside each other; nobody writes more, and walks below stay bounded."""

TOO_DEEP = f"expected at most {DEEPEST} lists and tables inside each other, found more"


@cache
def _parser(language: str) -> Parser:
    from tree_sitter import Language, Parser

    if language == "toml":
        import tree_sitter_toml

        return Parser(Language(tree_sitter_toml.language()))
    import tree_sitter_json

    return Parser(Language(tree_sitter_json.language()))


def syntax_tree(text: str, language: str) -> Node:
    """The root of tree-sitter's tree of a text; its offsets count bytes of UTF-8."""
    return _parser(language).parse(text.encode()).root_node


def code_points(text: str) -> Callable[[int], int]:
    """A function from offsets in the UTF-8 bytes of ``text`` to offsets in its code points."""
    if text.isascii():
        return int
    # After the n-th character outside ASCII, bytes run ahead of code points by a fixed amount more.
    after: list[int] = [0]
    ahead: list[int] = [0]
    for found in re.finditer(r"[^\x00-\x7f]", text):
        width = len(found.group().encode())
        ahead.append(ahead[-1] + width - 1)
        after.append(found.start() + 1 + ahead[-1])
    return lambda at: at - ahead[bisect_right(after, at) - 1]


@dataclass(slots=True)
class Spot:
    """What one pointer leads to: the spans of its key, value and head, and what lies inside.

    ``kind`` is ``leaf``, ``array``, ``inline`` (a table in braces), ``table`` (from a header), ``implicit``
    (named only on the way to a header below it), ``dotted`` (made by a dotted key) or ``tables`` (a list
    written as ``[[name]]``).
    """

    kind: str
    key: Span | None
    value: Span
    entry: Span
    children: dict[str | int, Spot] = field(default_factory=dict)


def plain(
    spot: Spot, read: Callable[[Span], Any], is_hole: Callable[[Span], bool], depth: int = 0
) -> Any:  # bounded: depth ≤ DEEPEST
    """The data below a spot; ``read`` gives a leaf's value, ``is_hole`` says where there is none to be had."""
    if is_hole(spot.value) and spot.kind in ("leaf", "array", "inline"):
        return HOLE
    if spot.kind == "leaf":
        return read(spot.value)
    if depth > DEEPEST + 1:
        return HOLE
    if spot.kind in ("array", "tables"):
        return [plain(child, read, is_hole, depth + 1) for child in spot.children.values()]
    return {key: plain(child, read, is_hole, depth + 1) for key, child in spot.children.items()}


class Index:
    """Finds the place of a pointer; the tree behind it is built when the first place is asked for."""

    __slots__ = ("_build", "_root", "_shift", "_source")

    def __init__(self, source: Source, build: Callable[[], Spot], shift: Callable[[Span], Span] | None = None) -> None:
        self._source = source
        self._build = build
        self._shift = shift
        self._root: Spot | None = None

    def __call__(self, pointer: Pointer, part: Part) -> Place:
        """The place of a part of what ``pointer`` leads to, or of the nearest thing around it."""
        if not pointer:
            return Place(self._source, *first_stretch(self._source.text))
        if self._root is None:
            self._root = self._build()
        spot = self._root
        for step in pointer:
            child = spot.children.get(step)
            if child is None:
                if spot is self._root:
                    return Place(self._source, *first_stretch(self._source.text))
                span = spot.value if spot.kind == "leaf" else spot.entry
                break
            spot = child
        else:
            span = spot.value
            if part == "key":
                span = spot.key or spot.entry
            elif part == "entry":
                span = spot.entry
        start, end = span if self._shift is None else self._shift(span)
        size = len(self._source.text)
        start = min(max(start, 0), size)
        return Place(self._source, start, min(max(end, start), size))


def first_stretch(text: str) -> Span:
    """The first run of characters that are not blank, or the empty span at the start."""
    found = re.search(r"\S+", text)
    return found.span() if found else (0, 0)


class Patched:
    """A text with edits made, and the way back from its offsets to those of the original."""

    __slots__ = ("_from", "_pieces", "text")

    def __init__(self, text: str, edits: list[tuple[int, int, str]]) -> None:
        parts: list[str] = []
        self._from: list[int] = []
        self._pieces: list[tuple[int, int, int, bool]] = []
        at = new = 0

        def keep(start: int, end: int, words: str, same: bool) -> None:
            nonlocal new
            if words:
                self._from.append(new)
                self._pieces.append((new, start, end, same))
                parts.append(words)
                new += len(words)

        for start, end, words in sorted(edits, key=lambda edit: edit[:2]):
            if start < at:
                continue
            keep(at, start, text[at:start], True)
            keep(start, end, words, False)
            at = end
        keep(at, len(text), text[at:], True)
        self.text = "".join(parts)

    def original(self, span: Span) -> Span:
        """The span of the original text that a span of the new one stands for."""
        if not self._pieces:
            return 0, 0
        start, end = span
        first, was, stop, same = self._pieces[max(bisect_right(self._from, start) - 1, 0)]
        begin = was + start - first if same else was
        if end <= start:
            return begin, begin
        first, was, stop, same = self._pieces[max(bisect_right(self._from, end - 1) - 1, 0)]
        return begin, max(begin, was + end - first if same else stop)
