"""From three values to one: the same merge without any text, by which that of texts is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .entries import content, table_list
from .order import Key, identified, mapped, ordered


class _Gone:
    """The type of GONE."""

    __slots__ = ()


GONE: Final = _Gone()
"""Stands where a side has nothing."""


class ConflictError(Exception):
    """Both sides changed the same thing differently."""


def merged_value(base: Any, ours: Any, theirs: Any) -> Any:
    """The three-way merge of values: tables by key, lists of tables by entry, all else as a whole.

    Raises:
        ConflictError: if both sides changed the same thing differently.
    """
    if content_of(ours) == content_of(theirs) or content_of(theirs) == content_of(base):
        return ours
    if content_of(ours) == content_of(base):
        return theirs
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        below = base if isinstance(base, Mapping) else {}
        return _tables(below, ours, theirs)
    if table_list(ours) and table_list(theirs):
        return _lists(base if table_list(base) else [], ours, theirs)
    raise ConflictError


def content_of(value: Any) -> str:
    """The content of a value, or of nothing."""
    return "gone" if value is GONE else f"is {content(value)}"


def _tables(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key in dict.fromkeys([*ours, *theirs]):
        made = merged_value(base.get(key, GONE), ours.get(key, GONE), theirs.get(key, GONE))
        if made is not GONE:
            found[key] = made
    return found


def _lists(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    keys = identified(base, ours, theirs)
    b, o, t = (mapped(one, side) for one, side in zip(keys, (base, ours, theirs), strict=True))
    made: dict[Key, Any] = {
        key: merged_value(b.get(key, GONE), o.get(key, GONE), t.get(key, GONE)) for key in {*b, *o, *t}
    }
    order = ordered(*keys, kept=lambda key: made[key] is not GONE)
    if order[0] != order[1]:
        raise ConflictError
    return [made[key] for key in order[0]]
