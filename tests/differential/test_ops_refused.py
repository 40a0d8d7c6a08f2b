"""Ops that can't stand in a graph: that Keras itself can't do anything with them there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from keraspec.compiler.catalogue import entry_record
from keraspec.compiler.catalogue.ops.refused import OPS

NAME = "relu"
"""What a spec could write where Keras wants a function."""
ROWS = 40
"""More than one batch of 32, and the last one shorter: as in training, the graph then can't know how large one is."""


def model(op: Callable[[Any], Any], *shape: int) -> Any:
    """What a model of the op predicts."""
    x = keras.Input(shape, dtype="float32")
    return keras.Model(x, op(x)).predict(np.ones((ROWS, *shape), "float32"), verbose=0)


def whole(op: Callable[[Any], Any]) -> Any:
    x = keras.Input((3,), dtype="int32")
    return keras.Model(x, op(x)).predict(np.ones((ROWS, 3), "int32"), verbose=0)


WITH_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "cond": lambda x: keras.ops.cond(True, NAME, NAME),
    "switch": lambda x: keras.ops.switch(0, [NAME, NAME], x),
    "map": lambda x: keras.ops.map(NAME, x),
    "vectorized_map": lambda x: keras.ops.vectorized_map(NAME, x),
    "vectorize": lambda x: keras.ops.vectorize(NAME)(x),
    "scan": lambda x: keras.ops.scan(NAME, x, x),
    "associative_scan": lambda x: keras.ops.associative_scan(NAME, x),
    "while_loop": lambda x: keras.ops.while_loop(NAME, NAME, [x])[0],
    "fori_loop": lambda x: keras.ops.fori_loop(0, 3, NAME, x),
    "custom_gradient": lambda x: keras.ops.custom_gradient(NAME)(x),
    "jvp": lambda x: keras.ops.jvp(NAME, (x,), (x,)),
}
UNMADE: dict[str, Callable[[], Any]] = {
    "convert_to_numpy": lambda: model(keras.ops.convert_to_numpy, 3),
    "isin": lambda: model(lambda x: keras.ops.isin(x, np.array([1.0, 2.0], "float32")), 3),
    "corrcoef": lambda: model(keras.ops.corrcoef, 3),
    "histogram": lambda: model(lambda x: keras.ops.histogram(keras.ops.ravel(x)), 3),
    "gcd": lambda: whole(lambda x: keras.ops.gcd(x, x)),
    "lcm": lambda: whole(lambda x: keras.ops.lcm(x, x)),
}
NO_TENSOR = ("is_tensor", "dtype", "ndim")


def test_every_refusal_is_shown() -> None:
    shown = [*WITH_FUNCTIONS, *UNMADE, *NO_TENSOR]
    assert sorted(f"ops.{name}" for name in shown) == sorted(record.name for record in OPS)
    for record in OPS:
        assert record.because == ("callable" if record.name.removeprefix("ops.") in WITH_FUNCTIONS else "symbolic")
        assert record.refused is not None
        assert "; " in record.refused, record.name


@pytest.mark.parametrize("name", WITH_FUNCTIONS)
def test_keras_wants_a_function(name: str) -> None:
    with pytest.raises((TypeError, ValueError), match="callable"):
        model(WITH_FUNCTIONS[name], 3)


@pytest.mark.parametrize("name", UNMADE)
def test_keras_runs_it_in_no_model(name: str) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        UNMADE[name]()


def test_keras_gives_no_tensor() -> None:
    x = keras.Input((3,))
    assert keras.ops.is_tensor(x) is False
    assert keras.ops.dtype(x) == "float32"
    announced = keras.ops.ndim(x)
    assert announced.shape == (2,)
    assert type(keras.Model(x, announced)(np.ones((2, 3), "float32"))) is int


def test_what_is_to_be_written_instead_is_there() -> None:
    for name in ("where", "select", "cumsum", "cumprod", "stop_gradient", "digitize", "bincount", "equal", "any",
                 "expand_dims", "matmul", "cast"):  # fmt: skip
        record = entry_record(f"ops.{name}")
        assert record is not None
        assert record.refused is None
