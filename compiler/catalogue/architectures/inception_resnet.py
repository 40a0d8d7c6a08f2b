"""Architectures: Inception-ResNet, second version: what Inception's branches see is added to what came in.

Source: Szegedy, Ioffe, Vanhoucke, Alemi, Inception-v4, Inception-ResNet and the Impact of Residual Connections on
Learning, https://arxiv.org/abs/1602.07261; https://keras.io/api/applications/inceptionresnetv2/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...sizes import product
from ..kinds import number
from ..record import Argument, Call, Inferred, Port, Record
from ..rules import float_input, result
from .application import application, classified
from .inception import ENTRANCE, Conv, branch, conv, halved, look_around, square, stem
from .net import Net, Tensor


def scaled_sum(call: Call) -> Inferred:
    """The shape of both inputs: the first, and the second times a number."""
    x = float_input(call)
    return result(call, x.shape, flops=2 * product(x.shape[1:]))


SCALED_SUM: Final = Record(
    name="CustomScaleLayer",
    family="layers",
    summary="Adds a multiple of one tensor to another.",
    arguments=(Argument("scale", number(), summary="What the second tensor is multiplied by."),),
    ports=(Port("inputs", many=True, minimum=2, maximum=2),),
    rule=scaled_sum,
)
"""A layer that only this network has."""

Branches = tuple[tuple[Conv, ...], ...]

BLOCKS_35: Final[Branches] = (
    (Conv(32),),
    (Conv(32), square(32, 3)),
    (Conv(32), square(48, 3), square(64, 3)),
)
BLOCKS_17: Final[Branches] = (
    (Conv(192),),
    (Conv(128), Conv(160, 1, 7), Conv(192, 7, 1)),
)
BLOCKS_8: Final[Branches] = (
    (Conv(192),),
    (Conv(192), Conv(224, 1, 3), Conv(256, 3, 1)),
)
"""What stands side by side in the blocks, called by the height of the pictures that they are given."""

TO_17: Final[Branches] = (
    (square(384, 3, halves=True),),
    (Conv(256), square(256, 3), square(384, 3, halves=True)),
)
TO_8: Final[Branches] = (
    (Conv(256), square(384, 3, halves=True)),
    (Conv(256), square(288, 3, halves=True)),
    (Conv(256), square(288, 3), square(320, 3, halves=True)),
)
"""What halves the picture, beside a pooling."""


def inception_resnet(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    """Three sizes of pictures, with 10, 20 and 10 blocks."""
    x = look_around(net, stem(net, x), "mixed_5b", 96, 64)
    for place in range(1, 11):
        x = _residual(net, x, f"block35_{place}", BLOCKS_35, 0.17)
    x = _halving(net, x, "mixed_6a", TO_17)
    for place in range(1, 21):
        x = _residual(net, x, f"block17_{place}", BLOCKS_17, 0.1)
    x = _halving(net, x, "mixed_7a", TO_8)
    for place in range(1, 10):
        x = _residual(net, x, f"block8_{place}", BLOCKS_8, 0.2)
    x = _residual(net, x, "block8_10", BLOCKS_8, 1.0, relu=False)
    x = conv(net, x, 1536, (1, 1), name="conv_7b")
    return classified(net, x, arguments, named=False)


def _residual(net: Net, x: Tensor, name: str, branches: Branches, scale: float, *, relu: bool = True) -> Tensor:
    """The branches, brought to the channels that came in, and added to them ``scale`` times."""
    seen = net.add("Concatenate", _side_by_side(net, x, branches), name=f"{name}_mixed")
    seen = net.add("Conv2D", seen, name=f"{name}_conv", filters=x.channels, kernel_size=1, padding="same")
    x = net.add(SCALED_SUM, [x, seen], scale=scale)
    return net.add("Activation", x, name=f"{name}_ac", activation="relu") if relu else x


def _halving(net: Net, x: Tensor, name: str, branches: Branches) -> Tensor:
    return net.add("Concatenate", [*_side_by_side(net, x, branches), halved(net, x)], name=name)


def _side_by_side(net: Net, x: Tensor, branches: Sequence[Sequence[Conv]]) -> list[Tensor]:
    return [branch(net, x, *steps) for steps in branches]


APPLICATIONS: Final = (
    application(
        "InceptionResNetV2",
        "Inception's branches, added to what came in.",
        inception_resnet,
        page="inceptionresnetv2",
        entrance=ENTRANCE,
    ),
)
