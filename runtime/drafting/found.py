"""From a path to its rows, and to the source that says how they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ...spec.problem import Problem
from ..sources import READERS, Reader, reader_of_file
from ..sources.folders import SUFFIXES
from ..table import Table
from .manner import manner

TABLES: Final = ("csv", "jsonl", "parquet", "npz", "npy", "tfrecord", "idx")
"""Kinds of files that a spec is written from."""
_FOLDERS: Final = {"image": "images", "text": "text", "audio": "audio"}
_AT: Final = ("data", "source")
_PARTS: Final = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What folders are called in which what is for training, and what is kept aside, lie apart."""
_MASKS: Final = frozenset({"mask", "label", "annotation", "segmentation", "gt", "groundtruth", "ground_truth"})


class DraftError(ValueError):
    """No spec can be written from this; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a path, and the ``source`` by which a spec reads them; paths in it are relative to a folder. What is
    kept aside may have sources of its own, in ``parts``."""

    source: Mapping[str, Any]
    table: Table
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What kind of source it is."""
        return str(self.source["type"])


def found(path: Path, shown: str) -> Found:
    """The rows of a file, or of a folder in which a folder is a class; ``shown`` is the path as the spec has it.

    Raises:
        DraftError: if it can't be read, or is of no kind that a spec is written from.
    """
    first = path
    if not path.exists():
        several = sorted(path.parent.glob(path.name)) if set("*?[") & set(path.name) else []
        if not several:
            raise DraftError(f"{path}: there is no such file or folder{_near(path)}")
        first = several[0]
    if first.is_dir():
        return _folder(first, shown)
    reader = reader_of_file(path)
    if reader is None or reader.kind not in TABLES:
        raise DraftError(
            f"{path}: a spec is written from .csv, .tsv, .jsonl, .parquet, .npz, .npy and .tfrecord files, those of "
            "MNIST, and folders"
        )
    if reader.kind != "csv":
        return Found({"type": reader.kind, "path": shown}, _read(reader, {"path": path.name}, path.parent))
    given, table = _told(manner, first, lambda more: reader.read({"path": path.name, **more}, path.parent, _AT))
    return Found({"type": "csv", "path": shown, **given}, table)


def _near(path: Path) -> str:
    """A file beside it that is called nearly so, or what a path with strokes the wrong way was meant to be."""
    from ...spec.words import closest

    turned = Path(str(path).replace("\\", "/"))
    if turned != path and turned.exists():
        return f"; did you mean {turned}?"
    names = sorted(one.name for one in path.parent.iterdir()) if path.parent.is_dir() else []
    near = closest(path.name, names)
    return f"; did you mean {path.parent / near}?" if near else ""


def _read(reader: Reader, arguments: Mapping[str, Any], folder: Path) -> Table:
    table: Table = _told(reader.read, arguments, folder, _AT)
    return table


def _told(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives; what it finds wrong becomes a sentence."""
    try:
        return function(*arguments)
    except Problem as problem:
        one = problem.findings[0]
        raise DraftError(f"{one.message}{f'; {one.help}' if one.help else ''}") from problem


def _folder(path: Path, shown: str) -> Found:
    inside = {one.name: one for one in sorted(path.iterdir()) if one.is_dir() and not one.name.startswith(".")}
    parts = {_PARTS[name.lower()]: name for name in inside if name.lower() in _PARTS}
    if "train" in parts and len(parts) == len(inside) > 1 and any(one.is_dir() for one in path.glob("*/*")):
        rows = _classes(inside[parts["train"]], f"{shown}/{parts['train']}")
        own = {part: {"type": rows.kind, "path": f"{shown}/{name}"} for part, name in parts.items() if part != "train"}
        return Found(rows.source, rows.table, own)
    if (masks := _masks(inside)) is not None:
        raise DraftError(
            f"{path}: the files in {' and '.join(inside)} go by the same names, so {masks} seems to hold the masks of "
            "pictures, and no class of its own; begin with `keraspec new --template segmentation`, and write a table "
            "that names a picture and its mask in each row"
        )
    return _classes(path, shown)


def _masks(inside: Mapping[str, Path]) -> str | None:
    """The one of two folders that holds a mask for each picture of the other, by what it and the files are called."""
    if len(inside) != 2:
        return None
    first, second = ({one.stem for one in folder.iterdir() if one.is_file()} for folder in inside.values())
    names = [name for name in inside if name.lower().rstrip("s") in _MASKS]
    return names[0] if names and first and first == second else None


def _classes(path: Path, shown: str) -> Found:
    """The rows of a folder in which a folder is a class."""
    counts = Counter(
        kind
        for one in path.rglob("*")
        if not any(part.startswith(".") for part in one.relative_to(path).parts)
        for kind, endings in SUFFIXES.items()
        if one.name.lower().endswith(endings)
    )
    if not counts:
        if any("idx" in one.name and "ubyte" in one.name for one in path.iterdir()):
            reader = next(one for one in READERS if one.kind == "idx")
            return Found({"type": "idx", "path": shown}, _read(reader, {"path": path.name}, path.absolute().parent))
        tables = [one for one in sorted(path.iterdir()) if (its := reader_of_file(one)) and its.kind in TABLES]
        way = f"; name a table in it, such as {tables[0]}" if tables else ""
        raise DraftError(f"{path}: there are no pictures, texts (.txt) or sounds (.wav) in this folder{way}")
    kind = _FOLDERS[counts.most_common(1)[0][0]]
    reader = next(one for one in READERS if one.kind == kind)
    table = _read(reader, {"path": path.name}, path.absolute().parent)
    if table.standard[1] is None:
        raise DraftError(
            f"{path}: its files lie side by side, so nothing says which class each is of; "
            "put those of each class into a folder that is called like it"
        )
    return Found({"type": kind, "path": shown}, table)
