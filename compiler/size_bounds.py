"""What can be proved of a size for every value of its words, all of them whole numbers from 1 on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product as combinations
from math import gcd, lcm, prod

from .size_algebra import (
    OPAQUE_SIGN,
    Atom,
    Extremum,
    FloorDiv,
    Monomial,
    Size,
    Symbolic,
    floor_div,
    of_atom,
    of_word,
    terms_of,
)

_CHOICES_LIMIT = 16
_SHIFT_DEGREE_LIMIT = 8
_CASES_LIMIT = 64


def lowest(size: Size) -> int | None:
    """Return a number that the size never falls below, the sharpest that is found; None: there may be none.

    >>> from .sizes import symbol
    >>> lowest(symbol("time") // 2 + 3)
    3
    """
    return size if isinstance(size, int) else _lowest(size)


def highest(size: Size) -> int | None:
    """Return a number that the size never exceeds, as `lowest` does.

    >>> from .sizes import symbol
    >>> highest(5 - symbol("time")), highest(symbol("time"))
    (4, None)
    """
    bound = lowest(-size)
    return None if bound is None else -bound


@lru_cache(maxsize=4096)
def _lowest(size: Symbolic) -> int | None:
    alone = _alone(size)
    extrema = [atom for atom in alone if isinstance(atom, Extremum)]
    if extrema and prod(len(atom.parts) for atom in extrema) <= _CHOICES_LIMIT:
        # What is the smaller of its choices first: that loses nothing, while of the larger one bound is taken.
        return _lowest_by_choice(size, min(extrema, key=lambda atom: _is_larger(size, atom)))
    return max((bound for bound in (_relaxed(size, alone), _shifted(size)) if bound is not None), default=None)


def _alone(size: Symbolic) -> list[Atom]:
    """Return the atoms other than words that occur in one term only, and alone there."""
    terms: dict[Atom, int] = {}
    for monomial in size.terms:
        for atom in set(monomial):
            terms[atom] = terms.get(atom, 0) + 1
    return [atom for atom, count in terms.items() if count == 1 and (atom,) in size.terms and not isinstance(atom, str)]


def _is_larger(size: Symbolic, atom: Extremum) -> bool:
    return atom.largest == (size.terms[(atom,)] > 0)


def _lowest_by_choice(size: Symbolic, atom: Extremum) -> int | None:
    """Put each part for a maximum or minimum: the size is then itself the larger or smaller of these."""
    coefficient = size.terms[(atom,)]
    rest = size - coefficient * of_atom(atom)
    bounds = [lowest(rest + coefficient * part) for part in atom.parts]
    known = [bound for bound in bounds if bound is not None]
    if _is_larger(size, atom):
        return max(known, default=None)
    return min(known) if len(known) == len(bounds) else None


def _relaxed(size: Symbolic, alone: list[Atom]) -> int | None:
    """Put (x - d + 1)/d or x/d for x//d, so that x can cancel against the rest: time - time//2 is 1 or more."""
    floors = [(a, a.denominator) for a in alone if isinstance(a, FloorDiv) and isinstance(a.denominator, int)]
    if not floors:
        return None
    scale = lcm(*(denominator for _, denominator in floors))
    scaled = scale * size
    for atom, denominator in floors:
        coefficient = size.terms[(atom,)] * scale
        slack = denominator - 1 if coefficient > 0 else 0
        scaled = scaled - coefficient * of_atom(atom) + coefficient // denominator * (atom.numerator - slack)
    bound = lowest(scaled)
    return None if bound is None else -(-bound // scale)


def _shifted(size: Symbolic) -> int | None:
    """Count every atom from its own bound: if no term can then fall below 0, the constant is the bound."""
    expanded: dict[Monomial, int] = {}
    bases = {atom: _base(size, atom) for monomial in size.terms for atom in monomial}
    for monomial, coefficient in size.terms.items():
        if len(monomial) > _SHIFT_DEGREE_LIMIT:
            return None
        partial: dict[Monomial, int] = {(): coefficient}
        for atom in monomial:
            base, sign = bases[atom]
            if base is None:
                return None
            grown: dict[Monomial, int] = {}
            for factors, value in partial.items():
                grown[(*factors, atom)] = grown.get((*factors, atom), 0) + value * sign
                grown[factors] = grown.get(factors, 0) + value * base
            partial = grown
        for factors, value in partial.items():
            expanded[factors] = expanded.get(factors, 0) + value
    constant = expanded.pop((), 0)
    return constant if all(value >= 0 for value in expanded.values()) else None


def _base(size: Symbolic, atom: Atom) -> tuple[int | None, int]:
    """Return the bound to count an atom from, and whether upwards (1) or downwards (-1)."""
    low, high = _range(atom)
    downwards = all(coefficient < 0 for monomial, coefficient in size.terms.items() if atom in monomial)
    return (high, -1) if low is None or (downwards and high is not None) else (low, 1)


def _range(atom: Atom) -> tuple[int | None, int | None]:
    """Return the least and the greatest value of an atom, where known."""
    if isinstance(atom, str):
        return (None if atom.startswith(OPAQUE_SIGN) else 1), None
    lows = [lowest(part) for part in atom.parts]
    highs = [highest(part) for part in atom.parts]
    if isinstance(atom, Extremum):
        known_lows = [bound for bound in lows if bound is not None]
        known_highs = [bound for bound in highs if bound is not None]
        if atom.largest:  # one bound holds it up, all together hold it down
            return max(known_lows, default=None), max(known_highs) if known_highs == highs else None
        return min(known_lows) if known_lows == lows else None, min(known_highs, default=None)
    low, least = lows
    high, most = highs
    if least is None or least < 1:
        return None, None
    # A negative numerator is furthest down over the smallest denominator, a positive one over the largest.
    bottom = None if low is None else low // least if low < 0 else 0 if most is None else low // most
    top = None if high is None else high // least if high >= 0 else -1 if most is None else high // most
    return bottom, top


def at_least(size: Size, n: Size) -> bool | None:
    """Say whether `size >= n` for every value of the words, for none (False), or None: it depends.

    None also where nothing could be proved.

    >>> from .sizes import symbol
    >>> time = symbol("time")
    >>> at_least(time + 2, 3), at_least(time - 5, 0), at_least(-time, 0)
    (True, None, False)
    """
    difference = size - n
    return difference >= 0 if isinstance(difference, int) else _never_negative(difference)


@lru_cache(maxsize=4096)
def _never_negative(size: Symbolic) -> bool | None:
    answer = _not_negative(size)
    return _agreed(map(_not_negative, _cases(size))) if answer is None else answer


def _not_negative(size: Size) -> bool | None:
    low = lowest(size)
    if low is not None and low >= 0:
        return True
    high = highest(size)
    return False if high is not None and high < 0 else None


def same(a: Size, b: Size) -> bool | None:
    """Say whether two sizes are equal for every value of the words, for none (False), or None: it depends.

    None also where nothing could be proved.

    >>> from .sizes import symbol
    >>> time = symbol("time")
    >>> same(time - time // 2, (time + 1) // 2), same(time, time + 1), same(time, 5)
    (True, False, None)
    """
    if a == b:
        return True
    difference = a - b
    return difference == 0 if isinstance(difference, int) else _always_zero(difference)


@lru_cache(maxsize=4096)
def _always_zero(size: Symbolic) -> bool | None:
    answer = _zero(size)
    return _agreed(map(_zero, _cases(size))) if answer is None else answer


def _zero(size: Size) -> bool | None:
    if isinstance(size, int):
        return size == 0
    constant = size.terms.get((), 0)
    if constant % gcd(*(coefficient for monomial, coefficient in size.terms.items() if monomial)):
        return False  # 2*time and 2*width + 1: one is even, the other odd
    low, high = lowest(size), highest(size)
    if (low is not None and low > 0) or (high is not None and high < 0):
        return False
    return True if low == high == 0 else None


def _agreed(answers: Iterator[bool | None]) -> bool | None:
    found = set()
    for answer in answers:
        found.add(answer)
        if answer is None or len(found) > 1:
            return None
    return found.pop() if found else None


def _cases(size: Symbolic) -> list[Size]:
    """Tell apart the remainders of the words in floor divisions by numbers, if that makes few cases.

    Over 2*k and 2*k - 1 in turn, time//2 is a polynomial, of which more can be said. Else there are no cases.
    """
    periods: dict[str, int] = {}
    _find_periods(size, 1, periods)
    if not 1 < prod(periods.values()) <= _CASES_LIMIT:
        return []
    cases = []
    for shifts in combinations(*(range(period) for period in periods.values())):
        pairs = zip(periods.items(), shifts, strict=True)
        try:
            cases.append(replaced(size, {word: period * of_word(word) - shift for (word, period), shift in pairs}))
        except ZeroDivisionError:  # a size that does not always exist
            return []
    return cases


def _find_periods(size: Size, scale: int, periods: dict[str, int]) -> None:
    for monomial in terms_of(size):
        for atom in monomial:
            if isinstance(atom, str):
                if scale > 1:
                    periods[atom] = lcm(periods.get(atom, 1), scale)
                continue
            divisor = atom.denominator if isinstance(atom, FloorDiv) else 1
            inner = scale * divisor if isinstance(divisor, int) else scale
            for part in atom.parts:
                _find_periods(part, inner, periods)


def maximum(*sizes: Size) -> Size:
    """Return the largest of sizes; the ones that can never decide it are left out.

    >>> from .sizes import symbol
    >>> maximum(symbol("time"), 5), maximum(symbol("time"), 1)
    (max(5, time), time)

    Raises:
        ValueError: no sizes.
    """
    return _extremum(True, sizes)


def minimum(*sizes: Size) -> Size:
    """Return the smallest of sizes, as `maximum` does.

    >>> from .sizes import symbol
    >>> minimum(symbol("time"), 5), minimum(symbol("time"), 1)
    (min(5, time), 1)

    Raises:
        ValueError: no sizes.
    """
    return _extremum(False, sizes)


def _extremum(largest: bool, sizes: tuple[Size, ...]) -> Size:
    if not sizes:
        raise ValueError("expected at least one size, found none")
    parts: list[Size] = []
    # In an order of their own: of two that are the same in different words, the shorter is kept.
    for size in sorted(set(_flattened(largest, sizes)), key=_length):
        if not any(_decides(largest, part, size) for part in parts):
            parts = [part for part in parts if not _decides(largest, size, part)] + [size]
    if len(parts) == 1:
        return parts[0]
    parts.sort(key=lambda part: _length(part)[1])
    return of_atom(Extremum(largest, tuple(parts)))


def _length(size: Size) -> tuple[int, str]:
    return (len(str(size)), str(size)) if isinstance(size, Symbolic) else (0, "")


def _flattened(largest: bool, sizes: tuple[Size, ...]) -> Iterator[Size]:
    for size in sizes:
        if isinstance(size, Symbolic) and len(size.terms) == 1:
            ((monomial, coefficient),) = size.terms.items()
            if coefficient == len(monomial) == 1:
                (atom,) = monomial
                if isinstance(atom, Extremum) and atom.largest == largest:
                    yield from atom.parts
                    continue
        yield size


def _decides(largest: bool, winner: Size, loser: Size) -> bool:
    return (at_least(winner, loser) if largest else at_least(loser, winner)) is True


def replaced(size: Size, values: Mapping[str, Size]) -> Size:
    """Put sizes for atoms that are words, and do the arithmetic again."""
    if isinstance(size, int):
        return size
    total: Size = 0
    for monomial, coefficient in size.terms.items():
        value: Size = coefficient
        for atom in monomial:
            value = value * _replaced_atom(atom, values)
        total = total + value
    return total


def _replaced_atom(atom: Atom, values: Mapping[str, Size]) -> Size:
    if isinstance(atom, str):
        found = values.get(atom)
        return of_atom(atom) if found is None else found
    parts = [replaced(part, values) for part in atom.parts]
    if isinstance(atom, Extremum):
        return _extremum(atom.largest, tuple(parts))
    return floor_div(*parts)
