"""From Picture to Mermaid: a flowchart that GitHub and many editors draw inside a page of text."""

from __future__ import annotations

import re
from typing import Final

from .palette import CARDS
from .picture import Card, Picture, Wire, lines

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


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart, the same text for the same picture."""
    ids = _ids(picture)
    text = ["flowchart TD"]
    text += [f"  {ids[card.id]}{_card(card)}" for card in picture.cards]
    text += [f"  {ids[wire.source]} {_arrow(wire)} {ids[wire.target]}" for wire in picture.wires]
    for family in sorted({card.family for card in picture.cards}):
        paint = CARDS[family]
        # Mermaid knows one theme at a time: cards keep their light ground and dark text on dark pages too.
        style = f"fill:{paint.fill.light},stroke:{paint.border.light},color:{paint.text.light}"
        dashes = ",stroke-dasharray:4" if family == "unknown" else ""
        text.append(f"  classDef {family}_card {style}{dashes}")
        members = ",".join(ids[card.id] for card in picture.cards if card.family == family)
        text.append(f"  class {members} {family}_card")
    shared = ",".join(ids[card.id] for card in picture.cards if card.shared)
    if shared:
        text += ["  classDef shared_card stroke-dasharray:4", f"  class {shared} shared_card"]
    return "\n".join(text) + "\n"


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
    text += "".join(f"<br/>{escaped(line)}" for line in lines(card.details, WIDTH, LINES))
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
