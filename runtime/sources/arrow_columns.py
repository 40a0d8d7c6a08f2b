"""From an Arrow table to columns: numbers as NumPy arrays, text as Arrow, tables inside of cells as `outer.inner`."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..table import Values

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, np.dtype[Any]]


def columns_of(table: pa.Table, gaps: Collection[str] = ()) -> dict[str, Values]:
    """All columns of a table by name.

    Numbers and booleans without gaps become arrays of their own type. A gap among whole numbers makes text of
    them, which keeps each digit; among other numbers it is NaN. Lists of one length become further axes, others an
    array of arrays. Dates and times become text as ISO 8601 writes them, durations such as `1:30:00`. ``gaps`` are
    columns that are to be taken for such with gaps, though there is none in these rows.
    """
    import pyarrow as pa

    found: dict[str, Values] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_struct(column.type):
            inner = pa.Table.from_arrays(column.flatten(), [one.name for one in column.type])
            inside = [one.removeprefix(f"{name}.") for one in gaps if one.startswith(f"{name}.")]
            found |= {f"{name}.{key}": values for key, values in columns_of(inner, inside).items()}
        else:
            found[name] = values_of(column, gaps=name in gaps)
    return found


def values_of(column: pa.ChunkedArray, *, gaps: bool = False) -> Values:
    """The values of one column; with ``gaps`` as if there were a gap among them."""
    import numpy as np
    import pyarrow as pa

    kind = column.type
    gaps = gaps or bool(column.null_count)
    if pa.types.is_dictionary(kind):
        return values_of(column.cast(kind.value_type), gaps=gaps)
    if pa.types.is_boolean(kind):
        return _gaps(column) if gaps else np.asarray(column.to_numpy(), bool)
    if pa.types.is_integer(kind):
        return column.cast(pa.string()) if gaps else np.asarray(column.to_numpy())
    if pa.types.is_decimal(kind):
        return np.asarray(column.cast(pa.float64()).to_numpy())
    if pa.types.is_floating(kind):
        return np.asarray(column.to_numpy())
    if _is_list(kind):
        return _lists(column)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        plain = column.cast(pa.large_binary())
        try:
            return plain.cast(pa.large_string()).cast(pa.string())
        except pa.ArrowInvalid:  # no text: files that stand in the cells, perhaps
            return plain
    with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
        if not pa.types.is_duration(kind):  # of which a cast writes how many they are of a unit that nobody sees
            return column.cast(pa.string())
    return pa.chunked_array([pa.array([None if one is None else str(one) for one in column.to_pylist()], pa.string())])


def _gaps(column: pa.ChunkedArray) -> Array:
    """Booleans with gaps, as numbers."""
    import numpy as np
    import pyarrow as pa

    return np.asarray(column.cast(pa.int8()).cast(pa.float32()).to_numpy())


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _lists(column: pa.ChunkedArray) -> Array:
    """Lists of one length as an array with one more axis; others as an array of arrays, None where there is none."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column)
    if not column.null_count and len(column):
        bounds = pc.min_max(lengths).as_py()
        if bounds["min"] == bounds["max"] and bounds["max"]:
            inner = pc.list_flatten(column)
            flat = values_of(_whole_gaps(inner if isinstance(inner, pa.ChunkedArray) else pa.chunked_array([inner])))
            array = np.array(flat.to_pylist(), dtype=object) if isinstance(flat, pa.ChunkedArray) else flat
            if array.dtype.kind != "O" or isinstance(flat, pa.ChunkedArray):  # else lists of unequal length
                return np.asarray(array.reshape(len(column), bounds["max"], *array.shape[1:]))
    rows = np.empty(len(column), object)
    for index, cell in enumerate(column.to_pylist()):
        rows[index] = None if cell is None else _row(cell)
    return rows


def _whole_gaps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers with gaps between them, as numbers whose gaps are NaN: inside of a list they can't become text."""
    import pyarrow as pa

    inside = column.null_count and (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type))
    if not inside:
        return column
    return column.cast(pa.int8() if pa.types.is_boolean(column.type) else column.type).cast(pa.float64(), safe=False)


def _row(cell: list[Any]) -> Array:
    """One list as an array; a gap among its numbers is NaN. Of lists of unequal length, an array of them."""
    import numpy as np

    try:
        row = np.asarray(cell)
    except ValueError:
        row = np.empty(len(cell), object)
        row[:] = [one if one is None else np.asarray(one, object) for one in cell]
        return row
    if row.dtype.kind == "O" and row.size and all(one is None or isinstance(one, (int, float)) for one in row.flat):
        return np.asarray(row, np.float64)
    return row
