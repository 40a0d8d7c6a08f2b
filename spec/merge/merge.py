"""From three texts of a spec to Merged: by layer and key, comments kept, and never a text that says something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from ..document import Document, Place, Source
from ..read import read_text
from .by_value import ConflictError, content_of, merged_value
from .json_pieces import json_pieces
from .lines import Choice, Marks, conflicts, marked, merged_lines, taken
from .pieces import EMPTY, Body, text
from .renames import KINDS, called, renamed, renames
from .three_way import merged_pieces
from .toml_pieces import NoPiecesError, toml_pieces

Language = Literal["toml", "json"]
MARKS: Final = Marks()


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of merging. ``text`` has git's markers at ``conflicts`` places; ``by`` says how far it was understood:
    by layers and keys, by lines alone, or not at all (then all of it is one conflict)."""

    text: str
    conflicts: int
    by: Literal["pieces", "lines", "nothing"]


def merge(base: str, ours: str, theirs: str, language: Language = "toml", marks: Marks = MARKS) -> Merged:
    """Merge what two sides made of a spec.

    Who touched other layers, or other keys of one layer, is in nobody's way; what both put in at one place stands one
    behind the other, ours first. Where both changed the same thing differently, git's markers stand around the lines
    that say it. A result without markers is read again and says what the merge of the values says. Comments belong
    to what they stand above or beside. Line ends are those of ours.
    """
    ends = "\r\n" if "\r\n" in ours else "\n"
    mark = "\ufeff" if ours.startswith("\ufeff") else ""
    base, ours, theirs = (_even(one) for one in (base, ours, theirs))
    made = _by_pieces(base, ours, theirs, language, marks) or _by_lines(base, ours, theirs, language, marks)
    whole = made.text if ends == "\n" else made.text.replace("\n", ends)
    return Merged(mark + whole, made.conflicts, made.by)


def _even(side: str) -> str:
    side = side.removeprefix("\ufeff").replace("\r\n", "\n")
    return side if not side or side.endswith("\n") else f"{side}\n"


def _by_pieces(base: str, ours: str, theirs: str, language: Language, marks: Marks) -> Merged | None:
    """By layers and keys; None where a text can't be taken apart, or where what comes out can't be trusted."""
    before, mine, other = (_document(one, language) for one in (base, ours, theirs))
    if before is None or mine is None or other is None:
        return None
    base, ours, theirs = _followed(before, mine, other, language)
    values = [_data(one, language) for one in (base, ours, theirs)]
    try:
        bodies = _pieces(base, language), _pieces(ours, language), _pieces(theirs, language)
    except NoPiecesError:
        return None
    if any(text(body) != one for body, one in zip(bodies, (base, ours, theirs), strict=True)):
        return None
    choices = merged_pieces(*bodies)
    return _trusted(choices, values, language, marks, "pieces")


def _by_lines(base: str, ours: str, theirs: str, language: Language, marks: Marks) -> Merged:
    """Line by line, as git does; where that gives a text that says something else, all of it is one conflict."""
    choices = merged_lines(base, ours, theirs)
    if not conflicts(choices):
        values = [_data(one, language) for one in (base, ours, theirs)]
        made = None
        if all(one is not None for one in values):
            made = _trusted(choices, values, language, marks, "lines")
        if made is not None:
            return made
        choices = [(ours, theirs)]
    whole, count = marked(choices, marks)
    return Merged(whole, count, "lines" if len(choices) > 1 else "nothing")


def _trusted(
    choices: list[Choice], values: list[Any], language: Language, marks: Marks, by: Literal["pieces", "lines"]
) -> Merged | None:
    """The merged text, if reading it again gives what merging the values gives."""
    if conflicts(choices):
        if any(_data(taken(choices, side), language) is None for side in (0, 1)):
            return None
        whole, count = marked(choices, marks)
        return Merged(whole, count, by)
    whole = taken(choices, 0)
    read = _data(whole, language)
    try:
        wanted = merged_value(*values)
    except ConflictError:
        return None
    same = read is not None and content_of(_filled(read)) == content_of(_filled(wanted))
    return Merged(whole, 0, by) if same else None


def _filled(value: Any) -> Any:
    """Without lists in which nothing is left: where entries have headers of their own, no entry is no list."""
    if isinstance(value, dict):
        return {key: _filled(one) for key, one in value.items() if one != []}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def _followed(base: Document, ours: Document, theirs: Document, language: Language) -> tuple[str, str, str]:
    """The texts in which what one side renamed is called so by all, save where the other has a third name for it."""
    for kinds in KINDS:
        mine, other = renames(base, ours, kinds), renames(base, theirs, kinds)
        if not mine and not other:
            continue
        here, there = called(ours), called(theirs)
        # Where only one side shows that it is a new name, and the other has the same one, it is the same there.
        by_both = {one: new for one, new in (mine | other).items()
                   if one not in here | there and (one[0], new) in (here & there) - called(base)}  # fmt: skip
        by_ours = {one: new for one, new in mine.items() if one not in other and (one[0], new) not in there}
        by_theirs = {one: new for one, new in other.items() if one not in mine and (one[0], new) not in here}
        by = {**dict.fromkeys([*by_ours, *by_both], ours.data), **dict.fromkeys(by_theirs, theirs.data)}
        texts = (renamed(base, by_ours | by_theirs | by_both, by), renamed(ours, by_theirs, by),
                 renamed(theirs, by_ours, by))  # fmt: skip
        read = [_document(one, language) for one in texts]
        if read[0] is None or read[1] is None or read[2] is None:
            break
        base, ours, theirs = read[0], read[1], read[2]
    return base.source.text, ours.source.text, theirs.source.text


def _data(side: str, language: Language) -> Any:
    """What a text says, or None where it is not well formed; an empty one says nothing."""
    document = _document(side, language)
    return None if document is None else document.data


def _document(side: str, language: Language) -> Document | None:
    if not side.strip():
        return Document(Source("", side), {}, lambda pointer, part: Place(Source("", side), 0, 0))
    try:
        raw = side.encode()
    except UnicodeEncodeError:
        return None
    document, findings = read_text("", raw, language)
    return None if findings else document


def _pieces(side: str, language: Language) -> Body:
    if not side.strip():
        return Body("section", "", (), side) if side else EMPTY
    return toml_pieces(side) if language == "toml" else json_pieces(side)
