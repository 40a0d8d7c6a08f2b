"""From Document to TOML: a spec with everything written out, which says the same without blocks and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .beside import about_entry, beside, commented
from .document import HOLE, Document
from .naming import NAME, REFERENCE, FreeNames, covers, factor_of
from .phase_layers import worked_out
from .to_toml import key as key_text
from .to_toml import root, section, written

_LONGEST: Final = 120


def rendered(document: Document, *, origins: bool = False) -> str:
    """The document as TOML, with a comment beside each entry about where it comes from if ``origins`` are asked for.

    Names with dots become names that can be written: ``stage.0.body`` is ``stage_0_body``. The model's outputs keep
    theirs: an entry whose tensor is an output is called like it. Only where no entry can be called so (``stage.0``
    alone gives ``0``; one tensor that is two outputs; a layer inside an application) is the output called like the
    entry, in `data.targets` and `training.outputs` too. A sweep is left out.
    """
    data = dict(document.data if document.expansion is None else worked_out(document))
    data.pop("sweep", None)  # it varies values as they were written, and is no part of the model
    names = _names(document)
    layers = data.pop("layers", None)
    outputs = data.pop("outputs", None)
    lines = [
        line
        for key, value in data.items()
        if key not in ("$schema", "inputs") and not isinstance(value, dict)
        for line in root(key, value)
    ]
    lines += root("inputs", data.pop("inputs", {}))
    if outputs is not None:
        called = _output_names(document)
        outputs = _referring(outputs, names)
        if called:
            new = _numbered([_last_part(one) for one in outputs])
            data = _with_outputs_called(data, {old: one for old, one in zip(called, new, strict=True) if old != one})
        lines += root("outputs", outputs)
    if origins:
        lines = commented(document, lines)
    referred = set(_every_reference(document)) if names else set()
    frozen = list(_freezing(data.get("training")))
    referred |= {full for full in names if any(covers(pattern, full) for pattern in frozen)}
    for index, entry in enumerate(layers if isinstance(layers, list) else ()):
        lines += _entry(document, index, entry, names, referred, origins)
    for key, value in data.items():
        if isinstance(value, dict):
            below = section(_training(value, names) if key == "training" else value, key)
            lines += commented(document, below) if origins else below
    return "\n".join(lines).strip("\n") + "\n"


def _names(document: Document) -> dict[str, str]:
    """Full names, and what they are called in the text."""
    if document.expansion is None:
        return {}
    inputs = document.data.get("inputs")
    every = [name for name, _ in document.expansion.names]
    found = _called_like_outputs(document, set(every), set(inputs) if isinstance(inputs, dict) else set())
    free = FreeNames((*(inputs if isinstance(inputs, dict) else ()), *found.values()))
    for dotted in (False, True):  # names that a person wrote stay, where an output does not need them
        for name in every:
            if ("." in name) is dotted and name not in found:
                found[name] = free.name(_cut(name.replace(".", "_")))
    return found


def _called_like_outputs(document: Document, entries: set[str], inputs: set[str]) -> dict[str, str]:
    """Full names of the entries that give the model's outputs, and the names of these where entries may have them."""
    found: dict[str, str] = {}
    for text, name in zip(document.data.get("outputs") or (), _output_names(document), strict=False):
        full = text.partition("[")[0]
        if full in entries and full not in found and name not in inputs and NAME.fullmatch(name):
            found[full] = name
    return found


def _output_names(document: Document) -> tuple[str, ...]:
    """The names of the model's outputs where they come from blocks, in order; () where a table gives them."""
    stated = document.expansion.outputs if document.expansion is not None else None
    return () if stated is None else _numbered(stated)


def _numbered(names: Iterable[str]) -> tuple[str, ...]:
    free = FreeNames()
    return tuple(free.name(one) for one in names)


def _last_part(reference: str) -> str:
    return reference.partition("[")[0].rpartition(".")[2]


def _cut(name: str) -> str:
    """A name of a way far into blocks within the length that names may have, its end kept, and room for a number."""
    return name if len(name) <= _LONGEST else f"_{name[1 - _LONGEST :]}"


def _with_outputs_called(data: Mapping[str, Any], new: Mapping[str, str]) -> dict[str, Any]:
    """The sections with outputs under other names."""
    found = dict(data)
    for section_name, key in (("data", "targets"), ("training", "outputs")) if new else ():
        table = found.get(section_name)
        if isinstance(table, dict) and isinstance(table.get(key), dict):
            renamed = {new.get(name, name): value for name, value in table[key].items()}
            found[section_name] = {**table, key: renamed}
    return found


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.partition("[")[0]
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _referred(one)


def _referring(value: Any, names: Mapping[str, str]) -> Any:
    """References with full names replaced by those of the text."""
    if isinstance(value, dict):
        return {key: _referring(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_referring(one, names) for one in value]
    if not isinstance(value, str) or (found := REFERENCE.fullmatch(value)) is None:
        return value
    parts = found[1].split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in names:
            rest = "".join(f".{part}" for part in parts[length:])
            return names[name] + rest + (f"[{found[2]}]" if found[2] is not None else "")
    return value


def _terms(training: Any) -> list[Any]:
    """The loss terms that name tensors."""
    terms = training.get("losses") if isinstance(training, dict) else None
    return [one for one in terms if isinstance(one, dict) and "inputs" in one] if isinstance(terms, list) else []


def _training(table: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """The training section with the names of the text in its loss terms, and in what it freezes."""
    if terms := _terms(table):
        table = {**table, "losses": [{**one, "inputs": _referring(one["inputs"], names)} for one in terms]}
    factors = table.get("learning_rate_factors")
    if names and isinstance(factors, dict):
        table = {**table, "learning_rate_factors": {
            full: factor_of(factors, one) for one, full in names.items() if any(covers(key, one) for key in factors)
        }}  # fmt: skip
    if names and isinstance(table.get("freeze"), list):
        table = {**table, "freeze": [new for one in table["freeze"] for new in _frozen(one, names)]}
    weights = table.get("weights")
    if names and isinstance(weights, dict) and isinstance(weights.get("layers"), list):
        layers = [new for one in weights["layers"] for new in _frozen(one, names)]
        table = {**table, "weights": {**weights, "layers": layers}}
    if names and isinstance(table.get("phases"), list):
        phases = [_training(one, names) if isinstance(one, dict) else one for one in table["phases"]]
        table = {**table, "phases": phases}
    return table


def _frozen(pattern: Any, names: Mapping[str, str]) -> list[Any]:
    """What a name or pattern in ``freeze`` means, in the names of the text."""
    if not isinstance(pattern, str):
        return [pattern]
    return [new for full, new in names.items() if covers(pattern, full)] or [_referring(pattern, names)]


def _freezing(training: Any) -> Iterator[str]:
    """Every name and pattern in ``freeze``, and of layers that begin with the weights of a saved model."""
    tables = [training, *(training.get("phases") or ())] if isinstance(training, dict) else []
    for one in tables:
        weights = one.get("weights") if isinstance(one, dict) else None
        for holder, key in ((one, "freeze"), (weights, "layers")):
            stated = holder.get(key) if isinstance(holder, dict) else None
            yield from (pattern for pattern in stated if isinstance(pattern, str)) if isinstance(stated, list) else ()


def _entry(
    document: Document, index: int, entry: Any, names: Mapping[str, str], referred: set[str], origins: bool
) -> list[str]:
    if not isinstance(entry, dict):
        return []
    lines = ["", "[[layers]]"]
    expansion = document.expansion
    if origins:
        lines += about_entry(document, ("layers", index))
    table = dict(entry)
    if expansion is not None:
        full, named = expansion.names[index]
        table.pop("name", None)
        if named or "." in full or full in referred:
            lines.append(f"name = {written(names[full], 'name')}")
        for key in ("inputs", "reuse"):
            if key in table:
                table[key] = _referring(table[key], names)
    for key, value in table.items():
        if value is HOLE:
            continue
        comment = beside(document, ("layers", index, key), ("layers", index)) if origins else ""
        lines.append(f"{key_text(key)} = {written(value, key)}{comment}")
    return lines


def _every_reference(document: Document) -> Iterator[str]:
    for entry in document.data["layers"]:
        if isinstance(entry, dict):
            yield from _referred(entry.get("inputs"))
            yield from _referred(entry.get("reuse"))
    yield from _referred(document.data.get("outputs"))
    for term in _terms(document.data.get("training")):
        yield from _referred(term["inputs"])
