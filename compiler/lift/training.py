"""From what a model was compiled with to the training section of a spec.

The network is the same without it: what a spec can't say of it is a note, and the rest is carried on.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..catalogue.kinds import Kind, an
from .arguments import plain, written
from .network import Difference, Network, Place, Unreadable

OPTIMIZER: Final = an("optimizers", "an optimizer")
LOSS: Final = an("losses", "a loss")
METRIC: Final = an("metrics", "a metric")
DEFAULT_OPTIMIZER: Final = "rmsprop"
AT: Final[Place] = ("compile_config",)
UNNAMED: Final = ("MeanMetricWrapper", "LossFunctionWrapper")
"""Classes that Keras wraps around functions."""

Ends = Sequence[tuple[str, str, str]]
"""Of each output its name in the spec, the layer that gives it, and what else Keras may have called it."""


def training_of(
    compiled: Mapping[str, Any] | None, network: Network, ends: Ends, notes: list[Difference]
) -> dict[str, Any]:
    """The training section; empty where the model was not compiled, or with nothing that a spec can say.

    ``notes`` gets what can't be said.
    """
    if not compiled:
        return {}
    reader = _Reader(notes)
    training: dict[str, Any] = {}
    optimizer = reader.object(OPTIMIZER, _exact(compiled.get("optimizer")), (*AT, "optimizer"), "optimizer")
    if optimizer is not None and optimizer != DEFAULT_OPTIMIZER:
        training["optimizer"] = optimizer
    losses = reader.each(LOSS, compiled.get("loss"), (*AT, "loss"), ends, "loss")
    weights = _weights(compiled.get("loss_weights"), ends)
    metrics = reader.lists(compiled.get("metrics"), (*AT, "metrics"), ends)
    alone = len(ends) == 1
    if (
        losses
        and (alone or (len(losses) == len(ends) and all(one == losses[0] for one in losses)))
        and not any(metrics[1:])
    ):
        if losses[0] is not None:
            training["loss"] = losses[0]
        if alone and metrics[0]:
            training["metrics"] = metrics[0]
        losses = [None] * len(ends)
        metrics = [[] if alone else one for one in metrics]
    tables = {}
    for index, (name, _, _) in enumerate(ends):
        table: dict[str, Any] = {}
        if losses and losses[index] is not None:
            table["loss"] = losses[index]
        if weights[index] not in (None, 1, 1.0):
            table["weight"] = weights[index]
        if metrics[index]:
            table["metrics"] = metrics[index]
        if table:
            tables[name] = table
    if tables:
        training["outputs"] = tables
    if compiled.get("weighted_metrics"):
        notes.append(
            Difference("`weighted_metrics` are left out: a spec measures every row alike", (*AT, "weighted_metrics"))
        )
    steps = compiled.get("steps_per_execution")
    if isinstance(steps, int) and steps > 1:
        training["steps_per_execution"] = steps
    return training if training.keys() & {"loss", "outputs", "optimizer"} else {}


class _Reader:
    """Reads one compiled state."""

    def __init__(self, notes: list[Difference]) -> None:
        self.notes = notes

    def object(self, kind: Kind, value: Any, at: Place, name: str) -> Any:
        """An object as a spec states it, or None where there is none or it can't be said."""
        if value is None:
            return None
        value = _unwrapped(value)
        try:
            return written(kind, plain(value), at, name, "the training")
        except Unreadable as problem:
            self.notes.extend(
                Difference(f"{one.message}; it is left out of the training", one.at, one.help) for one in problem.every
            )
            return None

    def each(self, kind: Kind, value: Any, at: Place, ends: Ends, name: str) -> list[Any]:
        """An object for each output; empty where there are none."""
        if value is None:
            return []
        if isinstance(value, list):
            return (
                [self.object(kind, one, (*at, index), name) for index, one in enumerate(value)]
                if len(value) == len(ends)
                else []
            )
        if isinstance(value, Mapping) and "class_name" not in value:
            found = [_of(value, end) for end in ends]
            return [self.object(kind, one, (*at, end[0]), name) for one, end in zip(found, ends, strict=True)]
        one = self.object(kind, value, at, name)
        return [one for _ in ends]

    def lists(self, value: Any, at: Place, ends: Ends) -> list[list[Any]]:
        """A list of metrics for each output."""
        if not value:
            return [[] for _ in ends]
        if isinstance(value, Mapping) and "class_name" not in value:
            found = [_of(value, end) for end in ends]
            return [self._list(one, (*at, end[0])) for one, end in zip(found, ends, strict=True)]
        if (
            isinstance(value, list)
            and len(ends) > 1
            and len(value) == len(ends)
            and any(isinstance(one, list) for one in value)
        ):
            return [self._list(one, (*at, index)) for index, one in enumerate(value)]
        whole = self._list(value, at)
        if len(ends) == 1 or not isinstance(value, list) or len(value) != len(ends):
            return [list(whole) for _ in ends]
        return [[one] for one in whole]  # Keras gives each output one of them

    def _list(self, value: Any, at: Place) -> list[Any]:
        if value is None:
            return []
        values = value if isinstance(value, list) else [value]
        if len(values) == 1 and isinstance(values[0], list):
            values = values[0]
        found = [self.object(METRIC, one, (*at, index), "metric") for index, one in enumerate(values)]
        return [one for one in found if one is not None]


def _of(table: Mapping[str, Any], end: tuple[str, str, str]) -> Any:
    return next((table[name] for name in end if name in table), None)


def _weights(value: Any, ends: Ends) -> list[Any]:
    if isinstance(value, Mapping):
        return [_of(value, end) for end in ends]
    if isinstance(value, list) and len(value) == len(ends):
        return list(value)
    return [value if isinstance(value, int | float) else None for _ in ends]


def _unwrapped(value: Any) -> Any:
    """The function inside the class that Keras puts around it."""
    if isinstance(value, Mapping) and value.get("class_name") in UNNAMED and isinstance(value.get("config"), Mapping):
        return value["config"].get("fn", value)
    return value


def _exact(optimizer: Any) -> Any:
    """The learning rate as it was written: Keras keeps it in 32 bits, so that 0.001 reads 0.0010000000474974513."""
    config = optimizer.get("config") if isinstance(optimizer, Mapping) else None
    if isinstance(config, Mapping) and isinstance(config.get("learning_rate"), float):
        return {**optimizer, "config": {**config, "learning_rate": shortest(config["learning_rate"])}}
    return optimizer


def shortest(value: float) -> float:
    """The number with the fewest digits that is the same in 32 bits.

    >>> shortest(0.0010000000474974513)
    0.001
    """
    if _single(value) != value:
        return value
    return next((short for digits in range(1, 10) if _single(short := float(f"{value:.{digits}g}")) == value), value)


def _single(value: float) -> float:
    try:
        found: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return value
    return found
