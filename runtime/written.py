"""From predictions, batch by batch, to a file: CSV, JSON lines, JSON, Parquet or NPZ, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from .predict import Asked, Piece, together
from .run import RunError

if TYPE_CHECKING:
    from .predict import Predictions

Columns = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Written:
    """Where predictions were written to; ``count`` is the number of rows of the input, ``predicted`` of how many there
    is a prediction; ``short`` are rows without one because too few rows come before to fill a window, ``unread`` are so
    many because they can't be read. ``skipped`` says why, also of what is not even counted as a row."""

    path: Path
    predicted: int
    count: int
    short: tuple[range, ...] = ()
    skipped: tuple[str, ...] = ()
    unread: int = 0


def written(asked: Asked, out: str | Path) -> Written:
    """Write what a model says of the rows that it is asked about, a batch at a time.

    The ending of the name says how: ``.csv``, ``.jsonl``, ``.json``, ``.parquet`` and ``.npz``; the first three may be
    compressed (``.csv.gz``). All but the last have a row for every row of the input, and hold one batch in memory at
    most; where there is no prediction, cells are empty (null).

    Raises:
        RunError: if the name ends otherwise.
        OSError: if the file can't be written.
    """
    path = Path(out)
    writer = require_format(path)
    with replacing(path) as beside:
        writer(asked, beside, path.suffix.lower() == ".gz")
    return told(asked, path)


def told(asked: Asked, path: Path) -> Written:
    """What is to be said of predictions that were written."""
    return Written(path, len(asked.kept), asked.count, asked.short, asked.skipped, asked.unread)


def require_format(out: Path) -> Callable[[Asked, Path, bool], None]:
    """What writes a file of this name.

    Raises:
        RunError: if its ending is none of those known, or there is no such folder.
    """
    name = out.name.lower()
    plain = name.removesuffix(".gz")
    found = next((suffix for suffix in FORMATS if plain.endswith(suffix)), None)
    if found is None or (plain != name and found not in COMPRESSED):
        known = ", ".join([*FORMATS, *(f"{one}.gz" for one in COMPRESSED)])
        raise RunError(f"{out} can't be written: its name must end in one of {known}")
    if not out.parent.is_dir():
        raise RunError(f"{out} can't be written: there is no folder {out.parent}; make it, or choose another place")
    return FORMATS[found]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place if all went well, and goes away if not."""
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        if error.filename is not None and Path(str(error.filename)) == beside:
            error.filename = str(path)
        raise
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def filled(pieces: Iterable[Piece], count: int) -> Iterator[Columns]:
    """The columns of each piece, with None for the rows of the input that have no prediction, in order."""
    done, names = 0, list[str]()
    for piece in pieces:
        columns = piece.columns
        names = list(columns)
        until = int(piece.rows[-1]) + 1
        if until - done == len(piece.rows):
            yield columns
        else:
            places = (piece.rows - done).tolist()
            wide: dict[str, list[Any]] = {name: [None] * (until - done) for name in names}
            for name, values in columns.items():
                for place, value in zip(places, values, strict=True):
                    wide[name][place] = value
            yield wide
        done = until
    if done < count:
        yield {name: [None] * (count - done) for name in names}


def write_csv(parts: Iterable[Columns], stream: IO[str]) -> None:
    """Write a table as CSV, its header first."""
    writer = csv.writer(stream, lineterminator="\n")
    for index, part in enumerate(parts):
        if not index:
            writer.writerow(part)
        for row in zip(*part.values(), strict=True):
            writer.writerow(
                ["" if cell is None else f"{cell:.7g}" if isinstance(cell, float) else cell for cell in row]
            )


def write_lines(parts: Iterable[Columns], stream: IO[str]) -> None:
    """Write a table as JSON lines: an object a row."""
    for row in _rows(parts):
        stream.write(row + "\n")


def write_list(parts: Iterable[Columns], stream: IO[str]) -> None:
    """Write a table as a JSON list with an object a row."""
    stream.write("[")
    for index, row in enumerate(_rows(parts)):
        stream.write((",\n " if index else "\n ") + row)
    stream.write("\n]\n")


def _rows(parts: Iterable[Columns]) -> Iterator[str]:
    for part in parts:
        for row in zip(*part.values(), strict=True):
            cells = (None if isinstance(cell, float) and not -_MOST <= cell <= _MOST else cell for cell in row)
            yield json.dumps(dict(zip(part, cells, strict=True)), ensure_ascii=False, allow_nan=False)


_MOST: Final = 1.7976931348623157e308


def _text(write: Callable[[Iterable[Columns], IO[str]], None]) -> Callable[[Asked, Path, bool], None]:
    def made(asked: Asked, path: Path, compressed: bool) -> None:
        with _opened(path, compressed) as stream:
            write(filled(asked.pieces(), asked.count), stream)

    return made


@contextmanager
def _opened(path: Path, compressed: bool) -> Iterator[IO[str]]:
    if not compressed:
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as squeezed,
        io.TextIOWrapper(squeezed, encoding="utf-8", newline="") as stream,
    ):
        yield stream


def _parquet(asked: Asked, path: Path, compressed: bool) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    writer = None
    try:
        for part in filled(asked.pieces(), asked.count):
            if writer is None:  # the first part has a prediction at least, so that the types can be told
                schema = pa.schema([(name, pa.array(values).type) for name, values in part.items()])
                writer = parquet.ParquetWriter(path, schema)
            arrays = [pa.array(values, type=field.type) for values, field in zip(part.values(), schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    finally:
        if writer is not None:
            writer.close()


def _npz(asked: Asked, path: Path, compressed: bool) -> None:
    made = together(asked.pieces(), asked)
    with path.open("wb") as stream:
        stream.write(npz(made))


def npz(made: Predictions) -> bytes:
    """Arrays: ``NAME`` with the numbers and ``NAME.labels`` of each output, and ``rows``."""
    import numpy as np

    arrays: dict[str, Any] = {"rows": made.rows}
    for name, one in made.outputs.items():
        arrays[name] = one.values
        if one.labels is not None:
            arrays[f"{name}.labels"] = one.labels.astype(str) if one.labels.dtype == object else one.labels
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


FORMATS: Final[Mapping[str, Callable[[Asked, Path, bool], None]]] = {
    ".csv": _text(write_csv),
    ".jsonl": _text(write_lines),
    ".json": _text(write_list),
    ".parquet": _parquet,
    ".npz": _npz,
}
"""Ending of a file's name → what writes predictions into it."""

COMPRESSED: Final = (".csv", ".jsonl", ".json")
"""Endings behind which ``.gz`` may stand."""
