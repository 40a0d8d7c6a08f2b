"""From one instance of a block to the tensors that go in and come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .blocks import Block
from .document import HOLE, Pointer
from .notes import Notes
from .origins import Frame
from .scope import UNKNOWN, Scope, Target, Tensors
from .wiring import Wires, wire
from .words import closest, listed, shown
from .worked_out import Worker


def given_inputs(
    notes: Notes, block: Block, wires: Wires, pointer: Pointer, at: Pointer, frame: Frame | None
) -> dict[str, Target] | None:
    """What the inputs of a block are in one instance."""
    place = (
        (*pointer, "inputs")
        if wires.written and wires.groups and wires.groups[0].wires and wires.groups[0].wires[0][1]
        else at
    )
    words = f"the block `{block.name}` takes {listed(block.inputs) if block.inputs else 'no inputs'}"
    if wires.odd is not None:
        notes.add("E620", f"{words}: `inputs` must be a reference, a list or a table of them", place, frame=frame)
        return None
    tables = {group.key: group for group in wires.groups if group.key is not None}
    found: dict[str, Target] = {}
    if tables:
        for key, group in tables.items():
            if key not in block.inputs:
                near = closest(str(key), block.inputs)
                notes.add("E620", f"{words}, not `{key}`", (*place, str(key)), "key", frame=frame,
                               help=f"did you mean `{near}`?" if near else _table(block))  # fmt: skip
                return None
            found[str(key)] = _given([text for text, _ in group.wires], group.listed)
    elif wires.groups:
        texts = [text for text, _ in wires.groups[0].wires]
        if len(block.inputs) == 1:
            found[block.inputs[0]] = _given(texts, wires.groups[0].listed)
        elif len(texts) <= len(block.inputs):
            found = {name: _given([text], False) for name, text in zip(block.inputs, texts, strict=False)}
        else:
            notes.add("E620", f"{words}, found {len(texts)} tensors", place, frame=frame,
                           help=f"write {len(block.inputs)}, or a table")  # fmt: skip
            return None
    missing = [name for name in block.inputs if name not in found]
    if missing:
        if not wires.groups and not wires.written and len(block.inputs) <= 1:
            notes.add("E214", "the first entry does not say where its tensor comes from", at, frame=frame,
                           help='write `inputs = "…"`, one of the inputs')  # fmt: skip
            return None
        notes.add("E620", f"{words}; {listed(missing)} {'is' if len(missing) == 1 else 'are'} not given", place,
                       frame=frame, help=_table(block))  # fmt: skip
        return None
    return {name: found[name] for name in block.inputs}


def _table(block: Block) -> str | None:
    table = ", ".join(f'{name} = "…"' for name in block.inputs)
    return f"write `inputs = {{ {table} }}`" if table else None


def taken_outputs(worker: Worker, notes: Notes, block: Block, inner: Scope, target: Target) -> Target:
    """The target with what one instance of a block gives, by order and by name."""
    at = (*block.pointer, "outputs")
    if block.outputs is None:
        return replace(target, tensors=inner.before, outputs=(inner.before,), many=False)
    written = worker.value(block.outputs, inner.values, at, inner.frame)
    pairs: list[tuple[str | None, Any, Pointer]]
    if isinstance(written, dict):
        pairs = [(name, text, (*at, name)) for name, text in written.items()]
    elif isinstance(written, list):
        pairs = [(None, text, (*at, index)) for index, text in enumerate(written)]
    else:
        pairs = [(None, written, at)]
    named: dict[str, Target] = {}
    outputs: list[Tensors] = []
    for name, text, place in pairs:
        one = _output(worker, notes, text, inner, place)
        outputs.append(one.tensors)
        if name is not None:
            named[name] = one
    first = outputs[0] if outputs else None
    return replace(target, tensors=first, outputs=tuple(outputs), members={**target.members, **named})


def _output(worker: Worker, notes: Notes, text: Any, inner: Scope, at: Pointer) -> Target:
    if not isinstance(text, str):
        if text is not HOLE:
            notes.add("E623", f"an output of a block must be a name, found {shown(text)}", at, frame=inner.frame)
        return UNKNOWN
    found = wire(text, inner, at, notes, None)
    texts = [one for group in found.groups for one, _ in group.wires]
    return _given(texts, any(group.listed for group in found.groups))


def _given(texts: Sequence[str | None], listed: bool) -> Target:
    tensors = tuple(one for one in texts if one is not None)
    return Target(tensors if len(tensors) == len(texts) else None, many=listed)
