"""From JSON's syntax tree to the spots of its keys and values, with every key that comes twice."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from .document import Pointer
from .places import DEEPEST, Span, Spot, code_points, syntax_tree
from .toml_tree import Clash

if TYPE_CHECKING:
    from tree_sitter import Node

_PLUS = re.compile(r'"(?:[^"\\]|\\.)*"|[eE]\+')


def _zero(found: re.Match[str]) -> str:
    return found[0].replace("+", "0") if found[0][0] != '"' else found[0]


class JsonTree:
    """The spots of one JSON text; ``clashes`` are the keys it says twice, the first of each is kept."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.clashes: list[Clash] = []
        self.too_deep: list[Span] = []
        # The grammar knows no plus sign in an exponent (1e+16): a 0 in its stead keeps every offset.
        tree = syntax_tree(_PLUS.sub(_zero, text) if "e+" in text or "E+" in text else text, "json")
        self.has_error = tree.has_error
        self._at = code_points(text)
        top = next((child for child in tree.named_children if child.type not in ("comment", "ERROR")), None)
        self.root = self._value(top, None, (), 0) if top is not None else Spot("inline", None, (0, 0), (0, 0))

    def _span(self, node: Node) -> Span:
        return self._at(node.start_byte), self._at(node.end_byte)

    def _value(self, node: Node, key: Span | None, where: Pointer, depth: int) -> Spot:
        span = self._span(node)
        if node.type not in ("object", "array"):
            return Spot("leaf", key, span, key or span)
        if depth > DEEPEST:
            self.too_deep.append(span)
            return Spot("leaf", key, span, key or span)
        kind = "inline" if node.type == "object" else "array"
        spot = Spot(kind, key, span, key or (span[0], span[0] + 1))
        for child in node.named_children:
            if child.type == "comment" or child.type == "ERROR":
                continue
            if kind == "array":
                number = len(spot.children)
                spot.children[number] = self._value(child, None, (*where, number), depth + 1)
            elif child.type == "pair":
                self._pair(spot, child, where, depth)
        return spot

    def _pair(self, spot: Spot, node: Node, where: Pointer, depth: int) -> None:
        key = node.child_by_field_name("key")
        value = node.child_by_field_name("value")
        if key is None or value is None:
            return
        span = self._span(key)
        name = self._name(self.text[span[0] : span[1]])
        pointer = (*where, name)
        there = spot.children.get(name)
        if there is not None:
            message = f"expected each key once, found `{name}` again; the first is"
            self.clashes.append(Clash(message, span, there.key or there.entry, pointer))
            return
        spot.children[name] = self._value(value, span, pointer, depth + 1)

    @staticmethod
    def _name(written: str) -> str:
        if "\\" not in written:
            return written[1:-1]
        try:
            return str(json.loads(written))
        except ValueError:
            return written[1:-1]
