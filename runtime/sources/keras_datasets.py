"""Source keras: the data sets that Keras knows, from ``$KERAS_HOME/datasets``.

What lies there is read here, as it is, and never changed: Keras' own loader deletes a file whose hash differs
from the one it expects. Only where nothing of the data set is there does Keras load it.

The columns are named as those of folder sources are: ``image`` and ``label`` (pictures), ``text`` and ``label``
(word numbers), ``features`` and ``target`` (tables of numbers). The rows that the data set keeps for testing
are the test split. Only where the spec itself asks for a share (``split.test``) are all rows put together and
split as any others. ``split.validation`` is a share of the rows that are not for testing.

Source: https://keras.io/api/datasets/
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ..table import Table
from .files import reason
from .idx import array
from .unpickle import UnsafeError, arrays_of_npz, unpickled

SHUFFLE_SEED: Final = 113
TEST_SHARE: Final = 0.2
"""With these Keras sets rows aside for testing where a data set comes in one piece."""

START, OTHER, FIRST_WORD = 1, 2, 3
"""Of word numbers: the start of a text, a word not in the list, and what is added to all numbers in the file."""

Parts = tuple[tuple[Any, Any], tuple[Any, Any]]
"""As Keras gives them: ``(x_train, y_train), (x_test, y_test)``."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set: the files it consists of, below one of ``roots``, and how they are read.

    ``remains`` are further names that Keras' loader would put there, or check and delete.
    """

    name: str
    roots: tuple[str, ...]
    files: tuple[str, ...]
    columns: tuple[str, str]
    parts: Callable[[Path], Parts]
    remains: tuple[str, ...] = ()


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read a data set by name, or let Keras load it where nothing of it is there.

    Raises:
        Problem: E401 (incomplete, or nothing there and Keras can't get it), E407.
    """
    import numpy as np

    at = (*pointer, "name")
    known = next(one for one in DATA_SETS if one.name == arguments["name"])
    home = datasets_folder()
    present = [root for root in (*known.roots, *known.remains) if (home / root).exists()]
    if present:
        (x_train, y_train), (x_test, y_test) = _stored(known, home, at)
    else:
        (x_train, y_train), (x_test, y_test) = _loaded(known, home, at)
    test = np.arange(len(x_train) + len(x_test)) >= len(x_train)
    features, target = known.columns
    columns = {
        features: np.concatenate([x_train, x_test]),
        target: np.concatenate([np.reshape(y_train, -1), np.reshape(y_test, -1)]),
    }
    return Table(f"{known.name} of Keras", columns, test=test if len(x_test) else None, standard=known.columns)


def datasets_folder() -> Path:
    """Where Keras keeps data sets."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"


def _stored(known: DataSet, home: Path, at: Pointer) -> Parts:
    whole = [root for root in known.roots if all((home / root / file).is_file() for file in known.files)]
    if not whole:
        root = next((root for root in known.roots if (home / root).exists()), known.roots[0])
        missing = ", ".join(file for file in known.files if not (home / root / file).is_file()) or root
        raise Problem(
            Finding(
                "E401",
                f"{known.name} is not complete in {home}: {missing} is not there",
                at,
                help="put the missing files there, or move away those that are, and Keras will load them all",
            )
        )
    path = home / whole[0]
    try:
        return known.parts(path)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile, UnsafeError) as error:
        raise Problem(
            Finding(
                "E407",
                f"{path} can't be read as {known.name}: {reason(error)}",
                at,
                help="move it away, and Keras will load it again",
            )
        ) from error


def _loaded(known: DataSet, home: Path, at: Pointer) -> Parts:
    """Let Keras load it. Where the folder can't be written Keras would use another, which is not looked through."""
    import keras

    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home.parent, os.W_OK):
            raise PermissionError(f"{home} can't be written")
        parts: Parts = getattr(keras.datasets, known.name).load_data()
    except Exception as error:  # Keras raises plain Exception where there is no network
        raise Problem(
            Finding(
                "E401",
                f"{known.name} is not in {home}, and Keras could not load it: {reason(error)}",
                at,
                help=f"put {known.roots[0]} into {home}",
            )
        ) from error
    return parts


def _npz(path: Path) -> Parts:
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])


def _one_piece(path: Path) -> Parts:
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        return _set_aside(file["x"], file["y"])


def _set_aside(x: Any, y: Any) -> Parts:
    """Rows in the order of Keras' shuffle, the last fifth for testing."""
    import numpy as np

    order = np.arange(len(x))
    np.random.RandomState(SHUFFLE_SEED).shuffle(order)
    cut = int(len(x) * (1 - TEST_SHARE))
    return (x[order[:cut]], y[order[:cut]]), (x[order[cut:]], y[order[cut:]])


def _idx(path: Path) -> Parts:
    def part(name: str) -> tuple[Any, Any]:
        return array(path / f"{name}-images-idx3-ubyte.gz"), array(path / f"{name}-labels-idx1-ubyte.gz")

    return part("train"), part("t10k")


def _cifar(path: Path, train: tuple[str, ...], test: str, label: bytes) -> Parts:
    import numpy as np

    def batch(name: str) -> tuple[Any, Any]:
        with (path / name).open("rb") as file:
            stored = unpickled(file, encoding="bytes")
        pixels = np.asarray(stored[b"data"]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return pixels, np.asarray(stored[label], np.uint8)

    batches = [batch(name) for name in train]
    return (np.concatenate([x for x, _ in batches]), np.concatenate([y for _, y in batches])), batch(test)


def _imdb(path: Path) -> Parts:
    import numpy as np

    stored = arrays_of_npz(path)
    random = np.random.RandomState(SHUFFLE_SEED)

    def part(name: str) -> tuple[list[Any], Any]:
        texts, labels = stored[f"x_{name}"], stored[f"y_{name}"]
        order = np.arange(len(texts))
        random.shuffle(order)
        return list(texts[order]), labels[order]

    (x_train, y_train), (x_test, y_test) = part("train"), part("test")
    words = _words(x_train + x_test)
    return (words[: len(x_train)], y_train), (words[len(x_train) :], y_test)


def _reuters(path: Path) -> Parts:
    import numpy as np

    stored = arrays_of_npz(path)
    order = np.arange(len(stored["x"]))
    np.random.RandomState(SHUFFLE_SEED).shuffle(order)
    words, labels = _words(list(stored["x"][order])), stored["y"][order]
    cut = int(len(words) * (1 - TEST_SHARE))
    return (words[:cut], labels[:cut]), (words[cut:], labels[cut:])


def _words(texts: list[Any]) -> Any:
    """Word numbers as Keras gives them: a start sign in front, room below for signs, the rarest word left out."""
    import numpy as np

    shifted = [np.concatenate([[START], np.asarray(text, np.int64) + FIRST_WORD]).astype(np.int32) for text in texts]
    rarest = max((int(text.max()) for text in shifted), default=0)
    rows = np.empty(len(shifted), object)
    for index, text in enumerate(shifted):
        rows[index] = np.where(text < rarest, text, OTHER)
    return rows


PICTURES: Final = ("image", "label")
TEXTS: Final = ("text", "label")
NUMBERS: Final = ("features", "target")
FASHION: Final = tuple(
    f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("labels-idx1", "images-idx3")
)
TEN: Final = tuple(f"data_batch_{number}" for number in range(1, 6))
WHOLE: Final = ("",)
"""The root itself is the file."""

DATA_SETS: Final = (
    DataSet("boston_housing", ("boston_housing.npz",), WHOLE, NUMBERS, _one_piece),
    DataSet("california_housing", ("california_housing.npz",), WHOLE, NUMBERS, _one_piece),
    DataSet(
        "cifar10",
        ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"),
        (*TEN, "test_batch"),
        PICTURES,
        partial(_cifar, train=TEN, test="test_batch", label=b"labels"),
        ("cifar-10-batches-py-target", "cifar-10-batches-py-target_archive"),
    ),
    DataSet(
        "cifar100",
        ("cifar-100-python-target/cifar-100-python", "cifar-100-python"),
        ("train", "test"),
        PICTURES,
        partial(_cifar, train=("train",), test="test", label=b"fine_labels"),
        ("cifar-100-python-target", "cifar-100-python-target_archive"),
    ),
    DataSet("fashion_mnist", ("fashion-mnist",), FASHION, PICTURES, _idx),
    DataSet("imdb", ("imdb.npz",), WHOLE, TEXTS, _imdb),
    DataSet("mnist", ("mnist.npz",), WHOLE, PICTURES, _npz),
    DataSet("reuters", ("reuters.npz",), WHOLE, TEXTS, _reuters),
)
