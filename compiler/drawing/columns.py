"""From Picture to Columns: what would be a long ribbon, cut where one tensor goes on, its pieces side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

from ..picture import Card, Picture, Wire, lines

LONG: Final = 13.0
"""Inches that a drawing may be long in one piece, whatever its width."""
SLIM: Final[Mapping[str, float]] = {"TB": 2.0, "LR": 3.0}
"""So many times as long as wide a drawing may be in one piece."""
SHAPE: Final[Mapping[str, float]] = {"TB": 1.1, "LR": 1.9}
"""Length by width that pieces side by side are cut for: about a page, and about a screen."""
SHORTER: Final = 0.7
"""Pieces side by side are worth their turns where they are so much shorter than the whole."""
LETTER: Final = 0.085
"""Inches of a character of a name, about."""
BETWEEN: Final = 0.75
"""Inches from one piece to the next."""
LINE: Final = 36
"""Characters in a line of arguments."""
LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Columns:
    """The pieces of a drawing. ``of`` is the number of the piece in which a card stands, ``count`` how many there are.

    ``first`` are the cards with which they begin; ``length`` and ``width`` are inches, about, in the direction of the
    tensors and across it.
    """

    of: Mapping[str, int]
    count: int
    first: tuple[str, ...]
    length: float
    width: float

    def turns(self, wire: Wire) -> bool:
        """Whether a wire leads from one piece to another."""
        return self.of[wire.source] != self.of[wire.target]


def columns(picture: Picture, direction: Literal["TB", "LR"] = "TB") -> Columns:
    """The pieces in which a picture is laid out: one, unless it would be long and slim."""
    sizes = {card.id: _size(card, direction) for card in picture.cards}
    order = _ordered([card.id for card in picture.cards], picture.wires)
    start, rank = _laid(order, picture.wires, sizes, 0.9 if direction == "TB" else 1.3)
    units = _units(picture, order)
    ends = {key: start[key] + sizes[key][0] for key in order}
    whole = _measured([order], ends, start, rank, sizes)
    best: list[list[Sequence[str]]] = [[*units]]
    fit = whole
    if whole[0] > LONG and whole[0] > SLIM[direction] * whole[1]:
        about = round(sqrt(whole[0] / whole[1] / SHAPE[direction]))
        partitions = _partitions(units, _cuts(picture, units), start, ends, range(max(2, about - 2), about + 4))
        ways = [(pieces, _measured([_flat(one) for one in pieces], ends, start, rank, sizes)) for pieces in partitions]
        ways = [way for way in ways if way[1][0] < SHORTER * whole[0] and _goes_on(picture, way[0])]
        for pieces, found in ways:
            if _off(found, SHAPE[direction]) < _off(fit, SHAPE[direction]):
                best, fit = pieces, found
    flat = [_flat(piece) for piece in best]
    return Columns(
        {key: number for number, piece in enumerate(flat) for key in piece},
        len(flat),
        tuple(min(piece, key=lambda key: rank[key]) for piece in flat if piece),
        *fit,
    )


def width(card: Card) -> float:
    """Inches that a card is wide, about."""
    small = (*lines(card.details, LINE, LINES), *card.facts)
    title = len(card.name) + len(card.type) + len(card.times) + 4
    return 0.3 + LETTER * max([title, *(0.82 * len(line) for line in small)])


def _size(card: Card, direction: str) -> tuple[float, float]:
    """Inches of a card in the direction of the tensors and across it, about."""
    small = len(lines(card.details, LINE, LINES)) + len(card.facts)
    height = 0.4 + (0.1 + 0.2 * small if small else 0)
    return (height, width(card)) if direction == "TB" else (width(card), height)


def _ordered(ids: Sequence[str], wires: Sequence[Wire]) -> list[str]:
    """Keys so that tensors go forward; what starts a branch just before it is needed, what ends one where it does."""
    before: dict[str, list[str]] = {key: [] for key in ids}
    after: dict[str, list[str]] = {key: [] for key in ids}
    for wire in wires:
        if not wire.weights and wire.source != wire.target:
            before[wire.target].append(wire.source)
            after[wire.source].append(wire.target)
    done: dict[str, None] = {}
    for key in ids:
        # Depth first against the tensors: a long way back is a list, not a recursion.
        waiting = [(key, iter(before[key]))] if before[key] or not after[key] else []
        seen = {key}
        while waiting:
            one, rest = waiting[-1]
            found = next((other for other in rest if other not in done and other not in seen), None)
            if found is None:
                waiting.pop()
                if one not in done:
                    done[one] = None
                    ends = (end for end in after[one] if not after[end])
                    done |= dict.fromkeys(end for end in ends if all(source in done for source in before[end]))
            else:
                seen.add(found)
                waiting.append((found, iter(before[found])))
    return [*done, *(key for key in ids if key not in done)]


def _laid(
    order: Sequence[str], wires: Sequence[Wire], sizes: Mapping[str, tuple[float, float]], gap: float
) -> tuple[dict[str, float], dict[str, int]]:
    """How far from the beginning each card stands, in inches and in ranks."""
    place = {key: at for at, key in enumerate(order)}
    before: dict[str, list[str]] = {}
    for wire in wires:
        if not wire.weights and place[wire.source] < place[wire.target]:
            before.setdefault(wire.target, []).append(wire.source)
    start: dict[str, float] = {}
    rank: dict[str, int] = {}
    for key in order:
        start[key] = max((start[one] + sizes[one][0] + gap for one in before.get(key, ())), default=0.0)
        rank[key] = max((rank[one] + 1 for one in before.get(key, ())), default=0)
    # What starts a branch stands before that branch, not at the beginning.
    after: dict[str, list[str]] = {}
    for target, sources in before.items():
        for source in sources:
            after.setdefault(source, []).append(target)
    for key in order:
        if key not in before and key in after:
            start[key] = max(0.0, min(start[one] for one in after[key]) - gap - sizes[key][0])
            rank[key] = max(0, min(rank[one] for one in after[key]) - 1)
    return start, rank


def _units(picture: Picture, order: Sequence[str]) -> list[list[str]]:
    """Cards that can't be parted: those in one outermost box; every other by itself. In the order of the tensors."""
    outer: dict[str, str] = {}
    for box in picture.boxes:
        outer[box.id] = box.id if box.box is None else outer[box.box]
    root = {card.id: outer[card.box] if card.box is not None else card.id for card in picture.cards}
    units: dict[str, list[str]] = {}
    for key in order:
        units.setdefault(root[key], []).append(key)
    wires = [Wire(root[wire.source], root[wire.target], "") for wire in picture.wires if not wire.weights]
    return [units[key] for key in _ordered(list(units), wires)]


def _cuts(picture: Picture, units: Sequence[Sequence[str]]) -> list[bool]:
    """Behind which units a drawing may be cut: where the tensors of one card alone go on."""
    place = {key: at for at, unit in enumerate(units) for key in unit}
    reach: dict[tuple[str, bool], tuple[int, int]] = {}
    for wire in picture.wires:
        low, high = sorted((place[wire.source], place[wire.target]))
        key = (wire.source, wire.weights)
        old = reach.get(key, (low, high))
        reach[key] = (min(low, old[0]), max(high, old[1]))
    crossing = [0] * (len(units) + 1)
    for (_, weights), (low, high) in reach.items():
        crossing[low] += 2 if weights else 1  # calls of one layer stay side by side
        crossing[high] -= 2 if weights else 1
    found, open_now = [], 0
    for change in crossing[: len(units)]:
        open_now += change
        found.append(open_now <= 1)
    return found


def _partitions(
    units: Sequence[Sequence[str]],
    cuts: Sequence[bool],
    start: Mapping[str, float],
    ends: Mapping[str, float],
    counts: Iterable[int],
) -> Iterator[list[list[Sequence[str]]]]:
    """Ways to cut into so many pieces, each so that the pieces are about equally long."""
    stretches: list[list[Sequence[str]]] = [[]]
    for unit, cut in zip(units, cuts, strict=True):
        stretches[-1].append(unit)
        if cut:
            stretches.append([])
    stretches = [one for one in stretches if one]
    lengths = [_span(_flat(one), start, ends) for one in stretches]
    for count in counts:
        if count > len(stretches):
            return
        least, most = max(lengths), sum(lengths)
        for _ in range(20):
            middle = (least + most) / 2
            least, most = (least, middle) if len(_filled(lengths, middle)) <= count else (middle, most)
        numbers = _filled(lengths, most)
        if len(numbers) == count:
            yield [[unit for at in piece for unit in stretches[at]] for piece in numbers]


def _filled(lengths: Sequence[float], most: float) -> list[list[int]]:
    """Stretches in pieces of at most some length."""
    pieces: list[list[int]] = [[]]
    length = 0.0
    for at, one in enumerate(lengths):
        if pieces[-1] and length + one > most:
            pieces.append([])
            length = 0.0
        pieces[-1].append(at)
        length += one
    return pieces


def _goes_on(picture: Picture, pieces: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Whether no tensor passes a piece over, and no card stands alone in one."""
    if min(len(_flat(one)) for one in pieces) == 1:
        return False
    piece = {key: number for number, one in enumerate(pieces) for key in _flat(one)}
    return all(0 <= piece[wire.target] - piece[wire.source] <= 1 for wire in picture.wires)


def _flat(units: Sequence[Sequence[str]]) -> list[str]:
    return [key for unit in units for key in unit]


def _span(ids: Sequence[str], start: Mapping[str, float], ends: Mapping[str, float]) -> float:
    return max(ends[key] for key in ids) - min(start[key] for key in ids) + 0.9


def _measured(
    pieces: Sequence[Sequence[str]],
    ends: Mapping[str, float],
    start: Mapping[str, float],
    rank: Mapping[str, int],
    sizes: Mapping[str, tuple[float, float]],
) -> tuple[float, float]:
    """Length and width of pieces side by side, about."""
    length = width = 0.0
    for piece in pieces:
        if not piece:
            continue
        length = max(length, _span(piece, start, ends))
        across: dict[int, float] = {}
        for key in piece:
            across[rank[key]] = across.get(rank[key], 0.0) + sizes[key][1] + 0.3
        width += max(across.values()) + (BETWEEN if width else 0)
    return length, width


def _off(found: tuple[float, float], shape: float) -> float:
    length, width = found
    ratio = length / max(width, 0.1) / shape
    return max(ratio, 1 / max(ratio, 1e-9))
