"""Finding the files that a source names, and putting together what several of them hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from glob import glob, has_magic
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table, Values
from .remote import is_pattern, is_remote, local, matching

LONGEST: Final = 60
"""Characters of a path that a message repeats."""


def placed(path: str, folder: Path, pointer: Pointer) -> Path:
    """A path of a spec from the root, there or not; of one with a protocol, the copy that is made of it.

    Raises:
        Problem: E401 if it can't be looked up.
    """
    if is_remote(path):
        return local(path, folder, pointer)
    try:
        whole = folder / Path(path).expanduser()
        whole.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, no home, no right to look
        shown = path if len(path) <= LONGEST else path[: LONGEST - 1] + "…"
        raise Problem(Finding("E401", f'"{shown}" can\'t be looked up: {reason(error)}', pointer)) from error
    return whole


def found(path: str, folder: Path, pointer: Pointer) -> Path:
    """The file at ``path``, relative to ``folder``.

    Raises:
        Problem: E401 if there is no such file; the help names a file that is there and looks alike.
    """
    whole = placed(path, folder, pointer)
    if whole.is_file():
        return whole
    if whole.is_dir():
        way = "a pattern names all files of a folder, such as " + f'"{Path(path).as_posix()}/*{whole.suffix or ".csv"}"'
        raise Problem(Finding("E401", f'expected a file, but "{path}" is a folder', pointer, help=way))
    raise Problem(Finding("E401", f'there is no file "{path}"', pointer, help=_alike(path, whole, Path.is_file)))


def found_folder(path: str, folder: Path, pointer: Pointer) -> Path:
    """The folder at ``path``, relative to ``folder``.

    Raises:
        Problem: E401 if there is no such folder; the help names one that is there and looks alike.
    """
    whole = placed(path, folder, pointer)
    if whole.is_dir():
        return whole
    if whole.is_file():
        raise Problem(Finding("E401", f'expected a folder, but "{path}" is a file', pointer))
    raise Problem(Finding("E401", f'there is no folder "{path}"', pointer, help=_alike(path, whole, Path.is_dir)))


def found_all(path: str, folder: Path, pointer: Pointer) -> list[Path]:
    """The file at ``path``, or all files that match it where it is a pattern (``data/part-*.csv``), by name.

    Raises:
        Problem: E401 if there is none.
    """
    if not is_several(path):
        return [found(path, folder, pointer)]
    if is_remote(path):
        return matching(path, folder, pointer)
    whole = placed(path, folder, pointer)
    try:
        if whole.is_file():
            return [whole]
        files = sorted(Path(one) for one in glob(str(whole), recursive=True) if Path(one).is_file())
    except (OSError, RuntimeError, ValueError):
        files = []
    if not files:
        way = f"looked for {whole}; `*` stands for any characters, `**` for any folders"
        raise Problem(Finding("E401", f'no file matches "{path}"', pointer, help=way))
    return files


def is_several(path: str) -> bool:
    """Whether a path is a pattern, for which there may be several files."""
    return is_pattern(path) if is_remote(path) else has_magic(path)


def _alike(path: str, whole: Path, kind: Callable[[Path], bool]) -> str:
    near = whole.parent
    if not near.is_dir():
        return f"there is no folder {near} either; paths are relative to the spec"
    try:
        names = sorted(one.name for one in near.iterdir() if kind(one))
    except OSError:
        names = []
    close = get_close_matches(whole.name, names, 1)
    return f'did you mean "{Path(path).with_name(close[0]).as_posix()}"?' if close else f"looked for {whole}"


def read_all(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, read: Callable[[Path, str], Table]) -> Table:
    """What the files of a source hold, one below the other; ``read`` is given a file and its name for messages.

    Raises:
        Problem: E401; E407 if the files have not the same columns; what ``read`` raises.
    """
    at = (*pointer, "path")
    path = arguments["path"]
    files = found_all(path, folder, at)
    if len(files) == 1:
        return read(files[0], path if not is_several(path) else named(files[0], folder))
    names = [named(one, folder) for one in files]
    return joined([read(one, name) for one, name in zip(files, names, strict=True)], path, at)


def named(path: Path, folder: Path) -> str:
    """A path as the spec would write it."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def joined(tables: Sequence[Table], origin: str, at: Pointer) -> Table:
    """Tables of the same columns, one below the other.

    Raises:
        Problem: E407 if their columns differ in name or in form.
    """
    first = tables[0]
    for other in tables[1:]:
        if set(other.columns) != set(first.columns):
            without, name = next(
                (one, name)
                for one, two in ((other, first), (first, other))
                for name in two.columns
                if name not in one.columns
            )
            message = f'the files of "{origin}" differ: {without.origin} has no column `{name}`'
            way = "let the pattern match files of one kind only"
            raise Problem(Finding("E407", message, at, help=way))
    columns = {name: _joined(name, [one.columns[name] for one in tables], tables, at) for name in first.columns}
    return Table(
        origin,
        columns,
        frozenset(name for one in tables for name in one.duplicates),
        standard=first.standard,
        folder=first.folder,
        files=tuple((one.origin, one.rows) for one in tables),
        skipped=tuple(text for one in tables for text in one.skipped),
    )


def _joined(name: str, values: list[Values], tables: Sequence[Table], at: Pointer) -> Values:
    import numpy as np
    import pyarrow as pa

    if all(isinstance(one, pa.ChunkedArray) for one in values):
        return pa.chunked_array([chunk for one in values for chunk in one.chunks], values[0].type)
    for one, table in zip(values, tables, strict=True):
        if one.shape[1:] != values[0].shape[1:]:
            message = (
                f"`{name}` has rows of shape {list(values[0].shape[1:])} in {tables[0].origin}, "
                f"and of {list(one.shape[1:])} in {table.origin}"
            )
            raise Problem(Finding("E407", message, at))
    return np.concatenate(values)


def reason(error: BaseException) -> str:
    """Why the system refuses, in a few words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
