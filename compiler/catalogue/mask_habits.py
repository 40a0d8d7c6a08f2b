"""What Keras' layers do with masks while a model runs, which is not always what they did while it was built.

Each table names layers by their class. Seen in Keras 3.15 and held against it by tests/differential/test_masks.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .record import Object

BEGINS: Final = frozenset({"Embedding", "ReversibleEmbedding", "Masking"})
"""Give a mask that they make of their own input; an embedding only with ``mask_zero``."""

JOINS: Final = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})
"""Put tensors together. What one of them has no mask for counts in the result."""

TAKES: Final[Mapping[str, tuple[str, ...]]] = {"MultiHeadAttention": ("query", "value", "key")}
"""Take the mask off the very tensors they are given in these places: whoever reads them later finds none."""

ATTENDS: Final[Mapping[str, str]] = {
    "MultiHeadAttention": "value_mask",
    "GroupQueryAttention": "value_mask",
    "Attention": "mask",
    "AdditiveAttention": "mask",
}
"""Look at all places of a value, and the argument in which the mask of these can be given."""

STEPS: Final = frozenset({"LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
"""Go through a sequence from one end to the other."""

COUNTS: Final = STEPS | {"Bidirectional", "GlobalAveragePooling1D", "BatchNormalization"}
"""Leave out what their mask hides, which they take as ``mask``."""

HANDS_ON: Final = frozenset({"BatchNormalization", "TimeDistributed"})
"""Besides those whose record says so: they take a ``mask``, and what comes out has it."""

_SAME: Final = frozenset({"Identity", "ActivityRegularization"})
_NOISE: Final[Mapping[str, str]] = {
    "Dropout": "rate",
    "SpatialDropout1D": "rate",
    "SpatialDropout2D": "rate",
    "SpatialDropout3D": "rate",
    "AlphaDropout": "rate",
    "GaussianDropout": "rate",
    "GaussianNoise": "stddev",
}


def begins(layer: Object) -> bool:
    """Whether a mask begins with this layer."""
    return layer.record.name in BEGINS and (layer.record.name == "Masking" or bool(layer["mask_zero"]))


def gives_back(layer: Object, training: bool) -> bool:
    """Whether what comes out is the very tensor that goes in, so that a mask taken off one is off the other."""
    name = layer.record.name
    if name in _NOISE:
        return not training or not layer[_NOISE[name]]
    return name in _SAME or (name == "Activation" and layer["activation"] == "linear")


def reads_ahead(layer: Object, used: frozenset[int]) -> bool:
    """Whether padding behind the end of a sequence can change what a recurrent layer gives for the steps before.

    ``used`` are the numbers of its outputs that something reads: states are those of the last step.
    """
    if layer.record.name not in STEPS:
        return True
    forwards = layer["return_sequences"] and not layer["go_backwards"] and not layer["stateful"]
    return not forwards or bool(used - {0})
