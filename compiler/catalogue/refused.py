"""Catalogue: layers that run code or read files of their own, and what to use instead."""

from __future__ import annotations

from typing import Final

from .record import Record


def _refused(name: str, page: str, summary: str, reason: str, instead: str) -> Record:
    return Record(name=name, family="layers", summary=summary, page=f"layers/{page}", refused=f"{reason}; {instead}")


LAYERS: Final = (
    _refused(
        "Lambda",
        "core_layers/lambda",
        "Applies a Python function.",
        "it runs Python code of the file's author",
        "state the computation with layers, such as `Rescaling`, `Reshape`, `Activation`, `Add` or `Multiply`",
    ),
    _refused(
        "TFSMLayer",
        "backend_specific_layers/tfsm_layer",
        "Calls a SavedModel.",
        "it loads a SavedModel, which is code, from a path",
        "write the layers of that model in the spec",
    ),
    _refused(
        "TorchModuleWrapper",
        "backend_specific_layers/torch_module_wrapper",
        "Calls a PyTorch module.",
        "it unpickles and runs a PyTorch module",
        "write the same layers as Keras layers",
    ),
    _refused(
        "JaxLayer",
        "backend_specific_layers/jax_layer",
        "Calls a JAX function.",
        "it runs a JAX function",
        "write the same computation with Keras layers",
    ),
    _refused(
        "FlaxLayer",
        "backend_specific_layers/flax_layer",
        "Calls a Flax module.",
        "it runs a Flax module",
        "write the same layers as Keras layers",
    ),
)
