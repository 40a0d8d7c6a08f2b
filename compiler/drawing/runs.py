"""From Picture to Picture: in a long row of layers without blocks, what repeats and what can be cut off as a part."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from ..picture import Card, Picture, Within

LONGEST: Final = 24
"""Layers in what repeats, at the most."""
LEAST: Final = 6
"""Layers that a repetition covers, at the least."""
PART: Final = 0.04
"""Share of all cards in one part, about."""
_NUMBER: Final = re.compile(r"\d+")
_Form = tuple[Hashable, tuple[int, ...]]


def with_runs(picture: Picture) -> Picture:
    """The picture with repetitions of layers that stand in no block as instances of a block without a name."""
    cards = list(picture.cards)
    for row, forms in _rows(picture):
        at = 0
        while at < len(row):
            length, count = _repeats(forms, at)
            if count < 2:
                at += 1
                continue
            # A unit that ends where branches join is the one that people have in mind.
            for shift in range(length):
                last = picture.cards[row[at + shift + length - 1]]
                if last.family == "merging" and _repeats(forms, at + shift) == (length, count):
                    at += shift
                    break
            for number in range(count):
                here = row[at + number * length : at + (number + 1) * length]
                names = [picture.cards[one].name for one in here]
                within = Within(_title(names), ("run", row[at]), None if length == 1 else "repeated", made=True)
                for one in here:
                    cards[one] = replace(cards[one], within=(within,))
            at += length * count
    return replace(picture, cards=tuple(cards))


def in_parts(picture: Picture) -> Picture:
    """The picture with layers of no block in parts, cut where no more than one tensor goes from one to the next."""
    place = {card.id: number for number, card in enumerate(picture.cards)}
    cards = list(picture.cards)
    reach: dict[int, int] = {}
    for wire in picture.wires:
        if not wire.weights:
            source, target = place[wire.source], place[wire.target]
            reach[source] = max(reach.get(source, source), target)
    size = max(8, int(len(cards) * PART))
    part: list[int] = []
    open_until: list[int] = []
    for at, card in enumerate(picture.cards):
        if card.kind == "layer" and not card.within:
            part.append(at)
        open_until = [end for end in open_until if end > at]
        if reach.get(at, at) > at:
            open_until.append(reach[at])
        ends = card.within or card.kind != "layer" or (len(open_until) <= 1 and len(part) >= size)
        if ends or at + 1 == len(cards):
            _close(cards, part)
            part = []
    return replace(picture, cards=tuple(cards))


def _close(cards: list[Card], part: list[int]) -> None:
    if len(part) > 2:
        within = Within(_title([cards[at].name for at in part]), None, "part", made=True)
        for at in part:
            cards[at] = replace(cards[at], within=(within,))


def _title(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"


def _rows(picture: Picture) -> Iterator[tuple[list[int], list[_Form]]]:
    """Rows of cards without blocks, and what each is: type and arguments, and how far back it takes tensors from."""
    place = {card.id: number for number, card in enumerate(picture.cards)}
    back: dict[int, tuple[int, ...]] = {}
    for wire in picture.wires:
        at = place[wire.target]
        back[at] = (*back.get(at, ()), at - place[wire.source])
    numbered = enumerate(picture.cards)
    for loose, group in groupby(numbered, lambda one: one[1].kind == "layer" and not one[1].within):
        if loose:
            row = list(group)
            yield [at for at, _ in row], [(_shape(card), back.get(at, ())) for at, card in row]


def _shape(card: Card) -> Hashable:
    return (card.type, tuple(_NUMBER.sub("#", text) for text in card.details), card.shared)


def _repeats(forms: Sequence[_Form], at: int) -> tuple[int, int]:
    """The length of what repeats from here on, and how often: that which covers most, the shortest of such."""
    best = (1, 1)
    for length in range(1, min(LONGEST, (len(forms) - at) // 2) + 1):
        end = at + length
        # What stands first may take its tensors from somewhere else than those behind it.
        while end < len(forms) and (
            forms[end] == forms[end - length] if end > at + length else forms[end][0] == forms[at][0]
        ):
            end += 1
        count = (end - at) // length
        if count > 1 and count * length >= LEAST and count * length > best[0] * best[1]:
            best = (length, count)
    return best
