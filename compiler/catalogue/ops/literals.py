"""Numbers of a spec in the place of tensors: what kinds of them ops take, and whether a dtype can hold them."""

from __future__ import annotations

from typing import Any, Final

from ...sizes import same
from ...tensor import INTEGERS, Shape, shape_text
from ..kinds import Kind
from ..record import Call, Port, ShapeError
from .operands import EITHER, NUMBERS, Operand
from .sorts import UNSIGNED

LITERAL: Final = Kind({"type": "number"}, "a number")
"""One number; whether it has a fraction decides on dtypes, so it stays as it is written."""
LISTS: Final = Kind({"anyOf": list(NUMBERS.schema["anyOf"])[1:]}, "a list of numbers", NUMBERS.normal)
ROW: Final = Kind({"type": "array", "items": {"type": "number"}, "minItems": 1}, "a list of numbers", NUMBERS.normal)


def rows(name: str, summary: str = EITHER, *, required: bool = True, kind: Kind = LISTS) -> Port:
    """An argument that takes a tensor, or a list of numbers, but no lone number: Keras asks for its dtype."""
    return Port(name, required=required, literal=kind, summary=summary)


def fits_dtype(call: Call, name: str, value: Any, dtype: str) -> None:
    """See that numbers of the spec can be turned into a dtype, as TensorFlow does it.

    Raises:
        ShapeError: E307 where they have a fraction or a sign that it cannot hold.
    """
    values = value if isinstance(value, tuple) else (value,)
    if dtype in INTEGERS and any(isinstance(one, float) for one in values):
        raise ShapeError(
            "E307",
            f"`{name}` has a fraction, but {call.layer.record.name} computes with whole numbers here (dtype {dtype})",
            help='write whole numbers, or convert the tensor first: `ops.cast` with `dtype = "float32"`',
            argument=name,
        )
    negative(call, name, value, dtype)


def negative(call: Call, name: str, value: Any, dtype: str) -> None:
    """See that no number below 0 is to become one without a sign.

    Raises:
        ShapeError: E307 where one is.
    """
    values = value if isinstance(value, tuple) else (value,)
    if dtype in UNSIGNED and any(not isinstance(one, tuple) and one < 0 for one in values):
        raise ShapeError(
            "E307",
            f"`{name}` is below 0, but the numbers here have no sign (dtype {dtype})",
            help='convert the tensor first: `ops.cast` with `dtype = "int32"`',
            argument=name,
        )


def joined_with(call: Call, x: Operand, name: str, shape: Shape) -> None:
    """See that a list of the spec meets the last axes of ``x`` without making it larger.

    Raises:
        ShapeError: E302 where it doesn't.
    """
    met = x.shape[len(x.shape) - len(shape) :]
    for ours, theirs in zip(met, shape, strict=False):
        if theirs != 1 and not same(ours, theirs):  # where it is not known, a 1 would grow
            met = ()
    if len(met) != len(shape):
        raise ShapeError(
            "E302",
            f"`{name}` has shape {shape_text(shape)} and does not fit the last axis of {shape_text(x.shape)}",
            help="give one number for all, or one for each place along the last axis",
            argument=name,
        )
