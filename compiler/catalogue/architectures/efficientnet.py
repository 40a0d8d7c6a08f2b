"""Architectures: EfficientNet, one network scaled in depth, width and resolution together.

Source: Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
https://arxiv.org/abs/1905.11946; https://keras.io/api/applications/efficientnet/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from string import ascii_lowercase
from typing import Any, Final

from ..record import Record
from .application import Body, Entrance, application, pooled
from .mobilenet import divisible
from .net import Net, Tensor

STAGES: Final = ((1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2), (6, 112, 3, 5, 1),
                 (6, 192, 4, 5, 2), (6, 320, 1, 3, 1))  # fmt: skip
"""Expansion, filters, blocks, kernel and stride of each stage: table 1 of the paper."""

STEM: Final = 32
TOP: Final = 1280
SQUEEZED: Final = 0.25
"""The part of a block's incoming channels through which the weights of the channels inside are computed."""

DROPPED: Final = 0.2
"""How often training skips a block, at the end of the network; earlier blocks are skipped less."""

DEVIATIONS: Final = (0.229, 0.224, 0.225)
"""Of the colours in ImageNet, for pixels from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """How much wider and deeper than B0, the pictures' size, and what the top drops in training."""

    width: float
    depth: float
    side: int
    dropout: float


SCALINGS: Final = (
    Scaling(1.0, 1.0, 224, 0.2),
    Scaling(1.0, 1.1, 240, 0.2),
    Scaling(1.1, 1.2, 260, 0.3),
    Scaling(1.2, 1.4, 300, 0.3),
    Scaling(1.4, 1.8, 380, 0.4),
    Scaling(1.6, 2.2, 456, 0.4),
    Scaling(1.8, 2.6, 528, 0.5),
    Scaling(2.0, 3.1, 600, 0.5),
)
"""B0 to B7."""


def efficientnet(scaling: Scaling) -> Body:
    """The stages of B0, each so much wider and deeper."""
    depths = [ceil(depth * scaling.depth) for _, _, depth, _, _ in STAGES]

    def wide(filters: int) -> int:
        return divisible(filters * scaling.width)

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        x = net.add("Rescaling", x, scale=1 / 255)
        x = net.add("Normalization", x, axis=3)
        if arguments["weights"] == "imagenet":  # they were trained on pixels divided by this root as well
            x = net.add("Rescaling", x, scale=tuple(1 / sqrt(one) for one in DEVIATIONS))
        x = net.add("ZeroPadding2D", x, name="stem_conv_pad", padding=net.halving_pad(x, 3))
        x = net.add("Conv2D", x, name="stem_conv", filters=wide(STEM), kernel_size=3, strides=2, use_bias=False)
        x = _ready(net, x, "stem_")
        number = 0
        for stage, (depth, row) in enumerate(zip(depths, STAGES, strict=True), start=1):
            expansion, filters, _, kernel, stride = row
            for letter in ascii_lowercase[:depth]:
                x = _block(net, x, f"block{stage}{letter}_", expansion, wide(filters), kernel, stride,
                           DROPPED * number / sum(depths))  # fmt: skip
                stride = 1
                number += 1
        return ended(net, _ready(net, _pointwise(net, x, "top_conv", wide(TOP)), "top_"), arguments, scaling.dropout)

    return body


def _block(
    net: Net, x: Tensor, name: str, expansion: int, filters: int, kernel: int, stride: int, dropped: float
) -> Tensor:
    """More channels, a look around, their weights, fewer channels."""
    came = x
    if expansion > 1:
        x = _pointwise(net, x, f"{name}expand_conv", expansion * x.channels)
        x = _ready(net, x, f"{name}expand_")
    if stride > 1:
        x = net.add("ZeroPadding2D", x, name=f"{name}dwconv_pad", padding=net.halving_pad(x, kernel))
    x = net.add("DepthwiseConv2D", x, name=f"{name}dwconv", kernel_size=kernel, strides=stride, use_bias=False,
                padding="same" if stride == 1 else "valid")  # fmt: skip
    x = _ready(net, x, name)
    x = weighed(net, x, name, max(1, int(SQUEEZED * came.channels)))
    x = _pointwise(net, x, f"{name}project_conv", filters)
    x = net.add("BatchNormalization", x, name=f"{name}project_bn")
    return joined(net, came, x, name, dropped) if stride == 1 and came.channels == filters else x


def _pointwise(net: Net, x: Tensor, name: str, filters: int) -> Tensor:
    return net.add("Conv2D", x, name=name, filters=filters, kernel_size=1, padding="same", use_bias=False)


def _ready(net: Net, x: Tensor, name: str) -> Tensor:
    x = net.add("BatchNormalization", x, name=f"{name}bn")
    return net.add("Activation", x, name=f"{name}activation", activation="silu")


# --- what the second version has as well ---------------------------------------------------------------------------


def weighed(net: Net, x: Tensor, name: str, width: int) -> Tensor:
    """Each channel times a weight between 0 and 1, computed from the means of all of them through ``width`` others."""
    weight = net.add("GlobalAveragePooling2D", x, name=f"{name}se_squeeze")
    weight = net.add("Reshape", weight, name=f"{name}se_reshape", target_shape=(1, 1, x.channels))
    for step, filters, activation in (("reduce", width, "silu"), ("expand", x.channels, "sigmoid")):
        weight = net.add("Conv2D", weight, name=f"{name}se_{step}", filters=filters, kernel_size=1, padding="same",
                         activation=activation)  # fmt: skip
    return net.add("Multiply", [x, weight], name=f"{name}se_excite")


def joined(net: Net, came: Tensor, x: Tensor, name: str, dropped: float) -> Tensor:
    """A block added to what came into it, or in training, as often as ``dropped`` says, left out for a sample."""
    if dropped > 0:
        x = net.add("Dropout", x, name=f"{name}drop", rate=dropped, noise_shape=(None, 1, 1, 1))
    return net.add("Add", [x, came], name=f"{name}add")


def ended(net: Net, x: Tensor, arguments: Mapping[str, Any], dropout: float) -> Tensor:
    """The top: mean, dropout and classes; without it what ``pooling`` asks for."""
    if not arguments["include_top"]:
        return pooled(net, x, arguments, named=True)
    x = net.add("GlobalAveragePooling2D", x, name="avg_pool")
    x = net.add("Dropout", x, name="top_dropout", rate=dropout)
    return net.add(
        "Dense", x, name="predictions", units=arguments["classes"], activation=arguments["classifier_activation"]
    )


def _record(number: int, scaling: Scaling) -> Record:
    return application(
        f"EfficientNetB{number}",
        f"Blocks of depthwise convolutions that weigh their channels, for pictures of about {scaling.side} by "
        f"{scaling.side}.",
        efficientnet(scaling),
        page="efficientnet",
        entrance=Entrance(trained=(scaling.side,)),
    )


APPLICATIONS: Final = tuple(_record(number, scaling) for number, scaling in enumerate(SCALINGS))
