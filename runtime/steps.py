"""From batches to steps taken: what the epoch loop calls to train so many batches in one go.

Each step is the same function, ``model.train_step`` unless another is given, so that the numbers are those of Keras'
``fit`` to the last bit on a CPU, whatever comes from where and however many steps one call takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .environment import backend
from .resident import Resident

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from .distribution import Group
    from .stages import Stage

Step = Callable[[Any], Any]
"""One step with a batch; what it gives is left alone, for the metrics are asked afterwards."""


class Steps(Protocol):
    """Steps of training, epoch by epoch.

    ``count`` is the number of steps of an epoch, None where that is not known; ``span`` the most that one call takes;
    ``done`` how many batches of this epoch are done.
    """

    count: int | None
    span: int
    done: int

    def begin(self, skip: int = 0) -> None:
        """An epoch begins, in the order that is set; ``skip`` batches of it are done already."""

    def run(self, count: int) -> Mapping[str, Any] | None:
        """Train the next batches, ``count`` or ``span`` of them at most; the metrics so far, None if none is left."""

    def end(self) -> None:
        """The steps of an epoch are over, or broken off: what they keep is put where others look for it."""


def steps_of(stage: Stage, model: keras.Model, step: Step | None = None, group: Group | None = None) -> Steps:
    """The steps of a stage whose model is compiled.

    ``step`` takes one step with a batch (not compiled: it becomes part of what is; see ``loop``), else Keras' own is
    taken; on TensorFlow a ``group`` of devices has one of its own.
    """
    if backend() != "tensorflow":
        from .elsewhere import steps_elsewhere

        return steps_elsewhere(stage, model, step)
    import tensorflow as tf

    feeds, span = stage.feeds, stage.settings.steps_per_execution
    if group is not None and group.strategy is not None:
        from .shared import Shared

        return Shared(model, group, feeds.train)
    if tf.distribute.has_strategy() or getattr(model, "_distribute_strategy", None) is not None:
        return KerasSteps(model, feeds.train)
    if feeds.held is not None:
        every = tf.range(min(feeds.size, feeds.held.count), dtype=tf.int64)
        ready(model, feeds.held.batch(every))
        return Resident(model, feeds.held, feeds.size, feeds.shuffled, span, compiled(model, step))
    ready(model, next(iter(feeds.train)))
    return Streamed(model, feeds.train, span, compiled(model, step))


def ready(model: keras.Model, batch: Any) -> None:
    """Let the loss and the metrics make what they keep, as ``fit`` does before the first step."""
    model._symbolic_build(data_batch=batch)


def compiled(model: keras.Model, step: Step | None) -> Step:
    """The step; where XLA compiles it, as a function of its own, as Keras has it."""
    import tensorflow as tf

    own: Step = model.train_step if step is None else step
    if not model.jit_compile:
        return own
    by_xla: Step = tf.function(own, jit_compile=True, reduce_retracing=True, autograph=False)
    return by_xla


class Streamed:
    """Steps over a ``tf.data.Dataset``, several in one call: rows too many for memory, or changed on the way."""

    def __init__(self, model: keras.Model, batches: tf.data.Dataset, span: int, step: Step) -> None:
        known = int(batches.cardinality())
        self.count: int | None = known if known >= 0 else None
        self.span = span
        self.done = 0
        self.batches = batches
        self.left: Any = None
        self.function = self._function(model, step)

    def _function(self, model: keras.Model, step: Step) -> Callable[[Any, Any], tuple[Any, Any]]:
        import tensorflow as tf

        def some(batches: Any, most: tf.Tensor) -> tuple[Any, Any]:
            def going(done: tf.Tensor, batch: Any) -> tf.Tensor:
                return tf.logical_and(done < most, batch.has_value())

            def one(done: tf.Tensor, batch: Any) -> tuple[Any, ...]:
                step(batch.get_value())
                # The batch behind the last step stays where it is, for the next call.
                more = done + 1 < most
                return done + 1, tf.cond(more, batches.get_next_as_optional, lambda: batch)

            first = (tf.constant(0, tf.int64), batches.get_next_as_optional())
            done, _ = tf.while_loop(going, one, first)
            return done, dict(model.get_metrics_result())

        made: Callable[[Any, Any], tuple[Any, Any]] = tf.function(some, autograph=False)
        return made

    def begin(self, skip: int = 0) -> None:
        """An epoch begins; see ``Steps``."""
        self.done = skip
        self.left = iter(self.batches.skip(skip) if skip else self.batches)

    def run(self, count: int) -> Mapping[str, Any] | None:
        """Several steps; see ``Steps``."""
        import tensorflow as tf

        done, logs = self.function(self.left, tf.constant(min(count, self.span), tf.int64))
        taken = int(done)
        self.done += taken
        return logs if taken else None

    def end(self) -> None:
        """The steps of an epoch are over; see ``Steps``. All is in the variables."""


class KerasSteps:
    """Steps by the train function of Keras, where it shares a batch among devices."""

    def __init__(self, model: keras.Model, batches: Any) -> None:
        known = int(batches.cardinality())
        self.count: int | None = known if known >= 0 else None
        self.span = int(model.steps_per_execution)
        self.done = 0
        self.batches = batches
        model.make_train_function()
        self.function = model.train_function
        self.left: Any = None

    def begin(self, skip: int = 0) -> None:
        """An epoch begins; see ``Steps``."""
        self.done = skip
        self.left = iter(self.batches.skip(skip) if skip else self.batches)

    def run(self, count: int) -> Mapping[str, Any] | None:
        """One execution of the train function; see ``Steps``."""
        import tensorflow as tf

        try:
            logs: Mapping[str, Any] = self.function(self.left)
        except (StopIteration, tf.errors.OutOfRangeError):
            return None
        self.done += self.span
        if self.count is not None:
            self.done = min(self.done, self.count)  # the last execution may have found less
        return logs

    def end(self) -> None:
        """The steps of an epoch are over; see ``Steps``. All is in the variables."""
