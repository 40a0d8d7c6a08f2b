"""The noun Table: columns of equal length, as a source gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Values = Any
"""The values of one column: a ``pyarrow.ChunkedArray`` of text with nulls (what a text file gives: what the
cells mean is up to the spec), a NumPy array whose first axis is the rows, or ``pending.Files``."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a source holds.

    ``origin`` names it in messages. ``duplicates`` are names that several columns share: such a column can't
    be used. ``test`` marks the rows that the data set itself keeps for testing; ``validation`` those that whoever
    gives the data has chosen for validation, the others being for training. ``standard`` are the columns
    that feed the only input and the only target where the spec names none. ``folder`` is what paths in its
    cells are relative to. ``files`` are the names and numbers of rows of the files it was put together from, if
    there are several. ``skipped`` says of each row that was left out because it can't be read, why. ``first`` is the
    number of rows that come before these, where a file is read in pieces.
    """

    origin: str
    columns: Mapping[str, Values]
    duplicates: frozenset[str] = frozenset()
    test: np.ndarray[Any, np.dtype[np.bool_]] | None = None
    validation: np.ndarray[Any, np.dtype[np.bool_]] | None = None
    standard: tuple[str | None, str | None] = (None, None)
    folder: Path | None = None
    files: tuple[tuple[str, int], ...] = ()
    skipped: tuple[str, ...] = ()
    first: int = 0

    @property
    def rows(self) -> int:
        """Number of rows: that of the first column."""
        return next((len(values) for values in self.columns.values()), 0)

    def place(self, row: int) -> str:
        """A row, counted from 0, as people find it: ``row 3``, ``row 3 of b.csv``."""
        row += self.first
        for name, rows in self.files:
            if row < rows:
                return f"row {row + 1} of {name}"
            row -= rows
        return f"row {row + 1}"
