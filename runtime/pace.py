"""From TypedGraph to how many steps one call may take: no more than fit into half a second, by an estimate.

Ctrl-C and the progress display wait for a call to end. How long a step takes is worked out from what the spec says
and never measured: the same spec shall make the same choice everywhere, and again when a run is taken up.
"""

from __future__ import annotations

from typing import Final

from ..compiler.graph import TypedGraph
from ..compiler.sizes import Size, known, substitute, words
from ..compiler.tensor import TensorType

CALL_SECONDS: Final = 0.5
"""What one call should take at most."""

FLOPS_A_SECOND: Final = {False: 2e10, True: 1e12}
"""What a small CPU, and a small GPU (True), gets through of a network's arithmetic."""

LAYER_SECONDS: Final = 2e-5
"""What a layer costs in a step, forward and backward, however small it is; recurrent ones at each place in time."""

PASSES: Final = 3
"""Forward once, and backward about twice as much."""

UNKNOWN: Final = 128
"""What stands for a length that only the data tell."""

RECURRENT: Final = "layers/recurrent_layers"
"""Where Keras has the pages of layers that go from one place in time to the next."""


def steps_at_once(typed: TypedGraph, batch_size: int, *, gpu: bool) -> int:
    """How many steps of training fit into one call, at least 1."""
    return max(1, int(CALL_SECONDS / step_seconds(typed, batch_size, gpu=gpu)))


def step_seconds(typed: TypedGraph, batch_size: int, *, gpu: bool) -> float:
    """About how long a step of training with so many rows takes; far too long rather than far too short."""
    flops = layers = 0
    for name, node in typed.graph.nodes.items():
        if node.layer is None:
            continue
        found = typed.typed[name]
        flops += _number(found.flops)
        many = max(1, len(found.inside))
        if node.layer.record.page.startswith(RECURRENT):
            many = max([many, *(_times(typed.tensor(edge)) for edge in node.edges)])
        layers += many
    return PASSES * batch_size * flops / FLOPS_A_SECOND[gpu] + LAYER_SECONDS * max(1, layers)


def _times(tensor: TensorType | None) -> int:
    """The length of a sequence."""
    return _number(tensor.shape[1]) if tensor is not None and tensor.rank > 1 else 1


def _number(size: Size) -> int:
    """A size as a number, with a guess for what only the data tell."""
    if known(size):
        return size
    found = substitute(size, dict.fromkeys(words(size), UNKNOWN), batch=1)
    return found if known(found) else UNKNOWN
