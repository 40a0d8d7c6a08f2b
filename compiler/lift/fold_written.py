"""From Layers to data: names for what needs one, and references as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...spec.naming import NAME, FreeNames, snake_case
from ..catalogue.record import REQUIRED
from .fold_blocks import hint, prefix
from .fold_lines import Block, Body, Layers, Line, Ref, Wiring, beginning


def data_of(layers: Layers, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a spec with these layers; everything else as in ``data``."""
    found = {key: value for key, value in data.items() if key not in ("layers", "outputs", "blocks")}
    names = _names(layers.main, True)
    found["layers"] = _entries(layers.main, names)
    if "outputs" in data:
        assert layers.main.outputs is not None
        found["outputs"] = _text(layers.main.outputs, names)
    if layers.blocks:
        found["blocks"] = {block.name: _block(block) for block in layers.blocks.values()}
    return found


def _block(block: Block) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if block.description is not None:
        found["description"] = block.description
    if block.parameters:
        found["parameters"] = {name: {} if value is REQUIRED else value for name, value in block.parameters.items()}
    if block.body.inputs != ("x",):
        found["inputs"] = list(block.body.inputs)
    names = _names(block.body, block.given)
    found["layers"] = _entries(block.body, names)
    if block.body.outputs is not None:
        found["outputs"] = _text(block.body.outputs, names)
    return found


def _names(body: Body, kept: bool) -> dict[Line, str]:
    """The names of the lines that have one: those that had, and those that are referred to."""
    found: dict[Line, str] = {line: line.name for line in body.lines if line.name is not None}
    free = FreeNames({*body.inputs, *found.values()})
    needed = {ref.source for place, line in enumerate(body.lines) if not _plain(body, place) for ref in line.sources()}
    if body.outputs is not None:
        needed |= {ref.source for ref in body.results()}
    wishes = {line: _wish(line, kept) for line in body.lines if line not in found and line.way != "reuse"}
    often = Counter(wishes.values())
    for line, wish in wishes.items():
        if line in needed:
            found[line] = free.name(wish or snake_case(line.kind) or "entry")
        elif wish is not None and kept and often[wish] == 1:
            found[line] = free.name(wish)
    return found


def _wish(line: Line, kept: bool) -> str | None:
    """What a line might be called after the layers that it stands for."""
    if not line.names:
        return None
    if not kept:
        name = hint(line.names)
    elif line.way == "block":
        name = "_".join(prefix([line]))
    else:
        name = beginning(line.names) if len(line.names) > 1 else line.names[0]
    return name if NAME.fullmatch(name) else None


def _plain(body: Body, place: int) -> bool:
    """Whether a line takes what the one before gives, so that nothing need be said."""
    line = body.lines[place]
    if not isinstance(line.inputs, Ref) or line.inputs.rest:
        return False
    if place == 0:
        return len(body.inputs) == 1 and line.inputs.source == body.inputs[0]
    return line.inputs.source is body.lines[place - 1]


def _entries(body: Body, names: Mapping[Line, str]) -> list[dict[str, Any]]:
    entries = []
    for place, line in enumerate(body.lines):
        entry: dict[str, Any] = {"name": names[line]} if line in names else {}
        entry[line.way] = line.kind
        if line.repeat is not None:
            entry["repeat"] = line.repeat
        if not _plain(body, place):
            entry["inputs"] = _text(line.inputs, names)
        entry.update(line.arguments)
        if line.when is not None:
            entry["when"] = line.when
        entries.append(entry)
    return entries


def _text(wiring: Wiring, names: Mapping[Line, str]) -> Any:
    if isinstance(wiring, Ref):
        return (names[wiring.source] if isinstance(wiring.source, Line) else wiring.source) + wiring.rest
    if isinstance(wiring, list):
        return [_text(one, names) for one in wiring]
    return {key: _text(one, names) for key, one in wiring.items()}
