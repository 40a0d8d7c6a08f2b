"""From a spec's bytes to the files that it names: those that it extends and includes, and those that they name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .overlay import MOST_FILES


def named(path: Path, raw: bytes) -> tuple[Path, ...]:
    """The files that one file names, as seen from where it stands; there need not be such files.

    Most specs name none, and are not read for it. Where a text is broken, what can be read of it counts.
    """
    if b"extends" not in raw and b"include" not in raw and b"\\" not in raw:  # a key may be written with escapes
        return ()
    from .read import read_text

    document, _ = read_text(str(path), raw, "json" if path.suffix.lower() == ".json" else "toml")
    data: dict[str, Any] = document.data if document is not None else {}
    included = data.get("include")
    written = (data.get("extends"), *(included if isinstance(included, list) else ()))
    words = (one for one in written if isinstance(one, str) and "\0" not in one)
    return tuple(dict.fromkeys(_seen_from(path.parent, one) for one in words))


def _seen_from(folder: Path, written: str) -> Path:
    try:
        return Path(os.path.normpath(folder / Path(written).expanduser()))
    except RuntimeError:  # ~ of somebody who is not here
        return Path(os.path.normpath(folder / written))


def closure(path: Path, raw: bytes, read: Callable[[Path], bytes | None]) -> tuple[Path, ...]:
    """All files that a spec is made of besides itself; ``read`` gives the bytes of a file, None where there is none."""
    waiting = list(named(path, raw))
    found = dict.fromkeys(waiting)
    while waiting and len(found) <= MOST_FILES:
        other = waiting.pop()
        content = read(other)
        for one in named(other, content) if content is not None else ():
            if one not in found:
                found[one] = None
                waiting.append(one)
    return tuple(found)
