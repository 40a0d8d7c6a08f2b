"""The noun Format: what a trained model can be exported to, one module a format."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Final

from ..preprocessing import LOOKUPS

STRINGS: Final = frozenset({"string"})
HALVES: Final = frozenset({"float16", "bfloat16", "mixed_float16", "mixed_bfloat16"})


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    ``ending`` is what the name of the file ends in, or of the folder where it is one (``folder``). ``module`` beside
    this one has ``write(model, path)``, and either ``run(path, model, rows)``, which reads back what was written and
    gives what it computes, or ``differs(path, model)``, which compares the two without computing. ``tolerance`` is by
    how much numbers may differ, as a share of the largest number of an output, or of 1 where all are smaller.
    ``packages`` must be importable; the extra ``export`` has them. ``tensorflow``: only Keras on TensorFlow writes it.

    What it has no means for: the ``layers``; inputs of the ``dtypes``; the ``precisions``; and, unless ``learned``,
    vocabularies that layers learned from the training rows. ``called`` is its name in a sentence, ``instead`` the
    format to take then.
    """

    name: str
    called: str
    ending: str
    summary: str
    module: str
    tolerance: float = 0.0
    folder: bool = False
    packages: tuple[str, ...] = ()
    tensorflow: bool = False
    layers: frozenset[str] = frozenset()
    dtypes: frozenset[str] = frozenset()
    precisions: frozenset[str] = frozenset()
    learned: bool = True
    instead: str = ""

    def load(self) -> ModuleType:
        """The module that writes and reads it."""
        return import_module(f".{self.module}", __name__)


FORMATS: Final = (
    Format(
        "keras",
        "a .keras file",
        ".keras",
        "Keras' own file, for any backend: to predict with, not to train on.",
        "keras_file",
        tolerance=1e-6,
    ),
    Format(
        "savedmodel",
        "a SavedModel",
        ".savedmodel",
        "A folder for TensorFlow Serving, TensorFlow.js and all that reads a SavedModel.",
        "saved_model",
        tolerance=1e-6,
        folder=True,
        tensorflow=True,
        instead="keras",
    ),
    Format(
        "onnx",
        "ONNX",
        ".onnx",
        "For ONNX Runtime and other engines.",
        "onnx_file",
        tolerance=1e-4,
        packages=("onnx", "tf2onnx", "onnxruntime"),
        tensorflow=True,
        layers=LOOKUPS,
        dtypes=STRINGS,
        precisions=HALVES,
        instead="savedmodel",
    ),
    Format(
        "tflite",
        "TensorFlow Lite",
        ".tflite",
        "For phones and small devices, with LiteRT.",
        "tflite_file",
        tolerance=1e-4,
        tensorflow=True,
        precisions=HALVES,
        instead="savedmodel",
    ),
    Format(
        "weights",
        "a file of weights",
        ".weights.h5",
        "The weights alone, for the model that `keraspec.build` makes of the spec.",
        "weights_file",
        tolerance=1e-6,
        learned=False,
        instead="keras",
    ),
    Format(
        "config",
        "a configuration",
        ".config.json",
        "The structure alone, as Keras' JSON: no weights, no vocabularies.",
        "config_file",
    ),
)
"""In the order in which they are told of."""


def format_of(name: str) -> Format:
    """The format of a name.

    Raises:
        ValueError: naming those that there are.
    """
    found = next((one for one in FORMATS if one.name == name), None)
    if found is None:
        raise ValueError(f"there is no format {name!r}: expected one of {', '.join(one.name for one in FORMATS)}")
    return found
