"""From a TOML text to its pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli

from ..places import code_points, syntax_tree
from ..toml_words import simple
from .pieces import Body, Found, Piece, Way, between_commas, lined

if TYPE_CHECKING:
    from tree_sitter import Node

_KEYS = ("bare_key", "quoted_key", "dotted_key")


class NoPiecesError(ValueError):
    """A text that can't be taken apart: it is not well formed."""


@dataclass(slots=True)
class _Section:
    """A table or entry while its pieces are gathered. ``full`` are its keys from the root."""

    full: Way
    way: Way
    entry: bool
    lead: str
    head: str
    pieces: list[Piece] = field(default_factory=list)

    def piece(self) -> Piece:
        body = Body("section", "", tuple(self.pieces), "")
        return Piece(self.way, self.entry, self.lead, self.head, body, "", body.value)


def toml_pieces(source: str) -> Body:
    """The pieces of a TOML text, which ends with a line end. A table stands in the one before that it belongs to.

    Raises:
        NoPiecesError: if the text is not TOML.
    """
    tree = syntax_tree(source, "toml")
    if tree.has_error:
        raise NoPiecesError
    return _Reader(source).read(tree)


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at: Callable[[int], int] = code_points(source)

    def read(self, tree: Node) -> Body:
        statements = list(self._statements(tree))
        root = _Section((), (), False, "", "")
        open_: list[_Section] = [root]
        last = 0
        opened, lead = "", ""
        for number, (kind, node, start, end) in enumerate(statements):
            gap = self.source[last:start]
            if number:
                tail, lead = lined(gap)
                self._add_tail(open_[-1], tail)
            else:
                lead = gap
            last = end
            if kind == "pair":
                key, value = (one for one in node.named_children if one.type != "comment")
                way, head = self._way(key), self.source[start : self.at(value.start_byte)]
                body, plain = self._value(value)
                open_[-1].pieces.append(Piece(way, False, lead, head, body, "", plain))
                continue
            full = self._way(next(one for one in node.children if one.type in _KEYS))
            while len(open_) > 1 and (full[: len(open_[-1].full)] != open_[-1].full or full == open_[-1].full):
                self._close(open_)
            way = full[len(open_[-1].full) :]
            open_.append(_Section(full, way, kind == "entry", lead, self.source[start:end]))
        rest = self.source[last:]
        if statements:
            tail, rest = lined(rest)
            self._add_tail(open_[-1], tail)
        while len(open_) > 1:
            self._close(open_)
        return Body("section", opened, tuple(root.pieces), rest)

    @staticmethod
    def _close(open_: list[_Section]) -> None:
        piece = open_.pop().piece()
        open_[-1].pieces.append(piece)

    @staticmethod
    def _add_tail(section: _Section, tail: str) -> None:
        """What follows on the line of the last piece; of a header without keys, on its own line."""
        if section.pieces and isinstance(section.pieces[-1].body, Body) and section.pieces[-1].body.form == "section":
            raise NoPiecesError  # a table was closed without a header behind it: that can't be
        if not section.pieces:
            section.head += tail
            return
        old = section.pieces[-1]
        section.pieces[-1] = Piece(old.way, old.entry, old.lead, old.head, old.body, old.tail + tail, old.value)

    def _statements(self, tree: Node) -> Iterator[tuple[str, Node, int, int]]:
        """Pairs and headers in the order of the text."""
        for node in tree.children:
            if node.type == "pair":
                yield "pair", node, self.at(node.start_byte), self._end(node)
            elif node.type in ("table", "table_array_element"):
                close = next((one for one in node.children if one.type in ("]", "]]")), None)
                if close is None:
                    raise NoPiecesError
                kind = "table" if node.type == "table" else "entry"
                yield kind, node, self.at(node.start_byte), self.at(close.end_byte)
                for one in node.children:
                    if one.type == "pair":
                        yield "pair", one, self.at(one.start_byte), self._end(one)

    def _end(self, node: Node) -> int:
        """Where a pair or value ends; the grammar counts a comment beside it in."""
        return self.at([one for one in node.named_children if one.type != "comment"][-1].end_byte)

    def _way(self, key: Node) -> Way:
        text = self.source[self.at(key.start_byte) : self.at(key.end_byte)]
        if key.type == "bare_key":
            return (text,)
        found: Any = tomli.loads(f"{text} = 0")
        way: list[str] = []
        while isinstance(found, dict):
            ((name, found),) = found.items()
            way.append(name)
        return tuple(way)

    def _value(self, node: Node) -> tuple[str | Body, Any]:
        start, end = self.at(node.start_byte), self.at(node.end_byte)
        written = self.source[start:end]
        inner = [one for one in node.children if one.type not in ("comment", "[", "]", "{", "}")]
        tables = node.type == "array" and any(one.type == "inline_table" for one in inner)
        if node.type == "inline_table" or tables:
            found = list(self._found(inner))
            body = between_commas(self.source, "list" if tables else "table", start, end, found)
            return body, body.value
        plain = simple(written)
        return written, tomli.loads(f"v = {written}")["v"] if plain is None else plain

    def _found(self, inner: list[Node]) -> Iterator[Found]:
        for number, node in enumerate(inner):
            if node.type == ",":
                continue
            behind = inner[number + 1] if number + 1 < len(inner) else None
            comma = self.at(behind.end_byte) if behind is not None and behind.type == "," else None
            start, end = self.at(node.start_byte), self.at(node.end_byte)
            if node.type == "pair":
                end = self._end(node)
                key, value = (one for one in node.named_children if one.type != "comment")
                body, plain = self._value(value)
                head = self.source[start : self.at(value.start_byte)]
                yield Found(start, end, comma, self._way(key), head, body, plain)
            else:
                body, plain = self._value(node)
                yield Found(start, end, comma, (), "", body, plain)
