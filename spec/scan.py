"""What a scan of a broken text has found out so far: findings, and the edits after which the rest can be read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .document import Place, Source
from .finding import Finding
from .places import TOO_DEEP

PARTNER = {"[": "]", "{": "}"}
"""What closes a bracket."""

ENOUGH = 100
"""After so many findings a scan gives up on the rest of its text."""


@dataclass(slots=True)
class Open:
    """A list or table whose end was not reached yet.

    ``comma`` is where the comma after its last element stands, or -1; ``mark`` and ``begun`` are the number
    of edits before, and the start of, the value that was read last. ``column`` is how far in its keys stand.
    ``forgiving`` is set while a pair was taken away, so that the comma around it is no news.
    """

    char: str
    start: int
    count: int = 0
    comma: int = -1
    mark: int = 0
    begun: int = -1
    column: int = -1
    forgiving: bool = False


@dataclass(slots=True)
class Scan:
    """The state of one scan. All offsets are of the text as it was written.

    ``trusted`` is set where the parser accepted the text, so that no bracket or quote can be missing.
    ``edits`` are (start, end, replacement); ``holes`` the starts of the values that an edit replaced by a
    stand-in; ``damaged`` the starts of lists and tables that lost something (of a table with a header: the
    header, of the root: -1); ``headers`` the place and path of each header that could not be read.
    """

    source: Source
    syntax: str
    trusted: bool = False
    findings: list[Finding] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    holes: set[int] = field(default_factory=set)
    damaged: set[int] = field(default_factory=set)
    headers: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    brackets: list[Open] = field(default_factory=list)
    """The lists and tables that are open, the innermost last."""
    abandoned: bool = False
    """Whether all that is open was given up: a bracket is missing, and the next statement begins."""
    last: int = 0
    """The end of the last thing read, where a missing bracket is put."""
    margin: int = 0
    """How far the statement is indented."""
    resumed: bool = False
    """Whether a table was closed early because the next element of the list around it begins."""
    _doubt: tuple[int, int] = (-1, -1)

    @property
    def text(self) -> str:
        """The text scanned."""
        return self.source.text

    @property
    def full(self) -> bool:
        """Whether enough was found."""
        return len(self.findings) >= ENOUGH

    def line(self, at: int) -> int:
        """The number of the line of an offset."""
        return self.source.line_column(at)[0]

    def line_end(self, at: int) -> int:
        """The end of the line of an offset, without the line end itself."""
        end = self.text.find("\n", at)
        if end < 0:
            return len(self.text)
        return end - 1 if end > at and self.text[end - 1] == "\r" else end

    def gave_up(self) -> bool:
        """``abandoned``; a method, since what is called in between may change it."""
        return self.abandoned

    def doubt(self, at: int) -> None:
        """Take a line for inside out, a quote being missing; further syntax findings on it would be echoes."""
        self._doubt = self.text.rfind("\n", 0, at) + 1, self.line_end(at)

    def doubts(self, at: int) -> bool:
        """Whether what is said of ``at`` would be an echo."""
        return self._doubt[0] <= at < self._doubt[1]

    def report(
        self, start: int, end: int, message: str, help_: str, *, code: str = "", label: str | None = None
    ) -> None:
        """Add a finding; a syntax finding on a line that may be inside out is an echo and left out."""
        if not code and self.doubts(start):
            return
        place = Place(self.source, start, min(max(end, start), len(self.text)))
        self.findings.append(Finding(code or self.syntax, message, help=help_, label=label, place=place))

    def fill(self, mark: int, start: int, end: int) -> None:
        """Put a stand-in where a value cannot be read, in place of the edits made since ``mark``."""
        del self.edits[mark:]
        self.edits.append((start, end, "0"))
        self.holes.add(start)

    def damage(self) -> None:
        """Note that every list and table now open may have lost something."""
        self.damaged.update(one.start for one in self.brackets)

    # What a list or table is made of: elements with one comma between each two. Where commas are too many or
    # too few, edits make it so.

    def comma(self, here: Open, at: int, wanted: str) -> None:
        """Take note of a comma; one with nothing before it is reported and taken away."""
        if here.count and here.comma < 0:
            here.comma = at
        else:
            if not here.forgiving:
                self.report(
                    at, at + 1, f"expected {wanted}, found a comma", "take this comma away, or write what is missing"
                )
                self.damage()
            self.edits.append((at, at + 1, ""))
        here.forgiving = self.resumed = False

    def lacks_comma(self, here: Open) -> bool:
        """Whether another element may not begin: there is no comma after the last one."""
        return bool(here.count) and here.comma < 0 and not self.resumed

    def element(self, here: Open, at: int) -> None:
        """Begin an element, with a comma before it where there is none."""
        if here.count and here.comma < 0:
            self.edits.append((at, at, ","))
        here.count += 1
        here.comma = -1
        here.forgiving = self.resumed = False

    def value(self, here: Open, at: int) -> None:
        """Begin the value of an element."""
        here.mark, here.begun = len(self.edits), at

    def close(self, here: Open) -> None:
        """Put the closing bracket where it is missing."""
        at = self.last
        if here.comma >= 0:
            at = max(at, here.comma)
            self.edits.append((here.comma, here.comma + 1, ""))
        self.edits.append((at, at, PARTNER[here.char]))
        self.last = at

    def give_up(self, here: Open) -> None:
        """Close a list or table that lost its own bracket, or that lies around one that did."""
        self.abandoned = True
        self.damage()
        self.close(here)

    def around(self) -> str:
        """The bracket around the innermost list or table, or nothing."""
        return self.brackets[-2].char if len(self.brackets) > 1 else ""

    def is_open(self, close: str) -> bool:
        """Whether a closing bracket fits something around the innermost list or table."""
        return any(PARTNER[one.char] == close for one in self.brackets[:-1])


def never_closed(scan: Scan, start: int) -> None:
    """Report a list or table whose closing bracket is missing."""
    open_ = scan.text[start]
    close = PARTNER[open_]
    what = "list" if open_ == "[" else "table" if scan.syntax == "E002" else "object"
    scan.report(
        start,
        start + 1,
        f"expected `{close}` at the end of the {what}, found none",
        f"write `{close}` where the {what} ends",
        label="opened here, never closed",
    )


def nesting(things: re.Pattern[str], text: str, at: int, depth: int = 0) -> Iterator[tuple[str, int, int]]:
    """What a pattern finds from ``at`` on: each thing, how deep in brackets it is after it, and where it ends.

    The pattern finds brackets, and what brackets must not be looked for in: texts, comments.
    """
    for found in things.finditer(text, at):
        thing = found.group()
        depth += (thing in ("[", "{")) - (thing in ("]", "}"))
        yield thing, depth, found.end()


def too_deep(scan: Scan, start: int, things: re.Pattern[str], ends: Callable[[str, int], bool] | None = None) -> int:
    """Report a list or table inside too many others, and put a stand-in for all of it; returns where it ends.

    ``things`` is as for `nesting`. ``ends`` is asked of each thing, and where it ends, whether the statement is over.
    """
    scan.report(start, start + 1, TOO_DEEP, "no spec needs so many; take brackets away", code="E009")
    end = len(scan.text)
    scan.abandoned = True
    for thing, depth, behind in nesting(things, scan.text, start):
        if depth == 0 and thing in ("]", "}"):
            scan.abandoned, end = False, behind
            break
        if ends is not None and ends(thing, behind):
            end = behind
            break
    filled = start + len(scan.text[start:end].rstrip())
    scan.fill(len(scan.edits), start, filled)
    if scan.gave_up():
        scan.last = filled
    return end


_UNSEEN = {
    "\t": "a tab",
    "\r": "a carriage return",
    "\n": "a line break",
    "\x00": "a NUL character",
    "\x7f": "the control character U+007F",
    "\u00a0": "a no-break space (U+00A0)",
    "\ufeff": "a byte order mark (U+FEFF)",
}


def named(char: str) -> str:
    """A character in words where it cannot be seen, else in backquotes."""
    if char in _UNSEEN:
        return _UNSEEN[char]
    kind = unicodedata.category(char)
    if kind == "Cc":
        return f"the control character U+{ord(char):04X}"
    if kind[0] in "CZ" and char != " ":
        return f"the character {unicodedata.name(char, 'without a name').lower()} (U+{ord(char):04X})"
    return f"`{char}`"


def quoted(text: str, most: int = 40) -> str:
    """A stretch of the text in backquotes, shortened where it is long."""
    text = text.strip()
    if len(text) == 1:
        return named(text)
    shown = "".join(
        char if char == " " or unicodedata.category(char)[0] not in "CZ" else "\N{REPLACEMENT CHARACTER}"
        for char in text[: most + 1]
    )
    return f"`{shown[:most]}…`" if len(text) > most else f"`{shown}`"
