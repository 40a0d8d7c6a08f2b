"""Catalogue: initializers, the numbers that weights start from."""

from __future__ import annotations

from typing import Final

from .kinds import AXIS, BOOLEAN, SEED, choice, either, list_of, nullable, number
from .record import Argument, Record
from .refusal import base_class
from .training_arguments import real

SEED_ARGUMENT: Final = Argument("seed", nullable(SEED), None, "Makes the random numbers repeatable.")
_AXES: Final = nullable(either(AXIS, list_of(AXIS, minimum=1)))
FAN_AXES: Final = (
    Argument("input_axes", _AXES, None, "Which axes of the weight count as inputs; left out: told by its shape."),
    Argument("output_axes", _AXES, None, "Which axes of the weight count as outputs; left out: told by its shape."),
)
GAIN: Final = Argument("gain", number(), 1.0, "What the matrix is multiplied by.")
SPREAD: Final = Argument("stddev", real(minimum=0), 0.05, "The standard deviation.")
MEAN: Final = Argument("mean", number(), 0.0, "The number that values lie around.")
WINDOWS: Final = (
    "boxcar",
    "triang",
    "blackman",
    "hamming",
    "hann",
    "bartlett",
    "flattop",
    "parzen",
    "bohman",
    "blackmanharris",
    "nuttall",
    "barthann",
    "cosine",
    "exponential",
    "tukey",
    "taylor",
    "lanczos",
)


def _initializer(
    name: str, summary: str, *arguments: Argument, names: tuple[str, ...], aliases: tuple[str, ...] = ()
) -> Record:
    return Record(
        name=name,
        family="initializers",
        summary=summary,
        page="layers/initializers",
        arguments=arguments,
        names=names,
        aliases=aliases,
    )


def _fan(name: str, snake: str, summary: str) -> Record:
    return _initializer(name, summary, SEED_ARGUMENT, *FAN_AXES, names=(snake,))


INITIALIZERS = (
    _fan("GlorotUniform", "glorot_uniform", "Evenly spread, in a width that suits inputs and outputs alike."),
    _fan("GlorotNormal", "glorot_normal", "Bell-shaped, in a width that suits inputs and outputs alike."),
    _fan("HeUniform", "he_uniform", "Evenly spread, in a width that suits ReLU and its kind."),
    _fan("HeNormal", "he_normal", "Bell-shaped, in a width that suits ReLU and its kind."),
    _fan("LecunUniform", "lecun_uniform", "Evenly spread, in a width that suits SELU."),
    _fan("LecunNormal", "lecun_normal", "Bell-shaped, in a width that suits SELU."),
    _initializer(
        "VarianceScaling",
        "Random, in a width that the shape of the weight decides: the general form of Glorot, He and LeCun.",
        Argument("scale", real(above=0), 1.0, "How many times the usual variance."),
        Argument(
            "mode",
            choice("fan_in", "fan_out", "fan_avg"),
            "fan_in",
            "What the variance is divided by: inputs, outputs or their mean.",
        ),
        Argument(
            "distribution",
            choice("truncated_normal", "untruncated_normal", "uniform", "normal"),
            "truncated_normal",
            "Which random numbers are drawn: bell-shaped, or spread evenly.",
        ),
        SEED_ARGUMENT,
        *FAN_AXES,
        names=("variance_scaling",),
    ),
    _initializer("Zeros", "Starts every weight as 0.", names=("zeros", "zero")),
    _initializer("Ones", "Starts every weight as 1.", names=("ones", "one")),
    _initializer(
        "Constant",
        "The same number everywhere.",
        Argument("value", number(), 0.0, "What every weight starts as."),
        names=("constant",),
    ),
    _initializer(
        "RandomNormal",
        "Bell-shaped around a mean.",
        MEAN,
        SPREAD,
        SEED_ARGUMENT,
        names=("random_normal", "normal"),
    ),
    _initializer(
        "RandomUniform",
        "Evenly spread between two bounds.",
        Argument("minval", number(), -0.05, "The lower bound."),
        Argument("maxval", number(), 0.05, "The upper bound."),
        SEED_ARGUMENT,
        names=("random_uniform", "uniform"),
    ),
    _initializer(
        "TruncatedNormal",
        "Bell-shaped around a mean, with nothing beyond two standard deviations.",
        MEAN,
        SPREAD,
        SEED_ARGUMENT,
        names=("truncated_normal",),
    ),
    _initializer(
        "Orthogonal",
        "A random matrix whose rows or columns stand at right angles.",
        GAIN,
        SEED_ARGUMENT,
        names=("orthogonal",),
        aliases=("OrthogonalInitializer",),
    ),
    _initializer(
        "Identity",
        "Ones on the diagonal, zeros elsewhere; for matrices.",
        GAIN,
        names=("identity",),
        aliases=("IdentityInitializer",),
    ),
    _initializer(
        "STFT",
        "The waves of a short-time Fourier transform, for a one-dimensional convolution.",
        Argument("side", choice("real", "imag"), "real", "The real or the imaginary part."),
        Argument("window", nullable(choice(*WINDOWS)), "hann", "The window that waves fade in and out by."),
        Argument(
            "scaling",
            nullable(choice("density", "spectrum")),
            "density",
            "Whether results are a density or a spectrum.",
        ),
        Argument("periodic", BOOLEAN, False, "Whether the window is meant to be repeated."),
        names=("stft",),
        aliases=("STFTInitializer",),
    ),
    base_class("initializers", "Initializer", "layers/initializers", "initializer", "MyInitializer"),
)
