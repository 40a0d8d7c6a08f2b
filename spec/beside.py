"""From the lines of a rendered spec to the comments beside them: where each value comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from .document import Document, Place, Pointer
from .origins import instances

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no comment may hold."""
_KEY: Final = r'(?:"(?:[^"\\]|\\.)*"|[A-Za-z0-9_-]+)'
_KEYS: Final = re.compile(_KEY)
_ASSIGNED: Final = re.compile(rf"({_KEY}(?:\.{_KEY})*) = ")
MOST: Final = 3
"""So many places are named beside one line."""


def about_entry(document: Document, pointer: Pointer) -> list[str]:
    """What stands above a layer: its place, and the instances that led there, each with its own."""
    expansion = document.expansion
    frame = None if expansion is None else expansion.frame(pointer)
    lines = [f"# {_line(document.place(pointer, 'entry'))}"]
    if expansion is not None:
        for label, place in instances(frame, expansion.written):
            lines.append(f"# {_clean(label)} ({_line(place)})")
    return lines


def beside(document: Document, pointer: Pointer, home: Pointer) -> str:
    """The comment behind a value: its place, if it was worked out, or if it stands in another file than its ``home``.

    Of a table or list in which only some values are so, the places of these.
    """
    found = list(_elsewhere(document, pointer, _at(document.data, pointer), document.place(home, "entry")))
    if not found:
        return ""
    whole = found[0][0] == pointer
    names = ["" if whole else f"{'.'.join(map(str, one[len(pointer) :]))}: " for one, _ in found]
    shown = [_clean(name) + _line(place) for name, (_, place) in zip(names, found, strict=True)]
    return f"  # {', '.join([*shown[:MOST], *(['…'] if len(shown) > MOST else ())])}"


def commented(document: Document, lines: list[str]) -> list[str]:
    """The lines of a section or of the top level, each with its comment."""
    header: Pointer = ()
    found = [] if lines[:1] == [""] else [f"# {_line(document.place(header, 'entry'))}"]
    for line in lines:
        assigned = _ASSIGNED.match(line)
        if line.startswith("["):
            header = _pointer(line)
            found += [line, f"# {_line(document.place(header, 'entry'))}"]
            continue
        if assigned is not None:
            pointer = (*header, *_pointer(assigned[1]))
            end = beside(document, pointer, header[:1]) if _is_there(document.data, pointer) else ""
            line += end
        found.append(line)
    return found


def _elsewhere(document: Document, pointer: Pointer, value: Any, home: Place) -> Iterator[tuple[Pointer, Place]]:
    """The outermost values in a value that were worked out, or that stand in another file."""
    place = document.place(pointer)
    if (place.source, place.start) == (home.source, home.start):
        return  # nobody wrote it: it is so because of what stands around it
    text = place.source.text[place.start : place.end]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if place.source is not home.source or ("${" in text and not (inner and text[:1] in "[{")):
        yield pointer, place
        return
    for key, one in inner:
        yield from _elsewhere(document, (*pointer, key), one, place)


def _at(value: Any, pointer: Pointer) -> Any:
    for key in pointer:
        value = value[key]
    return value


def _is_there(value: Any, pointer: Pointer) -> bool:
    """Whether the data has what a line says; an output may be called otherwise in the text."""
    for key in pointer:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _pointer(text: str) -> tuple[str, ...]:
    """Keys with dots between them."""
    return tuple(json.loads(one) if one.startswith('"') else one for one in _KEYS.findall(text))


def _line(place: Place) -> str:
    line, column = place.source.line_column(place.start)
    return _clean(f"{place.source.path}:{line}:{column}")


def _clean(text: str) -> str:
    return _CONTROL.sub("�", text)
