"""From a call in a saved model to what a spec states of it: which tensor is which argument, and everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...spec.values import fits
from ...spec.words import shown
from ..catalogue.kinds import Kind
from ..catalogue.objects import arguments_of
from ..catalogue.ops.item_key import key_text
from ..catalogue.record import Argument, Port, Record
from ..ports import FIRST
from .arguments import canonical, plain
from .network import Called, Place, Tensor, Unreadable

Given = Tensor | list[Tensor | None]
"""What one argument of a call gets: a tensor, or a list of them in which places may be free."""

UNSAID: Final = frozenset({"training", "mask"})
"""Arguments of a call that Keras fills in by itself, and whose None says nothing."""


@dataclass(slots=True)
class Said:
    """A call as a spec states it: tensors by port, ``literals`` as keys of the entry, ``options`` in its ``call``."""

    tensors: dict[str, Given] = field(default_factory=dict)
    literals: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def said(record: Record, config: Mapping[str, Any], call: Called, at: Place) -> Said:
    """What a spec says of a call.

    Raises:
        Unreadable: where it has no words for it.
    """
    found = Said()
    for name, value in _named(record, config, call, at):
        port = next((one for one in record.ports if one.name == name), None)
        if port is not None and holds_tensor(value):
            found.tensors[name] = _given(record, port, value, at)
        elif port is not None and record.family == "ops":
            if value is not None:
                found.literals[name] = _literal(record, port, plain(value), at)
        elif holds_tensor(value):
            raise Unreadable(
                f"a tensor is given to `{name}` of {record.name}, where a spec has no place for one",
                at,
                help="take it apart with ops before saving, or leave it out",
            )
        elif value is not None and value != {} and not (port is not None and value == []):
            _stated(record, found, name, value, at)
    return found


def _named(record: Record, config: Mapping[str, Any], call: Called, at: Place) -> Iterator[tuple[str, Any]]:
    """The arguments of a call by the names that the catalogue has for them.

    The first arguments of a call are its tensors, in the order of the ports; behind them stand those arguments of an
    op that it is not constructed with.
    """
    names = [port.name for port in record.ports]
    rest = record.arguments if record.family == "ops" else record.options
    names += [one.name for one in rest if one.name not in config and one.name not in names]
    spread = next((port.name for port in record.ports if port.spread), None)
    if spread is not None and call.arguments:
        yield spread, list(call.arguments)
    else:
        for place, value in enumerate(call.arguments):
            if place >= len(names):
                if value is None:
                    continue
                raise Unreadable(f"{record.name} is called with {len(call.arguments)} arguments, too many", at)
            yield names[place], value
    for key, value in call.keywords.items():
        yield (record.ports[0].name if key not in names and key in FIRST and record.ports else key), value


def _given(record: Record, port: Port, value: Any, at: Place) -> Given:
    if isinstance(value, Tensor):
        return [value] if port.many else value
    flat = list(_flat(value))
    if any(one is not None and not isinstance(one, Tensor) for one in flat):
        raise Unreadable(
            f"`{port.name}` of {record.name} is given tensors and numbers mixed, which a spec can't say",
            at,
            help="make a tensor of the numbers, by an op of one of the tensors, such as `ops.full_like`",
        )
    if not port.many and len(flat) == 1 and isinstance(flat[0], Tensor):
        return flat[0]
    if not port.many:
        raise Unreadable(f"`{port.name}` of {record.name} is given {len(flat)} tensors, and takes one", at)
    return flat


def _literal(record: Record, port: Port, value: Any, at: Place) -> Any:
    """Numbers in the place of a tensor."""
    if port.literal is None or not fits(port.literal.schema, value):
        wanted = port.literal.expects if port.literal is not None else "a tensor"
        raise Unreadable(f"`{port.name}` of {record.name} must be {wanted}, found {shown(value)}", at)
    return value


def _stated(record: Record, found: Said, name: str, value: Any, at: Place) -> None:
    """An argument that is no tensor: an option of the call, or of an op also one of its own."""
    options = {one.name: one for one in record.options}
    own: Mapping[str, Argument] = arguments_of(record) if record.family == "ops" else {}
    if name in own:
        if record.name == "ops.get_item" and name == "key":
            value = _key(value, at)
        stated = _fitting(own[name].kind, plain(value), record, name, at)
        if own[name].default != stated:
            found.literals[name] = stated
    elif name in options:
        stated = _fitting(options[name].kind, value, record, name, at)
        if canonical(options[name].kind, stated) != canonical(options[name].kind, options[name].default):
            found.options[name] = stated
    elif name not in UNSAID and value is not False:
        raise Unreadable(f"`{name} = {shown(value)}` in a call of {record.name} can't be said in a spec", at)


def _fitting(kind: Kind, value: Any, record: Record, name: str, at: Place) -> Any:
    if not fits(kind.schema, value):
        raise Unreadable(f"`{name}` of {record.name} must be {kind.expects}, found {shown(value)}", at)
    return value


def _key(value: Any, at: Place) -> Any:
    """What stood between square brackets, as text; a lone number stays one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    items = value if isinstance(value, list) else [value]
    if any(not (one is None or one is ... or isinstance(one, slice) or type(one) is int) for one in items):
        raise Unreadable(
            f"the key {shown(str(value))} takes more than numbers, ranges, ... and newaxis",
            at,
            help="pick with `ops.take` or `ops.where` instead",
        )
    return key_text(tuple(items))


def holds_tensor(value: Any) -> bool:
    """Whether a tensor stands anywhere in an argument."""
    return any(isinstance(one, Tensor) for one in _flat(value))


def tensors_of(call: Called) -> Iterator[Tensor]:
    """All tensors that a call is given, in order."""
    for value in (*call.arguments, *call.keywords.values()):
        yield from (one for one in _flat(value) if isinstance(one, Tensor))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _flat(value[key])
    else:
        yield value


def arranged(record: Record, said: Said) -> Given | dict[str, Given]:
    """The tensors of a call as ``inputs`` states them: one, a list, or a table by argument."""
    tensors = said.tensors
    ports = record.ports
    if record.family == "ops":
        unset = [port for port in ports if port.name not in said.literals]
        names = [port.name for port in unset[: len(tensors)]]
        if list(tensors) == names and not any(port.many for port in unset[: len(tensors)]):
            return next(iter(tensors.values())) if len(tensors) == 1 else list(tensors.values())  # type: ignore[arg-type]
        if len(tensors) == 1 and unset and unset[0].many and unset[0].name in tensors:
            return tensors[unset[0].name]
        return dict(tensors)
    if len(tensors) == 1 and ports[0].name in tensors and not ports[0].elements:
        return tensors[ports[0].name]
    table: dict[str, Given] = {}
    for port in ports:
        value = tensors.get(port.name)
        if value is None:
            continue
        if port.elements and isinstance(value, list):
            table |= {name: one for name, one in zip(port.elements, value, strict=False) if one is not None}
        else:
            table[port.name] = value
    return table


def tensors_in(wired: Given | dict[str, Given] | None) -> list[Tensor]:
    """The tensors that ``inputs`` of an entry names."""
    if wired is None:
        return []
    if isinstance(wired, Tensor):
        return [wired]
    values = wired if isinstance(wired, list) else [one for each in wired.values() for one in tensors_in(each)]
    return [one for one in values if one is not None]
