"""Catalogue: layers that vary images at random. In training they act, afterwards they hand images on.

They count no FLOPs, for costs are those of using a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .arguments import DATA_FORMAT, SEED_ARGUMENT
from .images import (
    FILL_VALUE,
    HEIGHT,
    VALUE_RANGE,
    WIDTH,
    channels,
    channels_first,
    cropped,
    float_image,
    image,
    image_but,
)
from .kinds import BOOLEAN, Kind, choice, either, integer, list_of, nullable, number
from .record import REQUIRED, Argument, ArgumentError, Call, Inferred, Record, ShapeError
from .rules import cast_dtype, result

FILL_MODE: Final = Argument(
    "fill_mode",
    choice("reflect", "wrap", "constant", "nearest"),
    "reflect",
    "What fills places that come in from outside.",
)
INTERPOLATION: Final = Argument(
    "interpolation", choice("bilinear", "nearest"), "bilinear", "How pixels between pixels are made."
)


def spread(low: float, high: float, *, above: float | None = None) -> Kind:
    """A number, or a list of the least and the greatest, within bounds."""
    one = number(above=above, maximum=high) if above is not None else number(low, high)
    return either(one, list_of(one, 2))


SIGNED: Final = spread(-1, 1)
UNSIGNED: Final = spread(0, 1)


def _factor(name: str, kind: Kind, summary: str, default: Any = REQUIRED) -> Argument:
    return Argument(name, kind, default, f"{summary}; a list gives the least and the greatest.")


def varied(call: Call) -> Inferred:
    """Same shape, in the compute dtype."""
    return result(call, image(call).shape)


def varied_brightness(call: Call) -> Inferred:
    """Same shape; pixels that are only true or false have no brightness."""
    return result(call, image_but(call, "bool").shape)


def varied_fractions(call: Call) -> Inferred:
    """Same shape; pixels must not be whole numbers."""
    return result(call, float_image(call).shape)


def varied_colours(call: Call) -> Inferred:
    """Same shape; three channels."""
    x = image(call)
    channels(call, x, 3)
    return result(call, x.shape)


def varied_saturation(call: Call) -> Inferred:
    """Same shape; three channels, and pixels must not be whole numbers."""
    x = float_image(call)
    channels(call, x, 3)
    return result(call, x.shape)


def varied_jitter(call: Call) -> Inferred:
    """Same shape; three channels if hue or saturation change."""
    x = image(call)
    if call["saturation_factor"] is not None or call["hue_factor"] is not None:
        if channels_first(call):
            raise ShapeError(
                "E307",
                "RandomColorJitter finds colours in the last axis only, whatever its `data_format`",
                help='use RandomHue and RandomSaturation with `data_format = "channels_first"` instead',
                argument="data_format",
            )
        channels(call, x, 3)
    return result(call, x.shape)


def varied_grey(call: Call) -> Inferred:
    """Same shape, whole numbers staying whole; one channel or three."""
    x = image(call)
    channels(call, x, 1, 3)
    return result(call, x.shape, dtype=cast_dtype(call, x.dtype))


def varied_mixture(call: Call) -> Inferred:
    """Same shape; one channel or three where greying may be drawn."""
    x = image(call)
    if call.layer.arguments.get("all_ops", True):
        channels(call, x, 1, 3)
    return result(call, x.shape)


def _odd(arguments: Mapping[str, Any]) -> None:
    size = arguments["kernel_size"]
    for one in size if isinstance(size, tuple) else (size,):
        if one % 2 == 0:
            raise ArgumentError(
                "kernel_size",
                f"a blur has a middle pixel, so its size must be odd, found {one}",
                help=f"use {one + 1}",
            )


def _layer(name: str, page: str, summary: str, *arguments: Argument, rule: Any = varied, **more: Any) -> Record:
    where = f"layers/preprocessing_layers/image_augmentation/{page}"
    return Record(name, "layers", summary, arguments, page=where, rule=rule, **more)


_SEEDED: Final = (SEED_ARGUMENT, DATA_FORMAT)
_WARPED: Final = (FILL_MODE, INTERPOLATION, SEED_ARGUMENT, FILL_VALUE, DATA_FORMAT)

LAYERS = (
    _layer(
        "RandomFlip",
        "random_flip",
        "Mirrors images at random.",
        Argument(
            "mode",
            choice("horizontal_and_vertical", "horizontal", "vertical"),
            "horizontal_and_vertical",
            "Left to right, upside down, or both.",
        ),
        *_SEEDED,
    ),
    _layer(
        "RandomRotation",
        "random_rotation",
        "Turns images by random angles.",
        _factor("factor", SIGNED, "The greatest angle, as a share of a full turn"),
        *_WARPED,
    ),
    _layer(
        "RandomZoom",
        "random_zoom",
        "Enlarges or shrinks images by random factors, in a frame of the same size.",
        _factor("height_factor", spread(-1, 1, above=-1), "The greatest change of height, as a share; minus zooms in"),
        _factor(
            "width_factor", nullable(spread(-1, 1, above=-1)), "The same for the width; left out: as the height", None
        ),
        *_WARPED,
    ),
    _layer(
        "RandomTranslation",
        "random_translation",
        "Moves images at random.",
        _factor("height_factor", SIGNED, "The greatest move up or down, as a share of the height"),
        _factor("width_factor", SIGNED, "The greatest move left or right, as a share of the width"),
        *_WARPED,
    ),
    _layer(
        "RandomShear",
        "random_shear",
        "Slants images at random.",
        _factor("x_factor", UNSIGNED, "The greatest slant along the width", 0.0),
        _factor("y_factor", UNSIGNED, "The greatest slant along the height", 0.0),
        INTERPOLATION,
        FILL_MODE,
        FILL_VALUE,
        DATA_FORMAT,
        SEED_ARGUMENT,
    ),
    _layer(
        "RandomPerspective",
        "random_perspective",
        "Tilts images in space at random.",
        _factor("factor", UNSIGNED, "How likely an image is tilted", 1.0),
        Argument("scale", number(0, 1), 1.0, "How strongly it is tilted."),
        INTERPOLATION,
        FILL_VALUE,
        *_SEEDED,
    ),
    _layer(
        "RandomElasticTransform",
        "random_elastic_transform",
        "Bends images at random, as if drawn on rubber.",
        _factor("factor", UNSIGNED, "How likely an image is bent", 1.0),
        _factor("scale", UNSIGNED, "How strongly it is bent", 1.0),
        INTERPOLATION,
        Argument(
            "fill_mode",
            choice("reflect", "wrap", "constant", "nearest"),
            "reflect",
            "What fills places that come in from outside.",
        ),
        FILL_VALUE,
        VALUE_RANGE,
        *_SEEDED,
    ),
    _layer(
        "RandomCrop",
        "random_crop",
        "Cuts out a random part of fixed size in training, the middle afterwards.",
        HEIGHT,
        WIDTH,
        *_SEEDED,
        rule=cropped,
    ),
    _layer(
        "RandomErasing",
        "random_erasing",
        "Blots out random rectangles.",
        _factor("factor", UNSIGNED, "How likely an image gets a blot", 1.0),
        _factor("scale", UNSIGNED, "How large the blot is, as a share of the image", (0.02, 0.33)),
        Argument(
            "fill_value",
            nullable(either(number(), list_of(number(), 3))),
            None,
            "What the blot is filled with: a number, one for each channel, or left out for noise.",
        ),
        VALUE_RANGE,
        *_SEEDED,
    ),
    _layer(
        "RandomBrightness",
        "random_brightness",
        "Makes images lighter or darker at random.",
        _factor("factor", SIGNED, "The greatest change, as a share of the value range"),
        VALUE_RANGE,
        SEED_ARGUMENT,
        rule=varied_brightness,
    ),
    _layer(
        "RandomContrast",
        "random_contrast",
        "Raises or lowers the contrast at random.",
        _factor("factor", UNSIGNED, "The greatest change, as a share"),
        VALUE_RANGE,
        SEED_ARGUMENT,
        rule=varied_fractions,
    ),
    _layer(
        "RandomHue",
        "random_hue",
        "Turns all colours along the colour wheel at random.",
        _factor("factor", UNSIGNED, "The greatest turn"),
        VALUE_RANGE,
        DATA_FORMAT,
        SEED_ARGUMENT,
        rule=varied_colours,
    ),
    _layer(
        "RandomSaturation",
        "random_saturation",
        "Makes colours paler or stronger at random.",
        _factor("factor", SIGNED, "How far, with 0.5 for unchanged"),
        VALUE_RANGE,
        DATA_FORMAT,
        SEED_ARGUMENT,
        rule=varied_saturation,
    ),
    _layer(
        "RandomSharpness",
        "random_sharpness",
        "Blurs or sharpens images at random.",
        _factor("factor", UNSIGNED, "How far, with 0.5 for unchanged"),
        VALUE_RANGE,
        DATA_FORMAT,
        SEED_ARGUMENT,
    ),
    _layer(
        "RandomColorDegeneration",
        "random_color_degeneration",
        "Mixes images with a grey copy of themselves at random.",
        _factor("factor", SIGNED, "How much of the grey copy"),
        VALUE_RANGE,
        DATA_FORMAT,
        SEED_ARGUMENT,
        rule=varied_colours,
    ),
    _layer(
        "RandomColorJitter",
        "random_color_jitter",
        "Varies brightness, contrast, saturation and hue together.",
        VALUE_RANGE,
        _factor("brightness_factor", nullable(SIGNED), "The greatest change of brightness", None),
        _factor("contrast_factor", nullable(UNSIGNED), "The greatest change of contrast", None),
        _factor("saturation_factor", nullable(SIGNED), "How far saturation changes, with 0.5 for unchanged", None),
        _factor("hue_factor", nullable(UNSIGNED), "The greatest turn of the hue", None),
        *_SEEDED,
        rule=varied_jitter,
    ),
    _layer(
        "RandomGrayscale",
        "random_grayscale",
        "Takes the colour away from some images.",
        Argument("factor", number(0, 1), 0.5, "How likely an image loses its colour."),
        DATA_FORMAT,
        SEED_ARGUMENT,
        rule=varied_grey,
    ),
    _layer(
        "RandomGaussianBlur",
        "random_gaussian_blur",
        "Washes out some images, with a bell-shaped brush of random width.",
        _factor("factor", UNSIGNED, "How likely an image is blurred", 1.0),
        Argument(
            "kernel_size",
            either(integer(1, 255), list_of(integer(1, 255), 2)),
            3,
            "How far the blur reaches: an odd number of pixels, or two, for height and width.",
        ),
        _factor("sigma", UNSIGNED, "How strong the blur is", 1.0),
        VALUE_RANGE,
        DATA_FORMAT,
        SEED_ARGUMENT,
        check=_odd,
    ),
    _layer(
        "RandomInvert",
        "random_invert",
        "Turns some images into their negative.",
        _factor("factor", UNSIGNED, "How likely an image is inverted", 1.0),
        VALUE_RANGE,
        *_SEEDED,
    ),
    _layer(
        "RandomPosterization",
        "random_posterization",
        "Leaves fewer shades in images.",
        _factor("factor", either(integer(1, 8), list_of(integer(1, 8), 2)), "How many bits of each value are kept"),
        VALUE_RANGE,
        DATA_FORMAT,
        SEED_ARGUMENT,
    ),
    _layer(
        "Solarization",
        "solarization",
        "Turns values above a random threshold into their negative.",
        _factor(
            "addition_factor", UNSIGNED, "What is added to values below the threshold, as a share of the range", 0.0
        ),
        _factor("threshold_factor", UNSIGNED, "Where the threshold lies, as a share of the range", 0.0),
        VALUE_RANGE,
        SEED_ARGUMENT,
    ),
    _layer(
        "RandAugment",
        "rand_augment",
        "Applies a few randomly chosen variations one after the other.",
        VALUE_RANGE,
        Argument("num_ops", integer(1, 100), 2, "How many variations each image goes through."),
        _factor("factor", UNSIGNED, "How strong they are", 0.5),
        INTERPOLATION,
        *_SEEDED,
        rule=varied_mixture,
    ),
    _layer(
        "AugMix",
        "aug_mix",
        "Mixes several chains of random variations with the image itself.",
        VALUE_RANGE,
        Argument("num_chains", integer(1, 100), 3, "How many changed versions of an image are blended into one."),
        Argument("chain_depth", integer(1, 100), 3, "How many changes are made one after the other, at most."),
        _factor("factor", UNSIGNED, "How strong they are", 0.3),
        Argument("alpha", number(above=0), 1.0, "How evenly chains are mixed."),
        Argument("all_ops", BOOLEAN, True, "Whether changes of colour are among them."),
        INTERPOLATION,
        *_SEEDED,
        rule=varied_mixture,
    ),
)
