"""From Size to text and back.

The text is arithmetic as Python reads it, so that it can be checked by evaluating it, and the same for
equal sizes in every process.
"""

from __future__ import annotations

from typing import NoReturn

from .size_algebra import (
    BATCH_ATOM,
    DEGREE_LIMIT,
    OPAQUE_DIGITS,
    OPAQUE_SIGN,
    Atom,
    Extremum,
    FloorDiv,
    Monomial,
    Size,
    Symbolic,
    floor_div,
    of_word,
    sorted_terms,
)
from .size_bounds import maximum, minimum

_OPAQUE_NAME = "size_"
_LENGTH_LIMIT = 100_000
_DEPTH_LIMIT = 80
_DIGITS_LIMIT = 4_000


def text(size: Size, verbatim: bool = False) -> str:
    """Write a size; with `verbatim` words are as the user wrote them, else no two are written alike.

    Otherwise the batch axis is `batch`, a user's own word `batch` gets a `_` behind it, and so does `batch_`.
    """
    if isinstance(size, int):
        return str(size)
    terms = sorted_terms(size)
    # "5 - time" reads better than "-time + 5".
    first = next((i for i, (_, coefficient) in enumerate(terms) if coefficient > 0), 0)
    terms.insert(0, terms.pop(first))
    pieces: list[str] = []
    for monomial, coefficient in terms:
        if pieces:
            pieces.append(" - " if coefficient < 0 else " + ")
        elif coefficient < 0:
            pieces.append("-")
        pieces.append(_term(monomial, abs(coefficient), verbatim, signed=pieces == ["-"]))
    return "".join(pieces)


def _term(monomial: Monomial, coefficient: int, verbatim: bool, signed: bool) -> str:
    powers: dict[Atom, int] = {}
    for atom in monomial:
        powers[atom] = powers.get(atom, 0) + 1
    if monomial and coefficient == 1 and len(monomial) == 1 and not signed:
        return _atom(monomial[0], verbatim)
    factors = [
        _closed(_atom(atom, verbatim), atom) + (f"**{power}" if power > 1 else "") for atom, power in powers.items()
    ]
    if coefficient != 1 or not factors:
        # 2*time, but height*width*3: the size of an image ends in its channels.
        factors.insert(0 if len(factors) < 2 else len(factors), str(coefficient))
    return "*".join(factors)


def _atom(atom: Atom, verbatim: bool) -> str:
    if isinstance(atom, str):
        return _word(atom, verbatim)
    # str() remembers what it wrote.
    written = [text(part, verbatim) if verbatim else str(part) for part in atom.parts]
    if isinstance(atom, Extremum):
        return f"{'max' if atom.largest else 'min'}({', '.join(written)})"
    return "//".join(_closed(piece, part) for piece, part in zip(written, atom.parts, strict=True))


def is_word(word: str) -> bool:
    """Say whether a text can name a size: letters, digits and `_`, not beginning with a digit."""
    return word.isidentifier()


def word_atom(word: str) -> str:
    """Return the atom of a word: the word, save for one that came about by an expression too long to keep."""
    digits = word.removeprefix(_OPAQUE_NAME)
    if digits != word and len(digits) == OPAQUE_DIGITS and not digits.strip("0123456789abcdef"):
        return OPAQUE_SIGN + digits
    return word


def plain_word(atom: str) -> str:
    """Write an atom that is a word just as the user did."""
    return _OPAQUE_NAME + atom[len(OPAQUE_SIGN) :] if atom.startswith(OPAQUE_SIGN) else atom


def _word(atom: str, verbatim: bool) -> str:
    if atom == BATCH_ATOM:
        return "batch"
    return atom + "_" if not verbatim and atom.rstrip("_") == "batch" else plain_word(atom)


def _closed(written: str, inside: Size | Atom) -> str:
    """Put parentheses around what would otherwise come apart beside `*`, `//` or a sign."""
    if isinstance(inside, Symbolic) and len(inside.terms) == 1:
        ((monomial, coefficient),) = inside.terms.items()
        if len(monomial) == 1 and coefficient == 1:
            inside = monomial[0]
    return f"({written})" if isinstance(inside, (Symbolic, FloorDiv)) else written


def parse(text: str) -> Size:
    """Read what `str` writes: `+ - * // % **`, parentheses, `max(…)`, `min(…)`, numbers and words.

    `batch` is the batch axis, and a user's own word `batch` is `batch_`, as `str` has it.

    >>> parse("(time - 2)//2 + 1")
    time//2
    >>> parse("time //")
    Traceback (most recent call last):
        ...
    ValueError: expected a number, a word or '(' at column 8 of 'time //', found its end

    Raises:
        ValueError: the text is not such an expression; the message says where.
        ZeroDivisionError: it divides by 0.
    """
    return _Reader(text).whole()


class _Reader:
    """Reads one expression, a token at a time, as deep as functions call each other."""

    def __init__(self, text: str) -> None:
        if len(text) > _LENGTH_LIMIT:
            raise ValueError(f"expected at most {_LENGTH_LIMIT} characters of arithmetic, found {len(text)}")
        self.text = text
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0

    def whole(self) -> Size:
        size = self.sum()
        if self.peek():
            self.fail("an operator or the end")
        return size

    def peek(self) -> str:
        return self.tokens[self.place][0]

    def take(self, *wanted: str) -> str:
        """Return the next token and go past it if it is one of these, else the empty text."""
        token = self.peek()
        if not token or token not in wanted:
            return ""
        self.place += 1
        return token

    def fail(self, expected: str) -> NoReturn:
        token, column = self.tokens[self.place]
        shown = self.text if len(self.text) <= 80 else self.text[:77] + "..."
        found = repr(token) if token else "its end"
        raise ValueError(f"expected {expected} at column {column} of {shown!r}, found {found}")

    def sum(self) -> Size:
        size = self.product()
        while operator := self.take("+", "-"):
            other = self.product()
            size = size + other if operator == "+" else size - other
        return size

    def product(self) -> Size:
        size = self.signed()
        while operator := self.take("*", "//", "%"):
            other = self.signed()
            if operator == "*":
                size = size * other
            else:
                whole = floor_div(size, other)
                size = whole if operator == "//" else size - other * whole
        return size

    def signed(self) -> Size:
        minus = False
        while sign := self.take("-", "+"):
            minus ^= sign == "-"
        size = self.power()
        return -size if minus else size

    def power(self) -> Size:
        size = self.primary()
        if not self.take("**"):
            return size
        exponent = self.peek()
        if not exponent.isdecimal() or len(exponent) > 3 or int(exponent) > DEGREE_LIMIT:
            self.fail(f"an exponent from 0 to {DEGREE_LIMIT}")
        self.place += 1
        return size ** int(exponent)

    def primary(self) -> Size:
        token = self.peek()
        if token.isdecimal() and len(token) <= _DIGITS_LIMIT:
            self.place += 1
            return int(token)
        if token == "(":
            return self.inside()[0]
        if not is_word(token):
            self.fail("a number, a word or '('")
        self.place += 1
        if self.peek() == "(" and token in ("max", "min"):
            sizes = self.inside(several=True)
            return maximum(*sizes) if token == "max" else minimum(*sizes)
        if token == "batch":
            return of_word(BATCH_ATOM)
        return of_word(word_atom(token[:-1] if token.rstrip("_") == "batch" else token))

    def inside(self, several: bool = False) -> list[Size]:
        self.depth += 1
        if self.depth > _DEPTH_LIMIT:
            self.fail(f"at most {_DEPTH_LIMIT} parentheses inside each other")
        self.take("(")
        sizes = [self.sum()]
        while several and self.take(","):
            sizes.append(self.sum())
        if not self.take(")"):
            self.fail("',' or ')'" if several else "')'")
        self.depth -= 1
        return sizes


def _tokens(text: str) -> list[tuple[str, int]]:
    """Cut a text into tokens with their columns, from 1; the last one is empty."""
    tokens: list[tuple[str, int]] = []
    start = 0
    while start < len(text):
        end = start + 1
        if text[start] in "+-%(),":
            tokens.append((text[start], start + 1))
        elif text[start] in "*/":
            end += text[end : end + 1] == text[start]
            tokens.append((text[start:end], start + 1))
        elif not text[start].isspace():
            while end < len(text) and text[end] not in "+-%(),*/" and not text[end].isspace():
                end += 1
            tokens.append((text[start:end], start + 1))
        start = end
    return [*tokens, ("", len(text) + 1)]
