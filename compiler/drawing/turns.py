"""From Columns to DOT: pieces of a drawing side by side, and the wires that turn from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from ..palette import LINE
from .columns import Columns

PIECE: Final = {"label": "", "style": "", "peripheries": "0", "margin": "8", "bgcolor": "transparent"}
"""A piece of a drawing, which stands beside the others."""
POINT: Final = {"label": "", "shape": "point", "style": "invis", "width": "0", "height": "0"}
NUMBER: Final = {"shape": "circle", "style": "", "color": LINE.light, "fontcolor": LINE.light, "fontsize": "14"}
"""Where a piece goes on, in the colour that is seen on light pages and on dark ones."""
UNSEEN: Final = {"style": "invis"}
BARE: Final = {"arrowhead": "none"}
GRAPH: Final = {"newrank": "true"}
"""Of a drawing in pieces; else what leads into a piece would be a wish."""
WIRES: Final = {"weight": "3"}
"""Of the wires of such a drawing: a piece that is shorter than others is so at its end."""
LARGE: Final = 250
"""Cards from which on a drawing is laid out in a hurry."""
HURRY: Final = {"nslimit": "1", "nslimit1": "1"}
"""Rounds that Graphviz takes to make a large drawing a little narrower, as a share of its cards."""
SAME: Final = ("color", "penwidth", "style")
"""What a way from one piece to the next has of the wires that take it, if they agree."""


def pieced(pieces: Columns, number: int, lines: Iterable[str]) -> Iterator[str]:
    """The cards of one piece, kept together where there are others."""
    if pieces.count == 1:
        yield from lines
        return
    yield f"  subgraph {quoted(f'cluster piece {number}')} {{"
    yield f"    graph {attributes(PIECE)}"
    yield from lines
    yield "  }"


def wired(pieces: Columns, wires: Sequence[tuple[str, str, Mapping[str, str]]]) -> Iterator[str]:
    """All wires, and what keeps pieces in their order; wires are sources, targets and attributes.

    A way from one piece to the next leads to the end of the one, back beside it, and over the other. Only what leads
    forward places anything, so the way back is drawn from where it ends. Of a very large drawing, for which long ways
    take too long to lay out, a number says where it goes on.
    """
    if pieces.count > 1:
        turning = [wire for wire in wires if pieces.of[wire[0]] != pieces.of[wire[1]]]
        yield from _numbers(pieces, turning) if len(pieces.of) > LARGE else _ways(pieces, turning)
        led = {target for _, target, _ in turning}
        for at, first in enumerate(pieces.first):
            if first not in led:
                yield _wire(_point("from", at), first, UNSEEN | {"weight": "9"})
        for _, target, told in turning:
            yield _wire(_point("from", pieces.of[target]), target, {**told, "weight": "9"})
    for source, target, told in wires:
        if pieces.of[source] == pieces.of[target]:
            yield _wire(source, target, told)


def _ways(pieces: Columns, turning: Sequence[tuple[str, str, Mapping[str, str]]]) -> Iterator[str]:
    """The ways from each piece to the next, as points with lines between them."""
    count = range(pieces.count - 1)
    drawn: list[dict[str, str]] = []
    for at in count:
        told = [told for source, _, told in turning if pieces.of[source] == at]
        every = [{name: one[name] for name in SAME if name in one} for one in told]
        drawn.append(BARE | (every[0] if every and all(one == every[0] for one in every) else {}))
    tops = [point for at in count for point in (_point("from", at), _point("over", at))]
    tops.append(_point("from", pieces.count - 1))
    bottoms = [point for at in count for point in (_point("to", at), _point("up", at))]
    for rank, points in (("min", tops), ("max", bottoms)):
        yield "  subgraph {"
        yield f"    graph {attributes({'rank': rank})}"
        yield from (f"    {quoted(point)} {attributes(POINT)}" for point in points)
        for at, (one, other) in enumerate(pairwise(points)):
            seen = at % 2 == (rank == "min")  # part of a way, or only a word on which of the two stands first
            yield "  " + _wire(one, other, drawn[at // 2] if seen else UNSEEN)
        yield "  }"
    for at in count:
        yield _wire(_point("over", at), _point("up", at), drawn[at] | {"weight": "9"})
    for source in dict.fromkeys(source for source, _, _ in turning):
        at = pieces.of[source]
        yield _wire(source, _point("to", at), drawn[at] | {"weight": "2"})


def _numbers(pieces: Columns, turning: Sequence[tuple[str, str, Mapping[str, str]]]) -> Iterator[str]:
    """A number at the end of each piece, and the same where the next begins."""
    begins = [_point("from", at) for at in range(pieces.count)]
    yield "  subgraph {"
    yield f"    graph {attributes({'rank': 'min'})}"
    for at, point in enumerate(begins):
        yield f"    {quoted(point)} {attributes(NUMBER | {'label': str(at)} if at else POINT)}"
    yield from (f"  {_wire(one, other, UNSEEN)}" for one, other in pairwise(begins))
    yield "  }"
    for source in dict.fromkeys(source for source, _, _ in turning):
        at = pieces.of[source]
        yield f"  {quoted(_point('to', at))} {attributes(NUMBER | {'label': str(at + 1)})}"
        yield _wire(source, _point("to", at), {"weight": "9"})


def _point(what: str, at: int) -> str:
    # No card is called so: names have no space in front.
    return f" {what} {at}"


def _wire(source: str, target: str, told: Mapping[str, str]) -> str:
    return f"  {quoted(source)} -> {quoted(target)} {attributes(told)}"


def attributes(told: Mapping[str, str]) -> str:
    """Attributes as DOT has them; a value in angle brackets is an HTML-like label and is escaped already."""
    parts = [f"{key}={value if value.startswith('<') else quoted(value)}" for key, value in told.items()]
    return f"[{', '.join(parts)}]"


def quoted(text: str) -> str:
    """A name as DOT has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
