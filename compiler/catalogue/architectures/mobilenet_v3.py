"""Architectures: MobileNet, third version.

Source: Howard and others, Searching for MobileNetV3, https://arxiv.org/abs/1905.02244;
https://keras.io/api/applications/mobilenet/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..kinds import BOOLEAN, number
from ..record import Argument
from .application import Body, Entrance, application, pooled
from .mobilenet import ALPHA, divisible, trained_alphas
from .net import Net, Tensor


@dataclass(frozen=True, slots=True)
class Bneck:
    """One line of the paper's tables: channels in, inside and out, kernel, stride, whether channels are weighed
    (squeeze and excite), and whether the activation is the hard swish (else ReLU)."""

    came: int
    inside: int
    out: int
    kernel: int
    stride: int
    weighs: bool
    swish: bool


def _stack(*lines: tuple[int, int, int, int, int, int]) -> tuple[Bneck, ...]:
    """The table, each line given what came out of the one before; 16 channels come into the first."""
    channels = (16, *(line[1] for line in lines))
    return tuple(
        Bneck(came, inside, out, kernel, stride, bool(weighs), bool(swish))
        for came, (inside, out, kernel, stride, weighs, swish) in zip(channels, lines, strict=False)
    )


SMALL: Final = _stack(
    (16, 16, 3, 2, 1, 0),
    (72, 24, 3, 2, 0, 0),
    (88, 24, 3, 1, 0, 0),
    (96, 40, 5, 2, 1, 1),
    (240, 40, 5, 1, 1, 1),
    (240, 40, 5, 1, 1, 1),
    (120, 48, 5, 1, 1, 1),
    (144, 48, 5, 1, 1, 1),
    (288, 96, 5, 2, 1, 1),
    (576, 96, 5, 1, 1, 1),
    (576, 96, 5, 1, 1, 1),
)
LARGE: Final = _stack(
    (16, 16, 3, 1, 0, 0),
    (64, 24, 3, 2, 0, 0),
    (72, 24, 3, 1, 0, 0),
    (72, 40, 5, 2, 1, 0),
    (120, 40, 5, 1, 1, 0),
    (120, 40, 5, 1, 1, 0),
    (240, 80, 3, 2, 0, 1),
    (200, 80, 3, 1, 0, 1),
    (184, 80, 3, 1, 0, 1),
    (184, 80, 3, 1, 0, 1),
    (480, 112, 3, 1, 1, 1),
    (672, 112, 3, 1, 1, 1),
    (672, 160, 5, 2, 1, 1),
    (960, 160, 5, 1, 1, 1),
    (960, 160, 5, 1, 1, 1),
)
"""Tables 2 and 1 of the paper: inside, out, kernel, stride, weighs, swish."""

WEIGHED: Final = 0.25
"""The part of the channels through which the weights of all are computed."""


def mobilenet_v3(stack: Sequence[Bneck], last: int) -> Body:
    """The blocks of a table; ``last`` is the width of the layer before the classes."""

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        plain, alpha = arguments["minimalistic"], arguments["alpha"]
        if arguments["include_preprocessing"]:
            x = net.add("Rescaling", x, scale=1 / 127.5, offset=-1.0)
        x = net.add("Conv2D", x, name="conv", filters=16, kernel_size=3, strides=2, padding="same", use_bias=False)
        x = _normal(net, x, "conv_bn")
        x = _active(net, x, swish=not plain)
        for place, block in enumerate(stack):
            x = _bneck(net, x, block, f"expanded_conv_{place}_" if place else "expanded_conv_", alpha, plain=plain)
        x = net.add(
            "Conv2D", x, name="conv_1", filters=divisible(6 * x.channels), kernel_size=1, padding="same", use_bias=False
        )
        x = _normal(net, x, "conv_1_bn")
        x = _active(net, x, swish=not plain)
        if not arguments["include_top"]:
            return pooled(net, x, arguments, named=True)
        x = net.add("GlobalAveragePooling2D", x, keepdims=True)
        width = divisible(last * alpha) if alpha > 1 else last
        x = net.add("Conv2D", x, name="conv_2", filters=width, kernel_size=1, padding="same")
        x = _active(net, x, swish=not plain)
        if arguments["dropout_rate"] > 0:
            x = net.add("Dropout", x, rate=arguments["dropout_rate"])
        x = net.add("Conv2D", x, name="logits", filters=arguments["classes"], kernel_size=1, padding="same")
        x = net.add("Flatten", x)
        return net.add("Activation", x, name="predictions", activation=arguments["classifier_activation"])

    return body


def _normal(net: Net, x: Tensor, name: str) -> Tensor:
    return net.add("BatchNormalization", x, name=name, momentum=0.999)


def _active(net: Net, x: Tensor, *, swish: bool) -> Tensor:
    return net.add("Activation", x, activation="hard_silu") if swish else net.add("ReLU", x)


def _bneck(net: Net, x: Tensor, block: Bneck, name: str, alpha: float, *, plain: bool) -> Tensor:
    """More channels, a look around, their weights, fewer channels. ``plain``: with small kernels and ReLU alone."""
    swish = block.swish and not plain
    kernel = 3 if plain else block.kernel
    short = x
    inside = x.channels * (block.inside / block.came)  # the table is for alpha = 1, what it says is the ratio
    if block.inside != block.came:
        x = net.add("Conv2D", x, name=f"{name}expand", filters=divisible(inside), kernel_size=1, padding="same",
                    use_bias=False)  # fmt: skip
        x = _active(net, _normal(net, x, f"{name}expand_bn"), swish=swish)
    if block.stride > 1:
        x = net.add("ZeroPadding2D", x, name=f"{name}depthwise_pad", padding=net.halving_pad(x, kernel))
    x = net.add("DepthwiseConv2D", x, name=f"{name}depthwise", kernel_size=kernel, strides=block.stride, use_bias=False,
                padding="same" if block.stride == 1 else "valid")  # fmt: skip
    x = _active(net, _normal(net, x, f"{name}depthwise_bn"), swish=swish)
    if block.weighs and not plain:
        x = _weighed(net, x, f"{name}squeeze_excite_", divisible(WEIGHED * inside))
    filters = divisible(block.out * alpha)
    x = net.add("Conv2D", x, name=f"{name}project", filters=filters, kernel_size=1, padding="same", use_bias=False)
    x = _normal(net, x, f"{name}project_bn")
    return net.add("Add", [short, x], name=f"{name}add") if block.stride == 1 and short.channels == filters else x


def _weighed(net: Net, x: Tensor, name: str, width: int) -> Tensor:
    """Each channel times a weight between 0 and 1, computed from the means of all of them."""
    weight = net.add("GlobalAveragePooling2D", x, name=f"{name}avg_pool", keepdims=True)
    weight = net.add("Conv2D", weight, name=f"{name}conv", filters=width, kernel_size=1, padding="same")
    weight = net.add("ReLU", weight, name=f"{name}relu")
    weight = net.add("Conv2D", weight, name=f"{name}conv_1", filters=x.channels, kernel_size=1, padding="same")
    weight = net.add("ops.add", weight, x2=3.0)
    weight = net.add("ReLU", weight, max_value=6.0)
    weight = net.add("ops.multiply", weight, x2=1 / 6)
    return net.add("Multiply", [x, weight], name=f"{name}mul")


def _check(arguments: Mapping[str, Any]) -> None:
    trained_alphas(arguments, *((1.0,) if arguments["minimalistic"] else (0.75, 1.0)))


ARGUMENTS: Final = (
    ALPHA,
    Argument("minimalistic", BOOLEAN, False, "Only kernels of 3 and ReLU, for chips that have no more than that."),
    Argument(
        "dropout_rate", number(minimum=0, maximum=1), 0.2, "The part of the features that the top drops in training."
    ),
    Argument(
        "include_preprocessing",
        BOOLEAN,
        True,
        "Whether it takes pixels from 0 to 255 and brings them to -1 to 1 itself.",
    ),
)


def _record(size: str, body: Body) -> Any:
    return application(
        f"MobileNetV3{size}", f"The {size.lower()} network that a search for phones found.", body, page="mobilenet",
        entrance=Entrance(trained=None, open_top=True, both=True), arguments=ARGUMENTS, check=_check,
    )  # fmt: skip


APPLICATIONS: Final = (_record("Small", mobilenet_v3(SMALL, 1024)), _record("Large", mobilenet_v3(LARGE, 1280)))
