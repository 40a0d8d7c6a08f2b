"""Source tfrecord: files of records, each a message `Example` or `SequenceExample` of TensorFlow.

A record is its length, a checksum, its bytes and a checksum. The messages are read here, without TensorFlow.
Sources: https://www.tensorflow.org/tutorials/load_data/tfrecord and
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table, Values
from .files import found_all, named, reason

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

Cell = Any
"""A list of bytes, an array of numbers, or a list of them (in a sequence)."""


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
        try:
            for number, record in enumerate(records(path), 1):
                try:
                    rows.append(example(record))
                except BrokenError as error:
                    if not skip:
                        raise Problem(Finding("E407", f'"{name}": record {number} {error}', at)) from error
                    bad.append(f"record {number} of {name} {error}")
        except (BrokenError, OSError, EOFError, zlib.error) as error:
            # Behind a broken length nothing can be found again.
            if not skip or len(rows) == before:
                message = f'"{name}" can\'t be read as a file of records: {reason(error)}'
                raise Problem(Finding("E407", message, at)) from error
            bad.append(f"{name} ends early: {reason(error)}")
        files.append((name, len(rows) - before))
    if not rows:
        raise Problem(Finding("E412", f'"{origin}" has no records', at))
    names = list(dict.fromkeys(name for row in rows for name in row))
    stated: Mapping[str, Mapping[str, Any]] = arguments.get("features") or {name: {} for name in sorted(names)}
    columns: dict[str, Values] = {}
    for name, wish in stated.items():
        if name not in names:
            known = ", ".join(f"`{one}`" for one in sorted(names)[:12])
            message = f"no record of {origin} has a feature `{name}`"
            raise Problem(Finding("E402", message, (*pointer, "features", name), "key", help=f"there are {known}"))
        try:
            columns[name] = _column([row.get(name) for row in rows], wish)
        except (ValueError, TypeError) as error:
            message = f"the feature `{name}` is not what is stated: {error}"
            raise Problem(Finding("E405", message, (*pointer, "features", name))) from error
    return Table(
        origin, columns, folder=paths[0].parent, files=tuple(files) if len(files) > 1 else (), skipped=tuple(bad)
    )


def records(path: Path) -> Iterator[bytes]:
    """The records of one file.

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
                yield body[:-4]


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


def _column(cells: list[Cell], wish: Mapping[str, Any]) -> Values:
    """One column from the features of all records.

    Raises:
        ValueError, TypeError: if they are not what is stated.
    """
    import numpy as np
    import pyarrow as pa

    from .arrow_columns import values_of

    dtype, shape = wish.get("dtype"), wish.get("shape")
    if dtype is not None and dtype != "string":
        cells = [None if cell is None else _of_dtype(cell, dtype) for cell in cells]
    if shape is not None:
        cells = [None if cell is None else np.asarray(cell).reshape(shape) for cell in cells]
        if all(cell is not None for cell in cells):
            return np.stack(cells)
    if all(hasattr(cell, "dtype") and cell.shape == cells[0].shape and cell.size > 1 for cell in cells):
        return np.stack(cells)
    plain = [None if cell is None else _plain(cell) for cell in cells]
    if all(one is None or len(one) < 2 for one in plain) and not any(one and isinstance(one[0], list) for one in plain):
        plain = [one[0] if one else None for one in plain]  # a single number or text a row
    real = next((one.dtype for one in cells if hasattr(one, "dtype") and one.dtype.kind == "f"), None)
    if real is not None and not any(isinstance(one, list) for one in plain):
        return np.array([np.nan if one is None else one for one in plain], real)
    return values_of(pa.chunked_array([pa.array(plain)]))


def _plain(part: Any) -> Any:
    """A number, text, or a list of them, as Arrow takes it."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if isinstance(part, bytes):
        return part
    return part.tolist()


def _of_dtype(cell: Cell, dtype: str) -> Array:
    """Numbers in a dtype; from bytes as ``tf.io.decode_raw`` reads them."""
    import numpy as np

    if isinstance(cell, list) and cell and isinstance(cell[0], bytes):
        if len(cell) > 1:
            raise ValueError("it holds several texts")
        return np.frombuffer(cell[0], np.dtype(dtype).newbyteorder("<")).astype(dtype)
    return np.asarray(cell).astype(dtype)
