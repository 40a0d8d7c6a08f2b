"""From a target's columns to what is said of them where the loss compares labels in another form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .label_lists import are_lists, lengths_of
from .table import Values
from .tensors import MisfitError, fitted

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def require_number(columns: Sequence[tuple[str, Values]], units: int | None, loss: str | None) -> None:
    """The number of one class a row, as the loss compares it.

    Raises:
        MisfitError: for a 1 at the class in place of its number.
    """
    import numpy as np

    if units in (None, 1):
        return
    values: Any = columns[0][1]
    if len(columns) != units and (len(columns) > 1 or getattr(values, "shape", ())[1:] != (units,)):
        return
    rows = fitted(columns, (units,), "float64")
    if ((rows == 0) | (rows == 1)).all() and np.equal(rows.sum(axis=1), 1).all():
        message = f"gives a 1 among {units} numbers in each row, but {loss} compares the number of the class"
        raise MisfitError(message, '`loss = "categorical_crossentropy"` takes such rows')


def several_columns(wordy: str | None) -> MisfitError:
    """What to say of several columns where the cells of one can be names of classes; ``wordy`` has words."""
    if wordy is None:
        return MisfitError("is several columns, and only one can be encoded", "leave out `encode`, or name one column")
    message = f"is several columns, and `{wordy}` of them holds words: only those of one can be names of classes"
    return MisfitError(message, "write 1 and 0, or true and false, into the file; or name one column")


def require_steps(column: str, columns: Mapping[str, Values], inputs: Mapping[str, Array]) -> None:
    """As many labels in each row of a column as the row has steps in the ``inputs``.

    Raises:
        MisfitError: with the first row of which there are more or fewer.
    """
    import numpy as np

    values: Any = columns.get(column)
    if are_lists(values):
        found = lengths_of(values)
    elif getattr(values, "ndim", 1) > 1:
        found = np.full(len(values), values.shape[1])
    else:
        return
    for name, lengths in inputs.items():
        wrong = np.not_equal(found, lengths)
        if wrong.any():
            row = int(wrong.argmax())
            message = f"has a row of length {found[row]}, and the input `{name}` has {lengths[row]} steps there"
            raise MisfitError(
                message, "each step is compared with its own label: make the lists of a row equally long", row
            )
