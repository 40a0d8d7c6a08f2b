"""From Changes to Merged: both networks as one set of cards and wires, what did not change drawn together."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..picture import Picture, clean, picture
from .changes import Changes, Layer, Side, Status
from .wording import digits, value_words

MOST: Final = 60
"""Cards up to which everything is drawn; of larger networks what changed, with what stands beside it."""
SIGN: Final[Mapping[Status, str]] = {"added": "+ ", "removed": "− ", "changed": "~ ", "same": ""}
DETAILS: Final = 5


@dataclass(frozen=True, slots=True)
class Card:
    """An input, layer or output; or (``count``) so many layers side by side that did not change."""

    id: str
    status: Status
    name: str
    type: str
    details: tuple[str, ...] = ()
    round: bool = False
    count: int = 0


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


def merged(changes: Changes, most: int = MOST) -> Merged:
    """Both networks in one drawing; where there are more than ``most`` cards, what did not change is drawn together."""
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
            cards.append(Card(card.id, layer.status, card.name, kind, details, card.kind == "input"))
    for card in old_picture.cards:
        if card.kind == "output" and card.name in ends:
            here[card.id] = ends[card.name]
        elif card.id not in here:
            here[card.id] = f"{card.id} (before)"
            cards.append(Card(here[card.id], "removed", card.name, card.type, card.details, card.kind != "layer"))
    whole = Merged(
        f"{changes.old.label} → {changes.new.label}", tuple(cards), tuple(_wires(old_picture, new_picture, here))
    )
    return whole if len(cards) <= most else _together(whole)


def _pictured(side: Side) -> tuple[dict[str, str], Picture]:
    drawing = picture(side.typed)
    return {name: card.id for name, card in zip(side.typed.graph.nodes, drawing.cards, strict=False)}, drawing


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


def _together(whole: Merged) -> Merged:
    """What changed and its neighbours one by one, each stretch of the rest as one card."""
    shown = {card.id for card in whole.cards if card.status != "same"}
    near = set(shown)
    beside: dict[str, set[str]] = defaultdict(set)
    for wire in whole.wires:
        beside[wire.source].add(wire.target)
        beside[wire.target].add(wire.source)
        if wire.source in shown or wire.target in shown or wire.status != "same":
            near |= {wire.source, wire.target}
    near |= {card.id for card in whole.cards if card.round}
    group: dict[str, str] = {}
    counts: dict[str, int] = {}
    for card in whole.cards:
        if card.id in near or card.id in group:
            continue
        key = f"{card.id} and others"
        waiting, members = [card.id], {card.id}
        while waiting:
            for other in beside[waiting.pop()]:
                if other not in near and other not in members:
                    members.add(other)
                    waiting.append(other)
        group |= dict.fromkeys(members, key)
        counts[key] = len(members)
    cards: dict[str, Card] = {}
    for card in whole.cards:
        one = group.get(card.id)
        if one is None:
            cards[card.id] = card
        elif one not in cards:
            count = counts[one]
            together = Card(one, "same", f"{count} layers", "unchanged", count=count)
            cards[one] = replace(card, id=one) if count == 1 else together
    wires: dict[tuple[str, ...], Wire] = {}
    for wire in whole.wires:
        ends = group.get(wire.source, wire.source), group.get(wire.target, wire.target)
        if ends[0] != ends[1]:
            wires.setdefault((*ends, wire.label, wire.status), replace(wire, source=ends[0], target=ends[1]))
    return Merged(whole.title, tuple(cards.values()), tuple(wires.values()))
