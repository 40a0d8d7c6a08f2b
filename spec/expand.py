"""From Document to Document: parameters, blocks, `extends` and overrides, each value keeping where it came from.

This version lays overrides of the command line over a document; what else expands is named by ``validate``
as not carried out yet, and will stand here, between reading and parsing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from .document import Document, Part, Place, Pointer, Source
from .finding import Finding

KEPT: Final = frozenset({"type", "name", "inputs"})
"""Keys of a table that outlive a change of its ``type``: they are the language's own."""


class OverrideError(ValueError):
    """An override of the command line that can't be understood or hits nothing."""


def expand(document: Document) -> tuple[Document, tuple[Finding, ...]]:
    """The document with everything written out."""
    return document, ()


def override(document: Document, settings: Sequence[str]) -> Document:
    """Lay ``KEY=VALUE`` settings over what was written: ``training.epochs=3``, ``layers.conv1.filters=64``.

    The value is read as TOML; what is no TOML value is text. Layers are found by their written name,
    callbacks by ``name`` or ``type``. Tables are merged key by key; where ``type`` changes, the old arguments go.

    Raises:
        OverrideError: if a setting has no ``=``, or leads through something that is not there.
    """
    if not settings:
        return document
    data = _copy(document.data)
    places: dict[Pointer, Place] = {}
    for setting in settings:
        path, separator, text = setting.partition("=")
        keys = path.strip().split(".")
        if not separator or not all(keys):
            raise OverrideError(f"--set takes KEY=VALUE, such as training.epochs=3, found {setting!r}")
        pointer = _set(data, keys, _value(text.strip()), setting)
        source = Source("<command line>", f"--set {setting}")
        places[pointer] = Place(source, 6, len(source.text))

    def locate(pointer: Pointer, part: Part) -> Place:
        for length in range(len(pointer), 0, -1):
            if pointer[:length] in places:
                return places[pointer[:length]]
        return document.locate(pointer, part)

    return replace(document, data=data, locate=locate)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _value(text: str) -> Any:
    import tomli

    from .read_toml import is_plain

    try:
        read = tomli.loads(f"value = {text}")
    except (tomli.TOMLDecodeError, ValueError, RecursionError):
        return text
    # Several lines are no value, and dates and NaN are none of the language.
    return read["value"] if read.keys() == {"value"} and is_plain(read) else text


def _set(data: dict[str, Any], keys: list[str], value: Any, setting: str) -> Pointer:
    at: Any = data
    pointer: list[str | int] = []
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        if isinstance(at, list):
            index = _find(at, key)
            if index is None:
                whole = ".".join(keys[:depth]) or "the spec"
                raise OverrideError(f"--set {setting}: nothing in `{whole}` is called {key!r}")
            pointer.append(index)
            if last:
                at[index] = _laid(at[index], value)
            at = at[index]
        elif isinstance(at, dict):
            pointer.append(key)
            if last:
                if key == "type" and at.get(key, value) != value:
                    _strip(at)
                at[key] = _laid(at.get(key), value)
            else:
                at = at.setdefault(key, {})
        else:
            whole = ".".join(keys[:depth])
            raise OverrideError(f"--set {setting}: `{whole}` is no table, so it has no `{key}`")
    return tuple(pointer)


def _laid(old: Any, new: Any) -> Any:
    """A value laid over another: tables are merged key by key, everything else is replaced."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    if "type" in new and old.get("type", new["type"]) != new["type"]:
        _strip(old)
    return {**old, **{key: _laid(old.get(key), item) for key, item in new.items()}}


def _strip(table: dict[str, Any]) -> None:
    """Take away the arguments of what a table was before its ``type`` changed."""
    for key in [key for key in table if key not in KEPT]:
        del table[key]


def _find(items: list[Any], key: str) -> int | None:
    for field in ("name", "type"):
        for index, item in enumerate(items):
            if (isinstance(item, dict) and item.get(field) == key) or (field == "type" and item == key):
                if field == "type" and isinstance(item, dict) and "name" in item:
                    continue
                return index
    return None
