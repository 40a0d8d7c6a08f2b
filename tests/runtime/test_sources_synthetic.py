"""Rows at random: they fit whatever the spec says, without TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from keraspec.runtime.data import prepare

SPEC = """
keraspec = 1
name = "t"
inputs.x.shape = {shape}
layers = [{{ name = "y", type = "Dense", units = {units}, activation = "{activation}" }}]
[data]
source = {{ type = "synthetic", rows = 20, length = 5 }}
{data}
[training]
loss = "{loss}"
"""


def rows(check, loss, units=3, activation="softmax", shape="[4]", data="", *overrides):
    text = SPEC.format(loss=loss, units=units, activation=activation, shape=shape, data=data)
    checked = check(text, *overrides)
    return prepare(checked.typed, checked.path.parent).parts["train"]


def test_classes(check):
    found = rows(check, "sparse_categorical_crossentropy")
    assert found.inputs["x"].shape == (20, 4)
    assert set(found.targets["y"].tolist()) == {0, 1, 2}
    assert rows(check, "sparse_categorical_crossentropy", shape='["time", 4]').targets["y"].shape == (20, 5)


def test_rows_with_a_single_one(check):
    target = rows(check, "categorical_crossentropy").targets["y"]
    assert target.shape == (20, 3)
    assert (target.sum(axis=1) == 1).all()
    assert set(np.unique(target)) == {0, 1}


@pytest.mark.parametrize(
    ("loss", "units", "activation"),
    [
        ("binary_crossentropy", 1, "sigmoid"),
        ("binary_focal_crossentropy", 4, "sigmoid"),
        ("hinge", 1, "tanh"),
        ("mse", 2, "linear"),
        ("log_cosh", 1, "linear"),
        ("kl_divergence", 3, "softmax"),
        ("poisson", 1, "exponential"),
        ("mean_squared_logarithmic_error", 1, "relu"),
        ("cosine_similarity", 4, "linear"),
        ("circle", 4, "linear"),
        ("categorical_hinge", 3, "linear"),
        ("tversky", 1, "sigmoid"),
    ],
)
def test_every_loss_has_a_target(check, loss, units, activation):
    target = rows(check, loss, units, activation).targets["y"]
    assert len(target) == 20
    assert np.isfinite(target).all()
    if loss in ("binary_crossentropy", "binary_focal_crossentropy", "hinge"):
        assert set(np.unique(target)) == {0, 1}
    if loss in ("poisson", "mean_squared_logarithmic_error", "kl_divergence"):
        assert (target >= 0).all()
    if loss == "kl_divergence":
        np.testing.assert_allclose(target.sum(axis=-1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    "columns", ['"x"', '["a", "b", "c", "d"]', '"p_*"', '["a", "p_*"]', '["p_*", "q_*"]', '["a", "b?"]', '"[abcd]"']
)
def test_columns_are_those_that_the_spec_names(check, columns):
    found = rows(check, "mse", 1, "linear", data=f"inputs.x.column = {columns}")
    assert found.inputs["x"].shape == (20, 4)


def test_the_same_seed_gives_the_same_rows(check):
    one, two = (rows(check, "mse", 1, "linear") for _ in range(2))
    other = rows(check, "mse", 1, "linear", "[4]", "", "data.source.seed=1")
    assert np.array_equal(one.inputs["x"], two.inputs["x"])
    assert np.array_equal(one.targets["y"], two.targets["y"])
    assert not np.array_equal(one.inputs["x"], other.inputs["x"])


def test_an_autoencoder(check):
    data = 'inputs.x.column = "pixels"\ntargets.y.column = "pixels"'
    found = rows(check, "binary_crossentropy", 4, "sigmoid", data=data)
    assert np.array_equal(found.inputs["x"], found.targets["y"])
    assert 0 <= found.inputs["x"].min() < found.inputs["x"].max() <= 1


def test_columns_of_files_are_drawn_as_what_is_in_them(check):
    data = 'inputs.x = { column = "file", decode = { type = "image" } }'
    found = rows(check, "mse", 1, "linear", "[4, 4]", data)
    assert found.inputs["x"].shape == (20, 4, 4)
