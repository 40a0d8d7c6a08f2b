"""Catalogue: operations that take places out of a tensor, or put values into places. They cost no FLOPs, save one
for each value that is added, multiplied or compared with what stands there."""

from __future__ import annotations

from typing import Any, Final

from ...sizes import Size, at_least, known, product
from ...tensor import FLOATS, INTEGERS, Shape, TensorType, shape_text
from ..kinds import choice, integer, list_of, nullable
from ..record import Argument, Call, Inferred, Port, ShapeError
from .dtypes import promoted
from .fitting import ONE_ROW, PLACE, PLACES, axis_at, meet, ranked, spread, whole
from .item_key import KEY, check_key, taken
from .literals import rows
from .operands import OPTIONAL_AXIS, Operand, given, op, operand, tensor

X: Final = (tensor("x"),)


def get_item(call: Call) -> Inferred:
    """Places, ranges and new axes as ``key`` says; see `item_key`."""
    return given(taken(call, call.x.shape, call["key"]), call.x.dtype)


def take(call: Call) -> Inferred:
    """Places of one axis, in the shape of ``indices``: x.shape[:axis] + indices.shape + x.shape[axis + 1:].

    Without ``axis`` places of all elements in one row: the shape of ``indices``.
    """
    x, indices = call.x, operand(call, "indices")
    whole(call, indices, "indices")
    if call["axis"] is None:
        _within(call, indices, product(x.shape))
        return given(indices.shape, x.dtype)
    axis = axis_at(call, x.rank)
    _within(call, indices, x.shape[axis])
    return given((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


def _within(call: Call, indices: Operand, size: Size) -> None:
    """See that places that the spec states are there: on a GPU others would silently give zeros.

    Raises:
        ShapeError: E307.
    """
    for place in _flat(indices.value) if indices.value is not None else ():
        if at_least(size, place + 1 if place >= 0 else -place) is False:
            raise ShapeError(
                "E307",
                f"`indices` names place {place}, but there are {size}",
                help="places count from 0, or back from -1 (the last)",
                argument="indices",
            )


def _flat(value: Any) -> list[int]:
    return [one for item in value for one in _flat(item)] if isinstance(value, tuple) else [value]


def take_along_axis(call: Call) -> Inferred:
    """A place of ``axis`` for each element of ``indices``, which has as many axes; the others broadcast.

    Without ``axis`` places of all elements in one row, by one row of ``indices``.
    """
    x, indices = call.x, operand(call, "indices")
    whole(call, indices, "indices", INTEGERS)
    shape: Shape = x.shape if call["axis"] is not None else (product(x.shape),)
    if indices.rank != len(shape):
        raise ShapeError(
            "E301",
            f"`indices` {indices} must have as many axes as what it takes from, {shape_text(shape)}"
            + ("" if call["axis"] is not None else " (without `axis` all elements stand in one row)"),
            help="bring both to the same number of axes with `ops.expand_dims`, or use `ops.take`",
            port="indices" if "indices" in call.tensors else None,
        )
    axis = 0 if call["axis"] is None else axis_at(call, len(shape))
    _within(call, indices, shape[axis])
    out: list[Size] = []
    for place, (size, count) in enumerate(zip(shape, indices.shape, strict=True)):
        joined = count if place == axis else spread(size, count)
        if joined is None:
            raise ShapeError(
                "E302",
                f"`indices` {indices} does not fit {shape_text(shape)}: axis {place} is {count} and {size}",
                help=f"all axes but axis {axis} must be the same, or 1 in one of the two",
                port="indices" if "indices" in call.tensors else None,
            )
        out.append(joined)
    return given(out, x.dtype)


def cut(call: Call) -> Inferred:
    """``shape`` places from ``start_indices`` on; -1 takes all that follow."""
    x, start = call.x, operand(call, "start_indices")
    sizes = call["shape"]
    _starts(call, x, start)
    if len(sizes) != x.rank:
        raise ShapeError(
            "E307",
            f"`shape` has {len(sizes)} sizes, but {shape_text(x.shape)} has {x.rank} axes",
            help="write a size for each axis, the batch axis too; -1 takes all from the start on",
            argument="shape",
        )
    out: list[Size] = []
    for axis, (size, count) in enumerate(zip(x.shape, sizes, strict=True)):
        first = start.value[axis] if start.value is not None else None
        if count == -1 and first is None:
            raise ShapeError(
                "E307",
                "`shape` takes all that follows (-1) from a start that is computed, so its size is not known",
                help="write how many places are taken",
                argument="shape",
            )
        taken_ = size - first if count == -1 and first is not None else count
        if at_least(size, (first or 0) + (0 if count == -1 else count)) is False:
            raise _outside(call, x.shape, axis, first or 0, taken_)
        out.append(taken_)
    return given(out, x.dtype)


def _outside(call: Call, shape: Shape, axis: int, first: int, count: Size) -> ShapeError:
    return ShapeError(
        "E307",
        f"{call.layer.record.name} would reach place {first} and {count} more of axis {axis}, but {shape_text(shape)} "
        f"has {shape[axis]} there",
        help="start and size together must stay within the axis",
    )


def _starts(call: Call, x: TensorType, start: Operand) -> None:
    """See that there is a start for each axis.

    Raises:
        ShapeError: E304, E307 or E301.
    """
    whole(call, start, "start_indices", ("int32", "int64"))
    given_port = "start_indices" in call.tensors
    if start.rank != 1 or meet(start.shape[0], x.rank) is None:
        raise ShapeError(
            "E307",
            f"`start_indices` must be one row with a number for each of the {x.rank} axes of {shape_text(x.shape)}, "
            f"found {start if given_port else list(start.value)}",
            help="write a number for each axis, the batch axis (0) first",
            argument=None if given_port else "start_indices",
            port="start_indices" if given_port else None,
        )
    if start.value is not None and min(start.value) < 0:
        raise ShapeError(
            "E307",
            f"`start_indices = {list(start.value)}` has a number below 0",
            help="count places from 0; `ops.get_item` takes places counted back from the end",
            argument="start_indices",
        )


def slice_update(call: Call) -> Inferred:
    """The shape of ``inputs``, with ``updates`` written from ``start_indices`` on.

    Raises:
        ShapeError: E301, E302, E304 or E307 where ``updates`` does not lie within ``inputs``.
    """
    x, start, updates = operand(call, "inputs"), operand(call, "start_indices"), operand(call, "updates")
    _starts(call, call.x, start)
    _same_dtype(call, x, updates)
    if updates.rank != x.rank:
        raise ShapeError(
            "E301",
            f"`updates` {updates} must have as many axes as {shape_text(x.shape)}",
            help="put axes of size 1 in with `ops.expand_dims`",
            port="updates" if "updates" in call.tensors else None,
        )
    for axis, (size, count) in enumerate(zip(x.shape, updates.shape, strict=True)):
        first = start.value[axis] if start.value is not None else 0
        if at_least(size, count + first) is False:
            raise _outside(call, x.shape, axis, first, count)
    return given(x.shape, x.dtype)


def _same_dtype(call: Call, x: Operand, updates: Operand) -> None:
    """See that what is written is of the dtype of the tensor; numbers of the spec become it where they can.

    Raises:
        ShapeError: E304.
    """
    holds = FLOATS if updates.dtype == "float32" else FLOATS | INTEGERS if updates.dtype == "int32" else ()
    if updates.dtype == x.dtype or (updates.value is not None and x.dtype in holds):
        return
    raise ShapeError(
        "E304",
        f"`updates` is of {updates.dtype} and goes into a tensor of {x.dtype}",
        help=f'put `{{ type = "ops.cast", dtype = "{x.dtype}" }}` before it'
        if "updates" in call.tensors
        else "write fractions (`1.0`) for a tensor of fractions and whole numbers for one of int32",
        port="updates" if "updates" in call.tensors else None,
        argument=None if "updates" in call.tensors else "updates",
    )


def _scattered(call: Call, shape: Shape, indices: Operand, values: Operand, port: str) -> None:
    """See that ``indices`` lists places of ``shape`` and that there is a value for each.

    Raises:
        ShapeError: E301, E302, E304, E305 or E307.
    """
    whole(call, indices, "indices")
    ranked(call, indices, 2, "takes a list of places, each a row of numbers", "indices")
    depth = indices.shape[-1]
    if not known(depth) or depth > len(shape):
        raise ShapeError(
            "E307",
            f"the last axis of `indices` {indices} holds the numbers of one place, which must be a fixed number, at "
            f"most {len(shape)}: {shape_text(shape)} has {len(shape)} axes",
            help="give `indices` a row of numbers for each place: its shape is (places, axes)",
            port="indices" if "indices" in call.tensors else None,
        )
    if indices.value is not None:
        for column, size in zip(zip(*_rows(indices.value), strict=True), shape, strict=False):
            for place in column:
                if place < 0 or at_least(size, place + 1) is False:
                    raise ShapeError(
                        "E307",
                        f"`indices` names place {place} of an axis of {size} in {shape_text(shape)}",
                        help="places count from 0; each row of `indices` has one for each axis, the batch axis first",
                        argument="indices",
                    )
    wanted = (*indices.shape[:-1], *shape[depth:])
    if values.rank != len(wanted) or any(meet(a, b) is None for a, b in zip(values.shape, wanted, strict=True)):
        raise ShapeError(
            "E302",
            f"`{port}` must have a value for each place of `indices`, so its shape must be {shape_text(wanted)}; "
            f"found {values}",
            help="`indices` names so many axes of each place; a value holds those that are left",
            port=port if port in call.tensors else None,
        )


def _rows(value: Any) -> list[tuple[int, ...]]:
    """The innermost lists of lists."""
    return [row for inner in value for row in _rows(inner)] if isinstance(value[0], tuple) else [value]


def scatter(call: Call) -> Inferred:
    """Zeros of ``shape`` with ``values`` added at ``indices``; there is no batch axis but what ``shape`` says."""
    indices, values = operand(call, "indices"), operand(call, "values")
    _scattered(call, call["shape"], indices, values, "values")
    return given(call["shape"], promoted(values.dtype), values.size)


def scatter_update(call: Call) -> Inferred:
    """The shape of ``inputs``, with ``updates`` put at the places that ``indices`` lists."""
    x, indices, updates = operand(call, "inputs"), operand(call, "indices"), operand(call, "updates")
    if call["reduction"] == "mul":
        for name, one in (("indices", indices), ("updates", updates)):
            if one.value is not None:
                raise ShapeError(
                    "E307",
                    f"to multiply, Keras needs tensors on TensorFlow, and `{name}` is a list",
                    help="multiply the whole tensor by a list of factors with `ops.multiply`",
                    argument=name,
                )
    _same_dtype(call, x, updates)
    _scattered(call, x.shape, indices, updates, "updates")
    return given(x.shape, x.dtype, 0 if call["reduction"] is None else updates.size)


def unravel_index(call: Call) -> Inferred:
    """(n,) places counted through → a row of places for each axis of ``shape``.

    For more axes Keras computes wrong places on TensorFlow, and nothing where the batch is not fixed.

    Raises:
        ShapeError: E301 for other than one axis; E304 for fractions.
    """
    indices, shape = operand(call, "indices"), call["shape"]
    whole(call, indices, "indices", INTEGERS)
    if indices.rank != 1:
        raise ShapeError(
            "E301",
            f"ops.unravel_index takes one row of places, found {shape_text(indices.shape)}",
            help="put them into one row with `ops.ravel`, and each result back with `ops.reshape`",
            port="indices",
        )
    types = tuple(TensorType(indices.shape, indices.dtype) for _ in shape)
    return Inferred(types, (), 2 * len(shape))


START: Final = Port("start_indices", literal=ONE_ROW, summary="Where to start, a number for each axis.")
INDICES: Final = Port("indices", literal=PLACES, summary="The places: lists of numbers, or a tensor.")
SIZES: Final = list_of(integer(-1), minimum=1)

OPS: Final = (
    op(
        "get_item", "Takes places and ranges out of a tensor, as in Python with square brackets.", X, get_item,
        (Argument("key", KEY, summary='What to take, an item for each axis, the batch first: "[:, 0]", "[:, ::2]".'),),
        check=check_key,
    ),
    op(
        "take", "Takes places of one axis by their numbers.",
        (*X, Port("indices", literal=PLACE, summary="The numbers of the places, in the shape that is wanted.")), take,
        (Argument("axis", OPTIONAL_AXIS, None, "Along which axis, 0 being the batch; none: all elements in one row."),),
    ),
    op(
        "take_along_axis", "Takes one place of an axis for each element of another tensor.", (*X, INDICES),
        take_along_axis,
        (Argument("axis", OPTIONAL_AXIS, None, "Along which axis, 0 being the batch; none: all elements in one row."),),
    ),
    op(
        "slice", "Cuts a block out of a tensor.", (tensor("inputs"), START), cut,
        (Argument("shape", SIZES, summary="How many places of each axis, the batch first; -1: all that follow."),),
        home="core",
    ),
    op(
        "slice_update", "Writes a block into a tensor.",
        (tensor("inputs"), START, rows("updates", "What is written: as many axes, none longer.")), slice_update,
        home="core",
    ),
    op(
        "scatter", "Puts values into a tensor of zeros, adding where two meet.",
        (INDICES, rows("values", "A value for each place.")), scatter,
        (Argument("shape", list_of(integer(1), minimum=1), summary="The shape that comes out, with no batch axis."),),
        home="core",
    ),
    op(
        "scatter_update", "Puts values into places of a tensor.",
        (tensor("inputs"), INDICES, rows("updates", "A value for each place.")), scatter_update,
        (Argument("reduction", nullable(choice("add", "max", "min", "mul")), None,
                  "How a value meets what stands there; none: it takes its place."),),
        home="core",
    ),
    op(
        "unravel_index", "Turns places counted through into places along each axis of a shape.",
        (tensor("indices"),), unravel_index,
        (Argument("shape", list_of(integer(1), minimum=1), summary="The shape through which the places count."),),
    ),
)  # fmt: skip
