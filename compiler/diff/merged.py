"""From Changes to Merged: both networks as one set of cards and wires, what did not change drawn together."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..picture import Card as Drawn
from ..picture import Picture, clean, picture
from ..sizes import Size
from .changes import Changes, Layer, Side, Status
from .wording import digits, value_words

SIGN: Final[Mapping[Status, str]] = {"added": "+ ", "removed": "− ", "changed": "~ ", "same": ""}
DETAILS: Final = 5


@dataclass(frozen=True, slots=True)
class Card:
    """An input, layer or output; or (``count``) so many layers that are drawn together, ``closed`` if they are a block.

    ``within`` are the instances of blocks in which it stands, and what they are of, outermost first; ``params`` its
    weights before and after; ``follows`` says that nothing was written of it: its change is that of others.
    """

    id: str
    status: Status
    name: str
    type: str
    details: tuple[str, ...] = ()
    round: bool = False
    count: int = 0
    within: tuple[tuple[str, str], ...] = ()
    params: tuple[Size | None, Size | None] = (0, 0)
    follows: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """One tensor on its way in the new network, in the old one, or in both."""

    source: str
    target: str
    label: str
    status: Status
    weights: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """Both networks in one drawing."""

    title: str
    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]


def merged(changes: Changes) -> Merged:
    """Both networks in one drawing, every layer by itself."""
    new_ids, new_picture = _pictured(changes.new)
    old_ids, old_picture = _pictured(changes.old)
    by_new = {one.new: one for one in changes.layers if one.new is not None}
    here = {old_ids[one.old]: new_ids[one.new] for one in changes.layers if one.old and one.new}
    ends = {card.name: card.id for card in new_picture.cards if card.kind == "output"}
    cards = []
    names = {key: name for name, key in new_ids.items()}
    outputs = {card.name for card in old_picture.cards if card.kind == "output"}
    for card in new_picture.cards:
        if card.kind == "output":
            status: Status = "same" if card.name in outputs else "added"
            cards.append(Card(card.id, status, card.name, card.type, round=True))
        else:
            layer = by_new[names[card.id]]
            details = _details(layer) if layer.status == "changed" else card.details
            kind = card.type if layer.type == layer.type_before else f"{layer.type_before} → {card.type}"
            follows = layer.status == "changed" and not (layer.edited or layer.arguments or layer.rewired)
            params = (layer.params_before if layer.old is not None else 0, layer.params)
            cards.append(Card(card.id, layer.status, card.name, kind, details, card.kind == "input",
                              within=_within(card), params=params, follows=follows))  # fmt: skip
    for card in old_picture.cards:
        if card.kind == "output" and card.name in ends:
            here[card.id] = ends[card.name]
        elif card.id not in here:
            here[card.id] = f"{card.id} (before)"
            cards.append(Card(here[card.id], "removed", card.name, card.type, card.details, card.kind != "layer",
                              within=_within(card), params=(card.cost.params, 0)))  # fmt: skip
    return Merged(
        f"{changes.old.label} → {changes.new.label}", tuple(cards), tuple(_wires(old_picture, new_picture, here))
    )


def _pictured(side: Side) -> tuple[dict[str, str], Picture]:
    drawing = picture(side.typed)
    return {name: card.id for name, card in zip(side.typed.graph.nodes, drawing.cards, strict=False)}, drawing


def _within(card: Drawn) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, clean(one.block or "", 40)) for one in card.within)


def _details(layer: Layer) -> tuple[str, ...]:
    """What changed in a layer, as it is written on its card."""
    found = []
    if layer.renamed:
        found.append(f"was called {clean(layer.old or '', 40)}")
    for one in layer.arguments:
        found.append(clean(f"{'.'.join(one.path)} {value_words(one.old)} → {value_words(one.new)}", 60))
    if layer.rewired and not layer.arguments:
        found.append("takes another tensor")
    if layer.params != layer.params_before:
        found.append(f"{digits(layer.params_before)} → {digits(layer.params)} parameters")
    return (*found[:DETAILS], "…") if len(found) > DETAILS else tuple(found)


def _wires(old: Picture, new: Picture, here: Mapping[str, str]) -> Iterable[Wire]:
    before: dict[tuple[str, str, bool], deque[str]] = defaultdict(deque)
    for wire in old.wires:
        before[(here[wire.source], here[wire.target], wire.weights)].append(wire.label)
    for wire in new.wires:
        there = before.get((wire.source, wire.target, wire.weights))
        if not there:
            yield Wire(wire.source, wire.target, wire.label, "added", wire.weights)
            continue
        label = there.popleft()
        changed = label != wire.label
        words = f"{label} ⇒ {wire.label}" if changed else wire.label
        yield Wire(wire.source, wire.target, words, "changed" if changed else "same", wire.weights)
    for (source, target, weights), labels in before.items():
        for label in labels:
            yield Wire(source, target, label, "removed", weights)
