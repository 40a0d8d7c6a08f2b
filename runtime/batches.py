"""From Rows to batches of NumPy arrays, for Keras on other backends than TensorFlow, which need not be there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from math import prod
from typing import TYPE_CHECKING, Any, Final

from .buckets import plan_of
from .data import Rows
from .deferred import Deferred
from .order import permutation

if TYPE_CHECKING:
    import keras
    import numpy as np

    from .feed import Form, Order

    Array = np.ndarray[Any, np.dtype[Any]]

THREADS: Final = 4
"""That make batches side by side: reading files and decoding pictures let other threads run."""

AHEAD: Final = 8
"""Batches that are made before they are asked for."""

WORTH_IT: Final = 2**18
"""Bytes of a batch below which handing it from thread to thread costs more than copying it together."""


def batches(
    rows: Rows, form: Form, batch_size: int, order: Order | None = None, *, apart: bool = False
) -> keras.utils.PyDataset:
    """The batches of ``feed.feed``, with the same rows in the same order; ``len`` of it is their number."""
    import keras
    import numpy as np

    count = rows.count
    apart = apart or order is not None
    plan = plan_of(rows.buckets, batch_size) if apart and rows.buckets is not None else None
    steps = -(-count // batch_size) if plan is None else plan.count
    dtypes = {name: "float32" if dtype == "bfloat16" else dtype for name, dtype in form.inputs.items()}

    def one(chosen: Array) -> Any:
        x = form.x({name: rows.inputs[name][chosen].astype(dtype, copy=False) for name, dtype in dtypes.items()})
        if not rows.targets:
            return (x,)
        y = form.y(_filled(rows.targets, form, chosen, 0))
        return (x, y, form.y(_filled(rows.weights, form, chosen, 1))) if rows.weights else (x, y)

    def cut(every: Array) -> Sequence[Array]:
        return [every[start : start + batch_size] for start in range(0, count, batch_size)]

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        """One part of the data; the order is looked up again whenever the epoch is another."""

        def __init__(self) -> None:
            super().__init__()
            self.epoch: int | None = None
            self.rows = cut(np.arange(count)) if plan is None else plan.fixed()
            self.ahead = Ahead(one) if laborious(rows, batch_size) else None

        def __len__(self) -> int:
            return steps

        def __getitem__(self, index: int) -> Any:
            if order is not None and self.epoch != order.epoch:
                self.epoch = order.epoch
                if plan is None:
                    self.rows = cut(permutation(order.seed, order.epoch, count))
                else:
                    self.rows = plan.batches(order.seed, order.epoch)
            return one(self.rows[index]) if self.ahead is None else self.ahead.get(self.rows, index)

    return Batches()


def laborious(rows: Rows, batch_size: int) -> bool:
    """Whether making a batch takes long enough for threads to do it ahead: rows are read, or large."""
    every = (*rows.inputs.values(), *rows.targets.values(), *rows.weights.values())
    if any(isinstance(one, Deferred) for one in every):
        return True
    return bool(sum(batch_size * prod(one.shape[1:]) * int(one.dtype.itemsize) for one in every) >= WORTH_IT)


class Ahead:
    """Batches made by threads before they are asked for, which they mostly are one behind the other.

    ``make`` gives the batch of some rows; whatever the order in which they are asked for, batches are the same.
    """

    def __init__(self, make: Callable[[Array], Any]) -> None:
        self.make = make
        self.rows: Sequence[Array] = ()
        self.pool: ThreadPoolExecutor | None = None
        self.pending: dict[int, Future[Any]] = {}

    def get(self, rows: Sequence[Array], index: int) -> Any:
        """One of the batches of these rows; those behind it are begun.

        What goes wrong in a thread is raised when its batch is asked for.
        """
        self.pool = self.pool or ThreadPoolExecutor(THREADS, "batches")
        wanted = range(index, min(index + AHEAD + 1, len(rows)))
        for number in list(self.pending):
            if rows is not self.rows or number not in wanted:
                self.pending.pop(number).cancel()
        self.rows = rows
        for number in wanted:
            if number not in self.pending:
                self.pending[number] = self.pool.submit(self.make, rows[number])
        return self.pending.pop(index).result()


def _filled(arrays: Mapping[str, Array], form: Form, chosen: Array, value: float) -> dict[str, Array]:
    """The rows chosen of each output; of one that has none, a number in their place, which no loss looks at."""
    import numpy as np

    lacking = np.full(len(chosen), value, np.float32)
    return {name: arrays[name][chosen] if name in arrays else lacking for name in form.outputs}


def passed(batches: keras.utils.PyDataset, model: keras.Model) -> list[Array]:
    """What a model makes of the inputs of all batches, an array a batch."""
    import keras

    return [keras.ops.convert_to_numpy(model(batches[index][0])) for index in range(len(batches))]
