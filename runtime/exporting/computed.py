"""From a Keras model and rows to what it computes: one array an output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def computed(model: keras.Model, rows: Mapping[str, Any]) -> list[Any]:
    """The outputs in the order of the model's flat list, as NumPy arrays; ``rows`` are arrays by input."""
    import keras
    import numpy as np

    return [np.asarray(one) for one in keras.tree.flatten(model.predict_on_batch(given(model, rows)))]


def predicting(model: keras.Model) -> keras.Model:
    """The model as it is when it predicts, with the same inputs, outputs and weights.

    Layers that change pictures at random do so wherever nobody says that this is no training, and Keras' exporters do
    not say it.
    """
    import keras

    made = keras.Model(model.input, model(model.input, training=False), name=model.name)
    made(made.input)  # exporters refuse what was never called
    return made


def given(model: keras.Model, rows: Mapping[str, Any]) -> Any:
    """The rows as the model takes them: one tensor, or a list; text as the backend's strings."""
    values = [tensor_of(rows[one.name]) for one in model.inputs]
    return values[0] if len(values) == 1 else values


def tensor_of(array: Any) -> Any:
    """An array as Keras takes it: text must be TensorFlow's, NumPy's own text it does not know."""
    if array.dtype.kind not in "OU":
        return array
    import tensorflow as tf

    return tf.constant(array.tolist(), tf.string)


def names_of(model: keras.Model, found: Iterable[str]) -> list[str]:
    """The names of a signature's outputs in the order of the model's flat list: a dict's by the alphabet, as Keras
    flattens it, others by their numbers (``output_0``, ``output_1``, …)."""
    if isinstance(model.output, dict):
        return sorted(found)
    return sorted(found, key=lambda name: int(name.rpartition("_")[2]))
