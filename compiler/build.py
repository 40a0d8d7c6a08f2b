"""From TypedGraph to keras.Model: the Functional model that a checked graph states."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..spec.finding import Finding
from ..spec.problem import Problem
from .build_application import application
from .build_texts import one_text
from .catalogue import find
from .catalogue.kinds import Kind
from .catalogue.objects import arguments_of, instantiate
from .catalogue.offered import offered
from .catalogue.record import REQUIRED, Object, Record
from .graph import Edge, Graph, Node, TypedGraph

if TYPE_CHECKING:
    import keras

Result = TypeVar("Result")

MODULES: Final = {
    "layers": "layers",
    "optimizers": "optimizers",
    "optimizer_maps": "optimizers",
    "losses": "losses",
    "metrics": "metrics",
    "callbacks": "callbacks",
    "initializers": "initializers",
    "regularizers": "regularizers",
    "constraints": "constraints",
    "schedules": "optimizers.schedules",
    "dtype_policies": "dtype_policies",
}
"""Family of the catalogue → the module below ``keras`` that has its classes; other names say it themselves."""

READ: Final = frozenset({"activations", "dtype_policies", "losses", "metrics"})
"""Families whose names Keras reads itself; of the others it is given objects.

By shape it decides what some names mean (``"accuracy"``), and it measures under the name that it was given.
"""

UNREAD: Final = frozenset(
    {
        ("losses", "CategoricalGeneralizedCrossEntropy"),
        ("losses", "categorical_generalized_cross_entropy"),
        ("metrics", "binary_focal_crossentropy"),
        ("metrics", "categorical_focal_crossentropy"),
        ("metrics", "huber"),
        ("metrics", "log_cosh"),
    }
)
"""Names in those families that Keras' own look-up fails on."""

MESSAGE_LIMIT: Final = 400


@dataclass(frozen=True, slots=True)
class Built:
    """A model and its parts by node name: ``layers`` of the nodes that own one, ``tensors`` that each node gives."""

    model: keras.Model
    layers: Mapping[str, keras.Layer]
    tensors: Mapping[str, tuple[keras.KerasTensor, ...]]


def build(typed: TypedGraph, folder: Path | None = None) -> keras.Model:
    """The Keras Functional model of a checked graph; layers carry their entries' names.

    Several inputs are a list in the order of the spec. Outputs written as a table make the model return a
    dict, several others a list. Weights start at random: seed before calling where that matters. ``folder`` is what
    paths in the spec are relative to; None is the working directory.

    Raises:
        Problem: with one finding: E310 at the entry that Keras refuses, E401 at weights that are missing, E415 at a
            layer whose size is learned from data.
    """
    return assemble(typed, folder=folder).model


Settle = Callable[[Node, "keras.Layer", "keras.Model"], None]
"""Is given a layer that must learn its size before it is called, and the model up to its input."""


def assemble(typed: TypedGraph, settle: Settle | None = None, folder: Path | None = None) -> Built:
    """Build, and keep hold of the parts; ``settle`` lets layers learn their sizes. Raises as ``build`` does."""

    graph = typed.graph
    settle = settle or _unsettled
    precision = graph.spec.training.precision if graph.spec.training is not None else "float32"
    undotted = _undotted(graph)
    layers: dict[str, keras.Layer] = {}
    tensors: dict[str, tuple[keras.KerasTensor, ...]] = {}
    with _precision(precision):
        for node in graph.nodes.values():
            if node.input is not None:
                tensors[node.name] = (_input(node),)
                continue
            assert node.layer is not None, "only graphs without errors are built"
            if node.layer.record.family == "ops":
                tensors[node.name] = operate(node, tensors)
                continue
            if node.shared is None and node.layer.record.family == "applications":
                layers[node.name] = application(typed, node, folder)
            elif node.shared is None:
                layer = node.layer
                called = undotted.get(node.name, node.name)
                layers[node.name] = keras_call(node.pointer, partial(make, layer, name=called))
            if node.name in typed.learned:
                settle(node, layers[node.name], _up_to(graph, tensors, node))
            tensors[node.name] = apply(node, layers[node.shared or node.name], tensors)
        for made in layers.values():
            _freeze(made)
        outputs = [_of(tensors, edge) for edge in graph.outputs.values()]
        model = functional(graph, _inputs(graph, tensors), outputs, graph.name)
    return Built(model, layers, tensors)


def _undotted(graph: Graph) -> dict[str, str]:
    """On PyTorch, what layers inside blocks are called: it names parameters after layers, and allows no dots there.

    ``stage.0.unit`` is ``stage_0_unit`` there, with as many more ``_`` as keep it apart from all others.
    """
    import keras

    if keras.config.backend() != "torch":
        return {}
    taken = {*graph.nodes}
    found = {}
    for name in graph.nodes:
        if "." in name:
            plain = name.replace(".", "_")
            while plain in taken:
                plain += "_"
            taken.add(plain)
            found[name] = plain
    return found


def _unsettled(node: Node, layer: keras.Layer, before: keras.Model) -> None:
    raise Problem(
        Finding(
            "E415",
            f"`{node.name}` learns from data how many tokens there are, and the layers behind it must know: "
            "the model can't be built without the data",
            node.pointer,
            "entry",
            help="give `vocabulary`, or `max_tokens` with `pad_to_max_tokens = true`; or train the spec",
        )
    )


def _up_to(graph: Graph, tensors: Mapping[str, tuple[keras.KerasTensor, ...]], node: Node) -> keras.Model:
    """The model from the inputs to what a node is given."""
    import keras

    inputs = _inputs(graph, tensors)
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, _of(tensors, node.edges[0]))


def _inputs(graph: Graph, tensors: Mapping[str, tuple[keras.KerasTensor, ...]]) -> list[keras.KerasTensor]:
    """The inputs of a model, each with something behind it: Keras up to 3.13 refuses a model with one that is idle."""
    import keras

    used = {edge.source for name in tensors for edge in graph.nodes[name].edges}
    given = {name: tensors[name][0] for name, node in graph.nodes.items() if node.input is not None}
    for name in given.keys() - used:
        keras.layers.Identity()(given[name])
    return list(given.values())


def functional(
    graph: Graph, inputs: list[keras.KerasTensor], outputs: list[keras.KerasTensor], name: str
) -> keras.Model:
    """A Functional model whose outputs are structured as the graph's are."""
    import keras

    given: Any = dict(zip(graph.outputs, outputs, strict=True)) if graph.spec.outputs_named else outputs
    if not graph.spec.outputs_named and len(outputs) == 1:
        given = outputs[0]
    return keras_call((), lambda: keras.Model(inputs[0] if len(inputs) == 1 else inputs, given, name=legal(name)))


def apply(
    node: Node, layer: keras.Layer, tensors: Mapping[str, tuple[keras.KerasTensor, ...]]
) -> tuple[keras.KerasTensor, ...]:
    """Call a node's layer on the tensors of its sources; all its outputs, flat."""
    import keras

    assert node.layer is not None
    first = node.layer.record.ports[0].name if node.layer.record.ports else None
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for port, edges in node.ports.items():
        values = [None if edge is None else _of(tensors, edge) for edge in edges]
        value = values if port in node.listed else values[0]
        if port == first:
            positional.append(value)  # layers do not agree on what their first argument is called
        else:
            named[port] = value
    if node.layer.record.name == "TextVectorization":
        positional[0] = one_text(node, positional[0])
    options = {name: value_of(value) for name, value in node.options.items()}
    result = keras_call(node.pointer, lambda: layer(*positional, **named, **options))
    return tuple(keras.tree.flatten(result))


def operate(node: Node, tensors: Mapping[str, tuple[keras.KerasTensor, ...]]) -> tuple[keras.KerasTensor, ...]:
    """Call a node's op on the tensors of its sources; all its outputs, flat, and the op named as the node."""
    import keras

    assert node.layer is not None
    op = node.layer
    given = {
        port: [_of(tensors, edge) for edge in edges if edge is not None]
        if port in node.listed
        else next(_of(tensors, edge) for edge in edges if edge is not None)
        for port, edges in node.ports.items()
    }
    result = tuple(keras.tree.flatten(keras_call(node.pointer, lambda: call_op(op, given))))
    before = {id(one._keras_history.operation) for one in keras.tree.flatten(given)}
    for one in result:
        operation = one._keras_history.operation
        if id(operation) not in before:  # an op that changes nothing hands on what it was given
            operation.name = node.name
    return result


def call_op(op: Object, given: Mapping[str, Any]) -> Any:
    """What ``keras.ops`` gives for an op as a spec states it; ``given`` are the tensors by argument."""
    import keras

    record = op.record
    numbers = {port.name for port in record.ports if port.literal}
    stated = {
        name: keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(value))  # some ops walk over it in Python
        if name in numbers and isinstance(value, tuple)
        else value_of(value)
        for name, value in op.written.items()
    }
    if record.told is not None:
        stated |= record.told(op.written, given)
    spread = next((port.name for port in record.ports if port.spread), None)
    if spread is None:
        return _class(record)(**given, **stated)
    leading = [stated.pop(one.name) for one in record.arguments if one.default is REQUIRED]
    rest = {name: value for name, value in given.items() if name != spread}
    return _class(record)(*leading, *given[spread], **rest, **stated)


def make(obj: Object, **more: Any) -> Any:
    """The Keras object that a spec states. ``more`` are further constructor arguments, such as ``name``.

    Only what the spec says is given to Keras: everything else keeps Keras' own default. A metric that Keras has as
    a function alone becomes the average of what that function gives.
    """
    known = arguments_of(obj.record)
    given = {name: argument_of(known[name].kind, value) for name, value in obj.written.items()} | more
    made = _class(obj.record)
    if obj.record.family == "metrics" and not isinstance(made, type):
        import keras

        return keras.metrics.MeanMetricWrapper(made, **{"name": obj.record.name, **given})
    return made(**given)


def argument_of(kind: Kind, value: Any) -> Any:
    """An argument as Keras takes it: what stands for an object is made, also where a name stands for it."""
    if kind.family is None:
        return value_of(value)
    if isinstance(value, str):
        return resolve(kind.family, value)
    if kind.many and isinstance(value, tuple):
        return [argument_of(kind, item) for item in value]
    if kind.named and isinstance(value, Mapping):
        return {name: argument_of(kind, item) for name, item in value.items()}
    return value_of(value)


def value_of(value: Any) -> Any:
    """An argument as Keras takes it: nested objects are made, everything else is handed on."""
    if isinstance(value, Object):
        return make(value)
    if isinstance(value, (tuple, list)):
        return type(value)(value_of(item) for item in value)
    if isinstance(value, Mapping):
        return {key: value_of(item) for key, item in value.items()}
    return value


def stated(family: str, value: Any) -> Object | None:
    """The object that a checked name or table of a spec states; None for a name that only Keras knows."""
    table = {"type": value} if isinstance(value, str) else value
    record = find(family, table["type"]) if isinstance(table, Mapping) and "type" in table else None
    return None if record is None else instantiate(record, table)


def resolve(family: str, value: Any) -> Any:
    """A checked name or table of a spec as Keras takes it; a name stays one where Keras reads it itself."""
    if isinstance(value, str) and family in READ and (family, value) not in UNREAD and not offered(family, value):
        return value
    found = stated(family, value)
    return value if found is None else make(found)


def legal(name: str) -> str:
    """A name that Keras and TensorFlow take: letters, digits, ``_ . -``, beginning with a letter or digit."""
    cleaned = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-")
    return cleaned or "model"


def keras_call(pointer: tuple[str | int, ...], call: Callable[[], Result], code: str = "E310") -> Result:
    """Do what may make Keras raise; whatever it raises becomes a finding at ``pointer``."""
    try:
        return call()
    except Problem:
        raise
    except Exception as error:
        raise Problem(
            Finding(code, f"Keras refuses this: {condensed(error)}", pointer, "entry" if pointer else "value")
        ) from error


def condensed(error: BaseException) -> str:
    """What Keras says, without colours, repeated heads and lists of everything it was given."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)) or type(error).__name__
    text = re.sub(r"^Exception encountered when calling [^\n]*\n+", "", text)
    text = text.split("\n\nArguments received by", 1)[0]
    if text.startswith("Graph execution error"):  # pages of stack, then what is wrong, then the node's name
        lines = [line for line in text.splitlines() if line.strip()]
        ends = [index for index, line in enumerate(lines) if line.lstrip().startswith("[[{{node")]
        text = lines[ends[0] - 1] if ends and ends[0] else lines[-1]
    text = " ".join(text.split())
    return text if len(text) <= MESSAGE_LIMIT else text[: MESSAGE_LIMIT - 1].rstrip() + "…"


def _input(node: Node) -> keras.KerasTensor:
    import keras

    stated = node.input
    assert stated is not None
    shape = tuple(size if isinstance(size, int) else None for size in stated.shape or ())
    return keras_call(node.pointer, lambda: keras.Input(shape, dtype=stated.dtype, name=stated.name))


def _freeze(layer: keras.Layer) -> None:
    """Keep what a spec says not to train from being trained, all the way in.

    Keras asks each variable, and a layer made with ``trainable=False`` does not tell the layers inside it: a model
    would train a ``Bidirectional`` or an attention layer all the same. Setting it once more on the layer itself
    does nothing, as its value does not change.
    """
    for one in layer._flatten_layers():
        if not one.trainable:
            for inner in one._flatten_layers(include_self=False):
                inner.trainable = False


def _of(tensors: Mapping[str, tuple[keras.KerasTensor, ...]], edge: Edge) -> keras.KerasTensor:
    return tensors[edge.source][edge.index]


def _class(record: Record) -> Any:
    import keras

    if record.made is not None:
        return record.made()
    found: Any = keras
    home = MODULES.get(record.family)
    for part in (f"{home}.{record.name}" if home else record.name).split("."):
        found = getattr(found, part)
    return found


@contextmanager
def _precision(name: str) -> Iterator[None]:
    """Layers that state no dtype of their own, nested ones among them, take the policy of the training section."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
