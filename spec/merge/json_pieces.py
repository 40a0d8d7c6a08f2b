"""From a JSON text to its pieces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..places import code_points, syntax_tree
from .pieces import Body, Found, Piece, between_commas
from .toml_pieces import NoPiecesError

if TYPE_CHECKING:
    from tree_sitter import Node


def json_pieces(source: str) -> Body:
    """The pieces of a JSON text whose root is an object.

    Raises:
        NoPiecesError: if the text is not that.
    """
    # The grammar knows no plus sign in an exponent; a 0 in its stead keeps every offset.
    tree = syntax_tree(source.replace("e+", "e0").replace("E+", "E0") if "+" in source else source, "json")
    top = [one for one in tree.named_children if one.type != "comment"]
    if tree.has_error or len(top) != 1 or top[0].type != "object":
        raise NoPiecesError
    reader = _Reader(source)
    body = reader.value(top[0])[0]
    start, end = reader.at(top[0].start_byte), reader.at(top[0].end_byte)
    # The root is the one piece of a body of lines, so that both languages look alike from outside.
    root = Piece(("",), False, source[:start], "", body, source[end:], body.value if isinstance(body, Body) else None)
    return Body("section", "", (root,), "")


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at: Callable[[int], int] = code_points(source)

    def value(self, node: Node) -> tuple[str | Body, Any]:
        start, end = self.at(node.start_byte), self.at(node.end_byte)
        inner = [one for one in node.children if one.type not in ("[", "]", "{", "}")]
        tables = node.type == "array" and any(one.type == "object" for one in inner)
        if node.type == "object" or tables:
            found = list(self._found(inner))
            body = between_commas(self.source, "list" if tables else "table", start, end, found)
            return body, body.value
        written = self.source[start:end]
        return written, json.loads(written)

    def _found(self, inner: list[Node]) -> Iterator[Found]:
        for number, node in enumerate(inner):
            if node.type == ",":
                continue
            behind = inner[number + 1] if number + 1 < len(inner) else None
            comma = self.at(behind.end_byte) if behind is not None and behind.type == "," else None
            start, end = self.at(node.start_byte), self.at(node.end_byte)
            if node.type == "pair":
                key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
                if key is None or value is None:
                    raise NoPiecesError
                name = json.loads(self.source[self.at(key.start_byte) : self.at(key.end_byte)])
                body, plain = self.value(value)
                yield Found(start, end, comma, (name,), self.source[start : self.at(value.start_byte)], body, plain)
            else:
                body, plain = self.value(node)
                yield Found(start, end, comma, (), "", body, plain)
