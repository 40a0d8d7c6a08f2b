"""From a JSON text that cannot be read to all that is wrong with it, each list and object mended alone."""

from __future__ import annotations

import re

from .document import Source
from .json_texts import (
    BLANKS,
    KEY,
    NUMBER,
    TO_COMMA,
    end_of,
    key_and_colon,
    next_word,
    single_quoted,
    text_in_quotes,
    word,
)
from .places import DEEPEST
from .scan import PARTNER, Open, Scan, never_closed, quoted, too_deep

_COMMENT = re.compile(r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)|#[^\n]*")
_ELEMENT = re.compile(r",\s*[\[{0-9]")
_COLONS = re.compile(r"[:=]+")
_BRACKETS = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|[\[\]{}]')
_TOML = re.compile(r"#[^\n]*\n|\[\[?[A-Za-z_][\w.-]*\]|[A-Za-z_][\w.-]*[ \t]*=")


def scan_json(source: Source, trusted: bool) -> Scan:
    """All that is wrong with a JSON text, and the edits after which the rest can be read.

    ``trusted`` says that the json module could read it: then no bracket or quote is missing.
    """
    scan = Scan(source, "E003", trusted)
    text = scan.text
    begin = end_of(BLANKS, text, 0)
    if _TOML.match(text, begin):
        stop = begin + len(text[begin : scan.line_end(begin)].rstrip())
        message = f"expected JSON, found what looks like TOML: {quoted(text[begin:stop])}"
        scan.report(begin, stop, message, "give the file a name that ends in .toml, or write it as JSON: {…}")
        return _nothing(scan)
    at, _ = _gap(scan, 0)
    if at >= len(text):
        if not scan.findings:
            begin = min(begin, len(text))
            scan.report(begin, begin, "expected an object {…}, found an empty file", 'write { "keraspec": 1, … }')
        return _nothing(scan)
    begun = at
    at = _value(scan, at, 0)
    if text[begun] != "{":
        stop = at if at <= scan.line_end(begun) else begun + 1
        kind = {"[": "a list", '"': "a text"}.get(text[begun], "a single value")
        scan.findings = [one for one in scan.findings if one.code == "E009"]
        if not scan.findings:
            message = f"expected an object {{…}} as the whole file, found {kind}"
            scan.report(begun, stop, message, 'write { "keraspec": 1, … }', code="E010")
        return _nothing(scan)
    rest, _ = _gap(scan, at) if not scan.full else (at, False)
    if rest < len(text):
        if not scan.full and not scan.gave_up():
            stop = rest + max(len(text[rest : scan.line_end(rest)].rstrip()), 1)
            scan.report(
                rest,
                stop,
                f"expected the end of the file after the last `}}`, found {quoted(text[rest:stop])}",
                "take away what stands here; or a `}` further up closes too early",
            )
            scan.damaged.add(begun)
        scan.edits = [edit for edit in scan.edits if edit[0] < rest]
        scan.edits.append((rest, len(text), ""))
    return scan


def _nothing(scan: Scan) -> Scan:
    scan.edits = [(0, len(scan.text), "{}")]
    scan.damaged = {0, -1}
    return scan


def _gap(scan: Scan, at: int) -> tuple[int, bool]:
    """Skip blanks and report comments; returns where it got to, and whether it crossed a line break."""
    text, begun = scan.text, at
    while True:
        at = end_of(BLANKS, text, at)
        found = _COMMENT.match(text, at)
        if not found:
            return at, "\n" in text[begun:at]
        end = at + len(found.group().rstrip())
        stop = min(end, scan.line_end(at))
        scan.report(
            at,
            stop,
            f"expected JSON, found the comment {quoted(text[at:stop])}",
            "JSON has no comments; take it away, or write the spec in TOML",
        )
        scan.edits.append((at, end, ""))
        at = end
        if scan.full:
            return at, False


def _value(scan: Scan, start: int, depth: int) -> int:
    """Scan the value that begins at ``start``; returns where it ends."""
    char = scan.text[start : start + 1]
    mark = len(scan.edits)
    if char == '"':
        end = text_in_quotes(scan, mark, start)
    elif char == "'":
        end = single_quoted(scan, mark, start)
    elif char in ("[", "{"):
        if depth >= DEEPEST:
            end = too_deep(scan, start, _BRACKETS)
        else:
            here = Open(char, start)
            scan.brackets.append(here)
            end = (_array if char == "[" else _object)(scan, here, depth + 1)
            scan.brackets.pop()
    else:
        end = word(scan, mark, start)
    if not scan.gave_up():
        scan.last = end
    return end


# --------------------------------------------------------------------------- lists and objects


def _close_early(scan: Scan, here: Open, at: int, more: bool) -> int:
    """Close a list or object whose bracket is missing, because what stands at ``at`` belongs around it."""
    never_closed(scan, here.start)
    scan.damaged.add(here.start)
    scan.close(here)
    scan.resumed = more
    return at


def _closer(scan: Scan, here: Open, at: int) -> int | None:
    """A closing bracket. Returns where the list or object ends, or None where the bracket is one too many."""
    wanted, found = PARTNER[here.char], scan.text[at]
    if found == wanted:
        if not scan.trusted and _closes_outer(scan, here, at):
            return _close_early(scan, here, at, False)
        if here.comma >= 0:
            if not here.forgiving:
                message = f"expected a value after the comma, found `{found}`"
                help_ = "take this comma away: JSON has none after the last value"
                scan.report(here.comma, here.comma + 1, message, help_)
            scan.edits.append((here.comma, here.comma + 1, ""))
        return at + 1
    behind = end_of(BLANKS, scan.text, at + 1)
    after = scan.text[behind : behind + 1]
    if scan.is_open(found):
        # Where another element follows and not a key, it was meant to close what is innermost.
        if found == "}" or not _ELEMENT.match(scan.text, behind):
            return _close_early(scan, here, at, False)
    elif after == wanted or (found == "}" and after == ","):
        scan.report(at, at + 1, f"expected `{wanted}` or a comma, found `{found}`", f"take this `{found}` away")
        scan.edits.append((at, at + 1, ""))
        return None
    message = f"expected `{wanted}`, found `{found}`"
    scan.report(at, at + 1, message, f"what begins with `{here.char}` ends with `{wanted}`")
    scan.last = at
    scan.close(here)
    scan.edits.append((at, at + 1, ""))
    return at + 1


def _closes_outer(scan: Scan, here: Open, at: int) -> bool:
    """Whether a closing bracket, by its indentation, belongs to something further out."""
    margin = _margin(scan, at)
    if margin < 0 or _indent(scan, here.start) <= margin:
        return False
    return any(one.char == here.char and _indent(scan, one.start) == margin for one in scan.brackets[:-1])


def _margin(scan: Scan, at: int) -> int:
    """How far in something stands that is the first on its line; -1 where it is not."""
    line = scan.text.rfind("\n", 0, at) + 1
    return at - line if not scan.text[line:at].strip() else -1


def _indent(scan: Scan, at: int) -> int:
    """How far in the line begins on which something stands."""
    line = scan.text.rfind("\n", 0, at) + 1
    return end_of(BLANKS, scan.text, line) - line


def _array(scan: Scan, here: Open, depth: int) -> int:
    text = scan.text
    at = scan.last = here.start + 1
    pairs = False  # whether keys stand in this list, which is said once
    while True:
        at, crossed = _gap(scan, at)
        if scan.gave_up() or at >= len(text) or scan.full:
            never_closed(scan, here.start)
            scan.give_up(here)
            return at
        char = text[at]
        if char in "]}":
            closed = _closer(scan, here, at)
            if closed is not None:
                return closed
            at += 1
            continue
        if char == ",":
            scan.comma(here, at, "a value")
            at += 1
            continue
        if char in ":=":
            if not pairs:
                message = f"expected a comma or `]`, found `{char}`"
                scan.report(at, at + 1, message, 'a key and its value stand in braces: { "key": value }')
            pairs = True
            end = end_of(_COLONS, text, at)
            if here.begun < 0 or here.comma >= 0:
                scan.edits.append((at, end, ""))
            else:
                scan.fill(here.mark, here.begun, end)
                scan.last = end
            scan.damage()
            scan.resumed = True
            at = end
            continue
        if scan.around() == "{" and (crossed or here.count) and not pairs and KEY.match(text, at):
            return _close_early(scan, here, at, True)
        if scan.lacks_comma(here):
            if char not in '"[{' and not NUMBER.match(text, at):
                at = _junk(scan, here, at, "]")
                continue
            message = f"expected a comma or `]`, found {quoted(next_word(scan, at))}"
            scan.report(at, at + 1, message, "write a comma between the values")
        scan.element(here, at)
        scan.value(here, at)
        at = _value(scan, at, depth)
        if scan.gave_up():
            scan.give_up(here)
            return at
        if at == here.begun:
            # Nothing can be made of this character, which was reported.
            scan.edits.append((at, at + 1, ""))
            at += 1


def _object(scan: Scan, here: Open, depth: int) -> int:
    text = scan.text
    at = scan.last = here.start + 1
    while True:
        at, crossed = _gap(scan, at)
        if scan.gave_up() or at >= len(text) or scan.full:
            never_closed(scan, here.start)
            scan.give_up(here)
            return at
        char = text[at]
        if char in "]}":
            closed = _closer(scan, here, at)
            if closed is not None:
                return closed
            at += 1
            continue
        if char == ",":
            scan.comma(here, at, "a key")
            at += 1
            continue
        if char == "{" and scan.around() == "[":
            return _close_early(scan, here, at, True)
        margin = _margin(scan, at) if crossed and not scan.trusted else -1
        if 0 <= margin < here.column and scan.around() == "{" and KEY.match(text, at):
            return _close_early(scan, here, at, True)
        if scan.lacks_comma(here):
            if not KEY.match(text, at):
                at = _junk(scan, here, at, "}")
                continue
            message = f"expected a comma or `}}`, found {quoted(next_word(scan, at))}"
            scan.report(at, at + 1, message, "write a comma between the two")
        if here.column < 0:
            here.column = margin
        at, has_value = key_and_colon(scan, here, at)
        if has_value:
            at, _ = _gap(scan, at)
            scan.value(here, at)
            at = _value(scan, at, depth)
            if scan.gave_up():
                scan.give_up(here)
                return at


def _junk(scan: Scan, here: Open, at: int, close: str) -> int:
    """Text after a value where a comma or the end should be: the value is lost with it."""
    text = scan.text
    odd = _BRACKETS.sub("", text[at : min(scan.line_end(at), at + 4000)]).count('"') % 2 == 1
    found = TO_COMMA.match(text, at)
    end = max(at + len(found.group().rstrip()) if found else at, at + 1)
    help_ = f"write a comma before the next value, or `{close}` at the end"
    if odd:
        help_ = 'a quote is missing on this line, or one stands inside a text: write it as `\\"` there'
    scan.report(at, end, f"expected a comma or `{close}`, found {quoted(text[at:end])}", help_)
    scan.fill(here.mark, here.begun, end)
    scan.damage()
    if odd:
        scan.doubt(at)
    scan.last = end
    return end
