"""Catalogue: operations on each element of one tensor.

FLOPs: one for each element, whatever the function; none where elements are only copied or read differently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ...tensor import DTYPES
from ..kinds import BOOLEAN, INTEGER, NUMBER, choice, either, list_of, nullable
from ..record import Argument, Call, Inferred, Port, Record, Rule, ShapeError
from .dtypes import floating
from .literals import LITERAL, fits_dtype, joined_with
from .operands import always, given, kept, op, operand, tensor
from .sorts import ANY, FRACTIONS, NUMERIC, ORDERED, REAL, SIGNED, WHOLE, Sort, demand

X: Final = (tensor("x"),)
NUMERIC_DTYPE: Final = choice(*(dtype for dtype in DTYPES if dtype != "string"))
TO: Final = Argument("dtype", NUMERIC_DTYPE, summary="The dtype that comes out.")
OPTIONAL_DTYPE: Final = Argument("dtype", nullable(NUMERIC_DTYPE), None, "The dtype that comes out; none keeps it.")


def each(sort: Sort, dtype: Callable[[str], str] = floating, cost: int = 1) -> Rule:
    """Element by element over one tensor of a sort."""

    def rule(call: Call) -> Inferred:
        x = demand(call, call.layer.record.ports[0].name, sort)
        return given(x.shape, dtype(x.dtype), x.size * cost)

    return rule


def part(dtype: str) -> str:
    """The dtype of one part of a number: complex ones have two of 32 bits."""
    return "float32" if dtype == "complex64" else dtype


def turned(dtype: str) -> str:
    """The dtype of an angle."""
    return part(floating(dtype))


def double(dtype: str) -> str:
    """Fractions as they are, 64 bits for whole numbers of 64, else 32."""
    return "float64" if dtype == "int64" else "float32" if dtype == "complex64" else floating(dtype)


def squared(dtype: str) -> str:
    """The dtype as it is; truth values are counted."""
    return "int32" if dtype == "bool" else dtype


SIGNS: Final = Sort(NUMERIC.dtypes - {"uint64"}, NUMERIC.words, NUMERIC.cast)
ANGLES: Final = Sort(REAL.dtypes - {"uint64"}, REAL.words, REAL.cast)
BESSEL: Final = Sort(REAL.dtypes - {"bfloat16"}, "real numbers, except for bfloat16", "float32")
SINGLE: Final = Sort(REAL.dtypes - {"float16", "bfloat16", "float64"}, "float32 and whole numbers", "float32")
FRACTIONS_OR_COMPLEX: Final = Sort(FRACTIONS.dtypes | {"complex64"}, "fractions", "float32")


def simple(name: str, summary: str, sort: Sort = ANY, dtype: Callable[[str], str] = floating, *, home: Any = "numpy",
           aliases: tuple[str, ...] = ()) -> Record:  # fmt: skip
    """The record of an op that takes nothing but ``x``."""
    return op(name, summary, X, each(sort, dtype), home=home, aliases=aliases)


FUNCTIONS: Final = (
    simple("abs", "Takes the sign off each number; of a complex one its length remains.", ANY, part,
           aliases=("absolute",)),
    simple("angle", "The angle of each number in the complex plane, in radians: 0 above zero, pi below.", ANY, turned),
    simple("arccos", "The angle, in radians, whose cosine each number is; NaN beyond -1 and 1."),
    simple("arccosh", "The number whose hyperbolic cosine each number is; NaN below 1."),
    simple("arcsin", "The angle, in radians, whose sine each number is; NaN beyond -1 and 1."),
    simple("arcsinh", "The number whose hyperbolic sine each number is."),
    simple("arctan", "The angle, in radians, whose tangent each number is."),
    simple("arctanh", "The number whose hyperbolic tangent each number is; infinite at -1 and 1."),
    simple("bitwise_not", "Turns around each bit of whole numbers.", WHOLE, kept, aliases=("bitwise_invert",)),
    simple("cbrt", "The cube root of each number, also of negative ones.", REAL, double),
    simple("ceil", "Rounds each number up.", REAL),
    simple("conjugate", "Turns around the sign of the imaginary part.", NUMERIC, kept, aliases=("conj",)),
    simple("cos", "The cosine of each angle in radians."),
    simple("cosh", "The hyperbolic cosine of each number."),
    simple("deg2rad", "Degrees as radians.", ANGLES, double),
    simple("erf", "The error function: what share of a bell curve lies between -x and x.", FRACTIONS, kept,
           home="math"),
    simple("erfc", "One minus the error function, precise also where that is near 1.", FRACTIONS, kept, home="math"),
    simple("erfinv", "The number whose error function each number is; infinite at -1 and 1.", FRACTIONS, kept,
           home="math"),
    simple("exp", "Raises e to the power of each number."),
    simple("exp2", "Raises 2 to the power of each number.", SINGLE),
    simple("expm1", "Raises e to the power of each number and takes 1 off, precise also near 0."),
    simple("fabs", "Takes the sign off each number and gives fractions.", REAL),
    simple("floor", "Rounds each number down.", REAL),
    simple("i0", "The modified Bessel function of order 0, as in a Kaiser window.", BESSEL, double),
    simple("imag", "The imaginary part of complex numbers.", ANY, part),
    simple("isfinite", "Whether each number is neither infinite nor NaN.", FRACTIONS, always("bool")),
    simple("isinf", "Whether each number is infinite, on either side.", FRACTIONS, always("bool")),
    simple("isnan", "Whether each element is no number (NaN).", FRACTIONS, always("bool")),
    simple("isneginf", "Whether each number is minus infinity.", REAL, always("bool")),
    simple("isposinf", "Whether each number is plus infinity.", REAL, always("bool")),
    simple("isreal", "Whether each number has no imaginary part.", ANY, always("bool")),
    simple("log", "The natural logarithm of each number; NaN below 0."),
    simple("log10", "The logarithm to the base of 10."),
    simple("log1p", "The natural logarithm of each number plus 1, precise also near 0."),
    simple("log2", "The logarithm to the base of 2."),
    simple("logical_not", "True where an element is 0 or false, else false.", ANY, always("bool")),
    simple("negative", "Turns around the sign of each number.", SIGNED, kept),
    simple("rad2deg", "Radians as degrees.", ANGLES, double),
    simple("real", "The real part of complex numbers.", NUMERIC, part),
    simple("reciprocal", "1 divided by each number.", FRACTIONS_OR_COMPLEX, kept),
    simple("rsqrt", "1 divided by the square root of each number.", FRACTIONS_OR_COMPLEX, kept, home="math"),
    simple("sign", "-1, 0 or 1, as each number is below, at or above 0.", SIGNS, kept),
    simple("signbit", "Whether the bit of the sign is set: true below 0, and for -0.0.", REAL, always("bool")),
    simple("sin", "The sine of each angle in radians."),
    simple("sinc", "sin(pi x) / (pi x), and 1 at 0."),
    simple("sinh", "The hyperbolic sine of each number."),
    simple("sqrt", "The square root of each number; NaN below 0."),
    simple("square", "Multiplies each number by itself.", ANY, squared),
    simple("tan", "The tangent of each angle in radians."),
    simple("tanh", "The hyperbolic tangent of each number, between -1 and 1."),
    simple("trunc", "Takes the fraction off each number.", REAL, kept),
)  # fmt: skip


def clip(call: Call) -> Inferred:
    """The shape of the tensor; bounds must be numbers of its dtype, and fit its last axis if there are several."""
    x = demand(call, "x", REAL)
    dtype = squared(x.dtype)
    for name in ("x_min", "x_max"):
        bound = call[name]
        fits_dtype(call, name, bound, dtype)
        if isinstance(bound, tuple):
            joined_with(call, x, name, (len(bound),))
    return given(x.shape, dtype, x.size * 2)


def copied(call: Call) -> Inferred:
    """Another dtype, or the same: no computation."""
    x = operand(call, call.layer.record.ports[0].name)
    return given(x.shape, call.layer.arguments.get("dtype") or x.dtype)


def nan_to_num(call: Call) -> Inferred:
    """The shape and dtype of the tensor."""
    x = demand(call, "x", REAL)
    return given(x.shape, x.dtype, x.size)


def saturate(call: Call) -> Inferred:
    """Another dtype.

    Raises:
        ShapeError: E304 for uint64, whose largest number Keras 3.15 turns into no other dtype of whole numbers.
    """
    x, dtype = demand(call, "x", REAL), call["dtype"]
    wide = {"uint64"} & {x.dtype, dtype}
    if wide and not (x.dtype in ("float16", "float32", "float64") or dtype in ("float16", "float32", "float64")):
        raise ShapeError(
            "E304",
            f"ops.saturate_cast cannot bound {x.dtype} by what {dtype} holds: the numbers of uint64 are too large",
            help="take int64 or uint32 in its place",
            argument="dtype",
        )
    if wide and "bfloat16" in (x.dtype, dtype):
        raise ShapeError(
            "E304",
            "ops.saturate_cast does not go between bfloat16 and uint64",
            help="take uint32 in place of uint64",
            argument="dtype",
        )
    return given(x.shape, dtype, x.size * 2)


BOUND: Final = either(LITERAL, list_of(NUMBER, minimum=1))
UNUSED: Final = "Makes a dense tensor of {} one with `false`; a spec has none of these."

CHANGES: Final = (
    op("cast", "Changes the dtype; what does not fit the new one wraps around or loses its fraction.", X, copied,
       (TO,), home="core"),
    op("saturate_cast", "Changes the dtype, and moves what does not fit the new one to its nearest end.", X, saturate,
       (TO,), home="core"),
    op("clip", "Moves what lies beyond two bounds to the bounds.", X, clip, (
        Argument("x_min", BOUND, summary="The lower bound, or one for each place along the last axis."),
        Argument("x_max", BOUND, summary="The upper bound, or one for each place along the last axis."),
    )),
    op("round", "Rounds each number, halves to the even neighbour.", X, each(ORDERED, kept), (
        Argument("decimals", INTEGER, 0, "How many digits remain behind the point; -2 rounds to hundreds."),
    )),
    op("nan_to_num", "Puts numbers in the place of NaN and of infinities.", X, nan_to_num, (
        Argument("nan", NUMBER, 0.0, "What stands for NaN."),
        Argument("posinf", nullable(NUMBER), None, "What stands for plus infinity; none: the largest number."),
        Argument("neginf", nullable(NUMBER), None, "What stands for minus infinity; none: the lowest number."),
    )),
    op("copy", "Gives the same numbers once more.", X, copied),
    op("array", "Hands on the tensor, in another dtype if one is given.", X, copied, (OPTIONAL_DTYPE,)),
    op("convert_to_tensor", "Hands on the tensor, in another dtype if one is given.", X, copied, (
        OPTIONAL_DTYPE,
        Argument("sparse", nullable(BOOLEAN), None, UNUSED.format("a sparse")),
        Argument("ragged", nullable(BOOLEAN), None, UNUSED.format("a ragged")),
    ), home="core"),
    op("stop_gradient", "Hands on the tensor, but training sees a constant in it.", (Port("variable"),), copied,
       home="core"),
)  # fmt: skip

OPS: Final = (*FUNCTIONS, *CHANGES)
