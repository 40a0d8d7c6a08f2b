"""Whether a kind admits a value as a spec writes it, and if not, whether it is at least of the right sort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

from keraspec.compiler.catalogue import find, spellings
from keraspec.compiler.catalogue.kinds import Kind
from keraspec.compiler.catalogue.objects import arguments_of
from keraspec.compiler.catalogue.record import REQUIRED, Record


def admits(kind: Kind, value: Any) -> bool:
    """Whether the kind admits a value as a spec writes it."""
    if kind.family is not None:
        if kind.many and isinstance(value, list):
            return all(_object_admits(kind, item) for item in value)
        if kind.named and isinstance(value, Mapping):
            return all(_object_admits(kind, item) for item in value.values())
        if _object_admits(kind, value):
            return True
    return jsonschema.Draft202012Validator(kind.schema).is_valid(value)


def _object_admits(kind: Kind, value: Any) -> bool:
    assert kind.family is not None
    if isinstance(value, str):
        named = spellings(kind.family).get(value)
        if named is None or named.refused is not None:
            return False
        return kind.family == "layers" or not _required(named) - {"name"}
    if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
        return False
    record = find(kind.family, value["type"])
    if record is None or record.refused is not None:
        return False
    known_arguments = arguments_of(record)
    own = {"type"} if "name" in known_arguments else {"type", "name"}
    inner = {name: item for name, item in value.items() if name not in own}
    return (
        _required(record) <= value.keys()
        and inner.keys() <= known_arguments.keys()
        and all(admits(known_arguments[name].kind, item) for name, item in inner.items())
    )


def _required(record: Record) -> set[str]:
    return {argument.name for argument in arguments_of(record).values() if argument.default is REQUIRED}


def same_sort(kind: Kind, value: Any) -> bool:
    """Whether a value is of a JSON type that the kind takes; if so, a refusal is about the value itself."""
    return any(_sort(option, value) for option in _options(kind.schema))


def _options(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for option in schema.get("anyOf", schema.get("oneOf", [schema])):
        if option is schema:
            yield schema
        else:
            yield from _options(option)


def _sort(schema: Mapping[str, Any], value: Any) -> bool:
    types = {"integer": (int,), "number": (int, float), "array": (list,)}
    named = schema.get("type", ())
    wanted = tuple(one for name in ([named] if isinstance(named, str) else named) for one in types.get(name, ()))
    if isinstance(value, bool) or not isinstance(value, wanted):
        return False
    items = schema.get("items")
    return not isinstance(value, list) or not items or all(_same_sort_item(items, item) for item in value)


def _same_sort_item(schema: Mapping[str, Any], value: Any) -> bool:
    return any(_sort(option, value) for option in _options(schema))
