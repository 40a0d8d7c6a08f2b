"""Codes E421 to E424: losses, metrics and loss terms by expression."""

from __future__ import annotations

from typing import Final

from .code import Code

_PRICE: Final = 'inputs.rooms.shape = [3]\n\n[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n'
_LOSS: Final = _PRICE + "[training]\nloss = { expression = "
_SQUARES: Final = '"mean(square(y_true - y_pred), axis=-1)"'
_TERM: Final = f'{_LOSS}{_SQUARES} }}\n\n[[training.losses]]\nname = "small"\n'

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E421",
        "an expression of training uses a name that nothing has",
        "The expression of a loss or metric knows `y_true`, what is right, and `y_pred`, what the model gives; that of "
        "a loss term knows the names in its `inputs`. Its functions are those of `keras.ops` that work on each element "
        "or along axes, such as `square`, `log`, `maximum`, `mean` and `sum`. This name is none of them. Check its "
        "spelling; what else there is to compute can be an entry of the graph, and its result a tensor of a loss term.",
        _LOSS + '"mean(square(y_true - y_prde), axis=-1)" }',
        _LOSS + _SQUARES + " }",
    ),
    Code(
        "E422",
        "an expression of training that can't be computed",
        "What the expression puts together does not fit: two shapes that are not alike, an axis that is not there, a "
        "function that is given too little, or numbers of the wrong kind. Axes count the batch as 0, and -1 is the "
        "last. Often one side was reduced, with `mean` or `sum`, and the other was not; `keepdims=true` keeps an axis "
        "that is taken away, with a size of 1.",
        _LOSS + '"mean(square(y_true - y_pred), axis=2)" }',
        _LOSS + _SQUARES + " }",
    ),
    Code(
        "E423",
        "an expression that nothing can be learned from",
        "Training changes each weight a little and looks whether the loss becomes smaller. A loss that does not use "
        "what the model gives, that counts or compares instead of measuring, or that is rounded never changes a "
        "little, so nothing is learned. Measure how far off the model is. As a metric the same expression may be fine.",
        _LOSS + "\"mean(cast(y_true != round(y_pred), 'float32'), axis=-1)\" }",
        _LOSS + _SQUARES + " }",
    ),
    Code(
        "E424",
        "a loss term or a metric whose name is taken",
        "Each loss term and each metric is reported under its name, beside the loss. Two numbers of one name could not "
        "be told apart, and callbacks could not say which they watch. Choose a name that nothing else has.",
        _TERM.replace("small", "loss") + 'inputs = { p = "price" }\nexpression = "abs(p)"',
        _TERM + 'inputs = { p = "price" }\nexpression = "abs(p)"',
    ),
)
