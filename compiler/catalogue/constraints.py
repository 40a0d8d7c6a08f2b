"""Catalogue: constraints, what weights are held to after every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .kinds import AXIS, either, list_of
from .record import Argument, ArgumentError, Record
from .refusal import base_class
from .training_arguments import ABOVE_ZERO, NOT_NEGATIVE, SHARE

NORM_AXIS: Final = Argument(
    "axis", either(AXIS, list_of(AXIS, minimum=1)), 0, "The axis or axes that one vector stretches along."
)


def _constraint(name: str, summary: str, *arguments: Argument, names: tuple[str, ...], check: Any = None) -> Record:
    return Record(
        name=name,
        family="constraints",
        summary=summary,
        page="layers/constraints",
        arguments=arguments,
        names=names,
        check=check,
    )


def _bounds_in_order(arguments: Mapping[str, Any]) -> None:
    if arguments["min_value"] > arguments["max_value"]:
        raise ArgumentError(
            "min_value",
            f"no length lies between {arguments['min_value']:g} and {arguments['max_value']:g}",
            help="make `min_value` no larger than `max_value`",
            other="max_value",
        )


CONSTRAINTS = (
    _constraint(
        "MaxNorm",
        "No vector of weights may be longer than a bound.",
        Argument("max_value", ABOVE_ZERO, 2, "The greatest length."),
        NORM_AXIS,
        names=("max_norm",),
    ),
    _constraint(
        "MinMaxNorm",
        "Every vector of weights keeps its length between two bounds.",
        Argument("min_value", NOT_NEGATIVE, 0.0, "The least length."),
        Argument("max_value", NOT_NEGATIVE, 1.0, "The greatest length."),
        Argument("rate", SHARE, 1.0, "How far each step goes towards the bounds: 1 is all the way."),
        NORM_AXIS,
        names=("min_max_norm",),
        check=_bounds_in_order,
    ),
    _constraint("NonNeg", "Weights below zero become zero.", names=("non_neg",)),
    _constraint("UnitNorm", "Every vector of weights has length 1.", NORM_AXIS, names=("unit_norm",)),
    base_class("constraints", "Constraint", "layers/constraints", "constraint", "MyConstraint"),
)
