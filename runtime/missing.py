"""Cells without a value: reported, left out by the row, or filled, as ``[data] missing`` says."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..spec.finding import Finding
from ..spec.problem import Problem
from .cells import absent, filled, is_arrow
from .columns import Binding, Bindings, no_column
from .table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Flags = np.ndarray[Any, np.dtype[np.bool_]]


def completed(
    table: Table, bindings: Bindings, missing: str | Mapping[str, Any]
) -> tuple[dict[str, Values], Flags | None]:
    """The columns in use with missing values filled, and which rows to keep (None: all of them).

    Raises:
        Problem: E402 for a filled column that is not there, E404 for missing values that nobody expects, E405
            for a filling that does not fit its column.
    """
    import numpy as np

    columns = {name: table.columns[name] for name in bindings.columns}
    findings: list[Finding] = []
    if isinstance(missing, Mapping):
        for pattern, value in missing.items():
            names = [name for name in table.columns if name == pattern or fnmatchcase(name, pattern)]
            if not names:
                findings.append(no_column(pattern, table, ("data", "missing", pattern)))
            for name in (one for one in names if one in columns):
                if isinstance(value, str) and not is_arrow(columns[name]) and not _lists_words(columns[name]):
                    message = f"`{name}` holds numbers and can't be filled with text"
                    findings.append(Finding("E405", message, ("data", "missing", pattern)))
                else:
                    columns[name] = filled(columns[name], value)
    gone = {name: flags for name, values in columns.items() if (flags := absent(values)).any()}
    if missing == "drop":
        return columns, ~np.logical_or.reduce(list(gone.values())) if gone else None
    for binding in (*bindings.inputs.values(), *bindings.targets.values(), *bindings.others.values()):
        if any(name in gone for name in binding.columns):
            findings.append(_finding(binding, gone, table))
    if findings:
        raise Problem(*findings)
    return columns, None


def _finding(binding: Binding, gone: Mapping[str, Flags], table: Table) -> Finding:
    import numpy as np

    lacking = [name for name in binding.columns if name in gone]
    count = sum(int(gone[name].sum()) for name in lacking)
    row = int(np.argmax(gone[lacking[0]]))
    cells = "1 cell has" if count == 1 else f"{count} cells have"
    where = f"the column `{lacking[0]}`" if len(lacking) == 1 else f"{len(lacking)} columns, `{lacking[0]}` among them,"
    column = table.columns[lacking[0]]
    value = '"unknown"' if _lists_words(column) or (is_arrow(column) and _wordy(column)) else "0"
    return Finding(
        "E404",
        f"in {where} of {table.origin} {cells} no value; the first is in {table.place(row)}",
        binding.pointer,
        binding.part,
        help='in [data], `missing = "drop"` leaves such rows out, and '
        f"`missing = {{ {_key(lacking[0])} = {value} }}` fills them",
    )


def _lists_words(values: Values) -> bool:
    """Whether the cells are lists of words."""
    if not hasattr(values, "dtype") or values.dtype.kind != "O":
        return False
    return any(
        isinstance(word, str) for cell in values.flat for word in (cell.flat if hasattr(cell, "flat") else [cell])
    )


def _wordy(values: Values) -> bool:
    from .cells import is_text

    return is_text(values.drop_null())


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else f'"{name}"'
