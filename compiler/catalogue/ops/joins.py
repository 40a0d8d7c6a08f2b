"""Catalogue: operations that put tensors together or take one apart. They cost no FLOPs.

They take tensors of text as well, all of them or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...sizes import Size, depends_on_batch, known, product
from ...tensor import Shape, TensorType, shape_text
from ..kinds import INTEGER, choice, either, integer, list_of, nullable
from ..record import Argument, ArgumentError, Call, Inferred, Port, Rule, ShapeError
from .dtypes import promoted
from .fitting import any_batch, axis_at, fixed, meet, new_axes, ranked
from .literals import rows
from .operands import OPTIONAL_AXIS, Operand, given, op, operand, several, tensor

X: Final = (tensor("x"),)


def _dtype(call: Call, tensors: Sequence[TensorType]) -> str:
    """What several tensors become together.

    Raises:
        ShapeError: E304 where text meets numbers.
    """
    dtypes = [one.dtype for one in tensors]
    if "string" not in dtypes:
        return promoted(*dtypes)
    for index, dtype in enumerate(dtypes):
        if dtype != "string":
            raise ShapeError(
                "E304",
                f"{call.layer.record.name} can't put text and numbers into one tensor: found {', '.join(dtypes)}",
                help="turn the text into numbers first, with `TextVectorization` or `StringLookup`",
                port=call.layer.record.ports[0].name,
                index=index,
            )
    return "string"


def _joined(call: Call, shapes: Sequence[Shape], free: int | None) -> list[Size]:
    """The sizes that all shapes share; at ``free`` each may have its own, and there stands their sum.

    Raises:
        ShapeError: E301 or E302 where another axis differs.
    """
    name, port = call.layer.record.name, call.layer.record.ports[0].name
    found = list(shapes[0])
    for index, shape in enumerate(shapes[1:], start=1):
        if len(shape) != len(found):
            raise ShapeError(
                "E301",
                f"{name} needs tensors with as many axes each, found {shape_text(shapes[0])} and {shape_text(shape)}",
                help="put an axis in with `ops.expand_dims` or `ops.reshape`",
                port=port,
                index=index,
            )
        for axis, size in enumerate(shape):
            if axis == free:
                found[axis] = found[axis] + size
                continue
            both = meet(found[axis], size)
            if both is None:
                but = "" if free is None else f" but axis {free}"
                raise ShapeError(
                    "E302",
                    f"{name} needs tensors of the same size along every axis{but}, found {shape_text(shapes[0])} and "
                    f"{shape_text(shape)}: axis {axis} is {found[axis]} and {size}",
                    help="bring them to one size first, or name the axis along which they differ"
                    if free is not None
                    else "bring them to one size first; `ops.concatenate` joins tensors that differ along one axis",
                    port=port,
                    index=index,
                )
            found[axis] = both
    return found


def concatenate(call: Call) -> Inferred:
    """The tensors one behind the other along ``axis``."""
    axis = axis_at(call, call.x.rank)
    return given(_joined(call, [one.shape for one in call.xs], axis), _dtype(call, call.xs))


def stack(call: Call) -> Inferred:
    """The tensors side by side along a new axis."""
    place = new_axes(call, call["axis"], call.x.rank + 1)[0]
    shape = _joined(call, [one.shape for one in call.xs], None)
    return given((*shape[:place], len(call.xs), *shape[place:]), _dtype(call, call.xs))


def stacked(axis: int, seen: Callable[[Shape], Shape] = lambda shape: shape) -> Rule:
    """A rule: the tensors one behind the other along a fixed axis, each with its shape seen in a certain way."""

    def rule(call: Call) -> Inferred:
        for index, one in enumerate(call.xs):
            if len(seen(one.shape)) <= axis:
                raise ShapeError(
                    "E301",
                    f"{call.layer.record.name} joins along axis {axis}, so it needs at least {axis + 1} axes, found "
                    f"{shape_text(one.shape)}",
                    help="`ops.stack` with `axis = 1` puts such tensors side by side",
                    port="xs",
                    index=index,
                )
        return given(_joined(call, [seen(one.shape) for one in call.xs], axis), _dtype(call, call.xs))

    return rule


def _deep(shape: Shape) -> Shape:
    """A shape as ``dstack`` sees it, with at least three axes."""
    return ((1, 1, 1), (1, *shape, 1), (*shape, 1))[len(shape)] if len(shape) < 3 else shape


def append(call: Call) -> Inferred:
    """``x1`` and behind it ``x2``: along ``axis``, or all elements of both in one row.

    Raises:
        ShapeError: E302 where another axis differs; E305 where a size along ``axis`` is not a number.
    """
    x1, x2 = operand(call, "x1"), operand(call, "x2")
    dtype = promoted(x1.dtype, x2.dtype)
    if call["axis"] is None:
        return given((x1.size + x2.size,), dtype)
    axis = axis_at(call, x1.rank)
    shape = _joined(call, [x1.shape, x2.shape], axis)
    for name, one in (("x1", x1), ("x2", x2)):
        why = "needs numbers for the sizes it adds (`ops.concatenate` does not)"
        fixed(call, one.shape[axis], one.shape, why, name)
    return given(shape, dtype)


def meshgrid(call: Call) -> Inferred:
    """n tensors → n tensors of n axes, each varying along one; "xy" lets the first two axes change places.

    Raises:
        ShapeError: E301 for one tensor where two axes change places; E304 where dtypes differ.
    """
    found = [Operand(one.shape, one.dtype) for one in call.xs]
    for index, one in enumerate(found):
        if one.dtype != found[0].dtype or one.dtype == "string":
            raise ShapeError(
                "E304",
                f"ops.meshgrid needs numbers of one dtype, found {found[0].dtype} and {one.dtype}",
                help=f'put `{{ type = "ops.cast", dtype = "{found[0].dtype}" }}` before it',
                port="x",
                index=index,
            )
    sizes = [one.size for one in found]
    if call["indexing"] == "xy":
        if len(sizes) < 2:
            raise ShapeError(
                "E301",
                '`indexing = "xy"` lets the first two axes change places, but one tensor makes one axis',
                help='write a second tensor, or `indexing = "ij"`',
                argument="indexing",
            )
        sizes[:2] = sizes[1], sizes[0]
    return several([sizes] * len(sizes), [one.dtype for one in found], product(sizes) * len(sizes))


# --- taking apart -------------------------------------------------------------------------------------------------


def _pieces(call: Call, axis: int) -> Inferred:
    """A tensor cut along an axis: into so many equal pieces, or at these places."""
    x, cuts = call.x, call["indices_or_sections"]
    size = x.shape[axis]
    if isinstance(cuts, int):
        if not any_batch(size, cuts):
            batch = depends_on_batch(size)
            raise ShapeError(
                "E307",
                f"axis {axis} of {shape_text(x.shape)} can't be cut into {cuts} equal pieces: it has {size} places",
                help="that is the batch axis, which may have any size: name another `axis`"
                if batch
                else "write a divisor of it, a list of places to cut at, or use `ops.array_split`",
                argument="indices_or_sections",
            )
        sizes: list[Size] = [size // cuts] * cuts
    else:
        end = fixed(call, size, x.shape, f"cuts axis {axis} at given places")
        if cuts[-1] > end:
            raise ShapeError(
                "E307",
                f"`indices_or_sections` cuts axis {axis} at {cuts[-1]}, but it ends at {end}",
                help=f"write places up to {end}",
                argument="indices_or_sections",
            )
        sizes = [b - a for a, b in zip((0, *cuts), (*cuts, end), strict=True)]
    return _parts(x, axis, sizes)


def _parts(x: TensorType, axis: int, sizes: Sequence[Size]) -> Inferred:
    shapes = [(*x.shape[:axis], size, *x.shape[axis + 1 :]) for size in sizes]
    return several(shapes, [x.dtype] * len(shapes))


def split(call: Call) -> Inferred:
    """A tensor → pieces of it along ``axis``."""
    return _pieces(call, axis_at(call, call.x.rank))


def along(axis: int) -> Rule:
    """A rule: a tensor cut along one axis; along the only one where it has no other."""

    def rule(call: Call) -> Inferred:
        if axis != 1 or call.x.rank == 0:
            ranked(call, call.x, max(axis + 1, 2 - axis), f"cuts along axis {axis}")
        return _pieces(call, axis if call.x.rank > 1 else 0)

    return rule


def array_split(call: Call) -> Inferred:
    """A tensor → so many pieces along ``axis``, the first ones longer by one where it does not come out even."""
    x, count = call.x, call["indices_or_sections"]
    axis = axis_at(call, x.rank)
    if count == 1:
        return given(x.shape, x.dtype)
    size = fixed(call, x.shape[axis], x.shape, f"cuts axis {axis} into pieces that may be unequal")
    return _parts(x, axis, [size // count + (piece < size % count) for piece in range(count)])


def unstack(call: Call) -> Inferred:
    """A tensor → one tensor for each place along ``axis``, without that axis.

    Raises:
        ShapeError: E305 where the size is not known and ``num`` does not say it; E307 where ``num`` is another.
    """
    x, num = call.x, call["num"]
    axis = axis_at(call, x.rank)
    size = x.shape[axis]
    if num is None or depends_on_batch(size):
        num = fixed(call, size, x.shape, f"gives one tensor for each place along axis {axis}")
    if meet(size, num) is None:
        raise ShapeError(
            "E307",
            f"`num = {num}`, but axis {axis} of {shape_text(x.shape)} has {size} places",
            help="take `num` away: it is found out by itself" if known(size) else "write the size of that axis",
            argument="num",
        )
    if num == 0:
        raise ShapeError(
            "E303",
            f"axis {axis} of {shape_text(x.shape)} has no places, so nothing comes out",
            help="name another axis",
            argument="axis",
        )
    return several([(*x.shape[:axis], *x.shape[axis + 1 :])] * num, [x.dtype] * num)


def check_cuts(arguments: Mapping[str, Any]) -> None:
    """See that the places at which to cut rise.

    Raises:
        ArgumentError: E114.
    """
    cuts = arguments["indices_or_sections"]
    if not isinstance(cuts, int) and list(cuts) != sorted(cuts):
        raise ArgumentError(
            "indices_or_sections",
            f"the places to cut at must rise, found {list(cuts)}",
            help="these are places counted from the start, not sizes: [2, 5] gives pieces of 2, of 3 and of the rest",
        )


TENSORS: Final = (Port("xs", many=True),)
CUTS: Final = Argument(
    "indices_or_sections",
    either(integer(1, 1000), list_of(integer(0), minimum=1)),
    summary="How many equal pieces, or a list of the places to cut at.",
)
AXIS: Final = Argument("axis", INTEGER, 0, "Along which axis; 0 is the batch, 1 the first behind it.")

OPS: Final = (
    op("concatenate", "Puts tensors one behind the other along an axis.", TENSORS, concatenate, (AXIS,)),
    op(
        "stack", "Puts tensors side by side along a new axis.", (Port("x", many=True),), stack,
        (Argument("axis", INTEGER, 0, "Where the new axis stands; 0 is before the batch axis, 1 behind it."),),
    ),
    op("hstack", "Puts tensors one behind the other along axis 1.", TENSORS, stacked(1)),
    op("vstack", "Puts tensors one behind the other along the batch axis.", TENSORS, stacked(0)),
    op("dstack", "Puts tensors one behind the other along axis 2, which is put in where it is missing.", TENSORS,
       stacked(2, _deep)),
    op(
        "append", "Puts one tensor behind another.",
        (rows("x1", "What stands in front."), rows("x2", "What stands behind.")), append,
        (Argument("axis", OPTIONAL_AXIS, None, "Along which axis; none: all elements of both in one row."),),
    ),
    op(
        "meshgrid", "Makes a grid of each pair of values: one tensor for each direction.",
        (Port("x", many=True, maximum=8, spread=True),), meshgrid,
        (Argument("indexing", choice("xy", "ij"), "xy", "Whether the first two axes change places (as columns and "
                  "rows do), or stand as given."),),
    ),
    op("split", "Cuts a tensor into pieces along an axis.", X, split, (CUTS, AXIS), check=check_cuts),
    op("hsplit", "Cuts a tensor into pieces along axis 1.", X, along(1), (CUTS,), check=check_cuts),
    op("vsplit", "Cuts a tensor into pieces along the batch axis.", X, along(0), (CUTS,), check=check_cuts),
    op("dsplit", "Cuts a tensor into pieces along axis 2.", X, along(2), (CUTS,), check=check_cuts),
    op(
        "array_split", "Cuts a tensor into pieces that may be unequal by one.", X, array_split,
        (Argument("indices_or_sections", integer(1, 1000), summary="How many pieces come out, as equal as can be."),
         AXIS),
    ),
    op(
        "unstack", "Gives a tensor for each place along an axis.", X, unstack,
        (
            Argument("num", nullable(integer(1, 1000)), None, "How many places there are; none: found out by itself."),
            AXIS,
        ),
        home="core",
    ),
)  # fmt: skip
