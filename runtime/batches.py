"""From Rows to batches of NumPy arrays, for Keras on other backends than TensorFlow, which need not be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .data import Rows
from .order import permutation

if TYPE_CHECKING:
    import keras
    import numpy as np

    from .feed import Form, Order

    Array = np.ndarray[Any, np.dtype[Any]]


def batches(rows: Rows, form: Form, batch_size: int, order: Order | None = None) -> keras.utils.PyDataset:
    """The batches of ``feed.feed``, with the same rows in the same order; ``len`` of it is their number."""
    import keras
    import numpy as np

    count = rows.count
    steps = -(-count // batch_size)
    dtypes = {name: "float32" if dtype == "bfloat16" else dtype for name, dtype in form.inputs.items()}

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        """One part of the data; the order is looked up again whenever the epoch is another."""

        def __init__(self) -> None:
            super().__init__()
            self.epoch: int | None = None
            self.every = np.arange(count)

        def __len__(self) -> int:
            return steps

        def __getitem__(self, index: int) -> Any:
            if order is not None and self.epoch != order.epoch:
                self.epoch = order.epoch
                self.every = permutation(order.seed, order.epoch, count)
            chosen = self.every[index * batch_size : (index + 1) * batch_size]
            x = form.x({name: rows.inputs[name][chosen].astype(dtype, copy=False) for name, dtype in dtypes.items()})
            if not rows.targets:
                return (x,)
            y = form.y(_filled(rows.targets, form, chosen, 0))
            return (x, y, form.y(_filled(rows.weights, form, chosen, 1))) if rows.weights else (x, y)

    return Batches()


def _filled(arrays: Mapping[str, Array], form: Form, chosen: Array, value: float) -> dict[str, Array]:
    """The rows chosen of each output; of one that has none, a number in their place, which no loss looks at."""
    import numpy as np

    lacking = np.full(len(chosen), value, np.float32)
    return {name: arrays[name][chosen] if name in arrays else lacking for name in form.outputs}


def passed(batches: keras.utils.PyDataset, model: keras.Model) -> list[Array]:
    """What a model makes of the inputs of all batches, an array a batch."""
    import keras

    return [keras.ops.convert_to_numpy(model(batches[index][0])) for index in range(len(batches))]
