"""From a layer's class and arguments in old Keras to today's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..catalogue import find
from ..catalogue.arguments import LAYER_ARGUMENTS
from ..catalogue.record import Record
from .keras_1 import KERAS_1
from .keras_2 import KERAS_2
from .legacy_objects import activation, nested, policy
from .network import Place
from .old import ANY, Gone, Old
from .reading import Reading, table
from .reading import words as text

DIALECTS: Final = tuple({old.name: old for old in one} for one in (KERAS_1, KERAS_2))
"""The tables that a layer goes through, the oldest first."""

EVERYWHERE: Final = frozenset(
    (
        "name",
        "batch_input_shape",
        "batch_shape",
        "input_shape",
        "input_dtype",
        "build_config",
        "dynamic",
        "autocast",
        "rank",
    )
)
"""What every old layer may say and no layer of today does: names and shapes stand elsewhere."""

INNER: Final[Mapping[str, str]] = {"layer": "layer", "backward_layer": "layer", "cell": "cell"}
"""Arguments that hold a layer, and what it is called in messages."""

FAMILIES: Final[Mapping[str, str]] = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
}
"""The last word of an argument's name → the family of what it holds."""


@dataclass(frozen=True, slots=True)
class Today:
    """A layer in the words of today: its record and arguments, and what has moved into its calls."""

    record: Record
    config: Mapping[str, Any]
    keywords: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Words:
    """A layer on its way through the tables. ``came`` tells of an argument under which name it stands in the file."""

    kind: str
    config: dict[str, Any]
    came: dict[str, str] = field(default_factory=dict)
    keywords: dict[str, Any] = field(default_factory=dict)


def today(kind: str, written: Mapping[str, Any], at: Place, reading: Reading) -> Today | None:
    """A layer in today's words; None where there is no such layer any more, or none at all (which is noted).

    ``at`` is the place of the layer's ``config``.
    """
    found = translated(kind, written, at, reading)
    if found is None:
        return None
    record = find("layers", found.kind)
    if record is None or record.made is not None:
        reading.refuse(
            f"{_called(kind, written)} is no layer of Keras, but a class of the program that made the model",
            at,
            help="write it as a plugin, and the model as a spec with `type = "
            f'"my_package.{kind.rpartition(">")[2]}"`, or replace it by layers of Keras before saving',
        )
        return None
    if record.refused is not None:
        reason, _, instead = record.refused.partition("; ")
        reading.refuse(f"{_called(kind, written)} can't be imported: {reason}", at, help=instead or None)
        return None
    return Today(record, known(record, found, at, reading), found.keywords)


def translated(kind: str, written: Mapping[str, Any], at: Place, reading: Reading) -> Words | None:
    """Class and arguments through the tables; None where there is no such layer any more (which is noted)."""
    found = Words(kind, dict(written))
    for dialect in DIALECTS:
        old = dialect.get(found.kind)
        if old is None:
            continue
        if old.removed:
            reading.refuse(f"{_called(kind, written)} can't be imported: {old.removed}", at, help=old.instead)
            return None
        _through(old, found, at, reading)
        moved = {argument: name for argument, name in old.called.items() if found.config.get(argument)}
        found.keywords |= {name: found.config.pop(argument) for argument, name in moved.items()}
        found.kind = old.today or found.kind
        if old.rewrite is not None:
            found.kind, found.config = old.rewrite(found.kind, found.config, at, reading)
    return found


def _called(kind: str, config: Mapping[str, Any]) -> str:
    name = config.get("name")
    return f"`{kind}`, called `{name}`," if isinstance(name, str) else f"`{kind}`"


def _through(old: Old, words: Words, at: Place, reading: Reading) -> None:
    """The arguments through one row of a table."""
    config = words.config
    for gone in old.gone:
        if gone.name in config:
            _parted(gone, config.pop(gone.name), (*at, words.came.get(gone.name, gone.name)), reading)
    for name, parts in old.joined.items():
        if all(part in config for part in parts):
            config[name] = [config.pop(part) for part in parts]
            words.came[name] = parts[0]
    found: dict[str, Any] = {}
    for name, value in config.items():
        now = old.renamed.get(name, name)
        for one in (now,) if isinstance(now, str) else now:
            # What stands under today's name already is what counts.
            if one == name or one not in config:
                found[one] = _value(old.values.get(one), value)
                words.came.setdefault(one, words.came.get(name, name))
    words.config = {**old.given, **found}


def _value(values: Mapping[Any, Any] | None, value: Any) -> Any:
    return values.get(value, value) if values is not None and isinstance(value, str) else value


def _parted(gone: Gone, value: Any, at: Place, reading: Reading) -> None:
    """Note what is lost with an argument that there is no more."""
    if gone.harmless is ANY or (isinstance(gone.harmless, tuple) and value in gone.harmless):
        return
    say = reading.refuse if gone.serious else reading.differs
    say(gone.reason.format(value=value), at, help=gone.help)


def known(record: Record, words: Words, at: Place, reading: Reading) -> dict[str, Any]:
    """The arguments that today's layer has, each in today's words. What it lacks was null or false, or is noted."""
    names = {argument.name for argument in (*record.arguments, *LAYER_ARGUMENTS)} - record.without
    found: dict[str, Any] = {}
    for name, value in words.config.items():
        place = (*at, words.came.get(name, name))
        if name == "dtype":
            value = policy(value)
            if value is not None and name in names:
                found[name] = value
        elif name in names:
            found[name] = _argument(name, value, place, reading)
        elif name not in EVERYWHERE and name != "trainable" and value not in (None, False):
            reading.refuse(
                f"today's `{record.name}` has no argument `{name}`, here it is {value!r}",
                place,
                help="the model can't be stated with it; make it without, if it does not matter",
            )
    if "data_format" in names and found.get("data_format") is None:
        # Some layers of Keras 1 did not write what they were told by the settings of the machine.
        found["data_format"] = reading.data_format
    return {name: value for name, value in found.items() if value is not None or name not in ("data_format", *INNER)}


def _argument(name: str, value: Any, at: Place, reading: Reading) -> Any:
    """One argument in today's words, by what its name says that it holds."""
    family = FAMILIES.get(name.rpartition("_")[2])
    if family is not None:
        return nested(family, value, at, reading)
    if name.endswith("activation"):
        return activation(value, at, reading)
    if name in INNER:
        return inner(value, at, reading, INNER[name])
    if name == "cells" and isinstance(value, list):
        return [inner(one, (*at, index), reading, "cell") for index, one in enumerate(value)]
    return value


def inner(value: Any, at: Place, reading: Reading, what: str) -> Any:
    """A layer inside another, as today's Keras serialises it."""
    if value is None:
        return None
    if isinstance(value, list):
        return [inner(one, (*at, index), reading, what) for index, one in enumerate(value)]
    entry = table(value, at, f"a {what}")
    kind = text(entry.get("class_name"), (*at, "class_name"), "`class_name`")
    config = table(entry.get("config"), (*at, "config"), "`config`")
    if "layers" in config:
        reading.refuse(
            f"a whole model (`{kind}`) stands inside another layer, where a spec has one layer",
            at,
            help="put the layers of the inner model into the outer one, each of them inside a layer of its own",
        )
        return None
    found = today(kind, config, (*at, "config"), reading)
    if found is None:
        return None
    return {"class_name": found.record.name, "config": dict(found.config)}
