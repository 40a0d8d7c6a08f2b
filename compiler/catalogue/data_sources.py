"""Catalogue: the kinds of data source, as ``[data] source`` states them."""

from __future__ import annotations

from typing import Final

from .kinds import BOOLEAN, POSITIVE, SEED, Kind, choice
from .record import Argument, Record

NUMBERS: Final = (
    ("float", 32), ("float", 64), ("int", 8), ("int", 16), ("int", 32), ("int", 64), ("uint", 8), ("uint", 16),
)  # fmt: skip
PATH: Final = Kind({"type": "string", "minLength": 1}, "the path of a file, relative to the spec")
FOLDER: Final = Kind({"type": "string", "minLength": 1}, "the path of a folder, relative to the spec")
COLUMN: Final = Kind({"type": "string", "minLength": 1}, "the name of a column")
FEATURES: Final = Kind(
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "properties": {
                "dtype": {"enum": ["string", "bool", *(f"{kind}{bits}" for kind, bits in NUMBERS)]},
                "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            },
            "additionalProperties": False,
        },
    },
    "a table NAME = { dtype = ..., shape = [...] }, both of which may be left out",
)
FILES: Final = "The file, relative to the spec; a pattern such as data/part-*{} puts several together"

SOURCES: Final = (
    Record(
        name="csv",
        family="sources",
        summary="A table in a text file, one row a line, names of columns in the first line.",
        arguments=(
            Argument("path", PATH, summary=f"{FILES.format('.csv')}; .gz is read as well."),
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
            Argument(
                "columns",
                Kind(
                    {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
                    "a list of names, each another one",
                ),
                None,
                "Names of the columns, where the first line is a row already.",
            ),
            Argument("quotes", BOOLEAN, True, "Whether cells may stand in quotation marks."),
            Argument("decimal", choice(".", ","), ".", "What fractions stand behind; with a comma 1.234,5 is 1234.5."),
        ),
    ),
    Record(
        name="jsonl",
        family="sources",
        summary="JSON lines: an object a line, whose keys are columns; those of objects inside are `outer.inner`.",
        arguments=(Argument("path", PATH, summary=f"{FILES.format('.jsonl')}; .gz is read as well."),),
    ),
    Record(
        name="parquet",
        family="sources",
        summary="A table in columns, as pandas, Arrow and Spark write it.",
        arguments=(Argument("path", PATH, summary=f"{FILES.format('.parquet')}."),),
    ),
    Record(
        name="npz",
        family="sources",
        summary="NumPy arrays in one .npz file; each array is a column.",
        arguments=(Argument("path", PATH, summary=f"{FILES.format('.npz')}."),),
    ),
    Record(
        name="npy",
        family="sources",
        summary="A NumPy array in a .npy file, mapped into memory; the file's name is that of its column.",
        arguments=(
            Argument(
                "path", PATH, summary="The file, relative to the spec; a pattern such as data/*.npy: each a column."
            ),
            Argument(
                "column", COLUMN, None, "What the column is called; files of a pattern then stand one below the other."
            ),
        ),
    ),
    Record(
        name="idx",
        family="sources",
        summary="The files of MNIST and its kin: columns `image` and `label`, the test rows of t10k kept for testing.",
        arguments=(
            Argument(
                "path",
                Kind({"type": "string", "minLength": 1}, "the path of a folder or of a file of images"),
                summary="A folder with files such as train-images-idx3-ubyte.gz, or one file of images.",
            ),
            Argument(
                "labels", PATH, None, "The file of labels, where it does not lie beside the images under MNIST's name."
            ),
        ),
    ),
    Record(
        name="tfrecord",
        family="sources",
        summary="TensorFlow's records of Example or SequenceExample; each feature is a column.",
        arguments=(
            Argument("path", PATH, summary=f"{FILES.format('.tfrecord')}; packed with gzip or not."),
            Argument(
                "features",
                FEATURES,
                None,
                "The features to be read, as NAME = { dtype, shape }; left out: all, as they are.",
            ),
        ),
    ),
    Record(
        name="images",
        family="sources",
        summary="A folder of pictures, in which a folder is a class: columns `image` and `label`.",
        arguments=(Argument("path", FOLDER, summary="The folder, relative to the spec; png, jpeg, bmp, gif, webp."),),
    ),
    Record(
        name="text",
        family="sources",
        summary="A folder of .txt files, in which a folder is a class: columns `text` and `label`.",
        arguments=(Argument("path", FOLDER, summary="The folder, relative to the spec."),),
    ),
    Record(
        name="audio",
        family="sources",
        summary="A folder of .wav files, in which a folder is a class: columns `audio` and `label`.",
        arguments=(Argument("path", FOLDER, summary="The folder, relative to the spec."),),
    ),
    Record(
        name="synthetic",
        family="sources",
        summary="Rows at random that fit the inputs and the losses, to try a spec before there is data.",
        arguments=(
            Argument("rows", POSITIVE, 1000, "How many samples are made up."),
            Argument("seed", SEED, 0, "Makes them repeatable."),
            Argument("length", POSITIVE, 16, "What stands for a size that the spec leaves open."),
        ),
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
    Record(
        name="tfds",
        family="sources",
        summary="A data set that TensorFlow Datasets has prepared on this machine; each feature is a column.",
        arguments=(
            Argument(
                "name",
                Kind({"type": "string", "minLength": 1}, "the name of a data set"),
                summary='Its name, where wished with configuration and version: "glue/cola:2.0.0".',
            ),
            Argument(
                "data_dir",
                Kind({"type": "string", "minLength": 1}, "the path of a folder"),
                None,
                "The folder of prepared data sets, relative to the spec; left out: that of TensorFlow Datasets.",
            ),
            Argument(
                "split",
                Kind({"type": "string", "minLength": 1}, "a split, in quotes"),
                None,
                'Which rows, such as "train[:80%]"; left out: all, those of test and validation being these parts.',
            ),
        ),
    ),
    Record(
        name="python",
        family="sources",
        summary="What a function gives, of a module that is allowed by name: --allow-plugin MODULE.",
        arguments=(
            Argument(
                "function",
                Kind(
                    {"type": "string", "pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"},
                    '"module:function"',
                ),
                summary='The function, as "module:function"; it gives columns, a pair (x, y), or pieces of such.',
            ),
            Argument(
                "arguments", Kind({"type": "object"}, "a table NAME = value"), None, "What its parameters are given."
            ),
        ),
    ),
)
