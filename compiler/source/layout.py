"""From a Doc to lines: brackets are opened where a line would be too long, as Black and Ruff open them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

WIDTH: Final = 88
"""Columns of a line: what Black and Ruff take where nobody tells them another number."""
STEP: Final = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Something in brackets. Arguments of a ``call`` stay in one line if they can; elements of a ``list`` never do.

    The parts of a ``loop`` (a comprehension) have no commas between them; the brackets of ``maybe`` are there only
    where it takes several lines.
    """

    opening: str
    items: tuple[Doc, ...]
    closing: str
    kind: Literal["call", "list", "loop", "maybe"] = "call"


@dataclass(frozen=True, slots=True)
class Row:
    """Parts one behind the other."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A long expression without brackets: its parts stand below each other where they do not fit."""

    parts: tuple[Doc, ...]


Doc = str | Group | Row | Broken


def flat(doc: Doc) -> str:
    """The doc in one line."""
    if isinstance(doc, str):
        return doc
    if isinstance(doc, Row):
        return "".join(map(flat, doc.parts))
    if isinstance(doc, Broken):
        return " ".join(map(flat, doc.parts))
    between = " " if doc.kind == "loop" else ", "
    inner = between.join(map(flat, doc.items))
    if doc.kind == "maybe":
        return inner
    if doc.opening.endswith("(") and doc.kind == "list" and len(doc.items) == 1:
        inner += ","
    return f"{doc.opening}{inner}{doc.closing}"


def lines(doc: Doc, indent: int) -> list[str]:
    """The doc as a statement: lines with their indentation."""
    first, *rest = _laid(doc, indent, indent, 0)
    return [" " * indent + first, *rest]


def _laid(doc: Doc, indent: int, column: int, tail: int) -> list[str]:
    """Lines of a doc that begins at ``column``; the first without indentation, the last with room for ``tail``."""
    text = flat(doc)
    if column + len(text) + tail <= WIDTH or isinstance(doc, str):
        return [text]
    if isinstance(doc, Group):
        return _opened(doc, indent)
    if isinstance(doc, Broken):
        return _stacked(doc.parts, indent, column, tail)
    found = [""]
    for place, part in enumerate(doc.parts):
        behind = _until_break(doc.parts[place + 1 :], tail)
        first, *rest = _laid(part, indent, column, behind)
        found[-1] += first
        found += rest
        column = len(found[-1]) if len(found) > 1 else column + len(first)
    return found


def _until_break(parts: Sequence[Doc], tail: int) -> int:
    """How much must stand behind in the same line, up to the first bracket that can be opened."""
    width = 0
    for part in parts:
        if isinstance(part, Group) and part.items:
            return width + len(part.opening)
        if isinstance(part, Row):
            return width + _until_break(part.parts, tail)
        width += len(flat(part))
    return width + tail


def _opened(group: Group, indent: int) -> list[str]:
    if not group.items:
        return [group.opening + group.closing]
    inner = indent + STEP
    pad = " " * inner
    between = " " if group.kind == "loop" else ", "
    joined = between.join(map(flat, group.items))
    whole = group.kind in ("call", "maybe") or (group.kind == "list" and len(group.items) == 1)
    comma = group.kind == "list" and len(group.items) == 1 and group.opening.endswith("(")
    if whole and inner + len(joined) + comma <= WIDTH:
        return [group.opening, pad + joined + "," * comma, " " * indent + group.closing]
    if group.kind == "maybe":
        (item,) = group.items
        first, *rest = (
            _stacked(item.parts, inner, inner, 0) if isinstance(item, Broken) else _laid(item, inner, inner, 0)
        )
        return [group.opening, pad + first, *rest, " " * indent + group.closing]
    if group.kind != "loop" and len(group.items) == 1:
        first, *rest = _laid(group.items[0], inner, inner, 0)
        return [group.opening, pad + first, *rest, " " * indent + group.closing]
    found = [group.opening]
    for item in group.items:
        end = "" if group.kind == "loop" else ","
        first, *rest = _laid(item, inner, inner, len(end))
        found += [pad + first, *rest]
        found[-1] += end
    return [*found, " " * indent + group.closing]


def _stacked(parts: Sequence[Doc], indent: int, column: int, tail: int) -> list[str]:
    first, *others = parts
    found = _laid(first, indent, column, 0)
    for place, part in enumerate(others):
        head, *rest = _laid(part, indent, indent, tail if place == len(others) - 1 else 0)
        found += [" " * indent + head, *rest]
    return found
