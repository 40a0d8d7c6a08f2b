"""The noun Block: layers with parameters, as a spec defines them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .document import HOLE, Document, Pointer
from .naming import NAME
from .notes import Notes
from .origins import Frame
from .parameters import ENTRY_KEYS, Parameter, declarations
from .words import closest, listed, quoted, shown, there_are

OWN: Final = frozenset({"name", "inputs", "repeat", "each", "when"})
"""Keys of an entry that are not handed on."""
KEYS: Final = ("parameters", "inputs", "layers", "outputs", "description")


@dataclass(frozen=True, slots=True)
class Block:
    """One definition. ``outputs`` is None where the last layer is meant; ``sound`` is False where it can't be used."""

    name: str
    pointer: Pointer
    parameters: Mapping[str, Parameter]
    inputs: tuple[str, ...]
    layers: list[Any]
    outputs: Any
    sound: bool = True


def blocks_of(document: Document, notes: Notes) -> dict[str, Block]:
    """All blocks that a document defines; what is wrong with a definition is noted once, here."""
    table = document.data.get("blocks")
    if table is None or table is HOLE:
        return {}
    if not isinstance(table, dict):
        notes.add("E623", f"`blocks` must be a table of blocks, found {shown(table)}", ("blocks",),
                  help="write `[blocks.NAME]` above each block")  # fmt: skip
        return {}
    found = {name: _block(name, one, ("blocks", name), document, notes) for name, one in table.items()}
    _circles(found, notes)
    return found


def _block(name: str, table: Any, at: Pointer, document: Document, notes: Notes) -> Block:
    nothing = Block(name, at, {}, ("x",), [], None, False)
    if table is HOLE:
        return nothing
    sound = True
    if not NAME.fullmatch(name):
        notes.add("E113", f"{quoted(name)} can't be a name: it must be a name of letters, digits, `_` and `-` that "
                  "begins with a letter or `_`", at, "key")  # fmt: skip
        sound = False
    if not isinstance(table, dict):
        notes.add("E623", f"the block `{name}` must be a table with `layers`, found {shown(table)}", at,
                  help=f"write `[blocks.{name}]` and below it `layers = [ … ]`")  # fmt: skip
        return nothing
    for key in table:
        if key not in KEYS:
            near = closest(key, (one for one in KEYS if one not in table))
            notes.add("E623", f"a block has no key `{key}`", (*at, key), "key",
                      help=f"did you mean `{near}`?" if near else f"it takes {listed(KEYS)}")  # fmt: skip
            sound = sound and near not in ("layers", "inputs", "outputs", "parameters")
    parameters = declarations(table.get("parameters"), (*at, "parameters"), notes, f"the block `{name}`")
    inputs = _inputs(table.get("inputs", ["x"]), (*at, "inputs"), name, notes)
    layers = table.get("layers")
    if layers is None and (at in document.damaged or not sound):
        sound = False
    elif layers is not HOLE and not (isinstance(layers, list) and layers):
        others = document.data["blocks"].items()
        near = closest(
            name, (one for one, other in others if one != name and isinstance(other, dict) and "layers" in other)
        )
        found = "they are missing" if layers is None else f"found {shown(layers)}"
        here, part = (at, "entry") if layers is None else ((*at, "layers"), "value")
        notes.add("E623", f"the block `{name}` needs a list of layers: {found}", here, part,  # type: ignore[arg-type]
                  help=f"did you mean the block `{near}`?" if near and layers is None
                  else "write `layers = [ { type = … }, … ]`")  # fmt: skip
        sound = False
    outputs = table.get("outputs")
    if outputs is not None and not isinstance(outputs, str | list | dict):
        sound = False
        if outputs is not HOLE:
            notes.add("E623", f"`outputs` of the block `{name}` must be a name, a list of names or a table "
                      f"OUTPUT-NAME = name, found {shown(outputs)}", (*at, "outputs"))  # fmt: skip
    elif outputs is not None and not outputs:
        sound = False
        notes.add("E623", f"`outputs` of the block `{name}` is empty, and a block gives at least one tensor",
                  (*at, "outputs"), help="name one of its layers, or leave `outputs` out for the last one")  # fmt: skip
    for one in outputs if isinstance(outputs, dict) else ():
        if not NAME.fullmatch(one):
            sound = False
            notes.add("E113", f"{quoted(one)} can't be the name of an output: it must be a name of letters, digits, "
                      "`_` and `-` that begins with a letter or `_`", (*at, "outputs", one), "key")  # fmt: skip
    sound = sound and inputs is not None and isinstance(layers, list)
    return Block(name, at, parameters, inputs or ("x",), layers if isinstance(layers, list) else [], outputs, sound)


def _inputs(written: Any, at: Pointer, block: str, notes: Notes) -> tuple[str, ...] | None:
    names = [written] if isinstance(written, str) else written
    if names is HOLE:
        return None
    if not isinstance(names, list) or not all(one is HOLE or isinstance(one, str) for one in names):
        notes.add("E623", f"`inputs` of the block `{block}` must be a list of names, found {shown(written)}", at,
                  help='write `inputs = ["x", "y"]`; left out, there is one, called `x`')  # fmt: skip
        return None
    good = True
    for index, one in enumerate(names):
        place = (*at, index) if isinstance(written, list) else at
        if one is HOLE:
            good = False
        elif not NAME.fullmatch(one):
            notes.add("E113", f"{quoted(one)} can't be a name: it must be a name of letters, digits, `_` and `-` that "
                      "begins with a letter or `_`", place)  # fmt: skip
            good = False
        elif one in names[:index]:
            notes.add("E204", f"the block `{block}` has two inputs called `{one}`", place, help="choose another name")
            good = False
    return tuple(names) if good else None


def mentioned(value: Any) -> Iterator[str]:
    """The blocks that a list of layers names, as far as no expression names them."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("block"), str):
            yield entry["block"]


def _circles(blocks: dict[str, Block], notes: Notes) -> None:
    """Say which blocks use themselves, by way of others or at once; they can't be used then."""
    done: set[str] = set()
    for start in blocks:
        way: list[str] = []
        walks: list[Iterator[str]] = [iter((start,))]
        while walks:
            name = next(walks[-1], None)
            if name is None:
                walks.pop()
                if way:
                    done.add(way.pop())
                continue
            if name in way:
                ring = [*way[way.index(name) :], name]
                _ring(ring, blocks, notes)
            elif name in blocks and name not in done:
                way.append(name)
                walks.append(mentioned(blocks[name].layers))


def _ring(ring: list[str], blocks: dict[str, Block], notes: Notes) -> None:
    one = blocks[ring[-2]]
    place = next(index for index, entry in enumerate(one.layers)
                 if isinstance(entry, dict) and entry.get("block") == ring[-1])  # fmt: skip
    words = (
        f"the block `{ring[0]}` uses itself"
        if len(ring) == 2
        else f"blocks use each other in a circle: {' → '.join(ring)}"
    )
    notes.add("E611", words, (*one.pointer, "layers", place, "block"),
              help="take one of the uses away; what is to happen several times is `repeat`")  # fmt: skip
    for name in ring:
        old = blocks[name]
        blocks[name] = Block(name, old.pointer, old.parameters, old.inputs, old.layers, old.outputs, False)


def unknown_keys(entry: Mapping[str, Any], block: Block) -> Iterator[str]:
    """Keys beside `block` that are neither the language's nor parameters of the block."""
    return (key for key in entry if key not in ENTRY_KEYS and key not in block.parameters)


def say_no_block(notes: Notes, blocks: Mapping[str, Block], name: Any, at: Pointer, frame: Frame | None) -> None:
    """Note that there is no such block, or that this is no name of one."""
    if not isinstance(name, str):
        notes.add("E617", f"`block` must be the name of a block, found {shown(name)}", at, frame=frame)
        return
    near = closest(name, blocks)
    way = f'did you mean "{near}"?' if near else there_are(blocks)
    notes.add("E610", f"there is no block called {quoted(name)}", at, frame=frame,
                   help=way or f"write `[blocks.{name}]`, or `include` the file that has it")  # fmt: skip


def say_no_parameter(
    notes: Notes, entry: Mapping[str, Any], key: str, block: Block, pointer: Pointer, frame: Frame | None
) -> None:
    """Note a key beside `block` that is no parameter."""
    near = closest(key, [*(one for one in (*block.parameters, *OWN) if one not in entry)])
    way = f"it takes {listed(block.parameters)}" if block.parameters else "it takes none"
    if near:
        way = f"did you mean `{near}`?"
    elif key == "parameters" and isinstance(entry[key], dict):
        values = ", ".join(f"{name} = …" for name in entry[key])
        way = f'parameters stand beside `block`: `{{ block = "{block.name}", {values} }}`'
    elif any(isinstance(one, dict) and one.get("name") == key for one in block.layers):
        way = f"`{key}` is a layer inside: give `[blocks.{block.name}]` a parameter for what is to change in it"
    elif twin := closest(key, (one for one in block.parameters if one in entry)):
        way = f"did you mean `{twin}`, which is written already?"
    notes.add("E612", f"the block `{block.name}` has no parameter `{key}`", (*pointer, key), "key",
              frame=frame, help=way)  # fmt: skip
