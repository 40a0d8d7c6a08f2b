"""From TypedGraph and the name of a layer to its receptive field: how far it sees along each axis of an input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Final

from .catalogue.record import Inner, Object
from .graph import Edge, Typed, TypedGraph
from .reach_rules import Asked, Spans, hull, reach_of, steps_up
from .sizes import Size
from .tensor import Shape, TensorType

MOST_PHASES: Final = 64
"""So many places next to each other are looked from: behind a layer that makes several places of one they differ."""
Tensor = tuple[str, int]
"""A node, and which of its outputs."""


class Unclear(Exception):
    """What a layer makes its places of is not known; ``layer`` is its name, ``type`` what it is."""

    def __init__(self, layer: str, type: str) -> None:
        super().__init__(layer)
        self.layer, self.type = layer, type


def receptive_fields(typed: TypedGraph, edge: Edge) -> Mapping[str, tuple[Size, ...]]:
    """For each input that the tensor on an edge is made of, how many places of it one place of the tensor sees.

    There is one number for each axis of the input but those of the batch and of the channels; inputs that have no
    other are left out. A layer that looks everywhere sees the whole axis, whatever its size; else padding counts as
    places too, so that the number can be larger than the input. What came out flat, without places of its own, sees
    all that any part of it sees. Source: see ``reach_rules``.

    Raises:
        Unclear: if there is a layer on the way of which that is not known.
    """
    first = _channels_first(typed)
    names = set(_behind(typed, edge.source))
    most = min(MOST_PHASES, prod(steps_up(layer) for name in names for layer in _layers(typed, name)))
    found: dict[str, tuple[Size, ...]] = {}
    for place in range(most):
        for name, spans in _seen(typed, edge, place, first).items():
            shape = _outputs(typed, name)[0].shape[1:]
            wide = [
                size if span is None else span[1] - span[0] + 1 for size, span in zip(shape, spans, strict=True)
            ]  # fmt: skip
            del wide[slice(*_channels(typed, name, len(shape), first))]
            if wide:
                before = found.get(name, tuple(wide))
                found[name] = tuple(
                    max(a, b) if isinstance(a, int) and isinstance(b, int) else a
                    for a, b in zip(before, wide, strict=True)
                )  # fmt: skip
    return found


def _seen(typed: TypedGraph, edge: Edge, place: int, first: bool) -> dict[str, Spans]:
    """The places of each input that one place of a tensor is made of."""
    start: Tensor = (edge.source, edge.index)
    rank = len(_outputs(typed, edge.source)[edge.index].shape) - 1
    spans: list[tuple[int, int] | None] = [(place, place)] * rank
    if rank == 1:
        spans = [None]
    elif rank:
        spans[0 if first else -1] = None
    asked: dict[Tensor, Spans] = {start: tuple(spans)}
    inputs: dict[str, Spans] = {}
    for name, node in reversed(list(typed.graph.nodes.items())):
        wanted = {index: asked[name, index] for index in range(len(_outputs(typed, name))) if (name, index) in asked}
        if not wanted:
            continue
        if node.input is not None:
            inputs[name] = wanted[0]
            continue
        assert node.layer is not None
        edges = node.edges
        shapes = [_outputs(typed, one.source)[one.index].shape for one in edges]
        inside = typed.typed[node.shared or name].inside
        if inside:
            answers: list[Spans] = [_through(name, node.inside, inside, shapes[0], wanted)]
        else:
            answers = list(_back(name, node.layer, shapes, typed.typed[name], wanted))
        for one, spans_of in zip(edges, answers, strict=True):
            key = (one.source, one.index)
            asked[key] = hull(asked[key], spans_of) if key in asked else spans_of
    return inputs


def _back(
    name: str, layer: Object, shapes: Sequence[Shape], known: Typed, wanted: Mapping[int, Spans]
) -> Iterator[Spans]:
    """What is asked of each input of a layer, by what is asked of its outputs."""
    rule = reach_of(layer)
    if rule is None:
        raise Unclear(name, layer.record.name)
    assert known.outputs is not None
    for index in range(len(shapes)):
        found: Spans | None = None
        for output, spans in wanted.items():
            one = rule(Asked(layer, shapes, index, known.outputs[output].shape, spans))
            found = one if found is None else hull(found, one)
        assert found is not None
        yield found


def _through(
    name: str, named: Sequence[str], inside: Sequence[Inner], shape: Shape, wanted: Mapping[int, Spans]
) -> Spans:
    """What is asked of the input of an application, by what is asked of it and of layers inside it."""
    shapes = {"": shape, **{one.name: one.outputs[0].shape for one in inside}}
    asked = {inside[-1].name if index == 0 else named[index - 1]: spans for index, spans in wanted.items()}
    for one in reversed(inside):
        if one.name not in asked:
            continue
        known = Typed(one.outputs)
        behind = [shapes[source] for source in one.sources]
        answers = _back(f"{name}.{one.name}", one.layer, behind, known, {0: asked[one.name]})
        for source, spans in zip(one.sources, answers, strict=True):
            asked[source] = hull(asked[source], spans) if source in asked else spans
    return asked[""]


def _behind(typed: TypedGraph, name: str) -> Iterator[str]:
    """A node and all that it is made of."""
    waiting, met = [name], {name}
    while waiting:
        one = waiting.pop()
        yield one
        fresh = {edge.source for edge in typed.graph.nodes[one].edges} - met
        met |= fresh
        waiting.extend(fresh)


def _layers(typed: TypedGraph, name: str) -> Iterator[Object]:
    node = typed.graph.nodes[name]
    if node.layer is not None:
        yield node.layer
    yield from (one.layer for one in typed.typed[node.shared or name].inside)


def _channels_first(typed: TypedGraph) -> bool:
    return any(
        layer.arguments.get("data_format") == "channels_first"
        for name in typed.graph.nodes
        for layer in _layers(typed, name)
    )


def _channels(typed: TypedGraph, name: str, rank: int, first: bool) -> tuple[int, int]:
    """Which axes of an input are channels, as a slice: none, where there is one axis or each number is a word's."""
    embedded = any(
        edge.source == name and node.layer is not None and node.layer.record.name == "Embedding"
        for node in typed.graph.nodes.values()
        for edge in node.edges
    )
    if rank < 2 or embedded:
        return 0, 0
    return (0, 1) if first else (rank - 1, rank)


def _outputs(typed: TypedGraph, name: str) -> tuple[TensorType, ...]:
    found = typed.typed[name].outputs
    assert found is not None
    return found
