"""From a value as written to what its expressions come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .document import HOLE, Pointer
from .expression import Budget, ExpressionError, evaluate
from .notes import Notes
from .origins import Frame

FREE_TEXT: Final = frozenset({"name", "description"})
"""Keys in whose texts `${…}` means nothing."""
LARGEST: Final = 1_000_000
"""So many values all the lists and tables together may have that expressions put into a spec."""


MOST_STEPS: Final = 5_000_000
"""So many steps all expressions of a spec may take together."""


class Worker:
    """Works out the expressions of one document; what is wrong with them is noted, and its value is HOLE."""

    __slots__ = ("_budget", "_left", "notes")

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self._left = LARGEST
        self._budget = Budget(MOST_STEPS)

    def value(self, value: Any, names: Mapping[str, Any], at: Pointer, frame: Frame | None) -> Any:
        """The value with every expression in it worked out; the same object where there is none."""
        if isinstance(value, str):
            return self._text(value, names, at, frame) if "${" in value else value
        if isinstance(value, list):
            found = [self.value(one, names, (*at, index), frame) for index, one in enumerate(value)]
            return found if any(new is not old for new, old in zip(found, value, strict=True)) else value
        if isinstance(value, dict):
            table = {
                key: one if key in FREE_TEXT else self.value(one, names, (*at, key), frame)
                for key, one in value.items()
            }
            return table if any(table[key] is not one for key, one in value.items()) else value
        return value

    def _text(self, text: str, names: Mapping[str, Any], at: Pointer, frame: Frame | None) -> Any:
        try:
            found = evaluate(text, names, budget=self._budget)
        except ExpressionError as error:
            self.notes.expression(error, text, at, frame)
            return HOLE
        if isinstance(found, list | dict):
            self._left -= _weight(found, self._left)
            if self._left <= 0:
                self.notes.add("E619", "the lists that expressions make here are too long to go on", at, frame=frame,
                               help="make them shorter, or write them where they are used")  # fmt: skip
                return HOLE
        return found


def _weight(value: Any, most: int) -> int:
    """How many values there are in a value; no more are counted than ``most``."""
    count = 0
    waiting = [value]
    while waiting and count <= most:
        one = waiting.pop()
        count += 1
        if isinstance(one, list | tuple):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
    return count
