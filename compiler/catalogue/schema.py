"""From the catalogue to the published JSON Schema, ``schemas/keraspec-1.json``.

One definition for each section of the language and each Keras object. What JSON Schema has no word for
stands under ``x-keraspec``: ``expects`` (a kind in words), ``family``, ``section``, ``each``, ``many``,
``lone``, ``named``, ``also``, ``later``, ``refused``, ``aliases``, ``required``, and, from `inventory`, ``since`` and
``until``: the first and the last release of Keras that has it, where not all do. Editors pass over that key;
``keraspec.spec`` reads it.

A table with ``type`` is a ``oneOf`` of closed objects, told apart by a ``const``: that is what editors complete
from. What would make them complete and explain badly stands beside it:

- The names of all types stand in an ``enum`` beside the ``oneOf``, whose last branch lets every other name pass:
  a misspelt type gets one message, not one for each type that there is.
- Keys that must be there are asked for by ``if`` and ``then`` (``required.FAMILY``): an object that is still
  being written stays the one that its ``type`` names, and only its own keys are offered.
- A value may be an expression, ``"${…}"``, which is the last branch of its ``anyOf``. ``check`` works expressions out
  first, and reads the schema without that branch.
- ``additionalProperties: true`` wherever a schema says only a part: Tombi warns of every key otherwise.

Run ``python -m keraspec.compiler.catalogue.schema PATH`` to write the file anew.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...spec.published import EITHER, EXPRESSION, FORMULAS, place
from . import DOTTED, MODULES, family, spellings
from .inventory import lifetime
from .kinds import Kind
from .language import LAYER, SECTIONS
from .objects import arguments_of
from .record import REQUIRED, Argument, Record
from .section import NAME, Section

PAGES = "https://keras.io/api/"
_WIDTH = 120
_PARTLY = {"type": "object", "additionalProperties": True}
"""A table of which something is said here and the rest elsewhere."""
_ALWAYS: Mapping[str, str] = MappingProxyType({})
"""The lifetime of what every release of Keras has."""
_VERBATIM = frozenset({"name", "description", "extends", "include", "keraspec", "parameters"})
"""Keys in whose values nothing is worked out, or whose own values may be anything."""
_OWN_KEYS = {"callbacks": ("name",)}
"""Keys of the language that tables of a family may have beside Keras' arguments."""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a whole spec."""
    sections = {section.name: section for section in SECTIONS}
    definitions: dict[str, Any] = {}
    for section in SECTIONS:
        if section.name not in ("root", "layer"):
            definitions[f"sections.{section.name}"] = _section(section)
    layer = sections["layer"]
    for name in MODULES:
        records = [record for record in family(name).values() if not record.refused]
        for record in (one for one in records if not one.alone):
            entry = layer if name in ("layers", *DOTTED) else None
            definitions[place(name, record.name)] = _record(record, entry)
        needs = _needs(records)
        if needs:
            definitions[f"required.{name}"] = needs
        definitions[name] = _family(name, records)
    definitions["sections.layer"] = _entry(layer, [definitions[name] for name in ("layers", *DOTTED)])
    for name in DOTTED:  # an entry lists them itself: of the family only what `check` reads is left
        definitions[name] = {"x-keraspec": definitions[name]["x-keraspec"]}
    root = _section(sections["root"])
    root["properties"] = {
        "$schema": {"type": "string", "description": "In JSON: the schema that an editor checks with."},
        **root["properties"],
    }
    definitions |= _shared(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "keraspec-1.json",
        "title": "keraspec, version 1",
        "description": "A neural network as TOML or JSON: its graph, its data, its training.",
        **root,
        "$defs": definitions,
    }


def definitions_of(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """The definitions of a plugin's records by their places: ``layers.my_package.MyLayer``."""
    entry = next(section for section in SECTIONS if section.name == "layer")
    return {
        f"{record.family}.{record.name}": _record(record, entry if record.family == "layers" else None)
        for record in records
    }


def _shared(definitions: dict[str, Any]) -> dict[str, Any]:
    """Move what many objects say alike, word for word, into definitions of its own; changes ``definitions``."""
    tables = [one["properties"] for one in definitions.values() if "properties" in one]
    entry = definitions["sections.layer"]["oneOf"]
    tables += [entry[0]["properties"], entry[-1]["properties"]]
    counts = Counter((name, json.dumps(value)) for properties in tables for name, value in properties.items())
    places: dict[tuple[str, str], str] = {}
    shared: dict[str, Any] = {}
    for (name, body), count in counts.items():
        reference = len(name) + 32
        if (count - 1) * len(body) <= (count + 1) * reference:
            continue
        number = sum(one.split("-")[0] == f"arguments.{name}" for one in shared)
        place = f"arguments.{name}" + (f"-{number + 1}" if number else "")
        places[name, body] = place
        shared[place] = json.loads(body)
    for properties in tables:
        for name, value in properties.items():
            place_of = places.get((name, json.dumps(value)))
            if place_of is not None:
                properties[name] = {"$ref": f"#/$defs/{place_of}"}
    return shared


def _argument(argument: Argument, life: Mapping[str, str] = _ALWAYS) -> dict[str, Any]:
    out = _kind(argument.kind)
    if argument.name not in _VERBATIM and argument.kind.section is None:
        extra = out.pop("x-keraspec")
        out = {**_admitting(out), "x-keraspec": extra}
    out["x-keraspec"] |= life
    if argument.summary:
        out["description"] = argument.summary + _releases(life)
    default = _default(argument)
    if default is not None:
        out["default"] = default
    return out


def _admitting(one: dict[str, Any]) -> dict[str, Any]:
    """A schema that also takes an expression, at any depth; ``check`` looks at what expressions came to."""
    if not one or (one.get("type") == "string" and one.keys().isdisjoint(("enum", "const", "pattern"))):
        return one
    inner = _inside(one)
    words = [branch for branch in inner.get("anyOf", [inner]) if branch.keys() == {"type", "pattern"}]
    if words:  # text of some form stands there anyway: one branch less to explain
        words[0]["pattern"] += EITHER
        return inner
    if inner.keys() == {"anyOf"}:
        return {"anyOf": [*inner["anyOf"], dict(EXPRESSION)]}
    return {"anyOf": [inner, dict(EXPRESSION)]}


def _inside(one: dict[str, Any]) -> dict[str, Any]:
    out = dict(one)
    if "anyOf" in out:
        out["anyOf"] = [_inside(dict(branch)) for branch in out["anyOf"]]
    for key in ("items", "additionalProperties"):
        if isinstance(out.get(key), dict):
            out[key] = _admitting(out[key])
    return out


def _releases(life: Mapping[str, str]) -> str:
    """What a description says of the releases of Keras that have a thing."""
    since = f" Since Keras {life['since']}." if "since" in life else ""
    return since + (f" Up to Keras {life['until']}." if "until" in life else "")


def _default(argument: Argument) -> Any:
    if argument.default is REQUIRED or argument.default is None:
        return None
    return list(argument.default) if isinstance(argument.default, tuple) else argument.default


def _kind(kind: Kind) -> dict[str, Any]:
    extra: dict[str, Any] = {"expects": kind.expects}
    target = kind.family or (f"sections.{kind.section}" if kind.section else None)
    if target is None:
        return {**kind.schema, "x-keraspec": extra}
    one: dict[str, Any] = {"$ref": f"#/$defs/{target}"}
    if kind.family:
        extra["family"] = kind.family
        if kind.many:
            extra["many"] = True
            listed = {"type": "array", "items": one}
            if kind.lone:
                extra["lone"] = True
            one = {"anyOf": [one, listed]} if kind.lone else listed
        elif kind.named:
            extra["named"] = True
            one = {"type": "object", "additionalProperties": one}
    else:
        extra["section"], extra["each"] = kind.section, kind.each
        if kind.each == "list":
            one = {"type": "array", "items": one} | ({"minItems": 1} if kind.section == "layer" else {})
        elif kind.each == "name":
            one = {"type": "object", "additionalProperties": one, "minProperties": 1}
            if kind.section == "input":
                one["propertyNames"] = dict(NAME.schema)
    alone = kind.schema == {"not": {}}
    also = _also(kind)
    if also is not None:
        extra["also"] = also
        one = {"anyOf": [one, also]} if not alone else one
    return {**one, "x-keraspec": extra}


def _also(kind: Kind) -> dict[str, Any] | None:
    """What else may stand where an object is wanted, without the branches that admit nothing."""
    if kind.schema == {"not": {}}:
        return None
    branches = [branch for branch in kind.schema.get("anyOf", [kind.schema]) if branch != {"not": {}}]
    return dict(branches[0]) if len(branches) == 1 else {"anyOf": branches}


def _section(section: Section) -> dict[str, Any]:
    properties = {argument.name: _argument(argument) for argument in section.keys}
    out: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [argument.name for argument in section.keys if argument.default is REQUIRED]
    if required:
        out["required"] = required
    out["x-keraspec"] = {"title": section.title, "later": dict(section.later)}
    return out


def _record(record: Record, entry: Section | None) -> dict[str, Any]:
    kind: dict[str, Any] = {"const": record.name}
    if record.aliases and record.family not in DOTTED:
        kind = {"enum": [record.name, *record.aliases]}
    properties: dict[str, Any] = {"type": {**kind, "description": record.summary}}
    if entry is not None:
        properties |= {key.name: _argument(key) for key in entry.keys}
    arguments = arguments_of(record)
    properties |= {name: _argument(argument, lifetime(record, argument)) for name, argument in arguments.items()}
    for name in _OWN_KEYS.get(record.family, ()):
        properties.setdefault(name, {"type": "string", "description": "For overrides to find it by."})
    life = lifetime(record)
    out = {
        "type": "object",
        "description": record.summary + _releases(life) + (f" {PAGES}{record.page}/" if record.page else ""),
        "properties": properties,
        "required": ["type"],
        "additionalProperties": False,
    }
    required = _required(record)
    extra = ({"required": required} if required else {}) | life
    return {**out, "x-keraspec": extra} if extra else out


def _required(record: Record) -> list[str]:
    """The arguments without which there is no such object."""
    return [name for name, argument in arguments_of(record).items() if argument.default is REQUIRED]


def _needs(records: list[Record]) -> dict[str, Any]:
    """Which keys must stand beside which types; types that need the same ones together."""
    types: dict[tuple[str, ...], list[str]] = {}
    for record in records:
        types.setdefault(tuple(_required(record)), []).extend((record.name, *record.aliases))
    types.pop((), None)
    return {"allOf": [_if({"type": {"enum": names}}, required) for required, names in types.items()]} if types else {}


def _if(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {
        "if": {**_PARTLY, "properties": properties, "required": list(properties)},
        "then": {**_PARTLY, "required": list(required)},
    }


def _family(name: str, records: list[Record]) -> dict[str, Any]:
    aliases = {alias: record.name for record in records for alias in record.aliases}
    refused = {spelling: record.refused for spelling, record in spellings(name).items() if record.refused}
    tables = [record for record in records if not record.alone]
    # Ops have hundreds of further names: known to `check`, and not among what editors offer.
    types = {"enum": [*(record.name for record in tables), *(aliases if name not in DOTTED else ())]}
    table: dict[str, Any] = {
        **_PARTLY,
        "required": ["type"],
        "properties": {"type": {**types, "description": f"Which of the {name} it is."}},
        "oneOf": [
            *({"$ref": f"#/$defs/{place(name, record.name)}"} for record in tables),
            {**_PARTLY, "properties": {"type": {"not": types}}},
        ],
    }
    if any(_required(record) for record in records):
        table["allOf"] = [{"$ref": f"#/$defs/required.{name}"}]
    if name == "layers":  # one inside another: what surrounds it calls it
        table["properties"] |= {key.name: False for key in LAYER.keys if key.name != "name"}
    extra: dict[str, Any] = {"aliases": aliases, "refused": refused}
    if name in ("layers", "sources", *DOTTED):
        return {**table, "x-keraspec": extra}
    names = [spelling for spelling, record in spellings(name).items() if not record.refused]
    plain = [spelling for spelling in names if not _required(spellings(name)[spelling])]
    extra["names"] = {spelling: spellings(name)[spelling].name for spelling in names}
    words = {"enum": plain, "enumDescriptions": [spellings(name)[spelling].summary for spelling in plain]}
    if not tables:
        return {**words, "x-keraspec": extra}
    formula = [{"$ref": "#/$defs/sections.formula"}] if name in FORMULAS else []
    return {"anyOf": [words, table, *formula], "x-keraspec": extra}


def _entry(section: Section, families: list[dict[str, Any]]) -> dict[str, Any]:
    """A layer entry: a layer, an op or an application with ``type``, or an earlier entry called once more.

    All properties stand in the branches, also those of an entry in which nothing else is written yet: Tombi
    looks into the branches only where it finds nothing to offer beside them.
    """
    again = {"type": "string", "description": "The name of an earlier entry, called again with its weights."}
    block = {"type": "string", "description": "The name of a block: its layers stand here, with these parameters."}
    keys = {key.name: _argument(key) for key in section.keys}
    types = [branch for one in families for branch in one["oneOf"][:-1]]
    names = {"enum": [name for one in families for name in one["properties"]["type"]["enum"]]}
    other: dict[str, Any] = {**_PARTLY, "properties": {"type": {"not": names}}}
    return {
        **_PARTLY,
        "if": {**_PARTLY, "anyOf": [{"required": ["reuse"]}, {"required": ["block"]}, {"required": ["remove"]}]},
        "else": {**_PARTLY, "properties": {"type": {**names, "description": "What it is."}}, "required": ["type"]},
        "oneOf": [
            {
                "type": "object",
                "required": ["reuse"],
                "properties": {"reuse": again, **keys},
                "additionalProperties": False,
            },
            *types,
            {
                **other,
                "properties": {**other["properties"], "reuse": again, "block": block, **keys},
                "not": {"required": ["reuse"]},
            },
        ],
        "allOf": [needs for one in families for needs in one.get("allOf", ())],
        "x-keraspec": {
            "title": section.title,
            "keys": [key.name for key in section.keys],
            "later": dict(section.later),
        },
    }


def text() -> str:
    """The schema as it is committed: deterministic, what fits on a line on one, a line end at the end."""
    return _text(schema(), 0, 0) + "\n"


def _text(value: Any, indent: int, before: int) -> str:
    """JSON, ``indent`` spaces deep and behind ``before`` characters of its first line."""
    whole = json.dumps(value, ensure_ascii=False)
    if indent + before + len(whole) < _WIDTH or not isinstance(value, dict | list) or not value:
        return whole
    inner, end = "\n" + " " * (indent + 1), "\n" + " " * indent
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}: {_text(item, indent + 1, len(key) + 5)}" for key, item in value.items())
        return "{" + inner + f",{inner}".join(members) + end + "}"
    if any(isinstance(item, dict | list) for item in value):
        return "[" + inner + f",{inner}".join(_text(item, indent + 1, 1) for item in value) + end + "]"
    lines = [""]
    for word in (json.dumps(item, ensure_ascii=False) for item in value):
        if lines[-1] and indent + len(lines[-1]) + len(word) + 4 > _WIDTH:
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + word
    return "[" + inner + f",{inner}".join(lines) + end + "]"


def write(path: Path) -> None:
    """Write the schema, atomically."""
    whole = text()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=path.parent, delete=False) as file:
        file.write(whole)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
