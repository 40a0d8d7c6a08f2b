"""No document whatsoever gives a traceback: valid specs with anything put in place of anything."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.spec.codes import codes
from keraspec.spec.report import as_record, concise, full

PICTURES: dict[str, Any] = {
    "keraspec": 1,
    "name": "digits",
    "description": "Handwritten digits.",
    "inputs": {"image": {"shape": [28, 28, 1]}},
    "layers": [
        {"type": "Conv2D", "filters": 8, "kernel_size": [3, 3], "activation": "relu", "padding": "same"},
        {"type": "MaxPooling2D", "pool_size": 2},
        {"name": "norm", "type": "BatchNormalization", "axis": -1},
        {"type": "SpatialDropout2D", "rate": 0.1, "call": {"training": True}},
        {"type": "Reshape", "target_shape": [14, 112]},
        {"type": "Flatten"},
        {
            "type": "Dense",
            "units": 10,
            "name": "digit",
            "activation": "softmax",
            "kernel_regularizer": {"type": "L2", "l2": 0.01},
        },
    ],
    "outputs": ["digit"],
    "data": {
        "source": {"type": "csv", "path": "digits.csv"},
        "split": {"validation": 0.15, "test": 0.15, "stratify": "label"},
        "batch_size": 32,
        "inputs": {"image": {"column": "pixel_*"}},
        "targets": {"digit": {"column": "label", "encode": "index"}},
        "missing": {"pixel_1": 0},
    },
    "training": {
        "epochs": 3,
        "optimizer": {
            "type": "Adam",
            "learning_rate": {"type": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 10},
        },
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", {"type": "SparseTopKCategoricalAccuracy", "k": 3}],
        "callbacks": [{"type": "EarlyStopping", "monitor": "val_loss", "patience": 3}],
        "class_weight": {"3": 2.0},
        "precision": "float32",
    },
}
WORDS: dict[str, Any] = {
    "$schema": "keraspec-1.json",
    "keraspec": 1,
    "inputs": {"words": {"shape": ["time"], "dtype": "int32"}, "more": {"shape": ["time"], "dtype": "int32"}},
    "layers": [
        {
            "name": "vectors",
            "type": "Embedding",
            "input_dim": 100,
            "output_dim": 16,
            "inputs": "words",
            "mask_zero": True,
        },
        {"name": "others", "reuse": "vectors", "inputs": "more"},
        {
            "name": "memory",
            "type": "LSTM",
            "units": 16,
            "return_state": True,
            "return_sequences": True,
            "inputs": "vectors",
        },
        {
            "type": "MultiHeadAttention",
            "num_heads": 2,
            "key_dim": 8,
            "inputs": {"query": "memory[0]", "value": "others"},
            "call": {"use_causal_mask": True},
        },
        {"name": "both", "type": "Bidirectional", "layer": {"type": "GRU", "units": 4}},
        {"name": "each", "type": "TimeDistributed", "layer": {"type": "Dense", "units": 2}, "inputs": "others"},
        {"name": "mean", "type": "GlobalAveragePooling1D"},
        {"name": "join", "type": "Concatenate", "inputs": ["both", "mean", "memory[1]", "memory[2]"]},
        {"name": "answer", "type": "Dense", "units": 1, "activation": "sigmoid"},
        {"name": "side", "type": "Dense", "units": 3, "inputs": "each"},
    ],
    "outputs": {"yes": "answer", "kind": "side"},
    "training": {"outputs": {"yes": {"loss": "binary_crossentropy", "weight": 0.5, "metrics": ["auc"]}}},
}
SPECS = (PICTURES, WORDS)
KEYS = (
    "type",
    "name",
    "inputs",
    "reuse",
    "block",
    "units",
    "layers",
    "outputs",
    "keraspec",
    "shape",
    "dtype",
    "call",
    "axis",
    "layer",
    "repeat",
    "training",
    "x",
    "",
    "0",
    "filters",
    "loss",
    "metrics",
    "kernel_size",
    "parameters",
    "é",
)
TEXTS = st.sampled_from(
    [
        "Dense",
        "LSTM",
        "Add",
        "relu",
        "none",
        "words",
        "digit",
        "memory[1]",
        "memory[99]",
        "a.b",
        "${x}",
        "",
        "same",
        "64",
        "adam",
        "mse",
        "vectors",
        "-1",
        "time",
        "Bidirectional",
        "float32",
        "string",
        "mixed_float16",
        "*",
        "val_loss",
        "ops.add",
        "é\u0000\n",
    ]
) | st.text(max_size=6)
NUMBERS = (
    st.sampled_from([0, 1, -1, 2, 3, 2**31, 2**62, -(2**63), 0.5, -0.0, 1e308, 64.0, 1e3])
    | st.integers(-3, 50)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=6,
)


def holders(data: Any) -> list[Any]:
    """Every list and table of a document that holds something."""
    found, waiting = [], [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list) and one:
            found.append(one)
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return found


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A valid spec with one to five changes: a value replaced, a key dropped, renamed or added, entries swapped."""
    data = copy.deepcopy(draw(st.sampled_from(SPECS)))
    for _ in range(draw(st.integers(1, 5))):
        every = holders(data)
        if not every:
            break
        one = every[draw(st.integers(0, len(every) - 1))]
        keys = list(one) if isinstance(one, dict) else list(range(len(one)))
        key = draw(st.sampled_from(keys))
        match draw(st.sampled_from(["replace", "replace", "drop", "rename", "add", "copy"])):
            case "replace":
                one[key] = draw(VALUES)
            case "drop":
                del one[key]
            case "rename" if isinstance(one, dict):
                one[draw(st.sampled_from(KEYS))] = one.pop(key)
            case "add":
                if isinstance(one, dict):
                    one[draw(st.sampled_from(KEYS))] = draw(VALUES)
                else:
                    one.append(draw(VALUES))
            case _:
                other = every[draw(st.integers(0, len(every) - 1))]
                one[key] = copy.deepcopy(other)
    return data


def says(text: str, language: str) -> None:
    """Check a text through the whole pipeline, and look at every diagnostic in every form."""
    checked = compile_text(text, language)
    for one in checked.diagnostics:
        record = as_record(one)
        assert record["code"] in codes(), record
        assert record["message"]
        assert "Traceback" not in full(one)
        assert "HOLE" not in full(one).replace(record["file"], "")
        assert concise(one).count("\n") == 0
        assert 0 <= one.place.start <= one.place.end <= len(one.place.source.text)
    assert len({(one.place.start, one.place.end, one.code, one.message) for one in checked.diagnostics}) == len(
        checked.diagnostics
    )


@pytest.mark.parametrize("spec", SPECS, ids=["pictures", "words"])
def test_the_specs_are_valid_as_they_stand(spec: Any) -> None:
    assert [one.message for one in compile_text(json.dumps(spec), "json").errors] == []


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_changed_specs_give_diagnostics(data: Any) -> None:
    says(json.dumps(data), "json")


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_any_json_gives_diagnostics(data: Any) -> None:
    says(json.dumps(data), "json")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SPECS), st.data())
def test_any_value_in_any_place_of_an_entry(spec: Any, data: st.DataObject) -> None:
    changed = copy.deepcopy(spec)
    entry = data.draw(st.sampled_from(changed["layers"]))
    key = data.draw(st.sampled_from(sorted(entry)))
    entry[key] = data.draw(VALUES)
    says(json.dumps(changed), "json")
