"""From a spec's text and settings to the same text with the values in it: comments and all the rest stay."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .document import Document, Pointer
from .edits import Editor, TextEdit, applied
from .laying import is_declaration, position
from .overlay import overlaid, setting_value, split_setting
from .paths import is_relative, paths_of, value_at
from .read import read_text
from .to_toml import as_read, toml_text, verbatim


def settled(document: Document, settings: Sequence[str], folder: Path) -> tuple[str, str]:
    """The text of a spec that says what ``settings`` make of it, for a file in ``folder``; and its ending.

    ``document`` is a spec as its file has it. Where all the values can be written into the text, it is that text, and
    paths in it lead to where they led; else a text that extends the file with them, and if not even that comes to the
    same, all of it written out. Each is read again before it is given.
    """
    wanted = _made(document, settings, Path(document.source.path).parent)
    ending = "json" if document.source.path.lower().endswith(".json") else "toml"
    for text, kind in _ways(document, settings, folder, ending):
        read, found = read_text(str(folder / f"best.{kind}"), text.encode("utf-8", "surrogatepass"), kind)  # type: ignore[arg-type]
        if read is not None and not found and _made(read, (), folder) == wanted:
            return text, kind
    raise AssertionError("a spec that was written out whole does not read the same")


def _made(document: Document, settings: Sequence[str], folder: Path) -> dict[str, Any]:
    """All that a spec says, with paths from the root."""
    made, _ = overlaid(document, settings)
    data: dict[str, Any] = _copied(made.data)
    for pointer in paths_of(data):
        holder = value_at(data, pointer[:-1])
        holder[pointer[-1]] = os.path.abspath(folder / holder[pointer[-1]])
    return as_read(verbatim(data))


def _ways(document: Document, settings: Sequence[str], folder: Path, ending: str) -> Iterator[tuple[str, str]]:
    own = Path(document.source.path).parent
    text = _edited(document, settings, own, folder)
    if text is not None:
        yield text, ending
    laid = _laid(settings)
    if laid is not None:
        path = _moved(document.source.path, Path(), folder)
        yield toml_text(verbatim({"extends": path, **laid})), "toml"
    made = _copied(overlaid(document, settings)[0].data)
    for pointer in paths_of(made):
        value_at(made, pointer[:-1])[pointer[-1]] = _moved(value_at(made, pointer), own, folder)
    yield toml_text(verbatim(made)), "toml"


def _read(settings: Sequence[str]) -> Iterator[tuple[list[str], Any]]:
    """The keys and the value of each setting."""
    for setting in settings:
        keys, text = split_setting(setting)
        yield keys, setting_value(text.strip())


# The text itself


def _edited(document: Document, settings: Sequence[str], own: Path, folder: Path) -> str | None:
    editor = Editor(document.source)
    edits: list[TextEdit] = []
    for keys, value in _read(settings):
        found = _put(editor, document.data, keys, value)
        if not found:
            return None
        edits += found
    for pointer in [*paths_of(document.data), *_files(document.data)]:
        spot = editor.spot(pointer)
        if spot is None:
            return None
        edits.append(TextEdit(*spot.value, editor.written(_moved(value_at(document.data, pointer), own, folder))))
    text = editor.text
    try:
        made = applied(text, edits)
    except ValueError:  # two values in one table that is not there yet
        return None
    first, newline, rest = made.partition("\n")
    return rest if first.startswith("#:schema") and newline else made


def _put(editor: Editor, data: Any, keys: Sequence[str], value: Any) -> list[TextEdit]:
    """The edits that put a value where its keys lead; none where that is not in this text."""
    pointer: list[str | int] = []
    at: Any = data
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        if isinstance(at, list):
            index = position(at, key)
            if index is None or last:
                return []
            pointer.append(index)
            at = at[index]
        elif not isinstance(at, dict) or (key not in at and not last):
            return []
        elif last and is_declaration((*pointer, key)) and isinstance(at.get(key), dict):
            return editor.put((*pointer, key), "default", value)
        elif last:
            return editor.put(tuple(pointer), key, value)
        else:
            pointer.append(key)
            at = at[key]
    return []


# A text that lies over the file


def _laid(settings: Sequence[str]) -> dict[str, Any] | None:
    """The data of a spec that gives the values and nothing else."""
    made: dict[str, Any] = {}
    for keys, value in _read(settings):
        at: Any = made
        for depth, key in enumerate(keys[:-1]):
            if keys[depth - 1 : depth] in (["layers"], ["callbacks"]) and isinstance(at, list):
                by = "type" if keys[depth - 1] == "callbacks" else "name"
                entry = next((one for one in at if one[by] == key), None)
                if entry is None:
                    entry = {by: key}
                    at.append(entry)
                at = entry
            else:
                at = at.setdefault(key, [] if key in ("layers", "callbacks") else {})
        if not isinstance(at, dict):
            return None
        at[keys[-1]] = value
    return made


# Paths


def _files(data: Mapping[str, Any]) -> Iterator[Pointer]:
    """Where a spec names other specs."""
    if isinstance(data.get("extends"), str) and is_relative(data["extends"]):
        yield ("extends",)
    include = data.get("include")
    for index, one in enumerate(include if isinstance(include, list) else ()):
        if isinstance(one, str) and is_relative(one):
            yield ("include", index)


def _moved(path: str, own: Path, folder: Path) -> str:
    """A path that leads from another folder to where it led from its own."""
    target = os.path.abspath(own / path)
    try:
        return Path(os.path.relpath(target, os.path.abspath(folder))).as_posix()
    except ValueError:  # on Windows, from one drive to another there is no way
        return target


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
