"""From a text that can't be read to its conflicts: places that a merge marked, and that nobody has decided on yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .document import Place, Source
from .finding import Finding

_MARK: Final = re.compile(r"^(<{7,}|\|{7,}|={7,}|>{7,})(?: ([^\r\n]*))?\r?$", re.M)


def unresolved(source: Source) -> list[Finding]:
    """A finding for each place that is marked as git marks conflicts.

    Other mistakes of such a text are not looked for: most come of the marks alone.
    """
    return [_told(source, *marks) for marks in _marked(source.text)]


def _marked(text: str) -> Iterator[tuple[re.Match[str], re.Match[str], re.Match[str], re.Match[str]]]:
    """The marks of each conflict: where ours begins and ends, where theirs begins and ends."""
    open_: list[re.Match[str]] = []
    for mark in _MARK.finditer(text):
        sign = mark[1][0]
        if sign == "<":
            open_ = [mark]
        elif open_ and len(mark[1]) == len(open_[0][1]):
            signs = "".join(one[1][0] for one in open_) + sign
            if signs in ("<|", "<=", "<|="):
                open_.append(mark)
            elif signs in ("<=>", "<|=>"):
                yield open_[0], open_[1], open_[-1], mark
                open_ = []


def _told(
    source: Source, begin: re.Match[str], end: re.Match[str], other: re.Match[str], last: re.Match[str]
) -> Finding:
    one = _lines(source, begin, end, begin[2] or "ours")
    two = _lines(source, other, last, last[2] or "theirs")
    first, end_line = (source.line_column(mark.start())[0] for mark in (begin, last))
    return Finding(
        "E011",
        "expected one text, found two: a conflict of a merge that nobody has decided on",
        help=f"keep {one} or {two}, or write what of both shall hold; the rest of lines {first} to {end_line} goes",
        place=Place(source, begin.start(), last.end()),
    )


def _lines(source: Source, before: re.Match[str], behind: re.Match[str], side: str) -> str:
    """The lines between two marks, in words."""
    first, last = source.line_column(before.start())[0] + 1, source.line_column(behind.start())[0] - 1
    if last < first:
        return f"nothing ({side})"
    return f"{f'line {first}' if first == last else f'lines {first} to {last}'} ({side})"
