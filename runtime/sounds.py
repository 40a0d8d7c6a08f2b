"""From a .wav file to an array of its samples, from -1 to 1.

A RIFF file is a row of chunks: ``fmt `` says what the numbers are, ``data`` holds them.
Source: https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

SUFFIXES: Final = (".wav",)
WHOLE, REAL, EXTENSIBLE = 1, 3, 0xFFFE
"""Codes of formats: whole numbers, floats, and one that says further on which of the two it is."""

FORMAT_BYTES: Final = 40
"""What is read at most of what a file says of its format."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of shape ``(length, channels)`` in float32, so many a second."""

    samples: Array
    rate: int


@dataclass(frozen=True, slots=True)
class SoundHead:
    """What a .wav file says before its samples: samples a second, channels, how many samples each has, and how they
    are packed: a code, and bits of a sample. ``start`` is the place of the first byte, ``size`` the number of bytes."""

    rate: int
    channels: int
    length: int
    code: int
    bits: int
    start: int
    size: int


def read_sound(cell: str | bytes, most: int | None = None) -> Sound:
    """A .wav file: whole numbers of 8, 16, 24 or 32 bits, or floats of 32 or 64; ``most`` samples at most.

    Sixteen bits are divided by 32768, as ``tf.audio.decode_wav`` does it, the others alike.

    Raises:
        OSError, ValueError: if it is none, or of another kind.
    """
    with _opened(cell) as file:
        head = _head(file)
        file.seek(head.start)
        size = head.size if most is None else min(head.size, most * head.channels * (head.bits // 8))
        return Sound(_samples(file.read(size), head.code, head.channels, head.bits), head.rate)


def sound_head(cell: str | bytes) -> SoundHead:
    """What a .wav file says before its samples.

    Raises:
        OSError, ValueError: if it is none.
    """
    with _opened(cell) as file:
        return _head(file)


def _opened(cell: str | bytes) -> IO[bytes]:
    return io.BytesIO(cell) if isinstance(cell, bytes) else Path(cell).open("rb")


def _head(file: IO[bytes]) -> SoundHead:
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:12] != b"WAVE":
        raise ValueError("it is no .wav file")
    form: tuple[int, int, int, int] | None = None
    position = 12
    while position + 8 <= end:
        file.seek(position)
        name, size = struct.unpack("<4sI", file.read(8))
        there = min(size, end - position - 8)
        if name == b"fmt ":
            body = file.read(min(there, FORMAT_BYTES))
            if len(body) < 16:
                raise ValueError("its head is not complete")
            code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if code == EXTENSIBLE and len(body) >= 26:
                code = struct.unpack_from("<H", body, 24)[0]
            form = code, channels, rate, bits
        elif name == b"data" and form is not None:
            if size not in (0, 0xFFFFFFFF) and there < size:
                raise ValueError(f"it ends after {there} of {size} bytes")
            code, channels, rate, bits = form
            if not channels or not bits // 8:
                raise ValueError("its head says that it has no channels")
            return SoundHead(rate, channels, there // (bits // 8 * channels), code, bits, position + 8, there)
        position += 8 + size + size % 2
    raise ValueError("it holds no samples")


def _samples(body: bytes, code: int, channels: int, bits: int) -> Array:
    import numpy as np

    width = bits // 8
    body = body[: len(body) // (width * channels) * width * channels]
    if code == REAL and bits in (32, 64):
        flat = np.frombuffer(body, f"<f{width}").astype(np.float32)
    elif code == WHOLE and bits == 8:
        flat = ((np.frombuffer(body, np.uint8) - 128.0) / 128).astype(np.float32)
    elif code == WHOLE and bits in (16, 32):
        flat = (np.frombuffer(body, f"<i{width}") / 2.0 ** (bits - 1)).astype(np.float32)
    elif code == WHOLE and bits == 24:
        wide = np.zeros((len(body) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
        flat = (wide.reshape(-1).view("<i4") / 2.0**31).astype(np.float32)
    else:
        raise ValueError(f"its samples are packed in a way (code {code}, {bits} bits) that is not read here")
    return np.asarray(flat.reshape(-1, channels))
