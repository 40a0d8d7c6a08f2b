"""From entries as they are written to the layers that they are: for what the network alone does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...spec.document import Document, Pointer
from ...spec.merge.entries import kind, paired
from ..graph import Graph, Node
from .matching import named
from .written import Edit, written

Written = tuple[Document, Graph]
"""One of the two sides."""


def source(document: Document, pointer: Pointer) -> Pointer:
    """Where what stands at a place of the expanded document is written."""
    return pointer if document.expansion is None else document.expansion.source(pointer)


def by_entry(pairs: Mapping[str, str], old: Written, new: Written) -> Mapping[str, str]:
    """The pairs of nodes, and with them layers that are one by what is written: where something around them was moved
    away, or could not be read, their places in the network tell nothing."""
    rows = [written(document).data.get("layers") for document, _ in (old, new)]
    if not all(isinstance(one, list) for one in rows):
        return pairs
    found, back = dict(pairs), set(pairs.values())
    places = paired(rows[0] or [], rows[1] or [])
    entries: dict[Pointer, Pointer] = {("layers", here): ("layers", there) for here, there in places.items()}
    before, after = _single(*old), _single(*new)
    for here, there in places.items():
        was, now = before.get(("layers", there)), after.get(("layers", here))
        same = kind((rows[0] or [])[there]) == kind((rows[1] or [])[here])
        if was is not None and now is not None and was not in found and now not in back and same:
            found[was] = now
            back.add(now)
    for name, node in new[1].nodes.items():  # of blocks, and of what repeats
        other = old[1].nodes.get(name)
        if other is None or name in found or name in back or not _may_be(other, node):
            continue
        at, before_it = source(new[0], node.pointer)[:2], source(old[0], other.pointer)[:2]
        if (entries.get(at) if at[0] == "layers" else at) == before_it:
            found[name] = name
    return found


def _may_be(old: Node, new: Node) -> bool:
    """Whether two nodes are of one type, as far as that is known."""
    if old.input is not None or new.input is not None:
        return False
    return old.layer is None or new.layer is None or old.layer.record.name == new.layer.record.name


def generated(document: Document, graph: Graph) -> Mapping[Pointer, str]:
    """Entries without a name → what the layer is called that each is, as far as it is one."""
    wrote = named(graph)
    return {at: name for at, name in _single(document, graph).items() if name not in wrote}


def called_so(edit: Edit, before: Mapping[Pointer, str], after: Mapping[Pointer, str]) -> Edit:
    """An edit of a layer, with the names that layers without one are called by everywhere else."""
    at, known = (edit.before, before) if edit.after is None else (edit.after, after)
    if at is None or edit.path[0] != "layers" or len(edit.path) == 1:
        return edit
    if edit.way == "moved" and len(at) == 2:
        edit = replace(edit, old=_behind(edit.old, edit.before, before), new=_behind(edit.new, edit.after, after))
    name = known.get(at[:2])
    return edit if name is None else replace(edit, path=("layers", name, *edit.path[2:]))


def _behind(words: Any, at: Pointer | None, known: Mapping[Pointer, str]) -> Any:
    place = at[1] if at is not None else None
    return known.get(("layers", place - 1), words) if isinstance(place, int) else words


def _single(document: Document, graph: Graph) -> Mapping[Pointer, str]:
    found: dict[Pointer, list[str]] = {}
    for name, node in graph.nodes.items():
        found.setdefault(source(document, node.pointer)[:2], []).append(name)
    return {at: names[0] for at, names in found.items() if len(names) == 1}
