"""From a Document and the way to a value to where it comes from, and what it overrode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .document import Document, Place, Pointer
from .laying import find_entry, is_declaration
from .origins import Frame, brief, instances
from .words import closest


class NotThere(ValueError):
    """The way leads nowhere; the message says where it ends and what is near."""


@dataclass(frozen=True, slots=True)
class Whence:
    """What one value comes to and where it is written; the instances that lead there; what it overrode."""

    path: str
    value: Any
    place: Place
    instances: tuple[tuple[str, Place], ...]
    overrode: tuple[tuple[Any, Place], ...]

    @property
    def written(self) -> str:
        """The text that stands there."""
        return self.place.source.text[self.place.start : self.place.end]


def whence(document: Document, path: str, names: Sequence[str]) -> Whence:
    """Where a value comes from: ``layers.stage.0.unit.1.body.filters``, ``training.epochs``, ``parameters.size``.

    ``names`` are the full names of the entries of the expanded list, in order.

    Raises:
        NotThere: if the way leads nowhere.
    """
    keys = path.split(".")
    written = document if document.expansion is None else document.expansion.written
    if keys[0] == "layers" and len(keys) > 1:
        return _of_entry(document, written, path, ".".join(keys[1:]), names)
    source = document if keys[0] in document.data else written
    value, pointer = _follow(source.data, keys, path)
    if is_declaration(pointer) and isinstance(value, dict) and "default" in value:
        value, pointer = value["default"], (*pointer, "default")
    return _made(source, written, path, value, pointer, None)


def _of_entry(document: Document, written: Document, path: str, inner: str, names: Sequence[str]) -> Whence:
    entry = max((name for name in names if inner == name or inner.startswith(f"{name}.")), key=len, default=None)
    frame = _frame(document, inner)
    if entry is not None and (frame is None or len(entry) >= len(frame.name)):
        index = names.index(entry)
        rest = inner[len(entry) + 1 :].split(".") if len(inner) > len(entry) else []
        value, tail = _follow(document.data["layers"][index], rest, path)
        frame = None if document.expansion is None else document.expansion.frame(("layers", index))
        return _made(document, written, path, value, ("layers", index, *tail), frame)
    if frame is None:
        near = closest(inner, names)
        raise NotThere(f"there is no `{path}`" + (f"; did you mean `layers.{near}`?" if near else ""))
    holder = frame.pointer[:-1]
    if inner == frame.name:
        return _made(written, written, path, dict(frame.values), holder, frame)
    key, *rest = inner[len(frame.name) + 1 :].split(".")
    if key not in frame.values:
        near = closest(key, frame.values)
        raise NotThere(f"the instance `{frame.name}` has no `{key}`" + (f"; did you mean `{near}`?" if near else ""))
    value, tail = _follow(frame.values[key], rest, path)
    entry_table, _ = _follow(written.data, list(holder), path)
    pointer: Pointer = (*holder, key)
    if key not in entry_table and frame.block is not None:  # the default holds
        pointer = ("blocks", frame.block, "parameters", key)
    return _made(written, written, path, value, (*pointer, *tail), frame)


def _frame(document: Document, inner: str) -> Frame | None:
    """The innermost instance whose name a way begins with."""
    best: Frame | None = None
    for frame in document.expansion.frames if document.expansion is not None else ():
        for one in frame.chain() if frame is not None else ():
            if (inner == one.name or inner.startswith(f"{one.name}.")) and (
                best is None or len(one.name) > len(best.name)
            ):
                best = one
    return best


def _follow(value: Any, keys: Sequence[str | int], path: str) -> tuple[Any, Pointer]:
    """The value at the end of a way, and the way with numbers for places in lists; entries may be named."""
    pointer: list[str | int] = []
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[key]
            pointer.append(key)
            continue
        if isinstance(value, list):
            index = int(key) if str(key).isdigit() else find_entry(value, str(key))
            if index is not None and index < len(value):
                value = value[index]
                pointer.append(index)
                continue
        near = closest(str(key), value) if isinstance(value, dict) else None
        raise NotThere(f"there is no `{path}`: it ends before `{key}`" + (f"; did you mean `{near}`?" if near else ""))
    return value, tuple(pointer)


def _made(
    document: Document, written: Document, path: str, value: Any, pointer: Pointer, frame: Frame | None
) -> Whence:
    source = pointer if document is written or document.expansion is None else document.expansion.source(pointer)
    over = tuple(written.trace.overridden(source)) if written.trace is not None else ()
    return Whence(path, value, document.place(pointer), instances(frame, written), over)


def described(one: Whence) -> list[str]:
    """What is printed of it, line by line."""
    lines = [f"{one.path} = {brief(one.value) if not isinstance(one.value, dict) else _table(one.value)}"]
    written = " ".join(one.written.split())
    lines.append(f"  {_at(one.place)}: {written if len(written) <= 100 else written[:99] + '…'}")
    lines += [f"  {label} ({_at(place)})" for label, place in one.instances]
    lines += [f"  overrode {brief(value)} ({_at(place)})" for value, place in one.overrode]
    return lines


def _table(value: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {brief(item)}" for key, item in value.items()) + " }" if value else "{}"


def _at(place: Place) -> str:
    line, column = place.source.line_column(place.start)
    return f"{place.source.path}:{line}:{column}"
