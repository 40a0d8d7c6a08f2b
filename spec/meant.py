"""From a name that a family of objects does not have to what was meant by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from .foreign import ACTIVATION, COMPOSED, FOREIGN, KIND_NOTES, KINDS, NOTES, OBSOLETE, PREFIXES
from .published import definition_of, record_of
from .words import closest

_CALL: Final = re.compile(r"\s*([A-Za-z_][\w.]*)\s*\((.*)\)\s*", re.DOTALL)
_GIVEN: Final = re.compile(r"\s*(?:(\w+)\s*=\s*)?(.+?)\s*", re.DOTALL)
_WORDS: Final = {"True": True, "False": False, "None": "none"}


def meant_type(family: str, name: str, names: Iterable[str], *, in_table: bool) -> str | None:
    """What to write instead of a name that a family lacks, or None where nothing is near.

    ``in_table``: it is the ``type`` of a table, where class names stand.
    """
    known = list(names)
    call = _CALL.fullmatch(name)
    if call is not None:
        kind = _kind(family, call[1], known, in_table=True)
        given = _arguments(family, kind, call[2]) if kind else {}
        if kind and given:
            table = ", ".join(f"{key} = {value}" for key, value in ({"type": f'"{kind}"'} | given).items())
            return f"a spec calls nothing; write a table: {{ {table} }}"
        return f'did you mean "{kind}"?' if kind else None
    plain = _plain(_last(name))
    if family == "layers" and plain in COMPOSED:
        return COMPOSED[plain]
    if family == "layers" and plain not in KINDS["layers"]:
        activations = {_plain(one): one for one in definition_of("activations")["x-keraspec"]["names"]}
        if plain in activations and not closest(_last(name), [one for one in known if _plain(one) == plain]):
            return f"write {ACTIVATION.format(activations[plain]).replace('{{', '{').replace('}}', '}')}"
    kind = _kind(family, name, known, in_table=in_table)
    if kind is None:
        return None
    note = KIND_NOTES.get(plain) or KIND_NOTES.get(_last(name).casefold())
    return f'did you mean "{kind}"?' + (f" ({note})" if note else "")


def is_from_a_program(name: str) -> bool:
    """Whether a name has dots as in a program: ``tf.keras.layers.Dense``, ``nn.Linear``."""
    parts = name.split(".")
    return len(parts) > 1 and all(part in PREFIXES or part.casefold() in PREFIXES for part in parts[:-1])


def _last(name: str) -> str:
    return name.rpartition(".")[2] if is_from_a_program(name) else name


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _kind(family: str, name: str, known: list[str], *, in_table: bool) -> str | None:
    """The name of the family that was meant: as it stands, by another framework's word for it, or nearly so."""
    last = _last(name)
    words = KINDS.get(family, {})
    found = last if last in known else next(iter(words.get(last.casefold()) or words.get(_plain(last)) or ()), None)
    if found is None:
        found = closest(last, known)
    if found is None or not in_table:
        return found
    facts = definition_of(family)["x-keraspec"]
    return str(facts.get("names", {}).get(found, facts.get("aliases", {}).get(found, found)))


def _arguments(family: str, kind: str, text: str) -> dict[str, str]:
    """What stands between the brackets of a call, as a spec writes it; what can't be read becomes ``…``."""
    own = ("type", "name", *(definition_of("sections.layer")["x-keraspec"]["keys"] if family == "layers" else ()))
    properties = [key for key in record_of(family, kind).get("properties", {}) if key not in own]
    found: dict[str, str] = {}
    for place, part in enumerate(_parted(text)):
        given = _GIVEN.fullmatch(part)
        if given is None:
            continue
        key = given[1] or (properties[place] if place < len(properties) else None)
        if key is None:
            continue
        if key not in properties:
            key = closest(key, properties) or key
        found[key] = _value(given[2])
    return found


def _parted(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]


def _value(text: str) -> str:
    """A value of a program as a spec writes it."""
    if text in _WORDS:
        return json.dumps(_WORDS[text])
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return text
    if re.fullmatch(r"\(\s*\d+(\s*,\s*\d+)*\s*,?\s*\)", text):
        return f"[{', '.join(re.findall(r'[0-9]+', text))}]"
    quoted = re.fullmatch(r"'([^'\"]*)'|\"([^'\"]*)\"", text)
    return json.dumps(quoted[1] or quoted[2] or "", ensure_ascii=False) if quoted else "…"


def meant_key(key: str, value: Any, names: Iterable[str], home: str | None) -> tuple[str | None, str | None]:
    """The key that was meant by one that a table lacks, if there is one, and what to do.

    ``home`` is the family of the table, or the name of the section.
    """
    candidates = list(names)
    own = OBSOLETE.get(home or "", {})
    foreign = next((name for name in FOREIGN.get(key, ()) if name in candidates), None)
    if key in own and (foreign is None or home != "layers"):
        return None, own[key].format(value=_written(value))
    near = foreign or closest(key, candidates)
    if near is None:
        return None, None
    note = NOTES.get((key, near))
    return near, f"did you mean `{near}`?" + (f" ({note})" if note else "")


def _written(value: Any) -> str:
    """A value as a spec has it, where it is short enough to be read in a line."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | list):
        return "…"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        return "…"  # a list with something in it that could not be read
    return text if len(text) <= 40 else "…"
