"""Catalogue: operations that give a tensor another shape, or its axes another order. They cost no FLOPs.

They take tensors of text as well as of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ...sizes import Size, depends_on_batch, known, product, same
from ...tensor import BYTES, shape_text
from ..kinds import Kind, either, integer, list_of, nullable
from ..record import Argument, ArgumentError, Call, Inferred, Rule, ShapeError
from .fitting import NUMERIC, SHAPE, any_batch, axis_at, fixed, meet, new_axes, ranked
from .operands import AXES, OPTIONAL_AXES, axes_of, given, op, operand, tensor

X: Final = (tensor("x"),)
AXIS_OR_NONE: Final = Argument("axis", OPTIONAL_AXES, None, "The axis or axes, 0 being the batch; none: all of them.")


def reshape(call: Call) -> Inferred:
    """Any shape → ``newshape``, with as many elements; one -1 stands for what is left.

    The batch axis is not set apart: what holds of one batch must hold of every other, so -1 mostly stands first.
    """
    x, target = call.x, call["newshape"]
    target = (target,) if isinstance(target, int) else target
    elements, stated = product(x.shape), product(size for size in target if size != -1)
    if -1 not in target:
        if meet(elements, stated) is None:
            raise _elements(call, f"has {stated} elements", elements, target)
        return given(target, x.dtype)
    if stated == 0 or not any_batch(elements, stated):
        raise _elements(call, f"needs a multiple of {stated} elements", elements, target)
    return given([elements // stated if size == -1 else size for size in target], x.dtype)


def _elements(call: Call, has: str, elements: Size, target: tuple[int, ...]) -> ShapeError:
    batch = depends_on_batch(elements)
    return ShapeError(
        "E306",
        f"`newshape = {list(target)}` {has}, but {shape_text(call.x.shape)} has {elements}",
        help="`newshape` counts the batch axis: write -1 for it in front and the sizes of one row behind; "
        "`Reshape` leaves the batch axis alone"
        if batch
        else "the sizes in `newshape`, multiplied, must give the number of elements; write -1 for one of them "
        "to have it computed",
        argument="newshape",
    )


def check_newshape(arguments: Mapping[str, Any]) -> None:
    """See that at most one size is left open.

    Raises:
        ArgumentError: E114.
    """
    target = arguments["newshape"]
    if not isinstance(target, int) and target.count(-1) > 1:
        raise ArgumentError(
            "newshape",
            f"only one size can be -1 (whatever is left), found {target.count(-1)} in {list(target)}",
            help="write numbers for the others",
        )


def ravel(call: Call) -> Inferred:
    """Any shape → one axis, the batch in it."""
    return given((product(call.x.shape),), call.x.dtype)


def transpose(call: Call) -> Inferred:
    """The axes in the order of ``axes``; back to front without it."""
    x, axes = call.x, call["axes"]
    if axes is None:
        return given(x.shape[::-1], x.dtype)
    if len(axes) != x.rank:
        raise ShapeError(
            "E307",
            f"`axes = {list(axes)}` orders {len(axes)} axes, but {shape_text(x.shape)} has {x.rank}",
            help="name every axis once, the batch axis (0) too",
            argument="axes",
        )
    return given([x.shape[axis] for axis in axes_of(call, axes, x.rank, "axes")], x.dtype)


def swapaxes(call: Call) -> Inferred:
    """Two axes in each other's place."""
    x = call.x
    shape = list(x.shape)
    one, two = axis_at(call, x.rank, "axis1"), axis_at(call, x.rank, "axis2")
    shape[one], shape[two] = shape[two], shape[one]
    return given(shape, x.dtype)


def moveaxis(call: Call) -> Inferred:
    """Axes ``source`` stand at ``destination``, the others in their order around them."""
    x = call.x
    source = axes_of(call, call["source"], x.rank, "source")
    places = axes_of(call, call["destination"], x.rank, "destination")
    moved = dict(zip(places, source, strict=True))
    others = iter(axis for axis in range(x.rank) if axis not in source)
    return given([x.shape[moved[place] if place in moved else next(others)] for place in range(x.rank)], x.dtype)


def check_moveaxis(arguments: Mapping[str, Any]) -> None:
    """See that there is a place for every axis that moves.

    Raises:
        ArgumentError: E114.
    """
    counts = [1 if isinstance(one, int) else len(one) for one in (arguments["source"], arguments["destination"])]
    if counts[0] != counts[1]:
        raise ArgumentError(
            "destination",
            f"`source` names {counts[0]} and `destination` {counts[1]} axes",
            help="write a place in `destination` for each axis of `source`",
            other="source",
        )


def expand_dims(call: Call) -> Inferred:
    """Axes of size 1 put in; ``axis`` counts in the shape that comes out."""
    x, axis = call.x, call["axis"]
    rank = x.rank + (1 if isinstance(axis, int) else len(axis))
    places = new_axes(call, axis, rank)
    rest = iter(x.shape)
    return given([1 if place in places else next(rest) for place in range(rank)], x.dtype)


def squeeze(call: Call) -> Inferred:
    """Axes of size 1 left out: those of ``axis``, or all of which that is known.

    Raises:
        ShapeError: E307 if one of ``axis`` is not of size 1, or may not be; or if there is none at all.
    """
    x, axis = call.x, call["axis"]
    if axis is None:
        if 1 not in x.shape and not all(map(known, x.shape)):
            raise ShapeError(
                "E307",
                f"{shape_text(x.shape)} has no axis of size 1 to leave out; Keras would look again when the model "
                "runs, and take the batch axis away from a batch of one row",
                help="take the entry away, or name an axis of size 1 of another tensor",
            )
        return given([size for size in x.shape if size != 1], x.dtype)
    axes = axes_of(call, axis, x.rank)
    for one in axes:
        if x.shape[one] != 1:
            raise ShapeError(
                "E307",
                f"axis {one} of {shape_text(x.shape)} is of size {x.shape[one]}, so it can't be left out",
                help="name an axis of size 1, or take one place of it with `ops.get_item`",
                argument="axis",
            )
    return given([size for place, size in enumerate(x.shape) if place not in axes], x.dtype)


def axes_to_squeeze(written: Mapping[str, Any], given_: Mapping[str, Any]) -> Mapping[str, Any]:
    """The axes of size 1, which Keras is told although the spec leaves them open.

    Otherwise TensorFlow would squeeze whatever is of size 1 when the model runs, a batch of one row too, and no
    layer behind it would know how many axes there are.
    """
    shape = tuple(given_["x"].shape)
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return {"axis": axes} if axes and written.get("axis") is None else {}


def broadcast_to(call: Call) -> Inferred:
    """Axes of size 1 repeated, and axes put in front, up to ``shape``.

    Raises:
        ShapeError: E302 if the tensor does not fit that shape for every batch.
    """
    x, target = call.x, call["shape"]
    aligned = (1,) * (len(target) - x.rank) + x.shape
    if len(target) < x.rank or any(
        size != 1 and meet(size, wanted) is None for size, wanted in zip(aligned, target, strict=True)
    ):
        raise ShapeError(
            "E302",
            f"{shape_text(x.shape)} does not broadcast to {shape_text(target)}: lined up from their last axes, each "
            "size must be 1 or the one that is wanted",
            help="`shape` counts the batch axis, whose size no number is: let arithmetic broadcast by itself, "
            "or copy with `ops.tile` or `ops.repeat`"
            if any(map(depends_on_batch, x.shape))
            else "put axes of size 1 where they are missing with `ops.expand_dims`",
            argument="shape",
        )
    return given(target, x.dtype)


def flip(call: Call) -> Inferred:
    """The same shape; ``axis`` must exist."""
    axes_of(call, call["axis"], call.x.rank)
    return given(call.x.shape, call.x.dtype)


def flipped(fewest: int, way: str) -> Rule:
    """A rule: the same shape, of at least so many axes."""

    def rule(call: Call) -> Inferred:
        ranked(call, call.x, fewest, f"turns {way} around")
        return given(call.x.shape, call.x.dtype)

    return rule


def roll(call: Call) -> Inferred:
    """The same shape; a shift for each axis, where one that is named twice is shifted twice.

    Raises:
        ShapeError: E307 if there is no such axis, or not a shift for each.
    """
    x, axis, shift = call.x, call["axis"], call["shift"]
    for one in axis if isinstance(axis, tuple) else (axis,):
        axes_of(call, one, x.rank)
    shifts = len(shift) if isinstance(shift, tuple) else None
    wanted = len(axis) if isinstance(axis, tuple) else None
    if shifts != wanted:
        raise ShapeError(
            "E307",
            f"`shift` is {'one number' if shifts is None else f'a list of {shifts}'} and `axis` "
            f"{'one' if wanted is None else f'a list of {wanted}'}",
            help="write a list of shifts, one for each axis of the list `axis`, or one number for one axis",
            argument="shift",
        )
    return given(x.shape, x.dtype)


def rot90(call: Call) -> Inferred:
    """Two axes in each other's place for an odd ``k``; as they are for an even one.

    Keras announces the two axes swapped for every ``k`` and builds what follows upon that.

    Raises:
        ShapeError: E301 for fewer than two axes; E307 where Keras would announce a wrong shape.
    """
    x, k = call.x, call["k"]
    ranked(call, x, 2, "turns a plane of two axes")
    one, two = axes_of(call, call["axes"], x.rank, "axes")
    shape = list(x.shape)
    if k % 2 == 0 and (known(shape[one]) or known(shape[two])) and same(shape[one], shape[two]) is not True:
        raise ShapeError(
            "E307",
            f"Keras takes the {shape[one]} and {shape[two]} places of these axes for swapped by `k = {k}`, which "
            "is a half turn or a whole one: what follows would be built for a wrong shape",
            help=f"a half turn is `ops.flip` with `axis = [{one}, {two}]`; for a whole turn take the entry away",
            argument="k",
        )
    if k % 2:
        shape[one], shape[two] = shape[two], shape[one]
    return given(shape, x.dtype)


def view(call: Call) -> Inferred:
    """The same bytes read as another dtype: the last axis grows or shrinks as the elements get smaller or larger.

    Raises:
        ShapeError: E301 for a lone number of another size; E305 where the last size is unknown; E306 where the
            bytes of a row do not come out even.
    """
    x = operand(call, "x")
    dtype = call["dtype"] or x.dtype
    old, new = BYTES[x.dtype], BYTES[dtype]
    if "bool" in (x.dtype, dtype):
        raise ShapeError(
            "E304",
            f"truth values have no bytes of their own to read: `ops.view` from {x.dtype} to {dtype}",
            help="`ops.cast` makes numbers of them",
            argument="dtype",
        )
    if old == new and not x.rank:
        return given(x.shape, dtype)
    ranked(call, x, 1, f"makes elements of {new} bytes out of those of {old}")
    last = fixed(call, x.shape[-1], x.shape, "reads the bytes of the last axis as elements of another size")
    if last * old % new:
        raise ShapeError(
            "E306",
            f"a row of {last} elements of {x.dtype} has {last * old} bytes, which are no whole number of elements "
            f"of {dtype}",
            help=f"the last axis must be a multiple of {new // old}",
            argument="dtype",
        )
    return given((*x.shape[:-1], last * old // new), dtype)


def size(call: Call) -> Inferred:
    """Any shape → one number: how many elements there are, those of the whole batch."""
    return given((), "int32")


PAIR_OF_AXES: Final = list_of(integer(), 2)
SHIFT: Final = either(integer(), list_of(integer(), minimum=1))
NEW_SHAPE: Final = either(integer(-1), list_of(integer(-1)))


def _axis(name: str, summary: str, kind: Kind = AXES) -> Argument:
    return Argument(name, kind, summary=summary)


OPS: Final = (
    op(
        "reshape", "Gives a tensor another shape with as many elements.", X, reshape,
        (Argument("newshape", NEW_SHAPE, summary="The new shape, batch axis and all; -1: what is left."),),
        check=check_newshape,
    ),
    op("ravel", "Puts all elements of the batch into one row.", X, ravel),
    op(
        "transpose", "Puts the axes into another order.", X, transpose,
        (Argument("axes", nullable(list_of(integer(), minimum=1)), None, "The axes in their new order, 0 being the "
                  "batch; none: back to front."),),
    ),
    op(
        "swapaxes", "Lets two axes change places.", X, swapaxes,
        (_axis("axis1", "One axis, 0 being the batch.", integer()),
         _axis("axis2", "What the first one changes places with, counted from 0 or from the end.", integer())),
    ),
    op(
        "moveaxis", "Moves axes to other places and leaves the rest in order.", X, moveaxis,
        (_axis("source", "The axis or axes that move."), _axis("destination", "New places, one for each of `source`.")),
        check=check_moveaxis,
    ),
    op(
        "expand_dims", "Puts in an axis of size 1, or several.", X, expand_dims,
        (_axis("axis", "Where the new axis stands in the result; 1 is right behind the batch axis."),),
    ),
    replace(
        op(
            "squeeze", "Leaves out axes of size 1.", X, squeeze,
            (Argument("axis", OPTIONAL_AXES, None, "The axis or axes of size 1 to leave out; none: all of size 1."),),
        ),
        told=axes_to_squeeze,
    ),
    op(
        "broadcast_to", "Repeats axes of size 1 until the tensor has a given shape.", X, broadcast_to,
        (Argument("shape", SHAPE, summary="The shape that comes out, batch axis and all."),),
    ),
    op("flip", "Turns the order of the elements around.", X, flip, (AXIS_OR_NONE,)),
    op("fliplr", "Turns the order along axis 1 around.", X, flipped(2, "axis 1")),
    op("flipud", "Turns the order along the batch axis around.", X, flipped(1, "axis 0")),
    op(
        "roll", "Shifts the elements along axes; what falls off at the end comes in at the front.", X, roll,
        (
            Argument("shift", SHIFT, summary="By how many places; a number for each axis."),
            Argument("axis", OPTIONAL_AXES, None, "The axis or axes; none: all elements as one row."),
        ),
    ),
    op(
        "rot90", "Turns the plane of two axes by quarter turns.", (tensor("array"),), rot90,
        (
            Argument("k", integer(), 1, "How many quarter turns."),
            Argument("axes", PAIR_OF_AXES, (0, 1), "The two axes of the plane; the batch axis is 0."),
        ),
    ),
    op(
        "view", "Takes the same bytes for numbers of another dtype.", X, view,
        (Argument("dtype", nullable(NUMERIC), None, "What to read the bytes as; none: as they are."),),
    ),
    op("size", "Counts the elements of the whole batch.", X, size),
)  # fmt: skip
