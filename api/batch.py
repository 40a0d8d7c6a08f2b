"""From many spec files to their diagnostics, on all cores where there are enough of them to be worth it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .checked import compile_file
from .spec.finding import Diagnostic

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

Outcome = tuple[Diagnostic, ...] | OSError
"""What checking one file came to: its diagnostics, or why it can't be opened."""

WORTH_IT: Final = 200_000
"""Bytes of specs from which on a second process is started: about a fifth of a second of work."""
THREADED: Final = frozenset({"tensorflow", "jax", "torch"})
REMEMBERED: Final = 8
"""Files from which on what comes of them is remembered: below that, looking it up costs more than it saves."""
CHUNK: Final = 16
"""Files that a worker is given at a time."""


def check_files(
    paths: Sequence[Path], settings: Sequence[str] = (), root: Path | None = None
) -> Iterator[tuple[Path, Outcome]]:
    """Check files; what comes of each, in the order in which they were given, save what comments in them silence.

    Args:
        paths: the files.
        settings: what is laid over each, ``KEY=VALUE``.
        root: the folder in which to remember what comes of it, so that what has not changed is not checked again;
            left out, or where there are few files: nowhere.

    Raises:
        OverrideError: if a setting can't be understood.
    """
    if root is None or len(paths) < REMEMBERED or _names_files(settings):
        yield from _checked(paths, settings)
        return
    from .cache import Cache

    cache = Cache(root, settings, _plugins())
    keys = [cache.key(path) for path in paths]
    known = [None if key is None else cache.known(key) for key in keys]
    new = [path for path, found in zip(paths, known, strict=True) if found is None]
    made = _checked(new, settings)
    for path, key, found in zip(paths, keys, known, strict=True):
        if found is not None:
            yield path, found
            continue
        others = None if key is None else cache.others(path)
        _, outcome = next(made)
        if key is not None and others is not None and not isinstance(outcome, OSError):
            cache.keep(key, others, outcome)
        yield path, outcome
    cache.save()


def _names_files(settings: Sequence[str]) -> bool:
    """Whether a setting says which files a spec is made of: what comes of that is not looked for in specs alone."""
    if not settings:
        return False
    from .spec.overlay import split_setting

    return any(split_setting(one)[0][0] in ("extends", "include") for one in settings)


def _checked(paths: Sequence[Path], settings: Sequence[str]) -> Iterator[tuple[Path, Outcome]]:
    one = partial(_one, settings=tuple(settings))
    workers = min(_cores(), -(-len(paths) // CHUNK))
    if not paths:
        return
    if workers < 2 or _bytes(paths) < WORTH_IT:
        yield from zip(paths, map(one, paths), strict=True)
        return
    # What the first file needs is loaded before the workers start: where they are forked they share it.
    yield paths[0], one(paths[0])
    yield from zip(paths[1:], _spread(one, paths[1:], workers), strict=True)


def _spread(one: Callable[[Path], Outcome], paths: Sequence[Path], workers: int) -> Iterator[Outcome]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    with ProcessPoolExecutor(workers, mp_context=_context(), initializer=_allow, initargs=(_plugins(),)) as pool:
        try:
            for outcome in pool.map(one, paths, chunksize=CHUNK):
                done += 1
                yield outcome
            return
        except BrokenProcessPool:  # a worker was killed, for memory perhaps: what it had is done here
            pass
    yield from map(one, paths[done:])


def _plugins() -> tuple[str, ...]:
    """What workers must allow once more; nothing was allowed where nothing was loaded for it."""
    loaded = sys.modules.get("keraspec.plugins")
    return () if loaded is None else tuple(loaded.allowed())


def _allow(names: tuple[str, ...]) -> None:
    for name in names:
        from .plugins import allow_plugin

        allow_plugin(name)


def _one(path: Path, settings: Sequence[str]) -> Outcome:
    try:
        found = compile_file(path, settings).diagnostics
    except OSError as error:
        return error
    if not any("keraspec:" in one.place.source.text for one in found):
        return found
    from .spec.ignored import without_silenced

    return without_silenced(found)


def _context() -> BaseContext:
    """Forked workers start at once; elsewhere than on Linux forking is not safe."""
    import multiprocessing

    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _cores() -> int:
    """The cores that this process may use; one where a framework has started threads, which do not outlive a fork."""
    if not sys.modules.keys().isdisjoint(THREADED):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _bytes(paths: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
