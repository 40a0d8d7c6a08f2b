"""From Diagnostic to text: full for people, concise for logs, JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from .document import Place, Pointer
from .finding import Diagnostic

Format = Literal["full", "concise", "json"]
TAB: Final = 4


@dataclass(frozen=True, slots=True)
class Colours:
    """What stands before each kind of text in a terminal; empty where there is no colour."""

    error: str = ""
    warning: str = ""
    help: str = ""
    dim: str = ""
    bold: str = ""
    end: str = ""


PLAIN: Final = Colours()
ANSI: Final = Colours("\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m")


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, place and code; what is said twice about one place is said once."""
    seen: set[tuple[str, int, int, str, str]] = set()
    kept = []
    for one in sorted(diagnostics, key=_order):
        # One line of a block may be wrong in every instance, each time with other numbers: the first stands for all.
        words = "" if one.instances else one.finding.message
        key = (one.place.source.path, one.place.start, one.place.end, one.finding.code, words)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept


def _order(one: Diagnostic) -> tuple[str, int, int, str]:
    return one.place.source.path, one.place.start, one.place.end, one.finding.code


def concise(one: Diagnostic) -> str:
    """``file:line:col: error[E104]: message``, with the way out behind it."""
    line, column = one.place.source.line_column(one.place.start)
    way = f" ({one.finding.help})" if one.finding.help else ""
    finding = one.finding
    return f"{one.place.source.path}:{line}:{column}: {finding.severity}[{finding.code}]: {finding.message}{way}"


def full(one: Diagnostic, colours: Colours = PLAIN) -> str:
    """The message, the line with its place underlined, second places, how the shapes came about, the way out."""
    finding = one.finding
    line, column = one.place.source.line_column(one.place.start)
    mark = colours.error if finding.severity == "error" else colours.warning
    head = (
        f"{colours.bold}{one.place.source.path}:{line}:{column}:{colours.end} "
        f"{mark}{finding.severity}[{finding.code}]{colours.end}{colours.bold}: {finding.message}{colours.end}"
    )
    views = [_View(one.place, finding.label or "", True)]
    views += [_View(place, label, False) for label, place in (*one.related, *one.instances)]
    views = [view for view in views if view.place.source.text]  # an empty file, or one of bytes, has no line to show
    width = max((len(str(view.line)) for view in views), default=1)
    out = [head]
    if views:
        out += _snippets(views, width, mark, colours)
    for way in finding.shapes:
        out.append(f"{' ' * width} {colours.dim}={colours.end} {colours.help}shapes{colours.end}: {way}")
    if finding.help:
        out.append(f"{' ' * width} {colours.dim}={colours.end} {colours.help}help{colours.end}: {finding.help}")
    return "\n".join(out)


LONGEST: Final = 240
"""So many characters of a line are shown at most."""


class _View:
    """One underlined stretch of one line."""

    __slots__ = ("column", "label", "line", "main", "place", "text", "width")

    def __init__(self, place: Place, label: str, main: bool) -> None:
        self.place, self.label, self.main = place, label, main
        self.line, start = place.source.line_column(place.start)
        text = place.source.line(self.line)
        end = min(start - 1 + max(place.end - place.start, 1), max(len(text), start))
        if len(text) > LONGEST:  # a line that no terminal shows: what stands around the place is enough
            first = max(0, start - 1 - LONGEST // 3)
            text = f"{'…' * (first > 0)}{text[first : first + LONGEST]}{'…' * (first + LONGEST < len(text))}"
            start, end = start - first + (first > 0), min(end - first + (first > 0), len(text))
        self.text = text
        self.column = _width(text[: start - 1])
        self.width = max(_width(text[: start - 1] + text[start - 1 : end]) - self.column, 1)


def _snippets(views: Sequence[_View], width: int, mark: str, colours: Colours) -> list[str]:
    """The lines of all views, in the order of the file; several views of one line below it."""
    bar = f"{' ' * width} {colours.dim}|{colours.end}"
    out = [bar]
    files: list[str] = []
    for path in dict.fromkeys(view.place.source.path for view in views):
        files.append(path)
    for path in files:
        here = sorted((view for view in views if view.place.source.path == path), key=lambda view: view.line)
        if path != files[0]:
            out.append(f"{' ' * width}{colours.dim}-->{colours.end} {path}")
        before: int | None = None
        for line in dict.fromkeys(view.line for view in here):
            if before is not None and line > before + 1:
                out.append(f"{colours.dim}{'.' * max(3, width)}{colours.end}")
            before = line
            shown: str | None = None
            for view in sorted((one for one in here if one.line == line), key=lambda one: (not one.main, one.column)):
                if view.text != shown:
                    shown = view.text
                    out.append(f"{colours.dim}{line:>{width}} |{colours.end} {_expanded(shown)}".rstrip())
                sign = "^" if view.main else "-"
                tint = mark if view.main else colours.dim
                under = (
                    f"{' ' * view.column}{tint}{sign * view.width}{' ' + view.label if view.label else ''}{colours.end}"
                )
                out.append(f"{bar} {under}")
    return out


def _expanded(text: str) -> str:
    """The line with tabs as blanks and unprintable characters as a dot, so that columns stay true."""
    return "".join(" " * TAB if letter == "\t" else letter if letter.isprintable() else "·" for letter in text)


def _width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    total = 0
    for letter in text:
        if letter == "\t":
            total += TAB
        elif unicodedata.combining(letter) or letter in "\u200d\ufe0f":
            continue
        else:
            total += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
    return total


def as_record(one: Diagnostic) -> dict[str, Any]:
    """The finding as JSON has it: lines and columns from 1, columns in code points, the end exclusive."""
    from .fixes import as_records, fixes_of

    line, column = one.place.source.line_column(one.place.start)
    end_line, end_column = one.place.source.line_column(one.place.end)
    finding = one.finding
    return {
        "file": one.place.source.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
        "shapes": list(finding.shapes),
        "pointer": json_pointer(finding.pointer),
        "instances": [_instance(label, place) for label, place in one.instances],
        "fixes": as_records(fixes_of(one)),
    }


def _instance(label: str, place: Place) -> dict[str, Any]:
    line, column = place.source.line_column(place.start)
    return {"label": label, "file": place.source.path, "line": line, "column": column}


def json_pointer(pointer: Pointer) -> str:
    """The pointer as RFC 6901 writes it: ``/layers/0/units``."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in pointer)


def report(diagnostics: Sequence[Diagnostic], form: Format, colours: Colours = PLAIN) -> str:
    """All diagnostics in one of the forms, ready to print."""
    every = ordered(diagnostics)
    if form == "json":
        return json.dumps([as_record(one) for one in every], indent=2, ensure_ascii=False)
    if form == "concise":
        return "\n".join(concise(one) for one in every)
    return "\n\n".join(full(one, colours) for one in every)


def tally(diagnostics: Sequence[Diagnostic], files: int) -> str:
    """The last line for people: how many errors and warnings in how many files."""
    errors = sum(one.finding.severity == "error" for one in diagnostics)
    warnings = len(diagnostics) - errors
    counts = [
        f"{count} {word}{'s' if count != 1 else ''}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    where = f"{files} file{'s' if files != 1 else ''} checked"
    return f"{' and '.join(counts) or 'no errors'}, {where}"
