"""A plugin in one file: a layer, a loss, a metric and a data source of one's own.

Run it from the folder above:

    keraspec train --allow-plugin examples/plugins/demand.py examples/plugins/demand.keraspec.toml

What keraspec must know to check a spec stands in the records and their rules, and needs no Keras. The classes
themselves are made by functions that are called when a model is built.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from keraspec.plugin import (
    INITIALIZER,
    POSITIVE,
    SEED,
    Argument,
    Call,
    Inferred,
    Record,
    Table,
    Weight,
    float_input,
    known_axis,
    number,
    product,
    result,
)

# --- a layer: one half of the units decides how much of the other half passes (https://arxiv.org/abs/1612.08083) -----


def gated_shape(call: Call) -> Inferred:
    """The last axis becomes ``units``; the weights are one matrix and one bias for both halves."""
    x = float_input(call)
    width, units = known_axis(call, -1), call["units"]
    weights = (Weight("kernel", (width, 2 * units)), Weight("bias", (2 * units,)))
    places = product(x.shape[1:-1])
    return result(call, (*x.shape[:-1], units), weights, flops=places * (4 * width * units + 4 * units))


@cache
def gated() -> Any:
    """The layer itself."""
    import keras

    class GatedUnit(keras.layers.Layer):  # type: ignore[misc]
        """(…, width) → (…, units)."""

        def __init__(self, units: int, kernel_initializer: Any = "glorot_uniform", **options: Any) -> None:
            super().__init__(**options)
            self.units = units
            self.kernel_initializer = keras.initializers.get(kernel_initializer)

        def build(self, shape: tuple[int, ...]) -> None:
            self.kernel = self.add_weight(
                (shape[-1], 2 * self.units), initializer=self.kernel_initializer, name="kernel"
            )
            self.bias = self.add_weight((2 * self.units,), initializer="zeros", name="bias")

        def call(self, x: Any) -> Any:
            value, gate = keras.ops.split(keras.ops.matmul(x, self.kernel) + self.bias, 2, axis=-1)
            return value * keras.ops.sigmoid(gate)

        def get_config(self) -> dict[str, Any]:
            initializer = keras.initializers.serialize(self.kernel_initializer)
            return {**super().get_config(), "units": self.units, "kernel_initializer": initializer}

    return GatedUnit


LAYERS = (
    Record(
        name="GatedUnit",
        family="layers",
        summary="A dense layer of which one half opens and closes the other.",
        arguments=(
            Argument("units", POSITIVE, summary="Size of the result."),
            Argument("kernel_initializer", INITIALIZER, "glorot_uniform", "How the matrix begins."),
        ),
        rule=gated_shape,
        made=gated,
    ),
)

# --- a loss: too little costs more than too much (Koenker and Bassett, 1978) ------------------------------------------


@cache
def pinball() -> Any:
    """The loss itself."""
    import keras

    class Pinball(keras.losses.Loss):  # type: ignore[misc]
        """The quantile loss, averaged over the last axis."""

        def __init__(self, quantile: float = 0.9, name: str = "pinball", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.quantile = quantile

        def call(self, y_true: Any, y_pred: Any) -> Any:
            short = keras.ops.cast(y_true, y_pred.dtype) - y_pred
            return keras.ops.mean(keras.ops.maximum(self.quantile * short, (self.quantile - 1) * short), axis=-1)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "quantile": self.quantile}

    return Pinball


LOSSES = (
    Record(
        name="Pinball",
        family="losses",
        summary="Trains towards a quantile: 0.9 means that nine in ten true values lie below.",
        arguments=(Argument("quantile", number(above=0, below=1), 0.9, "The share that is to lie below."),),
        made=pinball,
    ),
)

# --- a metric: how many true values do lie below ----------------------------------------------------------------------


@cache
def coverage() -> Any:
    """The metric itself."""
    import keras

    class Coverage(keras.metrics.Mean):  # type: ignore[misc]
        """Share of the rows whose true value is not above the predicted one."""

        def __init__(self, name: str = "coverage", **options: Any) -> None:
            super().__init__(name=name, **options)

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            below = keras.ops.cast(keras.ops.cast(y_true, y_pred.dtype) <= y_pred, "float32")
            super().update_state(below, sample_weight)

    return Coverage


METRICS = (
    Record(
        name="Coverage", family="metrics", summary="Share of true values not above the predicted ones.", made=coverage
    ),
)

# --- a source: days of a shop, made up -------------------------------------------------------------------------------


def days() -> Any:
    """The function that reads the source."""
    import numpy as np

    def read(arguments: Any, folder: Any, pointer: Any) -> Table:
        generator = np.random.default_rng(int(arguments.get("seed", 0)))
        week = np.arange(int(arguments["days"])) % 7
        sold = 20 + 10 * (week >= 5) + generator.gamma(2.0, 3.0, len(week))
        columns = {"weekday": np.eye(7, dtype="float32")[week], "sold": sold.astype("float32")}
        return Table("made-up days", columns, standard=("weekday", "sold"))

    return read


SOURCES = (
    Record(
        name="days",
        family="sources",
        summary="Days of a shop that sells more at weekends.",
        arguments=(
            Argument("days", POSITIVE, summary="How many days."),
            Argument("seed", SEED, 0, "Makes the days repeatable."),
        ),
        made=days,
    ),
)
