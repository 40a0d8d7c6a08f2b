"""Expressions: what they come to is what Python says, and what goes wrong with them is an ExpressionError."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keraspec.spec.document import HOLE
from keraspec.spec.expression import (
    FUNCTIONS,
    RESERVED,
    Budget,
    ExpressionError,
    evaluate,
    has_expression,
    names_in,
)
from keraspec.spec.expression_tokens import LARGEST_WHOLE, WRONG

NAMES: dict[str, Any] = {
    "size": 50,
    "index": 0,
    "stride": 2,
    "rate": 0.25,
    "deep": True,
    "wide": False,
    "word": "relu",
    "digits": "64",
    "nothing": None,
    "absent": "none",
    "widths": [16, 32, 64],
    "empty": [],
    "depths": {"18": [2, 2, 2, 2], "50": [3, 4, 6, 3], "resnet": [1], "0.5": "half"},
    "lost": HOLE,
    "part_lost": [1, HOLE, 3],
    "huge": 10**5000,
}


def error(text: str, names: dict[str, Any] = NAMES) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, names)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${depths[size]}", [3, 4, 6, 3]),
        ("${depths[100 / 2]}", [3, 4, 6, 3]),
        ("${depths['resnet']}", [1]),
        ("${depths[0.5]}", "half"),
        ("${depths}", NAMES["depths"]),
        ("${64 * 2 ** index}", 64),
        ("${2 if index else 1}", 1),
        ("${1 if index else stride}", 2),
        ("${index == 0 and (deep or stride > 1)}", True),
        ("${4 * size if deep else size}", 200),
        ("${-2 ** 2}", -4),
        ("${2 ** -1 ** 2}", 0.5),
        ("${2 ** 3 ** 2}", 512),
        ("${10 - 3 - 2}", 5),
        ("${1 < stride <= 2}", True),
        ("${not deep == wide}", True),
        ("${[1] * 3 + [2, word]}", [1, 1, 1, 2, "relu"]),
        ("${[1, 2,]}", [1, 2]),
        ("${widths[-1]}", 64),
        ("${widths[4 / 2]}", 64),
        ("${'re' + 'lu' == word}", True),
        ("${'it\\'s a } brace'}", "it's a } brace"),
        ("${'C:\\new'}", "C:\\new"),
        ("${none}", None),
        ("${nothing == none and absent == none and absent == 'none'}", True),
        ("${word == none or rate == none}", False),
        ("${absent or 'relu'}", "relu"),
        ("${true == 1}", False),
        ("${[true] == [1]}", False),
        ("${1 == 1.0}", True),
        ("${word < 'sigmoid'}", True),
        ("${int(deep) + int('7') + int(2.9)}", 10),
        ("${float(digits)}", 64.0),
        ("${range(3)}", [0, 1, 2]),
        ("${range(4, 0, -2)}", [4, 2]),
        ("${range(6 / 2)}", [0, 1, 2]),
        ("${max(widths)}", 64),
        ("${min('b', 'a')}", "a"),
        ("${sum(widths) / len(widths)}", 112 / 3),
        ("${round(2.5)}", 2),
        ("${round(2.345, 2)}", 2.35 if round(2.345, 2) == 2.35 else round(2.345, 2)),
        ("${floor(-0.5)}", -1),
        ("${ceil(0.5)}", 1),
        ("${log(8, 2)}", 3.0),
        ("${\n  size\n}", 50),
        ("${ size }", 50),
        ("${.5 + 1_000 + 1e3}", 2000.5),
        (" ${size}", " 50"),
        ("${size}${size}", "5050"),
        ("conv${size / 2}_${rate}_${deep}_${nothing}_${word}", "conv25_0.25_true_none_relu"),
        ("shape == ${[1, 'same', deep, none, [2.0]]}", "shape == [1, 'same', true, none, [2]]"),
        ("$${size}", "${size}"),
        ("$$${size}", "$${size}"),
        ("$${${size}}", "${50}"),
        ("$size {size} $", "$size {size} $"),
        ("${1e300}!", "1e+300!"),
    ],
)
def test_what_expressions_come_to(text: str, value: Any) -> None:
    found = evaluate(text, NAMES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "marked", "message", "help_text"),
    [
        ("${size", "E601", "${", "never closed", "`$${`"),
        ("a ${ 'x }", "E601", "'", "no closing quote", "`'`"),
        ("${}", "E601", "${}", "nothing in", "name or a number"),
        ("${(1}", "E601", "(", "never closed", "`)`"),
        ("${[1}", "E601", "[", "never closed", "`]`"),
        ("${min(1, 2}", "E601", "(", "never closed", "`)`"),
        ("${1)}", "E601", ")", "closes nothing", "take it away"),
        ("${()}", "E601", "()", "nothing in these brackets", None),
        ("${widths[]}", "E601", "[]", "index is missing", "[0]"),
        ("${size = 50}", "E601", "=", "gives a value", "`==`"),
        ("${deep && wide}", "E601", "&&", "no sign", "`and`"),
        ("${deep || wide}", "E601", "||", "no sign", "`or`"),
        ("${!deep}", "E601", "!", "no sign", "`not`"),
        ("${2 ^ 3}", "E601", "^", "no sign", "`**`"),
        ('${"relu"}', "E601", '"', "single quotes", "'relu'"),
        ("${deep ? 1 : 2}", "E601", "?", "no sign", "if condition else"),
        ("${${size} + 1}", "E601", "$", "bare", "without `$`"),
        ("${{a}}", "E601", "{", "table", "default"),
        ("${widths[1:]}", "E601", ":", "slices", "a[0]"),
        ("${widths.x}", "E601", ".x", "no attributes", "`widths['x']`"),
        ("${widths.0}", "E601", ".0", "no attributes", "`widths[0]`"),
        ("${word.upper()}", "E601", ".upper", "no attributes", "functions are"),
        ("${size in widths}", "E601", "in", "no word", "x == 1 or x == 2"),
        ("${size not in widths}", "E601", "not in", "no word", "x != 1"),
        ("${size is none}", "E601", "is", "no word", "`==`"),
        ("${[x for x in widths]}", "E601", "for", "no word", "`repeat`"),
        ("${1,5}", "E601", ",", "lists and calls", "1.5"),
        ("${(1, 2)}", "E601", ",", "lists and calls", "[1, 2]"),
        ("${size stride}", "E601", "size stride", "a sign is missing", "`*`"),
        ("${deep adn wide}", "E601", "deep adn", "a sign is missing", "`and`"),
        ("${2 size}", "E601", "2 size", "a sign is missing", "`*`"),
        ("${2size}", "E601", "2size", "no number and no name", "`2 * size`"),
        ("${size(2)}", "E602", "size", "no function", None),
        ("${3(2)}", "E601", "(", "only a function", "`*`"),
        ("${1 +}", "E601", "+", "nothing behind", None),
        ("${* 2}", "E601", "*", "can't begin", None),
        ("${1 + * 2}", "E601", "*", "a value is missing", None),
        ("${1 if deep}", "E601", "if", "no `else`", "otherwise"),
        ("${1 else 2}", "E601", "else", "no `if`", "if condition"),
        ("${if deep else 1}", "E601", "if", "before `if`", None),
        ("${1 == not deep}", "E601", "not", "brackets", "(not"),
        ("${0x10}", "E601", "0x10", "no number", "decimal"),
        ("${007}", "E601", "007", "begins with a 0", "`7`"),
        ("${min(*widths)}", "E601", "*", "as it is", "`*`"),
        ("${size ≥ 1}", "E601", "≥", "no sign", "`>=`"),
        ("${size § 1}", "E601", "§", "no meaning", None),
        ("a ${1} ${sise}", "E602", "sise", "nothing here is called `sise`", "did you mean `size`"),
        ("${size if deep else sise}", "E602", "sise", "nothing here", "did you mean `size`"),
        ("${True}", "E602", "True", "nothing here", "`true`"),
        ("${null}", "E602", "null", "nothing here", "`none`"),
        ("${item}", "E602", "item", "nothing here", "list in `repeat` or `each`"),
        ("${softmax}", "E602", "softmax", "nothing here", "'softmax'"),
        ("${min}", "E602", "min", "is a function", "`min(a, b)`"),
        ("${maxx(1, 2)}", "E602", "maxx", "no function", "`max`"),
        ("${sqrt(1, 2)}", "E603", "sqrt(1, 2)", "takes one number, and 2 are given", "sqrt(x)"),
        ("${sqrt()}", "E603", "sqrt()", "0 are given", "sqrt(x)"),
        ("${deep + 1}", "E603", "deep", "`deep` is true", "`1 if deep else 0`"),
        ("${2 * digits + 1}", "E603", "digits", "repeats a list", "`int(digits)`"),
        ("${'ab' * 3}", "E603", "'ab'", "multiplies two numbers", None),
        ("${widths * 'a'}", "E603", "'a'", "repeats a list", None),
        ("${widths * widths}", "E603", "widths", None, None),
        ("${depths + 1}", "E603", "depths", "is a table", None),
        ("${digits - 1}", "E603", "digits", '`digits` is the text "64"', "`int(digits)`"),
        ("${size + ' layers'}", "E603", "' layers'", "joins two texts", '"conv_${index}"'),
        ("${widths + 1}", "E603", "1", "two lists", "`[1]`"),
        ("${widths - 1}", "E603", "widths", "two numbers", "`widths[0]`"),
        ("${-word}", "E603", "word", "takes a number", None),
        ("${size < word}", "E603", "word", "two numbers, or two texts", None),
        ("${nothing < 1}", "E603", "nothing", "is none", None),
        ("${size[0]}", "E603", "size", "only lists and tables", None),
        ("${word[0]}", "E603", "word", "only lists and tables", None),
        ("${widths['a']}", "E603", "'a'", "whole number", None),
        ("${widths[0.5]}", "E603", "0.5", "whole number", None),
        ("${widths[true]}", "E603", "true", "whole number", None),
        ("${depths[deep]}", "E603", "deep", "number or a text", "if deep else"),
        ("${len(3)}", "E603", "3", "`len` takes", None),
        ("${sum(3)}", "E603", "3", "`sum` takes a list", None),
        ("${sum(['a'])}", "E603", "['a']", "`sum` takes a list", None),
        ("${max(3)}", "E603", "3", "several values", None),
        ("${max(1, 'a')}", "E603", "'a'", "takes numbers", None),
        ("${sqrt('4')}", "E603", "'4'", "takes a number", "`int('4')`"),
        ("${[1] * 1.5}", "E603", "1.5", "whole number of times", None),
        ("x ${depths}", "E603", "depths", "put into text", None),
        ("${1 / index}", "E604", "1 / index", "`index` is 0", "if index else"),
        ("${1 // 0}", "E604", "1 // 0", "division by zero", None),
        ("${1 % 0.0}", "E604", "1 % 0.0", "division by zero", None),
        ("${index ** -1}", "E604", "index ** -1", "division by zero", None),
        ("${widths[3]}", "E604", "3", "3 values, numbered 0 to 2", "`[2]`"),
        ("${widths[-4]}", "E604", "-4", "3 values", None),
        ("${empty[0]}", "E604", "0", "empty list", None),
        ("${depths[51]}", "E604", "51", "no value for 51", "`18`"),
        ("${depths[size + 1]}", "E604", "size + 1", "`size + 1` is 51", "`18`"),
        ("${depths['resnt']}", "E604", "'resnt'", 'no value for "resnt"', "'resnet'"),
        ("${sqrt(-1)}", "E604", "-1", "not below 0", None),
        ("${(-8) ** 0.5}", "E604", "(-8) ** 0.5", "root", None),
        ("${log(0)}", "E604", "0", "above 0", None),
        ("${log(2, 1)}", "E604", "1", "base 1", None),
        ("${int('3.5')}", "E604", "'3.5'", "not a whole number", "float"),
        ("${float(word)}", "E604", "word", '`word` is the text "relu"', None),
        ("${float('nan')}", "E604", "'nan'", "not a number", None),
        ("${max([])}", "E604", "max([])", "empty list", None),
        ("${range(1, 2, 0)}", "E604", "0", "steps of 0", None),
        ("${10 ** 10 ** 10}", "E605", "10 ** 10 ** 10", "too large", "9,223,372,036,854,775,807"),
        ("${2.0 ** 5000}", "E605", "2.0 ** 5000", "too large", None),
        ("${exp(1000)}", "E605", "exp(1000)", "too large", None),
        ("${1e308 * 10}", "E605", "1e308 * 10", "too large", None),
        ("${1e999}", "E605", "1e999", "too large", None),
        ("${floor(1e300)}", "E605", "floor(1e300)", "too large", None),
        ("${huge}", "E605", "huge", "too large", None),
        ("${[0] * 10 ** 9}", "E605", "[0] * 10 ** 9", "1,000,000,000 values", None),
        ("${9_223_372_036_854_775_807 + 1}", "E605", "9_223_372_036_854_775_807 + 1", "too large", None),
        ("${range(10 ** 12)}", "E605", "range(10 ** 12)", "1,000,000,000,000 values", None),
        ("${[[[0] * 1000] * 1000] * 1000}", "E605", "[[0] * 1000] * 1000", "values", None),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    text: str, code: str, marked: str, message: str | None, help_text: str | None
) -> None:
    found = error(text)
    assert found.code == code, found.message
    assert text[found.start : found.end] == marked
    assert message is None or message in found.message, found.message
    if help_text is not None:
        assert help_text in (found.help or ""), found.help


@pytest.mark.parametrize("sign", [sign for sign, _, _ in WRONG])
def test_a_sign_of_another_language_is_named(sign: str) -> None:
    found = error(f"${{size {sign} 2}}")
    assert (found.code, found.start, found.end) == ("E601", 7, 7 + len(sign))
    assert found.help


def test_index_and_item_outside_of_what_repeats() -> None:
    assert "hand it in as a parameter" in (error("${index}", {}).help or "")
    assert "there is `index`" in (error("${item}", {"index": 0}).help or "")


def test_a_value_that_could_not_be_read_makes_what_hangs_on_it_unreadable() -> None:
    for text in ("${lost}", "${lost + 1}", "a ${lost}", "${part_lost[1]}", "${sum(part_lost)}", "${[lost]}"):
        assert evaluate(text, NAMES) is HOLE, text
    assert evaluate("${len(part_lost)}", NAMES) is HOLE
    assert evaluate("${size if deep else lost}", NAMES) == 50
    assert evaluate("${part_lost[0]}", NAMES) == 1


def test_the_names_of_an_expression() -> None:
    text = "a ${size + min(size, widths[0])} $${no} ${true if 'deep' else none}"
    assert names_in(text) == {"size": ((4, 8), (15, 19)), "widths": ((21, 27),)}
    assert list(names_in("${b + a}")) == ["b", "a"]
    assert names_in("$${a} b") == {}
    assert names_in("${a = 'c' + min(b)}") == {"a": ((2, 3),), "b": ((16, 17),)}


def test_what_is_an_expression() -> None:
    assert [has_expression(text) for text in ("a ${", "$${a} ${b}", "$$${a}", "$${a}", "$a {b}", "")] == [
        True, True, False, False, False, False
    ]  # fmt: skip


def test_work_is_bounded() -> None:
    began = time.perf_counter()
    for text in (
        "${" + "(" * 3000 + "1" + ")" * 3000 + "}",
        "${" + "-" * 3000 + "1}",
        "${" + "not " * 900 + "1}",
        "${" + "[" * 3000 + "}",
        "${" + "1 if 1 else " * 300 + "1}",
        "${" + "2 ** " * 700 + "2}",
        "${" + "x" * 10_000 + "}",
        "${" + "+".join(["sum([1] * 99999)"] * 200) + "}",
        "${" + "+".join(["x"] * 1000) + "}",
    ):
        assert error(text, {"x": "x" * 1000}).code == "E605"
    assert time.perf_counter() - began < 5
    assert evaluate("${" + "+".join(["1"] * 1900) + "}", {}) == 1900


def test_a_budget_is_shared() -> None:
    budget = Budget(50)
    for _ in range(12):
        evaluate("${1 + 1}", {}, budget=budget)
    with pytest.raises(ExpressionError, match="too long"):
        evaluate("${1 + 1}", {}, budget=budget)


def test_lists_handed_on_from_parameter_to_parameter_stay_bounded() -> None:
    deep: Any = 1
    for _ in range(41):
        deep = evaluate("${[x]}", {"x": deep})
    assert error("${[x]}", {"x": deep}).code == "E605"
    broad: Any = [1]
    for _ in range(15):
        broad = evaluate("${[x, x]}", {"x": broad})
    assert error("${[x, x]}", {"x": broad}).code == "E605"
    nested: Any = 1
    for _ in range(100_000):
        nested = [nested]
    assert error("${x == x}", {"x": nested}).code == error("a${x}", {"x": nested}).code == "E605"


# What Python and the language have in common, as text that both read.
_ATOMS = st.one_of(
    st.integers(0, 40).map(str),
    st.floats(0, 100, allow_nan=False).map(lambda one: f"{one:.3f}"),
    st.sampled_from(["size", "stride", "rate", "widths[0]", "widths[-1]", "len(widths)", "sum(widths)"]),
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    compares = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    test = st.tuples(inner, compares, inner).map(" ".join)
    return st.one_of(
        st.tuples(inner, signs, inner).map(" ".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"-{one}"),
        st.tuples(inner, test, inner).map(lambda one: f"{one[0]} if {one[1]} else {one[2]}"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        st.tuples(inner, compares, inner, compares, inner).map(lambda one: f"(1 if {' '.join(one)} else 0)"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda one: f"{one[0]}({one[1]}, {one[2]})"),
        st.tuples(st.sampled_from(["abs", "floor", "ceil", "round", "int", "float", "sqrt", "exp", "log"]), inner).map(
            lambda one: f"{one[0]}({one[1]})"
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda one: f"sum([{', '.join(one)}])"),
        inner.map(lambda one: f"(0 if not {one} else 2)"),
    )


PYTHON: dict[str, Any] = {
    **{name: NAMES[name] for name in ("size", "stride", "rate", "widths")},
    **{name: getattr(math, name) for name in ("floor", "ceil", "sqrt", "exp", "log")},
    **{one.__name__: one for one in (min, max, round, int, float, len, range, abs, sum)},
    "__builtins__": {},
}


@given(st.recursive(_ATOMS, _grown, max_leaves=12))
@example("2 ** -2 ** 2")
@example("-2 ** 2")
@example("7 // -2 % 3")
@example("1 if 0 else 2 if 0 else 3")
@example("not 1 == 2 or 3")
@example("1 < 2 < 3 == 3")
def test_numbers_are_those_of_python(text: str) -> None:
    if _powers_get_large(text):
        return
    try:
        expected: Any = eval(text, dict(PYTHON))
    except SyntaxError:
        assert error(f"${{{text}}}").code == "E601"
        return
    except (ZeroDivisionError, ValueError, TypeError, OverflowError):
        expected = None  # also where a root became a complex number and went on
    found = _outcome(f"${{{text}}}")
    if not isinstance(found, ExpressionError):
        assert found == expected
        assert type(found) is type(expected)
    elif found.code == "E603":  # a boolean is no number here
        assert _takes_booleans(text), found.message
    elif found.code == "E604":
        assert expected is None or isinstance(expected, complex) or "**" in text, found.message
    else:
        assert found.code == "E605", found.message


def _outcome(text: str) -> Any:
    """The value of a text, or the ExpressionError that says why it has none; anything else goes on its way."""
    try:
        return evaluate(text, NAMES)
    except ExpressionError as error:
        return error


def _powers_get_large(text: str) -> bool:
    """Python would compute a number of millions of digits, which is what the language is spared."""
    return text.count("**") > 1 and text not in ("2 ** -2 ** 2",)


def _takes_booleans(text: str) -> bool:
    return any(sign in text for sign in ("==", "!=", "<", ">", "not"))


_PIECES = st.one_of(
    st.sampled_from(
        ["${", "$${", "}", "(", ")", "[", "]", ",", "'", '"', " ", ".", ":", "=", "\\", "\n", "é", "²", "٣", "\0", "💥"]
    ),
    st.sampled_from([*RESERVED, *FUNCTIONS, *NAMES, "sise", "in", "is", "for"]),
    st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(["0", "1", "2", "64", "0.5", "1e3", "1e400", "99999999999", "'a'", "'12'", "''"]),
    st.text(max_size=3),
)


@given(st.lists(_PIECES, max_size=25).map(lambda one: "${" + " ".join(one) + "}"))
def test_nothing_but_an_expression_error_comes_out_of_anything(text: str) -> None:
    _tried(text)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_nothing_but_an_expression_error_comes_out_of_any_text(text: str) -> None:
    _tried(text)


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "==", "<", ">=", "and", "or"])
    calls = st.tuples(st.sampled_from([*FUNCTIONS]), st.lists(inner, min_size=1, max_size=3))
    return st.one_of(
        st.tuples(inner, signs, inner).map(" ".join),
        st.tuples(inner, inner).map(lambda one: f"({one[0]})[{one[1]}]"),
        st.tuples(inner, inner, inner).map(lambda one: f"({one[0]} if {one[1]} else {one[2]})"),
        st.lists(inner, max_size=3).map(lambda one: f"[{', '.join(one)}]"),
        calls.map(lambda one: f"{one[0]}({', '.join(one[1])})"),
        inner.map(lambda one: f"not ({one})"),
        inner.map(lambda one: f"-({one})"),
    )


_VALUES = st.recursive(
    st.sampled_from([*NAMES, "0", "-1", "1e300", "9e18", "'a'", "[]", "true"]), _nested, max_leaves=10
)


@given(_VALUES)
@example("-huge")
@example("sum([huge])")
@example("[huge] == [huge]")
@example("round(9e18, -3)")
@example("huge + 'a'")
def test_values_of_all_kinds_give_a_value_or_an_expression_error(text: str) -> None:
    _tried(f"${{{text}}}")
    _tried(f"a ${{{text}}}")


def _tried(text: str) -> None:
    has_expression(text)
    for name, places in names_in(text).items():
        assert all(text[start:end] == name for start, end in places)
    found = _outcome(text)
    if isinstance(found, ExpressionError):
        assert found.code in ("E601", "E602", "E603", "E604", "E605")
        assert 0 <= found.start < found.end <= len(text)
        assert found.message
    else:
        assert found is HOLE or isinstance(found, bool | int | float | str | list | dict | None)
        assert type(found) is not int or abs(found) <= LARGEST_WHOLE
