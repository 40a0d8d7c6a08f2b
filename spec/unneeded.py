"""From a Document to warnings about parameters and blocks that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .blocks import Block, mentioned
from .document import HOLE, Document
from .notes import Notes
from .parameters import Parameter, used_names

_APART: Final = frozenset({"parameters", "blocks"})
_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")


def say_unneeded(
    document: Document, parameters: Mapping[str, Parameter], blocks: Mapping[str, Block], used: set[str], notes: Notes,
    library: bool,
) -> None:  # fmt: skip
    """Note the parameters whose values go nowhere, and the blocks of which there is no instance."""
    names = {name for key, value in document.data.items() if key not in _APART for name in used_names(value)}
    misspelt = [one.finding.help or "" for one in notes.found if one.finding.code == "E602"]
    for block in blocks.values():
        for name in _idle_inputs(block):
            index = block.inputs.index(name)
            notes.add("W604", f"no layer of the block `{block.name}` uses its input `{name}`",
                      (*block.pointer, "inputs", index),
                      help=f'use it, `inputs = "{name}"`, or take it away')  # fmt: skip
        definition = document.data["blocks"][block.name]
        if not isinstance(definition, dict):
            continue
        inside = {name for value in definition.values() for name in used_names(value)}
        names |= inside - block.parameters.keys()
        for one in block.parameters.values():
            if one.name not in inside and one.default is not HOLE and not any(f"`{one.name}`" in it for it in misspelt):
                words = f"nothing in the block `{block.name}` uses its parameter `{one.name}`"
                notes.add("W601", words, one.pointer, "key", help=_use(one.name))
    for one in parameters.values():
        names.update(name for name in _names(document, one) if name != one.name)
    for one in parameters.values():
        if any(f"`{one.name}`" in words for words in misspelt):
            continue  # that is the name which was meant
        if one.name not in names and one.default is not HOLE:
            notes.add("W601", f"nothing uses the parameter `{one.name}`", one.pointer, "key", help=_use(one.name))
    if library:
        return
    reached = set(used) | set(mentioned(document.data.get("layers")))
    waiting = list(reached)
    while waiting:
        found = blocks.get(written := waiting.pop())
        for name in mentioned(found.layers) if found is not None else _chosen(written, document, blocks):
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    here = document.source
    for block in blocks.values():
        if block.name not in reached and document.place(block.pointer, "key").source is here:
            notes.add("W602", f"no layer uses the block `{block.name}`", block.pointer, "key",
                      help=f'use it, `{{ block = "{block.name}" }}`, or take it away')  # fmt: skip


def _chosen(written: str, document: Document, blocks: Mapping[str, Block]) -> set[str]:
    """The blocks that an expression in place of a block's name could mean: those named in any text of the document."""
    return set(_words(document.data)) & blocks.keys() if "${" in written else set()


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _WORD.findall(value)
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _words(one)


def _names(document: Document, one: Parameter) -> set[str]:
    table: Any = document.data.get("parameters")
    return set(used_names(table[one.name])) if isinstance(table, dict) else set()


def _use(name: str) -> str:
    return f"use it, `${{{name}}}`, or take it away"


def _idle_inputs(block: Block) -> list[str]:
    """The inputs that no entry of a block takes, where that can be told from its text."""
    if not block.sound or len(block.inputs) < 2:
        return []  # of one alone the first entry makes use
    written = [one.get("inputs") for one in block.layers if isinstance(one, dict)]
    if written and written[0] is None:
        return []  # the first entry does not say what it takes, which is told
    taken = set(_references([*written, block.outputs]))
    return [] if None in taken else [one for one in block.inputs if one not in taken]


def _references(value: Any) -> Iterator[str | None]:
    """The first names of the references in a value; None for one that only an expression knows."""
    if isinstance(value, str):
        yield None if "${" in value else value.strip().partition("[")[0].partition(".")[0]
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _references(one)
    elif value is HOLE:
        yield None
