"""Source npy: a NumPy array in a file, mapped into memory; the file's name is that of its column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import found_all, joined, named, reason


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read .npy files: ``images.npy`` is the column ``images``. Several files are columns side by side.

    ``column`` names the column otherwise; several files then stand one below the other. What is needed is read when
    it is needed.

    Raises:
        Problem: E401, E407, E412.
    """
    at = (*pointer, "path")
    origin, column = arguments["path"], arguments.get("column")
    tables: list[Table] = []
    for path in found_all(origin, folder, at):
        name = named(path, folder)
        array = mapped(path, name, at)
        if not array.ndim or not len(array):
            raise Problem(Finding("E412", f'"{name}" holds no array with rows', at))
        tables.append(Table(name, {column or path.stem: array}, folder=path.parent))
    if column is not None:
        return tables[0] if len(tables) == 1 else joined(tables, origin, at)
    columns: dict[str, Any] = {}
    for one in tables:
        if both := columns.keys() & one.columns.keys():
            message = f'two files of "{origin}" are called {min(both)}.npy'
            raise Problem(Finding("E407", message, at, help="give each file a name of its own"))
        columns |= one.columns
    return Table(origin, columns, folder=tables[0].folder)


def mapped(path: Path, shown: str, at: Pointer) -> Any:
    """The array of a .npy file, mapped into memory where its numbers can be.

    Raises:
        Problem: E407.
    """
    import numpy as np

    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(array, np.ndarray):
            return array
        array.close()
        message, way = f'"{shown}" holds several arrays', 'an .npz file is read with `type = "npz"`'
    except (OSError, EOFError, ValueError) as error:
        if "allow_pickle" in str(error) or "Python objects" in str(error):
            message = f'"{shown}" holds Python objects, which are not loaded: a file could run anything so'
            way = "save an array of numbers or of text, all rows of one length"
        else:
            message, way = f'"{shown}" can\'t be read as an .npy file: {reason(error)}', "write it with numpy.save"
    raise Problem(Finding("E407", message, at, help=way))
