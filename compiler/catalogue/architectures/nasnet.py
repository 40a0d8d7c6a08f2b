"""Architectures: NASNet, cells that a search found, one behind the other.

Source: Zoph, Vasudevan, Shlens, Le, Learning Transferable Architectures for Scalable Image Recognition,
https://arxiv.org/abs/1707.07012, figure 4; https://keras.io/api/applications/nasnet/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...sizes import known
from ...tensor import shape_text
from ..record import ShapeError
from .application import Body, Entrance, application, classified
from .net import Net, Tensor

MOMENTUM: Final = 0.9997
OUT: Final = 24
"""How many times its filters the last cell gives: six tensors, after the filters have doubled twice."""


def nasnet(stem: int, cells: int, penultimate: int, *, skips: bool) -> Body:
    """Three runs of so many normal cells, with a reduction cell between them, and two of these before the first.

    ``stem``: filters of the first convolution. ``penultimate``: channels that come out at the end. ``skips``: whether
    the cell behind a reduction is given what came before the cell that was reduced, rather than that itself.
    """
    filters = penultimate // OUT

    def body(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        _settled(x)
        x = net.add("Conv2D", x, name="stem_conv1", filters=stem, kernel_size=3, strides=2, use_bias=False)
        x = _normal(net, x, "stem_bn1")
        came, x = x, _reduction(net, x, x, filters // 4, "stem_1")
        came, x = x, _reduction(net, x, came, filters // 2, "stem_2")
        for run in range(3):
            width, first = filters * 2**run, run * cells
            if run:
                reduced = _reduction(net, x, came, width, f"reduce_{first}")
                came, x = came if skips else x, reduced
                first += 1  # the reduction has taken a number
            for number in range(first, first + cells):
                came, x = x, _cell(net, x, came, width, f"{number}")
        return classified(net, _relu(net, x), arguments, named=False, pool=None)

    return body


def _settled(x: Tensor) -> None:
    """Whether a tensor must be halved before it is added to another depends on the sizes of both.

    Raises:
        ShapeError: E305. (Keras builds such a network, but not one picture fits it: nothing in it is halved.)
    """
    if not all(known(size) for size in x.shape[1:3]):
        raise ShapeError(
            "E305",
            f"NASNet must know the height and width of its pictures; found {shape_text(x.shape)}",
            help="write numbers for them in the input's `shape`",
        )


def _cell(net: Net, x: Tensor, came: Tensor, filters: int, name: str) -> Tensor:
    """A normal cell: five sums of what the cell before gave and of what the one before that gave."""
    came = _adjusted(net, came, x, filters, name)
    x = _squeezed(net, x, filters, f"normal_conv_1_{name}", f"normal_bn_1_{name}")

    def look(x: Tensor, kernel: int, place: str) -> Tensor:
        return _separable(net, x, filters, kernel, f"normal_{place}_{name}")

    def mean(x: Tensor, place: str) -> Tensor:
        return _averaged(net, x, f"normal_{place}_{name}")

    pairs = (
        (look(x, 5, "left1"), look(came, 3, "right1")),
        (look(came, 5, "left2"), look(came, 3, "right2")),
        (mean(x, "left3"), came),
        (mean(came, "left4"), mean(came, "right4")),
        (look(x, 3, "left5"), x),
    )
    sums = [net.add("Add", pair, name=f"normal_add_{place}_{name}") for place, pair in enumerate(pairs, start=1)]
    return net.add("Concatenate", [came, *sums], name=f"normal_concat_{name}")


def _reduction(net: Net, x: Tensor, came: Tensor, filters: int, name: str) -> Tensor:
    """A reduction cell: half of the height and width, in four sums."""
    if came is not x:
        came = _adjusted(net, came, x, filters, name)
    x = _squeezed(net, x, filters, f"reduction_conv_1_{name}", f"reduction_bn_1_{name}")
    wide = net.add("ZeroPadding2D", x, name=f"reduction_pad_1_{name}", padding=net.halving_pad(x, 3))

    def halved(x: Tensor, kernel: int, place: str) -> Tensor:
        return _separable(net, x, filters, kernel, f"reduction_{place}_{name}", halves=True)

    def pooled(kind: str, place: str) -> Tensor:
        return net.add(kind, wide, name=f"reduction_{place}_{name}", pool_size=3, strides=2)

    def total(a: Tensor, b: Tensor, which: str | None) -> Tensor:
        return net.add("Add", [a, b], name=which and f"reduction_{which}_{name}")

    first = total(halved(x, 5, "left1"), halved(came, 7, "right1"), "add_1")
    second = total(pooled("MaxPooling2D", "left2"), halved(came, 7, "right2"), "add_2")
    third = total(pooled("AveragePooling2D", "left3"), halved(came, 5, "right3"), "add3")
    fourth = total(second, _averaged(net, first, f"reduction_left4_{name}"), None)
    fifth = _separable(net, first, filters, 3, f"reduction_left4_{name}")
    fifth = total(fifth, pooled("MaxPooling2D", "right5"), "add4")
    return net.add("Concatenate", [second, third, fourth, fifth], name=f"reduction_concat_{name}")


def _adjusted(net: Net, came: Tensor, x: Tensor, filters: int, name: str) -> Tensor:
    """What came before, in the size of ``x`` and with so many filters."""
    if came.shape[1:3] != x.shape[1:3]:
        return _thinned(net, came, filters, name)
    if came.channels == filters:
        return came
    return _squeezed(net, came, filters, f"adjust_conv_projection_{name}", f"adjust_bn_{name}")


def _thinned(net: Net, x: Tensor, filters: int, name: str) -> Tensor:
    """Every second place down and to the side, and beside them those one further down and to the side."""
    x = net.add("Activation", x, name=f"adjust_relu_1_{name}", activation="relu")
    shifted = net.add("ZeroPadding2D", x, padding=((0, 1), (0, 1)))
    shifted = net.add("Cropping2D", shifted, cropping=((1, 0), (1, 0)))
    halves = []
    for place, one in enumerate((x, shifted), start=1):
        one = net.add("AveragePooling2D", one, name=f"adjust_avg_pool_{place}_{name}", pool_size=1, strides=2)
        halves.append(_pointwise(net, one, filters // 2, f"adjust_conv_{place}_{name}"))
    return _normal(net, net.add("Concatenate", halves), f"adjust_bn_{name}")


def _separable(net: Net, x: Tensor, filters: int, kernel: int, name: str, *, halves: bool = False) -> Tensor:
    """Twice a ReLU, a separable convolution and a normalisation; ``halves``: the first at stride 2."""
    for step in (1, 2):
        x = _relu(net, x)
        halving = halves and step == 1
        if halving:
            x = net.add("ZeroPadding2D", x, name=f"separable_conv_1_pad_{name}", padding=net.halving_pad(x, kernel))
        x = net.add(
            "SeparableConv2D", x, name=f"separable_conv_{step}_{name}", filters=filters, kernel_size=kernel,
            strides=2 if halving else 1, padding="valid" if halving else "same", use_bias=False,
        )  # fmt: skip
        x = _normal(net, x, f"separable_conv_{step}_bn_{name}")
    return x


def _squeezed(net: Net, x: Tensor, filters: int, conv: str, bn: str) -> Tensor:
    return _normal(net, _pointwise(net, _relu(net, x), filters, conv), bn)


def _pointwise(net: Net, x: Tensor, filters: int, name: str) -> Tensor:
    return net.add("Conv2D", x, name=name, filters=filters, kernel_size=1, padding="same", use_bias=False)


def _averaged(net: Net, x: Tensor, name: str) -> Tensor:
    return net.add("AveragePooling2D", x, name=name, pool_size=3, strides=1, padding="same")


def _normal(net: Net, x: Tensor, name: str) -> Tensor:
    return net.add("BatchNormalization", x, name=name, momentum=MOMENTUM)


def _relu(net: Net, x: Tensor) -> Tensor:
    return net.add("Activation", x, activation="relu")


APPLICATIONS: Final = (
    application(
        "NASNetLarge",
        "Cells that a search found, for good results.",
        nasnet(96, 6, 4032, skips=True),
        page="nasnet",
        entrance=Entrance(trained=(331,)),
    ),
    application(
        "NASNetMobile",
        "Cells that a search found, for phones.",
        nasnet(32, 4, 1056, skips=False),
        page="nasnet",
        entrance=Entrance(),
    ),
)
