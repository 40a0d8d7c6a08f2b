"""Source csv: a table in a text file. Every cell stays text: what it means, the spec's inputs say."""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..cells import unblanked
from ..table import Table
from .csv_lead import as_said
from .decimals import pointed
from .files import read_all, reason
from .pieces import Pieces, Sheet, Tell, heads, one_after_another, piece, sheets, unpacked

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT_MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null")
OTHERS: Final[Mapping[str, str]] = {";": "a semicolon", "\t": "a tab", "|": "a stroke", ",": "a comma"}
"""What else parts the cells of such files."""
GZIP: Final = b"\x1f\x8b"
CHUNK: Final = 2**22

HEAD: Final = 2**20
"""Bytes in which the first line ends."""

AT_ONCE: Final = 2**21
"""Bytes that are read together; Arrow reads 32 times as many ahead."""


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read CSV files, gzipped or not, UTF-8 with or without a byte order mark.

    The first line names the columns, unless ``columns`` does: then the first line is a row, save where it is made of
    those very names. Blanks around names and cells are dropped. Lines without any character are passed over. Quoted
    cells may hold separators and line ends; with ``quotes`` false a quotation mark is a character like any other.
    A first line such as ``sep=;``, as Excel has it, says what parts the cells of its file, whatever ``separator`` does.
    With ``decimal`` a comma, numbers are written `1.234,5`.
    With ``skip`` rows with too few or too many cells are left out. Of several files some may have no rows.

    Raises:
        Problem: E401, E407 (with the number of the row that can't be read), E412.
    """
    _require_separator(arguments.get("separator", ","), (*pointer, "separator"))

    def one(path: Path, shown: str) -> Table:
        return _file(path, {**arguments, "path": shown}, (*pointer, "path"), skip=skip)

    table = read_all(arguments, folder, pointer, one)
    if not table.rows:
        what = "has no rows that can be read" if table.skipped else "names its columns but has no rows"
        raise Problem(Finding("E412", f'"{arguments["path"]}" {what}', (*pointer, "path")))
    return table


def pieces(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Pieces:
    """The same rows, a few at a time.

    Raises:
        Problem: E401, E407, E412, here or while the pieces are read.
    """
    _require_separator(arguments.get("separator", ","), (*pointer, "separator"))
    at, origin = (*pointer, "path"), arguments["path"]
    found = sheets(arguments, folder, pointer)
    head = heads([_head(one, arguments, at) for one in found], origin, at)

    def read(names: Collection[str], tell: Tell) -> Iterator[Table]:
        for sheet, told in one_after_another(found, tell):
            yield from _pieces(sheet, head, names, arguments, at, told, skip=skip, many=len(found) > 1)

    return Pieces(head, unpacked(found), sum(one.size for one in found), read)


def _head(sheet: Sheet, arguments: Mapping[str, Any], at: Pointer) -> Table:
    """The columns of one file, without rows."""
    import pyarrow as pa

    with _readable(sheet.path, {**arguments, "path": sheet.name}, at):
        arguments = as_said(sheet.path, arguments)
        _require_text(sheet.path, sheet.name, at)
        names = [name.strip() for name in _names(sheet.path, arguments)]
    shared = frozenset(name for name, count in Counter(names).items() if count > 1)
    nothing = {name: pa.chunked_array([], pa.string()) for name in names}
    return Table(sheet.name, nothing, shared, folder=sheet.path.parent)


def _pieces(
    sheet: Sheet,
    head: Table,
    names: Collection[str],
    arguments: Mapping[str, Any],
    at: Pointer,
    tell: Tell,
    *,
    skip: bool,
    many: bool,
) -> Iterator[Table]:
    """The rows of one file, a few at a time."""
    import pyarrow as pa
    import pyarrow.csv as pc

    arguments = {**arguments, "path": sheet.name}
    bad: list[pc.InvalidRow] = []
    first = seen = 0
    with _readable(sheet.path, arguments, at):
        arguments = as_said(sheet.path, arguments)
        every = _names(sheet.path, arguments)
        written = [name for name in every if name.strip() in names]
        convert = _conversion(arguments, written)
        convert.include_columns = written
        headless = _headless(sheet.path, arguments, every)
        lead = arguments.get("lead", 0)  # of several threads none would know the numbers of rows
        one_thread = pc.ReadOptions(use_threads=False, block_size=AT_ONCE, skip_rows=lead, **headless)
        options = _options(arguments, invalid_row_handler=_keeper(bad, lead))
        with (
            sheet.opened() as (raw, file),
            pc.open_csv(file, read_options=one_thread, convert_options=convert, **options) as stream,
        ):
            for batch in stream:
                tell(raw.tell())
                if bad and not skip:
                    continue  # to count them
                told = [_told(row, sheet.name, headless) for row in bad[seen:]]
                seen = len(bad)
                table = pa.Table.from_batches([batch])
                columns = {
                    name.strip(): _cells(values, arguments)
                    for name, values in zip(table.column_names, table.columns, strict=True)
                }
                yield piece(head, columns, sheet, first, many, told)
                first += batch.num_rows
    if bad and not skip:
        raise Problem(_ragged(sheet.name, bad, at, headless))
    if seen < len(bad):  # behind all that can be read
        nothing = {name: head.columns[name] for name in names}
        yield piece(head, nothing, sheet, first, many, [_told(row, sheet.name, headless) for row in bad[seen:]])
    if not first and not many:  # one of several may well have none
        what = "has no rows that can be read" if bad else "names its columns but has no rows"
        raise Problem(Finding("E412", f'"{sheet.name}" {what}', at))


@contextmanager
def _readable(path: Path, arguments: Mapping[str, Any], at: Pointer) -> Iterator[None]:
    """Turns what reading a file raises into a finding."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, OSError, EOFError, zlib.error) as error:
        raise Problem(_unreadable(path, arguments, at, error)) from error


def _file(path: Path, arguments: Mapping[str, Any], at: Pointer, *, skip: bool) -> Table:
    bad: list[str] = []
    with _readable(path, arguments, at):
        arguments = as_said(path, arguments)
        quoted = _require_text(path, arguments["path"], at)
        names = _names(path, arguments)
        table = _read(path, arguments, names, at, bad if skip else None, threads=True, quoted=quoted)
    clean = [name.strip() for name in names]
    counts = Counter(clean)
    return Table(
        arguments["path"],
        {name: _cells(values, arguments) for name, values in zip(clean, table.columns, strict=True)},
        frozenset(name for name, count in counts.items() if count > 1),
        folder=path.parent,
        skipped=tuple(bad),
    )


def _require_separator(separator: str, at: Pointer) -> None:
    if not separator.isascii() or separator in '"\r\n':
        message = f"cells can't be parted by {separator!r}: expected one plain character, other than a quotation mark"
        raise Problem(Finding("E407", message, at, help='write ",", ";", "|" or "\\t" (a tab)'))


def _require_text(path: Path, shown: str, at: Pointer) -> bool:
    """Whether a file of text has quotation marks anywhere; what Arrow says of files that are no text helps nobody.

    Raises:
        Problem: E407, with the line that can't be read.
        OSError, EOFError, zlib.error: if the file is not what its ending says.
    """
    zipped = path.name.lower().endswith(".gz")
    with gzip.open(path, "rb") if zipped else path.open("rb") as file:
        decoder = codecs.getincrementaldecoder("utf-8")()
        before, quoted = 0, False
        chunk = file.read(CHUNK)
        if not zipped and chunk.startswith(GZIP):
            message, way = f'"{shown}" is packed with gzip', "let its name end in .csv.gz"
            raise Problem(Finding("E407", message, at, help=way))
        way = "save the file with the encoding UTF-8"
        while True:
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line = _line(path, before) + error.object.count(b"\n", 0, error.start)
                message = f'"{shown}" is not UTF-8: line {line} can\'t be read'
                raise Problem(Finding("E407", message, at, help=way)) from error
            if b"\0" in chunk:
                line = _line(path, before) + chunk.count(b"\n", 0, chunk.index(b"\0"))
                message = f'"{shown}" is not plain text: line {line} holds a zero byte'
                raise Problem(Finding("E407", message, at, help=way))
            if not chunk:
                return quoted
            quoted = quoted or b'"' in chunk
            before += 1
            chunk = file.read(CHUNK)


def _line(path: Path, chunks: int) -> int:
    """The number of the line in which a file goes on behind so many chunks."""
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
        return 1 + sum(file.read(CHUNK).count(b"\n") for _ in range(chunks))


def _cells(values: Any, arguments: Mapping[str, Any]) -> Any:
    """Cells as they are handed on."""
    found = _trimmed(values, arguments)
    return pointed(found) if arguments.get("decimal", ".") == "," else found


def _trimmed(values: Any, arguments: Mapping[str, Any]) -> Any:
    """Cells without the blanks around them, which many files have after each comma."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if unblanked(values):
        return values
    trimmed = pc.utf8_trim_whitespace(values)
    if trimmed.equals(values):
        return values
    none = pa.array(arguments.get("missing_values", DEFAULT_MISSING), pa.string())
    return pc.if_else(pc.is_in(trimmed, none), pa.scalar(None, pa.string()), trimmed)


def _options(arguments: Mapping[str, Any], *, quoted: bool = True, **more: Any) -> dict[str, Any]:
    """What Arrow is told of a file; where nothing is ``quoted``, a line is a row, and it can begin at any of them."""
    import pyarrow.csv as pc

    separator, quotes = arguments.get("separator", ","), arguments.get("quotes", True)
    mark = '"' if quotes else False
    return {
        "parse_options": pc.ParseOptions(
            delimiter=separator, quote_char=mark, newlines_in_values=quoted and quotes, **more
        )
    }


def _names(path: Path, arguments: Mapping[str, Any]) -> list[str]:
    """The names of the columns, as they are written in the first line; or those that the spec gives."""
    stated: Sequence[str] | None = arguments.get("columns")
    if stated is None:
        return _first_line(path, arguments)
    first = _first_line(path, arguments)
    known = {name.strip() for name in stated}
    return first if all(name.strip() in known for name in first) else list(stated)


def _headless(path: Path, arguments: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """What Arrow is told of a file whose first line is a row."""
    if arguments.get("columns") is None or _first_line(path, arguments) == names:
        return {}
    return {"column_names": names}


def _first_line(path: Path, arguments: Mapping[str, Any]) -> list[str]:
    import pyarrow as pa
    import pyarrow.csv as pc

    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
        start = pa.BufferReader(file.read(HEAD))  # of the file itself, Arrow would read far ahead
    skip = _options(arguments, invalid_row_handler=lambda row: "skip")
    first = pc.ReadOptions(block_size=HEAD, skip_rows=arguments.get("lead", 0))
    with pc.open_csv(start, read_options=first, **skip) as stream:
        return list(stream.schema.names)


def _read(
    path: Path,
    arguments: Mapping[str, Any],
    names: list[str],
    at: Pointer,
    skipped: list[str] | None,
    *,
    threads: bool,
    quoted: bool,
) -> pa.Table:
    """The cells of a file; rows that can't be read are an error, or told in ``skipped`` where that is given."""
    import pyarrow.csv as pc

    bad: list[pc.InvalidRow] = []
    headless, lead = _headless(path, arguments, names), arguments.get("lead", 0)
    table = pc.read_csv(
        path,
        read_options=pc.ReadOptions(use_threads=threads, skip_rows=lead, **headless),
        convert_options=_conversion(arguments, names),
        **_options(arguments, quoted=quoted, invalid_row_handler=_keeper(bad, lead)),
    )
    if bad and threads:  # only a reader of one thread can number the rows
        return _read(path, arguments, names, at, skipped, threads=False, quoted=quoted)
    if bad and skipped is None:
        raise Problem(_ragged(arguments["path"], bad, at, headless))
    if skipped is not None:
        skipped.extend(_told(row, arguments["path"], headless) for row in bad)
    return table


def _conversion(arguments: Mapping[str, Any], names: list[str]) -> Any:
    import pyarrow as pa
    import pyarrow.csv as pc

    return pc.ConvertOptions(
        null_values=list(arguments.get("missing_values", DEFAULT_MISSING)),
        strings_can_be_null=True,
        column_types=dict.fromkeys(names, pa.string()),
    )


def _keeper(bad: list[Any], lead: int) -> Callable[[Any], str]:
    def keep(row: Any) -> str:
        if row.text.strip():  # else the line is as good as empty
            bad.append(row if row.number is None else row._replace(number=row.number - lead))
        return "skip"

    return keep


def _told(row: Any, shown: str, headless: Mapping[str, Any]) -> str:
    """A row that can't be read, in words."""
    number = row.number if headless else row.number - 1
    return f"row {number} of {shown} has {row.actual_columns} cells, but there are {row.expected_columns} columns"


def _ragged(shown: str, bad: list[Any], at: Pointer, headless: Mapping[str, Any]) -> Finding:
    first = bad[0]
    number, names = (first.number, "`columns`") if headless else (first.number - 1, "the first line")
    others = f"; {len(bad) - 1} more rows are like that" if len(bad) > 1 else ""
    text = first.text if len(first.text) <= 60 else first.text[:59] + "…"
    way = f"the row reads: {' '.join(text.split())}"
    every = headless and first.number == 1
    other = next((one for one in OTHERS if first.expected_columns == 1 and one in first.text), None)
    if other is not None:
        way = (
            f"{way}; if its cells stand apart by {OTHERS[other]}, write `separator = {json.dumps(other)}` in the source"
        )
    elif every:
        way += "; name each of its cells in `columns`, or put a line with the names of those that are there above it"
    elif first.text.count('"') % 2:
        way += "; a quotation mark is not closed there"
    else:
        way += "; a cell that holds a separator must stand in quotation marks"
        if ' "' in first.text:
            way += ", with no blank before them"
    return Finding(
        "E407",
        f'"{shown}": row {number} has {first.actual_columns} cells, but {names} names '
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
