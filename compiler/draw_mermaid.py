"""From Picture to Mermaid: a flowchart that GitHub and many editors draw inside a page of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from .drawing.heat import Scale
from .palette import BOX_LINE, BOXES, CARDS, HEAT, PAGE_TEXT, Paint
from .picture import Box, Card, Picture, Wire, lines

WIDTH: Final = 24
"""Characters in a line of arguments; Mermaid breaks lines itself after 200 pixels, wherever that falls."""
LINES: Final = 5
"""Lines of arguments on a card."""
IDENTIFIER: Final = 48
"""Characters of a name that stay in its id."""
GITHUB_EDGES: Final = 500
GITHUB_CHARACTERS: Final = 50_000
"""Beyond these GitHub shows an error in place of the drawing."""

_SPECIAL: Final = re.compile(r"[^\w \[\]()=,.·×…→?/+-]|(?<![^\W_])_|_(?![^\W_])")
"""What is not surely plain text; a ``_`` between letters is, at the ends of a word it is emphasis."""
_NO_WORD: Final = re.compile(r"[^A-Za-z0-9]+")


def mermaid(picture: Picture, direction: Literal["TB", "LR"] = "TB", scale: Scale | None = None) -> str:
    """The picture as a Mermaid flowchart, the same text for the same picture."""
    ids = _ids(picture)
    text = ["flowchart TD" if direction == "TB" else "flowchart LR"]
    text += _inside(picture, ids)
    text += [f"  {ids[wire.source]} {_arrow(wire)} {ids[wire.target]}" for wire in picture.wires]
    groups: dict[str, tuple[Paint, list[str]]] = {}
    for card in sorted(picture.cards, key=lambda one: one.family):
        step = scale.step(card) if scale is not None and card.kind in ("layer", "block") else None
        group = (card.family, CARDS[card.family]) if step is None else (f"heat{step}", HEAT[step])
        groups.setdefault(group[0], (group[1], []))[1].append(ids[card.id])
    for family, (paint, members) in groups.items():
        # Mermaid knows one theme at a time: cards keep their light ground and dark text on dark pages too.
        style = f"fill:{paint.fill.light},stroke:{paint.border.light},color:{paint.text.light}"
        dashes = ",stroke-dasharray:4" if family == "unknown" else ""
        text.append(f"  classDef {family}_card {style}{dashes}")
        text.append(f"  class {','.join(members)} {family}_card")
    shared = ",".join(ids[card.id] for card in picture.cards if card.shared)
    if shared:
        text += ["  classDef shared_card stroke-dasharray:4", f"  class {shared} shared_card"]
    if picture.boxes:
        fill, line, ink = BOXES[0].light, BOX_LINE.light, PAGE_TEXT.light
        text.append(f"  classDef open_box fill:{fill},stroke:{line},color:{ink}")
        text.append(f"  class {','.join(f'b_{number}' for number in range(len(picture.boxes)))} open_box")
    return "\n".join(text) + "\n"


def _inside(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    """The cards, each in its box, box by box."""
    numbers = {box.id: number for number, box in enumerate(picture.boxes)}
    boxes: dict[str | None, list[Box]] = {}
    cards: dict[str | None, list[Card]] = {}
    for box in picture.boxes:
        boxes.setdefault(box.box, []).append(box)
    for card in picture.cards:
        cards.setdefault(card.box, []).append(card)

    def within(box: str | None, margin: str) -> Iterator[str]:
        yield from (f"{margin}{ids[card.id]}{_card(card)}" for card in cards.get(box, ()))
        for one in boxes.get(box, ()):
            words = (one.name, one.type if one.type != one.name else "", one.times)
            title = " ".join(escaped(word) for word in words if word)
            yield f'{margin}subgraph b_{numbers[one.id]}["{title}"]'
            yield from within(one.id, margin + "  ")
            yield f"{margin}end"

    return within(None, "  ")


def too_large_for_github(text: str) -> bool:
    """Whether GitHub would refuse to draw this flowchart."""
    edges = sum(" -->" in line or " -. " in line for line in text.splitlines())
    return len(text) > GITHUB_CHARACTERS or edges > GITHUB_EDGES


def _ids(picture: Picture) -> dict[str, str]:
    """Ids of letters and digits. They follow the names, so that a layer put in between changes few lines."""
    taken: set[str] = set()
    found = {}
    for card in picture.cards:
        # The letter in front keeps clear of Mermaid's own words, such as "end".
        key = base = "n_" + _NO_WORD.sub("_", card.id).strip("_")[:IDENTIFIER]
        number = 2
        while key in taken:
            key, number = f"{base}_{number}", number + 1
        taken.add(key)
        found[card.id] = key
    return found


def _card(card: Card) -> str:
    text = f"<b>{escaped(card.name)}</b> {escaped(card.type)}"
    if card.times:
        text += f" <b>{escaped(card.times)}</b>"
    text += "".join(f"<br/>{escaped(line)}" for line in (*lines(card.details, WIDTH, LINES), *card.facts))
    if card.kind == "block":
        return f'[["{text}"]]'
    return f'["{text}"]' if card.kind == "layer" else f'(["{text}"])'


def _arrow(wire: Wire) -> str:
    label = f'"{escaped(wire.label)}"'
    return f"-. {label} .-" if wire.weights else f"-->|{label}|"


def escaped(text: str) -> str:
    """Every sign that Mermaid, its Markdown or HTML could read as more than a sign becomes its number."""
    return _SPECIAL.sub(lambda match: _number(match[0]), text)


def _number(sign: str) -> str:
    # "$$…$$" and "fa:fa-…" become formulas and icons even when written as numbers; a space of no width parts them.
    return f"#{ord(sign)};" + ("#8203;" if sign in "$:" else "")
