"""Catalogue: metrics, what is measured besides the loss."""

from __future__ import annotations

from typing import Final

from .class_metrics import CLASS_METRICS
from .kinds import BOOLEAN, choice, integer, nullable
from .metric_arguments import CLASS_AXIS, IGNORED, LOGITS, PROBABILITY, SMOOTHING, VALUE_AXIS, metric
from .record import Argument
from .refusal import base_class, refused
from .training_arguments import ABOVE_ZERO, NOT_NEGATIVE, SHARE, SIZE

CHOSEN_BY_SHAPE: Final = {
    "accuracy": ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "acc": ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"),
}
"""Strings that stand for one of several metrics: by the shapes of targets and predictions, as Keras decides.

The first for one prediction a row, the second for class numbers, the third for one-hot classes. As a table,
``{ type = "Accuracy" }`` is what its own summary says.
"""

FOCUS: Final = Argument("gamma", NOT_NEGATIVE, 2.0, "How little well-predicted rows count: 0 is plain crossentropy.")

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
        "The average of log(cosh(miss)): nearly squared when small, linear when large.",
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
    metric(
        "huber",
        "huber",
        "Squared for small misses, linear for large ones; the loss Huber, measured.",
        Argument("delta", ABOVE_ZERO, 1.0, "The miss at which it turns from squared to linear."),
        names=(),
    ),
    metric(
        "log_cosh",
        "log_cosh",
        "The same as LogCoshError, under the name of its function.",
        names=(),
    ),
    metric(
        "binary_focal_crossentropy",
        "binary_focal_crossentropy",
        "Binary crossentropy that looks past rows predicted well already; the loss, measured.",
        Argument("apply_class_balancing", BOOLEAN, False, "Whether `alpha` weighs the two classes."),
        Argument("alpha", SHARE, 0.25, "The weight of class 1; class 0 gets the rest."),
        FOCUS,
        LOGITS,
        SMOOTHING,
        CLASS_AXIS,
        names=(),
    ),
    metric(
        "categorical_focal_crossentropy",
        "categorical_focal_crossentropy",
        "Categorical crossentropy that looks past rows predicted well already; the loss, measured.",
        Argument("alpha", SHARE, 0.25, "The weight of every class."),
        FOCUS,
        LOGITS,
        SMOOTHING,
        CLASS_AXIS,
        names=(),
    ),
    *(
        refused(
            "metrics",
            name,
            "metrics/reduction_metrics",
            f"A running {what} of single values.",
            "Keras can't measure with it in a model: it takes single values, and no pair of target and prediction",
            'use an error such as "mae"',
            "symbolic",
            names=(name.lower(),),
        )
        for name, what in (("Mean", "average"), ("Sum", "total"))
    ),
    refused(
        "metrics",
        "MeanMetricWrapper",
        "metrics/reduction_metrics",
        "Averages a Python function of target and prediction.",
        "it needs a Python function",
        "state the formula as `{ name = ..., expression = ... }` instead",
        "callable",
        names=("mean_metric_wrapper",),
    ),
    base_class("metrics", "Metric", "metrics/base_metric", "metric", "MyMetric"),
)
