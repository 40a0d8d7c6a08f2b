"""From the name that a person allows to the plugin's records: looked for, loaded, looked over, and offered to specs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from .compiler.catalogue import DOTTED
from .compiler.catalogue.kinds import Kind
from .compiler.catalogue.offered import forget, offer, offer_module
from .compiler.catalogue.record import Argument, Record
from .compiler.catalogue.schema import definitions_of
from .spec import published

GROUP: Final = "keraspec.plugins"
"""The group of entry points by which installed packages offer themselves."""
TAKEN: Final = frozenset({*DOTTED, "keras", "keraspec", "layers", "tf", "tensorflow"})
"""Words that stand before a dot in a spec for something else."""
_NAME: Final = re.compile(r"[A-Za-z_]\w*")

_ALLOWED: Final[dict[str, str]] = {}
"""Plugin → what was written to allow it."""


class PluginError(ValueError):
    """A plugin is not there, can't be loaded, or is not made as plugins are; the message says which and what to do."""


def allow_plugin(plugin: str) -> tuple[Record, ...]:
    """Let the specs of this process use a plugin: its module is imported, so its code runs.

    Args:
        plugin: the name of an installed plugin, or the path of a ``.py`` file.

    Returns:
        What it offers, under the names that specs use.

    Raises:
        PluginError: if there is no such plugin, or it can't be used.
    """
    name = Path(plugin).stem if plugin.endswith(".py") else plugin
    if not _NAME.fullmatch(name) or name in TAKEN:
        raise PluginError(f'"{name}" can\'t be the name of a plugin: it must be a word that Keras does not use')
    if _ALLOWED.get(name) == plugin:
        return tuple(_records(name, _module(name, plugin)))
    if name in _ALLOWED:
        raise PluginError(f'there are two plugins "{name}": {_ALLOWED[name]} and {plugin}')
    module = _module(name, plugin)
    found = tuple(_records(name, module))
    offer(found)
    offer_module(name, module)
    published.offer(name, definitions_of(found))
    _ALLOWED[name] = plugin
    return found


def allowed() -> tuple[str, ...]:
    """What was written to allow each plugin of this process."""
    return tuple(_ALLOWED.values())


def forget_plugins() -> None:
    """Take all allowances back: for tests, and for programs that check specs of several people."""
    _ALLOWED.clear()
    forget()
    published.forget()


def _module(name: str, plugin: str) -> ModuleType:
    try:
        if plugin.endswith(".py"):
            return _file(name, Path(plugin))
        found = [one for one in entry_points(group=GROUP) if one.name == name]
        if not found and find_spec(name) is None:
            raise PluginError(_not_there(name))
        loaded: Any = found[0].load() if found else import_module(name)
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(f'the plugin "{name}" can\'t be loaded: {type(error).__name__}: {error}') from error
    if not isinstance(loaded, ModuleType):
        raise PluginError(f'the entry point "{name}" must name a module, found {type(loaded).__name__}')
    return loaded


def _not_there(name: str) -> str:
    names = sorted({one.name for one in entry_points(group=GROUP)})
    known = f"installed are {', '.join(names)}" if names else "none is installed"
    return f'there is no plugin "{name}": {known}; a file is allowed by its path, such as tools/{name}.py'


def _file(name: str, path: Path) -> ModuleType:
    if not path.is_file():
        raise PluginError(f"there is no file {path}")
    known = sys.modules.get(name)
    if known is not None:
        if getattr(known, "__file__", None) == str(path.resolve()):
            return known
        raise PluginError(f'a module "{name}" is loaded already: give the file {path} another name')
    spec = spec_from_file_location(name, path.resolve())
    assert spec is not None, "a file that ends in .py has a loader"
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # before it runs, as dataclasses and pickle expect it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _records(name: str, module: ModuleType) -> Iterator[Record]:
    every = {family: getattr(module, family.upper(), ()) for family in published.PLUGGED}
    functions = [key for key, one in vars(module).items() if callable(one) and not key.startswith("_")]
    if not any(every.values()) and not functions:
        raise PluginError(
            f'the plugin "{name}" offers nothing: it has none of {", ".join(map(str.upper, published.PLUGGED))}, '
            "and no function that could be a data source"
        )
    for family, records in every.items():
        for record in records:
            _look_over(name, family, record)
            yield replace(record, name=f"{name}.{record.name}", family=family, aliases=(), names=(), page="")


def _look_over(plugin: str, family: str, record: Any) -> None:
    """See that a record is one, so that a mistake in a plugin is told of where it is made."""
    where = f'the plugin "{plugin}", {family.upper()}'
    if not isinstance(record, Record):
        raise PluginError(f"{where}: expected a Record, found {type(record).__name__}")
    if not _NAME.fullmatch(record.name):
        raise PluginError(f"{where}: {record.name!r} can't be the name of an object")
    if not callable(record.made):
        raise PluginError(f"{where}: {record.name} does not say where its class is: `made` must be a function")
    if family == "layers" and not callable(record.rule):
        raise PluginError(f"{where}: {record.name} has no shape rule: `rule` must be a function")
    for one in (*record.arguments, *record.options):
        if not isinstance(one, Argument) or not isinstance(one.kind, Kind):
            raise PluginError(f"{where}: {record.name} has an argument that is no Argument with a Kind: {one!r}")
