"""Catalogue: activation functions as ops, element by element and along axes."""

from __future__ import annotations

from typing import Final

from ...sizes import at_least, known
from ...tensor import FLOATS, shape_text
from ..kinds import Kind, integer
from ..kinds import number as a_number
from ..record import Argument, Call, Inferred, Record, Rule, ShapeError
from .operands import OPTIONAL_AXES, Operand, axes_of, given, op, operand, tensor

X: Final = (tensor("x", "What to apply it to."),)
ANY: Final = a_number()
POSITIVE: Final = a_number(above=0)
LAST: Final = Argument("axis", OPTIONAL_AXES, -1, 'The axis or axes that belong together; "none" takes all.')


def real(call: Call, name: str = "x") -> Operand:
    """The operand, which must hold fractions: what Keras announces for whole numbers, it can't compute.

    Raises:
        ShapeError: E304 if it holds whole numbers or truth values.
    """
    x = operand(call, name)
    if x.dtype not in FLOATS and x.dtype != "float":
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} computes with fractions, but `{name}` holds {x.dtype}",
            help='make fractions of them first: `{ type = "ops.cast", dtype = "float32" }`',
            port=name,
        )
    return x


def smooth(cost: int = 1) -> Rule:
    """Element by element, shape and dtype kept; ``cost`` operations an element."""

    def rule(call: Call) -> Inferred:
        x = real(call)
        return given(x.shape, x.dtype, x.size * cost)

    return rule


def cut_off(call: Call) -> Inferred:
    """Element by element, whole numbers too; 1 operation an element."""
    x = operand(call, "x")
    if x.dtype == "bool":
        return given(real(call).shape, "float32")
    return given(x.shape, x.dtype, x.size)


def leaky(call: Call) -> Inferred:
    """Element by element; whole numbers times a fraction are float32. 1 operation an element."""
    x = operand(call, "x")
    if x.dtype == "bool":
        return given(real(call).shape, "float32")
    return given(x.shape, x.dtype if x.dtype in FLOATS else "float32", x.size)


def along(call: Call) -> Inferred:
    """Along one axis, several or all; about 4 operations an element: the largest, its distance, exp, the share."""
    x = real(call)
    axes = axes_of(call, call["axis"], x.rank)
    if isinstance(call["axis"], tuple) and min(call["axis"]) < 0:
        raise ShapeError(
            "E307",
            f"Keras counts the axes of a list from the front alone: `axis = {list(call['axis'])}` does not run",
            help=f"write `axis = {list(axes)}`",
            argument="axis",
        )
    return given(x.shape, x.dtype, x.size * 4)


def gated(call: Call) -> Inferred:
    """The axis is halved: one half times the sigmoid of the other. 2 operations an element of the result."""
    x = real(call)
    (axis,) = axes_of(call, call["axis"], x.rank)
    size = x.shape[axis]
    if known(size) and size % 2:
        raise ShapeError(
            "E307",
            f"{call.layer.record.name} halves axis {axis}, which has {size} places: {shape_text(x.shape)}",
            help="give the layer before an even number of units or filters, or halve another `axis`",
            port="x",
        )
    half = size // 2
    if at_least(half, 0) is False:
        half = 0
    shape = (*x.shape[:axis], half, *x.shape[axis + 1 :])
    return given(shape, x.dtype, x.size)


def _smooth(name: str, summary: str, *arguments: Argument, aliases: tuple[str, ...] = (), cost: int = 1) -> Record:
    return op(name, summary, X, smooth(cost), arguments, home="nn", aliases=aliases)


def _fraction(name: str, default: float, summary: str, kind: Kind = ANY) -> Argument:
    return Argument(name, kind, default, summary)


OPS: Final = (
    op("relu", "Negative numbers become 0.", X, cut_off, home="nn"),
    op("relu6", "Cut off below 0 and above 6.", X, cut_off, home="nn"),
    op(
        "leaky_relu",
        "Negative numbers shrink to a part of themselves.",
        X,
        leaky,
        (_fraction("negative_slope", 0.2, "What negative numbers are multiplied by."),),
        home="nn",
    ),
    _smooth("elu", "Negative numbers bend smoothly towards a floor.",
            _fraction("alpha", 1.0, "How far below 0 the floor lies."), cost=3),
    _smooth("celu", "ELU in a form whose slope has no jump, whatever its floor.",
            _fraction("alpha", 1.0, "How far below 0 the floor lies."), cost=4),
    _smooth("selu", "ELU in a scale that keeps deep networks normalised.", cost=4),
    _smooth("gelu", "A smooth ReLU: each number times its place in the bell curve.",
            Argument("approximate", Kind({"type": "boolean"}, "true or false"), True,
                     "Whether tanh stands in for the exact curve, which is cheaper."), cost=8),
    _smooth("sigmoid", "Squeezed between 0 and 1: a probability.", cost=3),
    _smooth("log_sigmoid", "The logarithm of what `ops.sigmoid` gives: never above 0.", cost=4),
    _smooth("hard_sigmoid", "Sigmoid made of straight lines.", cost=3),
    _smooth("sparse_sigmoid", "A straight line from -1 to 1, flat outside.", cost=3),
    _smooth("silu", "A smooth ReLU: each number times its sigmoid.", aliases=("swish",), cost=4),
    _smooth("hard_silu", "SiLU made of straight lines and a parabola.", aliases=("hard_swish",), cost=4),
    _smooth("hard_tanh", "Cut off below -1 and above 1.", cost=2),
    _smooth("tanh_shrink", "Each number less its hyperbolic tangent: near 0 almost nothing is left.", cost=2),
    _smooth("softplus", "A smooth ReLU that is never zero: log(exp(x) + 1).", cost=3),
    _smooth("squareplus", "Like softplus, with a square root instead of exponentials.",
            _fraction("b", 4, "How round the bend is: 0 gives ReLU."), cost=4),
    _smooth("sparse_plus", "Like softplus, and exactly zero below -1.", cost=4),
    _smooth("softsign", "Squeezed between -1 and 1 by x / (1 + |x|).", cost=3),
    _smooth("soft_shrink", "Moved towards 0, and 0 where that would cross it.",
            _fraction("threshold", 0.5, "How far numbers are moved."), cost=2),
    _smooth("hard_shrink", "Small numbers become 0, the others stay.",
            _fraction("threshold", 0.5, "Up to which distance from 0 a number counts as small."), cost=2),
    op("softmax", "Shares that add up to 1.", X, along, (LAST,), home="nn"),
    op("log_softmax", "Logarithms of the shares of softmax, exact where those are tiny.", X, along, (LAST,), home="nn"),
    op(
        "sparsemax",
        "Like softmax, with exact zeros for what is far behind.",
        X,
        along,
        (Argument("axis", integer(), -1, "The axis whose numbers share what there is."),),
        home="nn",
    ),
    op(
        "glu",
        "One half of an axis, gated by the sigmoid of the other half.",
        X,
        gated,
        (Argument("axis", integer(), -1, "Along which axis the tensor is cut into halves."),),
        home="nn",
    ),
    op(
        "threshold",
        "Kept above a threshold, replaced below it.",
        X,
        smooth(),
        (
            Argument("threshold", ANY, summary="What a number must be above to be kept."),
            Argument("default_value", ANY, summary="What stands in for the others."),
        ),
        home="nn",
    ),
)  # fmt: skip
