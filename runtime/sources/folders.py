"""Sources images, text and audio: a folder of files, in which a folder is a class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from .. import images, sounds
from ..pending import Files, Kind
from ..table import Table
from .files import found_folder, named

LABEL: Final = "label"
SUFFIXES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "image": images.SUFFIXES,
    "text": (".txt",),
    "audio": sounds.SUFFIXES,
}
WORDS: Final[Mapping[Kind, str]] = {"image": "images", "text": "texts", "audio": "sounds"}


def read_folder(kind: Kind, arguments: Mapping[str, Any], folder: Path, pointer: Pointer) -> Table:
    """All files of a folder whose names end as those of this kind do, in the order of their paths.

    The folders right in it are the classes, whose files may lie in further folders; where there are none, the files
    have no label. Names that begin with a dot are passed over, and so are files of other kinds.

    Raises:
        Problem: E401 if there is no such folder, E407 where files lie beside classes, E412 if it holds none.
    """
    import numpy as np

    at = (*pointer, "path")
    stated = arguments["path"]
    root = found_folder(stated, folder, at)
    suffixes = SUFFIXES[kind]
    inside = _below(root, suffixes)
    if not inside:
        message = f'there are no {WORDS[kind]} in "{stated}"'
        raise Problem(Finding("E412", message, at, help=f"their names end in {', '.join(suffixes)}"))
    loose = [parts[0] for parts in inside if len(parts) == 1]
    if loose and len(loose) < len(inside):
        message = f'"{loose[0]}" lies in "{stated}" itself, beside folders that are classes'
        raise Problem(Finding("E407", message, at, help="move it into the folder of its class"))
    cells, names = np.empty(len(inside), object), np.empty(len(inside), object)
    start, called, slash = str(root), named(root, folder), "/" if root.is_relative_to(folder) else os.sep
    before = f"{called}{slash}" if called != "." else ""
    cells[:] = [os.path.join(start, *parts) for parts in inside]
    names[:] = [f'"{before}{slash.join(parts)}"' for parts in inside]
    columns: dict[str, Any] = {kind: Files(kind, cells, names)}
    if not loose:
        columns[LABEL] = np.array([parts[0] for parts in inside], dtype=object)
    return Table(stated, columns, standard=(kind, LABEL if not loose else None), folder=root)


def one_file(kind: Kind, path: Path) -> Table:
    """A single file as a table of one row."""
    import numpy as np

    files = Files(kind, np.array([str(path)], dtype=object), np.array([f'"{path.name}"'], dtype=object))
    return Table(path.name, {kind: files}, standard=(kind, None), folder=path.parent)


def _leads_back(folder: str, name: str) -> bool:
    """Whether a folder is a link to one that it stands in: its files would come again and again."""
    path = os.path.join(folder, name)
    if not os.path.islink(path):
        return False
    target, here = os.path.realpath(path), os.path.realpath(folder)
    return here == target or here.startswith(os.path.join(target, ""))


def _below(root: Path, suffixes: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The files below a folder, each as the names that lead to it, in order. Of many files paths would take long."""
    found: list[tuple[str, ...]] = []
    start = str(root)
    for folder, inner, files in os.walk(start, followlinks=True):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and not _leads_back(folder, name))
        way = tuple(os.path.relpath(folder, start).split(os.sep)) if folder != start else ()
        found += [(*way, name) for name in files if not name.startswith(".") and name.lower().endswith(suffixes)]
    return sorted(found)
