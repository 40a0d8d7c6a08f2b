"""Source npz: NumPy arrays in one file; each is a column whose first axis is the rows."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import read_all, reason

MAPPED_FROM: Final = 2**20
"""Bytes from which an array is mapped into memory rather than read."""

LOCAL_HEADER: Final = 30
"""Bytes that stand in an archive before a member's name. Source: APPNOTE.TXT of PKWARE, 4.3.7."""


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read .npz files. Pickled objects in them are never loaded: they could run anything.

    Arrays that ``numpy.savez`` has written are mapped into memory; those of ``numpy.savez_compressed`` can't be.

    Raises:
        Problem: E401, E407, E412.
    """
    at = (*pointer, "path")

    def one(path: Path, shown: str) -> Table:
        columns = {name: array for name, array in load(path, shown, at).items() if array.ndim}
        if not columns:
            raise Problem(Finding("E412", f'"{shown}" holds no arrays with rows', at))
        return Table(shown, columns, folder=path.parent)

    return read_all(arguments, folder, pointer, one)


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
                way = 'read it with `type = "npy"`, or write it with numpy.savez, which names its arrays'
                raise Problem(Finding("E407", message, at, help=way))
            for name in archive.files:
                there = _mapped(path, archive.zip, name)
                arrays[name] = archive[name] if there is None else there
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        if "allow_pickle" in str(error):
            what = f'the array "{name}" of "{shown}"' if name else f'"{shown}"'
            message, way = f"{what} holds Python objects, which are not loaded: a file could run anything so", None
            way = "save arrays of numbers or of text, all rows of one length" if name else "write it with numpy.savez"
        else:
            message, way = f'"{shown}" can\'t be read as an .npz file: {reason(error)}', "write it with numpy.savez"
        raise Problem(Finding("E407", message, at, help=way)) from error
    return arrays


def _mapped(path: Path, archive: zipfile.ZipFile, name: str) -> Any:
    """A large array that lies in the archive as it is, mapped into memory; None for any other."""
    import numpy as np
    from numpy.lib import format as npy

    members = {one.filename: one for one in archive.infolist()}
    found = members.get(f"{name}.npy")
    if found is None or found.compress_type != zipfile.ZIP_STORED or found.file_size < MAPPED_FROM:
        return None
    with path.open("rb") as file:
        file.seek(found.header_offset)
        head = file.read(LOCAL_HEADER)
        file.seek(sum(struct.unpack("<HH", head[26:30])), 1)
        version = npy.read_magic(file)
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if header is None:
            return None
        shape, fortran, dtype = header(file)
        if dtype.hasobject:
            return None  # refused by name, as those that are read
        return np.memmap(path, dtype, "r", file.tell(), shape, "F" if fortran else "C")
