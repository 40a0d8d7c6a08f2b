"""Catalogue: images brought to other sizes, as ops: resized, padded, cut, or taken apart into patches.

FLOPs: a multiply-add for each neighbour that a new pixel is made of; nothing for moving pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...sizes import Size, at_least, depends_on_batch, known, product, same
from ...tensor import FLOATS, INTEGERS, shape_text
from ..arguments import DATA_FORMAT, padding
from ..images import NEIGHBOURS
from ..kinds import BOOLEAN, Kind, choice, either, integer, list_of, nullable
from ..kinds import number as a_number
from ..record import REQUIRED, Argument, ArgumentError, Call, Inferred, Rule, ShapeError
from ..spatial import Space, leftover, places
from .convolutions import FLAT
from .dtypes import promoted
from .fitting import fixed
from .literals import rows
from .operands import Operand, given, op, operand, pointed, tensor
from .sorts import ANY, FRACTIONS, REAL, Sort, demand
from .windows import MOST, for_each, per_axis

IMAGES: Final = tensor("images", "A batch of images: (batch, height, width, channels), or as `data_format` says.")
PIXELS: Final = Sort(FLOATS | INTEGERS, "numbers, not truth values", "float32")


@dataclass(frozen=True, slots=True)
class Images:
    """Images, one or a batch of them, their axes told apart."""

    x: Operand
    height_axis: int
    width_axis: int
    channel_axis: int

    @property
    def channels(self) -> Size:
        """The number of channels."""
        return self.x.shape[self.channel_axis]

    def sized(self, height: Size, width: Size) -> tuple[Size, ...]:
        """The shape with another height and width."""
        shape = list(self.x.shape)
        shape[self.height_axis], shape[self.width_axis] = height, width
        return tuple(shape)


def images_of(call: Call, name: str = "images", sort: Sort = PIXELS, ranks: tuple[int, ...] = (3, 4)) -> Images:
    """The images; with three axes it is one, which Keras takes as well.

    Raises:
        ShapeError: E301 if there are more or fewer axes; E304 if the pixels are of another sort.
    """
    x = demand(call, name, sort)
    if x.rank not in ranks:
        one = "3 axes for one image or 4 for a batch" if 3 in ranks else "4 axes, a batch of images"
        raise ShapeError(
            "E301",
            f"{call.layer.record.name} expects {one}, found {x.rank}: {shape_text(x.shape)}",
            help="if the channel axis is missing, add it with `ops.expand_dims`; the batch axis counts as one",
            port=name,
        )
    last = x.rank - 1
    if call.layer.arguments.get("data_format") == "channels_first":
        return Images(x, last - 1, last, last - 2)
    return Images(x, last - 2, last - 1, last)


def resizing(call: Call) -> Inferred:
    """(batch, …, …, channels) → (batch, height, width, channels), of the same dtype."""
    images = images_of(call, sort=Sort(PIXELS.dtypes - {"uint32", "uint64"}, "numbers of at most 32 bits", "float32"))
    if call["pad_to_aspect_ratio"] and images.x.dtype not in FLOATS and isinstance(call["fill_value"], float):
        raise ShapeError(
            "E307",
            f"pixels in whole numbers (dtype {images.x.dtype}) are padded with a whole number, found `fill_value = "
            f"{call['fill_value']}`",
            help=f"write `fill_value = {int(call['fill_value'])}`",
            argument="fill_value",
        )
    shape = images.sized(*call["size"])
    return given(shape, images.x.dtype, 2 * NEIGHBOURS[call["interpolation"]] * product(shape))


def _two_of_three(kind: str, verb: str) -> Any:
    def check(arguments: Mapping[str, Any]) -> None:
        for first, last, whole in (("top", "bottom", "height"), ("left", "right", "width")):
            names = (f"{first}_{kind}", f"{last}_{kind}", f"target_{whole}")
            told = [name for name in names if arguments[name] is not None]
            if len(told) != 2:
                raise ArgumentError(
                    told[-1] if told else names[0],
                    f"two of `{names[0]}`, `{names[1]}` and `{names[2]}` say how the {whole} is {verb}; found "
                    f"{' and '.join(f'`{name}`' for name in told) or 'none'}",
                    help="write two of them: the third follows" if len(told) < 2 else "take one of them away",
                )

    return check


def padded(call: Call) -> Inferred:
    """Zeros around images, to a size or by so many pixels.

    Raises:
        ShapeError: E303 where the images are larger already; E305 where their size must be known and isn't.
    """
    images = images_of(call, sort=ANY)
    sizes = [
        _grown(call, images.x, axis, *sides)
        for axis, sides in (
            (images.height_axis, ("top_padding", "bottom_padding", "target_height", "height")),
            (images.width_axis, ("left_padding", "right_padding", "target_width", "width")),
        )
    ]
    return given(images.sized(*sizes), images.x.dtype)


def _grown(call: Call, x: Operand, axis: int, first: str, last: str, target: str, what: str) -> Size:
    size = x.shape[axis]
    if call[target] is None:
        total: Size = size + call[first] + call[last]
        return total
    told = call[first] if call[first] is not None else call[last]
    rest = call[target] - fixed(call, size, x.shape, f"pads up to `{target}`", "images") - told
    if rest < 0:
        raise ShapeError(
            "E303",
            f"images of a {what} of {size} with {told} pixels of padding are larger than `{target} = {call[target]}`",
            help="`ops.image.crop_images` makes images smaller, `ops.image.resize` brings them to any size",
            argument=target,
        )
    return int(call[target])


def cropped(call: Call) -> Inferred:
    """Images without some of their borders.

    Raises:
        ShapeError: E303 where nothing or not enough is left; E305 where the size must be known and isn't.
    """
    images = images_of(call, sort=ANY)
    sizes = [
        _cut(call, images.x, axis, *sides)
        for axis, sides in (
            (images.height_axis, ("top_cropping", "bottom_cropping", "target_height", "height")),
            (images.width_axis, ("left_cropping", "right_cropping", "target_width", "width")),
        )
    ]
    return given(images.sized(*sizes), images.x.dtype)


def _cut(call: Call, x: Operand, axis: int, first: str, last: str, target: str, what: str) -> Size:
    size = x.shape[axis]
    if call[target] is not None and call[first] is not None and not known(size):
        if at_least(size, call[target] + call[first]) is False:
            raise _too_small(call, size, what, target)
        return int(call[target])  # what stands behind is cut whatever the size
    whole = fixed(call, size, x.shape, f"cuts a {what} out of it", "images")
    told = (call[first] or 0) + (call[last] or 0)
    rest = whole - told - (call[target] or 0)
    if rest < 0:
        raise _too_small(call, size, what, target if call[target] is not None else last)
    return int(call[target]) if call[target] is not None else rest


def _too_small(call: Call, size: Size, what: str, argument: str) -> ShapeError:
    return ShapeError(
        "E303",
        f"a {what} of {size} is too small for what is to be cut out of it and away from it",
        help="`ops.image.resize` brings images to any size",
        argument=argument,
    )


def patches(*ranks: int, port: str) -> Rule:
    """(batch, height, width, channels) → (batch, down, across, pixels of a patch · channels); of volumes likewise."""

    def rule(call: Call) -> Inferred:
        size = call["size"]
        rank = ranks[0] if isinstance(size, int) else len(size)
        if rank not in ranks:
            raise ShapeError(
                "E307",
                f"`size` must be one number or a list of {' or '.join(map(str, ranks))}, found {list(size)}",
                help="one for each axis of space",
                argument="size",
            )
        x = demand(call, port, FLAT if rank == 2 else FRACTIONS)
        if x.rank not in (rank + 1, rank + 2):
            raise ShapeError(
                "E301",
                f"patches with {rank} axes are cut out of tensors with {rank + 2} (the batch, {rank} of space, the "
                f"channels), or {rank + 1} without the batch; found {shape_text(x.shape)}",
                help="write a `size` for each axis of space",
                port=port,
            )
        shape = x.shape if x.rank == rank + 2 else (1, *x.shape)
        first = call["data_format"] == "channels_first"
        spaces = shape[2:] if first else shape[1:-1]
        axis = 1 if first else rank + 1
        channels = fixed(call, shape[axis], x.shape, "stacks the channels of a patch", port)
        area = Space(call.tensors[port][0].with_shape(*shape), spaces, channels, axis)
        taps = for_each(call, "size", rank)
        strides = taps if call["strides"] is None else for_each(call, "strides", rank)
        rates, pad = for_each(call, "dilation_rate", rank), call["padding"]
        if max(strides) > 1 and max(rates) > 1:
            raise ShapeError(
                "E307",
                f"either `strides` or `dilation_rate` may be more than 1, not both; here `strides` is {list(strides)}",
                help="write `strides = 1`, or leave `dilation_rate` out",
                argument="dilation_rate",
            )
        reach = tuple((count - 1) * rate + 1 for count, rate in zip(taps, rates, strict=True))
        out = tuple(places(*each, pad) for each in zip(spaces, reach, strides, strict=True))
        if pad == "valid":
            leftover(call, area, out, "size", reach)
        found = area.shape(out, product(taps) * channels)
        return given(found if x.rank == rank + 2 else found[1:], x.dtype)

    return rule


def moved(call: Call) -> Inferred:
    """The axes of ``spatial_dims`` get the sizes that ``output_shape`` says; all others stay.

    Raises:
        ShapeError: E302 where an axis that stays is said to be of another size; E307 where arguments don't fit.
    """
    x = demand(call, "images", FRACTIONS)
    shape, dims = call["output_shape"], call["spatial_dims"]
    if len(shape) != x.rank:
        raise ShapeError(
            "E307",
            f"`output_shape` has {len(shape)} sizes, but the images have {x.rank} axes: {shape_text(x.shape)}",
            help='write one for each axis, and "none" for the batch',
            argument="output_shape",
        )
    if any(not -x.rank <= dim < x.rank for dim in dims) or len({dim % x.rank for dim in dims}) != len(dims):
        raise ShapeError(
            "E307",
            f"`spatial_dims = {list(dims)}` must name axes of {shape_text(x.shape)}, each once",
            help="of images they are [1, 2]; 0 is the batch",
            argument="spatial_dims",
        )
    axes = [dim % x.rank for dim in dims]
    out: list[Size] = []
    for axis, (before, after) in enumerate(zip(x.shape, shape, strict=True)):
        if axis in axes:
            if after is None:
                raise ShapeError(
                    "E307",
                    f"`output_shape` must say how large axis {axis} gets, found none",
                    help="write a number there, or take the axis out of `spatial_dims`",
                    argument="output_shape",
                )
            out.append(after)
            continue
        if after is not None and (depends_on_batch(before) or not known(before) or same(before, after) is False):
            raise ShapeError(
                "E302",
                f"axis {axis} of {shape_text(x.shape)} is not scaled, so it stays {before}, but `output_shape` says "
                f"{after}",
                help=f"write {before if known(before) else chr(34) + 'none' + chr(34)} there",
                argument="output_shape",
            )
        out.append(before)
    together = promoted(demand(call, "scale", REAL).dtype, demand(call, "translation", REAL).dtype)
    for name in ("scale", "translation"):
        found = demand(call, name, FRACTIONS, operand(call, name), together)
        if found.rank != 1 or same(found.shape[0], len(axes)) is False or depends_on_batch(found.shape[0]):
            raise ShapeError(
                "E302",
                f"`{name}` must hold one number for each of the {len(axes)} axes of `spatial_dims`, found {found}",
                help="it is the same for all samples of the batch",
                **pointed(call, name),
            )
    neighbours = {"linear": 2, "cubic": 4, "lanczos3": 6, "lanczos5": 10}
    taps = neighbours.get(call["method"].removeprefix("bi").removeprefix("tri"), 2)
    return given(tuple(out), x.dtype, 2 * taps * len(axes) * product(out))


def _aspects(arguments: Mapping[str, Any]) -> None:
    if arguments["crop_to_aspect_ratio"] and arguments["pad_to_aspect_ratio"]:
        raise ArgumentError(
            "pad_to_aspect_ratio",
            "an image is either cut or padded to keep its proportions, not both",
            help="keep one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio`",
            other="crop_to_aspect_ratio",
        )


_ONE: Final = nullable(integer(0, MOST))
_TARGET: Final = nullable(integer(0, MOST))


def _borders(kind: str, verb: str) -> tuple[Argument, ...]:
    return (
        *(
            Argument(f"{side}_{kind}", _ONE, None, f"How many pixels are {verb} at the {side}.")
            for side in ("top", "left", "bottom", "right")
        ),
        Argument("target_height", _TARGET, None, "The height that comes out, in place of a number of pixels."),
        Argument("target_width", _TARGET, None, "The width that comes out, in place of a number of pixels."),
        DATA_FORMAT,
    )


def _patch(*ranks: int) -> tuple[Argument, ...]:
    one = integer(1, MOST)
    lists = Kind(
        {"type": "array", "items": dict(one.schema), "minItems": ranks[0], "maxItems": ranks[-1]},
        f"a list of {' or '.join(map(str, dict.fromkeys(ranks)))} of them",
        lambda value: tuple(one.normal(item) for item in value),
    )
    return (
        Argument("size", either(one, lists), REQUIRED, "How many pixels a patch has along each axis of space."),
        Argument("strides", nullable(per_axis()), None, "From one patch to the next; none: by its own size."),
        Argument("dilation_rate", per_axis(), 1, "Distance between neighbouring pixels of a patch."),
        padding("valid", "same"),
        DATA_FORMAT,
    )


OPS: Final = (
    op(
        "image.resize",
        "Brings images to one size.",
        (IMAGES,),
        resizing,
        (
            Argument("size", list_of(integer(1, MOST), 2), REQUIRED, "Height and width that come out, in pixels."),
            Argument("interpolation", choice(*NEIGHBOURS), "bilinear", "How new pixels are made of old ones."),
            Argument("antialias", BOOLEAN, False, "Whether images are smoothed before they shrink."),
            Argument("crop_to_aspect_ratio", BOOLEAN, False,
                     "Whether proportions are kept by cutting what stands over."),
            Argument("pad_to_aspect_ratio", BOOLEAN, False, "Whether proportions are kept by padding the borders."),
            Argument("fill_mode", choice("constant"), "constant", "What padding is made of: one value."),
            Argument("fill_value", a_number(), 0.0, "What the added borders are filled with."),
            DATA_FORMAT,
        ),
        home="image",
        check=_aspects,
    ),
    op("image.pad_images", "Puts zeros around images.", (IMAGES,), padded, _borders("padding", "put on"), home="image",
       check=_two_of_three("padding", "padded")),
    op("image.crop_images", "Cuts borders off images.", (IMAGES,), cropped, _borders("cropping", "cut off"),
       home="image", check=_two_of_three("cropping", "cut")),
    op("image.extract_patches", "Cuts patches out of images, the pixels of each stacked as channels.", (IMAGES,),
       patches(2, 3, port="images"), _patch(2, 3), home="image"),
    op("image.extract_patches_3d", "Cuts patches out of volumes, the points of each stacked as channels.",
       (tensor("volumes", "A batch of volumes: (batch, depth, height, width, channels)."),),
       patches(3, port="volumes"), _patch(3, 3), home="image"),
    op(
        "image.scale_and_translate",
        "Scales and shifts images by fractions of a pixel.",
        (
            IMAGES,
            rows("scale", "How many times larger each of the axes gets."),
            rows("translation", "By how many new pixels each of the axes is shifted."),
        ),
        moved,
        (
            Argument("output_shape", list_of(nullable(integer(1, MOST)), minimum=1), REQUIRED,
                     'The sizes of all axes that come out; "none" for the batch.'),
            Argument("spatial_dims", list_of(integer(), minimum=1), REQUIRED, "The axes that are scaled: [1, 2]."),
            Argument("method", choice("linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3",
                                      "lanczos5"), REQUIRED, "How new pixels are made of old ones."),
            Argument("antialias", BOOLEAN, True, "Whether images are smoothed before they shrink."),
        ),
        home="image",
    ),
)  # fmt: skip
