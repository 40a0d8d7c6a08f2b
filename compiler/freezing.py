"""From names and patterns to the layers that are meant: not trained, or to begin with weights of another model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..spec.document import Part, Pointer
from ..spec.finding import Finding
from ..spec.naming import SIGNS, covers
from ..spec.spec import Training
from ..spec.words import closest, listed, quoted
from .graph import Node, TypedGraph


def frozen(training: Training, name: str) -> bool:
    """Whether the layer of this full name is not trained."""
    return any(covers(pattern, name) for pattern in training.freeze)


def inner_names(node: Node) -> tuple[str, ...]:
    """Full names of the layers inside an application."""
    if node.layer is None or node.layer.record.inside is None:
        return ()
    return tuple(f"{node.name}.{name}" for name in node.layer.record.inside(node.layer.arguments))


def freeze_findings(typed: TypedGraph, training: Training) -> Iterator[Finding]:
    """Names and patterns that no layer has (E201), and layers frozen until none is left to learn (E425)."""
    if not training.freeze or not typed.graph.spec.whole:
        return
    at: Pointer = (*training.pointer, "freeze")
    places = [(pattern, (*at, index)) for index, pattern in enumerate(training.freeze)]
    found = list(lost(typed, places, "nothing to freeze", inside=True))
    yield from (one for one in found if one is not None)
    if not found and all(known.outputs is not None for known in typed.typed.values()):
        yield from _nothing_left(typed, training, at)


def weights_findings(typed: TypedGraph, training: Training) -> Iterator[Finding]:
    """Names and patterns of layers with the weights of a saved model that no layer has (E201)."""
    if training.weights is None or not typed.graph.spec.whole:
        return
    at: Pointer = (*training.pointer, "weights", "layers")
    places = [(pattern, (*at, index)) for index, pattern in enumerate(training.weights.layers)]
    found = lost(typed, places, "no weights", inside=False)
    yield from (one for one in found if one is not None)


def lost(
    typed: TypedGraph, places: Sequence[tuple[str, Pointer]], no_use: str, *, inside: bool, part: Part = "value"
) -> Iterator[Finding | None]:
    """One for each pattern that no layer has, with ``inside`` none in an application either; None where it is open.

    ``places`` are the patterns, each with where it is written.
    """
    graph = typed.graph
    layers = [node for node in graph.nodes.values() if node.input is None]
    names = [node.name for node in layers]
    for pattern, where in places:
        if any(covers(pattern, name) for name in names):
            continue
        if inside and any(covers(pattern, name) for node in layers for name in inner_names(node)):
            continue
        if pattern in graph.nodes:
            words = f"{quoted(pattern)} is an input, which has {no_use}"
            yield Finding("E201", words, where, part, help="name a layer")
            continue
        if any(node.layer is None for node in layers):
            yield None  # what is inside of it is not known
            continue
        split = [name.split(".") for name in names]
        around = dict.fromkeys(".".join(one[:count]) for one in split for count in range(1, len(one) + 1))
        near = closest(pattern, around)
        what = "no layer has a name like" if SIGNS & set(pattern) else "there is no layer called"
        way = f'did you mean "{near}"?' if near else f"the layers are {listed(names, 12)}"
        yield Finding("E201", f"{what} {quoted(pattern)}", where, part, help=way)


def _nothing_left(typed: TypedGraph, training: Training, at: Pointer) -> Iterator[Finding]:
    left = False
    had = False
    for name, known in typed.typed.items():
        if not any(weight.trainable for weight in known.weights):
            continue
        had = True
        node = typed.graph.nodes[name]
        inside = inner_names(node)
        if not frozen(training, name) and not (inside and all(frozen(training, one) for one in inside)):
            left = True
    if had and not left:
        words = "`freeze` takes in every layer that has weights: there is nothing left to learn"
        yield Finding("E425", words, at, "key", help="leave out the layers that should be trained")
