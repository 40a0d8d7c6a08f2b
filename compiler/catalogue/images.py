"""Catalogue: layers that bring images to a size or evenness, in training and after; and what image layers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..sizes import Size, ceil_div, known, product, same
from ..tensor import FLOATS, Shape, TensorType, shape_text
from .arguments import DATA_FORMAT
from .kinds import BOOLEAN, Kind, choice, integer, list_of, number
from .record import REQUIRED, Argument, ArgumentError, Call, Inferred, Record, ShapeError
from .rules import float_input, ranked, result
from .training_arguments import SIZE

HEIGHT: Final = Argument("height", SIZE, REQUIRED, "Height of the result in pixels.")
WIDTH: Final = Argument("width", SIZE, REQUIRED, "Width of the result in pixels.")
FILL_VALUE: Final = Argument("fill_value", number(), 0.0, "What fills empty places where they get one value.")
# A range of whole numbers must stay one: TensorFlow does not mix fractions with pixels in whole numbers.
_BOUND: Final = replace(number(), normal=lambda value: int(value) if float(value).is_integer() else value)
VALUE_RANGE: Final = Argument("value_range", list_of(_BOUND, 2), (0, 255), "The least and greatest value of a pixel.")
NEIGHBOURS: Final = {"nearest": 0, "area": 1, "bilinear": 4, "bicubic": 16, "lanczos3": 36, "lanczos5": 100}
"""How many pixels make one new one, by kind of interpolation."""


def page(name: str) -> str:
    """Where keras.io describes an image layer that brings images to a size."""
    return f"layers/preprocessing_layers/image_preprocessing/{name}"


def channels_first(call: Call) -> bool:
    """Whether the channel axis stands before height and width."""
    return call.layer.arguments.get("data_format") == "channels_first"


def image(call: Call) -> TensorType:
    """The input, which must be a batch of images: (batch, height, width, channels).

    Keras also takes a rank of 3 for a single image, which in a model would mix the rows of a batch.

    Raises:
        ShapeError: E301 if it has another rank, E304 if it holds text.
    """
    x = float_input(call)
    ranked(call, 4, axes="channels, height, width" if channels_first(call) else "height, width, channels")
    return x


def image_but(call: Call, *dtypes: str) -> TensorType:
    """A batch of images whose pixels are not of these dtypes, which TensorFlow has no kernel for.

    Raises:
        ShapeError: as `image`, and E304 for these dtypes.
    """
    x = image(call)
    if x.dtype in dtypes:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} cannot compute with dtype {x.dtype}",
            help='give the input `dtype = "uint8"` or "float32"',
        )
    return x


def float_image(call: Call) -> TensorType:
    """A batch of images, not in whole numbers.

    Raises:
        ShapeError: as `image`, and E304 if the pixels are whole numbers.
    """
    x = image(call)
    if x.dtype not in FLOATS:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} computes with fractions, but its input has dtype {x.dtype}",
            help="put a `Rescaling` layer before it, or leave out the input's `dtype`",
        )
    return x


def channels(call: Call, x: TensorType, *counts: int) -> None:
    """Refuse images of another number of channels.

    Raises:
        ShapeError: E302.
    """
    axis = 1 if channels_first(call) else 3
    if all(same(x.shape[axis], count) is False for count in counts):
        words = " or ".join({1: "1 channel (grey)", 3: "3 channels (red, green, blue)"}[count] for count in counts)
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} expects images with {words}, found {x.shape[axis]} in {shape_text(x.shape)}",
            help="check the input's `shape`, or which axis holds the channels (`data_format`)",
        )


def resized(call: Call, x: TensorType) -> tuple[Size, ...]:
    """The shape with the layer's ``height`` and ``width``."""
    size = (call["height"], call["width"])
    return (*x.shape[:2], *size) if channels_first(call) else (x.shape[0], *size, x.shape[3])


def resizing(call: Call) -> Inferred:
    """(batch, …, …, channels) → (batch, height, width, channels); a multiply-add for each neighbour of a new pixel."""
    x = image_but(call, "bool", "uint32", "uint64")
    shape = resized(call, x)
    _check_padding(call, x, shape)
    return result(call, shape, flops=2 * NEIGHBOURS[call["interpolation"]] * product(shape[1:]))


def _check_padding(call: Call, x: TensorType, shape: Shape) -> None:
    """See that borders for whole numbers are made of a whole number, where there may be borders."""
    if not call["pad_to_aspect_ratio"] or x.dtype in FLOATS or isinstance(call["fill_value"], int):
        return
    down, across = (2, 3) if channels_first(call) else (1, 2)
    height, width, high, wide = x.shape[down], x.shape[across], shape[down], shape[across]
    if known(height) and known(width) and known(high) and known(wide):
        above, beside = width * high // wide - height, height * wide // high - width
        if max(above, beside) < 2:  # half of it on either side
            return
    elif same(height * wide, width * high):
        return
    raise ShapeError(
        "E304",
        f"Resizing pads with `fill_value = {call['fill_value']}`, a number with a point, but its input holds {x.dtype}",
        help="write `fill_value = 0`, or another whole number",
        argument="fill_value" if "fill_value" in call.layer.written else "pad_to_aspect_ratio",
    )


def cropped(call: Call) -> Inferred:
    """(batch, …, …, channels) → (batch, height, width, channels); smaller images are enlarged."""
    return result(call, resized(call, image(call)))


def evened(call: Call) -> Inferred:
    """Same shape; finding the range, and a multiply-add for each pixel."""
    x = image(call)
    return result(call, x.shape, flops=4 * product(x.shape[1:]))


def equalized(call: Call) -> Inferred:
    """Same shape and, for whole numbers, same dtype; a lookup for each pixel."""
    x = image(call)
    dtype = call.policy.compute if x.dtype in FLOATS else x.dtype
    return result(call, x.shape, flops=2 * product(x.shape[1:]), dtype=dtype)


def tiled(call: Call) -> Inferred:
    """Same shape; four lookups and their weighted sum for each pixel."""
    x = image(call)
    first = 2 if channels_first(call) else 1
    for axis, tiles in zip((first, first + 1), call["tile_grid_size"], strict=True):
        size = x.shape[axis]
        if known(size) and _padded(size, tiles) > 2 * size:
            raise ShapeError(
                "E303",
                f"an image of {size} pixels along axis {axis} is too small for {tiles} tiles",
                help=f"use at most {size} tiles there: `tile_grid_size`",
                argument="tile_grid_size",
            )
    return result(call, x.shape, flops=8 * product(x.shape[1:]))


def _padded(size: int, tiles: int) -> int:
    length = ceil_div(size, tiles)
    assert isinstance(length, int)
    return length * tiles


def _one_aspect(arguments: Mapping[str, Any]) -> None:
    if arguments["crop_to_aspect_ratio"] and arguments["pad_to_aspect_ratio"]:
        raise ArgumentError(
            "pad_to_aspect_ratio",
            "an image is either cut or padded to keep its proportions, not both",
            help="keep one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio`",
            other="crop_to_aspect_ratio",
        )


LAYERS = (
    Record(
        name="Resizing",
        family="layers",
        summary="Brings images to one size.",
        page=page("resizing"),
        arguments=(
            HEIGHT,
            WIDTH,
            Argument("interpolation", choice(*NEIGHBOURS), "bilinear", "How new pixels are made of old ones."),
            Argument(
                "crop_to_aspect_ratio", BOOLEAN, False, "Whether proportions are kept by cutting what stands over."
            ),
            Argument("pad_to_aspect_ratio", BOOLEAN, False, "Whether proportions are kept by padding the borders."),
            Argument("fill_mode", choice("constant"), "constant", "What padding is made of: one value."),
            FILL_VALUE,
            Argument("antialias", BOOLEAN, False, "Whether images are smoothed before they shrink."),
            DATA_FORMAT,
        ),
        rule=resizing,
        check=_one_aspect,
    ),
    Record(
        name="CenterCrop",
        family="layers",
        summary="Cuts out the middle of images; enlarges those that are too small.",
        page=page("center_crop"),
        arguments=(HEIGHT, WIDTH, DATA_FORMAT),
        rule=cropped,
    ),
    Record(
        name="AutoContrast",
        family="layers",
        summary="Stretches the values of each image over the whole range.",
        page="layers/preprocessing_layers/image_augmentation/auto_contrast",
        arguments=(VALUE_RANGE,),
        rule=evened,
    ),
    Record(
        name="Equalization",
        family="layers",
        summary="Spreads the values of each image so that all are about equally frequent.",
        page="layers/preprocessing_layers/image_augmentation/equalization",
        arguments=(
            VALUE_RANGE,
            Argument("bins", integer(2, 65536), 256, "How many values are told apart."),
            DATA_FORMAT,
        ),
        masking="pass",
        rule=equalized,
    ),
    Record(
        name="ContrastLimitedAdaptiveHistogramEqualization",
        family="layers",
        summary="Equalizes tile by tile, with a limit on how much contrast may rise.",
        page="layers/preprocessing_layers/image_augmentation/clahe",
        arguments=(
            VALUE_RANGE,
            Argument("clip_limit", number(minimum=0), 4.0, "The limit on contrast; 0 is none."),
            Argument(
                "tile_grid_size",
                Kind(
                    list_of(integer(1, 1024), 2).schema,
                    "a list of two whole numbers of at least 1",
                    lambda value: tuple(int(size) for size in value),
                ),
                (8, 8),
                "How many tiles there are down and across.",
            ),
            DATA_FORMAT,
        ),
        rule=tiled,
    ),
)
