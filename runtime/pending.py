"""From Files to arrays: a column whose cells are pictures, sounds or texts, opened in the form that a model takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from . import deferred, pictures
from .deferred import Deferred, Every, settled
from .images import nearest, opened, pixels, scaled, size_of
from .labels import BINARY, CATEGORICAL, HINGE, SPARSE, ClassError, Head
from .sounds import SoundHead, read_sound, sound_head
from .tensors import MisfitError, Sizes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

TEXT_BYTES: Final = 2**31
"""Texts are kept in memory: more than this is refused."""

FAILURES: Final = (OSError, ValueError, SyntaxError, EOFError)
WORDS: Final = {"image": "an image", "audio": "a .wav file", "text": "text in UTF-8"}
Kind = Literal["image", "audio", "text"]


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """A column of files: each cell a path, or what such a file holds. ``names`` are what messages call them."""

    kind: Kind
    cells: Array
    names: Array

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, rows: Array) -> Files:
        """The same with these rows alone."""
        return Files(self.kind, self.cells[rows], self.names[rows])


@dataclass(frozen=True, slots=True)
class Opened:
    """What is in the files. ``values`` has a row for every file; those of ``bad`` (index → why) mean nothing."""

    values: Any
    bad: dict[int, str]


def open_files(files: Files, shape: Sizes, *, keep: bool | str = "auto", thorough: bool = False) -> Opened:
    """The files as an input of this shape takes them.

    Pictures come in the size of the input; an input of two axes takes them in grey. Sounds are cut or filled with
    silence where the length is stated, and else filled up to the longest of a batch; an input without an axis for
    channels takes their mean. What would take more than ``KEPT_BYTES`` together (unless ``keep`` is true), or with
    ``keep`` false, is read batch by batch; then only heads are looked at before, unless it is to be ``thorough``.

    Raises:
        MisfitError: if the input can't take such files.
    """
    if files.kind == "text":
        return _texts(files)
    if files.kind == "audio":
        return _sounds(files, shape, keep, thorough)
    return _images(files, shape, keep, thorough)


def open_targets(files: Files, head: Head) -> Opened:
    """The files as an output is compared with them: masks where it classifies each pixel, pictures elsewhere.

    A mask has one number a pixel: that of the class, of which rows with a single 1 are made where the loss compares
    such; with a loss that says yes or no, 255 counts as 1.

    Raises:
        MisfitError: if the output is no picture, or a mask names a class that it has not.
    """
    if not are_masks(files.kind, head):
        return open_files(files, head.shape)
    found = open_masks(files, head)
    masks = found.values[:]
    return Opened(of_masks(masks, head, int(masks.max(initial=0))), found.bad)


def are_masks(kind: str, head: Head) -> bool:
    """Whether pictures are masks for an output: it classifies each pixel."""
    return kind == "image" and head.loss in SPARSE | CATEGORICAL | BINARY | HINGE


def open_masks(files: Files, head: Head) -> Opened:
    """Masks as their files have them: ``(rows, height, width, 1)`` in the size of the output.

    Raises:
        MisfitError: if the output is no picture.
    """
    size = head.shape if head.loss in BINARY | HINGE else (*head.shape[:-1], 1)
    return _images(files, size, True, False, mask=True)


def of_masks(masks: Array, head: Head, most: int) -> Array:
    """Masks as an output is compared with them; ``most`` is the largest number in all masks of the target.

    Raises:
        ClassError: if a mask names a class that the output has not.
    """
    import numpy as np

    if head.loss in BINARY | HINGE:
        return (masks / (255.0 if most > 1 else 1.0)).astype(np.float32)
    masks, classes = masks[..., 0], head.shape[-1]
    if head.loss in SPARSE or not isinstance(classes, int):
        return masks
    wrong = (masks >= classes).reshape(len(masks), -1).any(axis=1)
    if wrong.any():
        message = f"holds masks with classes from 0 to {int(masks.max())}, but the head has {classes} units"
        raise ClassError(message, f"a head for these masks needs {int(masks.max()) + 1} units", int(wrong.argmax()))
    return np.eye(classes, dtype=np.float32)[masks]


def unread(files: Files, sizes: Sequence[int | None], dtype: Any) -> Deferred:
    """Pictures or sounds that have been looked at, decoded by the batch: ``sizes`` are those of a row, None for the
    length of sounds that are filled up to the longest of a batch.

    Reading rows raises ValueError for a file that can't be read.
    """
    import numpy as np

    kind = np.dtype(dtype)

    def opened(batch: Files, one: Callable[[Any], Array]) -> list[Array]:
        found = _each(one, batch.cells)
        if broken := _bad(batch, found):
            raise ValueError(next(iter(broken.values())))
        return found

    def sounds(chosen: Array) -> Array:
        return deferred.padded(opened(files.take(chosen), _sound(sizes)), sizes, kind, 0)[:]

    def images(chosen: Array) -> Array:
        batch, shape = files.take(chosen), _picture(sizes)
        made = settled((len(batch), *shape), kind)
        places = np.arange(len(batch))
        left = pictures.fill(batch.cells.tolist(), made, places, resize=kind == np.float32, pngs=False).left
        one = partial(_image, size=shape[:2], channels=shape[2], mask=False)
        for place, image in zip(left.tolist(), opened(batch.take(left), one), strict=True):
            made[place] = image
        return made.reshape(len(batch), *shape[: len(sizes)])

    read = sounds if files.kind == "audio" else images
    return Deferred(read, Every(len(files)), tuple(sizes), kind)


def _picture(sizes: Sequence[Any]) -> tuple[int, int, int]:
    """Height, width and channels."""
    return sizes[0], sizes[1], sizes[2] if len(sizes) == 3 else 1


def _sound(sizes: Sequence[int | None]) -> Callable[[str | bytes], Array]:
    """What reads one sound as a row of these sizes: without an axis for channels, their mean."""
    import numpy as np

    def one(cell: str | bytes) -> Array:
        sound = read_sound(cell, sizes[0])
        return sound.samples if len(sizes) > 1 else sound.samples.mean(axis=1, dtype=np.float32)

    return one


def _each(function: Callable[[Any], Any], cells: Iterable[Any]) -> list[Any]:
    """The function of every cell, several at a time; a failure stands for itself."""

    def one(cell: Any) -> Any:
        try:
            return function(cell)
        except FAILURES as error:
            return error

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(one, cells))


def _bad(files: Files, found: Sequence[Any]) -> dict[int, str]:
    return {
        index: f"{files.names[index]} can't be read as {WORDS[files.kind]}: {_reason(one)}"
        for index, one in enumerate(found)
        if isinstance(one, Exception)
    }


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return "it is none, or broken" if text.startswith("cannot identify") else text.splitlines()[0]


def _texts(files: Files) -> Opened:
    import numpy as np

    total = sum(Path(cell).stat().st_size for cell in files.cells if isinstance(cell, str) and os.path.isfile(cell))
    if total > TEXT_BYTES:
        message = f"holds {total / 2**30:.1f} GB of text, and {TEXT_BYTES / 2**30:.0f} GB at most can be kept in memory"
        raise MisfitError(message, "use fewer files")

    def text(cell: str | bytes) -> str:
        raw = cell if isinstance(cell, bytes) else Path(cell).read_bytes()
        return raw.decode("utf-8-sig")

    found = _each(text, files.cells)
    values = np.array([one if isinstance(one, str) else "" for one in found] or [""], dtype=object)[: len(files)]
    return Opened(values, _bad(files, found))


def _sounds(files: Files, shape: Sizes, keep: bool | str, thorough: bool) -> Opened:
    import numpy as np

    if not 1 <= len(shape) <= 2:
        raise MisfitError(
            f"holds sounds, which have one axis or two (length, channels), but the input has {len(shape)}",
            'write `shape = ["time"]`, or with the number of samples',
        )
    length = shape[0] if isinstance(shape[0], int) else None
    wanted = shape[1] if len(shape) == 2 else 0
    heads = _each(sound_head, files.cells)
    bad = _bad(files, heads)
    good = [(index, one) for index, one in enumerate(heads) if isinstance(one, SoundHead)]
    if good:
        _alike(files, good, wanted)
    channels = wanted if isinstance(wanted, int) else good[0][1].channels if good else 1
    sizes = (length, channels) if channels else (length,)
    silence = np.zeros((0, channels) if channels else 0, np.float32)

    one = _sound(sizes)
    needed = 4 * max(1, channels) * sum(min(head.length, length or head.length) for _, head in good)
    filled = 4 * max(1, channels) * len(files) * (length or 0)
    if _fits(max(needed, filled), keep):
        rows = [silence] * len(files)
        there = [index for index, _ in good]
        for index, found in zip(there, _each(one, files.cells[there]), strict=True):
            if isinstance(found, Exception):
                bad |= {index: _bad(files.take(np.array([index])), [found])[0]}
            else:
                rows[index] = found
        values = deferred.padded(rows, sizes, np.float32, 0)
        return Opened(values[:] if length is not None else values, bad)
    if thorough:
        bad |= _bad(files, _each(one, files.cells))
    later = unread(files, sizes, np.float32)
    if length is None:
        lengths = [one.length if isinstance(one, SoundHead) else 0 for one in heads]
        later = replace(later, lengths=np.array(lengths, np.int64))
    return Opened(later, bad)


def _alike(files: Files, good: Sequence[tuple[int, SoundHead]], channels: int | str | None) -> None:
    """Sounds of one rate, and of as many channels as are wanted."""
    first = good[0][1]
    for index, sound in good:
        if sound.rate != first.rate:
            raise MisfitError(
                f"holds sounds of {first.rate} and of {sound.rate} samples a second ({files.names[index]})",
                "bring all files to one rate",
                index,
            )
        wanted = channels or sound.channels
        if sound.channels != (wanted if isinstance(wanted, int) else first.channels):
            have = sound.channels
            raise MisfitError(
                f"has {have} channel{'' if have == 1 else 's'} in {files.names[index]}, but the input takes {wanted}",
                "without an axis for channels an input takes their mean",
                index,
            )


def _images(files: Files, shape: Sizes, keep: bool | str, thorough: bool, mask: bool = False) -> Opened:
    import numpy as np

    if not 2 <= len(shape) <= 3 or (len(shape) == 3 and shape[2] not in (1, 3, 4)):
        written = ", ".join(str(size) for size in shape)
        raise MisfitError(
            f"holds images, but the shape [{written}] is not that of one",
            "write the shape as [height, width, channels], with 1, 3 or 4 channels",
        )
    channels = int(shape[2]) if len(shape) == 3 and shape[2] else 1
    height, width = shape[:2]
    if not mask and isinstance(height, int) and isinstance(width, int):  # then nobody need know what sizes there are
        row = (height, width, channels) if len(shape) == 3 else (height, width)
        if _fits(4 * len(files) * prod(row), keep):
            one = partial(_image, size=(height, width), channels=channels, mask=False)
            return _decoded(files, one, row, size=(height, width, channels))
    found: list[Any] = _each(size_of, files.cells)
    bad = _bad(files, found)
    sizes = {one for one in found if isinstance(one, tuple)}
    wanted = _wanted(files, shape, found, sizes)
    alike = mask or sizes <= {wanted}
    dtype = np.dtype(np.uint16 if mask else np.uint8 if alike else np.float32)
    one = partial(_image, size=wanted, channels=None if mask else channels, mask=mask)
    row = (*wanted, channels) if len(shape) == 3 else wanted
    needed = len(files) * prod(row) * dtype.itemsize
    if mask and needed > 4 * deferred.KEPT_BYTES:
        message = f"holds masks of {needed / 2**30:.1f} GB in all, and 4 GB at most can be kept in memory"
        way = "make the output smaller, or use fewer files; `cache = false` reads those that a table names by the batch"
        raise MisfitError(message, way)
    if mask or _fits(needed, keep):
        return _decoded(files, one, row, bad, dtype, None if mask else (*wanted, channels))
    if thorough:
        bad |= _bad(files, _each(_whole, files.cells))
    return Opened(unread(files, row, dtype), bad)


def _fits(needed: int, keep: bool | str) -> bool:
    """Whether what is in the files is kept in memory."""
    return keep is True or (bool(keep) and needed <= deferred.KEPT_BYTES)


def _decoded(
    files: Files,
    one: Callable[[Any], Array],
    row: tuple[int, ...],
    bad: Mapping[int, str] | None = None,
    dtype: np.dtype[Any] | None = None,
    size: tuple[int, int, int] | None = None,
) -> Opened:
    """All pictures in memory, but for the ``bad``; without a dtype as bytes, unless the size of one was changed.

    Where height, width and channels are given as ``size``, those that can be are decoded together.
    """
    import numpy as np

    bad = dict(bad or {})
    left = np.setdiff1d(np.arange(len(files)), np.fromiter(bad, np.intp, len(bad)))
    same = size is None or dtype == np.uint8 or _first_size(files.cells[left].tolist()) == size[:2]
    values = settled((len(files), *row), dtype or (np.uint8 if same else np.float32))

    def put(places: Any, images: Array) -> None:
        nonlocal values
        if dtype is None and images.dtype != values.dtype and values.dtype == np.uint8:
            values = values.astype(np.float32)
        values[places] = images.reshape(-1, *row)

    if size is not None:
        cells, kept = files.cells.tolist(), (len(files), *size)
        filled = pictures.fill(cells, values.reshape(kept), left, resize=values.dtype == np.float32)
        left = filled.left
        if filled.others and dtype is None:
            values = values.astype(np.float32)
            left = pictures.fill(cells, values.reshape(kept), left, resize=True).left
    for start in range(0, len(left), 1024):
        block = left[start : start + 1024]
        for index, image in zip(block.tolist(), _each(one, files.cells[block]), strict=True):
            if isinstance(image, Exception):
                bad |= {index: _bad(files.take(np.array([index])), [image])[0]}
            else:
                put([index], image[None])
    values[[*bad]] = 0
    return Opened(values, bad)


def _first_size(cells: Sequence[str | bytes]) -> tuple[int, int] | None:
    """Height and width of the first picture that is one."""
    for cell in cells:
        try:
            return size_of(cell)
        except FAILURES:
            continue
    return None


def _wanted(files: Files, shape: Sizes, found: Sequence[Any], sizes: set[tuple[int, int]]) -> tuple[int, int]:
    """The height and width that all images get."""
    height, width = shape[:2]
    if isinstance(height, int) and isinstance(width, int):
        return height, width
    if len(sizes) > 1:
        first = next(one for one in found if isinstance(one, tuple))
        other = next(index for index, one in enumerate(found) if isinstance(one, tuple) and one != first)
        message = (
            f"holds images of {first[0]} by {first[1]} and of {found[other][0]} by {found[other][1]} pixels, "
            "and the input does not say which size it takes"
        )
        raise MisfitError(message, "write numbers for height and width in its shape", other)
    only = next(iter(sizes), (1, 1))
    return height if isinstance(height, int) else only[0], width if isinstance(width, int) else only[1]


def _image(cell: str | bytes, size: tuple[int, int], channels: int | None, mask: bool) -> Array:
    return nearest(pixels(cell, None), *size) if mask or channels is None else scaled(cell, *size, channels)


def _whole(cell: str | bytes) -> None:
    with opened(cell) as image:
        image.load()
