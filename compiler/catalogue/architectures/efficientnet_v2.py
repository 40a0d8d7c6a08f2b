"""Architectures: EfficientNetV2, whose first stages use plain convolutions, which train faster.

Source: Tan and Le, EfficientNetV2: Smaller Models and Faster Training, https://arxiv.org/abs/2104.00298;
https://keras.io/api/applications/efficientnet_v2/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from string import ascii_lowercase
from typing import Any, Final

from ..kinds import BOOLEAN
from ..record import Argument, Record
from .application import Body, Entrance, application
from .efficientnet import DROPPED, SQUEEZED, ended, joined, weighed
from .net import Net, Tensor

TOP: Final = 1280
DROPOUT: Final = 0.2
DIVISOR: Final = 8
"""The number of filters is a multiple of it."""

MEANS: Final = (0.485, 0.456, 0.406)
VARIANCES: Final = (0.229**2, 0.224**2, 0.225**2)
"""Of the colours in ImageNet, for pixels from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks alike but for the first, which has the stride; ``fused``: a plain convolution looks around and widens,
    instead of a depthwise one behind one of size 1, and channels are not weighed."""

    expansion: int
    filters: int
    depth: int
    stride: int
    fused: bool


@dataclass(frozen=True, slots=True)
class Variant:
    """One network of the family: its stages, how much wider and deeper than these it is, and its pictures' size."""

    name: str
    stem: int
    stages: tuple[Stage, ...]
    side: int
    width: float = 1.0
    depth: float = 1.0

    @property
    def standardised(self) -> bool:
        """Whether colours are brought to mean 0 and variance 1 (networks B), or to -1 to 1."""
        return self.name.startswith("B")


def _stages(*rows: tuple[int, int, int, int]) -> tuple[Stage, ...]:
    """Expansion, filters, blocks and stride of each stage; the first three are fused."""
    return tuple(Stage(*row, fused=place < 3) for place, row in enumerate(rows))


BASE: Final = _stages((1, 16, 1, 1), (4, 32, 2, 2), (4, 48, 2, 2), (4, 96, 3, 2), (6, 112, 5, 1), (6, 192, 8, 2))
SMALL: Final = _stages((1, 24, 2, 1), (4, 48, 4, 2), (4, 64, 4, 2), (4, 128, 6, 2), (6, 160, 9, 1), (6, 256, 15, 2))
MEDIUM: Final = _stages((1, 24, 3, 1), (4, 48, 5, 2), (4, 80, 5, 2), (4, 160, 7, 2), (6, 176, 14, 1), (6, 304, 18, 2),
                        (6, 512, 5, 1))  # fmt: skip
LARGE: Final = _stages((1, 32, 4, 1), (4, 64, 7, 2), (4, 96, 7, 2), (4, 192, 10, 2), (6, 224, 19, 1), (6, 384, 25, 2),
                       (6, 640, 7, 1))  # fmt: skip

SIZES: Final = (
    Variant("B0", 32, BASE, 224),
    Variant("B1", 32, BASE, 240, depth=1.1),
    Variant("B2", 32, BASE, 260, width=1.1, depth=1.2),
    Variant("B3", 32, BASE, 300, width=1.2, depth=1.4),
    Variant("S", 24, SMALL, 384),
    Variant("M", 24, MEDIUM, 480),
    Variant("L", 32, LARGE, 480),
)


def efficientnet_v2(size: Variant) -> Body:
    """The stages, as wide and deep as the size asks for."""
    depths = [ceil(stage.depth * size.depth) for stage in size.stages]
    blocks = sum(stage.depth for stage in size.stages)  # before it is made deeper: the last are dropped more often

    def wide(filters: int) -> int:  # unlike the first version, however much less that is
        return max(DIVISOR, int(filters * size.width + DIVISOR / 2) // DIVISOR * DIVISOR)

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        if arguments["include_preprocessing"]:
            x = _prepared(net, x, standardised=size.standardised)
        x = _conv(net, x, "stem_conv", wide(size.stem), 3, 2)
        x = _ready(net, x, "stem_")
        number = 0
        for place, (depth, stage) in enumerate(zip(depths, size.stages, strict=True), start=1):
            block = _fused if stage.fused else _inverted
            for letter in ascii_lowercase[:depth]:
                name, came, stride = f"block{place}{letter}_", x, stage.stride if letter == "a" else 1
                x = block(net, x, name, stage.expansion, wide(stage.filters), stride)
                if stride == 1 and came.channels == x.channels:
                    x = joined(net, came, x, name, DROPPED * number / blocks)
                number += 1
        x = _ready(net, _conv(net, x, "top_conv", wide(TOP), 1), "top_")
        return ended(net, x, arguments, DROPOUT)

    return body


def _prepared(net: Net, x: Tensor, *, standardised: bool) -> Tensor:
    """Pixels from 0 to 255, brought to where the network has learned."""
    if standardised and x.channels == len(MEANS):
        x = net.add("Rescaling", x, scale=1 / 255)
        return net.add("Normalization", x, mean=MEANS, variance=VARIANCES, axis=3)
    return net.add("Rescaling", x, scale=1 / 128, offset=-1)


def _fused(net: Net, x: Tensor, name: str, expansion: int, filters: int, stride: int) -> Tensor:
    """A look around that makes more channels, and fewer again; or, without expansion, the look around alone."""
    if expansion == 1:
        return _ready(net, _conv(net, x, f"{name}project_conv", filters, 3, stride), f"{name}project_")
    x = _conv(net, x, f"{name}expand_conv", expansion * x.channels, 3, stride)
    x = _ready(net, x, f"{name}expand_")
    return _normal(net, _conv(net, x, f"{name}project_conv", filters, 1), f"{name}project_")


def _inverted(net: Net, x: Tensor, name: str, expansion: int, filters: int, stride: int) -> Tensor:
    """More channels, a look around in each, their weights, fewer channels."""
    squeezed = max(1, int(SQUEEZED * x.channels))
    x = _conv(net, x, f"{name}expand_conv", expansion * x.channels, 1)
    x = _ready(net, x, f"{name}expand_")
    x = net.add("DepthwiseConv2D", x, name=f"{name}dwconv2", kernel_size=3, strides=stride, padding="same",
                use_bias=False)  # fmt: skip
    x = weighed(net, _ready(net, x, name), name, squeezed)
    return _normal(net, _conv(net, x, f"{name}project_conv", filters, 1), f"{name}project_")


def _conv(net: Net, x: Tensor, name: str, filters: int, kernel: int, stride: int = 1) -> Tensor:
    return net.add("Conv2D", x, name=name, filters=filters, kernel_size=kernel, strides=stride, padding="same",
                   use_bias=False)  # fmt: skip


def _normal(net: Net, x: Tensor, name: str) -> Tensor:
    return net.add("BatchNormalization", x, name=f"{name}bn", momentum=0.9)


def _ready(net: Net, x: Tensor, name: str) -> Tensor:
    return net.add("Activation", _normal(net, x, name), name=f"{name}activation", activation="silu")


PREPROCESSING: Final = Argument(
    "include_preprocessing",
    BOOLEAN,
    True,
    "Whether it takes pixels from 0 to 255 and brings them to the scale of its weights itself.",
)


def _record(size: Variant) -> Record:
    return application(
        f"EfficientNetV2{size.name}",
        f"Plain, then depthwise convolutions, for pictures of about {size.side} by {size.side}.",
        efficientnet_v2(size),
        page="efficientnet_v2",
        entrance=Entrance(trained=(size.side,)),
        arguments=(PREPROCESSING,),
    )


APPLICATIONS: Final = tuple(_record(size) for size in SIZES)
