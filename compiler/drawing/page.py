"""From TypedGraph to a page of HTML: one file without network, on which blocks open and close."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final, Literal

from ..graph import TypedGraph
from ..palette import BACKGROUND, BOX_LINE, BOXES, CARDS, CHIP, HEAT, LINE, PAGE_TEXT, QUIET, SAME_WEIGHTS, Theme
from ..picture import Card, Cost, Wire, lines, picture
from .facts import facts_of
from .folding import Look, View, called, closed_card, kind, leaf_card, number, values, view_of
from .heat import SHARES, amount
from .tree import Box, Item

INSIDE: Final = 4000
"""So many layers inside of applications are put on a page; of a network with more, applications stay closed."""
SCRIPTS: Final = ("page.js", "layout.js", "layers.js", "hands.js")
"""Parts of one script, in their order."""
WIDTH: Final = 36
LINES: Final = 3

_BODY: Final = """
<header>
<h1>{title}</h1>
<button id="open">Open all</button><button id="close">Close all</button>
<button id="out" aria-label="Smaller">−</button><button id="in" aria-label="Larger">+</button>
<button id="fit">Whole picture</button><button id="turn">Turn</button>
<label>Colours <select id="heat"><option value="">kind of layer</option><option value="params">parameters</option>
<option value="flops">FLOPs</option><option value="bytes">bytes of outputs</option></select></label>
<label>Page <select id="theme"><option value="auto">as the reader's</option><option>light</option><option>dark</option>
<option>paper</option></select></label>
<label>Find <input id="search" type="search" placeholder="name or type" autocomplete="off"></label>
<span id="hits" role="status"></span><span id="said" role="status"></span>
</header>
<main>
<noscript>This page draws the network by itself, which needs JavaScript; nothing is loaded from anywhere.</noscript>
<svg id="drawing" tabindex="0" role="group" aria-label="{title}: a block opens and closes with Enter; / finds, + and -
zoom, the arrows move, 0 shows all"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9"
markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0,0.5 L8,4 L0,7.5 z"/></marker></defs>
<g id="stage"></g></svg>
<div id="legend"></div>
<aside id="panel" aria-live="polite" hidden><button id="hide" aria-label="Close">×</button><h2 id="what"></h2>
<p id="kind"></p><div id="details"></div></aside>
</main>
"""


def page(typed: TypedGraph, look: Look, theme: Literal["auto", "light", "dark", "paper"] = "auto") -> str:
    """The network as a page; blocks are open at first as they are drawn in a picture under the same look."""
    inner = {name: len(known.inside) for name, known in typed.typed.items() if known.inside}
    flat = picture(typed, inner if sum(inner.values()) <= INSIDE else ())
    view = view_of(flat, look)
    data = _Data(typed, view, flat.wires)
    told = json.dumps(data.content(look), ensure_ascii=False, separators=(",", ":"))
    told = told.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    room = files(__package__)
    style = _colours() + room.joinpath("page.css").read_text("utf-8")
    parts = "".join(room.joinpath(name).read_text("utf-8") for name in SCRIPTS)
    script = f'"use strict";(() => {{\n{parts}}})();'
    allowed = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    title = escape(flat.title)
    return (
        f'<!DOCTYPE html>\n<html lang="en" data-theme="{theme}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>{_BODY.format(title=title)}"
        f'<script type="application/json" id="network">{told}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class _Data:
    """What a page knows of a network."""

    def __init__(self, typed: TypedGraph, view: View, wires: Sequence[Wire]) -> None:
        self.view = view
        self.facts = facts_of(typed, wires)
        self.open: list[str] = []
        self.count = 0

    def content(self, look: Look) -> dict[str, Any]:
        items = [self._item(item, "", 0) for item in self.view.items]
        wires = [[wire.source, wire.target, wire.label, wire.weights] for wire in self.view.opened().wires]
        return {
            "items": items,
            "wires": wires,
            "open": self.open,
            "direction": look.direction,
            "heat": look.heat,
            "shares": SHARES,
            "count": self.count,
        }

    def _item(self, item: Item, around: str, level: int) -> dict[str, Any]:
        if not isinstance(item, Box):
            self.count += 1
            card = leaf_card(item, around)
            more = [*self.facts.of(card), *_alike(item.cards)]
            return {**_told(card, lines(card.details, WIDTH, LINES)), "more": more}
        key = f"block {item.name}"
        if self.view.opens(item, level):
            self.open.append(key)
        card = closed_card(item, around)
        given = [(name, str(value)) for name, value in item.within[0].values.items() if not isinstance(value, dict)]
        return {
            **_told(card, lines(values(item), WIDTH, LINES)),
            "id": key,
            "name": called(item, around),
            "type": kind(item) if kind(item) != called(item, around) else "",
            "facts": card.facts,
            "application": item.within[0].application,
            "more": [("name", item.name), *given, ("layers", card.facts[0].partition(" ")[0]), *_costs(card.cost),
                     *_alike(item.within)],
            "items": [self._item(one, item.name, level + 1) for one in item.items],
        }  # fmt: skip


def _told(card: Card, shown: Sequence[str]) -> dict[str, Any]:
    return {
        "id": card.id,
        "kind": card.kind,
        "family": card.family,
        "name": card.name,
        "type": card.type,
        "times": card.times,
        "shared": card.shared,
        "lines": shown,
        "cost": {what: amount(getattr(card.cost, what)) for what in ("params", "flops", "bytes")},
        "found": f"{card.node} {card.inside or ''} {card.name} {card.type}".lower(),
    }


def _costs(cost: Cost) -> Iterator[tuple[str, str]]:
    for name, value in (("parameters", cost.params), ("FLOPs", cost.flops), ("bytes of outputs", cost.bytes)):
        yield name, "?" if value is None else number(value)


def _alike(every: Sequence[Any]) -> Iterator[tuple[str, str]]:
    if len(every) > 1:
        yield "stands for", f"{len(every)} alike; numbers are those of the first, costs those of all"


def _colours() -> str:
    """The palette as CSS variables: for light pages, dark ones, and print."""

    def rules(theme: Theme, root: str) -> str:
        page = {
            "page": BACKGROUND, "text": PAGE_TEXT, "quiet": QUIET, "chip": CHIP, "line": LINE, "same": SAME_WEIGHTS,
            "box0": BOXES[0], "box1": BOXES[1], "box-line": BOX_LINE,
        }  # fmt: skip
        text = f"{root}{{{';'.join(f'--{name}:{colour.of(theme)}' for name, colour in page.items())}"
        text += f";color-scheme:{'dark' if theme == 'dark' else 'light'}}}"
        paints = [(f".f-{family}", paint) for family, paint in CARDS.items()]
        paints += [(f".h{step}.h{step}", paint) for step, paint in enumerate(HEAT)]
        for name, paint in paints:
            parts = {"fill": paint.fill, "border": paint.border, "ink": paint.text, "ink-soft": paint.quiet}
            inner = ";".join(f"--{part}:{colour.of(theme)}" for part, colour in parts.items())
            text += f"{root} {name}{{{inner}}}"
        return text

    dark = f"@media (prefers-color-scheme:dark){{{rules('dark', ':root[data-theme=auto]')}}}"
    named = "".join(rules(theme, f":root[data-theme={theme}]") for theme in ("dark", "paper"))
    return f"{rules('light', ':root')}{dark}{named}\n"
