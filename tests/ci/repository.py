"""Repositories of git to try the reviewer in."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    known = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *known, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, texts: dict[str, str], *gone: str) -> str:
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in gone:
        (folder / name).unlink()
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return git(folder, "rev-parse", "HEAD")
