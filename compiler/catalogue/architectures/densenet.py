"""Architectures: DenseNet, in which every layer sees what all layers of its block before it gave.

Source: Huang, Liu, van der Maaten, Weinberger, Densely Connected Convolutional Networks,
https://arxiv.org/abs/1608.06993; https://keras.io/api/applications/densenet/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .application import Body, Entrance, application, classified
from .net import Net, Tensor

EPSILON: Final = 1.001e-5
GROWTH: Final = 32
"""Channels that each layer adds."""


def _ready(net: Net, x: Tensor, bn: str, relu: str) -> Tensor:
    x = net.add("BatchNormalization", x, name=bn, epsilon=EPSILON)
    return net.add("Activation", x, name=relu, activation="relu")


def densenet(depths: Sequence[int]) -> Body:
    """Four dense blocks of so many layers; between two of them half of the channels, height and width are left."""

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        x = net.add("ZeroPadding2D", x, padding=3)
        x = net.add("Conv2D", x, name="conv1_conv", filters=64, kernel_size=7, strides=2, use_bias=False)
        x = _ready(net, x, "conv1_bn", "conv1_relu")
        x = net.add("ZeroPadding2D", x, padding=1)
        x = net.add("MaxPooling2D", x, name="pool1", pool_size=3, strides=2)
        for stage, depth in enumerate(depths, start=2):
            for place in range(1, depth + 1):
                x = _grown(net, x, f"conv{stage}_block{place}")
            if stage <= len(depths):
                x = _thinned(net, x, f"pool{stage}")
        return classified(net, _ready(net, x, "bn", "relu"), arguments)

    return body


def _grown(net: Net, x: Tensor, name: str) -> Tensor:
    """What came in, and behind it the channels that this layer makes of it."""
    new = _ready(net, x, f"{name}_0_bn", f"{name}_0_relu")
    new = net.add("Conv2D", new, name=f"{name}_1_conv", filters=4 * GROWTH, kernel_size=1, use_bias=False)
    new = _ready(net, new, f"{name}_1_bn", f"{name}_1_relu")
    new = net.add(
        "Conv2D", new, name=f"{name}_2_conv", filters=GROWTH, kernel_size=3, padding="same", use_bias=False
    )  # fmt: skip
    return net.add("Concatenate", [x, new], name=f"{name}_concat", axis=3)


def _thinned(net: Net, x: Tensor, name: str) -> Tensor:
    """Half of the channels, of the height and of the width."""
    half = x.channels // 2
    x = _ready(net, x, f"{name}_bn", f"{name}_relu")
    x = net.add("Conv2D", x, name=f"{name}_conv", filters=half, kernel_size=1, use_bias=False)
    return net.add("AveragePooling2D", x, name=f"{name}_pool", pool_size=2, strides=2)


DEPTHS: Final[Mapping[int, tuple[int, ...]]] = {
    121: (6, 12, 24, 16),
    169: (6, 12, 32, 32),
    201: (6, 12, 48, 32),
}

APPLICATIONS: Final = tuple(
    application(
        f"DenseNet{layers}",
        f"{layers} layers, each given what all before it in its block gave.",
        densenet(depths),
        page="densenet",
        entrance=Entrance(),
    )
    for layers, depths in DEPTHS.items()
)
