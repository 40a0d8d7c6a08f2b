"""From the inputs of a model to those of a spec or a block, and from the call of a block to what they are given."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ...spec.naming import FreeNames
from .calls import UNSAID, Said, holds_tensor
from .names import generated, legal
from .network import Called, Difference, Network, Place, Stored, Tensor, Unreadable


def given_inputs(inner: Network, call: Called, at: Place) -> Said:
    """The tensors of a call by the inputs of the block.

    Raises:
        Unreadable: if it is called with anything but a tensor for each input.
    """
    values = list(call.arguments)
    for key, value in call.keywords.items():
        if holds_tensor(value) and key in ("inputs", "input"):
            values.append(value)
        elif value is not None and not (key in UNSAID and not holds_tensor(value) and not value):
            raise Unreadable(
                f"`{inner.name}`, a model inside this one, is called with `{key}`, and a block takes tensors alone",
                at,
                help="leave it out where the models are put together",
            )
    names = list(dict.fromkeys(one.layer for one in inner.inputs))
    tensors = _by_input(values, names)
    if tensors is None or len(tensors) != len(names):
        found = 0 if tensors is None else len(tensors)
        raise Unreadable(f"`{inner.name}` takes {len(names)} tensors, and is called with {found}", at)
    return Said(dict(zip(input_names(inner, block=True).values(), tensors, strict=True)))


def input_names(network: Network, *, block: bool) -> dict[str, str]:
    """What a spec, or a block, calls its inputs, by the layers that they are in the model."""
    layers = dict.fromkeys(one.layer for one in network.inputs)
    if block and len(layers) == 1:
        return dict.fromkeys(layers, "x")
    free = FreeNames(legal(one) for one in layers if not _made(one))
    own = FreeNames()
    return {one: free.name("input_layer") if _made(one) else own.name(legal(one)) for one in layers}


def _made(name: str) -> bool:
    return generated(name, ("InputLayer", "Input"))


def _by_input(values: list[Any], names: list[str]) -> list[Tensor] | None:
    """The tensors in the order of the inputs; None where something else than tensors stands among them."""
    if len(values) == 1 and isinstance(values[0], Mapping):
        table = values[0]
        order = names if set(names) == set(table) else sorted(table)
        values = [[table[name] for name in order]]
    flat: list[Any] = []
    for value in values:
        flat.extend(value if isinstance(value, list) else [value])
    return flat if all(isinstance(one, Tensor) for one in flat) else None


def stated_inputs(
    names: Mapping[str, str], layers: Mapping[str, Stored], problems: list[Unreadable], notes: list[Difference]
) -> dict[str, Any]:
    """The section ``inputs`` of a spec; ``names`` has the layers that are inputs, and what they are called there.

    Sizes that are not known become words, each another one: the file does not say that two are the same.
    """
    tables: dict[str, Any] = {}
    words = FreeNames()
    for layer, name in names.items():
        stored = layers.get(layer)
        shape = stored.config.get("batch_shape") if stored is not None else None
        if stored is None or not isinstance(shape, list | tuple):
            problems.append(
                Unreadable(
                    f'the shape of the input "{layer}" is not in the file',
                    stored.at if stored is not None else (),
                    help="call the model once before saving it, or give its first layer an `Input`",
                )
            )
            continue
        for key, what in SPECIAL.items():
            if stored.config.get(key):
                notes.append(
                    Difference(f"the input `{layer}` {what}, which a spec does not say", (*stored.at, "config", key))
                )
        if shape and isinstance(shape[0], int):
            words_ = f"the input `{layer}` takes batches of {shape[0]} rows; in a spec their number is open"
            notes.append(Difference(words_, (*stored.at, "config", "batch_shape")))
        sizes = zip(shape[1:], AXES.get(len(shape) - 1, ()) or _numbered(len(shape) - 1), strict=False)
        tables[name] = {"shape": [words.name(word) if size is None else size for size, word in sizes]}
        dtype = stored.config.get("dtype")
        dtype = dtype.get("config", {}).get("name") if isinstance(dtype, Mapping) else dtype
        if dtype not in (None, "float32"):
            tables[name]["dtype"] = dtype
    return tables


def _numbered(rank: int) -> tuple[str, ...]:
    return tuple(f"axis{index + 1}" for index in range(rank))


SPECIAL: Final[Mapping[str, str]] = MappingProxyType(
    {"sparse": "takes sparse tensors", "ragged": "takes ragged tensors", "optional": "may be left out"}
)
"""What an input may be besides a tensor of a shape."""

AXES: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {
        1: ("time",),
        2: ("time", "features"),
        3: ("height", "width", "channels"),
        4: ("depth", "height", "width", "channels"),
    }
)
"""Number of axes → what their sizes are called where they are not known."""
