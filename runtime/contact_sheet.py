"""From rows of pixels to a contact sheet: one picture with all of them side by side, each with its label below."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

LEAST: Final = 96
"""Pixels of the longer side at least: smaller pictures are made larger by whole numbers, so that each pixel shows."""
MOST: Final = 256
"""Pixels that the longer side has at most."""
DARK: Final = 64
"""Numbers that are no larger are not pixels up to 255: the largest of them is white."""
GAP: Final = 8
CAPTION: Final = 16
"""Pixels between pictures, and below each for its label."""


def contact_sheet(pictures: Array, labels: Sequence[str] = ()) -> bytes:
    """A PNG of pictures of shape ``(rows, height, width)`` or ``(rows, height, width, channels)``.

    Numbers from 0 to 1 and from 0 to 255 are taken for what they are; of others, and where all are dark, the least is
    shown black and the largest white, over all pictures alike.
    """
    from PIL import Image, ImageDraw

    shown = [_image(one) for one in _bytes(pictures)]
    width, height = shown[0].size
    across = max(1, ceil(sqrt(len(shown) * height / max(1, width))))
    down = ceil(len(shown) / across)
    below = CAPTION if labels else 0
    size = (across * (width + GAP) + GAP, down * (height + below + GAP) + GAP)
    sheet = Image.new("RGB", size, (128, 128, 128))
    draw = ImageDraw.Draw(sheet)
    for index, one in enumerate(shown):
        left = GAP + index % across * (width + GAP)
        top = GAP + index // across * (height + below + GAP)
        sheet.paste(one, (left, top))
        if index < len(labels):
            draw.text((left, top + height + 1), _short(labels[index], width), fill=(255, 255, 255))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _short(text: str, width: int) -> str:
    """As much of a label as fits, in the letters that the font of Pillow has; about 6 pixels each."""
    plain = text.encode("latin-1", "replace").decode("latin-1")
    room = max(3, width // 6)
    return plain if len(plain) <= room else plain[: room - 1] + "…".encode("latin-1", "replace").decode("latin-1")


def _bytes(pictures: Array) -> Array:
    """Pixels from 0 to 255."""
    import numpy as np

    wide = pictures.astype(np.float64)
    least, most = float(wide.min()), float(wide.max())
    if least >= 0 and most <= 1:
        scaled = wide * 255
    elif least >= 0 and DARK < most <= 255:
        scaled = wide
    else:
        scaled = (wide - least) / ((most - least) or 1) * 255
    return scaled.round().astype(np.uint8)


def _image(pixels: Array) -> Any:
    from PIL import Image

    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    image = Image.fromarray(flat).convert("RGB")
    longer = max(image.size)
    if longer < LEAST:
        times = ceil(LEAST / longer)
        return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    if longer > MOST:
        size = (max(1, image.width * MOST // longer), max(1, image.height * MOST // longer))
        return image.resize(size, Image.Resampling.BILINEAR)
    return image
