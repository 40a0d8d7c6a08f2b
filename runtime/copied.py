"""The files whose content was laid down with rows that name them, and those that could not be read: rows are laid down
anew when one has changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Final

from .pending import Files

NAME: Final = "copied.jsonl"


class Copied:
    """Notes the paths of files in a folder of rows; ``stack`` closes what it writes."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.file = stack.enter_context((folder / NAME).open("w", encoding="utf-8"))
        self.any = False

    def add(self, files: Files) -> None:
        """More files; what stands in cells itself is in the file that they are of."""
        self.note(cell for cell in files.cells if isinstance(cell, str))

    def note(self, paths: Iterable[str]) -> None:
        """More files, by their paths."""
        for path in paths:
            self.file.write(json.dumps(path) + "\n")
            self.any = True

    def close(self) -> str | None:
        """What the files are like now; None where there are none."""
        self.file.close()
        path = Path(self.file.name)
        if self.any:
            return stamp(path.parent)
        path.unlink()
        return None


def stamp(folder: Path) -> str:
    """Sizes and times of the files that are noted in a folder of rows."""
    with (folder / NAME).open(encoding="utf-8") as lines:
        return _stamp(json.loads(line) for line in lines)


def _stamp(paths: Iterable[str]) -> str:
    found = sha256()
    for path in paths:
        try:
            about = Path(path).stat()
            found.update(f"{about.st_size} {about.st_mtime_ns}\n".encode())
        except OSError:
            found.update(b"gone\n")
    return found.hexdigest()
