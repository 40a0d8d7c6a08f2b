"""Catalogue: regularizers, penalties on weights or outputs that are added to the loss."""

from __future__ import annotations

from .kinds import choice
from .record import Argument, Record
from .refusal import base_class
from .training_arguments import NOT_NEGATIVE


def _regularizer(name: str, summary: str, *arguments: Argument, names: tuple[str, ...]) -> Record:
    return Record(
        name=name, family="regularizers", summary=summary, page="layers/regularizers", arguments=arguments, names=names
    )


REGULARIZERS = (
    _regularizer(
        "L1",
        "The sum of absolute values: drives numbers to exactly zero.",
        Argument("l1", NOT_NEGATIVE, 0.01, "How much the sum counts."),
        names=("l1",),
    ),
    _regularizer(
        "L2",
        "The sum of squares: keeps numbers small.",
        Argument("l2", NOT_NEGATIVE, 0.01, "How much the sum counts."),
        names=("l2",),
    ),
    _regularizer(
        "L1L2",
        "Absolute values and squares together.",
        Argument("l1", NOT_NEGATIVE, 0.0, "How much the sum of absolute values counts."),
        Argument("l2", NOT_NEGATIVE, 0.0, "How much the sum of squares counts."),
        names=("l1l2", "l1_l2"),
    ),
    _regularizer(
        "OrthogonalRegularizer",
        "Pushes the rows or columns of a matrix towards right angles.",
        Argument("factor", NOT_NEGATIVE, 0.01, "The weight of the penalty beside the loss."),
        Argument("mode", choice("rows", "columns"), "rows", "What is to stand at right angles."),
        names=("orthogonal_regularizer",),
    ),
    base_class("regularizers", "Regularizer", "layers/regularizers", "regularizer", "MyRegularizer"),
)
