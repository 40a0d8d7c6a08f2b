"""From a broken TOML value to what is wrong with it: lists and inline tables, each mended alone."""

from __future__ import annotations

import re

from .places import DEEPEST
from .scan import Open, Scan, nesting, never_closed, quoted, too_deep
from .toml_keys import ASSIGNED, TO_COMMA, VALUE_BEGINS, blank_end, is_header, key_of_inline, next_word
from .toml_texts import CLOSERS, Around, text_in_quotes, word

_BRACKETS = re.compile(r"""\"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|#[^\n]*|[\[\]{}\n]""")
_NEXT = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*(.?)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")


def value(scan: Scan, start: int, depth: int, around: Around) -> int:
    """Scan the value that begins at ``start``; returns where it ends, or is given up."""
    char = scan.text[start : start + 1]
    if char and char in "\"'":
        end = text_in_quotes(scan, start, around)
    elif char and char in "[{":
        if depth >= DEEPEST:
            end = too_deep(
                scan,
                start,
                _BRACKETS,
                lambda thing, at: thing == "\n" and not scan.trusted and _statement_begins(scan, at),
            )
        else:
            here = Open(char, start)
            scan.brackets.append(here)
            end = (_array if char == "[" else _inline)(scan, here, depth + 1)
            scan.brackets.pop()
    else:
        end = word(scan, start, around)
    if not scan.gave_up():
        scan.last = end
    return end


def _statement_begins(scan: Scan, line: int) -> bool:
    """Whether the line that begins at ``line`` is a header, or ``key =`` no further in than this statement."""
    if is_header(scan.text, line):
        return True
    at = blank_end(scan.text, line)
    return at - line <= scan.margin and ASSIGNED.match(scan.text, at) is not None


def _closes_soon(text: str, line: int) -> bool:
    """Whether an inline table that is open at ``line`` is closed within the next lines."""
    lines = 0
    for thing, depth, end in nesting(_BRACKETS, text, line, 1):
        if depth == 0:
            return thing == "}"
        if thing == "\n":
            lines += 1
            if lines > 40 or is_header(text, end):
                return False
    return False


def _gap(scan: Scan, at: int, around: Around) -> tuple[int, bool]:
    """Skip blanks, line breaks and comments inside brackets; gives up where the next statement begins.

    Returns where it got to, and whether it crossed a line break. In an inline table, which must stand on one
    line, breaks and comments are edited away.
    """
    text, crossed, mark = scan.text, False, len(scan.edits)
    while at < len(text):
        char = text[at]
        if char in " \t":
            at += 1
        elif char == "#":
            end = scan.line_end(at)
            comment(scan, at, end)
            if around == "inline":
                scan.edits.append((at, end, ""))
            at = end
        elif char == "\n" or text.startswith("\r\n", at):
            end = at + (2 if char == "\r" else 1)
            if around == "inline":
                scan.edits.append((at, end, " "))
            at, crossed = end, True
            if (
                not scan.trusted
                and _statement_begins(scan, at)
                and (around == "array" or is_header(text, at) or not _closes_soon(text, at))
            ):
                scan.edits[mark:] = [edit for edit in scan.edits[mark:] if edit[2] != " "]
                scan.abandoned = True
                break
        else:
            break
    return at, crossed


def comment(scan: Scan, start: int, end: int) -> None:
    """Report a character that may not stand in a comment."""
    found = _CONTROL.search(scan.text, start, end)
    if found:
        scan.report(
            found.start(),
            found.end(),
            f"expected a comment without control characters, found {quoted(found.group())}",
            "take this character out",
        )
        scan.edits.append((start, end, ""))


def _array(scan: Scan, here: Open, depth: int) -> int:
    text = scan.text
    at = scan.last = here.start + 1
    while True:
        at, _ = _gap(scan, at, "array")
        if scan.gave_up() or at >= len(text) or scan.full:
            never_closed(scan, here.start)
            scan.give_up(here)
            return at
        char = text[at]
        if char == "]":
            return at + 1
        if char == ",":
            scan.comma(here, at, "a value")
            at += 1
            continue
        if char in "})":
            closed = _wrong_closer(scan, here, at, "]")
            if closed is not None:
                return closed
            at += 1
            continue
        if scan.lacks_comma(here):
            if not VALUE_BEGINS.match(text, at) or _odd_quotes(scan, at):
                at = _junk(scan, here, at, "`]`")
                continue
            message = f"expected a comma or `]`, found {quoted(next_word(scan, at))}"
            scan.report(at, at + 1, message, "write a comma between the values")
        scan.element(here, at)
        scan.value(here, at)
        if char not in "[{" and ASSIGNED.match(text, at):
            at = _bare_pairs(scan, here, at)
            continue
        at = value(scan, at, depth, "array")
        if scan.gave_up():
            scan.give_up(here)
            return at
        if at == here.begun:
            # Nothing can be made of this character, which was reported.
            scan.edits.append((at, at + 1, ""))
            at += 1


def _bare_pairs(scan: Scan, here: Open, at: int) -> int:
    """``name = value`` inside a list: the braces around it are missing."""
    stop = scan.line_end(at)
    end = at + len(scan.text[at:stop].rstrip(" \t,"))
    closers = CLOSERS.search(scan.text, at, end)
    if closers and scan.text.count("[", at, end) < scan.text.count("]", at, end):
        end = closers.start()
    scan.report(
        at,
        end,
        f"expected a value, found {quoted(scan.text[at:end])}",
        "`name = value` stands in braces inside a list: { name = value }",
    )
    scan.fill(here.mark, at, end)
    scan.doubt(at)
    scan.last = end
    return end


def _wrong_closer(scan: Scan, here: Open, at: int, wanted: str) -> int | None:
    """A bracket of another kind. Returns where the list or table ends by it, or None where it is one too many."""
    found = scan.text[at]
    after = _NEXT.match(scan.text, at + 1)
    follows = after.group(1) if after else ""
    if scan.is_open(found):
        # No comma follows a statement: then it was meant to close what is innermost.
        if follows != "," or len(scan.brackets) > 2:
            never_closed(scan, here.start)
            scan.damaged.add(here.start)
            scan.close(here)
            return at
    elif follows == wanted or (found == "}" and follows and follows in ",{"):
        scan.report(at, at + 1, f"expected `{wanted}` or a comma, found `{found}`", f"take this `{found}` away")
        scan.edits.append((at, at + 1, ""))
        return None
    message = f"expected `{wanted}`, found `{found}`"
    scan.report(at, at + 1, message, f"what begins with `{here.char}` ends with `{wanted}`")
    scan.last = at
    scan.close(here)
    scan.edits.append((at, at + 1, ""))
    return at + 1


def _odd_quotes(scan: Scan, at: int) -> bool:
    """Whether the rest of the line opens a text it does not close."""
    rest = _BRACKETS.sub("", scan.text[at : min(scan.line_end(at), at + 4000)])
    return '"' in rest or "'" in rest


def _junk(scan: Scan, here: Open, at: int, close: str) -> int:
    """Text after a value where a comma or the end should be: the value is lost with it."""
    text = scan.text
    odd = _odd_quotes(scan, at)
    found = TO_COMMA.match(text, at)
    end = max(at + len(found.group().rstrip()) if found else at, at + 1)
    help_ = f"write a comma before the next value, or {close} at the end"
    if odd:
        help_ = 'a quote is missing on this line, or one stands inside a text: write it as `\\"` there'
        scan.damage()
    scan.report(at, end, f"expected a comma or {close}, found {quoted(text[at:end])}", help_)
    scan.fill(here.mark, here.begun, end)
    if odd:
        scan.doubt(at)
    scan.last = end
    return end


def _inline(scan: Scan, here: Open, depth: int) -> int:
    text = scan.text
    at = scan.last = here.start + 1
    broken, first = False, len(scan.findings)
    while True:
        at, crossed = _gap(scan, at, "inline")
        broken = broken or crossed
        if scan.gave_up() or at >= len(text) or scan.full:
            never_closed(scan, here.start)
            scan.give_up(here)
            return at
        char = text[at]
        if char == "}":
            _newer_forms(scan, here, broken, first)
            return at + 1
        if char == ",":
            scan.comma(here, at, "a key")
            at += 1
            continue
        if char in "[{" and scan.around() == "[" and crossed:
            # The next element of the list around begins.
            never_closed(scan, here.start)
            scan.damaged.add(here.start)
            scan.close(here)
            scan.resumed = True
            return at
        if char in "])":
            closed = _wrong_closer(scan, here, at, "}")
            if closed is not None:
                return closed
            at += 1
            continue
        if scan.lacks_comma(here):
            if not ASSIGNED.match(text, at) or _odd_quotes(scan, at):
                at = _junk(scan, here, at, "`}`")
                continue
            message = f"expected a comma or `}}`, found {quoted(next_word(scan, at))}"
            scan.report(at, at + 1, message, "write a comma between the two")
        end, has_value = key_of_inline(scan, here, at)
        if has_value:
            end = value(scan, end, depth, "inline")
            if scan.gave_up():
                scan.give_up(here)
                return end
        at = end


def _newer_forms(scan: Scan, here: Open, broken: bool, first: int) -> None:
    """Report a line break in an inline table, or a comma after its last value: TOML 1.1, not 1.0."""
    comma = here.comma
    if comma >= 0:
        scan.edits.append((comma, comma + 1, ""))
    if broken:
        # One that holds others of its kind is one finding, not many.
        kept = [one for one in scan.findings[first:] if one.code != "E005" or "braces" not in one.message]
        scan.findings[first:] = kept
        scan.report(
            here.start,
            here.start + 1,
            "expected the table in braces to end on its line, found a line break in it, which only TOML 1.1 allows",
            "write it on one line, or as a table with a [header] of its own",
            code="E005",
            label="opened here",
        )
    elif comma >= 0 and not here.forgiving and not scan.doubts(comma):
        scan.report(
            comma,
            comma + 1,
            "expected `}` after the last value, found a comma, which only TOML 1.1 allows there",
            "take this comma away",
            code="E005",
        )
