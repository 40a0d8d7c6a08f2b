"""From Heads to findings about metrics: what each compares, against the loss, the shape and the values of an output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from .formulas import LOSS
from .heads import Head, Measure
from .logged import RESERVED
from .losses import group_of, labels
from .tensor import shape_text
from .verdicts import GROUPS

CLASS_NUMBERS: Final = frozenset(
    {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"}
)
"""Metrics whose targets are the number of the right class."""

REGIONS: Final = frozenset({"IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"})
"""Metrics that count the pairs of true and predicted class numbers."""

TWINS: Final = {
    "CategoricalAccuracy": '"sparse_categorical_accuracy"',
    "CategoricalCrossentropy": '"sparse_categorical_crossentropy"',
    "TopKCategoricalAccuracy": '"sparse_top_k_categorical_accuracy"',
    "BinaryAccuracy": '"accuracy"',
    "Accuracy": '"accuracy"',
    "OneHotMeanIoU": '`{ type = "MeanIoU", …, sparse_y_pred = false }`',
    "OneHotIoU": '`{ type = "IoU", …, sparse_y_pred = false }`',
}
"""What measures the same from class numbers, as it is written."""

TABLES: Final = frozenset({"F1Score", "FBetaScore", "R2Score"})
"""Metrics that take (batch, units) alone."""

ALONG: Final = frozenset({"ConcordanceCorrelation", "CosineSimilarity", "PearsonCorrelation"})
"""Metrics that compare along an axis, where a single number says nothing."""

THRESHOLDED: Final = frozenset(
    {"Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"}
)
GRIDDED: Final = frozenset(
    {"PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity"}
)
"""Metrics at many thresholds between 0 and 1, which have no ``from_logits``."""

CROSSENTROPIES: Final = frozenset(
    {"BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"}
    | {"binary_focal_crossentropy", "categorical_focal_crossentropy"}
)
HITS: Final = frozenset({"Accuracy", "BinaryAccuracy", "BinaryIoU", "CategoricalAccuracy", "SparseCategoricalAccuracy"})
"""Metrics that ask whether the answer is right."""

BEYOND: Final = frozenset({"numbers", "signed", "positive", "logs", "unit"})
"""Values that are no probabilities."""


def metric_findings(heads: tuple[Head, ...]) -> Iterator[Finding]:
    """Metrics that cannot be computed, or measure something else than their name says."""
    told: set[Pointer] = set()
    losses = {f"{head.name}_loss" for head in heads if head.loss is not None}
    taken = RESERVED if len(heads) == 1 else RESERVED | losses
    for head in heads:
        if head.tensor is None or (head.loss is None and not head.metrics):
            continue
        for measure in head.metrics:
            for finding in (
                *_name(head, measure, taken, "" if len(heads) == 1 else f"{head.name}_"),
                *_form(head, measure),
                *_size(head, measure),
                *_values(head, measure),
            ):
                if measure.pointer not in told:
                    told.add(measure.pointer)
                    yield finding


def _finding(head: Head, measure: Measure, code: str, message: str, help: str, argument: str = "") -> Finding:
    pointer = (*measure.pointer, argument) if argument in measure.object.written else measure.pointer
    related = (Related(f"the loss of `{head.name}`", head.loss_pointer),) if head.loss is not None else ()
    return Finding(code, message, pointer, help=help, related=related)


def _name(head: Head, measure: Measure, taken: frozenset[str], prefix: str) -> Iterator[Finding]:
    """A name under which something else is reported: one of the two numbers would be lost."""
    if measure.numbered:
        return
    whole, why = prefix + measure.label, None
    if whole in taken:
        why = f"`{whole}` is the name of another number that is reported"
    elif whole.startswith("val_"):
        why = "`val_` stands before the names of numbers that are measured on validation data"
    if why is not None:
        words = f"a metric can't be called `{measure.label}`: {why}"
        yield Finding("E424", words, (*measure.pointer, "name"), help="choose another name")


def _called(measure: Measure) -> str:
    """The metric as a message names it; "accuracy" with what Keras takes it for."""
    return f'"{measure.label}" (here {measure.name})' if measure.automatic else measure.name


def _form(head: Head, measure: Measure) -> Iterator[Finding]:
    """Targets that the metric wants in another form than the loss."""
    loss = head.loss.record.name if head.loss is not None else "the output"
    form, name = labels(head), measure.name
    if form == "sequence" or loss == "Circle":
        what = "sequences of another length" if form == "sequence" else "directions"
        yield _finding(
            head,
            measure,
            "E413",
            f"{_called(measure)} compares each answer with its label, but {loss} is learned from {what}",
            "leave the metric out; the loss itself tells how it goes",
        )
        return
    if form == "number":
        numbers = name in CLASS_NUMBERS or (name in REGIONS and measure["sparse_y_true"] is not False)
        if numbers and name in ("IoU", "MeanIoU") and measure["sparse_y_pred"]:
            yield _finding(
                head,
                measure,
                "E413",
                f"{name} takes predictions for class numbers, but `{head.name}` gives a number for each class",
                f'write `sparse_y_pred = false`: `{{ type = "{name}", …, sparse_y_pred = false }}`',
            )
        elif not numbers or name in ("OneHotIoU", "OneHotMeanIoU"):
            twin = TWINS.get(name)
            change = 'write `loss = "categorical_crossentropy"`: labels become such numbers'
            flag = "write `sparse_y_true = true`" if name in ("IoU", "MeanIoU") else None
            yield _finding(
                head,
                measure,
                "E413",
                f"{_called(measure)} compares a number for each class, but {loss} takes labels as one number",
                flag or (f"write {twin}, or {change.removeprefix('write ')}" if twin else change),
            )
        return
    several = head.units != 1
    if name in CLASS_NUMBERS and not measure.automatic:
        yield _finding(
            head,
            measure,
            "E413",
            f"{name} takes labels as one number, but {loss} compares a number for each class"
            if GROUPS.get(loss) in ("class", "distribution")
            else f"{name} takes labels as one number, but {loss} compares all numbers of the output",
            f'write "{name.removeprefix("Sparse")}", or `loss = "sparse_categorical_crossentropy"`',
        )
    elif name in ("IoU", "MeanIoU") and several and measure["sparse_y_true"] != measure["sparse_y_pred"]:
        yield _finding(
            head,
            measure,
            "E413",
            f"{name} takes only one side for class numbers, but targets and predictions both have a number for each "
            "class",
            "write `sparse_y_true = false` and `sparse_y_pred = false`",
        )
    elif name in ("IoU", "MeanIoU") and several and measure["sparse_y_true"]:
        yield _finding(
            head,
            measure,
            "E413",
            f"{name} takes targets and predictions for class numbers, but both have a number for each class",
            f"write `sparse_y_true = false` and `sparse_y_pred = false`, or the metric OneHot{name}",
        )


def _size(head: Head, measure: Measure) -> Iterator[Finding]:
    """Shapes that the metric can't be computed from, and numbers of classes that are not those of the output."""
    tensor, name, count = head.tensor, measure.name, head.count
    assert tensor is not None
    shape = shape_text(tensor.shape)

    def finding(message: str, help: str, argument: str = "", code: str = "E413") -> Finding:
        return _finding(head, measure, code, message, help, argument)

    if (name in TABLES or (name == "AUC" and measure["multi_label"])) and tensor.rank != 2:
        what = "with `multi_label` it" if name == "AUC" else "it"
        yield finding(
            f"{name} can't be computed here: {what} takes (batch, units), but `{head.name}` is {shape}",
            "leave out `multi_label`" if name == "AUC" else "measure it on an output without further axes",
        )
    by_class = measure["class_id"] is not None or measure["sparse_y_pred"] is False
    if tensor.rank < 2 and (by_class or name in ("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy")):
        yield finding(
            f"{name} looks for classes along the last axis, but `{head.name}` has one number a row: {shape}",
            'take "mae" for numbers, or "binary_accuracy" for yes or no',
        )
    if name == "R2Score" and tensor.rank == 2 and count is None:
        yield finding(
            f"R2Score must know how many numbers a row has, but `{head.name}` is {shape}",
            "give the last axis a size",
        )
    if name in ALONG and measure["axis"] is not None:
        axis = measure["axis"]
        if not -tensor.rank <= axis < tensor.rank:
            yield finding(
                f"{name} has `axis = {axis}`, but `{head.name}` has {tensor.rank} axes: {shape}",
                f"count from 0, the batch, to {tensor.rank - 1}, or from -1, the last",
                "axis",
            )
        elif tensor.shape[axis] == 1:
            yield finding(
                f"{name} compares along axis {axis}, where `{head.name}` has a single number: {shape}",
                'take "mae" or R2Score'
                if name == "CosineSimilarity"
                else f'compare along the rows of a batch: `{{ type = "{name}", axis = 0 }}`',
                "axis",
            )
    if count is not None:
        yield from _counts(head, measure, count)


def _counts(head: Head, measure: Measure, count: int) -> Iterator[Finding]:
    name = measure.name

    def finding(message: str, help: str, argument: str, code: str = "E413") -> Finding:
        return _finding(head, measure, code, message, help, argument)

    has = f"`{head.name}` has {count}"
    if name in REGIONS and not (name in ("IoU", "MeanIoU") and measure["sparse_y_pred"]):
        classes = measure["num_classes"]
        if classes is not None and classes != count and count > 1:
            yield finding(
                f"{name} counts {classes} classes, but {has}"
                + (": it would pass over the others in silence" if classes < count else ""),
                f"write `num_classes = {count}`",
                "num_classes",
                "E413" if classes < count else "W402",
            )
    if (chosen := measure["class_id"]) is not None and chosen >= count:
        yield finding(
            f"{name} measures class {chosen}, but {has}, which count from 0",
            f"use a class number from 0 to {count - 1}" if count > 1 else "leave out `class_id`",
            "class_id",
        )
    if (top := measure["top_k"]) is not None and top > count:
        yield finding(f"{name} looks for the {top} likeliest classes, but {has}", "write a smaller `top_k`", "top_k")
    if name in ("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy") and measure["k"] >= count:
        yield finding(
            f"the right class is always among the {measure['k']} likeliest, for {has}: {name} would always be 1",
            f"write a `k` below {count}" if count > 2 else 'write "accuracy"',
            "k",
            "W402",
        )
    if name == "AUC" and measure["multi_label"]:
        for argument, said in (("num_labels", measure["num_labels"]), ("label_weights", measure["label_weights"])):
            number = len(said) if isinstance(said, tuple | list) else said
            if number is not None and number != count:
                yield finding(
                    f"AUC is told of {number} labels by `{argument}`, but {has}", f"make it {count}", argument
                )
    if name in ("F1Score", "FBetaScore") and count == 1 and measure["threshold"] is None:
        yield finding(
            f"of a single number {name} takes the largest, so that every row is a yes: {has}",
            f'say from where on it is one: `{{ type = "{name}", threshold = 0.5 }}`',
            "threshold",
            "W402",
        )


def _values(head: Head, measure: Measure) -> Iterator[Finding]:
    """Metrics that take the values for something else than they are."""
    name, ending, group = measure.name, head.ending, group_of(head)
    called = _called(measure)

    def finding(message: str, help: str, argument: str = "") -> Finding:
        return _finding(head, measure, "W402", message, help, argument)

    loss = head.loss.record.name if head.loss is not None else None
    answers = (group or "").removesuffix(" logits") in ("class", "share", "binary", "margin", "overlap")
    if name == "Accuracy":
        yield finding(
            "Accuracy asks whether a prediction is its target to the last digit, which numbers with fractions "
            "hardly ever are",
            'write "accuracy", without `type`: Keras then looks for the likeliest answer' if answers else 'write "mae"',
        )
        return
    continuous = ending is None or ending.values in ("numbers", "positive")
    told_by_loss = head.loss not in (None, LOSS) and loss not in GROUPS and loss != "CategoricalHinge"
    if name in HITS and told_by_loss and continuous:
        told = head.target is not None and head.target.encode is not None
        if not told and (ending is not None or measure.automatic):
            yield finding(
                f"{called} asks whether an answer is right, but {loss} is for numbers, which are only near or far",
                'write "mae", or R2Score',
            )
            return
    if measure.automatic and group in ("binary", "binary logits") and name == "CategoricalAccuracy":
        yield finding(
            f"{called} looks at the largest number of a row alone, but {loss} asks about each for itself",
            'write "binary_accuracy"' if not head.logits else '`{ type = "BinaryAccuracy", threshold = 0 }`',
        )
        return
    if name == "BinaryAccuracy" and ending is not None and ending.values == "shares" and head.units != 1:
        yield finding(
            "BinaryAccuracy counts each class for itself, so that saying no to all of them is already mostly right",
            'write "accuracy"',
        )
        return
    if ending is None:
        return
    raw = ending.values in BEYOND
    flag = measure["from_logits"]
    if name in CROSSENTROPIES or name == "AUC":
        if raw and not flag and ending.values == "numbers":
            yield finding(
                f"{name} expects probabilities, but {ending.words}: these are raw scores",
                f'write `{{ type = "{name}", from_logits = true }}`',
            )
        elif flag and not raw:
            yield finding(
                f"{name} is told by `from_logits = true` to expect raw scores, but {ending.words}",
                "leave out `from_logits`",
                "from_logits",
            )
        return
    if not raw or ending.values not in ("numbers", "signed") or not answers:
        return
    if name in ("BinaryAccuracy", "BinaryIoU") and measure["threshold"] == 0.5:
        yield finding(
            f"{called} takes what is above 0.5 for a yes, but {ending.words}: a yes is what is above 0",
            f'write `{{ type = "{name}", threshold = 0 }}`',
        )
    elif name in THRESHOLDED and measure["thresholds"] is None and measure["top_k"] is None:
        yield finding(
            f"{name} takes what is above 0.5 for a yes, but {ending.words}: a yes is what is above 0",
            f'write `{{ type = "{name}", thresholds = 0 }}`',
        )
    elif name in GRIDDED:
        yield finding(
            f"{name} tries thresholds from 0 to 1, but {ending.words}: scores lie beyond",
            'measure it on probabilities, or take `{ type = "AUC", from_logits = true }`',
        )
