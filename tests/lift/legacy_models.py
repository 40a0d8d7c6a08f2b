"""Models of Keras 1 and 2 in JSON, made by hand, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from keraspec.checked import Checked, compile_text
from keraspec.compiler.lift.legacy import read_legacy
from keraspec.compiler.lift.lift import Lifted, lift


def layer(kind: str, name: str = "", **arguments: Any) -> dict[str, Any]:
    """A layer of a Sequential."""
    return {"class_name": kind, "config": {**({"name": name} if name else {}), "trainable": True, **arguments}}


def node(kind: str, name: str, inbound: Sequence[Any], **arguments: Any) -> dict[str, Any]:
    """A layer of a Functional model."""
    return {"name": name, "inbound_nodes": list(inbound), **layer(kind, name, **arguments)}


def given(name: str, *shape: int | None, dtype: str = "float32") -> dict[str, Any]:
    """An input."""
    return node("InputLayer", name, [], batch_input_shape=[None, *shape], dtype=dtype, sparse=False)


def sequential(*layers: Any, name: str = "model_of_layers", version: str = "2.2.4") -> dict[str, Any]:
    """A Sequential, as Keras 2.2.3 and later write it."""
    config = {"name": name, "layers": list(layers)}
    return {"class_name": "Sequential", "config": config, "keras_version": version, "backend": "tensorflow"}


def functional(*layers: Any, inputs: Any, outputs: Any, name: str = "net", version: str = "2.2.4") -> dict[str, Any]:
    """A Functional model."""
    ends = {"input_layers": inputs, "output_layers": outputs}
    config = {"name": name, "layers": list(layers), **ends}
    return {"class_name": "Model", "config": config, "keras_version": version, "backend": "tensorflow"}


def lifted(config: Any, training: Mapping[str, Any] | None = None) -> Lifted:
    return lift(read_legacy(config, training))


def entries(config: Any) -> list[dict[str, Any]]:
    """The layers of the spec of a model."""
    found: list[dict[str, Any]] = lifted(config).data["layers"]
    return found


def checked(config: Any) -> Checked:
    """What is known of the spec of a model without Keras; it has no mistakes."""
    found = compile_text(json.dumps(lifted(config).data), "json")
    assert found.diagnostics == ()
    return found


def params(config: Any) -> int:
    """How many parameters the model has."""
    typed = checked(config).typed
    assert typed is not None
    return sum(int(one.params) for one in typed.typed.values() if isinstance(one.params, int))


def shapes(config: Any) -> list[tuple[Any, ...]]:
    """The shapes of its outputs without the batch."""
    found = checked(config)
    assert found.typed is not None
    assert found.graph is not None
    tensors = [found.typed.tensor(edge) for edge in found.graph.outputs.values()]
    return [tuple(one.shape[1:]) for one in tensors if one is not None]
