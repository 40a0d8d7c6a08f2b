"""The noun templates: whole specs to begin with, each a file of this folder that checks clean and trains as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SUFFIX: Final = ".keraspec.toml"

TEMPLATES: Final[Mapping[str, str]] = {
    "mlp": "numbers into classes",
    "tabular": "a table of numbers and words, a number to be predicted",
    "cnn": "pictures into classes",
    "transfer": "pictures into classes, by a network that has learned to see before",
    "segmentation": "a class for each pixel of a picture",
    "text": "texts into classes, by their phrases",
    "transformer": "texts into classes, by attention",
    "timeseries": "what a series will be, from what it was",
    "audio": "sounds into classes",
    "autoencoder": "rows through a narrow code and back",
    "multitask": "one network, several answers",
    "recommender": "how two things agree, such as people and films",
}
"""Template → what it is for; the spec stands in the file of that name."""


def template_text(template: str) -> str:
    """The text of a template, as TOML.

    Raises:
        KeyError: if there is no such template.
    """
    if template not in TEMPLATES:
        raise KeyError(template)
    return (Path(__file__).parent / f"{template}{SUFFIX}").read_text(encoding="utf-8")
