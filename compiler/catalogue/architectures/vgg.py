"""Architectures: VGG, plain stacks of small convolutions.

Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition,
https://arxiv.org/abs/1409.1556; https://keras.io/api/applications/vgg/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .application import Body, Entrance, application, pooled
from .net import Net, Tensor

WIDTHS: Final = (64, 128, 256, 512, 512)
"""Filters of the convolutions of each block."""


def vgg(depths: Sequence[int]) -> Body:
    """So many convolutions in each block, each block ending with half of the picture; three Dense layers as the top."""

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        for block, (depth, width) in enumerate(zip(depths, WIDTHS, strict=True), start=1):
            for place in range(1, depth + 1):
                x = net.add(
                    "Conv2D", x, name=f"block{block}_conv{place}", filters=width, kernel_size=3, padding="same",
                    activation="relu",
                )  # fmt: skip
            x = net.add("MaxPooling2D", x, name=f"block{block}_pool", pool_size=2, strides=2)
        if not arguments["include_top"]:
            return pooled(net, x, arguments, named=False)
        x = net.add("Flatten", x, name="flatten")
        x = net.add("Dense", x, name="fc1", units=4096, activation="relu")
        x = net.add("Dense", x, name="fc2", units=4096, activation="relu")
        return net.add(
            "Dense", x, name="predictions", units=arguments["classes"], activation=arguments["classifier_activation"]
        )

    return body


APPLICATIONS: Final = (
    application(
        "VGG16", "A plain stack of 13 convolutions and 3 Dense layers.", vgg((2, 2, 3, 3, 3)), page="vgg",
        entrance=Entrance(),
    ),
    application(
        "VGG19", "A plain stack of 16 convolutions and 3 Dense layers.", vgg((2, 2, 4, 4, 4)), page="vgg",
        entrance=Entrance(),
    ),
)  # fmt: skip
