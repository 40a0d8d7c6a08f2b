"""What the layers that attend ask of their inputs: query, value and key, masks, and the axes they look along."""

from __future__ import annotations

from typing import Final

from ..sizes import broadcast, known, same
from ..tensor import Shape, TensorType, shape_text
from .calls import check_mask
from .record import Call, ShapeError
from .rules import axis_of, float_input

MASKS: Final = ("query_mask", "value_mask", "key_mask")


def listed(call: Call) -> tuple[TensorType, TensorType, TensorType, Shape]:
    """Query, value and key of the layers that take them as a list, checked; and the axes before the last two."""
    if not 2 <= len(call.xs) <= 3:
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} takes 2 or 3 inputs, query, value and, where it differs from the value, key; "
            f"found {len(call.xs)}",
            help='write `inputs = { query = "a", value = "b" }`; for self-attention both name the same layer',
            port="inputs",
        )
    tensors = [float_input(call, "inputs", index) for index in range(len(call.xs))]
    for index, (tensor, what) in enumerate(zip(tensors, ("query", "value", "key"), strict=False)):
        check_axes(call, what, tensor, 3, None, "inputs", index)
    query, value = tensors[:2]
    key = tensors[2] if len(tensors) > 2 else value
    check_features(call, query, key, "key" if len(tensors) > 2 else "value", "inputs", len(tensors) - 1)
    check_places(call, key, value, "inputs", len(tensors) - 1)
    if query.rank != value.rank:
        raise other_ranks(call, query, value, "inputs", 1)
    leading = []
    for axis, (a, b) in enumerate(zip(query.shape[:-2], value.shape[:-2], strict=True)):
        size = broadcast(a, b)
        if size is None:
            raise ShapeError(
                "E302",
                f"{call.layer.record.name} looks along the last axis but one only, so all axes before it must be "
                f"the same; found a query of shape {shape_text(query.shape)} and a value of shape "
                f"{shape_text(value.shape)}: axis {axis} is {a} and {b}",
                help="bring the two to the same size along that axis",
                port="inputs",
                index=1,
            )
        leading.append(size)
    given = call.tensors.get("mask", ())
    if query.rank > 3 and (value.mask or len(given) > 1):
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} takes masks with inputs of 3 axes only, and a mask travels with "
            f"{shape_text(value.shape)}",
            help="use `MultiHeadAttention` with `attention_axes = 1`, or take the mask away: a `Reshape` layer does",
            port="inputs",
            index=1,
        )
    for name, mask, tensor in zip(("query_mask", "value_mask"), given, (query, value), strict=False):
        if isinstance(mask, TensorType) and tensor.rank == 3:
            check_mask(call, name, tensor, mask)
    return query, value, key, tuple(leading)


def named(call: Call) -> tuple[TensorType, TensorType, TensorType]:
    """Query, value and key of the layers that take them by name; without a key it is the value."""
    query, value = float_input(call, "query"), float_input(call, "value")
    return query, value, float_input(call, "key") if call.tensors.get("key") else value


def attention_axes(call: Call, query: TensorType) -> tuple[int, ...]:
    """The axes that ``MultiHeadAttention`` looks along, counted from the front.

    Raises:
        ShapeError: E307 if one is the batch axis, the features, or named twice.
    """
    written = call["attention_axes"]
    if written is None:
        return tuple(range(1, query.rank - 1))
    values = written if isinstance(written, tuple) else (written,)
    axes = tuple(axis_of(call, value, query.rank, "attention_axes") for value in values)
    if 0 in axes or query.rank - 1 in axes or len(set(axes)) < len(axes):
        raise ShapeError(
            "E307",
            f"`attention_axes` must name axes between the batch axis and the features, each once; found {list(values)} "
            f"for {shape_text(query.shape)}",
            help=f"name axes from 1 to {query.rank - 2}; left out, attention looks along all of them",
            argument="attention_axes",
        )
    return axes


def check_masks(call: Call, query: TensorType, value: TensorType, key: TensorType, axes: tuple[int, ...]) -> None:
    """Masks fit the tensors they belong to, and the axes that attention looks along."""
    name = call.layer.record.name
    for port, tensor in zip(MASKS, (query, value, key), strict=True):
        for mask in call.tensors.get(port, ()):
            check_mask(call, port, tensor, mask)
    for mask in call.tensors.get("attention_mask", ()):
        wanted = (query.shape[1], value.shape[1])
        pairs = list(zip(reversed(mask.shape), reversed(wanted), strict=False))
        if mask.rank < 2 or mask.rank > query.rank + 1 or any(a != 1 and same(a, b) is False for a, b in pairs):
            raise ShapeError(
                "E302",
                f"{name}'s `attention_mask` must say for each place of the query which places of the value count, "
                f"so its shape must be {shape_text((query.shape[0], *wanted))}; found {shape_text(mask.shape)}",
                help="its axes are batch, query time, value time; or batch, heads, query time, value time",
                port="attention_mask",
            )
    if axes != (1,) and (call.options.get("use_causal_mask") or call["sliding_window"] is not None):
        what = "`use_causal_mask`" if call.options.get("use_causal_mask") else "`sliding_window`"
        raise ShapeError(
            "E307",
            f"{what} works along axis 1 alone, but {name} looks along {spoken(axes)} of {shape_text(query.shape)}",
            help=f"take {what} away, or bring the time to axis 1 and use `attention_axes = 1`",
        )
    masked = query.mask or value.mask or key.mask or any(call.tensors.get(port) for port in MASKS)
    if axes != (1,) and masked:
        raise ShapeError(
            "E307",
            f"a mask says which places along axis 1 count, but {name} looks along {spoken(axes)} of "
            f"{shape_text(query.shape)}",
            help="use `attention_axes = 1`, or take the mask away: a `Reshape` layer does",
        )
    if call.options.get("return_attention_scores") and call["flash_attention"]:
        raise ShapeError(
            "E307",
            f"{name} cannot give its scores with `flash_attention = true`, which never has them all",
            help="take `flash_attention` away",
            argument="flash_attention",
        )


def features(call: Call, what: str, x: TensorType, port: str, index: int = 0) -> int:
    """The size of the last axis, which must be a number because weights depend on it.

    Raises:
        ShapeError: E305 if it is not known.
    """
    size = x.shape[-1]
    if not known(size):
        raise ShapeError(
            "E305",
            f"{call.layer.record.name} has weights for each feature of its {what}, so the size of the last axis "
            f"must be a number; found `{size}` in {shape_text(x.shape)}",
            help="write a number for it in the input's `shape`, or put a `Dense` before it",
            port=port,
            index=index,
        )
    return size


def check_axes(call: Call, what: str, x: TensorType, least: int, most: int | None, port: str, index: int = 0) -> None:
    """See that a tensor has at least ``least`` axes and at most ``most``.

    Raises:
        ShapeError: E301 if not.
    """
    if x.rank < least or (most is not None and x.rank > most):
        bound = f"{least} axes" if most == least else f"at least {least} axes"
        raise ShapeError(
            "E301",
            f"{call.layer.record.name} needs a {what} with {bound} (batch, time, features), "
            f"found {x.rank}: {shape_text(x.shape)}",
            help="attention looks along a time axis: give the input one, or keep it with `return_sequences = true` "
            "in the layer before",
            port=port,
            index=index,
        )


def check_places(call: Call, key: TensorType, value: TensorType, port: str, index: int = 0) -> None:
    """Every key belongs to one value: all axes of the two but the last are the same.

    Where query, value and key are arguments of their own, Keras compares the sizes as they are known before a batch is
    there: a word is no number.
    """
    pairs = list(zip(key.shape[1:-1], value.shape[1:-1], strict=False))
    literal = port != "inputs"
    if key.rank == value.rank and all(
        same(a, b) or (same(a, b) is None and not (literal and known(a) != known(b))) for a, b in pairs
    ):
        return
    raise ShapeError(
        "E302",
        f"{call.layer.record.name} needs a key for each value, so all axes but the last must be the same; "
        f"found a key of shape {shape_text(key.shape)} and a value of shape {shape_text(value.shape)}",
        help="take key and value from the same layer; `key` may be left out, then it is the value",
        port=port,
        index=index,
    )


def check_features(call: Call, a: TensorType, b: TensorType, other: str, port: str, index: int) -> None:
    """See that two tensors have as many features, where both are known.

    Raises:
        ShapeError: E302 if not.
    """
    if same(a.shape[-1], b.shape[-1]) is False:
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} compares query and {other} feature by feature, so their last axes must be "
            f"the same size; found {shape_text(a.shape)} and {shape_text(b.shape)}",
            help=f"put a `Dense` with `units = {a.shape[-1]}` behind the {other}, or use `MultiHeadAttention`, "
            "which brings them to one size itself",
            port=port,
            index=index,
        )


def other_ranks(call: Call, query: TensorType, value: TensorType, port: str, index: int = 0) -> ShapeError:
    """Query and value have not as many axes."""
    return ShapeError(
        "E302",
        f"{call.layer.record.name} needs query and value with as many axes, found {shape_text(query.shape)} "
        f"and {shape_text(value.shape)}",
        help="give them as many axes with a `Reshape` layer",
        port=port,
        index=index,
    )


def spoken(axes: tuple[int, ...]) -> str:
    """The axes in words."""
    return ("axis " if len(axes) == 1 else "axes ") + " and ".join(map(str, axes))
