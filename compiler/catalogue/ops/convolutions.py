"""Catalogue: convolutions as ops, with a kernel that the graph computes or the spec writes down.

FLOPs count a multiply-add as two for every tap that meets a place of the input, as those of the layers do.
"""

from __future__ import annotations

from typing import Any, Final

from ...sizes import Size, product, same
from ...tensor import FLOATS, shape_text
from ..arguments import DATA_FORMAT
from ..kinds import Kind
from ..record import Call, Inferred, Port, ShapeError
from ..spatial import Space, leftover, margin, pairs, places
from .fitting import fixed
from .operands import NUMBERS, Operand, given, op, pointed, refused_op, tensor
from .sorts import FRACTIONS, Sort, demand
from .windows import DILATION, PADDING, STRIDES, area_of, for_each


def _deep(levels: int) -> dict[str, Any]:
    return {"type": "array", "items": _deep(levels - 1) if levels > 1 else {"type": "number"}, "minItems": 1}


KERNEL: Final = Kind(
    {"anyOf": [_deep(levels) for levels in (3, 4, 5)]},
    "lists of numbers in each other: along each axis of space, then for each channel that goes in and that comes out",
    NUMBERS.normal,
)
FLAT: Final = Sort(FLOATS | {"int32"}, "fractions, or whole numbers of 32 bits", "float32")
"""What TensorFlow convolves with a kernel over all channels along one axis of space or two."""
INPUTS: Final = tensor("inputs", "What the kernel slides over: (batch, axes of space, channels).")


def _kernel(name: str, summary: str) -> Port:
    return Port(name, literal=KERNEL, summary=summary)


def _weights(call: Call, name: str, area: Space, x: Operand) -> Operand:
    """A kernel: as many axes as the input, of the same dtype, and of numbers without holes along all but the last.

    Raises:
        ShapeError: E301, E304 or E305 if it isn't.
    """
    kernel = demand(call, name, FLAT)
    rank = len(area.sizes)
    if kernel.rank != rank + 2:
        raise ShapeError(
            "E301",
            f"`{name}` must have {rank + 2} axes: {rank} of space, the channels that go in, those that come out; "
            f"found {kernel.rank}: {shape_text(kernel.shape)}",
            help=f"it slides over {shape_text(area.x.shape)}: both have as many axes",
            **pointed(call, name),
        )
    if {"float": "float32"}.get(kernel.dtype, kernel.dtype) != x.dtype:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} wants one dtype for all it computes with, found {x.dtype} for `inputs` and "
            f"{kernel.dtype} for `{name}`",
            help='put `{ type = "ops.cast", dtype = "float32" }` before the other one',
            **pointed(call, name),
        )
    return kernel


def _slide(call: Call, name: str, *ranks: int) -> tuple[Space, Operand, Operand, tuple[Size, ...], Size]:
    """The input, the kernel, the sizes of the output, and how often a tap meets a place of the input."""
    area = area_of(call, *ranks)
    rank = len(area.sizes)
    x = demand(call, "inputs", FLAT if name == "kernel" and 3 in ranks and rank < 3 else FRACTIONS)
    kernel = _weights(call, name, area, x)
    port = name if name in call.tensors else "inputs"
    taps = tuple(
        fixed(call, size, kernel.shape, "slides a kernel over this axis", port) for size in kernel.shape[:rank]
    )
    into, channels = kernel.shape[rank], fixed(call, area.channels, x.shape, "mixes channels", "inputs")
    if same(into, channels) is False:
        raise ShapeError(
            "E302",
            f"`{name}` is for {into} channels, but the input has {channels}: {shape_text(x.shape)}",
            help=f"the axis before the last of `{name}` and the channels of the input must be the same size; check "
            "`data_format` as well",
            **pointed(call, name),
        )
    strides = for_each(call, "strides", rank, lone=name == "kernel" and 3 in ranks)
    rates = for_each(call, "dilation_rate", rank)
    pad = call["padding"]
    windows = tuple((count - 1) * rate + 1 for count, rate in zip(taps, rates, strict=True))
    out = tuple(places(*each, pad) for each in zip(area.sizes, windows, strides, strict=True))
    if pad == "valid":
        leftover(call, area, out, name, windows)
    meetings = product(
        pairs(size, after, count, stride, rate, margin(size, after, window, stride, pad))
        for size, after, count, window, stride, rate in zip(area.sizes, out, taps, windows, strides, rates, strict=True)
    )
    return area, x, kernel, out, meetings * x.shape[0]


def _one_of_two(call: Call, rank: int) -> None:
    """See that the kernel does not both jump and spread.

    Raises:
        ShapeError: E307 if it does.
    """
    if max(for_each(call, "strides", rank, lone=True)) > 1 and max(for_each(call, "dilation_rate", rank)) > 1:
        raise ShapeError(
            "E307",
            "either `strides` or `dilation_rate` may be more than 1, not both",
            help="keep the one that is meant; `ops.max_pool` behind a dilated convolution makes it smaller too",
            argument="dilation_rate",
        )


def convolution(call: Call) -> Inferred:
    """(batch, space, channels) and (space, channels, filters) → (batch, places, filters)."""
    area, x, kernel, out, meetings = _slide(call, "kernel", 1, 2, 3)
    _one_of_two(call, len(out))
    filters = kernel.shape[-1]
    return given(area.shape(out, filters), x.dtype, 2 * meetings * area.channels * filters)


def _even_strides(call: Call, rank: int) -> None:
    """See that a kernel for each channel moves alike along both axes.

    Raises:
        ShapeError: E307 if it doesn't.
    """
    strides = for_each(call, "strides", rank)
    if len(set(strides)) > 1 and max(for_each(call, "dilation_rate", rank)) == 1:
        raise ShapeError(
            "E307",
            f"TensorFlow moves such a kernel by the same stride along every axis, found {list(strides)}",
            help="write one number; `ops.max_pool` can make one axis smaller than the other",
            argument="strides",
        )


def _times(call: Call, name: str, kernel: Operand) -> int:
    """How many channels are made of each."""
    port = name if name in call.tensors else "inputs"
    return fixed(call, kernel.shape[-1], kernel.shape, "counts the channels that it makes", port)


def depthwise(call: Call) -> Inferred:
    """(batch, space, channels) and (space, channels, times) → (batch, places, channels · times)."""
    area, x, kernel, out, meetings = _slide(call, "kernel", 1, 2)
    _even_strides(call, len(out))
    channels = area.channels * _times(call, "kernel", kernel)
    return given(area.shape(out, channels), x.dtype, 2 * meetings * channels)


def separable(call: Call) -> Inferred:
    """A kernel for each channel, and then one of size 1 over all of them: (batch, places, filters)."""
    area, x, kernel, out, meetings = _slide(call, "depthwise_kernel", 1, 2)
    rank = len(out)
    _even_strides(call, rank)
    mix = _weights(call, "pointwise_kernel", area, x)
    between = area.channels * _times(call, "depthwise_kernel", kernel)
    wanted = (*(1,) * rank, between)
    if any(same(size, other) is False for size, other in zip(mix.shape, wanted, strict=False)):
        raise ShapeError(
            "E302",
            f"`pointwise_kernel` must be of size 1 in space and for the {between} channels that `depthwise_kernel` "
            f"makes, found {shape_text(mix.shape)}",
            help=f"its axes are {', '.join(str(size) for size in wanted)} and the number of filters",
            **pointed(call, "pointwise_kernel"),
        )
    filters = mix.shape[-1]
    flops = 2 * meetings * between + 2 * product(out) * x.shape[0] * between * filters
    return given(area.shape(out, filters), x.dtype, flops)


_HOW: Final = (STRIDES, PADDING, DATA_FORMAT, DILATION)
OPS: Final = (
    op(
        "conv",
        "Slides a kernel over space, each place mixing all channels.",
        (INPUTS, _kernel("kernel", "(axes of space, channels that go in, channels that come out).")),
        convolution,
        _HOW,
        home="nn",
    ),
    op(
        "depthwise_conv",
        "Slides a kernel of its own over each channel.",
        (INPUTS, _kernel("kernel", "(axes of space, channels, how many are made of each).")),
        depthwise,
        _HOW,
        home="nn",
    ),
    op(
        "separable_conv",
        "Slides a kernel over each channel, then mixes the channels place by place.",
        (
            INPUTS,
            _kernel("depthwise_kernel", "(axes of space, channels, how many are made of each)."),
            _kernel("pointwise_kernel", "(1 for each axis of space, channels in between, channels that come out)."),
        ),
        separable,
        _HOW,
        home="nn",
    ),
    refused_op(
        "conv_transpose",
        "Makes space larger: every place writes a whole kernel.",
        "symbolic",
        "Keras 3.15 mixes up two of its arguments when a model runs; write the layer `Conv1DTranspose`, "
        "`Conv2DTranspose` or `Conv3DTranspose`",
        home="nn",
    ),
)  # fmt: skip
