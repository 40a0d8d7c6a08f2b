"""The noun Drawing: the picture of a network, for files and notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .compiler.drawing.folding import Look
from .compiler.graph import TypedGraph


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture of a network, under a look. A notebook shows it by itself."""

    typed: TypedGraph = field(repr=False)
    look: Look = field(default_factory=Look)
    theme: Literal["auto", "light", "dark", "paper"] = "auto"

    @property
    def dot(self) -> str:
        """The picture as Graphviz text."""
        from .compiler.draw import dot

        return dot(self.typed, self.theme, self.look)

    @property
    def mermaid(self) -> str:
        """The picture as Mermaid text."""
        from .compiler.draw import mermaid

        return mermaid(self.typed, self.look)

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        from .compiler.draw import svg

        return svg(self.typed, self.theme, self.look)

    @property
    def html(self) -> str:
        """The picture as a page of its own, on which blocks open and close."""
        from .compiler.draw import html

        return html(self.typed, self.theme, self.look)

    def save(self, path: Path) -> None:
        """Write the picture; its ending says the format.

        Raises:
            ValueError: if the ending names no format.
            OSError: if the file can't be written.
        """
        from .compiler.draw import render

        render(self.typed, path, self.theme, self.look)

    def _repr_svg_(self) -> str:
        return self.svg
