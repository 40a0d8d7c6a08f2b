"""From TypedGraph to which kernels TensorFlow computes with on a CPU: its own, or those of oneDNN.

TensorFlow takes oneDNN's by itself on some processors only. Where most of the arithmetic lies in large convolutions or
matrix products they are faster on the others too (benchmarks/RESULTS.md has the CNN both ways); small layers, and those
that go along a sequence, become slower by them. The last bits of the numbers hang on the choice: so it is made of what
the spec says, never by timing, and recorded with the run. TensorFlow reads it once, when it is imported.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import Final

from ..compiler.graph import TypedGraph
from ..compiler.sizes import known
from .environment import backend
from .pace import RECURRENT

SWITCH: Final = "TF_ENABLE_ONEDNN_OPTS"
"""TensorFlow's own variable of the environment; whoever sets it, to 0 or 1, has chosen."""

PROCESSORS: Final = frozenset({"x86_64", "AMD64"})

GAIN: Final = frozenset(
    {"Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "SeparableConv2D", "Dense", "EinsumDense"}
)
"""Layers that gain where they are large. DepthwiseConv2D and convolutions along one axis do not."""

LARGE: Final = 4e6
"""FLOPs that such layers have on average in a step, forward: with fewer, handing over costs more than is gained."""

MOST: Final = 0.8
"""The share that they have in the FLOPs of the network."""


def choose_kernels(typed: TypedGraph, before: str | None = None) -> str | None:
    """Choose oneDNN's kernels where they suit the network, or those with which a run began; what to say of it.

    None where nothing was to choose: TensorFlow has been imported, another backend computes, or someone has chosen.
    """
    if SWITCH in os.environ or "tensorflow" in sys.modules or backend() != "tensorflow":
        return None
    if before is not None:  # "default" says that nothing was set
        if before in ("0", "1"):
            os.environ[SWITCH] = before
        return None
    if platform.machine() not in PROCESSORS or not suits_onednn(typed):
        return None
    os.environ[SWITCH] = "1"
    return f"kernels: oneDNN, as the layers are large ({SWITCH}=0 turns it off)"


def suits_onednn(typed: TypedGraph) -> bool:
    """Whether most of the arithmetic is in layers that gain by oneDNN, large ones, and none goes along a sequence."""
    data = typed.graph.spec.data
    batch = data.batch_size if data is not None else 32
    gaining: list[int] = []
    every = 0
    for name, node in typed.graph.nodes.items():
        if node.layer is None:
            continue
        if node.layer.record.page.startswith(RECURRENT):
            return False
        flops = typed.typed[name].flops
        if not known(flops):  # its sizes are told by the data alone
            return False
        every += flops
        if node.layer.record.name in GAIN:
            gaining.append(flops)
    total = sum(gaining)
    return bool(gaining) and total >= MOST * every and batch * total >= LARGE * len(gaining)
