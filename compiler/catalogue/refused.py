"""Catalogue: layers that run code or read files of their own, and what to use instead."""

from __future__ import annotations

from typing import Final

from .record import Record


def _refused(name: str, summary: str, reason: str, instead: str) -> Record:
    return Record(name=name, family="layers", summary=summary, refused=f"{reason}; {instead}")


LAYERS: Final = (
    _refused(
        "Lambda",
        "Applies a Python function.",
        "it runs Python code of the file's author",
        "state the computation with layers, such as `Rescaling`, `Reshape`, `Activation`, `Add` or `Multiply`",
    ),
    _refused(
        "TFSMLayer",
        "Calls a SavedModel.",
        "it loads a SavedModel, which is code, from a path",
        "write the layers of that model in the spec",
    ),
    _refused(
        "TorchModuleWrapper",
        "Calls a PyTorch module.",
        "it unpickles and runs a PyTorch module",
        "write the same layers as Keras layers",
    ),
    _refused(
        "JaxLayer", "Calls a JAX function.", "it runs a JAX function", "write the same computation with Keras layers"
    ),
    _refused("FlaxLayer", "Calls a Flax module.", "it runs a Flax module", "write the same layers as Keras layers"),
)
