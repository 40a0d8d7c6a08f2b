"""From `when`, `repeat` and `each` of an entry to how often it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from .document import HOLE, Pointer
from .expression import ExpressionError, evaluate, names_in
from .notes import Notes
from .origins import Frame
from .scope import Scope
from .words import shown
from .worked_out import Worker

MOST: Final = 10_000
"""So many entries a spec may come to."""


class TooMany(Exception):
    """The spec comes to more layers than are allowed, which has been said."""


def holds(worker: Worker, notes: Notes, scope: Scope, entry: Mapping[str, Any], pointer: Pointer) -> bool | None:
    """Whether the entry is there; None where that is not known."""
    at = (*pointer, "when")
    way = next((one for one in ("each", "repeat") if one in entry), None)
    text = entry.get("when")
    places = names_in(text) if isinstance(text, str) else {}
    own = next((one for one in places if one in ("index", "item")), None)
    if way is not None and own is not None and own not in scope.values:
        message = f"`when` is decided once, before `{way}`: there is no `{own}` in it"
        help_text = f"leave values out of the list, or write `when` in a block which gets `{own}` as a parameter"
        notes.expression(ExpressionError("E602", message, *places[own][0], help_text), str(text), at, scope.frame)
        return None
    found = worker.value(entry.get("when", True), scope.values, at, scope.frame)
    if isinstance(found, bool) or found is HOLE:
        return found if isinstance(found, bool) else None
    notes.add("E617", f"`when` must be true or false, found {shown(found)}", at, frame=scope.frame,
                   help=_truth_help(found, entry["when"], scope.values))  # fmt: skip
    return None


def items(
    worker: Worker, notes: Notes, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, way: str
) -> Sequence[Any] | None:
    """What each instance is for: numbers for a number, else the elements of the list."""
    at = (*pointer, way)
    found = worker.value(entry[way], scope.values, at, scope.frame)
    if found is HOLE:
        return None
    if isinstance(found, list | tuple):
        return found
    if way == "repeat" and isinstance(found, int | float) and not isinstance(found, bool) and found == int(found):
        if found > MOST:
            too_many(notes, at, scope.frame, f"`repeat` is {int(found)}")
        if found >= 0:
            return range(int(found))
    wanted = "a whole number from 0 on, or a list" if way == "repeat" else "a list"
    help_text = None
    if way == "each" and isinstance(found, int) and not isinstance(found, bool):
        help_text = f'write `each = "${{range({found})}}"`'
    elif isinstance(found, str) and found.isdigit():
        help_text = f"write {found} without quotes"
    elif isinstance(found, str) and _means_something(found, scope.values):
        help_text = f'write `{way} = "${{{found}}}"`'
    notes.add("E617", f"`{way}` must be {wanted}, found {shown(found)}", at, frame=scope.frame, help=help_text)
    return None


def too_many(notes: Notes, at: Pointer, frame: Frame | None, found: str) -> NoReturn:
    """Say that there are too many layers, and give up.

    Raises:
        TooMany: always.
    """
    notes.add("E619", f"a spec may come to at most {MOST:,} layers: {found}", at, frame=frame,
                   help="take fewer: a smaller `repeat` or `each`, or fewer blocks inside each other")  # fmt: skip
    raise TooMany


def _means_something(text: str, values: Mapping[str, Any]) -> bool:
    """Whether a text would be an expression if `${…}` stood around it."""
    try:
        return evaluate(f"${{{text}}}", values) is not None
    except ExpressionError:
        return False


def _truth_help(found: Any, written: Any, values: Mapping[str, Any]) -> str:
    """What to write for `when` instead of a value that is neither true nor false."""
    if isinstance(found, str):
        if found.casefold() in ("true", "yes", "on", "false", "no", "off"):
            return f"write {'true' if found.casefold() in ('true', 'yes', 'on') else 'false'} without quotes"
        if _means_something(found, values):
            return f'write `when = "${{{found}}}"`'
    elif written == found and found in (0, 1):
        return f"write {'true' if found else 'false'}"
    elif isinstance(found, int | float) and isinstance(written, str):
        return f'write a comparison: `when = "{written[:-1].rstrip()} > 0}}"`'
    return 'write true, false or a comparison, such as `when = "${depth > 1}"`'
