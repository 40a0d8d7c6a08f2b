"""From three texts to one, line by line; and from a text with choices to one with git's markers around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

Choice = tuple[str, str]
"""A stretch of text, as ours and as theirs: the same twice where there is nothing to choose."""


@dataclass(frozen=True, slots=True)
class Marks:
    """How conflicts are marked: what the sides are called, and the length of the markers."""

    ours: str = "ours"
    theirs: str = "theirs"
    size: int = 7


def merged_lines(base: str, ours: str, theirs: str) -> list[Choice]:
    """Three texts line by line: what one side changed is taken, what both changed differently is a choice."""
    lines = [one.splitlines(keepends=True) for one in (base, ours, theirs)]
    found: list[Choice] = []
    at = [0, 0, 0]
    for start, first, second, length in [*_anchors(*lines), (len(lines[0]), len(lines[1]), len(lines[2]), 0)]:
        ends = (start, first, second)
        b, o, t = ("".join(one[begin:end]) for one, begin, end in zip(lines, at, ends, strict=True))
        if o == t or t == b:
            found.append((o, o))
        elif o == b:
            found.append((t, t))
        else:
            found.append((o, t))
        same = "".join(lines[0][start : start + length])
        found.append((same, same))
        at = [end + length for end in ends]
    return [one for one in found if one != ("", "")]


def _anchors(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Runs of lines that all three share: where each begins, and how long it is."""
    to_ours = _same(base, ours)
    to_theirs = _same(base, theirs)
    at = 0
    while at < len(base):
        if at not in to_ours or at not in to_theirs:
            at += 1
            continue
        length = 1
        while to_ours.get(at + length) == to_ours[at] + length and to_theirs.get(at + length) == to_theirs[at] + length:
            length += 1
        yield at, to_ours[at], to_theirs[at], length
        at += length


def _same(base: Sequence[str], side: Sequence[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, base, side, autojunk=False).get_matching_blocks()
    return {a + at: b + at for a, b, size in blocks for at in range(size)}


def taken(choices: Sequence[Choice], side: int) -> str:
    """The text in which every choice is that of a side: 0 ours, 1 theirs."""
    return "".join(one[side] for one in choices)


def conflicts(choices: Sequence[Choice]) -> bool:
    """Whether there is anything to choose."""
    return any(one != other for one, other in choices)


def marked(choices: Sequence[Choice], marks: Marks) -> tuple[str, int]:
    """The text with git's markers around the lines that choices touch, and how many such places there are."""
    parts: list[str] = []
    count = 0
    for ours, theirs in _by_whole_lines(choices):
        count += ours != theirs
        parts.append(ours if ours == theirs else _conflict(ours, theirs, marks))
    return "".join(parts), count


def _by_whole_lines(choices: Sequence[Choice]) -> Iterator[Choice]:
    """The choices with the rest of the lines that they touch; those that touch each other are one."""
    ours = theirs = ""
    for one, other in choices:
        rest = one
        if one != other:
            if ours == theirs:  # what came before ends with the last whole line
                whole, newline, line = ours.rpartition("\n")
                if newline:
                    yield whole + newline, whole + newline
                ours = theirs = line
            ours, theirs = ours + one, theirs + other
            continue
        if ours != theirs and rest:
            if not (_whole(ours) and _whole(theirs)):
                end = rest.find("\n") + 1 or len(rest)
                ours, theirs, rest = ours + rest[:end], theirs + rest[:end], rest[end:]
            if _whole(ours) and _whole(theirs) and rest:
                yield ours, theirs
                ours = theirs = ""
        if ours == theirs:
            ours = theirs = ours + rest
    if ours or theirs:
        yield ours, theirs


def _whole(side: str) -> bool:
    return not side or side.endswith("\n")


def _conflict(ours: str, theirs: str, marks: Marks) -> str:
    """One place with its markers; lines that the sides share at its ends stand outside."""
    one, other = (_ended(side).splitlines(keepends=True) for side in (ours, theirs))
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    back = 0
    while back < min(len(one), len(other)) - start and one[-1 - back] == other[-1 - back]:
        back += 1
    inner = [side[start : len(side) - back] for side in (one, other)]
    return "".join(
        [
            *one[:start],
            f"{'<' * marks.size} {marks.ours}\n",
            *inner[0],
            f"{'=' * marks.size}\n",
            *inner[1],
            f"{'>' * marks.size} {marks.theirs}\n",
            *one[len(one) - back :],
        ]
    )


def _ended(side: str) -> str:
    return side if _whole(side) else f"{side}\n"
