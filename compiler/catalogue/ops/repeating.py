"""Catalogue: operations that copy what is there, fill up borders, or make tensors like others. They cost no FLOPs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...sizes import Size, at_least, product
from ...tensor import INTEGERS, shape_text
from ..kinds import NUMBER, Kind, choice, either, integer, list_of, nullable
from ..record import Argument, ArgumentError, Call, Inferred, Rule, ShapeError
from .fitting import LIKE_DTYPE, SHAPE, axis_at, meet, spread
from .operands import OPTIONAL_AXIS, given, number, op, operand, tensor

X: Final = (tensor("x"),)
COPIES: Final = either(integer(0), list_of(integer(0)))
COUNTS: Final = either(integer(0), list_of(integer(0), minimum=1))


def tile(call: Call) -> Inferred:
    """Each axis ``repeats`` times as long, lined up from the last; more numbers than axes put axes in front."""
    x, repeats = call.x, call["repeats"]
    times = (repeats,) if isinstance(repeats, int) else repeats
    rank = max(x.rank, len(times))
    shape = (1,) * (rank - x.rank) + x.shape
    times = (1,) * (rank - len(times)) + tuple(times)
    return given([size * count for size, count in zip(shape, times, strict=True)], x.dtype)


def repeat(call: Call) -> Inferred:
    """Each place of an axis ``repeats`` times, or as often as the list says of it; without ``axis`` in one row.

    Raises:
        ShapeError: E307 where a list is not as long as the axis.
    """
    x, repeats = call.x, call["repeats"]
    counts: Sequence[int] = (repeats,) if isinstance(repeats, int) else repeats
    axis = None if call["axis"] is None else axis_at(call, x.rank)
    size = product(x.shape) if axis is None else x.shape[axis]
    if len(counts) == 1:
        longer: Size = size * counts[0]
    elif meet(size, len(counts)) is None:
        where = "all elements in one row" if axis is None else f"axis {axis} of {shape_text(x.shape)}"
        raise ShapeError(
            "E307",
            f"`repeats` says of {len(counts)} places how often each is repeated, but there are {size}: {where}",
            help="write one number for all of them, or a number for each",
            argument="repeats",
        )
    else:
        longer = sum(counts)
    if axis is None:
        return given((longer,), x.dtype)
    return given((*x.shape[:axis], longer, *x.shape[axis + 1 :]), x.dtype)


def pad(call: Call) -> Inferred:
    """Places put in at both ends of each axis.

    Raises:
        ShapeError: E307 unless there is a pair for each axis, or where a mirrored border is wider than what it
            mirrors; E304 for a value that the dtype does not hold.
    """
    x, widths, mode, value = call.x, call["pad_width"], call["mode"], call["constant_values"]
    pairs = [(widths, widths)] if isinstance(widths, int) else [widths] if isinstance(widths[0], int) else widths
    if len(pairs) != x.rank:
        listed = ", ".join(["[0, 0]", *["[1, 1]"] * (x.rank - 1)])
        raise ShapeError(
            "E307",
            f"{shape_text(x.shape)} has {x.rank} axes, the batch axis among them, and `pad_width` states "
            f"{'one pair' if len(pairs) == 1 else f'{len(pairs)} pairs'}",
            help=f"write a pair [before, after] for each axis: `pad_width = [{listed}]`",
            argument="pad_width",
        )
    whole = x.dtype in INTEGERS and isinstance(value, float)  # 2.0, too: TensorFlow goes by how it is written
    if value and (whole or x.dtype == "bool"):
        raise ShapeError(
            "E304",
            f"`constant_values = {value}` can't stand in a tensor of {x.dtype}",
            help='write a whole number without a point, or put `{ type = "ops.cast", dtype = "float32" }` before it'
            if whole
            else 'take it away to fill with false, or put `{ type = "ops.cast", dtype = "int32" }` before it',
            argument="constant_values",
        )
    if value is not None and x.dtype == "string":
        raise ShapeError(
            "E304",
            f"`constant_values = {value}` is a number and can't stand among text",
            help="take it away: text is padded with empty text",
            argument="constant_values",
        )
    for axis, (size, ends) in enumerate(zip(x.shape, pairs, strict=True)):
        need = max(ends) + (mode == "reflect")
        if mode != "constant" and max(ends) and at_least(size, need) is False:
            raise ShapeError(
                "E307",
                f"`{mode}` mirrors {max(ends)} places of axis {axis}, which has {size}",
                help='pad less, or write `mode = "constant"`',
                argument="pad_width",
            )
    return given([size + sum(ends) for size, ends in zip(x.shape, pairs, strict=True)], x.dtype)


def check_pad(arguments: Mapping[str, Any]) -> None:
    """See that a value is stated only where it is used.

    Raises:
        ArgumentError: E114.
    """
    if arguments["constant_values"] is not None and arguments["mode"] != "constant":
        raise ArgumentError(
            "constant_values",
            f'`mode = "{arguments["mode"]}"` fills borders with what is there, so `constant_values` has no use',
            help='take `constant_values` away, or write `mode = "constant"`',
            other="mode",
        )


def like(*, text: bool) -> Rule:
    """A rule: the shape of the tensor, in ``dtype`` or its own, which may be ``text``."""

    def rule(call: Call) -> Inferred:
        dtype = call["dtype"] or (call.x.dtype if text else operand(call, "x").dtype)
        return given(call.x.shape, dtype)

    return rule


def full_like(call: Call) -> Inferred:
    """The shape of ``x``, filled with what ``fill_value`` broadcasts to.

    Raises:
        ShapeError: E302 if it does not broadcast to that shape.
    """
    x, value = operand(call, "x"), operand(call, "fill_value")
    _fills(call, value.shape, x.shape)
    return given(x.shape, call["dtype"] or x.dtype)


def full(call: Call) -> Inferred:
    """``shape``, filled with what ``fill_value`` broadcasts to; float32 where no dtype is stated.

    Raises:
        ShapeError: E302 if it does not broadcast to that shape, which the batch axis never does.
    """
    value = operand(call, "fill_value")
    _fills(call, value.shape, call["shape"])
    return given(call["shape"], call["dtype"] or "float32")


def _fills(call: Call, value: tuple[Size, ...], shape: tuple[Size, ...]) -> None:
    aligned = (1,) * (len(shape) - len(value)) + value
    if len(value) <= len(shape) and all(
        spread(a, b) is not None and (a == 1 or meet(a, b) is not None) for a, b in zip(aligned, shape, strict=True)
    ):
        return
    raise ShapeError(
        "E302",
        f"`fill_value` {shape_text(value)} does not fill {shape_text(shape)}: lined up from their last axes, each of "
        "its sizes must be 1 or the one beside it",
        help="fill with one number, or with a tensor of that shape",
        port="fill_value" if "fill_value" in call.tensors else None,
    )


_PAIR: Final = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}


def _widths(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_widths(one) for one in value)
    return int(value)


WIDTHS: Final = Kind(
    {"anyOf": [{"type": "integer", "minimum": 0}, _PAIR, {"type": "array", "items": _PAIR, "minItems": 1}]},
    "a list of pairs [before, after], one for each axis with the batch axis, each a whole number of at least 0",
    _widths,
)

OPS: Final = (
    op(
        "tile", "Puts copies of the whole tensor side by side.", X, tile,
        (Argument("repeats", COPIES, summary="How many copies along each axis; one number is for the last axis."),),
    ),
    op(
        "repeat", "Repeats each place of an axis.", X, repeat,
        (
            Argument("repeats", COUNTS, summary="How often each place is repeated, or a list with a number for each."),
            Argument("axis", OPTIONAL_AXIS, None, "Along which axis, 0 the batch; none: all elements in one row."),
        ),
    ),
    op(
        "pad", "Adds places at the ends of axes.", X, pad,
        (
            Argument("pad_width", WIDTHS, summary="How many places before and after, for each axis, the batch first."),
            Argument("mode", choice("constant", "reflect", "symmetric"), "constant", "What the new places hold: a "
                     "value, or what is beside them, mirrored without or with the edge."),
            Argument("constant_values", nullable(NUMBER), None, "What the new places hold; none: 0."),
        ),
        check=check_pad,
    ),
    op("zeros_like", "Keeps the shape and puts 0 everywhere.", X, like(text=True), (LIKE_DTYPE,)),
    op("ones_like", "Keeps the shape and puts 1 everywhere.", X, like(text=False), (LIKE_DTYPE,)),
    op("empty_like", "Keeps the shape; what stands in it is of no account.", X, like(text=True), (LIKE_DTYPE,)),
    op(
        "full_like", "Keeps the shape and puts one value everywhere.",
        (*X, number("fill_value", "What it is full of: a number, or a tensor that broadcasts to the shape.")),
        full_like, (LIKE_DTYPE,),
    ),
    op(
        "full", "Makes a tensor of a fixed shape full of one number that is computed.",
        (tensor("fill_value", "What it is full of: a tensor without batch axis."),), full,
        (
            Argument("shape", SHAPE, summary="The shape that comes out, with no batch axis."),
            Argument("dtype", LIKE_DTYPE.kind, None, "The dtype of the result; none: float32."),
        ),
    ),
)  # fmt: skip
