"""From a data section to findings about columns, where the source says itself which there are: no data is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Column, Data
from ..spec.words import closest
from .graph import TypedGraph

SHOWN = 8
"""So many columns are named in a message."""


def column_findings(typed: TypedGraph) -> Iterator[Finding]:
    """Columns that are named and are not among the `columns` of the source; and inputs and targets that none gives."""
    data = typed.graph.spec.data
    if data is None or data.source.get("type") != "csv" or not isinstance(data.source.get("columns"), list):
        return
    known = [one.strip() for one in data.source["columns"] if isinstance(one, str)]
    if len(known) < len(data.source["columns"]):
        return
    for column in (*data.inputs.values(), *data.targets.values()):
        for index, pattern in enumerate(column.columns or ()):
            if pattern not in known and not (_is_pattern(pattern) and any(fnmatchcase(one, pattern) for one in known)):
                at: Pointer = (*column.pointer, "column")
                yield _missing(data, pattern, known, (*at, index) if len(column.columns or ()) > 1 else at)
    for name, place in _others(data):
        if name not in known:
            yield _missing(data, name, known, (*data.pointer, *place))
    if typed.graph.spec.whole:
        yield from _unfed(typed, data, known)


def _is_pattern(text: str) -> bool:
    return re.search(r"[*?\[]", text) is not None


def _others(data: Data) -> Iterator[tuple[str, Pointer]]:
    """Columns with another use, and where they are named."""
    for key, name in data.split.columns.items():
        yield name, ("split", key)
    if data.sample_weight is not None:
        yield data.sample_weight, ("sample_weight",)
    if data.window is not None and data.window.group is not None:
        yield data.window.group, ("window", "group")


def _unfed(typed: TypedGraph, data: Data, known: list[str]) -> Iterator[Finding]:
    """Inputs and targets without a column written, where none has their name either."""
    from .heads import heads

    targets = [head.name for head in heads(typed) if head.loss is not None and head.tensor is not None]
    inputs = [one.name for one in typed.graph.spec.inputs]
    sides: tuple[tuple[str, str, list[str], dict[str, Column], bool], ...] = (
        ("inputs", "the input `{}`", inputs, dict(data.inputs), True),
        ("targets", "the target of `{}`", targets, dict(data.targets), False),
    )
    for section, words, names, written, has_place in sides:
        if any(one not in names for one in written):
            continue  # one that has another name there is said to be no input or output
        for name in names:
            column = written.get(name)
            if name in known or (column is not None and column.columns is not None):
                continue
            at = column.pointer if column is not None else ("inputs", name) if has_place else data.pointer
            message = f"no column gives {words.format(name)}: `{name}` is none of the `columns` of the source"
            way = f'write `column = "..."` in [data.{section}.{name}]; {_way(name, known)}'
            yield Finding("E406", message, at, "entry", help=way, related=_related(data))


def _missing(data: Data, name: str, known: list[str], at: Pointer) -> Finding:
    message = f"there is no column `{name}` among the `columns` of the source"
    return Finding("E402", message, at, help=_way(name, known), related=_related(data))


def _related(data: Data) -> tuple[Related, ...]:
    return (Related("the columns that there are", (*data.pointer, "source", "columns")),)


def _way(name: str, known: list[str]) -> str:
    near = closest(name, known)
    if near is not None:
        return f"did you mean `{near}`?"
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"they are {', '.join(f'`{one}`' for one in known[:SHOWN])}{more}"
