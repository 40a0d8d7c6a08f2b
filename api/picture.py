"""The noun Drawing: the picture of a network, for files and notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .compiler.graph import TypedGraph


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture of a network. A notebook shows it by itself."""

    typed: TypedGraph

    @property
    def dot(self) -> str:
        """The picture as Graphviz text."""
        from .compiler.draw import dot

        return dot(self.typed)

    @property
    def mermaid(self) -> str:
        """The picture as Mermaid text."""
        from .compiler.draw import mermaid

        return mermaid(self.typed)

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        from .compiler.draw import svg

        return svg(self.typed)

    def save(self, path: Path) -> None:
        """Write the picture; its ending says the format.

        Raises:
            ValueError: if the ending names no format.
            OSError: if the file can't be written.
        """
        from .compiler.draw import render

        render(self.typed, path)

    def _repr_svg_(self) -> str:
        return self.svg
