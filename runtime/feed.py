"""From Rows to batches, gathered at once from arrays in memory: a tf.data pipeline, or NumPy for other backends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .buckets import plan_of
from .data import Rows
from .deferred import Deferred, is_settled
from .environment import backend

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

WORTH_SHARING: Final = 2**16
"""Smaller arrays are copied."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a model takes its tensors: inputs in order with their dtypes; outputs in order, as a dict or not."""

    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    named: bool

    def x(self, tensors: Mapping[str, Any]) -> Any:
        """The inputs as the model takes them: one alone, several as a tuple."""
        values = tuple(tensors[name] for name in self.inputs)
        return values[0] if len(values) == 1 else values

    def y(self, tensors: Mapping[str, Any]) -> Any:
        """The targets in the structure of the model's outputs."""
        if self.named:
            return {name: tensors[name] for name in self.outputs}
        values = tuple(tensors[name] for name in self.outputs)
        return values[0] if len(values) == 1 else values


class Order:
    """The order of rows: another one every epoch, and the same whenever seed and epoch are the same.

    Keras' own shuffling of arrays repeats one permutation in every epoch once a seed is set; here the order
    is a function of seed and epoch alone. ``epoch`` is set by whoever trains, before the epoch begins.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.epoch = 0
        self._epoch: tf.Variable | None = None
        if backend() == "tensorflow":
            import tensorflow as tf

            with tf.device("CPU:0"):
                self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)

    def set(self, epoch: int) -> None:
        """Say which epoch comes next, counted from 0."""
        self.epoch = epoch
        if self._epoch is not None:
            self._epoch.assign(epoch)

    def now(self) -> tf.Tensor:
        """The epoch, in a pipeline of TensorFlow's."""
        import tensorflow as tf

        return tf.convert_to_tensor(self._epoch)

    def rows(self, count: int, dtype: tf.DType | None = None) -> tf.Tensor:
        """All row indices in this epoch's order, in a pipeline of TensorFlow's; ``order.permutation`` is the same."""
        import tensorflow as tf

        seed = tf.stack([tf.constant(self.seed, tf.int64), self._epoch])
        return tf.random.experimental.stateless_shuffle(tf.range(count, dtype=dtype or tf.int64), seed=seed)


class Held:
    """Rows as tensors in memory, and how a batch is made of some of them; some may be read when they are needed."""

    def __init__(self, rows: Rows, form: Form) -> None:
        import tensorflow as tf

        self.form = form
        self.count = rows.count
        self.buckets = rows.buckets
        with tf.device("CPU:0"):
            self.inputs = {name: _held(rows.inputs[name], dtype) for name, dtype in form.inputs.items()}
            self.targets = {name: _held(array) for name, array in rows.targets.items()}
            self.weights = {name: _held(array) for name, array in rows.weights.items()}
        self.dtypes = {name: tf.as_dtype(dtype) for name, dtype in form.inputs.items()}

    @property
    def whole(self) -> bool:
        """Whether all of it is in memory."""
        every = (*self.inputs.values(), *self.targets.values(), *self.weights.values())
        return not any(isinstance(one, Deferred) for one in every)

    def batch(self, chosen: tf.Tensor) -> Any:
        """The batch of the rows chosen, as ``feed`` gives it."""
        import tensorflow as tf

        return self._batch(lambda: tf.shape(chosen)[0], lambda held: _rows(held, chosen))

    def stretch(self, start: tf.Tensor, end: tf.Tensor) -> Any:
        """The batch of the rows from one to another, which need not be copied where they are in memory.

        Both are of shape (1,), which makes for the fewest operations.
        """
        import tensorflow as tf

        def rows(held: Any) -> tf.Tensor:
            if isinstance(held, Deferred):
                return _rows(held, tf.range(start[0], end[0]))
            return tf.raw_ops.StridedSlice(input=held, begin=start, end=end, strides=[1])

        return self._batch(lambda: tf.cast(end - start, tf.int32)[0], rows)

    def in_order(self, size: int) -> tf.data.Dataset | None:
        """All batches in order, cut out of what is in memory, where they lie; None where more is to be done to them."""
        import tensorflow as tf

        if not self.whole or any(held.dtype != self.dtypes[name] for name, held in self.inputs.items()):
            return None
        full = self.count // size * size

        def batches(rows: tf.Tensor) -> tf.Tensor:
            return tf.reshape(rows[:full], [full // size, size, *rows.shape[1:]])

        with tf.device("CPU:0"):
            rows = self._batch(lambda: tf.constant(self.count), lambda held: held)
            made = tf.data.Dataset.from_tensor_slices(tf.nest.map_structure(batches, rows))
            if full == self.count:
                return made
            rest = tf.data.Dataset.from_tensors(tf.nest.map_structure(lambda one: one[full:], rows))
            return made.concatenate(rest) if full else rest

    def _batch(self, size: Callable[[], tf.Tensor], rows: Callable[[Any], tf.Tensor]) -> Any:
        import tensorflow as tf

        form = self.form
        x = form.x({name: _cast(rows(held), self.dtypes[name]) for name, held in self.inputs.items()})
        if not self.targets:
            return (x,)  # bare, several inputs would be taken for inputs and targets
        zeros = {name: tf.zeros([size()]) for name in form.outputs if name not in self.targets}
        y = form.y(zeros | {name: rows(held) for name, held in self.targets.items()})
        if not self.weights:
            return x, y
        ones = {name: tf.ones([size()]) for name in form.outputs if name not in self.weights}
        return x, y, form.y(ones | {name: rows(held) for name, held in self.weights.items()})


def feed(rows: Rows, form: Form, batch_size: int, order: Order | None = None, *, apart: bool = False) -> Any:
    """Batches as Keras takes them: a ``tf.data.Dataset`` on TensorFlow, a ``keras.utils.PyDataset`` elsewhere.

    They are ``(x, y)``, or ``(x, y, weights)`` where rows have weights; ``(x,)`` where there are no targets.

    The last batch may be smaller. An output without a target gets zeros, which no loss looks at: Keras wants
    the structure complete. The number of batches is known, without which Keras runs one step too many. Rows that are
    in buckets come together with those of their own where there is an ``order``, or they are to be kept ``apart``.
    """
    if backend() != "tensorflow":
        from .batches import batches as batches_of

        return batches_of(rows, form, batch_size, order, apart=apart)
    return fed(Held(rows, form), batch_size, order, apart=apart)


def fed(held: Held, batch_size: int, order: Order | None = None, *, apart: bool = False) -> tf.data.Dataset:
    """The batches of rows that are held, by tf.data; see ``feed``."""
    import tensorflow as tf

    count = held.count
    if (apart or order is not None) and held.buckets is not None:
        plan = plan_of(held.buckets, batch_size)
        batches = plan.dataset(order).map(held.batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return _finished(batches, plan.count)
    steps = -(-count // batch_size)
    starts = tf.data.Dataset.range(0, count, batch_size)

    def indices(start: tf.Tensor, every: tf.Tensor) -> tf.Tensor:
        return every[start : start + batch_size]

    as_it_is = tf.autograph.experimental.do_not_convert  # reading and writing code out again takes its time
    if order is None:
        every = held.in_order(batch_size)
        if every is None:
            bounds = tf.data.Dataset.from_tensor_slices(_bounds(count, batch_size))
            every = bounds.map(as_it_is(held.stretch), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return _finished(every, steps)
    short = tf.int32 if count < tf.int32.max else tf.int64  # a row takes half as much memory then
    one = tf.data.Dataset.from_tensors(0).map(as_it_is(lambda _: order.rows(count, short)))
    batches = one.flat_map(as_it_is(lambda every: starts.map(as_it_is(lambda start: indices(start, every)))))
    return _finished(batches.map(as_it_is(held.batch), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True), steps)


def _bounds(count: int, batch_size: int) -> tuple[Any, Any]:
    """Where each batch begins and ends, of shape (batches, 1)."""
    import numpy as np

    starts = np.arange(0, count, batch_size, dtype=np.int64)[:, None]
    return starts, np.minimum(starts + batch_size, count)


def mapped(dataset: tf.data.Dataset, function: Any, steps: int) -> tf.data.Dataset:
    """A feed with something done to each batch."""
    import tensorflow as tf

    return _finished(dataset.map(function, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True), steps)


def _finished(dataset: tf.data.Dataset, steps: int) -> tf.data.Dataset:
    """With its number of batches, read ahead. TensorFlow shall not rewrite it: that takes time when an epoch begins,
    and finds nothing to make better."""
    import tensorflow as tf

    how = tf.data.Options()
    how.autotune.enabled = False  # as many threads as there are cores, which are not waited for when an epoch ends
    how.experimental_optimization.apply_default_optimizations = False
    ready = dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(tf.data.AUTOTUNE)
    return ready.with_options(how)


def _held(rows: Any, dtype: str | None = None) -> Any:
    """An array on the device; rows that are read when they are needed stay what they are."""
    return rows if isinstance(rows, Deferred) else _constant(rows, dtype)


def _rows(held: Any, chosen: tf.Tensor) -> tf.Tensor:
    """The rows of a batch."""
    import tensorflow as tf

    if not isinstance(held, Deferred):
        return tf.gather(held, chosen)
    tensor = tf.numpy_function(held.__getitem__, [chosen], tf.as_dtype(held.dtype), stateful=False)
    tensor.set_shape((None, *held.sizes))
    return tensor


def _constant(array: np.ndarray[Any, Any], dtype: str | None = None) -> tf.Tensor:
    import tensorflow as tf

    if dtype != "string" and _shareable(array):  # nobody writes into the rows of a part
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array.tolist() if array.dtype == object else array, tf.string if dtype == "string" else None)


def _shareable(array: np.ndarray[Any, Any]) -> bool:
    """Whether TensorFlow can use an array where it lies."""
    if array.nbytes < WORTH_SHARING or array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        return False
    return array.dtype.isnative and is_settled(array)


def _cast(tensor: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    import tensorflow as tf

    return tensor if tensor.dtype == dtype else tf.cast(tensor, dtype)


def form_of(inputs: Sequence[tuple[str, str]], outputs: Sequence[str], named: bool) -> Form:
    """A form from names and dtypes."""
    return Form(dict(inputs), tuple(outputs), named)
