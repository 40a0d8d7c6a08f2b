"""The noun Colour: what drawings are painted with, on light pages and on dark ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

Theme = Literal["light", "dark", "paper"]


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour for light pages and its counterparts for dark ones and for print, as ``#rrggbb``.

    No two colours share a ``light``: an SVG turns dark by exchanging each light colour for its counterpart.
    """

    light: str
    dark: str
    paper: str = "#000000"

    def of(self, theme: Theme) -> str:
        """The colour under a theme."""
        return self.light if theme == "light" else self.dark if theme == "dark" else self.paper


@dataclass(frozen=True, slots=True)
class Paint:
    """How a card is painted: its ground, its border, its name and its smaller text."""

    fill: Colour
    border: Colour
    text: Colour
    quiet: Colour


BACKGROUND: Final = Colour("#ffffff", "#0d1117", "#ffffff")
PAGE_TEXT: Final = Colour("#1f2328", "#e6edf3")
QUIET: Final = Colour("#4b535d", "#b1bac4")
CHIP: Final = Colour("#eff1f4", "#21262d", "#ffffff")
LINE: Final = Colour("#808892", "#808893")
"""The one thing that stands on the page itself: it has to be seen on light and dark alike."""
SAME_WEIGHTS: Final = Colour("#a45bd6", "#b57fe0")
ON_TERMINAL: Final = Colour("#fcfdfe", "#fbfcfd")
ON_TERMINAL_QUIET: Final = Colour("#e8ebef", "#e7eaee")


BOXES: Final = (Colour("#f8f9fb", "#12171e", "#ffffff"), Colour("#fefeff", "#1a2029", "#ffffff"))
"""Grounds of open blocks; those inside take the other one."""
BOX_LINE: Final = Colour("#7e8793", "#7f8894")


def _paint(fill: Colour, border: Colour) -> Paint:
    return Paint(replace(fill, paper="#ffffff"), border, PAGE_TEXT, QUIET)


_TERMINAL: Final = Paint(
    Colour("#515a66", "#59636f", "#ffffff"), Colour("#818994", "#828a95"), ON_TERMINAL, ON_TERMINAL_QUIET
)

CARDS: Final[Mapping[str, Paint]] = MappingProxyType(
    {
        "input": _TERMINAL,
        "output": _TERMINAL,
        "core": _paint(Colour("#e4e3fa", "#2d2b55"), Colour("#7d78c9", "#837ed0")),
        "convolution": _paint(Colour("#dbeafb", "#15324f"), Colour("#4f8bc9", "#4a88c7")),
        "sequence": _paint(Colour("#d7f0e5", "#123c30"), Colour("#3f9877", "#3c9675")),
        "merging": _paint(Colour("#fbeccb", "#443310"), Colour("#b3842a", "#ac7d22")),
        "preprocessing": _paint(Colour("#fae0e6", "#4a2130"), Colour("#c46d86", "#c06781")),
        "shape": _paint(Colour("#dfeef0", "#1c363b"), Colour("#63929a", "#5d8e97")),
        "plain": _paint(Colour("#f2f2f0", "#2a2d31"), Colour("#87898c", "#86888b")),
        "block": _paint(Colour("#e9ecf1", "#242c37"), Colour("#6f7b8a", "#748091")),
        "unknown": _paint(Colour("#fdfdfb", "#1c1f23"), Colour("#c2574b", "#c9665b")),
    }
)
"""Family of a card → its paint."""


def _step(fill: Colour, border: Colour, text: Colour) -> Paint:
    return Paint(fill, border, text, text)


def _on_dark(light: str, dark: str) -> Colour:
    return Colour(light, dark, "#ffffff")


HEAT: Final = (
    _step(Colour("#fffaeb", "#1d1a16", "#ffffff"), Colour("#a08a5c", "#8f7a50"), Colour("#201f1c", "#e9e4da")),
    _step(Colour("#fde9b4", "#3a2b12", "#f0f0f0"), Colour("#a3843b", "#98793a"), Colour("#211f1b", "#eee8dc")),
    _step(Colour("#fbc96d", "#5f3d0c", "#d9d9d9"), Colour("#a87314", "#a8792b"), Colour("#221e1a", "#f6efe2")),
    _step(Colour("#f09a35", "#b87818", "#bdbdbd"), Colour("#9c5c0c", "#d49a3c"), Colour("#231d19", "#0f0d0a")),
    _step(Colour("#b3450a", "#eeb04c", "#636363"), Colour("#7c2f06", "#ffd083"), _on_dark("#fffdfa", "#100d09")),
    _step(Colour("#6b1f04", "#fde3a0", "#252525"), Colour("#461402", "#fff2cc"), _on_dark("#fffcf8", "#110d08")),
)
"""From nothing to the most: one hue whose lightness alone says how much, for whoever sees no colours as well."""


def colours() -> tuple[Colour, ...]:
    """Every colour, each once."""
    found = [PAGE_TEXT, QUIET, CHIP, LINE, SAME_WEIGHTS, *BOXES, BOX_LINE]
    for paint in CARDS.values():
        found += [paint.fill, paint.border, paint.text, paint.quiet]
    for step in HEAT:
        found += [step.fill, step.border, step.text, step.quiet]
    return tuple(dict.fromkeys(found))


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, from 1 to 21.

    Source: WCAG 2.2, "contrast ratio", https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def dark_style() -> str:
    """CSS that exchanges the colours of an SVG where the reader prefers dark pages."""
    rules = "".join(
        f'.keraspec [{attribute}="{colour.light}"]{{{attribute}:{colour.dark}}}'
        for colour in colours()
        for attribute in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"
