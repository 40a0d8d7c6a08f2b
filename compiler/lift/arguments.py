"""From the configuration of a saved object to the arguments that a person would write: what differs from Keras' own.

Everything is asked of the catalogue: which arguments there are, what values they take, what they are if left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ...spec.values import fits
from ...spec.words import shown
from ..catalogue import find
from ..catalogue.kinds import Kind
from ..catalogue.objects import arguments_of, normal
from ..catalogue.offered import offered
from ..catalogue.record import REQUIRED, Object, Record
from .names import generated
from .network import Place, Unreadable

BESIDE: Final = frozenset(
    {
        "name", "build_config", "batch_input_shape", "batch_shape", "input_dtype", "autocast", "shared_object_id",
        "registered_name", "quantization_config", "is_legacy_optimizer", "input_length", "vocabulary_size",
    }
)  # fmt: skip
"""What Keras keeps beside the arguments of an object, or kept once: it says nothing of what it computes."""

USUAL: Final[Mapping[str, Any]] = MappingProxyType({"oov_method": "floormod"})
"""Further arguments that Keras writes down but does not take, and their only usual value."""

FREE: Final[tuple[Any, ...]] = (None, False, 0, "", [], {})
"""What an argument that a spec does not have may be set to without meaning anything."""

SAME: Final[Mapping[str, str]] = MappingProxyType({"data_format": "channels_last", "dtype": "float32"})
"""Arguments that Keras writes out where None was given, and what it then writes."""


def arguments(record: Record, config: Mapping[str, Any], at: Place, problems: list[Unreadable]) -> dict[str, Any]:
    """The arguments of an object that differ from their defaults, as a spec states them.

    What can't be said goes to ``problems``.
    """
    known = arguments_of(record)
    found: dict[str, Any] = {}
    for name, argument in known.items():
        if name not in config:
            continue
        place = (*at, name)
        value = plain(config[name])
        if (
            name == "name"
            and isinstance(value, str)
            and generated(value, (record.name, *record.names, *record.aliases))
        ):
            continue  # what Keras makes up by itself
        if argument.default is not REQUIRED and _is_default(name, argument.kind, value, argument.default):
            continue
        try:
            found[name] = _compact(argument.kind, written(argument.kind, value, place, name, record.name))
        except Unreadable as problem:
            problems.extend(problem.every)
    for name, value in config.items():
        if name not in known and name not in BESIDE and plain(value) not in FREE and USUAL.get(name) != value:
            problems.append(
                Unreadable(
                    f"`{name} = {shown(value)}` of {record.name} can't be said in a spec",
                    (*at, name),
                    help="set it to what Keras has by default before saving, if it is not needed",
                )
            )
    return found


def plain(value: Any) -> Any:
    """A value without what JSON has no word for: arrays are lists, tuples too."""
    if isinstance(value, Mapping):
        if value.get("class_name") in ("__numpy__", "__tensor__", "__bytes__") and "config" in value:
            return value["config"].get("value")
        return value
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def written(kind: Kind, value: Any, at: Place, name: str, owner: str) -> Any:
    """A value as a spec states it.

    Raises:
        Unreadable: if a spec can't.
    """
    if kind.family is not None:
        if kind.many and isinstance(value, list):
            return [_object(kind, one, (*at, index), name, owner) for index, one in enumerate(value)]
        if kind.named and isinstance(value, Mapping) and "class_name" not in value:
            return {str(key): _object(kind, one, (*at, key), name, owner) for key, one in value.items()}
        return _object(kind, value, at, name, owner)
    return _plain(kind, value, at, name, owner)


def _plain(kind: Kind, value: Any, at: Place, name: str, owner: str) -> Any:
    if value is None and fits(kind.schema, None) and fits(kind.schema, "none"):
        return "none"
    if value is not None and fits(kind.schema, value):
        if isinstance(value, list):
            return ["none" if one is None else one for one in value]
        return value
    raise Unreadable(f"`{name}` of {owner} must be {kind.expects}, found {shown(value)}", at)


def _object(kind: Kind, value: Any, at: Place, name: str, owner: str) -> Any:
    assert kind.family is not None
    if isinstance(value, Mapping) and "class_name" in value:
        return _table(kind.family, value, at, name, owner)
    if isinstance(value, str):
        record = find(kind.family, value)
        if record is not None:
            admitted(record, at)
            return value
        if fits(kind.schema, value):
            return value
        raise Unreadable(
            f'"{value}", given as `{name}` of {owner}, is none of Keras\' {kind.family}',
            at,
            help="a function or class of one's own is not in the file; take one of Keras' before saving",
        )
    return _plain(kind, value, at, name, owner)


def _table(family: str, value: Mapping[str, Any], at: Place, name: str, owner: str) -> Any:
    """A nested object: a table with `type`, or its name where nothing is to be said beside it."""
    kind, config = value["class_name"], value.get("config")
    if kind == "function":  # Keras keeps functions by name
        kind, config = config, {}
    if isinstance(kind, str) and not config and family == "dtype_policies":
        config = {}
    if family == "dtype_policies" and isinstance(config, Mapping) and kind in ("DTypePolicy", "FloatDTypePolicy"):
        kind, config = config.get("name"), {}
    if family == "layers" and isinstance(config, Mapping) and isinstance(config.get("layers"), list):
        raise Unreadable(
            f"{owner} goes around a whole model, {shown(config.get('name'))}, and a spec has only a layer there",
            at,
            help="apply the layers of that model one by one, each in a wrapper of its own",
        )
    record = known(family, kind, value, at, f"`{name}` of {owner}")
    problems: list[Unreadable] = []
    table = arguments(record, config if isinstance(config, Mapping) else {}, (*at, "config"), problems)
    if problems:
        first, *rest = problems
        raise Unreadable(first.message, first.at, help=first.help, others=tuple(rest))
    if not table and family != "layers":
        return (record.names or (record.name,))[0]
    return {"type": record.name, **table}


def known(family: str, kind: Any, value: Mapping[str, Any], at: Place, what: str) -> Record:
    """The record of a saved object.

    Raises:
        Unreadable: if it is none of Keras' own (nor of a plugin's that the person allows), or no spec may have it.
    """
    record = find(family, kind) if isinstance(kind, str) and not foreign(value) else None
    if record is None and isinstance(kind, str):
        record = offered(family, kind)
    if record is None:
        raise Unreadable(
            f"{what} is {_whose(value)}, which Keras does not have: the file does not say what it computes",
            (*at, "class_name"),
            help="a spec names objects of Keras; rebuild this one of Keras' own, or offer it in a plugin",
        )
    admitted(record, at)
    return record


def admitted(record: Record, at: Place, whose: str = "") -> None:
    """See that an object may stand in a spec.

    Raises:
        Unreadable: if not.
    """
    if record.refused is not None:
        reason, _, instead = record.refused.partition("; ")
        raise Unreadable(f"{record.name} can't stand in a spec{whose}: {reason}", at, help=instead or None)


def foreign(value: Mapping[str, Any]) -> bool:
    """Whether a saved object is of somebody's own making: of a package that is not Keras."""
    module, registered = value.get("module"), value.get("registered_name")
    ours = module is None or module == "builtins" or str(module).split(".")[0] in ("keras", "tf_keras", "tensorflow")
    return not ours or (isinstance(registered, str) and ">" in registered)


def _whose(value: Mapping[str, Any]) -> str:
    module, kind, registered = value.get("module"), value.get("class_name"), value.get("registered_name")
    if kind == "function":
        return f"the function `{value.get('config')}`"
    if isinstance(registered, str) and ">" in registered:
        return f"`{registered}`"
    return f"`{module}.{kind}`" if module and not str(module).startswith("keras") else f"`{kind}`"


def _is_default(name: str, kind: Kind, value: Any, default: Any) -> bool:
    """Whether Keras would have the value where nothing is written."""
    if value == default and type(value) is type(default):
        return True
    if value is None:
        return False
    try:
        stated = written(kind, value, (), "", "")
        if default is None:
            return stated == SAME.get(name) or (kind.family == "activations" and stated == "linear")
        return _alike(kind, stated, default)
    except (Unreadable, KeyError, TypeError, ValueError):
        return False


def _alike(kind: Kind, stated: Any, default: Any) -> bool:
    wanted = canonical(kind, default)
    if canonical(kind, stated) == wanted:
        return True
    # A list of one axis is that axis.
    lone = isinstance(stated, list) and len(stated) == 1 and not isinstance(default, list | tuple)
    return lone and fits(kind.schema, stated[0]) and canonical(kind, stated[0]) == wanted


def canonical(kind: Kind, value: Any) -> Any:
    """A value in a form in which the same is equal, however it is written."""
    return _flat(kind, normal(kind, value))


def _flat(kind: Kind, value: Any) -> Any:
    if isinstance(value, str) and kind.family is not None and (record := find(kind.family, value)) is not None:
        return (record.name, *_defaults(record))
    if isinstance(value, Object):
        known_arguments = arguments_of(value.record)
        pairs = ((key, _flat(known_arguments[key].kind, one)) for key, one in value.arguments.items())
        return (value.record.name, *sorted(pairs, key=lambda pair: pair[0]))
    if isinstance(value, list | tuple):
        return tuple(_flat(kind, one) for one in value)
    return value


def _defaults(record: Record) -> list[tuple[str, Any]]:
    every = arguments_of(record).items()
    pairs = [(key, one) for key, one in every if one.default is not REQUIRED]
    return sorted(((key, _flat(one.kind, normal(one.kind, one.default))) for key, one in pairs), key=lambda one: one[0])


def _compact(kind: Kind, value: Any) -> Any:
    """One number for a list of equal ones, where Keras takes it to be the same: ``[3, 3]`` is 3."""
    if not isinstance(value, list) or not value or kind.family is not None:
        return value
    first = value[0]
    if isinstance(first, list | dict) or any(one != first or type(one) is not type(first) for one in value):
        return value
    try:
        same = fits(kind.schema, first) and canonical(kind, first) == canonical(kind, value)
    except (TypeError, ValueError):
        return value
    return first if same else value
