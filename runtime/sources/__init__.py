"""Where data comes from: one file a kind of source, each giving a Table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...compiler.catalogue.offered import offered
from ...compiler.graph import TypedGraph
from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..pending import Kind
from ..table import Table

if TYPE_CHECKING:
    from .pieces import Pieces

Read = Callable[[Mapping[str, Any], Path, Pointer], Table]
"""From the source's arguments, the folder that paths are relative to, and the source's pointer in the spec.
Raises Problem: E401 not found, E407 can't be read, E412 no rows."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of source: its ``type`` in a spec, and the module beside this one whose ``read`` reads it.

    ``suffixes`` are the endings of its files' names. ``files``: it is a folder of files of that kind. ``made_up``:
    the rows depend on the graph, and come from the module's ``rows_for``. ``streams``: the module's ``pieces`` gives
    the rows a few at a time.
    """

    kind: str
    module: str
    suffixes: tuple[str, ...] = ()
    files: Kind | None = None
    made_up: bool = False
    streams: bool = False

    def pieces(self, arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Pieces:
        """The source a few rows at a time, where it ``streams``.

        Raises:
            Problem: E401 not found, E407 can't be read, E412 no rows.
        """
        found: Pieces = import_module(f".{self.module}", __name__).pieces(arguments, folder, pointer, skip=skip)
        return found

    def read(
        self,
        arguments: Mapping[str, Any],
        folder: Path,
        pointer: Pointer,
        *,
        skip: bool = False,
        typed: TypedGraph | None = None,
    ) -> Table:
        """Read the source; with ``skip`` rows that can't be read are left out and told of.

        Raises:
            Problem: E401 not found, E407 can't be read, E412 no rows.
        """
        module = import_module(f".{self.module}", __name__)
        if self.made_up:
            if typed is None:
                message = f"the rows of the source {self.kind} fit one model, and no model is given"
                raise Problem(Finding("E407", message, (*pointer, "type")))
            made: Table = module.rows_for(typed, arguments)
            return made
        if self.files is not None:
            folders: Table = module.read_folder(self.files, arguments, folder, pointer)
            return folders
        table: Table = module.read(arguments, folder, pointer, skip=skip)
        return table


@dataclass(frozen=True, slots=True)
class PluginReader:
    """A source that a plugin brings: what its record's ``made`` gave."""

    function: Read

    def read(
        self,
        arguments: Mapping[str, Any],
        folder: Path,
        pointer: Pointer,
        *,
        skip: bool = False,
        typed: TypedGraph | None = None,
    ) -> Table:
        """Read the source; whatever the plugin raises becomes E407 at the source.

        Raises:
            Problem: what the plugin found, or that it failed.
        """
        try:
            table = self.function(arguments, folder, pointer)
        except Problem:
            raise
        except Exception as error:
            message = f"the source {arguments['type']} failed: {type(error).__name__}: {error}"
            raise Problem(Finding("E407", message, (*pointer, "type"))) from error
        if not isinstance(table, Table) or not table.rows:
            message = f"the source {arguments['type']} gave no rows"
            raise Problem(Finding("E412", message, (*pointer, "type")))
        return table


READERS: Final = (
    Reader("csv", "csv", (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz"), streams=True),
    Reader("jsonl", "jsonl", (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"), streams=True),
    Reader("parquet", "parquet", (".parquet", ".pq"), streams=True),
    Reader("npz", "npz", (".npz",)),
    Reader("npy", "npy", (".npy",)),
    Reader("idx", "idx", ("-ubyte", "-ubyte.gz", ".idx", ".idx.gz")),
    Reader("images", "folders", files="image"),
    Reader("text", "folders", files="text"),
    Reader("audio", "folders", files="audio"),
    Reader("tfrecord", "tfrecord", (".tfrecord", ".tfrecord.gz", ".tfrecords", ".tfrecords.gz"), streams=True),
    Reader("keras", "keras_datasets"),
    Reader("tfds", "tfds"),
    Reader("python", "python"),
    Reader("synthetic", "synthetic", made_up=True),
)


def reader(kind: str) -> Reader | PluginReader:
    """The reader of a kind.

    Raises:
        KeyError: if there is none.
    """
    found = next((one for one in READERS if one.kind == kind), None)
    if found is not None:
        return found
    record = offered("sources", kind)
    if record is None or record.made is None:
        raise KeyError(kind)
    return PluginReader(record.made())


def reader_of_file(path: Path) -> Reader | None:
    """The reader that a file's name asks for, if any does."""
    name = path.name.lower()
    return next((one for one in READERS if name.endswith(one.suffixes) and one.suffixes), None)
