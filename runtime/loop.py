"""An explicit step of training: gradients by the backend's own means, steps by the optimizer.

It computes what a step of Keras' ``fit`` computes, so that the numbers are the same to the last bit (on a CPU).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .environment import backend

if TYPE_CHECKING:
    import keras


def by_hand(model: keras.Model) -> Callable[..., Any]:
    """A function that takes one step with a batch, ``(x, y)`` or ``(x, y, weights)``, and gives the metrics so far.

    On JAX it is given the state as well, as Keras has it there, and gives the metrics and the state behind the step.
    """
    return {"tensorflow": _by_tape, "jax": _by_transformation, "torch": _backwards}[backend()](model)


def _by_tape(model: keras.Model) -> Callable[..., Any]:
    import keras
    import tensorflow as tf

    tracker = _tracker(model)

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


def _by_transformation(model: keras.Model) -> Callable[..., Any]:
    """On JAX a step is a function of the state: the gradient is another function, made of the loss."""
    import jax
    import keras

    tracker = _tracker(model)
    with_gradients = jax.value_and_grad(model.compute_loss_and_updates, has_aux=True)

    def step(state: tuple[Any, ...], batch: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
        learned, others, kept, counted = state
        x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
        (_, (loss, predicted, others, counted)), gradients = with_gradients(
            learned, others, counted, x, y, weights, training=True, optimizer_variables=kept
        )
        learned, kept = model.optimizer.stateless_apply(kept, gradients, learned)
        variables = model.metrics_variables
        with keras.StatelessScope(state_mapping=list(zip(variables, counted, strict=True))) as scope:
            tracker.update_state(loss, sample_weight=len(keras.tree.flatten(x)[0]))
            found = model.compute_metrics(x, y, predicted, weights)
        return found, (learned, others, kept, [scope.get_current_value(one) for one in variables])

    return step


def _backwards(model: keras.Model) -> Callable[..., Any]:
    """On PyTorch gradients are left with the weights, by going back from the loss."""
    import keras
    import torch

    tracker = _tracker(model)

    def step(batch: Any) -> dict[str, Any]:
        x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
        predicted = model(x, training=True)
        model.zero_grad()
        loss = model.compute_loss(x, y, predicted, weights, training=True)
        tracker.update_state(loss, sample_weight=len(keras.tree.flatten(x)[0]))
        model.optimizer.scale_loss(loss).backward()
        variables = model.trainable_weights[:]
        with torch.no_grad():
            model.optimizer.apply([one.value.grad for one in variables], variables)
        found: dict[str, Any] = model.compute_metrics(x, y, predicted, weights)
        return found

    return step


def _tracker(model: keras.Model) -> Any:
    """The metric that is the mean of the loss."""
    return next(one for one in model.metrics if one.name == "loss")
