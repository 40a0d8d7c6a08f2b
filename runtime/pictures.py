"""From many pictures to their pixels, sooner than Pillow and with the same numbers as ``images.scaled``.

Python does all that lies between two calls of Pillow for one picture at a time. Taken here are files that others
decode like Pillow, to the last bit: JPEGs of one or three components by the exact arithmetic of libjpeg-turbo, a few
together in every thread; and PNGs of 8 bits without a palette by TensorFlow, where it is there and they are many.
Whatever else there is, and whatever can't be read, is left to Pillow, which also says what is wrong with it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from .deferred import settled
from .environment import backend
from .images import resized

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    Array = np.ndarray[Any, np.dtype[Any]]

PNGS_WORTH_IT: Final = 64
"""Fewer PNGs than this are decoded before a pipeline is made."""

PNG_BYTES: Final = 2**25
"""Bytes of PNGs that are read before they are decoded, about."""

TOGETHER: Final = 32
"""Files that a thread takes at once."""

ROOM: Final = 2**20
"""Bytes of pictures of one size that a thread decodes before it changes their size, unless one has more."""

MOST_PIXELS: Final = 2**26
"""Larger pictures are left to Pillow, which has a bound of its own and says so."""

PNG_START: Final = b"\x89PNG\r\n\x1a\n"
PNG_END: Final = b"IEND\xaeB`\x82"
PNG_COLOURS: Final = {1: (0,), 3: (0, 2, 6), 4: (6,)}
"""Channels wanted → kinds of PNG that give them alike: 0 is grey, 2 has three colours, 6 transparency besides."""

JPEG_START: Final = b"\xff\xd8\xff"
JPEG_END: Final = b"\xff\xd9"
JPEG_COLOURS: Final = {"Gray": (1, 3), "YCbCr": (3,), "RGB": (3,)}
"""How the colours of a JPEG are written → channels that it gives like Pillow, which works out grey by another rule."""

JPEG_FORMS: Final = {1: "GRAY", 3: "RGB"}

Kept = list[tuple[int, bytes]]
"""Places of files, and what they hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """What became of some pictures: the places of those that are ``left`` to Pillow, and whether there are ``others``
    among them, which were only left because their size would have had to be changed."""

    left: Array
    others: bool


def fill(cells: Sequence[str | bytes], made: Array, places: Array, *, resize: bool, pngs: bool = True) -> Filled:
    """Decode the pictures in some ``places`` of ``cells`` into the same rows of ``made``; ``pngs`` if they are many.

    ``made`` has the shape ``(pictures, height, width, channels)``. With ``resize`` it is of float32, and pictures may
    have any size; without, it is of bytes, and only pictures of that size are taken. The rows of those that are left
    hold anything.
    """
    return _Filling(cells, made, resize, pngs).fill(places)


class _Filling:
    """Pictures, and the array that they are decoded into."""

    def __init__(self, cells: Sequence[str | bytes], made: Array, resize: bool, pngs: bool) -> None:
        import numpy as np

        self.cells = cells
        self.made = made
        self.resize = resize
        self.pngs = pngs and _has_tensorflow()
        self.done = np.zeros(len(cells), bool)
        self.others = False

    def fill(self, places: Array) -> Filled:
        pngs: Kept = []
        size = 0
        for found in _in_threads(self.some, places):
            pngs += found
            size += sum(len(contents) for _, contents in found)
            if size > PNG_BYTES:
                self.decode_pngs(pngs)
                pngs, size = [], 0
        self.decode_pngs(pngs)
        return Filled(places[~self.done[places]], self.others)

    def some(self, places: Array) -> Kept:
        """Read some files and decode the JPEGs among them; the PNGs are given back."""
        channels = self.made.shape[3]
        pngs: Kept = []
        jpegs: dict[tuple[int, int], Kept] = {}
        for place in places.tolist():
            contents = _contents(self.cells[place])
            if contents.startswith(JPEG_START):
                size = _jpeg_size(contents, channels)
                if size is not None and self.takes(size):
                    jpegs.setdefault(size, []).append((place, contents))
            elif self.pngs and contents.startswith(PNG_START):
                size = _png_size(contents, channels)
                if size is not None and self.takes(size):
                    pngs.append((place, contents))
        for size, files in jpegs.items():
            if size != self.made.shape[1:3]:
                self.decode_and_resize(files, size)
            else:
                self.decode(files)
        return pngs

    def takes(self, size: tuple[int, int]) -> bool:
        taken: bool = self.resize or size == self.made.shape[1:3]
        self.others |= not taken
        return taken

    def decode(self, files: Kept) -> None:
        """JPEGs that have the size of a row."""
        for place, contents in files:
            row = self.made[place]
            pixels = _room(row.size).reshape(row.shape) if self.resize else row
            self.done[place] = _decoded_into(pixels, contents)
            if self.resize:
                row[:] = pixels

    def decode_and_resize(self, files: Kept, size: tuple[int, int]) -> None:
        """JPEGs of one size, into rows of another."""
        height, width, channels = self.made.shape[1:]
        one = size[0] * size[1] * channels
        many = max(1, ROOM // one)
        for start in range(0, len(files), many):
            some = files[start : start + many]
            pixels = _room(len(some) * one).reshape(len(some), *size, channels)
            good = [_decoded_into(pixels[index], contents) for index, (_, contents) in enumerate(some)]
            for (place, _), image, is_good in zip(some, _resized(pixels, height, width), good, strict=True):
                if is_good:
                    self.made[place] = image
                    self.done[place] = True

    def decode_pngs(self, files: Kept) -> None:
        """PNGs, by a pipeline of TensorFlow's, if they are many."""
        if len(files) < PNGS_WORTH_IT:
            return
        import numpy as np
        import tensorflow as tf

        shape, resize = self.made.shape[1:], self.resize

        def one(place: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            image = tf.io.decode_png(contents, channels=shape[2])
            if resize:
                size = tf.constant(shape[:2])
                image = tf.raw_ops.ResizeBilinear(images=image[None], size=size, half_pixel_centers=True)[0]
            return place, tf.ensure_shape(image, shape)

        how = tf.data.Options()
        how.autotune.enabled = False  # it would begin with one thread, and be done before it knows better
        how.experimental_optimization.apply_default_optimizations = False
        how.threading.max_intra_op_parallelism = 1
        with tf.device("CPU:0"):
            every = tf.data.Dataset.from_tensor_slices(
                (tf.constant([place for place, _ in files]), tf.constant([contents for _, contents in files]))
            )
            plain = tf.autograph.experimental.do_not_convert(one)
            found = every.map(plain, num_parallel_calls=os.cpu_count() or 1, deterministic=False)
            for places, images in found.ignore_errors().batch(8).prefetch(2).with_options(how):
                self.made[places.numpy()] = np.asarray(memoryview(images))
                self.done[places.numpy()] = True


def _in_threads(work: Callable[[Array], Kept], places: Array) -> Iterator[Kept]:
    """What ``work`` gives of a few places at a time, in several threads, of which few are ahead."""
    groups = [places[start : start + TOGETHER] for start in range(0, len(places), TOGETHER)]
    if len(groups) < 2:
        yield from map(work, groups)
        return
    threads = (os.cpu_count() or 1) + 1  # one may wait for files
    with ThreadPoolExecutor(threads) as pool:
        ahead = [pool.submit(work, group) for group in groups[: 2 * threads]]
        for number in range(len(groups)):
            yield ahead.pop(0).result()
            if number + 2 * threads < len(groups):
                ahead.append(pool.submit(work, groups[number + 2 * threads]))


def _contents(cell: str | bytes) -> bytes:
    """What is in a file; nothing of one that can't be read."""
    if isinstance(cell, bytes):
        return cell
    try:
        with open(cell, "rb", buffering=0) as file:  # all at once: no need for a buffer
            return file.readall()
    except (OSError, ValueError):
        return b""


def _jpeg_size(contents: bytes, channels: int) -> tuple[int, int] | None:
    """Height and width of a JPEG; None if it is to be left to Pillow."""
    import simplejpeg

    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(contents)
    except ValueError:
        return None
    whole = contents.endswith(JPEG_END) and 0 < height * width <= MOST_PIXELS
    return (height, width) if whole and channels in JPEG_COLOURS.get(colours, ()) else None


def _png_size(contents: bytes, channels: int) -> tuple[int, int] | None:
    """Height and width of a PNG; None if it is to be left to Pillow."""
    if (
        len(contents) < 26
        or not contents.endswith(PNG_END)
        or contents[24] != 8
        or contents[25] not in PNG_COLOURS[channels]
    ):
        return None
    width, height = (int.from_bytes(contents[at : at + 4], "big") for at in (16, 20))
    return (height, width) if 0 < height * width <= MOST_PIXELS else None


def _decoded_into(pixels: Array, contents: bytes) -> bool:
    """Decode a JPEG into ``(height, width, channels)`` bytes; false if something is wrong with it."""
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(contents, JPEG_FORMS[pixels.shape[2]], buffer=pixels)
    except ValueError:
        return False
    return True


_own = threading.local()


def _room(size: int) -> Array:
    """So many bytes of memory of this thread's own, which it uses again and again unless they are very many."""
    import numpy as np

    if size > 8 * ROOM:
        return settled((size,), np.uint8)
    room: Array | None = getattr(_own, "room", None)
    if room is None or room.size < size:
        room = _own.room = settled((max(size, ROOM),), np.uint8)
    return room[:size]


def _resized(pixels: Array, height: int, width: int) -> Sequence[Array]:
    """Pictures in another size, as float32: by TensorFlow where it is there, which takes them where they lie."""
    import numpy as np

    if not _has_tensorflow():
        return [resized(image, height, width) for image in pixels]
    import tensorflow as tf

    with tf.device("CPU:0"):
        images = tf.experimental.dlpack.from_dlpack(pixels.__dlpack__())
        made = tf.raw_ops.ResizeBilinear(images=images, size=_size(height, width), half_pixel_centers=True)
    return list(np.asarray(memoryview(made)))


@lru_cache(maxsize=16)
def _size(height: int, width: int) -> tf.Tensor:
    """Two numbers as TensorFlow takes them; to turn them into a tensor takes as long as to resize a small picture."""
    import tensorflow as tf

    return tf.constant((height, width))


def _has_tensorflow() -> bool:
    return "tensorflow" in sys.modules and backend() == "tensorflow"
