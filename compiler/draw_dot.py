"""From Picture to DOT: the text that Graphviz lays out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from .drawing.heat import Scale
from .palette import (
    BACKGROUND,
    BOX_LINE,
    BOXES,
    CARDS,
    CHIP,
    LINE,
    PAGE_TEXT,
    QUIET,
    SAME_WEIGHTS,
    Colour,
    Paint,
    Theme,
)
from .picture import Box, Card, Picture, Wire, lines

FONT: Final = "Helvetica,Arial,sans-serif"
PRINT_FONT: Final = "Times,Times New Roman,serif"
WIDTH: Final = 36
"""Characters in a line of arguments."""
LINES: Final = 3
"""Lines of arguments on a card."""


def dot(
    picture: Picture,
    theme: Theme = "light",
    *,
    opaque: bool = False,
    dpi: int | None = None,
    direction: Literal["TB", "LR"] = "TB",
    scale: Scale | None = None,
) -> str:
    """The picture as DOT text, the same text for the same picture.

    Cards and the labels of wires have grounds of their own, so that they can be read on any page; ``opaque``
    gives the whole picture one, and ``dpi`` is what a raster picture is made with. ``scale`` colours cards by what they
    cost, and is explained under the picture.
    """
    font = PRINT_FONT if theme == "paper" else FONT
    cards = {"fontname": font, "fontsize": "12", "shape": "box", "style": "rounded,filled", "height": "0.4"}
    wires = {"fontname": font, "fontsize": "10", "color": LINE.of(theme), "arrowsize": "0.7"}
    attributes = {
        "class": "keraspec",
        "bgcolor": BACKGROUND.of(theme) if opaque else "transparent",
        "fontname": font,
        "nodesep": "0.3",
        "ranksep": "0.25",
        "pad": "0.2",
    }
    if theme == "paper":
        cards |= {"style": "filled", "penwidth": "0.6"}
        wires |= {"penwidth": "0.6", "arrowsize": "0.5"}
    if direction == "LR":
        attributes["rankdir"] = "LR"
    if scale is not None:
        attributes |= {"label": f"<{_legend(scale, theme)}>", "labelloc": "b"}
    if dpi is not None:
        attributes["dpi"] = str(dpi)
    text = [
        f"digraph {_quoted(picture.title)} {{",
        f"  graph {_attributes(attributes)}",
        "  node " + _attributes({**cards, "margin": "0.13,0.05"}),
        "  edge " + _attributes(wires),
        *_inside(picture, theme, scale),
        *(_wire(wire, theme) for wire in picture.wires),
        "}",
    ]
    return "\n".join(text) + "\n"


def _inside(picture: Picture, theme: Theme, scale: Scale | None) -> Iterator[str]:
    """The cards, each in its box, box by box."""
    boxes: dict[str | None, list[Box]] = {}
    cards: dict[str | None, list[Card]] = {}
    numbers = {box.id: number for number, box in enumerate(picture.boxes)}
    for box in picture.boxes:
        boxes.setdefault(box.box, []).append(box)
    for card in picture.cards:
        cards.setdefault(card.box, []).append(card)

    def within(box: str | None, depth: int) -> Iterator[str]:
        for card in cards.get(box, ()):
            yield "  " * depth + _card(card, theme, scale)
        for one in boxes.get(box, ()):
            yield "  " * (depth + 1) + f"subgraph {_quoted(f'cluster {numbers[one.id]}')} {{"
            yield "  " * (depth + 2) + f"graph {_attributes(_box(one, theme, depth))}"
            yield from within(one.id, depth + 1)
            yield "  " * (depth + 1) + "}"

    yield from within(None, 0)


def _box(box: Box, theme: Theme, depth: int) -> dict[str, str]:
    label = _title(box.name, box.type if box.type != box.name else "", box.times, PAGE_TEXT.of(theme), QUIET.of(theme))
    rows = [label]
    if box.details:
        small = _escaped(lines(box.details, WIDTH, 1)[0])
        rows.append(f'<font point-size="10" color="{QUIET.of(theme)}">{small}</font>')
    inner = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
    label = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{inner}</table>'
    attributes = {
        "label": f"<{label}>",
        "style": "filled" if theme == "paper" else "rounded,filled",
        "fillcolor": BOXES[depth % 2].of(theme),
        "color": BOX_LINE.of(theme),
        "fontsize": "12",
        "labeljust": "l",
        "penwidth": "0.6" if theme == "paper" else "1",
        "margin": "12",
    }
    return attributes | ({"style": "filled,dashed"} if theme == "paper" else {})


def _title(name: str, type: str, times: str, text: str, quiet: str) -> str:
    label = f'<font color="{text}"><b>{_escaped(name)}</b></font>'
    if type:
        label += f'<font color="{quiet}">  {_escaped(type)}</font>'
    if times:
        label += f'<font color="{text}"><b>  {_escaped(times)}</b></font>'
    return label


def _legend(scale: Scale, theme: Theme) -> str:
    cells = "".join(
        f'<td bgcolor="{paint.fill.of(theme)}" color="{paint.border.of(theme)}" border="1">'
        f'<font color="{paint.text.of(theme)}">{_escaped(text)}</font></td>'
        for paint, text in scale.steps
    )
    said = f'<td><font color="{LINE.of(theme)}">{_escaped(scale.title)}</font></td>'
    return f'<table border="0" cellborder="0" cellspacing="3" cellpadding="5"><tr>{said}{cells}</tr></table>'


def _card(card: Card, theme: Theme, scale: Scale | None) -> str:
    paint: Paint = CARDS[card.family]
    if scale is not None and card.kind in ("layer", "block"):
        paint = scale.paint(card) or paint
    text = paint.text.of(theme)
    quiet = paint.quiet.of(theme)
    label = _title(card.name, card.type, card.times, text, quiet)
    facts = (*lines(card.details, WIDTH, LINES), *card.facts)
    if facts:
        rows = [label]
        rows += [f'<font point-size="10" color="{quiet}">{_escaped(line)}</font>' for line in facts]
        inner = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
        label = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{inner}</table>'
    attributes = {"label": f"<{label}>", "fillcolor": paint.fill.of(theme), "color": paint.border.of(theme)}
    rounded = "" if theme == "paper" else "rounded,"
    if card.kind == "block":
        attributes["peripheries"] = "2"
    elif card.kind != "layer":
        attributes |= {"shape": "ellipse", "style": "filled", "margin": "0.04,0.02"}
    elif card.shared:
        attributes |= {"style": f"{rounded}filled,dashed", "color": SAME_WEIGHTS.of(theme)}
    elif card.family == "unknown":
        attributes |= {"style": f"{rounded}filled,dashed"}
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
