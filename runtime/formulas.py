"""From losses and metrics by expression to objects that Keras compiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..compiler.build import call_op
from ..compiler.formulas import PREDICTED, TRUE, compared
from ..compiler.run_time import Constant, Source, Step, Steps
from ..compiler.tensor import TensorType

if TYPE_CHECKING:
    import keras


def evaluated(steps: Steps, tensors: Mapping[str, Any]) -> Any:
    """What an expression comes to with these tensors."""
    found: list[Any] = []

    def of(source: Source) -> Any:
        if isinstance(source, Constant):
            return source.value
        return tensors[source] if isinstance(source, str) else found[source]

    for step in steps.steps:
        given = {port: of(source) for port, source in step.given.items()}
        found.append(_sum(given["x1"], given["x2"]) if _column(step, given) else call_op(step.op, given))
    return of(steps.result)


def _column(step: Step, given: Mapping[str, Any]) -> bool:
    """Whether Keras on TensorFlow would add along the wrong axis: it takes (n, 1) for a bias of n columns."""
    if step.op.record.name != "ops.add" or len(given) < 2:
        return False
    shape = tuple(getattr(given["x2"], "shape", ()))
    return len(shape) > 1 and 1 in shape


def _sum(one: Any, two: Any) -> Any:
    """The sum of two tensors, bit for bit, without the addition of Keras."""
    import keras

    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(two.dtype)):
        return keras.ops.add(two, one)
    return keras.ops.subtract(one, keras.ops.negative(two))


def computed(tensor: Any) -> Any:
    """A tensor as expressions are given it: fractions in Keras' ``floatx``, as its own losses take them."""
    import keras

    tensor = keras.ops.convert_to_tensor(tensor)
    fractions = "float" in keras.backend.standardize_dtype(tensor.dtype)
    return keras.ops.cast(tensor, keras.config.floatx()) if fractions else tensor


def loss(text: str, tensor: TensorType, name: str) -> keras.losses.Loss:
    """A loss by expression for an output of this type; what is left of it Keras averages, weighted as any loss."""
    import keras

    function = _function(text, tensor)

    class Formula(keras.losses.Loss):  # type: ignore[misc]
        """A loss by expression."""

        def call(self, y_true: Any, y_pred: Any) -> Any:
            """The expression's value."""
            return function(y_true, y_pred)

    return Formula(name=name)


def metric(text: str, tensor: TensorType, name: str) -> keras.metrics.Metric:
    """A metric by expression: the mean of what it comes to."""
    import keras

    return keras.metrics.MeanMetricWrapper(_function(text, tensor), name=name)


def _function(text: str, tensor: TensorType) -> Callable[[Any, Any], Any]:
    steps = compared(text, tensor)
    assert steps is not None, "checked before"

    def function(y_true: Any, y_pred: Any) -> Any:
        import keras

        y_pred = computed(y_pred)
        y_true = _ranked(keras.ops.cast(keras.ops.convert_to_tensor(y_true), y_pred.dtype), y_pred)
        return evaluated(steps, {TRUE: y_true, PREDICTED: y_pred})

    return function


def _ranked(y_true: Any, y_pred: Any) -> Any:
    """The targets with the rank of the predictions, where only a last axis of 1 differs.

    Raises:
        ValueError: if their shapes differ otherwise: Keras would broadcast them without a word.
    """
    import keras

    if len(y_true.shape) == len(y_pred.shape) + 1 and y_true.shape[-1] == 1:
        y_true = keras.ops.squeeze(y_true, -1)
    elif len(y_true.shape) + 1 == len(y_pred.shape) and y_pred.shape[-1] == 1:
        y_true = keras.ops.expand_dims(y_true, -1)
    pairs = zip(y_true.shape, y_pred.shape, strict=False)
    if len(y_true.shape) != len(y_pred.shape) or any(None not in (a, b) and a != b for a, b in pairs):
        raise ValueError(
            f"the targets have shape {_shape(y_true)} and the output has {_shape(y_pred)}; "
            "a loss or metric by expression compares them number by number"
        )
    return y_true


def _shape(tensor: Any) -> str:
    return f"({', '.join('batch' if size is None else str(size) for size in tensor.shape)})"
