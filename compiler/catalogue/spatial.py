"""Words that layers over space share: which axes are spatial, and how many places a window finds along one.

Shapes are (batch, spatial…, channels), or (batch, channels, spatial…) with ``data_format = "channels_first"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..sizes import Size, at_least, ceil_div, known
from ..tensor import Shape, TensorType, shape_text
from .record import Call, ShapeError
from .rules import ranked

AXES: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("steps",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}
"""Number of spatial axes → what people call them."""


@dataclass(frozen=True, slots=True)
class Space:
    """The input of a layer over space, its axes told apart."""

    x: TensorType
    sizes: Shape
    channels: Size
    channel_axis: int

    def shape(self, sizes: Sequence[Size], channels: Size | None = None) -> Shape:
        """A shape of the same layout with other sizes; without ``channels``, with the same ones."""
        last = self.channels if channels is None else channels
        batch = self.x.shape[0]
        return (batch, last, *sizes) if self.channel_axis == 1 else (batch, *sizes, last)


def space(call: Call, rank: int, *, channels_last: bool = False) -> Space:
    """The input, which must have ``rank`` spatial axes besides the batch axis and the channels.

    ``channels_last``: the layer has no ``data_format``.

    Raises:
        ShapeError: E301 if it has another rank.
    """
    first = not channels_last and call["data_format"] == "channels_first"
    names = ("channels", *AXES[rank]) if first else (*AXES[rank], "channels")
    x = ranked(call, rank + 2, axes=", ".join(names))
    sizes = x.shape[2:] if first else x.shape[1:-1]
    return Space(x, sizes, x.shape[1 if first else -1], 1 if first else rank + 1)


def places(size: Size, window: int, stride: int, padding: str) -> Size:
    """How many places a window finds along an axis: all of it inside, unless the borders are padded."""
    return (size - window) // stride + 1 if padding == "valid" else ceil_div(size, stride)


def leftover(call: Call, area: Space, sizes: Sequence[Size], argument: str, windows: Sequence[int]) -> None:
    """See that something is left along every axis.

    Raises:
        ShapeError: E303 if a window is larger than what it slides over.
    """
    for name, before, after, window in zip(AXES[len(sizes)], area.sizes, sizes, windows, strict=True):
        if at_least(after, 1) is False:
            help_ = f'make `{argument}` smaller, or write `padding = "same"`' if at_least(before, 1) else None
            raise ShapeError(
                "E303",
                f"a window of {window} does not fit into the {name} of {before}: nothing would be left of "
                f"{shape_text(area.x.shape)}",
                help=help_ or "an axis of size 0 has nothing to look at; look at the entries before this one",
                argument=argument,
            )


def pairs(size: Size, out: Size, taps: int, stride: int = 1, dilation: int = 1, before: int = 0) -> Size:
    """How often a tap of a kernel meets a place of the input along an axis of ``size``.

    The kernel starts at ``before`` places ahead of the axis and stands at ``out`` places. Taps on the padding do
    no work and are not counted, as XLA's cost analysis does not; where a size is a word, all taps count.
    """
    if not known(size) or not known(out):
        return taps * out
    total = 0
    for tap in range(taps):
        shift = tap * dilation - before
        first = max(0, -(shift // stride))
        last = min(out - 1, (size - 1 - shift) // stride)
        total += max(0, last - first + 1)
    return total


def margin(size: Size, out: Size, window: int, stride: int, padding: str) -> int:
    """How many places of padding stand before an axis: none, half of what is needed, or all of it (causal)."""
    if padding == "causal":
        return window - 1
    if padding == "valid" or not known(size) or not known(out):
        return 0
    return max(0, (out - 1) * stride + window - size) // 2
