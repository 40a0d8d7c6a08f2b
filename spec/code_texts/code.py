"""The noun Code: what one diagnostic means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One code. ``wrong`` and ``right`` are spec text, as little of it as shows the matter."""

    code: str
    title: str
    text: str
    wrong: str
    right: str
    language: str = "toml"
