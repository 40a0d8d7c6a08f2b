"""From Document × Document to Edits: what a person changed in what is written, before anything follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...spec.document import HOLE, Document, Place, Pointer
from ...spec.merge.entries import content, moved, name_of, paired, table_list
from .values import ABSENT, label, plain

Way = Literal["added", "removed", "changed", "renamed", "moved"]

FIRST = "the beginning"
"""What the first entry of a list stands behind."""
PASSED_OVER = frozenset({"$schema", "keraspec"})
"""Keys of the root that say nothing about the network."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of what is written. ``path`` leads to it by names: ``layers``, ``conv1``, ``filters``.

    ``before`` and ``after`` are pointers into the two documents as written (None where there is nothing); ``old`` and
    ``new`` the values there, ABSENT where there is none. An entry that was ``moved`` stands behind ``new`` now.
    ``effective`` is False where the edit changes nothing of the network, its data or its training.
    """

    way: Way
    path: tuple[str, ...]
    old: Any
    new: Any
    before: Pointer | None
    after: Pointer | None
    old_place: Place | None = None
    new_place: Place | None = None
    effective: bool = True


def written(document: Document) -> Document:
    """The document before blocks and parameters were written out."""
    return document if document.expansion is None else document.expansion.written


def edits(old: Document, new: Document) -> list[Edit]:
    """All that was changed in what is written; what could not be read is passed over."""
    one, other = written(old), written(new)
    found = []
    for edit in _walk(one.data, other.data, (), (), ()):
        if edit.path[0] not in PASSED_OVER:
            found.append(edit)
    return found


def placed(edit: Edit, old: Document, new: Document) -> tuple[Place | None, Place | None]:
    """Where an edit stands on both sides."""
    one, other = written(old), written(new)
    return (
        None if edit.before is None else one.place(edit.before, "entry"),
        None if edit.after is None else other.place(edit.after, "entry"),
    )


def _walk(old: Any, new: Any, path: tuple[str, ...], before: Pointer, after: Pointer) -> Iterator[Edit]:
    if old is HOLE or new is HOLE:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            here = (*path, str(key))
            if key not in new:
                yield Edit("removed", here, old[key], ABSENT, (*before, key), None)
            elif key not in old:
                yield Edit("added", here, ABSENT, new[key], None, (*after, key))
            else:
                yield from _walk(old[key], new[key], here, (*before, key), (*after, key))
    elif table_list(old) and table_list(new):
        yield from _lists(old, new, path, before, after)
    elif content(plain(old)) != content(plain(new)):
        yield Edit("changed", path, old, new, before, after)


def _lists(old: list[Any], new: list[Any], path: tuple[str, ...], before: Pointer, after: Pointer) -> Iterator[Edit]:
    pairs = paired(old, new)
    kept = set(pairs.values())
    gone = [place for place, entry in enumerate(old) if place not in kept and entry is not HOLE]
    both = sorted(pairs)
    displaced = {both[index] for index in moved([pairs[place] for place in both])}
    # What went away is told where it stood: before what has come between the same two that stay.
    due, following = [len(old)] * (len(new) + 1), len(old)
    for place in reversed(range(len(new))):
        following = due[place] = pairs[place] if place in pairs and place not in displaced else following
    for place in range(len(new) + 1):
        while gone and gone[0] < due[place]:
            at = gone.pop(0)
            yield Edit("removed", (*path, label(old[at], at)), old[at], ABSENT, (*before, at), None)
        if place < len(new) and new[place] is not HOLE:
            yield from _entry(old, new, path, before, after, place, pairs.get(place), place in displaced)


def _entry(
    old: list[Any], new: list[Any], path: tuple[str, ...], before: Pointer, after: Pointer, place: int,
    pair: int | None, displaced: bool,
) -> Iterator[Edit]:  # fmt: skip
    """What became of one entry of a list, whose place in the old list is ``pair``."""
    entry, here, there = new[place], (*path, label(new[place], place)), (*after, place)
    if pair is None:
        yield Edit("added", here, ABSENT, entry, None, there)
        return
    was, at = old[pair], (*before, pair)
    if displaced:
        yield Edit("moved", here, _behind(old, pair), _behind(new, place), at, there)
    name, now = name_of(was), name_of(entry)
    if name is not None and now is not None and name != now:
        yield Edit("renamed", (*path, name), name, now, at, there)
        was, entry = ({key: value for key, value in one.items() if key != "name"} for one in (was, entry))
    yield from _walk(was, entry, here, at, there)


def _behind(entries: list[Any], place: int) -> str:
    """What an entry stands behind."""
    return label(entries[place - 1], place - 1) if place else FIRST
