"""Catalogue: windows that slide over space, as ops: the pools; and what all ops with windows share.

FLOPs count one comparison or addition for every value that a window sees, as those of the pooling layers do.
"""

from __future__ import annotations

from typing import Any, Final

from ...sizes import product
from ...tensor import FLOATS, INTEGERS, shape_text
from ..arguments import DATA_FORMAT, padding
from ..kinds import Kind, either, integer, list_of, nullable
from ..record import REQUIRED, Argument, Call, Inferred, Rule, ShapeError
from ..spatial import Space, leftover, margin, pairs, places
from .operands import given, op, operand, refused_op, tensor
from .sorts import FRACTIONS, Sort, demand

MOST: Final = 2**31 - 1
INPUTS: Final = tensor(
    "inputs", "What the window slides over: (batch, axes of space, channels), one to three of space."
)


def per_axis(minimum: int = 1) -> Kind:
    """A whole number for all axes of space, or a list with one for each; how many they are, the input says."""
    one = integer(minimum, MOST)
    return either(one, list_of(one, minimum=1))


STRIDES: Final = Argument("strides", per_axis(), 1, "How far the kernel moves from one place to the next.")
DILATION: Final = Argument("dilation_rate", per_axis(), 1, "Distance between neighbouring taps of the kernel.")
PADDING: Final = padding("valid", "same")


def area_of(call: Call, *ranks: int, port: str | None = None) -> Space:
    """The first tensor, its axes told apart. ``ranks``: how many axes of space it may have.

    Raises:
        ShapeError: E301 if it has another number of axes.
    """
    name = port or call.layer.record.ports[0].name
    operand(call, name)
    x = call.tensors[name][0]
    if x.rank - 2 not in ranks:
        wanted = " or ".join(str(rank + 2) for rank in ranks)
        raise ShapeError(
            "E301",
            f"{call.layer.record.name} expects a tensor with {wanted} axes (the batch, {ranks[0]} to {ranks[-1]} of "
            f"space, the channels), found {x.rank}: {shape_text(x.shape)}",
            help="if the channel axis is missing, add it with `ops.expand_dims`; else reshape with `ops.reshape`",
            port=name,
        )
    first = call["data_format"] == "channels_first"
    return Space(x, x.shape[2:] if first else x.shape[1:-1], x.shape[1 if first else -1], 1 if first else x.rank - 1)


def for_each(call: Call, name: str, rank: int, *, lone: bool = False, value: Any = None) -> tuple[int, ...]:
    """An argument as one number for each axis of space. ``lone``: a list of one number will do for all.

    Raises:
        ShapeError: E307 if the list has another length.
    """
    value = call[name] if value is None else value
    if isinstance(value, int):
        return (value,) * rank
    found: tuple[int, ...] = tuple(value)
    if lone and len(found) == 1:
        return found * rank
    if len(found) != rank:
        raise ShapeError(
            "E307",
            f"`{name}` has {len(found)} numbers, but the tensor has {rank} axes of space",
            help=f"write one number for all of them, or a list of {rank}",
            argument=name,
        )
    return found


def pooling(*, whole: frozenset[str] = frozenset()) -> Rule:
    """(batch, space, channels) → (batch, places, channels). ``whole``: dtypes without fractions that have a kernel."""

    def rule(call: Call) -> Inferred:
        area = area_of(call, 1, 2, 3)
        rank = len(area.sizes)
        lowest = FRACTIONS if rank == 3 else Sort(FLOATS | whole, "numbers", "float32")
        x = demand(call, "inputs", lowest)
        pool = for_each(call, "pool_size", rank, lone=True)
        strides = pool if call["strides"] is None else for_each(call, "strides", rank, lone=True)
        pad = call["padding"]
        out = tuple(places(*each, pad) for each in zip(area.sizes, pool, strides, strict=True))
        if pad == "valid":
            leftover(call, area, out, "pool_size", pool)
        compared = product(
            pairs(size, after, window, stride, before=margin(size, after, window, stride, pad))
            for size, after, window, stride in zip(area.sizes, out, pool, strides, strict=True)
        )
        return given(area.shape(out), x.dtype, compared * area.channels * x.shape[0])

    return rule


_POOL: Final = (
    Argument("pool_size", per_axis(), REQUIRED, "How far the window reaches along each axis of space."),
    Argument("strides", nullable(per_axis()), None, "How far the window moves; none: by its own size."),
    PADDING,
    DATA_FORMAT,
)
OPS: Final = (
    op("max_pool", "The largest value in each window.", (INPUTS,), pooling(whole=INTEGERS), _POOL, home="nn"),
    op("average_pool", "The mean of each window.", (INPUTS,), pooling(), _POOL, home="nn"),
    *(
        refused_op(
            f"adaptive_{kind.lower()}_pool",
            f"{words} in as many windows as asked for.",
            "symbolic",
            "with the channels last Keras 3.15 announces another shape than it computes, and with the channels first "
            f"it can't load the model again; write the layer `Adaptive{kind}Pooling1D`, `Adaptive{kind}Pooling2D` or "
            f"`Adaptive{kind}Pooling3D`",
            home="nn",
        )
        for kind, words in (("Max", "The largest values"), ("Average", "The means"))
    ),
)  # fmt: skip
