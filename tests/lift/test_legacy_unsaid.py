"""Layers of old Keras that today has no words for, or not quite: what is said of them, and where."""

from __future__ import annotations

from typing import Any

import pytest

from keraspec.compiler.lift.legacy import read_legacy
from keraspec.compiler.lift.network import Unreadable

from .legacy_models import layer, lifted, sequential

IMAGE = {"batch_input_shape": [None, 8, 8, 3]}
ROW = {"batch_input_shape": [None, 6]}
SERIES = {"batch_input_shape": [None, 10, 4]}


def dense(**arguments: Any) -> dict[str, Any]:
    return layer("Dense", "it", **ROW, units=3, **arguments)


@pytest.mark.parametrize(
    ("model", "message", "help"),
    [
        (layer("Lambda", "mine", function=["code", None, None]), "`Lambda`, called `mine`, can't be imported", "ops"),
        (layer("Highway", "it", **ROW), "today's Keras has no `Highway`", "Dense"),
        (layer("MaxoutDense", "it", **ROW), "today's Keras has no `MaxoutDense`", "ops.max"),
        (layer("RandomHeight", "it", **IMAGE), "a random size", "RandomZoom"),
        (layer("Attend", "it", **ROW), "`Attend`, called `it`, is no layer of Keras", "my_package.Attend"),
        (layer("Custom>Attend", "it", **ROW), "is no layer of Keras", "my_package.Attend"),
        (layer("BatchNormalization", "it", **ROW, mode=2), "`mode = 2` of Keras 1", "LayerNormalization"),
        (layer("BatchNormalization", "it", **IMAGE, axis=[1, 2]), "normalizes along 2 axes", "Reshape"),
        (layer("LSTM", "it", **SERIES, units=3, time_major=True), "`time_major`", "time_major"),
        (dense(activation="my_relu"), "Keras has no activation `my_relu`", "ops"),
        (dense(activation=layer("LeakyReLU")), "an activation must be a name", "LeakyReLU"),
        (dense(kernel_initializer={"class_name": "Mine", "config": {}}), "`Mine`", "plugin"),
        (dense(W_regularizer={"name": "EigenvalueRegularizer", "k": 1}), "Eigenvalue", "plugin"),
        (dense(sparkle=7), "today's `Dense` has no argument `sparkle`", "without"),
        (layer("Merge", "it", mode="cos", layers=[]), "`mode = 'cos'`", "normalize"),
        (layer("Merge", "it", mode=["code"], layers=[]), "is a Python function", "ops"),
        (layer("TimeDistributed", "it", **SERIES, layer=7), "a layer must be an object, found the number 7", "damaged"),
        (layer("Conv2DTranspose", "it", **IMAGE, filters=4, kernel_size=3, groups=2), "here there are 2", "each"),
    ],
)  # fmt: skip
def test_what_today_has_no_words_for(model: dict[str, Any], message: str, help: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_legacy(sequential(model), None)
    first = raised.value.every[0]
    assert message in first.message
    assert help in (first.help or "")
    assert first.at[:3] == ("config", "layers", 0)


def test_everything_unreadable_is_told_at_once() -> None:
    model = sequential(
        layer("Lambda", "a", **ROW, function=[]),
        layer("Dense", "b", units=3, activation="mine", sparkle=7),
        layer("Highway", "c"),
    )
    with pytest.raises(Unreadable) as raised:
        read_legacy(model, None)
    assert [one.at[2:] for one in raised.value.every] == [
        (0, "config"),
        (1, "config", "activation"),
        (1, "config", "sparkle"),
        (2, "config"),
    ]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (layer("LSTM", "it", **SERIES, units=3, recurrent_activation="hard_sigmoid"), "`hard_sigmoid` was"),
        (layer("Embedding", "it", **ROW, input_dim=9, output_dim=2, dropout=0.2), "a share of 0.2"),
        (layer("CuDNNLSTM", "it", **SERIES, units=3), "kept two offsets"),
        (layer("Deconvolution2D", "it", **IMAGE, nb_filter=2, nb_row=3, nb_col=3, output_shape=[9]), "[9]"),
    ],
)  # fmt: skip
def test_what_will_not_be_as_it_was(model: dict[str, Any], message: str) -> None:
    notes = lifted(sequential(model)).notes
    assert [message in one.message for one in notes] == [True]
    assert notes[0].at[:3] == ("config", "layers", 0)


def test_places_are_those_of_the_file() -> None:
    """Also where the argument has another name today."""
    model = sequential(
        layer("LSTM", "it", **SERIES, output_dim=3, inner_activation="mine", W_regularizer={"name": "Mine"}),
        layer("SyncBatchNormalization", "norm", virtual_batch_size=4),
    )
    with pytest.raises(Unreadable) as raised:
        read_legacy(model, None)
    assert [one.at[3:] for one in raised.value.every] == [("config", "inner_activation"), ("config", "W_regularizer")]


def test_kernels_of_theano() -> None:
    """Its convolutions turned their kernels, which matters to who carries weights along; a Dense is none."""
    for kind, told in (
        (layer("Conv2D", "it", **IMAGE, filters=2, kernel_size=3), 1),
        (layer("Dense", "it", **ROW, units=2), 0),
    ):
        saved = read_legacy({**sequential(kind), "backend": "theano"}, None)
        assert ["Theano" in one.message for one in saved.differences] == [True] * told
        assert read_legacy(sequential(kind), None, backend="theano").differences == ()
        bare = sequential(kind)["config"]["layers"]
        assert len(read_legacy(bare, None, backend="theano").differences) == told
