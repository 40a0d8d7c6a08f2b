"""From Run and new rows to predictions: class names where labels were words, numbers elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .data import Rows
from .deferred import Deferred
from .environment import backend
from .feed import feed
from .feeds import flat, inputs_only
from .interface import Interface, OutputColumns
from .labels import BINARY, HINGE
from .progress import SILENT, Progress
from .reuse import file_of, interface_of_run, used_of
from .run import RunError, open_run
from .table import Table
from .unopened import Unopened
from .unreadable import reading

if TYPE_CHECKING:
    import keras
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

BATCH: Final = 256
"""Rows in a batch, at least, where nothing is learned from them."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one output says.

    ``values`` are the model's numbers, rows first: probabilities where it classifies. ``labels`` has the
    class of each row (of each step of a row) as a name, or as a whole number where classes have no names;
    None where the output gives numbers. ``classes`` are the names in the order of ``values``' last axis.
    ``steps`` says how many steps of each row are its own, where rows were filled up to the longest of their batch;
    numbers behind them are NaN. ``unequal``: the number of steps is not the same in every batch.
    """

    values: Array
    labels: Array | None
    classes: tuple[str, ...] | None
    steps: Array | None = None
    unequal: bool = False


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions by output. ``rows`` says which rows of the input they are for: rows with missing values that
    the spec leaves out have none, nor do those of ``short``, before which too few rows come to fill a window.
    ``count`` is the number of rows of the input."""

    outputs: Mapping[str, Prediction]
    rows: Array
    count: int
    short: tuple[range, ...] = ()

    @property
    def columns(self) -> dict[str, list[Any]]:
        """As a table with a row for every row of the input; None where there is no prediction.

        One output gives ``prediction`` and, where it classifies, ``probability_CLASS`` for each class; with
        several outputs, each stands behind its output's name and a dot. A row of steps, of which rows have unequal
        numbers, is one cell, with the answers apart by blanks.
        """
        table: dict[str, list[Any]] = {}
        for name, one in self.outputs.items():
            prefix = f"{name}." if len(self.outputs) > 1 else ""
            for column, values in _columns(one):
                cells: list[Any] = [None] * self.count
                for row, value in zip(self.rows.tolist(), values, strict=True):
                    cells[row] = value
                table[prefix + column] = cells
        return table

    def csv(self) -> str:
        """The table as CSV; empty cells where there is no prediction."""
        from io import StringIO

        from .written import write_csv

        stream = StringIO()
        write_csv([self.columns], stream)
        return stream.getvalue()


@dataclass(frozen=True, slots=True)
class Piece:
    """The predictions for the rows of one batch; ``rows`` are their numbers in the input."""

    outputs: Mapping[str, Prediction]
    rows: Array

    @property
    def columns(self) -> dict[str, list[Any]]:
        """As ``Predictions.columns``, for the rows of the batch alone."""
        return Predictions(self.outputs, _counting(len(self.rows)), len(self.rows)).columns


@dataclass(frozen=True, slots=True)
class Asked:
    """A trained model and the rows that it is asked about, batch by batch; ``count`` is the number of rows of the
    input, ``kept`` says which of them are asked about, in order, ``short`` which are not because too few rows come
    before to fill a window. ``skipped`` says of rows that can't be read, why; ``unread`` of them have a number."""

    interface: Interface
    model: keras.Model
    rows: Rows
    kept: Array
    count: int
    short: tuple[range, ...] = ()
    skipped: tuple[str, ...] = ()
    unread: int = 0

    def pieces(self) -> Iterator[Piece]:
        """The predictions, a batch at a time."""
        form, first = self.interface.form, 0
        batches = feed(inputs_only(self.rows), form, max(self.interface.batch_size, BATCH))
        for batch in _read(batches if hasattr(batches, "map") else (batches[index] for index in range(len(batches)))):
            given = self.model.predict_on_batch(batch[0])
            by_name = given if form.named else dict(zip(form.outputs, flat(given), strict=True))
            outputs = {one.name: read_output(one, by_name[one.name]) for one in self.interface.outputs}
            size = len(next(iter(outputs.values())).values)
            steps, width = self._steps(slice(first, first + size))
            outputs = {name: _of_steps(one, steps, width) for name, one in outputs.items()}
            yield Piece(outputs, self.kept[first : first + size])
            first += size

    def _steps(self, chosen: slice) -> tuple[Array | None, int]:
        """How long these rows are before they are filled up, and then: of inputs of unequal length, all alike."""
        import numpy as np

        inputs: Iterable[Any] = self.rows.inputs.values()
        every = [(one, one.own(chosen)) for one in inputs if isinstance(one, Deferred)]
        found = [(one.sizes[0], own) for one, own in every if own is not None]
        if not found or not all(np.array_equal(own, found[0][1]) for _, own in found):
            return None, 0
        size, own = found[0]
        return own, int(own.max(initial=0)) if size is None else size


def _read(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches, one after the other.

    Raises:
        Problem: E407 for a file that can't be read.
    """
    left = iter(batches)
    while True:
        with reading():
            batch = next(left, None)
        if batch is None:
            return
        yield batch


def _of_steps(one: Prediction, steps: Array | None, width: int) -> Prediction:
    """An answer for each step, with how many of them are a row's own; any other as it is."""
    import numpy as np

    if steps is None or one.values.ndim < 2 or one.values.shape[1] != width:
        return one
    if one.labels is not None:
        return replace(one, steps=steps) if one.labels.ndim == 2 else one
    if not one.unequal and one.values.ndim < 3:
        return one  # as many numbers as there are steps, by chance
    there = (np.arange(width) < steps[:, None]).reshape(*one.values.shape[:2], *[1] * (one.values.ndim - 2))
    return replace(one, values=np.where(there, one.values, np.float32(np.nan)), steps=steps)


def ask(run: str | Path, data: str | Path | Table | Unopened, show: Progress = SILENT) -> Asked:
    """Open a trained model and the rows that it is to be used on: a file as ``predict`` takes it, a table, or a source.
    Rows that do not fit into memory, or are not to be kept there, are read by the batch; ``show`` hears how far going
    through them has come.

    Raises:
        RunError: if ``run`` is no run folder with a model, or there is no such file.
        Problem: E402 to E412, at their places in the spec as trained, for data that does not fit.
    """
    found = open_run(run)
    interface = interface_of_run(found.folder)
    if backend() != "tensorflow" and any(one.dtype == "string" for one in interface.inputs):
        raise RunError(f"this model reads text, and Keras runs on {backend()} here: set KERAS_BACKEND=tensorflow")
    source = data if isinstance(data, (Table, Unopened)) else file_of(Path(data), interface)
    used = used_of(interface, source, targets=False, show=show)
    return Asked(interface, found.model(), used.rows, used.kept, used.count, used.short, used.skipped, used.unread)


def predict(run: str | Path, data: str | Path | Table | Unopened, show: Progress = SILENT) -> Predictions:
    """Use a trained model on a file with the columns of its inputs; targets need not be there.

    The ending of its name says what the file is: CSV, JSON lines, Parquet, NPZ, NPY, IDX or TFRecord. A model that
    was trained with a folder of pictures, sounds or texts takes such a folder, or a single such file.

    Raises:
        RunError: if ``run`` is no run folder with a model, or there is no such file.
        Problem: E402 to E412, at their places in the spec as trained, for data that does not fit.
    """
    asked = ask(run, data, show)
    return together(asked.pieces(), asked)


def together(pieces: Iterable[Piece], asked: Asked) -> Predictions:
    """The predictions of all batches as one."""
    import numpy as np

    parts = list(pieces)
    outputs = {}
    for one in asked.interface.outputs:
        found = [piece.outputs[one.name] for piece in parts]
        labels = [part.labels for part in found if part.labels is not None]
        steps = [part.steps for part in found if part.steps is not None]
        values = np.concatenate(_widened([part.values for part in found], np.nan))
        outputs[one.name] = Prediction(
            values,
            np.concatenate(_widened(labels, "" if labels[0].dtype.kind == "O" else 0)) if labels else None,
            found[0].classes,
            np.concatenate(steps) if len(steps) == len(found) else None,
            found[0].unequal,
        )
    return Predictions(outputs, asked.kept, asked.count, asked.short)


def _widened(parts: Sequence[Array], fill: Any) -> list[Array]:
    """Answers of several batches, all with as many steps as the longest of them."""
    import numpy as np

    most = max((one.shape[1] for one in parts if one.ndim > 1), default=0)
    return [
        np.pad(one, [(0, 0), (0, most - one.shape[1]), *[(0, 0)] * (one.ndim - 2)], constant_values=fill)
        if one.ndim > 1 and one.shape[1] < most
        else one
        for one in parts
    ]


def _counting(count: int) -> Array:
    import numpy as np

    return np.arange(count)


def read_output(output: OutputColumns, values: Array) -> Prediction:
    """What an output's numbers say."""
    import numpy as np

    head, encoding = output.head, output.encoding
    values = np.asarray(values)
    classes = encoding.classes if encoding is not None else None
    if head.kind == "binary":
        values = chances(output, values)
        yes = values > 0 if head.loss in HINGE else values >= 0.5
        indices = yes.reshape(len(values), -1).astype(np.int64)
        indices = indices[:, 0] if indices.shape[1] == 1 else indices
        return Prediction(values, _named(indices, classes), classes)
    several = several_of(output)
    if several:
        values = chances(output, values)
        yes = values > 0 if head.loss in HINGE else values >= 0.5
        names = np.array(several, dtype=object)
        return Prediction(values, np.array(["; ".join(names[row]) for row in yes], dtype=object), several)
    if head.kind == "classes" or (encoding is not None and encoding.form == "one_hot"):
        values = chances(output, values)
        return Prediction(values, _named(values.argmax(-1), classes), classes)
    unequal = values.ndim > 1 and bool(head.shape) and not isinstance(head.shape[0], int)
    return Prediction(values, None, None, None, unequal)


def several_of(output: OutputColumns) -> tuple[str, ...]:
    """The names of the labels of which any number may be right, where an output says yes or no to each of them."""
    head, encoding = output.head, output.encoding
    if encoding is None or head.loss not in BINARY | HINGE or len(head.shape) != 1 or head.units in (None, 1):
        return ()
    if encoding.form == "several":
        return encoding.classes or ()
    return output.columns if encoding.form == "number" and len(output.columns) == head.units else ()


def chances(output: OutputColumns, values: Array) -> Array:
    """What a classifying output gives, as probabilities: where its loss makes them of the numbers, they are made."""
    import numpy as np

    if not output.head.logits:
        return values
    if output.head.kind == "binary" or output.head.loss in BINARY:
        made: Array = 1 / (1 + np.exp(-values.astype(np.float64)))
        return made
    exponents = np.exp(values - values.max(-1, keepdims=True))
    shares: Array = exponents / exponents.sum(-1, keepdims=True)
    return shares


def _named(indices: Array, classes: tuple[str, ...] | None) -> Array:
    import numpy as np

    return indices if classes is None else np.array(classes, dtype=object)[indices]


def _own(rows: Array, steps: Array | None) -> Iterator[Array]:
    """Each row without the steps that it was filled up with."""
    ends = [None] * len(rows) if steps is None else steps.tolist()
    return (row[:end] for row, end in zip(rows, ends, strict=True))


def _columns(one: Prediction) -> Iterator[tuple[str, list[Any]]]:
    import numpy as np

    flat = one.values.reshape(len(one.values), -1)
    if one.labels is None and one.unequal:
        each = one.values.reshape(*one.values.shape[:2], -1)
        names = ["prediction"] if each.shape[2] == 1 else [f"prediction_{index}" for index in range(each.shape[2])]
        for index, name in enumerate(names):
            yield name, [" ".join(f"{value:.7g}" for value in row) for row in _own(each[:, :, index], one.steps)]
        return
    if one.labels is None:
        names = ["prediction"] if flat.shape[1] == 1 else [f"prediction_{index}" for index in range(flat.shape[1])]
        cells = flat.astype(float).astype(object)
        if one.steps is not None:
            behind = np.arange(flat.shape[1]) >= one.steps[:, None] * (flat.shape[1] // one.values.shape[1])
            cells[behind] = None
        yield from ((name, cells[:, index].tolist()) for index, name in enumerate(names))
        return
    if one.labels.ndim > 1:  # one class for each step of a row
        rows = _own(one.labels, one.steps)
        yield "prediction", [" ".join(str(label) for label in row.reshape(-1)) for row in rows]
        return
    yield "prediction", one.labels.tolist()
    if flat.shape[1] == 1:
        yield f"probability_{one.classes[1] if one.classes else 1}", flat[:, 0].astype(float).tolist()
        return
    classes = one.classes or tuple(str(index) for index in range(flat.shape[1]))
    for index, name in enumerate(classes):
        yield f"probability_{name}", flat[:, index].astype(float).tolist()
