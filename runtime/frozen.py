"""From the names in `freeze` to layers that are not trained, for as long as a phase lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..compiler.build import Built
from ..compiler.build_application import inner_output
from ..compiler.freezing import frozen
from ..compiler.graph import TypedGraph

if TYPE_CHECKING:
    import keras


class Freezer:
    """Freezes layers of a built model by their full names, and lets go of them again.

    What a spec says of a single layer (``trainable = false``) stays as it is.
    """

    def __init__(self, typed: TypedGraph, built: Built) -> None:
        self.typed = typed
        self.built = built
        self.before = [(one, one.trainable) for layer in built.layers.values() for one in layer._flatten_layers()]

    def set(self, typed: TypedGraph) -> None:
        """Freeze what this training section says, and nothing that another one said."""
        for layer, trainable in self.before:  # from outside in: a layer hands what it is told to those inside
            layer.trainable = trainable
        training = typed.graph.spec.training
        if training is None or not training.freeze:
            return
        for name, layer in self.built.layers.items():
            if frozen(training, name):
                _freeze(layer)
                continue
            inside = self.typed.typed[name].inside
            for one in inside:
                if frozen(training, f"{name}.{one.name}"):
                    _freeze(inner_output(layer, inside, one.name)._keras_history.operation)


def _freeze(layer: keras.Layer) -> None:
    for one in layer._flatten_layers() if hasattr(layer, "_flatten_layers") else ():
        one.trainable = False
