"""From two specs to Comparison: all that they differ in, for files, terminals and notebooks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from .checked import Checked, SpecError, compile_file
from .compiler.diff.changes import Changes, Side, changes

Theme = Literal["auto", "light", "dark"]
NOTHING: Final = ("/dev/null", "nul")
"""What git calls a file that is not there."""
EMPTY: Final = "keraspec = 1\n"
"""What a file that is not there says."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two specs side by side. ``changes`` has all that they differ in."""

    changes: Changes

    @property
    def same(self) -> bool:
        """Whether the two mean the same, however they are written."""
        return self.changes.same

    @property
    def text(self) -> str:
        """All of it as plain text."""
        from .compiler.diff.text import text

        return text(self.changes).plain

    @property
    def markdown(self) -> str:
        """All of it as Markdown, with a Mermaid drawing: for a comment on a change."""
        from .compiler.diff.markdown import markdown

        return markdown(self.changes)

    @property
    def mermaid(self) -> str:
        """Both networks in one drawing, as Mermaid text."""
        from .compiler.diff.markdown import mermaid

        return mermaid(self.changes)

    @property
    def svg(self) -> str:
        """Both networks in one drawing."""
        return self.picture("svg").decode()

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        from .compiler.diff.text import to_data

        return to_data(self.changes)

    def picture(self, form: Literal["svg", "png", "pdf"], theme: Theme = "auto", *, whole: bool = False) -> bytes:
        """Both networks in one drawing: what was added, removed and changed in colours.

        Of large networks what did not change is drawn together; ``whole``: every layer by itself.

        Raises:
            ValueError: if there is no Graphviz, or it fails.
        """
        from .compiler.diff.drawing import drawn

        return drawn(self.changes, form, theme, whole=whole)

    def form(self, name: str, theme: Theme = "auto", *, whole: bool = False) -> bytes:
        """The content of a file of a format: ``text``, ``json``, ``markdown``, ``svg``, ``png`` or ``pdf``."""
        if name == "json":
            return (json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n").encode()
        if name in ("text", "markdown"):
            return (self.text if name == "text" else self.markdown).encode()
        return self.picture("svg" if name == "svg" else "png" if name == "png" else "pdf", theme, whole=whole)

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.text


def loaded(name: str | Path) -> Checked:
    """A spec by its path or, as ``REV:PATH``, of a revision of git; ``/dev/null`` is one that says nothing.

    Raises:
        OSError: if the file can't be read.
        RevisionError: if git does not have it.
    """
    from .checked import compile_text
    from .revisions import is_revision, load_revision

    if str(name) in NOTHING:
        return compile_text(EMPTY, path=str(name))
    if isinstance(name, str) and is_revision(name):
        return load_revision(name)
    return compile_file(name)


def under(file: Path, path: str, revision: str | None = None) -> Checked:
    """A file that git laid out somewhere, read as if it were at ``path``: what it extends is looked for from there,
    in a ``revision`` if it is of one.

    Raises:
        OSError: if the file can't be read.
        SpecError: if it is no text.
    """
    from .checked import compile_text

    if str(file) in NOTHING:
        return loaded(file)
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(()) from error
    if revision is not None:
        from .revisions import load_beside

        return load_beside(Path.cwd(), revision, path, text.encode(), path)
    return compile_text(text, "json" if path.lower().endswith(".json") else "toml", path)


def names_others(file: Path, path: str) -> bool:
    """Whether a file that git laid out extends or includes others."""
    from .spec.named import named

    return str(file) not in NOTHING and bool(named(Path(path), file.read_bytes()))


def compare(old: Checked, new: Checked, labels: tuple[str, str] | None = None) -> Comparison:
    """All that two specs differ in. Of one with errors as much as is known.

    Raises:
        SpecError: if one of them could not be read at all.
    """
    names = labels or (str(old.path), str(new.path))
    return Comparison(changes(_side(old, names[0]), _side(new, names[1])))


def _side(checked: Checked, label: str) -> Side:
    if checked.document is None or checked.typed is None:
        raise SpecError(checked.diagnostics)
    # A file that is not there lacks layers, which is no mistake of anybody's.
    return Side(label, checked.document, checked.typed, 0 if str(checked.path) in NOTHING else len(checked.errors))
