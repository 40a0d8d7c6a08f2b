"""Words for messages: values as people read them, and the name they probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def closest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, or None where none is near."""
    from difflib import get_close_matches

    from .foreign import FOREIGN  # a spec without mistakes never asks for them

    candidates = list(names)
    if word in FOREIGN:
        for name in FOREIGN[word]:
            if name in candidates:
                return name
    plain: dict[str, str] = {}
    for name in candidates:
        held = plain.setdefault(_plain(name), name)
        if _begins_alike(name, word) and not _begins_alike(held, word):
            plain[_plain(name)] = name
    if _plain(word) in plain:
        return plain[_plain(word)]
    near = get_close_matches(_plain(word), plain, n=4, cutoff=0.7 if len(word) > 3 else 0.6)
    for name in near:  # two letters in each other's place are the likeliest slip: "adma" is "adam", not "adamax"
        if sorted(name) == sorted(_plain(word)):
            return plain[name]
    return plain[near[0]] if near else None


def _begins_alike(name: str, word: str) -> bool:
    """Whether both are names of classes, or neither: of `Adam` and `adam` the one written so is offered."""
    return name[:1].isupper() == word[:1].isupper()


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def shown(value: Any, limit: int = 60) -> str:
    """A value as a message shows it: ``the text "abc"``, ``64``, ``a list``, ``true``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {quoted(value, limit)}"
    if isinstance(value, int | float):
        return f"{value!r}"[:limit]
    if isinstance(value, list):
        text = "[" + ", ".join(_inner(item) for item in value[:8]) + (", …" if len(value) > 8 else "") + "]"
        return f"the list {text}" if len(text) <= limit else f"a list of {len(value)} values"
    return "a table"


def _inner(value: Any) -> str:
    """A value inside a list: lists and tables in it only as such."""
    if isinstance(value, list):
        plain = not any(isinstance(item, list | dict) for item in value)
        return f"[{', '.join(_inner(item) for item in value)}]" if plain and len(value) <= 4 else "[…]"
    return "{…}" if isinstance(value, dict) else shown(value).removeprefix("the text ")


def quoted(text: str, limit: int = 60) -> str:
    """Text in double quotes, on one line, cut where it is long."""
    plain = "".join(letter if letter.isprintable() else "·" for letter in text)
    return f'"{plain}"' if len(plain) <= limit else f'"{plain[: limit - 1]}…"'


def listed(names: Iterable[str], limit: int = 8) -> str:
    """Names in backquotes: ```a`, `b` and `c```."""
    every = [f"`{name}`" for name in names]
    if len(every) > limit:
        every = [*every[:limit], f"{len(every) - limit} more"]
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} and {every[-1]}"


def there_are(names: Iterable[str], limit: int = 8) -> str | None:
    """What there is to choose from, for a name that is none of it; None where there is nothing."""
    every = list(names)
    return f"there {'are' if len(every) > 1 else 'is'} {listed(every, limit)}" if every else None


def a(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[:1].lower() in "aeio" else f"a {noun}"
