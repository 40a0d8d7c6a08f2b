"""From columns to one array an input takes: shape and dtype, or what does not fit."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import TYPE_CHECKING, Any, Final

from .cells import CellError, comma_way, is_arrow, numbers, texts
from .deferred import settled
from .table import Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

WORTH_THREADS: Final = 2**15
"""Rows from which on columns are made numbers side by side."""

DATE: Final = re.compile(r"\s*(\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{4}|(\d+ days?, )?\d+:\d\d)(?!\d)")
NUMBERS: Final = re.compile(r"[\s\[(]*[-+.\d][-+.\d\s,eE;]*[\s\])]*$")
"""How several numbers in one cell are written."""

AT_ONCE: Final = 2**12
"""Rows that are put together at once."""

Sizes = Sequence[int | str | None]
"""Sizes of one row's axes; anything but a number is a size not known yet."""


class MisfitError(Exception):
    """Columns do not fit: why, how to mend it, and the index of the row where it shows."""

    code = "E405"

    def __init__(self, message: str, help: str | None = None, index: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.index = index


def fitted(columns: Sequence[tuple[str, Values]], shape: Sizes, dtype: str) -> Array:
    """One array of shape ``(rows, *shape)`` from named columns.

    Many columns stand side by side. A row that comes flat is folded into ``shape``; axes of size 1 are put in
    or left out; any other difference is a misfit. Numbers that ``dtype`` holds without loss may stay in a
    smaller dtype, which takes less memory: the feed casts.

    Raises:
        MisfitError: if shape or dtype do not fit.
    """
    arrays: list[Array]
    if len(columns) > 1 and len(columns[0][1]) >= WORTH_THREADS:  # Arrow and NumPy let other threads run
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            arrays = list(pool.map(lambda one: _column(one[0], one[1], dtype), columns))
    else:
        arrays = [_column(name, values, dtype) for name, values in columns]
    if len(arrays) > 1:
        wide = next((name for (name, _), array in zip(columns, arrays, strict=True) if array[0].size != 1), None)
        if wide is not None:
            raise MisfitError(f"`{wide}` has more than one number a row and can't stand beside other columns")
        rows = _beside([array.reshape(len(array)) for array in arrays])
    else:
        rows = arrays[0]
    return rows.reshape(len(rows), *folded(rows.shape[1:], shape))


def _column(name: str, values: Values, dtype: str) -> Array:
    """One column in the dtype of its input."""
    try:
        return texts(values) if dtype == "string" else cast(numbers(values), dtype, not is_arrow(values))
    except CellError as error:
        if dtype == "string":
            way = 'set the input\'s dtype to that of the numbers, such as `dtype = "float32"`'
            raise MisfitError(f"`{name}` holds numbers, but the input takes text", way, error.index) from None
        raise _no_number(name, values, error) from None
    except MisfitError as error:
        raise MisfitError(f"`{name}` {error.message}", error.help, error.index) from None


def _no_number(name: str, values: Values, error: CellError) -> MisfitError:
    """What to say of a column in which something is no number."""
    if not is_arrow(values) and values.dtype.kind == "O" and (found := unequal_inside(values)) is not None:
        return MisfitError(
            f"`{name}` holds a list whose own lists differ in length", "make the lists of each row equally long", found
        )
    if not is_arrow(values) and values.dtype.kind not in "SUO":
        message = f"`{name}` is of the type {values.dtype}, and the input takes real numbers"
        return MisfitError(message, "save it as such numbers, times as the seconds or days since the first")
    cell = error.cell
    way = 'for text, give the input `dtype = "string"` and let a StringLookup or TextVectorization layer read it'
    if is_arrow(values) and (comma := comma_way(cell)) is not None:
        way = comma
    elif DATE.match(cell):
        way = "a date or a time is no number: write one into the file instead, such as the days since the first"
    elif error.mostly and cell.lower() in ("true", "false"):
        way = "write 1 for true and 0 for false into the file, since there are other numbers in the column"
    elif error.mostly:
        way = (
            f'if "{cell}" means that there is no value, write `missing_values = ["", "{cell}"]` in the source of a '
            ".csv file (into other files null), and in [data] what is to be done with `missing`"
        )
    elif len(cell.strip("[]()").replace(",", " ").split()) > 1 and NUMBERS.match(cell):
        way = "a list of numbers in one cell can stand in a .jsonl or .parquet file; in a .csv file each is a column"
    return MisfitError(f'`{name}` holds "{cell}", which is no number', way, error.index)


def unequal_inside(values: Values) -> int | None:
    """The first cell that is a list of lists of unequal length."""
    for index, cell in enumerate(values.reshape(-1)):
        if getattr(cell, "ndim", 0) and cell.dtype.kind == "O":
            return index
    return None


def _beside(columns: Sequence[Array]) -> Array:
    """Columns of numbers side by side."""
    import numpy as np

    rows = settled((len(columns[0]), len(columns)), np.result_type(*columns))
    for start in range(0, len(rows), AT_ONCE):  # such that what is written stays in the processor's own memory
        np.stack([one[start : start + AT_ONCE] for one in columns], -1, out=rows[start : start + AT_ONCE])
    return rows


def folded(found: Sequence[int], wanted: Sizes) -> tuple[int, ...]:
    """The shape of one row, folded into what is wanted.

    Raises:
        MisfitError: if it does not fit.
    """
    sizes = [size if isinstance(size, int) else None for size in wanted]
    if _matches(found, sizes):
        return tuple(found)
    known = prod(size for size in sizes if size is not None)
    unknown = sizes.count(None)
    total = prod(found)
    if unknown == 0 and total == known and (len(found) <= 1 or _squeezed(found) == _squeezed(sizes)):
        return tuple(size for size in sizes if size is not None)
    if unknown == 1 and len(found) == 1 and total % known == 0:
        return tuple(total // known if size is None else size for size in sizes)
    if unknown and len(_squeezed(found)) == len(_squeezed(sizes)) and _matches(_squeezed(found), _squeezed(sizes)):
        rest = iter(_squeezed(found))
        return tuple(1 if size == 1 else next(rest) for size in sizes)
    shape = ", ".join(str(size) for size in wanted)
    takes = f"{known} number{'' if known == 1 else 's'} a row" if unknown == 0 else "rows of that form"
    gives = f"{total} number{'' if total == 1 else 's'} a row" if len(found) <= 1 else f"rows of shape {list(found)}"
    raise MisfitError(f"gives {gives}, but the shape [{shape}] takes {takes}", "change the shape or the columns")


def too_long(name: str, rows: Sequence[Array], shape: Sizes, index: int) -> MisfitError:
    """What to say of a row that an input has no room for."""
    written = ", ".join(str(size) for size in shape)
    return MisfitError(
        f"`{name}` has a row of shape {list(rows[index].shape)}, but the shape [{written}] takes no such row",
        'shorter rows are filled up; make the size a word, as in ["time"], for rows of any length',
        index,
    )


def _matches(found: Sequence[int], sizes: Sequence[int | None]) -> bool:
    return len(found) == len(sizes) and all(
        want is None or want == have for have, want in zip(found, sizes, strict=True)
    )


def _squeezed(sizes: Sequence[Any]) -> list[Any]:
    return [size for size in sizes if size != 1]


def cast(array: Array, dtype: str, keep: bool = False) -> Array:
    """Numbers in ``dtype``; with ``keep``, in their own if that is smaller and holds the same numbers.

    Raises:
        MisfitError: for fractions where whole numbers are wanted, numbers out of range, infinities.
    """
    import numpy as np

    if array.dtype.kind == "f":
        finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
        if not finite.all():
            raise MisfitError(
                "holds an infinite number", "mend the data, or leave out such rows", int(np.argmin(finite))
            )
    if dtype in ("float16", "float32", "float64", "bfloat16"):
        target = np.dtype("float32" if dtype == "bfloat16" else dtype)
        if keep and array.dtype.itemsize < target.itemsize:
            return array
        with np.errstate(over="ignore"):
            result = array.astype(target, copy=False)
        if array.dtype.kind != "b" and not np.isfinite(result).all():
            finite = np.isfinite(result).reshape(len(result), -1).all(axis=1)
            raise MisfitError(f"holds a number too large for {dtype}", None, int(np.argmin(finite)))
        return result
    if dtype == "bool":
        wrong = (array != 0) & (array != 1)
        if wrong.any():
            raise MisfitError("holds other numbers than 0 and 1, but the dtype is bool", None, _first(wrong))
        return array.astype(bool)
    if array.dtype.kind == "f":
        wrong = array != np.floor(array)
        if wrong.any():
            first = array[_first(wrong)]
            shown = first.reshape(-1)[np.argmax(np.atleast_1d(first != np.floor(first)))]
            raise MisfitError(
                f"holds {shown:g}, but {dtype} takes whole numbers", 'use `dtype = "float32"`', _first(wrong)
            )
    limits = np.iinfo(dtype)
    wrong = (array < limits.min) | (array > limits.max)
    if wrong.any():
        raise MisfitError(
            f"holds numbers outside of {limits.min} to {limits.max}, the range of {dtype}", None, _first(wrong)
        )
    target = np.dtype(dtype)
    return (
        array if keep and array.dtype.itemsize < target.itemsize and array.dtype.kind != "f" else array.astype(target)
    )


def _first(flags: Any) -> int:
    import numpy as np

    return int(np.argmax(flags.reshape(len(flags), -1).any(axis=1)))
