"""Catalogue: activations that are layers of their own."""

from __future__ import annotations

from typing import Final

from ..sizes import Size
from ..tensor import Weight, shape_text
from . import find
from .arguments import weight_arguments
from .calls import AXES, MASK_PORT, axes_of, elements, elementwise, fractional, has_mask, known_axes, one_or_more
from .kinds import ACTIVATION, NUMBER, nullable, number
from .record import Argument, Call, Inferred, Object, Port, Record, Rule, ShapeError
from .rules import float_input, result

NOT_NEGATIVE: Final = number(minimum=0)
WHOLE: Final = frozenset({"linear", "relu", "relu6", "leaky_relu", "tanh", "exponential"})
"""Activations that TensorFlow computes of whole numbers as well."""
TRUTH: Final = frozenset({"linear", "tanh", "exponential"})
"""Activations that it computes of truth values as well."""


def activation(call: Call) -> Inferred:
    """The input's shape; one operation an element."""
    x = float_input(call)
    function = call["activation"]
    named = find("activations", function) if isinstance(function, str) else None
    name = function.record.name if isinstance(function, Object) else named.name if named else None
    if name == "glu":
        raise ShapeError(
            "E307",
            'the activation "glu" halves the last axis of its input, which Keras\' `Activation` does not know',
            help='use the op instead: `type = "ops.glu"`',
            argument="activation",
        )
    if name is not None and name not in (TRUTH if x.dtype == "bool" else WHOLE):
        fractional(call, f'with "{name}" computes with fractions')
    return result(call, x.shape, flops=elements(x))


def relu(call: Call) -> Inferred:
    """The input's shape; one operation an element."""
    slope, threshold = call["negative_slope"], call["threshold"]
    whole = float(slope).is_integer() and (slope == 0 or float(threshold).is_integer())
    x = float_input(call) if whole else fractional(call, f"multiplies by {slope:g} what is below {threshold:g}")
    return result(call, x.shape, flops=elements(x))


def elu(call: Call) -> Inferred:
    """The input's shape; one operation an element."""
    x = fractional(call, "computes exponentials")
    return result(call, x.shape, flops=elements(x))


def prelu(call: Call) -> Inferred:
    """The input's shape; a learned slope for each place of a sample, save along shared axes.

    Two operations an element. Source: He et al., Delving Deep into Rectifiers, 2015.
    """
    x = fractional(call, "multiplies by learned slopes")
    written = call["shared_axes"]
    shared: tuple[int, ...] = () if written is None else written if isinstance(written, tuple) else (written,)
    for axis in shared:
        if axis >= x.rank:
            raise ShapeError(
                "E307",
                f"`shared_axes` names axis {axis}, but {shape_text(x.shape)} has {x.rank} axes",
                help=f"count from 1 (the first behind the batch axis) to {x.rank - 1}" if x.rank > 1 else None,
                argument="shared_axes",
            )
    own = [axis for axis in range(1, x.rank) if axis not in shared]
    sizes = dict(zip(own, known_axes(call, own), strict=True))
    shape: tuple[Size, ...] = tuple(sizes.get(axis, 1) for axis in range(1, x.rank))
    return result(call, x.shape, [Weight("alpha", shape, dtype=call.policy.variable)], 2 * elements(x))


def softmax(call: Call) -> Inferred:
    """The input's shape. Operations an element: exponential, sum, division: 3."""
    x = fractional(call, "computes exponentials")
    axes_of(call)
    if x.mask and x.rank > 2 and not call.tensors.get("mask"):
        # Keras builds such a model and fails at the first batch: the mask says which steps count, not which shares.
        raise ShapeError(
            "E302",
            f"a mask of steps travels with {shape_text(x.shape)}, and Softmax would take it for one of shares",
            help='use `{ type = "Activation", activation = "softmax" }`, which only hands the mask on',
            port="inputs",
        )
    return result(call, x.shape, flops=3 * elements(x), mask=has_mask(call))


def _slope(default: float) -> Argument:
    return Argument("negative_slope", NOT_NEGATIVE, default, "What values below the threshold are multiplied by.")


def _layer(name: str, summary: str, page: str, *arguments: Argument, rule: Rule) -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        page=f"layers/{page}",
        arguments=arguments,
        masking="pass",
        rule=rule,
    )


LAYERS: Final = (
    _layer(
        "Activation",
        "Applies a function to every element.",
        "core_layers/activation",
        Argument("activation", ACTIVATION, summary='What is applied to every element, such as "relu".'),
        rule=activation,
    ),
    _layer(
        "ReLU",
        "Keeps what is above the threshold and sets the rest to 0.",
        "activation_layers/relu",
        Argument("max_value", nullable(NOT_NEGATIVE), None, "No result is larger than this."),
        _slope(0.0),
        Argument("threshold", NOT_NEGATIVE, 0.0, "Values below it count as small."),
        rule=relu,
    ),
    _layer(
        "LeakyReLU",
        "Keeps what is above 0 and makes the rest small.",
        "activation_layers/leaky_relu",
        _slope(0.3),
        rule=elementwise(1),
    ),
    _layer(
        "PReLU",
        "Keeps what is above 0 and multiplies the rest by learned slopes.",
        "activation_layers/prelu",
        *weight_arguments("alpha", "Zeros"),
        Argument(
            "shared_axes", nullable(one_or_more(1, alike=True)), None, "Axes along which the slope is the same, from 1."
        ),
        rule=prelu,
    ),
    _layer(
        "ELU",
        "Keeps what is above 0 and bends the rest towards a lower limit.",
        "activation_layers/elu",
        Argument("alpha", NUMBER, 1.0, "The lower limit is minus this."),
        rule=elu,
    ),
    Record(
        name="Softmax",
        family="layers",
        summary="Turns numbers into shares that add up to 1 along the axes.",
        page="layers/activation_layers/softmax",
        arguments=(Argument("axis", AXES, -1, "Along which axis or axes the shares add up to 1."),),
        ports=(Port("inputs"), MASK_PORT),
        masking="own",
        rule=softmax,
    ),
)
