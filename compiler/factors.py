"""From `learning_rate_factors` to findings about the layers that they name."""

from __future__ import annotations

from collections.abc import Iterator

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.spec import Training
from .freezing import lost
from .graph import TypedGraph


def factor_findings(typed: TypedGraph, training: Training) -> Iterator[Finding]:
    """Names and patterns that no layer has (E201)."""
    if not typed.graph.spec.whole:
        return
    at: Pointer = (*training.pointer, "learning_rate_factors")
    places = [(pattern, (*at, pattern)) for pattern in training.learning_rate_factors]
    found = lost(typed, places, "no weights to learn", inside=True, part="key")
    yield from (one for one in found if one is not None)
