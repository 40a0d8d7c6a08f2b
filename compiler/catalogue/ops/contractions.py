"""Catalogue: operations that multiply along axes and add up. A multiply-add counts as two, so that a matrix product
of (m, k) and (k, n) costs 2·m·k·n."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...sizes import Size, known, product
from ...tensor import FLOATS, Shape, shape_text
from ..kinds import INTEGER, either, integer, list_of
from ..record import Argument, ArgumentError, Call, Inferred, ShapeError
from .dtypes import floating, promoted
from .fitting import alike, leading, meet, ranked, real
from .literals import rows
from .operands import OPTIONAL_AXIS, Operand, axes_of, given, number, op, operand, refused_op

LEFT: Final = "What stands on the left of the product: a tensor, or numbers."
RIGHT: Final = "What stands on the right of the product: a tensor, or numbers."
PAIR: Final = (rows("x1", LEFT), rows("x2", RIGHT))
LOOSE: Final = (number("x1", LEFT), number("x2", RIGHT))


def _pair(call: Call) -> tuple[Operand, Operand]:
    return operand(call, "x1"), operand(call, "x2")


def _misfit(call: Call, x1: Operand, x2: Operand, axes: str, a: Size, b: Size) -> ShapeError:
    return ShapeError(
        "E302",
        f"{call.layer.record.name} multiplies along {axes}, which must be of one size: `x1` {shape_text(x1.shape)} has "
        f"{a} and `x2` {shape_text(x2.shape)} has {b}",
        help="turn one of the two with `ops.transpose` or `ops.swapaxes`, or change its size before; the batch axis "
        "fits nothing but itself",
        port="x2" if "x2" in call.tensors else "x1",
    )


def matmul(call: Call) -> Inferred:
    """(…, m, k) and (…, k, n) → (…, m, n); one axis alone is a row on the left and a column on the right.

    Whole numbers of 8 bits give 32 bits, save where one of the two is a row.
    """
    x1, x2 = _pair(call)
    for name, one in (("x1", x1), ("x2", x2)):
        if one.rank == 0:
            raise ShapeError(
                "E301",
                f"ops.matmul multiplies matrices, and `{name}` is a single number",
                help="`ops.multiply` multiplies by numbers",
                port=name if name in call.tensors else None,
            )
    inner = meet(x1.shape[-1], x2.shape[-1] if x2.rank == 1 else x2.shape[-2])
    if inner is None:
        a, b = x1.shape[-1], x2.shape[-1] if x2.rank == 1 else x2.shape[-2]
        raise _misfit(call, x1, x2, f"the last axis of `x1` and the {'' if x2.rank == 1 else 'second '}last of `x2`",
                      a, b)  # fmt: skip
    front = leading(
        call,
        [("x1", x1.shape[:-2], x1.shape), ("x2", x2.shape[:-2], x2.shape)],
        "ops.matmul lines up the axes before the last two",
    )
    rows = x1.shape[-2:-1] if x1.rank > 1 else ()
    columns = x2.shape[-1:] if x2.rank > 1 else ()
    shape = (*front, *rows, *columns)
    small = x1.dtype == x2.dtype == "int8" and x1.rank > 1 and x2.rank > 1
    return given(shape, "int32" if small else promoted(x1.dtype, x2.dtype), 2 * product(shape) * inner)


def dot(call: Call) -> Inferred:
    """(…, k) and (…, k, n) → (… of x1, … of x2, n): unlike `matmul` it crosses all leading axes.

    A single number multiplies; (…, k) and (k,) → (…).

    Raises:
        ShapeError: E302 where the axes differ; E305 where ``x2`` is one row and Keras can't tell.
    """
    x1, x2 = _pair(call)
    dtype = promoted(x1.dtype, x2.dtype)
    if x1.rank == 0 or x2.rank == 0:
        shape = x1.shape or x2.shape
        return given(shape, dtype, product(shape))
    a, b = x1.shape[-1], x2.shape[-1] if x2.rank == 1 else x2.shape[-2]
    inner = meet(a, b)
    if inner is None:
        raise _misfit(call, x1, x2, f"the last axis of `x1` and the {'' if x2.rank == 1 else 'second '}last of `x2`",
                      a, b)  # fmt: skip
    if x2.rank == 1 and x1.rank > 1 and known(a) != known(b):
        raise ShapeError(
            "E305",
            f"ops.dot of a row of {b} needs that size to be stated in `x1`; found {shape_text(x1.shape)}",
            help="`ops.matmul` takes it",
            port="x1" if "x1" in call.tensors else "x2",
        )
    shape = (*x1.shape[:-1], *x2.shape[:-2], *(x2.shape[-1:] if x2.rank > 1 else ()))
    return given(shape, dtype, 2 * product(shape) * inner)


def tensordot(call: Call) -> Inferred:
    """Axes of one tensor against axes of the other; then stand those left of ``x1``, then those of ``x2``.

    ``axes = n``: the last n of ``x1`` against the first n of ``x2``.
    """
    x1, x2 = _pair(call)
    axes = call["axes"]
    if isinstance(axes, int):
        if axes > min(x1.rank, x2.rank):
            raise ShapeError(
                "E307",
                f"`axes = {axes}` multiplies along {axes} axes, but `x1` is {x1} and `x2` {x2}",
                help=f"write {min(x1.rank, x2.rank)} or less, or two lists of axes",
                argument="axes",
            )
        left: tuple[int, ...] = tuple(range(x1.rank - axes, x1.rank))
        right: tuple[int, ...] = tuple(range(axes))
    else:
        left, right = axes_of(call, axes[0], x1.rank, "axes"), axes_of(call, axes[1], x2.rank, "axes")
    inner: Size = 1
    for a, b in zip(left, right, strict=True):
        size = meet(x1.shape[a], x2.shape[b])
        if size is None:
            raise _misfit(call, x1, x2, f"axis {a} of `x1` and axis {b} of `x2`", x1.shape[a], x2.shape[b])
        inner = inner * size
    shape = [size for axis, size in enumerate(x1.shape) if axis not in left]
    shape += [size for axis, size in enumerate(x2.shape) if axis not in right]
    return given(shape, promoted(x1.dtype, x2.dtype), (2 if left else 1) * product(shape) * inner)


def check_axes(arguments: Mapping[str, Any]) -> None:
    """See that both lists of axes are of one length.

    Raises:
        ArgumentError: E114.
    """
    axes = arguments["axes"]
    if not isinstance(axes, int) and len(axes[0]) != len(axes[1]):
        raise ArgumentError(
            "axes",
            f"`axes` names {len(axes[0])} axes of `x1` and {len(axes[1])} of `x2`",
            help="name an axis of `x2` for each of `x1`: `axes = [[2], [1]]`",
        )


def outer(call: Call) -> Inferred:
    """All elements of ``x1`` by all of ``x2``, the whole batch of each in one row."""
    x1, x2 = _pair(call)
    return given((x1.size, x2.size), promoted(x1.dtype, x2.dtype), x1.size * x2.size)


def inner(call: Call) -> Inferred:
    """(…, k) and (…, k) → (… of x1, … of x2).

    Raises:
        ShapeError: E301 for a single number, at which Keras fails in a graph; E302 where the last axes differ, or
            others, known and not 1, that stand in the same place counted from the end.
    """
    x1, x2 = _pair(call)
    dtype = promoted(x1.dtype, x2.dtype)
    ranked(call, x1, 1, "multiplies rows", "x1")
    ranked(call, x2, 1, "multiplies rows", "x2")
    size = meet(x1.shape[-1], x2.shape[-1])
    if size is None:
        raise _misfit(call, x1, x2, "the last axes", x1.shape[-1], x2.shape[-1])
    if any(
        known(a) and known(b) and 1 not in (a, b) and a != b
        for a, b in zip(x1.shape[::-1], x2.shape[::-1], strict=False)
    ):
        raise ShapeError(
            "E302",
            f"in a graph Keras takes ops.inner for element by element as well, and {shape_text(x1.shape)} and "
            f"{shape_text(x2.shape)} do not fit so",
            help="`ops.tensordot` with `axes = [[-1], [-1]]` computes the same",
            port="x2" if "x2" in call.tensors else "x1",
        )
    shape: Shape = (*x1.shape[:-1], *x2.shape[:-1])
    return given(shape, dtype, 2 * product(shape) * size)


def vdot(call: Call) -> Inferred:
    """All elements of one by those of the other in the same place, added up to one number for the whole batch."""
    x1, x2 = _pair(call)
    if meet(x1.size, x2.size) is None:
        raise ShapeError(
            "E302",
            f"ops.vdot multiplies element by element, so both must have as many: `x1` {shape_text(x1.shape)} has "
            f"{x1.size} and `x2` {shape_text(x2.shape)} {x2.size}",
            help="for one number a row of the batch multiply and add up: `ops.multiply`, then `ops.sum`",
            port="x2" if "x2" in call.tensors else "x1",
        )
    return given((), promoted(x1.dtype, x2.dtype), 2 * x1.size)


def cross(call: Call) -> Inferred:
    """Vectors of 3 (or 2) and of 3 → vectors of 3 upright on both; of 2 and 2 → numbers.

    The other axes broadcast. It costs 9 for each vector, 3 where both have 2 numbers.
    """
    x1, x2 = _pair(call)
    axis = call["axis"]
    names = ("axisa", "axisb", "axisc") if axis is None else ("axis",) * 3
    ranked(call, x1, 1, "multiplies vectors", "x1")
    ranked(call, x2, 1, "multiplies vectors", "x2")
    sizes, rests = [], []
    for port, one, name in (("x1", x1, names[0]), ("x2", x2, names[1])):
        place = axes_of(call, call[name], one.rank, name)[0]
        size = one.shape[place]
        if size not in (2, 3):
            raise ShapeError(
                "E302",
                f"ops.cross multiplies vectors of 2 or 3 numbers, found {size} along axis {place} of `{port}` "
                f"{shape_text(one.shape)}",
                help=f"name the axis along which the vectors stand with `{name}`",
                port=port if port in call.tensors else None,
            )
        sizes.append(size)
        rests.append((port, (*one.shape[:place], *one.shape[place + 1 :]), one.shape))
    shape = leading(call, rests, "ops.cross lines up all axes but those of the vectors")
    deep = (3,) if 3 in sizes else ()
    if not deep and not shape:
        raise ShapeError(
            "E301",
            "ops.cross makes a lone number of two vectors of 2, and has no axis to put it on",
            help="put an axis in front of one of them, with `ops.expand_dims`",
            port="x1" if "x1" in call.tensors else "x2",
        )
    place = axes_of(call, call[names[2]], len(shape) + len(deep), names[2])[0]
    dtype = promoted(x1.dtype, x2.dtype)
    return given((*shape[:place], *deep, *shape[place:]), dtype, (9 if deep else 3) * product(shape))


def cdist(call: Call) -> Inferred:
    """(…, m, k) and (…, n, k) → (…, m, n): how far each row of one lies from each of the other; 3·m·n·k.

    Raises:
        ShapeError: E301, E302, or E304 where dtypes differ, or TensorFlow measures nothing in them.
    """
    x, y = operand(call, "x"), operand(call, "y")
    for name, one in (("x", x), ("y", y)):
        ranked(call, one, 2, "measures between rows of two tensors", name)
        real(call, one, name, FLOATS | {"int32", "int64"})
    dtype = floating(alike(call, x=x, y=y))
    size = meet(x.shape[-1], y.shape[-1])
    if size is None:
        raise ShapeError(
            "E302",
            f"ops.cdist measures between rows of one length: `x` {shape_text(x.shape)} has {x.shape[-1]} numbers a row "
            f"and `y` {shape_text(y.shape)} {y.shape[-1]}",
            help="bring both to one length, with `Dense` for example",
            port="y" if "y" in call.tensors else "x",
        )
    front = leading(
        call,
        [("x", x.shape[:-2], x.shape), ("y", y.shape[:-2], y.shape)],
        "ops.cdist lines up the axes before the last two",
    )
    shape = (*front, x.shape[-2], y.shape[-2])
    return given(shape, floating(dtype), 3 * product(shape) * size)


LISTS: Final = list_of(list_of(integer(), minimum=1), 2)

OPS: Final = (
    op("matmul", "Multiplies matrices.", PAIR, matmul),
    op("dot", "Multiplies the rows of one tensor with the columns of another, each with each.", LOOSE, dot),
    op(
        "tensordot", "Multiplies two tensors along axes that are named, and adds up.", PAIR, tensordot,
        (Argument("axes", either(integer(0), LISTS), 2, "How many axes, the last of x1 and the first of x2; or "
                  "two lists, the axes of x1 and those of x2."),),
        check=check_axes,
    ),
    op("outer", "Multiplies each element of one tensor with each of another.", LOOSE, outer),
    op("inner", "Multiplies the rows of two tensors, each with each.", PAIR, inner),
    op("vdot", "Multiplies two tensors element by element and adds everything up.", LOOSE, vdot),
    op(
        "cross", "Multiplies vectors to a vector upright on both.", PAIR, cross,
        (
            Argument("axisa", INTEGER, -1, "The axis along which the vectors of x1 stand."),
            Argument("axisb", INTEGER, -1, "The axis along which the vectors of x2 stand."),
            Argument("axisc", INTEGER, -1, "The axis along which the vectors of the result stand."),
            Argument("axis", OPTIONAL_AXIS, None, "One axis for all three; none: as the others say."),
        ),
    ),
    op("cdist", "Measures the distance of each row of one tensor from each row of another.",
       (rows("x", "Points, one a row, whose distances are measured."), rows("y", "Rows to measure from.")),
       cdist, home="math"),
    refused_op(
        "kron", "Multiplies each element of one tensor with the whole of another.", "symbolic",
        'Keras can\'t run it in a graph on TensorFlow; multiply with `ops.einsum` ("...ab,cd->...acbd") and bring the '
        "result into shape with `ops.reshape`",
        home="numpy",
    ),
)  # fmt: skip
