"""From Run and new rows to predictions: class names where labels were words, numbers elsewhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..compiler.render import write
from .environment import backend
from .feed import feed
from .interface import OutputColumns
from .labels import HINGE
from .reuse import interface_of_run, read_file, rows_of
from .run import RunError, open_run

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one output says.

    ``values`` are the model's numbers, rows first: probabilities where it classifies. ``labels`` has the
    class of each row (of each step of a row) as a name, or as a whole number where classes have no names;
    None where the output gives numbers. ``classes`` are the names in the order of ``values``' last axis.
    """

    values: Array
    labels: Array | None
    classes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions by output. ``rows`` says which rows of the input they are for: rows with missing values that
    the spec leaves out have none. ``count`` is the number of rows of the input."""

    outputs: Mapping[str, Prediction]
    rows: Array
    count: int

    @property
    def columns(self) -> dict[str, list[Any]]:
        """As a table with a row for every row of the input; None where there is no prediction.

        One output gives ``prediction`` and, where it classifies, ``probability_CLASS`` for each class; with
        several outputs, each stands behind its output's name and a dot.
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
        """The table as CSV; an empty line of cells where there is no prediction."""
        table = self.columns
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(table)
        for row in zip(*table.values(), strict=True):
            writer.writerow(
                ["" if cell is None else f"{cell:.7g}" if isinstance(cell, float) else cell for cell in row]
            )
        return stream.getvalue()

    def json(self) -> str:
        """The table as a JSON list with an object for each row."""
        table = self.columns
        return (
            json.dumps([dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)], indent=1)
            + "\n"
        )

    def npz(self) -> bytes:
        """Arrays: ``NAME`` with the numbers and ``NAME.labels`` of each output, and ``rows``."""
        import numpy as np

        arrays: dict[str, Any] = {"rows": self.rows}
        for name, one in self.outputs.items():
            arrays[name] = one.values
            if one.labels is not None:
                arrays[f"{name}.labels"] = one.labels.astype(str) if one.labels.dtype == object else one.labels
        stream = io.BytesIO()
        np.savez(stream, **arrays)
        return stream.getvalue()


FORMATS: Final = {
    ".csv": lambda made: made.csv().encode("utf-8"),
    ".json": lambda made: made.json().encode("utf-8"),
    ".npz": lambda made: made.npz(),
}
"""Ending of a file's name → what writes predictions into it."""


def predict(run: str | Path, data: str | Path, out: str | Path | None = None) -> Predictions:
    """Use a trained model on a file with the columns of its inputs; targets need not be there.

    The ending of its name says what the file is: CSV, JSON lines, Parquet, NPZ, NPY, IDX or TFRecord. A model that
    was trained with a folder of pictures, sounds or texts takes such a folder, or a single such file.

    ``out`` is written in the format that its ending says: ``.csv``, ``.json`` or ``.npz``.

    Raises:
        RunError: if ``run`` is no run folder with a model, there is no such file, or ``out`` ends otherwise.
        Problem: E402 to E412, at their places in the spec as trained, for data that does not fit.
        OSError: if ``out`` can't be written.
    """
    if out is not None and Path(out).suffix.lower() not in FORMATS:
        raise RunError(f"{out} can't be written: its name must end in one of {', '.join(FORMATS)}")
    found = open_run(run)
    interface = interface_of_run(found.folder)
    if backend() != "tensorflow" and any(one.dtype == "string" for one in interface.inputs):
        raise RunError(f"this model reads text, and Keras runs on {backend()} here: set KERAS_BACKEND=tensorflow")
    table = read_file(Path(data), interface)
    rows, kept = rows_of(interface, table, targets=False)
    count = (
        len(table.columns[interface.inputs[0].columns[0]])
        if interface.inputs[0].columns[0] in table.columns
        else table.rows
    )
    model = found.model()
    given = model.predict(feed(rows, interface.form, max(interface.batch_size, 256)), verbose=0)
    if interface.named:
        by_name = dict(given)
    else:
        values = list(given) if isinstance(given, (list, tuple)) else [given]
        by_name = dict(zip((one.name for one in interface.outputs), values, strict=True))
    made = Predictions({one.name: read_output(one, by_name[one.name]) for one in interface.outputs}, kept, count)
    if out is not None:
        write(Path(out), FORMATS[Path(out).suffix.lower()](made))
    return made


def read_output(output: OutputColumns, values: Array) -> Prediction:
    """What an output's numbers say."""
    import numpy as np

    head, encoding = output.head, output.encoding
    values = np.asarray(values)
    classes = encoding.classes if encoding is not None else None
    if head.kind == "binary":
        if head.logits:
            values = 1 / (1 + np.exp(-values.astype(np.float64)))
        yes = values > 0 if head.loss in HINGE else values >= 0.5
        indices = yes.reshape(len(values), -1).astype(np.int64)
        indices = indices[:, 0] if indices.shape[1] == 1 else indices
        return Prediction(values, _named(indices, classes), classes)
    if head.kind == "classes" or (encoding is not None and encoding.form == "one_hot"):
        if head.logits:
            exponents = np.exp(values - values.max(-1, keepdims=True))
            values = exponents / exponents.sum(-1, keepdims=True)
        return Prediction(values, _named(values.argmax(-1), classes), classes)
    return Prediction(values, None, None)


def _named(indices: Array, classes: tuple[str, ...] | None) -> Array:
    import numpy as np

    return indices if classes is None else np.array(classes, dtype=object)[indices]


def _columns(one: Prediction) -> Iterator[tuple[str, list[Any]]]:
    flat = one.values.reshape(len(one.values), -1)
    if one.labels is None:
        names = ["prediction"] if flat.shape[1] == 1 else [f"prediction_{index}" for index in range(flat.shape[1])]
        yield from ((name, flat[:, index].astype(float).tolist()) for index, name in enumerate(names))
        return
    if one.labels.ndim > 1:  # one class for each step of a row
        yield "prediction", [" ".join(str(label) for label in row.reshape(-1)) for row in one.labels]
        return
    yield "prediction", one.labels.tolist()
    if flat.shape[1] == 1:
        yield f"probability_{one.classes[1] if one.classes else 1}", flat[:, 0].astype(float).tolist()
        return
    classes = one.classes or tuple(str(index) for index in range(flat.shape[1]))
    for index, name in enumerate(classes):
        yield f"probability_{name}", flat[:, index].astype(float).tolist()
