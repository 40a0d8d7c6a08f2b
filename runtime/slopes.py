"""From a batch to its loss, the gradient of each weight, and the step they make: on each backend, not compiled.

For looking into single steps. Training takes its own, compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .environment import backend

if TYPE_CHECKING:
    import keras


def slopes(model: keras.Model, x: Any, y: Any, weights: Any) -> tuple[Any, list[Any]]:
    """The loss of a batch while training, and the gradient of each of ``model.trainable_weights``, None where the loss
    does not hang on it. Gradients are scaled as the optimizer wants them, the loss is not. What a call changes in a
    model, such as moving averages, has changed.
    """
    return BY_BACKEND[backend()](model, x, y, weights)


def step_by(model: keras.Model, gradients: Sequence[Any]) -> None:
    """The step of the optimizer with these gradients."""
    if backend() != "torch":
        model.optimizer.apply(gradients, model.trainable_weights)
        return
    import torch

    with torch.no_grad():
        model.optimizer.apply(gradients, model.trainable_weights)


def _on_tensorflow(model: keras.Model, x: Any, y: Any, weights: Any) -> tuple[Any, list[Any]]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x, training=True), weights, training=True)
        scaled = model.optimizer.scale_loss(loss)
    return loss, tape.gradient(scaled, model.trainable_weights)


def _on_jax(model: keras.Model, x: Any, y: Any, weights: Any) -> tuple[Any, list[Any]]:
    import jax

    trained, others, measured, moved = (
        [one.value for one in several]
        for several in (
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
            model.optimizer.variables,
        )
    )
    differentiated = jax.value_and_grad(model.compute_loss_and_updates, has_aux=True)
    (_, (loss, _, others, _)), gradients = differentiated(
        trained, others, measured, x, y, weights, training=True, optimizer_variables=moved
    )
    for variable, value in zip(model.non_trainable_variables, others, strict=True):
        variable.assign(value)
    return loss, list(gradients)


def _on_torch(model: keras.Model, x: Any, y: Any, weights: Any) -> tuple[Any, list[Any]]:
    model.zero_grad()
    loss = model.compute_loss(x, y, model(x, training=True), weights, training=True)
    scaled = model.optimizer.scale_loss(loss)
    scaled.backward()
    return loss.detach(), [one.value.grad for one in model.trainable_weights]


BY_BACKEND: Final[Mapping[str, Callable[..., tuple[Any, list[Any]]]]] = {
    "tensorflow": _on_tensorflow,
    "jax": _on_jax,
    "torch": _on_torch,
}
