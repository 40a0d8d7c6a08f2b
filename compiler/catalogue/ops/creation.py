"""Catalogue: operations that make a row of values between two tensors, and those that make tensors of numbers alone.

The latter can't be nodes of a graph, for Keras has no tensor to hang them on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...sizes import product
from ...tensor import FLOATS
from ..kinds import BOOLEAN, INTEGER, POSITIVE, nullable
from ..kinds import number as value
from ..record import Argument, ArgumentError, Call, Inferred, Record, Rule, ShapeError
from .dtypes import floating
from .fitting import NUMERIC, new_axes
from .operands import broadcasted, given, number, op, operand, refused_op

ENDS: Final = (
    number("start", "Where the row begins."),
    number("stop", "The last number of the row, if `endpoint` is true."),
)


def between(cost: int, *, geometric: bool = False) -> Rule:
    """A rule: two tensors that broadcast → a new axis with ``num`` values from one to the other.

    The dtype is that of ``dtype``, or what both promote to with a fraction; geometric rows compute in float32.
    Keras announces what ``start`` alone would give.
    """

    def rule(call: Call) -> Inferred:
        start, stop = operand(call, "start"), operand(call, "stop")
        shape = broadcasted(call, start=start, stop=stop)
        axis = new_axes(call, call["axis"], len(shape) + 1)[0]
        shape = (*shape[:axis], call["num"], *shape[axis:])
        natural = "float32" if geometric else floating(start.dtype, stop.dtype)
        if geometric and axis + start.rank > len(shape) - 1:
            raise ShapeError(
                "E307",
                f"Keras fails at geometric rows that stand behind or among the axes of `start`, {start}",
                help="write `axis = 0`, and move the rows with `ops.moveaxis`",
                argument="axis",
            )
        if geometric:
            for name, one in (("start", start), ("stop", stop)):
                if one.dtype == "bool":
                    raise ShapeError(
                        "E304",
                        f"{call.layer.record.name} takes numbers, and `{name}` holds truth values",
                        help='put `{ type = "ops.cast", dtype = "float32" }` before it',
                        port=name if name in call.tensors else None,
                    )
        return given(shape, call["dtype"] or natural, product(shape) * cost)

    return rule


def check_dtype(arguments: Mapping[str, Any]) -> None:
    """See that a geometric row is one of fractions.

    Raises:
        ArgumentError: E114.
    """
    if arguments["dtype"] not in (None, *FLOATS):
        raise ArgumentError(
            "dtype",
            f'`dtype = "{arguments["dtype"]}"` holds no fractions, and the row is computed by logarithms',
            help='write "float32", and round with `ops.cast` behind it',
        )


NUM: Final = Argument("num", POSITIVE, 50, "How many values the row has.")
ENDPOINT: Final = Argument("endpoint", BOOLEAN, True, "Whether the last value is `stop`, or one step before it.")
DTYPE: Final = Argument("dtype", nullable(NUMERIC), None, "The dtype of the result; none: fractions as they come in.")
AXIS: Final = Argument("axis", INTEGER, 0, "Where the row stands in the result; 0 is before the batch axis, -1 last.")
BASE: Final = Argument("base", value(above=0), 10, "Of what the values are powers.")


def _needs_none(name: str, summary: str, instead: str) -> Record:
    return refused_op(name, summary, "symbolic", f"it takes no tensor, so it can't be a node of a graph; {instead}",
                      home="numpy")  # fmt: skip


_LITERAL: Final = "write the numbers where they are used: `x2 = [1, 2, 3]`"
_SHAPED: Final = "`ops.{0}_like` takes the shape of a tensor, and a number alone does where arithmetic broadcasts"
_WINDOW: Final = "write the numbers where they are used, or take `ops.stft`, which has windows of its own"


def _windows(names: Sequence[tuple[str, str]]) -> tuple[Record, ...]:
    return tuple(_needs_none(name, f"Makes {shape} window, to weight a signal by.", _WINDOW) for name, shape in names)


OPS: Final = (
    op("linspace", "Makes rows of evenly spaced values between two tensors.", ENDS, between(2),
       (NUM, ENDPOINT, DTYPE, AXIS)),
    op("logspace", "Makes rows of powers whose exponents are evenly spaced.", ENDS, between(3),
       (NUM, ENDPOINT, BASE, DTYPE, AXIS)),
    op("geomspace", "Makes rows of values each of which is the same multiple of the one before.", ENDS,
       between(4, geometric=True), (NUM, ENDPOINT, DTYPE, AXIS), check=check_dtype),
    _needs_none("arange", "Counts from one number to another.",
                f"{_LITERAL}; to count along an axis of a tensor take `ops.cumsum` of `ops.ones_like`"),
    _needs_none("eye", "Makes a matrix with ones on a diagonal.", "write its rows: `x2 = [[1, 0], [0, 1]]`"),
    _needs_none("identity", "Makes a square matrix with ones on its diagonal.",
                "write its rows: `x2 = [[1, 0], [0, 1]]`"),
    _needs_none("tri", "Makes a matrix with ones below its diagonal.",
                "take `ops.tril` of `ops.ones_like`, or write its rows"),
    _needs_none("zeros", "Makes a tensor full of zeros.", _SHAPED.format("zeros")),
    _needs_none("ones", "Makes a tensor full of ones.", _SHAPED.format("ones")),
    _needs_none("empty", "Makes a tensor that holds anything.", _SHAPED.format("empty")),
    *_windows((("bartlett", "a triangular"), ("blackman", "a Blackman"), ("hamming", "a Hamming"),
               ("hanning", "a Hann"), ("kaiser", "a Kaiser"))),
    refused_op(
        "rearrange", "Changes axes by a pattern of words, as einops does.", "symbolic",
        "Keras multiplies all sizes of the pattern, and that of the batch is not known; say the same with `Reshape`, "
        "`Permute`, `ops.reshape` and `ops.transpose`",
        home="einops",
    ),
    refused_op(
        "shape", "Gives the sizes of a tensor.", "symbolic",
        "it gives numbers and no tensor, and a graph's sizes are fixed when it is built; `ops.size` counts elements, "
        "and `-1` in `newshape` stands for a size that is not known",
    ),
)  # fmt: skip
