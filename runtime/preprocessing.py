"""Layers that learn from data before training, and cutting what runs in the pipeline off the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Final

from ..compiler.build import Built, Settle, apply, functional, keras_call, operate
from ..compiler.catalogue.record import Object
from ..compiler.graph import Edge, Node, TypedGraph
from ..spec.finding import Finding
from ..spec.problem import Problem
from .environment import backend

if TYPE_CHECKING:
    import keras

STATE: Final[Mapping[str, str]] = {
    "Normalization": "mean",
    "StringLookup": "vocabulary",
    "IntegerLookup": "vocabulary",
    "TextVectorization": "vocabulary",
    "Discretization": "bin_boundaries",
}
"""Layer → the argument that gives the state which it otherwise learns from the training rows."""

LOOKUPS: Final = frozenset({"StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"})
"""Layers that look a value up in a table, or make a number of its letters: Keras does so with TensorFlow."""

PREPROCESSING: Final = frozenset({*STATE, "CategoryEncoding", "Hashing", "HashedCrossing"})
"""Layers that prepare data: run once in the input pipeline, not in every step."""

PASSING: Final = frozenset({"Rescaling", "Resizing", "CenterCrop", "Reshape", "Flatten", "Concatenate"})
"""Layers without weights that go along into the pipeline where a preprocessing layer stands behind them."""

KEPT_BYTES: Final = 2**31
"""Prepared rows up to this size are kept in memory; larger ones are prepared again for every batch."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A model in two: ``prefix`` prepares raw inputs, ``tail`` trains on what it gives, called ``names``.

    ``tensors`` has, for each node, those of its tensors that the tail has, by their number.
    """

    prefix: keras.Model
    tail: keras.Model
    names: tuple[str, ...]
    tensors: Mapping[str, Any]


def require_backend(typed: TypedGraph) -> None:
    """Make sure that Keras' backend can do what the graph states.

    Raises:
        Problem: E430 at each layer and input that needs TensorFlow, where Keras runs on another backend.
    """
    if backend() == "tensorflow":
        return
    findings = []
    text = {node.name for node in typed.graph.nodes.values() if node.input is not None and node.input.dtype == "string"}
    for node in typed.graph.nodes.values():
        layer = node.layer
        if layer is not None and layer.record.name in LOOKUPS and not any(edge.source in text for edge in node.edges):
            what = f"`{node.name}` ({layer.record.name}) works with tables of TensorFlow"
        elif node.name in text:
            what = f"`{node.name}` is text, which only TensorFlow has tensors of"
        else:
            continue
        way = "set KERAS_BACKEND=tensorflow; or let the data have numbers in place of words"
        findings.append(Finding("E430", f"{what}, and Keras runs on {backend()} here", node.pointer, "entry", help=way))
    if findings:
        raise Problem(*findings)


def learns(layer: Object) -> bool:
    """Whether a layer must see data before it can be used."""
    argument = STATE.get(layer.record.name)
    return argument is not None and layer.written.get(argument) is None


def settle(typed: TypedGraph, batches: Callable[[], Any]) -> Settle:
    """What ``assemble`` calls for a layer that must see the training rows before it can be called at all."""

    def one(node: Node, layer: keras.Layer, before: keras.Model) -> None:
        again = next((other for other in typed.graph.nodes.values() if other.shared == node.name), None)
        if again is not None:
            raise Problem(
                Finding(
                    "E415",
                    f"`{node.name}` learns from data how many tokens there are, so it can't be called again by `reuse`",
                    again.pointer,
                    "entry",
                    help=f"write `max_tokens` and `pad_to_max_tokens = true` in `{node.name}`, or its `vocabulary`",
                )
            )
        _frozen(typed, node)
        keras_call(node.pointer, partial(_learn, layer, _through(batches(), before)), "E415")

    return one


def adapt(typed: TypedGraph, built: Built, batches: Callable[[], Any]) -> tuple[str, ...]:
    """Let every layer that learns from data see the training rows, save those that ``settle`` has seen to.

    ``batches`` gives raw batches of the model's inputs. A layer sees what the layers before it make of them,
    and where it is called several times, what every call is given.

    Raises:
        Problem: E415 where something trainable stands before such a layer, or it can't learn from these rows.
    """
    import keras

    graph = typed.graph
    callers: dict[str, list[Node]] = {}
    for node in graph.nodes.values():
        if node.layer is not None and learns(node.layer) and (node.shared or node.name) not in typed.learned:
            callers.setdefault(node.shared or node.name, []).append(node)
    inputs = built.model.inputs
    for name, nodes in callers.items():
        layer = built.layers[name]
        seen: Any = None
        for node in nodes:
            _frozen(typed, node)
            edge = node.edges[0]
            tensor = built.tensors[edge.source][edge.index]
            part = keras.Model(inputs[0] if len(inputs) == 1 else list(inputs), tensor)
            data = _through(batches(), part)
            seen = data if seen is None else seen + data if isinstance(seen, list) else seen.concatenate(data)
        keras_call(nodes[0].pointer, partial(_learn, layer, seen), "E415")
    return tuple(callers)


def _through(batches: Any, before: keras.Model) -> Any:
    """What the layers before one make of raw batches: a dataset, or a list of arrays where TensorFlow is not used."""
    if hasattr(batches, "map"):
        return batches.map(before)
    from .batches import passed

    return passed(batches, before)


def _learn(layer: keras.Layer, rows: Any) -> None:
    """Let a layer see rows, and make sure that what it has learned can be read again."""
    _adapt(layer, rows)
    lookup = getattr(layer, "_lookup_layer", layer)  # the one inside of a TextVectorization
    if getattr(lookup, "output_mode", None) == "tf_idf" and lookup.pad_to_max_tokens:
        # Keras writes weights for all places and words for those in use, and then refuses to read such a file. What
        # stands in the layer's configuration is read without that.
        words, first = lookup.get_vocabulary(include_special_tokens=False), lookup._token_start_index()
        lookup.input_vocabulary = [word.item() if hasattr(word, "item") else word for word in words]
        lookup.input_idf_weights = lookup.idf_weights.numpy()[first : first + len(words)].tolist()


def _adapt(layer: keras.Layer, rows: Any) -> None:
    """``adapt``, in float32: under any other policy ``Normalization`` adds numbers of two dtypes, and fails."""
    if isinstance(rows, list):
        import numpy as np

        rows = np.concatenate(rows)
        if type(layer).__name__ == "Discretization":  # its ``adapt`` asks TensorFlow what a dataset is
            layer.reset_state()
            layer.update_state(rows)
            layer.finalize_state()
            return
    elif type(layer).__name__ == "Normalization" and rows.element_spec.shape.rank == 1:
        import numpy as np

        # Keras would take each batch of single numbers for one row.
        rows = np.concatenate([batch.numpy() for batch in rows])
    policy = layer.dtype_policy
    if policy.compute_dtype == "float32":
        layer.adapt(rows)
        return
    layer.dtype_policy = "float32"
    try:
        layer.adapt(rows)
    finally:
        layer.dtype_policy = policy
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()


def _frozen(typed: TypedGraph, node: Node) -> None:
    for name in _ancestors(typed, node):
        before = typed.graph.nodes[name]
        if any(weight.trainable for weight in typed.typed[before.shared or name].weights):
            assert node.layer is not None
            raise Problem(
                Finding(
                    "E415",
                    f"`{node.name}` learns from data before training, but `{name}` before it changes while training",
                    node.pointer,
                    "entry",
                    help=f"put {node.layer.record.name} before the layers that train, or use BatchNormalization",
                )
            )


def _ancestors(typed: TypedGraph, node: Node) -> list[str]:
    found: dict[str, None] = {}
    waiting = [edge.source for edge in node.edges]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend(edge.source for edge in typed.graph.nodes[name].edges)
    return list(found)


def cut(typed: TypedGraph, built: Built) -> Cut | None:
    """Take the preprocessing layers off the front of a model; None where there are none, or they can't be taken.

    The two halves share their layers with the whole model: training the tail trains it.
    """
    import keras

    graph = typed.graph
    prefix = _prefix(typed)
    if not prefix or any(edge.source in prefix or graph.nodes[edge.source].input for edge in graph.outputs.values()):
        return None
    between: dict[tuple[str, int], str] = {}
    for node in graph.nodes.values():
        if node.input is None and node.name not in prefix:
            for edge in node.edges:
                if edge.source in prefix or graph.nodes[edge.source].input is not None:
                    between.setdefault((edge.source, edge.index), _name(edge))
    for edge in graph.ends:  # of loss terms, for outputs come from behind
        if edge.source in prefix or graph.nodes[edge.source].input is not None:
            between.setdefault((edge.source, edge.index), _name(edge))
    raw = built.model.inputs
    borders = [built.tensors[source][index] for source, index in between]
    if any(getattr(tensor, "sparse", False) or tensor.dtype == "string" for tensor in borders):
        return None
    front = keras.Model(raw[0] if len(raw) == 1 else list(raw), list(borders))
    fresh = [
        keras.Input(batch_shape=_rows(typed, edge, tensor.shape), dtype=tensor.dtype, name=name)
        for (edge, name), tensor in zip(between.items(), borders, strict=True)
    ]
    tensors: dict[str, dict[int, Any]] = {}
    for (source, index), tensor in zip(between, fresh, strict=True):
        tensors.setdefault(source, {})[index] = tensor
    flat: dict[str, Any] = dict(tensors)
    for node in graph.nodes.values():
        if node.input is None and node.name not in prefix:
            assert node.layer is not None
            if node.layer.record.family == "ops":
                flat[node.name] = operate(node, flat)
            else:
                flat[node.name] = apply(node, built.layers[node.shared or node.name], flat)
    outputs = [flat[edge.source][edge.index] for edge in graph.outputs.values()]
    return Cut(front, functional(graph, fresh, outputs, graph.name), tuple(between.values()), flat)


def _rows(typed: TypedGraph, place: tuple[str, int], said: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The shape of what crosses the cut. Keras says an axis too many of TextVectorization."""
    inferred = typed.tensor(Edge(*place, ()))
    if inferred is None or inferred.rank == len(said):
        return said
    return (None, *(size if isinstance(size, int) else None for size in inferred.shape[1:]))


def _name(edge: Edge) -> str:
    return edge.source if edge.index == 0 else f"{edge.source}_{edge.index}"


def _prefix(typed: TypedGraph) -> frozenset[str]:
    """Preprocessing layers that only preprocessing and passing layers stand before, and those layers."""
    candidates: set[str] = set()
    for node in typed.graph.nodes.values():
        if node.layer is not None and node.layer.record.name in PREPROCESSING | PASSING:
            sources = (typed.graph.nodes[edge.source] for edge in node.edges)
            if all(source.input is not None or source.name in candidates for source in sources):
                candidates.add(node.name)
    chosen: set[str] = set()
    for name in candidates:
        node = typed.graph.nodes[name]
        if node.layer is not None and node.layer.record.name in PREPROCESSING:
            chosen.add(name)
            chosen.update(one for one in _ancestors(typed, node) if one in candidates)
    return frozenset(chosen)


def keepable(prefix: keras.Model, rows: int) -> bool:
    """Whether what the prefix gives can be kept in memory: sizes are known, and it is not too much."""
    import numpy as np

    total = 0
    for tensor in prefix.outputs:
        sizes = tensor.shape[1:]
        if None in sizes:
            return False
        total += prod(sizes) * np.dtype(tensor.dtype).itemsize * rows
    return total <= KEPT_BYTES
