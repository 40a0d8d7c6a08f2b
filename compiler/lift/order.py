"""In which order a spec states the calls of a saved model: one branch after the other, each behind what it needs."""

from __future__ import annotations

from collections.abc import Iterable

from .calls import tensors_of
from .network import Network, Stored, Tensor, Unreadable

Node = tuple[str, int]
"""A call: the name of the layer, and which of its calls it is."""


def ordered(network: Network) -> tuple[Node, ...]:
    """The calls on which the outputs hang, inputs left out.

    Keras writes layers down by their distance from the outputs, so that branches lie between each other. People write
    a branch to its end. A layer's calls keep their order, for Keras numbers them.

    Raises:
        Unreadable: if tensors go in a circle, or come from a layer or a call that is not there.
    """
    layers = {one.name: one for one in network.layers}
    outputs = [one for _, one in outputs_of(network)]
    done: dict[Node, None] = {}
    open_: set[Node] = set()
    waiting: list[tuple[Node, bool]] = [((one.layer, one.call), False) for one in reversed(outputs)]
    for one in outputs:
        _check(layers, one)
    while waiting:
        node, left = waiting.pop()
        if left:
            open_.discard(node)
            done[node] = None
            continue
        if node in done:
            continue
        stored = _stored(layers, node)
        if stored.kind == "InputLayer" and stored.inner is None:
            continue
        if node in open_:
            raise Unreadable(f"the tensors go in a circle through {stored.name}", stored.at)
        open_.add(node)
        waiting.append((node, True))
        needed = _needed(layers, stored, node[1])
        waiting += [(one, False) for one in reversed(list(needed)) if one not in done]
    return tuple(done)


def _needed(layers: dict[str, Stored], stored: Stored, call: int) -> Iterable[Node]:
    tensors = list(tensors_of(stored.calls[call]))
    for one in tensors:
        _check(layers, one)
    nodes = [(one.layer, one.call) for one in tensors]
    return dict.fromkeys([(stored.name, call - 1), *nodes] if call else nodes)


def _check(layers: dict[str, Stored], tensor: Tensor) -> None:
    stored = layers.get(tensor.layer)
    number = len(outputs_of(stored.inner)) if stored is not None and stored.inner is not None else tensor.output + 1
    if not 0 <= tensor.output < number:
        raise Unreadable(f"a tensor is output number {tensor.output + 1} of `{tensor.layer}`, which has {number}")


def _stored(layers: dict[str, Stored], node: Node) -> Stored:
    name, call = node
    stored = layers.get(name)
    if stored is None:
        raise Unreadable(f"a tensor comes from `{name}`, and no layer is called so")
    if not 0 <= call < len(stored.calls):
        raise Unreadable(
            f"a tensor comes from call number {call + 1} of `{name}`, which is called {len(stored.calls)} times",
            stored.at,
        )
    return stored


def outputs_of(network: Network) -> tuple[tuple[str | None, Tensor], ...]:
    """The outputs in the order in which Keras counts them, with their keys: those of a table by the alphabet."""
    if isinstance(network.outputs, tuple):
        return tuple((None, one) for one in network.outputs)
    return tuple(sorted(((str(key), one) for key, one in network.outputs.items()), key=lambda pair: pair[0]))
