"""Call-time arguments, ports and axes that several families of layers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..sizes import Size, known, product, same
from ..tensor import FLOATS, TensorType, shape_text
from .kinds import BOOLEAN, Kind, nullable
from .record import Argument, Call, Inferred, Port, Rule, ShapeError
from .rules import axis_of, float_input, result

TRAINING: Final = Argument(
    "training", nullable(BOOLEAN), None, "Behave as in training (true) or as in use (false); none: as the model does."
)
CAUSAL: Final = Argument(
    "use_causal_mask", BOOLEAN, False, "Let every place look only at itself and at the places before it."
)
SCORES: Final = Argument(
    "return_attention_scores", BOOLEAN, False, "Give the weights of the attention as a second output."
)
MASK_PORT: Final = Port("mask", required=False)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def one_or_more(minimum: int | None = None, *, alike: bool = False) -> Kind:
    """One whole number, or a list of at least one, no two ``alike`` unless allowed; a list becomes a tuple."""
    one: dict[str, Any] = {"type": "integer"} if minimum is None else {"type": "integer", "minimum": minimum}
    bound = "" if minimum is None else f" of at least {minimum}"
    return Kind(
        {"anyOf": [one, {"type": "array", "items": one, "minItems": 1} | ({} if alike else {"uniqueItems": True})]},
        f"a whole number{bound}, or a list of {'them' if alike else 'different ones'}",
        lambda value: tuple(map(_whole, value)) if isinstance(value, list | tuple) else _whole(value),
    )


AXES: Final = one_or_more()


def axes_of(call: Call, argument: str = "axis") -> tuple[int, ...]:
    """The axes that an argument names, counted from the front, in the order in which they are written.

    Raises:
        ShapeError: E307 if one does not exist or is named twice.
    """
    written = call[argument]
    values: Sequence[int] = written if isinstance(written, list | tuple) else (written,)
    axes = tuple(axis_of(call, value, call.x.rank, argument) for value in values)
    if len(set(axes)) < len(axes):
        raise ShapeError(
            "E307",
            f"`{argument} = {list(values)}` names an axis of {shape_text(call.x.shape)} twice",
            help=f"an axis counted back from the end is the same as one counted from 0; name each of `{argument}` once",
            argument=argument,
        )
    return axes


def known_axes(call: Call, axes: Sequence[int]) -> tuple[int, ...]:
    """The sizes of these axes of the first input, which must be numbers because weights depend on them.

    Raises:
        ShapeError: E305 if one is not known; E307 if one is the batch axis.
    """
    x = call.x
    sizes = []
    for axis in axes:
        size = x.shape[axis]
        if not known(size):
            name = call.layer.record.name
            if axis == 0:
                raise ShapeError(
                    "E307",
                    f"{name} has weights for each place along its axis, and that would be the batch axis "
                    f"of {shape_text(x.shape)}, whose size is not fixed",
                    help="name another axis; -1 is the last, and a batch of single numbers needs `shape = [1]`",
                )
            raise ShapeError(
                "E305",
                f"{name} has weights for each place along axis {axis}, so that size must be a number; "
                f"found `{size}` in {shape_text(x.shape)}",
                help="write a number for it in the input's `shape`, or fix it with a `Reshape` layer",
            )
        sizes.append(size)
    return tuple(sizes)


def elements(x: TensorType) -> Size:
    """How many numbers one sample has."""
    return product(x.shape[1:])


def has_mask(call: Call) -> bool:
    """Whether the layer is called with a mask: one that travels with its first tensor, or one of its own."""
    return call.x.mask or bool(call.tensors.get("mask"))


def elementwise(operations: int) -> Rule:
    """A rule: the input's shape in the layer's compute dtype; so many operations for each element."""

    def rule(call: Call) -> Inferred:
        x = float_input(call)
        return result(call, x.shape, flops=operations * elements(x))

    return rule


def fractional(call: Call, why: str) -> TensorType:
    """The input, which must hold numbers with a fraction.

    Keras takes whole numbers without a word and fails at the first batch.

    Raises:
        ShapeError: E304 if the input holds text, whole numbers or truth values.
    """
    x = float_input(call)
    if x.dtype not in FLOATS:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} {why} and so needs numbers with a fraction, but its input is of dtype {x.dtype}",
            help='give the input `dtype = "float32"`, or put `{ type = "ops.cast", dtype = "float32" }` before it',
            port=call.layer.record.ports[0].name,
        )
    return x


def check_mask(call: Call, port: str, tensor: TensorType, mask: TensorType) -> None:
    """See that a mask has the batch and time axes of its tensor.

    Raises:
        ShapeError: E302 if it has not.
    """
    if mask.rank == 2 and tensor.rank >= 2 and same(mask.shape[1], tensor.shape[1]) is not False:
        return
    raise ShapeError(
        "E302",
        f"{call.layer.record.name}'s `{port}` must say of each place along axis 1 whether it counts, "
        f"so its shape must be {shape_text(tensor.shape[:2])}; found {shape_text(mask.shape)}",
        help="compute the mask from the same tensor, such as `ops.not_equal` of the token numbers and 0",
        port=port,
    )
