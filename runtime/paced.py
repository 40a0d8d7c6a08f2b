"""From factors by layer to an optimizer that moves the weights of each layer so much faster or slower.

A layer learns as by an optimizer of its own whose learning rate is multiplied by its factor, weight decay with it; the
learning rate that rules, schedules and callbacks see stays what it is. The optimizer is one of Keras, whose steps go
through functions of ours, so that what is saved is Keras' alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..compiler.build import Built
from ..compiler.build_application import inner_output
from ..compiler.graph import TypedGraph
from ..spec.naming import factor_of

if TYPE_CHECKING:
    import keras


def factors_in(typed: TypedGraph, built: Built) -> dict[int, float]:
    """The identity of each weight whose learning rate is multiplied by another number than 1, and that number."""
    training = typed.graph.spec.training
    stated = training.learning_rate_factors if training is not None else {}
    found: dict[int, float] = {}
    for name, layer in built.layers.items() if stated else ():
        factor = factor_of(stated, name)
        found |= {id(one): factor for one in layer.variables}
        inside = typed.typed[name].inside
        for one in inside:
            own = factor_of(stated, f"{name}.{one.name}")
            if own != factor:
                inner = inner_output(layer, inside, one.name)._keras_history.operation
                found |= {id(variable): own for variable in getattr(inner, "variables", ())}
    return {one: factor for one, factor in found.items() if factor != 1}


def pace(optimizer: Any, factors: Mapping[int, float]) -> None:
    """Let a built optimizer, and those inside of it, multiply the learning rates of these weights."""
    if not factors:
        return
    for one in _steppers(optimizer):
        of_weights = [factors.get(id(weight), 1.0) for weight in getattr(one, "_trainable_variables", ())]
        if any(factor != 1 for factor in of_weights):
            _pace(one, of_weights)


def _steppers(optimizer: Any) -> Iterator[Any]:
    """The optimizers that take steps themselves."""
    inner = getattr(optimizer, "inner_optimizer", None)
    several = getattr(optimizer, "optimizers", None)
    if inner is not None:
        yield from _steppers(inner)
    elif isinstance(several, (list, tuple)):
        for one in several:
            yield from _steppers(one)
    else:
        yield optimizer


def _pace(optimizer: Any, factors: Sequence[float]) -> None:
    rate, step, decay = optimizer._get_current_learning_rate, optimizer.update_step, optimizer._apply_weight_decay
    now = [1.0]
    """By what the learning rate is multiplied for whoever asks for it."""

    def of(variable: Any) -> float:
        place: int = optimizer._get_variable_index(variable)
        return factors[place]

    def paced_rate() -> Any:
        return rate() if now[0] == 1 else rate() * now[0]

    def paced_step(gradient: Any, variable: Any, learning_rate: Any) -> Any:
        factor = of(variable)
        return step(gradient, variable, learning_rate if factor == 1 else learning_rate * factor)

    def paced_decay(variables: Sequence[keras.Variable]) -> None:
        for factor, some in _grouped(variables, of):
            now[0] = factor
            try:
                decay(some)
            finally:
                now[0] = 1.0

    optimizer._get_current_learning_rate = paced_rate
    optimizer.update_step = paced_step
    optimizer._apply_weight_decay = paced_decay
    if hasattr(optimizer, "_parallel_update_step"):  # on PyTorch all weights are moved in one go
        optimizer._parallel_update_step = _in_groups(optimizer, optimizer._parallel_update_step, of)


def _in_groups(optimizer: Any, step: Any, of: Any) -> Any:
    """One go for each factor; what Nadam keeps for all weights together moves once."""

    def grouped(gradients: Sequence[Any], variables: Sequence[Any], learning_rate: Any) -> None:
        import keras

        shared = getattr(optimizer, "_u_product", None)
        before = None if shared is None else keras.ops.copy(shared.value)
        by_weight = {id(one): gradient for one, gradient in zip(variables, gradients, strict=True)}
        for number, (factor, some) in enumerate(_grouped(variables, of)):
            if number and shared is not None:
                shared.assign(before)
            step([by_weight[id(one)] for one in some], some, learning_rate * factor)

    return grouped


def _grouped(variables: Sequence[Any], of: Any) -> list[tuple[float, list[Any]]]:
    found: dict[float, list[Any]] = {}
    for one in variables:
        found.setdefault(of(one), []).append(one)
    return list(found.items())
