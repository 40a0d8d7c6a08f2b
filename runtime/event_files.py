"""From a history to the event files that TensorBoard shows; neither TensorBoard nor TensorFlow is needed for them."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

FILE: Final = "events.out.tfevents.keraspec"
VERSION: Final = b"brain.Event:2"
PARTS: Final = {"train": "", "validation": "val_"}
"""By folder, what names of its numbers begin with in a history; what no other beginning fits is of training."""

Row = Mapping[str, float]


class EventFiles:
    """The event files of a run: one for training, one for validation, each with the numbers of every epoch.

    They are added to while training goes on, and written anew where an earlier process had begun them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, float]] = []
        self.last = 0.0
        """When the last epoch ended, in seconds since 1970."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write the epochs that are not in the files yet.

        Raises:
            OSError: if a file can't be written.
        """
        known = len(self.rows)
        goes_on = bool(known) and [dict(row) for row in rows[:known]] == self.rows
        fresh = rows[known:] if goes_on else rows
        ends, now = [], time.time()
        for row in reversed(fresh):
            ends.append(max(now, self.last if goes_on else 0.0))
            now -= float(row.get("seconds", 0.0))
        ends.reverse()
        self.last = ends[-1] if ends else self.last
        for part in PARTS:
            events = [
                _record(_event(end, row, values))
                for end, row in zip(ends, fresh, strict=True)
                if (values := _values(row, part))
            ]
            if events or (self.folder / part / FILE).exists():
                self._put(part, b"".join(events), now, whole=not goes_on)
        self.rows = [dict(row) for row in rows]

    def _put(self, part: str, events: bytes, began: float, *, whole: bool) -> None:
        path = self.folder / part / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        start = _record(struct.pack("<Bd", 0x09, began) + _field(3, VERSION))
        if not whole and path.exists():
            with path.open("ab") as file:
                file.write(events)
            return
        beside = path.parent / f".{os.getpid()}.{FILE}"
        try:
            with beside.open("wb") as file:
                file.write(start + events)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def _values(row: Row, part: str) -> dict[str, float]:
    """The numbers of one part, under the names that Keras' TensorBoard callback gives them."""
    other = PARTS["validation"]
    if part == "validation":
        return {f"epoch_{key.removeprefix(other)}": value for key, value in row.items() if key.startswith(other)}
    return {f"epoch_{key}": value for key, value in row.items() if key != "epoch" and not key.startswith(other)}


def _event(end: float, row: Row, values: Mapping[str, float]) -> bytes:
    """One epoch as the protocol buffer `Event`: its time, its number from 1, and a `Summary` of its numbers."""
    summary = b"".join(
        _field(1, _field(1, name.encode()) + struct.pack("<Bf", 0x15, _single(value))) for name, value in values.items()
    )
    return struct.pack("<Bd", 0x09, end) + b"\x10" + _varint(int(row["epoch"])) + _field(5, summary)


def _single(value: float) -> float:
    """A number as far as 32 bits hold it."""
    try:
        struct.pack("<f", value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return value


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _record(content: bytes) -> bytes:
    """A record of a TFRecord file: its length and content, each with a sum by which damage is noticed."""
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", _masked(length)) + content + struct.pack("<I", _masked(content))


def _masked(content: bytes) -> int:
    """CRC-32C, turned and shifted as TFRecord has it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _sums() -> tuple[int, ...]:
    """The sum of each byte, for the polynomial of Castagnoli."""
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        found.append(byte)
    return tuple(found)


_CRC: Final = _sums()
