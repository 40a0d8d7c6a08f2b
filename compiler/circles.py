"""From entries that refer to one another to the way around, where it is a circle."""

from __future__ import annotations

from collections.abc import Sequence

from ..spec.spec import Entry


def way(entries: Sequence[Entry], start: str, end: str) -> list[str] | None:
    """The names on the way by which the entry ``start``, further down, hangs on ``end``; None if it does not.

    Written so that the names read along the arrows: what ``start`` takes its tensors from, back to ``end``.
    """
    place = {entry.name: index for index, entry in enumerate(entries)}
    previous: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in place:
            continue
        entry = entries[place[name]]
        if entry.inputs is None:
            sources = [entries[place[name] - 1].name] if place[name] > 0 else []
        else:
            sources = [one.path[0] for references in entry.inputs.values() for one in references]
        for source in sources:
            if source in previous or source == start:
                continue
            previous[source] = name
            if source == end:
                path = [end]
                while path[-1] != start:
                    path.append(previous[path[-1]])
                return [*path[1:], end]
            waiting.append(source)
    return None
