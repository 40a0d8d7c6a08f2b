"""From locally connected layers, which Keras had until 2, to layers of today that compute the same.

A kernel of its own at every place is a matrix for each patch of the input: the patches are cut out, and an EinsumDense
multiplies each with its matrix. How many places there are only the shape of the input tells, so it is inferred.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import Any, Final

from ...spec.expand import expand
from ...spec.parse import parse
from ...spec.read import read_text
from ...spec.validate import validate
from ..catalogue import find
from ..infer import infer
from ..link import link
from .calls import tensors_of
from .legacy_layers import known, translated
from .lift import lift
from .network import Called, Network, Place, Saved, Stored, Tensor, Unreadable
from .reading import Reading

LOCAL: Final[Mapping[str, int]] = {"LocallyConnected1D": 1, "LocallyConnected2D": 2}
"""The layers, and how many axes of space they have."""

OWN: Final = ("filters", "kernel_size", "strides", "padding", "data_format", "use_bias", "implementation")
"""Their arguments that say where the patches are; the others are those of a Dense."""

EACH: Final = "bpi,pif->bpf"
"""Every batch, every place: the patch times the matrix of the place."""


def local_layer(kind: str, name: str, written: Mapping[str, Any], at: Place, reading: Reading) -> Stored | None:
    """The layer with its arguments in order, until its shape is known.

    Raises:
        Unreadable: where its arguments are not those of such a layer.
    """
    words = translated(kind, written, at, reading)
    dense = find("layers", "EinsumDense")
    if words is None or dense is None:
        return None
    rank = LOCAL[kind]
    own = {key: words.config.pop(key, None) for key in OWN}
    config = known(dense, words, at, reading)
    if own["padding"] not in (None, "valid"):
        raise Unreadable(
            f"`{kind}` with padding can't be stated with today's layers",
            (*at, words.came.get("padding", "padding")),
            help="put a `ZeroPadding` layer before it in the program that makes the model",
        )
    kernel, strides = _sizes(own["kernel_size"], rank), _sizes(own["strides"] or 1, rank)
    filters = own["filters"]
    if kernel is None or strides is None or not _is_size(filters):
        raise Unreadable(
            f"`{kind}` has no whole `filters`, `kernel_size` and `strides`", at, help="save the model again"
        )
    if own["implementation"] not in (None, 1):
        reading.differs(
            f"a `{kind}` with `implementation = {own['implementation']}` kept its weights in another form",
            (*at, "implementation"),
        )
    first = (own["data_format"] or reading.data_format) == "channels_first"
    patches = {"rank": rank, "filters": filters, "kernel": kernel, "strides": strides, "first": first}
    use_bias = own["use_bias"] is not False
    return Stored(name, kind, {"dense": config, "patches": patches, "use_bias": use_bias}, (), at[:-1])


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _sizes(value: Any, rank: int) -> list[int] | None:
    found = [value] * rank if _is_size(value) else value
    return found if isinstance(found, list) and len(found) == rank and all(_is_size(one) for one in found) else None


def without_local(network: Network) -> Network:
    """The network with each locally connected layer replaced by a model of layers that there are.

    Raises:
        Unreadable: where the shape of what comes in is not known.
    """
    for index, one in enumerate(network.layers):
        if one.kind in LOCAL:
            feeding = next(tensors_of(one.calls[0]), None) if one.calls else None
            shape = _shape(network, feeding) if feeding is not None else None
            inner = _layers(one, shape)
            made = Stored(one.name, "Sequential", {}, one.calls, one.at, inner=inner)
            network = replace(network, layers=(*network.layers[:index], made, *network.layers[index + 1 :]))
    return network


def _shape(network: Network, tensor: Tensor) -> list[Any] | None:
    """The shape of a tensor of the network, without the batch; None where it is not known."""
    layers = {one.name: one for one in network.layers}
    if layers[tensor.layer].kind == "InputLayer":
        shape = layers[tensor.layer].config["batch_shape"]
        return list(shape[1:]) if isinstance(shape, list) else None
    needed: set[str] = set()
    waiting = [tensor.layer]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [one.layer for call in layers[name].calls for one in tensors_of(call)]
    kept = tuple(one for one in network.layers if one.name in needed)
    inputs = tuple(one for one in network.inputs if one.layer in needed)
    data = lift(Saved(Network("before", kept, inputs, (tensor,)))).data
    document, _ = read_text("before", json.dumps(data).encode(), "json")
    if document is None:
        return None
    spec, _ = parse(validate(expand(document)[0]))
    typed, _ = infer(link(spec)[0])
    found = [typed.tensor(edge) for edge in typed.graph.outputs.values()]
    return list(found[0].shape[1:]) if found and found[0] is not None else None


def _layers(one: Stored, shape: list[Any] | None) -> Network:
    """The layers that do what it did, for an input of this shape."""
    patches, rank = one.config["patches"], one.config["patches"]["rank"]
    if shape is None or len(shape) != rank + 1 or not all(_is_size(size) for size in shape):
        raise Unreadable(
            f"`{one.kind}` has a kernel for every place, and how many places there are is not known here",
            one.at,
            help="give the input of the model its sizes, and save it again",
        )
    first = patches["first"]
    channels, space = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
    taps, strides = patches["kernel"], patches["strides"]
    places = [(size - tap) // stride + 1 for size, tap, stride in zip(space, taps, strides, strict=True)]
    if min(places) < 1:
        raise Unreadable(
            f"the kernel of this `{one.kind}` is larger than its input, {space}", one.at, help="make it smaller"
        )
    count, filters, size = prod(places), patches["filters"], prod(taps) * channels
    chain = [Stored("x", "InputLayer", {"batch_shape": [None, *shape], "dtype": "float32"}, (), one.at)]
    if first:
        chain.append(_put("channels_last", "Permute", {"dims": [*range(2, rank + 2), 1]}, one))
    if rank == 1:
        # Patches are cut out of pictures: a row is one that is a pixel wide.
        chain.append(_put("picture", "Reshape", {"target_shape": [*space, 1, channels]}, one))
    chain.append(_put("patches", "ExtractPatches", {"size": [*taps, 1][:2], "strides": [*strides, 1][:2]}, one))
    if first:
        # The weights are ordered as the patches were: here all of one channel came before the next.
        chain.append(_put("taps", "Reshape", {"target_shape": [count, prod(taps), channels]}, one))
        chain.append(_put("channels", "Permute", {"dims": [1, 3, 2]}, one))
    chain.append(_put("rows", "Reshape", {"target_shape": [count, size]}, one))
    bias = {"bias_axes": "pf"} if one.config["use_bias"] else {}
    multiplied = {**one.config["dense"], "equation": EACH, "output_shape": [count, filters], **bias}
    chain.append(_put("each", "EinsumDense", multiplied, one))
    if rank > 1:
        chain.append(_put("places", "Reshape", {"target_shape": [*places, filters]}, one))
    if first:
        chain.append(_put("channels_first", "Permute", {"dims": [rank + 1, *range(1, rank + 1)]}, one))
    layers = [replace(chain[0], calls=(Called(),))]
    for before, layer in pairwise(chain):
        given = Tensor(before.name)
        if layer.kind == "ExtractPatches":
            call = Called((), {"images": given, **layer.config, "padding": "valid"})
            layers.append(replace(layer, config={}, calls=(call,), module="keras.src.ops.image"))
        else:
            layers.append(replace(layer, calls=(Called((given,)),)))
    return Network(one.name, tuple(layers), (Tensor(chain[0].name),), (Tensor(chain[-1].name),))


def _put(name: str, kind: str, config: Mapping[str, Any], one: Stored) -> Stored:
    return Stored(name, kind, config, (), one.at)
