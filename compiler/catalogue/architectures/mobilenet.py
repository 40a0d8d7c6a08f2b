"""Architectures: MobileNet, first and second version.

Sources: Howard and others, MobileNets, https://arxiv.org/abs/1704.04861; Sandler, Howard, Zhu, Zhmoginov, Chen,
MobileNetV2: Inverted Residuals and Linear Bottlenecks, https://arxiv.org/abs/1801.04381;
https://keras.io/api/applications/mobilenet/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..kinds import POSITIVE, number
from ..record import Argument, ArgumentError
from .application import Entrance, application, classified, pooled
from .net import Net, Tensor

ALPHA: Final = Argument("alpha", number(above=0), 1.0, "How wide the network is: each number of filters times this.")

STAGES: Final = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip
"""Filters and stride of each block of the first version: table 1 of its paper."""

BOTTLENECKS: Final = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
                      (6, 320, 1, 1))  # fmt: skip
"""Expansion, filters, blocks and stride of each stage of the second version: table 2 of its paper."""

V1_ALPHAS: Final = (0.25, 0.5, 0.75, 1.0)
V2_ALPHAS: Final = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


def divisible(filters: float, by: int = 8) -> int:
    """The multiple of ``by`` next to ``filters``, but never less than nine tenths of it, nor than ``by``."""
    rounded = max(by, int(filters + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * filters else rounded


def trained_alphas(arguments: Mapping[str, Any], *alphas: float) -> None:
    """ImageNet weights are there for some widths only.

    Raises:
        ArgumentError: E114.
    """
    if arguments["weights"] == "imagenet" and arguments["alpha"] not in alphas:
        raise ArgumentError(
            "alpha",
            f"there are ImageNet weights for `alpha` {', '.join(f'{one:g}' for one in alphas)}, "
            f"but it is {arguments['alpha']:g}",
            help='take one of these, or write `weights = "none"`',
            other="weights",
        )


def _ready(net: Net, x: Tensor, bn: str, relu: str, momentum: float = 0.99) -> Tensor:
    x = net.add("BatchNormalization", x, name=bn, momentum=momentum)
    return net.add("ReLU", x, name=relu, max_value=6.0)


# --- the first version --------------------------------------------------------------------------------------------


def mobilenet(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    """A convolution, then blocks of a depthwise one and one of size 1."""
    alpha = arguments["alpha"]
    x = net.add("Conv2D", x, name="conv1", filters=int(32 * alpha), kernel_size=3, strides=2, padding="same",
                use_bias=False)  # fmt: skip
    x = _ready(net, x, "conv1_bn", "conv1_relu")
    for block, (filters, stride) in enumerate(STAGES, start=1):
        if stride > 1:
            x = net.add("ZeroPadding2D", x, name=f"conv_pad_{block}", padding=((0, 1), (0, 1)))
        name = f"conv_dw_{block}"
        x = net.add(
            "DepthwiseConv2D", x, name=name, kernel_size=3, strides=stride, padding="same" if stride == 1 else "valid",
            depth_multiplier=arguments["depth_multiplier"], use_bias=False,
        )  # fmt: skip
        x = _ready(net, x, f"{name}_bn", f"{name}_relu")
        name = f"conv_pw_{block}"
        x = net.add("Conv2D", x, name=name, filters=int(filters * alpha), kernel_size=1, padding="same", use_bias=False)
        x = _ready(net, x, f"{name}_bn", f"{name}_relu")
    if not arguments["include_top"]:
        return pooled(net, x, arguments, named=False)
    classes = arguments["classes"]
    x = net.add("GlobalAveragePooling2D", x, keepdims=True)
    x = net.add("Dropout", x, name="dropout", rate=arguments["dropout"])
    x = net.add("Conv2D", x, name="conv_preds", filters=classes, kernel_size=1, padding="same")
    x = net.add("Reshape", x, name="reshape_2", target_shape=(classes,))
    return net.add("Activation", x, name="predictions", activation=arguments["classifier_activation"])


def check_mobilenet(arguments: Mapping[str, Any]) -> None:
    """Every layer must keep a filter, and ImageNet weights are there for few widths.

    Raises:
        ArgumentError: E114.
    """
    if int(32 * arguments["alpha"]) < 1:
        raise ArgumentError(
            "alpha",
            f"`alpha = {arguments['alpha']:g}` leaves the first layer, which has 32 filters, without any",
            help="make it at least 0.03125, which is 1/32",
        )
    trained_alphas(arguments, *V1_ALPHAS)
    if arguments["weights"] == "imagenet" and arguments["depth_multiplier"] != 1:
        raise ArgumentError(
            "depth_multiplier",
            f"the ImageNet weights are made for `depth_multiplier = 1`, found {arguments['depth_multiplier']}",
            help='take it away, or write `weights = "none"`',
            other="weights",
        )


# --- the second version -------------------------------------------------------------------------------------------


def mobilenet_v2(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    """A convolution, inverted residual blocks, and a wide convolution of size 1."""
    alpha = arguments["alpha"]
    x = net.add("Conv2D", x, name="Conv1", filters=divisible(32 * alpha), kernel_size=3, strides=2, padding="same",
                use_bias=False)  # fmt: skip
    x = _ready(net, x, "bn_Conv1", "Conv1_relu", 0.999)
    block = 0
    for expansion, filters, depth, first in BOTTLENECKS:
        for place in range(depth):
            name = f"block_{block}_" if block else "expanded_conv_"
            x = _inverted(net, x, name, expansion, divisible(int(filters * alpha)), first if place == 0 else 1)
            block += 1
    last = divisible(1280 * alpha) if alpha > 1 else 1280
    x = net.add("Conv2D", x, name="Conv_1", filters=last, kernel_size=1, use_bias=False)
    x = _ready(net, x, "Conv_1_bn", "out_relu", 0.999)
    return classified(net, x, arguments, named=False, pool=None)


def _inverted(net: Net, x: Tensor, name: str, expansion: int, filters: int, stride: int) -> Tensor:
    """More channels, a look around, fewer channels without an activation; added to what came in where that fits."""
    short = x
    if expansion > 1:
        x = net.add("Conv2D", x, name=f"{name}expand", filters=expansion * x.channels, kernel_size=1, padding="same",
                    use_bias=False)  # fmt: skip
        x = _ready(net, x, f"{name}expand_BN", f"{name}expand_relu", 0.999)
    if stride > 1:
        x = net.add("ZeroPadding2D", x, name=f"{name}pad", padding=net.halving_pad(x, 3))
    x = net.add("DepthwiseConv2D", x, name=f"{name}depthwise", kernel_size=3, strides=stride, use_bias=False,
                padding="same" if stride == 1 else "valid")  # fmt: skip
    x = _ready(net, x, f"{name}depthwise_BN", f"{name}depthwise_relu", 0.999)
    x = net.add("Conv2D", x, name=f"{name}project", filters=filters, kernel_size=1, padding="same", use_bias=False)
    x = net.add("BatchNormalization", x, name=f"{name}project_BN", momentum=0.999)
    return net.add("Add", [short, x], name=f"{name}add") if stride == 1 and short.channels == filters else x


APPLICATIONS: Final = (
    application(
        "MobileNet",
        "A small network of depthwise convolutions, for phones.",
        mobilenet,
        page="mobilenet",
        entrance=Entrance(trained=(128, 160, 192, 224)),
        arguments=(
            ALPHA,
            Argument("depth_multiplier", POSITIVE, 1, "Channels that each depthwise convolution makes of one."),
            Argument(
                "dropout",
                number(minimum=0, maximum=1),
                0.001,
                "The part of the features that the top drops in training.",
            ),
        ),
        check=check_mobilenet,
    ),
    application(
        "MobileNetV2",
        "A small network of inverted residual blocks, for phones.",
        mobilenet_v2,
        page="mobilenet",
        entrance=Entrance(trained=(96, 128, 160, 192, 224)),
        arguments=(ALPHA,),
        check=lambda arguments: trained_alphas(arguments, *V2_ALPHAS),
    ),
)
