"""Catalogue: layers that scale numbers and put them into bins before a model sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias

from ..sizes import Size, known, product, same
from ..tensor import TensorType, Weight, shape_text
from .categories import NOT_TAKEN, SPARSE, gathered, no_sparse_numbers, number_input, one_hot_shape, output_mode
from .kinds import AXIS, BOOLEAN, Kind, either, list_of, nullable, number
from .record import REQUIRED, Argument, ArgumentError, Call, Inferred, Record, ShapeError
from .rules import axis_of, float_input, result
from .training_arguments import NUMBERS, SIZE

Nested: TypeAlias = float | tuple["Nested", ...]


def _nested(depth: int, item: Mapping[str, Any]) -> dict[str, Any]:
    one: Mapping[str, Any] = item
    levels = [dict(item)]
    for _ in range(depth):
        one = {"type": "array", "items": dict(one), "minItems": 1}
        levels.append(dict(one))
    return {"anyOf": levels}


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else float(value)


# As deep as there are axes in an input that anybody has: batch, time, three of space, channels.
MEANS: Final = Kind(
    _nested(6, {"type": "number"}), "a number, or a list of numbers, nested where `axis` names several axes", _tuples
)
VARIANCES: Final = Kind(
    _nested(6, {"type": "number", "minimum": 0}),
    "a number of at least 0, or a list of them, nested like `mean`",
    _tuples,
)
SCALES: Final = either(number(), NUMBERS)


def _dimensions(value: Nested | None) -> tuple[int, ...] | None:
    """The shape of nested tuples; None where rows are of unequal length."""
    if not isinstance(value, tuple):
        return ()
    inner = {_dimensions(item) for item in value}
    only = inner.pop()
    return None if inner or only is None else (len(value), *only)


def _mean_and_variance(arguments: Mapping[str, Any]) -> None:
    mean, variance = arguments["mean"], arguments["variance"]
    if (mean is None) != (variance is None):
        given, missing = ("mean", "variance") if variance is None else ("variance", "mean")
        raise ArgumentError(
            given,
            f"`{given}` is given without `{missing}`",
            help=f"add `{missing}`, or leave both out and let them be learned from the data",
        )
    if mean is None:
        return
    shape = _dimensions(mean)
    if shape is None or shape != _dimensions(variance):
        raise ArgumentError(
            "variance",
            "`mean` and `variance` must be lists of the same lengths",
            help="give one variance for each mean",
            other="mean",
        )
    axes = _axes(arguments["axis"])
    if len(shape) > len(axes):
        raise ArgumentError(
            "mean",
            f"`mean` is nested {len(shape)} deep, but `axis` names {len(axes)} axes",
            help="give one number for each place along `axis`, or a single number",
            other="axis",
        )


def _axes(axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    return () if axis is None else (axis,) if isinstance(axis, int) else axis


def normalization(call: Call) -> Inferred:
    """Same shape; without ``mean`` and ``variance`` it keeps both, and a count, along ``axis``.

    A subtraction and a division for each element.
    """
    x = float_input(call)
    kept = sorted(axis_of(call, axis, x.rank) for axis in _axes(call["axis"]))
    if len(set(kept)) < len(kept):
        raise ShapeError(
            "E307",
            f"`axis` names one of the axes of {shape_text(x.shape)} twice",
            help="name each axis once; -1 is the last",
            argument="axis",
        )
    for axis in kept:
        if not known(x.shape[axis]):
            what = "the batch axis" if axis == 0 else f"`{x.shape[axis]}`"
            raise ShapeError(
                "E305",
                f"Normalization keeps a mean for each place along axis {axis}, so its size must be a number; "
                f"found {what} in {shape_text(x.shape)}",
                help="write a number for it in the input's `shape`, or choose another `axis`",
                argument="axis",
            )
    flops = 2 * product(x.shape[1:])
    if call["mean"] is not None:
        _fits(call, x, kept)
        return result(call, x.shape, flops=flops)
    places = tuple(x.shape[axis] for axis in kept)
    weights = [
        Weight("mean", places, False, call.policy.variable),
        Weight("variance", places, False, call.policy.variable),
        Weight("count", (), False, "int64"),
    ]
    return result(call, x.shape, weights, flops)


def _fits(call: Call, x: TensorType, kept: Sequence[int]) -> None:
    shape = _dimensions(call["mean"]) or ()
    for length, axis in zip(reversed(shape), reversed(kept), strict=False):
        if length not in (1, x.shape[axis]):
            raise ShapeError(
                "E307",
                f"`mean` has {length} numbers for axis {axis} of {shape_text(x.shape)}, which has size {x.shape[axis]}",
                help=f"give {x.shape[axis]} numbers, or a single one",
                argument="mean",
            )


def rescaling(call: Call) -> Inferred:
    """Same shape; a multiply-add for each element."""
    x = float_input(call)
    for name in ("scale", "offset"):
        values = call[name]
        if not isinstance(values, tuple) or len(values) == 1:
            continue
        last: Size | None = x.shape[-1] if x.rank > 1 else None
        if last is None or same(last, len(values)) is False:
            raise ShapeError(
                "E307",
                f"`{name}` has {len(values)} numbers, one for each place along the last axis of {shape_text(x.shape)}, "
                f"which {'is the batch axis' if last is None else f'has size {last}'}",
                help="give a single number" + (f", or {last}" if last is not None and known(last) else ""),
                argument=name,
            )
    return result(call, x.shape, flops=2 * product(x.shape[1:]))


def _bins(arguments: Mapping[str, Any]) -> None:
    boundaries, bins = arguments["bin_boundaries"], arguments["num_bins"]
    if boundaries is None and bins is None:
        raise ArgumentError(
            "num_bins",
            "Discretization needs its bins",
            help="add `num_bins` and let boundaries be learned from the data, or give `bin_boundaries`",
        )
    if boundaries is not None and bins is not None:
        raise ArgumentError(
            "num_bins",
            f"`bin_boundaries` makes {len(boundaries) + 1} bins by itself",
            help="leave `num_bins` out",
            other="bin_boundaries",
        )
    if boundaries is not None and any(left > right for left, right in pairwise(boundaries)):
        raise ArgumentError(
            "bin_boundaries",
            f"boundaries must rise from one to the next, found {list(boundaries)}",
            help=f"write `bin_boundaries = {sorted(boundaries)}`",
        )
    no_sparse_numbers(arguments)


def discretization(call: Call) -> Inferred:
    """The number of the bin of each element, or an encoding of it; comparisons are no FLOPs."""
    x = number_input(call)
    if x.dtype == "uint64":
        raise ShapeError(
            "E304",
            "Discretization compares numbers of up to 64 bits with a sign, but its input has dtype uint64",
            help='give the input `dtype = "int64"` or "float32"',
        )
    if call["output_mode"] == "int":
        return result(call, x.shape, dtype="int32")
    boundaries = call["bin_boundaries"]
    depth = call["num_bins"] if boundaries is None else len(boundaries) + 1
    shape = (
        one_hot_shape(x.shape, depth)
        if call["output_mode"] == "one_hot"
        else gathered(call, depth, call.policy.compute, deeper=True)
    )
    return result(call, shape)


LAYERS = (
    Record(
        name="Normalization",
        family="layers",
        summary="Moves and scales numbers to mean 0 and variance 1; learns both from the data unless they are given.",
        page="layers/preprocessing_layers/numerical/normalization",
        arguments=(
            Argument(
                "axis",
                nullable(either(AXIS, list_of(AXIS))),
                -1,
                "The axes whose places get a mean of their own; none: one for all.",
            ),
            Argument("mean", nullable(MEANS), None, "Stated instead of learned: what is taken off each feature."),
            Argument("variance", nullable(VARIANCES), None, "By the root of which is divided."),
            Argument("invert", BOOLEAN, False, "Whether it goes the other way, back to the original scale."),
        ),
        masking="pass",
        rule=normalization,
        check=_mean_and_variance,
    ),
    Record(
        name="Rescaling",
        family="layers",
        summary="Multiplies by one number and adds another, such as from 0 to 255 down to 0 to 1.",
        page="layers/preprocessing_layers/image_preprocessing/rescaling",
        arguments=(
            Argument("scale", SCALES, REQUIRED, "What is multiplied by: a number, or one for each channel."),
            Argument("offset", SCALES, 0.0, "What is added: a number, or one for each channel."),
        ),
        masking="pass",
        rule=rescaling,
    ),
    Record(
        name="Discretization",
        family="layers",
        summary="Puts numbers into bins.",
        page="layers/preprocessing_layers/numerical/discretization",
        arguments=(
            Argument("bin_boundaries", nullable(NUMBERS), None, "Where one bin ends and the next begins, rising."),
            Argument("num_bins", nullable(SIZE), None, "How many bins; boundaries are learned from the data."),
            Argument("epsilon", number(above=0, below=1), 0.01, "How far learned boundaries may be off."),
            output_mode("int", "one_hot", "multi_hot", "count"),
            SPARSE,
            Argument("trainable", NOT_TAKEN, None, "Discretization takes no such argument."),
            Argument("activity_regularizer", NOT_TAKEN, None, "Discretization takes no such argument."),
        ),
        rule=discretization,
        check=_bins,
    ),
)
