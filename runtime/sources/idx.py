"""Source idx: the files that MNIST and its kin come in.

A file begins with two zero bytes, the code of its dtype and its number of axes; then come the sizes of the axes
and all numbers, the highest byte first. Source: http://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import found, found_folder, placed, reason

DTYPES: Final = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
NAME: Final = re.compile(r"(?P<part>.*?)[-_.]?(?P<what>images|labels)(?P<rest>[-_.]idx\d[-_.]ubyte)?(\.idx)?(\.gz)?$")
TESTS: Final = frozenset({"t10k", "test"})
COLUMNS: Final = ("image", "label")
MOST_AXES: Final = 32


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read images and labels: from a folder with MNIST's names, or from a file of images and one of labels.

    In a folder the images of ``t10k`` (or ``test``) are the test rows. Beside a file of images, that of the
    labels is looked for under the same name, ``train-labels-idx1-ubyte.gz``, unless ``labels`` names it.

    Raises:
        Problem: E401, E407, E412.
    """
    import numpy as np

    at = (*pointer, "path")
    path = arguments["path"]
    if placed(path, folder, at).is_dir():
        pairs = _pairs(found_folder(path, folder, at), path, at)
    else:
        images = found(path, folder, at)
        labels = arguments.get("labels")
        beside = found(labels, folder, (*pointer, "labels")) if labels is not None else _beside(images)
        pairs = {"": (images, beside)}
    columns: dict[str, list[Any]] = {}
    marks = []
    for part, (images, labels) in sorted(pairs.items(), key=lambda one: one[0] in TESTS):
        pixels = _array(images, at)
        if not pixels.ndim or not len(pixels):
            raise Problem(Finding("E412", f'"{images.name}" has no rows', at))
        columns.setdefault("image", []).append(pixels)
        if labels is not None:
            names = _array(labels, at)
            if len(names) != len(pixels):
                message = f'"{labels.name}" has {len(names)} rows, but "{images.name}" has {len(pixels)}'
                raise Problem(Finding("E407", message, at))
            columns.setdefault("label", []).append(names)
        marks.append(np.full(len(pixels), part in TESTS))
    if len({array.shape[1:] for array in columns["image"]}) > 1:
        raise Problem(Finding("E407", f'the images of "{path}" differ in size', at))
    test = np.concatenate(marks)
    both = {name: arrays[0] if len(arrays) == 1 else np.concatenate(arrays) for name, arrays in columns.items()}
    standard = (COLUMNS[0], COLUMNS[1] if "label" in both else None)
    return Table(path, both, test=test if test.any() and not test.all() else None, standard=standard, folder=folder)


def _pairs(folder: Path, shown: str, at: Pointer) -> dict[str, tuple[Path, Path | None]]:
    """The parts of a folder: ``train`` and ``t10k``, each with its images and its labels."""
    found: dict[str, dict[str, Path]] = {}
    for one in sorted(folder.iterdir(), reverse=True):  # a packed file is passed over where it is unpacked too
        match = NAME.fullmatch(one.name)
        if match and one.is_file():
            found.setdefault(match["part"], {})[match["what"]] = one
    pairs = {part: (files["images"], files.get("labels")) for part, files in found.items() if "images" in files}
    if not pairs:
        way = "expected files such as train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz"
        raise Problem(Finding("E401", f'there are no IDX files in "{shown}"', at, help=way))
    lacking = next((part for part, (_, labels) in pairs.items() if labels is None), None)
    if lacking is not None and any(labels for _, labels in pairs.values()):
        message = f'the labels of {pairs[lacking][0].name} are not in "{shown}"'
        raise Problem(Finding("E401", message, at))
    return pairs


def _beside(images: Path) -> Path | None:
    """The file of labels that belongs to a file of images, if it lies beside it."""
    match = NAME.fullmatch(images.name)
    if match is None or match["what"] != "images":
        return None
    labels = [
        one
        for one in sorted(images.parent.iterdir(), reverse=True)
        if (other := NAME.fullmatch(one.name)) and other["part"] == match["part"] and other["what"] == "labels"
    ]
    return labels[-1] if labels else None


def _array(path: Path, at: Pointer) -> Any:
    try:
        return array(path)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Problem(Finding("E407", f'"{path.name}" can\'t be read as an IDX file: {reason(error)}', at)) from error


def array(path: Path) -> Any:
    """The array of an IDX file of any dtype; mapped into memory where the file is not packed.

    Raises:
        ValueError: if it is none, or not complete.
        OSError, EOFError, zlib.error: if it can't be read.
    """
    import numpy as np

    zipped = path.name.lower().endswith(".gz")
    with gzip.open(path, "rb") if zipped else path.open("rb") as file:
        head = file.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in DTYPES or head[3] > MOST_AXES:
            raise ValueError("it does not begin as one")
        dtype = np.dtype(DTYPES[head[2]])
        sizes = file.read(4 * head[3])
        shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4")) if len(sizes) == 4 * head[3] else (0,)
        expected = prod(shape) * dtype.itemsize
        if not zipped:
            start = file.tell()
            if path.stat().st_size - start != expected or not expected:
                raise ValueError(f"it holds {path.stat().st_size - start} bytes of numbers, its head says {expected}")
            return _native(np.memmap(path, dtype, "r", start, shape))
        raw = file.read()
        if len(raw) != expected:
            raise ValueError(f"it holds {len(raw)} bytes of numbers, its head says {expected}")
    return _native(np.frombuffer(raw, dtype).reshape(shape))


def _native(array: Any) -> Any:
    """The same numbers with the bytes in this machine's order; as it is where they have one byte."""
    return array if array.dtype.itemsize == 1 else array.astype(array.dtype.newbyteorder("="))
