"""From what the first cases of each object cost to how many more of it are run, in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subjects import Subject

PROBE = 48
"""Cases of each object that are run before the rest is shared out."""
LONGEST, MOST = 20.0, 400
"""Seconds and cases of a chunk."""


@dataclass(frozen=True)
class Chunk:
    """Cases of one object, from ``start`` to before ``stop``; ``seconds`` is what they are likely to take."""

    subject: str
    start: int
    stop: int
    seconds: float = 0.0

    def part(self, start: int, stop: int) -> Chunk:
        """Some of its cases."""
        return Chunk(self.subject, start, stop)


def share(
    every: Mapping[str, Subject], done: Mapping[str, Any], missing: float, seconds: float
) -> dict[str, int]:  # fmt: skip
    """How many further cases each object gets: more for what has much to vary, less for what is dear.

    How much less is as little as lets all of them fit into ``seconds``, by the clock, of all workers together. What
    has shown that it repeats itself gets none.
    """
    cost, worth = {}, {}
    for name, one in every.items():
        outcomes = done[name]["outcomes"] if name in done else {}
        cases, repeated = outcomes.get("cases", 0), outcomes.get("repeated", 0)
        if not cases or repeated > cases or (one.most is not None and cases + repeated >= one.most):
            continue
        cost[name] = max(0.0004, done[name]["seconds"].get("wall", 0) / cases)
        worth[name] = one.richness**0.5 * (cases / (cases + repeated)) ** 2
    found: dict[str, int] = {}
    for step in range(25):
        weights = {name: worth[name] / cost[name] ** (0.1 * step) for name in worth}
        total = sum(weights.values())
        found = {name: round(missing * weight / total) for name, weight in weights.items()}
        if sum(number * cost[name] for name, number in found.items()) <= seconds * 0.9:
            break
    return {name: number for name, number in found.items() if number}


def free(ranges: Sequence[Sequence[int]], number: int, most: int | None) -> Iterator[tuple[int, int]]:
    """The first ``number`` indices that are in none of these ranges, which are in order."""
    at = 0
    bound = 10**9 if most is None else most
    for start, stop in [*ranges, (bound, bound)]:
        if at < start and number > 0:
            end = min(start, at + number)
            yield at, end
            number -= end - at
        at = max(at, stop)


def chunks(name: str, start: int, stop: int, seconds: float) -> Iterator[Chunk]:
    """A range cut into chunks, given the seconds of a case."""
    size = max(1, min(MOST, int(LONGEST / seconds) if seconds else MOST))
    for at in range(start, stop, size):
        end = min(stop, at + size)
        yield Chunk(name, at, end, (end - at) * seconds)
