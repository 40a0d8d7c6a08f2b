"""Source tfrecord: files of records, each a message `Example` or `SequenceExample` of TensorFlow.

A record is its length, a checksum, its bytes and a checksum. The messages are read here, without TensorFlow.
Sources: https://www.tensorflow.org/tutorials/load_data/tfrecord and
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import found_all, named, reason
from .pieces import AT_ONCE, Pieces, Sheet, Tell, one_after_another, piece, sheets, unpacked
from .record_columns import Cell, Form

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

GZIP: Final = b"\x1f\x8b"
LARGEST: Final = 2**31
"""Bytes that no record has: a length above is no length."""

BYTES, FLOATS, INTEGERS = 1, 2, 3
"""Which kind of list a feature holds: the fields of the message `Feature`."""

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
"""How a field of a message is written."""

ROWS: Final = 2**13
"""Records that are held together."""


class BrokenError(ValueError):
    """A record is not what it should be."""


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read files of records, gzipped or not: each feature is a column, and so is each list of a sequence.

    Without ``features`` all are read as they are: a single number or text a row, several of one number as further
    axes, and rows of unequal length where they are. ``features`` names those to be read, with what they are.

    Raises:
        Problem: E401, E402 (a feature that no record has), E405 (one that does not fit what is stated), E407, E412.
    """
    at = (*pointer, "path")
    origin = arguments["path"]
    paths = found_all(origin, folder, at)
    rows: list[dict[str, Cell]] = []
    bad: list[str] = []
    files = []
    for path in paths:
        name = origin if len(paths) == 1 else named(path, folder)
        before = len(rows)
        rows += (row for row, _, _ in _examples(path, name, at, bad, skip=skip))
        files.append((name, len(rows) - before))
    forms = _Forms(arguments)
    forms.add(rows)
    stated = forms.ended(len(rows), origin, pointer)
    columns = {name: form.column([form.wished(row.get(name)) for row in rows]) for name, form in stated.items()}
    return Table(
        origin, columns, folder=paths[0].parent, files=tuple(files) if len(files) > 1 else (), skipped=tuple(bad)
    )


def pieces(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Pieces:
    """The same rows, a few at a time; the files are gone through twice, first for what their features are.

    Raises:
        Problem: as ``read`` does.
    """
    at, origin = (*pointer, "path"), arguments["path"]
    found = sheets(arguments, folder, pointer)
    forms, count = _Forms(arguments), 0
    for sheet in found:
        for rows, _, _ in _blocks(sheet, at, skip=skip):
            forms.add(rows)
            count += len(rows)
    stated = forms.ended(count, origin, pointer)
    head = Table(origin, {name: form.column([]) for name, form in stated.items()}, folder=found[0].path.parent)

    def read(names: Collection[str], tell: Tell) -> Iterator[Table]:
        wanted = {name: form for name, form in stated.items() if name in names}
        for sheet, told in one_after_another(found, tell):
            first = 0
            for rows, bad, done in _blocks(sheet, at, skip=skip):
                columns = {
                    name: form.column([form.wished(row.get(name)) for row in rows]) for name, form in wanted.items()
                }
                yield piece(head, columns, sheet, first, len(found) > 1, bad)
                first += len(rows)
                told(done)

    return Pieces(head, unpacked(found), sum(one.size for one in found), read)


class _Forms:
    """What the features of records are: those that the source states, or all there are."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.stated: Mapping[str, Mapping[str, Any]] | None = arguments.get("features") or None
        self.known: dict[str, Form] = {}
        self.names: set[str] = set()
        self.wrong: dict[str, Exception] = {}

    def add(self, rows: Sequence[Mapping[str, Cell]]) -> None:
        """Learn of more records."""
        names = dict.fromkeys(name for row in rows for name in row)
        self.names.update(names)
        for name in names:
            if name in self.wrong or (self.stated is not None and name not in self.stated):
                continue
            form = self.known.setdefault(name, Form(self.stated[name] if self.stated is not None else {}))
            try:
                form.add([form.wished(row[name]) for row in rows if name in row])
            except (ValueError, TypeError) as error:
                self.wrong[name] = error

    def ended(self, count: int, origin: str, pointer: Pointer) -> dict[str, Form]:
        """All records have been seen: the features that become columns.

        Raises:
            Problem: E402, E405, E412.
        """
        if not count:
            raise Problem(Finding("E412", f'"{origin}" has no records', (*pointer, "path")))
        found = {}
        for name in self.stated if self.stated is not None else sorted(self.names):
            if name not in self.names:
                known = ", ".join(f"`{one}`" for one in sorted(self.names)[:12])
                message = f"no record of {origin} has a feature `{name}`"
                raise Problem(Finding("E402", message, (*pointer, "features", name), "key", help=f"there are {known}"))
            try:
                if name in self.wrong:
                    raise self.wrong[name]
                self.known[name].ended(count)
                self.known[name].column([])
            except (ValueError, TypeError) as error:
                message = f"the feature `{name}` is not what is stated: {error}"
                raise Problem(Finding("E405", message, (*pointer, "features", name))) from error
            found[name] = self.known[name]
        return found


def _blocks(sheet: Sheet, at: Pointer, *, skip: bool) -> Iterator[tuple[list[dict[str, Cell]], list[str], int]]:
    """The records of a file, some at a time; what is said of those left out among them; how many bytes are read."""
    rows: list[dict[str, Cell]] = []
    bad: list[str] = []
    size = 0
    for row, length, done in _examples(sheet.path, sheet.name, at, bad, skip=skip):
        rows.append(row)
        size += length
        if size > AT_ONCE or len(rows) >= ROWS:
            yield rows, bad[:], done
            rows, size = [], 0
            bad.clear()
    if rows or bad:
        yield rows, bad, sheet.size


def _examples(
    path: Path, name: str, at: Pointer, bad: list[str], *, skip: bool
) -> Iterator[tuple[dict[str, Cell], int, int]]:
    """The records of a file, how many bytes each has, and how many of the file are read; of those left out ``bad`` is
    told.

    Raises:
        Problem: E407.
    """
    count = 0
    try:
        for number, (record, done) in enumerate(records(path), 1):
            try:
                row = example(record)
            except BrokenError as error:
                if not skip:
                    raise Problem(Finding("E407", f'"{name}": record {number} {error}', at)) from error
                bad.append(f"record {number} of {name} {error}")
                continue
            yield row, len(record), done
            count += 1
    except (BrokenError, OSError, EOFError, zlib.error) as error:
        # Behind a broken length nothing can be found again.
        if not skip or not count:
            message = f'"{name}" can\'t be read as a file of records: {reason(error)}'
            raise Problem(Finding("E407", message, at)) from error
        bad.append(f"{name} ends early: {reason(error)}")


def records(path: Path) -> Iterator[tuple[bytes, int]]:
    """The records of one file, and how many bytes of it are read.

    Raises:
        BrokenError: if it is none, or ends inside of a record.
        OSError, EOFError, zlib.error: if it can't be read.
    """
    with path.open("rb") as plain:
        zipped = plain.read(2) == GZIP
        plain.seek(0)
        with gzip.open(plain, "rb") if zipped else nullcontext(plain) as file:
            while head := file.read(12):
                length = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else LARGEST
                if length >= LARGEST:
                    raise BrokenError("there is no length where a record should begin")
                body = file.read(length + 4)
                if len(body) < length + 4:
                    raise BrokenError("it ends inside of a record")
                yield body[:-4], plain.tell()


def example(record: bytes) -> dict[str, Cell]:
    """The features of a message `Example`, and those and the lists of a `SequenceExample`, by name.

    Raises:
        BrokenError: if it is neither.
    """
    found: dict[str, Cell] = {}
    for field, value in _fields(record):
        if field == 1:
            found |= {name: _feature(body) for name, body in _entries(value)}
        elif field == 2:
            for name, body in _entries(value):
                found[name] = [_feature(one) for number, one in _fields(body) if number == 1]
    return found


def _entries(message: Any) -> Iterator[tuple[str, bytes]]:
    """A map of a message: name and value of each entry."""
    for field, entry in _fields(message):
        if field == 1:
            parts = dict(_fields(entry))
            try:
                yield bytes(parts.get(1, b"")).decode("utf-8"), parts.get(2, b"")
            except (UnicodeDecodeError, TypeError) as error:
                raise BrokenError("is no Example of TensorFlow") from error


def _fields(message: Any) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a message."""
    if not isinstance(message, bytes):
        raise BrokenError("is no Example of TensorFlow")
    place, end = 0, len(message)
    while place < end:
        tag, place = _varint(message, place)
        field, kind = tag >> 3, tag & 7
        value: Any
        if kind == VARINT:
            value, place = _varint(message, place)
        elif kind == LENGTH:
            size, place = _varint(message, place)
            value = message[place : place + size]
            place += size
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            size = 8 if kind == EIGHT_BYTES else 4
            value = message[place : place + size]
            place += size
        else:
            raise BrokenError("is no Example of TensorFlow")
        if place > end:
            raise BrokenError("ends inside of a feature")
        yield field, value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A whole number, seven bits a byte, and where it ends."""
    value = shift = 0
    while True:
        if place >= len(message) or shift > 63:
            raise BrokenError("is no Example of TensorFlow")
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7


def _feature(message: bytes) -> Cell:
    """A list of bytes, or an array of numbers; an empty list where the feature has no kind."""
    import numpy as np

    for kind, body in _fields(message):
        if kind == BYTES:
            return [value for field, value in _fields(body) if field == 1]
        if kind == FLOATS:
            packed = b"".join(value for field, value in _fields(body) if field == 1)
            if len(packed) % 4:
                raise BrokenError("ends inside of a number")
            return np.frombuffer(packed, "<f4").astype(np.float32)
        if kind == INTEGERS:
            return _integers(body)
    return []


def _integers(body: bytes) -> Array:
    import numpy as np

    found: list[int] = []
    for _, value in _fields(body):
        if isinstance(value, int):
            found.append(value)
            continue
        place = 0
        while place < len(value):
            one, place = _varint(value, place)
            found.append(one)
    return np.array(found, np.uint64).view(np.int64)
