"""Weights: carried from every kind of file, taken by a build, refused where they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import keraspec
from keraspec import SpecError


def model() -> keras.Model:
    x = keras.Input((6, 4), name="x")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="encoder")
    y = layers.Bidirectional(layers.GRU(2), name="both")(x)
    z = layers.Concatenate()([inner(x[:, 0]), inner(x[:, 1]), y])
    made = keras.Model(x, layers.Dense(2, name="end")(layers.Dropout(0.5, seed=1)(z)), name="small")
    rng = np.random.default_rng(0)
    for one in made.weights:
        one.assign(rng.uniform(0.1, 0.9, one.shape))
    return made


@pytest.mark.parametrize("ending", ["keras", "h5", "object"])
@pytest.mark.parametrize("fold", [False, True])
def test_weights_come_along(ending: str, fold: bool, tmp_path: Path) -> None:
    source = model()
    saved: Any = source
    if ending != "object":
        saved = tmp_path / f"small.{ending}"
        source.save(saved)
    found = keraspec.import_model(saved, fold=fold)
    found.save(tmp_path / "small.toml")
    found.save_weights(tmp_path / "small.weights.h5")
    own = keraspec.build(tmp_path / "small.toml", weights=tmp_path / "small.weights.h5")
    rows = np.random.default_rng(1).random((3, 6, 4), "float32")
    np.testing.assert_array_equal(own.predict_on_batch(rows), source.predict_on_batch(rows))
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith(".")) == []


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "two.toml"
    path.write_text(
        'keraspec = 1\ninputs.x.shape = [4]\nlayers = [\n  { name = "a", type = "Dense", units = 3 },\n'
        '  { name = "b", type = "Dense", units = 2 },\n]\n'
    )
    return path


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ([3], "the file has no weights for layer `b`"),
        ([3, 5], r"layer `b` needs weights of shape \(3, 2\), the file has \(3, 5\)"),
        ([3, 2, 2], "the file has weights for `layers/dense_2/vars/0`, and the model none"),
    ],
)
def test_weights_that_do_not_fit(units: list[int], message: str, spec: Path, tmp_path: Path) -> None:
    other = keras.Sequential([keras.Input((4,)), *(layers.Dense(one) for one in units)])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(SpecError, match=message):
        keraspec.build(spec, weights=tmp_path / "other.weights.h5")


def test_files_that_are_none(spec: Path, tmp_path: Path) -> None:
    (tmp_path / "text.weights.h5").write_text("weights")
    with pytest.raises(SpecError, match="is no HDF5 file of weights"):
        keraspec.build(spec, weights=tmp_path / "text.weights.h5")
    with pytest.raises(FileNotFoundError):
        keraspec.build(spec, weights=tmp_path / "nothing.weights.h5")


def test_an_architecture_has_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(model().to_json())
    with pytest.raises(SpecError, match="holds no weights"):
        keraspec.import_model(path).save_weights(tmp_path / "small.weights.h5")


def test_training_begins_with_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    path.write_text(
        'keraspec = 1\ninputs.x.shape = [4]\nlayers = [{ name = "a", type = "Dense", units = 2 }]\n\n'
        '[training]\nloss = "mse"\noptimizer = { type = "SGD", learning_rate = 1e-30 }\n'
    )
    start = keraspec.build(path)
    start.save_weights(tmp_path / "one.weights.h5")
    rows = np.random.default_rng(0).random((40, 4), "float32"), np.zeros((40, 2), "float32")
    run = keraspec.train(path, rows, run_dir=tmp_path / "run", weights=tmp_path / "one.weights.h5")
    trained = keras.models.load_model(run.folder / "model.keras", compile=False)
    for one, other in zip(start.weights, trained.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    with pytest.raises(SpecError, match="is no HDF5 file"):
        keraspec.train(path, rows, run_dir=tmp_path / "again", weights=path)
