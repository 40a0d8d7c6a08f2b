"""What wrappers share: the policy, the names and the outputs of a layer inside another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..tensor import TensorType, Weight
from .record import Call, Inferred, Object, ShapeError
from .rules import infer_object


def default_policy(call: Call) -> str:
    """The dtype policy of a nested layer that states none: the model's, never the wrapper's own.

    A wrapper with a policy of its own hides the model's, which then is taken to be Keras' default.
    """
    return "float32" if call["dtype"] is not None else call.policy.name


def infer_inner(
    call: Call, layer: Object, tensors: Mapping[str, tuple[TensorType, ...]], argument: str = "layer"
) -> Inferred:
    """What a nested layer gives; its complaints are the wrapper's, at the argument where the layer stands.

    Raises:
        ShapeError: what the nested rule raises.
    """
    try:
        return infer_object(layer, dict(tensors), default=default_policy(call))
    except ShapeError as error:
        raise ShapeError(
            error.code, f"inside {call.layer.record.name}: {error.message}", help=error.help, argument=argument
        ) from error


def outer(call: Call, output: TensorType) -> TensorType:
    """A nested layer's output as the wrapper gives it: in the wrapper's compute dtype, without a mask."""
    return replace(output, dtype=call.policy.compute, mask=False)


def snake_case(name: str) -> str:
    """A class name as Keras makes a layer's name of it: ``LSTMCell`` → ``lstm_cell``."""
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


def nested_name(layer: Object) -> str:
    """The name that Keras gives a layer inside another, without the number that tells several apart."""
    return snake_case(layer.record.name)


def nested(name: str, weights: Iterable[Weight], *layers: Object) -> tuple[Weight, ...]:
    """The weights of nested ``layers``, each behind their name: ``kernel`` → ``dense/kernel``.

    Where one of the layers is not trainable, none of its weights is.
    """
    frozen = any(layer.arguments.get("trainable") is False for layer in layers)
    return tuple(
        replace(weight, name=f"{name}/{weight.name}", trainable=weight.trainable and not frozen) for weight in weights
    )
