"""From a revision and the specs of a repository to Review: the verdict, and what the change does to each spec."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..batch import check_files
from ..changed import Since, affected, is_known, since
from ..checked import Checked, SpecError, compile_file, compile_text
from ..cli.specs import SUFFIXES, specs_of
from ..comparing import EMPTY, Comparison, compare
from ..revisions import RevisionError, git, load_revision
from ..spec.configured import Configuration
from ..spec.validation import is_library
from ..verdict import Verdict, judged

if TYPE_CHECKING:
    from ..spec.reports.reported import Reported

MOST: Final = 50
"""Specs that are compared: of a change to more of them the others are named."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one spec: its paths in the repository, the comparison, or in words why there is none."""

    path: str
    old_path: str
    comparison: Comparison | None = None
    trouble: str | None = None

    @property
    def same(self) -> bool:
        """Whether it means what it meant, however it is written."""
        return self.comparison is not None and self.comparison.same


@dataclass(frozen=True, slots=True)
class Review:
    """What was found, and what changed since ``base``, the hash of a commit; None: there is nothing to hold against.

    ``left`` are the paths of specs that were not compared any more.
    """

    verdict: Verdict
    reported: Reported
    base: str | None = None
    changes: tuple[Change, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The exit status: 0 clean, 1 with findings, 2 where a file could not be opened."""
        return 2 if self.verdict.closed else 1 if self.verdict.failed else 0

    @property
    def counts(self) -> tuple[int, int]:
        """How many errors, and how many warnings."""
        every = self.reported.diagnostics
        errors = sum(one.severity == "error" for one in every)
        return errors, len(every) - errors


def reviewed(
    root: Path, paths: Sequence[Path], base: str | None, *, only_changed: bool = False, allow_warnings: bool = False
) -> Review:
    """Check the specs below some paths, and compare those that have changed with what they were.

    What is remembered of earlier checks is left aside: in a change that others propose it may be made up.

    Raises:
        RevisionError: if git does not have the revision.
        SystemExit: if there is a folder without specs.
    """
    configuration = Configuration()
    specs = specs_of(paths, lambda path: configuration.of(path).excludes(path))
    changes = None if base is None else since(root, base)
    touched = specs if changes is None else affected(specs, changes)
    verdict = judged(check_files(touched if only_changed else specs), configuration, allow_warnings)
    reported = verdict.reported(root)
    if base is None or changes is None:
        return Review(verdict, reported)
    old_names = _moved(root, base)
    wanted = [*map(reported.path, map(str, touched)), *_gone(root, base, changes, paths, set(old_names.values()))]
    every = [one for path in wanted[:MOST] if (one := _change(root, base, path, old_names.get(path, path)))]
    return Review(verdict, reported, base, tuple(every), tuple(wanted[MOST:]))


def _change(root: Path, base: str, path: str, old_path: str) -> Change | None:
    """What becomes of a spec; None of a file of blocks alone, whose change shows where it is included."""
    try:
        old = load_revision(f"{base}:{old_path}", root) if is_file(root, base, old_path) else _nothing()
        new = compile_file(root / path) if (root / path).is_file() else _nothing()
        if all(one.document is None or one.path == NOTHING or is_library(one.document) for one in (old, new)):
            return None
        labels = tuple("nothing" if one.path == NOTHING else name for one, name in ((old, old_path), (new, path)))
        return Change(path, old_path, compare(old, new, (labels[0], labels[1])))
    except SpecError:
        return Change(path, old_path, trouble="one side can't be read as a spec")
    except (OSError, RevisionError) as error:
        return Change(path, old_path, trouble=str(error))


NOTHING: Final = Path("nothing")


def _nothing() -> Checked:
    """The other side of a spec that came or went, of which there is nothing to complain."""
    return replace(compile_text(EMPTY, path=str(NOTHING)), diagnostics=())


def is_file(root: Path, revision: str, path: str) -> bool:
    """Whether a revision has a file of that name."""
    return is_known(root, revision) and bool(git(root, "ls-tree", "-z", "--name-only", revision, "--", f"./{path}"))


def _moved(root: Path, base: str) -> dict[str, str]:
    """New path → old path of what was renamed."""
    fields = iter(git(root, "diff", "--name-status", "--no-ext-diff", "-M", "-z", base, "--").split(b"\0"))
    return dict(_renames(fields))


def _renames(fields: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    for status in fields:
        if status[:1] in (b"R", b"C"):
            old, new = next(fields), next(fields)
            if status[:1] == b"R":
                yield os.fsdecode(new), os.fsdecode(old)
        elif status:
            next(fields)


def _gone(root: Path, base: str, changes: Since, paths: Iterable[Path], moved: set[str]) -> list[str]:
    """Specs below the paths that the revision had and that are there no longer."""
    real = os.path.realpath(root)
    below = [os.path.join(os.path.realpath(one), "") for one in paths]
    found = []
    for one in sorted(changes.files):
        if one.endswith(SUFFIXES) and not os.path.exists(one) and one.startswith(tuple(below)):
            path = os.path.relpath(one, real).replace(os.sep, "/")
            if path not in moved and is_file(root, base, path):
                found.append(path)
    return found
