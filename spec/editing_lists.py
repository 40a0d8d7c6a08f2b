"""From an entry, and where it shall stand, to edits of a list: layers, callbacks, and others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .document import Pointer
from .edits import Editor, TextEdit
from .places import Spot
from .to_toml import key as toml_key

_FIRST: Final = ("name", "type", "block", "reuse", "repeat", "each", "inputs")
_GAP: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


def ordered(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with the language's own keys where a reader looks for them."""
    return {key: entry[key] for key in _FIRST if key in entry} | dict(entry)


def inserted(editor: Editor, pointer: Pointer, index: int, entry: Any) -> list[TextEdit]:
    """An entry as the ``index``-th of the list at a pointer, laid out as the others are."""
    holder = editor.spot(pointer)
    if holder is None:
        return editor.put(pointer[:-1], str(pointer[-1]), [entry])
    if index < len(holder.children) and isinstance(entry, Mapping):
        return editor.insert((*pointer, index), entry)
    if holder.kind == "tables":
        return _table_behind(editor, pointer, entry)
    return _behind(editor, holder, entry)


def _table_behind(editor: Editor, pointer: Pointer, entry: Mapping[str, Any]) -> list[TextEdit]:
    """A table with a header of its own behind the last one."""
    last = max(spot.entry[0] for way, spot in editor.every() if way[: len(pointer)] == pointer and spot.kind == "table")
    first = editor.spot((*pointer, 0))
    assert first is not None
    head = editor.text[first.entry[0] : first.entry[1]]
    following = _next_header(editor, last)
    ending = "\r\n" if "\r\n" in editor.text else "\n"
    lines = [head, *(f"{toml_key(key)} = {editor.written(value)}" for key, value in entry.items())]
    if following is None:
        size = len(editor.text)
        gap = "" if editor.text.endswith("\n") else ending
        return [TextEdit(size, size, gap + ending + ending.join(lines) + ending)]
    at = editor.above(following)
    return [TextEdit(at, at, ending.join([*lines, "", ""]))]


def _next_header(editor: Editor, at: int) -> int | None:
    """Where the next header begins that is not one of a table within."""
    heads = sorted({spot.entry[0] for _, spot in editor.every() if spot.kind == "table"})
    return next((one for one in heads if one > at), None)


def _behind(editor: Editor, holder: Spot, entry: Any) -> list[TextEdit]:
    """A value behind the last one of an array."""
    text, written = editor.text, editor.written(entry)
    start, end = holder.value
    if not holder.children:
        return [TextEdit(start, end, f"[{written}]")]
    spot = max(holder.children.values(), key=lambda one: one.value[1])
    last = spot.value[1]
    line = editor.line_start(spot.value[0])
    margin = text[line : spot.value[0]]
    if margin.strip():
        return [TextEdit(last, last, f", {written}")]
    gap = _GAP.match(text, last)
    comma = gap.end() if gap is not None else last
    ending = "\r\n" if "\r\n" in text else "\n"
    edits = []
    if text[comma : comma + 1] == ",":
        at = comma + 1
        new = f"{margin}{written},{ending}"
    else:
        edits.append(TextEdit(last, last, ","))
        at = last
        new = f"{margin}{written}{ending}"
    found = text.find("\n", at, end)
    if found < 0:
        return [*edits, TextEdit(at, at, f"{ending}{new}")]
    if edits and at == last:
        return [*edits, TextEdit(found + 1, found + 1, new)]
    return [TextEdit(found + 1, found + 1, new)]
