"""From Picture to Picture: with some blocks open as boxes, and the others closed to one card each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from numbers import Real
from typing import Any, Final, Literal

from ..graph import TypedGraph
from ..picture import NAME, Box, Card, Cost, Picture, Wire, argument, clean, picture
from ..sizes import Size, known
from .runs import in_parts, with_runs
from .tree import FEW, Item, Leaf, items_of, range_of
from .tree import Box as Block

READABLE: Final = 40
"""Cards that a person can take in: what has more is drawn with closed blocks where it has any."""

Heat = Literal["params", "flops", "bytes"]
Direction = Literal["TB", "LR"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a network is drawn.

    ``depth`` is how many blocks inside one another are opened: 0 for none; None: as many as can be read. ``expand``
    are names of blocks, or patterns of such, that are opened beside. ``whole``: every layer by itself, nothing closed
    and nothing joined. ``heat`` colours cards by what they cost; ``direction`` is that of the tensors.
    """

    depth: int | None = None
    expand: tuple[str, ...] = ()
    whole: bool = False
    heat: Heat | None = None
    direction: Direction = "TB"

    def __post_init__(self) -> None:
        if self.depth is not None and self.depth < 0:
            raise ValueError(f"a depth is 0 or more, found {self.depth}")


@dataclass(frozen=True, slots=True)
class Folded:
    """A picture with blocks closed and joined. ``closed`` are those that are closed, in their order.

    ``depth`` is the depth it came to, ``deepest`` that at which nothing would be closed; ``unknown`` are patterns that
    open nothing, ``names`` all that they could name.
    """

    picture: Picture
    closed: tuple[Block, ...] = field(repr=False)
    depth: int
    deepest: int
    unknown: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The closed blocks that a spec gives names to: those that can be asked for."""
        return tuple(one.name for one in self.closed if not one.within[0].made)


def fold(typed: TypedGraph, look: Look | None = None, most: int = READABLE) -> Folded:
    """The picture of a network under a look; ``most`` are the cards that a picture may have before it closes blocks."""
    look = look or Look()
    apps = [
        name for name in typed.graph.nodes if typed.typed[name].inside and any(_means(one, name) for one in look.expand)
    ]
    flat = picture(typed, apps)
    if look.whole:
        return Folded(flat, (), 0, 0)
    return folded(flat, look, most)


def folded(flat: Picture, look: Look, most: int = READABLE) -> Folded:
    """A picture in which every layer stands by itself, folded."""
    return view_of(flat, look, most).folded()


def view_of(flat: Picture, look: Look, most: int = READABLE) -> View:
    """The way to look at a picture in which every layer stands by itself."""
    small = View(flat, look, look.depth, most, few=len(flat.cards))
    if look.depth is None and not look.expand and small.count <= most and small.depth == small.deepest:
        return small  # then there is room for all that differs, too
    view = View(flat, look, look.depth, most)
    if look.depth is not None or view.count <= most:
        return view
    for cut in (with_runs, lambda one: in_parts(with_runs(one))):
        narrower = View(cut(flat), look, None, most)
        if narrower.count < view.count:
            view = narrower
        if view.count <= most:
            break
    return view


def _means(pattern: str, name: str) -> bool:
    """Whether a pattern means a full name; a ``*`` stands for no dot."""
    parts, names = pattern.split("."), name.split(".")
    return len(parts) == len(names) and all(map(fnmatchcase, names, parts))


def _leads(pattern: str, name: str) -> bool:
    """Whether a pattern means something inside what has a name."""
    depth = name.count(".") + 1
    return pattern.count(".") >= depth and _means(".".join(pattern.split(".")[:depth]), name)


class View:
    """One way to look at a picture: which of its blocks are open."""

    def __init__(self, flat: Picture, look: Look, depth: int | None, most: int, few: int = FEW) -> None:
        self.flat = flat
        self.expand = look.expand
        self.items = items_of(flat, self._apart, few)
        self.deepest = _deepest(self.items)
        if depth is None:
            # Those that are named are opened, and nothing else besides: that is what they were named for.
            deepest = 0 if look.expand else self.deepest
            depth = next((one for one in range(deepest, 0, -1) if self._cards(one) <= most), 0)
        self.depth = depth
        self.count = self._cards(depth)

    def _apart(self, name: str) -> bool:
        stem, _, number = name.rpartition(".")
        return number.isdigit() and any(
            (_means(one, name) and not _means(one, stem)) or (one.count(".") > name.count(".") and _leads(one, name))
            for one in self.expand
        )

    def opens(self, block: Block, level: int) -> bool:
        """Whether a block is drawn open that stands inside so many others."""
        if block.within[0].application:
            return any(_means(one, block.name) for one in self.expand)
        if level < self.depth:
            return True
        stem, _, number = block.name.rpartition(".")
        # What is inside can only be seen where what is around is open.
        return any(
            _means(one, block.name) or (number.isdigit() and _means(one, stem)) or _leads(one, block.name)
            for one in self.expand
        )

    def _cards(self, depth: int) -> int:
        old, self.depth = getattr(self, "depth", 0), depth
        count = sum(1 for _ in self._visible(self.items, 0))
        self.depth = old
        return count

    def _visible(self, items: Sequence[Item], level: int) -> Iterator[Item]:
        for item in items:
            if isinstance(item, Block) and self.opens(item, level):
                yield from self._visible(item.items, level + 1)
            else:
                yield item

    def opened(self) -> Picture:
        """The picture with every block open."""
        drawing = _Drawing(self.flat, lambda block, level: True)
        drawing.put(self.items, (), "")
        return drawing.picture()

    def folded(self) -> Folded:
        """The picture with some blocks open."""
        drawing = _Drawing(self.flat, self.opens)
        drawing.put(self.items, (), "")
        names = tuple(dict.fromkeys(each.name for card in self.flat.cards for each in card.within))
        stems = (*names, *(name.rpartition(".")[0] for name in names))
        unknown = tuple(one for one in self.expand if not any(_means(one, name) for name in stems))
        return Folded(
            drawing.picture(),
            tuple(drawing.closed),
            self.depth,
            self.deepest,
            unknown,
            names,
        )


class _Drawing:
    """What is drawn of a picture's items, while it is being put together."""

    def __init__(self, flat: Picture, opens: Callable[[Block, int], bool]) -> None:
        self.flat = flat
        self.opens = opens
        self.cards: list[Card] = []
        self.boxes: list[Box] = []
        self.closed: list[Block] = []
        self.stands: dict[str, str] = {}
        self.ways: dict[str, tuple[str, ...]] = {}  # the open boxes around a card that is drawn
        self.several: set[str] = set()  # cards that stand for more than one
        self.leaving: dict[str, list[str]] = {}
        self.entering: dict[str, list[str]] = {}

    def put(self, items: Sequence[Item], way: tuple[str, ...], around: str) -> None:
        for item in items:
            if isinstance(item, Leaf):
                self._show(leaf_card(item, around), item.cards, way)
            elif self.opens(item, len(way)):
                key = f"box {len(self.boxes)} {clean(item.name)}"
                box = Box(key, called(item, around), kind(item), times(item), way[-1] if way else None, values(item))
                self.boxes.append(box)
                self.put(item.items, (*way, key), item.name)
            else:
                self.closed.append(item)
                self._show(closed_card(item, around), item.cards, way)

    def _show(self, card: Card, members: Sequence[Card], way: tuple[str, ...]) -> None:
        self.cards.append(replace(card, box=way[-1] if way else None))
        self.ways[card.id] = way
        for one in members:
            self.stands[one.id] = card.id
        if len(members) > 1:
            self.several.add(card.id)

    def picture(self) -> Picture:
        wires: dict[tuple[str, str, bool, int], list[str]] = {}
        by_id = {card.id: card for card in self.flat.cards}
        for at, wire in enumerate(self.flat.wires):
            source, target = self.stands[wire.source], self.stands[wire.target]
            if source == target or self._between(by_id[wire.source], by_id[wire.target], source, target):
                continue
            # Between two layers each tensor is a wire of its own; between what stands for many, all are one.
            alone = source not in self.several and target not in self.several
            labels = wires.setdefault((source, target, wire.weights, at if alone else -1), [])
            if wire.label not in labels:
                labels.append(wire.label)
            if not wire.weights:
                shape = wire.label.partition(" → ")[0]
                for found, end in ((self.leaving, source), (self.entering, target)):
                    if shape not in found.setdefault(end, []):
                        found[end].append(shape)
        drawn = tuple(
            Wire(source, target, labels[0] + (", …" if len(labels) > 1 else ""), weights)
            for (source, target, weights, _), labels in wires.items()
        )
        return Picture(self.flat.title, tuple(map(self._with_shapes, self.cards)), drawn, tuple(self.boxes))

    def _between(self, one: Card, other: Card, source: str, target: str) -> bool:
        """Whether a wire leads from one repetition to another of an open box that stands for both."""
        for level, (box, same) in enumerate(zip(self.ways[source], self.ways[target], strict=False)):
            if box != same:
                return False
            if one.within[level].name != other.within[level].name:
                return True
        return False

    def _with_shapes(self, card: Card) -> Card:
        if card.kind != "block":
            return card
        ways = (self.entering.get(card.id, []), self.leaving.get(card.id, []))
        text = " → ".join(", ".join(way[:2]) + (", …" if len(way) > 2 else "") for way in ways if way)
        return replace(card, facts=(*card.facts, text)) if text else card


def times(item: Item) -> str:
    """How often an item stands there, ``× 6``; no text for once."""
    least, most = item.times
    return "" if most == 1 else f"× {most}" if least == most else f"× {least}…{most}"


def kind(item: Block) -> str:
    """What a block is an instance of."""
    return clean(item.within[0].block or item.within[0].name, NAME)


def called(item: Block, around: str) -> str:
    """A block's name as it is written inside the one around it; ``unit.1…2`` where it stands for several."""
    name = relative(item.name, around)
    stem, _, number = name.rpartition(".")
    if item.times[1] > 1 and stem and number.isdigit():
        name = stem if number == "0" else f"{stem}.{number}…"
        if number != "0" and item.times[0] == item.times[1]:
            name += str(int(number) + item.times[0] - 1)
    return clean(name, NAME)


def relative(name: str, around: str) -> str:
    """A full name without that of the block around it."""
    return name.removeprefix(f"{around}.") if around else name


def leaf_card(item: Leaf, around: str) -> Card:
    """The card of a layer, and of all those like it that it stands for."""
    card = item.cards[0]
    name = relative(card.name, around)
    if item.times[1] > 1:
        stem, _, number = name.rpartition(".")
        name = stem if stem and number.isdigit() else f"{name} … {item.cards[-1].name}"
    details = tuple(range_of(texts) for texts in zip(*(one.details for one in item.cards), strict=True))
    return replace(card, name=clean(name, NAME), details=details, times=times(item), cost=total(item.cards))


def closed_card(item: Block, around: str) -> Card:
    """The card of a block that is closed: what it was given, how much is in it, and what that costs."""
    one = item.cards[0]
    cost = total(item.cards)
    layers = sum(card.kind == "layer" for card in item.cards)
    count = "1 layer" if layers == 1 else f"{layers:,} layers"
    params = "? parameters" if cost.params is None else "" if cost.params == 0 else f"{number(cost.params)} parameters"
    facts = (f"{count} · {params}" if params else count,)
    name = called(item, around)
    return Card(
        one.id,
        "block",
        "block",
        name,
        kind(item) if kind(item) != name else "",
        values(item),
        facts=facts,
        within=one.within,
        cost=cost,
        times=times(item),
        node=item.name,
    )


def values(item: Block) -> tuple[str, ...]:
    """What a block was given, as far as it can be said in a few characters, for all that it stands for."""
    found = []
    for name in item.within[0].values:
        each = [one.values.get(name) for one in item.within]
        if all(_plain(value) for value in each):
            found.append(range_of([argument(name, value) for value in each]))
    return tuple(found)


def _plain(value: Any) -> bool:
    return isinstance(value, (str, Real)) and not (isinstance(value, str) and len(value) > 20)


def number(size: Size) -> str:
    """A size as people write it, with commas."""
    return f"{size:,}" if known(size) else str(size)


def total(cards: Sequence[Card]) -> Cost:
    """What cards cost together; None where one of them is not known."""
    return Cost(*(_sum(getattr(card.cost, what) for card in cards) for what in ("params", "flops", "bytes")))


def _sum(sizes: Iterable[Size | None]) -> Size | None:
    whole: Size = 0
    for size in sizes:
        if size is None:
            return None
        whole = whole + size
    return whole


def _deepest(items: Sequence[Item]) -> int:
    """How many blocks stand inside one another, applications not counted."""
    blocks = [one for one in items if isinstance(one, Block) and not one.within[0].application]
    return max((1 + _deepest(one.items) for one in blocks), default=0)
