"""From one column of a Table to what can be said of it in numbers: missing, unique, least, most, mean, deviation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from .cells import CellError, absent, is_arrow, numbers, taken
from .pending import Files
from .table import Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

MOST_ROWS: Final = 1_000_000
"""Of longer columns so many rows are looked at, evenly spread."""

Kind = Literal["numbers", "text", "files", "sequences"]


@dataclass(frozen=True, slots=True)
class ColumnNumbers:
    """What one column holds.

    ``dtype`` is that of its cells as stored, ``shape`` that of one row. ``least`` to ``std`` are over all its numbers,
    of text over the lengths in characters, of sequences over the numbers in them, and None where there are none.
    ``lengths`` are the least, the mean and the largest length of texts and sequences. ``unique`` counts different
    cells, where a row has a single one. ``constant``: all cells are the same. ``ascending``: whole numbers that grow
    by one from row to row.
    """

    name: str
    kind: Kind
    dtype: str
    shape: tuple[int, ...]
    rows: int
    missing: int
    unique: int | None = None
    least: float | None = None
    most: float | None = None
    mean: float | None = None
    std: float | None = None
    lengths: tuple[int, float, int] | None = None
    constant: bool = False
    ascending: bool = False
    whole: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def numbers_of(name: str, values: Values) -> ColumnNumbers:
    """Look through one column."""
    import numpy as np

    if isinstance(values, Files):
        return ColumnNumbers(name, "files", values.kind, (), len(values), 0)
    total = len(values)
    if total > MOST_ROWS:
        values = taken(values, np.linspace(0, total - 1, MOST_ROWS).astype(np.intp))
    lacking = absent(values)
    missing = int(lacking.sum())
    there = taken(values, np.flatnonzero(~lacking)) if missing else values
    if is_arrow(values) or values.dtype.kind in "SUO":
        if not is_arrow(there) and there.dtype.kind == "O" and len(there) and hasattr(there[0], "dtype"):
            return _of_sequences(name, there, total, missing)
        return _of_cells(name, there, total, missing)
    return _of_numbers(name, there, str(values.dtype), total, missing)


def _of_cells(name: str, values: Values, total: int, missing: int) -> ColumnNumbers:
    """Cells of text, which may be numbers."""
    import numpy as np

    dtype = str(values.type) if is_arrow(values) else "text"
    if not len(values):
        return ColumnNumbers(name, "text", dtype, (), total, missing, 0)
    if is_arrow(values):
        try:
            found = numbers(values)
            if found.dtype.kind != "b":
                return _of_numbers(name, found, str(found.dtype), total, missing)
        except CellError:
            pass
        cells = values.to_pylist()
    else:
        cells = values.reshape(-1).tolist()
    lengths = np.fromiter((len(cell) for cell in cells), np.int64, len(cells))
    unique = len(set(cells))
    return ColumnNumbers(
        name, "text", dtype, (), total, missing, unique,
        lengths=(int(lengths.min()), float(lengths.mean()), int(lengths.max())), constant=unique == 1,
    )  # fmt: skip


def _of_sequences(name: str, values: Values, total: int, missing: int) -> ColumnNumbers:
    import numpy as np

    lengths = np.fromiter((len(cell) if cell.ndim else 1 for cell in values), np.int64, len(values))
    every = np.concatenate([np.asarray(cell).reshape(-1) for cell in values])
    if every.dtype.kind not in "biuf":
        return ColumnNumbers(name, "sequences", str(every.dtype), (), total, missing, lengths=_spread(lengths))
    one = _of_numbers(name, every, str(every.dtype), total, missing)
    return ColumnNumbers(
        name, "sequences", one.dtype, (), total, missing, None, one.least, one.most, one.mean, one.std, _spread(lengths)
    )


def _spread(lengths: Array) -> tuple[int, float, int]:
    return int(lengths.min()), float(lengths.mean()), int(lengths.max())


def _of_numbers(name: str, values: Array, dtype: str, total: int, missing: int) -> ColumnNumbers:
    import numpy as np

    sizes = values.shape[1:]
    if not values.size:
        return ColumnNumbers(name, "numbers", dtype, sizes, total, missing, 0)
    wide = values.astype(np.float64)
    single = values.size == len(values)
    flat = values.reshape(-1)
    whole = bool(values.dtype.kind in "iu" or (values.dtype.kind == "f" and (wide == np.floor(wide)).all()))
    with np.errstate(invalid="ignore", over="ignore"):  # infinite numbers have no mean; that they are there is told
        mean, std = float(wide.mean()), float(wide.std())
        steps = np.diff(flat.astype(np.float64))
    return ColumnNumbers(
        name, "numbers", dtype, sizes, total, missing,
        unique=len(np.unique(flat)) if single else None,
        least=float(wide.min()), most=float(wide.max()), mean=mean, std=std,
        constant=bool((flat == flat[0]).all()),
        ascending=bool(single and whole and len(flat) > 2 and (steps == 1).all()),
        whole=whole,
    )  # fmt: skip
