"""Source tfds: a data set that TensorFlow Datasets has prepared, read from its files; nothing is ever loaded.

The files say what they are, so that no code of the data set runs. Source: https://www.tensorflow.org/datasets/api_docs
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ...spec.words import closest
from ..pending import Files
from ..table import Table, Values
from .files import reason

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

HOME: Final = "~/tensorflow_datasets"
"""Where TensorFlow Datasets keeps what it prepares, unless $TFDS_DATA_DIR says otherwise."""
INFO: Final = "dataset_info.json"
INSTALL: Final = 'pip install "keraspec[tfds]"'


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Read a prepared data set. Features are columns, those inside others ``outer.inner``.

    The rows of its splits "test" and "validation" are those parts, of all others training is made; with ``split`` there
    are only the rows that it names. The pair that ``as_supervised`` would give feeds an only input and an only target.
    Pictures of any size are kept as files and decoded as the input wants them. Labels that have names become these.

    Raises:
        Problem: E401 if it is not prepared here; E402 if there is no such split; E407 if TensorFlow Datasets is not
            installed, or the files can't be read; E412 without rows.
    """
    name = str(arguments["name"])
    at = (*pointer, "name")
    home = _home(arguments, folder)
    path = _prepared(name, home, at)
    builder = _builder(name, path, at)
    stated = arguments.get("split")
    wanted = [stated] if stated else list(builder.info.splits)
    features = dict(_flat(builder.info.features))
    rows: dict[str, list[Any]] = {}
    marks: list[str] = []
    for split in wanted:
        for example in _examples(builder, split, name, (*pointer, "split") if stated else at):
            for feature, cell in _flat(example):
                rows.setdefault(feature, []).append(cell)
            marks.append(split)
    if not marks:
        raise Problem(Finding("E412", f"{name} has no rows", at))
    columns = {
        feature: _column(features.get(feature), cells, f"{name}: `{feature}`") for feature, cells in rows.items()
    }
    import numpy as np

    tested = np.array([mark == "test" for mark in marks])
    validated = np.array([mark == "validation" for mark in marks])
    own = not stated and (tested.any() or validated.any()) and not (tested | validated).all()
    return Table(
        f"{name} of TensorFlow Datasets",
        columns,
        test=tested if own else None,
        validation=validated if own and validated.any() else None,
        standard=_standard(builder),
    )


def _home(arguments: Mapping[str, Any], folder: Path) -> Path:
    stated = arguments.get("data_dir")
    if stated is not None:
        return folder / Path(str(stated)).expanduser()
    return Path(os.environ.get("TFDS_DATA_DIR") or HOME).expanduser()


def _prepared(name: str, home: Path, at: Pointer) -> Path:
    """The folder of the newest version that is there, or of the one that is asked for."""
    stem, _, version = name.partition(":")
    base = home / stem
    found = sorted({one.parent for one in base.rglob(INFO)} if base.is_dir() else (), key=_age)
    if version:
        found = [one for one in found if one.name == version]
    if found:
        return found[-1]
    there = (
        sorted("/".join(one.relative_to(home).parts[:-2]) + f":{one.parent.name}" for one in home.glob("*/**/" + INFO))
        if home.is_dir()
        else []
    )
    near = closest(name, there)
    prepare = f"python -c \"import tensorflow_datasets as tfds; tfds.load('{name}', data_dir='{home}')\""
    way = f"prepare it once, which keraspec never does by itself: {prepare}"
    if near or there:
        way = f"there is {near or ', '.join(there[:6])}; or {way}"
    raise Problem(Finding("E401", f"{name} is not prepared in {home}", at, help=way))


def _age(path: Path) -> tuple[int, ...]:
    """Versions in their order, 10.0.0 behind 9.0.0."""
    return tuple(int(part) if part.isdigit() else 0 for part in path.name.split("."))


def _builder(name: str, path: Path, at: Pointer) -> Any:
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        message = f"{name} is read by TensorFlow Datasets, which is not there: {error}"
        raise Problem(Finding("E407", message, (*at[:-1], "type"), help=INSTALL)) from error
    try:
        return tfds.builder_from_directory(str(path))
    except Exception as error:
        raise Problem(Finding("E407", f"{path} can't be read as a data set: {reason(error)}", at)) from error


def _examples(builder: Any, split: str, name: str, at: Pointer) -> Iterator[Mapping[str, Any]]:
    """The rows of a split in the order of its files, as NumPy gives them."""
    import tensorflow_datasets as tfds

    base = split.partition("[")[0]
    known = list(builder.info.splits)
    if base != "all" and not all(one.partition("[")[0].strip() in known for one in split.split("+")):
        near = closest(base, known)
        way = f'did you mean "{near}"?' if near else f"it has {', '.join(known)}"
        raise Problem(Finding("E402", f'{name} has no split "{split}"', at, help=way))
    skipped = _undecoded(builder.info.features, tfds)
    try:
        dataset = builder.as_dataset(split=split, shuffle_files=False, decoders=skipped)
        yield from tfds.as_numpy(dataset)
    except Problem:
        raise
    except Exception as error:
        message = f'the split "{split}" of {name} can\'t be read: {reason(error)}'
        raise Problem(Finding("E407", message, at)) from error


def _undecoded(features: Any, tfds: Any) -> Any:
    """Pictures whose size is not known stay files: the input says in which size it takes them."""
    if not hasattr(features, "items"):
        return None
    found: dict[str, Any] = {}
    for name, feature in features.items():
        if isinstance(feature, tfds.features.Image) and not _sized(feature):
            found[name] = tfds.decode.SkipDecoding()
        elif hasattr(feature, "items") and (inner := _undecoded(feature, tfds)):
            found[name] = inner
    return found or None


def _sized(feature: Any) -> bool:
    return all(size is not None for size in feature.shape)


def _flat(table: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    if not hasattr(table, "items"):
        yield (before.rstrip(".") or "value", table)
        return
    for name, value in table.items():
        if hasattr(value, "items"):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _column(feature: Any, cells: list[Any], what: str) -> Values:
    """The cells of a feature as a column."""
    import numpy as np

    kind = type(feature).__name__
    if kind == "Image" and not _sized(feature):
        names = np.array([f"{what} of row {row + 1}" for row in range(len(cells))], object)
        held = np.empty(len(cells), object)
        held[:] = cells
        return Files("image", held, names)
    if isinstance(cells[0], bytes):
        texts = np.empty(len(cells), object)
        texts[:] = [one.decode("utf-8", "replace") for one in cells]
        return texts
    arrays = [np.asarray(one) for one in cells]
    if kind == "ClassLabel":
        return _labels(feature, np.array(arrays))
    if len({one.shape for one in arrays}) == 1:
        stacked = np.stack(arrays)
        return _decoded(stacked) if stacked.dtype.kind in "SO" else stacked
    found = np.empty(len(arrays), object)
    for index, one in enumerate(arrays):
        found[index] = one
    return found


def _decoded(texts: Array) -> Array:
    import numpy as np

    flat = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in texts.reshape(-1)]
    return np.array(flat, object).reshape(texts.shape)


def _labels(feature: Any, numbers: Array) -> Array:
    """Labels by their names; by their numbers where these are the names, or not all of them are there."""
    import numpy as np

    names = list(feature.names or ())
    if not names or all(one.isdigit() for one in names) or len(np.unique(numbers)) < len(names) or numbers.min() < 0:
        return numbers
    return np.array(names, object)[numbers]


def _standard(builder: Any) -> tuple[str | None, str | None]:
    """The features that the data set itself calls input and label."""
    keys = builder.info.supervised_keys
    if not keys or len(keys) < 2 or not all(isinstance(one, str) for one in keys[:2]):
        return None, None
    return keys[0], keys[1]
