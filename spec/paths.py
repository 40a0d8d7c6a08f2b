"""Where a spec names files and folders, and what becomes of the paths when it is seen from another folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .document import Pointer

SOURCES: Final = (("data", "source"), ("data", "split", "validation"), ("data", "split", "test"))
"""The tables that name where rows come from."""

ARGUMENTS: Final = ("path", "labels", "data_dir")
"""What of a source is a path."""


def paths_of(data: Mapping[str, Any]) -> Iterator[Pointer]:
    """Where a spec names files and folders of data and weights relative to itself."""
    places: list[Pointer] = [(*source, argument) for source in SOURCES for argument in ARGUMENTS]
    places.append(("training", "weights", "path"))
    for name in ("inputs", "targets"):
        table = value_at(data, ("data", name))
        places += [("data", name, key, "decode", "folder") for key in (table if isinstance(table, dict) else ())]
    blocks = data.get("blocks")
    holders: list[Pointer] = [("blocks", name) for name in (blocks if isinstance(blocks, dict) else ())]
    for holder in [(), *holders]:
        places += [(*holder, *way) for way in weights_of(value_at(data, holder))]
    for pointer in places:
        if is_relative(value_at(data, pointer)):
            yield pointer


def weights_of(holder: Any) -> Iterator[Pointer]:
    """Where the layers of a spec, or of a block, may name files of weights."""
    layers = holder.get("layers") if isinstance(holder, dict) else None
    for index, entry in enumerate(layers if isinstance(layers, list) else ()):
        if not isinstance(entry, dict) or entry.get("weights") in ("imagenet", "none"):
            continue
        if str(entry.get("type")).startswith("applications."):
            yield ("layers", index, "weights")


def led(data: Any, places: Iterator[Pointer], folder: str) -> None:
    """Let the relative paths at these places lead through a folder: as they are seen from the file above."""
    if not folder:
        return
    for pointer in [*places]:
        if is_relative(path := value_at(data, pointer)):
            value_at(data, pointer[:-1])[pointer[-1]] = os.path.join(folder, path)


def is_relative(path: Any) -> bool:
    """Whether this is a path that leads from the spec; one of another machine, or made by an expression, is none."""
    return isinstance(path, str) and not path.startswith(("~", "${")) and "://" not in path and not os.path.isabs(path)


def value_at(data: Any, pointer: Pointer) -> Any:
    """The value at a place, None where there is none."""
    for key in pointer:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return None
    return data
