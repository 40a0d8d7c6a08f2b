"""The loop over epochs: what Keras' ``fit`` does around its steps, such that it can begin in the midst of one.

Metrics, callbacks and validation come in the order in which ``fit`` has them, so that the numbers are the same to the
last bit (on a CPU). How a step, or many of them at once, is carried out is up to ``Steps``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .state import Point

if TYPE_CHECKING:
    import keras

    from .steps import Steps


class Between(Protocol):
    """Who is asked between steps, behind all callbacks."""

    def begun(self, epoch: int, step: int) -> None:
        """An epoch, counted from 0, is about to begin, or to go on behind so many steps."""

    def room(self) -> int | None:
        """How many steps may be taken until something has to happen between them, if that is known."""

    def taken(self, epoch: int, step: int, logs: Mapping[str, Any]) -> bool:
        """So many steps of the epoch are done. True ends training here."""

    def ended(self, epoch: int, logs: Mapping[str, Any], *, whole: bool) -> bool:
        """An epoch is over, with all its steps or without. True ends training here."""


@dataclass(frozen=True, slots=True)
class Back:
    """Where training goes on, and what puts everything back as it was there; ``logs`` are of the last whole epoch."""

    point: Point
    restore: Callable[[], None]
    logs: Mapping[str, Any]


def drive(
    model: keras.Model,
    steps: Steps | None,
    *,
    validation: Any,
    first: int,
    epochs: int,
    callbacks: Sequence[Any],
    between: Between,
    back: Back | None = None,
    measure: Callable[..., Mapping[str, Any]] | None = None,
) -> None:
    """Train a compiled model, from epoch ``first`` up to ``epochs``, both counted from 0, or on from where it was.

    ``steps`` may be None where none are left to take. ``measure`` takes the place of ``model.evaluate``.
    """
    import keras

    listeners = keras.callbacks.CallbackList(
        list(callbacks),
        add_history=True,
        verbose=0,
        epochs=epochs,
        steps=None if steps is None else steps.count,
        model=model,
    )
    model.stop_training = False
    listeners.on_train_begin()
    logs: Mapping[str, Any] = {}
    skip = 0
    if back is not None:
        first, skip, logs = back.point.epoch, back.point.step, back.logs
        if not skip:
            back.restore()
    for epoch in range(first, first if back is not None and back.point.stopped else epochs):
        assert steps is not None
        model.reset_metrics()
        listeners.on_epoch_begin(epoch)
        if skip and back is not None:
            back.restore()
        try:
            whole = _epoch(model, steps, listeners, between, epoch, skip)
        finally:
            steps.end()
        skip = 0
        logs = dict(model.get_metrics_result())
        if validation is not None:
            if measure is not None:
                measured = measure(validation, callbacks=listeners)
            else:
                measured = model.evaluate(validation, callbacks=listeners, return_dict=True, verbose=0)
            logs = {**logs, **{f"val_{name}": value for name, value in measured.items()}}
        listeners.on_epoch_end(epoch, logs)
        if between.ended(epoch, logs, whole=whole) or model.stop_training:
            break
    model.optimizer.finalize_variable_values(model.trainable_weights)
    listeners.on_train_end(logs)


def _epoch(model: keras.Model, steps: Steps, listeners: Any, between: Between, epoch: int, skip: int) -> bool:
    """The steps of an epoch, without the first few; whether it has come to its end."""
    between.begun(epoch, skip)
    steps.begin(skip)
    while steps.count is None or steps.done < steps.count:
        room, before = between.room(), steps.done
        ask = steps.span if room is None else min(steps.span, room)
        listeners.on_train_batch_begin(before)
        logs = steps.run(ask)
        if logs is None:
            return True
        listeners.on_train_batch_end(before + ask - 1, logs)  # the last few may be less: Keras says so too
        if between.taken(epoch, steps.done, logs) or model.stop_training:
            return steps.done == steps.count
    return True
