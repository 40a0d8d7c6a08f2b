"""What the cells of one column are: missing, numbers or text. Columns are Arrow text or NumPy arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .table import Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]


AT_ONCE: Final = 2**14
"""Rows that are looked at together."""

SAMPLE: Final = 16
"""Cells that are tried before a whole column is."""

BLANKS: Final = (b" ", b"\t", b"\n", b"\r", b"\v", b"\f", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
"""Blanks in ASCII."""

LAST_BLANK, FOREIGN = 0x20, 0x80
"""Above the first there is no blank, from the second on no ASCII."""


class CellError(Exception):
    """A cell is not what was asked for: its index and how it reads; ``mostly`` if all but such cells are."""

    def __init__(self, index: int, cell: str, mostly: bool = False) -> None:
        super().__init__(cell)
        self.index = index
        self.cell = cell
        self.mostly = mostly


def is_arrow(values: Values) -> bool:
    """Whether a column is Arrow text rather than a NumPy array or files."""
    return hasattr(values, "to_pylist")


def comma_way(cell: str) -> str | None:
    """What to write where a cell, which is no number, is one with its fraction behind a comma."""
    if re.fullmatch(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?\s*", cell):
        fraction = cell.count(",") == 1 and "." not in cell
        other = '; if fractions stand behind it, write `decimal = ","` in the source' if fraction else ""
        return f"if the comma parts thousands, take it out of the file{other}"
    if re.fullmatch(r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+)?,\d+\s*", cell) is None:
        return None
    return 'if fractions stand behind a comma in this file, write `decimal = ","` in the source'


def absent(values: Values) -> Flags:
    """Which rows have no value: an empty cell, or NaN anywhere in the row's numbers, also in those of a list."""
    import numpy as np

    if is_arrow(values):
        if values.null_count == 0:
            return np.zeros(len(values), bool)
        return np.asarray(values.is_null().to_numpy(), bool)
    if not hasattr(values, "dtype"):
        return np.zeros(len(values), bool)
    if values.dtype.kind == "O":
        return np.fromiter((_gap(cell) for cell in values), bool, len(values))
    if values.dtype.kind == "f":
        axes = tuple(range(1, values.ndim))
        flags = np.zeros(len(values), bool)
        for start in range(0, len(values), AT_ONCE):  # what lies in a file may be larger than memory
            flags[start : start + AT_ONCE] = np.isnan(values[start : start + AT_ONCE]).any(axis=axes)
        return flags
    return np.zeros(len(values), bool)


def taken(values: Values, rows: Array) -> Values:
    """The rows with these indices."""
    return values[rows] if hasattr(values, "dtype") else values.take(rows)


def filled(values: Values, value: Any) -> Values:
    """The column with ``value`` wherever there is none."""
    import numpy as np

    if is_arrow(values):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return values.fill_null(text)
    if not hasattr(values, "dtype") or values.dtype.kind != "O":
        return np.where(np.isnan(values), value, values) if _real(values) else values
    result = values.copy()
    shapes = {cell.shape for cell in values.flat if hasattr(cell, "shape")}
    # Of rows of unequal length nobody knows how long this one was.
    shape = next(iter(shapes)) if len(shapes) == 1 else (1, *next(iter(shapes), ())[1:])
    for place, cell in enumerate(values.flat):
        if cell is None:
            result.flat[place] = np.full(shape, value) if shapes else value
        elif _gap(cell):
            lacking = (
                np.isnan(cell) if _real(cell) else np.array([one is None for one in cell.flat]).reshape(cell.shape)
            )
            result.flat[place] = np.where(lacking, value, cell)
    return result


def _gap(cell: Any) -> bool:
    """Whether a cell has no value, or is a list in which a number has none."""
    import numpy as np

    if _real(cell):
        return bool(np.isnan(cell).any())
    words = getattr(getattr(cell, "dtype", None), "kind", "") == "O"
    return cell is None or (words and any(one is None for one in cell.flat))


def _real(values: Values) -> bool:
    return hasattr(values, "dtype") and values.dtype.kind == "f"


def numbers(values: Values) -> Array:
    """The cells as numbers; whole numbers stay whole, ``true`` and ``false`` are booleans.

    Raises:
        CellError: with the first cell that is no number.
    """
    import numpy as np

    if not is_arrow(values):
        if values.dtype.kind in "biuf":
            return np.asarray(values)
        if values.dtype.kind in "SUO" and len(values):
            raise CellError(0, _shown(values.reshape(-1)[0]))
        raise CellError(0, str(values.dtype))
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(values.type):
        raise CellError(0, "bytes")
    trimmed = values if unblanked(values) else pc.utf8_trim_whitespace(values)
    for kind in (pa.int64(), pa.float64()):
        try:
            _some(trimmed).cast(kind)  # a column that is none takes Arrow a hundred times as long as one that is
            found = np.asarray(trimmed.cast(kind).to_numpy())
        except pa.ArrowInvalid:
            continue
        nothing = np.isnan(found) if found.dtype.kind == "f" else np.zeros(0, bool)
        if nothing.any():  # a spelling of NaN that is not among those that mean: no value
            index = int(nothing.argmax())
            raise CellError(index, trimmed[index].as_py(), mostly=True)
        return found
    lower = pc.utf8_lower(trimmed)
    if pc.all(pc.is_in(lower, pa.array(["true", "false"]))).as_py():
        return np.asarray(pc.equal(lower, "true").to_numpy(), bool)
    return _slowly(trimmed)


def _some(values: Values) -> Values:
    """A few of the cells, from all over the column."""
    import numpy as np
    import pyarrow as pa

    count = len(values)
    if count <= SAMPLE:
        return values
    return pa.array([values[index].as_py() for index in np.linspace(0, count - 1, SAMPLE).astype(int).tolist()])


def unblanked(values: Values) -> bool:
    """Whether a column of Arrow text certainly has no blanks in it; False where that would have to be looked up."""
    import numpy as np

    for chunk in values.chunks:
        buffer = chunk.buffers()[-1]
        if buffer is not None:
            letters = np.frombuffer(buffer, np.uint8)
            if not letters.size or (letters.min() > LAST_BLANK and letters.max() < FOREIGN):
                continue
            data = buffer.to_pybytes()
            if not data.isascii() or any(blank in data for blank in BLANKS):
                return False
    return True


def _slowly(values: Values) -> Array:
    """Python reads a few spellings that Arrow does not, such as ``+1``; and finds the first that is none."""
    import numpy as np

    result = np.empty(len(values), np.float64)
    wrong: list[int] = []
    spellings: set[str] = set()
    cells = (cell for start in range(0, len(values), AT_ONCE) for cell in values.slice(start, AT_ONCE).to_pylist())
    for index, cell in enumerate(cells):
        try:
            result[index] = float(cell if "_" not in cell else "")
        except ValueError:
            wrong.append(index)
            spellings.add(cell)
            if len(spellings) > 1:
                break
    if wrong:
        cell = values[wrong[0]].as_py()
        raise CellError(wrong[0], cell, mostly=len(spellings) == 1 and len(wrong) < len(values))
    return result


def texts(values: Values) -> Array:
    """The cells as text, as they are written.

    Raises:
        CellError: if the column holds numbers.
    """
    import numpy as np

    if is_arrow(values):
        return np.array(values.to_pylist(), dtype=object)
    if values.dtype.kind in "SU":
        flat = [_shown(cell) for cell in values.reshape(-1)]
        return np.array(flat, dtype=object).reshape(values.shape)
    if values.dtype.kind == "O" and all(isinstance(cell, (str, bytes)) for cell in values.reshape(-1)):
        return np.array([_shown(cell) for cell in values.reshape(-1)], dtype=object).reshape(values.shape)
    raise CellError(0, _shown(values.reshape(-1)[0]) if values.size else str(values.dtype))


def is_text(values: Values) -> bool:
    """Whether the cells are words rather than numbers: class names. ``true`` and ``false`` are words."""
    import numpy as np

    if not is_arrow(values):
        return hasattr(values, "dtype") and bool(np.asarray(values).dtype.kind in "SUO")
    try:
        return numbers(values).dtype.kind == "b"
    except CellError:
        return True


def _shown(cell: Any) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def unreadable(values: Values) -> dict[int, str]:
    """The cells of a column of text that are no finite number, by row; every cell must have a value."""
    import math

    if not is_arrow(values) or not is_text(values):
        return {}
    bad = {}
    known: dict[str, bool] = {}
    for index, cell in enumerate(values.to_pylist()):
        if cell not in known:
            try:
                known[cell] = "_" not in cell and math.isfinite(float(cell))
            except (ValueError, AttributeError, TypeError):
                known[cell] = isinstance(cell, str) and cell.strip().lower() in ("true", "false")
        if not known[cell]:
            bad[index] = _shown(cell)
    return bad
