"""Architectures: Xception, convolutions split into space and channels.

Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, https://arxiv.org/abs/1610.02357;
https://keras.io/api/applications/xception/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .application import Entrance, application, classified
from .net import Net, Tensor

MIDDLE: Final = range(5, 13)
"""The blocks that keep the shape of the picture."""


def _separable(net: Net, x: Tensor, name: str, filters: int) -> Tensor:
    x = net.add("SeparableConv2D", x, name=name, filters=filters, kernel_size=3, padding="same", use_bias=False)
    return net.add("BatchNormalization", x, name=f"{name}_bn")


def _relu(net: Net, x: Tensor, name: str) -> Tensor:
    return net.add("Activation", x, name=name, activation="relu")


def _halving(net: Net, x: Tensor, block: int, first: int, second: int) -> Tensor:
    """Two separable convolutions and a pooling at stride 2, beside a plain convolution at stride 2."""
    short = net.add("Conv2D", x, filters=second, kernel_size=1, strides=2, padding="same", use_bias=False)
    short = net.add("BatchNormalization", short)
    if block > 2:  # what enters block 2 has just been through a ReLU
        x = _relu(net, x, f"block{block}_sepconv1_act")
    x = _separable(net, x, f"block{block}_sepconv1", first)
    x = _relu(net, x, f"block{block}_sepconv2_act")
    x = _separable(net, x, f"block{block}_sepconv2", second)
    x = net.add("MaxPooling2D", x, name=f"block{block}_pool", pool_size=3, strides=2, padding="same")
    return net.add("Add", [x, short])


def xception(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    """Entry, middle and exit flow, as in figure 5 of the paper."""
    for place, (filters, stride) in enumerate(((32, 2), (64, 1)), start=1):
        name = f"block1_conv{place}"
        x = net.add("Conv2D", x, name=name, filters=filters, kernel_size=3, strides=stride, use_bias=False)
        x = net.add("BatchNormalization", x, name=f"{name}_bn")
        x = _relu(net, x, f"{name}_act")
    for block, filters in enumerate((128, 256, 728), start=2):
        x = _halving(net, x, block, filters, filters)
    for block in MIDDLE:
        short = x
        for place in (1, 2, 3):
            x = _relu(net, x, f"block{block}_sepconv{place}_act")
            x = _separable(net, x, f"block{block}_sepconv{place}", 728)
        x = net.add("Add", [x, short])
    x = _halving(net, x, 13, 728, 1024)
    for place, filters in enumerate((1536, 2048), start=1):
        x = _separable(net, x, f"block14_sepconv{place}", filters)
        x = _relu(net, x, f"block14_sepconv{place}_act")
    return classified(net, x, arguments, named=False)


APPLICATIONS: Final = (
    application(
        "Xception",
        "Depthwise separable convolutions with short cuts around them.",
        xception,
        page="xception",
        entrance=Entrance(minimum=71, trained=(299,)),
    ),
)
