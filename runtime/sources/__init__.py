"""Where data comes from: one file a kind of source, each giving a Table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ..table import Table

Read = Callable[[Mapping[str, Any], Path, Pointer], Table]
"""From the source's arguments, the folder that paths are relative to, and the source's pointer in the spec.
Raises Problem: E401 not found, E407 can't be read, E412 no rows."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of source: its ``type`` in a spec, and the module beside this one whose ``read`` reads it."""

    kind: str
    module: str
    suffixes: tuple[str, ...] = ()

    def read(self, arguments: Mapping[str, Any], folder: Path, pointer: Pointer) -> Table:
        """Read the source."""
        read: Read = import_module(f".{self.module}", __name__).read
        return read(arguments, folder, pointer)


READERS: Final = (
    Reader("csv", "csv", (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")),
    Reader("npz", "npz", (".npz",)),
    Reader("keras", "keras_datasets"),
)


def reader(kind: str) -> Reader:
    """The reader of a kind.

    Raises:
        KeyError: if there is none.
    """
    return {one.kind: one for one in READERS}[kind]


def reader_of_file(path: Path) -> Reader | None:
    """The reader that a file's name asks for, if any does."""
    name = path.name.lower()
    return next((one for one in READERS if name.endswith(one.suffixes) and one.suffixes), None)
