"""The nouns Graph and TypedGraph: a spec's layers as a networkx DAG, and the same with types and costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..spec.document import Pointer
from ..spec.spec import Input, Spec
from .catalogue.record import Inner, Object
from .sizes import Size
from .tensor import TensorType, Weight

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Edge:
    """One tensor on its way: output ``index`` of the node ``source``; ``pointer`` is where it was asked for.

    ``inside`` names the layer inside an application that gives it. Such tensors are further outputs of the
    application's node, so ``index`` finds them as it finds any other.
    """

    source: str
    index: int
    pointer: Pointer
    inside: str | None = None

    @property
    def reference(self) -> str:
        """The tensor as a spec refers to it: ``conv1``; ``lstm[1]``; ``backbone.block_13_expand``."""
        if self.inside is not None:
            return f"{self.source}.{self.inside}"
        return f"{self.source}[{self.index}]" if self.index else self.source


@dataclass(frozen=True, slots=True)
class Node:
    """One input or one call of a layer.

    ``layer`` is the Object that is called (None for an input, and where the entry could not be understood);
    ``shared`` names the node whose weights this one uses again. ``ports`` maps call arguments to edges,
    None where a place of a list is left free (the first of two masks);
    ``listed`` says which of them Keras is given as a list; ``options`` are call-time arguments as written.
    ``inside`` names the layers inside an application of which tensors are asked for, anywhere in the graph:
    outputs 1, 2, … of this node and of all that share its weights.
    """

    name: str
    pointer: Pointer
    input: Input | None = None
    layer: Object | None = None
    shared: str | None = None
    ports: Mapping[str, tuple[Edge | None, ...]] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    options: Mapping[str, Any] = field(default_factory=dict)
    sound: bool = True
    inside: tuple[str, ...] = ()

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All edges that come in, port by port."""
        return tuple(edge for edges in self.ports.values() for edge in edges if edge is not None)


@dataclass(frozen=True)
class Graph:
    """A linked spec. ``nodes`` are in the order of the file, inputs first, every node behind its sources.

    ``outputs`` maps output names to edges; ``terms`` has, for each loss term of the spec, the edges by the names that
    its expression gives them (one that could not be linked is missing).
    """

    spec: Spec
    nodes: Mapping[str, Node]
    outputs: Mapping[str, Edge]
    terms: tuple[Mapping[str, Edge], ...] = ()

    @property
    def ends(self) -> tuple[Edge, ...]:
        """All edges that lead out of the graph: to outputs, and to loss terms."""
        return (*self.outputs.values(), *(edge for term in self.terms for edge in term.values()))

    @cached_property
    def dag(self) -> nx.DiGraph[str]:
        """Node names, with an edge for each pair of nodes that a tensor connects.

        Made when it is first asked for: a spec without findings is checked before networkx would be imported.
        """
        import networkx as nx

        dag: nx.DiGraph[str] = nx.DiGraph()
        dag.add_nodes_from(self.nodes)
        dag.add_edges_from((edge.source, node.name) for node in self.nodes.values() for edge in node.edges)
        return dag

    @property
    def name(self) -> str:
        """The model's name."""
        return self.spec.name


@dataclass(frozen=True, slots=True)
class Typed:
    """What inference knows of one node. ``outputs`` is None where it could not be known.

    ``weights`` belong to the node that owns them: a node that shares has none of its own.
    ``flops`` is for one sample, a multiply-add counting as two. ``inside`` are the layers inside an application.
    """

    outputs: tuple[TensorType, ...] | None
    weights: tuple[Weight, ...] = ()
    flops: Size = 0
    inside: tuple[Inner, ...] = ()

    @property
    def params(self) -> Size:
        """Number of weights."""
        return _count(self.weights)

    @property
    def trainable_params(self) -> Size:
        """Number of weights that training changes."""
        return _count(tuple(weight for weight in self.weights if weight.trainable))


def _count(weights: tuple[Weight, ...]) -> Size:
    from .sizes import product

    total: Size = 0
    for weight in weights:
        total = total + product(weight.shape)
    return total


@dataclass(frozen=True, slots=True)
class TypedGraph:
    """A graph with a TensorType on every edge, and weights and costs on every node.

    ``learned`` maps nodes to the words of those sizes that they learn from data: how many tokens there are.
    ``phases`` are the graphs of the phases of training, where one of them changes layers or loss terms.
    """

    graph: Graph
    typed: Mapping[str, Typed]
    learned: Mapping[str, frozenset[str]] = field(default_factory=dict)
    phases: tuple[TypedGraph, ...] = ()

    def tensor(self, edge: Edge) -> TensorType | None:
        """The type of the tensor on an edge, or None where it could not be known."""
        outputs = self.typed[edge.source].outputs
        return None if outputs is None or edge.index >= len(outputs) else outputs[edge.index]
