"""Catalogue: blocks of an image taken apart and put together: channels into space and back, patches as columns.

Moving numbers costs nothing; `fold` adds up the patches that overlap, one FLOP for each number it is given.
"""

from __future__ import annotations

from typing import Final

from ...sizes import known, product, same
from ...tensor import FLOATS, INTEGERS, TensorType, shape_text
from ..kinds import choice, integer, sizes
from ..record import REQUIRED, Argument, Call, Inferred, ShapeError
from .fitting import fixed
from .operands import given, op, operand, tensor
from .sorts import ANY, Sort, demand

X: Final = tensor("x", "A batch of images: (batch, height, width, channels), or as `data_format` says.")
FORMAT: Final = Argument(
    "data_format", choice("channels_last", "channels_first"), "channels_last",
    "Where the channel axis stands: behind height and width, or before them.",
)  # fmt: skip
BLOCK: Final = Argument("block_size", integer(2, 2**15), REQUIRED, "Height and width of a block in pixels.")


def _image(call: Call, rank: int = 4, axes: str = "") -> TensorType:
    operand(call, "x")
    x = call.tensors["x"][0]
    if x.rank != rank:
        raise ShapeError(
            "E301",
            f"{call.layer.record.name} expects a tensor with {rank} axes{axes}, found {x.rank}: {shape_text(x.shape)}",
            help="add an axis with `ops.expand_dims`, or bring it into form with `ops.reshape`",
            port="x",
        )
    return x


def _spatial(call: Call) -> tuple[TensorType, tuple[int, int], int]:
    """The images, their two axes of space, and the axis of the channels."""
    first = call["data_format"] == "channels_first"
    return _image(call), (2, 3) if first else (1, 2), 1 if first else 3


def depth_to_space(call: Call) -> Inferred:
    """(batch, height, width, channels) → (batch, height · block, width · block, channels / block²).

    Raises:
        ShapeError: E307 where the channels cannot fill blocks.
    """
    x, space, depth = _spatial(call)
    demand(call, "x", ANY)
    block = call["block_size"]
    shape = list(x.shape)
    if same(shape[depth] % block**2, 0) is False:
        raise ShapeError(
            "E307",
            f"a block of {block} by {block} takes {block**2} channels, and {shape[depth]} are no multiple of that",
            help=f"give the layer before {block**2} times as many filters as are to come out",
            argument="block_size",
        )
    shape[depth] = shape[depth] // block**2
    for axis in space:
        shape[axis] = shape[axis] * block
    return given(shape, x.dtype)


def space_to_depth(call: Call) -> Inferred:
    """(batch, height, width, channels) → (batch, height / block, width / block, channels · block²).

    Raises:
        ShapeError: E307 where height or width cannot be cut into blocks.
    """
    x, space, depth = _spatial(call)
    demand(call, "x", ANY)
    block = call["block_size"]
    shape = list(x.shape)
    for name, axis in zip(("height", "width"), space, strict=True):
        if same(shape[axis] % block, 0) is False:
            raise ShapeError(
                "E307",
                f"a {name} of {shape[axis]} cannot be cut into blocks of {block}",
                help=f"choose a divisor of {shape[axis]}, or pad the images before (`ops.pad`)",
                argument="block_size",
            )
        shape[axis] = shape[axis] // block
    shape[depth] = shape[depth] * block**2
    return given(shape, x.dtype)


def _counted(size: int, taps: int, rate: int, pad: int, stride: int) -> int:
    """How many patches stand along an axis."""
    return (size + 2 * pad - rate * (taps - 1) - 1) // stride + 1


def unfold(call: Call) -> Inferred:
    """(batch, channels, height, width) → (batch, channels · kernel, patches).

    Raises:
        ShapeError: E305 where a size is not known, that of the batch included; E303 where no patch fits.
    """
    x = _image(call, axes=" (the batch, channels, height, width)")
    demand(call, "x", Sort(FLOATS | INTEGERS, "numbers, not truth values", "int32"))
    if not known(x.shape[0]):
        raise ShapeError(
            "E305",
            "Keras 3.15 runs ops.unfold only where the number of samples is known when the model is built, and that of "
            f"{shape_text(x.shape)} is not",
            help="take `ops.image.extract_patches`, which cuts the same patches for any batch",
            port="x",
        )
    count, channels, *space = (fixed(call, size, x.shape, "cuts patches", "x") for size in x.shape)
    patches = 1
    for size, taps, rate, pad, stride in zip(space, *(call[name] for name in _EACH), strict=True):
        along = _counted(size, taps, rate, pad, stride)
        if along < 1:
            raise ShapeError(
                "E303",
                f"a patch of {(taps - 1) * rate + 1} does not fit into {size} with a padding of {pad}",
                help="make `kernel_size` smaller or `padding` larger",
                argument="kernel_size",
            )
        patches *= along
    return given((count, channels * product(call["kernel_size"]), patches), x.dtype)


def fold(call: Call) -> Inferred:
    """(batch, channels · kernel, patches) → (batch, channels, height, width).

    Raises:
        ShapeError: E302 where the patches aren't as many or as large as the arguments say; E305 where nobody knows.
    """
    x = _image(call, 3, " (the batch, channels times kernel, patches)")
    demand(call, "x", Sort(FLOATS | INTEGERS, "numbers, not truth values", "int32"))
    kernel = product(call["kernel_size"])
    columns = fixed(call, x.shape[1], x.shape, "takes this axis apart", "x")
    assert isinstance(kernel, int)
    if columns % kernel:
        raise ShapeError(
            "E302",
            f"axis 1 has {columns} places, and patches of {kernel} pixels do not divide them evenly",
            help="its size must be the number of channels times that of the kernel",
            argument="kernel_size",
        )
    counts = [
        _counted(size, *more) for size, *more in zip(call["output_size"], *(call[name] for name in _EACH), strict=True)
    ]
    if min(counts) < 1:
        raise ShapeError(
            "E303",
            f"not one patch fits into {list(call['output_size'])}",
            help="make `kernel_size` or `dilation` smaller, or `output_size` or `padding` larger",
            argument="kernel_size",
        )
    if same(x.shape[2], product(counts)) is False:
        raise ShapeError(
            "E302",
            f"there are {x.shape[2]} patches, but {counts[0]} by {counts[1]} fit into {list(call['output_size'])}",
            help="write the arguments with which the patches were cut",
            argument="output_size",
        )
    return given((x.shape[0], columns // kernel, *call["output_size"]), x.dtype, product(x.shape))


_EACH: Final = ("kernel_size", "dilation", "padding", "stride")
_WINDOW: Final = (
    Argument("kernel_size", sizes(2), REQUIRED, "Height and width of a patch in pixels."),
    Argument("dilation", sizes(2), (1, 1), "Distance between neighbouring pixels of a patch."),
    Argument("padding", sizes(2, 0), (0, 0), "How many zeros stand around the image, at each border."),
    Argument("stride", sizes(2), (1, 1), "How far it is from one patch to the next."),
)
OPS: Final = (
    op("depth_to_space", "Lays channels out as blocks of pixels: images get larger.", (X,), depth_to_space,
       (BLOCK, FORMAT), home="nn"),
    op("space_to_depth", "Stacks blocks of pixels as channels: images get smaller.", (X,), space_to_depth,
       (BLOCK, FORMAT), home="nn"),
    op("unfold", "Cuts patches out of images, each a column.",
       (tensor("x", "Images with the channels first: (batch, channels, height, width)."),), unfold, _WINDOW, home="nn"),
    op("fold", "Puts columns back as patches of images, and adds up where they overlap.",
       (tensor("x", "Columns: (batch, channels times kernel, patches)."),), fold,
       (Argument("output_size", sizes(2), REQUIRED, "Height and width of the images."), *_WINDOW), home="nn"),
)  # fmt: skip
