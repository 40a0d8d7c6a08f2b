"""The noun Size: a dimension, a whole number or arithmetic over words for sizes not known yet.

A known size is a plain `int`. A word of a spec becomes one by `symbol`, and from there on sizes are computed
with `+ - * // %` as if they were numbers; a result without words is an `int` again:

>>> time = symbol("time")
>>> (time - 3) // 2 + 1
(time + 1)//2 - 1
>>> (time + 4) // 2 == time // 2 + 2
True
>>> (time + 3) - time
3

Words stand for whole numbers from 1 on, and so does `BATCH`, the size of the batch axis. `==` compares canonical
forms; `same` also proves what these do not show. Sizes have no `<`: `at_least` answers with True, False or None.
An expression of more than 64 terms becomes a word of its own, `size_…`, of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeGuard

from .size_algebra import (
    BATCH_ATOM,
    Size,
    Symbolic,
    floor_div,
    of_word,
    terms_of,
)
from .size_bounds import at_least, highest, lowest, maximum, minimum, replaced, same
from .size_text import is_word, parse, plain_word, text, word_atom

__all__ = [
    "BATCH",
    "Size",
    "Symbolic",
    "at_least",
    "broadcast",
    "ceil_div",
    "depends_on_batch",
    "highest",
    "is_batch",
    "is_word",
    "known",
    "lowest",
    "maximum",
    "minimum",
    "parse",
    "product",
    "same",
    "substitute",
    "symbol",
    "to_json",
    "words",
]

BATCH: Final = of_word(BATCH_ATOM)


def symbol(word: str) -> Symbolic:
    """Return the size that a word of a spec stands for, a whole number from 1 on.

    >>> symbol("time") + 1
    time + 1

    Raises:
        ValueError: the text is no word (see `is_word`); arithmetic is read by `parse`.
    """
    if not is_word(word):
        raise ValueError(f"expected a word (letters, digits and _), found {word!r}")
    return of_word(word_atom(word))


def known(size: Size) -> TypeGuard[int]:
    """Say whether a size is a plain number."""
    return isinstance(size, int)


def is_batch(size: Size) -> bool:
    """Say whether a size is the batch axis itself; `2*BATCH` is not.

    >>> is_batch(BATCH), is_batch(2 * BATCH), is_batch(symbol("batch"))
    (True, False, False)
    """
    return size == BATCH


def _atoms(size: Size) -> set[str]:
    found: set[str] = set()
    for monomial in terms_of(size):
        for atom in monomial:
            if isinstance(atom, str):
                found.add(atom)
            else:
                found.update(*map(_atoms, atom.parts))
    return found


def words(size: Size) -> set[str]:
    """Return the words that a size is made of; the batch axis is none.

    >>> sorted(words(symbol("height") * symbol("width") // 2 + BATCH))
    ['height', 'width']
    """
    return {plain_word(atom) for atom in _atoms(size) if atom != BATCH_ATOM}


def depends_on_batch(size: Size) -> bool:
    """Say whether the batch axis is anywhere in a size."""
    return BATCH_ATOM in _atoms(size)


def substitute(size: Size, values: Mapping[str, Size], batch: Size | None = None) -> Size:
    """Put sizes for words, and one for the batch axis, and compute what comes out.

    Words that have no value stay. Values are meant to be 1 or more.

    >>> time = symbol("time")
    >>> substitute(BATCH * (time // 2), {"time": 9}, batch=32)
    128
    >>> substitute(time // 2, {"time": 2 * symbol("steps") + 1})
    steps

    Raises:
        ZeroDivisionError: something is divided by what has become 0.
    """
    if isinstance(size, int):
        return size
    atoms = {word_atom(word): value for word, value in values.items()}
    if batch is not None:
        atoms[BATCH_ATOM] = batch
    return size if atoms.keys().isdisjoint(_atoms(size)) else replaced(size, atoms)


def ceil_div(a: Size, b: Size) -> Size:
    """Return `a / b` rounded up, for a `b` of 1 or more.

    >>> ceil_div(7, 2), ceil_div(symbol("time"), 2)
    (4, (time + 1)//2)

    Raises:
        ZeroDivisionError: `b` is 0.
    """
    return floor_div(a + b - 1, b)


def product(sizes: Iterable[Size]) -> Size:
    """Return all sizes multiplied; 1 for none.

    >>> product([symbol("height") // 2, symbol("width") // 2, 64])
    (height//2)*(width//2)*64
    """
    result: Size = 1
    for size in sizes:
        result = result * size
    return result


def broadcast(a: Size, b: Size) -> Size | None:
    """Return the size of an axis on which sizes `a` and `b` meet, by NumPy's rules; None: they cannot.

    A literal 1 gives the other size, and so do equal sizes. Sizes that differ for every value of the words
    (`time` and `time + 1`) are refused, although both a word and its batch might be 1 once. Where it depends,
    the answer is what it must be if the two do fit: a number other than 1 wins over words, as in Keras; then
    the batch axis; then what is surely more than 1; else it is the larger of the two, where Keras knows nothing.
    The order of `a` and `b` makes no difference.

    >>> time, steps = symbol("time"), symbol("steps")
    >>> broadcast(time, 1), broadcast(time, 8), broadcast(time, steps), broadcast(time, time - 2)
    (time, 8, max(steps, time), None)
    """
    if isinstance(a, int) and isinstance(b, int):
        return b if a == 1 or a == b else a if b == 1 else None
    if a == 1 or b == 1:
        return b if a == 1 else a
    verdict = same(a, b)
    if verdict is False:
        return None
    pair = sorted((a, b), key=_plainness)
    if verdict or known(pair[0]) or is_batch(pair[0]):
        return pair[0]
    larger = [size for size in pair if at_least(size, 2)]
    return larger[0] if larger else maximum(*pair)


def _plainness(size: Size) -> tuple[int, int, str]:
    if isinstance(size, int):
        return 0, 0, ""
    return 1 if is_batch(size) else 2, len(str(size)), str(size)


def to_json(size: Size) -> int | str | None:
    """Return a size as it stands in JSON: null for the batch axis, a number, or a text.

    Words are as the user wrote them; the batch axis inside of arithmetic is `batch`.

    >>> to_json(BATCH), to_json(3), to_json(symbol("time") // 2 + 1)
    (None, 3, 'time//2 + 1')
    """
    return size if isinstance(size, int) else None if is_batch(size) else text(size, verbatim=True)
