"""From columns that tell the time to how rows that follow each other are kept apart, and foretold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from ..cells import is_arrow
from ..table import Table
from .looks import Look
from .pieces import Entry, Names, Piece

TIME: Final = "is a time"
_PARTED: Final = ({"year", "month"}, {"year", "week"}, {"year", "day"})
"""Columns that say together when a row was."""


def clock(every: Sequence[Look], table: Table) -> str | None:
    """The column in whose order the rows follow each other in time, if they do: one of dates, or where year and month
    stand in columns of their own the one that numbers the rows."""
    for one in every:
        if one.kind == "none" and one.why.startswith(TIME) and not one.missing and _rises(table.columns[one.name]):
            return one.name
    names = {one.name.strip().lower() for one in every}
    if any(both <= names for both in _PARTED):
        return next((one.name for one in every if one.why == "numbers the rows" and not one.missing), None)
    return None


def _rises(values: Any) -> bool:
    """Whether each time is later than the one before; of spellings that all read alike."""
    if not is_arrow(values):
        return False
    cells = [cell.strip() for cell in values.to_pylist()]
    try:
        times = [datetime.fromisoformat(cell if len(cell) != len("2024-01") else f"{cell}-01") for cell in cells]
        return all(first < second for first, second in pairwise(times))
    except (ValueError, TypeError):  # other spellings; or some with a time zone and some without
        return False


def past(columns: Sequence[str], rows: int, names: Names) -> Piece:
    """The piece for windows of rows that follow each other: what is foretold comes from what it was."""
    length = 12 if rows < 1000 else 48
    name = names("past")
    end = names(f"{name}_read")
    layers: list[Entry] = [
        {"type": "Normalization", "inputs": name},
        {"name": end, "type": "GRU", "units": 32},
    ]
    about = f"The {length} rows before, read from the first to the last."
    window = {"length": length, "horizon": 1}
    return Piece(name, [length, len(columns)], "float32", list(columns), about, layers, end=end, learns=True,
                 window=window)  # fmt: skip
