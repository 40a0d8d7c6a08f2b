"""The layers that apply another layer, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from oracle import Case, Inputs, Plan, Tensor, agree, axis, shapes

LEFT_OUT = {("Bidirectional", "weights"): "arrays; a trained model brings its own"}


def recurrent(rng: Random) -> dict[str, Any]:
    """A recurrent layer, seldom one that is none."""
    name = rng.choice(("LSTM", "LSTM", "GRU", "GRU", "SimpleRNN", "RNN", "Dense"))
    written: dict[str, Any] = {"type": name, "units": rng.randint(1, 4)}
    if name == "RNN":
        written = {"type": name, "cell": {"type": "GRUCell", "units": 3}}
    if name != "Dense":
        for argument, share in (("return_sequences", 0.5), ("return_state", 0.3), ("go_backwards", 0.06)):
            if rng.random() < share:
                written[argument] = True
    return written


def backwards(rng: Random, written: dict[str, Any]) -> None:
    """A backward layer that mostly goes with the forward layer."""
    layer = written["layer"]
    if not isinstance(layer, dict) or layer["type"] not in ("LSTM", "GRU", "SimpleRNN") or rng.random() < 0.6:
        written.pop("backward_layer", None)
        return
    units = layer["units"] if rng.random() < 0.85 else layer["units"] + 1
    other = {**layer, "type": rng.choice((layer["type"], "GRU")), "units": units}
    if rng.random() < 0.9:
        other["go_backwards"] = not layer.get("go_backwards", False)
    if rng.random() < 0.1:
        other["return_sequences"] = not layer.get("return_sequences", False)
    written["backward_layer"] = other


def both_ways(rng: Random, written: Mapping[str, Any]) -> Inputs:
    """Sequences, and now and then states for both layers."""
    rank = rng.choice((2,) * 10 + (1, 3))
    x = Tensor(tuple(axis(rng, zero=0, unknown=0.07) for _ in range(rank)), rng.choice(("float32", "float16")))
    inputs: dict[str, tuple[Tensor, ...]] = {"sequences": (x,)}
    layer = written.get("layer")
    if rng.random() < 0.2 and isinstance(layer, dict) and "units" in layer:
        number = 4 if layer["type"] == "LSTM" else 2
        number -= rng.random() < 0.1
        inputs["initial_state"] = (Tensor((layer["units"],)),) * number
    return inputs


def other_width(case: Case) -> bool:
    """Keras takes the backward layer's output to be as wide as the forward layer's, and what follows is built wrong."""
    layer, other = case.written["layer"], case.written.get("backward_layer")
    return isinstance(other, dict) and (layer.get("units"), layer["type"]) != (other.get("units"), other["type"])


INNER: tuple[dict[str, Any], ...] = (
    {"type": "Dense", "units": 3},
    {"type": "Dense", "units": 2, "use_bias": False, "dtype": "float16"},
    {"type": "Dropout", "rate": 0.5},
    {"type": "LayerNormalization"},
    {"type": "Conv1D", "filters": 2, "kernel_size": 2},
    {"type": "Conv2D", "filters": 2, "kernel_size": 3, "padding": "same"},
    {"type": "GRU", "units": 2},
    {"type": "LSTM", "units": 2, "return_sequences": True},
    {"type": "LSTM", "units": 2, "return_state": True},
    {"type": "Bidirectional", "layer": {"type": "GRU", "units": 2}},
    {"type": "BatchNormalization"},
    {"type": "Add"},
)
PLANS = (
    Plan(
        "Bidirectional",
        both_ways,
        arguments={
            "layer": recurrent,
            "backward_layer": ({"type": "GRU", "units": 2, "go_backwards": True},),
            "merge_mode": ("concat", "sum", "mul", "ave", "none", "bogus"),
        },
        mend=backwards,
        wrong=0.05,
        known={"Keras knows one width only": other_width},
    ),
    Plan(
        "TimeDistributed",
        shapes(2, 3, 4, smallest=2, largest=6, unknown=0.07, zero=0, wrong=0.05),
        arguments={"layer": INNER},
        stuck={"the wrapper hands on its own dtype, which not every layer takes": lambda case: "dtype" in case.written},
        wrong=0,
        accepted=0.25,
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
