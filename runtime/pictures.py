"""From many pictures to their pixels by TensorFlow's own threads: the same numbers as ``images.scaled``, sooner.

Python does all that lies between two calls of Pillow for one picture at a time; a pipeline of TensorFlow's does not
wait for it. Taken are files that both decode alike, to the last bit: JPEGs of one or three components by the exact
arithmetic of libjpeg, which both are built upon, and PNGs of 8 bits without a palette. Whatever else there is, and
whatever TensorFlow can't read, is left to Pillow, which also says what is wrong with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from .environment import backend

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    Array = np.ndarray[Any, np.dtype[Any]]

Kind = Literal["jpeg", "png", "named"]
"""What a file holds; of those ``named`` like JPEGs TensorFlow reads what they hold, and sees whether it takes them."""

WORTH_IT: Final = 64
"""Fewer pictures than this are decoded before a pipeline is made."""

READ_BYTES: Final = 2**25
"""Bytes of files that are read before they are decoded, about."""

TOGETHER: Final = 16
"""Files that a thread reads at once."""

HANDED: Final = 8
"""Pictures that are handed over together, at most."""

HANDED_BYTES: Final = 2**22
"""Bytes that they have together, at most, unless one has more."""

MOST_PIXELS: Final = 2**26
"""Larger pictures are left to Pillow, which has a bound of its own and says so."""

PNG_START: Final = b"\x89PNG\r\n\x1a\n"
PNG_END: Final = b"IEND\xaeB`\x82"
PNG_COLOURS: Final = {1: (0,), 3: (0, 2, 6), 4: (6,)}
"""Channels wanted → kinds of PNG that give them alike: 0 is grey, 2 has three colours, 6 transparency besides."""

JPEG_NAMES: Final = (".jpg", ".jpeg")
JPEG_START: Final = b"\xff\xd8\xff"
JPEG_END: Final = b"\xff\xd9"
FRAMES: Final = (0xC0, 0xC1, 0xC2)
"""Markers of a JPEG behind which its size stands: baseline, extended, progressive."""


def worth_it(count: int) -> bool:
    """Whether to have so many pictures decoded by TensorFlow: it is there, and they are many."""
    return count >= WORTH_IT and "tensorflow" in sys.modules and backend() == "tensorflow"


def decoded(
    cells: Sequence[str | bytes], height: int, width: int, channels: int, *, resize: bool
) -> Iterator[tuple[Array, Array]]:
    """The places of some pictures among ``cells``, and their pixels; those that are to be left to Pillow do not come.

    With ``resize`` the pixels are float32 of shape ``(pictures, height, width, channels)``, whatever size they had;
    without, bytes, and only of pictures that have that size.
    """
    named = [isinstance(cell, str) and cell.lower().endswith(JPEG_NAMES) for cell in cells]
    if any(named) and channels < 4:
        paths = [(place, cell) for place, cell in enumerate(cells) if named[place]]
        yield from _pixels("named", paths, (height, width, channels), resize)
    kept: dict[Kind, list[tuple[int, bytes]]] = {"jpeg": [], "png": []}
    size = 0
    others = [place for place, known in enumerate(named) if not known]
    for place, contents in zip(others, _read([cells[place] for place in others]), strict=True):
        found = _head(contents, channels)
        if found is None or not (resize or found[1:] == (height, width)):
            continue
        kept[found[0]].append((place, contents))
        size += len(contents)
        if size > READ_BYTES:
            yield from _both(kept, (height, width, channels), resize)
            size = 0
    yield from _both(kept, (height, width, channels), resize)


def _read(cells: Sequence[str | bytes]) -> Iterator[bytes]:
    """What is in each file, nothing of one that can't be read; a few groups of files are read ahead."""

    def some(group: Iterable[str | bytes]) -> list[bytes]:
        return [_contents(cell) for cell in group]

    groups = [cells[start : start + TOGETHER] for start in range(0, len(cells), TOGETHER)]
    with ThreadPoolExecutor(4) as pool:
        ahead = [pool.submit(some, group) for group in groups[:4]]
        for number in range(len(groups)):
            yield from ahead.pop(0).result()
            if number + 4 < len(groups):
                ahead.append(pool.submit(some, groups[number + 4]))


def _contents(cell: str | bytes) -> bytes:
    if isinstance(cell, bytes):
        return cell
    try:
        return Path(cell).read_bytes()
    except (OSError, ValueError):
        return b""


def _head(contents: bytes, channels: int) -> tuple[Kind, int, int] | None:
    """What a file is, its height and its width; None if it is to be left to Pillow."""
    found: tuple[Kind, int, int] | None = None
    if contents.startswith(JPEG_START) and contents.endswith(JPEG_END):
        height, width, components = _frame(contents)
        # Of colours, TensorFlow takes what is grey from the file itself, and Pillow works it out.
        if channels < 4 and (components == 1 or components == channels == 3):
            found = "jpeg", height, width
    elif contents.startswith(PNG_START) and contents.endswith(PNG_END):
        width, height = (int.from_bytes(contents[at : at + 4], "big") for at in (16, 20))
        if contents[24] == 8 and contents[25] in PNG_COLOURS[channels]:
            found = "png", height, width
    return found if found is not None and 0 < found[1] * found[2] <= MOST_PIXELS else None


def _frame(contents: bytes) -> tuple[int, int, int]:
    """Height, width and components of a JPEG of 8 bits; zeros if they are not to be found."""
    at = 2
    while at + 10 <= len(contents) and contents[at] == 0xFF:
        marker = contents[at + 1]
        if marker in FRAMES:
            if contents[at + 4] != 8:
                break
            return (
                int.from_bytes(contents[at + 5 : at + 7], "big"),
                int.from_bytes(contents[at + 7 : at + 9], "big"),
                contents[at + 9],
            )
        if marker == 0xFF:  # filled up
            at += 1
        else:
            at += 2 + int.from_bytes(contents[at + 2 : at + 4], "big")
    return 0, 0, 0


def _both(
    kept: dict[Kind, list[tuple[int, bytes]]], shape: tuple[int, int, int], resize: bool
) -> Iterator[tuple[Array, Array]]:
    """The pictures of those files that were kept, of each kind; none are kept any more."""
    for kind, files in kept.items():
        if files:
            yield from _pixels(kind, files, shape, resize)
            files.clear()


def _fits(contents: tf.Tensor, shape: tuple[int, int, int], resize: bool) -> tf.Tensor:
    """What ``_head`` says of a JPEG, asked by TensorFlow: it raises where it finds no size."""
    import tensorflow as tf

    size = tf.image.extract_jpeg_shape(contents)
    whole = tf.strings.substr(contents, tf.strings.length(contents) - len(JPEG_END), len(JPEG_END)) == JPEG_END
    components = (size[2] == 1) | ((size[2] == 3) & (shape[2] == 3))
    pixels = tf.reduce_prod(tf.cast(size[:2], tf.int64))
    fits = pixels <= MOST_PIXELS if resize else tf.reduce_all(size[:2] == tf.constant(shape[:2]))
    return whole & components & fits


def _pixels(
    kind: Kind, files: Sequence[tuple[int, str | bytes]], shape: tuple[int, int, int], resize: bool
) -> Iterator[tuple[Array, Array]]:
    import numpy as np
    import tensorflow as tf

    def one(place: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if kind == "named":
            contents = tf.io.read_file(contents)
            tf.debugging.Assert(_fits(contents, shape, resize), [place])
        if kind != "png":
            image = tf.io.decode_jpeg(contents, channels=shape[2], dct_method="INTEGER_ACCURATE")
        else:
            image = tf.io.decode_png(contents, channels=shape[2])
        if resize:
            size = tf.constant(shape[:2])
            image = tf.raw_ops.ResizeBilinear(images=image[None], size=size, half_pixel_centers=True)[0]
        return place, tf.ensure_shape(image, shape)

    how = tf.data.Options()
    how.autotune.enabled = False  # it would begin with one thread, and be done before it knows better
    how.experimental_optimization.apply_default_optimizations = False  # nothing to gain, and 50 ms to lose
    how.threading.max_intra_op_parallelism = 1
    many = max(1, min(HANDED, HANDED_BYTES // (prod(shape) * (4 if resize else 1))))
    with tf.device("CPU:0"):
        every = tf.data.Dataset.from_tensor_slices(
            (tf.constant([place for place, _ in files]), tf.constant([contents for _, contents in files]))
        )
        plain = tf.autograph.experimental.do_not_convert(one)
        found = every.map(
            plain, num_parallel_calls=2 * (os.cpu_count() or 2), deterministic=False
        )  # some wait for files
        for places, images in found.ignore_errors().batch(many).prefetch(2).with_options(how):
            yield places.numpy(), np.asarray(memoryview(images))
