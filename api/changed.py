"""From a revision of git to the specs that have changed since: they themselves, or a file that they are made of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .revisions import RevisionError, git
from .spec.configured import OWN, SHARED
from .spec.named import closure

DEFAULTS: Final = ("origin/main", "origin/master", "main", "master")
"""Where the default branch is looked for, if the remote does not say which it is."""


@dataclass(frozen=True, slots=True)
class Since:
    """What has changed: the revision it is held against, and the files, as absolute paths without links."""

    revision: str
    files: frozenset[str]

    def has(self, path: Path) -> bool:
        """Whether a file has changed, came, or went."""
        return os.path.realpath(path) in self.files


def since(folder: Path, revision: str = "") -> Since:
    """What has changed in the repository around a folder, saved or not, committed or not.

    Args:
        folder: a folder of the repository.
        revision: what is held against; left out: HEAD where something is not committed yet, else the point at which
            this branch left the default branch.

    Raises:
        RevisionError: if there is no git, no repository, no such revision, or no default branch.
    """
    root = _line(git(folder, "rev-parse", "--show-toplevel"))
    if revision and not is_known(folder, revision):
        raise RevisionError(f"git knows no revision {revision}")
    commit = _line(git(folder, "rev-parse", "--verify", f"{revision}^{{commit}}")) if revision else _start(folder)
    tracked = git(Path(root), "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", commit, "--")
    names = [*tracked.split(b"\0"), *_new(Path(root))]
    real = os.path.realpath(root)
    return Since(commit, frozenset(os.path.realpath(os.path.join(real, os.fsdecode(one))) for one in names if one))


def is_known(folder: Path, revision: str) -> bool:
    """Whether git knows a revision of that name."""
    try:
        git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except RevisionError:
        return False
    return True


def affected(specs: Sequence[Path], changes: Since) -> list[Path]:
    """Of specs those that have changed, that are made of a file that has, or whose settings have."""
    texts: dict[Path, bytes | None] = {}
    settings = [os.path.dirname(one) for one in changes.files if os.path.basename(one) in (OWN, SHARED)]

    def read(path: Path) -> bytes | None:
        if path not in texts:
            try:
                texts[path] = path.read_bytes()
            except (OSError, ValueError):
                texts[path] = None
        return texts[path]

    def is_meant(path: Path) -> bool:
        real = os.path.realpath(path)
        if real in changes.files or any(real.startswith(os.path.join(folder, "")) for folder in settings):
            return True
        raw = read(path)
        return raw is None or any(changes.has(one) for one in closure(path, raw, read))

    return [path for path in specs if is_meant(path)]


def default_branch(folder: Path) -> str:
    """The branch that others start from.

    Raises:
        RevisionError: if that can't be said.
    """
    try:
        return _line(git(folder, "rev-parse", "--abbrev-ref", "origin/HEAD"))
    except RevisionError:
        pass
    for name in DEFAULTS:
        if is_known(folder, name):
            return name
    raise RevisionError("there is no branch main or master to hold against; say against what: --changed REV")


def fork_point(folder: Path, one: str, other: str = "HEAD") -> str:
    """The newest revision that two branches share.

    Raises:
        RevisionError: if they share none, as where only the last revisions were fetched.
    """
    try:
        return _line(git(folder, "merge-base", one, other))
    except RevisionError as error:
        raise RevisionError(
            f"{other} and {one} share no revision here; where only the last ones were fetched: git fetch --unshallow"
        ) from error


def _start(folder: Path) -> str:
    if not is_known(folder, "HEAD"):
        return _line(git(folder, "hash-object", "-t", "tree", os.devnull))  # nothing is committed yet: all is new
    if git(folder, "status", "--porcelain", "-z", "--untracked-files=normal"):
        return "HEAD"
    return fork_point(folder, default_branch(folder))


def _new(root: Path) -> list[bytes]:
    """Files that git does not know yet, and is not told to ignore."""
    return git(root, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0")


def _line(said: bytes) -> str:
    return os.fsdecode(said).strip()
