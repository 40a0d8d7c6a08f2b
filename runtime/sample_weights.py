"""From a column to how much each row counts in the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from .cells import CellError, numbers
from .table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

WEIGHT: Final = "sample_weight"
"""The use of the column among the bindings."""


def sample_weights(values: Values, name: str, table: Table, rows: Array) -> Array:
    """The weights of rows, as float32 of shape ``(rows,)``; as in Keras they need not add up to anything.

    Raises:
        Problem: E440 for a cell that is no number, below 0 or infinite, or where no row counts at all.
    """
    import numpy as np

    pointer: Pointer = ("data", "sample_weight")
    try:
        found = np.asarray(numbers(values), np.float64)
    except CellError as error:
        place = table.place(int(rows[error.index]))
        message = f'`{name}` holds "{error.cell}" ({place}), and a weight is a number'
        raise Problem(Finding("E440", message, pointer, help="name a column of numbers from 0 on")) from None
    if found.size != len(found):
        message = f"`{name}` has {found.size // len(found)} numbers a row, and a row has one weight"
        raise Problem(Finding("E440", message, pointer))
    found = found.reshape(len(found))
    wrong = ~np.isfinite(found) | (found < 0)
    if wrong.any():
        index = int(np.argmax(wrong))
        message = f"`{name}` holds {found[index]:g} ({table.place(int(rows[index]))}), and a weight is 0 or more"
        raise Problem(Finding("E440", message, pointer, help="a row that is not to count has the weight 0"))
    if not found.any():
        raise Problem(Finding("E440", f"`{name}` is 0 in every row: nothing would count", pointer))
    return found.astype(np.float32)
