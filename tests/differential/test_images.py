"""The image layers, resizing and augmentation, against Keras."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest
from oracle import CASES, Case, Draw, Plan, Refused, agree, ours, spatial

DTYPES = ("float32", "float32", "float32", "uint8", "string")
RANGE: tuple[Any, ...] = ([0, 255], [0, 1], [1.0, -1.0])


def _out_of_range(case: Case) -> bool:
    """Keras checks only one end of each of the two numbers of a list."""
    return any(isinstance(value, list) and name != "value_range" for name, value in case.written.items())


STRICT = {
    "width": "an image without pixels is none",
    "height": "an image without pixels is none",
    "bins": "a histogram without bins is none",
    "clip_limit": "a limit below zero means nothing",
    "num_ops": "no variation at all is a mistake",
    "num_chains": "no variation at all is a mistake",
    "chain_depth": "no variation at all is a mistake",
    "max_number": "no boxes at all is a mistake",
    "alpha": "a distribution whose parameter is not above zero is none",
    "value_range": "a range has two ends",
}
"""Argument → why a value that Keras reads over is refused."""


def _text(case: Case) -> bool:
    """Text that passes a layer which does nothing to images."""
    return case.record.name == "MaxNumBoundingBoxes" and case.x.dtype == "string"


def _nonsense(case: Case) -> bool:
    mine = ours(case)
    return isinstance(mine, Refused) and mine.argument in STRICT


KNOWN = {
    "values that mean nothing, though Keras reads over them": _nonsense,
    "greying of text is no use, though it runs where nothing is to be done": lambda case: (
        case.record.name == "RandomGrayscale" and case.x.dtype == "string"
    ),
    "text is no image, though a layer that only looks at boxes hands it on": _text,
    "Keras takes an image without channels for a single one, and so a batch of them for an image": lambda case: (
        len(case.x.shape) == 2
    ),
    "greying, which other numbers of channels stop, is drawn in some steps only": lambda case: (
        case.record.name in ("AugMix", "RandAugment") and case.x.shape[-1] == 2
    ),
    "a least or greatest value out of range is a mistake, though Keras reads over it in a list": _out_of_range,
}


STUCK = {
    "a penalty on pixels in whole numbers cannot be computed": lambda case: "activity_regularizer" in case.written,
    "a range of fractions for pixels in whole numbers": lambda case: (
        case.record.name == "RandomBrightness" and case.x.dtype == "uint8" and "value_range" in case.written
    ),
}


def _factors(low: float, high: float) -> Draw:
    def draw(rng: Random) -> Any:
        one = round(rng.uniform(low, high), 2)
        return one if rng.random() < 0.7 else sorted([one, round(rng.uniform(low, high), 2)])

    return draw


def _odd(rng: Random) -> Any:
    return rng.choice((1, 3, 5, [3, 5], [1, 1], 4))


def _bits(rng: Random) -> Any:
    return rng.choice((1, 4, 8, [2, 6]))


def _image(
    layer: str,
    arguments: dict[str, Any] | None = None,
    *,
    channels: tuple[int, ...] = (1, 2, 3, 3),
    smallest: int = 2,
    accepted: float = 0.2,
    **more: Any,
) -> Plan:
    return Plan(
        layer,
        spatial(2, smallest=smallest, channels=channels, dtypes=DTYPES),
        arguments={"value_range": RANGE, **(arguments or {})},
        known=KNOWN,
        stuck=STUCK,
        accepted=accepted,
        **more,
    )


SIGNED, UNSIGNED = _factors(-1, 1), _factors(0, 1)
SIZES = {"height": (1, 2, 5, 9, 20), "width": (1, 3, 8, 20)}

PLANS = (
    _image("Resizing", {**SIZES, "interpolation": ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")}),
    _image("CenterCrop", SIZES),
    _image("AutoContrast"),
    _image("Equalization", {"bins": (2, 16)}),
    _image("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": ([2, 2], [1, 3], [8, 8])}, smallest=1),
    _image("RandomFlip"),
    _image("RandomRotation", {"factor": SIGNED}),
    _image("RandomZoom", {"height_factor": _factors(-0.9, 1), "width_factor": _factors(-0.9, 1)}),
    _image("RandomTranslation", {"height_factor": SIGNED, "width_factor": SIGNED}),
    _image("RandomShear", {"x_factor": UNSIGNED, "y_factor": UNSIGNED}),
    _image("RandomPerspective", {"factor": UNSIGNED}),
    _image("RandomElasticTransform", {"factor": UNSIGNED, "scale": UNSIGNED}),
    _image("RandomCrop", SIZES),
    _image("RandomErasing", {"factor": UNSIGNED, "scale": UNSIGNED}),
    _image("RandomBrightness", {"factor": SIGNED}),
    _image("RandomContrast", {"factor": UNSIGNED}),
    _image("RandomHue", {"factor": UNSIGNED}, channels=(1, 3, 3)),
    _image("RandomSaturation", {"factor": SIGNED}, channels=(1, 3, 3)),
    _image("RandomSharpness", {"factor": UNSIGNED}),
    _image("RandomColorDegeneration", {"factor": SIGNED}, channels=(1, 3, 3)),
    _image("RandomColorJitter", {"hue_factor": UNSIGNED, "contrast_factor": UNSIGNED}, channels=(1, 3, 3)),
    _image("RandomGrayscale", {"factor": (0, 0.5, 1)}),
    _image("RandomGaussianBlur", {"factor": UNSIGNED, "sigma": UNSIGNED, "kernel_size": _odd}),
    _image("RandomInvert", {"factor": UNSIGNED}),
    _image("RandomPosterization", {"factor": _bits}),
    _image("Solarization", {"addition_factor": UNSIGNED, "threshold_factor": UNSIGNED}),
    _image("RandAugment", {"factor": UNSIGNED, "num_ops": (1, 2)}),
    _image("MixUp", {"alpha": (0.2, 1, 5.0)}),
    _image("CutMix", {"factor": UNSIGNED}),
    _image("MaxNumBoundingBoxes", {"max_number": (1, 5), "fill_value": (-1, 0, 7)}),
    _image("AugMix", {"factor": UNSIGNED, "num_chains": (1, 2), "chain_depth": (1, 2)}),
)


SLOW = {"RandomElasticTransform": 9, "RandAugment": 18, "AugMix": 18}
"""Layers that take seconds on a few pixels: how many of their cases the default run draws."""


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, 0 if "KERASPEC_CASES" in os.environ else SLOW.get(plan.layer, 0))


@pytest.mark.long
@pytest.mark.parametrize("plan", [one for one in PLANS if one.layer in SLOW], ids=lambda plan: plan.layer)
def test_all_cases_agree_with_keras(plan: Plan) -> None:
    agree(plan, CASES)
