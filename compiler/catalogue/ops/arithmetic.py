"""Catalogue: operations on pairs of elements, one from each of two tensors that broadcast.

FLOPs: one for each element of the result; `isclose` and `allclose` three (a difference, its bound, the comparison).
Python numbers count as int32 and float32 in some of Keras' functions and as nothing in others: see `settled`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ...sizes import known, product
from ...tensor import INTEGERS, shape_text
from ..kinds import BOOLEAN, Kind
from ..kinds import number as number_of
from ..record import Argument, Call, Inferred, Port, Record, Rule, ShapeError
from .dtypes import floating, promoted
from .literals import negative, rows
from .operands import EITHER, Operand, broadcasted, given, has, number, op, operand, operands
from .sorts import ANY, NUMERIC, ORDERED, REAL, WHOLE, Sort, demand

FIRST: Final = "What stands on the left: a tensor, or numbers that broadcast with the other."
SECOND: Final = "What stands on the right: a tensor, or numbers that broadcast with the other."
PAIR: Final = (number("x1", FIRST), number("x2", SECOND))
ROWS: Final = (rows("x1", FIRST), rows("x2", SECOND))
_WHOLE: Final = {"type": "integer"}
_WHOLES: Final = {"type": "array", "items": {"anyOf": [_WHOLE, {"type": "array", "items": _WHOLE}]}}
BITS: Final = Kind({"anyOf": [_WHOLES]}, "a list of whole numbers", lambda value: _whole(value))
BIT: Final = Kind({"anyOf": [_WHOLE, _WHOLES]}, "a whole number, or a list of them", lambda value: _whole(value))


def _whole(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_whole(one) for one in value)
    return int(value) if isinstance(value, float) else value


def settled(*dtypes: str) -> tuple[str, ...]:
    """Python's numbers as the tensors that some of Keras' functions make of them before they look at dtypes."""
    return tuple({"int": "int32", "float": "float32"}.get(dtype, dtype) for dtype in dtypes)


def remainder(*dtypes: str) -> str:
    """What `mod` gives: truth values are counted, and numbers settled."""
    found = promoted(*settled(*dtypes))
    return "int32" if found == "bool" else found


def fraction(*dtypes: str) -> str:
    """Fractions, with numbers settled."""
    return floating(*settled(*dtypes))


def length(*dtypes: str) -> str:
    """What `hypot` and `heaviside` give: fractions, of 64 bits for whole numbers of 64."""
    found = promoted(*dtypes)
    return "float64" if found == "int64" else floating(found)


def pairs(dtype: Callable[..., str] = promoted, sort: Sort = ANY, *, among: Callable[..., str] | None = None,
          cost: int = 1, look: Callable[[Call, Operand, Operand, str], None] | None = None) -> Rule:  # fmt: skip
    """Over two operands that broadcast. ``among`` makes the dtype that both are turned into, which must be of
    the sort (default: ``dtype``, where that is the one); ``look`` sees to numbers that a spec states."""

    def rule(call: Call) -> Inferred:
        (left, right), (a, b) = _operands(call)
        met = (among or dtype)(a.dtype, b.dtype)
        for name, x in ((left, a), (right, b)):
            demand(call, name, sort, x, met)
            if x.value is not None and not isinstance(x.value, tuple):
                negative(call, name, x.value, met)
        if look is not None:
            look(call, a, b, met)
        shape = broadcasted(call, **{left: a, right: b})
        return given(shape, dtype(a.dtype, b.dtype), product(shape) * cost)

    return rule


def _operands(call: Call) -> tuple[tuple[str, str], tuple[Operand, Operand]]:
    left, right = (port.name for port in call.layer.record.ports[:2])
    return (left, right), (operand(call, left), operand(call, right))


def flat(value: Any) -> list[Any]:
    """All numbers that a spec states for an operand, in a row; none for a tensor."""
    return (
        [one for item in value for one in flat(item)] if isinstance(value, tuple) else [] if value is None else [value]
    )


def always_bool(*_: str) -> str:
    """Truth values."""
    return "bool"


def bits(call: Call) -> Inferred:
    """Whole numbers on both sides; a lone number, where it may stand, takes the dtype of the other side."""
    (left, right), (a, b) = _operands(call)
    met = a.dtype if b.dtype == "int" else promoted(a.dtype, b.dtype)
    demand(call, left, WHOLE, a, met)
    demand(call, right, WHOLE, b, met)
    if b.dtype == "int":
        negative(call, right, b.value, met)
    shape = broadcasted(call, **{left: a, right: b})
    return given(shape, met, product(shape))


def ldexp(call: Call) -> Inferred:
    """Fractions of the first, of which the second, whole, is the exponent."""
    (_, right), (_, b) = _operands(call)
    demand(call, right, WHOLE, b)
    return pairs(floating, REAL)(call)


def no_zero(call: Call, a: Operand, b: Operand, met: str) -> None:
    """Whole numbers can't be divided by 0."""
    if met in INTEGERS and any(one == 0 for one in flat(b.value)):
        raise ShapeError(
            "E307",
            f"{call.layer.record.name} divides whole numbers by the 0 in `x2`, which has no result",
            help="write another number, or `0.0`, by which fractions may be divided",
            argument="x2",
        )


def no_bias(call: Call, a: Operand, b: Operand, met: str) -> None:
    """Keras 3.15 adds a second tensor that looks like a bias along the channel axis, wherever its own axis stands.

    It looks like one if a single known axis of it is not 1, and as large as the last axis of the first tensor or as
    that behind the batch axis. What then comes out differs from what Keras announces, at times in its numbers alone.
    """
    large = [(axis - b.rank, size) for axis, size in enumerate(b.shape) if size != 1]
    if a.rank < 2 or len(large) != 1:
        return
    axis, size = large[0]
    if not known(size) or size not in (a.shape[1], a.shape[-1]):
        return
    channel = -1 if a.shape[-1] == size else 1 - a.rank
    if axis != channel or b.rank > a.rank:
        raise ShapeError(
            "E302",
            f"ops.add takes `x2` {shape_text(b.shape)} for a bias and adds it along axis {channel % a.rank} of `x1` "
            f"{shape_text(a.shape)}, though from the last axis on the two meet elsewhere",
            help="turn them around, `x1` as `x2`: the sum is the same, and only the second is taken for a bias",
            port="x2" if "x2" in call.tensors else None,
            argument=None if "x2" in call.tensors else "x2",
        )


def no_negative_power(call: Call, a: Operand, b: Operand, met: str) -> None:
    """Whole numbers have whole powers only."""
    below = [one for one in flat(b.value) if one < 0]
    if met in INTEGERS and below:
        raise ShapeError(
            "E307",
            f"{call.layer.record.name} gives whole numbers here (dtype {met}), and those have no power below 0",
            help=f"write {below[0]}.0, which gives fractions",
            argument="x2",
        )


def allclose(call: Call) -> Inferred:
    """One truth value for all."""
    a, b = operand(call, "x1"), operand(call, "x2")
    pairs(always_bool, REAL, among=promoted)(call)  # sees to dtypes and shapes
    return given((), "bool", product(broadcasted(call, x1=a, x2=b)) * 3)


def where(call: Call) -> Inferred:
    """The three broadcast; the dtype is that of the two to choose from."""
    condition, a, b = (operand(call, name) for name in ("condition", "x1", "x2"))
    dtype = promoted(a.dtype, b.dtype)
    for name, x in (("x1", a), ("x2", b)):
        if x.value is not None and not isinstance(x.value, tuple):
            negative(call, name, x.value, dtype)
    shape = broadcasted(call, condition=condition, x1=a, x2=b)
    return given(shape, dtype, product(shape))


def select(call: Call) -> Inferred:
    """All broadcast; the choices and the default are of one dtype.

    Raises:
        ShapeError: E302 where there are not as many choices as conditions; E304 where dtypes differ, of
            which TensorFlow's NumPy would make float64.
    """
    conditions, choices = operands(call, "condlist"), operands(call, "choicelist")
    if len(conditions) != len(choices):
        raise ShapeError(
            "E302",
            f"ops.select takes a choice for each condition, found {len(conditions)} in `condlist` and {len(choices)} "
            "in `choicelist`",
            help="name as many tensors in both",
            port="choicelist",
        )
    default = operand(call, "default") if has(call, "default") else Operand((), "int", 0)
    dtype = choices[0].dtype
    plain = {"float16", "float32", "float64"}
    met = {"bool": {"bool"}, "int": INTEGERS | plain | {"bfloat16"}, "float": plain}.get(default.dtype, {default.dtype})
    wrong = next((index for index, one in enumerate(choices) if one.dtype != dtype), None)
    if wrong is not None:
        raise ShapeError(
            "E304",
            f"ops.select chooses among tensors of one dtype; the first is {dtype}, another {choices[wrong].dtype}",
            help=f'convert first: `ops.cast` with `dtype = "{dtype}"`',
            port="choicelist",
            index=wrong,
        )
    if dtype not in met and not (default.dtype == "bool" and default.value is not None):
        found = {"int": "a whole number", "float": "a fraction"}.get(default.dtype, default.dtype)
        raise ShapeError(
            "E304",
            f"ops.select chooses among tensors of one dtype; the choices are {dtype}, `default` is {found}",
            help="write `default = false`"
            if dtype == "bool" and default.value is not None
            else f'convert first: `ops.cast` with `dtype = "{dtype}"`',
            port="default" if "default" in call.tensors else None,
            argument="default" if has(call, "default") and "default" not in call.tensors else None,
        )
    if default.value is not None and not isinstance(default.value, tuple):
        negative(call, "default", default.value, dtype)
    every = {f"condlist[{index}]": one for index, one in enumerate(conditions)}
    every |= {f"choicelist[{index}]": one for index, one in enumerate(choices)}
    shape = broadcasted(call, **every, default=default)
    return given(shape, dtype, product(shape) * len(choices))


ARITHMETIC: Final = (
    op("add", "Adds two tensors.", PAIR, pairs(promoted, NUMERIC, look=no_bias)),
    op("subtract", "Takes the second tensor from the first.", PAIR, pairs(promoted, NUMERIC)),
    op("multiply", "Multiplies two tensors element by element; `ops.matmul` is the product of matrices.", PAIR,
       pairs(promoted, NUMERIC)),
    op("divide", "Divides the first tensor by the second; the result has fractions.", PAIR, pairs(floating),
       aliases=("true_divide",)),
    op("divide_no_nan", "Divides the first tensor by the second, and gives 0 where that is 0.", PAIR, pairs(floating)),
    op("floor_divide", "Divides the first tensor by the second and rounds down.", PAIR,
       pairs(promoted, ORDERED, look=no_zero)),
    op("mod", "What remains of a division, with the sign of the divisor.", PAIR,
       pairs(remainder, ORDERED, look=no_zero)),
    op("fmod", "What remains of a division, with the sign of the number divided.", PAIR,
       pairs(remainder, ORDERED, look=no_zero)),
    op("power", "Raises the first tensor to the power of the second.", PAIR,
       pairs(promoted, NUMERIC, look=no_negative_power)),
    op("maximum", "The larger of two elements; NaN if one is.", PAIR, pairs(promoted, ORDERED)),
    op("minimum", "The smaller of two elements; NaN if one is.", PAIR, pairs(promoted, ORDERED)),
    op("fmax", "The larger of two elements; the other where one is NaN.", PAIR, pairs(promoted, ORDERED)),
    op("fmin", "The smaller of two elements; the other where one is NaN.", PAIR, pairs(promoted, ORDERED)),
    op("arctan2", "The direction, in radians, of a point with height `x1` and width `x2`.", PAIR,
       pairs(fraction, REAL)),
    op("hypot", "The length of the longest side of a triangle with a right angle, from the two others.", ROWS,
       pairs(length, ORDERED, among=promoted)),
    op("heaviside", "0 below zero, 1 above it, and the second tensor at zero.", ROWS,
       pairs(length, ORDERED, among=promoted)),
    op("logaddexp", "log(exp(x1) + exp(x2)), where exp alone would be too large.", PAIR, pairs(fraction, REAL)),
    op("logaddexp2", "log2(2**x1 + 2**x2), where the powers alone would be too large.", PAIR, pairs(fraction, REAL)),
    op("ldexp", "The first tensor times 2 to the power of the second.", PAIR, ldexp),
    op("nextafter", "The number next to the first, towards the second, that the dtype can hold.", PAIR,
       pairs(fraction, REAL)),
)  # fmt: skip


def compared(name: str, summary: str, sort: Sort = ORDERED) -> Record:
    """The record of a comparison."""
    return op(name, summary, PAIR, pairs(always_bool, sort, among=promoted))


CLOSE: Final = (
    Argument("rtol", number_of(), 1e-05, "How far apart they may be, as a share of the second."),
    Argument("atol", number_of(), 1e-08, "How far apart they may be in any case."),
    Argument("equal_nan", BOOLEAN, False, "Whether NaN counts as close to NaN."),
)

COMPARISONS: Final = (
    compared("equal", "Whether two elements are the same.", ANY),
    compared("not_equal", "Whether two elements differ.", ANY),
    compared("greater", "Whether the first is above the second."),
    compared("greater_equal", "Whether the first is not below the second."),
    compared("less", "Whether the first is below the second."),
    compared("less_equal", "Whether the first is not above the second."),
    op("isclose", "Whether two elements are nearly the same; whole numbers must be the same.", PAIR,
       pairs(always_bool, REAL, among=promoted, cost=3), CLOSE),
    op("allclose", "Whether all elements are nearly the same, as one truth value.", PAIR, allclose, CLOSE),
    compared("logical_and", "Whether both are true, or not 0.", ANY),
    compared("logical_or", "Whether one of both is true, or not 0.", ANY),
    compared("logical_xor", "Whether one and only one is true, or not 0.", ANY),
)  # fmt: skip


def bitwise(name: str, summary: str, kind: Kind = BITS, aliases: tuple[str, ...] = ()) -> Record:
    """The record of an op on bits; ``kind`` is what may be written for ``y``."""
    return op(name, summary, (rows("x", kind=BITS), Port("y", literal=kind, summary=EITHER)), bits, aliases=aliases)


BITWISE: Final = (
    bitwise("bitwise_and", "Bits that are set in both."),
    bitwise("bitwise_or", "Bits that are set in one of both."),
    bitwise("bitwise_xor", "Bits that are set in one and only one."),
    bitwise("left_shift", "Moves bits up by `y` places, which doubles a number as often.", BIT,
            ("bitwise_left_shift",)),
    bitwise("right_shift", "Moves bits down by `y` places, which halves a number as often.", BIT,
            ("bitwise_right_shift",)),
)  # fmt: skip

OPS: Final = (
    *ARITHMETIC,
    *COMPARISONS,
    *BITWISE,
    op("where", "Takes each element from `x1` where the condition holds, else from `x2`.",
       (number("condition", "What decides: where it is true, or not 0, `x1` is taken."),
        number("x1", "What to take where the condition holds."), number("x2", "What to take elsewhere.")), where),
    op("select", "Takes each element from the choice whose condition holds first, else the default.",
       (Port("condlist", many=True, summary="The conditions, the first that holds counts."),
        Port("choicelist", many=True, summary="What to take, one tensor for each condition."),
        number("default", "What to take where none holds; 0 if left out.", required=False)), select),
)  # fmt: skip
