"""The noun Logged: the numbers that training will report, by the names that Keras gives them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from .formulas import METRIC
from .heads import Head, Measure

RATE: Final = "learning_rate"

RESERVED: Final = frozenset({"loss", "epoch", "phase", "step", "seconds", "batch", RATE, "initial_learning_rate"})
"""Names under which other numbers are reported, or which rules have for them."""

HIGHER: Final = frozenset(
    {
        "AUC",
        "Accuracy",
        "BinaryAccuracy",
        "BinaryIoU",
        "CategoricalAccuracy",
        "ConcordanceCorrelation",
        "CosineSimilarity",
        "F1Score",
        "FBetaScore",
        "IoU",
        "MeanIoU",
        "OneHotIoU",
        "OneHotMeanIoU",
        "PearsonCorrelation",
        "Precision",
        "PrecisionAtRecall",
        "R2Score",
        "Recall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SparseCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy",
        "SpecificityAtSensitivity",
        "TopKCategoricalAccuracy",
    }
)
"""Metrics of which more is better; of all others less is, but for those below."""

UNDIRECTED: Final = {
    "TruePositives": "up",
    "TrueNegatives": "up",
    "FalsePositives": "down",
    "FalseNegatives": "down",
    "huber": "down",
    "log_cosh": "down",
    "binary_focal_crossentropy": "down",
    "categorical_focal_crossentropy": "down",
}
"""Metrics of which Keras says neither, and what holds of them."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One reported number.

    ``direction``: whether more (``up``) or less is better. ``automatic``: whether Keras finds that out by itself.
    ``several``: it is a list of numbers, and this edit makes one of it.
    """

    direction: Literal["up", "down"] | None = None
    automatic: bool = True
    several: str | None = None


def logged(heads: tuple[Head, ...]) -> dict[str, Logged]:
    """What is reported after an epoch, without ``val_``, in no particular order.

    With several outputs Keras puts their names in front; a loss of its own each has only where there are several
    losses. A name that is taken is numbered: ``accuracy_1``.
    """
    found = {"loss": Logged("down")}
    many = len(heads) > 1
    losses = [head for head in heads if head.loss is not None]
    if len(losses) > 1:
        found |= {f"{head.name}_loss": Logged("down") for head in losses}
    counts: Counter[str] = Counter()
    for head in heads:
        for measure, name in zip(head.metrics, _names(head.metrics), strict=True):
            whole = f"{head.name}_{name}" if many else name
            counts[whole] += 1
            known = counts[whole] == 1
            key = whole if known else f"{whole}_{counts[whole] - 1}"
            found.setdefault(key, _logged(measure, head, known, many))
    return found


def _names(metrics: tuple[Measure, ...]) -> list[str]:
    """Names as the trainer gives them: numbered where the spec leaves them to Keras."""
    taken: Counter[str] = Counter()
    names = []
    for one in metrics:
        name = one.label
        if one.numbered:
            name = f"{name}_{taken[name]}" if taken[name] else name
            taken[one.label] += 1
        names.append(name)
    return names


def _logged(measure: Measure, head: Head, known: bool, many: bool) -> Logged:
    """``known``: under this name the metric is found again, and asked which way is better.

    With several outputs the trainer does that, and takes less for better where nothing is said.
    """
    name = measure.name
    if measure.object is METRIC:
        return Logged(None, automatic=False)
    several = None
    if name in ("F1Score", "FBetaScore") and measure["average"] is None and head.units != 1:
        several = f'make one of them: `{{ type = "{name}", average = "macro" }}`'
    elif name == "R2Score" and measure["class_aggregation"] is None and head.units != 1:
        several = "leave out `class_aggregation`"
    elif isinstance(measure["thresholds"], tuple | list) and len(measure["thresholds"]) > 1 and name != "AUC":
        several = "write a single number as `thresholds`"
    if name in UNDIRECTED:
        more = UNDIRECTED[name] == "up"
        return Logged("up" if more else "down", known and many and not more, several)
    return Logged("up" if name in HIGHER else "down", known, several)
