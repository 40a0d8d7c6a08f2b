"""The noun Inventory: what each Keras release has, as committed in ``schemas/keras-3.json``.

The file is generated from Keras itself (`make inventory`); records are written by hand and held against it. Only
what writes the published schema reads it: there ``since`` and ``until`` stand beside what they are about, and
`check` needs no second file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ... import schemas
from . import DOTTED
from .record import REQUIRED, Argument, Record

FILE: Final = "keras-3.json"
HOMES: Final = MappingProxyType({"optimizer_maps": "optimizers"})
"""Family → the family of the inventory in which its objects stand, where that is another one."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One argument as Keras has it: its default (REQUIRED where there is none), and which releases have it.

    ``since`` and ``until`` are minor releases, such as ``3.14``; None where the oldest or the newest has it.
    ``before``: what the default was up to and with a release.
    """

    default: Any
    since: str | None
    until: str | None
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One public object of Keras: ``arguments`` that it names itself, ``inherited`` that its base classes name.

    ``rest``: the class that takes all further ones (``layers.Layer``), or ``**`` where that is not said. ``call``
    are a layer's arguments when it is called. ``names``: what else it is called in public.
    """

    names: tuple[str, ...]
    arguments: Mapping[str, Stated]
    inherited: Mapping[str, Stated]
    call: Mapping[str, Stated]
    rest: str | None
    since: str | None
    until: str | None


@cache
def releases() -> tuple[str, ...]:
    """The releases that were looked at, oldest first: ``3.12.4``, …"""
    return tuple(_file()["releases"])


@cache
def inventory() -> Mapping[str, Item]:
    """All public objects by ``family.Name``.

    Raises:
        FileNotFoundError: if the installation is broken.
    """
    return MappingProxyType({name: _item(entry) for name, entry in _file()["objects"].items()})


@cache
def _file() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(Path(schemas.__file__).with_name(FILE).read_bytes())
    return loaded


def _item(entry: Mapping[str, Any]) -> Item:
    arguments, inherited, call = (
        {name: _stated(one) for name, one in entry.get(part, {}).items()} for part in ("arguments", "inherited", "call")
    )
    rest, since, until = (entry.get(key) for key in ("rest", "since", "until"))
    return Item(tuple(entry.get("names", ())), arguments, inherited, call, rest, since, until)


def _stated(one: Mapping[str, Any]) -> Stated:
    return Stated(one.get("default", REQUIRED), one.get("since"), one.get("until"), one.get("before", {}))


def item_of(record: Record) -> Item | None:
    """What Keras has under a record's name; None for what is no object of Keras, such as a data source."""
    home = HOMES.get(record.family, record.family)
    return inventory().get(record.name if record.family in DOTTED else f"{home}.{record.name}")


def known_to(item: Item) -> Mapping[str, Stated]:
    """All arguments that an object takes: its own, those of its base classes, those of the class behind ``**``."""
    base = inventory().get(item.rest) if item.rest not in (None, "**") else None
    return {**(base.arguments if base else {}), **item.inherited, **item.arguments}


def lifetime(record: Record, argument: Argument | None = None) -> dict[str, str]:
    """``since`` and ``until`` of an object or of one of its arguments, as far as they say anything."""
    item = item_of(record)
    found = item if argument is None or item is None else known_to(item).get(argument.name)
    if found is None:
        return {}
    return {key: value for key, value in (("since", found.since), ("until", found.until)) if value is not None}
