"""From counts to precision, recall and F1, and to the table and the picture of what is taken for what."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

DRAWN: Final = 60
"""A picture of more classes than this can't be read."""

COUNTED: Final = 20
"""With more classes than this, the numbers would not fit into the squares."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: of what is called so, the share that is (precision); of what is, the share that is called so (recall);
    their harmonic mean; and how many are. A share of nothing is None."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    count: int


def of_matrix(matrix: Array, classes: Sequence[str]) -> tuple[ClassRow, ...]:
    """The rows of a confusion matrix, true classes down and predicted ones across."""
    right, true, said = matrix.diagonal().tolist(), matrix.sum(1).tolist(), matrix.sum(0).tolist()
    return tuple(_row(*one) for one in zip(classes, right, said, true, strict=True))


def of_labels(counts: Array, labels: Sequence[str]) -> tuple[ClassRow, ...]:
    """The rows of labels, from true positives, false positives, false negatives and true negatives of each."""
    return tuple(
        _row(label, hit, hit + false, hit + missed)
        for label, (hit, false, missed, _) in zip(labels, counts.tolist(), strict=True)
    )


def _row(name: str, right: int, said: int, true: int) -> ClassRow:
    return ClassRow(
        name,
        right / said if said else None,
        right / true if true else None,
        2 * right / (said + true) if said + true else None,
        true,
    )


def matrix_csv(matrix: Array, classes: Sequence[str]) -> str:
    """Counts, true classes down and predicted ones across; the first cell says so."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["true\\predicted", *classes])
    table.writerows([name, *row] for name, row in zip(classes, matrix.tolist(), strict=True))
    return stream.getvalue()


def classes_csv(rows: Sequence[ClassRow]) -> str:
    """Precision, recall, F1 and count of each class; empty where there is no such share."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["class", "precision", "recall", "f1", "count"])
    for row in rows:
        shares = ("" if one is None else f"{one:.6g}" for one in (row.precision, row.recall, row.f1))
        table.writerow([row.name, *shares, row.count])
    return stream.getvalue()


def drawn(matrix: Array, classes: Sequence[str], title: str, form: str) -> bytes:
    """A picture in which each row adds up to 1: how much of a class is taken for which; with the counts where they fit.

    ``form`` is ``png`` or ``svg``; the latter is the same whenever it is drawn.
    """
    import matplotlib
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = len(classes)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    inches = min(max(3.6, 1.6 + 0.42 * size), 16)
    figure = Figure(figsize=(inches, inches), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [one.replace("$", r"\$") if len(one) <= 18 else one[:17].replace("$", r"\$") + "…" for one in classes]
    axes.set_xticks(range(size), names, rotation=90 if max(map(len, names)) > 3 else 0)
    axes.set_yticks(range(size), names)
    axes.set_xlabel("what the model said")
    axes.set_ylabel("what is true")
    axes.set_title(title.replace("$", r"\$"))
    if size <= COUNTED:
        for (down, across), count in np.ndenumerate(matrix):
            if count:
                colour = "white" if shares[down, across] > 0.55 else "black"
                axes.text(across, down, str(count), ha="center", va="center", color=colour, fontsize=8)
    stream = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "keraspec", "svg.fonttype": "none"}):
        plain = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
        figure.savefig(stream, format=form, dpi=110, metadata=plain)
    return stream.getvalue()
