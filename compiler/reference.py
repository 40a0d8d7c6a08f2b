"""From a name to its page of the reference: an object of Keras, a key of the language, or a list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ..spec.to_toml import written
from .catalogue import DOTTED, family, find
from .catalogue.kinds import Kind
from .catalogue.language import SECTIONS
from .catalogue.record import REQUIRED, Argument, Record
from .catalogue.section import Section

KINDS: Final[Mapping[str, str]] = {
    "layers": "layer",
    "ops": "op",
    "applications": "application",
    "optimizers": "optimizer",
    "optimizer_maps": "optimizer over others",
    "losses": "loss",
    "metrics": "metric",
    "callbacks": "callback",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "schedules": "learning rate schedule",
    "activations": "activation",
    "dtype_policies": "dtype policy",
    "sources": "data source",
}
"""Family → what one of it is called."""
_KEYS: Final = {
    "optimizers": "training.optimizer", "optimizer_maps": "training.optimizer", "losses": "training.loss",
    "initializers": "kernel_initializer", "regularizers": "kernel_regularizer", "constraints": "kernel_constraint",
    "schedules": "learning_rate", "activations": "activation", "dtype_policies": "dtype", "sources": "data.source",
}  # fmt: skip
_LISTS: Final = {"metrics": "training.metrics", "callbacks": "training.callbacks"}
_KERAS: Final = "https://keras.io/api/"


@dataclass(frozen=True, slots=True)
class Line:
    """One argument or key: its name, what it must be, its default as it is written, and what it does."""

    name: str
    expects: str
    default: str
    summary: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the reference says of one name.

    ``shapes`` are pairs of what goes in and what comes out, as inference has them; ``groups`` are headings with lines.
    """

    name: str
    kind: str
    summary: str
    example: str = ""
    groups: tuple[tuple[str, tuple[Line, ...]], ...] = ()
    shapes: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    link: str = ""


def pages_of(name: str) -> tuple[Page, ...]:
    """All pages that a name may mean: ``Conv2D``, ``Conv2D.padding``, ``training.epochs``, ``epochs``, ``layers``."""
    found = [page for way in (_objects, _arguments, _keys, _families) for page in way(name)]
    return tuple(found)


@cache
def names() -> Mapping[str, tuple[str, ...]]:
    """Every name that has a page, and all that it is: `MeanSquaredError` is a loss and a metric."""
    found: dict[str, list[str]] = {}
    for home, kind in KINDS.items():
        for record in family(home).values():
            found.setdefault(record.name, []).append(kind)
    for path, section in sections():
        if path:
            found.setdefault(path, []).append("section")
        for one in section.keys:
            name = f"{path}.{one.name}" if path else one.name
            if "section" not in found.setdefault(name, []):
                found[name].append("key")
    for home in KINDS:
        found.setdefault(home, []).append("family")
    return {name: tuple(kinds) for name, kinds in found.items()}


@cache
def sections() -> tuple[tuple[str, Section], ...]:
    """The sections of the language and where they stand: ``data.split``, ``training.outputs.NAME``."""
    by_name = {one.name: one for one in SECTIONS}
    found: dict[str, tuple[str, Section]] = {}
    waiting = [("", by_name["root"])]
    while waiting:
        path, section = waiting.pop(0)
        if section.name in found:
            continue
        found[section.name] = path, section
        for one in section.keys:
            inner = by_name.get(one.kind.section or "")
            if inner is not None:
                way = f"{path}.{one.name}" if path else one.name
                waiting.append((f"{way}.NAME" if one.kind.each == "name" else way, inner))
    return tuple(found.values())


# ------------------------------------------------------------ objects


def _objects(name: str) -> Iterator[Page]:
    for home, kind in KINDS.items():
        record = find(home, name) or next(
            (one for one in family(home).values() if one.name.lower() == name.lower()), None
        )
        if record is not None:
            yield _page(record, home, kind)


def _page(record: Record, home: str, kind: str) -> Page:
    notes = []
    if record.refused:
        notes.append(f"It can't stand in a spec: {record.refused}")
    spellings = [one for one in (*record.names, *record.aliases) if one != record.name]
    if spellings:
        notes.append(f"Also written: {', '.join(spellings)}.")
    groups = []
    lines = tuple(line(one) for one in record.arguments)
    if lines:
        groups.append(("Arguments", lines))
    if home in ("layers", "ops", "applications"):
        ports = tuple(
            Line(one.name, f"a list of at least {one.minimum} tensors" if one.many else "a tensor",
                 "required" if one.required else "none", one.summary)
            for one in record.ports
        )  # fmt: skip
        if len(ports) > 1 or (ports and ports[0].expects != "a tensor"):
            groups.append(("Tensors, as `inputs`", ports))
        if record.options:
            groups.append(("Further arguments of the call, in `call`", tuple(line(one) for one in record.options)))
        if home == "layers" and not record.refused:
            notes.append(_MASKS[record.masking])
    arguments = required(record)
    shapes: tuple[tuple[str, str], ...] = ()
    if home in ("layers", "ops") and not record.refused:
        from .reference_shapes import tried

        arguments, shapes = tried(record, arguments)
    example = "" if record.refused else _example(record, home, arguments)
    return Page(record.name, kind, record.summary, example, tuple(groups), shapes, tuple(notes),
                _KERAS + record.page if record.page else "")  # fmt: skip


_MASKS: Final = {
    "pass": "A mask goes through it.",
    "lose": "A mask ends here: what is behind does not see it.",
    "own": "It makes or changes masks by itself.",
}


def line(one: Argument) -> Line:
    """An argument as the reference has it."""
    default = "required" if one.default is REQUIRED else _shown(one.default)
    return Line(one.name, _expects(one.kind), default, one.summary)


def _expects(kind: Kind) -> str:
    return kind.expects


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        value = list(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return str(value)


def required(record: Record) -> dict[str, Any]:
    """Values for the arguments that must be given, of the kind that each wants."""
    return {one.name: sample(one.kind, one.name) for one in record.arguments if one.default is REQUIRED}


def sample(kind: Kind, name: str = "") -> Any:
    """A value of a kind."""
    if kind.family == "layers":
        layer = {"type": "Dense", "units": 4}
        return [layer] if kind.many else layer
    if kind.family is not None:
        first = _SAMPLES.get(kind.family) or next(iter(family(kind.family)))
        return [first] if kind.many else first
    return _of_schema(kind.schema, name)


_SAMPLES: Final = {"optimizers": "adam", "losses": "mse", "metrics": "mae", "schedules": "CosineDecay"}


def _of_schema(schema: Mapping[str, Any], name: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _of_schema(schema[key][0], name)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if kind == "number":
            return 0.5 if high is not None and high <= 1 else max(low, 1.0) if low > 0.5 else 0.5
        return max(low, 3 if "size" in name else 8 if name in ("units", "filters") else 4)
    if kind == "boolean":
        return True
    if kind == "array":
        item: Mapping[str, Any] = schema.get("items") or next(iter(schema.get("prefixItems", [{}])), {})
        return [_of_schema(item, name)] * max(1, schema.get("minItems", 1))
    if kind == "object":
        return {}
    return {"path": "data.csv", "name": "mnist", "function": "my_module:rows"}.get(name, "x")


def _example(record: Record, home: str, arguments: Mapping[str, Any]) -> str:
    entry: dict[str, Any] = {"type": record.name, **arguments}
    if home in ("layers", *DOTTED):
        return "[[layers]]\n" + "\n".join(
            f"{key} = {written(value, key, broken=False)}" for key, value in entry.items()
        )
    if record.alone or not arguments:
        short = next(iter(record.names), record.name)
        if home in _LISTS:
            value = f"[{written(short)}]" if home == "metrics" else f"[{written(entry, broken=False)}]"
            return f"{_LISTS[home]} = {value}"
        return f"{_KEYS[home]} = {written(entry if home in ('sources', 'schedules') else short, broken=False)}"
    if home in _LISTS:
        return f"{_LISTS[home]} = [{written(entry, broken=False)}]"
    return f"{_KEYS[home]} = {written(entry, broken=False)}"


def _arguments(name: str) -> Iterator[Page]:
    owner, _, argument = name.rpartition(".")
    if not owner:
        return
    for home, kind in KINDS.items():
        record = find(home, owner)
        every = (*record.arguments, *record.options) if record is not None else ()
        for one in every:
            if record is not None and one.name == argument:
                yield Page(f"{record.name}.{one.name}", f"argument of the {kind} {record.name}", one.summary,
                           groups=(("", (line(one),)),), notes=_of_family(one))  # fmt: skip


def _of_family(one: Argument) -> tuple[str, ...]:
    """What may stand there, where it is an object of a family."""
    home = one.kind.family
    if home is None or home not in KINDS:
        return ()
    return (f"One of: {', '.join(record.name for record in family(home).values() if not record.refused)}.",)


# ------------------------------------------------------------ the language


def _keys(name: str) -> Iterator[Page]:
    plain = re.sub(r"\.(?:NAME|\*)(?=\.|$)", ".NAME", name)
    for path, section in sections():
        if plain and plain in (path, path.removesuffix(".NAME"), section.name):
            yield _section_page(path, section)
        for one in section.keys:
            whole = f"{path}.{one.name}" if path else one.name
            if plain in (whole, one.name, whole.replace(".NAME", "")) and whole not in {way for way, _ in sections()}:
                home = f"key of {section.title}" + (f", [{path}]" if path else "")
                yield Page(whole, home, one.summary, groups=(("", (line(one),)),), notes=_of_family(one))


def _families(name: str) -> Iterator[Page]:
    home = next((one for one, kind in KINDS.items() if name.lower() in (one, kind)), None)
    if home is not None:
        lines = tuple(Line(one.name, "", "", one.summary) for one in family(home).values() if not one.refused)
        yield Page(home, "family", f"{len(lines)} of them.", groups=(("", lines),))


def everything() -> Sequence[tuple[str, tuple[Page, ...]]]:
    """All pages, by family; those of the language first."""
    chapters = [("The language", tuple(_section_page(path or "a spec", section) for path, section in sections()))]
    for home, kind in KINDS.items():
        chapters.append((home, tuple(_page(one, home, kind) for one in family(home).values())))
    return chapters


def _section_page(path: str, section: Section) -> Page:
    keys = tuple(line(one) for one in section.keys)
    return Page(path, "section", f"{section.title[:1].upper()}{section.title[1:]}.", groups=(("Keys", keys),))
