"""Reading pickled arrays without running anything: only what a NumPy array is made of is let in.

The CIFAR batches and the word lists of imdb and reuters are pickles, and a pickle may name any function to be
called while it is read. Here a name outside of ``ALLOWED`` ends the reading.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import IO, Any, Final

ALLOWED: Final = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
    }
)


class UnsafeError(Exception):
    """The pickle asks for something that no array is made of."""


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        import numpy as np

        if (module, name) not in ALLOWED:
            raise UnsafeError(f"it asks for {module}.{name}, which is no part of an array")
        if name == "_reconstruct":
            return np.empty(0).__reduce__()[0]  # wherever this NumPy keeps it
        return getattr(np, name)


def unpickled(file: IO[bytes], encoding: str = "ASCII") -> Any:
    """What a pickle of plain values and arrays holds.

    Raises:
        UnsafeError: if it asks for anything else, or is broken.
    """
    try:
        return _Arrays(file, encoding=encoding).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, MemoryError) as error:
        raise UnsafeError(f"broken: {error}") from error


def arrays_of_npz(path: Path) -> dict[str, Any]:
    """The arrays of a .npz file by name, those of objects included.

    Raises:
        UnsafeError: as ``unpickled`` does.
        ValueError: if an array is broken.
    """
    from numpy.lib import format as npy

    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            raw = io.BytesIO(archive.read(member))
            version = npy.read_magic(raw)
            header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = header(raw)
            if dtype.hasobject:
                array = unpickled(raw)
                if getattr(array, "shape", None) != shape:
                    raise ValueError(f"{member} is not the array that its head announces")
            else:
                raw.seek(0)
                array = npy.read_array(raw, allow_pickle=False)
            arrays[member.removesuffix(".npy")] = array
    return arrays
