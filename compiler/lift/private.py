"""From layers that Keras keeps to itself to public ones that compute the same.

Some of Keras' applications are made of classes that no program can name. Each stands here with what it does, put
into layers and ops that a spec has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .network import Called, Network, Stored, Tensor, Unreadable

SHARED: Final = ("trainable", "dtype")
"""Arguments that every layer takes and that are handed on."""


def public(network: Network) -> Network:
    """The network with public layers in the place of private ones.

    Raises:
        Unreadable: if one is called in a way in which Keras' applications never call it.
    """
    layers: list[Stored] = []
    for one in network.layers:
        made = PRIVATE.get(one.kind) if (one.module or "").startswith("keras.src.applications.") else None
        layers.extend(made(one) if made is not None else (one,))
    return Network(network.name, tuple(layers), network.inputs, network.outputs)


def _as(one: Stored, kind: str, config: Mapping[str, Any]) -> Stored:
    shared = {key: one.config[key] for key in SHARED if key in one.config}
    return Stored(one.name, kind, {**shared, **config}, one.calls, one.at, "keras.layers")


def _layer_scale(one: Stored) -> tuple[Stored, ...]:
    """A factor for each channel, learned; the same as a sum over no axis of the input and a vector.

    Source: Touvron and others, Going deeper with Image Transformers, https://arxiv.org/abs/2103.17239
    """
    start = {"class_name": "Constant", "config": {"value": one.config["init_values"]}}
    config = {
        "equation": "...c,c->...c",
        "output_shape": [one.config["projection_dim"]],
        "kernel_initializer": start,
    }
    return (_as(one, "EinsumDense", config),)


def _stochastic_depth(one: Stored) -> tuple[Stored, ...]:
    """A whole sample dropped at random, in training alone: dropout with one random number for each picture.

    Source: Huang and others, Deep Networks with Stochastic Depth, https://arxiv.org/abs/1603.09382
    """
    return (_as(one, "Dropout", {"rate": one.config["drop_path_rate"], "noise_shape": [None, 1, 1, 1]}),)


def _scaled_sum(one: Stored) -> tuple[Stored, ...]:
    """The first tensor plus the second times a number: an op and a sum."""
    calls = [list(call.arguments[0]) for call in one.calls if call.arguments and isinstance(call.arguments[0], list)]
    if len(calls) != len(one.calls) or any(len(given) != 2 for given in calls):
        raise Unreadable(f"`{one.kind}` adds two tensors, and is called with something else", one.at)
    name = f"{one.name}_scale"
    scaled = tuple(Called((second, one.config["scale"])) for _, second in calls)
    sums = tuple(Called(([first, Tensor(name, index)],)) for index, (first, _) in enumerate(calls))
    return (
        Stored(name, "Multiply", {}, scaled, one.at, "keras.src.ops.numpy"),
        Stored(
            one.name, "Add", {key: one.config[key] for key in SHARED if key in one.config}, sums, one.at, "keras.layers"
        ),
    )


PRIVATE: Final[Mapping[str, Callable[[Stored], tuple[Stored, ...]]]] = MappingProxyType(
    {"LayerScale": _layer_scale, "StochasticDepth": _stochastic_depth, "CustomScaleLayer": _scaled_sum}
)
"""Class → what stands for it."""
