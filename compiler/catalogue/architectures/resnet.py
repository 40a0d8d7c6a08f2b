"""Architectures: the residual networks, first and second version.

Sources: He, Zhang, Ren, Sun, Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385, and
Identity Mappings in Deep Residual Networks, https://arxiv.org/abs/1603.05027; https://keras.io/api/applications/resnet/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..record import Record
from .application import Body, Entrance, application, classified
from .net import Net, Tensor

EPSILON: Final = 1.001e-5
WIDTHS: Final = (64, 128, 256, 512)
"""Filters inside the blocks of each of the four stages; four times as many come out."""


def _normal(net: Net, x: Tensor, name: str, relu: str | None = None) -> Tensor:
    """Batch normalisation, and a ReLU where it has a name."""
    x = net.add("BatchNormalization", x, name=name, epsilon=EPSILON)
    return net.add("Activation", x, name=relu, activation="relu") if relu else x


def _stem(net: Net, x: Tensor, *, normal: bool) -> Tensor:
    """A quarter of the height and width: a wide convolution and a pooling, each at stride 2."""
    x = net.add("ZeroPadding2D", x, name="conv1_pad", padding=3)
    x = net.add("Conv2D", x, name="conv1_conv", filters=64, kernel_size=7, strides=2)
    if normal:
        x = _normal(net, x, "conv1_bn", "conv1_relu")
    x = net.add("ZeroPadding2D", x, name="pool1_pad", padding=1)
    return net.add("MaxPooling2D", x, name="pool1_pool", pool_size=3, strides=2)


def resnet(depths: Sequence[int]) -> Body:
    """ResNet with so many blocks in its stages; the first block of a stage halves the picture, but for the first."""

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        x = _stem(net, x, normal=True)
        for stage, (depth, width) in enumerate(zip(depths, WIDTHS, strict=True), start=2):
            for block in range(1, depth + 1):
                stride = 2 if block == 1 and stage > 2 else 1
                x = _bottleneck(net, x, f"conv{stage}_block{block}", width, stride, project=block == 1)
        return classified(net, x, arguments)

    return body


def _bottleneck(net: Net, x: Tensor, name: str, width: int, stride: int, *, project: bool) -> Tensor:
    """Fewer channels, a look around, more channels; and what came in is added, ``project``ed to the same shape."""
    short = x
    if project:
        short = net.add("Conv2D", x, name=f"{name}_0_conv", filters=4 * width, kernel_size=1, strides=stride)
        short = _normal(net, short, f"{name}_0_bn")
    x = net.add("Conv2D", x, name=f"{name}_1_conv", filters=width, kernel_size=1, strides=stride)
    x = _normal(net, x, f"{name}_1_bn", f"{name}_1_relu")
    x = net.add("Conv2D", x, name=f"{name}_2_conv", filters=width, kernel_size=3, padding="same")
    x = _normal(net, x, f"{name}_2_bn", f"{name}_2_relu")
    x = net.add("Conv2D", x, name=f"{name}_3_conv", filters=4 * width, kernel_size=1)
    x = _normal(net, x, f"{name}_3_bn")
    x = net.add("Add", [short, x], name=f"{name}_add")
    return net.add("Activation", x, name=f"{name}_out", activation="relu")


def resnet_v2(depths: Sequence[int]) -> Body:
    """ResNet that normalises before each convolution; the last block of each stage but the last halves it."""

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        x = _stem(net, x, normal=False)
        for stage, (depth, width) in enumerate(zip(depths, WIDTHS, strict=True), start=2):
            for block in range(1, depth + 1):
                stride = 2 if block == depth and stage < 5 else 1
                x = _preactivated(net, x, f"conv{stage}_block{block}", width, stride, project=block == 1)
        x = _normal(net, x, "post_bn", "post_relu")
        return classified(net, x, arguments)

    return body


def _preactivated(net: Net, x: Tensor, name: str, width: int, stride: int, *, project: bool) -> Tensor:
    """As `_bottleneck`, each convolution behind a normalisation; what came in is thinned out where a stage ends."""
    ready = _normal(net, x, f"{name}_preact_bn", f"{name}_preact_relu")
    if project:
        short = net.add("Conv2D", ready, name=f"{name}_0_conv", filters=4 * width, kernel_size=1, strides=stride)
    else:
        short = net.add("MaxPooling2D", x, pool_size=1, strides=stride) if stride > 1 else x
    x = net.add("Conv2D", ready, name=f"{name}_1_conv", filters=width, kernel_size=1, use_bias=False)
    x = _normal(net, x, f"{name}_1_bn", f"{name}_1_relu")
    x = net.add("ZeroPadding2D", x, name=f"{name}_2_pad", padding=1)
    x = net.add("Conv2D", x, name=f"{name}_2_conv", filters=width, kernel_size=3, strides=stride, use_bias=False)
    x = _normal(net, x, f"{name}_2_bn", f"{name}_2_relu")
    x = net.add("Conv2D", x, name=f"{name}_3_conv", filters=4 * width, kernel_size=1)
    return net.add("Add", [short, x], name=f"{name}_out")


DEPTHS: Final[Mapping[int, tuple[int, ...]]] = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Layers that compute, as the papers count them → blocks in each stage."""


def _record(layers: int, version: str, summary: str, body: Body) -> Record:
    return application(f"ResNet{layers}{version}", summary, body, page="resnet", entrance=Entrance())


APPLICATIONS: Final = (
    *(_record(n, "", f"A residual network of {n} layers.", resnet(depths)) for n, depths in DEPTHS.items()),
    *(
        _record(n, "V2", f"A residual network of {n} layers that normalises before it computes.", resnet_v2(depths))
        for n, depths in DEPTHS.items()
    ),
)
