"""Rows laid down in files, a few at a time, and read from there by the batch, with no more of them in memory."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Laid:
    """How rows lie in their file: numbers of one shape, numbers of unequal shapes, texts, or bytes."""

    kind: Literal["rows", "unequal", "texts", "bytes"]
    dtype: str
    sizes: tuple[int, ...]
    count: int

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)

    @staticmethod
    def read(told: Mapping[str, Any]) -> Laid:
        """From what ``plain`` gave."""
        return Laid(**{**told, "sizes": tuple(told["sizes"])})


class RowFile:
    """A file of numbers of which some rows are read at a time.

    They are read by calls of the system rather than through a map of the file: rows at random would bring their
    neighbours into memory, and take several times as long.
    """

    def __init__(self, path: Path, dtype: Any, sizes: Sequence[int] = ()) -> None:
        import numpy as np

        self.dtype = np.dtype(dtype)
        self.sizes = tuple(sizes)
        self.width = self.dtype.itemsize * prod(self.sizes)
        self.file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self.file)
        self.turn = threading.Lock()

    def take(self, rows: Array) -> Array:
        """The rows with these numbers, in this order.

        Raises:
            OSError: if the file ends before.
        """
        import numpy as np

        numbers = rows.astype(np.int64)
        first = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
        counts = np.diff(first, append=len(numbers))
        starts, lengths = (numbers[first] * self.width).tolist(), (counts * self.width).tolist()
        parts = [self._read(start, length) for start, length in zip(starts, lengths, strict=True)]
        return self._array(parts, len(numbers))

    def stretch(self, start: int, end: int) -> Array:
        """The rows from one to another.

        Raises:
            OSError: if the file ends before.
        """
        return self._array([self._read(start * self.width, (end - start) * self.width)], end - start)

    def _array(self, parts: Sequence[bytes], count: int) -> Array:
        import numpy as np

        return np.frombuffer(bytearray().join(parts), self.dtype).reshape(count, *self.sizes)

    def _read(self, start: int, length: int) -> bytes:
        found = self._some(start, length)
        while len(found) < length:  # a call reads 2 GB at most
            more = self._some(start + len(found), length - len(found))
            if not more:
                raise OSError("a file of rows has become shorter: start again, and they are laid down anew")
            found += more
        return found

    def _some(self, start: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self.file, length, start)
        with self.turn:
            os.lseek(self.file, start, os.SEEK_SET)
            return os.read(self.file, length)


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
        cells = [cell if isinstance(cell, bytes) else str(cell).encode("utf-8") for cell in rows.reshape(-1)]
        self.file.write(b"".join(cells))
        ends = self.end + np.cumsum([len(cell) for cell in cells], dtype=np.int64)
        self.end = int(ends[-1]) if len(ends) else self.end
        ends.tofile(self.ends)

    def close(self, *, raw: bool = False) -> Laid:
        """End the files; how the rows lie there. ``raw``: texts are bytes, and stay what they are."""
        import numpy as np

        for file in (self.file, self.ends):
            if file is not None:
                file.close()
        count = sum(run[0] for run in self.runs)
        sizes = tuple(self.runs[0][1:]) if self.runs else ()
        dtype = self.dtype or np.dtype(np.float32)
        if dtype.kind == "O":
            return Laid("bytes" if raw else "texts", "object", sizes, count)
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
        rows = RowFile(stem.with_suffix(".values"), dtype, laid.sizes)
        found, width = Deferred(rows.take, Every(laid.count), laid.sizes, dtype), dtype.itemsize * prod(laid.sizes)
    elif laid.kind in ("texts", "bytes"):
        found, width = _texts(stem, laid), 64 * prod(laid.sizes)
    else:
        found, width = _unequal(stem, laid, sizes, pad), 0
    if laid.kind in ("rows", "texts") and laid.count * width <= HELD_BYTES:
        return found[:]
    return found


def _texts(stem: Path, laid: Laid) -> Deferred:
    import numpy as np

    each = prod(laid.sizes)
    ends = RowFile(stem.with_suffix(".ends"), np.int64)
    letters = RowFile(stem.with_suffix(".values"), np.uint8)

    def read(chosen: Array) -> Array:
        cells = (chosen[:, None].astype(np.int64) * each + np.arange(each)).reshape(-1)
        last = ends.take(cells)
        first = np.where(cells > 0, ends.take(np.maximum(cells - 1, 0)), 0)
        texts = np.empty(len(cells), object)
        for index, (start, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
            cell = letters.stretch(start, end).tobytes()
            texts[index] = cell if laid.kind == "bytes" else cell.decode("utf-8")
        return texts.reshape(len(chosen), *laid.sizes)

    return Deferred(read, Every(laid.count), laid.sizes, np.dtype(object))


def _unequal(stem: Path, laid: Laid, sizes: Sequence[int | None], pad: float) -> Deferred:
    import numpy as np

    runs = np.load(stem.with_suffix(".runs.npy"))
    shapes = np.repeat(runs[:, 1:], runs[:, 0], axis=0).astype(np.int32)
    lengths = shapes.prod(axis=1, dtype=np.int64)
    ends = np.cumsum(lengths)
    dtype = np.dtype(laid.dtype)
    flat = RowFile(stem.with_suffix(".values"), dtype)

    def read(chosen: Array) -> Array:
        most = shapes[chosen].max(axis=0, initial=0)
        full = [int(most[axis]) if size is None else size for axis, size in enumerate(sizes)]
        filled = np.full((len(chosen), *full), pad, dtype)
        for place, row in zip(filled, chosen.tolist(), strict=True):
            shape = tuple(shapes[row].tolist())
            values = flat.stretch(int(ends[row] - lengths[row]), int(ends[row]))
            place[tuple(slice(size) for size in shape)] = values.reshape(shape)
        return filled

    return Deferred(read, Every(laid.count), tuple(sizes), dtype, shapes[:, 0])


def longest(folder: Path, name: str) -> tuple[int, ...]:
    """The sizes that rows of unequal shapes have at most."""
    import numpy as np

    runs = np.load((folder / name).with_suffix(".runs.npy"))
    return tuple(int(size) for size in runs[:, 1:].max(axis=0))


def first_sizes(folder: Path, name: str) -> Array:
    """The first size of each of the rows of unequal shapes, in their order."""
    import numpy as np

    runs = np.load((folder / name).with_suffix(".runs.npy"))
    return np.repeat(runs[:, 1], runs[:, 0])
