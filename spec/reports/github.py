"""From Reported to the workflow commands by which GitHub marks lines of a change.

Of one step GitHub shows ten errors and ten warnings, the first ones; the rest stands in the log below.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import hashlib
from typing import Final

from ..finding import Diagnostic
from ..report import concise
from .reported import Reported, words

MOST: Final = 10
"""Annotations of one kind that GitHub shows of one step."""


def text(reported: Reported) -> str:
    """The worst as annotations, then one that counts the rest, and the rest as plain lines."""
    shown: list[str] = []
    left: list[Diagnostic] = []
    counts = {"error": 0, "warning": 0}
    for one in reported.worst_first():
        counts[one.severity] += 1
        if counts[one.severity] <= MOST:
            shown.append(_command(one, reported))
        else:
            left.append(one)
    if left:
        over = [
            f"{count - MOST} more {kind}{'s' if count - MOST > 1 else ''}"
            for kind, count in counts.items()
            if count > MOST
        ]
        verb = "is" if len(left) == 1 else "are"
        note = f"{' and '.join(over)} {verb} in the log: GitHub shows {MOST} of a kind"
        shown += [f"::notice title=keraspec::{_data(note)}", *_quiet(left)]
    return "\n".join(shown)


def _command(one: Diagnostic, reported: Reported) -> str:
    source = one.place.source
    line, column = source.line_column(one.place.start)
    end_line, end_column = source.line_column(max(one.place.start, one.place.end))
    fields = [("title", f"keraspec {one.code}"), ("file", reported.path(source.path)), ("line", str(line))]
    fields += [("endLine", str(end_line))]
    if end_line == line:  # columns count only within one line
        fields += [("col", str(column)), ("endColumn", str(end_column))]
    written = ",".join(f"{key}={_property(value)}" for key, value in fields)
    return f"::{one.severity} {written}::{_data(words(one))}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _quiet(left: list[Diagnostic]) -> list[str]:
    """Plain lines, in which GitHub looks for no commands: what stands in a spec never becomes one.

    The word that ends the pause is made of the lines themselves, so none of them can have it.
    """
    lines = [" ".join(concise(one).split("\n")).replace("\r", " ") for one in left]
    word = "keraspec-" + hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
    return [f"::stop-commands::{word}", *lines, f"::{word}::"]
