"""What plugins offer: records beside Keras' own, there only when the person has allowed them by name."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Final

from .record import Record

_RECORDS: Final[dict[tuple[str, str], Record]] = {}
_MODULES: Final[dict[str, ModuleType]] = {}


def offer(records: Iterable[Record]) -> None:
    """Let specs use these records from now on."""
    _RECORDS.update({(record.family, record.name): record for record in records})


def offer_module(name: str, module: ModuleType) -> None:
    """Let specs use the functions of a plugin's module as data sources from now on."""
    _MODULES[name] = module


def offered_module(name: str) -> ModuleType | None:
    """The module of an allowed plugin, or None where it is not allowed."""
    return _MODULES.get(name)


def offered_modules() -> dict[str, ModuleType]:
    """The modules of all plugins that were allowed, by name."""
    return dict(_MODULES)


def offered(family: str, spelling: str) -> Record | None:
    """The record of an allowed plugin, by its full name: ``my_package.MyLayer``."""
    return _RECORDS.get((family, spelling)) if _RECORDS else None


def all_offered() -> tuple[Record, ...]:
    """The records of all plugins that were allowed."""
    return tuple(_RECORDS.values())


def forget() -> None:
    """Take all allowances back."""
    _RECORDS.clear()
    _MODULES.clear()
