"""From Looked to words: the same lines and cells for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .column_numbers import ColumnNumbers
from .looked_at import Balance, Looked, Tensor

COLUMN_HEADS: Final = ("column", "dtype", "min", "max", "mean", "std", "missing", "unique", "length")
MOST_COLUMNS: Final = 24
"""So many columns of an input are listed; what is left is counted."""
MOST_CELLS: Final = 8
"""So many numbers of a row are shown."""
MOST_CLASSES: Final = 40
LONGEST: Final = 40
"""Characters of a text that are shown."""


def number(value: float | None) -> str:
    """A number with six digits that count; nothing for none."""
    return "" if value is None else f"{value:.6g}"


def heading(looked: Looked) -> str:
    """Where the rows are from, and how many each part has."""
    rows = ", ".join(f"{count:,} {part}" for part, count in looked.rows.items() if count)
    gone = looked.dropped + len(looked.skipped)
    left = f"; {gone:,} left out" if gone else ""
    return f"{looked.origin}: rows: {rows}{left}"


def shape(tensor: Tensor) -> str:
    """One batch of it, ``(8, 8, 8, 1)``."""
    sizes = (len(tensor.batch), *("?" if size is None else size for size in tensor.shape))
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def tensor_line(tensor: Tensor) -> str:
    """Shape and dtype, and the numbers of the batch."""
    line = f"{shape(tensor)} {tensor.dtype}"
    if tensor.least is None:
        return line
    spread = (
        f"min {number(tensor.least)}  max {number(tensor.most)}  mean {number(tensor.mean)}  std {number(tensor.std)}"
    )
    return f"{line}  in this batch: {spread}"


def column_rows(columns: Sequence[ColumnNumbers]) -> list[tuple[str, ...]]:
    """A row of COLUMN_HEADS for each column; of many the first, and how many more there are."""
    rows = [_column(one) for one in columns[:MOST_COLUMNS]]
    if len(columns) > MOST_COLUMNS:
        rows.append((f"… and {len(columns) - MOST_COLUMNS} more", *[""] * (len(COLUMN_HEADS) - 1)))
    return rows


def _column(one: ColumnNumbers) -> tuple[str, ...]:
    size = f" {list(one.shape)}" if one.shape else ""
    kind = one.dtype if one.kind != "files" else f"{one.dtype} files"
    length = "" if one.lengths is None else f"{one.lengths[0]}–{one.lengths[2]}, mean {one.lengths[1]:.4g}"
    unique = "" if one.unique is None else f"{one.unique:,}"
    numbers = (number(one.least), number(one.most), number(one.mean), number(one.std))
    return (one.name, kind + size, *numbers, f"{one.missing:,}", unique, length)


def balance_rows(balance: Balance) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """A row for each class, with count and share in each part; of many the first."""
    parts = tuple(balance.counts)
    totals = {part: sum(balance.counts[part]) or 1 for part in parts}
    rows = []
    for index, name in enumerate(balance.classes[:MOST_CLASSES]):
        counts = {part: balance.counts[part][index] for part in parts}
        rows.append((name, *(f"{count:,} ({count / totals[part]:.1%})" for part, count in counts.items())))
    if len(balance.classes) > MOST_CLASSES:
        rows.append((f"… and {len(balance.classes) - MOST_CLASSES} more", *("" for _ in parts)))
    return ("class", *parts), rows


def batch_rows(looked: Looked) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The rows of the batch: for each what goes in and what is compared."""
    if not looked.tensors:
        return (), []
    heads = tuple(f"{one.side} {one.name}" for one in looked.tensors)
    count = min(len(one.batch) for one in looked.tensors)
    rows = []
    for row in range(count):
        cells = []
        for one in looked.tensors:
            label = looked.labels.get(one.name, ()) if one.side == "target" else ()
            cells.append(
                _cell(one.batch[row]) + (f" = {label[row]}" if label and label[row] != _cell(one.batch[row]) else "")
            )
        rows.append(tuple(cells))
    return heads, rows


def _cell(value: Any) -> str:
    """One row of a tensor, shortened."""
    import numpy as np

    array = np.asarray(value)
    flat = array.reshape(-1)
    if array.dtype.kind not in "biuf":
        texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in flat[:MOST_CELLS]]
        return " ".join(one if len(one) <= LONGEST else f"{one[: LONGEST - 1]}…" for one in texts)
    shown = " ".join(f"{one:.4g}" for one in flat[:MOST_CELLS].astype(np.float64))
    return f"{shown} … ({flat.size} numbers)" if flat.size > MOST_CELLS else shown
