"""From one entry to the call of its layer, op or block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..build_texts import drops_axis
from ..catalogue import entry_record, find
from ..catalogue.objects import arguments_of
from ..catalogue.record import Port, Record
from ..graph import Node, TypedGraph
from ..ports import FIRST
from .code import Calling, Expr, Items, Star, Value
from .written import Scope, Unnatural, argument

NESTING: Final = frozenset({"MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention", "ConvLSTM1D",
                            "ConvLSTM2D", "ConvLSTM3D"})  # fmt: skip
"""Layers that have layers inside, though they are given none."""
LISTS: Final = frozenset({"ops.split", "ops.array_split", "ops.unstack", "ops.meshgrid", "ops.hsplit", "ops.vsplit"})
"""Ops that give a list, of one tensor too."""
LANGUAGE: Final = frozenset({"type", "block", "reuse", "name", "inputs", "call", "repeat", "each", "when"})


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes to one argument, by its name or, with None, to the first that is free; ``listed``: as a list."""

    key: str | None
    tensors: tuple[Expr, ...]
    listed: bool


def ports_of(record: Record, wires: Sequence[Wire], given: Mapping[str, Any]) -> dict[str, Expr]:
    """The tensors of a call by the names of its arguments.

    Raises:
        Unnatural: where it is not plain which tensor is which.
    """
    ports = {port.name: port for port in record.ports}
    first = record.ports[0]
    filled: dict[str, Expr] = {}
    gathered: dict[str, dict[str, Wire]] = {}
    for one in wires:
        if one.key is None and record.family == "ops":
            unset = [port for port in record.ports if given.get(port.name) in (None, "none")]
            if unset and unset[0].many:
                filled[unset[0].name] = tensors(one, unset[0])
                continue
            if any(isinstance(tensor, Star) for tensor in one.tensors) or len(one.tensors) > len(unset):
                raise Unnatural
            filled |= {port.name: tensor for port, tensor in zip(unset, one.tensors, strict=False)}
        elif one.key is None or (one.key in FIRST and one.key not in ports):
            filled[first.name] = tensors(one, first)
        elif one.key in ports:
            filled[one.key] = tensors(one, ports[one.key])
        else:
            owner = next((port for port in ports.values() if one.key in port.elements), None)
            if owner is None:
                raise Unnatural
            gathered.setdefault(owner.name, {})[one.key] = one
    for name, elements in gathered.items():
        places = ports[name].elements
        last = max(places.index(key) for key in elements)
        found: list[Expr] = []
        for key in places[: last + 1]:
            found += elements[key].tensors if key in elements else (Value(None),)
        filled[name] = Items(tuple(found))
    return {port.name: filled[port.name] for port in record.ports if port.name in filled}


def tensors(wire: Wire, port: Port) -> Expr:
    """What an argument is given: a tensor, or a list of them."""
    if port.many:
        if len(wire.tensors) == 1 and isinstance(wire.tensors[0], Star):
            return wire.tensors[0].value
        return Items(wire.tensors)
    if len(wire.tensors) != 1 or isinstance(wire.tensors[0], Star):
        raise Unnatural
    return wire.tensors[0]


def arguments(record: Record, entry: Mapping[str, Any], scope: Scope, whole: frozenset[str]) -> dict[str, Expr]:
    """The constructor's arguments of an entry; those in ``whole`` come to numbers that are to be whole."""
    known = arguments_of(record)
    return {
        name: argument(known[name].kind, raw, scope, whole=name in whole)
        for name, raw in entry.items()
        if name not in LANGUAGE and name in known
    }


def options(record: Record, entry: Mapping[str, Any], scope: Scope) -> dict[str, Expr]:
    """The options of a call that are no tensors."""
    known = {one.name: one.kind for one in record.options}
    return {name: argument(known[name], raw, scope) for name, raw in entry.get("call", {}).items()}


def record_of(entry: Mapping[str, Any]) -> Record:
    """The record of an entry's type."""
    kind = entry["type"]
    record = entry_record(kind) if isinstance(kind, str) and "${" not in kind else None
    if record is None:
        raise Unnatural
    return record


def freezes(raw: Any, family: str = "layers") -> bool:
    """Whether a table of a layer keeps from training what has layers inside, at any depth."""
    if not isinstance(raw, Mapping):
        return isinstance(raw, list) and any(freezes(one) for one in raw)
    inner = [one for key, one in raw.items() if key not in LANGUAGE]
    nested = [one for one in inner if _is_layer(one) or (isinstance(one, list) and any(map(_is_layer, one)))]
    own = raw.get("trainable", True) is not True and (bool(nested) or raw.get("type") in NESTING)
    return own or any(freezes(one) for one in nested)


def _is_layer(raw: Any) -> bool:
    return isinstance(raw, Mapping) and isinstance(raw.get("type"), str) and find("layers", raw["type"]) is not None


def lies_in_each_other(raw: Mapping[str, Any]) -> bool:
    """Whether what a recurrent layer gives holds the states of several cells in tuples of their own."""
    cell = raw.get("cell")
    if isinstance(raw.get("layer"), Mapping):
        return lies_in_each_other(raw["layer"])
    return isinstance(cell, list) or (isinstance(cell, Mapping) and cell.get("type") == "StackedRNNCells")


def one_text_at(typed: TypedGraph, node: Node) -> bool:
    """Whether a node is given texts without their axis of size 1."""
    edge = node.edges[0] if node.edges else None
    tensor = typed.tensor(edge) if edge is not None else None
    return tensor is not None and drops_axis(node, tensor.rank)


def array(value: tuple[Any, ...]) -> Expr:
    """Numbers as the array that the builder makes of them."""
    flat: list[Any] = list(value)
    while any(isinstance(one, tuple) for one in flat):
        flat = [inner for one in flat for inner in (one if isinstance(one, tuple) else (one,))]
    kind = "bool" if all(isinstance(one, bool) for one in flat) else "int32"
    if any(isinstance(one, float) for one in flat):
        kind = "float32"
    return Calling("np.array", (Value(_listed(value)), Value(kind)))


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple) else value
