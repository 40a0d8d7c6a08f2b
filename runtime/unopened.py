"""The noun Unopened: a source of rows for a trained model, that can be read as a whole or a few rows at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.graph import TypedGraph
from ..spec.document import Pointer
from .streams import streams
from .table import Table

if TYPE_CHECKING:
    from .sources import PluginReader, Reader


@dataclass(frozen=True, slots=True, eq=False)
class Unopened:
    """A source that has not been read yet: its ``reader``, what that is told, and where a spec names it.

    ``cache`` is what the spec says of keeping rows in memory. ``own``: it is the spec's own, and not a file that is
    given once; what is laid down of it is kept for the next time.
    """

    reader: Reader | PluginReader
    arguments: Mapping[str, Any]
    folder: Path
    pointer: Pointer
    skip: bool = False
    typed: TypedGraph | None = None
    cache: bool | str = "auto"
    own: bool = False

    @property
    def streams(self) -> bool:
        """Whether its rows are not to be held in memory."""
        return streams(self.reader, self.arguments, self.cache, self.folder)

    def read(self) -> Table:
        """All of it.

        Raises:
            Problem: E401, E407, E412.
        """
        return self.reader.read(self.arguments, self.folder, self.pointer, skip=self.skip, typed=self.typed)
