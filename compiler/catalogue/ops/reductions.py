"""Catalogue: operations that make one number of those along axes, and running ones.

FLOPs for each element that goes in: one; two for a mean of squares (`norm`), three for variances and `logsumexp`. Axes
are counted with the batch axis as 0; without ``axis`` one number is made of all the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ...sizes import Size, depends_on_batch, same
from ...tensor import Shape, shape_text
from ..kinds import BOOLEAN, Kind, either, nullable
from ..record import Argument, Call, Inferred, Record, Rule, ShapeError
from .dtypes import floating
from .elementwise import OPTIONAL_DTYPE
from .literals import LITERAL, fits_dtype
from .operands import (
    AXES,
    OPTIONAL_AXES,
    OPTIONAL_AXIS,
    Operand,
    always,
    axes_of,
    given,
    has,
    kept,
    number,
    op,
    operand,
    several,
    tensor,
)
from .sorts import ANY, FRACTIONS, ORDERED, REAL, WIDE, Sort, demand

X: Final = (tensor("x"),)
SUMMED: Final = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}
"""Dtypes too small to sum in → the one that a sum or product has."""

AXIS_OR_AXES: Final = Argument(
    "axis", OPTIONAL_AXES, None, "The axis, or axes, that go; the batch is axis 0. None: all of them."
)
ONE_AXIS: Final = Argument("axis", OPTIONAL_AXIS, None, "The axis that goes; the batch is axis 0. None: all of them.")
KEEPDIMS: Final = Argument("keepdims", BOOLEAN, False, "Whether the axes stay, with a size of 1.")
INITIAL: Final = Argument("initial", nullable(LITERAL), None, "A number that takes part beside all the elements.")


def reduced(x: Operand, axes: Sequence[int], keepdims: bool) -> Shape:
    """The shape without those axes, or with 1 for them."""
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    return tuple(size for axis, size in enumerate(x.shape) if axis not in axes)


def over(dtype: Callable[[str], str] = kept, sort: Sort = ANY, cost: int = 1) -> Rule:
    """One number along the axes named ``axis``."""

    def rule(call: Call) -> Inferred:
        x = demand(call, "x", sort)
        axes = axes_of(call, call["axis"], x.rank)
        return given(reduced(x, axes, bool(call.layer.arguments.get("keepdims"))), dtype(x.dtype), x.size * cost)

    return rule


def summed(dtype: str) -> str:
    """The dtype of a sum: at least 32 bits for whole numbers."""
    return SUMMED.get(dtype, dtype)


def multiplied(dtype: str) -> str:
    """The dtype of a product: as that of a sum, but 64 bits without sign shrink."""
    return "uint32" if dtype == "uint64" else summed(dtype)


def counted(dtype: str) -> str:
    """The dtype of a running sum: truth values are counted."""
    return "int32" if dtype == "bool" else dtype


def prod(call: Call) -> Inferred:
    """Keras 3.15 announces ``dtype`` and goes on with that of the tensor; where they differ it is refused."""
    x, wanted = operand(call, "x"), call["dtype"]
    if wanted is None:
        return over(multiplied)(call)
    if wanted != x.dtype or wanted == "bool":
        raise ShapeError(
            "E304",
            f"ops.prod does not convert: the product of {x.dtype} stays {multiplied(x.dtype)}, whatever `dtype` says",
            help=f'take `dtype` away, and convert before: `ops.cast` with `dtype = "{wanted}"`',
            argument="dtype",
        )
    return over()(call)


def extreme(call: Call) -> Inferred:
    """The largest or smallest; ``initial`` must be a number of the dtype."""
    x = demand(call, "x", REAL)
    if call["initial"] is not None and x.dtype != "bool":
        fits_dtype(call, "initial", call["initial"], x.dtype)
    return over(kept, REAL)(call)


def running(call: Call) -> Inferred:
    """As many numbers as before; without an axis, all in a row."""
    x = operand(call, "x")
    dtype = counted(call["dtype"] or x.dtype)
    if call["axis"] is None:
        return given((x.size,), dtype, x.size)
    axes_of(call, call["axis"], x.rank)
    return given(x.shape, dtype, x.size)


def average(call: Call) -> Inferred:
    """Weights have the shape of the tensor, or one number for each place along the axis."""
    x = demand(call, "x", REAL)
    axes = axes_of(call, call["axis"], x.rank)
    if not has(call, "weights"):
        return given(reduced(x, axes, False), floating(x.dtype), x.size)
    weights = demand(call, "weights", REAL)
    dtype = floating(x.dtype, weights.dtype)
    alone = tuple(x.shape[axis] for axis in axes) if call["axis"] is not None else None
    if not _alike(weights.shape, x.shape) and (alone is None or not _alike(weights.shape, alone)):
        wanted = f"{shape_text(x.shape)}" + (f" or {shape_text(alone)}" if alone is not None else "")
        raise ShapeError(
            "E302",
            f"`weights` must have shape {wanted}, found {shape_text(weights.shape)}",
            help="give a weight for each element"
            + (
                "; with `axis`, one for each place along it"
                if alone is None
                else ", or one for each place along `axis`"
            ),
            port="weights" if "weights" in call.tensors else None,
            argument=None if "weights" in call.tensors else "weights",
        )
    return given(reduced(x, axes, False), dtype, x.size * 3)


def _alike(some: Shape, others: Shape) -> bool:
    return len(some) == len(others) and all(
        same(a, b) is not False and depends_on_batch(a) == depends_on_batch(b)
        for a, b in zip(some, others, strict=True)
    )


def moments(call: Call) -> Inferred:
    """Mean and variance, both of the dtype of the tensor."""
    x = demand(call, "x", Sort(FRACTIONS.dtypes | {"int32", "int64"}, "fractions, int32 or int64", "float32"))
    shape = reduced(x, axes_of(call, call["axes"], x.rank, "axes"), call["keepdims"])
    return several((shape, shape), (x.dtype, x.dtype), x.size * 4)


ORDERS: Final = {"inf": float("inf"), "-inf": float("-inf")}


def _order(value: Any) -> Any:
    return ORDERS.get(value, value) if isinstance(value, str) else value


ORDER: Final = nullable(
    either(LITERAL, Kind({"enum": ["fro", "nuc", "inf", "-inf"]}, '"fro", "nuc", "inf" or "-inf"', _order))
)


def norm(call: Call) -> Inferred:
    """Of vectors along one axis, or of matrices along two.

    Raises:
        ShapeError: E301 for more axes; E304, E307 where the order does not go with axes or dtype.
    """
    x, order, keepdims = operand(call, "x"), call["ord"], call["keepdims"]
    axes = axes_of(call, call["axis"], x.rank)
    if len(axes) not in (1, 2):
        raise ShapeError(
            "E301",
            f"ops.norm measures vectors (one axis) or matrices (two), but {shape_text(x.shape)} has {x.rank} axes",
            help="name one or two of them in `axis`: -1 is the last",
            argument=None if call["axis"] is None else "axis",
            port="x" if call["axis"] is None else None,
        )
    if len(axes) == 1 and isinstance(order, str):
        raise ShapeError(
            "E307",
            f'`ord = "{order}"` is a norm of matrices, and along one axis there are vectors',
            help="name two axes, or write a number for `ord`: 2 is the usual length",
            argument="ord",
        )
    if len(axes) == 2 and order not in (None, "fro", "nuc", *ORDERS.values(), 1, -1, 2, -2):
        raise ShapeError(
            "E307",
            f"`ord = {order}` is no norm of matrices, which lie along two axes",
            help='write 1, -1, 2, -2, "fro", "nuc", "inf" or "-inf", or name one axis',
            argument="ord",
        )
    cost: Size = x.size * 2
    if len(axes) == 2 and order in ("nuc", 2, -2):
        demand(call, "x", WIDE, x, floating(x.dtype))
        written = call["axis"]
        if keepdims and written is not None and (list(written) != sorted(written) or min(written) < 0):
            raise ShapeError(
                "E307",
                "with `keepdims = true` this norm puts its axes back where `axis` says only if they are counted from "
                "the front, the smaller first",
                help=f"write `axis = {sorted(axes)}`",
                argument="axis",
            )
        rows, columns = (x.shape[axis] for axis in axes)
        cost = x.size * 2 * (rows + columns)
    return given(reduced(x, axes, keepdims), floating(x.dtype), cost)


def reduction(name: str, summary: str, rule: Rule, *more: Argument, axis: Argument = AXIS_OR_AXES,
              home: Any = "numpy") -> Record:  # fmt: skip
    """The record of a reduction with ``axis`` and ``keepdims``."""
    return op(name, summary, X, rule, (axis, KEEPDIMS, *more), home=home)


PLAIN: Final = (
    reduction("sum", "Adds up along axes.", over(summed)),
    reduction("mean", "The mean along axes.", over(floating)),
    reduction("max", "The largest element along axes.", extreme, INITIAL),
    reduction("min", "The smallest element along axes.", extreme, INITIAL),
    reduction("amax", "The largest element along axes, without a number to start from.", over(kept, REAL)),
    reduction("amin", "The smallest element along axes, without a number to start from.", over(kept, REAL)),
    reduction("prod", "Multiplies all elements along axes.", prod, Argument(
        "dtype", OPTIONAL_DTYPE.kind, None, "That of the tensor, or nothing: Keras does not convert.",
    )),
    reduction("any", "Whether an element along axes is true, or not 0.", over(always("bool"))),
    reduction("all", "Whether all elements along axes are true, or not 0.", over(always("bool"))),
    reduction("std", "The standard deviation along axes, over n and not n - 1.", over(floating, REAL, 3)),
    reduction("var", "The variance along axes, over n and not n - 1.", over(floating, REAL, 3)),
    reduction("nansum", "Adds up along axes, NaN as 0.", over(summed, REAL)),
    reduction("nanmean", "The mean along axes of what is not NaN.", over(floating, REAL)),
    reduction("nanmax", "The largest element along axes that is not NaN.", over(kept, REAL)),
    reduction("nanmin", "The smallest element along axes that is not NaN.", over(kept, REAL)),
    reduction("nanprod", "Multiplies all elements along axes, NaN as 1.", over(multiplied, REAL)),
    reduction("nanstd", "The standard deviation along axes of what is not NaN.", over(floating, REAL, 3)),
    reduction("nanvar", "The variance along axes of what is not NaN.", over(floating, REAL, 3)),
    reduction("ptp", "The distance from the smallest to the largest element along axes.", over(kept, ORDERED, 2)),
    reduction("logsumexp", "log(sum(exp(x))) along axes, where exp alone would be too large.", over(kept, FRACTIONS, 3),
              home="math"),
    reduction("argmax", "Where along an axis the largest element stands.", over(always("int32"), REAL), axis=ONE_AXIS),
    reduction("argmin", "Where along an axis the smallest element stands.", over(always("int32"), REAL), axis=ONE_AXIS),
    reduction("nanargmax", "Where along an axis the largest element stands that is not NaN; -1 if all are.",
              over(always("int32"), REAL), axis=ONE_AXIS),
    reduction("nanargmin", "Where along an axis the smallest element stands that is not NaN; -1 if all are.",
              over(always("int32"), REAL), axis=ONE_AXIS),
    op("count_nonzero", "Counts along axes what is true, or not 0.", X, over(always("int32")), (AXIS_OR_AXES,)),
)  # fmt: skip

ALONG: Final = Argument("axis", OPTIONAL_AXIS, None, "The axis to go along; none: all elements in a row.")
RUNNING_DTYPE: Final = Argument(
    "dtype", OPTIONAL_DTYPE.kind, None, "The dtype to compute in; none: that of the tensor."
)

RUNNING: Final = (
    op("cumsum", "The sum of each element and all before it.", X, running, (ALONG, RUNNING_DTYPE)),
    op("cumprod", "The product of each element and all before it.", X, running, (ALONG, RUNNING_DTYPE)),
    op("nancumsum", "The sum of each element and all before it, NaN as 0.", X, running, (ALONG, RUNNING_DTYPE)),
    op("nancumprod", "The product of each element and all before it, NaN as 1.", X, running, (ALONG, RUNNING_DTYPE)),
)

OPS: Final = (
    *PLAIN,
    *RUNNING,
    op("average", "The mean along an axis, each element as important as its weight.",
       (tensor("x"), number("weights", "How much each element counts; all the same if left out.", required=False)),
       average, (ONE_AXIS,)),
    op("moments", "Mean and variance along axes, as two outputs.", X, moments, (
        Argument("axes", AXES, summary="The axis, or axes, that go; the batch is axis 0."),
        KEEPDIMS,
        Argument("synchronized", BOOLEAN, False, "Whether all devices that train together share their batches."),
    ), home="nn"),
    op("norm", "The length of vectors, or the norm of matrices.", X, norm, (
        Argument("ord", ORDER, None, "Which norm: 2 and 1 for lengths, fro or nuc for matrices; none: the usual one."),
        Argument("axis", OPTIONAL_AXES, None, "One axis for vectors, two for matrices; the batch is axis 0."),
        KEEPDIMS,
    ), home="linalg"),
)  # fmt: skip
