"""From a spec of an earlier version of the language to one of the newest, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .edits import Editor, TextEdit

NEWEST: Final = 1
"""The version of the language that this program knows."""

Step = Callable[[Editor, Mapping[str, Any]], list[TextEdit]]

STEPS: Final[Mapping[int, Step]] = {}
"""Version → the edits that make the next version of it, but for the number itself. Version 1 is the first."""


class VersionError(ValueError):
    """A spec states no version that this program knows; the message says which it found and what to do."""


def version_of(data: Mapping[str, Any]) -> int:
    """The version that a spec states.

    Raises:
        VersionError: if it states none, one that there is not, or a later one than this program knows.
    """
    stated = data.get("keraspec")
    if stated is None:
        raise VersionError(f"states no version of the language; write `keraspec = {NEWEST}` at its top")
    if isinstance(stated, bool) or not isinstance(stated, int | float) or stated != int(stated) or stated < 1:
        raise VersionError(f"`keraspec` must be a version of the language, such as {NEWEST}, found {stated!r}")
    if stated > NEWEST:
        raise VersionError(
            f"is of version {int(stated)} of the language, and this keraspec knows versions up to {NEWEST}: "
            "install a newer one (pip install --upgrade keraspec)"
        )
    return int(stated)


def upgraded(text: str, path: str, steps: Mapping[int, Step] = STEPS, newest: int = NEWEST) -> str:
    """The text of a spec in the newest version; the same text where it is of that already.

    Raises:
        VersionError: see ``version_of``.
        EditError: if the text has mistakes in its syntax.
    """
    from .document import Source
    from .editing import Draft

    draft = Draft(Source(path, text))
    version = version_of(draft.data)
    while version < newest:
        draft.make(steps[version](draft.editor, draft.data))
        version += 1
        draft.make(draft.editor.put((), "keraspec", version))
    return draft.text
