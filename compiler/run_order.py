"""From the calls of a model to the order in which Keras makes them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def run_order(
    parents: Mapping[Key, Sequence[Key]], operation: Callable[[Key], Hashable], ends: Iterable[Key]
) -> list[Key]:
    """The calls on which ``ends`` hang, as a Functional model runs them: farthest from an end first.

    ``parents`` has, for each call, the calls whose tensors it is given, in the order of its arguments;
    ``operation`` tells which calls are of one layer. Where two calls are as far from the ends, the order is that of
    Keras' own walk: backwards through the graph, over what was found depth first.

    Source: ``keras.Function``, https://keras.io/api/models/model/, as of Keras 3.15.
    """
    depths: dict[Key, int] = {}
    deepest: dict[Hashable, int] = {}
    for call in reversed(_depth_first(parents, ends)):
        one = operation(call)
        depth = max(depths.setdefault(call, 0), deepest.get(one, 0))  # all calls of a layer stand as deep as the first
        deepest[one] = depths[call] = depth
        for parent in parents[call]:
            depths[parent] = max(depth + 1, depths.get(parent, 0))
    return sorted(depths, key=lambda call: -depths[call])  # sorting leaves equals as they were met


def _depth_first(parents: Mapping[Key, Sequence[Key]], ends: Iterable[Key]) -> list[Key]:
    """Every call behind those that it hangs on. Without recursion: a model may be thousands of layers deep."""
    found: dict[Key, None] = {}
    for end in ends:
        under_way = [(end, iter(parents[end]))] if end not in found else []
        while under_way:
            call, rest = under_way[-1]
            for parent in rest:
                if parent not in found:
                    under_way.append((parent, iter(parents[parent])))
                    break
            else:
                under_way.pop()
                found[call] = None
    return list(found)
