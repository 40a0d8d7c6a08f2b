"""Catalogue: the colours of images, as ops, and what is seen in the neighbourhood of each pixel.

FLOPs: 5 for a pixel made grey, 15 for one brought into another space of colours, two for every tap of a kernel that
slides over a channel.
"""

from __future__ import annotations

from typing import Final

from ...sizes import Size, at_least, depends_on_batch, product, same
from ...tensor import shape_text
from ..arguments import DATA_FORMAT
from ..kinds import integer, list_of
from ..kinds import number as a_number
from ..record import Argument, Call, Inferred, ShapeError
from .fitting import fixed, meet
from .image_sizes import IMAGES, Images, images_of
from .image_transforms import COUNTED
from .operands import given, op, tensor
from .sorts import FRACTIONS, REAL, Sort

COMPARED: Final = Sort(REAL.dtypes - {"float16"}, "numbers other than float16", "float32")


def _coloured(call: Call, images: Images, *counts: int) -> None:
    if depends_on_batch(images.channels) or all(same(images.channels, count) is False for count in counts):
        words = " or ".join({1: "1 channel (grey)", 3: "3 channels (red, green, blue)"}[count] for count in counts)
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} expects images with {words}, found {images.channels} in "
            f"{shape_text(images.x.shape)}",
            help="check the shape of the images, or which axis holds the channels (`data_format`)",
            port="images",
        )


def grey(call: Call) -> Inferred:
    """One channel instead of three; the dtype stays."""
    images = images_of(call, sort=REAL)
    fixed(call, images.channels, images.x.shape, "weighs the channels", "images")
    _coloured(call, images, 1, 3)
    shape = list(images.x.shape)
    shape[images.channel_axis] = 1
    return given(shape, images.x.dtype, product(shape) * 5)


def colours(call: Call) -> Inferred:
    """The same shape, in another space of colours."""
    images = images_of(call, sort=FRACTIONS)
    _coloured(call, images, 3)
    return given(images.x.shape, images.x.dtype, images.x.size * 5)


def blurred(call: Call) -> Inferred:
    """The same shape; each pixel is a mean of those around it."""
    images = images_of(call, sort=COUNTED)
    return given(images.x.shape, images.x.dtype, images.x.size * 2 * product(call["kernel_size"]))


def edges(call: Call) -> Inferred:
    """An axis of 2 more: how steep the image is down and across."""
    images = images_of(call, sort=FRACTIONS, ranks=(4,))
    return given((*images.x.shape, 2), images.x.dtype, images.x.size * 2 * 18)


def similar(call: Call) -> Inferred:
    """One number for each image, or one alone for a single one; five blurs of both images, and 12 for each pixel.

    Raises:
        ShapeError: E302 unless both have the same shape; E303 where they are smaller than the filter.
    """
    first, second = (images_of(call, name, COMPARED) for name in ("image1", "image2"))
    a, b = first.x, second.x
    met = [meet(one, other) for one, other in zip(a.shape, b.shape, strict=False)]
    if a.rank != b.rank or None in met:
        raise ShapeError(
            "E302",
            f"`image1` {shape_text(a.shape)} and `image2` {shape_text(b.shape)} must have the same shape",
            help="`ops.image.resize` brings images to a size",
            port="image2",
        )
    window = call["filter_size"]
    left: list[Size] = []
    for axis in (first.height_axis, first.width_axis):
        size = a.shape[axis] - window + 1
        if at_least(size, 1) is False:
            raise ShapeError(
                "E303",
                f"a filter of {window} by {window} does not fit into {shape_text(a.shape)}",
                help="make `filter_size` smaller, or enlarge the images with `ops.image.resize`",
                argument="filter_size",
            )
        left.append(a.shape[axis] if depends_on_batch(size) else size)  # of one sample, as FLOPs are
    places = product(left) * first.channels * (a.shape[0] if a.rank == 4 else 1)
    return given(a.shape[:1] if a.rank == 4 else (), a.dtype, places * (10 * window * window + 12))


_LAYOUT: Final = (DATA_FORMAT,)
OPS: Final = (
    op("image.rgb_to_grayscale", "Makes coloured images grey.", (IMAGES,), grey, _LAYOUT, home="image"),
    op("image.rgb_to_hsv", "From red, green and blue to hue, saturation and brightness.", (IMAGES,), colours, _LAYOUT,
       home="image"),
    op("image.hsv_to_rgb", "From hue, saturation and brightness to red, green and blue.", (IMAGES,), colours, _LAYOUT,
       home="image"),
    op(
        "image.gaussian_blur",
        "Smooths images with a bell curve.",
        (IMAGES,),
        blurred,
        (
            Argument("kernel_size", list_of(integer(1, 2**15), 2), (3, 3), "Over how many pixels, down and across."),
            Argument("sigma", list_of(a_number(above=0), 2), (1.0, 1.0), "How wide its bell is, down and across."),
            DATA_FORMAT,
        ),
        home="image",
    ),
    op("image.sobel_edges", "How steep brightness is, down and across.", (IMAGES,), edges, _LAYOUT, home="image"),
    op(
        "image.ssim",
        "How alike images look, 1 for the same.",
        (tensor("image1", "How they should look."), tensor("image2", "The images that they are compared with.")),
        similar,
        (
            Argument("max_val", a_number(above=0), 1.0, "The greatest value that a pixel can have."),
            Argument("filter_size", integer(1, 2**15), 11, "Over how many pixels across images are compared."),
            Argument("filter_sigma", a_number(above=0), 1.5, "The width of the bell curve that weighs these pixels."),
            Argument("k1", a_number(minimum=0), 0.01, "Keeps dark images from being divided by almost nothing."),
            Argument("k2", a_number(minimum=0), 0.03, "Keeps flat images from being divided by almost nothing."),
            DATA_FORMAT,
        ),
        home="image",
    ),
)  # fmt: skip
