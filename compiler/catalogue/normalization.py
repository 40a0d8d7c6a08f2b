"""Catalogue: layers that normalise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..tensor import Weight, shape_text
from .arguments import weight_arguments
from .calls import AXES, MASK_PORT, TRAINING, axes_of, elements, fractional, has_mask, known_axes
from .kinds import AXIS, BOOLEAN, FRACTION, LAYER, POSITIVE, Kind, nullable, number
from .record import Argument, ArgumentError, Call, Inferred, Object, Port, Record, ShapeError
from .rules import axis_of, float_input, result
from .sublayers import infer_inner, nested, nested_name, outer

EPSILON: Final = number(minimum=0)


def _epsilon(default: float) -> Argument:
    return Argument("epsilon", EPSILON, default, "Added to the variance, so that nothing is divided by 0.")


def _axis(kind: Kind, summary: str) -> Argument:
    return Argument("axis", kind, -1, summary)


def _affine(call: Call, shape: tuple[int, ...]) -> list[Weight]:
    """``gamma`` and ``beta``, as far as ``scale`` and ``center`` ask for them."""
    asked = (("gamma", "scale"), ("beta", "center"))
    return [Weight(name, shape, dtype=call.policy.variable) for name, argument in asked if call[argument]]


def batch_normalization(call: Call) -> Inferred:
    """The input's shape; a scale, an offset and moving statistics for each channel.

    In use it is one multiply-add an element: 2 operations.
    """
    x = float_input(call)
    axis = axis_of(call, call["axis"], x.rank)
    shape = known_axes(call, [axis])
    names = ["moving_mean", "moving_variance"]
    if call["renorm"]:
        names += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    weights = _affine(call, shape)
    weights += [Weight(name, shape, trainable=False, dtype=call.policy.variable) for name in names]
    return result(call, x.shape, weights, 2 * elements(x), mask=has_mask(call))


def check_renorm(arguments: Mapping[str, Any]) -> None:
    """``rmax`` must not be below ``rmin``.

    Raises:
        ArgumentError: if it is.
    """
    clipping = arguments["renorm_clipping"] or {}
    if clipping and not arguments["renorm"]:
        raise ArgumentError(
            "renorm_clipping",
            "`renorm_clipping` has no effect without `renorm = true`",
            help="add `renorm = true`, or take `renorm_clipping` away",
        )
    low, high = clipping.get("rmin"), clipping.get("rmax")
    if low is not None and high is not None and high < low:
        raise ArgumentError(
            "renorm_clipping",
            f"`rmax` must be at least `rmin`, found rmax = {high:g} and rmin = {low:g}",
            help="exchange the two numbers",
        )


def layer_normalization(call: Call) -> Inferred:
    """The input's shape; a scale and an offset for each place along the axes.

    Operations an element: 3 for mean and variance, 2 to normalise, 1 each for scale and offset.
    """
    x = float_input(call)
    written = call["axis"]
    axes_of(call)
    weights: list[Weight] = []
    if call["scale"] or call["center"]:
        # Keras sorts the axes as they are written, so that -1 comes before 1.
        order = sorted(written) if isinstance(written, tuple) else [written]
        weights = _affine(call, known_axes(call, [axis % x.rank for axis in order]))
    operations = 5 + bool(call["scale"]) + bool(call["center"])
    return result(call, x.shape, weights, operations * elements(x))


def group_normalization(call: Call) -> Inferred:
    """The input's shape; a scale and an offset for each channel. Operations as for LayerNormalization."""
    x = float_input(call)
    axis = axis_of(call, call["axis"], x.rank)
    (channels,) = known_axes(call, [axis])
    if channels == 0:
        raise ShapeError(
            "E303",
            f"GroupNormalization makes groups of channels, and {shape_text(x.shape)} has none along axis {axis}",
            help="name the axis of the channels with `axis`",
            argument="axis",
        )
    groups = channels if call["groups"] == -1 else call["groups"]
    if channels % groups:
        raise ShapeError(
            "E307",
            f"GroupNormalization cannot share {channels} channels evenly among `groups = {groups}`; "
            f"the input is {shape_text(x.shape)}",
            help=f"use a number that divides {channels}: {_divisors(channels)}; or -1 for one group a channel",
            argument="groups",
        )
    operations = 5 + bool(call["scale"]) + bool(call["center"])
    return result(call, x.shape, _affine(call, (channels,)), operations * elements(x))


def _divisors(number: int) -> str:
    """The divisors that people choose, the largest last."""
    found = [str(n) for n in range(1, min(number, 1024) + 1) if number % n == 0]
    return ", ".join(found if len(found) <= 8 else [*found[:7], "…"])


def unit_normalization(call: Call) -> Inferred:
    """The input's shape. Operations an element: 2 for the length, 1 to divide by it."""
    x = fractional(call, "divides by the length of each vector")
    axes_of(call)
    return result(call, x.shape, flops=3 * elements(x))


def rms_normalization(call: Call) -> Inferred:
    """The input's shape; a scale for each place along the axes.

    Operations an element: 2 for the mean square, 2 to normalise and scale.
    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """
    x = float_input(call)
    axes = axes_of(call)
    written = call["axis"]
    order = tuple(axis % x.rank for axis in sorted(written)) if isinstance(written, tuple) else axes
    if order != tuple(range(x.rank - len(order), x.rank)):
        # Keras multiplies by the scale without giving it back the axes that it lacks.
        raise ShapeError(
            "E307",
            f"RMSNormalization can scale only the last axes of its input, found `axis = {_plain(written)}` "
            f"for {shape_text(x.shape)}",
            help="use `axis = -1`, or bring the axes to the end with a `Permute` layer",
            argument="axis",
        )
    return result(
        call, x.shape, [Weight("scale", known_axes(call, order), dtype=call.policy.variable)], 4 * elements(x)
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def spectral_normalization(call: Call) -> Inferred:
    """What the wrapped layer gives; its kernel is divided by an estimate of its largest singular value.

    The estimate is renewed in training only, so that the wrapped layer's operations are all that counts.
    Source: Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    """
    x = float_input(call)
    layer: Object = call["layer"]
    found = infer_inner(call, layer, {layer.record.ports[0].name: (x,)})
    kernel = next((weight for weight in found.weights if weight.name in ("kernel", "embeddings")), None)
    if kernel is None:
        raise ShapeError(
            "E307",
            f"SpectralNormalization needs a layer with one kernel, and {layer.record.name} has none",
            help="wrap a `Dense`, a `Conv1D`, `Conv2D` or `Conv3D`, or an `Embedding`",
            argument="layer",
        )
    vector = Weight("vector_u", (1, kernel.shape[-1]), trainable=False, dtype=kernel.dtype)
    outputs = tuple(outer(call, output) for output in found.outputs)
    return Inferred(outputs, (*nested(nested_name(layer), found.weights, layer), vector), found.flops)


RENORM_CLIPPING: Final = nullable(
    Kind(
        {
            "type": "object",
            "properties": {
                "rmin": {"type": "number"},
                "rmax": {"type": "number"},
                "dmax": {"type": "number", "minimum": 0},
            },
            "additionalProperties": False,
        },
        "a table with `rmin`, `rmax` and `dmax`",
    )
)
GROUPS: Final = Kind(
    {"anyOf": [{"type": "integer", "minimum": 1}, {"const": -1}]},
    "a whole number of at least 1, or -1 for one group a channel",
    lambda value: int(value),
)
CENTER: Final = Argument("center", BOOLEAN, True, "Whether a learned offset is added.")
SCALE: Final = Argument("scale", BOOLEAN, True, "Whether the result is multiplied by a learned scale.")
AFFINE_INITIALIZERS: Final = (weight_arguments("beta", "zeros")[0], weight_arguments("gamma", "ones")[0])
AFFINE_LIMITS: Final = (*weight_arguments("beta", "zeros")[1:], *weight_arguments("gamma", "ones")[1:])
AFFINE: Final = (*AFFINE_INITIALIZERS, *AFFINE_LIMITS)

LAYERS: Final = (
    Record(
        name="BatchNormalization",
        family="layers",
        summary="Centres and scales each channel by its mean and spread over the batch.",
        page="layers/normalization_layers/batch_normalization",
        arguments=(
            _axis(AXIS, "Along which axis the channels stand, each with statistics of its own."),
            Argument("momentum", FRACTION, 0.99, "How slowly the moving statistics follow those of the batch."),
            _epsilon(0.001),
            CENTER,
            SCALE,
            *AFFINE_INITIALIZERS,
            *weight_arguments("moving_mean", "zeros", regularizer=False, constraint=False),
            *weight_arguments("moving_variance", "ones", regularizer=False, constraint=False),
            *AFFINE_LIMITS,
            Argument("renorm", BOOLEAN, False, "Whether training, too, is corrected towards the moving statistics."),
            Argument("renorm_clipping", RENORM_CLIPPING, None, "Limits of that correction."),
            Argument("renorm_momentum", FRACTION, 0.99, "How slowly the statistics of the correction follow."),
            Argument("synchronized", BOOLEAN, False, "Whether several devices share one batch's statistics."),
        ),
        ports=(Port("inputs"), MASK_PORT),
        options=(TRAINING,),
        masking="own",
        rule=batch_normalization,
        check=check_renorm,
    ),
    Record(
        name="LayerNormalization",
        family="layers",
        summary="Centres and scales each sample by its own mean and spread along the axes.",
        page="layers/normalization_layers/layer_normalization",
        arguments=(_axis(AXES, "The axis or axes to normalise over."), _epsilon(0.001), CENTER, SCALE, *AFFINE),
        masking="pass",
        rule=layer_normalization,
    ),
    Record(
        name="GroupNormalization",
        family="layers",
        summary="Centres and scales the channels of each sample in groups.",
        page="layers/normalization_layers/group_normalization",
        arguments=(
            Argument("groups", GROUPS, 32, "Number of groups that the channels are shared among."),
            _axis(AXIS, "Along which axis the channels stand, each with statistics of its own."),
            _epsilon(0.001),
            CENTER,
            SCALE,
            *AFFINE,
        ),
        masking="pass",
        rule=group_normalization,
    ),
    Record(
        name="UnitNormalization",
        family="layers",
        summary="Brings each vector along the axes to length 1.",
        page="layers/normalization_layers/unit_normalization",
        arguments=(_axis(AXES, "The axis or axes that a vector lies along."),),
        masking="pass",
        rule=unit_normalization,
    ),
    Record(
        name="RMSNormalization",
        family="layers",
        summary="Divides each sample by the root of its mean square along the axes.",
        page="layers/normalization_layers/rms_normalization",
        arguments=(
            _axis(AXES, "The last axis, or the last axes, to normalise over."),
            Argument("epsilon", EPSILON, 1e-6, "Added to the mean square, so that nothing is divided by 0."),
        ),
        ports=(Port("x"),),
        rule=rms_normalization,
    ),
    Record(
        name="SpectralNormalization",
        family="layers",
        summary="Wraps a layer and keeps the largest singular value of its kernel near 1.",
        page="layers/normalization_layers/spectral_normalization",
        arguments=(
            Argument("layer", LAYER, summary="The layer whose kernel is held."),
            Argument("power_iterations", POSITIVE, 1, "Steps of the estimate in each training step."),
        ),
        options=(Argument("training", nullable(BOOLEAN), False, "Renew the estimate (true) or not (false)."),),
        rule=spectral_normalization,
    ),
)
