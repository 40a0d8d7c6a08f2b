"""Catalogue: losses, the numbers that training makes small."""

from __future__ import annotations

from typing import Final

from .kinds import AXIS, BOOLEAN, either, integer, list_of, nullable
from .record import Argument, Record
from .refusal import base_class
from .training_arguments import ABOVE_ZERO, DTYPE_ARGUMENT, NOT_NEGATIVE, REDUCTION, SHARE, name_argument, real

CHOSEN_BY_SHAPE: Final = {
    "crossentropy": ("BinaryCrossentropy", "SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
    "ce": ("BinaryCrossentropy", "SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
}
"""Strings that stand for one of several losses: by the shapes of targets and predictions, as Keras decides.

The first for one prediction a row, the second for class numbers, the third for one-hot classes.
"""

LOGITS: Final = Argument(
    "from_logits", BOOLEAN, False, "Whether predictions are raw scores, without a softmax or sigmoid behind them."
)
SMOOTHING: Final = Argument("label_smoothing", SHARE, 0.0, "How far targets are moved from 0 and 1 towards the middle.")
CLASS_AXIS: Final = Argument("axis", AXIS, -1, "Along which axis the scores of the classes stand.")
FOCUS: Final = Argument("gamma", NOT_NEGATIVE, 2.0, "How little well-predicted rows count: 0 is plain crossentropy.")
REGION_AXES: Final = Argument(
    "axis", nullable(either(AXIS, list_of(AXIS, minimum=1))), None, "The axes summed over; left out: all."
)
PAGES: Final = {
    **dict.fromkeys(
        (
            "MeanSquaredError",
            "MeanAbsoluteError",
            "MeanAbsolutePercentageError",
            "CosineSimilarity",
            "MeanSquaredLogarithmicError",
            "Huber",
            "LogCosh",
        ),
        "regression_losses",
    ),
    **dict.fromkeys(("Hinge", "SquaredHinge", "CategoricalHinge"), "hinge_losses"),
}


def _loss(name: str, label: str, summary: str, *arguments: Argument, names: tuple[str, ...] | None = None) -> Record:
    """``label`` is Keras' default name, and unless ``names`` are given the string by which it finds the loss."""
    page = PAGES.get(name, "probabilistic_losses")
    return Record(
        name=name,
        family="losses",
        summary=summary,
        page=f"losses/{page}",
        arguments=(*arguments, REDUCTION, name_argument(label, "What the loss is called."), DTYPE_ARGUMENT),
        names=(label,) if names is None else names,
    )


LOSSES = (
    _loss(
        "MeanSquaredError",
        "mean_squared_error",
        "The average squared distance between prediction and target: large misses count most.",
        names=("mean_squared_error", "mse", "MSE"),
    ),
    _loss(
        "MeanAbsoluteError",
        "mean_absolute_error",
        "The average distance between prediction and target.",
        names=("mean_absolute_error", "mae", "MAE"),
    ),
    _loss(
        "MeanAbsolutePercentageError",
        "mean_absolute_percentage_error",
        "The average distance as a percentage of the target; for targets away from zero.",
        names=("mean_absolute_percentage_error", "mape", "MAPE"),
    ),
    _loss(
        "MeanSquaredLogarithmicError",
        "mean_squared_logarithmic_error",
        "The average squared distance between logarithms: ratios count, not differences.",
        names=("mean_squared_logarithmic_error", "msle", "MSLE"),
    ),
    _loss(
        "Huber",
        "huber_loss",
        "Squared for small misses, linear for large ones, so that outliers weigh less.",
        Argument("delta", ABOVE_ZERO, 1.0, "The miss at which it turns from squared to linear."),
        names=("huber",),
    ),
    _loss(
        "LogCosh",
        "log_cosh",
        "The average of log(cosh(miss)): nearly squared when small, linear when large.",
    ),
    _loss(
        "CosineSimilarity",
        "cosine_similarity",
        "How far the directions of prediction and target part: -1 is the same direction, 1 the opposite.",
        Argument("axis", AXIS, -1, "The axis along which directions are compared."),
    ),
    _loss(
        "BinaryCrossentropy",
        "binary_crossentropy",
        "For yes-or-no targets: how surprising they are, given the predicted probabilities.",
        LOGITS,
        SMOOTHING,
        CLASS_AXIS,
        names=("binary_crossentropy", "bce", "BCE"),
    ),
    _loss(
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        "Binary crossentropy that looks past rows it predicts well already.",
        Argument("apply_class_balancing", BOOLEAN, False, "Whether `alpha` weighs the two classes."),
        Argument("alpha", SHARE, 0.25, "The weight of class 1; class 0 gets the rest."),
        FOCUS,
        LOGITS,
        SMOOTHING,
        CLASS_AXIS,
    ),
    _loss(
        "CategoricalCrossentropy",
        "categorical_crossentropy",
        "For one-hot classes: how surprising the right one is, given the predicted probabilities.",
        LOGITS,
        SMOOTHING,
        CLASS_AXIS,
        names=("categorical_crossentropy", *CHOSEN_BY_SHAPE),
    ),
    _loss(
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        "For classes given as whole numbers: how surprising the right one is, given the predictions.",
        LOGITS,
        Argument(
            "ignore_class", nullable(integer(-(2**31), 2**31 - 1)), None, "A class number whose rows count for nothing."
        ),
        Argument("axis", AXIS, -1, "Along which axis the scores of the classes stand."),
    ),
    _loss(
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        "Categorical crossentropy that looks past rows it predicts well already.",
        Argument("alpha", SHARE, 0.25, "The weight of every class."),
        FOCUS,
        LOGITS,
        SMOOTHING,
        CLASS_AXIS,
    ),
    _loss(
        "CategoricalGeneralizedCrossEntropy",
        "categorical_generalized_cross_entropy",
        "Between crossentropy and absolute error: bears wrong labels among the targets.",
        Argument("q", real(above=0, below=1), 0.5, "Near 0 it is crossentropy, near 1 absolute error."),
    ),
    _loss(
        "KLDivergence",
        "kl_divergence",
        "How far a predicted distribution is from the target's.",
        names=("kl_divergence", "kld", "KLD"),
    ),
    _loss("Poisson", "poisson", "For counts: predictions are the expected number of events."),
    _loss("CTC", "ctc", "For label sequences whose places in time are not known, as in speech and handwriting."),
    _loss("Hinge", "hinge", "For targets of -1 and 1: zero beyond a safe margin, linear on the wrong side."),
    _loss("SquaredHinge", "squared_hinge", "The hinge loss squared: punishes clear mistakes more."),
    _loss("CategoricalHinge", "categorical_hinge", "The right class must beat the best wrong one by a margin."),
    _loss(
        "Dice",
        "dice",
        "How little the predicted region and the target region overlap; for segmentation.",
        REGION_AXES,
    ),
    _loss(
        "Tversky",
        "tversky",
        "Like Dice, with weights of its own for false alarms and for misses.",
        Argument("alpha", NOT_NEGATIVE, 0.5, "The weight of false alarms."),
        Argument("beta", NOT_NEGATIVE, 0.5, "The weight of misses."),
        REGION_AXES,
    ),
    _loss(
        "Circle",
        "circle",
        "Draws embeddings of one class together and pushes the others away, hard pairs first.",
        Argument("gamma", ABOVE_ZERO, 80.0, "The scale of the similarities."),
        Argument("margin", SHARE, 0.4, "How far apart similarities of like and unlike pairs should be."),
        Argument("remove_diagonal", BOOLEAN, True, "Whether a row is not compared with itself."),
    ),
    base_class("losses", "Loss", "losses", "loss", "MyLoss"),
)
