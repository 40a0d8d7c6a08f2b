"""From Document to TOML: a spec with everything written out, which says the same without blocks and parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .document import HOLE, Document, Pointer
from .naming import REFERENCE, FreeNames

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH: Final = 100
_FREE: Final = frozenset({"name", "description"})


def rendered(document: Document, *, origins: bool = False) -> str:
    """The document as TOML, with a comment beside each entry about where it comes from if ``origins`` are asked for.

    Names with dots become names that can be written: ``stage.0.body`` is ``stage_0_body``.
    """
    data = dict(document.data)
    names = _names(document)
    layers = data.pop("layers", None)
    lines = [f"{key} = {_value(value, key)}" for key, value in data.items()
             if not isinstance(value, dict) and key not in ("outputs", "$schema")]  # fmt: skip
    if "outputs" in data:
        lines.append(f"outputs = {_value(_referring(data.pop('outputs'), names), 'outputs')}")
    lines += _section(data.pop("inputs", {}), "inputs")
    referred = set(_every_reference(document)) if names else set()
    for index, entry in enumerate(layers if isinstance(layers, list) else ()):
        lines += _entry(document, index, entry, names, referred, origins)
    for key, value in data.items():
        if isinstance(value, dict):
            lines += _section(value, key)
    return "\n".join(lines).strip("\n") + "\n"


def _names(document: Document) -> dict[str, str]:
    """Full names, and what they are called in the text."""
    if document.expansion is None:
        return {}
    inputs = document.data.get("inputs")
    free = FreeNames(inputs if isinstance(inputs, dict) else ())
    every = document.expansion.names
    given = {name: free.name(name) for name, _ in every if "." not in name}
    return given | {name: free.name(name.replace(".", "_")) for name, _ in every if "." in name}


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.partition("[")[0]
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _referred(one)


def _referring(value: Any, names: Mapping[str, str]) -> Any:
    """References with full names replaced by those of the text."""
    if isinstance(value, dict):
        return {key: _referring(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_referring(one, names) for one in value]
    if not isinstance(value, str) or (found := REFERENCE.fullmatch(value)) is None:
        return value
    parts = found[1].split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in names:
            rest = "".join(f".{part}" for part in parts[length:])
            return names[name] + rest + (f"[{found[2]}]" if found[2] is not None else "")
    return value


def _entry(
    document: Document, index: int, entry: Any, names: Mapping[str, str], referred: set[str], origins: bool
) -> list[str]:
    if not isinstance(entry, dict):
        return []
    lines = ["", "[[layers]]"]
    expansion = document.expansion
    if origins:
        lines += _origin(document, ("layers", index))
    table = dict(entry)
    if expansion is not None:
        full, named = expansion.names[index]
        table.pop("name", None)
        if named or "." in full or full in referred:
            lines.append(f"name = {_value(names[full], 'name')}")
        for key in ("inputs", "reuse"):
            if key in table:
                table[key] = _referring(table[key], names)
    for key, value in table.items():
        if value is HOLE:
            continue
        line = f"{_key(key)} = {_value(value, key)}"
        if origins and _moved(document, index, key):
            line += f"  # {_line(document, ('layers', index, key))}"
        lines.append(line)
    return lines


def _every_reference(document: Document) -> Iterator[str]:
    for entry in document.data["layers"]:
        if isinstance(entry, dict):
            yield from _referred(entry.get("inputs"))
            yield from _referred(entry.get("reuse"))
    yield from _referred(document.data.get("outputs"))


def _moved(document: Document, index: int, key: str) -> bool:
    """Whether a value was worked out, or stands in another file than its entry."""
    place, entry = document.place(("layers", index, key)), document.place(("layers", index), "entry")
    if place.source is not entry.source:
        return True
    return place.start > entry.start and "${" in place.source.text[place.start : place.end]


def _origin(document: Document, pointer: Pointer) -> list[str]:
    from .origins import instances

    expansion = document.expansion
    frame = None if expansion is None else expansion.frame(pointer)
    lines = [f"# {_line(document, pointer)}"]
    if expansion is not None:
        for label, place in instances(frame, expansion.written):
            line, column = place.source.line_column(place.start)
            lines.append(f"# {label} ({place.source.path}:{line}:{column})")
    return lines


def _line(document: Document, pointer: Pointer) -> str:
    place = document.place(pointer, "value" if len(pointer) > 2 else "entry")
    line, column = place.source.line_column(place.start)
    return f"{place.source.path}:{line}:{column}"


def _section(table: Any, name: str) -> list[str]:
    """A table of the top level: what is simple below its header, tables in it with headers of their own."""
    if not isinstance(table, dict):
        return []
    simple = {key: value for key, value in table.items() if not _apart(value)}
    lines = ["", f"[{name}]"] if simple or not table else []
    lines += [f"{_key(key)} = {_value(value, key)}" for key, value in simple.items() if value is not HOLE]
    for key, value in table.items():
        if _apart(value):
            lines += _section(value, f"{name}.{_key(key)}")
    return lines


def _apart(value: Any) -> bool:
    return isinstance(value, dict) and "type" not in value and len(_value(value, "")) > 40


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any, key: str) -> str:
    if isinstance(value, str):
        return _text(value if key in _FREE else value.replace("${", "$${"))
    if value is None:
        return '"none"'
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(one)} = {_value(item, one)}" for one, item in value.items() if item is not HOLE)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        items = [_value(one, "") for one in value if one is not HOLE]
        whole = f"[{', '.join(items)}]"
        if len(whole) > _WIDTH and any(isinstance(one, dict) for one in value):
            return "[\n" + "".join(f"  {one},\n" for one in items) + "]"
        return whole
    return json.dumps(value)
