"""A program: reads layers as JSON, prints the FLOPs that XLA counts for each, on a batch of one.

It runs in a process of its own, for it needs Keras on JAX: TensorFlow does not tell what XLA counts.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from typing import Any


def count(name: str, arguments: dict[str, Any], shapes: list[list[int]]) -> float:
    """The FLOPs of one call: of the program as Keras states it; with causal padding, as XLA would run it.

    Keras writes the zeros of causal padding out, and XLA folds them away as it does with any other padding.
    """
    import jax
    import keras

    made = getattr(keras.layers, name)
    # Random numbers would be compiled for every shape and are of no use here.
    zeros = {each: "zeros" for each in inspect.signature(made).parameters if each.endswith("_initializer")}
    layer = made(**zeros, **arguments)
    many = name == "Attention"

    def call(*tensors: Any) -> Any:
        return (list(tensors),) if many else tensors

    layer(*call(*(keras.Input(tuple(shape), batch_size=1) for shape in shapes)))

    def forward(learned: Any, kept: Any, *tensors: Any) -> Any:
        return layer.stateless_call(learned, kept, *call(*tensors))[0]

    program = jax.jit(forward).lower(
        [jax.ShapeDtypeStruct(variable.shape, variable.dtype) for variable in layer.trainable_variables],
        [jax.ShapeDtypeStruct(variable.shape, variable.dtype) for variable in layer.non_trainable_variables],
        *(jax.ShapeDtypeStruct((1, *shape), "float32") for shape in shapes),
    )
    counted = program.compile() if arguments.get("padding") == "causal" else program
    return float(counted.cost_analysis()["flops"])


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "jax"
    print(json.dumps([count(*case) for case in json.load(sys.stdin)]))
