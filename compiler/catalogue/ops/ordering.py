"""Catalogue: operations that order elements, look for them, or gather those that belong together.

FLOPs: one for each element, for how many comparisons there are depends on what is found. Sizes that the values of a
batch decide are words of their own: ``found``, ``bins``, ``segments``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...sizes import Size, at_least, depends_on_batch, known, same, symbol
from ...tensor import Shape, shape_text
from ..kinds import BOOLEAN, COUNT, INTEGER, POSITIVE, Kind, choice, nullable
from ..record import Argument, Call, Inferred, Port, Record, Rule, ShapeError
from .literals import LITERAL, ROW
from .operands import OPTIONAL_AXIS, Operand, axes_of, given, kept, op, operand, several, tensor
from .sorts import NUMERIC, ORDERED, REAL, Sort, demand

X: Final = (tensor("x"),)
LAST_AXIS: Final = Argument("axis", OPTIONAL_AXIS, -1, "The axis to go along; none: all elements in a row.")
PLACES: Final = Sort(frozenset({"int32", "int64"}), "whole numbers of 32 or 64 bits", "int32")
SINGLE: Final = Sort(frozenset({"float32"}), "fractions of 32 bits", "float32")
BUCKETED: Final = Sort(REAL.dtypes - {"uint64"}, "real numbers, except for uint64", "int64")


def ordered(dtype: Callable[[str], str]) -> Rule:
    """As many elements as before; without an axis, all in a row."""

    def rule(call: Call) -> Inferred:
        x = demand(call, "x", REAL)
        if call["axis"] is None:
            return given((x.size,), dtype(x.dtype), x.size)
        axes_of(call, call["axis"], x.rank)
        return given(x.shape, dtype(x.dtype), x.size)

    return rule


def argpartition(call: Call) -> Inferred:
    """In a row only: Keras 3.15 marks the elements of one row in the others as well.

    Raises:
        ShapeError: E301 for more axes.
    """
    x = operand(call, "x")
    if call["axis"] is not None and x.rank > 1:
        raise ShapeError(
            "E301",
            f"ops.argpartition orders a row of numbers; of {shape_text(x.shape)} it would mix up the rows",
            help='`ops.argsort` orders along any axis; `axis = "none"` takes all elements in a row',
            port="x",
        )
    return ordered(places)(call)


def places(_: str) -> str:
    """The dtype of places along an axis."""
    return "int32"


def top_k(call: Call) -> Inferred:
    """The largest along the last axis, and where they stand."""
    x = demand(call, "x", ORDERED)
    axes_of(call, -1, x.rank)
    if at_least(x.shape[-1], call["k"]) is False:
        raise ShapeError(
            "E303",
            f"`k = {call['k']}`, but the last axis of {shape_text(x.shape)} has {x.shape[-1]} elements only",
            help="write a smaller `k`",
            argument="k",
        )
    shape = (*x.shape[:-1], call["k"])
    return several((shape, shape), (x.dtype, "int32"), x.size)


def in_top_k(call: Call) -> Inferred:
    """One truth value for each target."""
    targets, predictions = demand(call, "targets", PLACES), demand(call, "predictions", SINGLE)
    if targets.rank != 1 or predictions.rank != 2:
        raise ShapeError(
            "E301",
            "ops.in_top_k expects `targets` with 1 axis (batch) and `predictions` with 2 (batch, classes), found "
            f"{shape_text(targets.shape)} and {shape_text(predictions.shape)}",
            help="an input for class numbers is `shape = []`",
            port="targets" if targets.rank != 1 else "predictions",
        )
    _meet(call, "predictions", predictions, "targets", targets)
    return given(targets.shape, "bool", predictions.size)


def _meet(call: Call, first: str, x: Operand, second: str, y: Operand) -> None:
    """See that both have as many places along axis 0."""
    a, b = x.shape[0], y.shape[0]
    if same(a, b) is False or depends_on_batch(a) != depends_on_batch(b):
        raise ShapeError(
            "E302",
            f"`{second}` has one number for each place of `{first}` along axis 0, but the shapes are "
            f"{shape_text(y.shape)} and {shape_text(x.shape)}",
            help="give both the same size there",
            port=second if second in call.tensors else None,
            argument=None if second in call.tensors else second,
        )


def searchsorted(call: Call) -> Inferred:
    """Both in a row, of one dtype; places are of 64 bits where the length of the sorted row is not known."""
    row, values = demand(call, "sorted_sequence", ORDERED), demand(call, "values", ORDERED)
    for name, one in (("sorted_sequence", row), ("values", values)):
        if one.rank != 1:
            raise ShapeError(
                "E301",
                f"ops.searchsorted expects `{name}` in a row, with 1 axis, found {one}",
                help="`ops.ravel` puts all elements in a row, `ops.reshape` brings the result back",
                port=name if name in call.tensors else None,
                argument=None if name in call.tensors else name,
            )
    if row.dtype != values.dtype:
        literal = "sorted_sequence" not in call.tensors
        raise ShapeError(
            "E304",
            f"ops.searchsorted compares numbers of one dtype; `sorted_sequence` is {row.dtype}, `values` are "
            f"{values.dtype}",
            help="write all numbers with a point (1.0) for float32, all without for int32"
            if literal
            else f'convert first: `ops.cast` with `dtype = "{row.dtype}"`',
            port=None if literal else "values",
            argument="sorted_sequence" if literal else None,
        )
    return given(values.shape, "int32" if known(row.shape[0]) else "int64", values.size)


def digitize(call: Call) -> Inferred:
    """The number of a bin for each element."""
    x = demand(call, "x", BUCKETED)
    bins = call.layer.arguments["bins"]
    if bins is None:
        raise ShapeError(
            "E307", "`bins` must be numbers, not a tensor", help="write them as `bins = [0.0, 1.0]`", port="bins"
        )
    if list(bins) != sorted(bins):
        raise ShapeError(
            "E307",
            "`bins` must go up: each number is where the next bin begins",
            help="write the smallest first",
            argument="bins",
        )
    return given(x.shape, "int32", x.size)


def nonzero(call: Call) -> Inferred:
    """For each axis a row of places, as long as there are elements that are not 0."""
    x = operand(call, "x")
    axes_of(call, -1, x.rank)
    return several(((symbol("found"),),) * x.rank, ("int32",) * x.rank, x.size)


def unique(call: Call) -> Inferred:
    """The values, then what is asked for beside them, in Keras' order."""
    x = demand(call, "x", ORDERED if call["sorted"] else REAL)
    size: Size = symbol("found") if call["size"] is None else call["size"]
    if call["axis"] is None:
        shape: Shape = (size,)
        inverse = x.shape
    else:
        (axis,) = axes_of(call, call["axis"], x.rank)
        shape = tuple(size if index == axis else one for index, one in enumerate(x.shape))
        inverse = (x.shape[axis],)
    outputs = [(shape, x.dtype)]
    outputs += [((size,), "int32")] * call["return_index"] + [(inverse, "int32")] * call["return_inverse"]
    outputs += [((size,), "int32")] * call["return_counts"]
    return several([one for one, _ in outputs], [dtype for _, dtype in outputs], x.size)


def bincount(call: Call) -> Inferred:
    """Along the last axis: how often each number from 0 on is there."""
    x = demand(call, "x", REAL)
    if x.rank not in (1, 2):
        raise ShapeError(
            "E301",
            f"ops.bincount counts along the last of 1 or 2 axes, found {x.rank}: {shape_text(x.shape)}",
            help="bring the axes together with `Reshape` or `Flatten`",
            port="x",
        )
    return given((*x.shape[:-1], symbol("bins")), "int32", x.size)


def segments(call: Call) -> Inferred:
    """One place along axis 0 for each number of a segment."""
    data, ids = demand(call, "data", NUMERIC), demand(call, "segment_ids", PLACES)
    axes_of(call, 0, data.rank)
    if ids.rank != 1:
        raise ShapeError(
            "E301",
            f"`segment_ids` says to which segment each place along axis 0 belongs, in a row; found {ids}",
            help="an input for one number each is `shape = []`",
            port="segment_ids" if "segment_ids" in call.tensors else None,
            argument=None if "segment_ids" in call.tensors else "segment_ids",
        )
    _meet(call, "data", data, "segment_ids", ids)
    count: Size = symbol("segments") if call["num_segments"] is None else call["num_segments"]
    if call["sorted"] and call["num_segments"] is not None:
        raise ShapeError(
            "E307",
            "with `sorted = true` TensorFlow counts the segments itself and takes no `num_segments`",
            help="take one of the two away",
            argument="num_segments",
        )
    return given((count, *data.shape[1:]), data.dtype, data.size)


def segment(name: str, summary: str, sort: Sort = ORDERED) -> Record:
    """The record of an op on segments."""

    def rule(call: Call) -> Inferred:
        demand(call, "data", sort)
        return segments(call)

    return op(f"segment_{name}", summary, (tensor("data"), IDS), rule, SEGMENTED, home="math")


ID_ROW: Final = Kind({"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
                     "a list of whole numbers of at least 0",
                     lambda value: value if value is None else tuple(int(one) for one in value))  # fmt: skip
IDS: Final = Port("segment_ids", literal=ID_ROW, summary="The number of the segment of each place along axis 0.")
SEGMENTED: Final = (
    Argument("num_segments", nullable(POSITIVE), None, "How many segments there are; none: as the numbers say."),
    Argument("sorted", BOOLEAN, False, "Whether the numbers of the segments never go down."),
)
OPS: Final = (
    op("sort", "Orders the elements along an axis, the smallest first.", X, ordered(kept), (LAST_AXIS,)),
    op("argsort", "Where the elements stood before they were ordered.", X, ordered(places), (LAST_AXIS,)),
    op("argpartition", "Places of the elements, those up to the k-th smallest first; fractions are cut off before.", X,
       argpartition, (Argument("kth", INTEGER, summary="Which element divides the smaller from the larger."),
                         LAST_AXIS)),
    op("top_k", "The largest elements along the last axis and their places, as two outputs.", X, top_k, (
        Argument("k", POSITIVE, summary="How many of the largest are kept."),
        Argument("sorted", BOOLEAN, True, "Whether the largest stands first."),
    ), home="math"),
    op("in_top_k", "Whether the class of a target is among the most probable.",
       (tensor("targets", "Numbers of classes."), tensor("predictions", "One number for each class.")), in_top_k,
       (Argument("k", POSITIVE, summary="How many count as most probable."),), home="math"),
    op("searchsorted", "Where values would have to stand in a sorted row.",
       (Port("sorted_sequence", literal=ROW, summary="Numbers that never go down."),
        Port("values", literal=ROW, summary="Numbers whose places among the sorted ones are asked for.")), searchsorted,
       (Argument("side", choice("left", "right"), "left", "Before or behind elements that are the same."),)),
    op("digitize", "The number of the bin that each element falls into.",
       (tensor("x"), Port("bins", literal=ROW, summary="Where bins begin, going up.")), digitize),
    op("nonzero", "Where elements are that are not 0: one output for each axis.", X, nonzero),
    op("unique", "Each value once, and on demand where and how often it is there.", X, unique, (
        Argument("sorted", BOOLEAN, True, "Whether the smallest stands first."),
        Argument("return_index", BOOLEAN, False, "Whether an output says where each value first is."),
        Argument("return_inverse", BOOLEAN, False, "Whether an output says which of the values each element was."),
        Argument("return_counts", BOOLEAN, False, "Whether an output says how often each value is there."),
        Argument("axis", OPTIONAL_AXIS, None, "Compares what lies along this axis; none: single elements."),
        Argument("size", nullable(POSITIVE), None, "How many come out, cut off or filled up; none: all there are."),
        Argument("fill_value", nullable(LITERAL), None, "What fills up to `size`; none: 0."),
    )),
    op("bincount", "How often each whole number from 0 on is there, along the last axis.", X, bincount, (
        Argument("minlength", COUNT, 0, "How many numbers are counted at least."),
    )),
    segment("sum", "Adds up what belongs to one segment.", NUMERIC),
    segment("prod", "Multiplies what belongs to one segment.", NUMERIC),
    segment("max", "The largest of what belongs to one segment."),
    segment("min", "The smallest of what belongs to one segment."),
)  # fmt: skip
