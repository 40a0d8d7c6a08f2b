"""From the name of an input to whether layers behind it bring its numbers near to 0."""

from __future__ import annotations

from typing import Final

from ..compiler.graph import TypedGraph

SCALING: Final = frozenset(
    {"Normalization", "Rescaling", "BatchNormalization", "LayerNormalization", "GroupNormalization"}
    | {"RMSNormalization", "UnitNormalization", "SpectralNormalization", "Embedding", "IntegerLookup", "StringLookup"}
    | {"Hashing", "CategoryEncoding", "Discretization", "HashedCrossing", "TextVectorization", "MelSpectrogram"}
)
"""Layers behind which it does not matter how large the numbers were."""
PASSING: Final = frozenset(
    {
        "Reshape",
        "Flatten",
        "Permute",
        "Identity",
        "InputLayer",
        "Masking",
        "Dropout",
        "Resizing",
        "CenterCrop",
        "Concatenate",
    }
)
"""Layers behind which numbers are as large as before."""


def scaled(typed: TypedGraph, name: str, depth: int = 0) -> bool:
    """Whether every layer that an input goes into makes its numbers small, or is one whose doings are not known."""
    nodes = [
        node
        for node in typed.graph.nodes.values()
        if node.layer is not None and any(e.source == name for e in node.edges)
    ]
    if not nodes or depth > 20:
        return True
    for node in nodes:
        assert node.layer is not None
        kind = node.layer.record.name
        if kind in SCALING or node.layer.record.family != "layers":
            continue
        if kind not in PASSING or not scaled(typed, node.name, depth + 1):
            return False
    return True
