"""From flat spec data to spec data with blocks and repetitions: the same network, as somebody would have written it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...spec.to_toml import toml_text
from .fold_blocks import Cut, cut, make, rename
from .fold_lines import Body, Layers, NotFlat, layers_of
from .fold_order import arrange
from .fold_proof import same_network
from .fold_runs import collapse, runs
from .fold_search import repeated
from .fold_variants import absorb, unite
from .fold_written import data_of

_ROUNDS: Final = 300
"""No more steps are taken than this."""
MOST_INPUTS: Final = 3
_TRIED: Final = 400
"""So many groups of windows are worked out in a round; they are sought by what they promise."""
_LEAST: Final = 2.0
"""So many lines, about, a block must save."""


def fold(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same network with blocks and `repeat`, wherever that is shorter.

    ``data`` is a spec without parameters and repetitions, as plain tables and lists. Parallel branches are brought
    into one piece each, which changes nothing in the model. What comes back was written out again and compared with
    ``data`` entry by entry. Names of layers inside blocks change; those that anything refers to stay.
    """
    try:
        flat = _layers(data)
    except NotFlat:
        return dict(data)
    arranged = data_of(flat, data)
    rounds, back = _ROUNDS, 1
    while True:
        layers = _layers(data)
        done = _folded(layers, rounds)
        if not done:
            return dict(data)
        found = data_of(layers, data)
        if same_network(arranged, found):
            return found if _lines(found) <= _lines(data) else dict(data)
        rounds, back = max(0, done - back), 2 * back


def _lines(data: Mapping[str, Any]) -> int:
    return toml_text(data).count("\n")


def _layers(data: Mapping[str, Any]) -> Layers:
    found = layers_of(data)
    for body in found.bodies():
        arrange(body)
    return found


def _folded(layers: Layers, rounds: int) -> int:
    """Fold the layers in at most so many rounds; how many there were."""
    given = list(layers.bodies())
    done = 0
    for bodies, inputs in ((given, 1), (None, 1), (given, MOST_INPUTS), (None, MOST_INPUTS)):
        while done < rounds:
            for body in layers.bodies():
                collapse(body)
            if not (unite(layers) or absorb(layers)):
                best = _best(layers, list(bodies or layers.bodies()), inputs)
                if best is None:
                    break
                make(best, layers)
            done += 1
    if done < rounds:
        runs(layers)
        rename(layers)
        done += 1
    return done


def _best(layers: Layers, bodies: Sequence[Body], inputs: int) -> Cut | None:
    best: Cut | None = None
    for group in repeated(layers, bodies, inputs)[:_TRIED]:
        if best is not None and group.saving * 1.2 < best.saving:
            break
        found = cut(group, layers)
        if found is not None and found.saving > _LEAST and (best is None or found.saving > best.saving + 1e-9):
            best = found
    return best
