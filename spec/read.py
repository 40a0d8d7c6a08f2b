"""From text to Document: the values of a TOML or JSON spec, where each stands, and all that is wrong with the text."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from .document import Document, Place, Source
from .finding import Finding
from .read_json import read_json
from .read_toml import read_toml
from .unsaved import content

MOST_FINDINGS = 100
"""No more findings than this about one text: a file that is no spec at all needs no longer list."""


def read_file(path: Path, shown: str | None = None) -> tuple[Document | None, tuple[Finding, ...]]:
    """Read a spec file; ``.json`` is JSON, everything else TOML. ``shown`` is its name in messages.

    Raises ``OSError`` where the file cannot be opened.
    """
    language: Literal["toml", "json"] = "json" if path.suffix.lower() == ".json" else "toml"
    return read_text(shown if shown is not None else str(path), content(path), language)


def read_text(path: str, raw: bytes, language: Literal["toml", "json"]) -> tuple[Document | None, tuple[Finding, ...]]:
    """Read the bytes of a spec; ``path`` is its name in messages.

    There is no document where the bytes are not UTF-8, or where the marks of a merge stand in them. A value that could
    not be read is HOLE in it.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, (_not_utf8(path, raw, error),)
    source = Source(path, text.removeprefix("\ufeff"))
    document, findings = (read_toml if language == "toml" else read_json)(source)
    if findings:
        from .unresolved import unresolved  # for texts that can't be read

        if marked := unresolved(source):
            return None, tuple(marked[:MOST_FINDINGS])
    ordered = sorted(findings, key=lambda one: one.place.start if one.place else 0)
    return document, tuple(ordered[:MOST_FINDINGS])


def _not_utf8(path: str, raw: bytes, error: UnicodeDecodeError) -> Finding:
    help_ = "save the file with the encoding UTF-8"
    for mark, name in (
        (b"\xff\xfe\x00\x00", "UTF-32"),
        (b"\x00\x00\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ):
        if raw.startswith(mark):
            help_ = f"the file begins like {name}; save it with the encoding UTF-8"
            break
    before = raw[: error.start].decode("utf-8")
    text = raw.decode("utf-8", errors="replace").removeprefix("\ufeff")
    start = len(before.removeprefix("\ufeff"))
    place = Place(Source(path, text), start, min(start + 1, len(text)))
    found = raw[error.start]
    return Finding(
        "E001",
        f"expected text in UTF-8, found the byte 0x{found:02X} at byte {error.start + 1} of the file, "
        "which is not part of any such text",
        help=help_,
        place=place,
    )
