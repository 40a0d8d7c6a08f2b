"""From TypedGraph to Facts: all there is to say of one layer, for a page that has room for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ..catalogue.record import Inner
from ..graph import TypedGraph
from ..picture import Card, Wire, clean, value_text
from ..tensor import TensorType, Weight
from .folding import number


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of its cards: ``taken`` are the shapes that each is given."""

    typed: TypedGraph
    taken: Mapping[str, Sequence[str]]
    inside: Mapping[tuple[str, str], Inner]

    def of(self, card: Card) -> Iterator[tuple[str, str]]:
        """Names and values, in the order in which they are read."""
        node = self.typed.graph.nodes.get(card.node)
        if node is None:
            return
        one = self.inside[card.node, card.inside] if card.inside is not None else None
        known = self.typed.typed[card.node]
        yield "name", clean(f"{card.node}.{card.inside}" if card.inside else card.node)
        layer = one.layer if one is not None else node.layer
        if layer is not None:
            written = {**layer.written, **({} if one is not None else node.options)}
            for name, value in written.items():
                if name != "name":
                    yield clean(name), value_text(value)
        for shape in self.taken.get(card.id, ()):
            yield "takes", shape
        outputs = one.outputs if one is not None else known.outputs
        yield "gives", "?" if outputs is None else "\n".join(_tensor(tensor) for tensor in outputs)
        weights = () if node.shared is not None else one.weights if one is not None else known.weights
        if weights:
            yield "weights", "\n".join(_weight(weight) for weight in weights)
        if node.shared is not None:
            yield "same weights as", clean(node.shared)
        for name, cost in (("parameters", card.cost.params), ("FLOPs", card.cost.flops), ("bytes", card.cost.bytes)):
            if node.input is None:
                yield name, "?" if cost is None else number(cost)
        place = self.typed.graph.spec.document.place(node.pointer, "entry")
        line, _ = place.source.line_column(place.start)
        yield "in the spec", clean(f"{PurePath(place.source.path).name}, line {line}")


def facts_of(typed: TypedGraph, wires: Sequence[Wire]) -> Facts:
    """All there is to say of the layers of a network."""
    taken: dict[str, list[str]] = {}
    for wire in wires:
        if not wire.weights:
            taken.setdefault(wire.target, []).append(wire.label)
    inside = {(name, one.name): one for name, known in typed.typed.items() for one in known.inside}
    return Facts(typed, taken, inside)


def _tensor(tensor: TensorType) -> str:
    return clean(f"({', '.join(map(str, tensor.shape))}) {tensor.dtype}")


def _weight(weight: Weight) -> str:
    shape: Any = " × ".join(map(str, weight.shape)) or "one number"
    return clean(f"{weight.name}: {shape}{'' if weight.trainable else ', not trained'}")
