"""Catalogue: the kinds of data source, as ``[data] source`` states them."""

from __future__ import annotations

from typing import Final

from .kinds import Kind, choice
from .record import Argument, Record

PATH: Final = Kind({"type": "string", "minLength": 1}, "the path of a file, relative to the spec")

SOURCES: Final = (
    Record(
        name="csv",
        family="sources",
        summary="A table in a text file, one row a line, names of columns in the first line.",
        arguments=(
            Argument("path", PATH, summary="The file, relative to the spec; .gz is read as well."),
            Argument(
                "separator",
                Kind({"type": "string", "minLength": 1, "maxLength": 1}, "one character"),
                ",",
                "What stands between two cells.",
            ),
            Argument(
                "missing_values",
                Kind({"type": "array", "items": {"type": "string"}}, "a list of texts"),
                ("", "NA", "N/A", "NaN", "nan", "null"),
                "Cells that mean: no value.",
            ),
        ),
    ),
    Record(
        name="npz",
        family="sources",
        summary="NumPy arrays in one .npz file; each array is a column.",
        arguments=(Argument("path", PATH, summary="The file, relative to the spec."),),
    ),
    Record(
        name="keras",
        family="sources",
        summary="A data set that Keras knows, read from $KERAS_HOME/datasets or loaded by Keras where it is not there.",
        arguments=(
            Argument(
                "name",
                choice(
                    "boston_housing",
                    "california_housing",
                    "cifar10",
                    "cifar100",
                    "fashion_mnist",
                    "imdb",
                    "mnist",
                    "reuters",
                ),
                summary="The name of the data set.",
            ),
        ),
    ),
)
