"""The noun Reading: what a reader of an old dialect has come upon so far."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .network import Difference, Place, Unreadable

WRAPPED: Final = ("__tuple__", "TensorShape", "Tuple", "__list__")
"""How JSON files of TensorFlow say that a list was a tuple or a shape."""


@dataclass(slots=True)
class Reading:
    """What is found while a file is read. ``problems`` keep it from being read; ``differences`` don't.

    ``data_format`` is what layers mean that don't say where their channels are.
    """

    data_format: str | None = None
    problems: list[Unreadable] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def refuse(self, message: str, at: Place, *, help: str | None = None) -> None:
        """Note what can't be read, and go on: further problems are to be seen in the same go."""
        self.problems.append(Unreadable(message, at, help=help))

    def differs(self, message: str, at: Place, *, help: str | None = None) -> None:
        """Note what will not be as it was; the same thing is noted once, at its first place."""
        if not any(known.message == message for known in self.differences):
            self.differences.append(Difference(message, at, help))


def table(value: Any, at: Place, what: str) -> Mapping[str, Any]:
    """The value, which has to be a JSON object. Raises Unreadable where it is not."""
    if not isinstance(value, Mapping):
        raise Unreadable(f"{what} must be an object, found {_kind(value)}", at, help=_BROKEN)
    return value


def items(value: Any, at: Place, what: str) -> Sequence[Any]:
    """The value, which has to be a JSON array. Raises Unreadable where it is not."""
    if not isinstance(value, (list, tuple)):
        raise Unreadable(f"{what} must be a list, found {_kind(value)}", at, help=_BROKEN)
    return value


def words(value: Any, at: Place, what: str) -> str:
    """The value, which has to be a text that is not empty. Raises Unreadable where it is not."""
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{what} must be a text, found {_kind(value)}", at, help=_BROKEN)
    return value


_BROKEN: Final = "the file is damaged or no saved Keras model: save the model once more with `model.save(...)`"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return f"the text `{value[:40]}`" if isinstance(value, str) else f"the number {value}"


def plain(value: Any) -> Any:
    """The value with tuples and shapes that TensorFlow wraps as objects written as lists, and numbers that went through
    32 bits (0.10000000149011612) as they were meant (0.1): in 32 bits both are the same number."""
    if isinstance(value, Mapping):
        if value.get("class_name") in WRAPPED and isinstance(value.get("items"), (list, tuple)):
            return [plain(one) for one in value["items"]]
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return _shortened(value) if isinstance(value, float) else value


def _shortened(value: float) -> float:
    if len(repr(value)) < 12 or _single(value) != value:
        return value
    return next(short for digits in range(1, 18) if _single(short := float(f"{value:.{digits}g}")) == value)


def _single(value: float) -> float | None:
    """The value rounded to 32 bits; None where 32 bits don't reach."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return None
    return rounded


def version_of(text: object) -> tuple[int, ...]:
    """``"2.2.4-tf"`` as (2, 2, 4); empty where it is no version of Keras."""
    if not isinstance(text, str):
        return ()
    numbers = text.split("-")[0].split("+")[0].split(".")
    return tuple(int(one) for one in numbers if one.isascii() and one.isdigit())
