"""From TOML to the same TOML in the one layout: every value, comment and its order stay as they are.

The layout is the one in which Tombi (https://tombi-toml.github.io) leaves a file too: blanks around ``=``, one empty
line before a header, comments two columns behind what they speak of, texts in double quotes, lists whose last
element has a comma one element a line. Beyond that, tables in a list stand below each other where they did so or
where the line would be too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .format_toml_lines import SCHEMA, Array, Line, Reader, Table, Value, grouped, name_of

WIDTH: Final = 120
"""Columns that a list may take on one line if there are tables or lists in it."""
INDENT: Final = "  "


def _flat(value: Value) -> str:
    """A value on one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, Table):
        inner = ", ".join(f"{'.'.join(key)} = {_flat(one)}" for key, one in value.pairs)
        return f"{{ {inner} }}" if inner else "{}"
    return f"[{', '.join(_flat(one.value) for one in value.items)}]"


def _stands_open(value: Value) -> bool:
    """Whether a value takes several lines whatever its length."""
    if isinstance(value, str):
        return "\n" in value
    if isinstance(value, Table):
        return any(_stands_open(one) for _, one in value.pairs)
    if value.head is not None or value.rest or (value.comma and value.items):
        return True
    return any(one.lead or one.tail is not None or _stands_open(one.value) for one in value.items)


def _open(value: Array, column: int | None) -> bool:
    """Whether a list is written one element a line; it has no ``column`` inside braces, whose lines are not broken."""
    if _stands_open(value) or column is None:
        return _stands_open(value)
    nested = sum(not isinstance(one.value, str) for one in value.items)
    if value.broken and sum(isinstance(one.value, Table) for one in value.items) > 1:
        return True
    return bool(value.items) and (nested > 1 or value.broken) and column + len(_flat(value)) > WIDTH


def _written(value: Value, margin: str, column: int | None) -> str:
    """A value; ``margin`` stands before the line on which it begins, at ``column``."""
    if isinstance(value, str):
        return value
    if isinstance(value, Table):
        inner = ", ".join(f"{'.'.join(path)} = {_written(one, margin, None)}" for path, one in value.pairs)
        return f"{{ {inner} }}" if inner else "{}"
    if not _open(value, column):
        return _flat(value)
    deeper = margin + INDENT
    lines = ["[" + _tail(value.head)]
    for one in value.items:
        lines += [deeper + words if words else "" for words in one.lead]
        lines.append(f"{deeper}{_written(one.value, deeper, len(deeper))},{_tail(one.tail)}")
    lines += [deeper + words if words else "" for words in value.rest]
    return "\n".join([*lines, f"{margin}]"])


def _tail(words: str | None) -> str:
    return f"  {words}" if words is not None else ""


@dataclass(slots=True)
class _Section:
    """A header with the comments right above it, and what stands below it; of the top level only the latter."""

    above: list[Line] = field(default_factory=list)
    header: Line | None = None
    body: list[Line] = field(default_factory=list)

    @property
    def path(self) -> tuple[str, ...]:
        """The name of its table."""
        return self.header.path if self.header is not None else ()


def formatted_toml(text: str, *, beside: bool = True) -> str:
    """A text that is TOML 1.0, in the one layout; line ends become those of its first line.

    Keys of one table that stand in one paragraph come together, and so do the headers of its parts; what has no
    such kin stays where it is. Not so without ``beside``.
    """
    ending = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    out: list[str] = []
    before: _Section | None = None
    sections = _sections(_led(Reader(text.replace("\r\n", "\n"), beside).lines()))
    for section in _beside(sections) if beside else sections:
        if out and section.header is not None and (before is None or not _is_part(section, before)):
            out.append("")
        for line in (*section.above, *([section.header] if section.header is not None else ())):
            out.append(line.text + _tail(line.tail))
        for number, line in enumerate(_tidy(section.body) if beside else section.body):
            if line.apart and number:
                out.append("")
            value = "" if line.value is None else f" = {_written(line.value, '', len(line.text) + 3)}"
            out.append(f"{line.text}{value}{_tail(line.tail)}")
        before = section
    written = "\n".join(out) + "\n" if out else ""
    return written.replace("\n", ending) if ending != "\n" else written


def _is_part(section: _Section, before: _Section) -> bool:
    """Whether a header stands right below that of the table of which it is part."""
    size = len(before.path)
    if before.body or size >= len(section.path) or section.path[:size] != before.path:
        return False
    several = (one.header is not None and one.header.text.startswith("[[") for one in (before, section))
    return not section.above or all(several)


def _led(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, the first paragraph of comments apart from the rest if it names the schema."""
    leading, named = True, False
    for number, line in enumerate(lines):
        if leading and (line.kind != "comment" or (line.apart and number)):
            leading = False
            line.apart = line.apart or named
        named = named or line.text.startswith(SCHEMA)
        yield line


def _sections(lines: Iterable[Line]) -> list[_Section]:
    """The top level's own lines, and those of each header."""
    found = [_Section()]
    for line in lines:
        body = found[-1].body
        if line.kind != "header":
            body.append(line)
            continue
        begin = len(body)
        while not line.apart and begin and body[begin - 1].kind == "comment":
            begin -= 1
            if body[begin].apart:
                break
        found.append(_Section(body[begin:], line))
        del body[begin:]
    return found


@dataclass(slots=True)
class _Node:
    """A table among those with headers: its own section, its entries if it is a list, its parts."""

    section: _Section | None = None
    entries: list[_Node] = field(default_factory=list)
    parts: dict[str, _Node] = field(default_factory=dict)

    def all(self) -> Iterator[_Section]:  # bounded: headers are at most 64 deep
        """Its sections, those of its parts below it."""
        if self.section is not None:
            yield self.section
        for one in (*self.entries, *self.parts.values()):
            yield from one.all()


def _beside(sections: list[_Section]) -> Iterator[_Section]:
    """The sections, each beside its kin."""
    root = _Node(sections[0])
    for section in sections[1:]:
        node = root
        for part in section.path[:-1]:
            node = node.parts.setdefault(name_of(part), _Node())
            node = node.entries[-1] if node.entries else node
        node = node.parts.setdefault(name_of(section.path[-1]), _Node())
        if section.header is not None and section.header.text.startswith("[["):
            node.entries.append(_Node(section))
        else:
            node.section = section
    return root.all()


def _tidy(body: list[Line]) -> Iterator[Line]:
    """The lines below a header; in each paragraph keys of one table come together, with the comments above them."""
    paragraph: list[Line] = []
    for line in body:
        if line.apart:
            yield from _paragraph(paragraph)
            paragraph = []
        paragraph.append(line)
    yield from _paragraph(paragraph)


def _paragraph(lines: list[Line]) -> Iterator[Line]:
    apart = bool(lines) and lines[0].apart
    pieces: list[list[Line]] = [[]]
    for line in lines:
        line.apart = False
        pieces[-1].append(line)
        if line.kind == "pair":
            pieces.append([])
    last = pieces.pop()
    found = [line for piece in grouped(pieces, lambda piece: piece[-1].path) for line in piece]
    for number, line in enumerate((*found, *last)):
        line.apart = apart and number == 0
        yield line
