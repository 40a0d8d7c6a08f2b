"""From rows in memory to steps taken: a stretch of an epoch as one compiled function, without a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from .feed import Held, Order


class Resident:
    """Steps over rows that are held in memory; see ``steps.Steps``.

    A loop inside the function gathers the rows of each batch, in the order of the epoch, and takes the step. Where the
    loop begins and ends is given to it, so that one function serves every stretch, and the smaller last batch too.
    """

    def __init__(
        self, model: keras.Model, held: Held, size: int, order: Order | None, span: int, step: Callable[[Any], Any]
    ) -> None:
        self.count: int | None = -(-held.count // size)
        self.span = span
        self.done = 0
        self.held = held
        self.order = order
        self.every: Any = None
        self.function = self._function(model, size, step)

    def _function(self, model: keras.Model, size: int, step: Callable[[Any], Any]) -> Callable[[Any, Any, Any], Any]:
        import tensorflow as tf

        def stretch(every: tf.Tensor, first: tf.Tensor, end: tf.Tensor) -> dict[str, Any]:
            def one(number: tf.Tensor) -> tuple[tf.Tensor]:
                step(self.held.batch(every[number * size : (number + 1) * size]))
                return (number + 1,)

            tf.while_loop(lambda number: number < end, one, (first,))
            # Asked once: what each step says of the metrics on the way is not looked at, and left out.
            return dict(model.get_metrics_result())

        made: Callable[[Any, Any, Any], Any] = tf.function(stretch, autograph=False)
        return made

    def begin(self, skip: int = 0) -> None:
        """An epoch begins; see ``steps.Steps``."""
        import tensorflow as tf

        self.done = skip
        count = self.held.count
        self.every = self.order.rows(count) if self.order is not None else tf.range(count, dtype=tf.int64)

    def run(self, count: int) -> Mapping[str, Any] | None:
        """A stretch of steps; see ``steps.Steps``."""
        import tensorflow as tf

        assert self.count is not None
        first, self.done = self.done, min(self.done + min(count, self.span), self.count)
        if first == self.done:
            return None
        logs: Mapping[str, Any] = self.function(
            self.every, tf.constant(first, tf.int64), tf.constant(self.done, tf.int64)
        )
        return logs

    def end(self) -> None:
        """The steps of an epoch are over; see ``steps.Steps``. All is in the variables."""
