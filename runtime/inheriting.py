"""From a finished run to the beginning of another: every weight that still fits, and what the optimizer keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ..compiler.build import Built
from ..compiler.graph import Graph
from .saved import open_model
from .slots import named_slots

if TYPE_CHECKING:
    import keras

CARRIED: Final = "carried.json"
"""In a run folder, what came from another run."""

Way = Literal["kept", "partly", "anew", "learned"]
WORDS: Final[Mapping[Way, str]] = {
    "kept": "keeps its weights",
    "partly": "keeps a part",
    "anew": "begins anew",
    "learned": "learns from the data again",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One layer with weights: what it was called in the other run, what becomes of its weights, and why."""

    layer: str
    before: str | None
    way: Way
    why: str = ""


@dataclass(slots=True)
class Inheritance:
    """What a model takes over from ``run``, a folder or what it is called.

    ``model`` is a trained one; ``pairs`` leads from its layers to the new ones. ``last`` is the optimizer whose numbers
    go on, if it is of the same kind.
    """

    run: Path | str
    model: Path
    old: Graph
    pairs: Mapping[str, str]
    rows: list[Row] = field(default_factory=list)
    slots: tuple[int, int] = (0, 0)
    steps: int | None = None
    last: Any = None
    _taken: list[tuple[keras.Variable, keras.Variable]] = field(default_factory=list)

    def weights(self, graph: Graph, built: Built) -> None:
        """Give the layers of a model all weights that fit; each is looked at by itself.

        Raises:
            RunError: if the trained model can't be opened.
        """
        trained = open_model(self.model)
        self.last = getattr(trained, "optimizer", None)
        self.take(graph, built, {layer.name: layer for layer in trained.layers})

    def take(self, graph: Graph, built: Built, there: Mapping[str, keras.Layer]) -> None:
        """Give the layers of a model all weights that fit of those that are ``there``, by the names of their layers."""
        back = {new: old for old, new in self.pairs.items()}
        strange = self._strange(graph, built, there, back)
        for name, layer in built.layers.items():
            old = back.get(name)
            before = None if old is None else there.get(old, there.get(old.replace(".", "_")))
            if learns(layer):
                self.rows.append(Row(name, old, "learned"))
                continue
            if not layer.weights:
                continue
            if before is None:
                self.rows.append(Row(name, None, "anew", "it is new"))
            elif type(before).__name__ != type(layer).__name__:
                self.rows.append(Row(name, old, "anew", f"was {type(before).__name__}"))
            elif name in strange:
                self.rows.append(Row(name, old, "anew", f"the words of `{strange[name]}` are others now"))
            else:
                self.rows.append(self._layer(name, old, before, layer))

    def _layer(self, name: str, old: str | None, before: keras.Layer, layer: keras.Layer) -> Row:
        wrong = []
        for key, one, other in _alike(before.weights, layer.weights):
            if one is not None and tuple(one.shape) == tuple(other.shape):
                other.assign(one)
                self._taken.append((one, other))
            else:
                wrong.append(f"{key} {'(not there)' if one is None else tuple(one.shape)} → {tuple(other.shape)}")
        way: Way = "kept" if not wrong else "partly" if len(wrong) < len(layer.weights) else "anew"
        return Row(name, old, way, ", ".join(wrong[:3]) + (" …" if len(wrong) > 3 else ""))

    def _strange(
        self, graph: Graph, built: Built, there: Mapping[str, keras.Layer], back: Mapping[str, str]
    ) -> dict[str, str]:
        """Layers whose weights are rows for words that mean something else now → the layer with the words."""
        found: dict[str, str] = {}
        for name, layer in built.layers.items():
            before = there.get(back.get(name, ""))
            if before is None or not hasattr(layer, "get_vocabulary") or not hasattr(before, "get_vocabulary"):
                continue
            if list(layer.get_vocabulary()) == list(before.get_vocabulary()):
                continue
            waiting = [name]
            while waiting:
                source = waiting.pop()
                for other, node in graph.nodes.items():
                    if other not in found and any(edge.source == source for edge in node.edges):
                        found[other] = name
                        owner = built.layers.get(node.shared or other)
                        if owner is None or not owner.weights:
                            waiting.append(other)
        return found

    def optimizer(self, optimizer: Any) -> None:
        """Give an optimizer of the same kind what the trained model's kept for the weights that were taken over."""
        last = self.last
        new = named_slots(optimizer.variables)
        if last is not None and type(last).__name__ == type(optimizer).__name__:
            old = named_slots(last.variables)
            count = 0
            for key, one, other in self._slots(old, new):
                other.assign(one)
                count += key != "iteration"
            self.slots = count, sum(_is_slot(key) for key in new)
            if "iteration" in old:
                self.steps = int(old["iteration"].numpy() if hasattr(old["iteration"], "numpy") else old["iteration"])
        else:
            self.slots = 0, sum(_is_slot(key) for key in new)
        self.last = None  # it is not needed any longer, and takes as much memory as the model
        self._taken.clear()

    def _slots(
        self, old: Mapping[str, keras.Variable], new: Mapping[str, keras.Variable]
    ) -> Iterator[tuple[str, keras.Variable, keras.Variable]]:
        """What is kept for weights that were taken over, and the number of steps, by which averages are corrected."""
        if "iteration" in old and "iteration" in new:
            yield "iteration", old["iteration"], new["iteration"]
        names = {one.path.replace("/", "_"): other.path.replace("/", "_") for one, other in self._taken}
        for key, one in old.items():
            # The longest name that fits: `dense_1_kernel` begins like `dense_1`.
            for end in range(len(key), 0, -1):
                if key[end : end + 1] == "_" and key[:end] in names:
                    other = new.get(names[key[:end]] + key[end:])
                    if other is not None and tuple(other.shape) == tuple(one.shape):
                        yield key, one, other
                    break

    def lines(self) -> list[str]:
        """What was carried, as a table for people."""
        kept = sum(row.way == "kept" for row in self.rows)
        count = sum(row.way != "learned" for row in self.rows)
        width = max((len(row.layer) for row in self.rows), default=0)
        found = [f"from {self.run}: {kept} of {count} layers with weights keep them"]
        for row in self.rows:
            name = f" (was {row.before})" if row.before not in (None, row.layer) else ""
            found.append(f"  {row.layer:<{width}}  {WORDS[row.way]}{f': {row.why}' if row.why else ''}{name}")
        done, every = self.slots
        on = "" if self.steps is None else f"; its count of steps goes on at {self.steps:,}"
        found.append(f"  the optimizer keeps {done} of {every} of its numbers for weights{on}" if done else
                     "  the optimizer begins anew")  # fmt: skip
        return found

    def table(self) -> dict[str, Any]:
        """What was carried, for the run folder."""
        return {
            "from": str(self.run),
            "layers": [
                {"layer": row.layer, "before": row.before, "weights": row.way, "why": row.why} for row in self.rows
            ],
            "optimizer": {"kept": self.slots[0], "of": self.slots[1], "iterations": self.steps},
        }


def learns(layer: Any) -> bool:
    """Whether a layer learns from data before training: it did so again by now."""
    return hasattr(layer, "adapt") and not layer.trainable_weights


def _is_slot(key: str) -> bool:
    return key not in ("iteration", "learning_rate") and "_" in key


def _alike(
    old: Sequence[keras.Variable], new: Sequence[keras.Variable]
) -> Iterable[tuple[str, keras.Variable | None, keras.Variable]]:
    """The weights of a layer with those of the same place in the other; by name, where they are not as many."""
    if len(old) == len(new):
        return [(other.name, one, other) for one, other in zip(old, new, strict=True)]
    named = {one.path.partition("/")[2]: one for one in old}
    return [(other.name, named.get(other.path.partition("/")[2]), other) for other in new]
