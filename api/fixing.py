"""From a path to the edits that mend a spec, each tried before it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from .checked import compile_file
from .spec.edits import applied
from .spec.finding import Diagnostic
from .spec.fixes import Fix, fixes_of
from .spec.ignored import without_silenced
from .spec.unsaved import unsaved

ROUNDS: Final = 25
"""Times that a spec is checked anew after fixes: one mended mistake may bring another to light."""
TRIES: Final = 60
"""Fixes that are tried one by one in a round where all of them together make nothing better."""


class Wanted(Protocol):
    """Says which diagnostics are to be mended."""

    def __call__(self, one: Diagnostic) -> bool:
        """Whether this one is."""
        ...


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one spec: the new texts by their paths, what was mended, and what is left to report."""

    texts: Mapping[Path, tuple[str, str]]
    done: tuple[tuple[Diagnostic, Fix], ...]
    left: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Try:
    """A spec with texts in the place of what is saved."""

    path: Path
    settings: Sequence[str]
    texts: dict[Path, str]
    diagnostics: tuple[Diagnostic, ...] = ()

    def check(self) -> _Try:
        """Check it with these texts."""
        with unsaved(self.texts):
            self.diagnostics = without_silenced(compile_file(self.path, self.settings).diagnostics)
        return self

    @property
    def errors(self) -> int:
        """How many errors it has."""
        return sum(one.severity == "error" for one in self.diagnostics)

    def counts(self) -> Counter[tuple[str, str]]:
        """How often each thing is said."""
        return Counter((one.code, one.message) for one in self.diagnostics)

    def with_fixes(self, fixes: Sequence[Fix]) -> _Try:
        """The same with fixes made."""
        texts = dict(self.texts)
        for path in dict.fromkeys(Path(fix.source.path) for fix in fixes):
            edits = [edit for fix in fixes if Path(fix.source.path) == path for edit in fix.edits]
            old = next(fix.source.text for fix in fixes if Path(fix.source.path) == path)
            texts[path] = applied(old, edits)
        return _Try(self.path, self.settings, texts).check()

    def is_better_than(self, before: _Try, made: Sequence[tuple[Diagnostic, Fix]]) -> bool:
        """Whether all that was to be mended is gone, and there are no more errors than before.

        A certain fix may bring one mistake to light for each that it mends; of the others each must take one away.
        What stands below a misspelt key of the root, or beside a misspelt `type`, has not been looked at so far: there
        it may be more.
        """
        opened = any(
            fix.certain
            and one.code == "E102"
            and (len(one.finding.pointer) == 1 or fix.edits[0].text.strip('"') == "type")
            for one, fix in made
        )
        must_go = sum(one.severity == "error" and not fix.certain for one, fix in made)
        if (self.errors > before.errors - must_go and not opened) or _unread(self.diagnostics) > _unread(
            before.diagnostics
        ):
            return False
        now, then = self.counts(), before.counts()
        gone = Counter((one.code, one.message) for one, _ in made)
        return all(now[key] <= then[key] - count for key, count in gone.items())


def _unread(diagnostics: Sequence[Diagnostic]) -> int:
    return sum(one.code.startswith("E0") for one in diagnostics)


def mended(path: Path, settings: Sequence[str] = (), *, unsafe: bool = False, wanted: Wanted | None = None) -> Mended:
    """Make the fixes of a spec, in memory: the certain ones, with ``unsafe`` the others too.

    A fix stays only if what it mends is gone and the spec has no more errors than before. What is wrong in a file
    that this one includes or extends is mended there if it lies in the same folder or below.

    Raises:
        OSError: if the spec can't be read.
        OverrideError: if a setting can't be understood.
    """
    now = _Try(path, settings, {}).check()
    done: list[tuple[Diagnostic, Fix]] = []
    refused: set[tuple[str, str, str]] = set()
    home = path.absolute().parent
    olds: dict[Path, str] = {}
    for _ in range(ROUNDS):
        offered = _offered(now, unsafe, wanted, home, refused)
        if not offered:
            break
        made, better = _made(now, offered, refused)
        if better is None:
            continue
        refused.update(_key(one, fix) for one, fix in made)  # once is enough: else two could undo each other for ever
        for _, fix in made:
            olds.setdefault(Path(fix.source.path), fix.source.text)
        done += made
        now = better
    texts = {one: (olds[one], text) for one, text in now.texts.items() if olds[one] != text}
    return Mended(texts, tuple(done), now.diagnostics)


def _key(one: Diagnostic, fix: Fix) -> tuple[str, str, str]:
    return one.code, one.message, fix.words


def _offered(
    now: _Try, unsafe: bool, wanted: Wanted | None, home: Path, refused: set[tuple[str, str, str]]
) -> list[tuple[Diagnostic, Fix]]:
    """For each diagnostic the first fix that may be made and was not refused, as far as they do not overlap."""
    found: list[tuple[Diagnostic, Fix]] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    for one in now.diagnostics:
        if (wanted is not None and not wanted(one)) or not _is_near(Path(one.file), home):
            continue
        for fix in fixes_of(one):
            if not (fix.certain or unsafe) or _key(one, fix) in refused:
                continue
            spans = [(edit.start, edit.end) for edit in fix.edits]
            others = taken.setdefault(fix.source.path, [])
            if any(start <= stop and begin <= end for start, end in spans for begin, stop in others):
                break  # in the next round
            others += spans
            found.append((one, fix))
            break
    return found


def _is_near(path: Path, home: Path) -> bool:
    return path.absolute().resolve().is_relative_to(home.resolve())


def _made(
    now: _Try, offered: list[tuple[Diagnostic, Fix]], refused: set[tuple[str, str, str]]
) -> tuple[list[tuple[Diagnostic, Fix]], _Try | None]:
    """All fixes at once if that is better; otherwise the first that is by itself, and the others are refused."""
    together = _tried(now, offered)
    if together is not None:
        return offered, together
    if len(offered) == 1:
        refused.add(_key(*offered[0]))
        return [], None
    made: list[tuple[Diagnostic, Fix]] = []
    best: _Try | None = None
    for one in offered[:TRIES]:
        better = _tried(now, [*made, one])
        if better is None:
            refused.add(_key(*one))
        else:
            made, best = [*made, one], better
    return made, best


def _tried(now: _Try, fixes: list[tuple[Diagnostic, Fix]]) -> _Try | None:
    try:
        better = now.with_fixes([fix for _, fix in fixes])
    except (OSError, ValueError):
        return None
    return better if better.is_better_than(now, fixes) else None
