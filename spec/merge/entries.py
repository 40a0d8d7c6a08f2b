"""From two lists of entries to their pairs: which entry of one is which of the other, and which ones moved."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from ..document import HOLE


def paired(old: Sequence[Any], new: Sequence[Any]) -> dict[int, int]:
    """Places in ``new`` → places in ``old`` of the same entry, each at most once.

    Entries are known by their ``name``. Of the others those that say the same are pairs, first where the named
    entry before them or behind them is the same as well; then those of one ``type`` in the same surroundings. An entry
    with another name is the same one, renamed, where at least half of what else it says stayed.
    """
    names_old, names_new = _names(old), _names(new)
    found = {place: names_old[name] for name, place in names_new.items() if name in names_old}
    both = {place: name for name, place in names_new.items() if name in names_old}
    before_new, behind_new = _around(len(new), both)
    before_old, behind_old = _around(len(old), {names_old[name]: name for name in both.values()})
    said_new, said_old = [content(one) for one in new], [content(one) for one in old]
    kind_new, kind_old = [kind(one) for one in new], [kind(one) for one in old]

    def by(of_old: Callable[[int], Hashable], of_new: Callable[[int], Hashable], *, alike: bool = False) -> None:
        """Pair what is left and has the same key, in the order of the lists."""
        taken = set(found.values())
        left: dict[Hashable, list[int]] = defaultdict(list)
        for place in range(len(old)):
            if place not in taken and old[place] is not HOLE:
                left[of_old(place)].append(place)
        for place in range(len(new)):
            waiting = left.get(of_new(place)) if place not in found and new[place] is not HOLE else None
            for at, other in enumerate(waiting or ()):
                if not alike or _same_one(old[other], new[place]):
                    found[place] = other
                    assert waiting is not None
                    del waiting[at]
                    break

    by(lambda at: (said_old[at], before_old[at]), lambda at: (said_new[at], before_new[at]))
    by(lambda at: (said_old[at], behind_old[at]), lambda at: (said_new[at], behind_new[at]))
    by(lambda at: said_old[at], lambda at: said_new[at])
    by(lambda at: (kind_old[at], before_old[at]), lambda at: (kind_new[at], before_new[at]), alike=True)
    by(lambda at: (kind_old[at], behind_old[at]), lambda at: (kind_new[at], behind_new[at]), alike=True)
    _alone_between(found, old, new, kind_old, kind_new)
    return found


def _alone_between(
    found: dict[int, int], old: Sequence[Any], new: Sequence[Any], kind_old: Sequence[str], kind_new: Sequence[str]
) -> None:
    """Pair entries that are the only ones of their kind between the same two pairs: renamed and changed at once."""

    def gaps(entries: Sequence[Any], kinds: Sequence[str], known: Mapping[int, int]) -> dict[Hashable, list[int]]:
        before, behind = _around(len(entries), {at: str(pair) for at, pair in known.items()})
        left: dict[Hashable, list[int]] = defaultdict(list)
        for at, one in enumerate(entries):
            if at not in known and one is not HOLE:
                left[(kinds[at], before[at], behind[at])].append(at)
        return left

    here = gaps(new, kind_new, found)
    for gap, places in gaps(old, kind_old, {one: one for one in found.values()}).items():
        if len(places) == 1 and len(here.get(gap, ())) == 1:
            found[here[gap][0]] = places[0]


def moved(places: Sequence[int]) -> set[int]:
    """Which of the places are out of order: as few as can be, so that the others rise."""
    ends: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(ends, place)
        if length == len(ends):
            ends.append(place)
            at.append(index)
        else:
            ends[length], at[length] = place, index
        before.append(at[length - 1] if length else -1)
    kept = set()
    index = at[-1] if at else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return set(range(len(places))) - kept


def name_of(entry: Any) -> str | None:
    """What an entry is called, where a person wrote that."""
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else None


def kind(entry: Any) -> str:
    """What an entry is: a layer of a type, an instance of a block, a call once more."""
    if isinstance(entry, Mapping):
        for way in ("type", "block", "reuse", "expression", "check"):
            if isinstance(entry.get(way), str):
                return f"{way} {entry[way]}" if way in ("type", "block", "reuse") else way
        return "table"
    return content(entry)


def content(value: Any) -> str:
    """A text that two values share when they are the same, the order of keys apart."""
    return json.dumps(value, sort_keys=True, default=repr)


def table_list(value: Any) -> bool:
    """Whether a value is a list whose elements are found again one by one: there are tables in it."""
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _same_one(old: Any, new: Any) -> bool:
    """Whether two entries of one kind in the same surroundings are one: also when it has got another name."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return False
    if name_of(old) is None or name_of(new) is None:
        return True
    keys = (old.keys() | new.keys()) - {"name", "type", "block", "reuse", "inputs"}
    same = sum(key in old and key in new and content(old[key]) == content(new[key]) for key in keys)
    return 2 * same >= len(keys)


def _names(entries: Iterable[Any]) -> dict[str, int]:
    """Names that stand for one entry alone."""
    found: dict[str, int] = {}
    twice = set()
    for place, one in enumerate(entries):
        name = name_of(one)
        if name is not None:
            if name in found:
                twice.add(name)
            found[name] = place
    return {name: place for name, place in found.items() if name not in twice}


def _around(count: int, named: Mapping[int, str]) -> tuple[list[str | None], list[str | None]]:
    """For each place the nearest name before it, and the nearest behind it."""
    before: list[str | None] = []
    last = None
    for place in range(count):
        before.append(last)
        last = named.get(place, last)
    behind: list[str | None] = [None] * count
    last = None
    for place in reversed(range(count)):
        behind[place] = last
        last = named.get(place, last)
    return before, behind
