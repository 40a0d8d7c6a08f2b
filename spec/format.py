"""From the text of a spec to the same spec in the one layout, or in the other language."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import tomli

from .document import HOLE, Pointer
from .format_json import formatted_json
from .format_toml import formatted_toml
from .to_toml import as_read, toml_text, verbatim

Language = Literal["toml", "json"]

_ORDERED: Final = ("inputs", "outputs")
"""Tables of the top level whose order means something: a model takes and gives tensors in it."""
_DIRECTIVE: Final = re.compile(r"#:schema[ \t]+(\S+)")
_STRINGS_AND_COMMENTS: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\[^\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*",
    re.DOTALL,
)


class LayoutError(ValueError):
    """The text can't be written so without a change of what it says; the message says why."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A spec in the other language, and how many comments that language has no place for."""

    text: str
    comments: int


def formatted(text: str, language: Language) -> str:
    """A spec in the one layout. ``text`` must be right TOML 1.0 or JSON, without a byte order mark.

    Raises:
        LayoutError: if the new text would not say the same; that is a mistake in this program.
    """
    if language == "json":
        new = formatted_json(text)
        same = _alike(json.loads(text), json.loads(new), ordered=True)
    else:
        new = formatted_toml(text)
        same = _says_the_same(text, new)
        if not same:  # tables would come together whose order means something
            new = formatted_toml(text, beside=False)
            same = _says_the_same(text, new)
    if not same:
        raise LayoutError("another layout would change what it says, so it stays as it is; please report this")
    return new


def _says_the_same(old: str, new: str) -> bool:
    """Whether two TOML texts have the same values and comments, and tensors in the same order."""
    before, after = tomli.loads(old), tomli.loads(new)
    return (
        _alike(before, after)
        and all(_alike(before.get(key), after.get(key), ordered=True) for key in _ORDERED)
        and _words(comments(old)) == _words(comments(new))
    )


def converted(text: str, language: Language) -> Converted:
    """A spec in the other language: TOML becomes JSON, JSON becomes TOML.

    Layers, tables and values are the same, and ``#:schema`` becomes ``$schema`` and the other way round. From JSON
    to TOML ``null`` becomes ``"none"``, and the keys of an entry come in the usual order.

    Raises:
        LayoutError: if there is something in it that the other language has no words for.
    """
    if language == "toml":
        data = tomli.loads(text)
        schema = _DIRECTIVE.match(text)
        if schema is not None and "$schema" not in data:
            data = {"$schema": schema[1], **data}
        new = formatted_json(json.dumps(data, ensure_ascii=False))
        lost = len(comments(text)) - (schema is not None)
        if not _alike(json.loads(new), data, ordered=True):
            raise LayoutError("as JSON it would not say the same; please report this")
        return Converted(new, lost)
    data = json.loads(text)
    for at in _free_nulls(data):
        way = ".".join(map(str, at))
        raise LayoutError(
            f'TOML has no null, and `{way}` is free text, where "none" is a word like any other; leave `{at[-1]}` '
            "out if null is what holds without it"
        )
    if (odd := _misshapen(data)) is not None:
        raise LayoutError(f"`{odd}` is not what a spec has there; `keraspec check` says more")
    try:
        new = toml_text(_keyed(data))
    except ValueError as error:
        raise LayoutError(str(error)) from None
    if not _alike(tomli.loads(new), as_read(_keyed(data))) or not _alike(
        tomli.loads(new).get("inputs"), as_read(_keyed(data)).get("inputs"), ordered=True
    ):
        raise LayoutError("as TOML it would not say the same; please report this")
    schema_path = data.get("$schema")
    head = f"#:schema {schema_path}\n\n" if isinstance(schema_path, str) and not re.search(r"\s", schema_path) else ""
    return Converted(formatted(head + new, "toml"), 0)


def _misshapen(data: Mapping[str, Any]) -> str | None:
    """A key of the top level whose tables or lists are so far from a spec's that it has no layout."""
    for key in ("parameters", "blocks"):
        if not isinstance(data.get(key, {}), dict):
            return key
    for block in data.get("blocks", {}).values():
        if not isinstance(block, dict) or not _are_tables(block.get("layers", [])):
            return "blocks"
    return None if _are_tables(data.get("layers", [])) else "layers"


def _are_tables(layers: Any) -> bool:
    return isinstance(layers, list) and all(isinstance(one, dict) for one in layers)


def _keyed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data of which every text stays as it is written."""
    return {key: verbatim(value) for key, value in data.items()}


def _free_nulls(data: Mapping[str, Any]) -> list[Pointer]:
    """Where a null stands for no text at all."""
    from .published import family_of, record_of

    found: list[Pointer] = []
    waiting: list[tuple[Pointer, Any]] = [((), data)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict):
            kind = value.get("type")
            own = record_of(family_of(kind), kind).get("properties", {}) if isinstance(kind, str) else {}
            for key, one in value.items():
                if one is None and key in own and not _takes_none(own[key]):
                    found.append((*at, key))
                waiting.append(((*at, key), one))
        elif isinstance(value, list):
            waiting.extend(((*at, index), one) for index, one in enumerate(value))
    return sorted(found, key=str)


def _takes_none(schema: Mapping[str, Any]) -> bool:
    """Whether the text "none" stands for null there: not where every text is welcome."""
    from .published import resolved

    branches = resolved(schema).get("anyOf", ())
    return not any(branch == {"type": "string"} for branch in branches)


def comments(text: str) -> list[str]:
    """The comments of a TOML text, in their order."""
    return [found[0] for found in _STRINGS_AND_COMMENTS.finditer(text) if found[0][0] == "#"]


def _words(every: list[str]) -> list[str]:
    """Comments without their blanks; tables that come together change their order."""
    return sorted("".join(one.split()) for one in every)


def _alike(one: Any, other: Any, *, ordered: bool = False) -> bool:
    """Whether two values are the same, 1 and 1.0 and true apart; with ``ordered`` also the order of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        if one.keys() != other.keys() or (ordered and list(one) != list(other)):
            return False
        return all(_alike(value, other[key], ordered=ordered) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(_alike(a, b, ordered=ordered) for a, b in zip(one, other, strict=True))
    return bool(one == other) or one is HOLE
