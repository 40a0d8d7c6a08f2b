"""Source parquet: tables in columns, as Arrow, pandas and Spark write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .arrow_columns import columns_of
from .files import found_all, named, reason


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read Parquet files: every column as it is typed there, tables inside of cells as ``outer.inner``.

    Raises:
        Problem: E401, E407, E412.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = (*pointer, "path")
    origin = arguments["path"]
    paths = found_all(origin, folder, at)
    parts = []
    for path in paths:
        name = origin if len(paths) == 1 else named(path, folder)
        try:
            parts.append(pq.ParquetFile(path).read())
        except (pa.ArrowException, OSError, ValueError) as error:
            message = f'"{name}" can\'t be read as a Parquet file: {reason(error).splitlines()[0]}'
            raise Problem(Finding("E407", message, at, help="its first and last four bytes must be PAR1")) from error
    counts = Counter(parts[0].column_names)
    try:
        table = parts[0] if len(parts) == 1 else pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException as error:
        message = f'the files of "{origin}" differ: {reason(error).splitlines()[0]}'
        way = "let the pattern match files of one kind only"
        raise Problem(Finding("E407", message, at, help=way)) from error
    if not table.num_rows:
        raise Problem(Finding("E412", f'"{origin}" has no rows', at))
    files = tuple((named(path, folder), part.num_rows) for path, part in zip(paths, parts, strict=True))
    duplicates = frozenset(name for name, count in counts.items() if count > 1)
    return Table(origin, columns_of(table), duplicates, folder=paths[0].parent, files=files if len(files) > 1 else ())
