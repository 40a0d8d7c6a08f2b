"""The noun Chain: the tensors from where a shape begins to where it does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .graph import Edge, Graph, Typed
from .tensor import Shape, shape_text

LONGEST: Final = 6
"""Steps that one line shows; of a longer chain the middle is left out."""

FARTHEST: Final = 200
"""Steps back that are looked at: many mistakes in a deep graph must not make checking it slow."""


@dataclass(frozen=True, slots=True)
class Step:
    """One tensor on the way: the node that gives it, which of its outputs it is, and its shape."""

    source: str
    index: int
    shape: Shape

    def __str__(self) -> str:
        output = f"[{self.index}]" if self.index else ""
        return f"{self.source}{output} {shape_text(self.shape)}"


def steps_back(graph: Graph, typed: Mapping[str, Typed], edge: Edge) -> Iterator[Step]:
    """The tensor of an edge, the one that it was made of, and so on back to an input.

    Of several tensors that a layer was given, the way goes on with the first.
    """
    at: Edge | None = edge
    for _ in range(FARTHEST):
        if at is None:
            return
        outputs = typed[at.source].outputs
        if outputs is None or at.index >= len(outputs):
            return
        yield Step(at.source, at.index, outputs[at.index].shape)
        edges = graph.nodes[at.source].edges
        at = edges[0] if edges else None


def chain_text(graph: Graph, typed: Mapping[str, Typed], edge: Edge, end: str, axis: int | None = None) -> str:
    """The chain of an edge as people read it: ``image (batch, 28, 28) → conv (batch, 26, 26, 8) → digit: Dense``.

    Only steps that change the shape stand; of a chain that is too long for a line, those that change the size of
    ``axis`` (counted from the front) or the number of axes, if there are fewer, and then the first and the last.
    """
    steps = list(steps_back(graph, typed, edge))[::-1]
    kept = [one for before, one in zip([None, *steps], steps, strict=False) if before is None or _turns(before, one)]
    if len(kept) > LONGEST and axis is not None:
        kept = [
            one
            for before, one in zip([None, *kept], kept, strict=False)
            if before is None or one is kept[-1] or _turns(before, one, axis)
        ]
    if steps and kept[-1] is not steps[-1]:
        kept.append(steps[-1])
    words = [str(one) for one in kept]
    if len(words) > LONGEST or len(steps) == FARTHEST:
        first = words[:1] if len(steps) < FARTHEST else []
        words = [*first, "…", *words[2 - LONGEST :]]
    return " → ".join((*words, end))


def _turns(before: Step, after: Step, axis: int | None = None) -> bool:
    """Whether a step gives another shape, or one that differs along the axis."""
    if axis is None or len(before.shape) != len(after.shape) or axis >= len(before.shape):
        return before.shape != after.shape
    return before.shape[axis] != after.shape[axis]
