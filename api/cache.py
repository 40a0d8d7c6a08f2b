"""The noun Cache: what checks came to, kept by content, so that what has not changed is not checked again.

It lies in `.keraspec_cache` at the root of the repository: a file for each way of checking (this version of keraspec,
what is installed beside it, plugins, settings), in it a line for each spec. A line holds as long as the spec and all
files that it is made of have the content that they had. Lines that can't be read are passed over, and so is a folder
that git keeps: somebody else made it up, so that bad specs look good.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from .spec.finding import Diagnostic
from .spec.kept import from_values, to_values
from .spec.named import closure

FOLDER: Final = ".keraspec_cache"
ENDING: Final = ".lines"
MOST_BYTES: Final = 32 * 2**20
"""A file grows no larger; what was not asked for the longest goes first."""
LONGEST: Final = 2**20
"""Bytes of a line: what comes of a larger text is not kept."""
MOST_WAYS: Final = 4
"""So many ways of checking are remembered."""
_NOTES: Final = {
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# What `keraspec check` remembers; it may go.\n",
    ".gitignore": "*\n",
}


class Cache:
    """What is known of specs that were checked in one way."""

    __slots__ = ("_file", "_lines", "_made", "_marks", "_ours", "_used")

    def __init__(self, root: Path, settings: Sequence[str] = (), plugins: Sequence[str] = ()) -> None:
        self._file = root / FOLDER / (_way(settings, plugins) + ENDING)
        self._ours = not (self._file.parent.is_dir() and _is_kept_by_git(root))
        self._lines = _read(self._file) if self._ours else {}
        self._made: dict[bytes, bytes] = {}
        self._used: dict[bytes, None] = {}
        self._marks: dict[Path, str] = {}

    def key(self, path: Path) -> bytes | None:
        """What a spec is known by: its content, and the name under which it is spoken of."""
        try:
            return hashlib.blake2b(path.read_bytes(), digest_size=16, key=_name(path)).hexdigest().encode()
        except OSError:
            return None

    def known(self, key: bytes) -> tuple[Diagnostic, ...] | None:
        """What its check came to; None where it was not checked, or another file that it is made of has changed."""
        line = self._lines.get(key)
        if line is None:
            return None
        mark, _, rest = line.partition(b" ")
        if mark != _checksum(rest):
            return None
        try:
            others, values = json.loads(rest)
            if any(self._mark(Path(path)) != mark for path, mark in others):
                return None
            found = from_values(values)
        except (LookupError, TypeError, ValueError):
            return None
        self._used[key] = None
        return found

    def others(self, path: Path) -> list[tuple[str, str]] | None:
        """The other files that a spec is made of, with their state; to be asked for before the spec is checked."""
        try:
            return [(str(one), self._mark(one)) for one in closure(path, path.read_bytes(), _bytes)]
        except OSError:
            return None

    def keep(self, key: bytes, others: Sequence[tuple[str, str]], found: Sequence[Diagnostic]) -> None:
        """Remember what a check came to."""
        rest = json.dumps([others, to_values(found)], separators=(",", ":")).encode()
        if len(rest) <= LONGEST:
            self._made[key] = _checksum(rest) + b" " + rest

    def save(self) -> None:
        """Write what is new; where that can't be done, nothing is remembered."""
        if not self._made or not self._ours:
            return
        from .compiler.render import write

        with contextlib.suppress(OSError):
            folder = self._file.parent
            folder.mkdir(exist_ok=True)
            for name, text in _NOTES.items():
                if not (folder / name).exists():
                    write(folder / name, text.encode())
            lines = _read(self._file)  # somebody else may have written meanwhile
            for key in self._used:
                if key in lines:
                    lines[key] = lines.pop(key)
            for key, line in self._made.items():
                lines.pop(key, None)
                lines[key] = line
            write(self._file, b"".join(_within_bounds(lines)))
            ways = sorted(folder.glob(f"*{ENDING}"), key=lambda one: one.stat().st_mtime_ns)
            for old in ways[:-MOST_WAYS]:
                old.unlink()

    def _mark(self, path: Path) -> str:
        known = self._marks.get(path)
        if known is None:
            known = self._marks[path] = _state(path)
        return known


def _is_kept_by_git(root: Path) -> bool:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--", FOLDER], capture_output=True, check=False
        )
    except OSError:
        return False
    return bool(done.stdout)


def _read(file: Path) -> dict[bytes, bytes]:
    try:
        raw = file.read_bytes()
    except OSError:
        return {}
    parts = (line.partition(b" ") for line in raw.split(b"\n"))
    return {key: rest for key, _, rest in parts if rest}


def _within_bounds(lines: dict[bytes, bytes]) -> Iterator[bytes]:
    """The lines of a file, of too many the last ones."""
    every = [key + b" " + rest + b"\n" for key, rest in lines.items()]
    total = sum(map(len, every))
    for line in every:
        if total <= MOST_BYTES:
            yield line
        else:
            total -= len(line)


def _name(path: Path) -> bytes:
    """The name that messages have of a file, in the length that a hash takes as its key."""
    return hashlib.blake2b(os.fsencode(path), digest_size=32).digest()


def _checksum(rest: bytes) -> bytes:
    return hashlib.blake2b(rest, digest_size=8).hexdigest().encode()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except (OSError, ValueError):
        return None


def _state(path: Path) -> str:
    """What hangs on a file that is named: its content; where there is none, what the folder has instead."""
    content = _bytes(path)
    if content is not None:
        real = os.fsencode(os.path.realpath(path)) if path.is_symlink() else b""
        return hashlib.blake2b(content, digest_size=16, key=hashlib.blake2b(real, digest_size=32).digest()).hexdigest()
    try:
        kind = "folder" if path.is_dir() else "closed" if path.exists() else "none"
        names = os.listdir(path.parent) if path.parent.is_dir() else ["no folder"]
        beside = "\n".join(sorted(one for one in names if one.endswith((".toml", ".json", " folder"))))
    except (OSError, ValueError):
        return "closed"
    return kind + hashlib.blake2b(beside.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _way(settings: Sequence[str], plugins: Sequence[str]) -> str:
    """One word for all that what a check comes to hangs on besides the spec."""
    every: list[Any] = [
        1,
        sys.version,
        list(settings),
        [[one, _of_plugin(one)] for one in plugins],
        _code(),
        _installed(),
    ]
    return hashlib.blake2b(json.dumps(every).encode(), digest_size=16).hexdigest()


def _code() -> list[Any]:
    """The files of keraspec itself that have a part in checking: their sizes, and when they were written."""
    from . import compiler, schemas, spec

    folders = [Path(str(one.__file__)).parent for one in (compiler, schemas, spec)]
    here = Path(__file__).parent
    files = [here / name for name in ("batch.py", "cache.py", "checked.py", "plugins.py")]
    stack = [str(one) for one in folders]
    found = [(str(one), one.stat()) for one in files]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".json")):
                    found.append((entry.path, entry.stat()))
                elif entry.name != "__pycache__" and entry.is_dir():
                    stack.append(entry.path)
    return sorted([path, state.st_size, state.st_mtime_ns] for path, state in found)


def _installed() -> list[str]:
    """What is installed, with its version, as the names of folders say it."""
    found: set[str] = set()
    for folder in sys.path:
        with contextlib.suppress(OSError):
            found.update(one for one in os.listdir(folder or ".") if one.endswith((".dist-info", ".egg-info")))
    return sorted(found)


def _of_plugin(plugin: str) -> Any:
    """The state of a plugin's code: of all Python files beside it, for it may import them."""
    module = sys.modules.get(Path(plugin).stem if plugin.endswith(".py") else plugin)
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    folder = Path(file).parent
    pattern = "*.py" if plugin.endswith(".py") else "**/*.py"
    return sorted(
        [str(one), hashlib.blake2b(one.read_bytes(), digest_size=16).hexdigest()] for one in folder.glob(pattern)
    )
