"""What `show` counts against Keras: optimizer state, parameters, bytes of outputs."""

from __future__ import annotations

from math import prod
from typing import Any

import older
import pytest

from keraspec.checked import compile_text
from keraspec.compiler.build import make
from keraspec.compiler.optimizer_state import optimizer_bytes, optimizer_object
from keraspec.compiler.show import summarise
from keraspec.compiler.tensor import BYTES, Weight

OPTIMIZERS: list[dict[str, Any]] = [
    {"type": "SGD"},
    {"type": "SGD", "momentum": 0.9},
    {"type": "SGD", "momentum": 0.9, "nesterov": True, "use_ema": True},
    {"type": "RMSprop"},
    {"type": "RMSprop", "momentum": 0.5},
    {"type": "RMSprop", "centered": True},
    {"type": "RMSprop", "momentum": 0.5, "centered": True},
    {"type": "Adam"},
    {"type": "Adam", "amsgrad": True},
    {"type": "Adam", "use_ema": True, "gradient_accumulation_steps": 3},
    {"type": "AdamW"},
    {"type": "Nadam"},
    {"type": "Adamax"},
    {"type": "Adagrad"},
    {"type": "Adadelta"},
    {"type": "Ftrl"},
    {"type": "Lion"},
    {"type": "Lamb"},
    {"type": "ScheduleFreeAdamW"},
    {"type": "Adafactor"},
    {"type": "Muon"},
    {"type": "Muon", "exclude_embeddings": False},
    {"type": "Muon", "exclude_layers": ["dense"]},
    {"type": "LossScaleOptimizer", "inner_optimizer": {"type": "Adam", "amsgrad": True}},
    {
        "type": "MultiOptimizer",
        "optimizer_map": {
            "type": "OptimizerMap",
            "default_optimizer": "adam",
            "optimizer_map": {
                "conv/.*": "sgd",
                "dense/kernel": {"type": "RMSprop", "use_ema": True},
                "nothing": "lion",
            },
        },
    },
]


def _keras_weights() -> list[Any]:
    import keras

    keras.utils.clear_session()
    x = keras.Input((None,), dtype="int32")
    y = keras.layers.Embedding(7, 5, name="embedding")(x)
    y = keras.layers.Conv1D(3, 2, name="conv")(y)
    y = keras.layers.BatchNormalization(name="norm")(y)
    y = keras.layers.LSTM(4, name="lstm")(y)
    y = keras.layers.Dense(2, name="dense")(y)
    return keras.Model(x, y).weights


@pytest.mark.parametrize("written", OPTIMIZERS, ids=str)
def test_optimizer_state_is_what_keras_builds(written: dict[str, Any]) -> None:
    variables = _keras_weights()
    ours = optimizer_object(written)
    assert ours is not None
    if why := older.lacking(ours.record):
        pytest.skip(f"{ours.record.name} {why}")
    if ours.record.name == "Muon" and older.installed() < (3, 13):
        pytest.skip("up to Keras 3.12 it keeps less for vectors")
    theirs = make(ours)
    theirs.build([variable for variable in variables if variable.trainable])
    # Single numbers, such as the count of steps, are left out on both sides.
    expected = sum(prod(one.shape) * BYTES[one.dtype] for one in theirs.variables if len(one.shape))
    weights = [
        (one.path.split("/")[0], Weight(one.name, tuple(one.shape), one.trainable, one.dtype)) for one in variables
    ]
    assert optimizer_bytes(ours, weights) == expected


SPEC = """
keraspec = 1
name = "whole"
inputs.image = { shape = [16, 16, 3], dtype = "uint8" }
inputs.more.shape = [16, 16, 4]
layers = [
  { name = "scale", type = "Rescaling", scale = 0.1, inputs = "image" },
  { name = "first", type = "Conv2D", filters = 4, kernel_size = 3, padding = "same" },
  { name = "second", type = "Conv2D", filters = 4, kernel_size = 3, padding = "same" },
  { name = "again", reuse = "second", inputs = "more" },
  { name = "norm", type = "BatchNormalization", inputs = "second" },
  { name = "sum", type = "Add", inputs = ["norm", "again"] },
  { name = "rows", type = "TimeDistributed", layer = { type = "Flatten" } },
  { name = "read", type = "GRU", units = 6, return_state = true },
  { name = "fixed", type = "Dense", units = 3, inputs = "read[1]", trainable = false },
  { name = "class", type = "Dense", units = 2, inputs = "read" },
]
outputs = ["class", "fixed"]
"""


def test_totals_are_those_of_keras() -> None:
    import keras

    found = compile_text(SPEC)
    assert not found.errors, found.errors
    assert found.typed is not None
    totals = summarise(found.typed).totals

    layers = keras.layers
    image, more = keras.Input((16, 16, 3), dtype="uint8"), keras.Input((16, 16, 4))
    scaled = layers.Rescaling(0.1)(image)
    first = layers.Conv2D(4, 3, padding="same")(scaled)
    conv = layers.Conv2D(4, 3, padding="same")
    second, again = conv(first), conv(more)
    norm = layers.BatchNormalization()(second)
    total = layers.Add()([norm, again])
    rows = layers.TimeDistributed(layers.Flatten())(total)
    read = layers.GRU(6, return_state=True)(rows)
    fixed = layers.Dense(3, trainable=False)(read[1])
    label = layers.Dense(2)(read[0])
    model = keras.Model([image, more], [label, fixed])

    tensors = [scaled, first, second, again, norm, total, rows, *read, fixed, label]
    assert totals.params == model.count_params()
    assert totals.trainable_params == sum(prod(weight.shape) for weight in model.trainable_weights)
    assert totals.activation_bytes == sum(prod(one.shape[1:]) * BYTES[one.dtype] for one in tensors)
