"""Source jsonl a few rows at a time: the files are gone through twice, first for what their columns are."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .arrow_columns import columns_of
from .files import reason
from .jsonl import objects, table_of, texts_of, undated, wrong_line
from .pieces import AT_ONCE, Pieces, Sheet, Tell, one_after_another, piece, sheets, unpacked

if TYPE_CHECKING:
    import pyarrow as pa

Wrong = list[tuple[int, str]]
"""Lines that are no object: their numbers, and what they are."""


@dataclass(slots=True)
class Seen:
    """What has been learned of the columns of rows: their types, and which of them have gaps."""

    types: dict[str, Any] = field(default_factory=dict)
    gaps: set[str] = field(default_factory=set)
    rows: int = 0

    def add(self, table: pa.Table) -> None:
        """Learn of more rows. What is of several kinds is text."""
        import pyarrow as pa

        for one, column in zip(table.schema, table.columns, strict=True):
            if one.name not in self.types:
                self.types[one.name] = one.type
                self.gaps |= {one.name} if self.rows else set()
            else:
                self.types[one.name] = _both(self.types[one.name], one.type)
            if column.null_count:
                self.gaps.add(one.name)
            if pa.types.is_struct(one.type):  # whose objects may lack a key in any row
                self.gaps |= set(columns_of(pa.table({one.name: column[:0]})))
        self.gaps |= self.types.keys() - set(table.column_names)
        self.rows += table.num_rows


def _both(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """A type for values of two."""
    import pyarrow as pa

    if first == second:
        return first
    try:
        fields = [pa.schema([("", kind)]) for kind in (first, second)]
        return pa.unify_schemas(fields, promote_options="permissive").field(0).type
    except pa.ArrowException:
        return pa.string()


def pieces(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Pieces:
    """See ``jsonl.pieces``."""
    import pyarrow as pa

    at, origin = (*pointer, "path"), arguments["path"]
    found = sheets(arguments, folder, pointer)
    seen = Seen()
    told: dict[str, tuple[str, ...]] = {}
    for sheet in found:
        wrong: Wrong = []
        with _readable(sheet, at):
            for block, line, _ in _blocks(sheet):
                seen.add(_table(block, line, None, wrong))
        if wrong and not skip:
            raise Problem(wrong_line(sheet.name, *wrong[0], len(wrong), at))
        told[sheet.name] = tuple(f"line {line} of {sheet.name} is {why}" for line, why in wrong)
    if not seen.rows or not seen.types:
        what = "has no lines that can be read" if any(told.values()) else "has no rows"
        raise Problem(Finding("E412", f'"{origin}" {what}', at))
    schema = pa.schema([(name, pa.string() if kind == pa.null() else kind) for name, kind in seen.types.items()])
    head = Table(origin, columns_of(schema.empty_table()), folder=found[0].path.parent)

    def read(names: Collection[str], tell: Tell) -> Iterator[Table]:
        wanted = [one for one in schema if any(name == one.name or name.startswith(f"{one.name}.") for name in names)]
        for sheet, told_of in one_after_another(found, tell):
            first, bad = 0, told[sheet.name]
            with _readable(sheet, at):
                for block, line, done in _blocks(sheet):
                    table = _table(block, line, pa.schema(wanted), [])
                    columns = {name: one for name, one in columns_of(table, seen.gaps).items() if name in names}
                    yield piece(head, columns, sheet, first, len(found) > 1, bad)
                    first, bad = first + table.num_rows, ()
                    told_of(done)

    return Pieces(head, unpacked(found), sum(one.size for one in found), read)


@contextmanager
def _readable(sheet: Sheet, at: Pointer) -> Iterator[None]:
    """Turns what reading a file raises into a finding."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise Problem(Finding("E407", f'"{sheet.name}" can\'t be read: {reason(error)}', at)) from error


def _blocks(sheet: Sheet) -> Iterator[tuple[bytes, int, int]]:
    """A file in blocks of whole lines, with the number of the first line, and how many bytes of it are read."""
    line, rest = 1, b""
    with sheet.opened() as (raw, file):
        while part := file.read(AT_ONCE):
            whole, end, rest_of = part.rpartition(b"\n")
            if not end:
                rest += part
                continue
            block = rest + whole + end
            yield block, line, raw.tell()
            line += block.count(b"\n")
            rest = rest_of
        if rest.strip():
            yield rest, line, raw.tell()


def _table(block: bytes, line: int, schema: pa.Schema | None, wrong: Wrong) -> pa.Table:
    """The rows of a block, with the columns of ``schema`` where it is given."""
    import pyarrow as pa

    try:
        found = _fast(block, schema)
        if schema is None and undated(found.schema) != found.schema:
            found = _fast(block, undated(found.schema))
        return found if schema is None else found.select(schema.names)
    except (pa.ArrowException, UnicodeDecodeError):
        rows = []
        for number, row, why in objects(block.splitlines(keepends=True), line):
            if why:
                wrong.append((number, why))
            else:
                rows.append(row)
        if schema is None:
            return table_of(rows) if rows else pa.table({})
        return pa.Table.from_arrays(
            [_column([row.get(one.name) for row in rows], one.type) for one in schema], schema=schema
        )


def _column(cells: list[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    return texts_of(cells) if kind == pa.string() else pa.array(cells, kind)


def _fast(block: bytes, schema: pa.Schema | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    options = pj.ParseOptions(
        explicit_schema=schema,
        newlines_in_values=False,
        unexpected_field_behavior="infer" if schema is None else "ignore",
    )
    return pj.read_json(pa.BufferReader(block), pj.ReadOptions(block_size=max(len(block), 1) + 1), options)
