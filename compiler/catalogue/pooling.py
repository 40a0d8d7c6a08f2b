"""Catalogue: the pooling layers.

FLOPs count one comparison or addition for every value that a window sees.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from ..sizes import Size, known, product
from ..tensor import FLOATS
from .arguments import DATA_FORMAT, padding
from .calls import MASK_PORT, check_mask
from .kinds import BOOLEAN, nullable, sizes
from .record import Argument, Call, Inferred, Port, Record, Rule, ShapeError
from .rules import float_input, result
from .spatial import AXES, leftover, margin, pairs, places, space

ONE: Final = (Port("inputs"),)
MASKED: Final = (*ONE, MASK_PORT)


def windows(rank: int, *, whole: bool = False) -> Rule:
    """(batch, spatial…, channels) → (batch, places…, channels). ``whole``: whether it also takes whole numbers."""

    def rule(call: Call) -> Inferred:
        x = float_input(call)
        if x.dtype not in FLOATS and not whole:
            raise ShapeError(
                "E304",
                f"{call.layer.record.name} computes with fractions, but its input holds {x.dtype}",
                help="leave `dtype` out of the input, or put a `Rescaling` layer before this one",
                port=call.layer.record.ports[0].name,
            )
        _check_width(call, rank)
        area = space(call, rank)
        pool, pad = call["pool_size"], call["padding"]
        strides = call["strides"] or pool
        out = tuple(places(*each, pad) for each in zip(area.sizes, pool, strides, strict=True))
        if pad == "valid":
            leftover(call, area, out, "pool_size", pool)
        seen = product(
            pairs(size, after, window, stride, before=margin(size, after, window, stride, pad))
            for size, after, window, stride in zip(area.sizes, out, pool, strides, strict=True)
        )
        return result(call, area.shape(out), (), seen * area.channels)

    return rule


def _check_width(call: Call, rank: int) -> None:
    """See that there is a kernel: of all poolings TensorFlow lacks one, for the largest of three axes in 64 bits."""
    name = call.layer.record.name
    if rank == 3 and "Max" in name and call.policy.compute == "float64":
        raise ShapeError(
            "E304",
            f"{name} computes in float32 or shorter, but here in float64",
            help='give the layer `dtype = "float32"`',
            argument="dtype" if "dtype" in call.layer.written else None,
        )


def everywhere(rank: int) -> Rule:
    """(batch, spatial…, channels) → (batch, channels), or with axes of size 1 in between."""

    def rule(call: Call) -> Inferred:
        float_input(call)
        area = space(call, rank)
        for mask in call.tensors.get("mask", ()):
            check_mask(call, "mask", replace(area.x, shape=(area.x.shape[0], *area.sizes)), mask)
        shape = area.shape((1,) * rank) if call["keepdims"] else (area.x.shape[0], area.channels)
        return result(call, shape, (), product(area.sizes) * area.channels)

    return rule


def adaptive(rank: int) -> Rule:
    """(batch, spatial…, channels) → (batch, output_size…, channels), the windows chosen to fit."""

    def rule(call: Call) -> Inferred:
        float_input(call)
        _check_width(call, rank)
        area = space(call, rank)
        out: tuple[int, ...] = call["output_size"]
        for name, size, parts in zip(AXES[rank], area.sizes, out, strict=True):
            if parts == 1 or size == 1:
                raise _no_choice(call, name, 1 if parts == 1 else size, parts, rank)
        seen: Size = area.channels
        for size, parts in zip(area.sizes, out, strict=True):
            seen = seen * (_seen(size, parts) if known(size) else size)
        return result(call, area.shape(out), (), seen)

    return rule


def _no_choice(call: Call, axis: str, size: Size, parts: int, rank: int) -> ShapeError:
    """Keras tries windows of two lengths, one more than what there is: eagerly it runs, in a model it does not."""
    layer = call.layer.record.name
    found = f"`output_size = {parts}`" if parts == 1 else f"{size} place along the {axis}"
    return ShapeError(
        "E307",
        f"{layer} can't be run in a model with {found}: Keras looks for a window larger than what is there",
        help=f"for one place along all axes use `Global{layer.removeprefix('Adaptive')}` with `keepdims = true`"
        if parts == 1
        else f"leave the {axis} out of it with a pooling layer for {rank - 1} axes, or keep it larger before"
        if rank > 1
        else "leave this layer out",
        argument="output_size",
    )


def _seen(size: int, parts: int) -> int:
    """How many values ``parts`` windows see that together cover an axis, neighbours sharing what they must."""
    return sum(-(-(part + 1) * size // parts) - part * size // parts for part in range(parts))


def _pool(rank: int, name: str, alias: str, summary: str, pool: object) -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        aliases=(alias,),
        page=f"layers/pooling_layers/{_page(name)}",
        arguments=(
            Argument("pool_size", sizes(rank), summary="How far the window reaches along each spatial axis.")
            if pool is None
            else Argument("pool_size", sizes(rank), pool, "How far the window reaches along each spatial axis."),
            Argument("strides", nullable(sizes(rank)), None, "How far the window moves; none: by its own size."),
            padding("valid", "same"),
            DATA_FORMAT,
        ),
        # TensorFlow's kernels for the largest value over one or two axes are the ones that take whole numbers.
        rule=windows(rank, whole=name in ("MaxPooling1D", "MaxPooling2D")),
    )


def _global(rank: int, name: str, alias: str, summary: str, masking: Literal["lose", "own"] = "lose") -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        aliases=(alias,),
        page=f"layers/pooling_layers/{_page(name)}",
        arguments=(
            DATA_FORMAT,
            Argument("keepdims", BOOLEAN, False, "Whether the spatial axes stay, each of size 1."),
        ),
        ports=MASKED if masking == "own" else ONE,
        masking=masking,
        rule=everywhere(rank),
    )


def _adaptive(rank: int, name: str, summary: str) -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        page=f"layers/pooling_layers/{_page(name)}",
        arguments=(
            Argument("output_size", sizes(rank), summary="How many places come out along each spatial axis."),
            DATA_FORMAT,
        ),
        rule=adaptive(rank),
    )


def _page(name: str) -> str:
    """The last part of the page's address: ``GlobalMaxPooling2D`` stands at ``global_max_pooling2d``."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name[:-1]) + "d"
    return words.removeprefix("_")


LAYERS = (
    _pool(1, "MaxPooling1D", "MaxPool1D", "Keeps the largest value in each window along a sequence.", 2),
    _pool(2, "MaxPooling2D", "MaxPool2D", "Keeps the largest value in each window of an image.", 2),
    _pool(3, "MaxPooling3D", "MaxPool3D", "Keeps the largest value in each window of a volume.", 2),
    _pool(1, "AveragePooling1D", "AvgPool1D", "Takes the mean of each window along a sequence.", None),
    _pool(2, "AveragePooling2D", "AvgPool2D", "Takes the mean of each window of an image.", None),
    _pool(3, "AveragePooling3D", "AvgPool3D", "Takes the mean of each window of a volume.", None),
    _global(1, "GlobalMaxPooling1D", "GlobalMaxPool1D", "Keeps the largest value of each channel of a sequence."),
    _global(2, "GlobalMaxPooling2D", "GlobalMaxPool2D", "Keeps the largest value of each channel of an image."),
    _global(3, "GlobalMaxPooling3D", "GlobalMaxPool3D", "Keeps the largest value of each channel of a volume."),
    # It leaves out what the mask hides, and what comes out needs no mask any more: nothing is lost.
    _global(1, "GlobalAveragePooling1D", "GlobalAvgPool1D", "Takes the mean of each channel of a sequence.", "own"),
    _global(2, "GlobalAveragePooling2D", "GlobalAvgPool2D", "Takes the mean of each channel of an image."),
    _global(3, "GlobalAveragePooling3D", "GlobalAvgPool3D", "Takes the mean of each channel of a volume."),
    _adaptive(1, "AdaptiveAveragePooling1D", "Takes means of a sequence in as many windows as asked for."),
    _adaptive(2, "AdaptiveAveragePooling2D", "Takes means of an image in as many windows as asked for."),
    _adaptive(3, "AdaptiveAveragePooling3D", "Takes means of a volume in as many windows as asked for."),
    _adaptive(1, "AdaptiveMaxPooling1D", "Keeps the largest values of a sequence in as many windows as asked for."),
    _adaptive(2, "AdaptiveMaxPooling2D", "Keeps the largest values of an image in as many windows as asked for."),
    _adaptive(3, "AdaptiveMaxPooling3D", "Keeps the largest values of a volume in as many windows as asked for."),
)
