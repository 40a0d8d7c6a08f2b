"""From Body to Body: branch after branch, as a person writes them.

Keras lists layers by their distance from the end, so that the layers of parallel branches alternate. It finds that
order from the wiring alone: in which order a spec has them changes nothing in the model.
"""

from __future__ import annotations

from .fold_lines import Body, Line


def arrange(body: Body) -> None:
    """Bring the lines into an order in which each stands as soon before the first that needs it as can be."""
    needs = {line: [ref.source for ref in line.sources() if isinstance(ref.source, Line)] for line in body.lines}
    calls: dict[str, Line] = {}
    for line in body.lines:
        if line.name is not None and line.way != "reuse":
            calls.setdefault(line.name, line)
        if line.way == "reuse":  # calls of one layer stay in their order: Keras numbers them
            owner = line.kind.partition(".")[0]
            owner = next((name for name, first in calls.items() if first.name == owner), owner)
            if owner in calls:
                needs[line].append(calls[owner])
            calls[owner] = line
    needed = {line for sources in needs.values() for line in sources}
    last = [ref.source for ref in body.results() if isinstance(ref.source, Line)]
    roots = [line for line in body.lines if line not in needed and line not in last]
    done: dict[Line, None] = {}
    for root in (*roots, *last):
        waiting = [(root, iter(needs[root]))]
        while waiting:
            line, sources = waiting[-1]
            source = next(sources, None)
            if source is None:
                waiting.pop()
                done.setdefault(line)
            elif source not in done:
                waiting.append((source, iter(needs[source])))
    body.lines = list(done)
