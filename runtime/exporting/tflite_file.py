"""Format tflite: a flat file for LiteRT, with TensorFlow Lite's own operations and none of TensorFlow's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .computed import names_of
from .unfit import UnfitError

if TYPE_CHECKING:
    import keras

ONE_ROW: Final = "it takes one row at a time"

LISTED: Final = re.compile(r"^\s*(?:Flex|Custom|TF Select) ops: ([^\n]+)", re.MULTILINE)
REFUSED: Final = re.compile(r"'tf\.(\w+)' op|operation 'tf\.(\w+)'")
"""Where the converter names what TensorFlow Lite does not have."""

PLACES: Final = re.compile(r'fused\["[^"]*", "([^"@]+)')
"""Where it names the nodes of TensorFlow's graph, the layers' names among their parts."""


def write(model: keras.Model, path: Path) -> str | None:
    """Write the model, for any number of rows at once if that can be, else for one; what to know of the file.

    What goes in a circle, as recurrent layers do, is converted only where the number of rows is known.

    Raises:
        UnfitError: for operations that only a runtime with TensorFlow in it would have.
    """
    try:
        _export(model, path, None)
        return None
    except Exception:
        path.unlink(missing_ok=True)
    try:
        _export(model, path, 1)
    except Exception as error:
        text = str(error)
        named = [one for groups in REFUSED.findall(text) for one in groups if one]
        named += [one.strip() for found in LISTED.findall(text) for one in found.split(",")]
        if not named:
            raise
        kinds = sorted({one.removeprefix("tf.").removeprefix("Flex") for one in named})
        raise UnfitError(f"TensorFlow Lite has no {' and no '.join(kinds)}", tuple(PLACES.findall(text))) from error
    return ONE_ROW


def run(path: Path, model: keras.Model, rows: Mapping[str, Any]) -> list[Any]:
    """What TensorFlow Lite's interpreter makes of the rows."""
    import numpy as np
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(model_path=str(path))
    runner = interpreter.get_signature_runner()
    details = runner.get_input_details()
    feeds = {}
    for one in model.inputs:
        array = rows[one.name]
        feeds[one.name] = array if array.dtype.kind == "O" else array.astype(details[one.name]["dtype"])
    count = len(next(iter(feeds.values())))
    single = any(one["shape_signature"][0] == 1 for one in details.values())
    parts = [{name: array[row : row + 1] for name, array in feeds.items()} for row in range(count)]
    made = [runner(**part) for part in (parts if single else [feeds])]
    return [np.concatenate([one[name] for one in made]) for name in names_of(model, made[0])]


def _export(model: keras.Model, path: Path, count: int | None) -> None:
    import keras
    import tensorflow as tf

    fixed: Any = [
        keras.InputSpec(shape=(count, *one.shape[1:]), dtype=keras.backend.standardize_dtype(one.dtype), name=one.name)
        for one in model.inputs
    ]
    model.export(
        str(path),
        format="litert",
        verbose=False,
        input_signature=None if count is None else [fixed[0] if len(fixed) == 1 else fixed],
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
    )
