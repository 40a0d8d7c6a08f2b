"""From TypedGraph to Summary: what a model consists of, and what it will cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .gradients import optimizer_of
from .graph import Edge, Node, Typed, TypedGraph
from .optimizer_state import optimizer_bytes, optimizer_object
from .sizes import Size, product, substitute, to_json
from .tensor import BYTES, TensorType, Weight


@dataclass(frozen=True, slots=True)
class Named:
    """An input or output of the model; ``tensor`` is None where its type could not be known."""

    name: str
    tensor: TensorType | None


@dataclass(frozen=True, slots=True)
class Row:
    """One call of a layer. ``inputs`` are references, as a spec writes them.

    ``params`` counts the weights that the layer owns: a call that shares has none. ``flops`` is for one sample, a
    multiply-add counting as two. All that could not be known is None. ``shared`` names the layer whose weights
    are used again. ``inside`` are the layers of an application, whose sums these numbers are; they are called
    ``backbone.conv1``.
    """

    name: str
    type: str
    inputs: tuple[str, ...]
    outputs: tuple[TensorType, ...] | None
    params: Size | None
    trainable_params: Size | None
    flops: Size | None
    shared: str | None = None
    inside: tuple[Row, ...] = ()

    def to_json(self, inside: bool = False) -> dict[str, Any]:
        """The row as plain values, with the rows ``inside`` it where there are any and they are asked for."""
        return {
            "name": self.name,
            "type": self.type,
            "inputs": list(self.inputs),
            "outputs": None if self.outputs is None else [_tensor(one) for one in self.outputs],
            "params": _plain(self.params),
            "trainable_params": _plain(self.trainable_params),
            "flops": _plain(self.flops),
            **({"inside": [row.to_json() for row in self.inside]} if inside and self.inside else {}),
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all layers; ``activation_bytes`` over all their outputs, for one sample, also inside applications."""

    params: Size | None
    trainable_params: Size | None
    flops: Size | None
    activation_bytes: Size | None


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes that training with batches of ``batch_size`` holds, as far as they follow from the spec.

    ``activations`` are all layers' outputs, kept for the way back; ``optimizer`` is what it keeps beside the
    weights. Not in here: gradients, what kernels need for themselves, and the framework.
    """

    batch_size: int
    weights: Size | None
    activations: Size | None
    optimizer: Size | None
    optimizer_name: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What ``keraspec show`` says of a model."""

    name: str
    inputs: tuple[Named, ...]
    outputs: tuple[Named, ...]
    layers: tuple[Row, ...]
    totals: Totals
    cost: Cost

    def to_json(self, inside: bool = False) -> dict[str, Any]:
        """The summary as plain values; the batch axis is None, another unknown size a word or an expression.

        ``inside``: with the layers inside applications.
        """
        return {
            "name": self.name,
            "inputs": [{"name": one.name, **_tensor(one.tensor)} for one in self.inputs],
            "outputs": [{"name": one.name, **_tensor(one.tensor)} for one in self.outputs],
            "layers": [row.to_json(inside) for row in self.layers],
            "totals": {
                "params": _plain(self.totals.params),
                "trainable_params": _plain(self.totals.trainable_params),
                "flops": _plain(self.totals.flops),
                "activation_bytes": _plain(self.totals.activation_bytes),
            },
        }

    def cost_json(self) -> dict[str, Any]:
        """The cost as plain values, all in bytes."""
        return {
            "batch_size": self.cost.batch_size,
            "weight_bytes": _plain(self.cost.weights),
            "activation_bytes": _plain(self.cost.activations),
            "optimizer": self.cost.optimizer_name,
            "optimizer_bytes": _plain(self.cost.optimizer),
        }


def summarise(typed: TypedGraph, batch_size: int | None = None) -> Summary:
    """Everything there is to count in a model.

    ``batch_size`` is for the cost; left out: that of the spec's data, else 32.

    Raises:
        ValueError: if ``batch_size`` is below 1.
    """
    graph = typed.graph
    if batch_size is None:
        batch_size = graph.spec.data.batch_size if graph.spec.data else 32
    if batch_size < 1:
        raise ValueError(f"a batch has at least 1 sample, found batch_size = {batch_size}")
    types = {entry.name: entry.type or "?" for entry in graph.spec.entries}
    rows = []
    for name, node in graph.nodes.items():
        if node.input is not None:
            continue
        known = typed.typed[name]
        sure = known.outputs is not None
        rows.append(
            Row(
                name,
                node.layer.record.name if node.layer else types.get(name, "?"),
                tuple(map(reference, node.edges)),
                known.outputs[:1] if known.inside and known.outputs else known.outputs,
                known.params if sure else None,
                known.trainable_params if sure else None,
                substitute(known.flops, {}, batch=1) if sure else None,
                node.shared,
                tuple(_inside(node, known)),
            )
        )
    layers = tuple(rows)
    totals = Totals(
        _sum(row.params for row in layers),
        _sum(row.trainable_params for row in layers),
        _sum(row.flops for row in layers),
        _activations(layers, 1),
    )
    return Summary(
        graph.name,
        tuple(Named(name, _first(typed, name)) for name, node in graph.nodes.items() if node.input is not None),
        tuple(Named(name, typed.tensor(edge)) for name, edge in graph.outputs.items()),
        layers,
        totals,
        _cost(typed, layers, batch_size),
    )


def _inside(node: Node, known: Typed) -> Iterator[Row]:
    """The layers inside an application."""
    frozen = node.layer is not None and node.layer.arguments.get("trainable") is False
    source = node.edges[0].reference if known.inside else ""
    for one in known.inside:
        weights = () if node.shared else one.weights
        yield Row(
            f"{node.name}.{one.name}",
            one.layer.record.name,
            tuple(f"{node.name}.{name}" if name else source for name in one.sources),
            one.outputs,
            _count(weights),
            0 if frozen else _count(weight for weight in weights if weight.trainable),
            substitute(one.flops, {}, batch=1),
        )


def _count(weights: Iterable[Weight]) -> Size:
    total: Size = 0
    for weight in weights:
        total = total + product(weight.shape)
    return total


def reference(edge: Edge) -> str:
    """An edge's tensor as a spec refers to it: ``conv1``; ``lstm[1]`` for the second of several outputs."""
    return edge.reference


def _first(typed: TypedGraph, name: str) -> TensorType | None:
    outputs = typed.typed[name].outputs
    return outputs[0] if outputs else None


def _cost(typed: TypedGraph, layers: tuple[Row, ...], batch_size: int) -> Cost:
    sure = all(row.outputs is not None for row in layers)
    weights = [(name, weight) for name, known in typed.typed.items() for weight in known.weights]
    training = typed.graph.spec.training
    optimizer = optimizer_object(optimizer_of(training)) if training else None
    return Cost(
        batch_size,
        _sum(_bytes(weight) for _, weight in weights) if sure else None,
        _activations(layers, batch_size),
        optimizer_bytes(optimizer, weights) if optimizer and sure else None,
        optimizer.record.name if optimizer else None,
    )


def _activations(layers: tuple[Row, ...], batch_size: int) -> Size | None:
    total: Size = 0
    for row in layers:
        if row.outputs is None:
            return None
        for tensor in (one for inner in row.inside or (row,) for one in inner.outputs or ()):
            total = total + _bytes(tensor)
    return substitute(total, {}, batch=batch_size)


def _bytes(one: TensorType | Weight) -> Size:
    return product(one.shape) * BYTES[one.dtype]


def _sum(sizes: Any) -> Size | None:
    total: Size = 0
    for size in sizes:
        if size is None:
            return None
        total = total + size
    return total


def _tensor(tensor: TensorType | None) -> dict[str, Any]:
    if tensor is None:
        return {"shape": None, "dtype": None}
    return {"shape": [to_json(size) for size in tensor.shape], "dtype": tensor.dtype}


def _plain(size: Size | None) -> int | str | None:
    return None if size is None else to_json(size)
