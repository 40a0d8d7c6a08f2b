"""From a broken TOML text or word to what is wrong with it, and to where the rest begins again."""

from __future__ import annotations

import re
from typing import Literal

from .scan import Scan, quoted
from .toml_keys import ASSIGNED, TO_COMMA, blank_end, is_header
from .toml_words import refuse

Around = Literal["line", "array", "inline"]
"""Where a value stands: alone after ``key =``, in a list, or in an inline table."""

_ONE_LINE = {
    '"': re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'),
    "'": re.compile(r"'[^'\n]*'"),
}
_MANY_LINES = {'"""': re.compile(r'\\[\s\S]|"{3,5}'), "'''": re.compile(r"'{3,5}")}
CLOSERS = re.compile(r"[ \t,\]}]+\Z")
_WORD = re.compile(
    r"\d{4}-\d\d-\d\d[ \t]\d\d:[^ \t\r\n,\]}#]*"
    r"|\$\{[^}\n]*\}[^ \t\r\n,\[\]{}#]*"
    r"|[\w.]*\((?:[^()\n]|\([^()\n]*\))*\)"
    r"|[^ \t\r\n,;\[\]{}#\"'=]+"
)
_TO_LINE_END = re.compile(r"[^#\r\n]*")


def text_in_quotes(scan: Scan, start: int, around: Around) -> int:
    """Scan a text in quotes of any kind; returns where it ends."""
    text, mark = scan.text, len(scan.edits)
    if text.startswith(('"""', "'''"), start):
        return _text_of_lines(scan, start)
    found = _ONE_LINE[text[start]].match(text, start)
    if found:
        _judge(scan, mark, start, found.end())
        return found.end()
    return _unclosed(scan, mark, start, around)


def _judge(scan: Scan, mark: int, start: int, end: int) -> bool:
    """Report what is wrong with a value without parts; whether nothing is."""
    verdict = refuse(scan.text[start:end])
    if verdict is None:
        return True
    narrow = start + verdict.end if verdict.end is not None else end
    scan.report(start + verdict.start, narrow, verdict.message, verdict.help, code=verdict.code)
    scan.fill(mark, start, end)
    return False


def _unclosed(scan: Scan, mark: int, start: int, around: Around) -> int:
    """A text whose closing quote is missing: its line is lost, save the brackets that end the line."""
    text = scan.text
    quote = text[start]
    stop = scan.line_end(start)
    end = start + len(text[start:stop].rstrip())
    if around != "line":
        closers = CLOSERS.search(text, start + 1, stop)
        end = max(closers.start() if closers else end, start + 1)
    swallowed = text[start:end]
    help_ = f"end the text with {quote}; a text of several lines stands between {quote * 3} and {quote * 3}"
    if swallowed.endswith(("\\" + quote, "\\")):
        help_ = "a backslash keeps the quote after it from closing the text: write the backslash twice"
    elif swallowed[-1] in "\"'" and len(swallowed) > 1 and swallowed[-1] != quote:
        help_ = f"begin and end the text with the same quote: {quote}"
    message = f"expected the text to end with {quote} on its line, found the end of the line"
    scan.report(start, end, message, help_, label="begins here, never closed")
    scan.fill(mark, start, end)
    if around != "line":
        if "," in swallowed or "=" in swallowed:
            scan.damage()
        scan.doubt(start)
        return end
    # A text meant to go on over the next lines takes them with it.
    line = stop
    while line < len(text):
        line = text.find("\n", line) + 1
        if not line:
            line = len(text)
            break
        stop = scan.line_end(line)
        rest = text[line:stop].strip()
        if not rest or rest[0] == "#" or is_header(text, line) or ASSIGNED.match(rest):
            return end
        if quote in rest:
            scan.fill(mark, start, stop)
            return stop
    return end


def _text_of_lines(scan: Scan, start: int) -> int:
    text, mark = scan.text, len(scan.edits)
    quote = text[start : start + 3]
    end = -1
    for found in _MANY_LINES[quote].finditer(text, start + 3):
        if found.group()[0] != "\\":
            end = found.end()
            break
    if end >= 0 and (scan.trusted or not _closed_by_another(text, start, end, quote)):
        _judge(scan, mark, start, end)
        return end
    # Not closed at all, or by the quotes that open the next text: go on at what looks like a statement.
    line = scan.line_end(start)
    while line < len(text):
        line = text.find("\n", line) + 1 or len(text)
        if is_header(text, line) or ASSIGNED.match(text, blank_end(text, line)):
            break
    end = start + len(text[start:line].rstrip())
    scan.report(
        start,
        start + 3,
        f"expected the text to end with {quote}, found no such end",
        f"write {quote} where the text ends",
        label="begins here, never closed",
    )
    scan.fill(mark, start, end)
    if scan.brackets:
        scan.damage()
        scan.abandoned, scan.last = True, end
    return line if scan.brackets else end


def _closed_by_another(text: str, start: int, end: int, quote: str) -> bool:
    """Whether the quotes that seem to close a text begin another one: ``key = \"\"\"``, or words after them."""
    opening = end - 3
    line = text.rfind("\n", 0, opening) + 1
    if line <= start:
        return False
    before = ASSIGNED.match(text, blank_end(text, line))
    if before and not text[before.end() : opening].strip():
        return True
    after = text[end : end + 80].split("\n", maxsplit=1)[0].strip()
    return bool(after) and after[0] not in ",]}#"


def word(scan: Scan, start: int, around: Around) -> int:
    """Scan a number, date or bare word; returns where it ends."""
    text, mark = scan.text, len(scan.edits)
    found = _WORD.match(text, start)
    if found is None:
        scan.report(
            start,
            start + 1 if start < scan.line_end(start) else start,
            f"expected a value, found {quoted(text[start]) if start < scan.line_end(start) else 'the end of the line'}",
            'write a value: a number, true, false, "text", a list […] or a table {…}',
        )
        scan.fill(mark, start, start)
        if around == "line":
            scan.doubt(start)
        return start
    end = found.end()
    written = found.group()
    verdict = refuse(written)
    if verdict is None:
        return end
    if not verdict.code:
        rest = (_TO_LINE_END if around == "line" else TO_COMMA).match(text, start)
        whole = rest.group().rstrip(" \t,;" if around == "line" else " \t") if rest else ""
        if len(whole) > len(written) and ASSIGNED.search(whole) is None:
            written = whole
            end = start + len(written)
            verdict = refuse(written) or verdict
    scan.report(start, end, verdict.message, verdict.help, code=verdict.code)
    scan.fill(mark, start, end)
    return end
