"""From files to Prints: size, time and SHA-256 of each, so that it can be told later which of them changed.

Up to 128 MiB in all, every file is read as a whole, and its hash is the one that ``sha256sum`` prints. Of more, each
file has its even share of that; of a larger file as many blocks are read, evenly spread from its first byte to its
last. A change between them that leaves the size as it is goes unnoticed: its time then tells that it was written anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path, PurePath
from typing import Any, Final, Literal

WHOLE: Final = 2**27
"""Bytes that are read of all files together, about: a fraction of a second."""

BLOCK: Final = 2**12
BLOCKS: Final = 2**8
"""Of a file that is not read as a whole, from 2 to so many blocks are read, of ``BLOCK`` bytes or more."""

CHUNK: Final = 2**20
LISTED: Final = 10_000
"""More files than these are kept folder by folder, not one by one."""

Way = Literal["changed", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Print:
    """A file, or all ``files`` of a folder, ``name`` being its path then.

    ``size`` is in bytes; ``modified`` a time in UTC as ISO 8601, None for folders. ``sha256`` is None for what can't be
    read. That of a folder is over a line for each file, in the order of their names.
    """

    name: str
    size: int
    sha256: str | None
    modified: str | None = None
    files: int | None = None

    def table(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        found = {"name": self.name, "size": self.size, "sha256": self.sha256}
        if self.modified is not None:
            found["modified"] = self.modified
        return found if self.files is None else {**found, "files": self.files}


@dataclass(frozen=True, slots=True)
class Prints:
    """What was noted of several files: ``share`` are the bytes of a file that are read at most, None: all."""

    entries: tuple[Print, ...]
    share: int | None = None
    folded: bool = False

    @property
    def files(self) -> int:
        """Number of files."""
        return sum(1 if one.files is None else one.files for one in self.entries)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.entries)

    def table(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {"share": self.share, "folded": self.folded, "files": [one.table() for one in self.entries]}


def read_prints(table: Mapping[str, Any]) -> Prints:
    """From plain values, as JSON gives them.

    Raises:
        KeyError, TypeError: if they are none.
    """
    return Prints(tuple(Print(**one) for one in table["files"]), table["share"], table["folded"])


def prints(files: Mapping[str, Path], like: Prints | None = None) -> Prints:
    """Look at files by their names; where they are to be compared with others, ``like`` those were looked at."""
    if like is not None:
        share, folded = like.share, like.folded
    else:
        share, folded = _share(files.values()), len(files) > LISTED
    each = (_print(name, path, share) for name, path in files.items())
    return Prints(tuple(_folded(each) if folded else each), share, folded)


def _share(paths: Iterable[Path]) -> int | None:
    sizes = [size for path in paths if (size := _size(path))]
    return None if sum(sizes) <= WHOLE else max(2 * BLOCK, WHOLE // len(sizes))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _print(name: str, path: Path, share: int | None) -> Print:
    try:
        with open(path, "rb", buffering=0) as file:  # there may be a million of them: every call counts
            about = os.fstat(file.fileno())
            digest = _sha256(file, about.st_size, share)
    except OSError:
        return Print(name, 0, None)
    return Print(name, about.st_size, digest, datetime.fromtimestamp(about.st_mtime, UTC).isoformat())


def _folded(each: Iterator[Print]) -> Iterator[Print]:
    folders: dict[str, list[Print]] = {}
    for one in each:
        folders.setdefault(PurePath(one.name).parent.as_posix(), []).append(one)
    for folder, inside in sorted(folders.items()):
        digest = hashlib.sha256()
        for one in sorted(inside, key=lambda one: one.name):
            digest.update(f"{one.sha256} {one.size} {one.name}\n".encode("utf-8", "surrogatepass"))
        yield Print(folder, sum(one.size for one in inside), digest.hexdigest(), files=len(inside))


def sha256(path: Path) -> str:
    """The SHA-256 of a whole file, in hexadecimal digits.

    Raises:
        OSError: if it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256(file: FileIO, size: int, share: int | None) -> str:
    """That of a file; of one larger than ``share`` bytes that of so many of them."""
    if share is None or size <= share:
        return hashlib.file_digest(file, "sha256").hexdigest() if size > CHUNK else _of_little(file)
    digest = hashlib.sha256()
    blocks = min(BLOCKS, max(2, share // BLOCK))
    length = share // blocks
    for index in range(blocks):
        file.seek(index * (size - length) // (blocks - 1))
        digest.update(file.read(length))
    return digest.hexdigest()


def _of_little(file: FileIO) -> str:
    return hashlib.sha256(file.readall()).hexdigest()


def differences(then: Prints, now: Prints) -> Iterator[tuple[Way, Print]]:
    """What is not as it was, by name: of what is gone the print that it had, else the one that it has."""
    before = {one.name: one for one in then.entries}
    after = {one.name: one for one in now.entries if one.sha256 is not None}
    for name, one in before.items():
        if name not in after:
            yield "gone", one
        elif (one.size, one.sha256, one.files) != (after[name].size, after[name].sha256, after[name].files):
            yield "changed", after[name]
    for name, one in after.items():
        if name not in before:
            yield "new", one


def written_anew(then: Prints, now: Prints) -> int:
    """How many files that are read in part only have another time, though what is read of them is the same."""
    times = {one.name: one.modified for one in then.entries}
    share = then.share
    if share is None:
        return 0
    return sum(one.size > share and times.get(one.name) not in (None, one.modified) for one in now.entries)
