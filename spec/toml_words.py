"""What is wrong with one written TOML value that has no parts: a word, a number, a text in quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

import tomli

from .scan import named, quoted

LARGEST, SMALLEST = 2**63 - 1, -(2**63)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a value is refused. No ``code``: a syntax error. ``start`` and ``end`` narrow it to a part."""

    message: str
    help: str
    code: str = ""
    start: int = 0
    end: int | None = None


_TRUE = {"true", "yes", "on"}
_FALSE = {"false", "no", "off"}
_NULL = {"none", "null", "nil", "undefined", "nothing", "~"}
_NOT_FINITE = re.compile(r"[+-]?(nan|inf(inity)?)", re.I)
_LEADING_ZEROS = re.compile(r"([+-]?)0[0_]*(\d[\d_]*(\.\d+)?)")
_POINT_LAST = re.compile(r"([+-]?\d+)\.")
_POINT_FIRST = re.compile(r"([+-]?)(\.\d+(?:[eE][+-]?\d+)?)")
_UPPER_PREFIX = re.compile(r"0[XOB][0-9A-Fa-f]+")
_NUMBERISH = re.compile(r"[+-]?\.?\d")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_PLAIN_TEXT = re.compile(r'"[^"\\\x00-\x1f\x7f]*"')
_ESCAPE = re.compile(r"\\(.)", re.S)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CURLY = "“”„‟‘’‚«»`´"
TOO_LONG = "the language's whole numbers have 64 bits: -9223372036854775808 to 9223372036854775807"


def not_finite(written: str) -> Verdict:
    """The verdict on nan, inf, and numbers too large for a float."""
    if _NOT_FINITE.fullmatch(written.strip("\"'")):
        help_ = 'write a number; where "no limit" or "no value" is meant, leave the key out or write "none"'
        return Verdict(f"expected a finite number, found `{written}`", help_, "E006")
    message = f"expected a finite number, found {quoted(written)}, which is beyond the largest one (about 1.8e308)"
    return Verdict(message, "write a smaller number", "E006")


def refuse_value(value: Any, written: str) -> Verdict | None:
    """Why a value that TOML or JSON allows is none of the language, or nothing."""
    if isinstance(value, bool | str) or value is None:
        return None
    if isinstance(value, int):
        if SMALLEST <= value <= LARGEST:
            return None
        return Verdict(f"expected a whole number of at most 64 bits, found {quoted(written, 24)}", TOO_LONG, "E008")
    if isinstance(value, float):
        return None if isfinite(value) else not_finite(written)
    return Verdict(
        f"expected text, a number, `true` or `false`, found the date or time `{written}`",
        f'a spec has no dates or times; where text is meant, put it in quotes: "{written}"',
        "E007",
    )


def simple(written: str) -> Any:
    """The value of a number, word or text written in the plainest way; None where it takes tomli to tell."""
    if _PLAIN_NUMBER.fullmatch(written):
        return int(written)
    if _PLAIN_TEXT.fullmatch(written):
        return written[1:-1]
    return {"true": True, "false": False}.get(written)


def refuse(written: str) -> Verdict | None:
    """Why a written value is no value of the language, or nothing where it is one."""
    if simple(written) is not None:
        return None
    try:
        value = tomli.loads(f"v = {written}")["v"]
    except tomli.TOMLDecodeError as error:
        if written[:1] in ('"', "'"):
            # tomli counts "\r\n" as one character and our "v = " as four.
            where = error.pos - 4 if "\r\n" not in written else 0
            return _refuse_text(written, min(max(where, 0), len(written) - 1))
        return _refuse_word(written)
    except (ValueError, KeyError):
        return Verdict(f"expected a whole number of at most 64 bits, found {quoted(written, 24)}", TOO_LONG, "E008")
    if isinstance(value, str) and written[0] == '"':
        for found in _ESCAPE.finditer(written):
            if found.group(1) in "ex":
                code = "u001b" if found.group(1) == "e" else f"u00{written[found.end() : found.end() + 2]}"
                length = 2 if found.group(1) == "e" else 4
                return Verdict(
                    f"expected an escape of TOML 1.0, found `{written[found.start() : found.start() + length]}`, "
                    "which only TOML 1.1 has",
                    f"write `\\{code}`",
                    "E005",
                    found.start(),
                    found.start() + length,
                )
    return refuse_value(value, written)


def _refuse_text(written: str, where: int) -> Verdict:
    control = _CONTROL.search(written.replace("\r\n", "  "))
    if control:
        at = control.start()
        return Verdict(
            f"expected text without control characters, found {named(written[at])}",
            f"take it out, or write it as `\\u{ord(written[at]):04X}` in a text in double quotes",
            start=at,
            end=at + 1,
        )
    for found in _ESCAPE.finditer(written):
        kind, at = found.group(1), found.start()
        if kind in 'btnfr"\\ex' or (kind in " \t\n\r" and written.startswith('"""')):
            continue
        if kind in "uU":
            size = 4 if kind == "u" else 8
            digits = written[found.end() : found.end() + size]
            if len(digits) < size or not re.fullmatch(r"[0-9A-Fa-f]+", digits):
                return Verdict(
                    f"expected {size} hexadecimal digits after `\\{kind}`, found {quoted(digits)}",
                    f"write `\\\\{kind}` if a backslash is meant",
                    start=at,
                    end=found.end(),
                )
            code = int(digits, 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                return Verdict(
                    f"expected the number of a character, found `\\{kind}{digits}`, which is none",
                    "write the character itself",
                    start=at,
                    end=found.end() + size,
                )
            continue
        return Verdict(
            f"expected an escape like `\\n` after the backslash, found {quoted(found.group())}",
            "write the backslash twice, or put the text in single quotes: '…'",
            start=at,
            end=found.end(),
        )
    return Verdict(
        "expected text, found something else between the quotes", "write it anew", start=where, end=where + 1
    )


def _refuse_word(written: str) -> Verdict:
    low = written.lower()
    if _NOT_FINITE.fullmatch(written):
        return not_finite(written)
    if low in _TRUE or low in _FALSE:
        word = "true" if low in _TRUE else "false"
        return Verdict(f"expected a value, found `{written}`", f"write `{word}`, in small letters and without quotes")
    if low in _NULL:
        return Verdict(f"expected a value, found `{written}`", 'TOML has no null; write "none", with quotes')
    if written.startswith("${"):
        return Verdict(
            f"expected a value, found the expression {quoted(written)}", f'put the expression in quotes: "{written}"'
        )
    if written.startswith("("):
        inner = written[1:].removesuffix(")").strip().rstrip(",")
        return Verdict(f"expected a value, found {quoted(written)}", f"a list stands in square brackets: [{inner}]")
    if any(char in _CURLY for char in written):
        bare = written.strip(_CURLY + " ")
        return Verdict(
            f"expected text in straight quotes, found {quoted(written)}", f'use the plain quote sign: "{bare}"'
        )
    if _NUMBERISH.match(written):
        return _refuse_number(written)
    for char in written:
        if named(char)[0] != "`":
            return Verdict(f"expected a value, found {named(char)}", "take this character out")
    if re.fullmatch(r"[\w.]+\(.*\)", written):
        return Verdict(
            f"expected a value, found {quoted(written)}, which looks like Python",
            'an object is a table in braces: { type = "NAME", argument = value }',
        )
    return Verdict(
        f"expected a value, found {quoted(written)}",
        'text stands in quotes: "' + written.strip("\"'").replace('"', '\\"') + '"',
    )


def _refuse_number(written: str) -> Verdict:
    zeros, last = _LEADING_ZEROS.fullmatch(written), _POINT_LAST.fullmatch(written)
    first = _POINT_FIRST.fullmatch(written)
    if zeros:
        return Verdict(
            f"expected a number, found `{written}`, which begins with a needless 0", f"write {zeros[1]}{zeros[2]}"
        )
    if last:
        return Verdict(f"expected digits after the point, found `{written}`", f"write {last[1]}.0")
    if first:
        return Verdict(f"expected a digit before the point, found `{written}`", f"write {first[1]}0{first[2]}")
    if _UPPER_PREFIX.fullmatch(written):
        return Verdict(f"expected a number, found `{written}`", f"write {written[:2].lower()}{written[2:]}")
    if "_" in written and re.fullmatch(r"[+-]?[\d_.]+", written):
        return Verdict(
            f"expected a number, found `{written}`", "an underscore in a number stands between two digits: 1_000"
        )
    if re.fullmatch(r"[\d.+\-*/%() ]+", written):
        return Verdict(
            f"expected a number, found {quoted(written)}",
            f'write the result, or an expression: "${{{written.strip()}}}"',
        )
    return Verdict(f"expected a number, found {quoted(written)}", f'where text is meant, put it in quotes: "{written}"')
