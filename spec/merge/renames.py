"""From what one side renamed to the texts of the others with that name: references follow, whoever wrote them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..document import Document, Pointer
from .entries import content, kind, name_of, paired
from .keys import key_spans
from .pieces import Way

Name = tuple[Way, str]
"""A name, and the keys that lead to where it is known: inputs and layers of the network, or of a block; blocks;
parameters."""

LAYERS: Final[Way] = ("layers",)
BLOCKS: Final[Way] = ("blocks",)
PARAMETERS: Final[Way] = ("parameters",)
KINDS: Final = (BLOCKS, PARAMETERS, LAYERS)
"""In the order in which they are followed: a layer is known again by what it says, which has names of these in it."""
_REFERRING: Final = ("inputs", "reuse")
_PLACING: Final = ("before", "after")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")
_EXPRESSION: Final = re.compile(r"(?<!\$)\$\{(.*?)\}", re.DOTALL)
_INPUTS: Final = ("inputs",)
_BY_OUTPUT: Final = (("data", "targets"), ("training", "outputs"), ("training", "phases", "outputs"))
"""Tables whose keys are the names of outputs."""
_BY_LAYER: Final = (
    ("training", "learning_rate_factors"),
    ("training", "phases", "learning_rate_factors"),
    ("training", "phases", "overrides"),
)
"""Tables whose keys are the names of layers."""

Spans = Iterator[tuple[int, int, str]]
"""Stretches of a text, and what stands there in the end."""


def renames(base: Document, side: Document, kinds: Way) -> dict[Name, str]:
    """Names in ``base`` → what ``side`` calls the same things, of one of the ``KINDS``. Names that only changed places
    are none."""
    old, new = base.data, side.data
    if kinds == BLOCKS:
        found = {(BLOCKS, name): to for name, to in _of_blocks(old.get("blocks"), new.get("blocks")).items()}
    elif kinds == PARAMETERS:
        parameters = _of_tables(old.get("parameters"), new.get("parameters"))
        found = {(PARAMETERS, name): to for name, to in parameters.items()}
    else:
        found = {(LAYERS, name): to for name, to in _of_tables(old.get("inputs"), new.get("inputs")).items()}
        for scope, entries in _lists(old):
            found |= {(scope, name): to for name, to in _of_layers(entries, _at(new, scope)).items()}
    return {name: to for name, to in found.items() if _WORD.fullmatch(to)}


def called(document: Document) -> set[Name]:
    """All names of a document."""
    found: set[Name] = set()
    for scope, table in ((LAYERS, "inputs"), (BLOCKS, "blocks"), (PARAMETERS, "parameters")):
        names = document.data.get(table)
        found |= {(scope, name) for name in (names if isinstance(names, Mapping) else ())}
    for scope, entries in _lists(document.data):
        found |= {(scope, name) for entry in entries if (name := name_of(entry)) is not None}
    return found


def _lists(data: Mapping[str, Any]) -> Iterator[tuple[Way, list[Any]]]:
    """The lists of layers, of the network and of each block, and the keys that lead to them."""
    blocks = data.get("blocks")
    for scope in (LAYERS, *(("blocks", name, "layers") for name in (blocks if isinstance(blocks, Mapping) else ()))):
        entries = _at(data, scope)
        if isinstance(entries, list):
            yield scope, entries


def _at(data: Any, way: Way) -> Any:
    for key in way:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _of_tables(old: Any, new: Any) -> dict[str, str]:
    """A key that is gone and one that has come are the same where they say the same, and no other does."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return {}
    gone = {content(one): name for name, one in old.items() if name not in new}
    come = {content(one): name for name, one in new.items() if name not in old}
    alone = len(gone) == len(old.keys() - new.keys()) and len(come) == len(new.keys() - old.keys())
    return {name: come[said] for said, name in gone.items() if said in come} if alone else {}


def _of_blocks(old: Any, new: Any) -> dict[str, str]:
    """As other tables; and the only one that is gone is the only one that has come where most layers in it stayed."""
    found = _of_tables(old, new)
    if found or not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return found
    gone, come = [name for name in old if name not in new], [name for name in new if name not in old]
    if len(gone) == len(come) == 1:
        before, after = (
            Counter(map(kind, entries if isinstance(entries, list) else ()))
            for entries in (_at(old, (gone[0], "layers")), _at(new, (come[0], "layers")))
        )
        if 2 * (before & after).total() > max(before.total(), after.total()):
            return {gone[0]: come[0]}
    return {}


def _of_layers(old: Any, new: Any) -> dict[str, str]:
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


# ---------------------------------------------------------------- following


def renamed(document: Document, names: Mapping[Name, str], by: Mapping[Name, Any]) -> str:
    """The text of a document in which things, and all that refers to them, have other names.

    A key that means an input or an output follows as well, save where the side that renamed it left the key as it
    was: ``by`` are the data of that side for each name.
    """
    text = document.source.text
    edits = set(_keys(document, names, by))
    for pointer, value in _texts(document.data, ()):
        known = [(scope, name, new) for (scope, name), new in names.items() if name in value]
        if known:
            place = document.place(pointer)
            raw = text[place.start : place.end]
            edits |= {
                (place.start + start, place.start + end, new)
                for scope, name, new in known
                for start, end in _mentioned(document.data, pointer, raw, scope, name)
            }
    for start, end, name in sorted(edits, reverse=True):
        text = text[:start] + name + text[end:]
    return text


def _keys(document: Document, names: Mapping[Name, str], by: Mapping[Name, Any]) -> Spans:
    """Keys that are the names of things."""
    text = document.source.text
    # Outputs in a table are called by its keys, whatever the layers are called.
    by_output = () if isinstance(document.data.get("outputs"), Mapping) else _BY_OUTPUT
    for way, start, end in key_spans(text, "json" if text.lstrip()[:1] == "{" else "toml"):
        own = LAYERS if way[:-1] == _INPUTS else way[:-1] if way[:-1] in (BLOCKS, PARAMETERS) else None
        name = (own or LAYERS, way[-1])
        if name not in names:
            continue
        if own is not None or (way[:-1] in (*by_output, *_BY_LAYER, ("data", *_INPUTS)) and not _leads(by[name], way)):
            word = re.search(rf"{re.escape(way[-1])}(?=[\"']?\Z)", text[start:end])
            if word is not None:
                yield start + word.start(), start + word.end(), names[name]


def _leads(data: Any, way: Way) -> bool:
    """Whether there is something at the end of keys, in any entry of lists on the way."""
    if isinstance(data, list):
        return any(_leads(one, way) for one in data)
    return not way or (isinstance(data, Mapping) and way[0] in data and _leads(data[way[0]], way[1:]))


# ---------------------------------------------------------------- where names are mentioned


def _mentioned(data: Mapping[str, Any], at: Pointer, raw: str, scope: Way, name: str) -> Iterator[tuple[int, int]]:
    """Where a text, as it is written, mentions a name."""
    word = re.escape(name)
    if scope == PARAMETERS:
        own = _at(data, (*map(str, at[:2]), "parameters")) if at[0] == "blocks" else None
        if at[-1] in ("name", "description") or (isinstance(own, Mapping) and name in own):
            return
        inside = re.compile(rf"'(?:[^'\\]|\\.)*'|(?<![\w.])({word})(?![\w-])")
        for expression in _EXPRESSION.finditer(raw):
            for found in inside.finditer(raw, expression.start(1), expression.end(1)):
                if found[1] is not None:
                    yield found.span(1)
        return
    pattern = None
    if scope == BLOCKS:
        pattern = rf"[\"']({word})[\"']\Z" if at[-1] == "block" and at[0] in ("layers", "blocks") else None
    elif _refers(data, at, scope):
        pattern = rf"[\"']({word})(?=[\"'.\[])"
    elif scope != LAYERS and _refers(data, at, LAYERS):  # `stage.2.conv`: a layer of a block, seen from outside
        entries = data.get("layers")
        own_block = [one for one in (entries if isinstance(entries, list) else ())
                     if isinstance(one, Mapping) and one.get("block") == scope[1]]  # fmt: skip
        inside_of = [own for own in map(name_of, own_block) if own is not None]
        known = "|".join(map(re.escape, inside_of))
        pattern = rf"[\"'](?:{known})(?:\.\d+)?\.({word})(?=[\"'.\[])" if known else None
    elif scope == LAYERS and at[0] == "training" and at[-1] == "monitor":
        pattern = None if isinstance(data.get("outputs"), Mapping) else rf"[\"'](?:val_)?({word})_"
    elif scope == LAYERS and at[0] == "assertions":
        pattern = rf"(?s:.*?)\b(?:output_shape|receptive_field)\(\s*(?:[^()]*?=\s*)?[\"']({word})[\"']"
    first = re.match(pattern, raw) if pattern is not None else None
    if first is not None:
        yield first.span(1)


def _refers(data: Mapping[str, Any], at: Pointer, scope: Way) -> bool:
    """Whether what stands at a place is the name of a layer, or refers to one."""
    depth = len(scope)
    if at[:depth] == scope:
        key = at[depth + 1] if len(at) > depth + 1 else None
        if key in ("each", "repeat"):  # they list names where `inputs` says `item`
            entry = _at(data, scope)[at[depth]]
            return "item" in str(entry.get("inputs"))
        return key in (*_REFERRING, *_PLACING) or at[depth + 1 :] == ("name",)
    if at[:depth] == (*scope[:-1], "outputs"):
        return True
    if scope != LAYERS or at[0] != "training":
        return False
    inner = at[3:] if at[1:2] == ("phases",) else at[1:]
    return (
        inner[:1] == ("freeze",)
        or (inner[:1] == ("losses",) and inner[2:3] == ("inputs",))
        or inner[:2] == ("weights", "layers")
        or (inner[:1] == ("overrides",) and len(inner) > 2 and inner[2] in ("name", *_REFERRING, *_PLACING))
    )


def _texts(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, (*pointer, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _texts(one, (*pointer, at))
