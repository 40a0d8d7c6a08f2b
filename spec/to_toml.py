"""From plain data to TOML: the text of a spec, laid out as a person would have written it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final

from .document import HOLE

WIDTH: Final = 150
"""Columns that a layer entry of one line may take."""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_NO_TEXT: Final = re.compile(r"[\ud800-\udfff]")
_LIST_WIDTH: Final = 100
_TABLE_WIDTH: Final = 40
FREE: Final = frozenset({"name", "description"})
"""Keys whose texts are never taken for expressions."""
_FIRST: Final = ("name", "type", "block", "reuse", "repeat", "each", "inputs")
_LAST: Final = ("call", "when")
_ROOT: Final = ("keraspec", "name", "description", "extends", "include", "inputs")
_VERBATIM: Final = frozenset({"extends", "include"})
_NAMED: Final = frozenset({"data.inputs", "data.targets", "training.outputs"})
"""Sections whose tables people name: each has a header of its own, however short."""


class Expression(str):
    """Text in which ``${…}`` is an expression. In every other text it is two characters that mean themselves."""

    __slots__ = ()


def toml_text(data: Mapping[str, Any], *, width: int = WIDTH) -> str:
    """The TOML of a spec's data: ``keraspec``, ``name``, ``inputs``, ``layers``, ``outputs``, ``parameters``,
    ``blocks`` and the other sections, as plain tables, lists, texts, numbers, booleans and None.

    Layers stand in one list, an entry a line, where nearly all fit into ``width`` columns (twice as many where there
    are blocks, whose layers stand so as well); otherwise each is a table of its own. ``${`` in a text is written
    ``$${`` unless the text is an ``Expression``; None is written ``"none"``. Read again, the text gives
    ``as_read(data)``. JSON's ``$schema`` is left out.

    Raises:
        ValueError: if there is something that TOML has no words for: a number that is not finite, half a
            surrogate pair, or a value of another type than those above.
    """
    lines = [line for name in _ROOT if name in data for line in root(name, data[name])]
    for name, value in data.items():
        if name not in (*_ROOT, "layers", "outputs", "$schema") and not isinstance(value, Mapping):
            lines += root(name, value)
    outputs = list(root("outputs", data["outputs"])) if "outputs" in data else []
    layers = data.get("layers")
    composed = bool(data.get("blocks"))
    listed = _listed(layers, 2 * width if composed else width) if isinstance(layers, list | tuple) else None
    if listed is not None:
        lines += [*listed, *outputs]
    else:
        lines += [*outputs, *_tables(layers or ())]
    if "parameters" in data:
        lines += section(data["parameters"], "parameters")
    if "blocks" in data:
        lines += _blocks(data["blocks"])
    for name, value in data.items():
        if isinstance(value, Mapping) and name not in ("inputs", "outputs", "parameters", "blocks"):
            lines += section(value, name)
    return "\n".join(lines).strip("\n") + "\n"


def as_read(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as reading its TOML gives it: None is ``"none"``, tuples are lists, and ``${`` is escaped."""
    return {
        name: _read(verbatim(value) if name in _VERBATIM else value, name)
        for name, value in data.items()
        if value is not HOLE and name != "$schema" and not (value is None and name in FREE)
    }


def _read(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        return str(value) if name in FREE or isinstance(value, Expression) else value.replace("${", "$${")
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return {one: _read(item, one) for one, item in value.items() if item is not HOLE}
    if isinstance(value, list | tuple):
        return [_read(one) for one in value if one is not HOLE]
    return value


def verbatim(value: Any) -> Any:
    """A value whose texts are written as they stand: ``${`` in them is what it was."""
    if isinstance(value, str):
        return Expression(value)
    if isinstance(value, Mapping):
        return {key: verbatim(one) for key, one in value.items()}
    return [verbatim(one) for one in value] if isinstance(value, list | tuple) else value


def written(value: Any, name: str = "", *, broken: bool = True) -> str:
    """A value as TOML; ``name`` is its key. A long list of tables is ``broken`` into lines, where that is allowed."""
    if isinstance(value, str):
        return text(value if name in FREE or isinstance(value, Expression) else value.replace("${", "$${"))
    if value is None:
        return '"none"'
    if isinstance(value, Mapping):
        inner = ", ".join(
            f"{key(one)} = {written(item, one, broken=False)}" for one, item in value.items() if item is not HOLE
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        items = [written(one, broken=False) for one in value if one is not HOLE]
        whole = f"[{', '.join(items)}]"
        if broken and len(whole) > _LIST_WIDTH and any(isinstance(one, Mapping) for one in value):
            return "[\n" + "".join(f"  {one},\n" for one in items) + "]"
        return whole
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"a spec has finite numbers only, found {value}")
    if not isinstance(value, bool | int | float):
        raise ValueError(f"a spec has no values like {value!r}")
    return json.dumps(value)


def key(name: str) -> str:
    """A key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else text(name)


def text(value: str) -> str:
    """A text in quotes."""
    if _NO_TEXT.search(value):
        raise ValueError("half a surrogate pair can't be written as text")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def section(table: Mapping[str, Any], name: str) -> list[str]:
    """A table of the top level: what is simple below its header, tables in it with headers of their own."""
    simple = {one: value for one, value in table.items() if not _apart(value, name)}
    lines = ["", f"[{name}]"] if simple or not table else []
    lines += [f"{key(one)} = {written(value, one)}" for one, value in simple.items() if value is not HOLE]
    for one, value in table.items():
        if _apart(value, name):
            lines += section(value, f"{name}.{key(one)}")
    return lines


def _apart(value: Any, name: str) -> bool:
    """Whether a table of the section ``name`` has a header of its own."""
    if not isinstance(value, Mapping) or "type" in value or name == "parameters":
        return False
    if name in _NAMED:
        return True
    people = any(isinstance(one, Mapping) and "type" not in one for one in value.values())
    return people or len(written(value)) > _TABLE_WIDTH


def root(name: str, value: Any) -> Iterator[str]:
    """A key of the top level, a line each; `inputs` in their order, for a model with several takes them in it."""
    if value is HOLE or (value is None and name in FREE):
        return
    if name != "inputs" or not isinstance(value, Mapping):
        yield f"{key(name)} = {written(verbatim(value) if name in _VERBATIM else value, name)}"
        return
    if not value:
        yield "inputs = {}"
    for one, table in value.items():
        way = f"inputs.{key(one)}"
        if isinstance(table, Mapping) and table:
            yield from (f"{way}.{key(inner)} = {written(item, inner)}" for inner, item in table.items())
        else:
            yield f"{way} = {written(table)}"


def _ordered(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with the language's own keys where a reader looks for them."""
    first = {name: entry[name] for name in _FIRST if name in entry}
    last = {name: entry[name] for name in _LAST if name in entry}
    return first | {name: value for name, value in entry.items() if name not in first and name not in last} | last


def _listed(layers: Any, width: int | None) -> list[str] | None:
    """The layers as a list of one line each; None where one does not fit."""
    lines = [f"  {written(_ordered(one) if isinstance(one, Mapping) else one, broken=False)}," for one in layers]
    if width is not None and lines and not _fit(lines, width):
        return None
    return ["layers = [", *lines, "]"] if lines else ["layers = []"]


def _fit(lines: list[str], width: int) -> bool:
    """Whether lines are short enough: all may be a little longer, one in five more than that."""
    longest = max(map(len, lines))
    few = sum(len(line) > width for line in lines) <= len(lines) / 5
    return longest <= 1.2 * width or (few and longest <= 2 * width)


def _tables(layers: Any) -> Iterator[str]:
    for entry in layers:
        yield from ("", "[[layers]]")
        yield from (
            f"{key(name)} = {written(value, name)}" for name, value in _ordered(entry).items() if value is not HOLE
        )


def _blocks(blocks: Mapping[str, Any]) -> Iterator[str]:
    """The blocks, the layers of each in a list: only so do its lines stay together."""
    if not blocks:
        yield from ("", "[blocks]")
    for name, block in blocks.items():
        yield from ("", f"[blocks.{key(name)}]")
        for one, value in block.items():
            if one != "layers":
                yield f"{key(one)} = {written(value, one, broken=False)}"
        yield from _listed(block.get("layers", ()), None) or ()
