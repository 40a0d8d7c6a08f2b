"""Catalogue: activations, functions that are applied to every element of a result.

A record's name is the string that a spec writes; Keras gives these functions no arguments here. Those that
have some are layers as well: ``{ type = "LeakyReLU", negative_slope = 0.1 }``.
"""

from __future__ import annotations

from typing import Final

from .record import Record
from .refusal import refused

_PAGE: Final = "layers/activations"


def _activation(name: str, summary: str, *names: str) -> Record:
    return Record(name=name, family="activations", summary=summary, names=names, page=_PAGE)


ACTIVATIONS = (
    _activation("linear", "Leaves everything as it is."),
    _activation("relu", "Negative numbers become 0."),
    _activation("relu6", "Cut off below 0 and above 6."),
    _activation("leaky_relu", "Negative numbers shrink to a fifth."),
    _activation("elu", "Negative numbers bend smoothly towards -1."),
    _activation("selu", "ELU in a scale that keeps deep networks normalised; goes with LecunNormal and AlphaDropout."),
    _activation("celu", "ELU in a form whose slope has no jump."),
    _activation("gelu", "A smooth ReLU: each number times its place in the bell curve."),
    _activation("silu", "A smooth ReLU: each number times its sigmoid.", "swish"),
    _activation("mish", "A smooth ReLU: each number times tanh of its softplus."),
    _activation("hard_silu", "SiLU made of straight lines and a parabola.", "hard_swish"),
    _activation("softplus", "A smooth ReLU that is never zero: log(exp(x) + 1)."),
    _activation("squareplus", "Like softplus, with a square root instead of exponentials."),
    _activation("sparse_plus", "Like softplus, and exactly zero below -1."),
    _activation("sigmoid", "Squeezed between 0 and 1: a probability."),
    _activation("hard_sigmoid", "Sigmoid made of straight lines."),
    _activation("sparse_sigmoid", "A straight line from -1 to 1, flat outside."),
    _activation("log_sigmoid", "The logarithm of a number squeezed between 0 and 1: never above 0."),
    _activation("tanh", "Squeezed between -1 and 1."),
    _activation("hard_tanh", "Cut off below -1 and above 1."),
    _activation("tanh_shrink", "Each number less its hyperbolic tangent: near 0 almost nothing is left."),
    _activation("softsign", "Squeezed between -1 and 1 by x / (1 + |x|)."),
    _activation("soft_shrink", "Moved towards 0 by a half, and 0 where that would cross it."),
    _activation("hard_shrink", "0 between minus and plus one half, else unchanged."),
    _activation("exponential", "e to the power of each number."),
    _activation("softmax", "Probabilities over the last axis that add up to 1."),
    _activation("log_softmax", "Logarithms of probabilities over the last axis, exact where those are tiny."),
    _activation("sparsemax", "Like softmax, with exact zeros for what is far behind."),
    refused(
        "activations",
        "threshold",
        _PAGE,
        "Kept above a threshold, replaced below it.",
        "it needs two numbers besides its input, and so a Python function that knows them",
        'put `{ type = "ops.threshold", threshold = …, default_value = … }` behind the layer',
        "callable",
    ),
    refused(
        "activations",
        "glu",
        _PAGE,
        "One half of the last axis, gated by the sigmoid of the other half.",
        "it halves the last axis, which Keras' layers do not reckon with: what follows would be built for the whole",
        'put `{ type = "ops.glu" }` behind the layer',
        "symbolic",
    ),
)
