"""Architectures: Inception, third version, in which several convolutions look at the same picture side by side.

Source: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, Rethinking the Inception Architecture for Computer Vision,
https://arxiv.org/abs/1512.00567; https://keras.io/api/applications/inceptionv3/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .application import Entrance, application, classified
from .net import Net, Tensor

ENTRANCE: Final = Entrance(minimum=75, trained=(299,))


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution with its normalisation and ReLU. ``halves``: at stride 2 and without padding."""

    filters: int
    rows: int = 1
    columns: int = 1
    halves: bool = False


def square(filters: int, kernel: int, *, halves: bool = False) -> Conv:
    """A convolution that looks as far down as to the side."""
    return Conv(filters, kernel, kernel, halves)


def branch(net: Net, x: Tensor, *steps: Conv) -> Tensor:
    """Convolutions one behind the other."""
    for step in steps:
        x = conv(net, x, step.filters, (step.rows, step.columns), 2 if step.halves else 1, padded=not step.halves)
    return x


def conv(
    net: Net, x: Tensor, filters: int, kernel: tuple[int, int], stride: int = 1, *, padded: bool = True,
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """A convolution, its normalisation and ReLU; named, or each by Keras."""
    x = net.add("Conv2D", x, name=name, filters=filters, kernel_size=kernel, strides=stride, use_bias=False,
                padding="same" if padded else "valid")  # fmt: skip
    x = net.add("BatchNormalization", x, name=name and f"{name}_bn", scale=False)
    return net.add("Activation", x, name=name and f"{name}_ac", activation="relu")


def halved(net: Net, x: Tensor) -> Tensor:
    """The largest values, at stride 2."""
    return net.add("MaxPooling2D", x, pool_size=3, strides=2)


def averaged(net: Net, x: Tensor, filters: int) -> Tensor:
    """Means of 3 by 3 places, and a convolution of size 1."""
    x = net.add("AveragePooling2D", x, pool_size=3, strides=1, padding="same")
    return branch(net, x, Conv(filters))


def stem(net: Net, x: Tensor) -> Tensor:
    """An eighth of the height and width, and 192 channels."""
    x = conv(net, x, 32, (3, 3), 2, padded=False)
    x = conv(net, x, 32, (3, 3), padded=False)
    x = conv(net, x, 64, (3, 3))
    x = halved(net, x)
    x = conv(net, x, 80, (1, 1), padded=False)
    x = conv(net, x, 192, (3, 3), padded=False)
    return halved(net, x)


def look_around(net: Net, x: Tensor, name: str, first: int, mean: int) -> Tensor:
    """Figure 5 of the paper: at single places, 5 by 5, 3 by 3 twice, and means; ``first`` and ``mean`` are the
    channels of the first and the last of them."""
    paths = [
        branch(net, x, Conv(first)),
        branch(net, x, Conv(48), square(64, 5)),
        branch(net, x, Conv(64), square(96, 3), square(96, 3)),
        averaged(net, x, mean),
    ]
    return net.add("Concatenate", paths, name=name)


def inception_v3(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    """Three sizes of pictures, with blocks of other forms at each."""
    x = stem(net, x)
    for place, mean in enumerate((32, 64, 64)):
        x = look_around(net, x, f"mixed{place}", 64, mean)
    paths = [
        branch(net, x, square(384, 3, halves=True)),
        branch(net, x, Conv(64), square(96, 3), square(96, 3, halves=True)),
        halved(net, x),
    ]
    x = net.add("Concatenate", paths, name="mixed3")
    for place, width in enumerate((128, 160, 160, 192), start=4):
        x = _lines(net, x, f"mixed{place}", width)
    paths = [
        branch(net, x, Conv(192), square(320, 3, halves=True)),
        branch(net, x, Conv(192), Conv(192, 1, 7), Conv(192, 7, 1), square(192, 3, halves=True)),
        halved(net, x),
    ]
    x = net.add("Concatenate", paths, name="mixed8")
    for place in range(2):
        x = _crosses(net, x, place)
    return classified(net, x, arguments, named=False)


def _lines(net: Net, x: Tensor, name: str, width: int) -> Tensor:
    """Figure 6 of the paper: 7 by 7 places, as a line of 7 down and one to the side."""
    down, side = Conv(width, 7, 1), Conv(width, 1, 7)
    paths = [
        branch(net, x, Conv(192)),
        branch(net, x, Conv(width), side, Conv(192, 7, 1)),
        branch(net, x, Conv(width), down, side, down, Conv(192, 1, 7)),
        averaged(net, x, 192),
    ]
    return net.add("Concatenate", paths, name=name)


def _crosses(net: Net, x: Tensor, place: int) -> Tensor:
    """Figure 7 of the paper: lines of 3 down and to the side, beside each other."""
    paths = [branch(net, x, Conv(320))]
    for name, steps in ((f"mixed9_{place}", (Conv(384),)), (None, (Conv(448), square(384, 3)))):
        middle = branch(net, x, *steps)
        ends = [branch(net, middle, Conv(384, 1, 3)), branch(net, middle, Conv(384, 3, 1))]
        paths.append(net.add("Concatenate", ends, name=name))
    paths.append(averaged(net, x, 192))
    return net.add("Concatenate", paths, name=f"mixed{9 + place}")


APPLICATIONS: Final = (
    application(
        "InceptionV3",
        "Convolutions of several forms side by side.",
        inception_v3,
        page="inceptionv3",
        entrance=ENTRANCE,
    ),
)
