"""From a Document to its idle entries: layers that stand in no instance, and are held against the schema all the same.

They are those of blocks that nothing uses (all of a library's), and those whose `when` is false or whose `repeat` is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .blocks import OWN, Block, say_no_block, say_no_parameter, unknown_keys
from .document import HOLE, Document, Pointer
from .notes import Notes
from .worked_out import Worker

Idle = tuple[Pointer, dict[str, Any]]
"""Where an entry stands, and what it says: HOLE for what only an instance would know."""


def idle_entries(
    document: Document, blocks: Mapping[str, Block], shared: Mapping[str, Any], shown: set[Pointer], used: set[str],
    notes: Notes,
) -> list[Idle]:  # fmt: skip
    """The entries that no instance shows, as the schema takes them; expressions that mean nothing are noted.

    ``shown`` are the entries of which there are instances, ``used`` the blocks.
    """
    worker = Worker(notes)
    found: list[Idle] = []
    for pointer, entry, names, block in _entries(document, blocks, shared):
        if pointer in shown or pointer in document.damaged:
            continue
        if "block" in entry and "type" not in entry and "reuse" not in entry:
            if block is not None and block not in used:
                _instance(entry, pointer, blocks, notes)
            continue
        here = {**names, "index": HOLE, "item": HOLE} if "repeat" in entry or "each" in entry else names
        data = {
            key: worker.value(value, here, (*pointer, key), None) if key != "name" else value
            for key, value in entry.items()
            if key not in OWN or key == "name"
        }
        found.append((pointer, {key: _plain(value) for key, value in data.items()}))
    return found


def _entries(
    document: Document, blocks: Mapping[str, Block], shared: Mapping[str, Any]
) -> Iterator[tuple[Pointer, dict[str, Any], Mapping[str, Any], str | None]]:
    layers = document.data.get("layers")
    for index, entry in enumerate(layers if isinstance(layers, list) else ()):
        if isinstance(entry, dict):
            yield ("layers", index), entry, shared, None
    for block in blocks.values():
        names = {**shared, **dict.fromkeys(block.parameters, HOLE)}
        for index, entry in enumerate(block.layers):
            if isinstance(entry, dict):
                yield (*block.pointer, "layers", index), entry, names, block.name


def _instance(entry: Mapping[str, Any], pointer: Pointer, blocks: Mapping[str, Block], notes: Notes) -> None:
    """What is wrong with an instance that never comes to be: its block, or the names of its parameters."""
    name = entry["block"]
    if name is HOLE or (isinstance(name, str) and "${" in name):
        return
    if not isinstance(name, str) or name not in blocks:
        say_no_block(notes, blocks, name, (*pointer, "block"), None)
        return
    if blocks[name].sound:
        for key in unknown_keys(entry, blocks[name]):
            say_no_parameter(notes, entry, key, blocks[name], pointer, None)


def _plain(value: Any) -> Any:
    """A value without what is unknown deeper inside: then all of it is."""
    return HOLE if _unknown(value) else value


def _unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return "type" not in value and any(map(_unknown, value.values()))
    return value is HOLE or (isinstance(value, list | tuple) and any(map(_unknown, value)))
