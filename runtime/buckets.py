"""From lengths of rows to batches of rows of similar length: so less is filled up, and less computed for nothing.

Rows are drawn in the order of the epoch, as without buckets; each bucket keeps that order and is cut into batches, and
the batches come in an order of their own, drawn anew every epoch. So each row comes once, and the same rows come
together whenever seed and epoch are the same. Where nothing is drawn, the buckets come one after the other, that of the
shortest rows first, each in the order of its rows. How many batches there are hangs on the lengths alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .order import permutation

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from .feed import Order

    Array = np.ndarray[Any, np.dtype[Any]]


def bucket_of(lengths: Array, limits: Sequence[int]) -> Array:
    """The bucket of each row: that of the first limit that it does not exceed, or the last for all that are longer."""
    import numpy as np

    return np.searchsorted(np.asarray(sorted(limits)), lengths, side="left").astype(np.int64)


def together(parts: Sequence[Array]) -> Array | None:
    """One bucket for each row from those of several inputs: rows that are in the same one everywhere."""
    import numpy as np

    if not parts:
        return None
    return np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How an epoch is cut: batch ``i`` has rows from ``starts[i]`` to ``ends[i]`` of the epoch's rows, put bucket by
    bucket; ``buckets`` is that of each row."""

    buckets: Array
    starts: Array
    ends: Array

    @property
    def count(self) -> int:
        """Number of batches."""
        return len(self.starts)

    def fixed(self) -> list[Array]:
        """The rows of each batch, bucket by bucket, where nothing is drawn."""
        import numpy as np

        ranked = np.argsort(self.buckets, kind="stable")
        return [ranked[start:end] for start, end in zip(self.starts, self.ends, strict=True)]

    def batches(self, seed: int, epoch: int) -> list[Array]:
        """The rows of each batch of an epoch, in order."""
        import numpy as np

        every = permutation(seed, epoch, len(self.buckets))
        ranked = every[np.argsort(self.buckets[every], kind="stable")]
        return [ranked[self.starts[one] : self.ends[one]] for one in permutation(seed, epoch, self.count)]

    def dataset(self, order: Order | None) -> tf.data.Dataset:
        """The same rows as a pipeline of TensorFlow's: in the order of the epoch, or the fixed one."""
        import tensorflow as tf

        with tf.device("CPU:0"):
            buckets, starts, ends = (tf.constant(one, tf.int64) for one in (self.buckets, self.starts, self.ends))

        def ranked(_: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            if order is None:
                return tf.argsort(buckets, stable=True), tf.range(self.count)
            every = order.rows(len(self.buckets))
            codes = tf.gather(buckets, every)
            return tf.gather(every, tf.argsort(codes, stable=True)), order.rows(self.count)

        def cut(every: tf.Tensor, batches: tf.Tensor) -> tf.data.Dataset:
            numbers = tf.data.Dataset.range(self.count)
            return numbers.map(lambda one: every[starts[batches[one]] : ends[batches[one]]])

        return tf.data.Dataset.from_tensors(0).map(ranked).flat_map(cut)


def plan_of(buckets: Array, batch_size: int) -> Plan:
    """Cut each bucket into batches, of which its last may be smaller."""
    import numpy as np

    starts: list[int] = []
    ends: list[int] = []
    before = 0
    for size in np.bincount(buckets).tolist() if len(buckets) else ():
        for start in range(before, before + size, batch_size):
            starts.append(start)
            ends.append(min(start + batch_size, before + size))
        before += size
    return Plan(buckets, np.array(starts, np.int64), np.array(ends, np.int64))


def steps_of(count: int, buckets: Array | None, batch_size: int) -> int:
    """Batches in an epoch of so many rows."""
    return -(-count // batch_size) if buckets is None else plan_of(buckets, batch_size).count
