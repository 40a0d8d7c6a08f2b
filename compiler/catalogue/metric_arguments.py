"""Catalogue: arguments that metrics share, and how the record of a metric is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from .kinds import AXIS, BOOLEAN, COUNT, either, integer, list_of, nullable, number
from .record import REQUIRED, Argument, Record
from .training_arguments import DTYPE_ARGUMENT, SHARE, SIZE, name_argument

PROBABILITY: Final = number(minimum=0, maximum=1)
# Keras tells several thresholds from one by their being a list, which a tuple is not.
PROBABILITIES: Final = replace(list_of(PROBABILITY, minimum=1), normal=list)
THRESHOLDS: Final = Argument(
    "thresholds",
    nullable(either(PROBABILITY, PROBABILITIES)),
    None,
    "From which probability on a prediction is a yes; a list measures at each.",
)
TOP_K: Final = Argument("top_k", nullable(SIZE), None, "Counts the so many likeliest classes as predicted.")
CLASS_ID: Final = Argument("class_id", nullable(integer(0, 2**31 - 1)), None, "Measures this class alone.")
LOGITS: Final = Argument(
    "from_logits", BOOLEAN, False, "Whether predictions are raw scores, without a softmax or sigmoid behind them."
)
SMOOTHING: Final = Argument("label_smoothing", SHARE, 0, "How far targets are moved from 0 and 1 towards the middle.")
CLASS_AXIS: Final = Argument("axis", AXIS, -1, "Along which axis the scores of the classes stand.")
VALUE_AXIS: Final = Argument("axis", AXIS, -1, "The axis along which vectors are compared.")
GRID: Final = Argument("num_thresholds", SIZE, 200, "How many cut-offs between 0 and 1 are tried to find the best one.")
CLASSES: Final = Argument(
    "num_classes", SIZE, REQUIRED, "How many kinds of things are told apart; numbers run from 0 to one less."
)
IGNORED: Final = Argument(
    "ignore_class",
    nullable(integer(-(2**31), 2**31 - 1)),
    None,
    "A class number that counts for nothing, such as a border.",
)
TARGET_CLASSES: Final = Argument("target_class_ids", list_of(COUNT, minimum=1), REQUIRED, "The classes averaged over.")
SPARSE_TRUE: Final = Argument("sparse_y_true", BOOLEAN, True, "Whether targets are class numbers, not one-hot.")


def sparse_prediction(default: bool) -> Argument:
    """Whether predictions are class numbers, with this default."""
    return Argument("sparse_y_pred", BOOLEAN, default, "Whether predictions are class numbers, not probabilities.")


PAGES: Final = {
    **dict.fromkeys(
        (
            "Accuracy",
            "BinaryAccuracy",
            "CategoricalAccuracy",
            "SparseCategoricalAccuracy",
            "TopKCategoricalAccuracy",
            "SparseTopKCategoricalAccuracy",
        ),
        "accuracy_metrics",
    ),
    **dict.fromkeys(
        ("BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "KLDivergence", "Poisson"),
        "probabilistic_metrics",
    ),
    **dict.fromkeys(
        (
            "MeanSquaredError",
            "RootMeanSquaredError",
            "MeanAbsoluteError",
            "CosineSimilarity",
            "MeanAbsolutePercentageError",
            "MeanSquaredLogarithmicError",
            "LogCoshError",
            "R2Score",
        ),
        "regression_metrics",
    ),
    **dict.fromkeys(("Hinge", "SquaredHinge", "CategoricalHinge"), "hinge_metrics"),
    **dict.fromkeys(("IoU", "BinaryIoU", "OneHotIoU", "MeanIoU", "OneHotMeanIoU"), "segmentation_metrics"),
    **dict.fromkeys(("ConcordanceCorrelation", "PearsonCorrelation"), "correlation_metrics"),
    **dict.fromkeys(("binary_focal_crossentropy", "categorical_focal_crossentropy"), "probabilistic_metrics"),
    **dict.fromkeys(("huber", "log_cosh"), "regression_metrics"),
}


def metric(
    name: str,
    label: str | None,
    summary: str,
    *arguments: Argument,
    names: tuple[str, ...],
    check: Any = None,
) -> Record:
    """``label`` is Keras' default name; ``names`` are the strings by which it finds the metric."""
    page = PAGES.get(name, "classification_metrics")
    called = name_argument(label, "Under which name it is reported.")
    return Record(
        name=name,
        family="metrics",
        summary=summary,
        page=f"metrics/{page}",
        arguments=(*arguments, called, DTYPE_ARGUMENT),
        names=names,
        check=check,
    )
