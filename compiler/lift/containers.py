"""From a path to what the file there holds: the JSON of an architecture, out of whatever Keras put it into.

What a file is, its first bytes say, not its name: some that end in ``.keras`` are HDF5. Nothing in it is run or
unpickled, and nothing larger than any real model is read.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from .network import Saved, Unreadable

LIMIT: Final = 64 * 2**20
"""Bytes of an architecture: that of the largest application takes one megabyte."""
ZIP: Final = b"PK\x03\x04"
HDF5: Final = b"\x89HDF\r\n\x1a\n"
CONFIG: Final = "config.json"
METADATA: Final = "metadata.json"
OTHERS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (
        b"\x80\x04\x95",
        "a Python pickle, which runs code when it is opened",
        'save the model with `model.save("model.keras")`',
    ),
    (
        b"\x80\x05\x95",
        "a Python pickle, which runs code when it is opened",
        'save the model with `model.save("model.keras")`',
    ),
    (b"\x93NUMPY", "an array of NumPy", "name the file of the model"),
    (b"backend:", "the YAML of an old Keras", "load it there and save it with `model.to_json()`"),
    (b"class_name:", "the YAML of an old Keras", "load it there and save it with `model.to_json()`"),
)
"""First bytes of files that people may take for models → what they are, and what to do."""

Form = Literal["keras", "hdf5", "json", "tensorflow_js"]


@dataclass(frozen=True, slots=True)
class Held:
    """What a file holds: the JSON of the model, read and as text, and what stands beside it.

    ``training`` is what an HDF5 file says of the training, ``version`` the Keras that wrote it (empty where unknown).
    """

    path: Path
    form: Form
    stored: Any
    text: str
    training: Any = None
    version: str = ""
    backend: str | None = None


def held(path: Path) -> Held:
    """Open a file and find the model in it.

    Raises:
        Unreadable: if it holds no architecture, is broken or too large.
        OSError: if it can't be opened.
    """
    if path.is_dir():
        return _folder(path)
    with open(path, "rb") as file:
        head = file.read(16)
    if head.startswith(ZIP):
        return _zipped(path)
    if head.startswith(HDF5):
        return _hdf5(path)
    for begins, what, help_text in OTHERS:
        if head.startswith(begins):
            raise Unreadable(f"this file is {what}", help=help_text)
    if path.stat().st_size > LIMIT:
        raise Unreadable(f"this file has {path.stat().st_size:,} bytes, more than any architecture", help=_WHICH)
    return of_json(path, path.read_bytes())


_WHICH: Final = "name a `.keras` or `.h5` file of a whole model, or the JSON that `model.to_json()` gives"


def _folder(path: Path) -> Held:
    if (path / CONFIG).is_file():
        if (path / CONFIG).stat().st_size > LIMIT:
            raise Unreadable(f"{CONFIG} is larger than any architecture")
        return _parts(
            path, (path / CONFIG).read_bytes(), (path / METADATA).read_bytes() if (path / METADATA).is_file() else b"{}"
        )
    if (path / "model.json").is_file():
        return held(path / "model.json")
    if (path / "saved_model.pb").is_file():
        raise Unreadable(
            "this folder is a SavedModel, which keeps a program of TensorFlow and not the layers it was made of",
            help='save the model with `model.save("model.keras")` where it still is one of Keras',
        )
    raise Unreadable("this is a folder without a model of Keras in it", help=_WHICH)


def _zipped(path: Path) -> Held:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if CONFIG not in names:
                raise Unreadable(f"this archive has no {CONFIG}, so it is no model of Keras", help=_WHICH)
            return _parts(path, _member(archive, CONFIG), _member(archive, METADATA) if METADATA in names else b"{}")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unreadable(f"this archive is broken: {error}", help="save or download it again") from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member, of which no more is unpacked than may be there."""
    with archive.open(name) as file:
        content = file.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise Unreadable(f"{name} in it is larger than any architecture")
    return content


def _parts(path: Path, config: bytes, metadata: bytes) -> Held:
    stored, text = _parsed(config, CONFIG)
    about, _ = _parsed(metadata, METADATA)
    version = about.get("keras_version") if isinstance(about, Mapping) else None
    return Held(path, "keras", stored, text, version=version if isinstance(version, str) else "")


def of_json(path: Path, content: str | bytes) -> Held:
    """What the JSON of a model holds, as ``to_json()`` gives it; ``path`` is its name in messages.

    Raises:
        Unreadable: if it is no model.
    """
    stored, text = _parsed(content.encode() if isinstance(content, str) else content, "this file")
    if isinstance(stored, str):  # the text that to_json() gives, saved as JSON once more
        stored, text = _parsed(stored.encode(), "this file")
    if isinstance(stored, Mapping) and ("modelTopology" in stored or stored.get("format") == "layers-model"):
        return Held(path, "tensorflow_js", stored, text)
    if not isinstance(stored, Mapping):
        raise Unreadable("this JSON is no model: it should be an object with `class_name` and `config`", help=_WHICH)
    version, backend = stored.get("keras_version"), stored.get("backend")
    return Held(
        path, "json", stored, text,
        version=version if isinstance(version, str) else "", backend=backend if isinstance(backend, str) else None,
    )  # fmt: skip


def _parsed(content: bytes, what: str) -> tuple[Any, str]:
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text), text
    except UnicodeDecodeError as error:
        raise Unreadable(f"{what} is neither text nor a model of Keras", help=_WHICH) from error
    except RecursionError as error:
        raise Unreadable(f"{what} is nested deeper than any model") from error
    except ValueError as error:
        raise Unreadable(f"{what} is no JSON: {error}", help=_WHICH) from error


def _hdf5(path: Path) -> Held:
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise Unreadable(
            "this file is HDF5, which is read by h5py, and that is not installed", help="pip install h5py"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            values = {
                name: _text(file.attrs.get(name))
                for name in ("model_config", "training_config", "keras_version", "backend")
            }
            if values["keras_version"] is None and "model_weights" in file:
                values["keras_version"] = _text(file["model_weights"].attrs.get("keras_version"))
            alone = values["model_config"] is None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise Unreadable(f"this HDF5 file is broken: {error}", help="save or download it again") from error
    if alone:
        raise Unreadable(
            "this file holds weights alone, and not the layers that they belong to",
            help="name the file of the whole model, or the JSON that `model.to_json()` gives",
        )
    config = values["model_config"] or ""
    if len(config) > LIMIT:
        raise Unreadable("the architecture in it is larger than any")
    stored, text = _parsed(config.encode(), "its `model_config`")
    training = _parsed((values["training_config"] or "null").encode(), "its `training_config`")[0]
    return Held(path, "hdf5", stored, text, training, values["keras_version"] or "", values["backend"])


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value if isinstance(value, str) else None


def read(found: Held) -> Saved:
    """The model that a file holds, by the reader of its dialect.

    Raises:
        Unreadable: with everything that can't be read.
    """
    try:
        return _reader(found)(found)
    except RecursionError as error:
        raise Unreadable("this model is nested deeper than any") from error


def _reader(found: Held) -> Callable[[Held], Saved]:
    """The reader of a dialect: the version says it, or, where there is none, how objects are written down."""
    if found.form == "tensorflow_js":
        return _of_tensorflow_js
    major = found.version.partition(".")[0]
    modern = (
        "module" in found.stored if isinstance(found.stored, Mapping) and not major else major not in ("0", "1", "2")
    )
    return _of_keras_3 if modern else _of_older


def _of_keras_3(found: Held) -> Saved:
    from .keras_3 import read_keras_3

    training = found.training if isinstance(found.training, Mapping) else None
    return read_keras_3(found.stored, training, found.version)


def _of_older(found: Held) -> Saved:
    from .legacy import read_legacy

    return read_legacy(found.stored, found.training, found.version or None, found.backend)


def _of_tensorflow_js(found: Held) -> Saved:
    from .tensorflow_js import read_tensorflow_js

    return read_tensorflow_js(found.stored)
