"""Catalogue: layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..sizes import Size, broadcast, known, product, same
from ..tensor import FLOATS, Shape, TensorType, shape_text
from .calls import elements
from .kinds import AXIS, BOOLEAN, Kind
from .record import Argument, Call, Inferred, Port, Record, Rule, ShapeError
from .rules import float_input, result


def _numbers(call: Call) -> tuple[TensorType, ...]:
    for index in range(len(call.xs)):
        float_input(call, "inputs", index)
    return call.xs


def _joined(call: Call, so_far: Shape, index: int) -> Shape:
    """What the inputs before and this one broadcast to, counted from the last axis, the batch apart."""
    x = call.xs[index]
    left, right = so_far[1:], x.shape[1:]
    length = max(len(left), len(right))
    left = (1,) * (length - len(left)) + left
    right = (1,) * (length - len(right)) + right
    sizes: list[Size] = [_one_batch(call, so_far[0], index)]
    for axis, (a, b) in enumerate(zip(left, right, strict=True), start=1):
        size = broadcast(a, b)
        if size is None:
            raise _misfit(call, so_far, index, axis - length - 1, a, b)
        sizes.append(size)
    return tuple(sizes)


def _one_batch(call: Call, batch: Size, index: int) -> Size:
    own = call.xs[index].shape[0]
    if same(batch, own) is False:
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} needs inputs with the same batch, "
            f"but input {index + 1} has {own} samples where the others have {batch}",
            help="check which layer changed the first axis",
            port="inputs",
            index=index,
        )
    return own if known(own) else batch


def _misfit(call: Call, so_far: Shape, index: int, axis: int, a: Size, b: Size) -> ShapeError:
    layer = call.layer.record.name
    x = call.xs[index]
    rank = max(len(so_far), x.rank)
    others = "the input before" if index == 1 else "the inputs before"
    return ShapeError(
        "E302",
        f"{layer} works element by element, but input {index + 1} has shape {shape_text(x.shape)} and {others} "
        f"{shape_text(so_far)}: axis {rank + axis} is {b} and {a}",
        help=_way_out(so_far, x.shape, axis, a, b),
        port="inputs",
        index=index,
    )


def _way_out(left: Shape, right: Shape, axis: int, a: Size, b: Size) -> str:
    """What to change so that two shapes fit at the axis, counted from the last."""
    rank = max(len(left), len(right))
    if len(left) != len(right):
        return (
            f"the inputs have {len(left)} and {len(right)} axes; give them as many with a `Reshape` layer, or pool "
            f"the larger one, so that axis {rank + axis} is the same in both"
        )
    if axis == -1:
        # The axis of units and channels: the usual place, and one with a usual cure.
        return (
            f"give the layers before the same number of units or filters, {a} or {b}, or put a `Dense` (for pictures "
            "a `Conv2D` with `kernel_size = 1`) behind one of them; to set them side by side use `Concatenate`"
        )
    return (
        f"bring axis {rank + axis} to the same size, {a} or {b}: by `padding`, `strides`, cropping, pooling or "
        "up-sampling in the layers before one of them"
    )


def merge(arity: int | None = None) -> Rule:
    """Broadcast all inputs; one operation an element for each input but the first."""

    def rule(call: Call) -> Inferred:
        xs = _numbers(call)
        name = call.layer.record.name
        if arity is not None and len(xs) != arity:
            raise _wrong_number(call, arity)
        for index, x in enumerate(xs):
            if x.dtype == "bool":
                raise ShapeError(
                    "E304",
                    f"{name} computes with numbers, but input {index + 1} holds truth values (dtype bool)",
                    help="use `ops.logical_and` or `ops.logical_or`, or make numbers of them with `ops.cast`",
                    port="inputs",
                    index=index,
                )
        shape = xs[0].shape
        for index in range(1, len(xs)):
            shape = _joined(call, shape, index)
        flops = product(shape[1:]) * (len(xs) - (name != "Average"))
        return result(call, shape, flops=flops, mask=all(x.mask for x in xs))

    return rule


def _wrong_number(call: Call, arity: int) -> ShapeError:
    name = call.layer.record.name
    return ShapeError(
        "E302",
        f"{name} takes exactly {arity} inputs, found {len(call.xs)}",
        help=f'write them as a list: `inputs = ["a", "b"]`; chain several {name} layers for more',
        port="inputs",
    )


def concatenate(call: Call) -> Inferred:
    """Inputs one behind the other along the axis; all other axes must be the same. 0 operations."""
    xs = call.xs
    rank = xs[0].rank
    for index, x in enumerate(xs):
        if x.rank != rank:
            raise ShapeError(
                "E302",
                f"Concatenate needs inputs with as many axes, but input {index + 1} has shape {shape_text(x.shape)} "
                f"and the first {shape_text(xs[0].shape)}",
                help="give them as many axes with a `Reshape`, `Flatten` or pooling layer",
                port="inputs",
                index=index,
            )
        if (x.dtype == "string") != (xs[0].dtype == "string"):
            float_input(call, "inputs", index if x.dtype == "string" else 0)
    axis = _axis(call, call["axis"], xs[0], "axis")
    shape = list(xs[0].shape)
    for index, x in enumerate(xs[1:], start=1):
        for other in range(rank):
            if other != axis:
                shape[other] = _agreed(call, shape[other], index, other, axis)
        shape[axis] = shape[axis] + x.shape[axis]
    return result(call, shape, mask=any(x.mask for x in xs))


def _agreed(call: Call, size: Size, index: int, axis: int, along: int) -> Size:
    x, first = call.xs[index], call.xs[0]
    own = x.shape[axis]
    if same(size, own) is False:
        raise ShapeError(
            "E302",
            f"Concatenate along axis {along} needs inputs that are the same along all others, but input {index + 1} "
            f"has shape {shape_text(x.shape)} and the first {shape_text(first.shape)}: axis {axis} is {own} and {size}",
            help=_other_axis(first.shape, x.shape, axis),
            port="inputs",
            index=index,
        )
    return own if known(own) else size


def _other_axis(left: Shape, right: Shape, axis: int) -> str:
    """What to change so that two shapes can be set one behind the other."""
    differing = [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if same(a, b) is False]
    if differing == [axis] and axis > 0:
        return f"use `axis = {axis}` to set them one behind the other along the axis in which they differ"
    return (
        f"bring axis {axis} to the same size: by `padding`, `strides`, cropping, pooling or up-sampling in the "
        "layers before"
    )


def _axis(call: Call, value: int, x: TensorType, argument: str) -> int:
    if not -x.rank <= value < x.rank:
        raise ShapeError(
            "E307",
            f"`{argument}` names axis {value}, but {shape_text(x.shape)} has {x.rank} axes",
            help=f"count from 0 (the batch axis) to {x.rank - 1}, or back from -1 (the last)",
            argument=argument,
        )
    return value % x.rank


def dot(call: Call) -> Inferred:
    """(batch, …a, k, …b) · (batch, …c, k, …d) → (batch, …a, …b, …c, …d); a multiply-add for each product."""
    if len(call.xs) != 2:
        raise _wrong_number(call, 2)
    x, y = _numbers(call)
    for index, tensor in enumerate((x, y)):
        if call["normalize"] and tensor.dtype not in FLOATS:
            raise ShapeError(
                "E304",
                f"Dot with `normalize = true` needs numbers with a fraction, but input {index + 1} is {tensor.dtype}",
                help='give the input `dtype = "float32"`, or make such numbers of it with `ops.cast`',
                port="inputs",
                index=index,
            )
        if tensor.rank < 2:
            raise ShapeError(
                "E301",
                f"Dot needs at least one axis besides the batch axis, found shape {shape_text(tensor.shape)}",
                help="give the input a shape of at least one number, such as `shape = [1]`",
                port="inputs",
                index=index,
            )
    written = call["axes"]
    pair: Sequence[int] = written if isinstance(written, tuple) else (written, written)
    axes = [_axis(call, value, tensor, "axes") for value, tensor in zip(pair, (x, y), strict=True)]
    if 0 in axes:
        raise ShapeError(
            "E307",
            "Dot cannot multiply along axis 0, the batch axis",
            help="count from 1 (the first behind the batch axis), or back from -1 (the last)",
            argument="axes",
        )
    depth, other = x.shape[axes[0]], y.shape[axes[1]]
    # Keras compares the sizes as they are known before a batch is there: `time` is not 5, even if it is later.
    if same(depth, other) is False or (same(depth, other) is None and known(depth) != known(other)):
        raise ShapeError(
            "E302",
            f"Dot multiplies axis {axes[0]} of {shape_text(x.shape)} with axis {axes[1]} of {shape_text(y.shape)}, "
            f"so they must be the same size; found {depth} and {other}",
            help="name other `axes`, one for each input: `axes = [2, 1]`; or bring the two axes to one size, "
            "by a `Dense` where it is the last",
            port="inputs",
        )
    _one_batch(call, x.shape[0], 1)
    rest = [size for i, size in enumerate(x.shape) if i != axes[0]]
    rest += [size for i, size in enumerate(y.shape) if i not in (0, axes[1])]
    depth = depth if known(depth) else other
    flops = 2 * product(rest[1:]) * depth
    if call["normalize"]:
        flops = flops + 3 * (elements(x) + elements(y))
    return result(call, rest if len(rest) > 1 else [*rest, 1], flops=flops)


def _pair(value: Any) -> Any:
    return tuple(int(item) for item in value) if isinstance(value, list | tuple) else int(value)


PAIR: Final = Kind(
    {
        "anyOf": [
            {"type": "integer"},
            {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        ]
    },
    "a whole number, or a list of two: one for each input",
    _pair,
)


def _record(name: str, summary: str, *arguments: Argument, rule: Rule, least: int = 1, most: int | None = None,
            masking: Any = "own") -> Record:  # fmt: skip
    return Record(
        name=name,
        family="layers",
        summary=summary,
        page=f"layers/merging_layers/{name.lower()}",
        arguments=arguments,
        aliases=(name.lower(),),  # the functions that make such a layer and call it
        ports=(Port("inputs", many=True, minimum=least, maximum=most),),
        masking=masking,
        rule=rule,
    )


LAYERS: Final = (
    _record("Add", "Adds its inputs element by element.", rule=merge()),
    _record("Subtract", "Takes the second input from the first, element by element.", rule=merge(2), least=2, most=2),
    _record("Multiply", "Multiplies its inputs element by element.", rule=merge()),
    _record("Average", "Takes the mean of its inputs element by element.", rule=merge()),
    _record("Maximum", "Takes the largest of its inputs element by element.", rule=merge()),
    _record("Minimum", "Takes the smallest of its inputs element by element.", rule=merge()),
    _record(
        "Concatenate",
        "Sets its inputs one behind the other along an axis.",
        Argument("axis", AXIS, -1, "The axis along which they are set."),
        rule=concatenate,
    ),
    _record(
        "Dot",
        "Multiplies two inputs and sums along one axis of each.",
        Argument("axes", PAIR, summary="The axis of each input that is summed over."),
        Argument("normalize", BOOLEAN, False, "Whether both are brought to length 1 along that axis first."),
        rule=dot,
        least=2,
        most=2,
        masking="lose",
    ),
)
