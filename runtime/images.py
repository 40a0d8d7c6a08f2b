"""From a picture in a file to an array of its pixels, in the size that an input has.

Sizes are changed as ``keras.utils.image_dataset_from_directory`` does it: bilinear, pixels being areas whose centres
lie at one half, without smoothing. Source: https://keras.io/api/data_loading/image/
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    Array = np.ndarray[Any, np.dtype[Any]]

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
MODES: Final = {1: "L", 3: "RGB", 4: "RGBA"}
"""Channels → what Pillow calls pictures with so many."""


def opened(cell: str | bytes) -> Image.Image:
    """A picture, of which only the head has been read.

    Raises:
        OSError, ValueError: if it is none.
    """
    from PIL import Image

    try:
        return Image.open(io.BytesIO(cell) if isinstance(cell, bytes) else Path(cell))
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error


def size_of(cell: str | bytes) -> tuple[int, int]:
    """Height and width.

    Raises:
        OSError, ValueError: if it is no picture.
    """
    with opened(cell) as image:
        return image.height, image.width


def pixels(cell: str | bytes, channels: int | None) -> Array:
    """The pixels of a picture as ``(height, width, channels)``, from 0 to 255; of a moving one, its first frame.

    ``None`` for ``channels`` gives one number a pixel as it stands in the file: of a picture with a palette, the
    number of the colour. Such are masks.

    Raises:
        OSError, ValueError, SyntaxError: if it is no picture, or broken.
    """
    with opened(cell) as image:
        return _pixels(image, channels)


def scaled(cell: str | bytes, height: int, width: int, channels: int) -> Array:
    """``resized(pixels(cell, channels), height, width)``, and sooner where the picture has colours.

    Raises:
        OSError, ValueError, SyntaxError: if it is no picture, or broken.
    """
    import numpy as np

    with opened(cell) as image:
        if image.mode != "RGB" or channels != 3 or image.size == (width, height):
            return resized(_pixels(image, channels), height, width)
        # Pillow keeps colours in four bytes, which can be moved as one number.
        whole = np.frombuffer(image.tobytes("raw", "RGBX"), np.uint32).reshape(image.height, image.width)
    first, second, far = _weights(whole.shape[1], width)
    made = _between(_bytes(whole, first), _bytes(whole, second), far[:, None])
    first, second, far = _weights(whole.shape[0], height)
    return _between(made.take(first, 0), made.take(second, 0), far[:, None, None])[..., :3]


def _bytes(pixels: Array, columns: Array) -> Array:
    """Some columns of a picture with four bytes a pixel, as float32."""
    import numpy as np

    chosen = pixels.take(columns, 1)
    return chosen.view(np.uint8).reshape(*chosen.shape, 4).astype(np.float32)


def _between(near: Array, step: Array, far: Array) -> Array:
    """What lies between two arrays; the second is used up."""
    step -= near
    step *= far
    step += near
    return step


def _pixels(image: Image.Image, channels: int | None) -> Array:
    import numpy as np

    if image.mode.startswith("I") or image.mode == "F":  # more than 8 bits: Pillow would cut them off at 255
        wide = np.asarray(image)
        image.load()
        if image.mode == "F":
            wide = np.clip(wide, 0, 255).astype(np.uint8)
        elif channels is not None:
            wide = (wide.astype(np.int64) >> 8).astype(np.uint8)
        return np.repeat(wide[..., None], channels or 1, axis=-1)
    if channels is None:
        flat = image if image.mode in ("P", "L", "1") else image.convert("L")
        return np.asarray(flat, np.uint8)[..., None]
    if image.mode == "P" and "transparency" in image.info and channels == 3:
        image = image.convert("RGBA")
    array = np.asarray(image if image.mode == MODES[channels] else image.convert(MODES[channels]))
    return array if array.ndim == 3 else array[..., None]


def resized(array: Array, height: int, width: int) -> Array:
    """The picture in another size, as float32; as it is where it has that size already."""
    import numpy as np

    if array.shape[:2] == (height, width):
        return array
    made = array.astype(np.float32)
    for axis, want in ((1, width), (0, height)):
        first, second, far = _weights(array.shape[axis], want)
        made = _between(made.take(first, axis), made.take(second, axis), far[:, None] if axis else far[:, None, None])
    return made


def nearest(array: Array, height: int, width: int) -> Array:
    """The picture in another size, every pixel one of its own: for masks, whose numbers are no amounts."""
    import numpy as np

    if array.shape[:2] == (height, width):
        return array
    rows = ((np.arange(height) + 0.5) * array.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * array.shape[1] / width).astype(int)
    return np.asarray(array[rows][:, columns])


@lru_cache(maxsize=4096)
def _weights(have: int, want: int) -> tuple[Array, Array, Array]:
    """For each new row: the two old ones that it lies between, and how far it is from the first."""
    import numpy as np

    scale = np.float32(have) / np.float32(want)
    place = (np.arange(want, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    below = np.floor(place)
    first = np.maximum(below.astype(int), 0)
    second = np.minimum(np.ceil(place).astype(int), have - 1)
    return first, second, place - below
