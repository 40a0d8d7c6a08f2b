"""From a checked table of a spec to an Object: arguments as Keras takes them, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from . import find
from .arguments import LAYER_ARGUMENTS
from .kinds import Kind
from .record import REQUIRED, Argument, Object, Record

NULLS = (None, "none")


@cache
def arguments_of(record: Record) -> Mapping[str, Argument]:
    """All arguments of a record by name; for layers, those that every layer takes stand last.

    Of an op, the places of tensors in which numbers may stand are among them, in front.
    """
    own = {argument.name: argument for argument in record.arguments}
    if record.family == "layers":
        absent = own.keys() | record.without
        own |= {shared.name: shared for shared in LAYER_ARGUMENTS if shared.name not in absent}
    numbers = {
        port.name: Argument(port.name, port.literal, None, port.summary) for port in record.ports if port.literal
    }
    return MappingProxyType({**numbers, **own})


@cache
def _defaults(record: Record) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            name: normal(argument.kind, argument.default)
            for name, argument in arguments_of(record).items()
            if argument.default is not REQUIRED
        }
    )


def instantiate(record: Record, written: Mapping[str, Any]) -> Object:
    """The object that a checked table states; keys that are no arguments are passed over.

    Raises:
        KeyError: if a nested table has no ``type``, or one that the catalogue lacks; a checked table has.
    """
    known = arguments_of(record)
    own = {name: normal(known[name].kind, value) for name, value in written.items() if name in known}
    return Object(record, MappingProxyType(own), MappingProxyType({**_defaults(record), **own}))


def normal(kind: Kind, value: Any) -> Any:
    """A value as Keras takes it; a name or table that stands for an object becomes an Object.

    Initializers and the like stay a name where a name was written: Keras reads it itself.
    """
    if isinstance(value, tuple):
        value = list(value)
    if kind.family is not None:
        if kind.many and isinstance(value, list):
            return tuple(_object(kind, item) for item in value)
        if kind.named and isinstance(value, Mapping):
            return MappingProxyType({name: _object(kind, item) for name, item in value.items()})
        return _object(kind, value)
    return kind.normal(value)


def _object(kind: Kind, value: Any) -> Any:
    assert kind.family is not None
    if isinstance(value, Mapping) and "type" in value:
        record = find(kind.family, value["type"])
        if record is None:
            raise KeyError(value["type"])
        return instantiate(record, value)
    if isinstance(value, str) and (record := find(kind.family, value)) is not None:
        # Of the policies most are nothing but their name; the others are made.
        return instantiate(record, {}) if record.family == "dtype_policies" and record.arguments else value
    return kind.normal(value)
