"""From Document to Document: the layers that a phase of training changes, laid over those that were there before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from .document import HOLE, Document, Part, Place, Pointer
from .finding import Diagnostic, Finding
from .laying import WAYS, Upper, inside_block, lay_value
from .spec import Training
from .traces import copied, trace_of
from .words import closest, listed, quoted

KEY: Final = "overrides"


@dataclass(frozen=True, slots=True)
class _Stated:
    """The overrides of a phase as a list, as `extends` has them; ``keys`` lead to each where it is written."""

    at: Pointer
    entries: tuple[dict[str, Any], ...]
    keys: tuple[str | int, ...]

    def written(self, pointer: Pointer) -> Pointer:
        """A pointer into the list as one into what was written."""
        depth = len(self.at)
        if pointer[:depth] != self.at or len(pointer) == depth:
            return pointer
        key, rest = self.keys[int(pointer[depth])], pointer[depth + 1 :]
        return (*self.at, key, *(() if isinstance(key, str) and rest == ("name",) else rest))


@dataclass(frozen=True, slots=True)
class PhaseLayers:
    """The document as from a phase on, with nothing written out; what is wrong with what the phase says."""

    document: Document
    stated: _Stated
    found: tuple[Diagnostic, ...]

    @property
    def at(self) -> Pointer:
        """Where the phase says it."""
        return self.stated.at

    def origin(self, pointer: Pointer) -> Pointer:
        """Where a value of this document stands in the one that was read: in the phase, if it comes from there."""
        assert self.document.trace is not None
        trace, rest = self.document.trace.follow(pointer)
        return self.stated.written((*trace.pointer, *rest))


def phase_layers(document: Document, number: int) -> PhaseLayers:
    """The document with the overrides of a phase, counted from 0, laid over its layers as `extends` does."""
    at: Pointer = ("training", "phases", number, KEY)
    data, trace = copied(document.data), trace_of(document)
    found: list[Diagnostic] = []

    def place(pointer: Pointer, part: Part) -> Place:
        keyed = len(pointer) == len(at) + 1 and isinstance(pointer[-1], str)
        return document.place(pointer, "key" if keyed else part)

    def say(message: str, pointer: Pointer, way: str | None) -> None:
        words = message.replace(" of the file below", "")
        found.append(Diagnostic(Finding("E428", words, pointer, help=way), place(pointer, "value")))

    entries = []
    for key, entry in _entries(document, at):
        trouble = _trouble(data, entry)
        if trouble is None:
            entries.append((key, entry))
        elif trouble[0]:
            where = (*at, key, "name") if isinstance(key, int) and "name" in entry else (*at, key)
            say(trouble[0], where, trouble[1])
    stated = _Stated(at, tuple(entry for _, entry in entries), tuple(key for key, _ in entries))
    if isinstance(data.get("layers"), list):
        upper = Upper(
            lambda pointer, part: place(stated.written(pointer), part),
            lambda message, pointer, way: say(message, stated.written(pointer), way),
            data,
        )
        lay_value(data, "layers", trace, list(stated.entries), upper, at, ("layers",))
    return PhaseLayers(replace(document, data=data, locate=trace.place, trace=trace), stated, tuple(found))


def _entries(document: Document, at: Pointer) -> list[tuple[str | int, dict[str, Any]]]:
    """What a phase says of layers, as `extends` would say it."""
    written: Any = document.data
    for key in at:
        written = written[key]
    if isinstance(written, Mapping):
        tables = [(name, one) for name, one in written.items() if isinstance(one, dict)]
        return [(name, {"name": name, **{key: one[key] for key in one if key != "name"}}) for name, one in tables]
    several = written if isinstance(written, list) else []
    return [(place, one) for place, one in enumerate(several) if isinstance(one, dict)]


def _trouble(data: Mapping[str, Any], entry: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Why it is not clear which layer an entry is about, and the way out; None where it is. Empty where it was said."""
    name = entry.get("name")
    if name is HOLE:
        return "", None
    if not isinstance(name, str):
        return "this does not say which layer it changes", 'write its name: `name = "…"`'
    layers, inputs = data.get("layers"), data.get("inputs")
    rows = [one for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []
    names = [one["name"] for one in rows if isinstance(one.get("name"), str)]
    if name in names:
        return None
    if isinstance(inputs, Mapping) and name in inputs:
        return f"{quoted(name)} is an input, and a phase changes layers alone", "name a layer"
    if any(way in entry for way in WAYS) and entry.get("remove") is not True:
        return None
    near, block, inner = closest(name, names), inside_block(data, name), name.rpartition(".")[2]
    if block is not None:
        way = f"`{inner}` is a layer of the block `{block}`: give the block a parameter for what changes, and set that "
        way += "in the entry that uses the block"
    elif near:
        way = f'did you mean "{near}"?'
    else:
        there = f", one of {listed(names, 12)}" if names else ""
        way = f"name a layer that has a name of its own{there}; a new layer says what it is: `type = …`"
    return f"there is no layer called {quoted(name)} that this phase could change", way


def without_overrides(training: Any) -> tuple[Any, dict[int, Any]]:
    """A training section without what its phases say of layers, and that by the number of the phase.

    Expressions in it are worked out where it is laid over the layers: there they have their `index` and `item`.
    """
    phases = training.get("phases") if isinstance(training, dict) else None
    if not isinstance(phases, list):
        return training, {}
    kept = {number: one[KEY] for number, one in enumerate(phases) if isinstance(one, dict) and KEY in one}
    if not kept:
        return training, {}
    bare = [{key: one[key] for key in one if key != KEY} if isinstance(one, dict) else one for one in phases]
    return {**training, "phases": bare}, kept


def with_overrides(training: Any, kept: Mapping[int, Any]) -> Any:
    """The section with what ``without_overrides`` has taken out of it."""
    if not kept:
        return training
    phases = [{**one, KEY: kept[number]} if number in kept else one for number, one in enumerate(training["phases"])]
    return {**training, "phases": phases}


def changed_in(training: Training) -> tuple[str, ...]:
    """The names of the layers that a phase speaks of."""
    stated = training.overrides
    if isinstance(stated, Mapping):
        return tuple(stated)
    return tuple(str(one["name"]) for one in stated if isinstance(one, Mapping) and "name" in one)


def worked_out(document: Document) -> dict[str, Any]:
    """The data of an expanded document, with the values in what its phases say of single layers worked out.

    What a phase says of an entry that stands for several, or for none, stays as it was written.
    """
    from .expand import expand

    training, written = document.data.get("training"), document.expansion.written if document.expansion else document
    _, kept = without_overrides(training)
    for number in sorted(kept):
        written = phase_layers(written, number).document
        flat, _ = expand(written)
        names = flat.expansion.names if flat.expansion is not None else ()
        rows = flat.data.get("layers")
        entries = {name: one for (name, _), one in zip(names, rows if isinstance(rows, list) else (), strict=False)}

        def settled(name: Any, entry: Any, known: Mapping[str, Any] = entries) -> Any:
            there = known.get(name)
            if not isinstance(there, dict) or not isinstance(entry, dict):
                return entry
            return {key: there.get(key, value) for key, value in entry.items()}

        stated = kept[number]
        kept[number] = (
            {name: settled(name, one) for name, one in stated.items()}
            if isinstance(stated, Mapping)
            else [settled(one.get("name") if isinstance(one, dict) else None, one) for one in stated]
        )
    return {**document.data, "training": with_overrides(training, kept)} if kept else document.data
