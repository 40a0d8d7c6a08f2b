"""Catalogue: layers that run code or that Keras itself does not call, and what to use instead."""

from __future__ import annotations

from typing import Final

from .refusal import base_class, refused

LAYERS: Final = (
    refused(
        "layers",
        "Lambda",
        "layers/core_layers/lambda",
        "Applies a Python function.",
        "it runs Python code of the file's author",
        "state the computation with layers, such as `Rescaling`, `Reshape`, `Activation`, `Add` or `Multiply`, "
        'or with ops, such as `type = "ops.exp"`',
        "code",
    ),
    refused(
        "layers",
        "TFSMLayer",
        "layers/backend_specific_layers/tfsm_layer",
        "Calls a SavedModel.",
        "it loads a SavedModel, which is code, from a path",
        "write the layers of that model in the spec",
        "code",
    ),
    refused(
        "layers",
        "TorchModuleWrapper",
        "layers/backend_specific_layers/torch_module_wrapper",
        "Calls a PyTorch module.",
        "it unpickles and runs a PyTorch module",
        "write the same layers as Keras layers",
        "code",
    ),
    refused(
        "layers",
        "JaxLayer",
        "layers/backend_specific_layers/jax_layer",
        "Calls a JAX function.",
        "it runs a JAX function",
        "write the same computation with Keras layers",
        "code",
    ),
    refused(
        "layers",
        "FlaxLayer",
        "layers/backend_specific_layers/flax_layer",
        "Calls a Flax module.",
        "it runs a Flax module",
        "write the same layers as Keras layers",
        "code",
    ),
    base_class("layers", "Layer", "layers/base_layer", "layer", "MyLayer"),
    refused(
        "layers",
        "Wrapper",
        "layers",
        "What layers around another layer derive from.",
        "Keras can't call it: it only holds a layer for classes that derive from it",
        "use TimeDistributed, Bidirectional or SpectralNormalization, or write the inner layer itself",
        "symbolic",
    ),
    refused(
        "layers",
        "InputSpec",
        "layers",
        "What the Python code of a layer says of its inputs.",
        "it is a Python object that the code of a layer keeps, and no layer",
        "write the sizes of an input at the top of the spec: `inputs.NAME.shape = [...]`",
        "callable",
    ),
)
