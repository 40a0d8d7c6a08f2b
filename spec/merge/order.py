"""From three orders of the same things to one; and from three lists of entries to which of them are the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from .entries import content, moved, name_of, paired

Key = Hashable


Three = tuple[list[Key], list[Key], list[Key]]
"""The keys of base, ours and theirs."""


def identified(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> Three:
    """A key for each entry of three lists: the same entry has the same key wherever it stands.

    Entries that both sides added are one where they have the same name, or say the same without one.
    """
    keys: list[list[Key]] = [[("base", place) for place in range(len(base))]]
    for side, entries in (("ours", ours), ("theirs", theirs)):
        pairs = paired(base, entries)
        keys.append([("base", pairs[at]) if at in pairs else (side, at) for at in range(len(entries))])
    new: dict[tuple[str, str], list[Key]] = {}
    for key, entry in zip(keys[1], ours, strict=True):
        if key[0] == "ours":  # type: ignore[index]
            new.setdefault(_known(entry), []).append(key)
    for at, entry in enumerate(theirs):
        same = new.get(_known(entry))
        if keys[2][at][0] == "theirs" and same:  # type: ignore[index]
            keys[2][at] = same.pop(0)
    return keys[0], keys[1], keys[2]


def _known(entry: Any) -> tuple[str, str]:
    name = name_of(entry)
    return ("content", content(entry)) if name is None else ("name", name)


def ordered(
    base: Sequence[Key],
    ours: Sequence[Key],
    theirs: Sequence[Key],
    kept: Callable[[Key], bool],
    alike: Callable[[Key, Key], bool] = lambda one, other: True,
) -> tuple[list[Key], list[Key]]:
    """The order of all that is ``kept``, once as ours has it and once as theirs: equal where they do not conflict.

    What one side moved stands where that side has it. What a side put in stands behind what it put it behind; where
    both put something in at the same place, ours comes first (``alike`` tells what it may be put behind).
    """
    of_ours, of_theirs, of_base = set(ours), set(theirs), set(base)
    common = of_ours & of_theirs
    mine, other = [key for key in ours if key in common], [key for key in theirs if key in common]
    backbones = _backbones([key for key in base if key in common], mine, other)
    found = []
    for backbone in backbones:
        order = list(backbone)
        put = {key for key in of_ours - of_base if key not in common}
        _put_in(order, ours, common, set(), alike)
        _put_in(order, theirs, common, put, alike)
        found.append([key for key in order if kept(key)])
    return found[0], found[-1]


def _backbones(base: list[Key], ours: list[Key], theirs: list[Key]) -> tuple[list[Key], ...]:
    """The order of what both sides have; two of them where they conflict."""
    if ours == theirs:
        return (ours,)
    shared = set(base)
    mine, other = [key for key in ours if key in shared], [key for key in theirs if key in shared]
    if mine == base:
        return (theirs,)
    if other == base:
        return (ours,)
    if mine == other:  # only what both put in stands in another order
        return (ours,)
    rank = {key: at for at, key in enumerate(base)}
    by_ours = {mine[at] for at in moved([rank[key] for key in mine])}
    by_theirs = {other[at] for at in moved([rank[key] for key in other])}
    if by_ours & by_theirs:
        return ours, theirs
    order = [key for key in ours if key not in by_theirs]
    for at, key in enumerate(theirs):
        if key in by_theirs:
            before = next((one for one in reversed(theirs[:at]) if one in order), None)
            order.insert(0 if before is None else order.index(before) + 1, key)
    # Both ways of looking at it must agree, else what one moved went beside something that the other moved.
    again = [key for key in theirs if key not in by_ours]
    for at, key in enumerate(ours):
        if key in by_ours:
            before = next((one for one in reversed(ours[:at]) if one in again), None)
            again.insert(0 if before is None else again.index(before) + 1, key)
    return (order,) if order == again else (ours, theirs)


def _put_in(
    order: list[Key], side: Sequence[Key], common: set[Key], before: set[Key], alike: Callable[[Key, Key], bool]
) -> None:
    """Put what only one side has behind what stands before it there, and behind what was put in there ``before``."""
    place = {key: at for at, key in enumerate(order)}
    last: Key | None = None
    behind: dict[Key | None, list[Key]] = {}
    for key in side:
        if key in common:
            last = key
        else:
            behind.setdefault(last, []).append(key)
    if not behind:
        return
    made: list[Key] = []
    at = 0
    for anchor in [None, *sorted((key for key in behind if key is not None), key=lambda key: place[key])]:
        if anchor is not None:
            made += order[at : place[anchor] + 1]
            at = place[anchor] + 1
        for key in behind.get(anchor, ()):
            while at < len(order) and order[at] in before and alike(key, order[at]):
                made.append(order[at])
                at += 1
            made.append(key)
    order[:] = [*made, *order[at:]]


def spans(ours: Sequence[Key], theirs: Sequence[Key]) -> tuple[int, int]:
    """How many keys two orders share at the beginning, and how many at the end."""
    if list(ours) == list(theirs):
        return len(ours), 0
    start = next(at for at, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other)
    back = next(
        at for at, (one, other) in enumerate(zip(reversed(ours), reversed(theirs), strict=True)) if one != other
    )
    return start, back


def mapped(keys: Sequence[Key], things: Sequence[Any]) -> Mapping[Key, Any]:
    """Things by their keys."""
    return dict(zip(keys, things, strict=True))
