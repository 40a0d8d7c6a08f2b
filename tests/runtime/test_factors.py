"""Learning-rate factors by layer: the weights move as with optimizers of their own, whatever the optimizer is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import compile_text
from keraspec.runtime.progress import SILENT
from keraspec.spec.naming import factor_of
from keraspec.training import train

from .conftest import Check

pytest.importorskip("tensorflow")

OPTIMIZERS: Mapping[str, Mapping[str, Any]] = {
    "Adadelta": {"learning_rate": 0.5},
    "Adafactor": {"learning_rate": 0.01},
    "Adagrad": {"learning_rate": 0.1},
    "Adam": {"amsgrad": True},
    "AdamW": {"weight_decay": 0.1},
    "Adamax": {},
    "Ftrl": {"l1_regularization_strength": 0.01},
    "Lamb": {},
    "Lion": {"weight_decay": 0.2},
    "Muon": {"weight_decay": 0.1, "adam_weight_decay": 0.2},
    "Nadam": {},
    "RMSprop": {"momentum": 0.9},
    "SGD": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "gradient_accumulation_steps": 2},
    "ScheduleFreeAdamW": {},
}


def test_what_is_said_of_a_layer_most_exactly_counts() -> None:
    factors = {"back*": 0.1, "backbone.top": 2.0, "*": 3.0, "backbone.b?d": 0.5}
    names = ("backbone.stem", "backbone.top.dense", "head", "backbone.bad")
    assert [factor_of(factors, name) for name in names] == [0.1, 2, 3, 0.5]
    assert factor_of({}, "head") == 1


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_move_as_with_an_optimizer_of_their_own(name: str) -> None:
    import keras

    from keraspec.runtime.paced import pace

    random = np.random.default_rng(1)
    starts = [random.normal(size=(4, 3)).astype("float32") for _ in range(3)]
    gradients = [[random.normal(size=(4, 3)).astype("float32") for _ in starts] for _ in range(4)]

    def moved(start: list[Any], rates: list[float], which: list[int]) -> list[Any]:
        weights = [keras.Variable(one, name=f"kernel_{number}") for number, one in zip(which, start, strict=True)]
        made = getattr(keras.optimizers, name)(**OPTIMIZERS[name])
        made.build(weights)
        if len(weights) > 1:
            pace(made, {id(one): rate for one, rate in zip(weights, rates, strict=True)})
        else:
            made.learning_rate = float(made.learning_rate) * rates[0]
        before = float(made.learning_rate)
        for step in gradients:
            made.apply([keras.ops.convert_to_tensor(step[number]) for number in which], weights)
        assert float(made.learning_rate) == before
        return [np.array(one) for one in weights]

    rates = [1.0, 0.1, 3.0]
    together = moved(starts, rates, [0, 1, 2])
    for number, rate in enumerate(rates):
        (alone,) = moved([starts[number]], [rate], [number])
        assert together[number] == pytest.approx(alone, rel=1e-5, abs=1e-7), number
        assert np.abs(together[number] - starts[number]).max() > 1e-4


def test_optimizers_around_others() -> None:
    import keras

    from keraspec.runtime.paced import pace

    def changes(made: Any) -> list[float]:
        weights = [keras.Variable(np.zeros((2, 2), "float32"), name=f"kernel_{number}") for number in range(2)]
        made.build(weights)
        pace(made, {id(weights[1]): 0.25})
        scale = made.scale_loss(keras.ops.convert_to_tensor(1.0))
        made.apply([keras.ops.ones((2, 2)) * scale] * 2, weights)
        return [float(np.array(one)[0, 0]) for one in weights]

    assert changes(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))) == pytest.approx([-0.1, -0.025])


SPEC = """
keraspec = 1
inputs.x.shape = [2]
layers = [
  { name = "seen", type = "Dense", units = 3 },
  { name = "y", type = "Dense", units = 1 },
]
[data]
source = { type = "csv", path = "t.csv" }
batch_size = 8
shuffle = false
inputs.x.column = ["a", "b"]
[training]
seed = 5
loss = "mse"
optimizer = { type = "SGD", learning_rate = 0.05 }
learning_rate_factors = { "s*" = 0.1 }
[[training.phases]]
epochs = 3
[[training.phases]]
epochs = 2
learning_rate_factors = { y = 2 }
"""


def rows() -> Any:
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 2)).astype("float32").round(3)
    return x, (x @ [[1.5], [-2]] + 1).astype("float32").round(3)


def test_training_is_that_of_the_same_steps_in_numpy(check: Check, tmp_path: Path) -> None:
    import keras

    x, y = rows()
    lines = ["a,b,y", *(f"{a:.3f},{b:.3f},{t[0]:.3f}" for (a, b), t in zip(x, y, strict=True))]
    checked = check(SPEC, files={"t.csv": "\n".join(lines) + "\n"})
    keras.utils.set_random_seed(5)
    assert checked.typed is not None
    from keraspec.compiler.build import build

    one, bias, two, shift = [np.array(weight, "float64") for weight in build(checked.typed).weights]
    for epoch in range(5):
        hidden = x @ one + bias
        wrong = 2 * (hidden @ two + shift - y) / len(x)
        back = wrong @ two.T
        slow, fast = 0.05 * 0.1, 0.05 * (1 if epoch < 3 else 2)
        two, shift = two - fast * hidden.T @ wrong, shift - fast * wrong.sum(0)
        one, bias = one - slow * x.T @ back, bias - slow * back.sum(0)
    run = train(checked, run_dir=tmp_path / "run", show=SILENT)
    assert run.history[-1]["phase"] == 2
    model = keras.models.load_model(run.model_path)  # by Keras alone
    for weight, expected in zip(model.weights, (one, bias, two, shift), strict=True):
        assert np.array(weight) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert "update_step" not in vars(model.optimizer)
    assert int(model.optimizer.iterations) == 5
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


def test_factors_of_layers_inside_an_application() -> None:
    from keraspec.compiler.build import assemble
    from keraspec.runtime.paced import factors_in

    text = """
keraspec = 1
inputs.photo.shape = [32, 32, 3]
layers = [
  { name = "backbone", type = "applications.MobileNetV2", include_top = false, weights = "none", alpha = 0.35 },
  { type = "GlobalAveragePooling2D" },
  { name = "kind", type = "Dense", units = 2, activation = "softmax" },
]
[training]
loss = "sparse_categorical_crossentropy"
learning_rate_factors = { backbone = 0.1, "backbone.block_16*" = 0.5 }
"""
    checked = compile_text(text)
    assert not checked.diagnostics
    assert checked.typed is not None
    built = assemble(checked.typed)
    found = factors_in(checked.typed, built)
    inner = built.layers["backbone"]
    kinds = {one.path: found.get(id(one), 1.0) for one in built.model.trainable_weights}
    assert set(kinds.values()) == {0.1, 0.5, 1.0}
    assert all(found[id(one)] == 0.5 for one in inner.get_layer("block_16_expand").weights)
    assert all(found[id(one)] == 0.1 for one in inner.get_layer("block_1_expand").weights)
    assert all(id(one) not in found for one in built.layers["kind"].weights)
