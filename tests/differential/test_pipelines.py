"""Layers one behind the other in one layer, against Keras."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from oracle import Plan, agree, shapes

from keraspec.compiler.build import make
from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.objects import instantiate
from keraspec.compiler.catalogue.pipelines import LEARNS
from keraspec.compiler.catalogue.record import ArgumentError

STEPS: tuple[dict[str, Any], ...] = (
    {"type": "Dense", "units": 3},
    {"type": "Dense", "units": 2, "dtype": "float16"},
    {"type": "Dense", "units": 4, "trainable": False},
    {"type": "Dropout", "rate": 0.5},
    {"type": "LayerNormalization"},
    {"type": "BatchNormalization"},
    {"type": "Conv1D", "filters": 2, "kernel_size": 2},
    {"type": "Flatten"},
    {"type": "Rescaling", "scale": 0.5},
    {"type": "Masking"},
    {"type": "GRU", "units": 2},
    {"type": "LSTM", "units": 2, "return_sequences": True},
    {"type": "LSTM", "units": 2, "return_state": True},
    {"type": "Add"},
    {"type": "AveragePooling1D", "pool_size": 2},
    {"type": "Pipeline", "layers": [{"type": "ReLU"}, {"type": "UnitNormalization"}]},
)


def _layers(rng: Random) -> list[dict[str, Any]]:
    """One to three layers, mostly of different classes: weights are told apart by the class."""
    return rng.sample(STEPS, rng.choice((1, 1, 2, 2, 3, 0)))


PLANS = (
    Plan(
        "Pipeline",
        shapes(1, 2, 3, smallest=2, largest=6, unknown=0.07, zero=0, wrong=0.05),
        arguments={"layers": _layers},
        known={
            "several weights of one name": lambda case: (
                sum(one["type"] == "Dense" for one in case.written["layers"]) > 1
            ),
            "a layer for one tensor is given the states as well, and takes them all": lambda case: any(
                one.get("return_state") for one in case.written["layers"][:-1]
            ),
        },
        wrong=0,
        accepted=0.25,
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)


@pytest.mark.parametrize("name", LEARNS)
def test_what_learns_from_data_is_refused_inside(name: str) -> None:
    record = find("layers", "Pipeline")
    assert record is not None
    assert record.check is not None
    inner = {"type": name} | ({"num_bins": 4} if name == "Discretization" else {})
    with pytest.raises(ArgumentError, match="learns from the data"):
        record.check(instantiate(record, {"layers": [inner]}).arguments)
    record.check(instantiate(record, {"layers": [{"type": "Dense", "units": 2}]}).arguments)


def test_a_pipeline_is_saved_and_opened(tmp_path: Any) -> None:
    import keras

    record = find("layers", "Pipeline")
    assert record is not None
    layer = make(instantiate(record, {"layers": [{"type": "Dense", "units": 2}, {"type": "ReLU"}]}), name="both")
    x = keras.Input((3,))
    model = keras.Model(x, layer(x))
    model.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras")
    rows = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(opened.predict(rows, verbose=0), model.predict(rows, verbose=0))
