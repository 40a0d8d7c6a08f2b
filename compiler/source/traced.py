"""The noun Traced: a document's layers written out once more, keeping hold of what each entry came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...spec.blocks import Block, blocks_of
from ...spec.document import Document, Pointer
from ...spec.instances import Instances
from ...spec.notes import Notes
from ...spec.parameters import Parameter, declarations, settle
from ...spec.scope import Scope, Target
from ...spec.worked_out import Worker


@dataclass(frozen=True, slots=True)
class Came:
    """What one entry came to in one list of layers: its own name, without what stands before, and its target."""

    prefix: str
    name: str
    target: Target


class _Watched(Instances):
    """Instances that keep what each entry came to."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.came: dict[Pointer, list[Came]] = {}
        self.many: dict[str, set[tuple[bool, ...]]] = {}
        self.counted: dict[Pointer, bool] = {}

    def layers(self, scope: Scope, entries: Sequence[Any]) -> None:
        if scope.block is not None:
            self.many.setdefault(scope.block, set()).add(tuple(scope.names[name].many for name in scope.inputs))
        super().layers(scope, entries)

    def _several(
        self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, full: str, named: bool, items: Sequence[Any],
        way: str,
    ) -> Target:  # fmt: skip
        self.counted[(*pointer, way)] = isinstance(items, range)
        return super()._several(scope, entry, pointer, full, named, items, way)

    def _target(self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, name: str, named: bool) -> Target:
        target = super()._target(scope, entry, pointer, name, named)
        self.came.setdefault(pointer, []).append(Came(scope.prefix, name, target))
        return target


@dataclass(frozen=True, slots=True)
class Traced:
    """A document as written with what its entries came to.

    ``many`` says for each block, and ``counted`` for each `repeat`, what it was given: of the inputs which are several
    tensors side by side, and whether a number. ``came`` has for each entry as written what it came to, instance by
    instance; ``expanded`` for each entry as written its places in the flat list; ``top`` for each place of the flat
    list the entry of the top that it belongs to.
    """

    document: Document
    parameters: Mapping[str, Parameter]
    shared: Mapping[str, Any]
    blocks: Mapping[str, Block]
    came: Mapping[Pointer, Sequence[Came]]
    many: Mapping[str, set[tuple[bool, ...]]]
    counted: Mapping[Pointer, bool]
    expanded: Mapping[Pointer, Sequence[int]]
    top: Sequence[int]
    names: Sequence[str]


def traced(document: Document) -> Traced:
    """Write the layers of a sound document out, and keep what is seen on the way."""
    written = document.expansion.written if document.expansion is not None else document
    notes = Notes(written)
    parameters = declarations(written.data.get("parameters"), ("parameters",), notes, "the spec")
    shared = settle(parameters, {}, {}, Worker(notes).value, notes, None)
    blocks = blocks_of(written, notes)
    watched = _Watched(blocks, shared, notes, False)
    inputs = tuple(written.data["inputs"])
    scope = Scope("", shared, ("layers",), names={one: Target((one,), one) for one in inputs}, inputs=inputs)
    if len(inputs) == 1:
        scope.before = inputs
    watched.layers(scope, written.data["layers"])
    expanded: dict[Pointer, list[int]] = {}
    top: list[int] = []
    for index in range(len(watched.entries)):
        pointer = watched.moved[("layers", index)]
        expanded.setdefault(pointer, []).append(index)
        frame = watched.frames[index]
        outermost = pointer if frame is None else list(frame.chain())[-1].pointer
        top.append(int(outermost[1]))
    names = [name for name, _ in watched.names]
    return Traced(
        written, parameters, shared, blocks, watched.came, watched.many, watched.counted, expanded, top, names
    )
