"""Texts that stand in for what is saved in files, while something is tried out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

_TEXTS: Final[ContextVar[Mapping[Path, bytes] | None]] = ContextVar("unsaved texts", default=None)


@contextmanager
def unsaved(texts: Mapping[Path, str]) -> Iterator[None]:
    """Let these texts be read in the place of the files of those names."""
    before = _TEXTS.set({path.resolve(): text.encode("utf-8", "surrogatepass") for path, text in texts.items()})
    try:
        yield
    finally:
        _TEXTS.reset(before)


def content(path: Path) -> bytes:
    """What a file holds, or is to hold.

    Raises:
        OSError: if it is read from the disk and can't be.
    """
    texts = _TEXTS.get()
    if not texts:
        return path.read_bytes()
    found = texts.get(path.resolve())
    return path.read_bytes() if found is None else found
