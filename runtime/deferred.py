"""The noun Deferred: rows that are read when a batch needs them, in place of an array too large to be kept."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

KEPT_BYTES: Final = 2**30
"""What is larger than this is not kept in memory as a whole, but read batch by batch."""

AT_ONCE: Final = 2**13
"""Rows that are copied together."""

ALIGNED: Final = 64
"""The address of an array that TensorFlow takes without copying it is a multiple of this."""


@dataclass(frozen=True, slots=True)
class Every:
    """The numbers of all rows in order, which takes no memory however many there are."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, chosen: Any) -> Array:
        """The numbers of the rows chosen; given as an array, they are that array."""
        import numpy as np

        if isinstance(chosen, slice):
            return np.arange(*chosen.indices(self.count))
        numbers = np.asarray(chosen)
        if numbers.dtype.kind == "b":
            return np.flatnonzero(numbers)
        return np.where(numbers < 0, numbers + self.count, numbers) if (numbers < 0).any() else numbers


@dataclass(frozen=True, slots=True, eq=False)
class Deferred:
    """Rows by their numbers, ``read`` when they are asked for.

    ``read`` takes an array of row numbers and gives an array with those rows; ``sizes`` are those of one row, None
    where it depends on the batch: its rows are then filled up to the longest. ``lengths`` says how long each of the
    rows that can be read is before that, by the first of its axes, where that is known.
    """

    read: Callable[[Array], Array]
    rows: Array | Every
    sizes: tuple[int | None, ...]
    dtype: np.dtype[Any]
    lengths: Array | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Number of rows, and the sizes of one."""
        return (len(self.rows), *self.sizes)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return 1 + len(self.sizes)

    def __getitem__(self, chosen: Any) -> Array:
        """The rows chosen, as an array."""
        return self.read(self.rows[chosen])

    def take(self, chosen: Array) -> Deferred:
        """The same with these rows alone, still unread."""
        return Deferred(self.read, self.rows[chosen], self.sizes, self.dtype, self.lengths)

    def own(self, chosen: Any) -> Array | None:
        """How long the rows chosen are before they are filled up, where that is known."""
        return None if self.lengths is None else self.lengths[self.rows[chosen]]


def part(values: Any, chosen: Array) -> Any:
    """These rows of an array, copied unless they are all of one that ``settled`` made; or of what stands for one."""
    import numpy as np

    if isinstance(values, Deferred):
        return values.take(chosen)
    if len(chosen) == len(values) and is_settled(values) and np.array_equal(chosen, np.arange(len(values))):
        return values
    if values.dtype.kind not in "biuf" or chosen.dtype.kind not in "iu":
        return values[chosen]
    made = settled((len(chosen), *values.shape[1:]), values.dtype)
    for start in range(0, len(chosen), AT_ONCE):  # as a whole, NumPy would make another array on the way
        some = chosen[start : start + AT_ONCE]
        made[start : start + len(some)] = values[some]
    return made


def is_settled(array: Array) -> bool:
    """Whether TensorFlow can take an array without copying it."""
    return bool(array.flags.c_contiguous and array.flags.writeable and array.ctypes.data % ALIGNED == 0)


def settled(shape: Sequence[int], dtype: Any) -> Array:
    """An array of anything that lies in memory as TensorFlow wants it, which can then use it as it is: ``ALIGNED``.

    Arrow has it allocated by the system. What NumPy allocates, and Arrow by itself, comes in the large pages of Linux,
    which a virtual machine that lends its free memory to others has to ask for anew: that takes longer than to decode
    the pictures that go into them. Source: https://arrow.apache.org/docs/cpp/memory.html
    """
    import numpy as np
    import pyarrow as pa

    size = prod(shape) * np.dtype(dtype).itemsize
    room = np.frombuffer(pa.allocate_buffer(size + ALIGNED, pa.system_memory_pool()), np.uint8)
    start = -room.ctypes.data % ALIGNED
    made: Array = room[start : start + size].view(dtype).reshape(shape)
    return made


def held(array: Any) -> Any:
    """An array, or what stands for it where it lies in a file and is too large to be copied into memory."""
    import numpy as np

    if isinstance(array, Deferred) or array.nbytes <= KEPT_BYTES or not _in_file(array):
        return array
    return Deferred(lambda rows: np.asarray(array[rows]), Every(len(array)), array.shape[1:], array.dtype)


def _in_file(array: Any) -> bool:
    import numpy as np

    while array is not None:
        if isinstance(array, (np.memmap, mmap.mmap)):
            return True
        array = getattr(array, "base", None)
    return False


def padded(rows: Sequence[Any], sizes: Sequence[int | None], dtype: Any, value: float | str) -> Deferred:
    """Rows of unequal length, filled up with ``value`` behind: to the longest of a batch, or to a size that is known.

    Raises:
        ValueError: with the index of a row that is longer than it may be, or has another number of axes.
    """
    import numpy as np

    for index, row in enumerate(rows):
        found = np.shape(row)
        if len(found) != len(sizes) or any(
            want is not None and have > want for have, want in zip(found, sizes, strict=True)
        ):
            raise ValueError(index)
    kept = np.empty(len(rows), object)
    for index, row in enumerate(rows):
        kept[index] = row

    def read(chosen: Array) -> Array:
        batch = kept[chosen]
        longest = [
            max((row.shape[axis] for row in batch), default=0) if size is None else size
            for axis, size in enumerate(sizes)
        ]
        filled = np.full((len(batch), *longest), value, dtype)
        for place, row in zip(filled, batch, strict=True):
            place[tuple(slice(size) for size in row.shape)] = row
        return filled

    lengths = np.array([row.shape[0] for row in rows], np.int64) if len(sizes) else None
    return Deferred(read, Every(len(kept)), tuple(sizes), np.dtype(dtype), lengths)


def shortened(rows: Any, lengths: Array) -> Deferred:
    """Rows that were filled up to the longest of all, cut to the longest of a batch; each has its length."""

    def read(chosen: Array) -> Array:
        found: Array = rows[chosen][:, : int(lengths[chosen].max(initial=0))]
        return found

    return Deferred(read, Every(len(rows)), (None, *rows.shape[2:]), rows.dtype, lengths)
