"""Source csv: a table in a text file. Every cell stays text: what it means, the spec's inputs say."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import read_all, reason

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT_MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null")
GZIP: Final = b"\x1f\x8b"
CHUNK: Final = 2**22


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read CSV files, gzipped or not, UTF-8 with or without a byte order mark.

    The first line names the columns; blanks around names and cells are dropped. Lines without any character are
    passed over. Quoted cells may hold separators and line ends. With ``skip`` rows with too few or too many cells
    are left out.

    Raises:
        Problem: E401, E407 (with the number of the row that can't be read), E412.
    """
    _require_separator(arguments.get("separator", ","), (*pointer, "separator"))

    def one(path: Path, shown: str) -> Table:
        return _file(path, {**arguments, "path": shown}, (*pointer, "path"), skip=skip)

    return read_all(arguments, folder, pointer, one)


def _file(path: Path, arguments: Mapping[str, Any], at: Pointer, *, skip: bool) -> Table:
    import pyarrow as pa

    bad: list[str] = []
    try:
        _require_text(path, arguments["path"], at)
        names = _names(path, arguments)
        table = _read(path, arguments, names, at, bad if skip else None, threads=True)
    except (pa.ArrowInvalid, OSError, EOFError, zlib.error) as error:
        raise Problem(_unreadable(path, arguments, at, error)) from error
    if table.num_rows == 0:
        what = "has no rows that can be read" if bad else "names its columns but has no rows"
        raise Problem(Finding("E412", f'"{arguments["path"]}" {what}', at))
    clean = [name.strip() for name in names]
    counts = Counter(clean)
    return Table(
        arguments["path"],
        {name: _trimmed(values, arguments) for name, values in zip(clean, table.columns, strict=True)},
        frozenset(name for name, count in counts.items() if count > 1),
        folder=path.parent,
        skipped=tuple(bad),
    )


def _require_separator(separator: str, at: Pointer) -> None:
    if not separator.isascii() or separator in '"\r\n':
        message = f"cells can't be parted by {separator!r}: expected one plain character, other than a quotation mark"
        raise Problem(Finding("E407", message, at, help='write ",", ";", "|" or "\\t" (a tab)'))


def _require_text(path: Path, shown: str, at: Pointer) -> None:
    """Whether a file is text at all: what Arrow says of other files helps nobody.

    Raises:
        Problem: E407, with the line that can't be read.
        OSError, EOFError, zlib.error: if the file is not what its ending says.
    """
    zipped = path.name.lower().endswith(".gz")
    with gzip.open(path, "rb") if zipped else path.open("rb") as file:
        decoder = codecs.getincrementaldecoder("utf-8")()
        line = 1
        chunk = file.read(CHUNK)
        if not zipped and chunk.startswith(GZIP):
            message, way = f'"{shown}" is packed with gzip', "let its name end in .csv.gz"
            raise Problem(Finding("E407", message, at, help=way))
        way = "save the file with the encoding UTF-8"
        while True:
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                message = f'"{shown}" is not UTF-8: line {line} can\'t be read'
                raise Problem(Finding("E407", message, at, help=way)) from error
            if b"\0" in chunk:
                line += chunk.count(b"\n", 0, chunk.index(b"\0"))
                message = f'"{shown}" is not plain text: line {line} holds a zero byte'
                raise Problem(Finding("E407", message, at, help=way))
            if not chunk:
                return
            line += chunk.count(b"\n")
            chunk = file.read(CHUNK)


def _trimmed(values: Any, arguments: Mapping[str, Any]) -> Any:
    """Cells without the blanks around them, which many files have after each comma."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(values)
    if trimmed.equals(values):
        return values
    none = pa.array(arguments.get("missing_values", DEFAULT_MISSING), pa.string())
    return pc.if_else(pc.is_in(trimmed, none), pa.scalar(None, pa.string()), trimmed)


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


def _read(
    path: Path, arguments: Mapping[str, Any], names: list[str], at: Pointer, skipped: list[str] | None, *, threads: bool
) -> pa.Table:
    """The cells of a file; rows that can't be read are an error, or told in ``skipped`` where that is given."""
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
        return _read(path, arguments, names, at, skipped, threads=False)
    if bad and skipped is None:
        raise Problem(_ragged(arguments["path"], bad, at))
    if skipped is not None:
        skipped.extend(
            f"row {row.number - 1} of {arguments['path']} has {row.actual_columns} cells, "
            f"but there are {row.expected_columns} columns"
            for row in bad
        )
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
        if ' "' in first.text:
            way += ", with no blank before them"
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
        with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
            blank = not file.read(CHUNK).removeprefix(codecs.BOM_UTF8).strip()
        message = f'"{shown}" is empty' if blank else f'"{shown}" names its columns but has no rows'
        return Finding("E412", message, at, help="the first line names the columns, each further line is a row")
    if isinstance(error, pa.ArrowInvalid):
        return Finding("E407", f'"{shown}" can\'t be read as a table: {text.splitlines()[0]}', at)
    return Finding("E407", f'"{shown}" can\'t be read: {reason(error)}', at)
