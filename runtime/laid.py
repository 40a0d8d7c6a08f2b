"""Rows laid down in files, a few at a time, and read from there by the batch, with no more of them in memory."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from .deferred import Deferred, Every

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

HELD_BYTES: Final = 2**25
"""An array up to this size is taken into memory after all."""

TOUCHED: Final = 2**16
"""Bytes of a mapped file that come into memory with a single row, about: the system maps neighbours too."""

RELEASED: Final = 2**25
"""After so many bytes a mapped file is let go of; what the system has read of it stays in its own cache."""


@dataclass(frozen=True, slots=True)
class Laid:
    """How rows lie in their file: numbers of one shape, numbers of unequal shapes, or texts."""

    kind: Literal["rows", "unequal", "texts"]
    dtype: str
    sizes: tuple[int, ...]
    count: int

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


class Mapped:
    """A file of numbers as an array; what was read of it does not stay in this process's memory."""

    def __init__(self, path: Path, dtype: Any, shape: Sequence[int]) -> None:
        import numpy as np

        self.dtype = np.dtype(dtype)
        self.mapping: mmap.mmap | None = None
        if not path.stat().st_size:
            self.array: Array = np.zeros(shape, self.dtype)
            return
        with path.open("rb") as file:
            self.mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.array = np.frombuffer(self.mapping, self.dtype).reshape(shape)
        self.touched = 0

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: Any) -> Array:
        """These rows, copied."""
        import numpy as np

        found = np.array(self.array[rows])
        if self.mapping is not None:
            self.touched += found.nbytes + TOUCHED * (1 if isinstance(rows, slice) else len(found))
            if self.touched > RELEASED:
                self.touched = 0
                release(self.mapping)
        return found


def release(mapping: mmap.mmap) -> None:
    """Let go of what a mapped file holds of memory, where the system can."""
    if hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


class Layer:
    """Lays the rows of one input or target down in the files ``name`` with several endings; ``stack`` closes them."""

    def __init__(self, folder: Path, name: str, stack: ExitStack) -> None:
        self.stem = folder / name
        self.stack = stack
        self.dtype: np.dtype[Any] | None = None
        self.runs: list[list[int]] = []
        self.file: IO[bytes] = stack.enter_context(self.stem.with_suffix(".values").open("wb"))
        self.ends: IO[bytes] | None = None
        self.end = 0

    def add(self, rows: Any) -> None:
        """More rows behind those that lie there: an array, or a list of arrays of unequal shapes.

        Raises:
            ValueError: if they are of another type than those before.
        """
        import numpy as np

        if isinstance(rows, list):
            for row in rows:
                self._add(np.asarray(row)[None])
        elif rows.dtype.kind in "OSU":
            self._texts(rows)
        elif len(rows):
            self._add(rows)

    def _add(self, rows: Array) -> None:
        import numpy as np

        if self.dtype is None:
            self.dtype = rows.dtype
        if rows.dtype != self.dtype:
            if not np.can_cast(rows.dtype, self.dtype):
                raise ValueError(f"rows of {rows.dtype} follow such of {self.dtype}")
            rows = rows.astype(self.dtype)
        self._run(len(rows), rows.shape[1:])
        np.ascontiguousarray(rows).tofile(self.file)

    def _run(self, count: int, shape: Sequence[int]) -> None:
        if self.runs and self.runs[-1][1:] == [*shape]:
            self.runs[-1][0] += count
        else:
            self.runs.append([count, *shape])

    def _texts(self, rows: Array) -> None:
        import numpy as np

        self.dtype = np.dtype(object)
        if self.ends is None:
            self.ends = self.stack.enter_context(self.stem.with_suffix(".ends").open("wb"))
        self._run(len(rows), rows.shape[1:])
        cells = [str(cell).encode("utf-8") for cell in rows.reshape(-1)]
        self.file.write(b"".join(cells))
        ends = self.end + np.cumsum([len(cell) for cell in cells], dtype=np.int64)
        self.end = int(ends[-1]) if len(ends) else self.end
        ends.tofile(self.ends)

    def close(self) -> Laid:
        """End the files; how the rows lie there."""
        import numpy as np

        for file in (self.file, self.ends):
            if file is not None:
                file.close()
        count = sum(run[0] for run in self.runs)
        sizes = tuple(self.runs[0][1:]) if self.runs else ()
        dtype = self.dtype or np.dtype(np.float32)
        if dtype.kind == "O":
            return Laid("texts", "object", sizes, count)
        if len(self.runs) < 2:
            return Laid("rows", dtype.str, sizes, count)
        np.save(self.stem.with_suffix(".runs.npy"), np.array(self.runs, np.int64))
        return Laid("unequal", dtype.str, sizes, count)


def opened(folder: Path, name: str, laid: Laid, sizes: Sequence[int | None] = (), pad: float = 0) -> Any:
    """Rows that were laid down: an array where they are few, else what stands for one.

    Rows of unequal shapes are filled up with ``pad``: to ``sizes``, where None means to the longest of a batch.
    """
    import numpy as np

    stem = folder / name
    found: Deferred
    if laid.kind == "rows":
        dtype = np.dtype(laid.dtype)
        rows = Mapped(stem.with_suffix(".values"), dtype, (laid.count, *laid.sizes))
        found, width = Deferred(rows.take, Every(laid.count), laid.sizes, dtype), dtype.itemsize * prod(laid.sizes)
    elif laid.kind == "texts":
        found, width = _texts(stem, laid), 64 * prod(laid.sizes)
    else:
        found, width = _unequal(stem, laid, sizes, pad), 0
    if laid.kind != "unequal" and laid.count * width <= HELD_BYTES:
        return found[:]
    return found


def _texts(stem: Path, laid: Laid) -> Deferred:
    import numpy as np

    each = prod(laid.sizes)
    ends = Mapped(stem.with_suffix(".ends"), np.int64, (laid.count * each,))
    letters = Mapped(stem.with_suffix(".values"), np.uint8, (stem.with_suffix(".values").stat().st_size,))

    def read(chosen: Array) -> Array:
        cells = (chosen[:, None] * each + np.arange(each)).reshape(-1)
        last = ends.take(cells)
        first = np.where(cells > 0, ends.take(np.maximum(cells - 1, 0)), 0)
        texts = np.empty(len(cells), object)
        texts[:] = [
            letters.take(slice(start, end)).tobytes().decode("utf-8")
            for start, end in zip(first.tolist(), last.tolist(), strict=True)
        ]
        return texts.reshape(len(chosen), *laid.sizes)

    return Deferred(read, Every(laid.count), laid.sizes, np.dtype(object))


def _unequal(stem: Path, laid: Laid, sizes: Sequence[int | None], pad: float) -> Deferred:
    import numpy as np

    runs = np.load(stem.with_suffix(".runs.npy"))
    shapes = np.repeat(runs[:, 1:], runs[:, 0], axis=0).astype(np.int32)
    lengths = shapes.prod(axis=1, dtype=np.int64)
    ends = np.cumsum(lengths)
    dtype = np.dtype(laid.dtype)
    flat = Mapped(stem.with_suffix(".values"), dtype, (int(ends[-1]),))

    def read(chosen: Array) -> Array:
        most = shapes[chosen].max(axis=0, initial=0)
        full = [int(most[axis]) if size is None else size for axis, size in enumerate(sizes)]
        filled = np.full((len(chosen), *full), pad, dtype)
        for place, row in zip(filled, chosen.tolist(), strict=True):
            shape = tuple(shapes[row].tolist())
            values = flat.take(slice(int(ends[row] - lengths[row]), int(ends[row])))
            place[tuple(slice(size) for size in shape)] = values.reshape(shape)
        return filled

    return Deferred(read, Every(laid.count), tuple(sizes), dtype)


def longest(folder: Path, name: str) -> tuple[int, ...]:
    """The sizes that rows of unequal shapes have at most."""
    import numpy as np

    runs = np.load((folder / name).with_suffix(".runs.npy"))
    return tuple(int(size) for size in runs[:, 1:].max(axis=0))
