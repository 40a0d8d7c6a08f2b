"""Run-time expressions: what can be said with them, what is wrong with others, and that they compute what they say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import Checked, compile_text
from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.formulas import formula_ops, in_order
from keraspec.compiler.run_time import Steps, Tensor, steps_of
from keraspec.compiler.sizes import symbol
from keraspec.compiler.tensor import TensorType, batched
from keraspec.spec.expression_tokens import ExpressionError
from keraspec.spec.run_time import run_time

ROW = TensorType(batched(3))
TENSORS = {"y_true": Tensor(ROW, learned=False), "y_pred": Tensor(ROW)}
LONG = "+".join(["y_pred"] * 550)


def steps(text: str, **more: TensorType) -> Steps:
    found = steps_of(run_time(text), TENSORS | {name: Tensor(one) for name, one in more.items()})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("mean(square(y_true - y_pred), axis=-1) + 0.1 * mean(abs(y_pred), axis=-1)", "float32(batch,)"),
        ("y_pred", "float32(batch, 3)"),
        ("  mean ( y_pred )  ", "float32()"),
        ("mean(y_pred, -1)", "float32(batch,)"),
        ("mean(y_pred, axis=[0, 1])", "float32()"),
        ("mean(y_pred, axis=none, keepdims=true)", "float32(1, 1)"),
        ("y_pred / sum(y_pred, axis=-1, keepdims=true)", "float32(batch, 3)"),
        ("2 ** 3 * 1/3 * y_pred", "float32(batch, 3)"),
        ("log(2 * 3.14159) * y_pred", "float32(batch, 3)"),
        ("y_pred * [1, 2, 3]", "float32(batch, 3)"),
        ("average(y_pred, -1, [1, 2, 3])", "float32(batch,)"),
        ("-y_pred // 2 % 3", "float32(batch, 3)"),
        ("+y_pred", "float32(batch, 3)"),
        ("y_pred > 0.5", "bool(batch, 3)"),
        ("0 < y_pred <= 1 and not y_true == 1 or y_pred != y_true", "bool(batch, 3)"),
        ("y_pred if y_pred > 0 else 0.5", "float32(batch, 3)"),
        ("y_pred if 2 > 1 else y_true * 'no'", "float32(batch, 3)"),
        ("clip(y_pred, x_min=0, x_max=1)", "float32(batch, 3)"),
        ("maximum(y_pred, 0)", "float32(batch, 3)"),
        ("argmax(y_pred, axis=-1)", "int32(batch,)"),
        ("cast(y_pred, 'int32')", "int32(batch, 3)"),
        ("norm(y_pred, axis=-1, ord=1)", "float32(batch,)"),
        ("absolute(y_pred)", "float32(batch, 3)"),
        (LONG, "float32(batch, 3)"),
    ],
)
def test_what_can_be_said(text: str, type_: str) -> None:
    assert str(steps(text).type) == type_


@pytest.mark.parametrize(
    ("text", "code", "marked", "words"),
    [
        ("", "E601", "", "the expression is empty"),
        ("mean(y_pred", "E601", "(", "never closed"),
        ("y_pred y_true", "E601", "y_pred y_true", "a sign is missing"),
        ("ops.mean(y_pred)", "E601", "ops.mean", "by name alone: `mean(…)`"),
        ("tf.keras.backend.mean(y_pred)", "E601", "tf.keras.backend.mean", "`mean(…)`"),
        ("y_pred.mean()", "E601", ".mean", "`mean(y_pred, …)`"),
        ("y_pred.shape", "E601", ".shape", "no attributes"),
        ("y_pred[0]", "E601", "[", "ops.get_item"),
        ("mean(y_pred)[0]", "E601", "[", "no index"),
        ("y_pred[:, 0]", "E601", "[", "no index"),
        ("x = y_pred", "E601", "=", "to compare two values"),
        ("mean(axis=-1, y_pred)", "E601", "y_pred", "stands behind `axis=`"),
        ("mean(y_pred, axis=)", "E601", "axis=", "has no value"),
        ("mean(y_pred, axis=0, axis=1)", "E601", "axis", "given twice"),
        ("mean(*y_pred)", "E601", "*", "as it is"),
        ("mean(y_pred, true=1)", "E601", "true", "no name of an argument"),
        ("y_pred if y_true", "E601", "if", "no `else`"),
        ("y_pred(2)", "E421", "y_pred", "no function called"),
        ("(y_pred)(2)", "E601", "(", "to multiply write `*`"),
        ("(" * 60 + "y_pred" + ")" * 60, "E605", "(", "nested"),
        ("y_pred + " * 500 + "y_pred", "E605", None, "characters"),
        ("y_prd", "E421", "y_prd", "did you mean `y_pred`?"),
        ("square(zz)", "E421", "zz", "the tensors here are `y_true` and `y_pred`"),
        ("y_pred > True", "E421", "True", "write `true`"),
        ("mean", "E421", "mean", "call it: `mean(…)`"),
        ("meen(y_pred)", "E421", "meen", "did you mean `mean`?"),
        ("reduce_mean(y_pred)", "E421", "reduce_mean", "did you mean `mean`?"),
        ("matmul(y_pred, y_true)", "E421", "matmul", "make an entry of it"),
        ("moments(y_pred, 0)", "E421", "moments", "make an entry of it"),
        ("frobnicate(y_pred)", "E421", "frobnicate", "those of `keras.ops`"),
        ("__import__('os')", "E421", "__import__", "no function called"),
        ("mean(y_pred, axis=2)", "E422", "2", "names no axis"),
        ("mean(y_pred, axis=y_true)", "E422", "y_true", "found a tensor"),
        ("max(y_pred, 0.0)", "E422", "0.0", "`maximum(a, b)`"),
        ("max(y_pred, y_true)", "E422", "y_true", "`maximum(a, b)`"),
        ("mean(y_pred, axis='a')", "E422", "'a'", "must be a whole number"),
        ("mean(y_pred, keepdim=true)", "E422", "keepdim", "did you mean `keepdims`?"),
        ("mean(y_pred, 0, true, 4)", "E422", "4", "3 values at most"),
        ("mean(y_pred, x=y_pred)", "E422", "x", "given twice"),
        ("mean()", "E422", "mean()", "needs `x` as well"),
        ("clip(y_pred, 1)", "E422", "clip(y_pred, 1)", "needs `x_max` as well"),
        ("cast(y_pred, 'float')", "E422", "'float'", "`dtype` of `cast` must be"),
        ("mean(y_pred, -1) * y_pred", "E422", "mean(y_pred, -1) * y_pred", "keepdims=true"),
        ("y_pred * [1, 2]", "E422", "y_pred * [1, 2]", "axis -1 is 3 and 2"),
        ("y_pred + 'a'", "E422", "'a'", "must be a number"),
        ("sqrt('a')", "E422", "'a'", "a tensor or numbers"),
        ("mean([y_pred, y_true])", "E422", "[y_pred, y_true]", "numbers alone"),
        ("bitwise_and(y_pred, y_true)", "E422", "y_pred", "cast(…, 'int32')"),
        ("logsumexp(y_pred > 2)", "E422", "y_pred > 2", "cast(…, 'float32')"),
        ("3 + 4", "E422", "3 + 4", "this is 7 whatever the model gives"),
        ("'abc'", "E422", "'abc'", "whatever the model gives"),
        ("y_pred * (1 / 0)", "E604", "(1 / 0)", "division by zero"),
        ("y_pred * 9 ** 99", "E605", "9 ** 99", "too large"),
        ("9 ** 99 * y_pred", "E605", "9 ** 99", "too large"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_characters(text: str, code: str, marked: str | None, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        steps(text)
    error = caught.value
    assert error.code == code, error.message
    if marked is not None:
        assert text[error.start : error.end] == marked
    assert words in f"{error.message}; {error.help}"


@pytest.mark.parametrize(
    ("text", "smooth", "batched"),
    [
        ("mean(abs(y_pred), axis=-1)", True, True),
        ("mean(y_pred)", True, False),
        ("mean(y_pred, axis=0)", True, False),
        ("mean(cast(y_pred > 0.5, 'float32'), axis=-1)", False, True),
        ("round(y_pred)", False, True),
        ("stop_gradient(y_pred)", False, True),
        ("stop_gradient(y_pred) * y_pred", True, True),
        ("y_true", False, True),
        ("where(y_pred > 0, y_pred, 0)", True, True),
        ("where(y_pred > 0, 1.0, 0.0)", False, True),
    ],
)
def test_what_can_be_learned_from(text: str, smooth: bool, batched: bool) -> None:
    found = steps(text)
    assert (found.smooth, found.batched) == (smooth, batched)


def test_sizes_that_are_not_known_are_kept() -> None:
    sequence = TensorType(batched(symbol("time"), 4))
    assert str(steps("mean(square(s), axis=-1)", s=sequence).type) == "float32(batch, time)"
    assert steps_of(run_time("mean(s)"), {"s": Tensor(None)}) is None


def test_arguments_stand_in_the_order_of_keras() -> None:
    keras = pytest.importorskip("keras")
    for record in formula_ops().values():
        function = getattr(keras.ops, record.name.removeprefix("ops."))
        assert tuple(inspect.signature(function).parameters) == in_order(record), record.name


def test_only_ops_on_elements_and_along_axes_are_called() -> None:
    names = set(formula_ops())
    assert {"square", "mean", "where", "logsumexp", "softmax", "stop_gradient", "median", "absolute"} <= names
    refused = {"matmul", "reshape", "transpose", "concatenate", "zeros", "sort", "top_k", "glu", "select", "einsum"}
    assert not names & refused
    assert all(find("ops", f"ops.{name}") is not None for name in refused)


# --- that they compute what they say -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """An expression, and what NumPy makes of the same."""

    text: str
    value: Callable[[dict[str, Any]], Any]


def tensors() -> st.SearchStrategy[Drawn]:
    names = st.sampled_from(["y_true", "y_pred", "wide", "count"])
    return names.map(lambda name: Drawn(name, lambda given: given[name]))


def leaves() -> st.SearchStrategy[Drawn]:
    import numpy as np

    numbers = st.sampled_from([0.5, 2, 3, -1.5, 10])
    return st.one_of(
        tensors(),
        tensors(),
        numbers.map(lambda number: Drawn(f"({number})", lambda given: np.float32(number))),
    )


def grown(inner: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn]:
    import numpy as np

    one = {
        "square": np.square, "abs": np.abs, "tanh": np.tanh, "sign": np.sign, "negative": np.negative,
        "relu": lambda x: np.maximum(x, 0), "sin": np.sin,
    }  # fmt: skip
    two = {"+": np.add, "-": np.subtract, "*": np.multiply}
    named = {"maximum": np.maximum, "minimum": np.minimum}
    along = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min, "prod": np.prod}
    compared = {"<": np.less, ">=": np.greater_equal, "==": np.equal}

    def call(name: str, of: Drawn) -> Drawn:
        return Drawn(f"{name}({of.text})", lambda given: one[name](of.value(given)))

    def sign(name: str, left: Drawn, right: Drawn) -> Drawn:
        text = f"({left.text} {name} {right.text})"
        return Drawn(text, lambda given: two[name](left.value(given), right.value(given)))

    def pair(name: str, left: Drawn, right: Drawn) -> Drawn:
        return Drawn(
            f"{name}({left.text}, {right.text})", lambda given: named[name](left.value(given), right.value(given))
        )

    def reduced(name: str, of: Drawn, axis: int | None, keep: bool) -> Drawn:
        words = f", axis={'none' if axis is None else axis}" + (", keepdims=true" if keep else "")
        return Drawn(f"{name}({of.text}{words})", lambda given: along[name](of.value(given), axis=axis, keepdims=keep))

    def chosen(name: str, left: Drawn, right: Drawn, yes: Drawn, no: Drawn) -> Drawn:
        return Drawn(
            f"({yes.text} if {left.text} {name} {right.text} else {no.text})",
            lambda given: np.where(
                compared[name](left.value(given), right.value(given)), yes.value(given), no.value(given)
            ),
        )

    return st.one_of(
        st.builds(call, st.sampled_from(sorted(one)), inner),
        st.builds(sign, st.sampled_from(sorted(two)), inner, inner),
        st.builds(pair, st.sampled_from(sorted(named)), inner, inner),
        st.builds(reduced, st.sampled_from(sorted(along)), inner, st.sampled_from([-1, 0, 1, None]), st.booleans()),
        # Of numbers alone it would be known at once which of the two is meant, and the other not looked at.
        st.builds(chosen, st.sampled_from(sorted(compared)), tensors(), inner, inner, inner),
    )


@settings(max_examples=100, deadline=None)
@given(st.recursive(leaves(), grown, max_leaves=8))
def test_values_and_shapes_are_those_of_numpy(drawn: Drawn) -> None:
    pytest.importorskip("keras")
    np = pytest.importorskip("numpy")
    import keras

    from keraspec.runtime.formulas import evaluated

    rng = np.random.default_rng(1)
    given = {
        "y_true": rng.normal(size=(5, 3)).astype("float32"),
        "y_pred": rng.normal(size=(5, 3)).astype("float32"),
        "wide": rng.normal(size=(5, 1)).astype("float32"),
        "count": rng.normal(size=(5,)).astype("float32"),
    }
    types = {name: Tensor(TensorType(batched(*array.shape[1:]))) for name, array in given.items()}
    try:
        found = steps_of(run_time(drawn.text), types)
    except ExpressionError as error:
        refused: ExpressionError | None = error
    else:
        refused = None
    if refused is not None:  # an axis that is not there, or shapes that would meet with the batch elsewhere
        assert refused.code == "E422", (drawn.text, refused.message)
        return
    assert found is not None
    with np.errstate(all="ignore"):
        wanted = np.asarray(drawn.value(given))
    result = np.asarray(evaluated(found, given))
    sizes = tuple(size if isinstance(size, int) else 5 for size in found.type.shape)
    assert result.shape == wanted.shape == sizes, drawn.text
    if sizes.count(5) > 1 and keras.backend.backend() == "tensorflow":
        return  # Keras 3.15 takes a column that is added to a square for a bias, and adds it along the wrong axis
    np.testing.assert_allclose(result, wanted, rtol=2e-3, atol=1e-4)


def test_a_sum_is_that_of_numpy_where_keras_would_take_a_column_for_a_bias() -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("keras")
    from keraspec.runtime.formulas import evaluated

    given = {"wide": np.arange(5, dtype="float32")[:, None], "count": np.arange(5, dtype="float32") + 10}
    types = {name: Tensor(TensorType(batched(*array.shape[1:]))) for name, array in given.items()}
    for text in ("wide * count + wide", "1 + wide", "wide + 1"):
        found = steps_of(run_time(text), types)
        assert found is not None
        assert np.array_equal(evaluated(found, given), eval(text, {}, given))


# --- in specs ----------------------------------------------------------------------------------------------------

SPEC = """
keraspec = 1
inputs.x.shape = [4]
layers = [
  { name = "code", type = "Dense", units = 3 },
  { name = "answer", type = "Dense", units = 2, ACTIVE },
]
[training]
"""
FINE = '{ expression = "mean(square(y_true - y_pred), axis=-1)" }'


def checked(training: str, active: str = "") -> Checked:
    return compile_text(SPEC.replace(", ACTIVE", active and f", {active}") + training)


def codes(training: str, active: str = "") -> list[str]:
    return [one.code for one in checked(training, active).diagnostics]


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        (f"loss = {FINE}", []),
        (f'loss = {FINE}\nmetrics = [{{ name = "far", expression = "max(abs(y_true - y_pred), axis=-1)" }}, "mae"]',
         []),
        ('metrics = [{ expression = "mean(y_pred)" }]', []),
        ('loss = { expression = "mean(abs(y_true), axis=-1)" }', ["E423"]),
        ('loss = { expression = "y_pred > y_true" }', ["E423"]),
        ('loss = { expression = "mean(round(y_pred - y_true))" }', ["E423"]),
        (f'loss = {FINE}\nmetrics = [{{ expression = "y_pred > y_true" }}]', []),
        (f'loss = {FINE}\nmetrics = [{{ expression = "y_pred > y_tru" }}]', ["E421"]),
        ('loss = { expresion = "y_pred" }', ["E102"]),
        ('loss = { expression = 3 }', ["E105"]),
        ('loss = { expression = "mean(y_pred)", delta = 3 }', ["E102"]),
        ('loss = { type = "Huber", expression = "y_pred" }', ["E104"]),
        ('loss = "mse"\nmetrics = [{ expression = "" }]', ["E106"]),
        ('loss = { expression = "mean(square(y_true - y_pred))" }\nclass_weight = { 0 = 2 }', ["E423", "E403"]),
        (f'loss = {FINE}\nmetrics = [{{ name = "far", expression = "y_pred" }}]\n'
         'callbacks = [{ type = "EarlyStopping", monitor = "far" }]', ["E420"]),
        (f'loss = {FINE}\nmetrics = [{{ name = "far", expression = "y_pred" }}]\n'
         'callbacks = [{ type = "EarlyStopping", monitor = "far", mode = "min" }]', []),
        ('loss = "sparse_categorical_crossentropy"\nmetrics = [{ expression = "y_pred" }]', ["E414", "E413"]),
    ],
)  # fmt: skip
def test_losses_and_metrics_in_a_spec(training: str, expected: list[str]) -> None:
    assert codes(training) == expected


TERM = '[[training.losses]]\nname = "small"\nexpression = "{}"\ninputs = {}\n'


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        (TERM.format("mean(abs(c))", '{ c = "code" }'), []),
        (TERM.format("square(c - x)", '{ c = "code", x = "x" }'), ["E422"]),
        (TERM.format("square(x)", '{ x = "x" }'), ["E423"]),
        (TERM.format("abs(c)", '{ c = "code", x = "x" }'), ["W404"]),
        (TERM.format("abs(c)", '{ c = "cod" }'), ["E201"]),
        (TERM.format("abs(c)", '{ c = "code[1]" }'), ["E208"]),
        (TERM.format("abs(c)", '{ c = "code.inner" }'), ["E201"]),
        (TERM.format("abs(c)", '{ c = "a b" }'), ["E212"]),
        (TERM.format("abs(c)", "{ c = 3 }"), ["E105"]),
        (TERM.format("abs(c)", '"code"'), ["E105"]),
        (TERM.format("abs(c)", "{}"), ["E421"]),
        (TERM.format("abs(c)", '{ not = "code" }'), ["E113"]),
        (TERM.format("abs(c)", '{ a-b = "code" }'), ["E113"]),
        (TERM.format("c > 0", '{ c = "code" }'), ["E423"]),
        ('[[training.losses]]\ninputs = { c = "code" }', ["E103"]),
        ('[[training.losses]]\nexpression = "mean(c)"\ninputs = { c = "code" }\n' * 2, []),
        (TERM.format("abs(c)", '{ c = "code" }') * 2, ["E424"]),
        (TERM.format("abs(c)", '{ c = "code" }').replace("small", "loss"), ["E424"]),
        (TERM.format("abs(c)", '{ c = "code" }').replace("small", "val_small"), ["E424"]),
        ('loss = "mse"\nmetrics = ["mae"]\n' + TERM.format("abs(c)", '{ c = "code" }').replace("small", "mae"),
         ["E424"]),
        ('callbacks = [{ type = "EarlyStopping", monitor = "small" }]\n' + TERM.format("abs(c)", '{ c = "code" }'), []),
        ('callbacks = [{ type = "EarlyStopping", monitor = "smal" }]\n' + TERM.format("abs(c)", '{ c = "code" }'),
         ["E411"]),
        ("losses = []", []),
        ("losses = {}", ["E105"]),
        ('[training.losses]\nname = "small"', ["E105"]),
    ],
)  # fmt: skip
def test_terms_in_a_spec(training: str, expected: list[str]) -> None:
    assert codes(training) == expected


def test_an_entry_may_reach_a_loss_term_alone() -> None:
    text = SPEC.replace(", ACTIVE", "").replace("layers = [", 'outputs = ["answer"]\nlayers = [')
    text = text.replace("\n]\n", '\n  { name = "aside", type = "Dense", units = 1, inputs = "code" },\n]\n')
    assert [one.code for one in compile_text(text).diagnostics] == ["E205"]
    assert not compile_text(text + TERM.format("square(a)", '{ a = "aside" }')).diagnostics


BLOCKS = """
keraspec = 1
inputs.x.shape = [4]
outputs = ["answer"]
layers = [
  { name = "deep", block = "two", repeat = 2 },
  { name = "side", type = "Dense", units = 2, each = [1, 2], inputs = "deep" },
  { name = "answer", type = "Add", inputs = "side" },
]
[parameters]
weight = 0.25
[blocks.two]
layers = [{ name = "a", type = "Dense", units = 4 }, { name = "b", type = "ReLU" }]
[training]
loss = { expression = "${weight} * mean(square(y_true - y_pred), axis=-1)" }
[[training.losses]]
name = "small"
weight = "${weight}"
expression = "EXPRESSION"
inputs = { a = "REFERENCE" }
"""


@pytest.mark.parametrize(
    ("reference", "expression", "expected"),
    [
        ("deep.0.a", "mean(abs(a)) * ${weight}", []),
        ("deep", "mean(abs(a))", []),
        ("side.1", "mean(abs(a))", []),
        ("deep.2.a", "mean(abs(a))", ["E201"]),
        ("side", "mean(abs(a))", ["E622"]),
        ("${'deep' + '.1.b'}", "mean(abs(a))", []),
        ("deep", "mean(${weight} * b)", ["E421"]),
        ("deep", "mean(${wait} * a)", ["E602"]),
    ],
)
def test_terms_look_into_blocks_and_take_parameters(reference: str, expression: str, expected: list[str]) -> None:
    text = BLOCKS.replace("EXPRESSION", expression).replace("REFERENCE", reference)
    found = compile_text(text)
    assert [one.code for one in found.diagnostics] == expected
    if not expected:
        assert found.typed is not None
        assert found.typed.graph.spec.training is not None
        assert found.typed.graph.spec.training.losses[0].weight == 0.25


@pytest.mark.parametrize("before", ["", "${weight} * a + ", "a * ${weight} + ${weight} * "])
def test_what_is_wrong_is_marked_beside_parameters(before: str) -> None:
    text = BLOCKS.replace("EXPRESSION", f"{before}mean(zz)").replace("REFERENCE", "deep")
    (one,) = compile_text(text).diagnostics
    assert text[one.place.start : one.place.end] == "zz"


def test_a_formula_takes_the_place_of_arguments_of_a_loss(tmp_path: Any) -> None:
    from keraspec.checked import compile_file

    base, upper = tmp_path / "base.keraspec.toml", tmp_path / "upper.keraspec.toml"
    base.write_text(SPEC.replace(", ACTIVE", "") + 'loss = { type = "Huber", delta = 2.0 }\n')
    upper.write_text(f'keraspec = 1\nextends = "base.keraspec.toml"\n[training]\nloss = {FINE}\n')
    assert not compile_file(upper).diagnostics
    spec = compile_file(upper, ['training.loss={ type = "Huber", delta = 1.0 }']).spec
    assert spec is not None
    assert spec.training is not None
    assert spec.training.loss == {"type": "Huber", "delta": 1.0}


def test_a_mask_says_which_steps_count() -> None:
    text = """
keraspec = 1
inputs.x.shape = ["time", 2]
layers = [{ type = "Masking" }, { name = "tag", type = "LSTM", units = 3, return_sequences = true }]
[training]
loss = { expression = "mean(square(y_true - y_pred), axis=AXIS)" }
"""
    assert not compile_text(text.replace("AXIS", "-1")).diagnostics
    assert not compile_text(text.replace("AXIS", "none")).diagnostics
    assert [one.code for one in compile_text(text.replace("AXIS", "[1, 2]")).diagnostics] == ["E422"]
