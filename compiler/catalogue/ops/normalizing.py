"""Catalogue: numbers brought to a common scale, as ops.

FLOPs: 2 for each number where mean and variance are given, 8 where they are taken of the numbers first (5 without
the mean), 3 for a length of 1; and one for each number and each factor or offset.
"""

from __future__ import annotations

from typing import Final

from ...sizes import Size, broadcast, known, same
from ...tensor import shape_text
from ..kinds import integer, nullable
from ..kinds import number as a_number
from ..record import REQUIRED, Argument, Call, Inferred, ShapeError
from .fitting import alike, fixed
from .literals import rows
from .operands import AXES, OPTIONAL_AXES, Operand, axes_of, given, has, op, pointed, tensor
from .sorts import FRACTIONS, REAL, demand

X: Final = tensor("x", "The numbers to bring to a scale.")
SMALL: Final = Argument(
    "epsilon",
    nullable(a_number(minimum=0)),
    None,
    "Added before dividing, so that nothing is divided by 0; none: 1e-7.",
)


def _vector(call: Call, name: str, size: Size, axis: int) -> Operand:
    """A number for each place along an axis; if the spec states it, whole ones will do.

    Raises:
        ShapeError: E302 if it is another shape; E304 if it is of another sort.
    """
    found = demand(call, name, FRACTIONS if name in call.tensors else REAL)
    if found.rank != 1 or found.shape[0] != size:
        raise ShapeError(
            "E302",
            f"`{name}` must hold one number for each of the {size} places along axis {axis}, found {found.shape[0]}"
            if found.rank == 1
            else f"`{name}` must be one row, a number for each of the {size} places along axis {axis}, found "
            f"{shape_text(found.shape)}",
            help="give it that shape (`ops.reshape`), or name another `axis`",
            **pointed(call, name),
        )
    return found


def _variance_fits(call: Call, variance: Operand, tensors: dict[str, Operand]) -> None:
    """See that all tensors are of one dtype, and the variance with them, which stated as whole numbers is float64.

    Raises:
        ShapeError: E304 if they aren't.
    """
    if variance.value is None or variance.dtype == "float32":
        alike(call, **tensors | {"variance": variance})
    elif any(one.dtype != "float64" for one in tensors.values()):
        raise ShapeError(
            "E304",
            "ops.batch_normalization takes a `variance` of whole numbers for float64, and others are of another dtype",
            help="write its numbers with a point: `1.0`",
            argument="variance",
        )


def batch_normalization(call: Call) -> Inferred:
    """The same shape: ``(x - mean) / sqrt(variance + epsilon) * scale + offset``.

    Raises:
        ShapeError: E302 for vectors of another size; E304 for vectors of several dtypes; E305 for an axis inside, of
            unknown size; E307 for an offset without a scale, which Keras 3.15 cannot take.
    """
    x = demand(call, "x", FRACTIONS)
    (axis,) = axes_of(call, call["axis"], x.rank)
    size = x.shape[axis]
    extras = [name for name in ("offset", "scale") if has(call, name)]
    vectors = {name: _vector(call, name, size, axis) for name in ("mean", "variance", *extras)}
    _variance_fits(call, vectors["variance"], {name: one for name, one in vectors.items() if name in call.tensors})
    if extras == ["offset"]:
        raise ShapeError(
            "E307",
            "Keras 3.15 takes an `offset` only with a `scale`",
            help="write `scale` as well, a 1 for each place, or add the offset with `ops.add`",
            **pointed(call, "offset"),
        )
    if call["axis"] != -1:
        fixed(call, size, x.shape, "lays its vectors along this axis", "x")
    return given(x.shape, x.dtype, x.size * (2 + len(extras)))


def _fits(call: Call, x: Operand, name: str, axes: tuple[int, ...], *, reshaped: bool) -> None:
    """See that a factor or an offset does not make the result larger.

    Raises:
        ShapeError: E302 if it does not fit; E305 if it must be laid along an axis whose size is not known.
    """
    found = demand(call, name, REAL)
    shape = found.shape
    if reshaped and found.rank != x.rank:
        wanted = [fixed(call, x.shape[axis], x.shape, f"lays `{name}` along this axis", "x") for axis in axes]
        total: Size = 1
        for one in wanted:
            total = total * one
        if same(found.size, total) is False or not known(found.size):
            raise ShapeError(
                "E302",
                f"`{name}` must hold {total} numbers, one for each place along `axis`, found {found}",
                help="give it the size of the axes that are normalized",
                **pointed(call, name),
            )
        return
    tail = (*(1,) * (x.rank - len(shape)), *shape)
    if len(tail) != x.rank or any(
        size != 1 and (broadcast(size, whole) is None or broadcast(size, whole) != whole or whole == 1)
        for size, whole in zip(tail, x.shape, strict=True)
    ):
        raise ShapeError(
            "E302",
            f"`{name}` {shape_text(shape)} does not fit the last axes of {shape_text(x.shape)}",
            help="give it one number for each place along the axes that are normalized",
            **pointed(call, name),
        )


def _not_alone(call: Call) -> Operand:
    x = demand(call, "x", REAL)
    if x.rank == 0:
        raise ShapeError(
            "E301",
            f"{call.layer.record.name} works along an axis, but the tensor is a lone number: it has none",
            help="give it a tensor with axes",
            port="x",
        )
    return x


def layer_normalization(call: Call) -> Inferred:
    """The same shape and dtype; mean and variance are those along ``axis``."""
    x = _not_alone(call)
    axes = axes_of(call, call["axis"], x.rank)
    named = (call["axis"],) if isinstance(call["axis"], int) else tuple(call["axis"])
    extras = [name for name in ("gamma", "beta") if has(call, name)]
    for name in extras:
        _fits(call, x, name, tuple(sorted(axes)), reshaped=named != (x.rank - 1,))
    return given(x.shape, x.dtype, x.size * (8 + len(extras)))


def rms_normalization(call: Call) -> Inferred:
    """The same shape and dtype; divided by the root of the mean of the squares along ``axis``."""
    x = _not_alone(call)
    axes_of(call, call["axis"], x.rank)
    scaled = has(call, "scale")
    if scaled:
        _fits(call, x, "scale", (), reshaped=False)
    return given(x.shape, x.dtype, x.size * (5 + scaled))


def normalize(call: Call) -> Inferred:
    """The same shape and dtype; divided by the length along ``axis``."""
    x = _not_alone(call)
    axes = axes_of(call, call["axis"], x.rank)
    order = call["order"]
    demand(call, "x", FRACTIONS if order == 2 else REAL)
    if order != 2 and len(axes) > 1 and (order != 1 or len(axes) > 2):
        raise ShapeError(
            "E307",
            f"Keras knows no length of order {order} over {len(axes)} axes together",
            help="name one axis, or write `order = 2`",
            argument="order",
        )
    return given(x.shape, x.dtype, x.size * 3)


OPS: Final = (
    op(
        "batch_normalization",
        "Shifts and scales each channel by a mean and a variance that it is given.",
        (
            X,
            rows("mean", "The mean of each place along the axis."),
            rows("variance", "The variance of each place along the axis."),
            rows("offset", "Added to each place along the axis.", required=False),
            rows("scale", "What each place along the axis is multiplied by.", required=False),
        ),
        batch_normalization,
        (
            Argument("axis", integer(), REQUIRED, "The axis of the channels; each has its own mean and variance."),
            Argument("epsilon", a_number(minimum=0), 1e-3, "Added to the variance, so that nothing is divided by 0."),
        ),
        home="nn",
    ),
    op(
        "layer_normalization",
        "Shifts and scales each sample to a mean of 0 and a variance of 1.",
        (
            X,
            rows("gamma", "What the result is multiplied by, place by place.", required=False),
            rows("beta", "What is added to the result, place by place.", required=False),
        ),
        layer_normalization,
        (Argument("axis", AXES, -1, "The axis or axes over which mean and variance are taken."), SMALL),
        home="nn",
    ),
    op(
        "rms_normalization",
        "Scales each sample to a mean square of 1, without shifting it.",
        (X, rows("scale", "What the result is multiplied by, place by place.", required=False)),
        rms_normalization,
        (Argument("axis", OPTIONAL_AXES, -1, 'The axis or axes of the mean square; "none" takes all.'), SMALL),
        home="nn",
    ),
    op(
        "normalize",
        "Brings vectors to a length of 1.",
        (X,),
        normalize,
        (
            Argument("axis", OPTIONAL_AXES, -1, 'Where a vector lies: one axis, or several; "none" takes all.'),
            Argument("order", integer(1, 2**31 - 1), 2,
                     "What length means: 1 adds up distances from 0, 2 is that of geometry."),
            Argument("epsilon", nullable(a_number(above=0)), None, "The least length that is divided by; none: 1e-7."),
        ),
        home="nn",
    ),
)  # fmt: skip
