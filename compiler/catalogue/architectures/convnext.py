"""Architectures: ConvNeXt, convolutions arranged as the transformers for pictures are.

Source: Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, A ConvNet for the 2020s, https://arxiv.org/abs/2201.03545;
https://keras.io/api/applications/convnext/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...sizes import product
from ...tensor import Weight
from ..kinds import POSITIVE, number
from ..record import Argument, Call, Inferred, Record
from ..rules import float_input, result
from .application import Body, Entrance, application, pooled
from .efficientnet_v2 import PREPROCESSING
from .net import Net, Tensor

EPSILON: Final = 1e-6
SCALE: Final = 1e-6
"""What each block's result is multiplied by before training."""

MEANS: Final = tuple(round(255 * one, 3) for one in (0.485, 0.456, 0.406))
VARIANCES: Final = tuple((255 * one) ** 2 for one in (0.229, 0.224, 0.225))
"""Of the colours in ImageNet, for pixels from 0 to 255."""

DEEP: Final = (3, 3, 27, 3)
SIZES: Final[Mapping[str, tuple[tuple[int, ...], int]]] = {
    "Tiny": ((3, 3, 9, 3), 96),
    "Small": (DEEP, 96),
    "Base": (DEEP, 128),
    "Large": (DEEP, 192),
    "XLarge": (DEEP, 256),
}
"""Name → blocks in each stage, and channels of the first; each stage has twice as many as the one before."""


def layer_scale(call: Call) -> Inferred:
    """The input's shape; each channel times a number that is learned."""
    x = float_input(call)
    gamma = Weight("gamma", (call["projection_dim"],), dtype=call.policy.variable)
    return result(call, x.shape, [gamma], product(x.shape[1:]))


LAYER_SCALE: Final = Record(
    name="LayerScale",
    family="layers",
    summary="Multiplies each channel by a number that is learned.",
    arguments=(
        Argument("init_values", number(), summary="What the numbers are before training."),
        Argument("projection_dim", POSITIVE, summary="Number of channels."),
    ),
    rule=layer_scale,
)
"""A layer that only this family has. Source: Touvron and others, Going deeper with Image Transformers, 2021."""


def convnext(size: str) -> Body:
    """Four stages; before each of them the picture is cut into squares, and each becomes one place."""
    prefix = f"convnext_{size.lower()}"
    depths, width = SIZES[size]

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        if arguments["include_preprocessing"] and x.channels == len(MEANS):
            x = net.add("Normalization", x, name=f"{prefix}_prestem_normalization", mean=MEANS, variance=VARIANCES)
        for stage, depth in enumerate(depths):
            filters = width * 2**stage
            x = _cut(net, x, prefix, stage - 1, filters) if stage else _stem(net, x, prefix, filters)
            for place in range(depth):
                x = _block(net, x, f"{prefix}_stage_{stage}_block_{place}_", filters)
        if not arguments["include_top"]:
            x = pooled(net, x, arguments, named=False)
            return net.add("LayerNormalization", x, epsilon=EPSILON)
        x = net.add("GlobalAveragePooling2D", x, name=f"{prefix}_head_gap")
        x = net.add("LayerNormalization", x, name=f"{prefix}_head_layernorm", epsilon=EPSILON)
        return net.add("Dense", x, name=f"{prefix}_head_dense", units=arguments["classes"],
                       activation=arguments["classifier_activation"])  # fmt: skip

    return body


def _stem(net: Net, x: Tensor, prefix: str, filters: int) -> Tensor:
    """A quarter of the height and width."""
    name = f"{prefix}_stem"
    return net.chain(
        name,
        x,
        ("Conv2D", {"name": f"{name}_conv", "filters": filters, "kernel_size": 4, "strides": 4}),
        ("LayerNormalization", {"name": f"{name}_layernorm", "epsilon": EPSILON}),
    )


def _cut(net: Net, x: Tensor, prefix: str, number: int, filters: int) -> Tensor:
    """Half of the height and width."""
    name = f"{prefix}_downsampling"
    return net.chain(
        f"{name}_block_{number}",
        x,
        ("LayerNormalization", {"name": f"{name}_layernorm_{number}", "epsilon": EPSILON}),
        ("Conv2D", {"name": f"{name}_conv_{number}", "filters": filters, "kernel_size": 2, "strides": 2}),
    )


def _block(net: Net, x: Tensor, name: str, filters: int) -> Tensor:
    """A wide look around in each channel, then each place for itself through four times as many; and what came in."""
    came = x
    x = net.add("Conv2D", x, name=f"{name}depthwise_conv", filters=filters, kernel_size=7, padding="same",
                groups=filters)  # fmt: skip
    x = net.add("LayerNormalization", x, name=f"{name}layernorm", epsilon=EPSILON)
    x = net.add("Dense", x, name=f"{name}pointwise_conv_1", units=4 * filters)
    x = net.add("Activation", x, name=f"{name}gelu", activation="gelu")
    x = net.add("Dense", x, name=f"{name}pointwise_conv_2", units=filters)
    x = net.add(LAYER_SCALE, x, name=f"{name}layer_scale", init_values=SCALE, projection_dim=filters)
    # Where training could skip the block by chance; the networks that Keras offers never do.
    x = net.add("Activation", x, name=f"{name}identity", activation="linear")
    return net.add("Add", [came, x])


def _record(size: str) -> Record:
    return application(
        f"ConvNeXt{size}",
        f"Convolutions arranged as in a transformer; {SIZES[size][1]} channels at first.",
        convnext(size),
        page="convnext",
        entrance=Entrance(),
        arguments=(PREPROCESSING,),
    )


APPLICATIONS: Final = tuple(_record(size) for size in SIZES)
