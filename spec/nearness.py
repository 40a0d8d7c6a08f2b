"""Whether a name was surely meant by another: near to it, and no other name as near."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from .foreign import FOREIGN, KINDS

if TYPE_CHECKING:
    from .document import Pointer
    from .edits import Editor

_OF_PEOPLE: Final = ("E2", "E4", "E5", "E6")
"""Codes that speak of names which people gave."""
_FAMILIES: Final = (
    "layers", "ops", "applications", "optimizers", "losses", "metrics", "callbacks", "initializers", "regularizers",
    "constraints", "schedules", "sources",
)  # fmt: skip


def is_certain(code: str, old: str, new: str, editor: Editor, here: Pointer | None) -> bool:
    """Whether ``new`` is all that ``old`` can have meant, at the pointer ``here``.

    So it is where both differ in capitals and underscores alone, and where ``old`` is another framework's word for one
    thing only; otherwise where a letter or two are wrong, none of them a digit, and no other name is as near.
    """
    arguments = _arguments(editor, here)
    from .meant import is_from_a_program

    old = old.rpartition(".")[2] if is_from_a_program(old) else old
    if _plain(old) == _plain(new) or _is_word_for(old, new, arguments):
        return True
    one, other = _plain(old), _plain(new)
    if _digits(one) != _digits(other) or min(len(one), len(other)) < 3:
        return False
    away = distance(one, other, 2)
    if away > (1 if len(one) < 6 else 2):
        return False
    if new == "type":  # every table that lacks one wants it
        return True
    names = _written_names(editor) if code.startswith(_OF_PEOPLE) else arguments if code == "E104" else _known_names()
    return not any(
        name not in (one, other) and distance(one, name, away) <= away
        for name in (_plain(name) for name in names)
        if abs(len(name) - len(one)) <= away
    )


def _arguments(editor: Editor, here: Pointer | None) -> frozenset[str]:
    """The keys that the table around a pointer takes; none where it does not say what it is."""
    from .published import record_of

    holder = editor.spot(here[:-1]) if here else None
    kind = holder.children.get("type") if holder is not None else None
    name = editor.data(kind) if kind is not None else None
    if not isinstance(name, str):
        return frozenset()
    return frozenset(key for family in _FAMILIES for key in record_of(family, name).get("properties", ()))


def _is_word_for(old: str, new: str, arguments: frozenset[str]) -> bool:
    """Whether a word of another framework has this one meaning, or this one where it stands."""
    meanings = FOREIGN.get(old, ())
    if new in meanings and [one for one in meanings if one in arguments or one == new] == [new]:
        return bool(arguments) or meanings == (new,)
    last = old.rpartition(".")[2]
    found = {name for words in KINDS.values() for key in (last.casefold(), _plain(last)) for name in words.get(key, ())}
    return {_plain(name) for name in found} == {_plain(new)}


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _digits(word: str) -> str:
    return "".join(letter for letter in word if letter.isdigit())


def _written_names(editor: Editor) -> Iterator[str]:
    """All that has a name in a text: keys, and texts of one word."""
    for pointer, spot in editor.every():
        if pointer and isinstance(pointer[-1], str):
            yield pointer[-1]
        if spot.kind == "leaf":
            value = editor.data(spot)
            if isinstance(value, str) and value and not any(letter.isspace() for letter in value):
                yield value


@cache
def _known_names() -> frozenset[str]:
    """Every key, type and choice of the published schema."""
    from .published import schema

    found: set[str] = set()
    waiting: list[object] = [schema()]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for key in ("properties", "names", "aliases"):
                inner = one.get(key)
                found.update(inner if isinstance(inner, dict | list) else ())
            found.update(word for word in one.get("enum", ()) if isinstance(word, str))
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return frozenset(found)


def distance(one: str, other: str, most: int) -> int:
    """How many letters are wrong, missing, too many or exchanged with the next; ``most + 1`` for all that is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
