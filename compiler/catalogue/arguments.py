"""Arguments that many Keras objects share, described once."""

from __future__ import annotations

from typing import Final

from .kinds import (
    ACTIVATION,
    BOOLEAN,
    CONSTRAINT,
    INITIALIZER,
    REGULARIZER,
    SEED,
    Kind,
    an,
    choice,
    nullable,
    sizes,
)
from .record import Argument

POLICY: Final = nullable(an("dtype_policies", 'a dtype or dtype policy, such as "float32" or "mixed_float16"'))

LAYER_ARGUMENTS: Final = (
    Argument("trainable", BOOLEAN, True, "Whether training may change the layer's weights."),
    Argument("dtype", POLICY, None, "What the layer computes in and keeps its weights in."),
    Argument("activity_regularizer", REGULARIZER, None, "Makes large outputs of the layer cost something in the loss."),
)
"""What every layer takes."""

ACTIVATION_ARGUMENT: Final = Argument("activation", ACTIVATION, None, "Applied to the result, element by element.")
USE_BIAS: Final = Argument("use_bias", BOOLEAN, True, "Whether a learned offset is added to the result.")
SEED_ARGUMENT: Final = Argument("seed", nullable(SEED), None, "Makes the random numbers repeatable.")
DATA_FORMAT: Final = Argument(
    "data_format",
    nullable(choice("channels_last", "channels_first")),
    None,
    "Where the channel axis stands: behind the spatial axes, or before them.",
)


def weight_arguments(
    name: str, initializer: str, *, regularizer: bool = True, constraint: bool = True
) -> tuple[Argument, ...]:
    """``NAME_initializer``, ``NAME_regularizer`` and ``NAME_constraint`` for one weight of a layer."""
    words = name.replace("_", " ")
    parts = [
        Argument(f"{name}_initializer", INITIALIZER, initializer, f"What fills the {words} before training begins.")
    ]
    if regularizer:
        parts.append(
            Argument(f"{name}_regularizer", REGULARIZER, None, f"A penalty on the {words}, added to the loss.")
        )
    if constraint:
        parts.append(Argument(f"{name}_constraint", CONSTRAINT, None, f"What the {words} is held to after each step."))
    return tuple(parts)


def padding(*choices: str, default: str = "valid") -> Argument:
    """``padding``: what happens at the borders."""
    return Argument("padding", choice(*choices), default, "Whether the borders are padded so that no place is lost.")


def per_axis(name: str, rank: int, default: object, summary: str, minimum: int = 1) -> Argument:
    """An argument with one whole number for all spatial axes or one for each."""
    kind: Kind = sizes(rank, minimum)
    return Argument(name, kind, default, summary)
