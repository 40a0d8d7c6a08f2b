"""Catalogue: layers that act in training only, against overfitting."""

from __future__ import annotations

from typing import Final

from ..sizes import known, same
from ..tensor import FLOATS, shape_text
from .arguments import DATA_FORMAT, SEED_ARGUMENT
from .kinds import BOOLEAN, FRACTION, POSITIVE, Kind, list_of, nullable, number
from .record import ONE, Argument, Call, Inferred, Record, Rule, ShapeError
from .rules import float_input, ranked, result

SOME: Final = number(minimum=0, below=1)
NOT_NEGATIVE: Final = number(minimum=0)


def noise(call: Call) -> Inferred:
    """The input's shape. In use the layer hands its input on: 0 operations."""
    x = float_input(call)
    if x.dtype not in FLOATS and _strength(call) > 0:
        name = call.layer.record.name
        raise ShapeError(
            "E304",
            f"{name} changes numbers at random and so needs numbers with a fraction, "
            f"but its input is of dtype {x.dtype}",
            help=f"put {name} behind the layer that makes such numbers of them, an `Embedding` or a `Rescaling`",
            port="inputs",
        )
    return result(call, x.shape)


def _strength(call: Call) -> float:
    strength: float = call["stddev" if call.layer.record.name == "GaussianNoise" else "rate"]
    return strength


def dropout(call: Call) -> Inferred:
    """The input's shape. In use the layer hands its input on: 0 operations.

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.
    """
    _check_noise_shape(call)
    return noise(call)


def _check_noise_shape(call: Call) -> None:
    """``noise_shape`` must broadcast to the input without changing its shape."""
    written = call["noise_shape"]
    if written is None:
        return
    shape, sizes = call.x.shape, tuple(written)
    fits = len(sizes) == len(shape) or (len(sizes) < len(shape) and None not in sizes)
    behind = shape[len(shape) - len(sizes) :]
    if fits and all(
        noise in (None, 1) or same(noise, size) is not False for noise, size in zip(sizes, behind, strict=True)
    ):
        return
    words = ", ".join('"none"' if size is None else str(size) for size in sizes)
    example = ", ".join(str(size) if known(size) else '"none"' for size in shape)
    raise ShapeError(
        "E307",
        f"`noise_shape = [{words}]` does not fit an input of shape {shape_text(shape)}",
        help=f"give one value for each axis, here [{example}], and 1 for each axis along which all is dropped together",
        argument="noise_shape",
    )


def spatial_dropout(rank: int, axes: str) -> Rule:
    """A rule for inputs of that rank: noise that is the same along all spatial axes."""

    def rule(call: Call) -> Inferred:
        ranked(call, rank, axes=axes)
        return noise(call)

    return rule


def activity_regularization(call: Call) -> Inferred:
    """The input as it is; its penalty is no part of the output: 0 operations."""
    return result(call, float_input(call).shape)


def _rate(kind: Kind = FRACTION) -> Argument:
    return Argument("rate", kind, summary="The share of the values that is dropped in training.")


NOISE_SHAPE: Final = Argument(
    "noise_shape",
    nullable(list_of(nullable(POSITIVE), minimum=1)),
    None,
    'The shape of the noise: 1 for an axis along which all is dropped together; "none" for an axis as it is.',
)
IN_TRAINING: Final = Argument("training", nullable(BOOLEAN), False, "Act as in training, in use as well.")


def _spatial(rank: int, axes: str, what: str) -> Record:
    name = f"SpatialDropout{rank}D"
    return Record(
        name=name,
        family="layers",
        summary=f"Sets whole channels of {what} to 0 in training.",
        page=f"layers/regularization_layers/spatial_dropout{rank}d",
        arguments=(
            _rate(),
            *((DATA_FORMAT,) if rank > 1 else ()),
            SEED_ARGUMENT,
        ),
        options=(IN_TRAINING,),
        masking="pass",
        rule=spatial_dropout(rank + 2, axes),
        without=frozenset({"trainable", "activity_regularizer"}),
    )


def _noise(name: str, page: str, summary: str, *arguments: Argument, rule: Rule = noise) -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        page=f"layers/regularization_layers/{page}",
        arguments=arguments,
        ports=ONE,
        options=(IN_TRAINING,),
        masking="pass",
        rule=rule,
    )


LAYERS: Final = (
    _noise(
        "Dropout",
        "dropout",
        "Sets a random share of its input to 0 in training.",
        _rate(),
        NOISE_SHAPE,
        SEED_ARGUMENT,
        rule=dropout,
    ),
    _spatial(1, "time, channels", "a sequence"),
    _spatial(2, "height, width, channels", "a picture"),
    _spatial(3, "depth, height, width, channels", "a volume"),
    _noise(
        "GaussianNoise",
        "gaussian_noise",
        "Adds normally distributed noise in training.",
        Argument("stddev", FRACTION, summary="The standard deviation of the noise."),
        SEED_ARGUMENT,
    ),
    _noise(
        "GaussianDropout",
        "gaussian_dropout",
        "Multiplies by normally distributed noise around 1 in training.",
        Argument("rate", SOME, summary="How strong the noise is: as strong as dropping that share."),
        SEED_ARGUMENT,
    ),
    _noise(
        "AlphaDropout",
        "alpha_dropout",
        "Drops a random share in training and keeps mean and spread; goes with the activation `selu`.",
        _rate(SOME),
        NOISE_SHAPE,
        SEED_ARGUMENT,
        rule=dropout,
    ),
    Record(
        name="ActivityRegularization",
        family="layers",
        summary="Hands its input on and adds a penalty on its size to the loss.",
        page="layers/regularization_layers/activity_regularization",
        arguments=(
            Argument("l1", NOT_NEGATIVE, 0.0, "Weight of the sum of absolute values."),
            Argument("l2", NOT_NEGATIVE, 0.0, "Weight of the sum of squares."),
        ),
        masking="pass",
        rule=activity_regularization,
        without=frozenset({"activity_regularizer"}),
    ),
)
