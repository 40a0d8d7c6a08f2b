"""From what one side renamed to the texts of the others with that name: references follow, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..document import Document, Pointer
from .entries import name_of, paired

_REFERRING: Final = ("inputs", "reuse")
_PLACING: Final = ("before", "after")


def renames(base: Document, side: Document) -> dict[str, str]:
    """Names of layers in ``base`` → what ``side`` calls them. Names that only changed places are none."""
    old, new = base.data.get("layers"), side.data.get("layers")
    if not isinstance(old, list) or not isinstance(new, list):
        return {}
    names = {name_of(one) for one in new}
    known = {name_of(one) for one in old}
    found = {}
    for here, there in paired(old, new).items():
        before, after = name_of(old[there]), name_of(new[here])
        if before is not None and after is not None and before not in names and after not in known:
            found[before] = after
    return found


def renamed(document: Document, names: Mapping[str, str]) -> str:
    """The text of a document in which layers, and all that refers to them, have other names."""
    text = document.source.text
    edits = []
    for pointer in _mentions(document.data, names):
        place = document.place(pointer)
        written = text[place.start : place.end]
        found = re.fullmatch(r"([\"'])([A-Za-z_][\w-]*)((?:[.\[].*)?[\"'])", written)
        if found is not None and found[2] in names:
            edits.append((place.start + found.start(2), place.start + found.end(2), names[found[2]]))
    for start, end, name in sorted(edits, reverse=True):
        text = text[:start] + name + text[end:]
    return text


def _mentions(data: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Pointer]:
    """Where a name of a layer at the top may stand."""
    for at, entry in _entries(data.get("layers")):
        here: Pointer = ("layers", at)
        if name_of(entry) in names:
            yield (*here, "name")
        for key in (*_REFERRING, *_PLACING):
            yield from _texts(entry.get(key), (*here, key))
    yield from _texts(data.get("outputs"), ("outputs",))
    training = data.get("training")
    if isinstance(training, Mapping):
        yield from _of_training(training, ("training",))
        for at, phase in _entries(training.get("phases")):
            yield from _of_training(phase, ("training", "phases", at))


def _of_training(training: Mapping[str, Any], here: Pointer) -> Iterator[Pointer]:
    yield from _texts(training.get("freeze"), (*here, "freeze"))
    for at, term in _entries(training.get("losses")):
        yield from _texts(term.get("inputs"), (*here, "losses", at, "inputs"))


def _entries(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for at, one in enumerate(value if isinstance(value, list) else ()):
        if isinstance(one, Mapping):
            yield at, one


def _texts(value: Any, pointer: Pointer) -> Iterator[Pointer]:
    if isinstance(value, str):
        yield pointer
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, (*pointer, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _texts(one, (*pointer, at))
