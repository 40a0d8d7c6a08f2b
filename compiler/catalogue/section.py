"""The noun Section: a table of the language, with its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .kinds import Kind
from .record import REQUIRED, Argument

NAME: Final = Kind(
    {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$", "maxLength": 128},
    "a name of letters, digits, `_` and `-` that begins with a letter or `_`",
)


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the language: its keys, in the order in which people usually write them.

    ``later`` names keys that belong to the language and that this version does not carry out yet, with what
    they will do; they are diagnostics (E110), not unknown keys.
    """

    name: str
    title: str
    keys: tuple[Argument, ...]
    later: tuple[tuple[str, str], ...] = ()


def key(name: str, kind: Kind, summary: str, default: object = None) -> Argument:
    """A key that may be left out."""
    return Argument(name, kind, default, summary)


def must(name: str, kind: Kind, summary: str) -> Argument:
    """A key that has to be there."""
    return Argument(name, kind, REQUIRED, summary)
