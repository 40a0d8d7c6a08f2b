"""An explicit step of training: gradients by a tape, steps by the optimizer.

It computes what a step of Keras' ``fit`` computes, so that the numbers are the same to the last bit (on a CPU).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Training
from .environment import backend

if TYPE_CHECKING:
    import keras


def require_loop(training: Training) -> None:
    """Make sure that a loop of one's own can run here.

    Raises:
        Problem: E430 where Keras runs on another backend than TensorFlow.
    """
    for stage in training.stages:
        if stage.loop == "custom" and backend() != "tensorflow":
            words = f'`loop` as "custom" records gradients with TensorFlow\'s tape, and Keras runs on {backend()} here'
            way = 'write `loop = "fit"`, which gives the same result, or set KERAS_BACKEND=tensorflow'
            raise Problem(Finding("E430", words, (*stage.pointer, "loop"), help=way))


def by_tape(model: keras.Model) -> Callable[[Any], dict[str, Any]]:
    """A function that takes one step with a batch, ``(x, y)`` or ``(x, y, weights)``, and gives the metrics so far."""
    import keras
    import tensorflow as tf

    tracker = next(one for one in model.metrics if one.name == "loss")

    def step(batch: Any) -> dict[str, Any]:
        x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
        with tf.GradientTape() as tape:
            predicted = model(x, training=True)
            loss = model.compute_loss(x, y, predicted, weights, training=True)
            tracker.update_state(loss, sample_weight=tf.shape(keras.tree.flatten(x)[0])[0])
            scaled = model.optimizer.scale_loss(loss)
        variables = model.trainable_weights
        gradients = tape.gradient(scaled, variables)
        model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        found: dict[str, Any] = model.compute_metrics(x, y, predicted, weights)
        return found

    return step
