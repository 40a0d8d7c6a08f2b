"""From a Document and the way to a value to where it comes from, and what it overrode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        value, tail = _follow(document.data["layers"][index], rest, path, entry)
        frame = None if document.expansion is None else document.expansion.frame(("layers", index))
        return _made(document, written, path, value, ("layers", index, *tail), frame)
    if frame is None:
        return _of_several(written, path, inner, ("layers",), None, names)
    holder = frame.pointer[:-1]
    if inner == frame.name:
        return _made(written, written, path, dict(frame.values), holder, frame)
    key, *rest = inner[len(frame.name) + 1 :].split(".")
    if key not in frame.values and frame.block is not None:
        return _of_several(written, path, ".".join((key, *rest)), ("blocks", frame.block, "layers"), frame, names)
    if key not in frame.values:
        raise NotThere(f"there is no `{path}`: the instance `{frame.name}` has no `{key}`{_meant(key, frame.values)}")
    value, tail = _follow(frame.values[key], rest, path)
    entry_table, _ = _follow(written.data, list(holder), path)
    pointer: Pointer = (*holder, key)
    if key not in entry_table and frame.block is not None:  # the default holds
        pointer = ("blocks", frame.block, "parameters", key)
    return _made(written, written, path, value, (*pointer, *tail), frame)


def _of_several(
    written: Document, path: str, inner: str, at: Pointer, frame: Frame | None, names: Sequence[str]
) -> Whence:
    """What was written for an entry that stands for several, or for none, in the list of layers there."""
    entries, _ = _follow(written.data, list(at), path)
    first, *rest = inner.split(".")
    place = find_entry(entries, first, ("name",)) if isinstance(entries, list) else None
    holder = f"{frame.name}." if frame is not None else ""
    if place is None:
        of = f"the instance `{frame.name}`" if frame is not None else "the spec"
        known = [*(frame.values if frame is not None else ()), *_called(entries)]
        alike = next((name for name in names if name.endswith(f".{inner.partition('.')[0]}")), None)
        way = _meant(first, known) or (f"; did you mean `layers.{alike}`?" if alike and frame is None else "")
        raise NotThere(f"there is no `{path}`: {of} has no `{first}`{way}")
    there = any(name.startswith(f"{holder}{first}.") for name in names)
    count = len(
        {name[len(f"{holder}{first}.") :].partition(".")[0] for name in names if name.startswith(f"{holder}{first}.")}
    )
    if rest and rest[0].removeprefix("-").isdigit() and there:
        raise NotThere(f"there is no `{path}`: `{holder}{first}` has {count} instances, numbered from 0")
    if not there and rest and rest[0] not in ("when", "repeat", "each"):
        raise NotThere(
            f"there is no `{path}`: `{holder}{first}` is not there, for its `when` is false or it repeats no time"
        )
    value, tail = _follow(entries[place], rest, path, holder + first)
    return _made(written, written, path, value, (*at, place, *tail), frame)


def _called(entries: Any) -> list[str]:
    """The names that the entries of a list have."""
    every = entries if isinstance(entries, list) else ()
    return [one["name"] for one in every if isinstance(one, dict) and isinstance(one.get("name"), str)]


def _meant(word: str, names: Iterable[str]) -> str:
    near = closest(word, names)
    return f"; did you mean `{near}`?" if near else ""


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


def _follow(value: Any, keys: Sequence[str | int], path: str, entry: str = "") -> tuple[Any, Pointer]:
    """The value at the end of a way, and the way with numbers for places in lists; entries may be named.

    ``entry`` is the name of the layer in which the way begins, if it begins in one.
    """
    pointer: list[str | int] = []
    for key in keys:
        if is_declaration(tuple(pointer)) and isinstance(value, dict) and key not in value and "default" in value:
            value = value["default"]
            pointer.append("default")
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
        near = _meant(str(key), value) if isinstance(value, dict) else ""
        if entry and not pointer and not near:
            raise NotThere(f"there is no `{path}`: `{entry}` does not say `{key}`, and what Keras takes for it holds")
        way = ".".join([*([entry] if entry else ()), *map(str, pointer)])
        raise NotThere(f"there is no `{path}`: {f'`{way}`' if way else 'the spec'} has no `{key}`{near}")
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
