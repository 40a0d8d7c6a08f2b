"""The noun Scale: what cards cost, as colours of one hue from light to dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from ..palette import HEAT, Paint
from ..picture import Card, Picture
from ..sizes import Size, substitute, words

WHAT: Final[Mapping[str, str]] = MappingProxyType(
    {"params": "parameters", "flops": "FLOPs for one sample", "bytes": "bytes of outputs for one sample"}
)
ASSUMED: Final = 100
"""What a size that is not known is taken for, where colours have to be compared."""
SHARES: Final = (0.0, 0.01, 0.05, 0.15, 0.4)
"""Upper ends of the steps, as shares of what the costliest card costs; what is above the last is the last step."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How costs become colours. ``steps`` are the paints, each with the text that explains it."""

    what: Literal["params", "flops", "bytes"]
    most: int
    title: str
    steps: tuple[tuple[Paint, str], ...]

    def step(self, card: Card) -> int | None:
        """The number of a card's step, or None where it is not known what it costs."""
        value = amount(getattr(card.cost, self.what))
        return None if value is None else sum(value > share * self.most for share in SHARES)

    def paint(self, card: Card) -> Paint | None:
        """How a card is painted, or None where it is not known what it costs."""
        step = self.step(card)
        return None if step is None else HEAT[step]


def scale_of(picture: Picture, what: Literal["params", "flops", "bytes"]) -> Scale:
    """The scale on which the costliest card of a picture is darkest on light pages, and brightest on dark ones."""
    costs = [getattr(card.cost, what) for card in picture.cards if card.kind in ("layer", "block")]
    most = max((amount(cost) or 0 for cost in costs), default=0)
    unknown = sorted({word for cost in costs if cost is not None for word in words(cost)})
    assumed = f", with {', '.join(f'{word} = {ASSUMED}' for word in unknown[:3])}" if unknown else ""
    if len(unknown) > 3:
        assumed += " and so on"
    texts = ["0", *(f"≤ {short(share * most)}" for share in SHARES[1:]), f"≤ {short(most)}"]
    return Scale(what, most, WHAT[what] + assumed, tuple(zip(HEAT, texts, strict=True)))


def amount(cost: Size | None) -> int | None:
    """A cost as a number, also where it depends on sizes that are not known."""
    if cost is None or isinstance(cost, int):
        return cost
    try:
        found = substitute(cost, dict.fromkeys(words(cost), ASSUMED), batch=1)
    except ZeroDivisionError:
        return None
    return found if isinstance(found, int) else None


def short(number: float) -> str:
    """A number in a few characters: ``1.2 M``."""
    for power, sign in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= power:
            return f"{number / power:.3g}{sign}"
    return f"{number:.3g}"
