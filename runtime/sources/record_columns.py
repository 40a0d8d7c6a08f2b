"""From the features of records to columns: what a feature is hangs on all records, and so is learned of all first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..table import Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Cell = Any
"""A list of bytes, an array of numbers, or a list of them (in a sequence)."""


class Form:
    """What one feature is in the records seen so far; ``wish`` is what the spec states of it.

    Cells are ``add``ed some at a time, then ``ended``; from then on ``column`` makes a column of any of them, the same
    whether they come together or a few at a time.
    """

    def __init__(self, wish: Mapping[str, Any]) -> None:
        self.wish = wish
        self.seen = self.lacking = self.empty = 0
        self.shape: tuple[int, ...] | None = None
        self.arrays = self.alike = self.text = True
        self.nested = False
        self.lengths = (2**62, 0)
        self.dtype: Any = None
        self.real: Any = None
        self.element: Any = None

    def wished(self, cell: Cell) -> Cell:
        """A cell as the spec states it; None stays None.

        Raises:
            ValueError, TypeError: if it can't be that.
        """
        import numpy as np

        dtype, shape = self.wish.get("dtype"), self.wish.get("shape")
        if cell is None:
            return None
        if dtype is not None and dtype != "string":
            cell = _of_dtype(cell, dtype)
        return np.asarray(cell).reshape(shape) if shape is not None else cell

    def add(self, cells: Sequence[Cell]) -> None:
        """Learn of more records that have the feature; cells are as ``wished``.

        Raises:
            ValueError, TypeError: if they can't stand in one column with those before.
        """
        import numpy as np
        import pyarrow as pa

        self.seen += len(cells)
        elements: list[Any] = []
        for cell in cells:
            if hasattr(cell, "dtype"):
                length, deep = len(cell) if cell.ndim else 1, cell.ndim > 1 and len(cell) > 0
                self.shape = cell.shape if self.shape is None else self.shape
                self.alike &= cell.shape == self.shape
                if cell.dtype != self.dtype:
                    self.dtype = cell.dtype if self.dtype is None else np.result_type(self.dtype, cell.dtype)
                if self.real is None and cell.dtype.kind == "f":
                    self.real = cell.dtype
            else:
                self.arrays = False
                plain = _listed(cell)
                length, deep = len(plain), bool(plain) and isinstance(plain[0], list)
                elements += plain
            self.lengths = min(self.lengths[0], length), max(self.lengths[1], length)
            self.empty += not length
            self.nested |= deep
        if elements:
            found = pa.array(elements)
            self.element = found.type if self.element is None else _both(self.element, found.type)
            if self.text and pa.types.is_binary(found.type):
                self.text = _is_text(found)

    def ended(self, count: int) -> None:
        """All ``count`` records have been seen.

        Raises:
            ValueError: if their cells can't be one column.
        """
        import pyarrow as pa

        self.lacking = count - self.seen
        if self.wish.get("shape") is not None and not self.lacking and not self.alike:
            raise ValueError("its records are of several shapes")
        if self.dtype is not None:
            inner = pa.array([self.dtype.type().item()]).type  # what Arrow makes of such numbers as Python has them
            for _ in (self.shape or ())[1:]:
                inner = pa.list_(inner)
            self.element = inner if self.element is None else _both(self.element, inner)

    @property
    def single(self) -> bool:
        """Whether it is a single number or text a record."""
        return self.lengths[1] < 2 and not self.nested

    def column(self, cells: Sequence[Cell]) -> Values:
        """Some of its cells, as ``wished``, as a column.

        Raises:
            ValueError, TypeError: if they can't be one.
        """
        import numpy as np
        import pyarrow as pa

        from .arrow_columns import values_of

        stated = self.wish.get("shape") is not None
        shape = self.shape or ()
        if self.arrays and self.alike and not self.lacking and (stated or _size(shape) > 1):
            return np.stack(cells).astype(self.dtype, copy=False) if cells else np.zeros((0, *shape), self.dtype)
        plain: list[Any] = [None if cell is None else _listed(cell) for cell in cells]
        if self.single:
            plain = [one[0] if one else None for one in plain]
            if self.real is not None:
                return np.array([np.nan if one is None else one for one in plain], self.real)
        element = self.element if self.element is not None else pa.null()
        made = pa.chunked_array([pa.array(plain, element if self.single else pa.list_(element))])
        if not self.single and (self.lacking or self.lengths[0] != self.lengths[1]):
            rows = np.empty(len(plain), object)
            for index, cell in enumerate(made.to_pylist()):
                rows[index] = None if cell is None else np.asarray(cell)
            return rows
        if not self.text:  # said of all cells alike, though those at hand may read as text
            if self.single:
                return made.cast(pa.large_binary())
            held = np.empty((len(plain), self.lengths[0]), object)
            for index, one in enumerate(plain):
                held[index] = one
            return held
        return values_of(made, gaps=bool(self.lacking or self.empty))


def _size(shape: Sequence[int]) -> int:
    from math import prod

    return prod(shape)


def _listed(cell: Cell) -> list[Any]:
    """What a cell holds, as Arrow takes it."""
    plain = _plain(cell)
    return plain if isinstance(plain, list) else [plain]


def _plain(part: Any) -> Any:
    """A number, text, or a list of them, as Arrow takes it."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if isinstance(part, bytes):
        return part
    return part.tolist()


def _of_dtype(cell: Cell, dtype: str) -> Array:
    """Numbers in a dtype; from bytes as ``tf.io.decode_raw`` reads them."""
    import numpy as np

    if isinstance(cell, list) and cell and isinstance(cell[0], bytes):
        if len(cell) > 1:
            raise ValueError("it holds several texts")
        return np.frombuffer(cell[0], np.dtype(dtype).newbyteorder("<")).astype(dtype)
    return np.asarray(cell).astype(dtype)


def _both(first: Any, second: Any) -> Any:
    """A type for values of two.

    Raises:
        ValueError: if there is none.
    """
    import pyarrow as pa

    if first == second:
        return first
    fields = [pa.schema([("", kind)]) for kind in (first, second)]
    return pa.unify_schemas(fields, promote_options="permissive").field(0).type


def _is_text(found: Any) -> bool:
    import pyarrow as pa

    try:
        found.cast(pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True
