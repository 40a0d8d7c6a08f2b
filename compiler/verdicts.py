"""What losses need of the values that they are given, and what comes of values that they are not made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .endings import Values

GROUPS: Final[Mapping[str, str]] = {
    "SparseCategoricalCrossentropy": "class",
    "CategoricalCrossentropy": "class",
    "CategoricalFocalCrossentropy": "class",
    "CategoricalGeneralizedCrossEntropy": "share",
    "KLDivergence": "distribution",
    "BinaryCrossentropy": "binary",
    "BinaryFocalCrossentropy": "binary",
    "Poisson": "count",
    "Hinge": "margin",
    "SquaredHinge": "margin",
    "Dice": "overlap",
    "Tversky": "overlap",
    "CTC": "sequence",
    "Circle": "embedding",
}
"""Losses that need more of an output than that it holds numbers, by what they need."""

WORDS: Final[Mapping[Values, str]] = {
    "shares": "probabilities that add up to 1",
    "probability": "numbers from 0 to 1",
    "signed": "numbers from -1 to 1",
    "positive": "numbers from 0 up, without limit",
    "logs": "logarithms, never above 0",
    "unit": "directions of length 1",
    "numbers": "any number, below 0 and above 1 as well",
}

NEEDS: Final[Mapping[str, str]] = {
    "class": "expects the probabilities of the classes",
    "class logits": "is told by `from_logits = true` to expect raw scores",
    "share": "expects the probabilities of the classes",
    "distribution": "compares probabilities that add up to 1",
    "binary": "expects probabilities, numbers from 0 to 1",
    "binary logits": "is told by `from_logits = true` to expect raw scores",
    "count": "expects expected counts, numbers from 0 up",
    "margin": "expects scores on both sides of 0",
    "overlap": "expects numbers from 0 to 1",
    "sequence": "expects raw scores, and makes probabilities of them itself",
    "embedding": "compares directions: rows of length 1",
}

RIGHT: Final[Mapping[str, str]] = {
    "class": "softmax",
    "class logits": "linear",
    "share": "softmax",
    "distribution": "softmax",
    "binary": "sigmoid",
    "binary logits": "linear",
    "count": "softplus",
    "margin": "tanh",
    "overlap": "sigmoid",
    "sequence": "linear",
}
"""The activation that a group of losses is made for."""

_LOGARITHM: Final = "the logarithm of what is not above 0 does not exist, and nothing is learned from it"
_TWICE: Final = "softmax would be applied twice, and no answer could be sure"
_HALF: Final = "one of the two answers could never be given"
_ENDLESS: Final = "the loss would fall without end while the answers get worse"
_NARROW: Final = "so that no answer can be sure"
SPLIT: Final = "the numbers of a row do not add up to 1"

VERDICTS: Final[Mapping[str, Mapping[Values, tuple[str, str]]]] = {
    "class": {
        "numbers": ("E414", _LOGARITHM),
        "signed": ("E414", _LOGARITHM),
        "logs": ("E414", _LOGARITHM),
        "unit": ("E414", _LOGARITHM),
        "positive": ("E414", "where all numbers of a row are 0 there is nothing to divide by"),
        "probability": ("W401", SPLIT),
    },
    "class logits": {
        "shares": ("E414", _TWICE),
        "probability": ("E414", _NARROW),
        "signed": ("W401", _NARROW),
        "unit": ("W401", _NARROW),
        "positive": ("W401", "a class is never spoken against, and units that give 0 learn no more"),
    },
    "share": {
        "numbers": ("E414", "the loss is no number where they are below 0"),
        "signed": ("E414", "the loss is no number where they are below 0"),
        "logs": ("E414", "the loss is no number where they are below 0"),
        "unit": ("E414", "the loss is no number where they are below 0"),
        "positive": ("E414", _ENDLESS),
        "probability": ("W401", SPLIT),
    },
    "distribution": {
        "numbers": ("E414", _LOGARITHM),
        "signed": ("E414", _LOGARITHM),
        "logs": ("E414", _LOGARITHM),
        "unit": ("E414", _LOGARITHM),
        "positive": ("E414", "the loss does not see what is above 1, and is least where all of it is"),
        "probability": ("W401", "the loss is least where all of them are 1"),
    },
    "binary": {
        "numbers": ("E414", _LOGARITHM),
        "signed": ("E414", _LOGARITHM),
        "logs": ("E414", _LOGARITHM),
        "unit": ("E414", _LOGARITHM),
        "positive": ("E414", "nothing is learned from what is above 1"),
        "shares": ("W401", "the classes exclude each other, and the loss looks at each for itself"),
    },
    "binary logits": {
        "shares": ("E414", _HALF),
        "probability": ("E414", _HALF),
        "positive": ("E414", _HALF),
        "logs": ("E414", _HALF),
        "signed": ("W401", _NARROW),
        "unit": ("W401", _NARROW),
    },
    "count": {
        "numbers": ("E414", "the loss is no number where they are below 0"),
        "signed": ("E414", "the loss is no number where they are below 0"),
        "logs": ("E414", "the loss is no number where they are below 0"),
        "unit": ("E414", "the loss is no number where they are below 0"),
    },
    "margin": {
        "shares": ("W401", _HALF),
        "probability": ("W401", _HALF),
        "positive": ("W401", _HALF),
        "logs": ("W401", _HALF),
    },
    "overlap": {
        "numbers": ("E414", _ENDLESS),
        "signed": ("E414", _ENDLESS),
        "positive": ("E414", _ENDLESS),
        "logs": ("E414", _ENDLESS),
        "unit": ("E414", _ENDLESS),
    },
    "sequence": {
        "shares": ("E414", _TWICE),
        "probability": ("E414", _NARROW),
        "signed": ("W401", _NARROW),
        "unit": ("W401", _NARROW),
        "positive": ("W401", "a letter is never spoken against, and units that give 0 learn no more"),
    },
    "embedding": {
        "numbers": ("W401", "longer rows would seem to be more alike"),
        "positive": ("W401", "longer rows would seem to be more alike"),
        "signed": ("W401", "longer rows would seem to be more alike"),
        "probability": ("W401", "longer rows would seem to be more alike"),
        "shares": ("W401", "longer rows would seem to be more alike"),
        "logs": ("W401", "longer rows would seem to be more alike"),
    },
}
"""What comes of values that a group of losses is not made for: an error where nothing right can be learned."""
