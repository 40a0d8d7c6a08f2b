"""Catalogue: medians and quantiles, differences along an axis, integrals and correlations.

FLOPs: two for each element that is ordered, one for each difference, two for each product that is summed.
"""

from __future__ import annotations

from typing import Any, Final

from ...sizes import at_least, broadcast, depends_on_batch, known, maximum, product
from ...tensor import shape_text
from ..kinds import COUNT, INTEGER, NUMBER, Kind, choice, nullable
from ..record import Argument, Call, Inferred, Port, Record, Rule, ShapeError
from .dtypes import floating, promoted
from .literals import ROW
from .operands import axes_of, given, op, operand, tensor
from .reductions import AXIS_OR_AXES, KEEPDIMS, reduced
from .sorts import ANY, FRACTIONS, REAL, demand

X: Final = (tensor("x"),)
METHOD: Final = Argument(
    "method", choice("linear", "lower", "higher", "midpoint", "nearest"), "linear",
    "What is taken where the place falls between two elements.",
)  # fmt: skip


def _share(most: int) -> Kind:
    one = {"type": "number", "minimum": 0, "maximum": most}
    schema = {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
    words = f"a number from 0 to {most}, or a list of them"
    return Kind(schema, words, lambda value: tuple(value) if isinstance(value, list | tuple) else value)


def quantiles(*, holes: bool = False, asked: bool = True) -> Rule:
    """One number along the axes for each that is asked for, these on an axis in front.

    ``holes``: NaN is passed over, which Keras does for fractions and over all elements only. ``asked``: there is ``q``.
    """

    def rule(call: Call) -> Inferred:
        x = demand(call, "x", FRACTIONS if holes else REAL)
        axes = axes_of(call, call["axis"], x.rank)
        if holes and call["axis"] is not None:
            raise ShapeError(
                "E307",
                f"Keras 3.15 runs {call.layer.record.name} along an axis only outside of models: it counts the batch "
                "before there is one",
                help="leave `axis` away, or put numbers for NaN with `ops.nan_to_num` and take "
                f"`ops.{call.layer.record.name.removeprefix('ops.nan')}`",
                argument="axis",
            )
        shape = reduced(x, axes, call["keepdims"])
        if asked:
            q = demand(call, "q", REAL)
            if q.rank > 1:
                raise ShapeError(
                    "E301",
                    f"`q` must be one number or a row of them, found {q}",
                    help="`ops.ravel` puts all elements in a row",
                    port="q" if "q" in call.tensors else None,
                )
            shape = (*q.shape, *shape)
        return given(shape, floating(x.dtype), x.size * 2)

    return rule


def quantile(call: Call) -> Inferred:
    """As `percentile` with shares of 1; but Keras 3.15 loses ``method`` when a model runs."""
    if call["method"] != "linear":
        raise ShapeError(
            "E307",
            f'Keras 3.15 takes `method = "{call["method"]}"` of ops.quantile, and computes "linear" all the same',
            help="write `ops.percentile`, which heeds it, with `q` from 0 to 100",
            argument="method",
        )
    return quantiles()(call)


def diff(call: Call) -> Inferred:
    """One element less along the axis for each time."""
    x, n = demand(call, "a", ANY), call["n"]
    (axis,) = axes_of(call, call["axis"], x.rank)
    shape = tuple(maximum(size - n, 0) if index == axis else size for index, size in enumerate(x.shape))
    return given(shape, x.dtype, x.size * n)


def trapezoid(call: Call) -> Inferred:
    """The axis goes.

    Raises:
        ShapeError: E307 where ``x`` doesn't go with the axis; E302 where it is not as long.
    """
    y, x = demand(call, "y", REAL), call["x"]
    (axis,) = axes_of(call, call["axis"], y.rank)
    if call["axis"] < -1:
        raise ShapeError(
            "E307",
            f"Keras 3.15 runs ops.trapezoid with `axis = {call['axis']}` only outside of models",
            help=f"count from the front: `axis = {axis}`",
            argument="axis",
        )
    if x is not None:
        if call["axis"] not in (-1, 0):
            raise ShapeError(
                "E307",
                f"with `x` Keras integrates along the last axis, written as -1, and found `axis = {call['axis']}`",
                help="write `axis = -1`, and bring the axis there with `ops.moveaxis` if it is another",
                argument="axis",
            )
        steps = y.shape[axis] - 1
        if len(x) != 2 and (depends_on_batch(steps) or broadcast(steps, len(x) - 1) is None):
            raise ShapeError(
                "E302",
                f"`x` has {len(x)} places, but axis {axis} of {shape_text(y.shape)} has {y.shape[axis]}",
                help="write a place for each element along the axis, or `dx` if they are evenly spaced",
                argument="x",
            )
    return given(reduced(y, (axis,), False), floating(y.dtype), y.size * 4)


def correlated(dtype: str) -> str:
    """What rows of this dtype are correlated in."""
    return "float64" if dtype == "int64" else dtype if dtype in ("bfloat16", "float16", "float64") else "float32"


def correlate(call: Call) -> Inferred:
    """Two rows of known length.

    Raises:
        ShapeError: E301 for more axes, E305 where a length is not known, E303 where the second is longer.
    """
    rows = {name: operand(call, name) for name in ("x1", "x2")}
    for name, row in rows.items():
        place: dict[str, Any] = {"port": name} if name in call.tensors else {"argument": name}
        demand(call, name, REAL, row)
        if row.rank != 1:
            raise ShapeError(
                "E301",
                f"ops.correlate expects `{name}` in a row, with 1 axis, found {row}",
                help="`ops.ravel` puts all elements in a row; `Conv1D` slides over each row of a batch",
                **place,
            )
        if not known(row.shape[0]):
            raise ShapeError(
                "E305",
                f"ops.correlate must know how long `{name}` is, found {shape_text(row.shape)}",
                help="`Conv1D` slides over each row of a batch, however long",
                **place,
            )
    (first,), (second,) = rows["x1"].shape, rows["x2"].shape
    if call["mode"] == "valid" and at_least(first, second) is False:
        raise ShapeError(
            "E303",
            f"`x2` ({second} elements) does not fit into `x1` ({first}), so that nothing comes out",
            help='turn the two around, or write `mode = "full"`',
            port="x2" if "x2" in call.tensors else None,
            argument=None if "x2" in call.tensors else "x2",
        )
    sizes = {"valid": first - second + 1, "same": maximum(first, second), "full": first + second - 1}
    dtype = correlated(promoted(rows["x1"].dtype, rows["x2"].dtype))
    return given((sizes[call["mode"]],), dtype, product((first, second, 2)))


def share(name: str, summary: str, most: int, rule: Rule) -> Record:
    """The record of an op with ``q``."""
    ports = (
        tensor("x"),
        Port("q", literal=_share(most), summary=f"Which, from 0 to {most}: half of that is the median."),
    )
    return op(name, summary, ports, rule, (AXIS_OR_AXES, METHOD, KEEPDIMS))


PLACES: Final = nullable(Kind(ROW.schema, "a list of numbers", ROW.normal))

OPS: Final = (
    op("median", "The element in the middle along axes.", X, quantiles(asked=False), (AXIS_OR_AXES, KEEPDIMS)),
    op("nanmedian", "The element in the middle of all that are not NaN.", X, quantiles(holes=True, asked=False),
       (AXIS_OR_AXES, KEEPDIMS)),
    share("quantile", "The element below which a share of all lies, along axes.", 1, quantile),
    share("percentile", "The element below which a percentage of all lies, along axes.", 100, quantiles()),
    share("nanquantile", "The element below which a share of all that are not NaN lies.", 1, quantiles(holes=True)),
    share("nanpercentile", "The element below which a percentage of all that are not NaN lies.", 100,
          quantiles(holes=True)),
    op("diff", "How much each element is above the one before it, along an axis.", (tensor("a"),), diff, (
        Argument("n", COUNT, 1, "How many times differences are taken, of differences from the second on."),
        Argument("axis", INTEGER, -1, "The axis to go along."),
    )),
    op("trapezoid", "The area below a curve of which points are given.", (tensor("y"),), trapezoid, (
        Argument("x", PLACES, None, "Where the points are, going up; none: evenly spaced."),
        Argument("dx", NUMBER, 1.0, "How far apart the points are if `x` is not given."),
        Argument("axis", INTEGER, -1, "The axis to go along."),
    )),
    op("correlate", "Slides one row of numbers over another, and sums the products at each place.",
       (Port("x1", literal=ROW, summary="The row that lies still."),
        Port("x2", literal=ROW, summary="The row that slides.")), correlate, (
        Argument("mode", choice("valid", "same", "full"), "valid", "Whether rows overlap in full, by half or at all."),
    )),
)  # fmt: skip
