"""From TOML's syntax tree to the spots of its keys and values, with every key and table that comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli

from .document import Pointer
from .places import DEEPEST, Span, Spot, code_points, syntax_tree

if TYPE_CHECKING:
    from tree_sitter import Node

_KEYS = ("bare_key", "quoted_key", "dotted_key")


@dataclass(frozen=True, slots=True)
class Clash:
    """A key or table that is there already: where it stands again, what stood there first, and its pointer.

    ``message`` is to be followed by the line of the first; ``lost`` are the tables and lists whose data the
    second would have added to.
    """

    message: str
    again: Span
    first: Span
    pointer: Pointer
    lost: frozenset[Pointer] = frozenset()
    in_list: bool = False


class TomlTree:
    """The spots of one TOML text; ``clashes`` are what the text says twice, the first of each is kept."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = Spot("table", None, (0, 0), (0, 0))
        self.clashes: list[Clash] = []
        self.too_deep: list[Span] = []
        tree = syntax_tree(text, "toml")
        self.has_error = tree.has_error
        self._at = code_points(text)
        # A [[list]] over a value of the same name is one mistake, however many entries it has.
        self._refused: set[Pointer] = set()
        section = self.root
        where: Pointer = ()
        for node in tree.children:
            if node.type == "pair":
                # tree-sitter files what follows a header below it, so these are the root's own.
                self._pair(section, node, where, 0)
            elif node.type in ("table", "table_array_element"):
                self._section(node)

    def _span(self, node: Node) -> Span:
        return self._at(node.start_byte), self._at(node.end_byte)

    def _path(self, node: Node) -> list[tuple[str, Span]]:
        """The segments of a key, each with its span; ``a.b.c`` is ``((a.b).c)`` in the tree."""
        found: list[tuple[str, Span]] = []
        stack = [node]
        while stack:
            one = stack.pop()
            if one.type == "dotted_key":
                stack.extend(child for child in one.named_children if child.type in _KEYS)
                continue
            span = self._span(one)
            found.append((self._name(self.text[span[0] : span[1]]), span))
        found.reverse()
        return found

    @staticmethod
    def _name(written: str) -> str:
        if written[:1] not in ('"', "'"):
            return written
        if "\\" not in written or written[0] == "'":
            return written[1:-1]
        try:
            return next(iter(tomli.loads(f"{written} = 0")))
        except (ValueError, RecursionError):
            return written[1:-1]

    # ----------------------------------------------------------------- headers

    def _section(self, node: Node) -> None:
        children = node.children
        key = next((child for child in children if child.type in _KEYS), None)
        close = next((child for child in children if child.type in ("]", "]]")), None)
        if key is None or close is None:
            return
        head = self._at(node.start_byte), self._at(close.end_byte)
        several = node.type == "table_array_element"
        known = len(self.clashes)
        spot, where = self._open(self._path(key), head, several)
        header_clashed = len(self.clashes) > known
        last_clashed = False
        for child in children:
            if child.type != "pair":
                continue
            before = len(self.clashes)
            self._pair(spot, child, where, len(where))
            clashed = len(self.clashes) > before
            # Below a header that is there already, the same keys again are no news. Several in a row in an
            # entry of a list: the header between two entries was forgotten, which is one mistake.
            if header_clashed or (clashed and last_clashed and several):
                del self.clashes[before:]
            last_clashed = clashed

    def _open(self, path: list[tuple[str, Span]], head: Span, several: bool) -> tuple[Spot, Pointer]:
        """The spot that the keys below a header belong to, and its pointer."""
        nowhere = Spot("table", None, head, head)
        if len(path) > DEEPEST:
            self.too_deep.append(head)
            return nowhere, ()
        spot = self.root
        where: Pointer = ()
        for name, span in path[:-1]:
            where = (*where, name)
            child = spot.children.get(name)
            if child is None:
                child = spot.children[name] = Spot("implicit", span, span, span)
            if child.kind == "tables":
                last = len(child.children) - 1
                where = (*where, last)
                child = child.children[last]
            if child.kind in ("leaf", "array", "inline"):
                message = f"expected `{name}` to be a table, found that it is given a value"
                self._clash(message, span, child, where)
                return nowhere, where
            spot = child
        name, span = path[-1]
        where = (*where, name)
        there = spot.children.get(name)
        if several:
            if there is None:
                there = spot.children[name] = Spot("tables", span, head, head)
            if there.kind != "tables":
                if where not in self._refused:
                    message = f"expected `{name}` to be a list, found that it is a table"
                    if there.kind in ("leaf", "array", "inline"):
                        message = f"expected either [[{name}]] or {name} = […], found both; the first is"
                    self._clash(message, span, there, where)
                self._refused.add(where)
                return nowhere, where
            number = len(there.children)
            entry = there.children[number] = Spot("table", span, head, head)
            return entry, (*where, number)
        if there is None:
            spot.children[name] = table = Spot("table", span, head, head)
            return table, where
        if there.kind == "implicit":
            there.kind, there.key, there.value, there.entry = "table", span, head, head
            return there, where
        written = self.text[head[0] : head[1]]
        if there.kind in ("table", "dotted"):
            # The keys of a table written in two places are looked at as if it were one.
            self._clash(f"expected each table once, found `{written}` again; the first is", head, there, where)
            return there, where
        if there.kind == "tables":
            message = f"expected [[{_dotted(where)}]] for one more entry of the list, found `{written}`; the first is"
        else:
            message = f"expected `{name}` to be a table, found that it is given a value"
        self._clash(message, head, there, where)
        return nowhere, where

    # ------------------------------------------------------------------- pairs

    def _pair(self, table: Spot, node: Node, where: Pointer, depth: int) -> None:
        named = [child for child in node.named_children if child.type != "comment"]
        if len(named) < 2 or named[0].type not in _KEYS:
            return
        path = self._path(named[0])
        if depth + len(path) > DEEPEST:
            self.too_deep.append(self._span(named[0]))
            return
        for name, span in path[:-1]:
            where = (*where, name)
            child = table.children.get(name)
            if child is None:
                child = table.children[name] = Spot("dotted", span, span, span)
            elif child.kind not in ("dotted", "implicit"):
                what = "is given a value" if child.kind in ("leaf", "array", "inline") else "has a header of its own"
                self._clash(f"expected `{name}` to be a table to add to, found that it {what}", span, child, where)
                return
            table = child
        name, span = path[-1]
        where = (*where, name)
        there = table.children.get(name)
        if there is not None:
            self._clash(f"expected each key once, found `{name}` again; the first is", span, there, where, True)
            return
        table.children[name] = self._value(named[1], span, where, depth + len(path))

    def _value(self, node: Node, key: Span | None, where: Pointer, depth: int) -> Spot:
        span = self._span(node)
        if node.type == "inline_table":
            spot = Spot("inline", key, span, key or (span[0], span[0] + 1))
        elif node.type == "array":
            spot = Spot("array", key, span, key or (span[0], span[0] + 1))
        else:
            return Spot("leaf", key, span, key or span)
        if depth > DEEPEST:
            self.too_deep.append(span)
            return Spot("leaf", key, span, key or span)
        if spot.kind == "inline":
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(spot, child, where, depth + 1)
        else:
            elements = (child for child in node.named_children if child.type not in ("comment", "ERROR"))
            for number, child in enumerate(elements):
                spot.children[number] = self._value(child, None, (*where, number), depth + 1)
        return spot

    def _clash(self, message: str, again: Span, first: Spot, where: Pointer, same_key: bool = False) -> None:
        in_list = same_key and len(where) > 1 and isinstance(where[-2], int)
        # Of a key written twice nothing is lost; in an entry of a list it may be the next entry's.
        lost: set[Pointer] = set() if same_key else {where}
        if in_list:
            lost = {where[:-1], where[:-2]}
        self.clashes.append(Clash(message, again, first.key or first.entry, where, frozenset(lost), in_list))


def _dotted(where: Pointer) -> str:
    return ".".join(str(step) for step in where if isinstance(step, str))


def walk(spot: Spot, where: Pointer = ()) -> Iterator[tuple[Pointer, Spot]]:
    """Every spot below one, with its pointer, in the order of the text."""
    stack = [(where, spot)]
    while stack:
        pointer, one = stack.pop()
        yield pointer, one
        stack.extend(((*pointer, step), child) for step, child in reversed(one.children.items()))
