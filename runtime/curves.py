"""From a history to a picture: each measured value over the epochs, training and validation together."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

APART = ("epoch", "phase", "seconds")
WIDE = 3
"""So many pictures stand side by side."""


DARK: Final[dict[Any, Any]] = {
    "figure.facecolor": "#14181f", "axes.facecolor": "#14181f", "savefig.facecolor": "#14181f",
    "text.color": "#e3e7ee", "axes.labelcolor": "#e3e7ee", "axes.titlecolor": "#e3e7ee", "axes.edgecolor": "#a0a9b8",
    "xtick.color": "#e3e7ee", "ytick.color": "#e3e7ee", "grid.color": "#a0a9b8", "legend.facecolor": "#14181f",
}  # fmt: skip


def curves(history: Sequence[Mapping[str, float]], title: str, *, dark: bool = False) -> bytes:
    """A PNG with one picture for each measured value, on white or on a dark ground."""
    import matplotlib

    with matplotlib.rc_context(DARK if dark else {}):
        return _drawn(history, title)


def _drawn(history: Sequence[Mapping[str, float]], title: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    every = dict.fromkeys(name for row in history for name in row if name not in APART)
    names = [name for name in every if not (name.startswith("val_") and name.removeprefix("val_") in every)]
    columns = max(1, min(WIDE, len(names)))
    rows = max(1, -(-len(names) // columns))
    figure = Figure(figsize=(5 * columns, 3.4 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title.replace("$", r"\$"))
    for index, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, index + 1)
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            points = [(row["epoch"], row[key]) for row in history if key in row]
            if points:
                axes.plot(*zip(*points, strict=True), marker="." if len(points) < 50 else None, label=label)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        if f"val_{name}" in every:
            axes.legend()
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
