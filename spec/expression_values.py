"""The noun Run: one working-out of an expression, with what bounds it and the words for what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, Protocol

from .document import HOLE
from .expression_tokens import LARGEST_WHOLE, ExpressionError, too_large_help
from .words import shown

STEPS: Final = 1_000_000
"""So many steps working out one expression may take; each value of a list that is made or gone through is one."""
MOST_VALUES: Final = 100_000
"""So many values a list may hold, those of the lists in it included."""
LONGEST_TEXT: Final = 100_000
"""So many characters a text may have that an expression makes."""
DEEPEST_VALUE: Final = 40
"""So deep lists may lie in each other."""


_QUOTED = re.compile(r"'[^']*'?")
_NAMED = re.compile(r"(?<![\w.])[^\W\d]\w*")
"""A name in an expression; where there is none, what is written is its own description."""


class Unreadable(Exception):
    """A value that is needed could not be read; that has been said where it stands."""


class Spot(Protocol):
    """A part of an expression, by where it stands."""

    @property
    def start(self) -> int:
        """The offset of its first character."""

    @property
    def end(self) -> int:
        """The offset behind its last character."""


class Budget:
    """Steps that are left; one budget may be shared by many expressions."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps


class Run:
    """One expression being worked out."""

    __slots__ = ("budget", "functions", "names", "text")

    def __init__(
        self, text: str, names: Mapping[str, Any], budget: Budget, functions: Mapping[str, Any] | None = None
    ) -> None:
        self.text = text
        self.names = names
        self.budget = budget
        self.functions = functions
        """What may be called, where it is not what all expressions may call."""

    def pay(self, steps: int, at: Spot) -> None:
        """Take steps from the budget."""
        self.budget.left -= steps
        if self.budget.left < 0:
            raise self.too_large(at, "working this out takes too long")

    def source(self, at: Spot) -> str:
        """What is written there, cut where it is long."""
        text = " ".join(self.text[at.start : at.end].split())
        return text if len(text) <= 40 else f"{text[:39]}…"

    def describe(self, at: Spot, value: Any) -> str:
        """What is written there and what it comes to: `size` is the text "50"."""
        words, source = value_words(value), self.source(at)
        if source == words or not _NAMED.search(_QUOTED.sub("", source)):
            return words
        return f"`{source}` is {words}"

    def wrong_kind(self, at: Spot, value: Any, wants: str) -> ExpressionError:
        """E603: a value of another kind is wanted."""
        return ExpressionError(
            "E603", f"{wants}; {self.found(at, value)}", at.start, at.end, way_out(value, wants, self.source(at))
        )

    def found(self, at: Spot, value: Any) -> str:
        """Words for what stands there: found 3, or `size` is 3."""
        words = self.describe(at, value)
        return words if words.startswith("`") else f"found {words}"

    def no_value(self, at: Spot, message: str, help: str | None = None) -> ExpressionError:
        """E604: there is no such result."""
        return ExpressionError("E604", message, at.start, at.end, help)

    def too_large(self, at: Spot, message: str, help: str | None = None) -> ExpressionError:
        """E605: beyond a bound."""
        return ExpressionError("E605", message, at.start, at.end, help)

    def number(self, at: Spot, value: Any, wants: str) -> int | float:
        """A number, and no boolean."""
        if type(value) is int or type(value) is float:
            return value
        raise self.wrong_kind(at, value, wants)

    def whole(self, at: Spot, value: Any, wants: str) -> int:
        """A number without fraction, however it is written."""
        if type(value) is int:
            return value
        if type(value) is float and value.is_integer():
            return int(value)
        raise self.wrong_kind(at, value, wants)

    def bounded(self, at: Spot, value: Any) -> Any:
        """A result; numbers, texts and lists only up to a size."""
        kind = type(value)
        if kind is int:
            if not -LARGEST_WHOLE <= value <= LARGEST_WHOLE:
                raise self.too_large(at, f"`{self.source(at)}` is too large a number", too_large_help())
        elif kind is float:
            if not isfinite(value):
                raise self.too_large(at, f"`{self.source(at)}` is too large a number", too_large_help())
        elif kind is str:
            if len(value) > LONGEST_TEXT:
                raise self.too_large(at, f"the text is longer than {LONGEST_TEXT:,} characters")
        elif kind is list:
            self.weigh(at, value)
        return value

    def weigh(self, at: Spot, value: list[Any] | dict[str, Any]) -> None:
        """Go through a list or table with all that lies in it, if there is not too much of it."""
        waiting: list[tuple[Any, int]] = [(value, 0)]
        count = 0
        while waiting:
            one, depth = waiting.pop()
            parts = one.values() if isinstance(one, dict) else one
            count += len(one)
            if count > MOST_VALUES:
                raise self.too_large(at, f"the list has more than {MOST_VALUES:,} values")
            if depth > DEEPEST_VALUE:
                raise self.too_large(at, f"lists lie in each other more than {DEEPEST_VALUE} deep")
            for part in parts:
                if part is HOLE:
                    raise Unreadable
                if isinstance(part, list | dict):
                    waiting.append((part, depth + 1))
        self.pay(count, at)


def value_words(value: Any) -> str:
    """A value as messages about expressions show it."""
    if value is None:
        return "none"
    if type(value) is int and abs(value) > LARGEST_WHOLE:
        return "a number of many digits"
    if isinstance(value, list) and any(type(one) is int and abs(one) > LARGEST_WHOLE for one in value[:8]):
        return f"a list of {len(value)} values"
    return shown(value).replace("null", "none") if isinstance(value, list) else shown(value)


def way_out(value: Any, wants: str, source: str) -> str | None:
    """What to do with a value of the wrong kind."""
    if "number" not in wants:
        return None
    if isinstance(value, bool):
        return f"write `1 if {source} else 0`"
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return None
        if isfinite(number):
            return f"write the number without quotes, or `{'int' if number.is_integer() else 'float'}({source})`"
    return f"take one of its values: `{source}[0]`" if isinstance(value, list) and value and source[0] != "[" else None


def truth(value: Any) -> bool:
    """Whether a value counts as true: as in Python, and the text none is nothing."""
    return bool(value) and value != "none"


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same: true is not 1, and the text none is none, for TOML has no other."""
    if left is HOLE or right is HOLE:
        raise Unreadable
    if left is None or right is None:
        return left in (None, "none") and right in (None, "none")
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(one, right[key]) for key, one in left.items())
    return bool(left == right)


def as_text(value: Any) -> str:
    """A number, text, boolean, none or list as it stands in a text: 64, relu, true, none, [1, 'same'].

    Raises:
        TypeError: for a table, which has no such form.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_in_list(one) for one in value)}]"
    if value is HOLE:
        raise Unreadable
    raise TypeError


def _in_list(value: Any) -> str:
    if not isinstance(value, str):
        return as_text(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
