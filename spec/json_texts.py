"""From a broken JSON text, number or word to what is wrong with it."""

from __future__ import annotations

import json
import re

from .scan import Open, Scan, named, quoted
from .toml_words import TOO_LONG, Verdict, not_finite, refuse_value

KEY = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"[ \t\r\n]*:')
_VALUE = re.compile(r"""["'\[{\d-]""")
_BARE_KEY = re.compile(r"[^ \t\r\n,\[\]{}:=\"'#/]+")
BLANKS = re.compile(r"[ \t\r\n]*")
TEXT = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
SINGLE = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_WORD = re.compile(r"""\$\{[^}\n]*\}[^ \t\r\n,\[\]{}:"'#]*|[^ \t\r\n,\[\]{}:"'#/]+""")
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
TO_COMMA = re.compile(r"[^,\[\]{}\r\n]*")
_CLOSERS = re.compile(r"[ \t,\]}]+\Z")
_ESCAPE = re.compile(r"\\(.)")
_HIGH_LOW = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def refuse_text(written: str) -> Verdict | None:
    """Why a text in double quotes is none, or nothing where it is one."""
    for at, char in enumerate(written):
        if char < " ":
            escape = {"\t": "\\t", "\r": "\\r"}.get(char, f"\\u{ord(char):04x}")
            message = f"expected text without control characters, found {named(char)}"
            return Verdict(message, f"write it as `{escape}`, or take it out", start=at, end=at + 1)
    skip = {at for found in _HIGH_LOW.finditer(written) for at in (found.start(), found.start() + 6)}
    for found in _ESCAPE.finditer(written):
        kind, at = found.group(1), found.start()
        if kind == "u":
            digits = written[found.end() : found.end() + 4]
            if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                message = f"expected 4 hexadecimal digits after `\\u`, found {quoted(digits)}"
                return Verdict(message, "write `\\\\u` if a backslash is meant", start=at, end=found.end())
            if 0xD800 <= int(digits, 16) <= 0xDFFF and at not in skip:
                message = f"expected the number of a character, found `\\u{digits}`, which is half of one"
                return Verdict(message, "write the character itself", start=at, end=found.end() + 4)
        elif kind not in '"\\/bfnrt':
            message = f"expected an escape like `\\n` after the backslash, found {quoted(found.group())}"
            return Verdict(message, "write the backslash twice", start=at, end=found.end())
    return None


def judge(scan: Scan, start: int, end: int, verdict: Verdict | None) -> bool:
    """Report what is wrong with a value without parts; whether nothing is."""
    if verdict is None:
        return True
    narrow = start + verdict.end if verdict.end is not None else end
    scan.report(start + verdict.start, narrow, verdict.message, verdict.help, code=verdict.code)
    return False


def text_in_quotes(scan: Scan, mark: int, start: int) -> int:
    """Scan a text in double quotes; returns where it ends."""
    found = TEXT.match(scan.text, start)
    if found:
        if not judge(scan, start, found.end(), refuse_text(found.group())):
            scan.fill(mark, start, found.end())
        return found.end()
    return _unclosed(scan, mark, start)


def _unclosed(scan: Scan, mark: int, start: int) -> int:
    """A text whose closing quote is missing: its line is lost, save the brackets that end the line."""
    text = scan.text
    quote, stop = text[start], scan.line_end(start)
    end = start + len(text[start:stop].rstrip())
    closers = _CLOSERS.search(text, start + 1, stop)
    end = max(closers.start() if closers else end, start + 1)
    swallowed = text[start:end]
    help_ = f"end the text with {quote}; it stands on one line, a line break in it is written \\n"
    if swallowed.endswith(("\\" + quote, "\\")):
        help_ = "a backslash keeps the quote after it from closing the text: write the backslash twice"
    message = f"expected the text to end with {quote} on its line, found the end of the line"
    scan.report(start, end, message, help_, label="begins here, never closed")
    scan.fill(mark, start, end)
    if "," in swallowed or ":" in swallowed:
        scan.damage()
    scan.doubt(start)
    # A text meant to go on over the next line has its closing quote there.
    line = text.find("\n", stop) + 1
    rest = text[line : min(scan.line_end(line), line + 4000)] if line else ""
    if not closers and rest.count(quote) % 2 and not KEY.match(text, end_of(BLANKS, text, line)):
        end = line + rest.index(quote) + 1
        scan.fill(mark, start, end)
    return end


def single_quoted(scan: Scan, mark: int, start: int) -> int:
    """Scan a text in single quotes, which JSON does not have; returns where it ends."""
    found = SINGLE.match(scan.text, start)
    if not found:
        return _unclosed(scan, mark, start)
    should = json.dumps(found.group()[1:-1], ensure_ascii=False)
    message = f"expected text in double quotes, found {quoted(found.group())}"
    scan.report(start, found.end(), message, f"write {should}")
    scan.fill(mark, start, found.end())
    return found.end()


def word(scan: Scan, mark: int, start: int) -> int:
    """Scan a number or bare word; returns where it ends."""
    text = scan.text
    found = _WORD.match(text, start)
    if found is None:
        here = text[start] if start < scan.line_end(start) else ""
        message = f"expected a value, found {quoted(here) if here else 'the end of the line'}"
        scan.report(start, start + len(here), message, 'write a number, true, false, null, "text", […] or {…}')
        scan.fill(mark, start, start)
        return start
    written, end = found.group(), found.end()
    verdict = _refuse_word(written)
    if verdict is not None and not verdict.code:
        rest = TO_COMMA.match(text, start)
        whole = rest.group().rstrip() if rest else ""
        if len(whole) > len(written) and ":" not in whole and '"' not in whole and "//" not in whole:
            written, end = whole, start + len(whole)
            verdict = _refuse_word(written)
    if not judge(scan, start, end, verdict):
        scan.fill(mark, start, end)
    return end


def _refuse_word(written: str) -> Verdict | None:
    """Why a word or number is no value of JSON, or none of the language; nothing where it is one."""
    if written in ("true", "false", "null"):
        return None
    number = NUMBER.fullmatch(written)
    if number:
        if not number[1] and not number[2] and len(written) > 20:
            message = f"expected a whole number of at most 64 bits, found {quoted(written, 24)}"
            return Verdict(message, TOO_LONG, "E008")
        return refuse_value(json.loads(written), written)
    low = written.lower()
    if low.strip("+-") in ("nan", "inf", "infinity"):
        return not_finite(written)
    word = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}.get(low)
    if low in ("none", "null", "nil", "undefined", "~"):
        word = "null"
    if word:
        return Verdict(f"expected a value, found `{written}`", f"write `{word}`, in small letters and without quotes")
    if re.match(r"[+-]?\.?\d", written):
        return Verdict(f"expected a number, found {quoted(written)}", _help_number(written))
    for char in written:
        if named(char)[0] != "`":
            return Verdict(f"expected a value, found {named(char)}", f"take {named(char)} out")
    help_ = "text stands in double quotes: " + json.dumps(written.strip("“”„‟‘’`´\"'"), ensure_ascii=False)
    return Verdict(f"expected a value, found {quoted(written)}", help_)


def _help_number(written: str) -> str:
    bare = written.replace("_", "").removeprefix("+")
    if re.fullmatch(r"-?\.\d+", bare):
        bare = bare.replace(".", "0.", 1)
    elif re.fullmatch(r"-?\d+\.", bare):
        bare += "0"
    elif re.fullmatch(r"-?0+\d+(\.\d+)?", bare):
        bare = re.sub(r"^(-?)0+(?=\d)", r"\1", bare)
    elif re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}", bare):
        bare = str(int(bare, 16))
    if NUMBER.fullmatch(bare):
        return f"write {bare}"
    if re.fullmatch(r"[\d.+\-*/%() ]+", written) and not re.match(r"\d{4}-\d\d", written):
        return f'write the result, or an expression: "${{{written.strip()}}}"'
    return f"where text is meant, put it in double quotes: {json.dumps(written, ensure_ascii=False)}"


def end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the match of a pattern at ``at`` ends, or ``at`` where there is none."""
    found = pattern.match(text, at)
    return found.end() if found else at


def key_and_colon(scan: Scan, here: Open, at: int) -> tuple[int, bool]:
    """Scan a key and its colon.

    Returns where they end, and whether the value follows; else there is none: with the value a stand-in was
    put, without a key all was taken away.
    """
    text = scan.text
    char = text[at]
    found = (TEXT if char == '"' else SINGLE if char == "'" else _BARE_KEY).match(text, at)
    colon = end_of(BLANKS, text, found.end()) if found else at
    after = text[colon : colon + 1]
    alone = after in (",", "}", "]", "") or (char not in "\"'" and after not in (":", "=") and not _VALUE.match(after))
    if not found or alone:
        stop = TO_COMMA.match(text, at)
        end = max(at + len(stop.group().rstrip()) if stop else at, at + 1)
        help_ = 'write "key": value'
        if char in "\"'" and not found:
            help_ = f"end the key with {char}"
        elif char == "{":
            help_ = "close the object before with `}`, or give this one a key"
        scan.report(at, end, f'expected `"key": value`, found {quoted(text[at:end])}', help_)
        scan.edits.append((at, end, ""))
        scan.damage()
        if not found and char in "\"'":
            scan.doubt(at)
        here.forgiving = True
        return end, False
    scan.element(here, at)
    end, name = found.end(), found.group()
    if char != '"':
        should = json.dumps(name.strip("'“”‘’"), ensure_ascii=False)
        scan.report(at, end, f"expected a key in double quotes, found {quoted(name)}", f"write {should}")
        scan.edits.append((at, end, should))
    elif not judge(scan, at, end, refuse_text(name)):
        scan.edits.append((at, end, f'"\ufffd{at}"'))
        scan.damage()
    if after == "=":
        scan.report(colon, colon + 1, "expected `:` after the key, found `=`", "write `:` between key and value")
        scan.edits.append((colon, colon + 1, ":"))
    elif after != ":":
        message = f"expected `:` after the key, found {quoted(next_word(scan, colon))}"
        scan.report(end, max(colon, end), message, "write `:` between key and value")
        scan.edits.append((end, end, ":"))
        return colon, True
    end = colon + 1
    begin = end_of(BLANKS, text, end)
    if text[begin : begin + 1] not in (",", "}", "]", "") and not _misses_value(scan, begin, colon):
        return begin, True
    if begin < len(text):  # else the file was cut off, which is said once
        scan.report(colon, end, "expected a value after `:`, found none", "write the value after `:`")
    scan.value(here, end)
    scan.fill(here.mark, end, end)
    scan.last = end
    return end, False


def _misses_value(scan: Scan, begin: int, colon: int) -> bool:
    """Whether what follows a colon on the next line is the next key."""
    return begin > scan.line_end(colon) and KEY.match(scan.text, begin) is not None


def next_word(scan: Scan, at: int) -> str:
    """The word that begins at ``at``, to be shown."""
    found = re.compile(r"""[^ \t\r\n,:\[\]{}]+|.""").match(scan.text, at)
    return found.group() if found else ""
