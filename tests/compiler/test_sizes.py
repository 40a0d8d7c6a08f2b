from __future__ import annotations

import copy
import doctest
import pickle
import subprocess
import sys
from collections.abc import Callable
from timeit import repeat
from types import ModuleType

import pytest

from keraspec.compiler import size_algebra, size_bounds, size_text, sizes
from keraspec.compiler.sizes import (
    BATCH,
    Size,
    Symbolic,
    at_least,
    broadcast,
    ceil_div,
    depends_on_batch,
    highest,
    is_batch,
    is_word,
    known,
    lowest,
    maximum,
    minimum,
    parse,
    product,
    same,
    substitute,
    symbol,
    to_json,
    words,
)

time, steps, height, width = map(symbol, ("time", "steps", "height", "width"))


@pytest.mark.parametrize("module", [sizes, size_algebra, size_bounds, size_text], ids=lambda module: module.__name__)
def test_the_examples_in_the_docs_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (time + 1, 1 + time),
        (2 * time // 2, time),
        ((4 * time + 3) // 2, 2 * time + 1),
        (time // 2 // 3, time // 6),
        ((time // 2 + 1) // 3, (time + 2) // 6),
        ((time + 4) // 2, time // 2 + 2),
        ((time - 2) // 2 + 1, time // 2),
        (time // -2, (-time) // 2),
        ((2 * time + 1) // 4, time // 2),
        (height * width, width * height),
        (height * (width + 1), height * width + height),
        ((time + 1) ** 2, time * time + 2 * time + 1),
        (time * 64 * steps // (16 * steps), 4 * time),
        ((time * time + time) // (time + 1), time),
        ((time + 4) // (time + 1), 1 + 3 // (time + 1)),
        (time // height // width, time // width // height),
        (time // height // 2, time // (2 * height)),
        ((2 * time * height + time) // (4 * time), height // 2),
        (-time // (time + 1), -1),
        (3 // (time + 3), 0),
        (time % 1, 0),
        ((6 * time + 5) % 3, 2),
        (7 % time, 7 - time * (7 // time)),
        (maximum(time, steps), maximum(steps, time)),
        (maximum(time, maximum(steps, 4)), maximum(4, steps, time)),
        (minimum(time, maximum(time, 8)), time),
        (maximum(time - time // 2, (time + 1) // 2), maximum((time + 1) // 2, time - time // 2)),
    ],
    ids=str,
)
def test_equal_sizes_have_one_form(left: Size, right: Size) -> None:
    assert left == right
    assert hash(left) == hash(right)
    assert str(left) == str(right)


@pytest.mark.parametrize(
    "size",
    [time - time, time * 0, 0 * time, (time + 3) - time, 2 * time // time, 0 // time, time // time, time**0],
    ids=str,
)
def test_a_result_without_words_is_a_plain_number(size: Size) -> None:
    assert type(size) is int
    assert known(size)


def test_words_that_differ_are_different_sizes() -> None:
    assert time != steps
    assert time != 5
    assert time != "time"
    assert not known(time)
    assert len({time, steps, symbol("time"), time + 0}) == 2


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (time, "time"),
        (time + 1, "time + 1"),
        (1 - time, "1 - time"),
        (-time, "-time"),
        (-time - 1, "-time - 1"),
        (2 * time, "2*time"),
        (-(time // 2), "-(time//2)"),
        (time // 2 + 1, "time//2 + 1"),
        ((time + 1) // 2 - 1, "(time + 1)//2 - 1"),
        (5 * time // 7, "(5*time)//7"),
        (3 * (time // 2), "3*(time//2)"),
        (time * time, "time**2"),
        ((time // 2) ** 2 * 5, "5*(time//2)**2"),
        (height * width * 3, "height*width*3"),
        ((height // 2) * (width // 2) * 64, "(height//2)*(width//2)*64"),
        (time * time // 3, "(time**2)//3"),
        (time // steps, "time//steps"),
        (time // (2 * steps), "time//(2*steps)"),
        ((time + 1) // (steps + 1), "(time + 1)//(steps + 1)"),
        (-1 // (time - 5), "-1//(time - 5)"),
        (maximum(time // 2, 3), "max(3, time//2)"),
        (2 * minimum(time, 3) // 3, "(2*min(3, time))//3"),
        (BATCH, "batch"),
        (BATCH * 2 + time, "2*batch + time"),
        (symbol("batch"), "batch_"),
        (symbol("batch_") // 2, "batch__//2"),
        (symbol("größe") + 1, "größe + 1"),
    ],
)
def test_text_reads_as_python_and_reads_back(size: Size, text: str) -> None:
    assert str(size) == text
    assert parse(text) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a number, a word or '(' at column 1 of '', found its end"),
        ("time +", "expected a number, a word or '(' at column 7 of 'time +', found its end"),
        ("time 2", "expected an operator or the end at column 6 of 'time 2', found '2'"),
        ("(time", "expected ')' at column 6 of '(time', found its end"),
        ("max(time; 2)", "expected a number, a word or '(' at column 5 of 'max(time; 2)', found 'time;'"),
        ("min(1 2)", "expected ',' or ')' at column 7 of 'min(1 2)', found '2'"),
        ("time / 2", "expected an operator or the end at column 6 of 'time / 2', found '/'"),
        ("2.5", "expected a number, a word or '(' at column 1 of '2.5', found '2.5'"),
        ("time**-1", "expected an exponent from 0 to 32 at column 7 of 'time**-1', found '-'"),
        ("time**99999999", "expected an exponent from 0 to 32 at column 7 of 'time**99999999', found '99999999'"),
        ("(1, 2)", "expected ')' at column 3 of '(1, 2)', found ','"),
        ("time(2)", "expected an operator or the end at column 5 of 'time(2)', found '('"),
    ],
)
def test_what_is_no_arithmetic_is_refused_at_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="expected") as error:
        parse(text)
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["(" * 100_000, "9" * 5000, "-" * 50_000, "time+" * 50_000, "(" * 200 + "1"])
def test_hostile_text_is_refused_and_no_more(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse(text)


def test_division_by_zero_is_an_error_as_in_python() -> None:
    with pytest.raises(ZeroDivisionError):
        time // 0
    with pytest.raises(ZeroDivisionError):
        time % 0
    with pytest.raises(ZeroDivisionError):
        parse("time//0")
    with pytest.raises(ZeroDivisionError):
        ceil_div(time, 0)


def test_the_batch_axis_is_nobodys_word() -> None:
    assert is_batch(BATCH)
    assert symbol("batch") != BATCH
    assert not is_batch(symbol("batch"))
    assert not is_batch(BATCH + 1)
    assert not is_batch(3)
    assert words(BATCH * time) == {"time"}
    assert depends_on_batch(BATCH * time // 2)
    assert not depends_on_batch(symbol("batch"))
    assert substitute(BATCH * symbol("batch"), {"batch": 3}) == 3 * BATCH
    assert substitute(BATCH * symbol("batch"), {"batch": 3}, batch=32) == 96


@pytest.mark.parametrize(
    ("size", "value"),
    [
        (BATCH, None),
        (3, 3),
        (time, "time"),
        (time // 2 + 1, "time//2 + 1"),
        (symbol("batch"), "batch"),
        (2 * BATCH, "2*batch"),
    ],
)
def test_json(size: Size, value: object) -> None:
    assert to_json(size) == value


def test_words_and_substitution() -> None:
    size = maximum(height // 2, 3) * (width - 1) // steps
    assert words(size) == {"height", "width", "steps"}
    assert words(7) == set()
    assert substitute(size, {"height": 10, "width": 4, "steps": 2}) == 7
    assert substitute(size, {"height": 2, "width": 4}) == 9 // steps
    assert substitute(size, {"time": 2}) is size
    assert substitute(time + 1, {"time": steps - 1}) == steps
    assert substitute(7, {"time": 2}) == 7
    with pytest.raises(ZeroDivisionError):
        substitute(4 // (time - 1), {"time": 1})


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (4, 4, True),
        (4, 5, False),
        (time, time, True),
        (time, steps, None),
        (time, 5, None),
        (time, 0, False),
        (time, -3, False),
        (time, time + 1, False),
        (time + steps, time, False),
        (2 * time, 2 * steps + 1, False),
        (time - time // 2, (time + 1) // 2, True),
        (time // 2 + (time + 1) // 2, time, True),
        (2 * (time // 2), time, None),
        (2 * (time // 2), time + 1, False),
        (time // 3 + (time + 1) // 3 + (time + 2) // 3, time, True),
        (-(-time // 3), ceil_div(time, 3), True),
        (height * width, height, None),
        (height * width + 1, height, False),
        (maximum(time, 3), time, None),
        (maximum(time, 3), 2, False),
        (maximum(time, steps) + minimum(time, steps), time + steps, True),
        (maximum(time + 1, 4), maximum(time, 3) + 1, True),
        (BATCH, symbol("batch"), None),
        (BATCH, 2 * BATCH, False),
    ],
    ids=str,
)
def test_same(left: Size, right: Size, answer: bool | None) -> None:
    assert same(left, right) is answer
    assert same(right, left) is answer


@pytest.mark.parametrize(
    ("size", "number", "answer"),
    [
        (5, 5, True),
        (5, 6, False),
        (time + 2, 3, True),
        (time - 5, 0, None),
        (-time, 0, False),
        (time, 1, True),
        (time, 2, None),
        (time // 2, 0, True),
        (time // 2, 1, None),
        ((time + 1) // 2, 1, True),
        (time // steps, 0, True),
        (height * width - height, 0, True),
        (height * width - height - width + 1, 0, True),
        (time - 2 * (time // 2), 2, False),
        (time - 2 * (time // 2), 0, True),
        (time % 7, 0, True),
        (time % 7, 7, False),
        (time // 7 * steps, 0, True),
        (maximum(time - 5, 0), 0, True),
        (maximum(time - 5, 0) + 5 - time, 0, True),
        (minimum(time, 8), 9, False),
        (minimum(time, 8), 1, True),
        (time, steps, None),
        (time + steps, steps, True),
    ],
    ids=str,
)
def test_at_least(size: Size, number: Size, answer: bool | None) -> None:
    assert at_least(size, number) is answer


def test_bounds() -> None:
    assert (lowest(7), highest(7)) == (7, 7)
    assert (lowest(time), highest(time)) == (1, None)
    assert (lowest(3 - 2 * time), highest(3 - 2 * time)) == (None, 1)
    assert (lowest(minimum(time, 8)), highest(minimum(time, 8))) == (1, 8)
    assert (lowest(9 // (time + 1)), highest(9 // (time + 1))) == (0, 4)
    assert (lowest(-9 // (time + 1)), highest(-9 // (time + 1))) == (-5, -1)


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (1, 1, 1),
        (4, 4, 4),
        (4, 5, None),
        (1, 5, 5),
        (0, 1, 0),
        (time, time, time),
        (time, 1, time),
        (time, 4, 4),
        (BATCH, 1, BATCH),
        (BATCH, 7, 7),
        (BATCH, BATCH, BATCH),
        (BATCH, time, BATCH),
        (time, time + 1, None),
        (2 * time, 5, None),
        (time, 0, None),
        (time, steps, maximum(time, steps)),
        (time, steps + 1, steps + 1),
        (2 * (time // 2), time, time),
        (maximum(time, steps), time, maximum(time, steps)),
    ],
    ids=str,
)
def test_broadcast(left: Size, right: Size, answer: Size | None) -> None:
    assert broadcast(left, right) == answer
    assert broadcast(right, left) == answer


def test_product_and_rounding_up() -> None:
    assert product([]) == 1
    assert product([2, 3, 4]) == 24
    assert product([time, 0]) == 0
    assert ceil_div(8, 3) == 3
    assert ceil_div(time, 1) == time
    with pytest.raises(ValueError, match="at least one size"):
        maximum()


def test_sizes_are_values() -> None:
    size = maximum(time // 2, 3) * 5
    assert isinstance(size, Symbolic)
    assert pickle.loads(pickle.dumps(size)) == size
    assert copy.deepcopy(size) == size
    with pytest.raises(AttributeError, match="cannot be changed"):
        size.weight = 3
    with pytest.raises(TypeError, match="symbol"):
        Symbolic()
    with pytest.raises(TypeError):
        size + "1"  # type: ignore[operator]
    with pytest.raises(TypeError):
        _ = size < 3  # type: ignore[operator]


@pytest.mark.parametrize("word", ["", "2time", "time-steps", "a b", "time//2", "#batch", "~0"])
def test_what_is_no_word_is_refused(word: str) -> None:
    assert not is_word(word)
    with pytest.raises(ValueError, match="expected a word"):
        symbol(word)


def _sum_of(count: int, name: str) -> Size:
    return sum((symbol(f"{name}{i}") for i in range(count)), start=0)


@pytest.mark.parametrize(
    "grown",
    [
        lambda: _sum_of(65, "a"),
        lambda: _sum_of(40, "a") * _sum_of(40, "b"),
        lambda: time**33,
        lambda: product([10**9] * 100 + [time]),
        lambda: time // 2**20_000,
        lambda: maximum(time, 10**5_000),
        lambda: _sum_of(40, "a") // _sum_of(40, "b"),
    ],
)
def test_what_grows_out_of_hand_becomes_a_word(grown: Callable[[], Size]) -> None:
    size: Size = grown()
    text = str(size)
    assert is_word(text)
    assert len(text) == len("size_") + 16
    assert grown() == size
    assert parse(text) == size == symbol(text)
    assert words(size) == {text}
    assert at_least(size, 1) is None
    assert substitute(size * time, {text: 3, "time": 2}) == 6


def test_opaque_words_are_the_same_in_every_process() -> None:
    code = "from keraspec.compiler.sizes import symbol; print(symbol('time') ** 33 + symbol('time')//2)"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert seen == {f"{time**33 + time // 2}\n"}


@pytest.mark.parametrize(
    "layer",
    [
        lambda size: (size + 1) // 3 * height,
        lambda size: size * size + size // 2,
        lambda size: maximum(size - 3, steps // 2) // (steps + 1),
        lambda size: size // height + size // width,
        lambda size: (2 * size + width) // 3 - size // 2,
        lambda size: broadcast(size // 2 * 2, minimum(size * 3, 1000 * width)) or size,
    ],
)
def test_a_thousand_layers_stay_small(layer: Callable[[Size], Size]) -> None:
    size: Size = time
    for _ in range(300):
        size = layer(size)
        assert len(str(size)) < 10_000
        assert parse(str(size)) == size
        at_least(size, 1)
        same(size, time)


def test_adding_to_a_size_takes_microseconds() -> None:
    # Ten times what it takes: this fails for a mistake of order, not for a busy machine.
    assert min(repeat(lambda: time + 1, number=1000, repeat=5)) / 1000 < 20e-6
    assert min(repeat(lambda: (time + 1) // 2, number=1000, repeat=5)) / 1000 < 200e-6


def test_loading_sizes_loads_no_foreign_code() -> None:
    code = "import sys, keraspec.compiler.sizes; print({'sympy', 'numpy', 'keras', 'hashlib'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
