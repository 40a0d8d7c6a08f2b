"""Catalogue: the convolutions.

FLOPs count a multiply-add as two for every tap of the kernel that meets the input (taps on the padding do no
work, as in XLA's cost analysis), and one for each bias that is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..sizes import Size, at_least, product
from ..tensor import FLOATS, Weight, shape_text
from .arguments import ACTIVATION_ARGUMENT, DATA_FORMAT, USE_BIAS, padding, per_axis, weight_arguments
from .kinds import POSITIVE, nullable, sizes
from .record import Argument, ArgumentError, Call, Inferred, Record, Rule, ShapeError
from .rules import float_input, known_axis, result
from .spatial import Space, leftover, margin, pairs, places, space


def _slide(call: Call, rank: int) -> tuple[Space, int, tuple[Size, ...], Size]:
    """The input, its channels, the sizes of the output, and how often a tap meets a place of the input."""
    area = space(call, rank)
    channels = _channels(call, area)
    kernel, strides, rates = call["kernel_size"], call["strides"], call["dilation_rate"]
    windows = tuple((taps - 1) * rate + 1 for taps, rate in zip(kernel, rates, strict=True))
    pad = call["padding"]
    out = tuple(places(*each, pad) for each in zip(area.sizes, windows, strides, strict=True))
    if pad == "valid":
        leftover(call, area, out, "kernel_size", windows)
    meetings = product(
        pairs(size, places_, taps, stride, rate, margin(size, places_, window, stride, pad))
        for size, places_, taps, window, stride, rate in zip(
            area.sizes, out, kernel, windows, strides, rates, strict=True
        )
    )
    return area, channels, out, meetings


def _channels(call: Call, area: Space) -> int:
    """The number of the input's channels, which must be known; what they hold must be numbers with fractions.

    Keras takes whole numbers without a word and fails in the first step of training.
    """
    x = float_input(call)
    if x.dtype not in FLOATS:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} multiplies with fractions, but its input holds {x.dtype}",
            help="leave `dtype` out of the input, or put a `Rescaling` layer before (`scale = 0.00392156862745098` "
            "brings 0 to 255 down to 0 to 1)",
            port=call.layer.record.ports[0].name,
        )
    return known_axis(call, area.channel_axis)


def _finish(
    call: Call, area: Space, out: tuple[Size, ...], channels: int, weights: list[Weight], flops: Size
) -> Inferred:
    """Add the bias and lay the output out as the input is."""
    if call["use_bias"]:
        weights.append(Weight("bias", (channels,), dtype=call.policy.variable))
        flops = flops + product(out) * channels
    return result(call, area.shape(out, channels), weights, flops)


def convolution(rank: int) -> Rule:
    """(batch, spatial…, channels) → (batch, places…, filters)."""

    def rule(call: Call) -> Inferred:
        area, channels, out, meetings = _slide(call, rank)
        groups, filters = call["groups"], call["filters"]
        if channels % groups:
            raise ShapeError(
                "E307",
                f"`groups = {groups}` cannot divide the {channels} channels of the input evenly",
                help="choose `groups` so that both the input's channels and `filters` are multiples of it",
                argument="groups",
            )
        shape = (*call["kernel_size"], channels // groups, filters)
        kernel = Weight("kernel", shape, dtype=call.policy.variable)
        return _finish(call, area, out, filters, [kernel], 2 * meetings * (channels // groups) * filters)

    return rule


def depthwise(rank: int) -> Rule:
    """(batch, spatial…, channels) → (batch, places…, channels · depth_multiplier)."""

    def rule(call: Call) -> Inferred:
        area, channels, out, meetings = _slide(call, rank)
        multiplier = call["depth_multiplier"]
        kernel = Weight("kernel", (*call["kernel_size"], channels, multiplier), dtype=call.policy.variable)
        return _finish(call, area, out, channels * multiplier, [kernel], 2 * meetings * channels * multiplier)

    return rule


def separable(rank: int) -> Rule:
    """A depthwise convolution and then one of size 1 over all channels: (batch, places…, filters)."""

    def rule(call: Call) -> Inferred:
        area, channels, out, meetings = _slide(call, rank)
        multiplier, filters = call["depth_multiplier"], call["filters"]
        between = channels * multiplier
        weights = [
            Weight("depthwise_kernel", (*call["kernel_size"], channels, multiplier), dtype=call.policy.variable),
            Weight("pointwise_kernel", (*(1,) * rank, between, filters), dtype=call.policy.variable),
        ]
        flops = 2 * meetings * between + 2 * product(out) * between * filters
        return _finish(call, area, out, filters, weights, flops)

    return rule


def transposed(rank: int) -> Rule:
    """(batch, spatial…, channels) → (batch, larger…, filters): every place of the input writes a whole kernel."""

    def rule(call: Call) -> Inferred:
        area = space(call, rank)
        channels = _channels(call, area)
        extra = call["output_padding"] or (None,) * rank
        out: list[Size] = []
        meetings: Size = 1
        for size, taps, stride, rate, more in zip(
            area.sizes, call["kernel_size"], call["strides"], call["dilation_rate"], extra, strict=True
        ):
            window = (taps - 1) * rate + 1
            grown = _grown(size, window, stride, call["padding"], more)
            if at_least(grown, 0) is False:
                raise ShapeError(
                    "E303",
                    f"nothing can be made of an axis of size 0 in {shape_text(area.x.shape)}",
                    help="look at the entries before this one: one of them leaves nothing over",
                )
            # The same meetings as those of the convolution that would lead back from the output to the input.
            cut = margin(grown, size, window, stride, call["padding"])
            meetings = meetings * pairs(grown, size, taps, stride, rate, cut)
            out.append(grown)
        kernel = Weight("kernel", (*call["kernel_size"], call["filters"], channels), dtype=call.policy.variable)
        return _finish(call, area, tuple(out), call["filters"], [kernel], 2 * meetings * channels * call["filters"])

    return rule


def _grown(size: Size, window: int, stride: int, pad: str, more: int | None) -> Size:
    """The size that a transposed convolution makes of one."""
    if pad == "valid":
        return (size - 1) * stride + (max(window, stride) if more is None else window + more)
    return size * stride if more is None else (size - 1) * stride + window % 2 + more


def check_convolution(arguments: Mapping[str, Any]) -> None:
    """What Keras asks of strides, dilation, filters and groups together.

    Raises:
        ArgumentError: E114.
    """
    _one_of_strides_and_dilation(arguments)
    if arguments["filters"] % arguments["groups"]:
        raise ArgumentError(
            "groups",
            f"`filters = {arguments['filters']}` must be a multiple of `groups = {arguments['groups']}`",
            help="every group makes the same number of filters: change one of the two",
            other="filters",
        )


def check_transposed(arguments: Mapping[str, Any]) -> None:
    """What Keras asks of strides, dilation and output padding together.

    Raises:
        ArgumentError: E114.
    """
    _one_of_strides_and_dilation(arguments)
    extra = arguments["output_padding"]
    if extra is not None and any(more >= stride for more, stride in zip(extra, arguments["strides"], strict=True)):
        raise ArgumentError(
            "output_padding",
            f"`output_padding` must be smaller than `strides` along every axis, found {list(extra)} and "
            f"{list(arguments['strides'])}",
            help="leave `output_padding` out, or make it smaller than the stride",
            other="strides",
        )
    if extra is not None and arguments["padding"] == "same":
        for taps, rate, more in zip(arguments["kernel_size"], arguments["dilation_rate"], extra, strict=True):
            if more == 0 and ((taps - 1) * rate + 1) % 2 == 0:
                raise ArgumentError(
                    "output_padding",
                    'with an even kernel and `padding = "same"` an output padding of 0 cuts a whole place off, '
                    "which TensorFlow cannot run",
                    help="leave `output_padding` out, or write 1",
                    other="kernel_size",
                )


def check_depthwise(arguments: Mapping[str, Any]) -> None:
    """What TensorFlow asks of a kernel for each channel.

    Raises:
        ArgumentError: E114.
    """
    if len(set(arguments["strides"])) > 1 and max(arguments["dilation_rate"]) == 1:
        raise ArgumentError(
            "strides",
            f"TensorFlow moves such a kernel by the same stride along every axis, found {list(arguments['strides'])}",
            help="write one number; a `MaxPooling2D` layer can make one axis smaller than the other",
        )


def _one_of_strides_and_dilation(arguments: Mapping[str, Any]) -> None:
    if max(arguments["strides"]) > 1 and max(arguments["dilation_rate"]) > 1:
        raise ArgumentError(
            "dilation_rate",
            "either `strides` or `dilation_rate` may be more than 1, not both",
            help="keep the one that is meant; a `MaxPooling` layer behind a dilated convolution makes it smaller too",
            other="strides",
        )


FILTERS = Argument("filters", POSITIVE, summary="Number of channels of the output.")
GROUPS = Argument("groups", POSITIVE, 1, "Splits the channels into so many groups, each with filters of its own.")
DEPTH_MULTIPLIER = Argument("depth_multiplier", POSITIVE, 1, "Number of channels made of each channel.")


def _kernel_size(rank: int) -> Argument:
    return Argument("kernel_size", sizes(rank), summary="How far the kernel reaches along each spatial axis.")


def _strides(rank: int) -> Argument:
    return per_axis("strides", rank, 1, "How far the kernel moves from one place to the next.")


def _dilation(rank: int) -> Argument:
    return per_axis("dilation_rate", rank, 1, "Distance between the taps of the kernel.")


def _output_padding(rank: int) -> Argument:
    return Argument(
        "output_padding", nullable(sizes(rank, 0)), None, "How much longer the output gets at the end of each axis."
    )


def _bias_and_kernel(*kernels: str) -> tuple[Argument, ...]:
    return (
        ACTIVATION_ARGUMENT,
        USE_BIAS,
        *(argument for kernel in kernels for argument in weight_arguments(kernel, "glorot_uniform")),
        *weight_arguments("bias", "zeros"),
    )


def _convolution(rank: int) -> tuple[Argument, ...]:
    pad = padding("valid", "same", "causal") if rank == 1 else padding("valid", "same")
    head = (FILTERS, _kernel_size(rank), _strides(rank), pad, DATA_FORMAT, _dilation(rank), GROUPS)
    return (*head, *_bias_and_kernel("kernel"))


def _transposed(rank: int) -> tuple[Argument, ...]:
    head = (FILTERS, _kernel_size(rank), _strides(rank), padding("valid", "same"))
    return (*head, _output_padding(rank), DATA_FORMAT, _dilation(rank), *_bias_and_kernel("kernel"))


def _depthwise(rank: int) -> tuple[Argument, ...]:
    head = (_kernel_size(rank), _strides(rank), padding("valid", "same"), DEPTH_MULTIPLIER, DATA_FORMAT)
    return (*head, _dilation(rank), *_bias_and_kernel("depthwise"))


def _separable(rank: int) -> tuple[Argument, ...]:
    head = (FILTERS, _kernel_size(rank), _strides(rank), padding("valid", "same"), DATA_FORMAT, _dilation(rank))
    return (*head, DEPTH_MULTIPLIER, *_bias_and_kernel("depthwise", "pointwise"))


def _record(
    name: str,
    alias: str,
    summary: str,
    page: str,
    arguments: tuple[Argument, ...],
    rule: Rule,
    check: Callable[[Mapping[str, Any]], None] | None = None,
) -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        aliases=(alias,) if alias else (),
        page=f"layers/convolution_layers/{page}",
        arguments=arguments,
        rule=rule,
        check=check,
    )


LAYERS = (
    _record(
        "Conv1D", "Convolution1D", "Slides a kernel along a sequence and finds the same pattern wherever it is.",
        "convolution1d", _convolution(1), convolution(1), check_convolution,
    ),
    _record(
        "Conv2D", "Convolution2D", "Slides a kernel over images and finds the same pattern wherever it is.",
        "convolution2d", _convolution(2), convolution(2), check_convolution,
    ),
    _record(
        "Conv3D", "Convolution3D", "Slides a kernel through volumes or videos, over all three axes.",
        "convolution3d", _convolution(3), convolution(3), check_convolution,
    ),
    _record(
        "Conv1DTranspose", "Convolution1DTranspose", "Makes a sequence longer by learned kernels.",
        "convolution1d_transpose", _transposed(1), transposed(1), check_transposed,
    ),
    _record(
        "Conv2DTranspose", "Convolution2DTranspose", "Makes images larger by learned kernels.",
        "convolution2d_transpose", _transposed(2), transposed(2), check_transposed,
    ),
    _record(
        "Conv3DTranspose", "Convolution3DTranspose", "Makes volumes larger by learned kernels.",
        "convolution3d_transpose", _transposed(3), transposed(3), check_transposed,
    ),
    _record(
        "DepthwiseConv1D", "", "Slides a kernel of its own along each channel of a sequence.",
        "depthwise_convolution1d", _depthwise(1), depthwise(1), check_depthwise,
    ),
    _record(
        "DepthwiseConv2D", "", "Slides a kernel of its own over each channel of an image.",
        "depthwise_convolution2d", _depthwise(2), depthwise(2), check_depthwise,
    ),
    _record(
        "SeparableConv1D", "SeparableConvolution1D", "A kernel for each channel of a sequence, then a mix of channels.",
        "separable_convolution1d", _separable(1), separable(1), check_depthwise,
    ),
    _record(
        "SeparableConv2D", "SeparableConvolution2D", "A kernel for each channel of an image, then a mix of channels.",
        "separable_convolution2d", _separable(2), separable(2), check_depthwise,
    ),
)  # fmt: skip
