"""Source npz: NumPy arrays in one file; each is a column whose first axis is the rows."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import found, reason


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer) -> Table:
    """Read a .npz file. Pickled objects in it are never loaded: they could run anything.

    Raises:
        Problem: E401, E407, E412.
    """
    at = (*pointer, "path")
    path = found(arguments["path"], folder, at)
    arrays = load(path, arguments["path"], at)
    columns = {name: array for name, array in arrays.items() if array.ndim}
    if not columns:
        raise Problem(Finding("E412", f'"{arguments["path"]}" holds no arrays with rows', at))
    return Table(arguments["path"], columns)


def load(path: Path, shown: str, at: Pointer) -> dict[str, Any]:
    """All arrays of a .npz file by name.

    Raises:
        Problem: E407.
    """
    import numpy as np

    arrays: dict[str, Any] = {}
    name = ""
    try:
        # Given a path, NumPy leaves the file open where it turns out to be none of its own.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                message = f'"{shown}" is a single array, not an .npz file'
                raise Problem(Finding("E407", message, at, help="write it with numpy.savez, which names its arrays"))
            for name in archive.files:
                arrays[name] = archive[name]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        if "allow_pickle" in str(error):
            what = f'the array "{name}" of "{shown}"' if name else f'"{shown}"'
            message, way = f"{what} holds Python objects, which are not loaded: a file could run anything so", None
            way = "save arrays of numbers or of text, all rows of one length" if name else "write it with numpy.savez"
        else:
            message, way = f'"{shown}" can\'t be read as an .npz file: {reason(error)}', "write it with numpy.savez"
        raise Problem(Finding("E407", message, at, help=way)) from error
    return arrays
