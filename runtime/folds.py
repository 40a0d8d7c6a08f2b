"""From keys of rows to folds and parts: even classes, whole groups, or what the name of a row hashes to."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
    Rows = np.ndarray[Any, np.dtype[np.intp]]

PLACES: Final = 2.0**-53
"""What a whole number of 53 bits is multiplied by, so that it is a number in [0, 1) without rounding."""


def folds_of(
    count: int, folds: int, seed: int, pointer: Pointer, *, classes: Array | None = None, groups: Array | None = None
) -> Rows:
    """The fold of each row, from 0 on: whole ``groups``, or evenly from each of the ``classes``, or any.

    Without groups the sizes of two folds differ by one row at most, and so do the rows of a class in them. Groups
    come into the smallest fold there is, the largest first, so that the folds are about as large.

    Raises:
        Problem: E408 with fewer rows, or groups, than folds.
    """
    import numpy as np

    order = np.random.default_rng(seed)
    if groups is None:
        if count < folds:
            raise _too_few(f"{count} row{'' if count == 1 else 's'}", folds, pointer)
        ranked = order.permutation(count)
        if classes is not None:
            kinds = np.unique(classes, return_inverse=True)[1].reshape(-1)
            ranked = ranked[np.argsort(kinds[ranked], kind="stable")]
        found = np.empty(count, np.intp)
        found[ranked] = np.arange(count) % folds
        return found
    names, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < folds:
        raise _too_few(f"{len(names)} group{'' if len(names) == 1 else 's'}", folds, pointer)
    drawn = order.permutation(len(names))
    fold_of = np.empty(len(names), np.intp)
    sizes = [0] * folds
    for group in drawn[np.argsort(-counts[drawn], kind="stable")]:
        smallest = sizes.index(min(sizes))
        fold_of[group] = smallest
        sizes[smallest] += int(counts[group])
    return fold_of[inverse.reshape(-1)]


def _too_few(what: str, folds: int, pointer: Pointer) -> Problem:
    message = f"{what} can't be parted into {folds} folds: some would be left without any"
    return Problem(Finding("E408", message, (*pointer, "folds"), help="write fewer folds, or take more rows"))


def hashed(keys: Array, seed: int, purpose: str = "") -> Array:
    """A number in [0, 1) for each key, which hangs on the key, the seed and the ``purpose`` alone.

    Whole numbers are the same key however they are stored (7, 7.0). The numbers are those of BLAKE2b
    (RFC 7693) over the key's text, so they are the same on every machine.
    """
    import numpy as np

    known: dict[str, float] = {}
    salt = f"{seed}\0{purpose}\0".encode()
    found = np.empty(len(keys), np.float64)
    for index, key in enumerate(_texts(keys)):
        if key not in known:
            digest = blake2b(salt + key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            known[key] = (int.from_bytes(digest, "big") >> 11) * PLACES
        found[index] = known[key]
    return found


def _texts(keys: Array) -> Iterable[str]:
    if keys.dtype.kind != "f":
        return (str(key) for key in keys.tolist())
    return (str(int(key)) if key.is_integer() else repr(key) for key in keys.tolist())


def by_hash(keys: Array, validation: float, test: float, seed: int, pointer: Pointer) -> dict[str, Rows]:
    """Rows by what their keys hash to: shares are met about, and a row stays where it is whatever rows come or go.

    Test comes first on the scale, so that another share for validation moves no row into or out of the test.

    Raises:
        Problem: E408 where a part is left without rows.
    """
    import numpy as np

    place = hashed(keys, seed)
    tested = place < test
    validated = ~tested & (place < test + validation)
    parts = {
        "train": np.flatnonzero(~tested & ~validated),
        "validation": np.flatnonzero(validated),
        "test": np.flatnonzero(tested),
    }
    for part, share in (("train", 1.0), ("validation", validation), ("test", test)):
        if share and not len(parts[part]):
            different = len(np.unique(keys))
            message = f"no row falls into the {part} part: `{pointer[-1]}` has {different} different values, too few"
            raise Problem(
                Finding(
                    "E408",
                    message,
                    pointer,
                    help="name a column with a value of its own in each row, or take more rows",
                )
            )
    return parts
