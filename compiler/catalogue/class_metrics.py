"""Catalogue: metrics about classes, at thresholds, and about regions of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .kinds import BOOLEAN, Kind, choice, integer, list_of, nullable, number
from .metric_arguments import (
    CLASS_AXIS,
    CLASS_ID,
    CLASSES,
    GRID,
    IGNORED,
    LOGITS,
    PROBABILITY,
    SPARSE_TRUE,
    TARGET_CLASSES,
    THRESHOLDS,
    TOP_K,
    metric,
    sparse_prediction,
)
from .record import REQUIRED, Argument, ArgumentError, Record
from .training_arguments import ABOVE_ZERO, SIZE, real


def _classes_in_range(arguments: Mapping[str, Any]) -> None:
    highest, classes = max(arguments["target_class_ids"]), arguments["num_classes"]
    if highest >= classes:
        raise ArgumentError(
            "target_class_ids",
            f"class {highest} does not exist among {classes} classes, which count from 0",
            help=f"use class numbers from 0 to {classes - 1}",
            other="num_classes",
        )


def _labels(arguments: Mapping[str, Any]) -> None:
    weights, labels = arguments["label_weights"], arguments["num_labels"]
    for name in ("num_labels", "label_weights"):
        if arguments[name] is not None and not arguments["multi_label"]:
            raise ArgumentError(
                name, f"`{name}` is of use with several labels only", help="add `multi_label = true`, or leave it out"
            )
    if weights is not None and labels is not None and len(weights) != labels:
        raise ArgumentError(
            "label_weights",
            f"`label_weights` has {len(weights)} numbers for {labels} labels",
            help="give one number for each label",
            other="num_labels",
        )


_BINARY: Final = list_of(Kind({"enum": [0, 1]}, "0 or 1"), minimum=1)
_AVERAGE: Final = nullable(choice("micro", "macro", "weighted"))
_F_ARGUMENTS: Final = (
    Argument("average", _AVERAGE, None, "How scores of the classes become one; left out: one score for each."),
    Argument(
        "threshold",
        nullable(real(above=0, maximum=1)),
        None,
        "From which probability on a class is predicted; left out: the likeliest class.",
    ),
)


def _share_at(name: str, label: str, summary: str, argument: str, of: str) -> Record:
    held = Argument(
        argument,
        PROBABILITY,
        REQUIRED,
        f"Held at this {of}, between 0 and 1, while the other one is made as high as it gets.",
    )
    return metric(name, None, summary, held, GRID, CLASS_ID, names=(label,))


CLASS_METRICS = (
    metric(
        "AUC",
        None,
        "The area below the curve of hits against false alarms: 0.5 is guessing, 1 perfect.",
        Argument("num_thresholds", integer(2, 2**31 - 1), 200, "At how many thresholds the curve is drawn."),
        Argument(
            "curve",
            choice("ROC", "PR", "PRGAIN", "roc", "pr", "prgain"),
            "ROC",
            "Which curve: ROC, precision against recall (PR), or precision-recall-gain (PRGAIN).",
        ),
        Argument(
            "summation_method",
            choice("interpolation", "minoring", "majoring"),
            "interpolation",
            "How the area between two points is taken: in between, from below, or from above.",
        ),
        Argument(
            "thresholds",
            nullable(list_of(PROBABILITY)),
            None,
            "The thresholds themselves, instead of a number of them.",
        ),
        Argument(
            "multi_label", BOOLEAN, False, "Whether each label gets a curve of its own and the areas are averaged."
        ),
        Argument("num_labels", nullable(SIZE), None, "How many answers each row has, where `multi_label` is true."),
        Argument(
            "label_weights",
            nullable(list_of(number(minimum=0), minimum=1)),
            None,
            "One factor for each answer, by which its area enters the mean.",
        ),
        LOGITS,
        names=("auc",),
        check=_labels,
    ),
    metric(
        "Precision",
        None,
        "Of all that was predicted as yes, the share that is.",
        THRESHOLDS,
        TOP_K,
        CLASS_ID,
        names=("precision",),
    ),
    metric(
        "Recall",
        None,
        "Of all that is a yes, the share that was predicted.",
        THRESHOLDS,
        TOP_K,
        CLASS_ID,
        names=("recall",),
    ),
    metric("TruePositives", None, "How many were rightly predicted as yes.", THRESHOLDS, names=("true_positives",)),
    metric("TrueNegatives", None, "How many were rightly predicted as no.", THRESHOLDS, names=("true_negatives",)),
    metric(
        "FalsePositives", None, "How many were predicted as yes and are not.", THRESHOLDS, names=("false_positives",)
    ),
    metric(
        "FalseNegatives", None, "How many were predicted as no and are a yes.", THRESHOLDS, names=("false_negatives",)
    ),
    _share_at(
        "PrecisionAtRecall",
        "precision_at_recall",
        "The best precision that still reaches a given recall.",
        "recall",
        "recall",
    ),
    _share_at(
        "RecallAtPrecision",
        "recall_at_precision",
        "The best recall that still reaches a given precision.",
        "precision",
        "precision",
    ),
    _share_at(
        "SensitivityAtSpecificity",
        "sensitivity_at_specificity",
        "The best share of hits at a given share of rightly predicted no.",
        "specificity",
        "specificity",
    ),
    _share_at(
        "SpecificityAtSensitivity",
        "specificity_at_sensitivity",
        "The best share of rightly predicted no at a given share of hits.",
        "sensitivity",
        "sensitivity",
    ),
    metric(
        "F1Score",
        "f1_score",
        "Precision and recall in one number, near the lower of the two.",
        *_F_ARGUMENTS,
        names=("f1_score",),
    ),
    metric(
        "FBetaScore",
        "fbeta_score",
        "Precision and recall in one number, in which `beta` says how much recall counts.",
        _F_ARGUMENTS[0],
        Argument("beta", ABOVE_ZERO, 1.0, "How many times as much recall counts as precision."),
        _F_ARGUMENTS[1],
        names=("f_beta_score",),
    ),
    metric(
        "IoU",
        None,
        "Overlap of predicted and true regions by their union, averaged over chosen classes.",
        CLASSES,
        TARGET_CLASSES,
        IGNORED,
        SPARSE_TRUE,
        sparse_prediction(True),
        CLASS_AXIS,
        names=("io_u",),
        check=_classes_in_range,
    ),
    metric(
        "BinaryIoU",
        None,
        "Overlap of predicted and true regions by their union, for yes-or-no pixels.",
        Argument("target_class_ids", _BINARY, (0, 1), "Which of the classes 0 and 1 are averaged over."),
        Argument("threshold", PROBABILITY, 0.5, "From which probability on a pixel is a yes."),
        names=("binary_io_u",),
    ),
    metric(
        "OneHotIoU",
        None,
        "Overlap by union over chosen classes, with one-hot targets.",
        CLASSES,
        TARGET_CLASSES,
        IGNORED,
        sparse_prediction(False),
        CLASS_AXIS,
        names=("one_hot_io_u",),
        check=_classes_in_range,
    ),
    metric(
        "MeanIoU",
        None,
        "Overlap of predicted and true regions by their union, averaged over all classes.",
        CLASSES,
        IGNORED,
        SPARSE_TRUE,
        sparse_prediction(True),
        CLASS_AXIS,
        names=("mean_io_u",),
    ),
    metric(
        "OneHotMeanIoU",
        None,
        "Overlap by union averaged over all classes, with one-hot targets.",
        CLASSES,
        IGNORED,
        sparse_prediction(False),
        CLASS_AXIS,
        names=("one_hot_mean_io_u",),
    ),
)
