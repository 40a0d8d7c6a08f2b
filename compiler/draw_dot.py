"""From Picture to DOT: the text that Graphviz lays out."""

from __future__ import annotations

from typing import Final

from .palette import BACKGROUND, CARDS, CHIP, LINE, PAGE_TEXT, QUIET, SAME_WEIGHTS, Colour, Theme
from .picture import Card, Picture, Wire, lines

FONT: Final = "Helvetica,Arial,sans-serif"
WIDTH: Final = 36
"""Characters in a line of arguments."""
LINES: Final = 3
"""Lines of arguments on a card."""


def dot(picture: Picture, theme: Theme = "light", *, opaque: bool = False, dpi: int | None = None) -> str:
    """The picture as DOT text, the same text for the same picture.

    Cards and the labels of wires have grounds of their own, so that they can be read on any page; ``opaque``
    gives the whole picture one, and ``dpi`` is what a raster picture is made with.
    """
    cards = {"fontname": FONT, "fontsize": "12", "shape": "box", "style": "rounded,filled", "height": "0.4"}
    attributes = {
        "class": "keraspec",
        "bgcolor": BACKGROUND.of(theme) if opaque else "transparent",
        "fontname": FONT,
        "nodesep": "0.3",
        "ranksep": "0.25",
        "pad": "0.2",
    }
    if dpi is not None:
        attributes["dpi"] = str(dpi)
    text = [
        f"digraph {_quoted(picture.title)} {{",
        f"  graph {_attributes(attributes)}",
        "  node " + _attributes({**cards, "margin": "0.13,0.05"}),
        "  edge " + _attributes({"fontname": FONT, "fontsize": "10", "color": LINE.of(theme), "arrowsize": "0.7"}),
        *(_card(card, theme) for card in picture.cards),
        *(_wire(wire, theme) for wire in picture.wires),
        "}",
    ]
    return "\n".join(text) + "\n"


def _card(card: Card, theme: Theme) -> str:
    paint = CARDS[card.family]
    text = paint.text.of(theme)
    quiet = paint.quiet.of(theme)
    label = f'<font color="{text}"><b>{_escaped(card.name)}</b></font>'
    label += f'<font color="{quiet}">  {_escaped(card.type)}</font>'
    if card.details:
        rows = [label]
        rows += [
            f'<font point-size="10" color="{quiet}">{_escaped(line)}</font>'
            for line in lines(card.details, WIDTH, LINES)
        ]
        inner = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
        label = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{inner}</table>'
    attributes = {"label": f"<{label}>", "fillcolor": paint.fill.of(theme), "color": paint.border.of(theme)}
    if card.kind != "layer":
        attributes |= {"shape": "ellipse", "style": "filled", "margin": "0.04,0.02"}
    elif card.shared:
        attributes |= {"style": "rounded,filled,dashed", "color": SAME_WEIGHTS.of(theme)}
    elif card.family == "unknown":
        attributes |= {"style": "rounded,filled,dashed"}
    return f"  {_quoted(card.id)} {_attributes(attributes)}"


def _wire(wire: Wire, theme: Theme) -> str:
    ends = f"  {_quoted(wire.source)} -> {_quoted(wire.target)} "
    if wire.weights:
        colour = SAME_WEIGHTS.of(theme)
        # No constraint: calls of one layer may stand side by side, or one above the other.
        return ends + _attributes(
            {
                "label": _chip(wire.label, theme, QUIET),
                "color": colour,
                "style": "dashed",
                "dir": "none",
                "constraint": "false",
            }
        )
    return ends + _attributes({"label": _chip(wire.label, theme, PAGE_TEXT)})


def _chip(label: str, theme: Theme, colour: Colour) -> str:
    """A label on a ground of its own: a page may be light or dark, and text needs more contrast than a line."""
    return (
        '<<table border="0" cellborder="0" cellspacing="2" cellpadding="4"><tr>'
        f'<td bgcolor="{CHIP.of(theme)}" style="rounded"><font color="{colour.of(theme)}">{_escaped(label)}</font></td>'
        "</tr></table>>"
    )


def _attributes(attributes: dict[str, str]) -> str:
    # A value in angle brackets is an HTML-like label and is escaped already.
    parts = [f"{key}={value if value.startswith('<') else _quoted(value)}" for key, value in attributes.items()]
    return f"[{', '.join(parts)}]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
