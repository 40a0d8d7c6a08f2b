"""From a Document to warnings about parameters and blocks that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .blocks import Block, mentioned
from .document import HOLE, Document
from .notes import Notes
from .parameters import Parameter, used_names
from .words import closest, quoted

_APART: Final = frozenset({"parameters", "blocks"})
_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")


def say_unneeded(
    document: Document, parameters: Mapping[str, Parameter], blocks: Mapping[str, Block], used: set[str], notes: Notes,
    library: bool,
) -> None:  # fmt: skip
    """Note the parameters whose values go nowhere, and the blocks of which there is no instance."""
    names = {name for key, value in document.data.items() if key not in _APART for name in used_names(value)}
    misspelt = [one.finding.help or "" for one in notes.found if one.finding.code == "E602"]
    unfound = [one.finding.help or "" for one in notes.found if one.finding.code == "E610"]
    lost = bool(unfound)
    for block in blocks.values():
        for name in _idle_inputs(block):
            index = block.inputs.index(name)
            notes.add("W604", f"no layer of the block `{block.name}` uses its input `{name}`",
                      (*block.pointer, "inputs", index),
                      help=f'use it, `inputs = "{name}"`, or take it away')  # fmt: skip
        definition = document.data["blocks"][block.name]
        if not isinstance(definition, dict):
            continue
        lost = lost or not block.sound
        inside = {name for value in definition.values() for name in used_names(value)}
        names |= inside - block.parameters.keys()
        for one in block.parameters.values():
            if one.name in inside or one.default is HOLE or any(f"`{one.name}`" in it for it in misspelt):
                continue
            if block.sound:
                _idle_parameter(one, block, block.parameters, document, notes)
    for one in parameters.values():
        names.update(name for name in _names(document, one) if name != one.name)
    for one in parameters.values():
        if any(f"`{one.name}`" in words for words in misspelt):
            continue  # that is the name which was meant
        if one.name not in names and one.default is not HOLE and not lost:
            _idle_parameter(one, None, parameters, document, notes)
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
        if any(f'"{block.name}"' in words or f"`{block.name}`" in words for words in unfound):
            continue
        if block.name not in reached and block.sound and document.place(block.pointer, "key").source is here:
            notes.add("W602", f"no layer uses the block `{block.name}`", block.pointer, "key",
                      help=f'use it, `{{ block = "{block.name}" }}`, or take it away')  # fmt: skip


def _idle_parameter(
    one: Parameter, block: Block | None, others: Mapping[str, Parameter], document: Document, notes: Notes
) -> None:
    """Note a parameter that nothing uses: where it was to lay a value over another one, the change is lost."""
    if near := _meant_below(one, others, document):
        of = f" of the block `{block.name}`" if block else ""
        words = f"no parameter{of} in the files below is called `{one.name}`, and nothing uses it"
        notes.add("E632", words, one.pointer, "key", help=f"did you mean `{near}`?")
        return
    where = f" in the block `{block.name}` uses its" if block else " uses the"
    as_text = _as_text(document.data if block is None else document.data["blocks"][block.name], one.name)
    way = _use(one.name) if as_text is None else f'{as_text} is text: write `"${{{one.name}}}"` for its value'
    notes.add("W601", f"nothing{where} parameter `{one.name}`", one.pointer, "key", help=way)


def _as_text(value: Any, name: str) -> str | None:
    """What somebody wrote for a parameter that other languages would understand: ``$n``, ``{n}``, or the name alone."""
    if isinstance(value, str):
        return quoted(value) if value in (f"${name}", f"{{{name}}}", f"{{{{{name}}}}}", f"$({name})") else None
    every = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for one in every if (found := _as_text(one, name)) is not None), None)


def _meant_below(one: Parameter, others: Mapping[str, Parameter], document: Document) -> str | None:
    """The parameter that was meant by one that only a file laid over others has."""
    if document.trace is None:
        return None
    here = document.place(one.pointer, "key").source
    if here is document.trace.locate((), "entry").source:
        return None
    below = (name for name, other in others.items() if document.place(other.pointer, "key").source is not here)
    return closest(one.name, below)


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
