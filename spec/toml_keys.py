"""Keys, headers and blanks of TOML: what they look like, and what is wrong with a key."""

from __future__ import annotations

import re

from .scan import Open, Scan, quoted
from .toml_words import refuse

KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*')"""
KEYS = re.compile(rf"{KEY}(?:[ \t]*\.[ \t]*{KEY})*")
ASSIGNED = re.compile(rf"{KEYS.pattern}[ \t]*=")
_BLANK = re.compile(r"[ \t]*")
VALUE_BEGINS = re.compile(r"""["'\[{+-]|\d|true\b|false\b""")
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*({KEYS.pattern})[ \t]*\]\]?[ \t]*(?:#[^\n]*|\r)?(?:\n|\Z)")
_NO_WORD = re.compile(r"""["'\d+-]|true$|false$|inf$|nan$""")
TO_COMMA = re.compile(r"[^,\[\]{}#\r\n]*")


def blank_end(text: str, at: int) -> int:
    """Where the blanks and tabs that begin at ``at`` end."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


def is_header(text: str, at: int) -> bool:
    """Whether the line that begins at ``at`` is a header and cannot be an element of a list."""
    found = _HEADER.match(text, at)
    return found is not None and _NO_WORD.match(found.group(1)) is None


def next_word(scan: Scan, at: int) -> str:
    """The word that begins at ``at``, to be shown."""
    found = re.compile(r"""[^ \t\r\n,\[\]{}#]+|.""").match(scan.text, at)
    return found.group() if found else ""


def key_of_inline(scan: Scan, here: Open, at: int) -> tuple[int, bool]:
    """Scan ``key =`` in an inline table.

    Returns where it ends, and whether the value begins there; else there is none: with the value a stand-in
    was put, without a key all was taken away.
    """
    text = scan.text
    keys = KEYS.match(text, at)
    equals = blank_end(text, keys.end()) if keys else at
    char = text[equals : equals + 1]
    if keys is None or (char not in ("=", ":", ",", "}", "\n", "\r", "#", "") and not VALUE_BEGINS.match(text, equals)):
        stop = TO_COMMA.match(text, at)
        end = max(at + len(stop.group().rstrip()) if stop else at, at + 1)
        scan.report(
            at,
            end,
            f"expected `key = value`, found {quoted(text[at:end])}",
            "a key of other characters than letters, digits, - and _ stands in quotes",
        )
        scan.edits.append((at, end, ""))
        scan.damage()
        here.forgiving = True
        return end, False
    scan.element(here, at)
    end = keys.end()
    if not key_is_good(scan, keys.group(), at):
        scan.edits.append((at, end, f'"\ufffd{at}"'))
        scan.damage()
    if char == "=":
        end = equals + 1
    elif char == ":":
        scan.report(equals, equals + 1, "expected `=` after the key, found `:`", "write `=` between key and value")
        scan.edits.append((equals, equals + 1, "="))
        end = equals + 1
    elif VALUE_BEGINS.match(text, equals):
        found = quoted(next_word(scan, equals))
        scan.report(end, equals, f"expected `=` after the key, found {found}", "write `=` between key and value")
        scan.edits.append((end, end, "="))
        end = equals
    else:
        message = f"expected `key = value`, found {quoted(keys.group())} alone"
        scan.report(at, end, message, "write `=` and the value")
        scan.edits.append((end, end, "="))
        return _no_value(scan, here, end)
    begin = blank_end(text, end)
    if text[begin : begin + 1] in (",", "}", "]", "\n", "\r", "#", ""):
        scan.report(end - 1, end, "expected a value after `=`, found none", "write the value after `=`")
        return _no_value(scan, here, end)
    scan.value(here, begin)
    return begin, True


def _no_value(scan: Scan, here: Open, at: int) -> tuple[int, bool]:
    scan.value(here, at)
    scan.fill(here.mark, at, at)
    scan.last = at
    return at, False


def key_is_good(scan: Scan, written: str, at: int) -> bool:
    """Report what is wrong with the quoted parts of a key; whether nothing is."""
    if '"' not in written and "'" not in written:
        return True
    for part in re.finditer(KEY, written):
        if part.group()[0] in "\"'":
            verdict = refuse(part.group())
            if verdict is not None:
                begin = at + part.start() + verdict.start
                end = at + (part.start() + verdict.end if verdict.end is not None else part.end())
                scan.report(begin, end, verdict.message, verdict.help, code=verdict.code)
                return False
    return True
