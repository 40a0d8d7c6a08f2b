"""What specs compute on Keras' backend, with weights and rows that are the same on every backend.

    KERAS_BACKEND=jax python backend_numbers.py OUT.npz SPEC...

writes an array for each output of each spec, named ``SPEC:OUTPUT``; with ``--train``, the weights after a training.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from keraspec.checked import compile_file
from keraspec.compiler.build import assemble
from keraspec.compiler.graph import TypedGraph
from keraspec.runtime.compile import compile_model
from keraspec.runtime.environment import Settings
from keraspec.runtime.exporting.computed import computed
from keraspec.runtime.feed import Form, Order, feed
from keraspec.runtime.preprocessing import LOOKUPS
from keraspec.runtime.sample import random_rows

POSITIVE = ("variance", "gamma", "scale")
ROWS = 3


def typed_of(path: Path, overrides: tuple[str, ...] = ()) -> TypedGraph:
    checked = compile_file(path, overrides)
    assert not checked.errors, [one.message for one in checked.errors]
    assert checked.typed is not None
    return checked.typed


def needs_tensorflow(typed: TypedGraph) -> bool:
    """Text and tables, which are TensorFlow's alone."""
    return any(
        (node.layer is not None and node.layer.record.name in LOOKUPS)
        or (node.input is not None and node.input.dtype == "string")
        for node in typed.graph.nodes.values()
    )


def fill(model: Any) -> None:
    """Give every weight numbers that hang on its place and shape alone, of the size that keeps signals as they are."""
    for index, weight in enumerate(model.weights):
        random = np.random.default_rng(index)
        shape = tuple(weight.shape)
        if "int" in str(weight.dtype):
            continue
        values = random.normal(size=shape)
        if weight.name.endswith(POSITIVE):
            values = 1 + 0.1 * np.abs(values)
        elif len(shape) > 1:
            values /= np.sqrt(np.prod(shape[:-1]))
        else:
            values *= 0.1
        weight.assign(values.astype("float32"))
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def outputs(path: Path, overrides: tuple[str, ...] = ()) -> list[np.ndarray]:
    typed = typed_of(path, overrides)
    model = assemble(typed, folder=path.parent).model
    fill(model)
    return [np.asarray(one, np.float32) for one in computed(model, random_rows(typed, ROWS))]


def trained(path: Path, epochs: int = 3) -> list[np.ndarray]:
    """The weights after some epochs on random rows, shuffled; targets are rows of the same shape as the output."""
    from keraspec.runtime.data import Rows

    typed = typed_of(path)
    model = assemble(typed, folder=path.parent).model
    fill(model)
    inputs = {node.name: node.input.dtype for node in typed.graph.nodes.values() if node.input is not None}
    form = Form(inputs, tuple(typed.graph.outputs), typed.graph.spec.outputs_named)
    random = np.random.default_rng(7)
    targets = {
        name: random.normal(size=(50, *(size for size in typed.tensor(edge).shape[1:]))).astype("float32")  # type: ignore[union-attr]
        for name, edge in typed.graph.outputs.items()
    }
    order = Order(11)
    batches = feed(Rows(random_rows(typed, 50), targets), form, 8, order)
    import keras

    compile_model(typed, model, form, keras.optimizers.SGD(0.05, momentum=0.9), Settings("auto", 1, ()))
    listener = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: order.set(epoch))
    model.fit(batches, epochs=epochs, shuffle=False, verbose=0, callbacks=[listener])
    return [np.asarray(keras.ops.convert_to_numpy(one), np.float32) for one in model.weights]


def main(arguments: list[str]) -> None:
    train = "--train" in arguments
    target, *paths = (one for one in arguments if one != "--train")
    found = {}
    for name in paths:
        path, *overrides = name.split("|")
        given = trained(Path(path)) if train else outputs(Path(path), tuple(overrides))
        found |= {f"{name}:{index}": array for index, array in enumerate(given)}
    np.savez(target, **found)


if __name__ == "__main__":
    main(sys.argv[1:])
