"""Locally connected layers, a kernel for every place, against the sum that they are, written out with NumPy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keraspec
from keraspec.compiler.lift.legacy import read_legacy
from keraspec.compiler.lift.network import Unreadable

from .legacy_models import entries, layer, lifted, params, sequential, shapes

Array = np.ndarray[Any, np.dtype[np.float64]]


def by_hand(
    image: Array, kernel: Array, bias: Array, taps: tuple[int, ...], strides: tuple[int, ...], first: bool
) -> Array:
    """What the layer of Keras 2 computed for one sample; ``kernel`` as it kept it, (places, patch, filters)."""
    space = image.shape[1:] if first else image.shape[:-1]
    counts = [(size - tap) // stride + 1 for size, tap, stride in zip(space, taps, strides, strict=True)]
    rows = []
    for number, place in enumerate(np.ndindex(*counts)):
        window = tuple(
            slice(at * stride, at * stride + tap) for at, stride, tap in zip(place, strides, taps, strict=True)
        )
        patch = image[(slice(None), *window)] if first else image[(*window, slice(None))]
        rows.append(patch.reshape(-1) @ kernel[number])
    given = np.stack(rows).reshape(*counts, -1) + bias.reshape(*counts, -1)
    return np.moveaxis(given, -1, 0) if first else given


CASES: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
    ("LocallyConnected2D", (5, 6, 2), {"kernel_size": [3, 2], "strides": [2, 1]}),
    ("LocallyConnected2D", (2, 5, 6), {"kernel_size": [3, 2], "data_format": "channels_first"}),
    ("LocallyConnected1D", (7, 3), {"kernel_size": [3], "strides": [2]}),
]


@pytest.mark.parametrize(("kind", "shape", "arguments"), CASES, ids=["2D", "2D-first", "1D"])
def test_the_numbers(kind: str, shape: tuple[int, ...], arguments: dict[str, Any], tmp_path: Path) -> None:
    start = {"batch_input_shape": [None, *shape]}
    model = sequential(layer(kind, "local", filters=4, padding="valid", implementation=1, **start, **arguments))
    spec = tmp_path / "local.keraspec.json"
    spec.write_text(json.dumps(lifted(model).data))
    built = keraspec.build(spec)
    rng = np.random.default_rng(7)
    weights = [rng.normal(size=one.shape) for one in built.weights]
    built.set_weights(weights)
    samples = rng.normal(size=(3, *shape))
    taps = tuple(arguments["kernel_size"])
    strides = tuple(arguments.get("strides", [1] * len(taps)))
    first = arguments.get("data_format") == "channels_first"
    expected = np.stack([by_hand(one, weights[0], weights[1], taps, strides, first) for one in samples])
    np.testing.assert_allclose(np.asarray(built(samples.astype("float32"))), expected, rtol=1e-4, atol=1e-5)


def test_behind_other_layers_and_in_keras_1() -> None:
    model = {
        "class_name": "Sequential",
        "keras_version": "1.2.2",
        "config": [
            layer("Convolution2D", "c", batch_input_shape=[None, 8, 8, 1], nb_filter=3, nb_row=3, nb_col=3),
            layer("LocallyConnected2D", "a", nb_filter=2, nb_row=2, nb_col=2, border_mode="valid", bias=False),
            layer("LocallyConnected2D", "b", nb_filter=1, nb_row=2, nb_col=2, init="he_normal", activation="relu"),
        ],
    }
    assert shapes(model) == [(4, 4, 1)]
    assert params(model) == (3 * 3 * 3 + 3) + 5 * 5 * (2 * 2 * 3) * 2 + 4 * 4 * ((2 * 2 * 2) + 1)
    assert [one.get("block", one.get("type")) for one in entries(model)] == ["Conv2D", "a", "b"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_input_shape": [None, None, 3], "kernel_size": 2}, "how many places there are is not known"),
        ({"batch_input_shape": [None, 8, 3], "kernel_size": 2, "padding": "same"}, "with padding"),
        ({"batch_input_shape": [None, 8, 3], "kernel_size": 9}, "larger than its input"),
        ({"batch_input_shape": [None, 8, 3], "kernel_size": [2, 2]}, "no whole `filters`, `kernel_size`"),
    ],
)
def test_what_can_not_be_stated(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_legacy(sequential(layer("LocallyConnected1D", "l", filters=4, **arguments)), None)


def test_weights_of_another_form_are_told_of() -> None:
    model = sequential(
        layer("LocallyConnected1D", "l", batch_input_shape=[None, 8, 3], filters=4, kernel_size=2, implementation=2)
    )
    assert ["another form" in one.message for one in lifted(model).notes] == [True]
