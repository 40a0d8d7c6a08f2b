"""From what one side renamed to the texts of the others with that name: references follow, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..document import Document, Pointer
from .entries import content, name_of, paired
from .keys import key_spans
from .pieces import Way

_REFERRING: Final = ("inputs", "reuse")
_PLACING: Final = ("before", "after")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")
_INPUTS: Final = ("inputs",)
_BY_OUTPUT: Final = (("data", "targets"), ("training", "outputs"), ("training", "phases", "outputs"))
"""Tables whose keys are the names of outputs."""


def renames(base: Document, side: Document) -> dict[str, str]:
    """Names of inputs and layers in ``base`` → what ``side`` calls them. Names that only changed places are none."""
    found = _of_inputs(base.data.get("inputs"), side.data.get("inputs")) | _of_layers(base, side)
    return {name: new for name, new in found.items() if _WORD.fullmatch(new)}


def _of_inputs(old: Any, new: Any) -> dict[str, str]:
    """An input that is gone and one that has come are the same where they say the same, and no other does."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return {}
    gone = {content(one): name for name, one in old.items() if name not in new}
    come = {content(one): name for name, one in new.items() if name not in old}
    alone = len(gone) == len(old.keys() - new.keys()) and len(come) == len(new.keys() - old.keys())
    return {name: come[said] for said, name in gone.items() if said in come} if alone else {}


def _of_layers(base: Document, side: Document) -> dict[str, str]:
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


def renamed(document: Document, names: Mapping[str, str], by: Mapping[str, Any]) -> str:
    """The text of a document in which inputs and layers, and all that refers to them, have other names.

    A key that means an input or an output follows as well, save where the side that renamed it left the key as it
    was: ``by`` are the data of that side for each name.
    """
    text = document.source.text
    edits = []
    # Outputs in a table are called by its keys, whatever the layers are called.
    by_output = () if isinstance(document.data.get("outputs"), Mapping) else _BY_OUTPUT
    for way, start, end in key_spans(text, "json" if text.lstrip()[:1] == "{" else "toml"):
        if way[-1] in names and (way[:-1] == _INPUTS or (
            way[:-1] in (*by_output, ("data", *_INPUTS)) and not _at(by[way[-1]], way)
        )):  # fmt: skip
            word = re.search(rf"{re.escape(way[-1])}(?=[\"']?\Z)", text[start:end])
            if word is not None:
                edits.append((start + word.start(), start + word.end(), names[way[-1]]))
    for pointer in _mentions(document.data, names):
        place = document.place(pointer)
        written = text[place.start : place.end]
        found = re.fullmatch(r"([\"'])([A-Za-z_][\w-]*)((?:[.\[].*)?[\"'])", written)
        if found is not None and found[2] in names:
            edits.append((place.start + found.start(2), place.start + found.end(2), names[found[2]]))
    for start, end, name in sorted(edits, reverse=True):
        text = text[:start] + name + text[end:]
    return text


def _at(data: Any, way: Way) -> bool:
    """Whether there is something at the end of keys, in any entry of lists on the way."""
    if isinstance(data, list):
        return any(_at(one, way) for one in data)
    return not way or (isinstance(data, Mapping) and way[0] in data and _at(data[way[0]], way[1:]))


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
