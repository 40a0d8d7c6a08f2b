"""From Picture to Items: the blocks in which its cards stand, with what repeats drawn together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final

from ..picture import Card, Picture, Within

FEW: Final = 4
"""So many repetitions that differ in their numbers are drawn apart, so that each can say its own."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One card, and all those that it stands for (itself the first); ``times`` is how often, at least and at most."""

    cards: tuple[Card, ...]
    entry: Hashable
    times: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Box:
    """One block, and all instances that it stands for: ``within`` has them, that which is shown the first."""

    within: tuple[Within, ...]
    entry: Hashable
    items: tuple[Item, ...]
    times: tuple[int, int] = (1, 1)
    cards: tuple[Card, ...] = field(default=(), repr=False, compare=False)

    @property
    def name(self) -> str:
        """The full name of the instance that is shown."""
        return self.within[0].name


Item = Leaf | Box


def items_of(picture: Picture, apart: Callable[[str], bool] | None = None, few: int = FEW) -> tuple[Item, ...]:
    """The cards of a picture as a tree of blocks.

    What repeats alike is one item, also where numbers differ, if there are more than ``few`` of them; instances whose
    name ``apart`` knows stay alone.
    """
    arity = Counter(wire.target for wire in picture.wires if not wire.weights)
    return _Grower(arity, apart or (lambda name: False), few).items(picture.cards, 0)


@dataclass(slots=True)
class _Grower:
    arity: Counter[str]
    apart: Callable[[str], bool]
    few: int

    def items(self, cards: Sequence[Card], depth: int) -> tuple[Item, ...]:
        grown: dict[Any, list[Card]] = {}
        for card in cards:
            key = ("in", card.within[depth].name) if len(card.within) > depth else ("card", card.id)
            grown.setdefault(key, []).append(card)
        found = [self._item(each, depth) for each in grown.values()]
        return tuple(self._joined(found))

    def _item(self, cards: list[Card], depth: int) -> Item:
        one = cards[0]
        if len(one.within) <= depth:
            return Leaf((one,), None)
        within = one.within[depth]
        if within.block is None and not within.application:  # a single layer that stands several times
            return Leaf((one,), within.entry)
        return Box((within,), within.entry, self.items(cards, depth + 1), cards=tuple(cards))

    def _joined(self, items: list[Item]) -> Iterator[Item]:
        kinds = [self._form(item, False) for item in items]
        for _, group in groupby(range(len(items)), lambda at: self._key(items[at], at, kinds[at])):
            run = [items[at] for at in group]
            if len(run) == 1:
                yield run[0]
            elif len(run) > self.few:
                yield joined(run)
            else:
                for _, exact in groupby(run, lambda item: self._form(item, True)):
                    yield joined(list(exact))

    def _key(self, item: Item, at: int, form: Hashable) -> Hashable:
        name = item.name if isinstance(item, Box) else item.cards[0].node
        return at if item.entry is None or self.apart(name) else (item.entry, form)

    def _form(self, item: Item, exact: bool) -> Hashable:
        """What two items have in common that may be drawn as one; without ``exact`` numbers may differ."""
        if isinstance(item, Box):
            inner = tuple(self._form(one, exact) for one in item.items)
            return (item.within[0].block, inner, item.times if exact else None)
        card = item.cards[0]
        details = card.details if exact else tuple(_NUMBER.sub("#", text) for text in card.details)
        return (card.kind, card.type, details, card.shared, self.arity[card.id], item.times if exact else None)


def joined(items: Sequence[Item]) -> Item:
    """Alike items, one beside the other, as one that stands so many times."""
    return items[0] if len(items) == 1 else replace(_zipped(items), times=(len(items), len(items)))


def _zipped(items: Sequence[Item]) -> Item:
    """Alike items as one, without counting them: where the items around them were counted."""
    one = items[0]
    times = (min(item.times[0] for item in items), max(item.times[1] for item in items))
    if isinstance(one, Leaf):
        return Leaf(tuple(card for item in items for card in item.cards), one.entry, times)
    boxes = [item for item in items if isinstance(item, Box)]
    inner = tuple(_zipped(parts) for parts in zip(*(box.items for box in boxes), strict=True))
    within = tuple(each for box in boxes for each in box.within)
    return Box(within, one.entry, inner, times, tuple(card for box in boxes for card in box.cards))


def leaves(items: Iterable[Item]) -> Iterator[Leaf]:
    """All leaves, in their order."""
    for item in items:
        if isinstance(item, Leaf):
            yield item
        else:
            yield from leaves(item.items)


def range_of(texts: Sequence[str]) -> str:
    """Texts that differ in numbers as one: ``filters 64`` … ``filters 512`` is ``filters 64…512``."""
    first = texts[0]
    if all(text == first for text in texts):
        return first
    numbers = [_NUMBER.findall(text) for text in texts]
    if len({_NUMBER.sub("#", text) for text in texts}) > 1:
        return f"{first.partition(' ')[0]} …"
    columns = iter(list(zip(*numbers, strict=True)))

    def spread(_: re.Match[str]) -> str:
        values = sorted(set(next(columns)), key=float)
        return values[0] if len(values) == 1 else f"{values[0]}…{values[-1]}"

    return _NUMBER.sub(spread, first)
