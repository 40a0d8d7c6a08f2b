"""From a trained model and rows to a Judgement: what it takes for what, how often, and where it is most wrong."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from ..compiler.graph import TypedGraph
from .confusion import ClassRow, of_labels, of_matrix
from .data import Rows
from .deferred import Deferred
from .feed import feed
from .feeds import flat, inputs_only
from .interface import Interface, OutputColumns
from .labels import BINARY, HINGE
from .predict import chances, read_output

if TYPE_CHECKING:
    import keras
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

WORST: Final = 12
"""So many rows with the highest loss are kept."""

PAIRS: Final = 1000
"""So many pairs of true and predicted numbers are kept, spread over all rows."""

Kind = Literal["classes", "labels", "numbers"]


@dataclass(slots=True)
class Verdict:
    """What one output got right, added up batch by batch.

    ``kind`` is ``classes`` where it chooses one of several, ``labels`` where it says yes or no to each of several, and
    ``numbers`` else. ``matrix`` counts: of ``classes``, true ones down and predicted ones across; of ``labels``, a row
    a label with true positives, false positives, false negatives and true negatives. ``counted`` is the number of
    answers, more than one a row where each step or pixel has its own; ``right`` how many of them were right. Of numbers
    ``sums`` has what errors are computed from, and ``pairs`` some true and predicted ones.
    """

    name: str
    kind: Kind
    classes: tuple[str, ...]
    matrix: Array | None = None
    counted: int = 0
    right: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    pairs: list[tuple[float, float]] = field(default_factory=list)

    def rows(self) -> tuple[ClassRow, ...]:
        """Precision, recall and F1 of each class or label."""
        if self.matrix is None:
            return ()
        return (of_matrix if self.kind == "classes" else of_labels)(self.matrix, self.classes)

    @property
    def errors(self) -> dict[str, float]:
        """Of numbers: how far they are off on average, and how far the mean of all true ones would be."""
        count, sums = self.counted, self.sums
        if not count or not sums:
            return {}
        mean = sums["true"] / count
        spread = max(sums["true_squared"] / count - mean**2, 0.0)
        squared = sums["squared"] / count
        return {
            "mean_absolute_error": sums["absolute"] / count,
            "root_mean_squared_error": squared**0.5,
            "standard_deviation": spread**0.5,
            "r2": 1 - squared / spread if spread > 0 else float("nan"),
            "least": sums["least"],
            "most": sums["most"],
        }


@dataclass(frozen=True, slots=True)
class Wrong:
    """One row on which the loss is high: its number in the part from 0, what is true and what the model says."""

    row: int
    output: str
    loss: float
    truth: str
    said: str
    sure: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a model does on the rows of a part, output by output; ``worst`` first what it is most wrong about."""

    part: str
    rows: int
    verdicts: tuple[Verdict, ...]
    worst: tuple[Wrong, ...]


def judge(
    typed: TypedGraph, model: keras.Model, interface: Interface, part: str, rows: Rows, batch_size: int | None = None
) -> Judgement:
    """Go once through all rows, a batch at a time; ``model`` takes raw values, as the saved one does.

    The loss of a row is that of the spec, of each output apart; loss terms and weights of rows are not in it.
    """
    import numpy as np

    compared = [one for one in interface.outputs if one.name in rows.targets]
    verdicts = {one.name: _fresh(one) for one in compared}
    losses = row_losses(typed, [one.name for one in compared])
    worst: list[tuple[float, int, Wrong]] = []
    size = batch_size or interface.batch_size
    stride = max(1, rows.count // PAIRS)
    first = kept = 0
    masked = masks_of(model, interface.form.outputs)
    for batch in _batches(feed(inputs_only(rows), interface.form, size)):
        given = model.predict_on_batch(batch[0])
        values = given if isinstance(given, Mapping) else dict(zip(interface.form.outputs, flat(given), strict=True))
        there = masked(batch[0])
        for one in compared:
            said = np.asarray(values[one.name])
            chosen = slice(first, first + len(said))
            true = np.asarray(rows.targets[one.name][chosen])
            verdict = verdicts[one.name]
            steps = _steps(rows.targets[one.name], chosen, true, said, there.get(one.name))
            _count(verdict, one, true, said, stride, first, steps)
            loss = losses[one.name](true, said, steps)
            if loss is None:
                continue
            for index in np.argsort(-loss, kind="stable")[:WORST].tolist():
                if len(worst) == WORST and loss[index] <= worst[0][0]:
                    break
                own = slice(None) if steps is None or not steps[index].any() else steps[index]
                told = _words(one, verdict, *((true, said) if steps is None else (true[:, own], said[:, own])), index)
                wrong = Wrong(first + index, one.name, float(loss[index]), *told)
                kept += 1
                entry = (wrong.loss, -kept, wrong)
                (heapq.heappush if len(worst) < WORST else heapq.heappushpop)(worst, entry)
        first += len(said) if compared else size
    ordered = tuple(one[2] for one in sorted(worst, key=lambda one: (-one[0], -one[1])))
    return Judgement(part, rows.count, tuple(verdicts.values()), ordered)


def _batches(batches: Any) -> Any:
    return batches if hasattr(batches, "map") else (batches[index] for index in range(len(batches)))


def _fresh(one: OutputColumns) -> Verdict:
    """A verdict on nothing yet."""
    import numpy as np

    head, encoding = one.head, one.encoding
    names = encoding.classes if encoding is not None else None
    if head.kind == "binary":
        classes = names or ("0", "1")
        return Verdict(one.name, "classes", classes, np.zeros((2, 2), np.int64))
    if head.kind == "classes" or (encoding is not None and encoding.form == "one_hot"):
        count = head.units or (len(names) if names else 0)
        classes = names or tuple(str(index) for index in range(count))
        return Verdict(one.name, "classes", classes, np.zeros((len(classes), len(classes)), np.int64))
    if head.loss in BINARY | HINGE and head.units is not None:
        classes = one.columns if len(one.columns) == head.units else tuple(str(index) for index in range(head.units))
        classes = names if names is not None and len(names) == head.units else classes
        return Verdict(one.name, "labels", classes, np.zeros((len(classes), 4), np.int64))
    return Verdict(one.name, "numbers", ())


def masks_of(model: keras.Model, names: Sequence[str]) -> Callable[[Any], dict[str, Array]]:
    """A function of a batch of inputs that gives, by output, which steps of each row count: where the model says it."""
    import keras
    import numpy as np

    graph = getattr(model, "seen", model)  # around a graph with loss terms is another model
    symbols = getattr(graph, "outputs", None) or ()
    found = {name: mask for name, one in zip(names, symbols, strict=False) if (mask := get_mask(one)) is not None}
    if not found:
        return lambda batch: {}
    seen = keras.Model(graph.inputs, [*found.values()])

    def masked(batch: Any) -> dict[str, Array]:
        given = flat(seen.predict_on_batch(batch))
        return {name: np.asarray(one, bool) for name, one in zip(found, given, strict=True)}

    return masked


def get_mask(tensor: Any) -> Any:
    """The mask that Keras has put on a tensor; None where it has none."""
    return getattr(tensor, "_keras_mask", None)


def _steps(target: Any, chosen: slice, true: Array, said: Array, mask: Array | None) -> Array | None:
    """Which steps are a row's own, where rows of unequal length were filled up to the longest of their batch, or a mask
    says which steps of the output count."""
    import numpy as np

    if true.ndim < 2 or said.ndim < 2 or true.shape[1] != said.shape[1]:
        return None
    lengths = target.own(chosen) if isinstance(target, Deferred) else None
    there: Array | None = None if mask is None or mask.shape != said.shape[:2] else mask
    if lengths is not None:
        own = np.arange(true.shape[1]) < lengths[:, None]
        there = own if there is None else own & there
    return there


def _count(
    verdict: Verdict, one: OutputColumns, true: Array, said: Array, stride: int, first: int, steps: Array | None
) -> None:
    """Add a batch to what was counted; of rows that were filled up only the ``steps`` that are their own."""
    import numpy as np

    if verdict.kind == "numbers":
        if true.size == said.size:
            count = len(true)
            if steps is not None:
                true, said, count = true[steps], said[steps], int(steps.sum())
            if count:
                _measure(verdict, true.reshape(count, -1), said.reshape(count, -1), stride, first)
        return
    assert verdict.matrix is not None
    if verdict.kind == "labels":
        yes, expected = (
            _yes(one, said).reshape(-1, len(verdict.classes)),
            (true > 0.5).reshape(-1, len(verdict.classes)),
        )
        for column, (a, b) in enumerate([(1, 1), (1, 0), (0, 1), (0, 0)]):
            verdict.matrix[:, column] += ((yes == a) & (expected == b)).sum(0)
        verdict.counted += yes.size
        verdict.right += int((yes == expected).sum())
        return
    expected, answered = _index(one, true, said)
    size = len(verdict.classes)
    known = (expected >= 0) & (expected < size)
    if one.head.ignored is not None:
        known &= expected != one.head.ignored
    if steps is not None and steps.size == known.size:
        known &= steps.reshape(-1)
    pairs = np.bincount(expected[known] * size + answered[known], minlength=size * size)
    verdict.matrix += pairs.reshape(size, size)
    verdict.counted += int(known.sum())
    verdict.right += int((expected[known] == answered[known]).sum())


def _measure(verdict: Verdict, true: Array, said: Array, stride: int, first: int) -> None:
    """Add the errors of a batch; of every ``stride``-th row one number is kept with what was said of it."""
    import numpy as np

    true, said = true.astype(np.float64), said.astype(np.float64)
    off, sums = said - true, verdict.sums
    added = {
        "absolute": np.abs(off).sum(), "squared": (off**2).sum(), "true": true.sum(), "true_squared": (true**2).sum()
    }  # fmt: skip
    for name, value in added.items():
        sums[name] = sums.get(name, 0.0) + float(value)
    sums["least"] = min(sums.get("least", np.inf), float(true.min()))
    sums["most"] = max(sums.get("most", -np.inf), float(true.max()))
    verdict.counted += true.size
    chosen = np.arange(-first % stride, len(true), stride)[: PAIRS - len(verdict.pairs)]
    which = (first + chosen) // stride % true.shape[1]
    verdict.pairs += zip(true[chosen, which].tolist(), said[chosen, which].tolist(), strict=True)


def _yes(one: OutputColumns, said: Array) -> Array:
    """Where an output that answers yes or no says yes."""
    return said > 0 if one.head.loss in HINGE or one.head.logits else said >= 0.5


def _index(one: OutputColumns, true: Array, said: Array) -> tuple[Array, Array]:
    """True and predicted classes as numbers, an entry an answer."""
    import numpy as np

    if one.head.kind == "binary":
        return (true > 0.5).reshape(-1).astype(np.int64), _yes(one, said).reshape(-1).astype(np.int64)
    answered = said.argmax(-1)
    expected = true if true.ndim <= answered.ndim and true.size == answered.size else true.argmax(-1)
    return expected.reshape(-1).astype(np.int64), answered.reshape(-1).astype(np.int64)


def _words(one: OutputColumns, verdict: Verdict, true: Array, said: Array, index: int) -> tuple[str, str, float | None]:
    """What is true of a row, what the model says, and how probable it thinks that."""
    import numpy as np

    if verdict.kind == "numbers":
        return _listed(true[index]), _listed(said[index]), None
    if verdict.kind == "labels":
        expected, yes = (true[index] > 0.5).reshape(-1), _yes(one, said[index]).reshape(-1)
        names = verdict.classes
        if len(expected) != len(names):
            return "", f"{int((expected == yes).sum())} of {len(yes)} right", None
        return _every(names, expected), _every(names, yes), None
    expected, answered = _index(one, true[index : index + 1], said[index : index + 1])
    if len(expected) > 1:  # an answer for each step or pixel
        right = int((expected == answered).sum())
        if len(expected) <= 12:
            return _joined(verdict.classes, expected), _joined(verdict.classes, answered), None
        return "", f"{right} of {len(expected)} right", right / len(expected)
    likely = chances(one, said[index : index + 1]).reshape(-1)
    sure = None
    if one.head.loss not in HINGE:
        p = float(likely[int(answered[0])]) if len(likely) > 1 else float(likely[0])
        sure = p if len(likely) > 1 or answered[0] else 1 - p
    label = read_output(one, said[index : index + 1]).labels
    assert label is not None
    named = str(np.asarray(label).reshape(-1)[0])
    truth = int(expected[0])
    return (verdict.classes[truth] if 0 <= truth < len(verdict.classes) else str(truth)), named, sure


def _every(names: Sequence[str], flags: Array) -> str:
    return ", ".join(name for name, flag in zip(names, flags.tolist(), strict=True) if flag) or "none"


def _joined(names: Sequence[str], indices: Array) -> str:
    return " ".join(names[index] if 0 <= index < len(names) else str(index) for index in indices.tolist())


def _listed(values: Array, shown: int = 6) -> str:
    numbers = values.reshape(-1).astype(float).tolist()
    return ", ".join(f"{one:.4g}" for one in numbers[:shown]) + (", …" if len(numbers) > shown else "")


def row_losses(typed: TypedGraph, outputs: Sequence[str]) -> dict[str, Any]:
    """By output, a function of true and predicted values, and of which steps count, where not all do: the loss of each
    row, or None where it has none."""
    from .compile import loss_in

    return {name: _by_row(loss_in(typed, name)) for name in outputs}


def _by_row(loss: Any) -> Any:
    import numpy as np

    def computed(true: Array, said: Array, steps: Array | None = None) -> Array | None:
        import keras

        if loss is None:
            return None
        try:
            expected = keras.ops.convert_to_tensor(true, dtype=keras.config.floatx())
            answered = keras.ops.convert_to_tensor(said)
            found = keras.ops.convert_to_numpy(loss(expected, answered))
        except (ValueError, TypeError):  # one that compares rows with each other, or a batch of another size
            return None
        if found.ndim == 0 or len(found) != len(said):
            return None
        if steps is not None and found.shape[:2] == steps.shape:
            each = found.reshape(*steps.shape, -1).mean(axis=2, dtype=np.float64)
            total = np.where(steps, each, 0).sum(axis=1)
            by_row: Array = total / np.maximum(steps.sum(axis=1), 1)
        else:
            by_row = found.reshape(len(found), -1).mean(axis=1, dtype=np.float64)
        return np.where(np.isnan(by_row), np.inf, by_row)

    return computed
