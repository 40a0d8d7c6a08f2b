"""From the columns of a table to what each of them is: numbers, words, texts, pictures, or nothing for a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from ..cells import CellError, absent, is_arrow, numbers, taken, texts
from ..column_numbers import numbers_of
from ..pending import Files
from ..table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Kind = Literal[
    "number", "words", "text", "vector", "sequence", "picture", "pictures", "sounds", "texts", "part", "none"
]

MOST_WORDS: Final = 1000
"""Different values that a column of words may have."""
SERIES: Final = 8
"""So many columns that differ in a number alone are a series of them."""
_NUMBERED: Final = re.compile(r"(.*?)\d+")
_PARTS: Final = frozenset({"train", "validation", "test"})
_LONG: Final = 3.5
"""Words in a cell, on the average, from which on it is a text."""
_DATE: Final = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d{1,2}:\d{2}.*)?|\d{4}[-/]\d{1,2}|\d{1,2}:\d{2}(:\d{2})?"
)
_ID: Final = re.compile(
    r"(?:.*[_ .-])?(?:id|uuid|guid|index|rowid|row|key|nr|no|number)|.*(?:Id|ID)|unnamed: ?\d+|", re.I
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a column is.

    ``why`` says of one that the model does not see (``none``) why. ``values`` are the different words and how often
    each is there, the most frequent first; ``middle`` and ``spread`` of numbers their mean and deviation; ``fill``
    what stands for a missing cell; ``length`` how many words the longer texts have; ``shape`` of one row.
    """

    name: str
    kind: Kind
    rows: int
    missing: int = 0
    why: str = ""
    values: tuple[tuple[Any, int], ...] = ()
    unique: int = 0
    whole: bool = False
    middle: float = 0.0
    spread: float = 1.0
    fill: Any = None
    length: int = 0
    shape: tuple[int, ...] = ()
    bytes_: bool = False


def looks(table: Table) -> tuple[Look, ...]:
    """What each column of a table is, in their order."""
    series = _numbered(table.columns)
    return tuple(
        Look(name, "none", table.rows, why="several columns have this name")
        if name in table.duplicates
        else _of_series(look(name, values), name in series)
        for name, values in table.columns.items()
    )


def _numbered(names: Iterable[str]) -> frozenset[str]:
    """Columns of one kind, told apart by a number: `pixel_0`, `pixel_1`, …"""
    stems: dict[str, list[str]] = {}
    for name in names:
        if (found := _NUMBERED.fullmatch(name)) is not None:
            stems.setdefault(found[1], []).append(name)
    return frozenset(name for every in stems.values() if len(every) >= SERIES for name in every)


def _of_series(one: Look, belongs: bool) -> Look:
    """A column of numbers that belongs to a series stays in it, whatever it holds."""
    if belongs and one.kind == "none" and one.unique and not one.missing and one.why.startswith(("is the", "numbers")):
        return replace(one, kind="number", why="")
    return one


def look(name: str, values: Values) -> Look:
    """What one column is."""
    import numpy as np

    rows = len(values)
    if isinstance(values, Files):
        kinds: dict[str, Kind] = {"image": "pictures", "audio": "sounds", "text": "texts"}
        return Look(name, kinds[values.kind], rows)
    lacking = absent(values)
    missing = int(lacking.sum())
    there = taken(values, np.flatnonzero(~lacking)) if missing else values
    if missing == rows:
        return Look(name, "none", rows, missing, "is empty")
    if not is_arrow(there) and (there.ndim > 1 or (there.dtype.kind == "O" and hasattr(there[0], "dtype"))):
        return _rows(name, there, rows, missing)
    try:
        found = numbers(there)
    except CellError:
        return _words(name, [str(one) for one in texts(there).reshape(-1).tolist()], rows, missing)
    return _numbers(name, found, rows, missing)


def _rows(name: str, there: Array, rows: int, missing: int) -> Look:
    """Rows that are lists or arrays."""
    import numpy as np

    if there.dtype.kind == "O":
        shapes = {np.shape(one) for one in there}
        if len(shapes) > 1 or there[0].dtype.kind not in "biuf":
            return Look(name, "none", rows, missing, "its rows are lists of unequal length or of words")
        there = np.stack(list(there))
    if there.dtype.kind not in "biuf":
        return Look(name, "none", rows, missing, "its rows are lists of words")
    shape = tuple(int(size) for size in there.shape[1:])
    pixels = there.dtype.kind == "u" or (there.dtype.kind in "if" and there.min() >= 0 and 1 < there.max() <= 255)
    if len(shape) == 3 and shape[2] in (1, 3, 4):
        return Look(name, "picture", rows, missing, shape=shape, bytes_=bool(pixels and there.max() > 1))
    if len(shape) == 2 and (there.dtype == np.uint8 or (shape[0] == shape[1] and shape[0] >= 8)):
        return Look(name, "picture", rows, missing, shape=(*shape, 1), bytes_=bool(pixels and there.max() > 1))
    if len(shape) == 2:
        return Look(name, "sequence", rows, missing, shape=shape)
    if len(shape) == 1:
        return Look(name, "vector", rows, missing, shape=shape)
    return Look(name, "none", rows, missing, f"its rows have {len(shape)} axes")


def _numbers(name: str, found: Array, rows: int, missing: int) -> Look:
    import numpy as np

    held = numbers_of(name, found)
    if held.constant:
        return Look(name, "none", rows, missing, "is the same in every row", unique=1)
    whole = held.whole or found.dtype.kind == "b"
    unique = held.unique or 0
    if whole and (held.ascending or (unique == len(found) and _ID.fullmatch(name.strip()))):
        return Look(name, "none", rows, missing, "numbers the rows", unique=unique)
    wide = found.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    if len(finite) < len(wide):
        return Look(name, "none", rows, missing, "has numbers without end", unique=unique)
    middle = float(np.median(finite))
    values: tuple[tuple[Any, int], ...] = ()
    if unique <= 50 and whole:
        different, counts = np.unique(finite, return_counts=True)
        values = tuple((int(one), int(count)) for one, count in zip(different, counts, strict=True))
    fill = int(middle) if whole and middle == int(middle) else float(f"{middle:.6g}")
    return Look(
        name, "number", rows, missing, values=values, unique=unique, whole=whole,
        middle=float(finite.mean()), spread=float(finite.std()), fill=fill,
    )  # fmt: skip


def _words(name: str, cells: list[str], rows: int, missing: int) -> Look:
    counts = Counter(cells)
    unique = len(counts)
    if unique == 1:
        return Look(name, "none", rows, missing, "is the same in every row", unique=1)
    if _mostly(_DATE.fullmatch(one.strip()) is not None for one in list(counts)[:200]):
        why = "is a time; for rows that follow each other see `keraspec new --template timeseries`"
        return Look(name, "none", rows, missing, why, unique=unique)
    if "train" in counts and counts.keys() <= _PARTS and not missing:
        return Look(name, "part", rows, why="says which rows are kept aside", unique=unique)
    lengths = sorted(len(one.split()) for one in cells)
    if sum(lengths) / len(lengths) >= _LONG and unique > 20:
        longer = lengths[min(len(lengths) - 1, int(0.95 * len(lengths)))]
        return Look(name, "text", rows, missing, unique=unique, length=longer, fill="")
    if unique > len(cells) / 2 and unique > 20:
        return Look(name, "none", rows, missing, "has another value in nearly every row", unique=unique)
    if unique > MOST_WORDS:
        return Look(name, "none", rows, missing, f"has {unique:,} different values", unique=unique)
    return Look(name, "words", rows, missing, values=tuple(counts.most_common()), unique=unique, fill="unknown")


def _mostly(flags: Iterable[bool]) -> bool:
    every = list(flags)
    return sum(every) >= 0.9 * len(every)
