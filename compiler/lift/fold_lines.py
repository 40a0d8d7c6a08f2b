"""The nouns Line, Body and Block: a spec's layers with their wiring as objects, so that they can be moved about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

from ...spec.to_toml import Expression
from ..catalogue import entry_record
from ..catalogue.objects import arguments_of, normal
from ..catalogue.record import REQUIRED

WAYS: Final = ("type", "block", "reuse")
NOT_FLAT: Final = frozenset({"repeat", "each", "when"})
_PARTS: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)(.*)")
_WORDS: Final = re.compile(r"[A-Za-z0-9_*?\[\]-]+")
_ENTRY: Final = frozenset({"name", "inputs", *WAYS})
_NAMING: Final = ("data", "training", "assertions")
"""Sections in which layers may be named."""


class NotFlat(Exception):
    """The spec has blocks, parameters or references that are not understood here: it stays as it is."""


@dataclass(slots=True, eq=False)
class Line:
    """One entry. ``way`` and ``kind``: ``("type", "Conv2D")``; ``arguments`` are all its further keys.

    ``inputs`` are references in the form in which they were written: one, a list, or a table of these. ``names`` are
    what the layers were called that it stands for. A ``fixed`` line is referred to by name from elsewhere, or shares
    its weights: it stays as it is. ``when`` and ``repeat`` are as in the language.
    """

    way: str
    kind: str
    arguments: dict[str, Any]
    inputs: Wiring
    name: str | None = None
    names: tuple[str, ...] = ()
    fixed: bool = False
    when: Expression | None = None
    repeat: Any = None

    def sources(self) -> Iterator[Ref]:
        """All references, in order."""
        if isinstance(self.inputs, Ref):
            yield self.inputs
            return
        for one in self.inputs.values() if isinstance(self.inputs, dict) else self.inputs:
            if isinstance(one, Ref):
                yield one
            else:
                yield from one

    @property
    def form(self) -> Any:
        """How the inputs are written, without what they are."""
        if isinstance(self.inputs, Ref):
            return 0
        if isinstance(self.inputs, list):
            return len(self.inputs)
        return tuple((key, -1 if isinstance(one, Ref) else len(one)) for key, one in self.inputs.items())


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference: to what a line or an input (by its name) gives; ``rest`` is what follows, ``[1]`` or ``.inner``."""

    source: Line | str
    rest: str = ""


Wiring = Ref | list[Ref] | dict[str, Ref | list[Ref]]


@dataclass(slots=True, eq=False)
class Body:
    """A list of layers: that of the spec, or of a block. ``outputs`` is None where the last line is meant."""

    inputs: tuple[str, ...]
    lines: list[Line] = field(default_factory=list)
    outputs: Wiring | None = None

    def results(self) -> Iterator[Ref]:
        """The references that leave the body."""
        if self.outputs is not None:
            yield from Line("", "", {}, self.outputs).sources()
        elif self.lines:
            yield Ref(self.lines[-1])

    def rewire(self, moved: Mapping[Line, Line]) -> None:
        """Let all references lead to the new lines."""
        if moved:
            for line in self.lines:
                line.inputs = rewired(line.inputs, moved)
            if self.outputs is not None:
                self.outputs = rewired(self.outputs, moved)

    def uses(self) -> dict[Line, list[Line | None]]:
        """Who takes what a line gives; None is the world outside."""
        found: dict[Line, list[Line | None]] = {line: [] for line in self.lines}
        for line in self.lines:
            for ref in line.sources():
                if isinstance(ref.source, Line):
                    found[ref.source].append(line)
        for ref in self.results():
            if isinstance(ref.source, Line):
                found[ref.source].append(None)
        return found

    def picked(self) -> set[Line]:
        """Lines of which something else is taken than the first thing that they give."""
        every = [*(ref for line in self.lines for ref in line.sources()), *self.results()]
        return {ref.source for ref in every if ref.rest and isinstance(ref.source, Line)}


@dataclass(slots=True, eq=False)
class Block:
    """A block; a parameter without default is REQUIRED. ``given`` blocks were there before: they keep their outside."""

    name: str
    body: Body
    parameters: dict[str, Any] = field(default_factory=dict)
    description: str | None = None
    given: bool = False


@dataclass(slots=True, eq=False)
class Layers:
    """All of a spec that is made of layers."""

    main: Body
    blocks: dict[str, Block] = field(default_factory=dict)

    def bodies(self) -> Iterator[Body]:
        """The spec's own list, then those of the blocks."""
        yield self.main
        for block in self.blocks.values():
            yield block.body

    def instances(self, name: str) -> Iterator[tuple[Body, Line]]:
        """Every line that is an instance of a block."""
        for body in self.bodies():
            for line in body.lines:
                if line.way == "block" and line.kind == name:
                    yield body, line


def rewired(inputs: Wiring, moved: Mapping[Line, Line]) -> Wiring:
    """The wiring with lines replaced."""
    if isinstance(inputs, Ref):
        new = moved.get(inputs.source) if isinstance(inputs.source, Line) else None
        return inputs if new is None else Ref(new, inputs.rest)
    if isinstance(inputs, list):
        return [_ref(one, moved) for one in inputs]
    return {key: _ref(one, moved) if isinstance(one, Ref) else [_ref(ref, moved) for ref in one]
            for key, one in inputs.items()}  # fmt: skip


def _ref(ref: Ref, moved: Mapping[Line, Line]) -> Ref:
    new = moved.get(ref.source) if isinstance(ref.source, Line) else None
    return ref if new is None else Ref(new, ref.rest)


def mapped(inputs: Wiring, refs: Iterator[Ref]) -> Wiring:
    """Other references in the same form."""
    if isinstance(inputs, Ref):
        return next(refs)
    if isinstance(inputs, list):
        return [next(refs) for _ in inputs]
    return {key: next(refs) if isinstance(one, Ref) else [next(refs) for _ in one] for key, one in inputs.items()}


# From data


def layers_of(data: Mapping[str, Any]) -> Layers:
    """The layers of a spec's data.

    Raises:
        NotFlat: if there are parameters, repetitions and the like already, or references that lead nowhere.
    """
    if not NOT_FLAT_AT_ROOT.isdisjoint(data):
        raise NotFlat
    inputs, blocks = data.get("inputs"), data.get("blocks", {})
    if not isinstance(inputs, Mapping) or not isinstance(blocks, Mapping):
        raise NotFlat
    found = Layers(_body(tuple(inputs), data.get("layers"), data.get("outputs")))
    for name, block in blocks.items():
        if not isinstance(block, Mapping) or block.get("parameters"):
            raise NotFlat
        body = _body(tuple(block.get("inputs", ("x",))), block.get("layers"), block.get("outputs"))
        for ref in body.results():
            if isinstance(ref.source, Line):
                ref.source.fixed = True
        found.blocks[name] = Block(name, body, {}, block.get("description"), True)
    _fix(found, data)
    return found


NOT_FLAT_AT_ROOT: Final = frozenset({"parameters", "extends", "include"})


def _body(inputs: tuple[str, ...], entries: Any, outputs: Any) -> Body:
    if not isinstance(entries, Sequence) or not entries:
        raise NotFlat
    body = Body(inputs)
    names: dict[str, Line | str] = {name: name for name in inputs}
    before: Line | str | None = inputs[0] if len(inputs) == 1 else None
    for entry in entries:
        way = next((way for way in WAYS if way in entry), None) if isinstance(entry, Mapping) else None
        if way is None or not NOT_FLAT.isdisjoint(entry) or not isinstance(entry[way], str) or is_open(entry):
            raise NotFlat
        arguments = {key: value for key, value in entry.items() if key not in _ENTRY}
        if "inputs" in entry:
            wiring = _wiring(entry["inputs"], names)
        elif before is not None:
            wiring = Ref(before)
        else:
            raise NotFlat
        name = entry.get("name")
        line = Line(way, entry[way], arguments, wiring, name, (name,) if name else ())
        if way == "reuse":
            target = _found(line.kind, names).source
            line.fixed = True
            if isinstance(target, Line):
                target.fixed = True
        body.lines.append(line)
        if name is not None:
            names[name] = line
        before = line
    if outputs is not None:
        body.outputs = _wiring(outputs, names)
    return body


def _wiring(written: Any, names: Mapping[str, Line | str]) -> Wiring:
    if isinstance(written, str):
        return _found(written, names)
    if isinstance(written, Mapping):
        return {key: [_found(ref, names) for ref in one] if isinstance(one, list | tuple) else _found(one, names)
                for key, one in written.items()}  # fmt: skip
    if isinstance(written, list | tuple):
        return [_found(one, names) for one in written]
    raise NotFlat


def _found(text: Any, names: Mapping[str, Line | str]) -> Ref:
    parts = _PARTS.fullmatch(text) if isinstance(text, str) and not isinstance(text, Expression) else None
    if parts is None or parts[1] not in names:
        raise NotFlat
    return Ref(names[parts[1]], "" if parts[2] == "[0]" else parts[2])


def is_open(value: Any) -> bool:
    """Whether there are expressions in a value."""
    if isinstance(value, Mapping):
        return any(map(is_open, value.values()))
    if isinstance(value, list | tuple):
        return any(map(is_open, value))
    return isinstance(value, Expression)


def _fix(layers: Layers, data: Mapping[str, Any]) -> None:
    """Mark the lines that are known by their names elsewhere."""
    words = {word for section in _NAMING for word in _mentioned(data.get(section))}
    globs = [word for word in words if not word.isidentifier() and any(mark in word for mark in "*?[")]
    for body in layers.bodies():
        for line in body.lines:
            name = line.name
            if name is not None and (name in words or any(fnmatchcase(name, glob) for glob in globs)):
                line.fixed = True
            for ref in line.sources():
                if isinstance(ref.source, Line) and ref.rest.startswith("."):
                    ref.source.fixed = True
        for ref in body.results():
            if isinstance(ref.source, Line) and ref.source.name is not None:
                ref.source.fixed = True


def _mentioned(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _WORDS.findall(value)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from _mentioned(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _mentioned(one)


# What the catalogue knows of the arguments

UNKNOWN_DEFAULT: Final = object()
"""Stands for the default of an argument that has none, or of which nothing is known."""


def default(line: Line, blocks: Mapping[str, Block], name: str) -> Any:
    """What an argument is where it is not written; UNKNOWN_DEFAULT where that can't be said."""
    if name == "repeat":
        return 1
    if line.way == "block":
        found = blocks[line.kind].parameters.get(name, REQUIRED) if line.kind in blocks else REQUIRED
        return UNKNOWN_DEFAULT if found is REQUIRED else found
    return _keras_default(line.kind, name) if line.way == "type" else UNKNOWN_DEFAULT


@cache
def _keras_default(kind: str, name: str) -> Any:
    record = entry_record(kind)
    argument = None if record is None or record.family == "ops" else arguments_of(record).get(name)
    if argument is None or argument.default is REQUIRED:
        return UNKNOWN_DEFAULT
    value = argument.default
    if isinstance(value, tuple):
        if value and all(one == value[0] for one in value):
            try:
                if normal(argument.kind, value[0]) == normal(argument.kind, value):
                    return value[0]
            except (TypeError, ValueError):  # there must be a list
                pass
        return list(value)
    return value


def beginning(names: Sequence[str]) -> str:
    """The letters with which all names begin, without numbers and lines at their end."""
    first, last = min(names), max(names)
    size = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:size].rstrip("_0123456789")


def frozen(value: Any) -> Any:
    """The value as something that can be compared and be a key: 1, 1.0 and true are three things."""
    kind = type(value)
    if kind is int or kind is str or kind is bool:
        return (kind.__name__, value)
    if isinstance(value, Mapping):
        return ("table", *sorted((key, frozen(one)) for key, one in value.items()))
    if isinstance(value, list | tuple):
        return ("list", *map(frozen, value))
    return (kind.__name__, repr(value) if isinstance(value, float) else value)
