"""From a path to its rows, and to the source that says how they are read."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...spec.problem import Problem
from ..cells import CellError, is_arrow, numbers
from ..sources import READERS, Reader, reader_of_file
from ..sources.csv import DEFAULT_MISSING
from ..sources.folders import SUFFIXES
from ..table import Table

TABLES: Final = ("csv", "jsonl", "parquet", "npz", "npy")
"""Kinds of files that a spec is written from."""
_FOLDERS: Final = {"image": "images", "text": "text", "audio": "audio"}
_SEPARATORS: Final = (",", ";", "\t", "|")
_HEAD: Final = 2**16
_DASHES: Final = re.compile(r"[?*.\-#]+|[A-Za-z][A-Za-z /]{0,11}")
"""What people write into a column of numbers where there is none: `?`, `--`, `missing`."""


class DraftError(ValueError):
    """No spec can be written from this; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a path, and the ``source`` by which a spec reads them; paths in it are relative to a folder."""

    source: Mapping[str, Any]
    table: Table

    @property
    def kind(self) -> str:
        """What kind of source it is."""
        return str(self.source["type"])


def found(path: Path, shown: str) -> Found:
    """The rows of a file, or of a folder in which a folder is a class; ``shown`` is the path as the spec has it.

    Raises:
        DraftError: if it can't be read, or is of no kind that a spec is written from.
    """
    if not path.exists():
        raise DraftError(f"{path}: there is no such file or folder")
    if path.is_dir():
        return _folder(path, shown)
    reader = reader_of_file(path)
    if reader is None or reader.kind not in TABLES:
        raise DraftError(
            f"{path}: a spec is written from .csv, .jsonl, .parquet, .npz and .npy files, and from folders"
        )
    if reader.kind != "csv":
        return Found({"type": reader.kind, "path": shown}, _read(reader, {"path": path.name}, path.parent))
    return _csv(reader, path, shown)


def _read(reader: Reader, arguments: Mapping[str, Any], folder: Path) -> Table:
    try:
        return reader.read(arguments, folder, ("data", "source"))
    except Problem as problem:
        one = problem.findings[0]
        raise DraftError(f"{one.message}{f'; {one.help}' if one.help else ''}") from problem


def _folder(path: Path, shown: str) -> Found:
    counts = Counter(
        kind
        for one in path.rglob("*")
        if not any(part.startswith(".") for part in one.relative_to(path).parts)
        for kind, endings in SUFFIXES.items()
        if one.name.lower().endswith(endings)
    )
    if not counts:
        raise DraftError(f"{path}: there are no pictures, texts (.txt) or sounds (.wav) in this folder")
    kind = _FOLDERS[counts.most_common(1)[0][0]]
    reader = next(one for one in READERS if one.kind == kind)
    table = _read(reader, {"path": path.name}, path.absolute().parent)
    if table.standard[1] is None:
        raise DraftError(
            f"{path}: its files lie side by side, so nothing says which class each is of; "
            "put those of each class into a folder that is called like it"
        )
    return Found({"type": kind, "path": shown}, table)


def _csv(reader: Reader, path: Path, shown: str) -> Found:
    separator = _separator(path)
    given: dict[str, Any] = {} if separator == "," else {"separator": separator}
    table = _read(reader, {"path": path.name, **given}, path.parent)
    names = list(table.columns)
    if names and all(_is_number(name) for name in names):
        raise DraftError(
            f"{path}: its first line is numbers ({', '.join(names[:3])}…), but it must name the columns; "
            "put a line with their names above it"
        )
    dashes = sorted({dash for name in names if (dash := _dash(table.columns[name])) is not None})
    if dashes:
        given["missing_values"] = [*DEFAULT_MISSING, *dashes]
        table = _read(reader, {"path": path.name, **given}, path.parent)
    return Found({"type": "csv", "path": shown, **given}, table)


def _separator(path: Path) -> str:
    """What parts the cells of the first line: of the usual characters the one that is there most often."""
    zipped = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as file:
            first = file.read(_HEAD).decode("utf-8", "replace").partition("\n")[0]
    except (OSError, EOFError):
        return ","
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_SEPARATORS, key=lambda one: (bare.count(one), -_SEPARATORS.index(one)))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _dash(values: Any) -> str | None:
    """What stands in a column of numbers where there is none, if it is always the same."""
    if not is_arrow(values) or not len(values):
        return None
    try:
        numbers(values.drop_null())
    except CellError as error:
        return error.cell if error.mostly and _DASHES.fullmatch(error.cell) else None
    return None
