"""From plain values to Python literals, as Black and Ruff would leave them."""

from __future__ import annotations

import re
from typing import Any

from .layout import Doc, Group, Row, flat


def literal(value: Any) -> str:
    """A value in one line."""
    return flat(literal_doc(value))


def literal_doc(value: Any) -> Doc:
    """A value as Python writes it: numbers, texts, True, False, None, lists, tuples and tables.

    Raises:
        TypeError: for anything else.
    """
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float):
        return re.sub(r"e([+-])0*(\d)", lambda found: f"e{found[1].strip('+')}{found[2]}", repr(value))
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return Group("[", tuple(map(literal_doc, value)), "]", "list")
    if isinstance(value, tuple):
        return Group("(", tuple(map(literal_doc, value)), ")", "list")
    if isinstance(value, dict):
        items = tuple(Row((literal_doc(key), ": ", literal_doc(one))) for key, one in value.items())
        return Group("{", items, "}", "list")
    if isinstance(value, slice):
        parts = (value.start, value.stop) if value.step is None else (value.start, value.stop, value.step)
        return f"slice({', '.join(map(literal, parts))})"
    if value is Ellipsis:
        return "..."
    raise TypeError(f"there is no literal for {type(value).__name__}")


def subscript(key: Any) -> str:
    """What stands between the brackets behind a tensor: `:, 0`."""
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(_cut(one) if isinstance(one, slice) else literal(one) for one in parts)


def _cut(one: slice) -> str:
    start, stop, step = ("" if part is None else literal(part) for part in (one.start, one.stop, one.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def quoted(text: str) -> str:
    """Text in double quotes, or in single ones where that saves backslashes."""
    inner = escaped(text)
    if '"' in text and text.count('"') > text.count("'"):
        single = inner.replace("'", "\\'")
        return f"'{single}'"
    double = inner.replace('"', '\\"')
    return f'"{double}"'


def escaped(text: str) -> str:
    """Text as it stands in a literal, but for the quotes."""
    return "".join(_escaped(one) for one in text)


def _escaped(one: str) -> str:
    if one == "\\" or not one.isprintable():
        return one.encode("unicode_escape").decode("ascii")
    return one
