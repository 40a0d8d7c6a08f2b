"""Catalogue: schedules, by which the learning rate changes from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from .kinds import BOOLEAN, integer, list_of, nullable, number
from .record import REQUIRED, Argument, ArgumentError, Record
from .refusal import base_class
from .training_arguments import ABOVE_ZERO, NOT_NEGATIVE, STEPS, name_argument, real

START: Final = Argument("initial_learning_rate", NOT_NEGATIVE, REQUIRED, "The learning rate of the first step.")
DECAY_STEPS: Final = Argument("decay_steps", STEPS, REQUIRED, "Over how many steps, not epochs, the decay stretches.")
RATE: Final = Argument("decay_rate", NOT_NEGATIVE, REQUIRED, "How strongly the learning rate falls over `decay_steps`.")
STAIRCASE: Final = Argument("staircase", BOOLEAN, False, "Whether it falls in stairs, once every `decay_steps`.")
FLOOR: Final = Argument("alpha", NOT_NEGATIVE, 0.0, "What is left at the end, as a share of the highest rate.")


def _schedule(name: str, summary: str, *arguments: Argument, label: str | None = None, check: Any = None) -> Record:
    return Record(
        name=name,
        family="schedules",
        summary=summary,
        page=f"optimizers/learning_rate_schedules/{_PAGES[name]}",
        arguments=(*arguments, name_argument(label or name, "What its operations are called in a trace.")),
        check=check,
    )


_PAGES: Final = {
    "CosineDecay": "cosine_decay",
    "CosineDecayRestarts": "cosine_decay_restarts",
    "ExponentialDecay": "exponential_decay",
    "InverseTimeDecay": "inverse_time_decay",
    "PiecewiseConstantDecay": "piecewise_constant_decay",
    "PolynomialDecay": "polynomial_decay",
}


def _pieces(arguments: Mapping[str, Any]) -> None:
    boundaries, values = arguments["boundaries"], arguments["values"]
    if len(values) != len(boundaries) + 1:
        raise ArgumentError(
            "values",
            f"{len(boundaries)} boundaries part the steps into {len(boundaries) + 1} pieces, "
            f"but `values` has {len(values)}",
            help=f"give `values` {len(boundaries) + 1} learning rates, one for each piece",
            other="boundaries",
        )
    if any(left >= right for left, right in pairwise(boundaries)):
        raise ArgumentError(
            "boundaries",
            f"boundaries must rise from one to the next, found {list(boundaries)}",
            help="put the steps in rising order",
        )


def _warmup(arguments: Mapping[str, Any]) -> None:
    if arguments["warmup_target"] is None and arguments["warmup_steps"]:
        raise ArgumentError(
            "warmup_steps",
            "`warmup_steps` has no effect without `warmup_target`, the rate to climb to",
            help="add `warmup_target`, or leave `warmup_steps` out",
        )
    if arguments["warmup_target"] is not None and not arguments["warmup_steps"]:
        raise ArgumentError(
            "warmup_target",
            "`warmup_target` is never reached without `warmup_steps`",
            help="add `warmup_steps`, the number of steps of the climb",
        )


SCHEDULES = (
    _schedule(
        "CosineDecay",
        "Falls along half a cosine wave; with a warm-up it climbs in a line first.",
        START,
        DECAY_STEPS,
        FLOOR,
        Argument("warmup_target", nullable(NOT_NEGATIVE), None, "The rate to climb to before the decay begins."),
        Argument("warmup_steps", integer(minimum=0, maximum=2**31 - 1), 0, "How many steps the climb takes."),
        check=_warmup,
    ),
    _schedule(
        "CosineDecayRestarts",
        "Falls along half a cosine wave again and again, each time from a fresh start.",
        START,
        Argument("first_decay_steps", STEPS, REQUIRED, "Steps until the first restart."),
        Argument("t_mul", real(minimum=1), 2.0, "How many times longer each period is than the one before."),
        Argument("m_mul", NOT_NEGATIVE, 1.0, "How many times higher each restart is than the one before."),
        FLOOR,
        label="SGDRDecay",
    ),
    _schedule(
        "ExponentialDecay",
        "Multiplies the learning rate by the same factor over every stretch of steps.",
        START,
        DECAY_STEPS,
        Argument("decay_rate", ABOVE_ZERO, REQUIRED, "The factor for every `decay_steps` steps, such as 0.9."),
        STAIRCASE,
    ),
    _schedule(
        "InverseTimeDecay",
        "Divides the learning rate by a number that grows evenly with the steps.",
        START,
        DECAY_STEPS,
        RATE,
        STAIRCASE,
    ),
    _schedule(
        "PiecewiseConstantDecay",
        "Holds one learning rate up to a boundary, then the next one.",
        Argument("boundaries", list_of(number(minimum=0)), REQUIRED, "The steps at which the rate changes, rising."),
        Argument(
            "values", list_of(NOT_NEGATIVE, minimum=1), REQUIRED, "The rates: one more than there are boundaries."
        ),
        label="PiecewiseConstant",
        check=_pieces,
    ),
    _schedule(
        "PolynomialDecay",
        "Falls from the first to the last learning rate along a power curve; in a line by default.",
        START,
        DECAY_STEPS,
        Argument("end_learning_rate", NOT_NEGATIVE, 0.0001, "What is reached after `decay_steps`, and kept."),
        Argument("power", NOT_NEGATIVE, 1.0, "The exponent of the curve: 1 is a straight line."),
        Argument("cycle", BOOLEAN, False, "Whether it starts over beyond `decay_steps` instead of staying at the end."),
    ),
    base_class(
        "schedules",
        "LearningRateSchedule",
        "optimizers/learning_rate_schedules/learning_rate_schedule",
        "schedule",
        "MySchedule",
    ),
)
