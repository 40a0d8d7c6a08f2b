"""From a CSV file to the arguments of a source that reads it: separator, quotation marks, names of columns."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...spec.problem import Problem
from ..cells import CellError, is_arrow, numbers
from ..sources.csv import DEFAULT_MISSING
from ..sources.csv_lead import LEAD, separator_said
from ..sources.decimals import mostly_commas
from ..table import Table

SEPARATORS: Final = (",", ";", "\t", "|")
_HEAD: Final = 2**16
_LINES: Final = 50
"""So many lines are looked at for what parts their cells."""
_QUOTED: Final = re.compile(r'"[^"]*"')
_RARE: Final = 0.001
"""Share of the rows in which a word must be, to be no name that stands there by chance."""
_DASHES: Final = re.compile(r"[?*.\-#]+|[A-Za-z][A-Za-z /]{0,11}")
"""What people write into a column of numbers where there is none: `?`, `--`, `missing`."""

Read = Callable[[Mapping[str, Any]], Table]


def manner(path: Path, read: Read) -> tuple[dict[str, Any], Table]:
    """How a file is read, and what it gives; ``read`` reads it with the arguments it is given.

    Raises:
        Problem: if it can't be read.
    """
    separator = _separator(path)
    given: dict[str, Any] = {} if separator == "," else {"separator": separator}
    given, table = _quotes(path, separator, given, read)
    if not table.duplicates and _is_row(table):
        given["columns"] = [f"column_{number}" for number in range(1, len(table.columns) + 1)]
        table = read(given)
    elif table.duplicates and all(_number(name) is not None for name in table.columns):
        given["columns"] = [f"column_{number}" for number in range(1, _width(path, separator) + 1)]
        table = read(given)
    if any(is_arrow(values) and mostly_commas(values) for values in table.columns.values()):
        given["decimal"] = ","
        table = read(given)
    dashes = sorted({dash for values in table.columns.values() if (dash := _dash(values)) is not None})
    if dashes:
        given["missing_values"] = [*DEFAULT_MISSING, *dashes]
        table = read(given)
    return given, table


def _lines(path: Path) -> list[str]:
    """The first lines, without what stands in quotation marks."""
    try:
        with _opened(path) as file:
            head = file.read(_HEAD).decode("utf-8-sig", "replace")
    except (OSError, EOFError):
        return []
    head = LEAD.sub(b"", head.encode(), count=1).decode() if LEAD.match(head.encode()) else head
    lines = head.splitlines() if len(head) < _HEAD else head.splitlines()[:-1] or [head]
    return [_QUOTED.sub("", line) for line in lines[:_LINES] if line.strip()]


def _separator(path: Path) -> str:
    """What parts the cells: of the usual characters the one that is as often in every line as in the first."""
    lines = _lines(path)
    if not lines:
        return ","
    if (said := separator_said(path)) is not None:
        return said
    if {".tsv", ".tab"} & set(path.suffixes) and "\t" in lines[0]:
        return "\t"

    def fitness(one: str) -> tuple[bool, int, int]:
        count = lines[0].count(one)
        alike = sum(line.count(one) == count for line in lines)
        return count > 0 and alike >= 0.9 * len(lines), count, -SEPARATORS.index(one)

    return max(SEPARATORS, key=fitness)


def _width(path: Path, separator: str) -> int:
    return next(iter(_lines(path)), "").count(separator) + 1


def _quotes(path: Path, separator: str, given: dict[str, Any], read: Read) -> tuple[dict[str, Any], Table]:
    """Whether quotation marks hold cells together: not where one that opens a cell is closed in the midst of another,
    and every line is a whole row without them."""
    plain = {**given, "quotes": False}
    try:
        table = read(given)
    except Problem:
        if not _loose(path, separator):
            raise
        try:
            return plain, read(plain)
        except Problem:
            pass
        raise
    if len(table.columns) < 2 or not _loose(path, separator):
        return given, table
    try:
        return plain, read(plain)
    except Problem:
        return given, table


def _loose(path: Path, separator: str) -> bool:
    """Whether some quotation mark neither opens nor closes a cell, though the cell began with one."""
    try:
        with _opened(path) as file:
            if not any(b'"' in line for line in file):
                return False
        with io.TextIOWrapper(_opened(path), "utf-8-sig", newline="") as lines:
            for _ in csv.reader(lines, delimiter=separator, strict=True):
                pass
    except csv.Error:
        return True
    except (OSError, EOFError, UnicodeDecodeError):
        return False
    return False


def _opened(path: Path) -> Any:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")


def _is_row(table: Table) -> bool:
    """Whether what stands for the names of the columns is a row of the table like those below it."""
    names = list(table.columns)
    found = [_number(name) for name in names]
    if all(one is not None for one in found):
        return [one for one in found if one is not None] not in (_counted(0, len(names)), _counted(1, len(names)))
    evidence = False
    for name, number in zip(names, found, strict=True):
        values = table.columns[name]
        if not is_arrow(values):
            return False
        if number is None and name and not _among(name, values):
            if _are_numbers(values):
                return False  # a word above numbers is a name
            continue
        evidence = evidence or (number is None and bool(name))
    return evidence


def _counted(first: int, count: int) -> Sequence[float]:
    return [float(first + place) for place in range(count)]


def _among(name: str, values: Any) -> bool:
    """Whether a word is one of those of a column."""
    import pyarrow.compute as pc

    count = pc.sum(pc.equal(values, name)).as_py() or 0
    return bool(count >= max(2, _RARE * len(values)))


def _are_numbers(values: Any) -> bool:
    there = values.drop_null()
    if not len(there):
        return False
    try:
        numbers(there)
    except CellError as error:
        return error.mostly
    return True


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _dash(values: Any) -> str | None:
    """What stands in a column of numbers where there is none, if it is always the same."""
    if not is_arrow(values) or not len(values):
        return None
    try:
        numbers(values.drop_null())
    except CellError as error:
        return error.cell if error.mostly and _DASHES.fullmatch(error.cell) else None
    return None


def first_cells(table: Table) -> dict[str, str]:
    """What stands in the first row, by column: where columns have no names, it tells them apart."""
    return {
        name: "nothing" if (cell := values[0].as_py()) is None else cell if len(cell) <= 20 else f"{cell[:19]}…"
        for name, values in table.columns.items()
    }
