"""From Merged to Merged: what did not change, or only follows, drawn together until a person can take it in."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..sizes import Size
from .changes import Changes, Status
from .merged import Card, Merged, Wire, merged
from .wording import digits

MOST: Final = 40
"""Cards up to which everything is drawn; of larger networks what changed, with what stands beside it."""
LEAST: Final = 3
"""Layers that are worth closing to a block."""


def readable(changes: Changes, fits: Callable[[Merged], bool]) -> Merged:
    """Both networks in one drawing, with as much of it by itself as ``fits``."""
    return folded(merged(changes), fits)


def folded(whole: Merged, fits: Callable[[Merged], bool]) -> Merged:
    """The first drawing that ``fits``, or the one in which most is drawn together.

    First the untouched stretches are closed, but for what stands beside an edit; then blocks that are new or gone as a
    whole; then those neighbours; then what only follows from an edit; last blocks in which something changed, the
    innermost first.
    """
    found = whole
    ways = _ways(whole)
    while not fits(found):
        group = next(ways, None)
        if group is None:
            break
        found = _contracted(whole, group)
    return found


def _ways(whole: Merged) -> Iterator[dict[str, str]]:
    yield _stretches(whole, {}, True, False)
    blocks = _blocks(whole)
    yield _stretches(whole, blocks, True, False)
    yield _stretches(whole, blocks, False, False)
    yield _stretches(whole, blocks, False, True)
    for depth in range(max((len(card.within) for card in whole.cards), default=0), 0, -1):
        yield _stretches(whole, _changed_blocks(whole, depth), False, True)


def _blocks(whole: Merged) -> dict[str, str]:
    """The outermost blocks that are new or gone as a whole: cards → their block."""
    members: dict[tuple[str, str], list[Card]] = defaultdict(list)
    for card in whole.cards:
        for name, _ in card.within:
            members[name, "removed" if card.status == "removed" else "other"].append(card)
    group: dict[str, str] = {}
    for (name, _), cards in members.items():  # those outside come first
        statuses = {card.status for card in cards}
        if len(cards) >= LEAST and len(statuses) == 1 and statuses <= {"added", "removed"}:
            for card in cards:
                group.setdefault(card.id, f"block {name} {card.status}")
    return group


def _changed_blocks(whole: Merged, depth: int) -> dict[str, str]:
    """Blocks so far inside others in which something changed: cards → their block."""
    members: dict[str, list[Card]] = defaultdict(list)
    for card in whole.cards:
        if card.within:
            members[card.within[:depth][-1][0]].append(card)
    touched = {name for name, cards in members.items() if any(card.status != "same" for card in cards)}
    return {card.id: f"block {name}" for name in touched for card in members[name]}


def _stretches(whole: Merged, blocks: Mapping[str, str], context: bool, follows: bool) -> dict[str, str]:
    """Cards that are drawn together: those of ``blocks``, and connected ones that did not change.

    ``context``: the neighbours of an edit stay; ``follows`` takes in what changed only because of others. Two cards
    that have different edits before them stay apart, so that no stretch stands both before an edit and behind it.
    """
    loose = {card.id for card in whole.cards if not card.round and card.id not in blocks
             and (card.status == "same" or (follows and card.follows))}  # fmt: skip
    wires = [wire for wire in whole.wires if not wire.weights]
    if context:
        edits = {card.id for card in whole.cards if not card.round} - loose
        for wire in wires:
            if wire.source in edits or wire.target in edits or wire.status in ("added", "removed"):
                loose -= {wire.source, wire.target}
    passed = _passed([(blocks.get(one.source, one.source), blocks.get(one.target, one.target)) for one in wires], loose)
    beside: dict[str, list[str]] = defaultdict(list)
    for wire in wires:
        if {wire.source, wire.target} <= loose and passed.get(wire.source) == passed.get(wire.target):
            beside[wire.source].append(wire.target)
            beside[wire.target].append(wire.source)
    group = dict(blocks)
    for card in whole.cards:
        if card.id in loose and card.id not in group:
            waiting = [card.id]
            group[card.id] = f"{card.id} and others"
            while waiting:
                for other in beside[waiting.pop()]:
                    if other not in group:
                        group[other] = f"{card.id} and others"
                        waiting.append(other)
    return group


def _passed(wires: Iterable[tuple[str, str]], loose: set[str]) -> dict[str, int]:
    """What stays by itself before each place of a drawing, as bits of a number."""
    forward: dict[str, list[str]] = defaultdict(list)
    for source, target in wires:
        if source != target:
            forward[source].append(target)
    own = {source: 0 if source in loose else 1 << number for number, source in enumerate(forward)}
    passed: dict[str, int] = {}
    waiting = deque(forward)
    while waiting:
        source = waiting.popleft()
        given = passed.get(source, 0) | own[source]
        for target in forward[source]:
            before = passed.get(target, 0)
            if given | before != before:
                passed[target] = given | before
                if target in own:
                    waiting.append(target)
    return passed


def _contracted(whole: Merged, group: Mapping[str, str]) -> Merged:
    """The drawing with each group as one card."""
    members: dict[str, list[Card]] = defaultdict(list)
    for card in whole.cards:
        members[group.get(card.id, card.id)].append(card)
    cards = [cards[0] if len(cards) == 1 else _together(key, cards) for key, cards in members.items()]
    ids = {card.id: one.id for one, cards in zip(cards, members.values(), strict=True) for card in cards}
    wires: dict[tuple[str, ...], Wire] = {}
    for wire in whole.wires:
        ends = ids[wire.source], ids[wire.target]
        if ends[0] != ends[1]:
            wires.setdefault((*ends, wire.label, wire.status), replace(wire, source=ends[0], target=ends[1]))
    return Merged(whole.title, tuple(cards), tuple(wires.values()))


def _together(key: str, cards: Sequence[Card]) -> Card:
    changed = sum(card.status != "same" for card in cards)
    if not key.startswith("block "):
        follow = () if not changed else (f"{changed} of them follow: other shapes",)
        return Card(key, "changed" if changed else "same", f"… {len(cards)} layers …",
                    "" if changed else "unchanged", follow, count=len(cards))  # fmt: skip
    statuses = {card.status for card in cards}
    status: Status = cards[0].status if len(statuses) == 1 else "changed"
    common = cards[0].within
    for card in cards:
        common = tuple(one for one, other in zip(common, card.within, strict=False) if one == other)
    name, block = common[-1] if common else (cards[0].name, "")
    before, after = (_sum(card.params[side] for card in cards) for side in (0, 1))
    told: tuple[str, ...] = (
        f"{len(cards)} layers" if len(statuses) == 1 else f"{changed} of {len(cards)} layers changed",
    )
    if before != after:
        words = digits(after if status == "added" else before)
        words = words if status in ("added", "removed") else f"{words} → {digits(after)}"
        told = (*told, f"{words} parameters")
    return Card(key, status, name, "" if block == name else block, told, count=len(cards), closed=True)


def _sum(sizes: Iterable[Size | None]) -> Size | None:
    whole: Size = 0
    for size in sizes:
        if size is None:
            return None
        whole = whole + size
    return whole
