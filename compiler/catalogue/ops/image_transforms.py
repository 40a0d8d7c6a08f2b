"""Catalogue: images that are turned, bent and looked up between their pixels, as ops.

FLOPs: a multiply-add for each neighbour of a new pixel (4 when bilinear, none for the nearest), and 8 to find where it
comes from; a blur counts two for every tap of its kernel.
"""

from __future__ import annotations

from typing import Final

from ...sizes import Size, depends_on_batch, product, same
from ...tensor import shape_text
from ..arguments import DATA_FORMAT, SEED_ARGUMENT
from ..kinds import choice, integer
from ..kinds import number as a_number
from ..record import REQUIRED, Argument, Call, Inferred, ShapeError
from .fitting import fixed, meet
from .image_sizes import IMAGES, Images, images_of
from .literals import rows
from .operands import Operand, given, op, pointed, tensor
from .sorts import FRACTIONS, ORDERED, REAL, Sort, demand

FILL_MODE: Final = choice("constant", "nearest", "wrap", "reflect")
INTERPOLATION: Final = Argument(
    "interpolation", choice("bilinear", "nearest"), "bilinear", "How a new pixel is made of those around its place."
)
FILL: Final = Argument("fill_value", a_number(), 0, "What stands where the image does not reach, if that is one value.")
COUNTED: Final = Sort(frozenset({"bfloat16", "float32", "float64"}), "fractions other than float16", "float32")
"""What TensorFlow counts pixels with."""
PLAIN: Final = Sort(frozenset({"uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64"}),
                    "numbers of the usual dtypes", "float32")  # fmt: skip


def _sampled(call: Call, images: Images) -> Inferred:
    neighbours = 4 if call["interpolation"] == "bilinear" else 0
    return given(images.x.shape, images.x.dtype, images.x.size * (2 * neighbours + 8))


def _for_these(call: Call, name: str, found: Operand, own: int, images: Images) -> None:
    """See that a transformation is one for all images, or one for each.

    Raises:
        ShapeError: E302 if it is neither.
    """
    batch: Size = images.x.shape[0] if images.x.rank == 4 else 1
    if found.rank > own and found.shape[0] != 1 and meet(found.shape[0], batch) is None:
        raise ShapeError(
            "E302",
            f"`{name}` {shape_text(found.shape)} must be one for all images or one for each of "
            f"{shape_text(images.x.shape)}",
            help="leave its first axis out, or give it that of the batch",
            **pointed(call, name),
        )


def affine(call: Call) -> Inferred:
    """The same shape; ``transform`` has 8 numbers, or 8 for each image.

    Raises:
        ShapeError: E302 where it has others.
    """
    images = images_of(call, sort=PLAIN)
    transform = demand(call, "transform", REAL)
    if transform.rank not in (1, 2) or same(transform.shape[-1], 8) is False or depends_on_batch(transform.shape[-1]):
        raise ShapeError(
            "E302",
            f"`transform` must have 8 numbers, or 8 for each image, found {transform}",
            help="[a0, a1, a2, b0, b1, b2, c0, c1]: pixel (x, y) comes from "
            "((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1",
            **pointed(call, "transform"),
        )
    _for_these(call, "transform", transform, 1, images)
    return _sampled(call, images)


def perspective(call: Call) -> Inferred:
    """The same shape; four corners (4, 2) move to four others, or (batch, 4, 2).

    Raises:
        ShapeError: E302 where the corners have another shape.
    """
    images = images_of(call, sort=PLAIN)
    points = {name: demand(call, name, REAL) for name in ("start_points", "end_points")}
    for name, found in points.items():
        if found.rank not in (2, 3) or found.shape[-2:] != (4, 2):
            raise ShapeError(
                "E302",
                f"`{name}` must hold four corners, shape (4, 2), or four for each image, found {found}",
                help="[[x, y], [x, y], [x, y], [x, y]]",
                **pointed(call, name),
            )
        _for_these(call, name, found, 2, images)
    start, end = points.values()
    if start.shape != end.shape:
        raise ShapeError(
            "E302",
            f"`start_points` and `end_points` must have the same shape, found {start} and {end}",
            help="write both for all images, or both for each",
            **pointed(call, "end_points"),
        )
    return _sampled(call, images)


def elastic(call: Call) -> Inferred:
    """The same shape; every pixel moves a little at random.

    Raises:
        ShapeError: E305 where a size is not known, that of the batch included.
    """
    images = images_of(call, sort=COUNTED)
    x = images.x
    if any(depends_on_batch(size) for size in x.shape):
        raise ShapeError(
            "E305",
            "Keras 3.15 bends only the first image of a batch whose size is not known when the model is built, and "
            f"gives that alone; found {shape_text(x.shape)}",
            help="take the layer `RandomElasticTransform`",
            port="images",
        )
    for size in x.shape:
        fixed(call, size, x.shape, "draws a shift for each pixel", "images")
    return _sampled(call, images)


def looked_up(call: Call) -> Inferred:
    """(axes, places…) → (places…): values at coordinates between the elements.

    Raises:
        ShapeError: E302 where there is not a row of coordinates for each axis; E305 where a size of the tensor is not
            known, that of the batch included.
    """
    x, places = demand(call, "inputs", REAL), demand(call, "coordinates", FRACTIONS if call["order"] else ORDERED)
    if places.rank < 2 or same(places.shape[0], x.rank) is False or depends_on_batch(places.shape[0]):
        raise ShapeError(
            "E302",
            f"`coordinates` must have a row for each of the {x.rank} axes of `inputs` {shape_text(x.shape)}, "
            f"found {places}",
            help="its shape is (number of axes, places…); `ops.stack` with `axis = 0` puts rows together",
            **pointed(call, "coordinates"),
        )
    for size in x.shape:
        fixed(call, size, x.shape, "looks places up along each axis", "inputs")
    shape = places.shape[1:]
    return given(shape, x.dtype, product(shape) * (2 * 2**x.rank if call["order"] else 1))


OPS: Final = (
    op(
        "image.affine_transform",
        "Turns, scales, shears and shifts images.",
        (IMAGES, rows("transform", "Eight numbers: where the pixel at a place of the result comes from.")),
        affine,
        (
            INTERPOLATION,
            Argument("fill_mode", FILL_MODE, "constant", "How images go on beyond their borders."),
            FILL,
            DATA_FORMAT,
        ),
        home="image",
    ),
    op(
        "image.perspective_transform",
        "Moves the corners of images, as if seen from elsewhere.",
        (
            IMAGES,
            rows("start_points", "Four corners (x, y) in the image."),
            rows("end_points", "Where these corners get to."),
        ),
        perspective,
        (INTERPOLATION, FILL, DATA_FORMAT),
        home="image",
    ),
    op(
        "image.elastic_transform",
        "Bends images at random, like rubber.",
        (IMAGES,),
        elastic,
        (
            Argument("alpha", a_number(minimum=0), 20.0, "How far pixels move."),
            Argument("sigma", a_number(above=0), 5.0, "How smoothly they move: the width of a bell curve in pixels."),
            INTERPOLATION,
            Argument("fill_mode", FILL_MODE, "reflect", "How images go on beyond their borders."),
            Argument("fill_value", a_number(), 0.0, "What stands beyond the borders, if that is one value."),
            SEED_ARGUMENT,
            DATA_FORMAT,
        ),
        home="image",
    ),
    op(
        "image.map_coordinates",
        "Looks a tensor up at places between its elements.",
        (
            tensor("inputs", "What is looked up, without the batch axis."),
            rows("coordinates", "Where: for each axis of the tensor a row of places."),
        ),
        looked_up,
        (
            Argument("order", integer(0, 1), REQUIRED, "0 takes the nearest element, 1 a straight line between two."),
            Argument("fill_mode", choice("constant", "nearest", "wrap", "mirror", "reflect"), "constant",
                     "How the tensor goes on beyond its ends."),
            Argument("fill_value", a_number(), 0, "What stands beyond the ends, if that is one value."),
        ),
        home="image",
    ),
)  # fmt: skip
