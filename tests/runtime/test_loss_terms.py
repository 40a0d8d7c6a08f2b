"""Losses, metrics and terms by expression train as the same thing written by hand, and leave a plain model behind."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

import keras
import numpy as np
import tensorflow as tf

import keraspec
from keraspec.checked import Checked, SpecError, compile_text
from keraspec.runtime.run import TERMS

from .conftest import Check

RNG = np.random.default_rng(4)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = (X @ np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]]) + 0.1).astype("float32")

REGRESSION = """
keraspec = 1
inputs.x.shape = [3]
layers = [
  { name = "hidden", type = "Dense", units = 5, activation = "tanh" },
  { name = "y", type = "Dense", units = 2 },
]
[training]
epochs = 2
seed = 3
optimizer = "adam"
"""
MSE = 'loss = "mse"\nmetrics = ["mae"]\n'
SAME = """
loss = { expression = "mean(square(y_true - y_pred), axis=-1)" }
metrics = [{ name = "mae", expression = "mean(abs(y_true - y_pred), axis=-1)" }]
"""

VAE = """
keraspec = 1
name = "vae"
inputs.x.shape = [3]
layers = [
  { name = "encoder", block = "encoder" },
  { name = "zero", type = "ops.zeros_like", inputs = "encoder.mean" },
  { name = "noise", type = "GaussianNoise", stddev = 1.0 },
  { name = "deviation", type = "ops.exp", inputs = "encoder.half" },
  { name = "spread", type = "ops.multiply", inputs = ["noise", "deviation"] },
  { name = "code", type = "ops.add", inputs = ["encoder.mean", "spread"] },
  { name = "decoder", type = "Dense", units = 3 },
]

[blocks.encoder]
layers = [
  { name = "body", type = "Dense", units = 4, activation = "tanh" },
  { name = "mean", type = "Dense", units = 2, inputs = "body" },
  { name = "log_variance", type = "Dense", units = 2, inputs = "body" },
  { name = "half", type = "ops.multiply", x2 = 0.5, inputs = "log_variance" },
]
outputs = { mean = "mean", half = "half" }

[training]
epochs = 2
seed = 3
optimizer = "adam"
loss = "mse"

[[training.losses]]
name = "kl"
expression = "-0.5 * sum(1 + v - square(m) - exp(v), axis=-1)"
inputs = { m = "encoder.mean", v = "encoder.log_variance" }
weight = 0.1
"""


def batches(*arrays: Any) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(arrays).batch(8)


def run_of(checked: Checked, place: Path, *arrays: Any, **more: Any) -> Any:
    return keraspec.train(checked, batches(*arrays), run_dir=place, **more)


def test_a_loss_by_expression_trains_as_the_one_of_keras(check: Check, tmp_path: Path) -> None:
    weights = np.linspace(0.0, 3.0, len(X)).astype("float32")
    runs = [
        run_of(check(REGRESSION + text), tmp_path / name, X, Y, weights) for name, text in (("a", MSE), ("b", SAME))
    ]
    for key in ("loss", "mae"):
        assert [row[key] for row in runs[0].history] == [row[key] for row in runs[1].history]
    models = [run.model() for run in runs]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)
    saved = keras.saving.load_model(runs[1].model_path)
    np.testing.assert_array_equal(saved.predict(X, verbose=0), models[0].predict(X, verbose=0))


def by_hand() -> tuple[keras.Model, keras.Model]:
    """The same autoencoder as VAE, with a train step of its own, as a Keras tutorial would write it."""
    x = keras.Input((3,))
    body = keras.layers.Dense(4, activation="tanh")(x)
    mean = keras.layers.Dense(2)(body)
    log_variance = keras.layers.Dense(2)(body)
    noise = keras.layers.GaussianNoise(1.0)(keras.ops.zeros_like(mean))
    code = mean + noise * keras.ops.exp(log_variance * 0.5)
    plain = keras.Model(x, keras.layers.Dense(3)(code))
    inner = keras.Model(x, [plain.output, mean, log_variance])

    class Trained(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner
            self.total = keras.metrics.Mean(name="loss")
            self.kl = keras.metrics.Mean(name="kl")

        @property
        def metrics(self) -> list[Any]:
            return [self.total, self.kl]

        def train_step(self, data: Any) -> Any:
            x, y = data
            with tf.GradientTape() as tape:
                y_pred, m, v = self.inner(x, training=True)
                error = keras.ops.mean(keras.losses.mean_squared_error(y, y_pred))
                kl = keras.ops.mean(-0.5 * keras.ops.sum(1 + v - keras.ops.square(m) - keras.ops.exp(v), axis=-1))
                loss = error + 0.1 * kl
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
            self.total.update_state(loss, sample_weight=keras.ops.shape(x)[0])
            self.kl.update_state(kl, sample_weight=keras.ops.shape(x)[0])
            return {one.name: one.result() for one in self.metrics}

    return plain, Trained()


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run_of(compile_text(VAE), tmp_path_factory.mktemp("vae") / "run", X, X)


def test_a_variational_autoencoder_trains_as_one_by_hand(autoencoder: Any) -> None:
    run = autoencoder
    keras.utils.set_random_seed(3)
    plain, model = by_hand()
    model.compile("adam", jit_compile=False)
    history = model.fit(batches(X, X), epochs=2, shuffle=False, verbose=0).history
    for key in ("loss", "kl"):
        np.testing.assert_allclose([row[key] for row in run.history], history[key], rtol=1e-6)
    for one, other in zip(run.model().get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_saved_model_knows_nothing_of_terms(autoencoder: Any) -> None:
    run = autoencoder
    saved = keras.saving.load_model(run.model_path)
    assert type(saved).__name__ == "Functional"
    assert saved.compiled
    assert saved.optimizer.iterations == 10
    with zipfile.ZipFile(run.model_path) as archive:
        config = archive.read("config.json").decode()
    assert "keraspec" not in config
    assert json.loads(config)["compile_config"]["loss"] == "mse"
    seen = keras.saving.load_model(run.folder / TERMS)
    assert len(seen.outputs) == 3
    np.testing.assert_array_equal(seen.predict(X, verbose=0)[0], saved.predict(X, verbose=0))


ONLY = """
keraspec = 1
inputs.x.shape = [3]
layers = [
  { name = "scaled", type = "Normalization" },
  { name = "code", type = "Dense", units = 2 },
  { name = "half", type = "ops.multiply", x2 = 0.5 },
  { name = "back", type = "Dense", units = 3 },
  { name = "aside", type = "Dense", units = 1, inputs = "code" },
]
outputs = ["back"]

[data]
source = { type = "csv", path = "rows.csv" }
inputs.x.column = ["a", "b", "c"]
split = { validation = 0.25 }
batch_size = 8

[training]
epochs = 2
optimizer = { type = "SGD", learning_rate = 0.05 }
callbacks = [{ type = "EarlyStopping", monitor = "val_far", patience = 1 }]

[[training.losses]]
name = "far"
expression = "mean(square(back - scaled), axis=-1)"
inputs = { back = "back", scaled = "scaled" }

[[training.losses]]
name = "aside"
expression = "square(one - a)"
inputs = { one = "aside", a = "x" }
weight = 0.5
"""


def table(rows: Any) -> str:
    return "a,b,c\n" + "".join(",".join(f"{value:.6f}" for value in row) + "\n" for row in rows)


def test_terms_may_be_all_there_is(check: Check, tmp_path: Path) -> None:
    text = ONLY.replace("square(one - a)", "mean(square(one - a), axis=-1)")
    checked = check(text, files={"rows.csv": table(X), "new.csv": table(X[:9])})
    run = keraspec.train(checked, run_dir=tmp_path / "run")
    first, last = run.history[0], run.history[-1]
    assert last["far"] < first["far"]
    assert last["aside"] < first["aside"]  # its own layer, which the outputs know nothing of, learns as well
    np.testing.assert_allclose(last["loss"], last["far"] + 0.5 * last["aside"], rtol=1e-5)
    assert {"val_loss", "val_far", "val_aside"} <= first.keys()
    assert "aside" not in {layer.name for layer in run.model().layers}
    measured = keraspec.evaluate(run.folder).metrics
    assert measured == pytest.approx(run.metrics["validation"], rel=1e-6)
    new = keraspec.evaluate(run.folder, tmp_path / "new.csv").metrics
    given = run.model().predict(X[:9], verbose=0)
    scaled = run.model().get_layer("scaled")(X[:9])
    assert new["far"] == pytest.approx(float(np.mean((given - scaled) ** 2)), rel=1e-4)
    assert keraspec.predict(run.folder, tmp_path / "new.csv").count == 9


def test_without_targets_arrays_and_datasets_need_none(check: Check, tmp_path: Path) -> None:
    checked = check(VAE.replace('loss = "mse"\n', "").replace("epochs = 2", "epochs = 1"))
    arrays = keraspec.train(checked, (X, None), run_dir=tmp_path / "a")
    assert arrays.history[0]["loss"] == pytest.approx(0.1 * arrays.history[0]["kl"], rel=1e-5)
    bare = keraspec.train(checked, tf.data.Dataset.from_tensor_slices((X,)).batch(8), run_dir=tmp_path / "b")
    assert bare.history[0].keys() == arrays.history[0].keys()


SEVERAL = """
keraspec = 1
inputs.x.shape = [3]
outputs = { near = "a", far = "b" }
layers = [
  { name = "a", type = "Dense", units = 2, inputs = "x", kernel_regularizer = { type = "L2", l2 = 0.1 } },
  { name = "b", type = "Dense", units = 1, inputs = "x" },
]
[training]
epochs = 1
seed = 1
optimizer = "sgd"
[training.outputs.near]
LOSS
weight = 0.25
metrics = [{ expression = "max(abs(y_true - y_pred), axis=-1)" }]
[training.outputs.far]
loss = "mae"
[[training.losses]]
name = "both"
expression = "abs(mean(a) - mean(b))"
inputs = { a = "a", b = "b" }
weight = 0.5
"""


def test_several_outputs_and_terms_are_reported_each(check: Check, tmp_path: Path) -> None:
    targets = {"near": Y, "far": Y[:, :1]}
    runs = []
    for name, loss in (("a", 'loss = "mse"'), ("b", SAME.strip().splitlines()[0])):
        checked = check(SEVERAL.replace("LOSS", loss))
        data = tf.data.Dataset.from_tensor_slices((X, targets)).batch(8)
        runs.append(keraspec.train(checked, data, run_dir=tmp_path / name))
    numbers = [{key: value for key, value in run.history[0].items() if key != "seconds"} for run in runs]
    assert numbers[0] == numbers[1]
    assert {"loss", "near_loss", "far_loss", "both", "near_expression"} <= numbers[1].keys()
    saved = runs[1].model()
    assert set(saved.predict(X[:2], verbose=0)) == {"near", "far"}
    kernel = saved.get_layer("a").kernel
    measured = runs[1].metrics["train"]
    parts = 0.25 * measured["near_loss"] + measured["far_loss"] + 0.5 * measured["both"]
    assert measured["loss"] == pytest.approx(parts + 0.1 * float(np.sum(np.square(kernel))), rel=1e-5)


def test_targets_of_another_shape_are_not_broadcast(check: Check, tmp_path: Path) -> None:
    checked = check(REGRESSION + SAME)
    with pytest.raises(SpecError) as caught:
        run_of(checked, tmp_path / "run", X, Y[:, :1])
    (one,) = caught.value.diagnostics
    assert one.code == "E417"
    assert "the targets have shape (8, 1) and the output has (8, 2)" in one.message


def test_class_weights_weigh_the_rows_of_an_expression(check: Check, tmp_path: Path) -> None:
    text = REGRESSION.replace("epochs = 2", "epochs = 1").replace("units = 2 }", 'units = 2, activation = "softmax" }')
    text += 'class_weight = { no = 1.0, yes = 5.0 }\n[data]\nsource = { type = "csv", path = "rows.csv" }\n'
    text += 'inputs.x.column = ["a", "b", "c"]\ntargets.y = { column = "label", encode = "one_hot" }\nshuffle = false\n'
    labels = ["yes" if row[0] > 0 else "no" for row in X]
    rows = table(X).splitlines()
    csv = "\n".join([rows[0] + ",label", *(f"{row},{label}" for row, label in zip(rows[1:], labels, strict=True))])
    histories = []
    for name, loss in (
        ("a", '"categorical_crossentropy"'),
        ("b", '{ expression = "categorical_crossentropy(y_true, y_pred)" }'),
    ):
        checked = check(
            text.replace('optimizer = "adam"', f'optimizer = "adam"\nloss = {loss}'), files={"rows.csv": csv}
        )
        run = keraspec.train(checked, run_dir=tmp_path / name)
        histories.append([row["loss"] for row in run.history])
    assert histories[0] == histories[1]


def test_in_half_precision_terms_are_computed_in_float32(check: Check, tmp_path: Path) -> None:
    """In float16 a million is infinite, and what is left of it is no number."""
    text = VAE.replace("seed = 3", 'seed = 3\nprecision = "mixed_float16"').replace(
        "square(m)", "square(m) + 1e6 - 1e6"
    )
    run = run_of(check(text.replace("epochs = 2", "epochs = 1")), tmp_path / "run", X, X)
    assert run.history[0]["kl"] == pytest.approx(1.17, abs=0.2)
