"""An explicit training loop: gradients by a tape, steps by the optimizer; all else as Keras' `fit` has it.

Metrics, callbacks and validation come in the order in which ``fit`` has them, and a step computes what one of ``fit``
computes, so that the numbers are the same to the last bit (on a CPU).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Training
from .environment import backend

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


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


def fit(
    model: keras.Model,
    batches: tf.data.Dataset,
    *,
    validation: tf.data.Dataset | None,
    first: int,
    epochs: int,
    callbacks: Sequence[Any],
    jit_compile: bool,
) -> None:
    """Train a compiled model, from epoch ``first`` up to ``epochs``, both counted from 0.

    ``batches`` gives ``(x, y)`` or ``(x, y, weights)``.
    """
    import keras

    steps = int(batches.cardinality())
    listeners = keras.callbacks.CallbackList(
        list(callbacks), add_history=True, epochs=epochs, steps=steps if steps >= 0 else None, model=model
    )
    step = stepper(model, batches.element_spec, jit_compile=jit_compile)
    model.stop_training = False
    listeners.on_train_begin()
    logs: dict[str, Any] = {}
    for epoch in range(first, epochs):
        model.reset_metrics()
        listeners.on_epoch_begin(epoch)
        for number, batch in enumerate(batches):
            listeners.on_train_batch_begin(number)
            listeners.on_train_batch_end(number, step(batch))
            if model.stop_training:
                break
        logs = model.get_metrics_result()
        if validation is not None:
            measured = model.evaluate(validation, callbacks=listeners, return_dict=True, verbose=0)
            logs = {**logs, **{f"val_{name}": value for name, value in measured.items()}}
        listeners.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    model.optimizer.finalize_variable_values(model.trainable_weights)
    listeners.on_train_end(logs)


def stepper(model: keras.Model, spec: Any, *, jit_compile: bool) -> Callable[[Any], dict[str, Any]]:
    """A compiled function that takes one step with a batch of this spec, and gives the metrics so far."""
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

    # With the sizes that `fit` sees: where that of a batch is open, Keras averages the losses of outputs otherwise.
    compiled: Callable[[Any], dict[str, Any]] = tf.function(
        step, input_signature=(spec,), jit_compile=jit_compile or None
    )
    return compiled
