"""From numbers to SVG: lines over epochs, points of true and predicted numbers, small series.

Colours are names of the page's own (``--one``, ``--two``, ``--ink``, ``--faint``), so that one picture suits light and
dark; alone in a file, a picture brings them along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from typing import Final

APART: Final = ("epoch", "phase", "seconds")
"""Columns of a history that are no measured values."""

WIDTH, HEIGHT = 380, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 30, 34
MARKED: Final = 60
"""With so many points or fewer, each is a dot that tells its number."""

COLOURS: Final = """
svg { --one: #1f6fb2; --two: #c4570c; --ink: #1d2430; --faint: #d5dae1; --paper: #ffffff }
@media (prefers-color-scheme: dark) {
  svg { --one: #6cb2ee; --two: #f2a45c; --ink: #e3e7ee; --faint: #3a424f; --paper: #14181f }
}
"""

Points = Sequence[tuple[float, float]]


def measured(history: Sequence[Mapping[str, float]]) -> list[str]:
    """The values of a history that are drawn, each with its validation."""
    every = dict.fromkeys(name for row in history for name in row if name not in APART)
    return [name for name in every if not (name.startswith("val_") and name.removeprefix("val_") in every)]


def curve(history: Sequence[Mapping[str, float]], name: str) -> str:
    """One measured value over the epochs, training and validation together, as an ``svg`` element."""
    series: dict[str, Points] = {}
    for key, label in ((name, "training"), (f"val_{name}", "validation")):
        points: Points = [(row["epoch"], row[key]) for row in history if key in row and isfinite(row[key])]
        if points:
            series[label] = points
    title = name.replace("_", " ")
    if not series:
        return f'<p class="chart">{escape(title)}: no number to draw</p>'
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    frame = _Frame((min(xs), max(xs)), (min(ys), max(ys)), whole=True)
    parts = [frame.grid("epoch"), frame.title(title)]
    changes = [b["epoch"] - 0.5 for a, b in pairwise(history) if a.get("phase") != b.get("phase")]
    for change in changes:
        x = frame.x(change)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="var(--ink)" stroke-dasharray="2 3"/>')
    for index, (label, points) in enumerate(series.items()):
        colour = "var(--one)" if label == "training" else "var(--two)"
        way = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="6 3"' if label == "validation" else ""
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        if len(points) <= MARKED:
            parts += [
                f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.6" fill="{colour}">'
                f"<title>{label}, epoch {x:g}: {y:.5g}</title></circle>"
                for x, y in points
            ]
        if len(series) > 1:
            at = WIDTH - RIGHT - 148 + 74 * index
            parts.append(f'<path d="M{at} 16h14" stroke="{colour}" stroke-width="2"{dash}/>')
            parts.append(f'<text x="{at + 18}" y="20" font-size="11">{label}</text>')
    last = "; ".join(f"{label} ends at {points[-1][1]:.4g}" for label, points in series.items())
    return _svg(parts, WIDTH, HEIGHT, f"{title} over {len(history)} epochs: {last}")


def scatter(pairs: Points, name: str) -> str:
    """Predicted numbers over true ones; right ones lie on the line."""
    pairs = [(x, y) for x, y in pairs if isfinite(x) and isfinite(y)]
    if not pairs:
        return ""
    every = [value for pair in pairs for value in pair]
    span = (min(every), max(every))
    frame = _Frame(span, span)
    (low, high), title = frame.across, f"{name}: predicted over true"
    parts = [frame.grid("true"), frame.title(title)]
    parts.append(
        f'<path d="M{frame.x(low):.1f} {frame.y(low):.1f}L{frame.x(high):.1f} {frame.y(high):.1f}" '
        'stroke="var(--two)" stroke-width="1.5"/>'
    )
    parts += [
        f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.4" fill="var(--one)" fill-opacity=".55"/>'
        for x, y in pairs
    ]
    return _svg(parts, WIDTH, HEIGHT, title)


def spark(series: Sequence[Sequence[float]]) -> str:
    """Small lines without axes, each over its own range."""
    width, height, parts = 160, 44, []
    for index, values in enumerate(series):
        low, high = min(values), max(values)
        across, down = max(len(values) - 1, 1), (high - low) or 1
        way = " ".join(
            f"{3 + (width - 6) * x / across:.1f},{height - 3 - (height - 6) * (y - low) / down:.1f}"
            for x, y in enumerate(values)
        )
        colour = ("var(--one)", "var(--two)", "var(--ink)")[index % 3]
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
    ends = "; ".join(f"{values[0]:.4g} to {values[-1]:.4g}" for values in series)
    return _svg(parts, width, height, f"a series, from {ends}")


def sheet(history: Sequence[Mapping[str, float]], columns: int = 3) -> str:
    """All curves as a picture of its own, light or dark as whoever looks at it likes."""
    names = measured(history)
    columns = max(1, min(columns, len(names)))
    rows = max(1, -(-len(names) // columns))
    parts = [f"<style>{COLOURS}</style>", '<rect width="100%" height="100%" fill="var(--paper)"/>']
    for index, name in enumerate(names):
        down, across = divmod(index, columns)
        chart = curve(history, name)
        if chart.startswith("<svg"):
            parts.append(f'<svg x="{across * WIDTH}" y="{down * HEIGHT}" width="{WIDTH}" height="{HEIGHT}"{chart[4:]}')
    return _svg(parts, columns * WIDTH, rows * HEIGHT, "what was measured, over the epochs", alone=True)


def _svg(parts: Sequence[str], width: int, height: int, words: str, *, alone: bool = False) -> str:
    head = 'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" fill="var(--ink)" ' if alone else ""
    return (
        f'<svg {head}viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'
        + ("\n" if alone else "")
    )


class _Frame:
    """The place of points: numbers on both axes, and lines where round numbers are."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float], *, whole: bool = False) -> None:
        self.right = ticks(*across, whole=whole)
        self.up = ticks(*up)
        self.across = across if whole else (min(self.right[0], across[0]), max(self.right[-1], across[1]))
        self.bounds = min(self.up[0], up[0]), max(self.up[-1], up[1])

    def x(self, value: float) -> float:
        """Where a number stands from the left."""
        low, high = self.across
        return LEFT + (WIDTH - LEFT - RIGHT) * ((value - low) / (high - low) if high > low else 0.5)

    def y(self, value: float) -> float:
        """Where a number stands from above."""
        low, high = self.bounds
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * ((value - low) / (high - low) if high > low else 0.5)

    def grid(self, words: str) -> str:
        """Lines and numbers; ``words`` say what goes to the right."""
        parts = []
        for value in self.up:
            y = self.y(value)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="var(--faint)"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" font-size="11" text-anchor="end">{value:.6g}</text>')
        for value in self.right:
            x, y = self.x(value), HEIGHT - BOTTOM + 15
            parts.append(f'<text x="{x:.1f}" y="{y}" font-size="11" text-anchor="middle">{value:.6g}</text>')
        x = (LEFT + WIDTH - RIGHT) / 2
        parts.append(f'<text x="{x:.0f}" y="{HEIGHT - 5}" font-size="11" text-anchor="middle">{escape(words)}</text>')
        return "".join(parts)

    def title(self, words: str) -> str:
        """What is shown, cut off where it is long."""
        short = words if len(words) <= 30 else words[:29] + "…"
        return f'<text x="{LEFT}" y="20" font-size="13" font-weight="600">{escape(short)}</text>'


def ticks(low: float, high: float, *, whole: bool = False, count: int = 5) -> list[float]:
    """Round numbers from below ``low`` to above ``high``; with ``whole``, whole ones in between."""
    if not high > low:
        span = abs(low) * 0.1 or 1.0
        return [low] if whole else [low - span, low, low + span]
    raw = (high - low) / count
    power = 10.0 ** floor(log10(raw))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= raw * 0.999)
    if whole:
        step = max(1.0, float(ceil(step)))
        first = ceil(low / step)
        return [step * one for one in range(first, floor(high / step) + 1)] or [low]
    return [float(f"{step * one:.12g}") for one in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]
