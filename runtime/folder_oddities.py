"""From a folder in which a folder is a class to what is odd about it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ..spec.words import listed

PARTS: Final = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})
"""What folders of parts are called; who has such has the classes one floor below."""

UNREAD: Final[Mapping[str, tuple[str, ...]]] = {
    "image": (".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm", ".svg", ".psd"),
    "audio": (".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma"),
    "text": (".md", ".rtf", ".html", ".htm", ".pdf", ".doc", ".docx", ".odt"),
}
"""Endings of files that are of the kind, but are not read."""

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "image": ("pictures", ".png or .jpg"), "audio": ("sounds", ".wav"), "text": ("texts", ".txt"),
}  # fmt: skip
SOURCES: Final[Mapping[str, str]] = {"image": "images", "audio": "audio", "text": "text"}
SHOWN: Final = 5

Oddity = tuple[str, str, str, str]
"""Kind, place, what was seen and a way out, as a Suspicion has them."""


def oddities(kind: str, label: str, root: Path, origin: str, classes: frozenset[str]) -> Iterator[Oddity]:
    """All that is odd about a folder of files of a kind."""
    where = f"target {label}"
    inside = sorted(one.name for one in root.iterdir() if one.is_dir() and not one.name.startswith("."))
    parts = [name for name in inside if name.lower() in PARTS]
    if len(parts) > 1 and set(parts) == classes:
        first = next((name for name in parts if name.lower().startswith("train")), parts[-1])
        source = f'type = "{SOURCES[kind]}", path = "{origin}/'
        others = [name for name in parts if name != first]
        yield (
            "parts as classes",
            where,
            f"the classes are {listed(parts, SHOWN)}, which are names of parts: the model would learn which part a "
            "file lies in",
            f'write `source = {{ {source}{first}" }}`, and of the others '
            f'`split = {{ validation = {{ {source}{others[0]}" }} }}`',
        )
    empty = [name for name in inside if name not in classes]
    if empty:
        many = len(empty) > 1
        yield (
            "empty folder",
            where,
            f"the folder{'s' if many else ''} {listed(empty, SHOWN)} of {origin} {'hold' if many else 'holds'} no "
            f"{kind} files, so there is no class of that name",
            f"put files into {'them' if many else 'it'}, or take {'them' if many else 'it'} away",
        )
    unread = [name for _, _, names in os.walk(root) for name in names if name.lower().endswith(UNREAD[kind])]
    if unread:
        what, endings = WORDS[kind]
        count = f"{len(unread)} file{'s' if len(unread) > 1 else ''} of {origin}"
        yield (
            "unread files",
            f"input {kind}",
            f"{count}, such as `{min(unread)}`, {'are' if len(unread) > 1 else 'is'} left out: {what} of that kind are "
            "not read",
            f"save them as {endings}",
        )
