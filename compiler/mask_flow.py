"""From TypedGraph to the masks that are not there when the model runs, and the layers that miss them.

While a model is being built, masks flow through it as ``infer`` says. When it runs they are tied to the tensors
themselves, and a layer may take one off (``mask_habits.TAKES``): whoever reads that tensor later finds none. Who
comes later is up to the order in which Keras runs the calls. A layer that was given one tensor and nothing else holds
on to the mask that it was built with, so it is safe.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

from .catalogue.mask_habits import ATTENDS, COUNTS, HANDS_ON, JOINS, STEPS, TAKES, begins, gives_back, reads_ahead
from .catalogue.rules import layer_policy
from .graph import Edge, Node, TypedGraph
from .run_order import run_order
from .sizes import same
from .tensor import FLOATS, TensorType


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a mask begins: at ``node``. Masks made of the same tensor hide the same places."""

    node: str = field(compare=False)
    tensor: tuple[str, int] = ("", 0)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a mask is not there: ``node`` took it off ``tensor``; joined it with ``tensor``, which has none; is given
    masks, and none for its query ``tensor``; or is not told of it, for states are given to it too."""

    kind: Literal["taken", "joined", "given", "untold"]
    node: str
    tensor: str


@dataclass(frozen=True, slots=True)
class Held:
    """The mask on a tensor: what it ``hides`` (None: there is no mask), and what it should hide and does not.

    ``call`` is the call that computes it, known while the model is being built.
    """

    hides: frozenset[Origin] | None = None
    lost: Mapping[Origin, Cause] = field(default_factory=dict)
    call: Hashable = None


NONE: Final = Held()
Look = Callable[[Edge], Held]


@dataclass(frozen=True, slots=True)
class Miss:
    """A layer, or where ``output`` is set an output with a loss, that counts what a mask should have hidden."""

    node: str
    origin: Origin
    cause: Cause
    output: str | None = None


def misses(typed: TypedGraph, precision: str, training: bool, with_loss: Mapping[str, Edge]) -> Iterator[Miss]:
    """All that miss a mask when the model runs, in the order in which it does; each once for every cause.

    ``with_loss`` are the outputs that are compared with something.
    """
    return Flow(typed, precision).run(training, with_loss)


class Flow:
    """The masks of a graph, as they are while it is being built; ``run`` follows them when it runs."""

    def __init__(self, typed: TypedGraph, precision: str) -> None:
        self.typed = typed
        self.precision = precision
        self.calls: dict[Hashable, tuple[Hashable, ...]] = {}
        self.kept: dict[str, Held] = {}
        """Layers that hold on to the mask that they were built with."""
        nodes = typed.graph.nodes
        used: dict[str, set[int]] = {name: set() for name in nodes}
        for edge in (*typed.graph.ends, *(edge for node in nodes.values() for edge in node.edges)):
            used[edge.source].add(edge.index)
        self.used = {name: frozenset(numbers) for name, numbers in used.items()}
        held: dict[tuple[str, int], Held] = {}

        def look(edge: Edge) -> Held:
            return held.get((edge.source, edge.index), NONE)

        for node in nodes.values():
            parents: list[Hashable] = [edge.source for edge in _in_order(node)]
            if self._keeps(node) and (kept := look(node.edges[0])).hides is not None:
                self.kept[node.name] = kept
                parents.append(kept.call)
            self.calls[node.name] = tuple(parents)
            unseen = node.layer is not None and node.layer.record.name == "ReversibleEmbedding"
            found = NONE if unseen else self._handed_on(node, look, built=True)
            held |= {(node.name, index): found for index in self._masked_outputs(node)}

    def run(self, training: bool, with_loss: Mapping[str, Edge]) -> Iterator[Miss]:
        """Make the calls in Keras' order, and say who finds no mask where one should be."""
        graph = self.typed.graph
        ends: list[Edge] = list(graph.outputs.values())
        if training and graph.terms:
            ends = list(graph.ends)
        elif graph.spec.outputs_named:
            ends = [graph.outputs[name] for name in sorted(graph.outputs)]
        tensors: dict[tuple[str, int], tuple[str, int]] = {}
        """An output and the one that is the very same tensor."""
        held: dict[tuple[str, int], Held] = {}

        def one(edge: Edge) -> tuple[str, int]:
            return tensors.get((edge.source, edge.index), (edge.source, edge.index))

        def now(edge: Edge) -> Held:
            return held.get(one(edge), NONE)

        for call in run_order(self.calls, self.operation, (edge.source for edge in ends)):
            node = graph.nodes.get(call) if isinstance(call, str) else None
            if node is None or node.layer is None:
                continue
            look = partial(_as_built, self.kept[node.name]) if node.name in self.kept else now
            for origin, cause in self._missed(node, look, training).items():
                yield Miss(node.name, origin, cause)
            found = self._handed_on(node, look)
            for port in TAKES.get(node.layer.record.name, ()):
                for edge in node.ports.get(port, ()):
                    if edge is not None and not self._cast(node, edge):
                        held[one(edge)] = _without(now(edge), Cause("taken", node.name, edge.reference))
            if gives_back(node.layer, training) and not self._cast(node, node.edges[0]):
                tensors[node.name, 0] = one(node.edges[0])
            else:
                held |= {(node.name, index): found for index in self._masked_outputs(node)}
        for name, edge in with_loss.items():
            for origin, cause in now(edge).lost.items():
                yield Miss(edge.source, origin, cause, name)

    def operation(self, call: Hashable) -> Hashable:
        """The layer that is called; a call that Keras makes for a mask is of its own."""
        node = self.typed.graph.nodes.get(call) if isinstance(call, str) else None
        return call if node is None else node.shared or node.name

    def _type(self, edge: Edge) -> TensorType:
        found = self.typed.tensor(edge)
        assert found is not None, "only graphs without errors are followed"
        return found

    def _cast(self, node: Node, edge: Edge) -> bool:
        """Whether the layer is given a copy, in the numbers that it computes with."""
        assert node.layer is not None
        compute, dtype = layer_policy(node.layer, self.precision).compute, self._type(edge).dtype
        return dtype in FLOATS and compute != dtype

    def _keeps(self, node: Node) -> bool:
        """Whether Keras writes the mask down among a layer's arguments while the model is being built."""
        if node.layer is None or not any(port.name == "mask" and not port.many for port in node.layer.record.ports):
            return False
        alone = len(node.edges) == 1 and not node.options
        return alone and self._type(node.edges[0]).dtype == layer_policy(node.layer, self.precision).compute

    def _masked_outputs(self, node: Node) -> tuple[int, ...]:
        layer = node.layer
        twofold = layer is not None and layer.record.name == "Bidirectional" and layer["merge_mode"] is None
        return (0, 1) if twofold else (0,)

    def _handed_on(self, node: Node, look: Look, built: bool = False) -> Held:
        """The mask on what a node gives. While building, the calls that compute it are noted."""
        layer = node.layer
        if layer is None or not node.edges:
            return NONE
        name, first = layer.record.name, node.edges[0]
        if begins(layer):
            call = self._computed(node, "mask", first.source)
            return Held(frozenset({Origin(node.name, (first.source, first.index))}), {}, call)
        if name in JOINS:
            return self._joined(node, look, built)
        if not self._hands_on(node):
            return NONE
        given = node.ports.get("mask")
        if given and given[0] is None:
            return _without(look(first), Cause("given", node.name, first.reference))
        found = _given(given[0]) if given and given[0] is not None else look(first)
        if built and found.hides is not None and ATTENDS.get(name) == "mask":
            return replace(found, call=self._computed(node, "as it is", found.call))
        return found

    def _hands_on(self, node: Node) -> bool:
        """Whether the mask of the first tensor, or the one that is given instead, is on what comes out."""
        assert node.layer is not None
        name, first = node.layer.record.name, node.edges[0]
        if name in STEPS or name == "Bidirectional":  # all steps, or the last one
            outputs = self.typed.typed[node.name].outputs
            assert outputs is not None
            return outputs[0].rank == self._type(first).rank
        return node.layer.record.masking == "pass" or name in ATTENDS or name in HANDS_ON

    def _joined(self, node: Node, look: Look, built: bool) -> Held:
        """Elementwise, and along features, a place is hidden where all hide it; along time each part has its own."""
        assert node.layer is not None
        held = {edge: look(edge) for edge in node.edges}
        lost = {origin: cause for one in held.values() for origin, cause in one.lost.items()}
        if all(one.hides is None for one in held.values()):
            return Held(None, lost)
        hidden = frozenset(origin for one in held.values() for origin in one.hides or ())
        side_by_side = node.layer.record.name == "Concatenate"
        call = self._join_calls(node, tuple(held.values()), side_by_side) if built else None
        if side_by_side and node.layer["axis"] in (1, 1 - self._type(node.edges[0]).rank):
            return Held(hidden, lost, call)
        bare = [edge for edge, one in held.items() if not one.hides]
        if not bare:
            return Held(hidden, {origin: cause for origin, cause in lost.items() if origin not in hidden}, call)
        causes = [cause for edge in bare for cause in held[edge].lost.values()]
        cause = causes[0] if causes else Cause("joined", node.name, bare[0].reference)
        lost = dict.fromkeys(hidden, cause) | lost
        some = side_by_side or all(one.hides is not None for one in held.values())
        return Held(frozenset(), lost, call) if some else Held(None, lost)  # a mask that hides nothing, or none

    def _join_calls(self, node: Node, held: tuple[Held, ...], side_by_side: bool) -> Hashable:
        """The calls by which Keras makes one mask of several, which push back what they are given."""
        if not side_by_side:
            if any(one.hides is None for one in held):
                return None
            call = held[0].call
            for number, one in enumerate(held[1:]):
                call = self._computed(node, f"either {number}", call, one.call)
            return call
        parts: list[Hashable] = []
        for number, (edge, one) in enumerate(zip(node.edges, held, strict=True)):
            if one.hides is None:
                parts.append(self._computed(node, f"ones {number}", edge.source))
                continue
            wide = self._computed(node, f"wide {number}", one.call)
            zeros = self._computed(node, f"zeros {number}", edge.source)
            parts.append(self._computed(node, f"either {number}", wide, zeros))
        return self._computed(node, "any", self._computed(node, "parts", *parts))

    def _computed(self, node: Node, what: str, *parents: Hashable) -> Hashable:
        """Note a call that Keras makes by itself to compute a mask."""
        call = (node.name, what)
        if node.layer is not None and node.layer.record.name == "Masking":  # a comparison, and over all features
            self.calls[node.name, "compared"] = parents
            parents = ((node.name, "compared"),)
        self.calls[call] = parents
        return call

    def _missed(self, node: Node, look: Look, training: bool) -> Mapping[Origin, Cause]:
        """What a node counts that a mask should have hidden from it."""
        assert node.layer is not None
        name = node.layer.record.name
        if name in ATTENDS:
            return self._missed_by_attention(node, look)
        if name not in COUNTS or node.ports.get("mask"):
            return {}
        if name == "BatchNormalization" and (not training or node.layer.arguments.get("trainable") is False):
            return {}
        if not reads_ahead(node.layer, self.used[node.name]):
            return {}
        held = look(node.edges[0])
        if not node.ports.get("initial_state"):
            return held.lost
        untold = Cause("untold", node.name, node.edges[0].reference)
        return dict.fromkeys(held.hides or (), untold) | dict(held.lost)

    def _missed_by_attention(self, node: Node, look: Look) -> Mapping[Origin, Cause]:
        if any(node.ports.get(port) for port in ("mask", "value_mask", "key_mask", "attention_mask")):
            return {}
        named = "query" in node.ports
        query, value = (node.ports["query"][0], node.ports["value"][0]) if named else node.ports["inputs"][:2]
        assert query is not None, "required"
        assert value is not None, "required"
        looked = [value, *(edge for edge in node.ports.get("key", ()) if edge is not None)]
        steps = (self._type(query).shape[-2], self._type(value).shape[-2])
        if node.options.get("use_causal_mask") is True and same(*steps) is True:
            return {}  # no step looks behind itself, and padding is behind all that count
        hidden = {origin for edge in looked for origin in look(edge).hides or ()}
        lost = {origin: cause for edge in looked for origin, cause in look(edge).lost.items()}
        return {origin: cause for origin, cause in lost.items() if origin not in hidden}


def _as_built(kept: Held, _: Edge) -> Held:
    return kept


def _given(edge: Edge) -> Held:
    """A mask that the spec itself computes."""
    return Held(frozenset({Origin(edge.source, (edge.source, -1 - edge.index))}), {}, edge.source)


def _without(held: Held, cause: Cause) -> Held:
    """What becomes of a mask that is not handed on."""
    return Held(None, dict.fromkeys(held.hides or (), cause) | dict(held.lost))


def _in_order(node: Node) -> Iterator[Edge]:
    """What a node is given, in the order in which Keras lists it: what has no name, then by name; of an op as it is."""
    if node.layer is None:
        return
    names = [port.name for port in node.layer.record.ports]
    if node.layer.record.family != "ops":
        names = names[:1] + sorted(names[1:])
    for name in names:
        yield from (edge for edge in node.ports.get(name, ()) if edge is not None)
