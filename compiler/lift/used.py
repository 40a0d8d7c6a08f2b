"""From Network to Network without what nothing uses: of models inside, outputs that nobody takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .calls import tensors_of
from .network import Called, Network, Stored, Tensor
from .order import Node, outputs_of


def pruned(network: Network, order: Iterable[Node]) -> tuple[Network, tuple[str, ...]]:
    """The network with models inside that give no more than is taken of them, and which of them gave more.

    Keras keeps such outputs, and the layers that lead to nothing else. In a spec an entry that reaches no output is
    taken for a mistake.
    """
    layers = {one.name: one for one in network.layers}
    taken: dict[str, set[int]] = {}
    ends = [one for _, one in outputs_of(network)]
    for tensor in (*ends, *(one for name, call in order for one in tensors_of(layers[name].calls[call]))):
        taken.setdefault(tensor.layer, set()).add(tensor.output)
    places: dict[str, dict[int, int]] = {}
    less: dict[str, Stored] = {}
    for one in network.layers:
        if one.inner is None or one.name not in taken:
            continue
        outputs = outputs_of(one.inner)
        kept = [place for place in range(len(outputs)) if place in taken[one.name]]
        if len(kept) == len(outputs):
            continue
        places[one.name] = {old: new for new, old in enumerate(kept)}
        named = not isinstance(one.inner.outputs, tuple)
        rest = {str(outputs[place][0]): outputs[place][1] for place in kept}
        inner = replace(one.inner, outputs=rest if named else tuple(outputs[place][1] for place in kept))
        less[one.name] = replace(one, inner=inner)
    if not less:
        return network, ()

    def moved(value: Any) -> Any:
        if isinstance(value, Tensor):
            return replace(value, output=places.get(value.layer, {}).get(value.output, value.output))
        if isinstance(value, list | tuple):
            return type(value)(moved(each) for each in value)
        return {key: moved(each) for key, each in value.items()} if isinstance(value, Mapping) else value

    def again(one: Stored) -> Stored:
        calls = tuple(Called(moved(call.arguments), moved(call.keywords)) for call in one.calls)
        return replace(less.get(one.name, one), calls=calls)

    outputs_moved: Any = moved(network.outputs)
    return replace(network, layers=tuple(map(again, network.layers)), outputs=outputs_moved), tuple(less)
