"""The noun key: what ``ops.get_item`` takes of a tensor, written as in Python between square brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import EllipsisType
from typing import Any, Final

from ...sizes import Size, at_least, ceil_div, maximum, minimum
from ...tensor import Shape, shape_text
from ..kinds import Kind
from ..record import ArgumentError, Call, ShapeError

Item = int | slice | EllipsisType | None
Key = tuple[Item, ...]

_NUMBER: Final = r"[+-]?[0-9]{1,9}"
_RANGE: Final = rf"(?:{_NUMBER})?\s*:\s*(?:{_NUMBER})?\s*(?::\s*(?:{_NUMBER})?)?"
_ITEM: Final = rf"\s*(?:{_RANGE}|{_NUMBER}|\.\.\.|newaxis|None|none)\s*"
_KEY: Final = rf"^\s*\[{_ITEM}(?:,{_ITEM})*,?\s*\]\s*$"

EXPECTS: Final = (
    'a key in square brackets, such as "[:, 0]": between commas numbers, ranges (2:5, ::2, :-1), ... or newaxis'
)


def parse_key(text: str) -> Key:
    """The items of a key: ``"[:, 0]"`` is all of the first axis and place 0 of the second.

    >>> parse_key("[:, -1, ..., newaxis]")
    (slice(None, None, None), -1, Ellipsis, None)

    Raises:
        ValueError: if it is written otherwise.
    """
    if not re.match(_KEY, text):
        raise ValueError(f"must be {EXPECTS}; found {text!r}")
    inner = text.strip()[1:-1].strip().removesuffix(",")
    return tuple(_item(item.strip()) for item in inner.split(","))


def _item(text: str) -> Item:
    if text == "...":
        return ...
    if text in ("newaxis", "None", "none"):
        return None
    if ":" in text:
        return slice(*(int(part) if part.strip() else None for part in text.split(":")))
    return int(text)


def key_text(key: Key) -> str:
    """The key as it is written.

    >>> key_text((slice(None), 0, slice(1, None, 2)))
    '[:, 0, 1::2]'
    """
    return f"[{', '.join(map(_item_text, key))}]"


def _item_text(item: Item) -> str:
    if item is None:
        return "newaxis"
    if isinstance(item, slice):
        start, stop, step = ("" if part is None else str(part) for part in (item.start, item.stop, item.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if item is ... else str(item)


def _normal(value: Any) -> Key:
    if isinstance(value, str):
        return parse_key(value)
    return value if isinstance(value, tuple) else (int(value),)


KEY: Final = Kind(
    {"anyOf": [{"type": "string", "pattern": _KEY}, {"type": "integer"}]}, f"{EXPECTS}; or one number", _normal
)


def check_key(arguments: Mapping[str, Any]) -> None:
    """See that a key has one ``...`` at most, and that no range goes by steps of 0.

    Raises:
        ArgumentError: E114.
    """
    key: Key = arguments["key"]
    if key.count(...) > 1:
        raise ArgumentError(
            "key",
            f"`{key_text(key)}` has `...` more than once, so which axes each stands for can't be told",
            help="write `...` once, and `:` for each other axis that stays as it is",
        )
    if any(isinstance(item, slice) and item.step == 0 for item in key):
        raise ArgumentError(
            "key",
            f"`{key_text(key)}` goes by steps of 0, which leads nowhere",
            help="write 2 for every second place, -1 to go backwards, or leave the step out",
        )


def taken(call: Call, shape: Shape, key: Key) -> Shape:
    """The shape of what a key takes out of a shape.

    Raises:
        ShapeError: E307 where it names more axes than there are, or a place that an axis does not have.
    """
    named = [item for item in key if item is not None and item is not ...]
    if len(named) > len(shape):
        raise ShapeError(
            "E307",
            f"`{key_text(key)}` says something of {len(named)} axes, but {shape_text(shape)} has {len(shape)}",
            help="write an item for each axis, the batch axis first, or fewer; `newaxis` puts an axis in",
            argument="key",
        )
    left = len(shape) - len(named)
    items: list[Item] = []
    for item in key if ... in key else (*key, ...):
        items.extend([slice(None)] * left if item is ... else [item])
    out: list[Size] = []
    axis = 0
    for item in items:
        if item is None:
            out.append(1)
            continue
        size = shape[axis]
        if isinstance(item, slice):
            out.append(_count(size, item))
        else:
            assert isinstance(item, int)
            _has(call, shape, axis, item)
        axis += 1
    return tuple(out)


def _has(call: Call, shape: Shape, axis: int, place: int) -> None:
    size = shape[axis]
    if at_least(size, place + 1 if place >= 0 else -place) is not False:
        return
    raise ShapeError(
        "E307",
        f"axis {axis} of {shape_text(shape)} has no place {place}: it has {size}",
        help="places count from 0, or back from -1 (the last)" + ("" if axis else "; axis 0 is the batch axis"),
        argument="key",
    )


def _count(size: Size, item: slice) -> Size:
    """How many places a range takes of an axis, as Python counts them; arithmetic where the size is a word."""
    step = item.step or 1
    if step > 0:
        start, stop = _bound(item.start, 0, size), _bound(item.stop, size, size)
        if item.stop is None and item.start is None:
            return ceil_div(size, step)
        return maximum(0, ceil_div(stop - start, step))
    start = size - 1 if item.start is None else _bound(item.start, 0, size - 1, -1)
    stop = -1 if item.stop is None else _bound(item.stop, 0, size - 1, -1)
    return maximum(0, ceil_div(start - stop, -step))


def _bound(place: int | None, default: Size, most: Size, least: int = 0) -> Size:
    """A bound of a range, counted from the front and held within the axis; ``most`` is its end."""
    if place is None:
        return default
    if place >= 0:
        return minimum(place, most)
    end = most if least == 0 else most + 1
    return maximum(end + place, least)


__all__ = ["KEY", "Key", "check_key", "key_text", "parse_key", "taken"]
