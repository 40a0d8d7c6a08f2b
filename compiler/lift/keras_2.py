"""Keras 2: its layers, those of TensorFlow's own Keras included, in the words of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .network import Place
from .old import Gone, Old
from .reading import Reading

NOT_SO: Final = (None, False)
CONSTANTS: Final = Gone(
    "num_constants",
    harmless=(None, 0),
    reason="the cell is given {value} constants beside its input, which cells of today's Keras are not",
    help="repeat them along time with `RepeatVector`, and `Concatenate` them to the sequence",
)
TIME_MAJOR: Final = Gone(
    "time_major",
    harmless=NOT_SO,
    reason="with `time_major` the time axis stood before the batch; today the batch is always first",
    help="make the model anew without `time_major`",
)
RECURRENT: Final = (Gone("implementation"), TIME_MAJOR, CONSTANTS)
GROUPED: Final = Gone(
    "groups",
    harmless=(None, 1),
    reason="today's layer of this kind has no groups, here there are {value}",
    help="write one such layer for each group, and `Concatenate` what they give",
)
KERNELS: Final = (Gone("kernel_initializer"), Gone("kernel_regularizer"), Gone("kernel_constraint"))
"""What Keras 2 wrote of separable and depthwise layers beside the arguments that they use."""

CUDNN: Final[Mapping[str, Any]] = {"activation": "tanh", "recurrent_activation": "sigmoid"}
"""What the layers made for NVIDIA's library always computed."""

SYNCHRONIZED: Final[Mapping[str, Any]] = {"synchronized": True}
NORMALIZED: Final = (
    Gone("fused"),
    Gone("adjustment"),
    Gone(
        "virtual_batch_size",
        harmless=(None,),
        reason="today's `BatchNormalization` can't split its batch into virtual ones of {value}",
        help="train with a smaller `batch_size`",
        serious=False,
    ),
)
QUERY_SHAPES: Final = (Gone("query_shape"), Gone("key_shape"), Gone("value_shape"))
RANDOM_SIZE: Final = "it gives pictures of a random size, which no layer of today's Keras does"


def _normalized(kind: str, config: dict[str, Any], at: Place, reading: Reading) -> tuple[str, dict[str, Any]]:
    """BatchNormalization with its list of axes, of which there is one."""
    axis = config.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        return kind, {**config, "axis": axis[0]}
    if isinstance(axis, list):
        reading.refuse(
            f"this normalizes along {len(axis)} axes together; today's `BatchNormalization` has one",
            (*at, "axis"),
            help="`Reshape` the axes into one before it, and back behind it",
        )
        return kind, {key: value for key, value in config.items() if key != "axis"}
    return kind, config


def _one_offset(kind: str, config: dict[str, Any], at: Place, reading: Reading) -> tuple[str, dict[str, Any]]:
    """An LSTM made for NVIDIA's library, whose gates had two offsets each: the sum of them is the one of today."""
    reading.differs(
        "a `CuDNNLSTM` kept two offsets for each gate, an `LSTM` keeps one, which is their sum: it has "
        "4 × `units` parameters less and gives the same numbers",
        at,
    )
    return kind, config


def _both_ways(kind: str, config: dict[str, Any], _: Place, __: Reading) -> tuple[str, dict[str, Any]]:
    """A Bidirectional around a layer that goes backwards: Keras 2 let the other one go forwards."""
    layer = config.get("layer")
    own = layer.get("config") if isinstance(layer, Mapping) else None
    if isinstance(own, Mapping) and own.get("go_backwards") and config.get("backward_layer") is None:
        assert isinstance(layer, Mapping)
        return kind, {**config, "backward_layer": {**layer, "config": {**own, "go_backwards": False}}}
    return kind, config


def _table(kinds: tuple[str, ...], today: str = "", **rest: Any) -> tuple[Old, ...]:
    return tuple(Old(kind, today, **rest) for kind in kinds)


KERAS_2: Final[tuple[Old, ...]] = (
    Old("LeakyReLU", renamed={"alpha": "negative_slope"}),
    # Today's ReLU with a threshold computes what ThresholdedReLU did.
    Old("ThresholdedReLU", "ReLU", {"theta": "threshold"}, given={"threshold": 1.0}),
    Old("Embedding", gone=(Gone("input_length"),)),
    *_table(("SeparableConv1D", "SeparableConv2D"), gone=(*KERNELS, GROUPED)),
    *_table(("DepthwiseConv1D", "DepthwiseConv2D"), gone=(*KERNELS, GROUPED, Gone("filters"))),
    *_table(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), gone=(GROUPED,)),
    *_table(("LSTM", "LSTMCell", "SimpleRNN", "SimpleRNNCell", "RNN", "ConvLSTM1D", "ConvLSTM2D"), gone=RECURRENT),
    Old("ConvLSTM3D", gone=RECURRENT),
    # Files of a Keras that could do otherwise say so.
    *_table(("GRU", "GRUCell"), given={"reset_after": False}, gone=RECURRENT),
    Old("UnifiedLSTM", "LSTM", gone=RECURRENT),
    Old("UnifiedGRU", "GRU", given={"reset_after": True}, gone=RECURRENT),
    Old("CuDNNLSTM", "LSTM", given=CUDNN, gone=RECURRENT, rewrite=_one_offset),
    Old("CuDNNGRU", "GRU", given={**CUDNN, "reset_after": True}, gone=RECURRENT),
    *_table(
        ("BatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2"),
        "BatchNormalization",
        gone=NORMALIZED,
        rewrite=_normalized,
    ),
    Old("SyncBatchNormalization", "BatchNormalization", given=SYNCHRONIZED, gone=NORMALIZED, rewrite=_normalized),
    Old("Bidirectional", rewrite=_both_ways),
    *_table(("Attention", "AdditiveAttention"), called={"causal": "use_causal_mask"}),
    Old("MultiHeadAttention", gone=QUERY_SHAPES),
    Old("Discretization", renamed={"bins": "bin_boundaries"}),
    Old("CategoryEncoding", renamed={"max_tokens": "num_tokens"}),
    Old(
        "IntegerLookup",
        renamed={"max_values": "max_tokens", "oov_value": "oov_token", "mask_value": "mask_token"},
    ),
    *_table(("RandomHeight", "RandomWidth"), removed=RANDOM_SIZE, instead="use `RandomZoom`"),
    *_table(
        ("DenseFeatures", "SequenceFeatures"),
        removed="feature columns are Python objects of TensorFlow that today's Keras does not know",
        instead="use `StringLookup`, `IntegerLookup`, `Discretization`, `CategoryEncoding` and `Embedding` layers",
    ),
)
"""Layers of Keras 2 whose class or arguments have changed since."""
