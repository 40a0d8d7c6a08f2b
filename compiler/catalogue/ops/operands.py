"""The noun Operand: what an op computes with, a tensor of the graph or numbers written in the spec.

How a family of ops is written: one file, one tuple ``OPS`` of Records made with `op`, each with its rule. A rule
is given the Call that every rule is given, asks `operand` for its operands, and gives an Inferred. What Keras
calls ``newaxis``, ``x1 + x2`` or ``x[...]`` is an op too. Shapes count the batch axis: to an op it is an axis
like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ...sizes import BATCH, Size, broadcast, depends_on_batch, product, same, substitute
from ...tensor import Shape, TensorType, shape_text
from ..kinds import Kind, either, integer, list_of, nullable
from ..record import Argument, Call, Inferred, Port, Record, Rule, ShapeError
from .dtypes import floating, promoted

_NUMBER: Final = {"type": ["number", "boolean"]}
_LIST: Final = {"type": "array", "items": _NUMBER}
_TABLE: Final = {"type": "array", "items": _LIST}
_BLOCK: Final = {"type": "array", "items": _TABLE}


def _plain(value: Any) -> Any:
    """Numbers as they are written: a fraction stays one (``1.0`` is no whole number where a dtype hangs on it)."""
    return tuple(_plain(item) for item in value) if isinstance(value, list | tuple) else value


SCALAR: Final = Kind(_NUMBER, "a number, or true or false")
NUMBERS: Final = Kind(
    {"anyOf": [_NUMBER, _LIST, _TABLE, _BLOCK]}, "a number, or a list of numbers (lists of lists for more axes)", _plain
)
"""What may stand in the place of a tensor: a number, or an array of up to three axes."""
AXES: Final = either(integer(), list_of(integer(), minimum=1))
OPTIONAL_AXIS: Final = nullable(integer())
OPTIONAL_AXES: Final = nullable(AXES)


@dataclass(frozen=True, slots=True)
class Operand:
    """What an op computes with. ``shape`` has all axes; ``dtype`` is ``int`` or ``float`` for a number of the spec.

    ``value`` holds the numbers themselves where the spec states them, ``mask`` is that of the tensor.
    """

    shape: Shape
    dtype: str
    value: Any = None
    mask: bool = False

    @property
    def rank(self) -> int:
        """Number of axes, the batch axis among them; 0 for a lone number."""
        return len(self.shape)

    @property
    def size(self) -> Size:
        """Number of elements."""
        return product(self.shape)

    def __str__(self) -> str:
        return shape_text(self.shape) if self.value is None else "a number" if not self.shape else "the list"


def op(
    name: str,
    summary: str,
    ports: Sequence[Port],
    rule: Rule,
    arguments: Sequence[Argument] = (),
    *,
    home: Literal["numpy", "nn", "core", "math", "linalg", "image", "einops"] = "numpy",
    aliases: Sequence[str] = (),
    check: Callable[[Any], None] | None = None,
) -> Record:
    """The record of ``keras.ops.NAME``. ``home`` is the page of Keras' reference that it stands on.

    ``aliases`` are other names of the same function (``"absolute"`` of ``abs``), without ``ops.``; that below
    its home's own name (``ops.numpy.abs``) is added. A rule that gives a mask of its own does not exist: ops lose it.
    """
    spaces = {"numpy": ("numpy.",), "nn": ("nn.",), "linalg": ("linalg.",)}.get(home, ())
    others = [*aliases, *(space + one for space in spaces for one in (name, *aliases))]
    return Record(
        name=f"ops.{name}",
        family="ops",
        summary=summary,
        arguments=tuple(arguments),
        aliases=tuple(f"ops.{one}" for one in others),
        page=f"ops/{home}",
        ports=tuple(ports),
        rule=rule,
        check=check,
    )


def refused_op(
    name: str, summary: str, because: Literal["code", "callable", "symbolic"], why: str, *, home: str = "core"
) -> Record:
    """An op that can't stand in a graph; ``why`` is "reason; what to write instead"."""
    aliases = (f"ops.{home}.{name}",) if home in ("numpy", "nn", "linalg") else ()
    return Record(
        name=f"ops.{name}", family="ops", summary=summary, aliases=aliases, page=f"ops/{home}", refused=why,
        because=because, ports=(),
    )  # fmt: skip


def tensor(name: str, summary: str = "", *, required: bool = True) -> Port:
    """An argument that takes a tensor and nothing else."""
    return Port(name, required=required, summary=summary)


EITHER: Final = "A tensor of the graph, or numbers that stand here."


def number(name: str, summary: str = EITHER, *, required: bool = True) -> Port:
    """An argument that takes a tensor, or numbers written in the spec."""
    return Port(name, required=required, literal=NUMBERS, summary=summary)


def has(call: Call, name: str) -> bool:
    """Whether an operand is given: as a tensor, or as numbers."""
    return name in call.tensors or call.layer.arguments.get(name) is not None


def pointed(call: Call, name: str) -> dict[str, Any]:
    """What a ShapeError points at for an operand: its tensor, or the numbers written for it."""
    return {"port": name} if name in call.tensors else {"argument": name}


def operand(call: Call, name: str) -> Operand:
    """The operand of that name; ask `has` first where it may be missing.

    Raises:
        ShapeError: E307 if it is a list whose rows or values are not alike; E304 if it is a tensor of text.
    """
    if name in call.tensors:
        return operands(call, name)[0]
    value = call.layer.arguments[name]
    if isinstance(value, tuple):
        shape = _shape_of(call, name, value)
        kinds = {_kind(item) for item in _flat(value)}
        if "bool" in kinds and len(kinds) > 1:
            raise ShapeError(
                "E307",
                f"`{name}` mixes truth values and numbers",
                help="write 1 for true and 0 for false",
                argument=name,
            )
        dtype = "float32" if "float" in kinds or not kinds else "int32" if "int" in kinds else "bool"
        return Operand(shape, dtype, value)
    return Operand((), _kind(value), value)


def operands(call: Call, name: str) -> tuple[Operand, ...]:
    """The tensors of a port that takes several.

    Raises:
        ShapeError: E304 if one is a tensor of text.
    """
    for index, one in enumerate(call.tensors[name]):
        if one.dtype == "string":
            raise ShapeError(
                "E304",
                f"{call.layer.record.name} computes with numbers, but its input holds text (dtype string)",
                help="put a `TextVectorization` or `StringLookup` layer before it",
                port=name,
                index=index,
            )
    return tuple(Operand(one.shape, one.dtype, None, one.mask) for one in call.tensors[name])


def _kind(value: Any) -> str:
    return "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float"


def _flat(value: Any) -> list[Any]:
    return [one for item in value for one in _flat(item)] if isinstance(value, tuple) else [value]


def _shape_of(call: Call, name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple):
        return ()
    inner = {_shape_of(call, name, item) for item in value}
    if len(inner) > 1:
        raise ShapeError(
            "E307",
            f"the rows of `{name}` are not of one length",
            help="write as many numbers in each of the inner lists",
            argument=name,
        )
    return (len(value), *(inner.pop() if inner else ()))


def given(shape: Sequence[Size], dtype: str, flops: Size = 0) -> Inferred:
    """One output of a shape and dtype. ``flops`` are for all the batch: see `each`."""
    return Inferred((TensorType(tuple(shape), dtype),), (), each(flops))


def several(shapes: Sequence[Sequence[Size]], dtypes: Sequence[str], flops: Size = 0) -> Inferred:
    """Several outputs, one behind the other."""
    types = tuple(TensorType(tuple(shape), dtype) for shape, dtype in zip(shapes, dtypes, strict=True))
    return Inferred(types, (), each(flops))


def each(flops: Size) -> Size:
    """Operations for one sample out of those for the whole batch, whose size is a word in the formula."""
    return substitute(flops, {}, batch=1)


def broadcasted(call: Call, **named: Operand) -> Shape:
    """The shape to which these operands broadcast, as NumPy does it.

    Raises:
        ShapeError: E302 if two of them don't.
    """
    first, *others = named.items()
    before, shape = first[0], first[1].shape
    for name, y in others:
        shape = _joined(call, before, shape, name, y.shape)
        before = name
    return shape


def _joined(call: Call, before: str, left: Shape, name: str, right: Shape) -> Shape:
    rank = max(len(left), len(right))
    longer = (1,) * (rank - len(left)) + tuple(left), (1,) * (rank - len(right)) + tuple(right)
    sizes: list[Size] = []
    for axis, (a, b) in enumerate(zip(*longer, strict=True)):
        if 1 not in (a, b) and depends_on_batch(a) != depends_on_batch(b):
            raise ShapeError(
                "E302",
                f"{call.layer.record.name} lines shapes up from their last axis: `{before}` {shape_text(left)} and "
                f"`{name}` {shape_text(right)} would meet with the batch axis on {b if depends_on_batch(a) else a}",
                help="give both as many axes, with `ops.expand_dims` or `Reshape`",
                port=name if name in call.tensors else None,
            )
        size = broadcast(a, b)
        if size is None:
            raise ShapeError(
                "E302",
                f"{call.layer.record.name} works element by element, but `{before}` has shape {shape_text(left)} and "
                f"`{name}` {shape_text(right)}: axis {axis - rank} is {a} and {b}",
                help=f"bring this axis to the same size, {a} or {b}, or to 1 in one of them (`ops.expand_dims`)",
                port=name if name in call.tensors else None,
            )
        sizes.append(size)
    return tuple(sizes)


def axes_of(call: Call, axis: int | Sequence[int] | None, rank: int, argument: str = "axis") -> tuple[int, ...]:
    """Axes counted from the front, in the order in which they are written; all of them for None.

    Raises:
        ShapeError: E307 if there is no such axis, or one is named twice.
    """
    if axis is None:
        return tuple(range(rank))
    found: list[int] = []
    for one in (axis,) if isinstance(axis, int) else axis:
        if rank == 0:
            raise ShapeError(
                "E301",
                f"{call.layer.record.name} works along an axis, but the tensor is a lone number: it has none",
                help="give it a tensor with axes: before they are reduced away, or after `ops.expand_dims`",
            )
        if not -rank <= one < rank:
            raise ShapeError(
                "E307",
                f"`{argument} = {one}` names no axis: the tensor has {rank}, from 0 (the batch axis) to {rank - 1}",
                help=f"count from 0 to {rank - 1}, or back from -1 (the last)",
                argument=argument,
            )
        if one % rank in found:
            raise ShapeError(
                "E307",
                f"`{argument}` names axis {one % rank} twice",
                help="name each axis once",
                argument=argument,
            )
        found.append(one % rank)
    return tuple(found)


# --- rules that many ops have ------------------------------------------------------------------------------------


def unary(dtype: Callable[[str], str] = floating, cost: int = 1) -> Rule:
    """Element by element: the shape of the first operand, a dtype made of its own; ``cost`` operations an element."""

    def rule(call: Call) -> Inferred:
        x = operand(call, call.layer.record.ports[0].name)
        return given(x.shape, dtype(x.dtype), x.size * cost)

    return rule


def binary(dtype: Callable[[str, str], str] = promoted, cost: int = 1) -> Rule:
    """Element by element over two operands that broadcast; ``cost`` operations an element of the result."""

    def rule(call: Call) -> Inferred:
        left, right = (port.name for port in call.layer.record.ports[:2])
        a, b = operand(call, left), operand(call, right)
        shape = broadcasted(call, **{left: a, right: b})
        return given(shape, dtype(a.dtype, b.dtype), product(shape) * cost)

    return rule


def kept(dtype: str) -> str:
    """The dtype as it is."""
    return promoted(dtype) if dtype in ("int", "float") else dtype


def always(dtype: str) -> Callable[..., str]:
    """One dtype whatever comes in."""

    def fixed(*_: str) -> str:
        return dtype

    return fixed


__all__ = [
    "AXES", "BATCH", "NUMBERS", "OPTIONAL_AXES", "OPTIONAL_AXIS", "SCALAR", "Operand", "always", "axes_of", "binary",
    "broadcasted", "each", "given", "has", "kept", "number", "op", "operand", "operands", "pointed", "refused_op",
    "same", "several", "tensor", "unary",
]  # fmt: skip
