"""From a spec and an edit to the spec as it then is: tried in memory, checked, and written only if it got no worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .checked import compile_file
from .spec.document import Source
from .spec.editing import Draft
from .spec.finding import Diagnostic
from .spec.unsaved import unsaved

Edit = Callable[[Draft], None]
"""Makes an edit of a draft. Raises EditError where it can't be made."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of a spec: its text before and after, in words what was done, and what is wrong with it now.

    ``brought`` are the errors that were not there before; ``others`` specs of the same folder that lie over this one
    or include it, which were not looked at.
    """

    old: str
    new: str
    said: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    brought: tuple[Diagnostic, ...]
    others: tuple[Path, ...] = ()

    @property
    def worse(self) -> bool:
        """Whether there are errors that were not there before."""
        return bool(self.brought)


def edited(path: Path, *edits: Edit) -> Edited:
    """Make edits of a spec in memory, one after the other; nothing is written.

    Raises:
        EditError: if one can't be made, or the text has mistakes in its syntax.
        OSError: if the file can't be read.
    """
    before = compile_file(path)
    old = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    draft = Draft(Source(str(path), old))
    for edit in edits:
        edit(draft)
    with unsaved({path: draft.text}):
        after = compile_file(path)
    then = Counter((one.code, one.message) for one in before.errors)
    brought = []
    for one in after.errors:
        if then[one.code, one.message]:
            then[one.code, one.message] -= 1
        else:
            brought.append(one)
    if len(after.errors) <= len(before.errors) and not any(one.code.startswith("E0") for one in brought):
        brought = []  # another mistake in the place of one: the same, told with the new name
    return Edited(old, draft.text, tuple(draft.said), after.diagnostics, tuple(brought), tuple(_leaning(path)))


def _leaning(path: Path) -> list[Path]:
    """Specs of the same folder that extend or include this one."""
    from .spec.read import read_file

    found = []
    for one in sorted(path.absolute().parent.glob("*.keraspec.*")):
        if one.name == path.name or one.suffix not in (".toml", ".json"):
            continue
        try:
            raw = one.read_bytes()
            if path.name.encode() not in raw:
                continue
            document, _ = read_file(one)
        except OSError:
            continue
        data = document.data if document is not None else {}
        include = data.get("include")
        named = [data.get("extends"), *(include if isinstance(include, list) else ())]
        if any(isinstance(other, str) and Path(other).name == path.name for other in named):
            found.append(one)
    return found
