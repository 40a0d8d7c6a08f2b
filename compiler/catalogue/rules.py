"""Words that the shape rules share: what they ask of their inputs and how they give their result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from ..sizes import Size, depends_on_batch, known, words
from ..tensor import FLOATS, TensorType, Weight, policy, shape_text
from .record import Call, Inferred, Object, ShapeError


def result(
    call: Call,
    shape: Iterable[Size],
    weights: Iterable[Weight] = (),
    flops: Size = 0,
    *,
    dtype: str | None = None,
    mask: bool = False,
) -> Inferred:
    """One output in the layer's compute dtype, or in ``dtype``."""
    return Inferred((TensorType(tuple(shape), dtype or call.policy.compute, mask),), tuple(weights), flops)


def same_as_input(call: Call, flops: Size = 0, weights: Iterable[Weight] = ()) -> Inferred:
    """One output of the input's shape in the layer's compute dtype."""
    return result(call, call.x.shape, weights, flops, dtype=cast_dtype(call, call.x.dtype))


def cast_dtype(call: Call, dtype: str) -> str:
    """What Keras' autocast makes of an input: floats become the compute dtype, the rest stays.

    Raises:
        ShapeError: E304 if numbers would have to become text.
    """
    if call.policy.compute == "string" and dtype in FLOATS:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} is of dtype string, but its input holds {dtype}: numbers don't become text",
            help="leave out the layer's `dtype`",
            argument="dtype" if "dtype" in call.layer.written else None,
        )
    return call.policy.compute if dtype in FLOATS else dtype


def float_input(call: Call, port: str | None = None, index: int = 0) -> TensorType:
    """The input, which must hold numbers.

    Raises:
        ShapeError: E304 if it holds text.
    """
    name = port or call.layer.record.ports[0].name
    x = call.tensors[name][index]
    if x.dtype == "string":
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} computes with numbers, but its input holds text (dtype string)",
            help="put a `TextVectorization` or `StringLookup` layer and an `Embedding` before it",
            port=name,
            index=index,
        )
    return x


def ranked(call: Call, *ranks: int, port: str | None = None, axes: str | None = None) -> TensorType:
    """The input, which must have one of these ranks (the batch axis counted).

    ``axes`` names the expected axes for the message: ``"height, width, channels"``.

    Raises:
        ShapeError: E301 if it has another rank.
    """
    name = port or call.layer.record.ports[0].name
    x = call.tensors[name][0]
    if x.rank not in ranks:
        layer = call.layer.record.name
        wanted = " or ".join(str(rank) for rank in ranks)
        behind = f" (batch, {axes})" if axes else ""
        raise ShapeError(
            "E301",
            f"{layer} expects an input with {wanted} axes{behind}, found {x.rank}: {shape_text(x.shape)}",
            help=_rank_help(x, ranks),
            port=name,
        )
    return x


def _rank_help(x: TensorType, ranks: tuple[int, ...]) -> str | None:
    if x.rank + 1 in ranks and x.rank >= 3:
        return "if the channel axis is missing, add it: a `Reshape` layer, or one more number in the input's `shape`"
    if x.rank + 1 in ranks:
        return "add an axis with a `Reshape` layer, or check which entry this one should follow"
    if x.rank - 1 in ranks:
        return "take an axis away with a `Reshape` or a pooling layer, or check which entry this one should follow"
    return None


def axis_of(call: Call, value: int, rank: int, argument: str = "axis") -> int:
    """The axis counted from the front.

    Raises:
        ShapeError: E307 if there is no such axis.
    """
    if not -rank <= value < rank:
        raise ShapeError(
            "E307",
            f"`{argument} = {value}` names no axis of {shape_text(call.x.shape)}, which has {rank}",
            help=f"count from 0 (the batch axis) to {rank - 1}, or back from -1 (the last)",
            argument=argument,
        )
    return value % rank


def known_axis(call: Call, axis: int, port: str | None = None) -> int:
    """The size of an axis of the first input, which must be a number because weights depend on it.

    Raises:
        ShapeError: E305 if it is not known.
    """
    name = port or call.layer.record.ports[0].name
    x = call.tensors[name][0]
    size = x.shape[axis]
    if not known(size):
        raise ShapeError(
            "E305",
            f"{call.layer.record.name} has weights for each place along axis {axis % x.rank}, "
            f"so that size must be a number; found `{size}` in {shape_text(x.shape)}",
            help="write a number for it in the input's `shape`, or fix it with a `Reshape` layer",
            port=name,
        )
    return size


def settled_axis(call: Call, axis: int) -> Size:
    """As ``known_axis``, but a size that preprocessing layers learn from data before building is welcome too.

    Raises:
        ShapeError: E305 if it is not known, and won't be when the model is built.
    """
    size = call.xs[0].shape[axis]
    if known(size) or (call.learned and words(size) <= call.learned and not depends_on_batch(size)):
        return size
    return known_axis(call, axis)


def infer_object(layer: Object, tensors: dict[str, tuple[TensorType, ...]], options: dict[str, Any] | None = None,
                 default: str = "float32") -> Inferred:  # fmt: skip
    """Run the rule of a nested layer, as wrappers do.

    Raises:
        ShapeError: what the nested rule raises.
    """
    every = {option.name: option.default for option in layer.record.options} | (options or {})
    return inferred(Call(layer, tensors, every, layer_policy(layer, default)))


SCALED: Final = ("Dense", "EinsumDense")
"""Layers that Keras can compute in 8-bit floats. Source: Micikevicius et al., FP8 Formats for Deep Learning, 2022."""


def inferred(call: Call) -> Inferred:
    """What a layer gives: what its rule says, and what a policy in 8-bit floats keeps besides.

    Raises:
        ShapeError: what the rule raises; E304 where the layer cannot be computed so.
    """
    rule, history = call.layer.record.rule, call.policy.history
    assert rule is not None, call.layer.record.name
    given = rule(call)
    if not history:
        return given
    if call.layer.record.name not in SCALED:
        raise ShapeError(
            "E304",
            f"Keras computes in 8-bit floats in {' and '.join(SCALED)} alone, and this is {call.layer.record.name}",
            help='use `dtype = "mixed_bfloat16"` here, or leave `dtype` out',
            argument="dtype",
        )
    if call.layer.arguments.get("lora_rank") is not None:
        raise ShapeError(
            "E304",
            "Keras has no low-rank update (`lora_rank`) of a layer that computes in 8-bit floats",
            help="take `lora_rank` away, or leave `dtype` out",
            argument="lora_rank",
        )
    scales = tuple(
        Weight(f"{what}_{name}", shape)
        for what in ("inputs", "kernel", "outputs_grad")
        for name, shape in (("scale", ()), ("amax_history", (history,)))
    )
    return replace(given, weights=(*given.weights, *scales))


def layer_policy(layer: Object, default: str) -> Any:
    """The layer's own dtype policy, or the one of the whole model."""
    own = layer.arguments.get("dtype") if layer.record.family == "layers" else None
    if own is None:
        return policy(default)
    if not isinstance(own, Object):
        return policy(own)
    if own.record.name == "QuantizedFloat8DTypePolicy":
        return replace(policy(own["source_name"] or default), history=own["amax_history_length"])
    return policy(own["name"] or default)
