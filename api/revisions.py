"""From REV:PATH to a spec as git has it: the file and all that it extends and includes, of that one revision."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from .checked import Checked, compile_file
from .spec.document import Place, Source
from .spec.finding import Diagnostic
from .spec.overlay import MOST_FILES
from .spec.read import read_text

MOST_COMMITS: Final = 5000
"""So many commits that touched a file are looked through."""


class RevisionError(ValueError):
    """A revision or a file of it that git does not have; the message says what git says."""


def is_revision(name: str) -> bool:
    """Whether a name means a file of a revision, ``HEAD~2:specs/digits.keraspec.toml``, and not one that is there."""
    revision, colon, _ = name.partition(":")
    return bool(colon) and not os.path.exists(name) and not (len(revision) == 1 and name[2:3] in ("\\", "/"))


def load_revision(name: str, folder: Path | None = None) -> Checked:
    """Read and check a file of a revision. ``:PATH`` is what is staged; paths begin at the root of the repository,
    or, with ``./``, where one stands. Where nothing is found at the root, it is looked for from where one stands.

    Raises:
        RevisionError: if there is no git, no repository, or no such file or revision.
    """
    revision, _, path = name.partition(":")
    folder = Path.cwd() if folder is None else folder
    prefix = git(folder, "rev-parse", "--show-prefix").decode().strip()
    way = _normal(posixpath.join(prefix, path) if path.startswith(("./", "../")) else path)
    text = _show(folder, revision, way)
    if text is None and prefix:
        beside = _normal(posixpath.join(prefix, path))
        found = _show(folder, revision, beside)
        way, text = (way, None) if found is None else (beside, found)
    if text is None:
        git(folder, "show", f"{revision}:{way}")  # says what is wrong
        raise RevisionError(f"{name} can't be read")
    return load_beside(folder, revision, way, text, name)


def load_beside(folder: Path, revision: str, path: str, text: bytes, name: str) -> Checked:
    """Check a text as if it stood at ``path`` in a revision: what it extends and includes is read from there."""
    with _laid_out(folder, revision, path, text) as (root, main):
        return _renamed(compile_file(main), root, revision, name)


def revisions_of(folder: Path, paths: tuple[str, str], old: str, new: str) -> tuple[str | None, str | None]:
    """The revisions that two contents of a file are of, each with its path; None where there is none.

    git tells a diff driver contents alone. One commit that made the one of the other is what `git show` and `git log`
    compare; else it is what is staged, or the current revision, or the last commit that had it.
    """
    try:
        said = git(folder, "log", "--all", "--format=%H", "--raw", "--no-abbrev", "--no-renames",
                   f"-n{MOST_COMMITS}", "--", *paths).decode(errors="replace")  # fmt: skip
    except RevisionError:
        return None, None
    steps: list[tuple[str, str, str]] = []
    commit = ""
    for line in said.splitlines():
        if line.startswith(":"):
            _, _, before, after, _ = line.split(None, 4)
            steps.append((commit, before, after))
        elif line:
            commit = line
    for commit, before, after in steps:
        if (before, after) == (old, new):
            return f"{commit}^", commit
    return _revision_of(folder, paths[0], old, steps), _revision_of(folder, paths[1], new, steps)


def _revision_of(folder: Path, path: str, content: str, steps: list[tuple[str, str, str]]) -> str | None:
    if not content.strip("0."):  # what is not there, or not in git
        return None
    for revision in ("", "HEAD"):
        try:
            if git(folder, "rev-parse", "--verify", "--quiet", f"{revision}:{path}").decode().strip() == content:
                return revision
        except RevisionError:
            continue
    before = (f"{commit}^" for commit, one, _ in steps if one == content)
    after = (commit for commit, _, one in steps if one == content)
    return next(before, next(after, None))


def git(folder: Path, *arguments: str) -> bytes:
    """What git prints.

    Raises:
        RevisionError: if there is no git, or it refuses.
    """
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except OSError as error:
        raise RevisionError("git is not installed here, and a revision can't be read without it") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RevisionError(said[0].removeprefix("fatal: ") if said else f"git ended with {done.returncode}")
    return done.stdout


def _normal(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/"))


def _show(folder: Path, revision: str, path: str) -> bytes | None:
    """A file of a revision, or None."""
    try:
        return git(folder, "show", f"{revision}:{path}")
    except RevisionError as error:
        if "git is not installed" in str(error):
            raise
        return None


@contextmanager
def _laid_out(folder: Path, revision: str, path: str, text: bytes) -> Iterator[tuple[Path, Path]]:
    """A folder with the file and those that it names, as they lie in the repository."""
    with tempfile.TemporaryDirectory(prefix="keraspec-") as made:
        root = Path(os.path.realpath(made))
        waiting, met = [(path, text)], {path}
        while waiting:
            name, content = waiting.pop()
            place = root / name
            if not Path(os.path.realpath(place)).is_relative_to(root):
                continue  # out of the repository: then there is no such file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            for other in _named(name, content):
                if other not in met and len(met) < MOST_FILES:
                    met.add(other)
                    found = _show(folder, revision, other)
                    if found is not None:
                        waiting.append((other, found))
        yield root, root / path


def _named(path: str, text: bytes) -> Iterator[str]:
    """The files that a spec extends and includes, from the root of the repository."""
    document, _ = read_text(path, text, "json" if path.lower().endswith(".json") else "toml")
    data: dict[str, Any] = document.data if document is not None else {}
    included = data.get("include")
    for one in (data.get("extends"), *(included if isinstance(included, list) else ())):
        if isinstance(one, str):
            yield _normal(posixpath.join(posixpath.dirname(path), one))


def _renamed(checked: Checked, root: Path, revision: str, name: str) -> Checked:
    """With the names that the files have in git, not those of the folder they were laid out in."""
    known: dict[int, Source] = {}

    shown = re.sub(r"\b([0-9a-f]{10})[0-9a-f]{30,}\b", r"\1", revision)

    def named(text: str) -> str:
        return text.replace(f"{root}{os.sep}", f"{shown}:").replace(str(root), f"{shown}:")

    def source(one: Source) -> Source:
        return known.setdefault(id(one), Source(named(one.path), one.text))

    def moved(place: Place) -> Place:
        return Place(source(place.source), place.start, place.end)

    def said(one: Diagnostic) -> Diagnostic:
        way = one.finding.help and named(one.finding.help)
        finding = replace(one.finding, message=named(one.finding.message), help=way)
        return Diagnostic(finding, moved(one.place), tuple((words, moved(at)) for words, at in one.related),
                          tuple((words, moved(at)) for words, at in one.instances))  # fmt: skip

    document = checked.document
    if document is not None:
        locate = document.locate
        expansion = document.expansion
        if expansion is not None:
            inner = expansion.written.locate
            own = replace(expansion.written, source=source(expansion.written.source),
                          locate=lambda pointer, part: moved(inner(pointer, part)))  # fmt: skip
            expansion = replace(expansion, written=own)
        document = replace(document, source=source(document.source), expansion=expansion,
                           locate=lambda pointer, part: moved(locate(pointer, part)))  # fmt: skip
    return replace(checked, path=Path(name), document=document, diagnostics=tuple(map(said, checked.diagnostics)))
