"""Which sources are read a few rows at a time, and where their rows are kept meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..spec.problem import Problem
from . import deferred

if TYPE_CHECKING:
    from .sources import PluginReader, Reader

WEIGHTS: Final = {".gz": 6, ".parquet": 4, ".pq": 4}
"""How many times larger than a file with such an ending its rows are in memory, about; others as they are."""

SHARE: Final = 8
"""A source may take this part of the machine's memory: an eighth."""

FORMAT: Final = 2
"""Of what is kept; another number makes everything be read again."""

MANIFEST: Final = "rows.json"
UNUSED_DAYS: Final = 30
"""Rows that nobody has used for so many days are removed when others are laid down."""


def streams(one: Reader | PluginReader, source: Mapping[str, Any], cache: bool | str, folder: Path) -> bool:
    """Whether the rows of a source are not to be held in memory: with ``cache`` False, or where they are too many.

    Whatever is in memory already, stays there.
    """
    if not getattr(one, "streams", False) or cache is True:
        return False
    return not cache or weight(source, folder) > bound()


def why(source: Mapping[str, Any], cache: bool | str, folder: Path) -> str:
    """Why the rows of a source are not held in memory, in words."""
    if cache is False:
        return "with `cache = false` they are not kept in memory"
    have, most = weight(source, folder), bound()
    return f"about {have / 2**30:.1f} GB are more than the {most / 2**30:.1f} GB that are kept in memory"


def bound() -> int:
    """Bytes that a source may have to be held in memory as a whole: 1 GiB, or an eighth of a machine with less."""
    try:
        own = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        own = SHARE * deferred.KEPT_BYTES
    return min(deferred.KEPT_BYTES, own // SHARE)


def weight(source: Mapping[str, Any], folder: Path) -> int:
    """About how many bytes the files of a source hold; 0 where there are none, which reading will say."""
    return sum(
        path.stat().st_size * WEIGHTS.get(path.suffix.lower(), 1) for path in files_of(source, folder) if path.is_file()
    )


def files_of(source: Mapping[str, Any], folder: Path) -> list[Path]:
    """The files of a source, as far as they are there."""
    from .sources.files import found_all

    try:
        return found_all(source["path"], folder, ("data", "source", "path"))
    except Problem:
        return []


def shelf() -> Path:
    """The folder in which rows are kept: in ``$KERASPEC_CACHE``, or where the system keeps what can be made again."""
    stated = os.environ.get("KERASPEC_CACHE")
    if stated:
        return Path(stated) / "rows"
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "keraspec" / "rows"


def name_of(paths: Sequence[Path], what: Any) -> str:
    """The name under which ``what`` of these files is kept: another one when a file has changed."""
    stamps = [[str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns] for path in paths]
    return sha256(json.dumps([FORMAT, stamps, what], default=repr, sort_keys=True).encode()).hexdigest()[:32]


def kept(name: str) -> dict[str, Any] | None:
    """What is said of rows that are kept under a name; None where there are none, or what they name has changed."""
    from .copied import stamp

    path = shelf() / name / MANIFEST
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        copied = found.get("copied")
        if copied is not None and copied != stamp(path.parent):
            shutil.rmtree(path.parent, ignore_errors=True)
            return None
        os.utime(path)
    except (OSError, ValueError):
        return None
    return found


def keep(temporary: Path, name: str, about: Mapping[str, Any], files: Sequence[Path]) -> None:
    """Give rows that were laid down in a temporary folder their name, and remove those of files that have changed.

    Raises:
        OSError: if that can't be done.
    """
    told = {**about, "files": [str(path.resolve()) for path in files]}
    manifest = temporary / MANIFEST
    with manifest.open("w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        temporary.rename(shelf() / name)
    except OSError:
        if not (shelf() / name / MANIFEST).is_file():  # else another process was quicker, with the same
            raise
        shutil.rmtree(temporary, ignore_errors=True)
    _tidy(name, told["files"], told.get("what"))


def _tidy(name: str, files: Sequence[str], what: Any) -> None:
    """Remove what was made of the same files when they were others, and what nobody has used for long."""
    now = time.time()
    for path in shelf().glob(f"*/{MANIFEST}"):
        if path.parent.name == name:
            continue
        try:
            told = json.loads(path.read_text("utf-8"))
            same = told.get("files") == list(files) and told.get("what") == what
            if same or now - path.stat().st_mtime > UNUSED_DAYS * 86400:
                shutil.rmtree(path.parent, ignore_errors=True)
        except (OSError, ValueError):
            continue
    for path in shelf().glob(".*"):  # what a pass that was killed has left
        with suppress(OSError):
            if now - path.stat().st_mtime > UNUSED_DAYS * 86400:
                shutil.rmtree(path, ignore_errors=True)
