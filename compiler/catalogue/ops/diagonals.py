"""Catalogue: operations on the diagonals of matrices, and matrices made of rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...sizes import Size, at_least, depends_on_batch, maximum, minimum, product
from ...tensor import shape_text
from ..kinds import BOOLEAN, INTEGER, integer, nullable
from ..record import Argument, Call, Inferred, Rule, ShapeError
from .fitting import axis_at, ranked
from .operands import given, kept, op, operand, tensor

X: Final = (tensor("x"),)
WIDE: Final = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}
"""Dtypes too small for sums → what a sum of them is kept in."""


def _length(rows: Size, columns: Size, offset: int) -> Size:
    """How long the diagonal is that lies so many places above the main one (below it for a negative number)."""
    below = minimum(rows, columns - offset) if offset > 0 else minimum(rows + offset, columns)
    return maximum(below, 0)


def _reached(call: Call, rows: Size, columns: Size, offset: int, argument: str, beyond: int = 1) -> None:
    """See that there is such a diagonal: TensorFlow fails where there is none.

    Raises:
        ShapeError: E307 if it lies outside of every matrix of this size.
    """
    inside = at_least(columns, offset + beyond) if offset > 0 else at_least(rows, beyond - offset)
    if inside is False:
        raise ShapeError(
            "E307",
            f"`{argument} = {offset}` lies outside of a matrix of {rows} rows and {columns} columns",
            help=f"write a smaller `{argument}`; 0 is the main diagonal, 1 the one above it, -1 the one below",
            argument=argument,
        )


def diagonal(call: Call) -> Inferred:
    """(…, rows, columns) → (…, places of the diagonal); the two axes may stand anywhere."""
    x = operand(call, "x")
    ranked(call, x, 2, "takes the diagonal of two axes")
    one, two = _two_axes(call, x.rank)
    _reached(call, x.shape[one], x.shape[two], call["offset"], "offset")
    others = [size for place, size in enumerate(x.shape) if place not in (one, two)]
    return given([*others, _length(x.shape[one], x.shape[two], call["offset"])], x.dtype)


def _two_axes(call: Call, rank: int) -> tuple[int, int]:
    one, two = axis_at(call, rank, "axis1"), axis_at(call, rank, "axis2")
    if one == two:
        raise ShapeError(
            "E307",
            f"`axis1` and `axis2` both name axis {one}",
            help="a matrix has two axes: name two different ones",
            argument="axis2",
        )
    return one, two


def trace(call: Call) -> Inferred:
    """(…, rows, columns) → (…): the sum of the diagonal; one addition for each of its places.

    Raises:
        ShapeError: E301 or E307; also where Keras makes a mask of the wrong size, for diagonals other than the main
            one of matrices that are longer, in that direction, than the diagonal is away.
    """
    x, offset = operand(call, "x"), call["offset"]
    ranked(call, x, 2, "adds up the diagonal of two axes")
    one, two = _two_axes(call, x.rank)
    rows, columns = x.shape[one], x.shape[two]
    _reached(call, rows, columns, offset, "offset", 0)
    longer = columns - rows if offset > 0 else rows - columns
    fits = True if offset == 0 else at_least(abs(offset), longer)
    if fits is False or (fits is None and depends_on_batch(longer)):
        raise ShapeError(
            "E307",
            f"on TensorFlow Keras fails at `offset = {offset}` for {rows} rows and {columns} columns",
            help="take the diagonal with `ops.diagonal` and add it up with `ops.sum` along the last axis",
            argument="offset",
        )
    others = [size for place, size in enumerate(x.shape) if place not in (one, two)]
    return given(others, WIDE.get(x.dtype, x.dtype), product(others) * _length(rows, columns, offset))


def diag(call: Call) -> Inferred:
    """(n,) → (n + |k|, n + |k|) with the values on diagonal k; (rows, columns) → the places of diagonal k."""
    x, k = operand(call, "x"), call["k"]
    if x.rank == 1:
        return given((x.shape[0] + abs(k),) * 2, x.dtype)
    if x.rank != 2:
        raise ShapeError(
            "E301",
            f"ops.diag takes one axis, or two, the batch axis counted; found {shape_text(x.shape)}",
            help="for the diagonals of a batch of matrices write `ops.diagonal` with `axis1 = -2, axis2 = -1`",
            port="x",
        )
    _reached(call, x.shape[0], x.shape[1], k, "k")
    return given((_length(x.shape[0], x.shape[1], k),), x.dtype)


def diagflat(call: Call) -> Inferred:
    """All elements, the whole batch, on diagonal k of one square matrix."""
    x = operand(call, "x")
    return given((x.size + abs(call["k"]),) * 2, x.dtype)


def triangle(*, lower: bool) -> Rule:
    """A rule: the same shape, of at least two axes; ``k`` reaches no further than the matrix does."""

    def rule(call: Call) -> Inferred:
        x, k = operand(call, "x"), call["k"]
        ranked(call, x, 2, "cuts a triangle out of the last two axes")
        size = x.shape[-1] if lower else x.shape[-2]
        if (k > 0) == lower and at_least(size, abs(k)) is False:
            raise ShapeError(
                "E307",
                f"`k = {k}` lies beyond the {size} {'columns' if lower else 'rows'} of {shape_text(x.shape)}, where "
                "nothing is left to cut off",
                help="write a smaller `k`, or take the entry away",
                argument="k",
            )
        return given(x.shape, x.dtype)

    return rule


def vander(call: Call) -> Inferred:
    """(n,) → (n, N): the powers 0 to N - 1 of each number; as many powers as numbers where N is none."""
    x, count = operand(call, "x"), call["N"]
    if x.rank != 1:
        raise ShapeError(
            "E301",
            f"ops.vander takes one number for each row of the batch, so a tensor of one axis, found "
            f"{shape_text(x.shape)}",
            help="`ops.power` with `ops.expand_dims` gives the powers of tensors with more axes",
            port="x",
        )
    powers = x.shape[0] if count is None else count
    return given((x.shape[0], powers), kept(x.dtype), x.shape[0] * powers)


def _record(name: str, summary: str, rule: Rule, arguments: Sequence[Argument]) -> Any:
    return op(name, summary, X, rule, arguments)


K: Final = Argument("k", INTEGER, 0, "Which diagonal: 0 is the main one, 1 lies above it, -1 below.")
OFFSET: Final = Argument("offset", INTEGER, 0, "Which diagonal: 0 is the main one, 1 lies above it, -1 below.")
PLANE: Final = (
    Argument("axis1", INTEGER, 0, "The axis of the rows; 0 is the batch."),
    Argument("axis2", INTEGER, 1, "Along which axis columns are counted."),
)

OPS: Final = (
    _record(
        "diag", "Makes a matrix with a row of numbers on its diagonal, or takes a diagonal out of one.", diag, (K,)
    ),
    _record("diagflat", "Makes one matrix with all elements on its diagonal.", diagflat, (K,)),
    _record("diagonal", "Takes a diagonal out of matrices.", diagonal, (OFFSET, *PLANE)),
    _record("trace", "Adds up a diagonal of matrices.", trace, (OFFSET, *PLANE)),
    _record("tril", "Sets what lies above a diagonal to zero.", triangle(lower=True), (K,)),
    _record("triu", "Sets what lies below a diagonal to zero.", triangle(lower=False), (K,)),
    _record(
        "vander",
        "Makes a row of powers out of each number.",
        vander,
        (
            Argument("N", nullable(integer(0)), None, "How many powers; none: as many as there are numbers."),
            Argument("increasing", BOOLEAN, False, "Whether the powers rise from 0, or fall to it."),
        ),
    ),
)
