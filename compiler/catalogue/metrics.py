"""Catalogue: metrics, what is measured besides the loss."""

from __future__ import annotations

from typing import Final

from .class_metrics import CLASS_METRICS
from .kinds import BOOLEAN, choice, integer, nullable
from .metric_arguments import CLASS_AXIS, IGNORED, LOGITS, PROBABILITY, SMOOTHING, VALUE_AXIS, metric
from .record import Argument, Record
from .training_arguments import SIZE

CHOSEN_BY_SHAPE: Final = {
    "accuracy": ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "acc": ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"),
}
"""Strings that stand for one of several metrics: by the shapes of targets and predictions, as Keras decides.

The first for one prediction a row, the second for class numbers, the third for one-hot classes. As a table,
``{ type = "Accuracy" }`` is what its own summary says.
"""


METRICS = (
    metric(
        "Accuracy",
        "accuracy",
        "The share of predictions that equal their target exactly.",
        names=("accuracy", "acc"),
    ),
    metric(
        "BinaryAccuracy",
        "binary_accuracy",
        "The share of right answers to a yes-or-no question.",
        Argument("threshold", PROBABILITY, 0.5, "From which probability on a prediction is a yes."),
        names=("binary_accuracy",),
    ),
    metric(
        "CategoricalAccuracy",
        "categorical_accuracy",
        "The share of rows whose likeliest class is the right one; targets are one-hot.",
        names=("categorical_accuracy",),
    ),
    metric(
        "SparseCategoricalAccuracy",
        "sparse_categorical_accuracy",
        "The share of rows whose likeliest class is the right one; targets are class numbers.",
        names=("sparse_categorical_accuracy",),
    ),
    metric(
        "TopKCategoricalAccuracy",
        "top_k_categorical_accuracy",
        "The share of rows with the right class among the likeliest few; targets are one-hot.",
        Argument("k", SIZE, 5, "How many of the likeliest classes are looked at."),
        names=("top_k_categorical_accuracy",),
    ),
    metric(
        "SparseTopKCategoricalAccuracy",
        "sparse_top_k_categorical_accuracy",
        "The share of rows with the right class among the likeliest few; targets are class numbers.",
        Argument("k", SIZE, 5, "How many of the likeliest classes are looked at."),
        Argument("from_sorted_ids", BOOLEAN, False, "Whether predictions are class numbers, the likeliest first."),
        names=("sparse_top_k_categorical_accuracy",),
    ),
    metric(
        "BinaryCrossentropy",
        "binary_crossentropy",
        "How surprising yes-or-no targets are, given the predicted probabilities.",
        LOGITS,
        SMOOTHING,
        names=("binary_crossentropy", "bce", "BCE"),
    ),
    metric(
        "CategoricalCrossentropy",
        "categorical_crossentropy",
        "How surprising the right class is; targets are one-hot.",
        LOGITS,
        SMOOTHING,
        CLASS_AXIS,
        names=("categorical_crossentropy",),
    ),
    metric(
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        "How surprising the right class is; targets are class numbers.",
        LOGITS,
        IGNORED,
        CLASS_AXIS,
        names=("sparse_categorical_crossentropy",),
    ),
    metric(
        "KLDivergence",
        "kl_divergence",
        "How far predicted distributions are from the targets'.",
        names=("kl_divergence",),
    ),
    metric("Poisson", "poisson", "How well predicted counts fit events that come by chance.", names=("poisson",)),
    metric(
        "MeanSquaredError",
        "mean_squared_error",
        "The average squared distance between prediction and target.",
        names=("mean_squared_error", "mse", "MSE"),
    ),
    metric(
        "RootMeanSquaredError",
        "root_mean_squared_error",
        "The root of the average squared distance: in the unit of the target.",
        names=("root_mean_squared_error",),
    ),
    metric(
        "MeanAbsoluteError",
        "mean_absolute_error",
        "The average distance between prediction and target.",
        names=("mean_absolute_error", "mae", "MAE"),
    ),
    metric(
        "MeanAbsolutePercentageError",
        "mean_absolute_percentage_error",
        "The average distance as a percentage of the target.",
        names=("mean_absolute_percentage_error", "mape", "MAPE"),
    ),
    metric(
        "MeanSquaredLogarithmicError",
        "mean_squared_logarithmic_error",
        "The average squared distance between logarithms.",
        names=("mean_squared_logarithmic_error", "msle", "MSLE"),
    ),
    metric(
        "LogCoshError",
        "logcosh",
        "The average logarithm of the hyperbolic cosine of the miss.",
        names=("log_cosh_error",),
    ),
    metric(
        "CosineSimilarity",
        "cosine_similarity",
        "How alike the directions of prediction and target are: 1 is the same direction.",
        VALUE_AXIS,
        names=("cosine_similarity",),
    ),
    metric(
        "R2Score",
        "r2_score",
        "The share of the target's variance that predictions explain; 1 is perfect.",
        Argument(
            "class_aggregation",
            nullable(choice("uniform_average", "variance_weighted_average")),
            "uniform_average",
            "How scores of several outputs become one; none: one score for each.",
        ),
        Argument(
            "num_regressors", integer(0, 2**31 - 1), 0, "Number of inputs, for the adjusted score; 0 is the plain one."
        ),
        names=("r2_score",),
    ),
    metric(
        "ConcordanceCorrelation",
        "concordance_correlation",
        "How close predictions lie to the line where they equal the target.",
        VALUE_AXIS,
        names=("concordance_correlation",),
    ),
    metric(
        "PearsonCorrelation",
        "pearson_correlation",
        "How well predictions follow the target along a straight line, whatever its slope.",
        VALUE_AXIS,
        names=("pearson_correlation",),
    ),
    *CLASS_METRICS,
    metric("Hinge", "hinge", "The average hinge loss, for targets of -1 and 1.", names=("hinge",)),
    metric("SquaredHinge", "squared_hinge", "The average of squared hinge losses.", names=("squared_hinge",)),
    metric(
        "CategoricalHinge",
        "categorical_hinge",
        "The average margin by which the best wrong class comes too close to the right one.",
        names=("categorical_hinge",),
    ),
    Record(
        name="Mean",
        family="metrics",
        summary="A running average of single values.",
        page="metrics/reduction_metrics",
        names=("mean",),
        refused='it averages single values and takes no pair of target and prediction; use an error such as "mae"',
    ),
    Record(
        name="Sum",
        family="metrics",
        summary="A running sum of single values.",
        page="metrics/reduction_metrics",
        names=("sum",),
        refused='it sums single values and takes no pair of target and prediction; use an error such as "mae"',
    ),
    Record(
        name="MeanMetricWrapper",
        family="metrics",
        summary="Averages a Python function of target and prediction.",
        page="metrics",
        names=("mean_metric_wrapper",),
        refused="it needs a Python function; state the formula as `{ name = ..., expression = ... }` instead",
    ),
)
