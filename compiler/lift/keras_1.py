"""Keras 1: its layers, in the words of Keras 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .legacy_objects import KERAS_1_INITIALIZERS
from .network import Place
from .old import Gone, Old
from .reading import Reading

FORMATS: Final[Mapping[Any, Any]] = {"tf": "channels_last", "th": "channels_first", "default": None}
KERNEL: Final[Mapping[str, str]] = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
SPATIAL: Final[Mapping[str, str]] = {"border_mode": "padding", "dim_ordering": "data_format"}
CONVOLUTION: Final[Mapping[str, str]] = {**KERNEL, **SPATIAL, "nb_filter": "filters", "subsample": "strides"}
CONVOLUTION_1D: Final[Mapping[str, str]] = {
    **KERNEL,
    **SPATIAL,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample_length": "strides",
}
STEPS: Final[Mapping[str, str]] = {
    **KERNEL,
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
RECURRENT: Final[Mapping[str, str]] = {**STEPS, "output_dim": "units"}
POOLING_1D: Final[Mapping[str, str]] = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
SQUARE: Final[Mapping[str, tuple[str, ...]]] = {"kernel_size": ("nb_row", "nb_col")}
CUBE: Final[Mapping[str, tuple[str, ...]]] = {"kernel_size": ("kernel_dim1", "kernel_dim2", "kernel_dim3")}
FORMAT: Final[Mapping[str, Mapping[Any, Any]]] = {"data_format": FORMATS}
INITIALIZED: Final[Mapping[str, Mapping[Any, Any]]] = {"kernel_initializer": KERAS_1_INITIALIZERS}
INPUT_SIZE: Final = (Gone("input_dim"), Gone("input_length"))
"""Of a layer that began a Sequential, what `batch_input_shape` says as well."""
FORGET: Final[Mapping[str, Mapping[Any, Any]]] = {"unit_forget_bias": {"one": True, "zero": False, "ones": True}}
STATES: Final[Mapping[str, Mapping[Any, Any]]] = {**INITIALIZED, "recurrent_initializer": KERAS_1_INITIALIZERS}
CHEAPER: Final = Gone("consume_less")

FIXED_SHAPE: Final = Gone(
    "output_shape",
    harmless=(None,),
    reason="Keras 1 was told the output shape {value} of a transposed convolution, today it follows from the arguments",
    help="compare it with `keraspec show`; if it is another one, set `output_padding`",
    serious=False,
)
WORDS_DROPPED: Final = Gone(
    "dropout",
    harmless=(0, 0.0, None),
    reason="Keras 1 dropped a share of {value} of the words of an `Embedding` in training, today's can't",
    help="put a `SpatialDropout1D` layer with that `rate` behind it, if the model is to be trained on",
    serious=False,
)
FEATURE_WISE: Final = Gone(
    "mode",
    harmless=(0,),
    reason="`mode = {value}` of Keras 1 is no batch normalization of today: 1 is of each sample by itself, 2 uses the "
    "batch in use too",
    help="for 1, use `LayerNormalization`; for 2 there is no layer, and `mode = 0` may do after training on",
)

MERGERS: Final[Mapping[str, str]] = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
}
"""The mode of a ``Merge`` → the layer it is today."""


def _merge(_: str, config: dict[str, Any], at: Place, reading: Reading) -> tuple[str, dict[str, Any]]:
    """A ``Merge`` as the layer that its mode names."""
    mode = config.get("mode")
    kind = MERGERS.get(mode) if isinstance(mode, str) else None
    name = {"name": config["name"]} if "name" in config else {}
    if kind is None:
        cosine = "a `Dot` layer with `normalize = true`, and `Reshape` behind it to put an axis of 1 in"
        reading.refuse(
            f"there is no layer for a `Merge` of `mode = {mode!r}` today"
            if isinstance(mode, str)
            else "the mode of this `Merge` is a Python function",
            (*at, "mode"),
            help=f"use {cosine}" if mode == "cos" else "write what it computes with layers or ops",
        )
        return "Add", name
    if kind == "Concatenate":
        return kind, {**name, "axis": config.get("concat_axis", -1)}
    if kind == "Dot":
        return kind, {**name, "axes": config.get("dot_axes", -1)}
    return kind, name


def _padded(kind: str, config: dict[str, Any], _: Place, __: Reading) -> tuple[str, dict[str, Any]]:
    """A ``ZeroPadding2D`` whose padding is a table of sides, or a list of four."""
    padding = config.get("padding")
    if isinstance(padding, Mapping):
        sides = [padding.get(side, 0) for side in ("top_pad", "bottom_pad", "left_pad", "right_pad")]
        return kind, {**config, "padding": [sides[:2], sides[2:]]}
    if isinstance(padding, list) and len(padding) == 4:
        return kind, {**config, "padding": [padding[:2], padding[2:]]}
    return kind, config


def _table(kinds: tuple[str, ...], today: str = "", **rest: Any) -> tuple[Old, ...]:
    return tuple(Old(kind, today, **rest) for kind in kinds)


_MAXOUT: Final = "today's Keras has no `{}`"

KERAS_1: Final[tuple[Old, ...]] = (
    Old("Dense", renamed={**KERNEL, "output_dim": "units"}, values=INITIALIZED, gone=INPUT_SIZE),
    # On sequences a Dense does what TimeDistributedDense did.
    Old("TimeDistributedDense", "Dense", {**KERNEL, "output_dim": "units"}, values=INITIALIZED, gone=INPUT_SIZE),
    Old(
        "Embedding",
        renamed={
            "init": "embeddings_initializer",
            "W_regularizer": "embeddings_regularizer",
            "W_constraint": "embeddings_constraint",
        },
        values={"embeddings_initializer": KERAS_1_INITIALIZERS},
        gone=(WORDS_DROPPED,),
    ),
    Old("Convolution1D", "Conv1D", CONVOLUTION_1D, values=INITIALIZED, gone=INPUT_SIZE),
    Old(
        "AtrousConvolution1D",
        "Conv1D",
        {**CONVOLUTION_1D, "atrous_rate": "dilation_rate"},
        values=INITIALIZED,
        gone=INPUT_SIZE,
    ),
    Old("Convolution2D", "Conv2D", CONVOLUTION, SQUARE, {**FORMAT, **INITIALIZED}),
    Old(
        "AtrousConvolution2D",
        "Conv2D",
        {**CONVOLUTION, "atrous_rate": "dilation_rate"},
        SQUARE,
        {**FORMAT, **INITIALIZED},
    ),
    Old("LocallyConnected1D", renamed=CONVOLUTION_1D, values=INITIALIZED, gone=INPUT_SIZE),
    Old("LocallyConnected2D", renamed=CONVOLUTION, joined=SQUARE, values={**FORMAT, **INITIALIZED}),
    Old("Convolution3D", "Conv3D", CONVOLUTION, CUBE, {**FORMAT, **INITIALIZED}),
    *_table(
        ("Deconvolution2D", "Convolution2DTranspose"),
        "Conv2DTranspose",
        renamed=CONVOLUTION,
        joined=SQUARE,
        values={**FORMAT, **INITIALIZED},
        gone=(FIXED_SHAPE,),
    ),
    Old(
        "SeparableConvolution2D",
        "SeparableConv2D",
        {
            **CONVOLUTION,
            "init": ("depthwise_initializer", "pointwise_initializer"),
            "depthwise_init": "depthwise_initializer",
            "pointwise_init": "pointwise_initializer",
        },
        SQUARE,
        FORMAT,
    ),
    Old(
        "ConvLSTM2D",
        renamed={**STEPS, **CONVOLUTION, "forget_bias_init": "unit_forget_bias"},
        joined=SQUARE,
        values={**FORMAT, **STATES, **FORGET},
        gone=(CHEAPER, *INPUT_SIZE),
    ),
    *_table(("MaxPooling1D", "AveragePooling1D"), renamed=POOLING_1D),
    *_table(
        (
            "MaxPooling2D",
            "AveragePooling2D",
            "MaxPooling3D",
            "AveragePooling3D",
            "GlobalMaxPooling2D",
            "GlobalAveragePooling2D",
            "GlobalMaxPooling3D",
            "GlobalAveragePooling3D",
            "ZeroPadding3D",
            "Cropping2D",
            "Cropping3D",
            "UpSampling2D",
            "UpSampling3D",
        ),
        renamed=SPATIAL,
        values=FORMAT,
    ),
    Old("ZeroPadding2D", renamed=SPATIAL, values=FORMAT, rewrite=_padded),
    Old("UpSampling1D", renamed={"length": "size"}),
    *_table(
        ("LSTM", "LSTMCell"),
        renamed={**RECURRENT, "forget_bias_init": "unit_forget_bias"},
        values={**STATES, **FORGET},
        gone=(CHEAPER, *INPUT_SIZE),
    ),
    *_table(("GRU", "SimpleRNN"), renamed=RECURRENT, values=STATES, gone=(CHEAPER, *INPUT_SIZE)),
    *_table(("Dropout", "SpatialDropout1D", "GaussianDropout"), renamed={"p": "rate"}),
    *_table(("SpatialDropout2D", "SpatialDropout3D"), renamed={**SPATIAL, "p": "rate"}, values=FORMAT),
    Old("GaussianNoise", renamed={"sigma": "stddev"}),
    Old("PReLU", renamed={"init": "alpha_initializer"}),
    Old(
        "BatchNormalization",
        renamed={"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
        gone=(FEATURE_WISE,),
    ),
    Old("Merge", rewrite=_merge),
    Old(
        "MaxoutDense",
        removed=_MAXOUT.format("MaxoutDense"),
        instead="write a `Dense` of `nb_feature` times as many units, `Reshape` to [nb_feature, units], and `ops.max`",
    ),
    Old(
        "Highway",
        removed=_MAXOUT.format("Highway"),
        instead="write it with two `Dense` layers (one of them a `sigmoid` gate), `Multiply` and `Add`",
    ),
    Old("SReLU", removed=_MAXOUT.format("SReLU"), instead="use `PReLU`, or write it with ops"),
    Old(
        "ParametricSoftplus",
        removed=_MAXOUT.format("ParametricSoftplus"),
        instead='use `Activation` with `activation = "softplus"`, or `PReLU`',
    ),
)
"""Layers of Keras 1 whose class or arguments have changed since."""
