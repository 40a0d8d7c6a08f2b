"""What is heard of training while it goes on: history, progress, rules, weights that move, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from ..compiler.heads import heads
from ..compiler.logged import RATE, logged
from .checkpoints import Checkpoints
from .feeds import flat
from .progress import Progress, in_order
from .rules import Rules
from .run import RunFolder
from .state import (
    Point,
    Snapshot,
    arrays_of,
    assign,
    draw_again,
    drawn_from,
    finite,
    put_back,
    states_of,
    variables_of,
)

if TYPE_CHECKING:
    import keras

    from ..compiler.graph import TypedGraph
    from .stages import Stage

NOTED_BYTES: Final = 2**26
"""Up to this size, states are noted in memory, so that a loss that becomes NaN can be looked into."""

NOTED_EVERY: Final = 1.0
"""Seconds between two such notes."""


Enough = Callable[[int, Mapping[str, float]], bool]
"""Asked behind each epoch, with its number, from 1, and what it measured: True ends training there."""


@dataclass(slots=True)
class Watch:
    """What is noted while Keras trains.

    ``stage`` is the number of the phase under way, from 0; ``steps`` how many steps were taken in all of them;
    ``pruned`` says that it was ended from outside; ``fired`` has the rules that were carried out, and ``moved`` how
    class weights moved, a row an epoch and class.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    interrupted: int | None = None
    diverged: bool = False
    pruned: bool = False
    stage: int = 0
    steps: int = 0
    fired: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)


class Listener:
    """Listens to one stage after the other, and is asked between steps (``driver.Between``)."""

    def __init__(self, model: keras.Model, whole: keras.Model, watch: Watch, place: RunFolder, show: Progress) -> None:
        self.model = model
        self.whole = whole
        self.watch = watch
        self.place = place
        self.show = show
        self.began = time.monotonic()
        self.earlier = 0.0
        """Seconds that training took before it was gone on with."""
        self.started = 0.0
        self.current = 0
        self.before = 0
        """Steps before the epoch under way."""
        self.rules: Rules | None = None
        self.checkpoints = Checkpoints(place, whole, show.say)
        self.stage: Stage | None = None
        self.enough: Enough | None = None
        self.noted: Snapshot | None = None
        self.written = 0.0
        """When ``noted`` was."""
        self.history_due = 0.0
        """When the history is to be written again, at the earliest; it is written at the end in any case."""

    def turn(self, model: keras.Model, whole: keras.Model) -> None:
        """Listen to another model, where a phase has one of its own."""
        self.model = model
        self.whole = self.checkpoints.whole = whole

    @contextmanager
    def during(self, stage: Stage, phase: int | None) -> Iterator[Any]:
        """The callback that listens to a stage; ``phase`` is its number from 1, where there are several."""
        import keras

        training, watch = stage.training, self.watch
        watch.stage = 0 if phase is None else phase - 1
        self.stage, self.noted = stage, None
        before = self.rules if stage.goes_on else None
        self.rules = Rules(training, self.model, self.show.say, stage.rate, before) if training.rules else None
        self.checkpoints.begin(training, sum(array.nbytes for array in arrays_of(self._variables()).values()))
        by_step = self.show.step is not None or self.rules is not None

        def epoch_begins(epoch: int, logs: Any = None) -> None:
            self.started, self.current, self.before = time.monotonic(), epoch, watch.steps
            if stage.feeds.order is not None:
                stage.feeds.order.set(epoch)

        def epoch_ends(epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            self._epoch(stage, phase, epoch, in_order(logs or {}))

        def step_ends(step: int, logs: Mapping[str, Any] | None = None) -> None:
            self._step(stage, step, in_order(logs or {}))

        try:
            yield keras.callbacks.LambdaCallback(
                on_epoch_begin=epoch_begins,
                on_epoch_end=epoch_ends,
                on_train_batch_end=step_ends if by_step else None,
            )
        finally:
            if self.rules is not None:
                self.rules.end()
            for one in stage.callbacks:  # where training was broken off, Keras does not
                if getattr(one, "csv_file", None) is not None:
                    one.csv_file.close()

    def _last(self) -> int:
        """Steps of the training when this epoch is over, 0 if that is not known."""
        assert self.stage is not None
        return self.before + self.stage.feeds.steps if self.stage.feeds.steps else 0

    # Between steps

    def begun(self, epoch: int, step: int) -> None:
        """An epoch begins; see ``driver.Between``. What it began with is noted, where that costs next to nothing."""
        if self.noted is not None and time.monotonic() - self.written < NOTED_EVERY:
            return
        if self.noted is not None and self.noted.size > NOTED_BYTES:
            return
        found = self.snapshot(Point(self.watch.stage, epoch, step, self.watch.steps), {})
        self.noted, self.written = found, time.monotonic()

    def room(self) -> int | None:
        """How many steps may be taken until something has to happen; see ``driver.Between``."""
        return self.checkpoints.room(self.watch.steps)

    def taken(self, epoch: int, step: int, logs: Mapping[str, Any]) -> bool:
        """Steps are done; see ``driver.Between``."""
        watch = self.watch
        watch.steps = self.before + step
        if not isfinite(float(logs.get("loss", 0.0))):
            watch.diverged = True
            return True
        point = Point(watch.stage, epoch, step, watch.steps)
        if watch.interrupted is not None:
            self.save(point, {})
            return True
        if watch.steps != self._last() and self.checkpoints.due_in_epoch(watch.steps):
            self.save(point, {})
        return False

    def ended(self, epoch: int, logs: Mapping[str, Any], *, whole: bool) -> bool:
        """An epoch is over; see ``driver.Between``."""
        watch, stopping = self.watch, self.watch.interrupted is not None
        if whole and not watch.diverged and not stopping and self.enough is not None:
            watch.pruned = self.enough(epoch + 1, in_order(logs))
            if watch.pruned:
                self.model.stop_training = True
        if whole and not watch.diverged:
            point = Point(watch.stage, epoch + 1, 0, watch.steps, bool(self.model.stop_training))
            if stopping or self.checkpoints.due_after_epoch(epoch + 1, watch.steps):
                self.save(point, logs)
        return stopping or watch.diverged or watch.pruned

    # States

    def _variables(self) -> dict[str, list[keras.Variable]]:
        return variables_of(self.model, self.whole)

    def _synced(self) -> None:
        """On JAX the weights are with whoever trains, until they are asked for."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()

    def snapshot(self, point: Point, logs: Mapping[str, Any]) -> Snapshot:
        """All that training hangs on, as it is now; ``logs`` are those of the epoch, if it is over."""
        assert self.stage is not None
        self._synced()
        kept, arrays = states_of(self.stage.callbacks)
        adaptive = self.stage.adaptive
        if adaptive is not None:
            for kind, tables in (("table", adaptive.tables), ("factors", adaptive.factors)):
                arrays |= {f"adaptive.{kind}.{name}": table.copy() for name, table in tables.items()}
        values = {
            "history": self.watch.history,
            "fired": self.watch.fired,
            "moved": self.watch.moved,
            "rules": None if self.rules is None else self.rules.state(),
            "best": self.checkpoints.best,
            "callbacks": kept,
            "logs": in_order(logs),
            "elapsed": time.monotonic() - self.started if point.step else 0.0,
            "seconds": self.earlier + time.monotonic() - self.began,
        }
        variables = self._variables()
        if not point.step:  # they begin anew with each epoch, and of several devices it takes long to ask for them
            variables = {kind: several for kind, several in variables.items() if kind != "metrics"}
        return Snapshot(point, values, arrays_of(variables) | drawn_from() | arrays)

    def save(self, point: Point, logs: Mapping[str, Any]) -> None:
        """Write a state down, unless the weights are no numbers any more: then the one before stays the last.

        Raises:
            Problem: E436 if it can't be written.
        """
        found = self.snapshot(point, logs)
        if finite(found):
            self.checkpoints.save(found)
            self.show.event("checkpoint", {"epoch": point.epoch, "step": point.steps})

    def restore(self, snapshot: Snapshot) -> None:
        """Put everything back; metrics only in the midst of an epoch, for they begin anew with each.

        Raises:
            DamagedError: if the snapshot is of something else.
        """
        assert self.stage is not None
        point, values, arrays = snapshot.point, snapshot.values, snapshot.arrays
        assign(self._variables(), arrays, *(() if point.step else ("model", "optimizer")))
        put_back(self.stage.callbacks, values["callbacks"], arrays)
        draw_again(arrays)
        if self.rules is not None:
            self.rules.put_back(values["rules"])
        if self.stage.adaptive is not None:
            for kind, tables in (("table", self.stage.adaptive.tables), ("factors", self.stage.adaptive.factors)):
                for name, table in tables.items():
                    table[:] = arrays[f"adaptive.{kind}.{name}"]
        watch = self.watch
        watch.history, watch.fired, watch.moved = (list(values[name]) for name in ("history", "fired", "moved"))
        watch.steps = point.steps
        self.before = point.steps - point.step
        self.started = time.monotonic() - values["elapsed"]
        self.earlier = values["seconds"]
        self.checkpoints.best = values["best"]

    def _step(self, stage: Stage, step: int, logs: Mapping[str, float]) -> None:
        done = min(step + 1, stage.feeds.steps) if stage.feeds.steps else step + 1  # Keras counts whole executions
        self.watch.steps = self.before + done
        if self.show.step is not None:
            self.show.step(self.current, step, logs)
        if self.rules is not None:
            if self.rules.by_batch:
                self._synced()
            self.rules.batch(self.current + 1, self.watch.steps, logs)
            self._fired()

    def _epoch(self, stage: Stage, phase: int | None, epoch: int, values: dict[str, float]) -> None:
        watch = self.watch
        seconds = time.monotonic() - self.started
        row: dict[str, float] = {"epoch": epoch + 1}
        if phase is not None:
            row["phase"] = phase
        if self.rules is not None:
            values.setdefault(RATE, self.rules.rate())  # with which the epoch ended, before a rule changes it
        watch.history.append({**row, **values, "seconds": seconds})
        self._history()
        self.show.epoch(epoch, values, seconds)
        if not isfinite(values.get("loss", 0.0)):
            watch.diverged = True
            self.model.stop_training = True
            return
        if self.rules is not None:
            self.rules.epoch(epoch + 1, watch.steps, values)
            self._fired()
        if stage.adaptive is not None:
            for one in stage.adaptive.epoch(self._outputs(stage)):
                watch.moved.append({"epoch": epoch + 1, **one})
            self.place.table("class_weights.csv", watch.moved)
        self._best(stage, values)

    def _history(self) -> None:
        """Write the rows so far: all of them, so not more often than every twenty times what it took last."""
        began = time.monotonic()
        if began >= self.history_due:
            self.place.history(self.watch.history)
            now = time.monotonic()
            self.history_due = now + 20 * (now - began)

    def _best(self, stage: Stage, values: Mapping[str, float]) -> None:
        """Keep the model if it is the best so far, where the spec names a number to tell by."""
        stated = stage.training.checkpoint
        value = None if stated is None or stated.best is None else values.get(stated.best)
        if stated is None or stated.best is None or value is None or not isfinite(value):
            return
        best, up = self.checkpoints.best, upwards(stage.typed, stated.best)
        if best is None or (value > best if up else value < best):
            self._synced()
            self.checkpoints.save_best(value)

    def _fired(self) -> None:
        if self.rules is not None and self.rules.fired:
            self.watch.fired += self.rules.fired
            for one in self.rules.fired:
                self.show.event("rule", one)
            self.rules.fired.clear()
            self.place.json("rules.json", self.watch.fired)

    def _outputs(self, stage: Stage) -> Iterator[dict[str, Any]]:
        """What the model gives for the rows of training, in order, batch by batch, as it is now."""
        import keras

        batches = stage.feeds.parts["train"]
        names = list(stage.typed.graph.outputs)
        for batch in batches if hasattr(batches, "map") else (batches[index] for index in range(len(batches))):
            given = self.model.predict_on_batch(batch[0])
            values = given if isinstance(given, Mapping) else dict(zip(names, flat(given), strict=True))
            yield {name: keras.ops.convert_to_numpy(value) for name, value in values.items()}


def upwards(typed: TypedGraph, name: str) -> bool:
    """Whether more is better of a number that is measured, as far as Keras knows; else less is."""
    found = logged(heads(typed)).get(name.removeprefix("val_"))
    return found is not None and found.direction == "up"
