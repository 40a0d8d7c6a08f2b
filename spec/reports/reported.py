"""The noun Reported: what a check found, as the reports for other programs need it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..finding import Diagnostic
from ..report import json_pointer, ordered


def repository(start: Path | None = None) -> Path:
    """The root of the repository around a folder: the next one upward in which there is `.git`; else the folder."""
    start = Path.cwd() if start is None else start.absolute()
    return next((one for one in (start, *start.parents) if (one / ".git").exists()), start)


def _fails(one: Diagnostic) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Reported:
    """What was found in which files. ``fails`` says of a warning whether it lets the check fail."""

    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    root: Path
    fails: Callable[[Diagnostic], bool] = field(default=_fails, compare=False)

    @classmethod
    def of(
        cls,
        found: Sequence[Diagnostic],
        files: Sequence[Path],
        root: Path | None = None,
        fails: Callable[[Diagnostic], bool] = _fails,
    ) -> Reported:
        """What was found, in order, each said once."""
        return cls(tuple(ordered(found)), tuple(map(str, files)), repository() if root is None else root, fails)

    def path(self, shown: str) -> str:
        """A path as it stands in the repository, with slashes; of a file elsewhere as it was given."""
        path = Path(shown)
        for one in (Path(os.path.abspath(path)), path.resolve()):
            if one.is_relative_to(self.root):
                return one.relative_to(self.root).as_posix()
        return path.as_posix()

    def fingerprints(self) -> Iterator[str]:
        """For each diagnostic a word that stays the same while lines move around it, and that no other one has."""
        met: Counter[str] = Counter()
        for one in self.diagnostics:
            what = (self.path(one.file), one.code, json_pointer(one.finding.pointer), one.message)
            key = "\0".join(what)
            met[key] += 1
            yield hashlib.sha256(f"{key}\0{met[key]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def worst_first(self) -> list[Diagnostic]:
        """Errors before warnings; first what keeps a file from being read, then what shows in the most places."""
        return sorted(self.diagnostics, key=_rank)


def _rank(one: Diagnostic) -> tuple[bool, bool, int]:
    return one.severity != "error", not one.code.startswith(("E0", "E9")), -len(one.instances)


def words(one: Diagnostic) -> str:
    """The message, and what to do in the next line."""
    return f"{one.message}\n{one.help}" if one.help else one.message
