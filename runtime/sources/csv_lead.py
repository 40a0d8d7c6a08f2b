"""From the first line of a CSV file to what it says parts the cells: Excel reads and writes ``sep=;``."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

LEAD: Final = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=([!#-~\t])\1*"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
"""Such a line; a program that takes it for a row adds further separators."""
LONGEST: Final = 2**10


def separator_said(path: Path) -> str | None:
    """What a file's first line says parts the cells; None where it says nothing of it.

    Raises:
        OSError, EOFError, zlib.error: if the file can't be read.
    """
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
        found = LEAD.match(file.read(LONGEST))
    return None if found is None else found[1].decode("ascii")


def as_said(path: Path, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a source states, as the file itself has it: ``lead`` are the lines that come before the names.

    Raises:
        OSError, EOFError, zlib.error: if the file can't be read.
    """
    said = separator_said(path)
    return arguments if said is None else {**arguments, "separator": said, "lead": 1}
