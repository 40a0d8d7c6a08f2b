"""From lists of words in the cells of a column to rows that are filled up behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .deferred import Deferred, padded
from .tensors import MisfitError, Sizes, too_long

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def filled_words(name: str, values: Array, shape: Sizes) -> Deferred:
    """Lists of words of unequal length, filled up behind with the empty word, which lookups take for a gap.

    Raises:
        MisfitError: if a list is longer than the shape says, or holds no words.
    """
    import numpy as np

    for index, cell in enumerate(values):
        if len(cell) and not all(isinstance(word, (str, bytes)) for word in np.asarray(cell, object).flat):
            way = 'set the input\'s dtype to that of the numbers, such as `dtype = "float32"`'
            raise MisfitError(f"`{name}` holds other things than words, but the input takes text", way, index)
    rows = [np.asarray(cell, object) for cell in values]
    sizes = [size if isinstance(size, int) else None for size in shape]
    try:
        return padded(rows, sizes, object, "")
    except ValueError as error:
        raise too_long(name, rows, shape, int(error.args[0])) from None
