"""From batches to steps that several devices take together: each takes its rows of every batch.

The sum of what the devices find is what one device finds on the whole batch: each counts by its share of the rows, so
that a last batch that can't be parted evenly counts right too. Keras' own step takes every device for alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from .distribution import Group


class Shared:
    """Steps on several devices, of one process or several; see ``steps.Steps``."""

    def __init__(self, model: keras.Model, group: Group, batches: tf.data.Dataset) -> None:
        known = int(batches.cardinality())
        self.count: int | None = known if known >= 0 else None
        self.span = 1
        self.done = 0
        self.batches = batches
        self.left: Any = None
        self.group = group
        with group.scope():
            model._symbolic_build(data_batch=next(iter(batches)))
        step = training_step(model, group.replicas)
        self.function = _compiled(group, step, model, shares(group, batches).element_spec)

    def begin(self, skip: int = 0) -> None:
        """An epoch begins; see ``steps.Steps``."""
        self.done = skip
        self.left = iter(shares(self.group, self.batches.skip(skip) if skip else self.batches))

    def run(self, count: int) -> Mapping[str, Any] | None:
        """One step; see ``steps.Steps``."""
        import tensorflow as tf

        try:
            logs: Mapping[str, Any] = self.function(next(self.left))
        except (StopIteration, tf.errors.OutOfRangeError):
            return None
        self.done += 1
        return logs

    def end(self) -> None:
        """The steps of an epoch are over; see ``steps.Steps``. All is in the variables."""


def training_step(model: keras.Model, replicas: int) -> Callable[[Any], None]:
    """What one device does with its rows of a batch: what Keras' step does, but counted by rows."""
    import keras
    import tensorflow as tf

    tracker = next(one for one in model.metrics if one.name == "loss")

    def step(batch: Any) -> None:
        x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
        rows = tf.shape(keras.tree.flatten(x)[0])[0]
        context = tf.distribute.get_replica_context()
        every = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(rows, tf.float32))
        with tf.GradientTape() as tape:
            predicted = model(x, training=True)
            # Keras has divided by the number of devices, as if all had the same number of rows.
            alone = model.compute_loss(x, y, predicted, weights, training=True) * float(replicas)
            share = tf.cast(rows, alone.dtype) / tf.cast(every, alone.dtype)
            scaled = model.optimizer.scale_loss(alone * share)
        tracker.update_state(alone, sample_weight=rows)
        variables = model.trainable_weights
        gradients = summed(tape.gradient(scaled, variables))
        model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        model.compute_metrics(x, y, predicted, weights)

    return step


def summed(gradients: Sequence[Any]) -> list[Any]:
    """The gradients of all devices together; None for weights that nothing moves.

    They are added up before the optimizer sees them, so that it cuts off what is too long, or leaves a step out in half
    precision, as it does on one device.
    """
    import tensorflow as tf

    there = [one for one in gradients if one is not None]
    context = tf.distribute.get_replica_context()
    sums = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, there) if there else ())
    return [None if one is None else next(sums) for one in gradients]


def measuring_step(model: keras.Model, replicas: int) -> Callable[[Any], None]:
    """What one device does with its rows of a batch to measure; it may have none."""
    import keras
    import tensorflow as tf

    tracker = next(one for one in model.metrics if one.name == "loss")

    def step(batch: Any) -> None:
        x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
        rows = tf.shape(keras.tree.flatten(x)[0])[0]

        def some() -> tf.Tensor:
            predicted = model(x, training=False)
            alone = model.compute_loss(x, y, predicted, weights, training=False) * float(replicas)
            tracker.update_state(alone, sample_weight=rows)
            model.compute_metrics(x, y, predicted, weights)
            return rows

        tf.cond(rows > 0, some, lambda: rows)

    return step


def _compiled(group: Group, step: Callable[[Any], None], model: keras.Model, form: Any) -> Callable[[Any], Any]:
    """A step that all devices take at once, and what is measured so far; one function for batches of every size."""
    import tensorflow as tf

    def together(batch: Any) -> dict[str, Any]:
        group.strategy.run(step, args=(batch,))
        # Asked here, and not by each device, a metric is that of all devices.
        return dict(model.get_metrics_result())

    made: Callable[[Any], Any] = tf.function(together, autograph=False, input_signature=[form])
    return made


def shares(group: Group, batches: tf.data.Dataset) -> Any:
    """The rows that each device of this process takes of every batch, one behind the other in the order of devices."""
    import tensorflow as tf

    def parts(context: tf.distribute.InputContext) -> tf.data.Dataset:
        local = group.local
        first = context.input_pipeline_id * local

        def part(number: tf.Tensor, batch: Any) -> Any:
            def rows(tensor: tf.Tensor) -> tf.Tensor:
                count = tf.shape(tensor, tf.int64)[0]
                return tensor[number * count // group.replicas : (number + 1) * count // group.replicas]

            return tf.nest.map_structure(rows, batch)

        def every(*batch: Any) -> tf.data.Dataset:
            numbers = tf.data.Dataset.range(first, first + local)
            return numbers.map(lambda number: part(number, batch))

        return batches.flat_map(every).prefetch(tf.data.AUTOTUNE)

    return group.strategy.distribute_datasets_from_function(parts)


class Measure:
    """``model.evaluate`` on several devices: the same numbers, each row counted once."""

    def __init__(self, model: keras.Model, group: Group) -> None:
        self.model = model
        self.group = group
        self.step = measuring_step(model, group.replicas)
        self.functions: dict[Any, Callable[[Any], Any]] = {}

    def __call__(self, batches: tf.data.Dataset, callbacks: Any = None) -> dict[str, Any]:
        """Loss and metrics over all rows."""
        import tensorflow as tf

        logs: Mapping[str, Any] = {}
        self.model.reset_metrics()
        if callbacks is not None:
            callbacks.on_test_begin()
        mine, step = shares(self.group, batches), 0
        form = mine.element_spec
        function = self.functions.get(repr(form)) or _compiled(self.group, self.step, self.model, form)
        self.functions[repr(form)] = function
        left = iter(mine)
        while True:
            try:
                batch = next(left)
            except (StopIteration, tf.errors.OutOfRangeError):
                break
            if callbacks is not None:
                callbacks.on_test_batch_begin(step)
            logs = function(batch)
            if callbacks is not None:
                callbacks.on_test_batch_end(step, logs)
            step += 1
        found = {name: value.numpy() if hasattr(value, "numpy") else value for name, value in logs.items()}
        if callbacks is not None:
            callbacks.on_test_end(found)
        return found
