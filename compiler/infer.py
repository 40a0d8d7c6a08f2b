"""From Graph to TypedGraph: a TensorType on every edge, weights and FLOPs on every node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from .catalogue.mask_habits import begins
from .catalogue.record import Call, Inferred, Object, ShapeError
from .catalogue.rules import inferred, layer_policy
from .graph import Edge, Graph, Node, Typed, TypedGraph
from .inside import lacking_inside
from .sizes import Size, at_least, known, product, same, substitute, symbol, words
from .tensor import TensorType, batched, shape_text

if TYPE_CHECKING:
    from .trial import Trials

LEARNED: Final = "tokens"
"""The word by which rules call a size that is learned from data before the model is built."""

LARGEST: Final = 2**40
"""Numbers in one tensor or weight above which a spec is surely mistaken: 4 TiB of float32."""


def infer(graph: Graph, precision: str = "float32") -> tuple[TypedGraph, tuple[Finding, ...]]:
    """Types of all tensors; what is wrong is said once, where it begins, and what hangs on it is unknown."""
    run = Inference(graph, precision)
    for node in graph.nodes.values():
        run.typed[node.name] = run.node(node)
    for edge in graph.ends:
        run.tensor(edge)
    typed = TypedGraph(graph, run.typed, run.learned)
    if _has_masks(typed) and all(one.outputs is not None for one in run.typed.values()):
        from .mask_findings import mask_findings

        run.findings.extend(mask_findings(typed, precision))
    return typed, tuple(run.findings)


def _has_masks(typed: TypedGraph) -> bool:
    if any(tensor.mask for one in typed.typed.values() for tensor in one.outputs or ()):
        return True
    return any(node.layer is not None and begins(node.layer) for node in typed.graph.nodes.values())


class Inference:
    """One pass over a graph. Without ``advise`` it finds out whether things fit, and says nothing of the way out."""

    def __init__(self, graph: Graph, precision: str, *, advise: bool = True) -> None:
        self.graph = graph
        self.precision = precision
        self.advise = advise
        self.trials: Trials | None = None
        self.findings: list[Finding] = []
        self.typed: MutableMapping[str, Typed] = {}
        self.stateless: set[str] = set()
        """Recurrent layers of which states were asked that they do not give: one word in them mends all of it."""
        self.learned: dict[str, frozenset[str]] = {}

    def node(self, node: Node) -> Typed:
        """What one node gives, once its sources are typed; what is wrong goes to ``findings``."""
        if node.input is not None:
            return self._input(node)
        if not node.sound or node.layer is None:
            return Typed(None)
        tensors: dict[str, tuple[Any, ...]] = {}
        for port, edges in node.ports.items():
            found = tuple(None if edge is None else self.tensor(edge) for edge in edges)
            if any(one is None and edge is not None for one, edge in zip(found, edges, strict=True)):
                return Typed(None)
            tensors[port] = found
        call = self._call(node, node.layer, tensors)
        try:
            given = inferred(call)
        except ShapeError as error:
            self.findings.append(self._misfit(node, error))
            return Typed(None)
        except Exception as error:
            if node.layer.record.made is None:
                raise
            self.findings.append(_plugin_failed(node, error))
            return Typed(None)
        given = self._own_words(node, given, tensors)
        outputs = self._masked(node, given, tensors)
        if self._too_large(node, given) or not self._agrees(node, given):
            return Typed(None)
        if node.inside:
            inner = {one.name: one.outputs[0] for one in given.inside}
            if lacking := set(node.inside) - inner.keys():
                self.findings.extend(lacking_inside(self.graph, node, lacking))
                return Typed(None)
            outputs = (*outputs, *(inner[name] for name in node.inside))
        frozen = node.layer.arguments.get("trainable") is False
        weights = tuple(replace(one, trainable=False) for one in given.weights) if frozen else given.weights
        return Typed(outputs, () if node.shared is not None else weights, given.flops, given.inside)

    def _input(self, node: Node) -> Typed:
        assert node.input is not None
        if node.input.shape is None:
            return Typed(None)
        sizes: tuple[Size, ...] = tuple(symbol(size) if isinstance(size, str) else size for size in node.input.shape)
        count = product(sizes)
        if known(count) and count > LARGEST:
            self.findings.append(
                Finding(
                    "E309",
                    f"the input `{node.name}` would hold {count:,} numbers for a single row",
                    (*node.pointer, "shape"),
                    help="look for a mistyped size",
                )
            )
            return Typed(None)
        return Typed((TensorType(batched(*sizes), node.input.dtype),))

    def _call(self, node: Node, layer: Object, tensors: Mapping[str, tuple[TensorType, ...]]) -> Call:
        options: dict[str, Any] = {option.name: option.default for option in layer.record.options}
        learned = frozenset[str]().union(*self.learned.values()) if self.learned else frozenset()
        return Call(layer, tensors, options | dict(node.options), layer_policy(layer, self.precision), learned)

    def _own_words(self, node: Node, given: Inferred, tensors: Mapping[str, tuple[Any, ...]]) -> Inferred:
        """Name the sizes that a layer brings in itself after the layer: two lookups have two numbers of tokens."""
        brought = {word for one in given.outputs for size in one.shape if not known(size) for word in words(size)}
        if not brought:
            return given
        for ones in tensors.values():
            for one in ones:
                if one is not None:
                    brought -= {word for size in one.shape for word in words(size)}
        if not brought:
            return given
        name = (node.shared or node.name).replace("-", "_")
        renamed: dict[str, Size] = {word: symbol(f"{name}_{word}") for word in brought}
        if LEARNED in brought:
            self.learned[node.shared or node.name] = frozenset({f"{name}_{LEARNED}"})
        outputs = tuple(one.with_shape(*(substitute(size, renamed) for size in one.shape)) for one in given.outputs)
        return replace(given, outputs=outputs, flops=substitute(given.flops, renamed))

    def tensor(self, edge: Edge) -> TensorType | None:
        """The type of what an edge carries; where there is no such output, that is said."""
        outputs = self.typed[edge.source].outputs
        if outputs is None:
            return None
        if edge.index < len(outputs):
            return outputs[edge.index]
        many = "one output" if len(outputs) == 1 else f"{len(outputs)} outputs, [0] to [{len(outputs) - 1}]"
        source = self.graph.nodes[edge.source]
        help_text = f'write "{edge.source}"' if len(outputs) == 1 else "count from 0"
        if source.layer is not None and "return_state" in source.layer.arguments and not source.layer["return_state"]:
            help_text = f"for its states write `return_state = true` in `{edge.source}`"
            if edge.source in self.stateless:
                return None
            self.stateless.add(edge.source)
        self.findings.append(
            Finding("E208", f"`{edge.source}` has {many}: there is no [{edge.index}]", edge.pointer, help=help_text)
        )
        return None

    def _masked(
        self, node: Node, given: Inferred, tensors: Mapping[str, tuple[TensorType, ...]]
    ) -> tuple[TensorType, ...]:
        assert node.layer is not None
        record = node.layer.record
        if record.masking == "own":
            return given.outputs
        carried = any(one is not None and one.mask for ones in tensors.values() for one in ones)
        if not carried:
            return given.outputs
        if record.masking == "lose":
            edge = next(
                edge
                for port, edges in node.ports.items()
                for edge, one in zip(edges, tensors[port], strict=True)
                if edge is not None and one.mask
            )
            self.findings.append(
                Finding(
                    "W301",
                    f"the mask of `{edge.source}` is lost here: {record.name} does not hand masks on",
                    _head(node),
                    help="put the layers that need the mask before this one; from here on padding counts as data",
                    related=(Related("the mask comes from here", _head(self.graph.nodes[self._origin(edge.source)])),),
                )
            )
            return given.outputs
        return tuple(replace(one, mask=True) for one in given.outputs)

    def _origin(self, name: str) -> str:
        """The node where a mask begins."""
        while True:
            node = self.graph.nodes[name]
            for edge in node.edges:
                outputs = self.typed[edge.source].outputs
                if outputs is not None and edge.index < len(outputs) and outputs[edge.index].mask:
                    name = edge.source
                    break
            else:
                return name

    def _too_large(self, node: Node, given: Inferred) -> bool:
        for what, shape in (
            *((f"the weight `{one.name}`", one.shape) for one in given.weights),
            *(("the output", one.shape[1:]) for one in given.outputs),
        ):
            count = product(shape)
            if known(count) and count > LARGEST:
                self.findings.append(
                    Finding(
                        "E309",
                        f"{what} of this {_kind(node)} would hold {count:,} numbers: {shape_text(tuple(shape))}",
                        _head(node),
                        help="look for a mistyped size, or make the tensor smaller before this layer, "
                        "by pooling or strides",
                        shapes=self._ways(node, node.edges),
                    )
                )
                return True
        for one in given.outputs:
            for axis, size in enumerate(one.shape[1:], start=1):
                if at_least(size, 0) is False:
                    self.findings.append(
                        Finding(
                            "E303",
                            f"axis {axis} of the output would have {size} places: {shape_text(one.shape)}",
                            _head(node),
                            help='use a smaller kernel or stride, or `padding = "same"`',
                            shapes=self._ways(node, node.edges),
                        )
                    )
                    return True
        return False

    def _agrees(self, node: Node, given: Inferred) -> bool:
        """Whether a layer that is called again meets the weights that its first call made."""
        if node.shared is None:
            return True
        first = self.typed[node.shared]
        if first.outputs is None:
            return False
        for old, new in zip(first.weights, given.weights, strict=False):
            pairs = zip(old.shape, new.shape, strict=False)
            if len(old.shape) != len(new.shape) or any(same(a, b) is False for a, b in pairs):
                here = next(iter(node.edges))
                there = next(iter(self.graph.nodes[node.shared].edges))
                self.findings.append(
                    Finding(
                        "E308",
                        f"`{node.shared}` has a weight `{old.name}` of shape {shape_text(old.shape)} "
                        f"from its first call; with this input it would need {shape_text(new.shape)}",
                        (*node.pointer, "reuse"),
                        help=f"give it a tensor of the first call's shape, {self._shape(there)}, "
                        f"not {self._shape(here)}, or write a layer of its own",
                        related=(Related("first called here", _head(self.graph.nodes[node.shared])),),
                        shapes=(*self._ways(self.graph.nodes[node.shared], [there]), *self._ways(node, [here])),
                    )
                )
                return False
        return self._one_size(node)

    def _one_size(self, node: Node) -> bool:
        """Whether an application that is called again is given pictures of the size for which it is made."""
        assert node.layer is not None
        if node.layer.record.family != "applications" or node.shared is None:
            return True
        (here,), (there,) = node.edges, self.graph.nodes[node.shared].edges
        new, old = self.tensor(here), self.tensor(there)
        if new is None or old is None or new.shape == old.shape:
            return True
        self.findings.append(
            Finding(
                "E308",
                f"`{node.shared}` is made for {self._shape(there)}, and here it is given {self._shape(here)}",
                (*node.pointer, "reuse"),
                help="bring both to one size with a `Resizing` layer, or write words for the height and width of both: "
                '`shape = ["height", "width", 3]`',
                related=(Related("first called here", _head(self.graph.nodes[node.shared])),),
            )
        )
        return False

    def _shape(self, edge: Edge) -> str:
        outputs = self.typed[edge.source].outputs
        return "an unknown shape" if outputs is None else shape_text(outputs[edge.index].shape)

    def _ways(self, node: Node, edges: Iterable[Edge | None], axis: int | None = None) -> tuple[str, ...]:
        """How the tensors that a node is given came to their shapes."""
        if not self.advise:
            return ()
        from .chain import chain_text

        end = f"{node.name}: {_kind(node)}"
        found = (chain_text(self.graph, self.typed, edge, end, axis) for edge in edges if edge is not None)
        return tuple(dict.fromkeys(found))[:4]

    def _misfit(self, node: Node, error: ShapeError) -> Finding:
        assert node.layer is not None
        if not self.advise:
            return Finding(error.code, error.message, _head(node))
        from .remedies import Case, advice

        pointer = _head(node)
        if error.argument is not None and error.argument in node.layer.written and node.shared is None:
            pointer = (*node.pointer, error.argument)
        edges = _in_question(node, error)
        related: list[Related] = []
        for edge in edges[:4]:
            source = self.graph.nodes[edge.source]
            label = f"`{edge.source}` gives {self._shape(edge)}"
            if source.input is not None:
                related.append(Related(label, source.pointer, "key"))
            else:
                related.append(Related(label, _head(source)))
        case = Case(self, node, error, edges)
        told = advice(case, {one.pointer for one in related} | {node.pointer, _head(node), pointer})
        return Finding(
            error.code,
            error.message,
            pointer,
            help=told.help or error.help,
            related=(*related, *told.related),
            shapes=self._ways(node, edges, case.axis),
        )


def _head(node: Node) -> Pointer:
    """Where a finding about a node as a whole points: its ``type`` or ``reuse``."""
    if node.input is not None:
        return node.pointer
    return (*node.pointer, "type" if node.shared is None else "reuse")


def _in_question(node: Node, error: ShapeError) -> tuple[Edge, ...]:
    """The tensors that a rule spoke of; of shapes that do not fit together, both."""
    assert node.layer is not None
    ports = node.layer.record.ports
    port = error.port or ports[0].name
    edges = node.ports.get(port, ())
    wanted = edges if error.index is None else edges[error.index : error.index + 1]
    if error.code == "E302" and (port == ports[0].name or port in ("value", "key")):
        wanted = (*node.ports[ports[0].name][:1], *wanted)
    return tuple(dict.fromkeys(edge for edge in wanted if edge is not None))


def _kind(node: Node) -> str:
    return node.layer.record.name if node.layer is not None else "entry"


def _plugin_failed(node: Node, error: Exception) -> Finding:
    """A rule that a plugin brings came to grief: its author's mistake, told without a traceback."""
    return Finding(
        "E117",
        f"the shape rule of {_kind(node)} failed: {type(error).__name__}: {error}",
        _head(node),
        help="this is a mistake in the plugin: show its author this spec",
    )
