"""From the characters of an expression to its tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

LONGEST: Final = 4_000
"""So many characters one expression may have."""
LARGEST_WHOLE: Final = 2**63 - 1
"""The largest whole number, and with a minus the smallest: those that TOML has."""

Kind = Literal["number", "text", "name", "sign", "end"]


class ExpressionError(ValueError):
    """An expression that can't be read or has no value.

    ``code`` is one of E601 to E605, ``start`` and ``end`` are offsets into the string that holds the expression,
    ``help`` says what to do where that can be said.
    """

    def __init__(self, code: str, message: str, start: int, end: int, help: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.help = help


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, text or sign; ``value`` is that of a number or text."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Any = None


_BLANK = re.compile(r"\s+")
_NUMBER = re.compile(r"(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?", re.ASCII)
_NAME = re.compile(r"[^\W\d]\w*")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\'])")
_SIGN = re.compile(r"\*\*|//|==(?!=)|!=(?!=)|<=|>=|<(?![<>])|>(?!>)|[-+*/%()\[\],.]")

GIVES: Final = "`=` gives a value to a name, and an expression can't do that"
COMPARE: Final = "to compare two values write `==`"
_QUOTES: Final = "text stands in single quotes: 'relu'"
WRONG: Final[tuple[tuple[str, str, str], ...]] = (
    ("===", "`===` is no sign of this language", "to ask whether two values are the same write `==`"),
    ("!==", "`!==` is no sign of this language", "to ask whether two values differ write `!=`"),
    ("&&", "`&&` is no sign of this language", "write `and`"),
    ("||", "`||` is no sign of this language", "write `or`"),
    ("<>", "`<>` is no sign of this language", "to ask whether two values differ write `!=`"),
    ("<<", "`<<` is no sign of this language", "to double `n` times write `* 2 ** n`"),
    (">>", "`>>` is no sign of this language", "to halve `n` times write `// 2 ** n`"),
    ("=>", "`=>` is no sign of this language", "for at least write `>=`"),
    ("=<", "`=<` is no sign of this language", "for at most write `<=`"),
    (":=", "an expression can't give a name to a value", "declare a parameter for it"),
    ("=", GIVES, COMPARE),
    ("!", "`!` is no sign of this language", "write `not`"),
    ("&", "`&` is no sign of this language", "write `and`"),
    ("|", "`|` is no sign of this language", "write `or`"),
    ("^", "`^` is no sign of this language", "a power is written `**`: 2 ** 3 is 8"),
    ("~", "`~` is no sign of this language", "write `not`"),
    ("?", "`?` is no sign of this language", "a choice is written `a if condition else b`"),
    (";", "an expression has one value, and `;` would begin another", "take it away"),
    ('"', "text in an expression stands in single quotes, not in double ones", _QUOTES),
    ("`", "text in an expression stands in single quotes", _QUOTES),
    ("‘", "text in an expression stands in straight quotes, not in curly ones", _QUOTES),
    ("’", "text in an expression stands in straight quotes, not in curly ones", _QUOTES),
    ("“", "text in an expression stands in single quotes", _QUOTES),
    ("”", "text in an expression stands in single quotes", _QUOTES),
    ("{", "a table can't be written inside an expression", "declare a parameter for it: NAME.default = { … }"),
    ("$", "inside `${…}` names stand bare", "write them without `$` and braces"),
    ("#", "there are no comments inside an expression", "put the comment behind the value, outside the quotes"),
    ("@", "`@` is no sign of this language", "matrices are multiplied by a layer, `ops.matmul`"),
    ("\\", "a backslash stands only inside text", _QUOTES),
    ("≤", "`≤` is no sign of this language", "write `<=`"),
    ("≥", "`≥` is no sign of this language", "write `>=`"),
    ("≠", "`≠` is no sign of this language", "write `!=`"),
    ("×", "`×` is no sign of this language", "write `*`"),
    ("·", "`·` is no sign of this language", "write `*`"),
    ("÷", "`÷` is no sign of this language", "write `/`, or `//` for a whole number"),
    ("−", "this is a long dash, not a minus", "write `-`"),
    ("–", "this is a long dash, not a minus", "write `-`"),
)
"""Signs that people write, with what is wrong and what to do; longer ones before those that they begin with."""


def tokens_from(text: str, opening: int, *, named: bool = False) -> list[Token]:
    """The tokens of the expression whose `${` is at ``opening``; the last one is the closing brace, of kind ``end``.

    ``named``: a `=` between round brackets is one of them, for calls that name what they give.

    Raises:
        ExpressionError: E601 where a sign is none of the language or the brace is missing, E605 where it is too long.
    """
    at = opening + 2
    found: list[Token] = []
    open_brackets: list[str] = []
    while True:
        if blank := _BLANK.match(text, at):
            at = blank.end()
        if at - opening > LONGEST:
            raise ExpressionError(
                "E605",
                f"an expression may have at most {LONGEST:,} characters",
                opening,
                at,
                "give names to its parts, as parameters",
            )
        if at >= len(text):
            raise ExpressionError(
                "E601",
                "`${` is never closed",
                opening,
                opening + 2,
                "put a `}` behind the expression; where `${` is meant as it stands, write `$${`",
            )
        if text[at] == "}":
            found.append(Token("end", "}", at, at + 1))
            return found
        if named and text[at] == "=" and open_brackets[-1:] == ["("] and text[at + 1 : at + 2] not in ("=", "<", ">"):
            token = Token("sign", "=", at, at + 1)
        else:
            token = token_at(text, at, "[" in open_brackets)
        if token.kind == "sign" and token.text in "([":
            open_brackets.append(token.text)
        elif token.kind == "sign" and token.text in ")]" and open_brackets:
            open_brackets.pop()
        found.append(token)
        at = token.end


def token_at(text: str, at: int, in_brackets: bool) -> Token:
    """The token that begins there; ``in_brackets``: between square ones.

    Raises:
        ExpressionError: E601 where there is none, E605 for a number that is too large.
    """
    if match := _NUMBER.match(text, at):
        return _number(text, at, match.end())
    if match := _NAME.match(text, at):
        return Token("name", match[0], at, match.end())
    if match := _TEXT.match(text, at):
        return Token("text", match[0], at, match.end(), _ESCAPE.sub(r"\1", match[1]))
    if match := _SIGN.match(text, at):
        return Token("sign", match[0], at, match.end())
    if text[at] == "'":
        raise ExpressionError(
            "E601",
            "the text that begins here has no closing quote",
            at,
            at + 1,
            "put a `'` at its end; a quote inside the text is written `\\'`",
        )
    if text[at] == ":" and text[at : at + 2] != ":=":
        if in_brackets:
            message, help_text = "a list can't be cut into slices", "list the values that you mean: [a[0], a[1]]"
        else:
            message, help_text = "`:` has no meaning in an expression", "a choice is written `a if condition else b`"
        raise ExpressionError("E601", message, at, at + 1, help_text)
    for sign, message, help_text in WRONG:
        if text.startswith(sign, at):
            raise ExpressionError("E601", message, at, at + len(sign), help_text)
    shown = f"`{text[at]}`" if text[at].isprintable() else f"the character U+{ord(text[at]):04X}"
    raise ExpressionError("E601", f"{shown} has no meaning in an expression", at, at + 1, "take it away")


def _number(text: str, start: int, end: int) -> Token:
    if follows := _NAME.match(text, end):
        whole = text[start : follows.end()]
        spelled = f"`{text[start:end]} * {follows[0]}`"
        help_text = "write it in decimal digits" if re.match(r"0[xob]", whole) else f"to multiply write {spelled}"
        raise ExpressionError("E601", f"`{whole}` is no number and no name", start, follows.end(), help_text)
    digits = text[start:end]
    if re.search(r"__|_$|_[.eE]|[.]_", digits):
        plain = digits.replace("_", "")
        raise ExpressionError("E601", f"`{digits}` is no number", start, end, f"write `{plain}`")
    plain = digits.replace("_", "")
    if plain.isdigit():
        if len(plain) > 1 and plain[0] == "0":
            short = plain.lstrip("0") or "0"
            raise ExpressionError("E601", f"`{digits}` begins with a 0", start, end, f"write `{short}`")
        if len(plain) < 20 and int(plain) <= LARGEST_WHOLE:
            return Token("number", digits, start, end, int(plain))
    elif (number := float(plain)) != float("inf"):
        return Token("number", digits, start, end, number)
    raise ExpressionError("E605", "the number is too large", start, end, too_large_help())


def too_large_help() -> str:
    """What the largest numbers are."""
    return f"whole numbers go to {LARGEST_WHOLE:,}, others to about 1.8e308"
