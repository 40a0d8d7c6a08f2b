"""From a model and loss terms to a model that is trained with them.

The terms are added with Keras' own ``add_loss``, in a model around one that gives their tensors besides the outputs.
The model that is saved knows nothing of this: it is the plain graph, and shares its layers with the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..compiler.build import keras_call
from ..compiler.formulas import term
from ..compiler.graph import TypedGraph
from ..compiler.run_time import Steps
from .formulas import computed, evaluated

if TYPE_CHECKING:
    import keras


def seeing(typed: TypedGraph, inputs: Sequence[keras.KerasTensor], tensors: Mapping[str, Any]) -> keras.Model:
    """A model that gives, in a list, the outputs of a graph and behind them the tensors of its loss terms.

    ``tensors`` has, for each node, its tensors by their number.
    """
    import keras

    given = [tensors[edge.source][edge.index] for edge in typed.graph.ends]
    first = inputs[0] if len(inputs) == 1 else list(inputs)
    return keras_call((), partial(keras.Model, first, given))


def with_terms(typed: TypedGraph, plain: keras.Model, seen: keras.Model) -> keras.Model:
    """A model like ``plain``, with the loss terms added to its loss; ``seen`` is what ``seeing`` gives.

    Each term is averaged over all that its expression leaves, reported so under its name, and then weighted.
    """
    import keras

    graph = typed.graph
    assert graph.spec.training is not None
    stated = graph.spec.training.losses
    steps = [term(typed, index) for index in range(len(stated))]
    count = len(graph.outputs)
    values: list[Any] = []
    """What the terms came to in the call under way."""

    class WithTerms(keras.Model):  # type: ignore[misc]
        """The graph, with terms in its loss."""

        def __init__(self) -> None:
            super().__init__(name=plain.name)
            self.seen = seen
            self.output_names = list(plain.output_names)
            self.reported = [keras.metrics.Mean(name=one.name) for one in stated]

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            """The outputs, in the form in which the graph gives them."""
            given = self.seen(inputs, training=training)
            tensors = iter(given[count:])
            values.clear()
            for one, taken, edges in zip(stated, steps, graph.terms, strict=True):
                assert taken is not None, "checked before"
                values.append(_mean(taken, {name: next(tensors) for name in edges}))
                self.add_loss(values[-1] if one.weight == 1 else values[-1] * one.weight)
            if graph.spec.outputs_named:
                return dict(zip(graph.outputs, given[:count], strict=True))
            return given[0] if count == 1 else list(given[:count])

        def compute_loss(self, x: Any = None, *rest: Any, **more: Any) -> Any:
            """As Keras computes it; the terms are noted, each for as many rows as there are."""
            rows = keras.ops.shape(keras.tree.flatten(x)[0])[0]
            for one, value in zip(self.reported, values, strict=True):
                one.update_state(value, sample_weight=rows)
            return super().compute_loss(x, *rest, **more)

    return WithTerms()


def _mean(steps: Steps, tensors: Mapping[str, Any]) -> Any:
    import keras

    value = evaluated(steps, {name: computed(tensor) for name, tensor in tensors.items()})
    return keras.ops.mean(value) if len(value.shape) else value
