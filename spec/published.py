"""The published schema, read as data: its definitions, and what their ``x-keraspec`` keys say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from .. import schemas

Schema = Mapping[str, Any]
EXPRESSION: Final = {"not": {"not": {"type": "string", "pattern": r"\$\{"}}}
"""The last branch of what may also be an expression; so written, editors explain the others first."""
EITHER: Final = r"|\$\{"
"""What stands behind the pattern of a text that may also be an expression."""
SINGULAR: Final = {
    "layers": "layer",
    "ops": "op",
    "applications": "application",
    "optimizers": "optimizer",
    "optimizer_maps": "table of optimizers",
    "losses": "loss",
    "metrics": "metric",
    "callbacks": "callback",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "schedules": "learning-rate schedule",
    "activations": "activation",
    "dtype_policies": "dtype policy",
    "sources": "data source",
}
"""Family of Keras objects → what one of them is called."""
DOTTED: Final = ("ops", "applications")
"""Families whose objects are written with the family in front: ``ops.matmul``."""
ENTRIES: Final = ("layers", *DOTTED)
"""Families of which a layer entry may be."""
FORMULAS: Final = frozenset({"losses", "metrics"})
"""Families of which a table may have an ``expression`` instead of a ``type``."""
PLUGGED: Final = (
    "layers", "losses", "metrics", "callbacks", "sources", "optimizers", "schedules", "initializers", "regularizers",
    "constraints",
)  # fmt: skip
"""Families of which a plugin may offer objects."""


@cache
def schema() -> Schema:
    """The published schema.

    Raises:
        FileNotFoundError: if the installation is broken.
    """
    # Beside its package, not through importlib.resources, which takes longer to import than the schema to read.
    loaded: Schema = json.loads(Path(schemas.__file__).with_name("keraspec-1.json").read_bytes())
    return loaded


_OFFERED: Final[dict[str, Schema]] = {}
"""Definitions that plugins bring, those of families among them."""
_PLUGINS: Final[set[str]] = set()


def offer(plugin: str, definitions: Mapping[str, Schema]) -> None:
    """Take in the objects of a plugin that a person has allowed: place (``layers.my_package.MyLayer``) → definition."""
    _PLUGINS.add(plugin)
    _OFFERED.update(definitions)
    for place, definition in definitions.items():
        family, _, name = place.partition(".")
        home = definition_of(family)
        extra = home["x-keraspec"]
        if "names" in extra and not required_of(definition):
            _OFFERED[family] = {**home, "x-keraspec": {**extra, "names": {**extra["names"], name: name}}}


def forget() -> None:
    """Forget all plugins."""
    _PLUGINS.clear()
    _OFFERED.clear()


def plugins() -> frozenset[str]:
    """The plugins that are allowed."""
    return frozenset(_PLUGINS)


def definition_of(name: str) -> Schema:
    """One of the schema's definitions."""
    found: Schema = _OFFERED[name] if name in _OFFERED else schema()["$defs"][name]
    return found


def place(family: str, name: str) -> str:
    """Where the definition of an object stands: ``layers.Dense``, ``ops.matmul``."""
    return name if family in DOTTED and name.startswith(f"{family}.") else f"{family}.{name}"


def record_of(family: str, name: str) -> Schema:
    """The definition of a Keras object by its class name; empty where there is none."""
    where = place(family, name)
    found: Schema = _OFFERED.get(where) or schema()["$defs"].get(where, {})
    return found


def family_of(kind: str) -> str:
    """The family that the ``type`` of a layer entry belongs to, by what stands before its first dot."""
    home = kind.partition(".")[0]
    return home if home in DOTTED and home != kind else "layers"


def resolved(one: Schema) -> Schema:
    """What a value must be: an argument that many objects share stands once, in a definition of its own.

    That an expression may stand instead is left out: those were worked out before.
    """
    place = one.get("$ref", "")
    found = definition_of(place.removeprefix("#/$defs/")) if place.startswith("#/$defs/arguments.") else one
    plain = _PLAIN.get(id(found))
    if plain is None or plain[0] is not found:
        plain = _PLAIN[id(found)] = (found, _worked_out(found))
    return plain[1]


_PLAIN: Final[dict[int, tuple[Schema, Schema]]] = {}
"""Schemas without the choice of an expression, by the identity of those with it, which are kept alive here."""


def _worked_out(one: Any) -> Any:
    if isinstance(one, list):
        return [_worked_out(value) for value in one]
    if not isinstance(one, dict):
        return one
    found = {key: value if key == "x-keraspec" else _worked_out(value) for key, value in one.items()}
    if isinstance(found.get("pattern"), str):
        found["pattern"] = found["pattern"].removesuffix(EITHER)
    if "anyOf" in found and found["anyOf"][-1] == EXPRESSION:
        branches = found.pop("anyOf")[:-1]
        return {**branches[0], **found} if len(branches) == 1 else {"anyOf": branches, **found}
    return found


def extra_of(one: Schema) -> Schema:
    """What JSON Schema has no word for: the ``x-keraspec`` of a key's schema."""
    found: Schema = resolved(one).get("x-keraspec", {})
    return found


def required_of(table: Schema) -> tuple[str, ...]:
    """The keys that a table must have besides ``type``."""
    keys = table.get("x-keraspec", {}).get("required") or table.get("required", ())
    return tuple(key for key in keys if key != "type")


def later_of(table: Schema, family: str | None = None) -> Mapping[str, str]:
    """Keys of a table that the language has and this version does not carry out, with what they will do."""
    home = definition_of("sections.layer") if family in ENTRIES else table
    found: Mapping[str, str] = home.get("x-keraspec", {}).get("later", {})
    return found


def types_of(family: str) -> tuple[str, ...]:
    """What ``type`` may say in a table of a family."""
    prefix = f"{family}."
    own = tuple(name for name in (*schema()["$defs"], *_OFFERED) if name.startswith(prefix))
    if family not in DOTTED:
        own = tuple(name.removeprefix(prefix) for name in own)
    return (*own, *definition_of(family)["x-keraspec"]["aliases"])


def has_tables(family: str) -> bool:
    """Whether objects of a family may be written as tables; of the others there are only names."""
    definition = definition_of(family)
    return "oneOf" in definition or any("oneOf" in branch for branch in definition.get("anyOf", ()))
