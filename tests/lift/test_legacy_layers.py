"""Layers of Keras 1 and 2 in the words of today, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from keraspec.compiler.lift.keras_1 import MERGERS

from .legacy_models import entries, functional, given, layer, node, params, sequential, shapes

IMAGE = {"batch_input_shape": [None, 8, 8, 3]}
ROW = {"batch_input_shape": [None, 6]}
SERIES = {"batch_input_shape": [None, 10, 4]}
VOLUME = {"batch_input_shape": [None, 8, 8, 8, 2]}
KERNEL_1: Mapping[str, Any] = {
    "init": "glorot_uniform",
    "bias": True,
    "W_regularizer": None,
    "b_regularizer": None,
    "W_constraint": None,
    "b_constraint": None,
    "activity_regularizer": None,
    "activation": "linear",
    "input_dtype": "float32",
}
SLIDING_1: Mapping[str, Any] = {**KERNEL_1, "border_mode": "same", "dim_ordering": "tf"}
GATED_1: Mapping[str, Any] = {
    "init": "glorot_uniform",
    "inner_init": "glorot_uniform",
    "activation": "tanh",
    "inner_activation": "sigmoid",
    "W_regularizer": None,
    "U_regularizer": None,
    "b_regularizer": None,
    "dropout_W": 0.2,
    "dropout_U": 0.1,
    "return_sequences": False,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "consume_less": "cpu",
    "input_dim": 4,
    "input_length": None,
}
GATES = {"recurrent_initializer": "glorot_uniform", "dropout": 0.2, "recurrent_dropout": 0.1}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # class, its arguments, its input, the entry of the spec
    ("Dense", {**KERNEL_1, "output_dim": 3, "input_dim": 6}, ROW, {"type": "Dense", "units": 3}),
    (
        "Dense",
        {
            **KERNEL_1,
            "output_dim": 3,
            "bias": False,
            "init": "he_normal",
            "W_constraint": {"name": "MaxNorm", "m": 3, "axis": 0},
        },
        ROW,
        {
            "type": "Dense",
            "units": 3,
            "use_bias": False,
            "kernel_initializer": "he_normal",
            "kernel_constraint": {"type": "MaxNorm", "max_value": 3},
        },
    ),
    (
        "Dense",
        {
            **KERNEL_1,
            "output_dim": 3,
            "init": "uniform",
            "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.10000000149011612},
            "b_constraint": {"name": "MinMaxNorm", "low": 0.5, "high": 2.0, "rate": 0.9, "axis": 0},
            "activity_regularizer": {"name": "L1L2Regularizer", "l1": 0.25, "l2": 0.5},
        },
        ROW,
        {
            "type": "Dense",
            "units": 3,
            "kernel_initializer": "random_uniform",
            "kernel_regularizer": {"type": "L2", "l2": 0.1},
            "bias_constraint": {"type": "MinMaxNorm", "min_value": 0.5, "max_value": 2.0, "rate": 0.9},
            "activity_regularizer": {"type": "L1L2", "l1": 0.25, "l2": 0.5},
        },
    ),
    ("TimeDistributedDense", {**KERNEL_1, "output_dim": 3}, SERIES, {"type": "Dense", "units": 3}),
    (
        "Embedding",
        {
            "input_dim": 50,
            "output_dim": 4,
            "init": "uniform",
            "dropout": 0.0,
            "mask_zero": False,
            "input_dtype": "int32",
        },
        {"batch_input_shape": [None, 7]},
        {"type": "Embedding", "input_dim": 50, "output_dim": 4},
    ),
    (
        "Convolution1D",
        {**KERNEL_1, "nb_filter": 5, "filter_length": 3, "subsample_length": 2, "border_mode": "same"},
        SERIES,
        {"type": "Conv1D", "filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"},
    ),
    (
        "AtrousConvolution1D",
        {
            **KERNEL_1,
            "nb_filter": 5,
            "filter_length": 3,
            "subsample_length": 1,
            "atrous_rate": 2,
            "border_mode": "valid",
        },
        SERIES,
        {"type": "Conv1D", "filters": 5, "kernel_size": 3, "dilation_rate": 2},
    ),
    (
        "Convolution2D",
        {**SLIDING_1, "nb_filter": 5, "nb_row": 3, "nb_col": 2, "subsample": [2, 2]},
        IMAGE,
        {"type": "Conv2D", "filters": 5, "kernel_size": [3, 2], "strides": 2, "padding": "same"},
    ),
    (
        "AtrousConvolution2D",
        {**SLIDING_1, "nb_filter": 5, "nb_row": 3, "nb_col": 3, "subsample": [1, 1], "atrous_rate": [2, 2]},
        IMAGE,
        {"type": "Conv2D", "filters": 5, "kernel_size": 3, "padding": "same", "dilation_rate": 2},
    ),
    (
        "Convolution2D",
        {**SLIDING_1, "nb_filter": 5, "nb_row": 3, "nb_col": 3, "subsample": [1, 1], "dim_ordering": "th"},
        {"batch_input_shape": [None, 3, 8, 8]},
        {"type": "Conv2D", "filters": 5, "kernel_size": 3, "padding": "same", "data_format": "channels_first"},
    ),
    (
        "Convolution3D",
        {**SLIDING_1, "nb_filter": 2, "kernel_dim1": 3, "kernel_dim2": 2, "kernel_dim3": 1, "subsample": [1, 1, 1]},
        VOLUME,
        {"type": "Conv3D", "filters": 2, "kernel_size": [3, 2, 1], "padding": "same"},
    ),
    (
        "Deconvolution2D",
        {**SLIDING_1, "nb_filter": 5, "nb_row": 3, "nb_col": 3, "subsample": [2, 2], "output_shape": None},
        IMAGE,
        {"type": "Conv2DTranspose", "filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"},
    ),
    (
        "SeparableConvolution2D",
        {
            **SLIDING_1,
            "nb_filter": 5,
            "nb_row": 3,
            "nb_col": 3,
            "subsample": [1, 1],
            "depth_multiplier": 2,
            "init": "he_uniform",
            "W_regularizer": None,
            "depthwise_regularizer": None,
            "pointwise_regularizer": None,
            "depthwise_constraint": None,
            "pointwise_constraint": None,
        },
        IMAGE,
        {
            "type": "SeparableConv2D",
            "filters": 5,
            "kernel_size": 3,
            "padding": "same",
            "depth_multiplier": 2,
            "depthwise_initializer": "he_uniform",
            "pointwise_initializer": "he_uniform",
        },
    ),
    (
        "MaxPooling1D",
        {"pool_length": 3, "stride": 2, "border_mode": "valid"},
        SERIES,
        {"type": "MaxPooling1D", "pool_size": 3, "strides": 2},
    ),
    (
        "AveragePooling2D",
        {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "same", "dim_ordering": "tf"},
        IMAGE,
        {"type": "AveragePooling2D", "pool_size": 2, "strides": 2, "padding": "same"},
    ),
    (
        "ZeroPadding2D",
        {"padding": {"top_pad": 1, "bottom_pad": 2, "left_pad": 3}, "dim_ordering": "tf"},
        IMAGE,
        {"type": "ZeroPadding2D", "padding": [[1, 2], [3, 0]]},
    ),
    ("ZeroPadding2D", {"padding": [1, 2, 3, 4]}, IMAGE, {"type": "ZeroPadding2D", "padding": [[1, 2], [3, 4]]}),
    ("UpSampling1D", {"length": 3}, SERIES, {"type": "UpSampling1D", "size": 3}),
    ("Dropout", {"p": 0.3}, ROW, {"type": "Dropout", "rate": 0.3}),
    ("SpatialDropout2D", {"p": 0.3, "dim_ordering": "tf"}, IMAGE, {"type": "SpatialDropout2D", "rate": 0.3}),
    ("GaussianNoise", {"sigma": 0.3}, ROW, {"type": "GaussianNoise", "stddev": 0.3}),
    (
        "LSTM",
        {**GATED_1, "output_dim": 6, "forget_bias_init": "zero"},
        SERIES,
        {"type": "LSTM", "units": 6, "unit_forget_bias": False, **GATES},
    ),
    ("LSTM", {**GATED_1, "output_dim": 6, "forget_bias_init": "one"}, SERIES, {"type": "LSTM", "units": 6, **GATES}),
    ("GRU", {**GATED_1, "output_dim": 6}, SERIES, {"type": "GRU", "units": 6, "reset_after": False, **GATES}),
    (
        "BatchNormalization",
        {"mode": 0, "axis": -1, "epsilon": 1e-5, "momentum": 0.9, "gamma_regularizer": None, "beta_regularizer": None},
        ROW,
        {"type": "BatchNormalization", "momentum": 0.9, "epsilon": 1e-5},
    ),
    # Keras 2
    ("LeakyReLU", {"alpha": 0.25}, ROW, {"type": "LeakyReLU", "negative_slope": 0.25}),
    ("LeakyReLU", {"alpha": 0.30000001192092896}, ROW, {"type": "LeakyReLU"}),
    ("ThresholdedReLU", {"theta": 0.5}, ROW, {"type": "ReLU", "threshold": 0.5}),
    ("ReLU", {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}, ROW, {"type": "ReLU", "max_value": 6.0}),
    ("BatchNormalization", {"axis": [3], "momentum": 0.99}, IMAGE, {"type": "BatchNormalization", "axis": 3}),
    (
        "SyncBatchNormalization",
        {"axis": [-1], "renorm": False, "fused": None},
        ROW,
        {"type": "BatchNormalization", "synchronized": True},
    ),
    (
        "CuDNNGRU",
        {"units": 6, "return_sequences": True, "time_major": False},
        SERIES,
        {"type": "GRU", "units": 6, "return_sequences": True},
    ),
    ("CuDNNLSTM", {"units": 6}, SERIES, {"type": "LSTM", "units": 6}),
    (
        "GRU",
        {"units": 6, "reset_after": True, "implementation": 2, "recurrent_activation": "sigmoid"},
        SERIES,
        {"type": "GRU", "units": 6},
    ),
    (
        "DepthwiseConv2D",
        {
            "kernel_size": [3, 3],
            "depth_multiplier": 2,
            "groups": 1,
            "filters": None,
            "rank": 2,
            "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}},
            "depthwise_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        },
        IMAGE,
        {"type": "DepthwiseConv2D", "kernel_size": 3, "depth_multiplier": 2},
    ),
    (
        "Dense",
        {
            "units": 3,
            "dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}},
            "activation": {"class_name": "function", "config": "swish", "registered_name": "swish"},
            "kernel_initializer": {
                "class_name": "VarianceScaling",
                "config": {"scale": 2.0, "mode": "fan_in", "distribution": "normal", "seed": 7},
            },
            "bias_initializer": {"class_name": "Constant", "config": {"value": 0.1, "dtype": "float32"}},
            "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.0}},
        },
        ROW,
        {
            "type": "Dense",
            "units": 3,
            "activation": "silu",
            "kernel_initializer": {"type": "HeNormal", "seed": 7},
            "bias_initializer": {"type": "Constant", "value": 0.1},
            "dtype": "mixed_float16",
        },
    ),
    (
        "Bidirectional",
        {
            "layer": layer("LSTM", "inside", units=4, recurrent_activation="sigmoid", implementation=1),
            "merge_mode": "sum",
        },
        SERIES,
        {"type": "Bidirectional", "layer": {"type": "LSTM", "units": 4}, "merge_mode": "sum"},
    ),
    (
        "Bidirectional",
        {"layer": layer("SimpleRNN", "inside", units=4, go_backwards=True), "merge_mode": "concat"},
        SERIES,
        {
            "type": "Bidirectional",
            "layer": {"type": "SimpleRNN", "units": 4, "go_backwards": True},
            "backward_layer": {"type": "SimpleRNN", "units": 4},
        },
    ),
    (
        "TimeDistributed",
        {"layer": layer("Dense", "inside", **KERNEL_1, output_dim=3)},
        SERIES,
        {"type": "TimeDistributed", "layer": {"type": "Dense", "units": 3}},
    ),
    (
        "RNN",
        {
            "cell": layer(
                "StackedRNNCells", "", cells=[layer("LSTMCell", "a", units=3), layer("GRUCell", "b", units=2)]
            ),
            "time_major": False,
        },
        SERIES,
        {
            "type": "RNN",
            "cell": {
                "type": "StackedRNNCells",
                "cells": [{"type": "LSTMCell", "units": 3}, {"type": "GRUCell", "units": 2, "reset_after": False}],
            },
        },
    ),
    ("Rescaling", {"scale": 0.5, "offset": 0.0, "dtype": "float32"}, IMAGE, {"type": "Rescaling", "scale": 0.5}),
]


@pytest.mark.parametrize(
    ("kind", "arguments", "start", "entry"), CASES, ids=[f"{i}-{one[0]}" for i, one in enumerate(CASES)]
)
def test_a_layer(kind: str, arguments: dict[str, Any], start: dict[str, Any], entry: dict[str, Any]) -> None:
    model = sequential(layer(kind, "it", **{**start, **arguments}))
    found = {key: value for key, value in entries(model)[0].items() if key != "name"}
    assert found == entry
    assert shapes(model)


@pytest.mark.parametrize(("mode", "kind"), MERGERS.items())
def test_merging(mode: str, kind: str) -> None:
    """The layer that was told by a mode how to merge."""
    arguments = {
        "mode": mode,
        "concat_axis": 1,
        "dot_axes": [1, 1],
        "mode_type": "raw",
        "output_shape": None,
        "arguments": {},
    }
    model = functional(
        given("a", 4),
        given("b", 4),
        node("Merge", "joined", [[["a", 0, 0], ["b", 0, 0]]], **arguments),
        inputs=[["a", 0, 0], ["b", 0, 0]],
        outputs=[["joined", 0, 0]],
    )
    assert entries(model)[0]["type"] == kind
    assert shapes(model) == [(8,) if kind == "Concatenate" else (1,) if kind == "Dot" else (4,)]


def test_channels_that_a_layer_does_not_tell_are_where_the_others_have_them() -> None:
    first = {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "dim_ordering": "th", "border_mode": "same"}
    model = {
        "class_name": "Sequential",
        "keras_version": "1.0.5",
        "config": [
            layer("Convolution2D", "a", batch_input_shape=[None, 1, 6, 6], **first),
            layer("UpSampling2D", "b", size=[2, 2]),
        ],
    }
    assert shapes(model) == [(2, 12, 12)]


def test_a_model_through_time() -> None:
    """A model inside a TimeDistributed becomes layers, each of which goes through time."""
    inner = sequential(
        layer("Conv2D", "c", batch_input_shape=[None, 8, 8, 1], filters=4, kernel_size=[3, 3]),
        layer("Flatten", "f"),
        layer("Dense", "d", units=5),
    )
    model = sequential(
        layer("TimeDistributed", "each", batch_input_shape=[None, 7, 8, 8, 1], layer=inner),
        layer("LSTM", "l", units=3, recurrent_activation="sigmoid"),
    )
    assert shapes(model) == [(3,)]
    assert params(model) == (3 * 3 * 4 + 4) + (6 * 6 * 4 * 5 + 5) + 4 * (3 * (5 + 3) + 3)
