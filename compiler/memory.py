"""From TypedGraph to the memory that training takes; and from a person's words for memory to bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from .catalogue.record import Object
from .graph import TypedGraph
from .show import summarise
from .sizes import Size, known, product, substitute
from .tensor import BYTES, Shape, TensorType

_WRITTEN: Final = re.compile(r"\s*(\d[\d_]*\.?\d*)\s*([kmgtp]?)(i?)b(?:ytes?)?\s*", re.IGNORECASE | re.ASCII)
_PREFIXES: Final = "kmgtp"

Kept = Callable[[Object, Sequence[Shape], Shape], Size]
"""From a layer, the shapes of what it is given, and the shape that comes out, to how many numbers it keeps inside for
the way back, beside what comes out."""


def rows_of(typed: TypedGraph) -> int:
    """Rows in a batch: as many as the spec's data say, else 32."""
    data = typed.graph.spec.data
    return data.batch_size if data else 32


def training_bytes(typed: TypedGraph, batch_size: int) -> Size | None:
    """Bytes that training with batches of ``batch_size`` holds at once; None where it can't be known.

    Counted are the weights, their gradients, what the optimizer keeps beside them, a batch of the inputs, what all
    layers give and keep inside for the way back, and the two largest of these once more, for the gradients that go
    through there. Without ``[training]`` there are no gradients and no optimizer. An estimate: compilers join
    layers, kernels need room for themselves, and the framework takes some (on a GPU often 1 GB). For the networks in
    the tests it is between 0.5 and 1.3 times what XLA says that a step of training takes on a processor.

    Raises:
        ValueError: if ``batch_size`` is below 1.
    """
    cost = summarise(typed, batch_size).cost
    trains = typed.graph.spec.training is not None
    if cost.weights is None or cost.activations is None or (trains and cost.optimizer is None):
        return None
    total = cost.weights + cost.activations
    per_batch: Size = 0
    for name, node in typed.graph.nodes.items():
        if node.input is not None:
            per_batch = per_batch + sum(map(_bytes, typed.typed[name].outputs or ()))
    if trains:
        for one in typed.typed.values():
            for weight in one.weights:
                total = total + (product(weight.shape) * BYTES[weight.dtype] if weight.trainable else 0)
        sizes: list[Size] = []
        for layer, given, out in _calls(typed):
            kept = _kept(layer, [tensor.shape for tensor in given], out.shape) * BYTES[out.dtype]
            per_batch = per_batch + kept
            sizes.append(_bytes(out))
        per_batch = per_batch + sum(sorted((one for one in sizes if _sized(one)), key=_rank)[-2:])
        total = total + (cost.optimizer or 0)
    return total + substitute(per_batch, {}, batch=batch_size)


def _calls(typed: TypedGraph) -> Iterator[tuple[Object, Sequence[TensorType], TensorType]]:
    """Every call of a layer, also inside applications, with what it is given and the first that comes out."""
    for name, node in typed.graph.nodes.items():
        outputs = typed.typed[name].outputs
        if node.layer is None or not outputs:
            continue
        given = [tensor for edge in node.edges if (tensor := typed.tensor(edge)) is not None]
        inside = typed.typed[node.shared or name].inside
        if not inside:
            yield node.layer, given, outputs[0]
        tensors = {"": given[0]} if given else {}
        for one in inside:
            yield one.layer, [tensors[source] for source in one.sources], one.outputs[0]
            tensors[one.name] = one.outputs[0]


def _bytes(tensor: TensorType) -> Size:
    return product(tensor.shape) * BYTES[tensor.dtype]


def _sized(size: Size) -> bool:
    return known(substitute(size, {}, batch=1))


def _rank(size: Size) -> int:
    one = substitute(size, {}, batch=1)
    assert isinstance(one, int)
    return one


def _kept(layer: Object, given: Sequence[Shape], out: Shape) -> Size:
    rule = _INSIDE.get(layer.record.name)
    total: Size = rule(layer, given, out) if rule and given else 0
    activation = layer.arguments.get("activation") if rule is None else None
    if activation is not None and _name(activation) not in _BY_RESULT:
        total = total + product(out)
    return total


def _name(activation: Any) -> Any:
    return activation.record.name if isinstance(activation, Object) else activation


_BY_RESULT: Final = frozenset({"linear", "relu", "sigmoid", "tanh", "softmax", "softplus", "exponential", "elu"})
"""Activations whose slope is told by what comes out of them; of others what went in is kept too."""

_STEPS: Final[Mapping[str, int]] = {"LSTM": 12, "GRU": 14, "SimpleRNN": 4}
"""Numbers that a recurrent layer keeps for each unit and step: gates, states, and what they are made of."""


def _recurrent(layer: Object, given: Sequence[Shape], out: Shape) -> Size:
    units: int = layer["units"]
    return product(given[0][:2]) * units * _STEPS[layer.record.name]


def _both_ways(layer: Object, given: Sequence[Shape], out: Shape) -> Size:
    total: Size = 0
    for inner in (layer["layer"], layer["backward_layer"] or layer["layer"]):
        rule = _INSIDE.get(inner.record.name)
        total = total + (rule(inner, given, out) if rule else 0)
    return total


def _attending(layer: Object, given: Sequence[Shape], out: Shape) -> Size:
    """Queries, keys, values and answers of all heads; and three times, how much each place looks at each."""
    query, value = given[0], given[1] if len(given) > 1 else given[0]
    shared = layer.record.name == "GroupQueryAttention"
    many: int = layer["num_query_heads"] if shared else layer["num_heads"]
    few: int = layer["num_key_value_heads"] if shared else many
    wide: int = layer["head_dim"] if shared else layer["key_dim"]
    tall: int = wide if shared else layer["value_dim"] or wide
    here, there = product(query[:-1]), product(value[:-1])
    looks = here * product(value[1:-1])
    return (here * many + there * few) * (wide + tall) + 3 * looks * many


def _looking(layer: Object, given: Sequence[Shape], out: Shape) -> Size:
    """Three times, how much each place looks at each; where that is found by adding, each pair has a row besides."""
    query, value = given[0], given[1] if len(given) > 1 else given[0]
    looks = product(query[:-1]) * product(value[1:-1])
    return looks * (3 + (query[-1] if layer.record.name == "AdditiveAttention" else 0))


def _separable(layer: Object, given: Sequence[Shape], out: Shape) -> Size:
    """What the kernels give that look at one channel each."""
    first = layer.arguments.get("data_format") == "channels_first"
    places, channels = ((out[2:], given[0][1]) if first else (out[1:-1], given[0][-1]))  # fmt: skip
    times: int = layer["depth_multiplier"]
    return out[0] * product(places) * channels * times


_INSIDE: Final[Mapping[str, Kept]] = {
    **dict.fromkeys(_STEPS, _recurrent),
    "Bidirectional": _both_ways,
    "MultiHeadAttention": _attending,
    "GroupQueryAttention": _attending,
    "Attention": _looking,
    "AdditiveAttention": _looking,
    "SeparableConv1D": _separable,
    "SeparableConv2D": _separable,
}


def bytes_of(words: str) -> int | None:
    """The bytes that a person means by ``16 GB`` (of 1000³ bytes) or ``16 GiB`` (of 1024³); None for other words."""
    match = _WRITTEN.fullmatch(words)
    if match is None:
        return None
    number, prefix, binary = match.groups()
    power = _PREFIXES.index(prefix.lower()) + 1 if prefix else 0
    return int(float(number.replace("_", "")) * (1024 if binary else 1000) ** power)


def bytes_text(count: int, like: str) -> str:
    """Bytes in the family of units in which a person wrote: ``17.3 GB``, or ``16.1 GiB``."""
    match = _WRITTEN.fullmatch(like)
    binary = bool(match and match[3])
    step, unit = (1024, "i") if binary else (1000, "")
    power = 0
    while count >= step ** (power + 1) and power < len(_PREFIXES):
        power += 1
    if not power:
        return f"{count:,} bytes"
    prefix = _PREFIXES[power - 1]
    return f"{count / step**power:.1f} {prefix.upper() if binary or prefix != 'k' else prefix}{unit}B"
