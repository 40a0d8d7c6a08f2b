"""From a model inside a TimeDistributed to a model of layers each of which is distributed over time.

A spec has one layer inside another. Where the layers of the inner model stand in a row, it is the same whether the
model goes through time or each of its layers does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from .network import Called, Network, Place, Stored, Tensor, Unreadable

EVERY_STEP: Final = ("Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Identity")
"""Layers that do the same to every step anyway, and need nothing around them."""


def distributed(inner: Network, shape: Any, at: Place) -> Network:
    """The network with each of its layers distributed over time.

    ``shape`` is that of what comes in, with batch and time, where the file tells it.

    Raises:
        Unreadable: where the layers do not stand in a row.
    """
    layers: list[Stored] = []
    last: Tensor | None = None
    for one in inner.layers:
        if one.kind == "InputLayer" and last is None:
            own = one.config.get("batch_shape")
            stated = shape if isinstance(shape, list) else [None, None, *own[1:]] if isinstance(own, list) else None
            layers.append(replace(one, config={**one.config, "batch_shape": stated}))
        elif one.calls != (Called((last,)),):
            raise Unreadable(
                "the layers of the model inside this `TimeDistributed` branch, and a spec has one layer inside another",
                at,
                help="give each layer of the inner model a `TimeDistributed` of its own, where it needs one",
            )
        elif one.inner is not None:
            layers.append(replace(one, inner=distributed(one.inner, None, at)))
        elif one.kind in EVERY_STEP and not one.module:
            layers.append(one)
        else:
            layer = {"class_name": one.kind, "config": dict(one.config)}
            layers.append(replace(one, kind="TimeDistributed", config={"layer": layer}))
        last = Tensor(one.name)
    if last is None or (not isinstance(inner.outputs, tuple)) or inner.outputs != (last,):
        raise Unreadable("the model inside this `TimeDistributed` has not one output, its last layer's", at)
    return replace(inner, layers=tuple(layers))
