"""From an architecture's function to the Record of an application: its arguments, what fits it, its shape rule.

Left out of the arguments are ``input_tensor``, ``input_shape`` and ``name``: the graph gives them. ``trainable`` is
none of Keras' functions' either; the builder sets it on the model, as people do to freeze a backbone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...sizes import BATCH, Size, known
from ...tensor import TensorType, Weight, policy, shape_text
from ..arguments import ACTIVATION_ARGUMENT
from ..kinds import BOOLEAN, POSITIVE, TEXT, choice, nullable
from ..record import Argument, ArgumentError, Call, Inferred, Record, Rule, ShapeError
from ..rules import float_input, ranked
from .net import INPUT, InnerError, Net, Tensor

Body = Callable[[Net, Tensor, Mapping[str, Any]], Tensor]
"""Adds all layers of an application to a net, behind the tensor that comes in; gives the one that goes out."""

Check = Callable[[Mapping[str, Any]], None]

IMAGENET_CLASSES: Final = 1000
ANY: Final = 331
"""A height and width that every application takes."""

INCLUDE_TOP: Final = Argument(
    "include_top", BOOLEAN, True, "Whether the layers that name a class stand at the end, or only features come out."
)
WEIGHTS: Final = Argument(
    "weights",
    nullable(TEXT),
    "imagenet",
    'What the weights start as: "imagenet" (trained; fetched once), "none" (random), or a weights file.',
)
POOLING: Final = Argument(
    "pooling",
    nullable(choice("avg", "max")),
    None,
    "What becomes of the features without a top: their mean, their largest values, or (none) a picture of them.",
)
CLASSES: Final = Argument("classes", POSITIVE, IMAGENET_CLASSES, "Number of classes that the top tells apart.")
CLASSIFIER_ACTIVATION: Final = Argument(
    "classifier_activation", ACTIVATION_ARGUMENT.kind, "softmax", "Applied to what the top gives; none: raw scores."
)
TRAINABLE: Final = Argument(
    "trainable", BOOLEAN, True, "Whether training may change any weight of the network; false freezes all of it."
)
COMMON: Final = (INCLUDE_TOP, WEIGHTS, POOLING, CLASSES, CLASSIFIER_ACTIVATION, TRAINABLE)
"""What all applications take."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What pictures an application takes.

    ``minimum``: the smallest height and width. ``trained``: the heights and widths (always squares) for which there
    are ImageNet weights with the top; None where any will do. ``open_top``: whether the top takes pictures of
    unknown size. ``both``: whether Keras asks for the minimum only where height and width are known.
    """

    minimum: int = 32
    trained: tuple[int, ...] | None = (224,)
    open_top: bool = False
    both: bool = False


def application(
    name: str,
    summary: str,
    body: Body,
    *,
    page: str,
    entrance: Entrance,
    arguments: tuple[Argument, ...] = (),
    check: Check | None = None,
) -> Record:
    """The record of ``keras.applications.NAME``.

    ``page`` is the last part of its address on keras.io; ``arguments`` are those beside `COMMON`; ``check`` looks at
    all of them, after what holds for all applications.
    """
    return Record(
        name=f"applications.{name}",
        family="applications",
        summary=summary,
        arguments=(*COMMON, *arguments),
        page=f"applications/{page}",
        rule=_rule(body, entrance),
        inside=_inside(body),
        check=_check(check),
    )


def _check(more: Check | None) -> Check:
    def check(arguments: Mapping[str, Any]) -> None:
        _trained_top(arguments)
        if more is not None:
            more(arguments)

    return check


def _trained_top(arguments: Mapping[str, Any]) -> None:
    """What trained weights with the top ask for.

    Raises:
        ArgumentError: E114.
    """
    if not arguments["include_top"] or arguments["weights"] is None:
        return
    if arguments["weights"] == "imagenet" and arguments["classes"] != IMAGENET_CLASSES:
        raise ArgumentError(
            "classes",
            f"the ImageNet weights tell {IMAGENET_CLASSES} classes apart, but `classes` is {arguments['classes']}",
            help='write `include_top = false` and `pooling = "avg"`, and a `Dense` of your own behind it; '
            'or `weights = "none"` to train from the start',
            other="weights",
        )
    if arguments["classifier_activation"] not in (None, "softmax", "linear"):
        raise ArgumentError(
            "classifier_activation",
            'a top with trained weights ends with "softmax" or with "none", '
            f'but `classifier_activation` is "{arguments["classifier_activation"]}"',
            help='write `classifier_activation = "none"` and an `Activation` entry behind it',
            other="weights",
        )


def _rule(body: Body, entrance: Entrance) -> Rule:
    def rule(call: Call) -> Inferred:
        x = _picture(call, entrance)
        net = Net(call.policy)
        try:
            end = body(net, Tensor(INPUT, TensorType(x.shape)), call.layer.arguments)
        except InnerError as inner:
            error = inner.error
            raise ShapeError(
                error.code,
                f"inside {call.layer.record.name}, at `{inner.name}`: {error.message}",
                help="give it larger pictures, or write their height and width as numbers",
            ) from inner
        flops: Size = 0
        weights: list[Weight] = []
        for layer in net.layers.values():
            flops = flops + layer.flops
            weights += [
                Weight(f"{layer.name}/{one.name}", one.shape, one.trainable, one.dtype) for one in layer.weights
            ]
        return Inferred((end.type,), tuple(weights), flops, tuple(net.layers.values()))

    return rule


def _inside(body: Body) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    """The names of the layers, for which it does not matter what is in the picture or how large it is."""

    def inside(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        net = Net(policy("float32"))
        body(net, Tensor(INPUT, TensorType((BATCH, ANY, ANY, 3))), arguments)
        return tuple(net.layers)

    return inside


def _picture(call: Call, entrance: Entrance) -> TensorType:
    """The input, which must be pictures that the application takes.

    Raises:
        ShapeError: E301 for another rank, E302 for sizes that do not fit, E304 for text, E305 where a size must be
            known and is not.
    """
    float_input(call)
    x = ranked(call, 4, axes="height, width, channels")
    name = call.layer.record.name
    height, width, channels = x.shape[1:]
    trained, top = call["weights"] == "imagenet", call["include_top"]
    if not known(channels):
        raise ShapeError(
            "E305",
            f"{name} must know how many channels its pictures have; found `{channels}` in {shape_text(x.shape)}",
            help="write a number for the last size of the input's `shape`: 3 for colours",
        )
    if trained and channels != 3:
        raise ShapeError(
            "E302",
            f"the ImageNet weights of {name} are made for 3 channels, found {channels} in {shape_text(x.shape)}",
            help='make three of one with a `Concatenate` of the picture with itself, or write `weights = "none"`',
        )
    least = entrance.minimum
    small = [size for size in (height, width) if known(size) and size < least]
    if small and not (entrance.both and not (known(height) and known(width))):
        raise ShapeError(
            "E302",
            f"{name} takes pictures of at least {least} by {least}, found {shape_text(x.shape)}",
            help=f"make them larger with a `Resizing` layer before it: `height = {least}`, `width = {least}` or more",
        )
    if not top:
        return x
    if not entrance.open_top and not (known(height) and known(width)):
        raise ShapeError(
            "E305",
            f"with its top {name} must know the height and width of its pictures; found {shape_text(x.shape)}",
            help="write numbers for them in the input's `shape`, or `include_top = false`",
        )
    if trained and entrance.trained is not None and not (height == width and height in entrance.trained):
        sizes = " or ".join(str(size) for size in entrance.trained)
        raise ShapeError(
            "E302",
            f"with its top and ImageNet weights {name} takes squares of {sizes}, found {shape_text(x.shape)}",
            help=f"bring the pictures to {entrance.trained[-1]} by {entrance.trained[-1]} with a `Resizing` layer, "
            "or write `include_top = false`",
        )
    return x


# --- how most applications end ------------------------------------------------------------------------------------


def pooled(net: Net, x: Tensor, arguments: Mapping[str, Any], *, named: bool) -> Tensor:
    """What ``pooling`` asks for behind the features; its layers are ``named`` ``avg_pool`` and ``max_pool``, or by
    Keras."""
    if arguments["pooling"] == "avg":
        return net.add("GlobalAveragePooling2D", x, name="avg_pool" if named else None)
    if arguments["pooling"] == "max":
        return net.add("GlobalMaxPooling2D", x, name="max_pool" if named else None)
    return x


def classified(
    net: Net, x: Tensor, arguments: Mapping[str, Any], *, named: bool = True, pool: str | None = "avg_pool"
) -> Tensor:
    """The usual end: with the top the mean of all places (a layer called ``pool``) and a Dense called
    ``predictions``; without it what ``pooling`` asks for (``named`` as in `pooled`)."""
    if not arguments["include_top"]:
        return pooled(net, x, arguments, named=named)
    x = net.add("GlobalAveragePooling2D", x, name=pool)
    return net.add(
        "Dense", x, name="predictions", units=arguments["classes"], activation=arguments["classifier_activation"]
    )
