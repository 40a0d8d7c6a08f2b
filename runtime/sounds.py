"""From a .wav file to an array of its samples, from -1 to 1.

A RIFF file is a row of chunks: ``fmt `` says what the numbers are, ``data`` holds them.
Source: https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

SUFFIXES: Final = (".wav",)
WHOLE, REAL, EXTENSIBLE = 1, 3, 0xFFFE
"""Codes of formats: whole numbers, floats, and one that says further on which of the two it is."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of shape ``(length, channels)`` in float32, so many a second."""

    samples: Array
    rate: int


def read_sound(cell: str | bytes) -> Sound:
    """A .wav file: whole numbers of 8, 16, 24 or 32 bits, or floats of 32 or 64.

    Sixteen bits are divided by 32768, as ``tf.audio.decode_wav`` does it, the others alike.

    Raises:
        OSError, ValueError: if it is none, or of another kind.
    """
    raw = cell if isinstance(cell, bytes) else Path(cell).read_bytes()
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise ValueError("it is no .wav file")
    form: tuple[int, int, int, int] | None = None
    position = 12
    while position + 8 <= len(raw):
        name, size = raw[position : position + 4], struct.unpack_from("<I", raw, position + 4)[0]
        body = raw[position + 8 : position + 8 + size]
        if name == b"fmt ":
            if len(body) < 16:
                raise ValueError("its head is not complete")
            code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if code == EXTENSIBLE and len(body) >= 26:
                code = struct.unpack_from("<H", body, 24)[0]
            form = code, channels, rate, bits
        elif name == b"data" and form is not None:
            if size not in (0, 0xFFFFFFFF) and len(body) < size:
                raise ValueError(f"it ends after {len(body)} of {size} bytes")
            return Sound(_samples(body, *form[:2], form[3]), form[2])
        position += 8 + size + size % 2
    raise ValueError("it holds no samples")


def _samples(body: bytes, code: int, channels: int, bits: int) -> Array:
    import numpy as np

    width = bits // 8
    if not channels or not width:
        raise ValueError("its head says that it has no channels")
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
