"""What is heard of training while it goes on: history, progress, rules, weights that move, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..compiler.logged import RATE
from .checkpoints import Checkpoints
from .feeds import flat
from .progress import Progress, in_order
from .rules import Rules
from .run import RunFolder

if TYPE_CHECKING:
    import keras

    from .stages import Stage


@dataclass(slots=True)
class Watch:
    """What is noted while Keras trains.

    ``stage`` is the number of the phase under way, from 0; ``steps`` how many steps were taken in all of them;
    ``fired`` has the rules that were carried out, and ``moved`` how class weights moved, a row an epoch and class.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    interrupted: int | None = None
    diverged: bool = False
    stage: int = 0
    steps: int = 0
    fired: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)


class Listener:
    """Listens to one stage after the other."""

    def __init__(self, model: keras.Model, whole: keras.Model, watch: Watch, place: RunFolder, show: Progress) -> None:
        self.model = model
        self.whole = whole
        self.watch = watch
        self.place = place
        self.show = show
        self.started = 0.0
        self.current = 0
        self.before = 0
        """Steps before the epoch under way."""
        self.rules: Rules | None = None
        self.checkpoints: Checkpoints | None = None

    @contextmanager
    def during(self, stage: Stage, phase: int | None) -> Iterator[Any]:
        """The callback that listens to a stage; ``phase`` is its number from 1, where there are several."""
        import keras

        training, watch = stage.training, self.watch
        watch.stage = 0 if phase is None else phase - 1
        self.rules = Rules(training, self.model, self.show.say) if training.rules else None
        if training.checkpoint is not None:
            self.checkpoints = self.checkpoints or Checkpoints(training.checkpoint, self.place, self.whole)
        by_step = self.show.step is not None or self.rules is not None or self.checkpoints is not None

        def epoch_begins(epoch: int, logs: Any = None) -> None:
            self.started, self.current, self.before = time.monotonic(), epoch, watch.steps
            if stage.feeds.order is not None:
                stage.feeds.order.set(epoch)
            if watch.interrupted is not None:
                self.model.stop_training = True

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

    def _step(self, stage: Stage, step: int, logs: Mapping[str, float]) -> None:
        done = min(step + 1, stage.feeds.steps) if stage.feeds.steps else step + 1  # Keras counts whole executions
        self.watch.steps = self.before + done
        if self.show.step is not None:
            self.show.step(self.current, step, logs)
        if self.rules is not None:
            self.rules.batch(self.current + 1, self.watch.steps, logs)
            self._fired()
        if self.checkpoints is not None:
            self.checkpoints.batch(self.watch.steps)

    def _epoch(self, stage: Stage, phase: int | None, epoch: int, values: dict[str, float]) -> None:
        watch = self.watch
        seconds = time.monotonic() - self.started
        row: dict[str, float] = {"epoch": epoch + 1}
        if phase is not None:
            row["phase"] = phase
        if self.rules is not None:
            values.setdefault(RATE, self.rules.rate())  # with which the epoch ended, before a rule changes it
        watch.history.append({**row, **values, "seconds": seconds})
        self.place.history(watch.history)
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
        if self.checkpoints is not None:
            self.checkpoints.epoch(watch.steps)

    def _fired(self) -> None:
        if self.rules is not None and self.rules.fired:
            self.watch.fired += self.rules.fired
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
