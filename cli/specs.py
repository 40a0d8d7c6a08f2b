"""The noun specs: the files that paths on the command line stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from .printing import refuse

SUFFIXES: Final = (".keraspec.toml", ".keraspec.json")
KEPT: Final = ("run.json", "folds.json", "sweep.json")
"""Files by which the folder of a run, of folds or of a sweep is known, where a spec stands beside."""


def specs_of(paths: Iterable[Path], leaves_out: Callable[[Path], bool] | None = None) -> list[Path]:
    """The files themselves, and all specs below folders, each once; ``leaves_out`` says which of those are not meant.

    A file that was named is meant whatever it is called. What runs keep below a folder is passed by: those are copies
    of specs, not to be changed; a run folder that is named itself is meant. A folder without specs ends the program
    with exit status 2.
    """
    return list(dict.fromkeys(one for path in paths for one in _specs(path, leaves_out)))


def _specs(path: Path, leaves_out: Callable[[Path], bool] | None) -> list[Path]:
    """The file itself, or all specs below a folder: by their name, or by the key `keraspec` at their top level."""
    if not path.is_dir():
        return [path]
    every = (one for suffix in (".toml", ".json") for one in path.rglob(f"*{suffix}") if one.is_file())
    known: dict[Path, bool] = {path: False}
    own = [one for one in every if not _in_run(one.parent, known)]
    found = sorted(one for one in own if one.name.endswith(SUFFIXES) or _says_so(one))
    if not found:
        besides = "; those that runs keep are passed by, unless their folder is named" if any(known.values()) else ""
        refuse(f"{path}: no specs in this folder (files called *{SUFFIXES[0]} or *{SUFFIXES[1]}){besides}")
    return [one for one in found if leaves_out is None or not leaves_out(one)]


def _in_run(folder: Path, known: dict[Path, bool]) -> bool:
    """Whether a folder is that of a run, or lies in one; ``known`` has what is known, of the uppermost folder too."""
    if folder not in known:
        known[folder] = _in_run(folder.parent, known) or (
            any((folder / one).is_file() for one in KEPT)
            and any((folder / f"{name}{suffix}").is_file() for name in ("spec", "best") for suffix in SUFFIXES)
        )
    return known[folder]


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
