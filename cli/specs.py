"""The noun specs: the files that paths on the command line stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from .printing import refuse

SUFFIXES: Final = (".keraspec.toml", ".keraspec.json")


def specs_of(paths: Iterable[Path], leaves_out: Callable[[Path], bool] | None = None) -> list[Path]:
    """The files themselves, and all specs below folders, each once; ``leaves_out`` says which of those are not meant.

    A file that was named is meant whatever it is called. A folder without specs ends the program with exit status 2.
    """
    return list(dict.fromkeys(one for path in paths for one in _specs(path, leaves_out)))


def _specs(path: Path, leaves_out: Callable[[Path], bool] | None) -> list[Path]:
    """The file itself, or all specs below a folder: by their name, or by the key `keraspec` at their top level."""
    if not path.is_dir():
        return [path]
    every = (one for suffix in (".toml", ".json") for one in path.rglob(f"*{suffix}") if one.is_file())
    found = sorted(one for one in every if one.name.endswith(SUFFIXES) or _says_so(one))
    if not found:
        refuse(f"{path}: no specs in this folder (files called *{SUFFIXES[0]} or *{SUFFIXES[1]})")
    return [one for one in found if leaves_out is None or not leaves_out(one)]


def _says_so(path: Path) -> bool:
    """Whether a TOML or JSON file of another name is a spec; what can't be opened is not."""
    from ..spec.read import read_text

    try:
        raw = path.read_bytes()
    except OSError:
        return False
    if b"keraspec" not in raw:
        return False
    document, _ = read_text(str(path), raw, "json" if path.suffix == ".json" else "toml")
    return document is not None and "keraspec" in document.data
