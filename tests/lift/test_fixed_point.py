"""spec → model → spec → model → spec: from the second on nothing changes; for real specs and for drawn ones."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from same_models import differences, same_model, settle

import keraspec
from keraspec.checked import compile_text
from keraspec.compiler.build import build
from keraspec.runtime.sample import WORDS, random_rows
from keraspec.spec.to_toml import toml_text

ROOT = Path(__file__).parents[2]
QUICK = {"merges", "seq2seq", "masks", "named_inputs", "scores", "cells", "digits", "penguins", "outputs_list", "mixed"}
SPECS = sorted([*(ROOT / "tests/golden/specs").iterdir(), *(ROOT / "examples").rglob("*.keraspec.toml")])


def holds(model: keras.Model) -> None:
    """Import and build twice: the same configuration and the same text."""
    first = keraspec.import_model(model)
    assert [one.message for one in first.checked.errors] == []
    rebuilt = build(first.checked.typed)  # type: ignore[arg-type]
    assert differences(same_model(json.loads(model.to_json())), same_model(json.loads(rebuilt.to_json()))) == []
    assert rebuilt.count_params() == model.count_params()
    second = keraspec.import_model(rebuilt)
    assert second.text == first.text
    assert compile_text(toml_text(second.data)).ok


@pytest.mark.parametrize(
    "path",
    [pytest.param(one, marks=() if one.name.split(".")[0] in QUICK else pytest.mark.long) for one in SPECS],
    ids=lambda one: one.name.split(".")[0],
)
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_a_spec_comes_back(path: Path) -> None:
    holds(keraspec.build(path))


@pytest.mark.long
@pytest.mark.parametrize(
    "path", [one for one in SPECS if one.parent.name == "architectures"], ids=lambda one: one.name.split(".")[0]
)
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_the_gallery_gives_the_same_numbers(path: Path, tmp_path: Path) -> None:
    typed = keraspec.load(path).typed
    assert typed is not None
    keras.utils.set_random_seed(3)
    model = keraspec.build(path)
    rows = random_rows(typed, 2)
    knows(model)
    settle(model, as_asked(model, rows))
    found = keraspec.import_model(model)
    found.save(tmp_path / "spec.toml")
    found.save_weights(tmp_path / "m.weights.h5")
    own = keraspec.build(tmp_path / "spec.toml", tmp_path / "m.weights.h5")
    knows(own)
    theirs, ours = (keras.tree.flatten(one.predict_on_batch(as_asked(one, rows))) for one in (model, own))
    assert len(theirs) == len(ours)
    for one, other in zip(theirs, ours, strict=True):
        assert np.isfinite(one).all()
        assert (one[0] != one[1]).any()
        np.testing.assert_array_equal(one, other)


def knows(model: keras.Model) -> None:
    """Give the words of the rows to what learns its words from data."""
    for one in model.layers:
        if isinstance(one, keras.layers.StringLookup | keras.layers.TextVectorization):
            one.adapt(list(WORDS))


def as_asked(model: keras.Model, rows: Any) -> Any:
    """The rows for each input, in the order of the model; for one input, its rows."""
    found = [rows[one.name] for one in model.inputs]
    return found if len(found) > 1 else found[0]


def drawn(seed: int) -> keras.Model:
    """A graph drawn at random: branches, joins, shared layers, ops with numbers, several outputs."""
    rng = Random(seed)
    wide = rng.choice([3, 4])
    inputs = [keras.Input((5, wide), name=f"in{index}") for index in range(rng.randint(1, 2))]
    tensors: list[Any] = list(inputs)
    shared: list[Any] = []
    for _ in range(rng.randint(2, 9)):
        x = rng.choice(tensors[-4:])
        other = rng.choice(tensors)
        match rng.randrange(9):
            case 0:
                tensors.append(keras.layers.Dense(wide, activation=rng.choice([None, "relu"]))(x))
            case 1:
                tensors.append(keras.layers.Add()([x, other]))
            case 2:
                tensors.append(rng.choice([x * 2.0, 1.0 - x, x + other, keras.ops.maximum(x, 0.5)]))
            case 3:
                layer = keras.layers.Dense(wide, name=f"shared{len(shared)}")
                shared.append(layer)
                tensors.append(layer(x))
            case 4 if shared:
                tensors.append(rng.choice(shared)(x))
            case 5:
                tensors.append(keras.layers.LSTM(wide, return_sequences=True)(x))
            case 6:
                tensors.append(keras.layers.Concatenate(axis=1)([x, other])[:, : x.shape[1]])
            case 7:
                tensors.append(keras.layers.LayerNormalization(epsilon=rng.choice([0.001, 0.01]))(x))
            case _:
                tensors.append(keras.layers.MultiHeadAttention(1, 2)(x, other))
    used = [one for one in tensors if one is not tensors[0]] or tensors
    ends = [tensors[-1]] if rng.random() < 0.6 else rng.sample(used, k=min(len(used), 2))
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], ends if len(ends) > 1 else ends[0])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.integers(0, 10**6))
def test_a_drawn_graph_comes_back(seed: int) -> None:
    holds(drawn(seed))


@pytest.mark.parametrize("seed", [7, 21])
def test_a_drawn_graph_gives_the_same_numbers(seed: int, tmp_path: Path) -> None:
    model = drawn(seed)
    found = keraspec.import_model(model, fold=True)
    found.save(tmp_path / "spec.toml")
    found.save_weights(tmp_path / "m.weights.h5")
    own = keraspec.build(tmp_path / "spec.toml", tmp_path / "m.weights.h5")
    rng = np.random.default_rng(seed)
    rows: Any = [rng.random((2, *one.shape[1:]), "float32") for one in model.inputs]
    rows = rows if len(rows) > 1 else rows[0]
    theirs, ours = (keras.tree.flatten(one.predict_on_batch(rows)) for one in (model, own))
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_array_equal(one, other)
