"""The noun Pieces: a source that is read a few rows at a time, for it is larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ..table import Table
from .files import found_all, is_several, joined, named

AT_ONCE: Final = 2**23
"""Bytes of a file that are read together."""

PACKED: Final = 6
"""How many times larger than the file text is that was packed with gzip, about."""

ENDLESS: Final = 2**62
"""More rows than any file has."""

Tell = Callable[[int], None]
"""Hears how many bytes of the file under way have been read."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A source that is read a few rows at a time.

    ``head`` has its columns without rows. ``read(names, tell)`` gives its rows in order, the columns ``names`` alone,
    in tables whose ``first`` says how many rows of their file come before; ``skipped`` is that of each. It raises
    Problem as reading the whole would. ``tell`` hears how many of the ``size`` bytes that the files have are read;
    ``weight`` is about how many they hold, unpacked.
    """

    head: Table
    weight: int
    size: int
    read: Callable[[Collection[str], Tell], Iterator[Table]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file of a source: where it lies, and what messages call it."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @contextmanager
    def opened(self) -> Iterator[tuple[Any, Any]]:
        """The file as Arrow reads it: as it lies there, whose ``tell`` says how far it is read, and unpacked."""
        import pyarrow as pa

        with pa.OSFile(str(self.path)) as raw:
            if not self.path.name.lower().endswith(".gz"):
                yield raw, raw
                return
            with pa.CompressedInputStream(raw, "gzip") as file:
                yield raw, file


def sheets(arguments: Mapping[str, Any], folder: Path, pointer: Pointer) -> list[Sheet]:
    """The files of a source.

    Raises:
        Problem: E401 if there is none.
    """
    path = arguments["path"]
    paths = found_all(path, folder, (*pointer, "path"))
    alone = len(paths) == 1 and not is_several(path)
    return [Sheet(one, path if alone else named(one, folder)) for one in paths]


def unpacked(found: Sequence[Sheet]) -> int:
    """About how many bytes of text the files hold."""
    return sum(one.size * (PACKED if one.path.name.lower().endswith(".gz") else 1) for one in found)


def one_after_another(found: Sequence[Sheet], tell: Tell) -> Iterator[tuple[Sheet, Tell]]:
    """The files in turn, and for each what hears how far it is read."""
    before = 0
    for one in found:
        yield one, partial(_further, tell, before)
        before += one.size


def _further(tell: Tell, before: int, done: int) -> None:
    tell(before + done)


def heads(tables: Sequence[Table], origin: str, at: Pointer) -> Table:
    """The columns of several files, which must be the same.

    Raises:
        Problem: E407 if they differ.
    """
    return tables[0] if len(tables) == 1 else joined(tables, origin, at)


def piece(head: Table, columns: Mapping[str, Any], sheet: Sheet, first: int, many: bool, bad: Sequence[str]) -> Table:
    """A few rows of one file, behind the ``first``; ``many``: it is one of several."""
    files = ((sheet.name, ENDLESS),) if many else ()
    return replace(head, columns=columns, files=files, first=first, skipped=tuple(bad))
