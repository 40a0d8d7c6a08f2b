"""Expressions in Python have the value that they have in a spec."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.compiler.source.formula import doc, none_for, value, written
from keraspec.compiler.source.layout import flat
from keraspec.spec.expression import ExpressionError, evaluate, parts_of

NAMES: dict[str, Any] = {
    "size": 50, "rate": 0.25, "zero": 0, "deep": True, "flag": False, "mode": "same", "nothing": None,
    "widths": [64, 128, 256], "depths": {"18": [2, 2], "50": [3, 4]}, "table": {"small": 1, "large": 2},
}  # fmt: skip
PYTHON = {name: none_for(one) for name, one in NAMES.items()}


def texts(numbers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of expressions that give numbers, built of smaller ones."""
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    compared = st.builds(
        lambda a, sign, b: f"({a} {sign} {b})", numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers
    )
    truths = st.one_of(
        compared,
        st.sampled_from(["deep", "flag", "not deep", "true", "mode == 'same'", "nothing == none", "deep == true",
                         "deep != false", "mode == none", "size"]),
        st.builds(lambda a, word, b: f"({a} {word} {b})", compared, st.sampled_from(["and", "or"]), compared),
        st.builds(lambda a: f"not {a}", compared),
    )  # fmt: skip
    return st.one_of(
        st.builds(lambda a, sign, b: f"{a} {sign} {b}", numbers, operators, numbers),
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", numbers, operators, numbers),
        st.builds(lambda a: f"-{a}", numbers),
        st.builds(lambda a, test, b: f"({a} if {test} else {b})", numbers, truths, numbers),
        st.builds(lambda a, b: f"max({a}, {b})", numbers, numbers),
        st.builds(lambda name, a: f"{name}({a})", st.sampled_from(
            ["int", "float", "abs", "floor", "ceil", "sqrt", "exp", "log", "round"]), numbers),
        st.builds(lambda a: f"widths[{a}]", numbers),
        st.builds(lambda a, b: f"sum([{a}, {b}])", numbers, numbers),
        st.builds(lambda a: f"len(range({a}))", numbers),
    )  # fmt: skip


LEAVES = st.sampled_from(
    ["0", "1", "2", "3", "0.5", "1e-3", "size", "rate", "zero", "widths[-1]", "depths[50][0]", "depths[size][1]",
     "table['small']", "len(mode)", "len(widths)", "min(widths)"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.recursive(LEAVES, texts, max_leaves=8))
def test_python_gives_what_the_spec_gives(text: str) -> None:
    whole = "${" + text + "}"
    try:
        wanted = evaluate(whole, NAMES)
        (tree,) = parts_of(whole)
    except ExpressionError:
        return
    names = {name: name for name in NAMES}
    python = written(tree, names)
    try:
        found = eval(python, {"math": math}, dict(PYTHON))
    except TypeError:  # a list counted with 2.0: the program is then written flat
        with pytest.raises(TypeError):
            value(tree, PYTHON)
        return
    assert found == wanted
    assert value(tree, PYTHON) == found
    assert type(found) is type(wanted)
    assert eval(flat(doc(tree, names)), {"math": math}, dict(PYTHON)) == found


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("64 * 2 ** index", "64 * 2**index"),
        ("2 ** (index + 1)", "2 ** (index + 1)"),
        ("-2 ** 2", "-(2**2)"),
        ("(-2) ** 2", "(-2) ** 2"),
        ("a - (b - 1)", "a - (b - 1)"),
        ("(a - b) - 1", "a - b - 1"),
        ("not (a and b)", "not (a and b)"),
        ("activation == none", "activation is None"),
        ("activation != 'none'", "activation is not None"),
        ("deep == true", "deep is True"),
        ("2 if index else 1", "2 if index else 1"),
        ("floor(a / 8 + 0.5)", "math.floor(a / 8 + 0.5)"),
        ("'it\\'s'", '"it\'s"'),
        ("0.00001", "1e-5"),
        ("[a, 'x', true]", '[a, "x", True]'),
        ("range(a)", "list(range(a))"),
    ],
)
def test_it_reads_as_a_person_writes(text: str, python: str) -> None:
    (tree,) = parts_of("${" + text + "}")
    names = ("a", "b", "index", "activation", "deep")
    assert written(tree, {name: name for name in names}) == python


def test_tables_by_digits_are_tables_by_numbers() -> None:
    assert none_for({"18": ["none", 2], "50": {"a": "none"}}) == {18: [None, 2], 50: {"a": None}}
    assert none_for({"01": 1, "2": 2}) == {"01": 1, "2": 2}
