"""Words that the rules of ops share where shapes must fit: what has to meet, what must be known, what is too small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ...sizes import Size, broadcast, depends_on_batch, known, same, substitute
from ...tensor import DTYPES, FLOATS, Shape, shape_text
from ..kinds import Kind, choice, integer, list_of, nullable
from ..record import Argument, Call, ShapeError
from .operands import Operand, axes_of

NUMERIC: Final = choice(*(name for name in DTYPES if name != "string"))
LIKE_DTYPE: Final = Argument("dtype", nullable(NUMERIC), None, "The dtype of the result; none: that of the tensor.")
SHAPE: Final = list_of(integer(0))

_WHOLE: Final = {"type": "integer"}
_ROW: Final = {"type": "array", "items": _WHOLE}
_ROWS: Final = {"type": "array", "items": _ROW}
_BLOCKS: Final = {"type": "array", "items": _ROWS}


def _whole(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_whole(item) for item in value)
    return int(value) if isinstance(value, float) else value


PLACE: Final = Kind(
    {"anyOf": [_WHOLE, _ROW, _ROWS, _BLOCKS]},
    "a whole number, or a list of them (lists of lists for more axes)",
    _whole,
)
"""Numbers that count places along an axis, where they may be one alone."""
PLACES: Final = Kind(
    {"anyOf": [_ROW, _ROWS, _BLOCKS]}, "a list of whole numbers (lists of lists for more axes)", _whole
)
"""Numbers that count places along an axis, in a list."""
ONE_ROW: Final = Kind(_ROW | {"minItems": 1}, "a list of whole numbers", _whole)
COUNTING: Final = ("int16", "int32", "int64")
"""The dtypes of which TensorFlow takes numbers that count places."""


def meet(a: Size, b: Size) -> Size | None:
    """The size of an axis on which both must be equal; None where they cannot be for every batch.

    A batch meets a number, or a word, only by chance.
    """
    if depends_on_batch(a) != depends_on_batch(b) or same(a, b) is False:
        return None
    return b if known(b) and not known(a) else a


def spread(a: Size, b: Size) -> Size | None:
    """`broadcast`, but a batch fits 1 and itself alone."""
    if 1 not in (a, b) and depends_on_batch(a) != depends_on_batch(b):
        return None
    return broadcast(a, b)


def leading(call: Call, axes: Sequence[tuple[str, Shape, Shape]], because: str) -> Shape:
    """What the leading axes of several operands broadcast to; each is (its name, those axes, its whole shape).

    Raises:
        ShapeError: E302 where two of them do not fit.
    """
    before, found, whole = axes[0]
    for name, other, shape in axes[1:]:
        rank = max(len(found), len(other))
        pairs = zip((1,) * (rank - len(found)) + found, (1,) * (rank - len(other)) + other, strict=True)
        joined = [spread(a, b) for a, b in pairs]
        if any(one is None for one in joined):
            raise ShapeError(
                "E302",
                f"{because}, but `{before}` is {shape_text(whole)} and `{name}` {shape_text(shape)}: "
                f"{shape_text(found)} and {shape_text(other)} do not fit",
                help="bring these axes to the same sizes, or to 1 in one of them (`ops.expand_dims`, `ops.reshape`)",
                port=name if name in call.tensors else None,
            )
        found = tuple(one for one in joined if one is not None)
        before, whole = name, shape
    return found


def axis_at(call: Call, rank: int, argument: str = "axis") -> int:
    """The axis that an argument names, counted from the front.

    Raises:
        ShapeError: E307 if there is none.
    """
    return axes_of(call, call[argument], rank, argument)[0]


def new_axes(call: Call, axis: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """The places of axes that are put in, in the shape that comes out, which has ``rank`` axes.

    Raises:
        ShapeError: E307 if there is no such place, or one is named twice.
    """
    try:
        return axes_of(call, axis, rank)
    except ShapeError as error:
        if "twice" in error.message:
            raise
        raise ShapeError(
            "E307",
            f"the result has {rank} axes, so a new one can stand from 0 to {rank - 1}, found `axis = {axis}`",
            help="0 puts it before the batch axis, 1 behind it, -1 at the end",
            argument="axis",
        ) from None


def ranked(call: Call, x: Operand | Any, fewest: int, why: str, port: str | None = None) -> None:
    """See that a tensor has at least so many axes.

    Raises:
        ShapeError: E301 if it has fewer.
    """
    if len(x.shape) < fewest:
        raise ShapeError(
            "E301",
            f"{call.layer.record.name} {why}, so it needs at least {fewest} axes with the batch axis, "
            f"found {shape_text(x.shape)}",
            help="put axes in with `ops.expand_dims` or `ops.reshape`, or give it another tensor",
            port=port or call.layer.record.ports[0].name,
        )


def fixed(call: Call, size: Size, shape: Shape, why: str, port: str | None = None) -> int:
    """The size, which must be a number.

    Raises:
        ShapeError: E305 if it is a word or the batch axis.
    """
    if known(size):
        return size
    batch = depends_on_batch(size)
    raise ShapeError(
        "E305",
        f"{call.layer.record.name} {why}, so that size must be a number; found `{size}` in {shape_text(shape)}",
        help="the size of the batch is never fixed: name another axis, or turn the tensor with `ops.transpose`"
        if batch
        else "write a number for it in the input's `shape`, or fix it with a `Reshape` layer",
        port=port or call.layer.record.ports[0].name,
    )


def real(call: Call, x: Operand, port: str, dtypes: frozenset[str] | tuple[str, ...] = FLOATS) -> None:
    """See that a tensor holds numbers with a fraction, of one of these dtypes.

    Raises:
        ShapeError: E304 if it does not.
    """
    if x.dtype not in dtypes and x.dtype != "float":
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} computes in {' or '.join(sorted(dtypes))}, found {x.dtype} for `{port}`",
            help='put `{ type = "ops.cast", dtype = "float32" }` before it',
            port=port if port in call.tensors else None,
            argument=None if port in call.tensors else port,
        )


def whole(call: Call, x: Operand, port: str, dtypes: Iterable[str] = COUNTING) -> None:
    """See that a tensor holds whole numbers, for it counts places.

    Raises:
        ShapeError: E304 if it does not.
    """
    if x.dtype not in (*dtypes, "int"):
        raise ShapeError(
            "E304",
            f"`{port}` of {call.layer.record.name} says which places are meant, in {' or '.join(sorted(dtypes))}; "
            f"found {x.dtype}",
            help='put `{ type = "ops.cast", dtype = "int32" }` before it',
            port=port if port in call.tensors else None,
            argument=None if port in call.tensors else port,
        )


def alike(call: Call, **operands: Operand) -> str:
    """The dtype of operands that must have the same one, which is not found out for them.

    Raises:
        ShapeError: E304 if they differ.
    """
    (first, x), *others = operands.items()
    for name, y in others:
        if y.dtype != x.dtype:
            raise ShapeError(
                "E304",
                f"{call.layer.record.name} wants one dtype for all it computes with, found {x.dtype} for `{first}` "
                f"and {y.dtype} for `{name}`",
                help=f'put `{{ type = "ops.cast", dtype = "{x.dtype}" }}` before `{name}`',
                port=name if name in call.tensors else first,
            )
    return x.dtype


def any_batch(size: Size, divisor: Size) -> bool:
    """Whether a size can be a multiple of a number whatever the batch is; words may still decide it."""
    return all(same(substitute(size, {}, batch=rows) % divisor, 0) is not False for rows in (1, 2, 3))
