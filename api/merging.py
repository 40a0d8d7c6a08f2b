"""From three texts of a spec to one, checked: what was right on both sides should be right together."""

from __future__ import annotations

from pathlib import Path

from .checked import Checked, compile_text
from .spec.merge.lines import Marks
from .spec.merge.merge import MARKS, Language, Merged
from .spec.merge.merge import merge as merge_texts

MOST = 5
"""So many problems are told."""


def merge(
    base: str, ours: str, theirs: str, language: Language = "toml", marks: Marks = MARKS, path: str | None = None
) -> tuple[Merged, tuple[str, ...]]:
    """The merged text, and for one without conflicts the errors that it has and neither side had.

    ``path`` is where the text will lie: files that it extends or includes are looked for from there.
    """
    made = merge_texts(base, ours, theirs, language, marks)
    if made.conflicts:
        return made, ()
    found = _errors(made.text, language, path)
    if not found:
        return made, ()
    known = _errors(ours, language, path).keys() | _errors(theirs, language, path).keys()
    new = [words for key, words in found.items() if key not in known]
    return made, tuple(new[:MOST])


def _errors(text: str, language: Language, path: str | None) -> dict[tuple[str, str], str]:
    checked: Checked = compile_text(
        text, language, path if path is not None and Path(path).parent.is_dir() else "<text>"
    )
    return {(one.code, one.message): f"line {one.line}: {one.code} {one.message}" for one in checked.errors}
