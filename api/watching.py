"""From a spec to word of each change: of the file itself, and of all files that it extends or includes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from .checked import Checked, compile_file

POLL: Final = 0.25
"""Seconds between two looks, where the system does not tell of changes."""

Stamp = tuple[tuple[str, int, int], ...]


def files_of(path: Path, checked: Checked | None) -> tuple[Path, ...]:
    """A spec and the files that it is made of, as far as they are known."""
    from .spec.read import read_file

    found: dict[Path, None] = {path.absolute(): None}
    waiting = [path.absolute()]
    while waiting and len(found) < 200:
        one = waiting.pop()
        try:
            document, _ = read_file(one)
        except OSError:
            continue
        data = document.data if document is not None else {}
        include = data.get("include")
        for other in (data.get("extends"), *(include if isinstance(include, list) else ())):
            if isinstance(other, str):
                try:
                    inner = (one.parent / Path(other).expanduser()).absolute()
                except (ValueError, RuntimeError):
                    continue
                if inner not in found:
                    found[inner] = None
                    waiting.append(inner)
    return tuple(found)


def stamp(paths: tuple[Path, ...]) -> Stamp:
    """What tells one state of files from another: time of the last change, and size; -1 for one that is not there."""
    found = []
    for path in paths:
        try:
            state = path.stat()
            found.append((str(path), state.st_mtime_ns, state.st_size))
        except OSError:
            found.append((str(path), -1, -1))
    return tuple(found)


def states(
    path: Path, settings: tuple[str, ...] = (), *, wait: Callable[[], None] | None = None
) -> Iterator[Checked | OSError]:
    """The spec as it is, and again after each change of one of its files; it never ends by itself.

    A file that is being replaced, and so is not there for a moment, is waited for.

    Raises:
        OSError: if the spec can't be read at the beginning.
        OverrideError: if a setting can't be understood.
    """
    pause = wait or (lambda: time.sleep(POLL))
    first = True
    while True:
        before = stamp(files_of(path, None))
        try:
            checked: Checked | OSError = compile_file(path, settings)
        except OSError as error:
            if first:
                raise
            checked = error
        first = False
        watched = files_of(path, checked if isinstance(checked, Checked) else None)
        seen = stamp(watched) if tuple(one for one, _, _ in before) != tuple(map(str, watched)) else before
        yield checked
        while stamp(watched) == seen:
            pause()
        while True:  # an editor may still be writing
            now = stamp(watched)
            pause()
            if stamp(watched) == now and now[0][1] >= 0:
                break
