"""From pictures or sounds that are read by the batch to what an output is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .deferred import Deferred, Every
from .labels import Encoding, Head, encoded, learn
from .tensors import MisfitError

if TYPE_CHECKING:
    import numpy as np

    from .gathered import Gathered

    Array = np.ndarray[Any, np.dtype[Any]]


def late(
    values: Any, column: str, head: Head, encoding: Encoding, made: Callable[[Any], Any] = lambda rows: rows
) -> Deferred:
    """Rows that are encoded when they are read; ``made`` comes before that."""

    def read(rows: Array) -> Array:
        return encoded([(column, made(values[rows]))], head, encoding)

    one = encoded([(column, made(stand_in(values)))], head, encoding)
    sizes = one.shape[1:] if values.shape[1] is not None else (None, *one.shape[2:])
    return Deferred(read, Every(len(values)), sizes, one.dtype)


def stand_in(values: Any) -> Array:
    """A row of zeros in place of those that need not be read; sounds of any length are of one sample."""
    import numpy as np

    return np.zeros((1, *(size or 1 for size in values.shape[1:])), values.dtype)


def late_encoding(values: Deferred, column: str, head: Head) -> Encoding:
    """What these are compared as.

    Raises:
        MisfitError: if the output is not compared with such.
    """
    few = [(column, stand_in(values))]
    found = learn(few, head, None)
    encoded(few, head, found)
    return found


def require_alike(values: Deferred, head: Head, ready: Gathered, shapes: Mapping[str, Any]) -> None:
    """As many samples in each sound of a target as in that of the inputs of which the output has as many.

    Raises:
        MisfitError: with the first row in which they differ.
    """
    if not values.sizes or values.sizes[0] is not None:
        return
    for name, (shape, _) in shapes.items():
        given = ready.opened.get(("input", name))
        if not isinstance(given, Deferred) or not shape or shape[0] != head.shape[0]:
            continue
        own, other = values.own(slice(None)), given.own(slice(None))
        if own is not None and other is not None and (wrong := own != other).any():
            row = int(wrong.argmax())
            raise MisfitError(
                f"has a sound of {own[row]} samples, and the input `{name}` one of {other[row]}",
                "each sample is compared with its own: cut the sounds of a row to one length",
                row,
            )
