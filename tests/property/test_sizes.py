"""Whatever is computed with words must be what Python computes with the numbers they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product as combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keraspec.compiler.sizes import (
    BATCH,
    Size,
    at_least,
    broadcast,
    ceil_div,
    highest,
    known,
    lowest,
    maximum,
    minimum,
    parse,
    same,
    substitute,
    symbol,
    words,
)

WORDS = ("a", "b", "time")
SMALL = list(combinations(range(1, 6), repeat=3))
values_of_words = st.fixed_dictionaries({word: st.integers(1, 60) for word in WORDS})

# An expression is a tree of tuples, evaluated once by Python and once by our own arithmetic.
leaves = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.integers(-9, 9))
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "//", "max", "min"]), inner, inner),
        st.tuples(st.sampled_from(["//", "%", "*", "+"]), inner, st.sampled_from([1, 2, 3, 4, 6])),
    ),
    max_leaves=8,
)
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "//": lambda x, y: x // y,
    "%": lambda x, y: x % y,
}
IN_PYTHON: dict[str, Callable[[Any, Any], Any]] = {**OPERATIONS, "max": max, "min": min}
IN_SIZES: dict[str, Callable[[Any, Any], Any]] = {**OPERATIONS, "max": maximum, "min": minimum}


def evaluate(tree: Any, values: Mapping[str, Size], operations: Mapping[str, Callable[[Any, Any], Any]]) -> Size:
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return values[tree]
    operator, left, right = tree
    result: Size = operations[operator](evaluate(left, values, operations), evaluate(right, values, operations))
    return result


def as_size(tree: Any) -> Size:
    try:
        return evaluate(tree, {word: symbol(word) for word in WORDS}, IN_SIZES)
    except ZeroDivisionError:
        assume(False)
        raise


def in_python(tree: Any, values: Mapping[str, int]) -> int | None:
    try:
        result = evaluate(tree, values, IN_PYTHON)
    except ZeroDivisionError:
        return None
    assert isinstance(result, int)
    return result


def naive(tree: Any) -> list[int]:
    """All values over small words, for the trees that have one everywhere."""
    found = [in_python(tree, dict(zip(WORDS, numbers, strict=True))) for numbers in SMALL]
    numbers = [value for value in found if value is not None]
    assume(len(numbers) == len(found))
    return numbers


@settings(max_examples=400, deadline=None)
@given(expressions, values_of_words)
def test_arithmetic_with_words_is_arithmetic_with_numbers(tree: Any, values: dict[str, int]) -> None:
    expected = in_python(tree, values)
    assume(expected is not None)
    size = as_size(tree)
    assert words(size) <= set(WORDS)
    assert substitute(size, values) == expected
    # The text, read by Python itself, means the same.
    assert eval(str(size), {"max": max, "min": min}, dict(values)) == expected


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_text_reads_back(tree: Any) -> None:
    size = as_size(tree)
    again = parse(str(size))
    assert again == size
    assert hash(again) == hash(size)
    assert str(again) == str(size)


@settings(max_examples=200, deadline=None)
@given(expressions, expressions, expressions)
def test_the_laws_of_arithmetic_hold_between_forms(x: object, y: object, z: object) -> None:
    a, b, c = as_size(x), as_size(y), as_size(z)
    assume(len(str(a)) + len(str(b)) + len(str(c)) < 80)  # what has grown out of hand keeps no law
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert hash(a + b) == hash(b + a)
    assert maximum(a, b) == maximum(b, a)
    if b != 0:
        assert (a + b * c) // b == a // b + c
        assert (a * b) // b == a


@settings(max_examples=200, deadline=None)
@given(expressions, st.integers(1, 12), st.integers(1, 12))
def test_dividing_twice_is_dividing_by_the_product(tree: Any, m: int, n: int) -> None:
    size = as_size(tree)
    assume(len(str(size)) < 60)
    assert same(size // m // n, size // (m * n)) is not False
    if "//" not in str(size) and "(" not in str(size):  # only a polynomial has one form after this
        assert size // m // n == size // (m * n)
    assert (size * m) // (n * m) == size // n


@settings(max_examples=300, deadline=None)
@given(expressions, expressions)
def test_what_is_said_of_two_sizes_is_true(x: object, y: object) -> None:
    pairs = list(zip(naive(x), naive(y), strict=True))
    a, b = as_size(x), as_size(y)
    equal, above = same(a, b), at_least(a, b)
    if equal is not None:
        assert {left == right for left, right in pairs} == {equal}
    if above is not None:
        assert {left >= right for left, right in pairs} == {above}


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_bounds_are_bounds(tree: Any) -> None:
    numbers = naive(tree)
    size = as_size(tree)
    low, high = lowest(size), highest(size)
    assert low is None or low <= min(numbers)
    assert high is None or high >= max(numbers)


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(st.integers(-6, 6), st.integers(1, 4), st.integers(-6, 6)),
    st.tuples(st.integers(-6, 6), st.integers(1, 4), st.integers(-6, 6)),
)
def test_sizes_of_one_word_are_always_told_apart(x: tuple[int, int, int], y: tuple[int, int, int]) -> None:
    """Sums of a word and its quotient: never None where there is an answer for all values."""

    def sized(number: Size, parts: tuple[int, int, int]) -> Size:
        factor, divisor, shift = parts
        return factor * (number // divisor) + number + shift

    differences = {sized(n, x) - sized(n, y) for n in range(1, 200)}
    verdict = same(sized(symbol("time"), x), sized(symbol("time"), y))
    if differences == {0}:
        assert verdict is True
    elif 0 in differences:
        assert verdict is None


@settings(max_examples=300, deadline=None)
@given(expressions, expressions)
def test_broadcast_is_what_numpy_would_do(x: object, y: object) -> None:
    pairs = list(zip(naive(x), naive(y), strict=True))
    assume(min(map(min, pairs)) >= 1)
    a, b = as_size(x), as_size(y)
    met = broadcast(a, b)
    assert met == broadcast(b, a)
    fitting = [(n, left, right) for n, (left, right) in enumerate(pairs) if left == right or 1 in (left, right)]
    if met is None:
        assert all(left != right for left, right in pairs)
        return
    for n, left, right in fitting:
        assert substitute(met, dict(zip(WORDS, SMALL[n], strict=True))) == max(left, right)


@given(st.integers(-500, 500), st.integers(1, 40))
def test_rounding_up(a: int, b: int) -> None:
    assert ceil_div(a, b) == -(-a // b)
    assert substitute(ceil_div(symbol("time") + a, b), {"time": 7}) == -(-(7 + a) // b)


@pytest.mark.parametrize("padding", ["same", "valid"])
@given(convolutions=st.lists(st.tuples(st.integers(1, 7), st.integers(1, 3)), max_size=8), length=st.integers(1, 3000))
def test_a_row_of_convolutions(padding: str, convolutions: list[tuple[int, int]], length: int) -> None:
    size: Size = symbol("time")
    number = length
    for kernel, stride in convolutions:
        if padding == "same":
            size, number = ceil_div(size, stride), -(-number // stride)
        else:
            size, number = (size - kernel) // stride + 1, (number - kernel) // stride + 1
    assert substitute(size, {"time": length}) == number
    assert str(size).count("//") <= 1  # however long the row, one division
    if padding == "same":
        assert at_least(size, 1) is True


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        size = parse(text)
    except (ValueError, ZeroDivisionError):
        return
    assert parse(str(size)) == size


@given(st.lists(st.sampled_from([*"()*/+-%,0123 ", "//", "**", "time", "batch", "max(", "min("]), max_size=20))
def test_any_tokens_are_read_or_refused(tokens: list[str]) -> None:
    text = "".join(tokens)
    try:
        size = parse(text)
    except (ValueError, ZeroDivisionError):
        return
    if known(size):
        assert isinstance(size, int)
    else:
        assert same(size, parse(str(size))) is True
        assert substitute(size, {}, batch=BATCH) == size
