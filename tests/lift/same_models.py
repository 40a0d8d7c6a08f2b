"""When two saved models are the same: the same layers in the same order, with the same arguments and wiring."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import keras

from keraspec.compiler.lift.names import generated, legal
from keraspec.compiler.lift.ops import is_op

BESIDE = ("build_config", "registered_name", "compile_config", "shared_object_id")


def same_model(stored: Mapping[str, Any]) -> Any:
    """The JSON of a model without what does not say what it computes: names that Keras made up are numbered anew."""
    layers = stored["config"]["layers"]
    names = {_name(one): f"#{index}" for index, one in enumerate(layers)}
    # Different names may become one when they are made legal, and then are numbered.
    chosen = [re.sub(r"(_\d+)+$", "", legal(_name(one))) for one in layers if not _made(one)]
    config = {key: value for key, value in stored["config"].items() if key != "name"}
    for key in ("input_layers", "output_layers"):  # a list of one is that one
        ends = config.get(key)
        if isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list):
            config[key] = ends[0]
    return chosen, _renamed(config, names)


def _name(layer: Mapping[str, Any]) -> str:
    return str(layer.get("name", layer["config"].get("name")))


def _made(layer: Mapping[str, Any]) -> bool:
    kinds = ("InputLayer", "Input") if layer["class_name"] == "InputLayer" else (layer["class_name"],)
    return generated(_name(layer), kinds) or is_op(layer.get("module"), layer["class_name"])


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if "keras_history" not in value:
            value = {key: one for key, one in value.items() if key != "name"}  # told by `chosen`; else made up
        if value.keys() == {"args", "kwargs"}:  # an argument of a call may be given by its place or by its name
            more = [one for one in value["kwargs"].values() if one is not None and one is not False]
            return [_renamed(one, names) for one in (*value["args"], *more)]
        return {key: _renamed(one, names) for key, one in value.items() if key not in BESIDE}
    if isinstance(value, list | tuple):
        return [_renamed(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def differences(one: Any, other: Any, at: str = "") -> list[str]:
    """Where two such values differ, for people."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other})
        return [found for key in keys for found in differences(one.get(key), other.get(key), f"{at}/{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for index, (a, b) in pairs for found in differences(a, b, f"{at}/{index}")]
    return [] if one == other else [f"{at}: {one!r} is not {other!r}"]


def settle(model: keras.Model, rows: Any) -> None:
    """Let batch normalization take its mean and variance from some rows: else the signal dies away or runs over."""
    found = [one for one in model._flatten_layers() if isinstance(one, keras.layers.BatchNormalization)]
    momenta = [one.momentum for one in found]
    for one in found:
        one.momentum = 0.0
    model(rows, training=True)
    for one, momentum in zip(found, momenta, strict=True):
        one.momentum = momentum
