"""From Interface to the files of data that went into a model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..spec.document import Pointer
from .interface import Interface
from .sources.files import found, found_all, found_folder, is_several, named, placed
from .sources.remote import is_remote

TABLES: Final = ("csv", "jsonl", "parquet")
"""Sources whose cells may name further files."""

FOLDERS: Final = {"images": "image", "text": "text", "audio": "audio"}

Decoded = tuple[tuple[str, Mapping[str, Any]], ...]
"""Columns whose cells name files, each with its ``decode``."""


def entered(interface: Interface) -> dict[str, Path]:
    """The files that a model's data are read from, by their names: relative to the spec where they lie below it.

    Of sources that are no files (rows at random, those of a function) there are none.

    Raises:
        Problem: E401 where they are not there, E407 where those that name others can't be read.
    """
    files: dict[str, Path] = {}
    folder = Path(interface.folder)
    bound = [(one.columns, one.decode) for one in interface.inputs]
    bound += [(one.columns, one.decode) for one in interface.outputs]
    decoded = tuple((column, decode) for columns, decode in bound if decode is not None for column in columns)
    sources: list[tuple[Pointer, Mapping[str, Any]]] = [
        (("data", "split", part), source) for part, source in interface.split.sources.items()
    ]
    if interface.source is not None:
        sources.insert(0, (("data", "source"), interface.source))
    for pointer, source in sources:
        for name, path in _of_source(source, folder, pointer, decoded, skip=interface.on_error == "skip"):
            files.setdefault(name, path)
    return files


def _of_source(
    source: Mapping[str, Any], folder: Path, pointer: Pointer, decoded: Decoded, *, skip: bool
) -> Iterator[tuple[str, Path]]:
    kind = source["type"]
    at = (*pointer, "path")
    if kind in FOLDERS:
        from .sources.folders import read_folder

        for column in read_folder(FOLDERS[kind], source, folder, pointer).columns.values():  # type: ignore[arg-type]
            yield from ((named(path, folder), path) for path in map(Path, getattr(column, "cells", ())))
    elif kind == "idx":
        yield from _idx(source, folder, pointer)
    elif kind == "keras":
        yield from _keras(str(source["name"]))
    elif kind == "tfds":
        yield from _tfds(source, folder)
    elif isinstance(source.get("path"), str):
        yield from _named(source["path"], folder, at)
        if decoded and kind in TABLES:
            yield from _of_cells(source, folder, pointer, decoded, skip=skip)


def _named(path: str, folder: Path, at: Pointer) -> Iterator[tuple[str, Path]]:
    every = found_all(path, folder, at)
    for one in every:
        if not is_remote(path):
            yield named(one, folder), one
        else:
            yield (path if not is_several(path) else f"{path}: {one.parent.name}/{one.name}"), one


def _of_cells(
    source: Mapping[str, Any], folder: Path, pointer: Pointer, decoded: Decoded, *, skip: bool
) -> Iterator[tuple[str, Path]]:
    """The files that cells of a table name."""
    from .sources import Reader, reader

    one = reader(source["type"])
    assert isinstance(one, Reader)
    found = one.pieces(source, folder, pointer, skip=skip)
    known = {column: decode for column, decode in decoded if column in found.head.columns}
    for table in found.read(known, lambda _: None) if known else ():
        for column, decode in known.items():
            values = table.columns[column]
            stated = decode.get("folder")
            base = found_folder(stated, folder, pointer) if stated is not None else table.folder or folder
            cells = values.to_pylist() if hasattr(values, "to_pylist") else values.tolist()
            for cell in dict.fromkeys(one for one in cells if isinstance(one, str)):
                path = base / cell.strip()
                yield named(path, folder), path


def _idx(source: Mapping[str, Any], folder: Path, pointer: Pointer) -> Iterator[tuple[str, Path]]:
    from .sources.idx import NAME

    at = (*pointer, "path")
    path = placed(source["path"], folder, at)
    if path.is_dir():
        chosen = [one for one in sorted(path.iterdir()) if one.is_file() and NAME.fullmatch(one.name)]
    else:
        chosen = [found(source["path"], folder, at)]
        own = NAME.fullmatch(path.name)
        if source.get("labels") is not None:
            chosen.append(found(source["labels"], folder, (*pointer, "labels")))
        elif own is not None:
            beside = ((one, NAME.fullmatch(one.name)) for one in sorted(path.parent.iterdir()))
            chosen += [
                one for one, other in beside if other and other["part"] == own["part"] and other["what"] == "labels"
            ]
    yield from ((named(one, folder), one) for one in chosen)


def _keras(name: str) -> Iterator[tuple[str, Path]]:
    from .sources.keras_datasets import DATA_SETS, datasets_folder

    home = datasets_folder()
    for known in DATA_SETS:
        if known.name == name:
            for root in known.roots:
                for file in known.files:
                    if (path := home / root / file).is_file():
                        yield path.relative_to(home).as_posix(), path


def _tfds(source: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Path]]:
    from .sources.tfds import HOME

    stated = source.get("data_dir")
    home = Path(os.environ.get("TFDS_DATA_DIR") or HOME).expanduser()
    if stated is not None:
        home = folder / Path(str(stated)).expanduser()
    stem, _, version = str(source["name"]).partition(":")
    for path in sorted((home / stem).rglob("*")):
        if path.is_file() and (not version or version in path.relative_to(home).parts):
            yield path.relative_to(home).as_posix(), path
