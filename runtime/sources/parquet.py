"""Source parquet: tables in columns, as Arrow, pandas and Spark write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .arrow_columns import columns_of
from .files import found_all, named, reason
from .pieces import AT_ONCE, Pieces, Tell, one_after_another, piece, sheets

if TYPE_CHECKING:
    import pyarrow as pa


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
            raise Problem(_unreadable(name, error, at)) from error
    counts = Counter(parts[0].column_names)
    try:
        table = parts[0] if len(parts) == 1 else pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException as error:
        raise Problem(_unlike(origin, error, at)) from error
    if not table.num_rows:
        raise Problem(Finding("E412", f'"{origin}" has no rows', at))
    files = tuple((named(path, folder), part.num_rows) for path, part in zip(paths, parts, strict=True))
    duplicates = frozenset(name for name, count in counts.items() if count > 1)
    return Table(origin, columns_of(table), duplicates, folder=paths[0].parent, files=files if len(files) > 1 else ())


def pieces(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Pieces:
    """The same rows, a few at a time.

    Raises:
        Problem: E401, E407, E412, here or while the pieces are read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    at, origin = (*pointer, "path"), arguments["path"]
    found = sheets(arguments, folder, pointer)
    files = []
    for sheet in found:
        try:
            files.append(pq.ParquetFile(sheet.path))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise Problem(_unreadable(sheet.name, error, at)) from error
    try:
        schema = pa.unify_schemas([one.schema_arrow for one in files], promote_options="permissive")
    except pa.ArrowException as error:
        raise Problem(_unlike(origin, error, at)) from error
    if not sum(one.metadata.num_rows for one in files):
        raise Problem(Finding("E412", f'"{origin}" has no rows', at))
    counts = Counter(files[0].schema_arrow.names)
    shared = frozenset(name for name, count in counts.items() if count > 1)
    head = Table(origin, columns_of(schema.empty_table()), shared, folder=found[0].path.parent)
    gaps = _gaps(files, schema)

    def read(names: Collection[str], tell: Tell) -> Iterator[Table]:
        wanted = [one for one in schema if any(name == one.name or name.startswith(f"{one.name}.") for name in names)]
        chosen = pa.schema(wanted)
        for (sheet, told), file in zip(one_after_another(found, tell), files, strict=True):
            there = [name for name in chosen.names if name in file.schema_arrow.names]
            first = 0
            groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
            width = sum(one.total_byte_size for one in groups) // max(1, file.metadata.num_rows)
            try:
                for batch in file.iter_batches(max(1, min(2**16, AT_ONCE // max(1, width))), columns=there):
                    table = _fitted(batch, chosen)
                    columns = {name: one for name, one in columns_of(table, gaps).items() if name in names}
                    yield piece(head, columns, sheet, first, len(found) > 1, ())
                    first += batch.num_rows
                    told(sheet.size * first // file.metadata.num_rows)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise Problem(_unreadable(sheet.name, error, at)) from error

    weight = sum(
        file.metadata.row_group(index).total_byte_size
        for file in files
        for index in range(file.metadata.num_row_groups)
    )
    return Pieces(head, weight, sum(one.size for one in found), read)


def _fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """A few rows with the columns that all files have together; those that their own file lacks have no value."""
    import pyarrow as pa

    table = pa.Table.from_batches([batch])
    columns = [
        table[one.name].cast(one.type) if one.name in table.column_names else pa.nulls(len(table), one.type)
        for one in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _gaps(files: Sequence[Any], schema: pa.Schema) -> frozenset[str]:
    """The columns that have a gap somewhere, or may have one for all that the files say."""
    found = set()
    for file in files:
        names = set()
        for group in range(file.metadata.num_row_groups):
            for index in range(file.metadata.num_columns):
                column = file.metadata.row_group(group).column(index)
                names.add(column.path_in_schema)
                said = column.statistics
                if said is None or not said.has_null_count or said.null_count:
                    found.add(column.path_in_schema)
        found |= {one.name for one in schema} - {name.partition(".")[0] for name in names} - names
    return frozenset(found)


def _unreadable(name: str, error: BaseException, at: Pointer) -> Finding:
    message = f'"{name}" can\'t be read as a Parquet file: {reason(error).splitlines()[0]}'
    return Finding("E407", message, at, help="its first and last four bytes must be PAR1")


def _unlike(origin: str, error: BaseException, at: Pointer) -> Finding:
    message = f'the files of "{origin}" differ: {reason(error).splitlines()[0]}'
    return Finding("E407", message, at, help="let the pattern match files of one kind only")
