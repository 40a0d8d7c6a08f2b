"""From TOML to what is laid out: its comments, headers and keys line by line, lists and tables in their parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

import tomli

SCHEMA: Final = "#:schema "
_SCALAR: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\[^\n])*"'
    r"|'[^'\n]*'"
    r"|[^\s,\[\]{}#=]+",
    re.DOTALL,
)
_BETWEEN: Final = re.compile(r"([ \t]*)(\n|#[^\n]*|[^ \t])", re.DOTALL)
_PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'""")
_BLANK: Final = re.compile(r"[ \t]*")
_MARKS: Final = re.compile(r"#!(?!!)|#+")


@dataclass(slots=True)
class Array:
    """A list as written. ``lead`` of an item are the comments above it, an empty one for an empty line."""

    items: list[Item] = field(default_factory=list)
    head: str | None = None
    rest: list[str] = field(default_factory=list)
    comma: bool = False
    broken: bool = False


@dataclass(slots=True)
class Table:
    """A table in braces."""

    pairs: list[tuple[tuple[str, ...], Value]] = field(default_factory=list)


Value = str | Array | Table


@dataclass(slots=True)
class Item:
    """An element of a list, with the comments above it and the one behind it."""

    value: Value
    lead: list[str]
    tail: str | None = None


@dataclass(slots=True)
class Line:
    """One comment, header or key of the top level; whether an empty line stood before it."""

    kind: str
    text: str
    apart: bool
    tail: str | None = None
    path: tuple[str, ...] = ()
    value: Value | None = None


class Reader:
    """Reads a text that is known to be TOML 1.0."""

    __slots__ = ("at", "beside", "text")

    def __init__(self, text: str, beside: bool) -> None:
        self.text = text
        self.beside = beside
        self.at = 0

    def next(self) -> str:
        """The next character that is no blank, a whole comment, or nothing at the end; ``at`` is behind it."""
        found = _BETWEEN.match(self.text, self.at)
        if found is None:
            self.at = len(self.text)
            return ""
        self.at = found.end()
        return found[2]

    def key(self) -> tuple[str, ...]:
        """The parts of a key, as they are to be written."""
        parts = []
        while True:
            self.at = _BLANK.match(self.text, self.at).end()  # type: ignore[union-attr]
            found = _PART.match(self.text, self.at)
            assert found is not None, self.text[self.at : self.at + 20]
            parts.append(_quoted(found[0]))
            self.at = _BLANK.match(self.text, found.end()).end()  # type: ignore[union-attr]
            if self.text[self.at : self.at + 1] != ".":
                return tuple(parts)
            self.at += 1

    def pair(self) -> tuple[tuple[str, ...], Value]:
        """A key and its value."""
        key = self.key()
        assert self.text[self.at] == "="
        self.at += 1
        return key, self.value()

    def value(self) -> Value:
        """The value that comes next."""
        first = self.next()
        if first == "[":
            return self.array()
        if first == "{":
            return self.table()
        self.at -= 1
        found = _SCALAR.match(self.text, self.at)
        assert found is not None, self.text[self.at : self.at + 20]
        self.at = found.end()
        return _quoted(found[0])

    def table(self) -> Table:
        """What stands between braces; in TOML 1.0 there are no comments in it."""
        found = Table()
        while (first := self.next()) != "}":
            if first != ",":
                self.at -= 1
                found.pairs.append(self.pair())
        if self.beside:
            found.pairs = grouped(found.pairs, lambda pair: pair[0])
        return found

    def array(self) -> Array:
        """What stands between square brackets."""
        found = Array()
        lead: list[str] = []
        lines = 0
        while (first := self.next()) != "]":
            if first == "\n":
                lines += 1
                found.broken = True
            elif first == ",":
                found.comma = True
            else:
                if lines > 1 and (found.items or lead):
                    lead.append("")
                if first[0] == "#":
                    self._comment(found, lead, first, own_line=lines > 0)
                else:
                    self.at -= 1
                    found.items.append(Item(self.value(), lead))
                    found.comma = False
                    lead = []
                lines = 0
        found.rest = lead
        if not found.items and found.head is not None:
            found.rest, found.head = [found.head, *lead], None
        return found

    @staticmethod
    def _comment(found: Array, lead: list[str], written: str, own_line: bool) -> None:
        text = comment(written, own_line and bool(lead) and lead[-1] != "")
        if not own_line and not found.items and found.head is None and not lead:
            found.head = text
        elif not own_line and found.items and found.items[-1].tail is None and not lead:
            found.items[-1].tail = text
        else:
            lead.append(text)

    def lines(self) -> Iterator[Line]:
        """What the top level has, line by line."""
        empty = 0
        previous: Line | None = None
        while first := self.next():
            if first == "\n":
                empty += 1
                continue
            apart, same_line = empty > 1, empty == 0 and previous is not None
            empty = 0
            if first[0] == "#" and same_line:
                assert previous is not None
                previous.tail = comment(first)
                continue
            if previous is not None:
                yield previous
            if first[0] == "#":
                goes_on = previous is not None and previous.kind == "comment" and not apart
                previous = Line("comment", comment(first, goes_on), apart)
            elif first == "[":
                previous = self._header(apart)
            else:
                self.at -= 1
                path, value = self.pair()
                previous = Line("pair", ".".join(path), apart, None, path, value)
        if previous is not None:
            yield previous

    def _header(self, apart: bool) -> Line:
        several = self.text[self.at] == "["
        self.at += several
        path = self.key()
        self.at += 1 + several
        name = ".".join(path)
        return Line("header", f"[[{name}]]" if several else f"[{name}]", apart, None, path)


def comment(text: str, goes_on: bool = False) -> str:
    """A comment without blanks at its end, with one behind its mark; with more where it goes on from the line above."""
    text = text.rstrip()
    if text.startswith(SCHEMA):
        return text
    marks = _MARKS.match(text)
    assert marks is not None
    rest = text[marks.end() :]
    if not rest:
        return text
    if not goes_on:
        return marks[0] + " " + rest.lstrip(" \t")
    return text if rest[0] == " " else f"{marks[0]} {rest[1:] if rest[0] == chr(9) else rest}"


def _quoted(written: str) -> str:
    """A text in double quotes where that needs no escapes."""
    if written[0] != "'" or written.startswith("'''") or '"' in written or "\\" in written:
        return written
    return f'"{written[1:-1]}"'


_T = TypeVar("_T")


def grouped(items: list[_T], path_of: Callable[[_T], tuple[str, ...]], depth: int = 0) -> list[_T]:
    """What is called by dotted names, with those that begin alike beside the first of them."""
    if len(items) < 3 or all(len(path_of(one)) == depth + 1 for one in items):
        return items
    kin: dict[str, list[_T]] = {}
    for one in items:
        kin.setdefault(name_of(path_of(one)[depth]), []).append(one)
    return [one for group in kin.values() for one in grouped(group, path_of, depth + 1)]


def name_of(part: str) -> str:
    """The name that a part of a key stands for."""
    if part[0] not in "\"'":
        return part
    if part[0] == "'" or "\\" not in part:
        return part[1:-1]
    return next(iter(tomli.loads(f"{part} = 0")))
