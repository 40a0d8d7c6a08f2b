"""Format savedmodel: a folder with the computation of the model, which TensorFlow reads without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .computed import given, predicting

if TYPE_CHECKING:
    import keras


def write(model: keras.Model, path: Path) -> None:
    """Write the model into a new folder; ``serve`` of what is read back is the forward pass."""
    predicting(model).export(path, format="tf_saved_model", verbose=False)


def run(path: Path, model: keras.Model, rows: Mapping[str, Any]) -> list[Any]:
    """What ``serve`` makes of the rows."""
    import keras
    import numpy as np
    import tensorflow as tf

    served = tf.saved_model.load(path)
    values = keras.tree.map_structure(
        lambda array, tensor: tf.convert_to_tensor(array, tensor.dtype),
        given(model, rows),
        model.inputs[0] if len(model.inputs) == 1 else list(model.inputs),
    )
    return [np.asarray(one) for one in keras.tree.flatten(served.serve(values))]
