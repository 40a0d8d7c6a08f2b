"""From targets to how much each row counts: class weights that are given, balanced, or moved by recall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..compiler.graph import TypedGraph
from ..spec.finding import Finding
from ..spec.problem import Problem
from .deferred import Deferred
from .labels import HINGE, Encoding, Head

if TYPE_CHECKING:
    import numpy as np

    from .data import Prepared

    Array = np.ndarray[Any, np.dtype[Any]]

AT_ONCE: Final = 4096
"""Rows that are looked at together."""

FARTHEST: Final = 10.0
"""An adaptive weight stays between a tenth of the balanced one and ten times it."""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The classes that one output's target tells apart.

    ``labels`` are their names in order; ``target`` is an array, or what stands for one.
    """

    labels: tuple[str, ...]
    target: Any
    one_hot: bool
    head: Head

    def indices(self, chosen: Any) -> Array:
        """The class of each of these rows, or of each of their steps; -1 where the loss passes over it."""
        import numpy as np

        target = np.asarray(self.target[chosen])
        found: Array = target.argmax(-1) if self.one_hot else target.astype(np.int64)
        if not self.one_hot and found.ndim > 1 and found.shape[-1] == 1:
            found = found[..., 0]
        passed = found == self.head.ignored if self.head.ignored is not None else np.zeros(found.shape, bool)
        found = np.clip(found, 0, len(self.labels) - 1)
        found[passed] = -1
        return found

    def counts(self, rows: Array) -> Array:
        """How often each class stands in these rows."""
        import numpy as np

        total = np.zeros(len(self.labels), np.int64)
        for start in range(0, len(rows), AT_ONCE):
            found = self.indices(rows[start : start + AT_ONCE])
            total += np.bincount(found[found >= 0], minlength=len(total))
        return total

    def weights(self, table: Array) -> Any:
        """How much each row counts, by a table of the classes; read anew for each batch, so the table may change."""
        import numpy as np

        def read(chosen: Array) -> Array:
            found = self.indices(chosen)
            return np.where(found < 0, np.float32(1), table[found]).astype(np.float32)

        if isinstance(self.target, Deferred):
            return Deferred(read, np.arange(len(self.target)), self.target.sizes[:-1], np.dtype(np.float32))
        return read(np.arange(len(self.target)))

    def hits(self, predicted: Array, chosen: Array) -> tuple[Array, Array]:
        """Of what an output gives for these rows: how often each class stands there, and how often it is found."""
        import numpy as np

        truth = self.indices(chosen)
        if self.head.units == 1:
            limit = 0.0 if self.head.logits or self.head.loss in HINGE else 0.5
            guess = (predicted.reshape(truth.shape) > limit).astype(np.int64)
        else:
            guess = predicted.argmax(-1).reshape(truth.shape)
        size, known = len(self.labels), truth >= 0
        return (
            np.bincount(truth[known], minlength=size),
            np.bincount(truth[known & (truth == guess)], minlength=size),
        )


def classes_of(
    targets: Mapping[str, Any], encodings: Mapping[str, Encoding], heads: Mapping[str, Head]
) -> dict[str, Classes]:
    """The classes of every output whose target has any."""
    found = {}
    for name, encoding in encodings.items():
        head = heads[name]
        size = 2 if head.kind == "binary" or head.units == 1 else head.units or 0
        if head.kind != "numbers" or encoding.form in ("one_hot", "index"):
            labels = tuple(encoding.classes or (str(index) for index in range(size)))
            found[name] = Classes(labels, targets[name], encoding.form == "one_hot" or _wide(targets[name], head), head)
    return found


def _wide(target: Any, head: Head) -> bool:
    """Whether a target that is taken as it is has a number for each class."""
    return head.kind == "classes" and head.loss is not None and head.loss.startswith("Categorical") and (
        target.ndim == len(head.shape) + 1 and target.shape[-1] == head.units and head.units != 1
    )  # fmt: skip


def balanced(counts: Array) -> Array:
    """The weight of each class so that all classes count the same together.

    ``rows / (classes * rows of the class)``, as scikit-learn's ``compute_class_weight("balanced")`` has it; only
    classes that there are rows of are counted, and the others weigh 1.
    """
    import numpy as np

    there = counts > 0
    table = np.ones(len(counts), np.float64)
    table[there] = counts.sum() / (there.sum() * counts[there])
    return table.astype(np.float32)


def class_weights(
    typed: TypedGraph,
    targets: Mapping[str, Any],
    encodings: Mapping[str, Encoding],
    heads: Mapping[str, Head],
    train: Array,
) -> dict[str, Any]:
    """How much each row counts, where ``class_weight`` says so; ``train`` are the rows that are trained on.

    Classes that a table does not name count 1. Those that are balanced are counted in the rows of training alone;
    with ``"adaptive"`` training begins with the same weights.

    Raises:
        Problem: E403 for a class that no target has, or where no target has classes.
    """
    import numpy as np

    training = typed.graph.spec.training
    if training is None or not training.class_weight:
        return {}
    known = classes_of(targets, encodings, heads)
    stated, at = training.class_weight, (*training.pointer, "class_weight")
    if isinstance(stated, str):
        if not known:
            raise Problem(Finding("E403", "no target of this model has classes that could be weighed", at,
                                  help="leave `class_weight` out"))  # fmt: skip
        return {name: one.weights(balanced(one.counts(train))) for name, one in known.items()}
    every = [label for one in known.values() for label in one.labels]
    findings = [
        Finding("E403", f'there is no class "{label}"', (*at, label), "key",
                help=f"the classes are {', '.join(every[:12])}" if every else "no target of this model has classes")
        for label in stated
        if label not in every
    ]  # fmt: skip
    if findings:
        raise Problem(*findings)
    return {
        name: one.weights(np.array([stated.get(label, 1.0) for label in one.labels], np.float32))
        for name, one in known.items()
    }


class Adaptive:
    """Class weights that move towards classes that the model misses.

    Training begins with balanced weights. After each epoch the recall of every class is measured on the rows of
    training: the share of its rows that the model finds. Then each class's weight is multiplied by ``e`` to the power
    of ``mean recall - its recall``, kept between a tenth of its balanced weight and ten times it, and all are scaled so
    that the rows of training weigh 1 on average, as they do when balanced. Nothing of it is random.
    """

    def __init__(self, classes: Mapping[str, Classes], rows: int) -> None:
        import numpy as np

        self.classes = classes
        self.rows = rows
        self.counts = {name: one.counts(np.arange(rows)) for name, one in classes.items()}
        self.start = {name: balanced(counts) for name, counts in self.counts.items()}
        self.tables = {name: table.copy() for name, table in self.start.items()}
        self.factors = {name: np.ones(len(table)) for name, table in self.tables.items()}

    def weights(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Weights for the feed that follow the tables; what else ``given`` weights say stays in them."""
        import numpy as np

        made = dict(given)
        for name, one in self.classes.items():
            sizes = tuple(given[name].shape[1:])

            def read(chosen: Array, one: Classes = one, own: Any = given[name], name: str = name) -> Array:
                found = one.indices(chosen)
                ratio = (self.tables[name] / self.start[name])[found]
                moved: Array = np.where(found < 0, own[chosen], own[chosen] * ratio).astype(np.float32)
                return moved

            made[name] = Deferred(read, np.arange(self.rows), sizes, np.dtype(np.float32))
        return made

    def epoch(self, outputs: Iterable[Mapping[str, Array]]) -> Iterator[dict[str, Any]]:
        """Move the weights by what the outputs give for the rows in order, batch by batch; a row for each class."""
        import numpy as np

        there = {name: np.zeros(len(table), np.int64) for name, table in self.tables.items()}
        found = {name: np.zeros(len(table), np.int64) for name, table in self.tables.items()}
        first = 0
        for batch in outputs:
            count = len(next(iter(batch.values())))
            for name, one in self.classes.items():
                more, hits = one.hits(batch[name], np.arange(first, first + count))
                there[name] += more
                found[name] += hits
            first += count
        for name, one in self.classes.items():
            seen = there[name] > 0
            recall = np.where(seen, found[name] / np.maximum(there[name], 1), np.nan)
            before = self.tables[name].copy()
            self._move(name, recall, seen)
            for index in np.flatnonzero(seen):
                yield {
                    "output": name,
                    "class": one.labels[index],
                    "recall": float(recall[index]),
                    "weight": float(before[index]),
                    "next": float(self.tables[name][index]),
                }

    def _move(self, name: str, recall: Array, seen: Array) -> None:
        import numpy as np

        factors = self.factors[name]
        factors[seen] = np.clip(factors[seen] * np.exp(recall[seen].mean() - recall[seen]), 1 / FARTHEST, FARTHEST)
        counts = self.counts[name]
        table = self.start[name] * factors
        self.tables[name][:] = table * (counts.sum() / (counts * table).sum())


def weighed(typed: TypedGraph, prepared: Prepared) -> tuple[Prepared, Adaptive | None]:
    """The rows with the weights that a training section asks for, times those that they have.

    Raises:
        Problem: what ``class_weights`` raises.
    """
    import numpy as np

    training = typed.graph.spec.training
    train = prepared.parts["train"]
    made = class_weights(typed, train.targets, prepared.encodings, prepared.heads, np.arange(train.count))
    if training is None or not made:
        return prepared, None
    weights = {**train.weights, **{name: _times(train.weights.get(name), one) for name, one in made.items()}}
    adaptive = None
    if training.class_weight == "adaptive":
        adaptive = Adaptive(classes_of(train.targets, prepared.encodings, prepared.heads), train.count)
        weights = adaptive.weights(weights)
    rows = replace(train, weights=weights)
    return replace(prepared, parts={**prepared.parts, "train": rows}), adaptive


def _times(own: Any, more: Any) -> Any:
    """How much rows count for two reasons."""
    import numpy as np

    if own is None:
        return more
    if isinstance(own, Deferred) or isinstance(more, Deferred) or own.ndim != more.ndim:
        sizes = more.shape[1:]

        def read(chosen: Array) -> Array:
            first, second = np.asarray(own[chosen]), np.asarray(more[chosen])
            both: Array = first.reshape(first.shape + (1,) * (second.ndim - first.ndim)) * second
            return both.astype(np.float32)

        return Deferred(read, np.arange(len(more)), tuple(sizes), np.dtype(np.float32))
    return (own * more).astype(np.float32)
