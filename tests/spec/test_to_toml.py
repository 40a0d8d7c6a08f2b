"""From plain data to TOML: what is written is read again as it was, and looks as a person would write it."""

from __future__ import annotations

from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.spec.read import read_text
from keraspec.spec.to_toml import Expression, as_read, toml_text

DIGITS: dict[str, Any] = {
    "keraspec": 1,
    "name": "digits",
    "description": "${no} expression",
    "inputs": {"image": {"shape": [8, 8, 1]}, "tokens": {"shape": ["time"], "dtype": "int32"}},
    "layers": [
        {"filters": 32, "type": "Conv2D", "inputs": "image", "name": "conv1", "bias_initializer": None},
        {"type": "Flatten"},
        {"when": Expression("${deep}"), "units": Expression("${2 * n}"), "type": "Dense", "activation": "${odd}"},
        {"name": "unit", "repeat": (2, 3), "block": "unit", "width": Expression("${item}")},
    ],
    "outputs": {"digit": "unit"},
    "blocks": {"unit": {"parameters": {"width": {}, "kind": "relu"}, "layers": [{"type": "ReLU"}]}},
    "parameters": {"n": 5, "deep": {"enum": [True, False], "default": True}},
    "training": {
        "optimizer": {"type": "Adam", "learning_rate": 0.001},
        "loss": "sparse_categorical_crossentropy",
        "callbacks": [{"type": "EarlyStopping", "monitor": "val_loss", "patience": 3, "restore_best_weights": True}]
        * 2,
    },
    "data": {
        "source": {"type": "csv", "path": "data/digits.csv"},
        "inputs": {"image": {"column": "pixel_*"}},
        "targets": {"digit": {"column": "label"}},
    },
}

TEXT = """\
keraspec = 1
name = "digits"
description = "${no} expression"
inputs.image.shape = [8, 8, 1]
inputs.tokens.shape = ["time"]
inputs.tokens.dtype = "int32"
layers = [
  { name = "conv1", type = "Conv2D", inputs = "image", filters = 32, bias_initializer = "none" },
  { type = "Flatten" },
  { type = "Dense", units = "${2 * n}", activation = "$${odd}", when = "${deep}" },
  { name = "unit", block = "unit", repeat = [2, 3], width = "${item}" },
]
outputs = { digit = "unit" }

[parameters]
n = 5
deep = { enum = [true, false], default = true }

[blocks.unit]
parameters = { width = {}, kind = "relu" }
layers = [
  { type = "ReLU" },
]

[training]
optimizer = { type = "Adam", learning_rate = 0.001 }
loss = "sparse_categorical_crossentropy"
callbacks = [
  { type = "EarlyStopping", monitor = "val_loss", patience = 3, restore_best_weights = true },
  { type = "EarlyStopping", monitor = "val_loss", patience = 3, restore_best_weights = true },
]

[data]
source = { type = "csv", path = "data/digits.csv" }

[data.inputs.image]
column = "pixel_*"

[data.targets.digit]
column = "label"
"""


def test_it_reads_like_a_spec_that_somebody_wrote() -> None:
    assert toml_text(DIGITS) == TEXT
    assert tomli.loads(TEXT) == as_read(DIGITS)


def test_entries_that_do_not_fit_into_a_line_get_tables() -> None:
    layers = [{"type": "Dense", "units": 3}, {"type": "StringLookup", "vocabulary": [f"word {n}" for n in range(30)]}]
    lines = toml_text(
        {"keraspec": 1, "layers": layers, "outputs": ["a"], "blocks": {"b": {"layers": layers}}}
    ).splitlines()
    assert lines[:7] == ["keraspec = 1", 'outputs = ["a"]', "", "[[layers]]", 'type = "Dense"', "units = 3", ""]
    assert lines.count("[[layers]]") == 2
    assert lines[lines.index("[blocks.b]") + 1] == "layers = ["
    assert toml_text({"layers": layers}, width=1000).startswith("layers = [\n")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "\ud800", object(), b"x", {1}])
def test_what_toml_has_no_words_for_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"finite|surrogate|values like"):
        toml_text({"keraspec": 1, "layers": [{"type": "Dense", "units": value}]})


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["${a}", "$${", "none", "\x7f\n"]
)
keys = st.from_regex(r"[a-z_]{1,8}", fullmatch=True) | texts
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars | texts | texts.map(Expression),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
tables = st.dictionaries(keys, values, max_size=5)
entries = st.fixed_dictionaries(
    {"type": texts}, optional={"name": texts, "inputs": values, "call": tables, "when": values}
)
specs = st.fixed_dictionaries(
    {"keraspec": st.just(1)},
    optional={
        "name": texts,
        "description": texts,
        "extends": texts,
        "include": st.lists(texts, max_size=2),
        "inputs": st.dictionaries(keys, tables, max_size=3),
        "layers": st.lists(st.builds(lambda a, b: {**b, **a}, entries, tables), max_size=5),
        "outputs": values,
        "parameters": tables,
        "blocks": st.dictionaries(
            keys,
            st.fixed_dictionaries({"layers": st.lists(entries, max_size=3)}, optional={"parameters": tables}),
            max_size=2,
        ),
        "data": tables,
        "training": tables,
        "assertions": st.lists(tables, max_size=2),
    },
)


@given(specs)
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_again_as_it_was(data: dict[str, Any]) -> None:
    text = toml_text(data)
    assert tomli.loads(text) == as_read(data)
    document, findings = read_text("spec.toml", text.encode(), "toml")
    assert findings == ()
    assert document is not None
    assert document.data == as_read(data)
