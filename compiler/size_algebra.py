"""The noun Symbolic: arithmetic over words that stand for sizes not known yet, in canonical form.

A `Symbolic` is a polynomial with whole coefficients over atoms. An atom is a word (a `str`), a floor
division that does not come out even, or the larger or smaller of several sizes. Every operation returns
the canonical form, so two sizes are equal when their polynomials are, and a result without words is a plain
`int` again. What rules of shapes use is `compiler.sizes`; this module is what lies under it.

Simplifications hold for every value of the words from 1 on. They never change where a value exists, but may
give one where Python would divide by zero: `(a*b)//b` is `a`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import gcd
from typing import Final, NoReturn, TypeAlias

# Beyond these an expression helps nobody, and its text and its products would only grow: it becomes one
# word of its own (see `_opaque`). Terms count those inside floor divisions as well.
TERMS_LIMIT: Final = 64
DEGREE_LIMIT: Final = 32
COEFFICIENT_LIMIT: Final = 2**256
_DIVISION_STEPS: Final = 256

# Words are identifiers, so atoms that begin with these signs cannot be anybody's word.
BATCH_ATOM: Final = "#batch"
OPAQUE_SIGN: Final = "~"
OPAQUE_DIGITS: Final = 16


class Symbolic:
    """A size that depends on words; immutable, hashable, equal by canonical form.

    >>> time = of_word("time")
    >>> (time - 3) // 2 + 1
    (time + 1)//2 - 1
    >>> 2 * time // 2 == time
    True
    """

    __slots__ = ("_hash", "_text", "terms", "weight")
    terms: dict[Monomial, int]
    weight: int
    _hash: int | None
    _text: str | None

    def __init__(self) -> None:
        raise TypeError("sizes are made by sizes.symbol() and by arithmetic, not by calling Symbolic")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a size cannot be changed")

    def __reduce__(self) -> tuple[Callable[[dict[Monomial, int]], Size], tuple[dict[Monomial, int]]]:
        return build, (self.terms,)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Symbolic):
            return self is other or self.terms == other.terms
        return False if isinstance(other, int) else NotImplemented

    def __hash__(self) -> int:
        if self._hash is None:
            _set(self, "_hash", hash(frozenset(self.terms.items())))
        return self._hash  # type: ignore[return-value]

    def __str__(self) -> str:
        if self._text is None:
            from .size_text import text  # which needs this module itself

            _set(self, "_text", text(self))
        return self._text  # type: ignore[return-value]

    __repr__ = __str__

    def __neg__(self) -> Size:
        return build({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __add__(self, other: Size) -> Size:
        return _sum(self, other, 1) if isinstance(other, (int, Symbolic)) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Size) -> Size:
        return _sum(self, other, -1) if isinstance(other, (int, Symbolic)) else NotImplemented

    def __rsub__(self, other: int) -> Size:
        return -self + other if isinstance(other, int) else NotImplemented

    def __mul__(self, other: Size) -> Size:
        if isinstance(other, int):
            return build({m: c * other for m, c in self.terms.items()}) if other else 0
        if not isinstance(other, Symbolic):
            return NotImplemented
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                _gather(terms, _merged(left, right), a * b)
        return build(terms)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Size:
        if not isinstance(exponent, int) or exponent < 0:
            return NotImplemented
        result: Size = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __floordiv__(self, other: Size) -> Size:
        return floor_div(self, other) if isinstance(other, (int, Symbolic)) else NotImplemented

    def __rfloordiv__(self, other: int) -> Size:
        return floor_div(other, self) if isinstance(other, int) else NotImplemented

    def __mod__(self, other: Size) -> Size:
        return self - other * floor_div(self, other) if isinstance(other, (int, Symbolic)) else NotImplemented

    def __rmod__(self, other: int) -> Size:
        return other - self * floor_div(other, self) if isinstance(other, int) else NotImplemented


@dataclass(frozen=True, slots=True)
class FloorDiv:
    """The atom `numerator // denominator` where that cannot be said more simply."""

    numerator: Size
    denominator: Size
    weight: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", _weight(self.numerator) + _weight(self.denominator))

    @property
    def parts(self) -> tuple[Size, ...]:
        """The sizes inside."""
        return self.numerator, self.denominator


@dataclass(frozen=True, slots=True)
class Extremum:
    """The atom `max(…)` or `min(…)` of sizes of which none is known to decide it."""

    largest: bool
    parts: tuple[Size, ...]
    weight: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", sum(map(_weight, self.parts)))


Size: TypeAlias = int | Symbolic
Atom: TypeAlias = str | FloorDiv | Extremum
# The factors in the order of their keys, each as often as its power says: x*x*y is (x, x, y).
Monomial: TypeAlias = tuple[Atom, ...]

_set = object.__setattr__


def build(terms: dict[Monomial, int]) -> Size:
    """Return the size with these terms, none of them zero; the table is kept, not copied."""
    weight = 0
    fits = True
    for monomial, coefficient in terms.items():
        weight += 1
        for atom in monomial:
            if not isinstance(atom, str):
                weight += atom.weight
        if not -COEFFICIENT_LIMIT < coefficient < COEFFICIENT_LIMIT or len(monomial) > DEGREE_LIMIT:
            fits = False
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    size = _new(terms, weight)
    return size if fits and weight <= TERMS_LIMIT else _opaque(size)


def of_word(atom: str) -> Symbolic:
    """Return the size that is this word, or another atom that is a text, and nothing more."""
    return _new({(atom,): 1}, 1)


def of_atom(atom: Atom) -> Size:
    """Return the size that is this atom and nothing more."""
    return build({(atom,): 1})


def _new(terms: dict[Monomial, int], weight: int) -> Symbolic:
    size = object.__new__(Symbolic)
    _set(size, "terms", terms)
    _set(size, "weight", weight)
    _set(size, "_hash", None)
    _set(size, "_text", None)
    return size


def _opaque(size: Symbolic) -> Symbolic:
    """Put one word for an expression that has grown out of hand.

    Its name is taken from the content, so equal expressions get equal words in every process. Nothing is
    known of its value, not even that it is 1 or more.
    """
    from hashlib import blake2b

    # In hexadecimal, since Python refuses to write decimals of more than 4,300 digits.
    content = "+".join(
        f"{coefficient:x}*{[atom_key(atom) for atom in monomial]}" for monomial, coefficient in sorted_terms(size)
    )
    digest = blake2b(content.encode(), digest_size=OPAQUE_DIGITS // 2).hexdigest()
    return of_word(OPAQUE_SIGN + digest)


def atom_key(atom: Atom) -> tuple[int, tuple[str, ...]]:
    """Return what atoms are ordered by: words first, then by text."""
    if isinstance(atom, str):
        return 0, (atom,)
    texts = tuple(f"{part:x}" if isinstance(part, int) else str(part) for part in atom.parts)
    return 1 if isinstance(atom, FloorDiv) else 2 + atom.largest, texts


def monomial_key(monomial: Monomial) -> tuple[int, list[tuple[int, tuple[str, ...]]]]:
    """Return what monomials are ordered by: the highest degree first, then by factor.

    Multiplying both sides by the same factors keeps this order, which division needs.
    """
    return -len(monomial), [atom_key(atom) for atom in monomial]


def sorted_terms(size: Symbolic) -> list[tuple[Monomial, int]]:
    """Return monomials and coefficients in the one order that does not depend on how they came about."""
    return sorted(size.terms.items(), key=lambda term: monomial_key(term[0]))


def terms_of(size: Size) -> dict[Monomial, int]:
    """Return the terms of any size; not to be written to."""
    if isinstance(size, Symbolic):
        return size.terms
    return {(): size} if size else {}


def _weight(size: Size) -> int:
    if isinstance(size, Symbolic):
        return size.weight
    return 1 if -COEFFICIENT_LIMIT < size < COEFFICIENT_LIMIT else TERMS_LIMIT


def _merged(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    return tuple(sorted(left + right, key=atom_key))


def _gather(terms: dict[Monomial, int], monomial: Monomial, coefficient: int) -> None:
    total = terms.get(monomial, 0) + coefficient
    if total:
        terms[monomial] = total
    else:
        terms.pop(monomial, None)


def _sum(left: Symbolic, right: Size, sign: int) -> Size:
    terms = left.terms.copy()
    for monomial, coefficient in terms_of(right).items():
        _gather(terms, monomial, sign * coefficient)
    return build(terms)


def floor_div(numerator: Size, denominator: Size) -> Size:
    """Return `numerator // denominator`, rounded down as Python does it.

    Raises:
        ZeroDivisionError: the denominator is 0.
    """
    quotient: Size = 0
    while isinstance(numerator, Symbolic) or isinstance(denominator, Symbolic):
        if _leading(denominator)[1] < 0:
            numerator, denominator = -numerator, -denominator
        whole, numerator = _divided(numerator, denominator)
        quotient = quotient + whole
        numerator, denominator = _cancelled(numerator, denominator)
        lowest = _plain_minimum(denominator)
        if isinstance(numerator, int) and lowest is not None and -lowest <= numerator < lowest:
            return quotient - 1 if numerator < 0 else quotient
        # (x//a + y)//b is (x + a*y)//(a*b) for every b of 1 or more: one division instead of two.
        inner = _inner_division(numerator) if lowest is not None and lowest >= 1 else None
        if inner is None or isinstance(numerator, int):
            return quotient + of_atom(FloorDiv(numerator, denominator))
        rest = numerator - of_atom(inner)
        numerator = inner.numerator + rest * inner.denominator
        denominator = denominator * inner.denominator
    return quotient + numerator // denominator


def _leading(size: Size) -> tuple[Monomial, int]:
    if isinstance(size, int):
        if size == 0:
            raise ZeroDivisionError("a size cannot be divided by 0")
        return (), size
    monomial = min(size.terms, key=monomial_key) if len(size.terms) > 1 else next(iter(size.terms))
    return monomial, size.terms[monomial]


def _divided(numerator: Size, denominator: Size) -> tuple[Size, Size]:
    """Return q and r with numerator = q * denominator + r and r as small as whole numbers allow.

    No term of r is a multiple of the leading term of the denominator, save for a smaller coefficient: so r
    is the same for numerators that differ by multiples of the denominator.
    """
    if isinstance(denominator, int):  # the common case, without looking for an order
        parts = [(m, divmod(c, denominator)) for m, c in terms_of(numerator).items()]
        return build({m: q for m, (q, _) in parts if q}), build({m: r for m, (_, r) in parts if r})
    lead, lead_coefficient = _leading(denominator)
    work = dict(terms_of(numerator))
    quotient: dict[Monomial, int] = {}
    remainder: dict[Monomial, int] = {}
    for _ in range(_DIVISION_STEPS):
        if not work:
            return build(quotient), build(remainder)
        monomial = min(work, key=monomial_key)
        factor = _without(monomial, lead)
        times = 0 if factor is None else work[monomial] // lead_coefficient
        if factor is not None and times:
            quotient[factor] = times
            for other, coefficient in denominator.terms.items():
                _gather(work, _merged(factor, other), -times * coefficient)
        left = work.pop(monomial, 0)
        if left:
            remainder[monomial] = left
    return 0, numerator


def _without(monomial: Monomial, factors: Monomial) -> Monomial | None:
    rest = list(monomial)
    for atom in factors:
        if atom not in rest:
            return None
        rest.remove(atom)
    return tuple(rest)


def _cancelled(numerator: Size, denominator: Size) -> tuple[Size, Size]:
    """Divide both by what all their terms share; a number on top may lose its fraction below a number."""
    if isinstance(numerator, int) and isinstance(denominator, int):
        return numerator, denominator
    above, below = terms_of(numerator), terms_of(denominator)
    if not above:
        return 0, 1
    monomials = [*above, *below]
    shared: list[Atom] = []
    for atom in () if () in monomials else monomials[0]:
        trial = (*shared, atom)
        if all(_without(monomial, trial) is not None for monomial in monomials):
            shared.append(atom)
    # Above a number the constant term need not share: (2*x + 1)//4 is x//2.
    exact = [c for m, c in above.items() if m or not isinstance(denominator, int)]
    number = gcd(*exact, *below.values())

    def reduced(terms: dict[Monomial, int]) -> Size:
        factors = tuple(shared)
        return build({_without(m, factors) or (): c // number for m, c in terms.items() if c // number})

    if number == 1 and not shared:
        return numerator, denominator
    # A denominator that has lost its words may now share more.
    return _cancelled(reduced(above), reduced(below))


def _plain_minimum(size: Size) -> int | None:
    """Return the least value where it can be read off: a number, or words with positive coefficients."""
    if isinstance(size, int):
        return size
    total = 0
    for monomial, coefficient in size.terms.items():
        for atom in monomial:
            if not isinstance(atom, str) or atom.startswith(OPAQUE_SIGN):
                return None
        if monomial and coefficient < 0:
            return None
        total += coefficient
    return total


def _inner_division(size: Size) -> FloorDiv | None:
    """Return the first floor division that stands alone in a sum and by something without divisions."""
    found = [
        monomial[0]
        for monomial, coefficient in terms_of(size).items()
        if coefficient == 1 and len(monomial) == 1 and isinstance(monomial[0], FloorDiv)
    ]
    plain = [atom for atom in found if _plain_minimum(atom.denominator) is not None]
    return min(plain, key=atom_key, default=None)
