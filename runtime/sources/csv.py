"""Source csv: a table in a text file. Every cell stays text: what it means, the spec's inputs say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import found, reason

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT_MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null")


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer) -> Table:
    """Read a CSV file, gzipped or not, UTF-8 with or without a byte order mark.

    The first line names the columns; blanks around the names are dropped. Lines without any character are
    passed over. Quoted cells may hold separators and line ends.

    Raises:
        Problem: E401, E407 (with the number of the row that can't be read), E412.
    """
    import pyarrow as pa

    path = found(arguments["path"], folder, (*pointer, "path"))
    at = (*pointer, "path")
    try:
        names = _names(path, arguments)
        table = _read(path, arguments, names, at, threads=True)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise Problem(_unreadable(path, arguments, at, error)) from error
    if table.num_rows == 0:
        raise Problem(Finding("E412", f'"{arguments["path"]}" names its columns but has no rows', at))
    clean = [name.strip() for name in names]
    counts = Counter(clean)
    return Table(
        arguments["path"],
        dict(zip(clean, table.columns, strict=True)),
        frozenset(name for name, count in counts.items() if count > 1),
    )


def _options(arguments: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    import pyarrow.csv as pc

    return {
        "parse_options": pc.ParseOptions(delimiter=arguments.get("separator", ","), newlines_in_values=True, **more)
    }


def _names(path: Path, arguments: Mapping[str, Any]) -> list[str]:
    import pyarrow.csv as pc

    skip = _options(arguments, invalid_row_handler=lambda row: "skip")
    with pc.open_csv(path, **skip) as stream:
        return list(stream.schema.names)


def _read(path: Path, arguments: Mapping[str, Any], names: list[str], at: Pointer, *, threads: bool) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as pc

    bad: list[pc.InvalidRow] = []

    def keep(row: pc.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    table = pc.read_csv(
        path,
        read_options=pc.ReadOptions(use_threads=threads),
        convert_options=pc.ConvertOptions(
            null_values=list(arguments.get("missing_values", DEFAULT_MISSING)),
            strings_can_be_null=True,
            column_types=dict.fromkeys(names, pa.string()),
        ),
        **_options(arguments, invalid_row_handler=keep),
    )
    if bad and threads:  # only a reader of one thread can number the rows
        return _read(path, arguments, names, at, threads=False)
    if bad:
        raise Problem(_ragged(arguments["path"], bad, at))
    return table


def _ragged(shown: str, bad: list[Any], at: Pointer) -> Finding:
    first = bad[0]
    others = f"; {len(bad) - 1} more rows are like that" if len(bad) > 1 else ""
    text = first.text if len(first.text) <= 60 else first.text[:59] + "…"
    way = f"the row reads: {' '.join(text.split())}"
    if first.text.count('"') % 2:
        way += "; a quotation mark is not closed there"
    else:
        way += "; a cell that holds a separator must stand in quotation marks"
    return Finding(
        "E407",
        f'"{shown}": row {first.number - 1} has {first.actual_columns} cells, but the first line names '
        f"{first.expected_columns} columns{others}",
        at,
        help=way,
    )


def _unreadable(path: Path, arguments: Mapping[str, Any], at: Pointer, error: Exception) -> Finding:
    import pyarrow as pa

    shown = arguments["path"]
    text = str(error)
    if "Empty CSV" in text:
        return Finding(
            "E412", f'"{shown}" is empty', at, help="the first line names the columns, each further line is a row"
        )
    if isinstance(error, UnicodeDecodeError) or "UTF8" in text:
        row = None
        try:
            _read(path, arguments, _names(path, arguments), at, threads=False)
        except pa.ArrowInvalid as again:
            row = re.search(r"Row #(\d+)", str(again))
        except UnicodeDecodeError:
            pass
        where = f"row {int(row[1]) - 1}" if row else "the first line"
        return Finding(
            "E407", f'"{shown}" is not UTF-8: {where} can\'t be read', at, help="save the file with the encoding UTF-8"
        )
    if isinstance(error, pa.ArrowInvalid):
        return Finding("E407", f'"{shown}" can\'t be read as a table: {text.splitlines()[0]}', at)
    return Finding("E407", f'"{shown}" can\'t be read: {reason(error)}', at)
