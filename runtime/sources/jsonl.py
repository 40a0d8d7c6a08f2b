"""Source jsonl: a JSON object a line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .arrow_columns import columns_of
from .files import found_all, named, reason
from .pieces import Pieces

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK: Final = 2**24
SHOWN: Final = 60


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read files of JSON lines, gzipped or not: keys are columns, ``outer.inner`` those of objects inside.

    Keys that an object lacks have no value there. A key whose values are text in one line and numbers in another is
    text throughout. Text that looks like a date stays text. With ``skip`` lines that are no JSON object are left
    out.

    Raises:
        Problem: E401, E407 (with the line that can't be read), E412.
    """
    import pyarrow as pa

    at = (*pointer, "path")
    origin = arguments["path"]
    paths = found_all(origin, folder, at)
    parts, bad = [], []
    for path in paths:
        name = origin if len(paths) == 1 else named(path, folder)
        try:
            part, wrong = _file(path)
        except (OSError, EOFError, zlib.error) as error:
            raise Problem(Finding("E407", f'"{name}" can\'t be read: {reason(error)}', at)) from error
        if wrong and not skip:
            raise Problem(wrong_line(name, *wrong[0], len(wrong), at))
        bad += [f"line {line} of {name} is {why}" for line, why in wrong]
        parts.append(part)
    try:
        table = parts[0] if len(parts) == 1 else pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException:  # text in one file and numbers in another
        table = table_of([row for path in paths for _, row, why in _rows(path) if not why])
    if not table.num_rows or not table.num_columns:
        what = "has no lines that can be read" if bad else "has no rows"
        raise Problem(Finding("E412", f'"{origin}" {what}', at))
    files = tuple((named(path, folder), part.num_rows) for path, part in zip(paths, parts, strict=True))
    return Table(
        origin,
        columns_of(table),
        folder=paths[0].parent,
        files=files if len(files) > 1 else (),
        skipped=tuple(bad),
    )


def pieces(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Pieces:
    """The same rows, a few at a time.

    Raises:
        Problem: E401, E407, E412.
    """
    from .jsonl_pieces import pieces as made

    return made(arguments, folder, pointer, skip=skip)


def wrong_line(name: str, line: int, why: str, count: int, at: Pointer) -> Finding:
    """The first of ``count`` lines that are no object, as a finding."""
    more = f"; {count - 1} more lines are like that" if count > 1 else ""
    way = 'each line holds one object, such as {"a": 1, "b": "text"}'
    if line == 1 and why.partition(": ")[2].startswith("["):
        way = f"this seems to be one list of objects: write each of them into a line of its own; {way}"
    return Finding("E407", f'"{name}": line {line} is {why}{more}', at, help=way)


def _file(path: Path) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The rows of one file, and the lines that are no object, with what they are."""
    import pyarrow as pa

    try:
        table = _fast(path)
        schema = undated(table.schema)
        return (table if schema == table.schema else _fast(path, schema)), []
    except (pa.ArrowException, UnicodeDecodeError):
        rows = list(_rows(path))
        return table_of([row for _, row, why in rows if not why]), [(line, why) for line, _, why in rows if why]


def _fast(path: Path, schema: pa.Schema | None = None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    with pa.input_stream(str(path), compression="gzip" if path.name.lower().endswith(".gz") else None) as stream:
        return pj.read_json(
            stream, pj.ReadOptions(block_size=BLOCK), pj.ParseOptions(explicit_schema=schema, newlines_in_values=False)
        )


def undated(schema: pa.Schema) -> pa.Schema:
    """The types with text in place of the dates that Arrow takes some text for."""
    import pyarrow as pa

    return pa.schema([pa.field(one.name, _undated(one.type)) for one in schema])


def _undated(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_undated(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(one.name, _undated(one.type)) for one in kind])
    return kind


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any], str]]:
    """Each line of a file that is not blank; see ``objects``."""
    zipped = path.name.lower().endswith(".gz")
    with gzip.open(path, "rb") if zipped else path.open("rb") as file:
        yield from objects(file)


def objects(lines: Iterable[bytes], first: int = 1) -> Iterator[tuple[int, dict[str, Any], str]]:
    """Each line that is not blank: its number, its object, and what it is if it is none."""
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"), parse_constant=float)
        except UnicodeDecodeError:
            yield number, {}, "not UTF-8"
            continue
        except (ValueError, RecursionError):
            yield number, {}, f"no JSON: {_short(line)}"
            continue
        if not isinstance(row, dict):
            yield number, {}, f"no JSON object: {_short(line)}"
            continue
        yield number, row, ""


def _short(line: bytes) -> str:
    text = " ".join(line.decode("utf-8", "replace").split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """A table from objects; values of several kinds under one key become text."""
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = []
    for name in names:
        cells = [row.get(name) for row in rows]
        try:
            columns.append(pa.chunked_array([pa.array(cells)]))
        except (pa.ArrowException, OverflowError, TypeError):
            columns.append(pa.chunked_array([texts_of(cells)]))
    return pa.Table.from_arrays(columns, names)


def texts_of(cells: list[Any]) -> pa.Array:
    """Values of several kinds as text."""
    import pyarrow as pa

    return pa.array([one if one is None or isinstance(one, str) else json.dumps(one) for one in cells], pa.string())
