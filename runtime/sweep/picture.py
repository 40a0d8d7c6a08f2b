"""From trials to a picture of parallel coordinates (Inselberg, 1985): an axis a value, a line a trial."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from math import log10
from typing import Any

from ..progress import number
from .results import short
from .searching import Trial

MOST_AXES = 24
WORDS = 20


def parallel(trials: Sequence[Trial], paths: Sequence[str], metric: str, direction: str, title: str) -> bytes:
    """A PNG; the better a trial is, the darker its line. Numbers that differ by powers of ten have such an axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    paths = [path for path in paths if any(path in one.values for one in trials)][:MOST_AXES]
    axes_of = [_Axis([one.values.get(path) for one in trials]) for path in paths]
    axes_of.append(_Axis([one.value for one in trials]))
    names = [*(short(paths)[path] for path in paths), metric]
    figure = Figure(figsize=(max(6.0, 1.7 * len(names) + 1.5), 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    values = [one.value for one in trials if one.value is not None]
    scale = ScalarMappable(Normalize(min(values), max(values)), "viridis_r" if direction == "maximize" else "viridis")
    up = direction == "maximize"
    for one in sorted(trials, key=lambda one: (one.value or 0.0) if up else -(one.value or 0.0)):
        at = trials.index(one)
        heights = [axis.heights[at] for axis in axes_of]
        points = [(place, height) for place, height in enumerate(heights) if height is not None]
        axes.plot(
            *zip(*points, strict=True),
            color=scale.cmap(((one.value or 0.0) - min(values)) / ((max(values) - min(values)) or 1.0)),
            alpha=0.8,
            linewidth=1.4,
        )
    for place, axis in enumerate(axes_of):
        axes.axvline(place, color="#808080", linewidth=0.8)
        for height, text in axis.ticks:
            axes.annotate(text, (place, height), (3, 2), textcoords="offset points", fontsize=7, color="#404040")
    axes.set_xticks(range(len(names)), [_plain(name) for name in names], rotation=20, ha="right")
    axes.set_yticks([])
    axes.set_ylim(-0.05, 1.08)
    axes.set_xlim(-0.2, len(names) - 0.4)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_title(_plain(title))
    figure.colorbar(scale, ax=axes, label=_plain(metric), pad=0.01)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


class _Axis:
    """Where the values of one coordinate lie between 0 and 1, and what is written beside the axis."""

    def __init__(self, values: Sequence[Any]) -> None:
        there = [one for one in values if one is not None]
        self.ticks: list[tuple[float, str]]
        self.heights: list[float | None]
        if all(isinstance(one, int | float) and not isinstance(one, bool) for one in there):
            self._numbers(values, there)
        else:
            texts = list(dict.fromkeys(_text(one) for one in there))
            last = max(1, len(texts) - 1)
            self.heights = [None if one is None else texts.index(_text(one)) / last for one in values]
            self.ticks = [(index / last, text[:WORDS]) for index, text in enumerate(texts)]

    def _numbers(self, values: Sequence[Any], there: Sequence[float]) -> None:
        low, high = min(there), max(there)
        powers = low > 0 and high / low >= 50
        scaled = (lambda one: log10(one)) if powers else float
        first, span = scaled(low), (scaled(high) - scaled(low)) or 1.0
        self.heights = [None if one is None else (scaled(one) - first) / span for one in values]
        middle = 10 ** (first + span / 2) if powers else low + (high - low) / 2
        marks = [low] if low == high else [low, middle, high]
        self.ticks = [
            ((scaled(one) - first) / span, str(one) if isinstance(one, int) else number(one)) for one in marks
        ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    return text.replace("$", r"\$")
