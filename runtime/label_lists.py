"""The noun label list: a cell that holds any number of labels, one row's own or one for each step of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .table import Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def are_lists(values: Values) -> bool:
    """Whether each cell of a column is a list, of whatever length."""
    if not hasattr(values, "dtype") or values.dtype.kind != "O" or values.ndim != 1 or not len(values):
        return False
    return all(hasattr(cell, "dtype") or isinstance(cell, list) for cell in values)


def are_empty(values: Values) -> bool:
    """Whether no cell of a column of lists has anything in it: then nothing tells words from numbers."""
    if getattr(values, "ndim", 1) == 2:
        return not values.shape[1]
    return are_lists(values) and not any(len(cell) for cell in values)


def as_lists(values: Values) -> Values:
    """The labels of each row as a list, however they come: as one, several side by side, or one alone."""
    import numpy as np

    if are_lists(values):
        return values
    cells = values.tolist() if hasattr(values, "dtype") else values.to_pylist()
    rows = np.empty(len(cells), object)
    rows[:] = [cell if isinstance(cell, list) else [cell] for cell in cells]
    return rows


def lengths_of(values: Values) -> Array:
    """How many labels each cell has."""
    import numpy as np

    return np.array([len(cell) for cell in values], np.int64)


def labels_in(values: Values) -> tuple[str, ...]:
    """All labels that the cells have, each once: whole numbers by their size, words in the order of the alphabet."""
    found = set(_flat(values))
    if all(one.lstrip("-").isdigit() for one in found):
        return tuple(sorted(found, key=int))
    return tuple(sorted(found))


def places_of(values: Values, classes: tuple[str, ...]) -> tuple[Array, Array]:
    """The place of each label among the classes, all cells one behind the other, and the number of its row.

    Raises:
        KeyError: with the label and its row, for one that is no class.
    """
    import numpy as np

    places = {name: index for index, name in enumerate(classes)}
    rows = np.repeat(np.arange(len(values)), lengths_of(values))
    labels = _flat(values)
    for row, label in zip(rows.tolist(), labels, strict=True):
        if label not in places:
            raise KeyError(label, row)
    return np.array([places[label] for label in labels], np.int64), rows


def _flat(values: Values) -> list[str]:
    return [word_of(label) for cell in values for label in (cell.tolist() if hasattr(cell, "tolist") else cell)]


def word_of(label: Any) -> str:
    """A label as the name of its class."""
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
