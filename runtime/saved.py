"""From a saved model to keras.Model: only what a spec could have said is opened.

A .keras file names the classes and functions that are to be put together, and Keras has had to close one way
after the other of naming something that runs code. Here the list says what may be named, not what may not.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..compiler.build import MODULES, condensed
from ..compiler.catalogue import family, spellings
from ..compiler.catalogue.offered import all_offered
from .environment import quiet
from .run import RunError

if TYPE_CHECKING:
    import keras

STRUCTURE: Final = frozenset(
    [
        "Functional",
        "InputLayer",
        "DTypePolicy",
        "LossScaleOptimizer",
        "MeanMetricWrapper",
        "SharedObject",
        "__keras_tensor__",
        "__tensor__",
        "__numpy__",
    ]
)
"""Classes that a Functional model's file needs and that no spec writes."""

OPERATIONS: Final = frozenset(f"keras.src.ops.{one}" for one in ("einops", "image", "linalg", "math", "nn", "numpy"))
"""Modules of the operations that are nodes of a model, and that Keras itself puts in where a mask is computed."""

CORE: Final = frozenset(
    {
        "Cast", "ConvertToTensor", "SaturateCast", "Scatter", "ScatterUpdate", "Slice", "SliceUpdate", "StopGradient",
        "Unstack",
    }
)  # fmt: skip
"""Those of ``keras.src.ops.core`` that call nothing."""

CONFIG_LIMIT: Final = 64 * 2**20
"""Bytes of config.json: that of the largest application takes one megabyte."""


def open_model(path: Path) -> keras.Model:
    """Open a model that keraspec trained.

    Raises:
        RunError: if it can't be opened, or names something that no spec can say.
    """
    quiet()
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > CONFIG_LIMIT:
                raise RunError(f"{path} can't be opened: its config.json is too large")
            config = json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RunError(f"{path} is not a model of Keras: {error}") from error
    foreign = sorted(set(unknown(config)))
    if foreign:
        raise RunError(f"{path} is not opened: it names {', '.join(foreign)}, which no spec can say")
    import keras

    try:
        return keras.saving.load_model(path, custom_objects=custom_objects())
    except Exception as error:
        raise RunError(f"{path} can't be opened: {condensed(error)}") from error


def custom_objects() -> dict[str, type]:
    """The classes of plugins, by the names that Keras looks for."""
    return {made.__name__: made for made in _plugged()}


def _plugged() -> tuple[type, ...]:
    """The classes of the plugins that the person allows."""
    made = (record.made() for record in all_offered() if record.made is not None and record.family != "sources")
    return tuple(one for one in made if isinstance(one, type))


def unknown(config: Any) -> Iterator[str]:
    """The classes and functions in a model's configuration that are not on the list."""
    classes = STRUCTURE.union(
        *({record.name for record in family(name).values() if record.refused is None} for name in MODULES)
    )
    functions = frozenset(spellings("activations")) | frozenset(spellings("losses")) | frozenset(spellings("metrics"))
    own = {(made.__module__, made.__name__) for made in _plugged()}
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
            name, module = value.get("class_name"), value.get("module")
            if isinstance(value.get("vocabulary"), str):
                yield f"the file {value['vocabulary']}"
            if name is None:
                continue
            if name == "function":
                if value.get("config") not in functions:
                    yield str(value.get("config"))
            elif (module, name) in own or module in OPERATIONS or (module == "keras.src.ops.core" and name in CORE):
                continue
            elif name not in classes or not (module is None or module == "keras" or str(module).startswith("keras.")):
                yield f"{module}.{name}"
