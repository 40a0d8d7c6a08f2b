"""A team's repository: two people work in it at once, on two branches, and nobody's settings hold but its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from .kinds import GONE, KINDS, NEW, NEW_TEXTS, RENAMED, Kind
from .specs import specs

ABOUT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_EDITOR": "true", "GIT_PAGER": "cat",
    "GIT_MERGE_AUTOEDIT": "no",
    **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}  # fmt: skip
DOUBLED: Final = ("= 8", "= 16")


class Repository:
    """A repository and what one does in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str, fails: bool = False) -> str:
        """What git says, on both streams. ``fails``: it must end with another status than 0."""
        done = subprocess.run(["git", *arguments], capture_output=True, encoding="utf-8", check=False, cwd=self.folder)
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def write(self, texts: Mapping[str, str]) -> None:
        """Write files, whatever was in them."""
        for path, text in texts.items():
            (self.folder / path).parent.mkdir(exist_ok=True)
            (self.folder / path).write_text(text, encoding="utf-8", newline="\n")

    def commit(self, message: str, texts: Mapping[str, str] | None = None) -> None:
        """Commit files, and all else that has changed."""
        self.write(texts or {})
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def read(self, path: str) -> str:
        """A file as it lies in the folder."""
        return (self.folder / path).read_text("utf-8")

    def conflicts(self) -> dict[str, str]:
        """Files that git calls not merged, with its two letters for them."""
        lines = self.git("status", "--short", "--untracked-files=no").splitlines()
        return {line[3:]: line[:2] for line in lines if "U" in line[:2] or line[:2] in ("AA", "DD")}


def edited(side: Callable[[Kind], object], kinds: tuple[Kind, ...] = KINDS) -> dict[str, str]:
    """The files of some kinds with what one side does to them."""
    texts = specs()
    return {one.path: one.text(texts[one.path], side(one)) for one in kinds}  # type: ignore[arg-type]


def made(folder: Path, install: Callable[[], object]) -> Repository:
    """The repository with `main` and the branches `mine` and `theirs`, each some commits ahead of it."""
    folder.mkdir()
    here = Repository(folder)
    here.git("init", "-q", "-b", "main")
    with standing(folder):
        install()
    here.commit("twenty specs", specs())
    here.git("checkout", "-q", "-b", "mine")
    here.git("mv", *RENAMED)
    (folder / GONE).unlink()
    here.commit("a file has another name, and one is gone", {NEW: NEW_TEXTS[0]})
    here.commit("my work", edited(lambda one: one.ours))
    here.git("checkout", "-q", "-b", "theirs", "main")
    doubled = {path: here.read(path).replace(*DOUBLED) for path in (RENAMED[0], GONE)}
    here.commit("twice as much", {**doubled, NEW: NEW_TEXTS[1]})
    here.commit("their work", edited(lambda one: one.theirs))
    here.git("checkout", "-q", "mine")
    return here


@contextmanager
def standing(folder: Path) -> Iterator[None]:
    """In a folder of a repository, with nobody's settings."""
    with pytest.MonkeyPatch.context() as patch:
        for key, value in ABOUT.items():
            patch.setenv(key, value)
        patch.chdir(folder)
        yield
