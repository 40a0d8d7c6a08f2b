"""From Picture to DOT: the text that Graphviz lays out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from .drawing.columns import Columns, columns, width
from .drawing.heat import Scale
from .drawing.turns import GRAPH, HURRY, LARGE, WIRES, attributes, pieced, quoted, wired
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
TITLE: Final = 22
"""Characters in a line under the name of a box."""


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
    cost, and is explained under the picture. What would be a long ribbon stands in pieces side by side.
    """
    pieces = columns(picture, direction)
    font = PRINT_FONT if theme == "paper" else FONT
    cards = {"fontname": font, "fontsize": "12", "shape": "box", "style": "rounded,filled", "height": "0.4"}
    wires = {"fontname": font, "fontsize": "10", "color": LINE.of(theme), "arrowsize": "0.7"}
    whole = {
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
        whole["rankdir"] = "LR"
    if pieces.count > 1:
        whole |= GRAPH
        wires |= WIRES
    if len(picture.cards) > LARGE:
        whole |= HURRY
    if scale is not None:
        whole |= {"label": f"<{_legend(scale, theme)}>", "labelloc": "b"}
    if dpi is not None:
        whole["dpi"] = str(dpi)
    text = [
        f"digraph {quoted(picture.title)} {{",
        f"  graph {attributes(whole)}",
        "  node " + attributes({**cards, "margin": "0.13,0.05"}),
        "  edge " + attributes(wires),
        *_inside(picture, pieces, theme, scale, direction),
        *wired(pieces, [(wire.source, wire.target, _wire(wire, theme)) for wire in picture.wires]),
        "}",
    ]
    return "\n".join(text) + "\n"


def _inside(
    picture: Picture, pieces: Columns, theme: Theme, scale: Scale | None, direction: Literal["TB", "LR"]
) -> Iterator[str]:
    """The cards, piece by piece, each in its box, box by box."""
    boxes: dict[str | int, list[Box]] = {}
    cards: dict[str | int, list[Card]] = {}
    numbers = {box.id: number for number, box in enumerate(picture.boxes)}
    stands: dict[str, int] = {}  # the piece in which a box stands
    around = {box.id: box.box for box in picture.boxes}
    for card in picture.cards:
        cards.setdefault(pieces.of[card.id] if card.box is None else card.box, []).append(card)
        box = card.box
        while box is not None and box not in stands:
            stands[box] = pieces.of[card.id]
            box = around[box]
    for one in picture.boxes:
        boxes.setdefault(stands.get(one.id, 0) if one.box is None else one.box, []).append(one)

    rooms = _rooms(picture) if direction == "TB" else {}

    def within(box: str | int, depth: int) -> Iterator[str]:
        for card in cards.get(box, ()):
            yield "  " * depth + _card(card, theme, scale)
            if card.id in rooms:
                beside = quoted(f" beside {card.id}")  # no card is called so: names have no space in front
                size = {"label": "", "style": "invis", "height": "0.1", "width": f"{rooms[card.id] / 72:.2f}"}
                yield (
                    "  " * depth
                    + f"  {{ rank=same; {beside} {attributes(size)}; {beside} -> {quoted(card.id)} [style=invis] }}"
                )
        for one in boxes.get(box, ()):
            yield "  " * (depth + 1) + f"subgraph {quoted(f'cluster {numbers[one.id]}')} {{"
            yield "  " * (depth + 2) + f"graph {attributes(_box(one, theme, depth))}"
            yield from within(one.id, depth + 1)
            yield "  " * (depth + 1) + "}"

    for number in range(pieces.count):
        yield from pieced(pieces, number, within(number, 0))


def _rooms(picture: Picture) -> dict[str, float]:
    """Room on the left of cards, in points: what comes into a box from above comes down beside its title, not over it.

    Of each box the first card is given room into which something comes from outside.
    """
    ways: dict[str | None, tuple[str, ...]] = {None: ()}
    for box in picture.boxes:
        ways[box.id] = (*ways[box.box], box.id)
    stands = {card.id: ways[card.box] for card in picture.cards}
    titles = {box.id: max(7.6 * len(f"{box.name}  {box.times}"), *(4.9 * len(one) for one in ("", *_said(box))))
              for box in picture.boxes}  # fmt: skip
    entered: dict[str, set[str]] = {}
    for wire in picture.wires:
        for around in set() if wire.weights else {*stands[wire.target]} - {*stands[wire.source]}:
            entered.setdefault(around, set()).add(wire.target)
    cards = {card.id: card for card in picture.cards}
    rooms: dict[str, float] = {}
    for around, targets in entered.items():
        first = next(card for card in picture.cards if card.id in targets)
        depth = len(stands[first.id]) - stands[first.id].index(around)
        need = titles[around] + 12 - 12 * depth - 36 * width(cards[first.id])
        if need > 6:
            rooms[first.id] = max(need, rooms.get(first.id, 0.0))
    return rooms


def _box(box: Box, theme: Theme, depth: int) -> dict[str, str]:
    said = _said(box)
    rows = [_title(box.name, "", box.times, PAGE_TEXT.of(theme), QUIET.of(theme))]
    rows += [f'<font point-size="10" color="{QUIET.of(theme)}">{_escaped(one)}</font>' for one in said]
    inner = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
    label = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{inner}</table>'
    told = {
        "label": f"<{label}>",
        "style": "filled" if theme == "paper" else "rounded,filled",
        "fillcolor": BOXES[depth % 2].of(theme),
        "color": BOX_LINE.of(theme),
        "fontsize": "12",
        "labeljust": "l",
        "labelloc": "t",
        "penwidth": "0.6" if theme == "paper" else "1",
        "peripheries": "1",
        "margin": "12",
    }
    return told | ({"style": "filled,dashed"} if theme == "paper" else {})


def _said(box: Box) -> tuple[str, ...]:
    """The lines under the name of a box."""
    kind = (box.type,) if box.type and box.type != box.name else ()
    return (*kind, *lines(box.details, TITLE, 2))


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
    told = {"label": f"<{label}>", "fillcolor": paint.fill.of(theme), "color": paint.border.of(theme)}
    rounded = "" if theme == "paper" else "rounded,"
    if card.kind == "block":
        told["peripheries"] = "2"
    elif card.kind != "layer":
        told |= {"shape": "ellipse", "style": "filled", "margin": "0.04,0.02"}
    elif card.shared:
        told |= {"style": f"{rounded}filled,dashed", "color": SAME_WEIGHTS.of(theme)}
    elif card.family == "unknown":
        told |= {"style": f"{rounded}filled,dashed"}
    return f"  {quoted(card.id)} {attributes(told)}"


def _wire(wire: Wire, theme: Theme) -> dict[str, str]:
    if wire.weights:
        # No constraint: calls of one layer may stand side by side, or one above the other.
        label = {"label": _chip(wire.label, theme, QUIET), "color": SAME_WEIGHTS.of(theme)}
        return label | {"style": "dashed", "dir": "none", "constraint": "false"}
    return {"label": _chip(wire.label, theme, PAGE_TEXT)}


def _chip(label: str, theme: Theme, colour: Colour) -> str:
    """A label on a ground of its own: a page may be light or dark, and text needs more contrast than a line."""
    return (
        '<<table border="0" cellborder="0" cellspacing="2" cellpadding="4"><tr>'
        f'<td bgcolor="{CHIP.of(theme)}" style="rounded"><font color="{colour.of(theme)}">{_escaped(label)}</font></td>'
        "</tr></table>>"
    )


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
