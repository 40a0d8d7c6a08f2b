"""From JSON to the same JSON in the one layout: every key, value and their order stay as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

WIDTH: Final = 100
"""Columns that an object or a list may take on one line."""
INDENT: Final = "  "

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"\[\]{},:]+|[\[\]{},:]')
_NUMBER: Final = re.compile(r"-?\d")


def formatted_json(text: str) -> str:
    """A text that is JSON, in the one layout; line ends become those of its first line.

    What fits stands on one line, save the outermost object and lists of several objects; lists of numbers fill
    their lines.
    """
    ending = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    tokens = (found[0] for found in _TOKEN.finditer(text))
    written = _written(_tree(tokens), "", 0, 0, outermost=True) + "\n"
    return written.replace("\n", ending) if ending != "\n" else written


class _Node:
    """An object or a list: its brackets, what stands in it, each with its key and colon before it."""

    __slots__ = ("closing", "flat", "items", "opening", "stands_open")

    def __init__(self, opening: str) -> None:
        self.opening = opening
        self.closing = "}" if opening == "{" else "]"
        self.items: list[tuple[str, str | _Node]] = []
        self.flat = ""
        self.stands_open = False

    def close(self) -> None:
        """Note how it looks on one line, and whether it must not: several objects or lists of more than one thing."""
        inner = ", ".join(key + (one if isinstance(one, str) else one.flat) for key, one in self.items)
        blank = " " if self.opening == "{" and inner else ""
        self.flat = f"{self.opening}{blank}{inner}{blank}{self.closing}"
        parts = [one for _, one in self.items if isinstance(one, _Node)]
        several = len(self.items) > 1 and len(parts) == len(self.items)
        kin = several and len({one.opening for one in parts}) == 1 and all(len(one.items) > 1 for one in parts)
        self.stands_open = (self.opening == "[" and kin) or any(one.stands_open for one in parts)


def _tree(tokens: Iterator[str]) -> _Node | str:
    first = next(tokens)
    if first not in "{[":
        return first
    root = _Node(first)
    stack = [root]
    key = ""
    for token in tokens:
        here = stack[-1]
        if token in "}]":
            here.close()
            stack.pop()
        elif token in "{[":
            node = _Node(token)
            here.items.append((key, node))
            stack.append(node)
            key = ""
        elif token == ":":
            key = f"{here.items.pop()[1]}: "
        elif token != ",":
            here.items.append((key, token))
            key = ""
    return root


def _written(
    value: _Node | str, margin: str, column: int, behind: int, *, outermost: bool = False
) -> str:  # bounded: objects and lists are at most 64 deep
    """A value that begins at ``column``; ``behind`` characters follow it on its line."""
    if isinstance(value, str):
        return value
    fits = column + len(value.flat) + behind <= WIDTH and not value.stands_open
    if not value.items or (fits and not outermost):
        return value.flat
    inner = margin + INDENT
    if value.opening == "[" and all(isinstance(one, str) and _NUMBER.match(one) for _, one in value.items):
        return "\n".join([value.opening, *_filled((str(one) for _, one in value.items), inner), margin + value.closing])
    lines = []
    last = len(value.items) - 1
    for number, (key, one) in enumerate(value.items):
        comma = "," if number < last else ""
        lines.append(f"{inner}{key}{_written(one, inner, len(inner) + len(key), len(comma))}{comma}")
    return "\n".join([value.opening, *lines, margin + value.closing])


def _filled(numbers: Iterable[str], margin: str) -> Iterator[str]:
    """Numbers, as many on a line as fit."""
    every = list(numbers)
    line = margin
    for place, number in enumerate(every):
        words = number + ("," if place < len(every) - 1 else "")
        if line != margin and len(line) + len(words) + 1 > WIDTH:
            yield line
            line = margin
        line += words if line == margin else f" {words}"
    yield line
