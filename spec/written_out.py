"""From Document to Document: every section with its expressions worked out, and the layers as one flat list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from .blocks import blocks_of
from .document import HOLE, Document, Pointer
from .finding import Diagnostic
from .how_often import TooMany
from .idle import Idle, idle_entries
from .instances import Instances
from .notes import Notes
from .origins import Expansion
from .parameters import Parameter, declarations, settle
from .phase_layers import with_overrides, without_overrides
from .scope import Scope, Target, resolve
from .unneeded import say_unneeded
from .validation import is_library
from .wiring import wire
from .worked_out import Worker

CONSUMED: Final = ("parameters", "blocks")
"""Keys of the top level that are carried out here."""
VERBATIM: Final = frozenset({"keraspec", "name", "description", "include", "extends", "$schema", "layers", "outputs"})


def write_out(document: Document) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The document with everything written out, and what is wrong with what it is made from."""
    notes = Notes(document)
    parameters = declarations(document.data.get("parameters"), ("parameters",), notes, "the spec")
    blocks = blocks_of(document, notes)
    lacking = "include" in document.data or "extends" in document.data  # one that could be followed is gone
    library = is_library(document)
    shared = _settled(parameters, notes, library)
    worker = Worker(notes)
    data: dict[str, Any] = {}
    for key, value in document.data.items():
        if key not in CONSUMED:
            known, kept = without_overrides(value) if key == "training" else (value, {})
            data[key] = value if key in VERBATIM else with_overrides(worker.value(known, shared, (key,), None), kept)
    writer = Instances(blocks, shared, notes, lacking or not isinstance(document.data.get("blocks", {}), dict))
    composed, outputs = _layers(document, data, writer)
    idle: list[Idle] = []
    if data.get("layers") is not HOLE or "layers" not in document.data:
        idle = idle_entries(document, blocks, shared, writer.shown, writer.used, notes)
    writer.moved.update({("idle", index): pointer for index, (pointer, _) in enumerate(idle)})
    expansion = Expansion(
        document,
        writer.moved,
        tuple(writer.frames),
        tuple(writer.names),
        composed,
        outputs,
        tuple(one for _, one in idle),
    )
    damaged = {one for one in document.damaged if one[:1] != ("layers",) and one[:1] != ("blocks",)}
    for index in range(len(writer.entries)):
        if writer.moved[("layers", index)] in document.damaged:
            damaged.add(("layers", index))
    if any(one == ("layers",) or one[:1] == ("blocks",) for one in document.damaged):
        damaged.add(("layers",))
    say_unneeded(document, parameters, blocks, writer.used, notes, library)
    expanded = replace(document, data=data, locate=expansion.locate, damaged=frozenset(damaged), expansion=expansion)
    return expanded, tuple(notes.found)


def _settled(parameters: Mapping[str, Parameter], notes: Notes, library: bool) -> dict[str, Any]:
    worker = Worker(notes)
    shared = settle(parameters, {}, {}, worker.value, notes, None)
    for one in parameters.values():
        if one.required and not library:
            notes.add("E613", f"the parameter `{one.name}` has no value", one.pointer, "key",
                      help=f"write `{one.name}.default = …`, or give one: `--set parameters.{one.name}=…`")  # fmt: skip
    return shared


def _layers(
    document: Document, data: dict[str, Any], writer: Instances
) -> tuple[frozenset[str], tuple[str, ...] | None]:
    """Write out the layers and the model's outputs into ``data``; the composed names, and the outputs' names."""
    entries = document.data.get("layers")
    inputs = document.data.get("inputs")
    names = tuple(inputs) if isinstance(inputs, dict) else ()
    scope = Scope("", writer.shared, ("layers",), names={one: Target((one,), one) for one in names}, inputs=names)
    if len(names) == 1:
        scope.before = names
    elif not names:
        scope.before = None
    if not isinstance(entries, list):
        if "layers" in document.data:
            data["layers"] = entries
    else:
        try:
            writer.layers(scope, entries)
        except TooMany:
            writer.entries.clear()
            data["layers"] = HOLE
            data.pop("outputs", None)
            return frozenset(), None
        data["layers"] = writer.entries
        if entries and not writer.entries:
            writer.notes.add("E103", "no layer is there: of each entry `when` is false, or `repeat` or `each` is empty",
                             ("layers",), help="a model needs at least one layer")  # fmt: skip
            data["layers"] = HOLE
    _written_terms(data, scope, writer)
    if "outputs" in document.data:
        return scope.composed, _written_outputs(document, data, scope, writer)
    return scope.composed, _last(data, scope, writer, entries)


def _written_outputs(
    document: Document, data: dict[str, Any], scope: Scope, writer: Instances
) -> tuple[str, ...] | None:
    at: Pointer = ("outputs",)
    written = writer.worker.value(document.data["outputs"], scope.values, at, None)
    data["outputs"] = written
    if isinstance(written, dict):
        data["outputs"] = {name: _one(text, scope, (*at, name), writer) for name, text in written.items()}
        return None
    if not isinstance(written, list):
        return None
    found: list[Any] = []
    names: list[str] = []
    for index, text in enumerate(written):
        place = (*at, index)
        texts = _tensors(text, scope, place, writer)
        for one in texts:
            writer.moved[("outputs", len(found))] = place
            found.append(one)
            names.append(_name(text))
    data["outputs"] = found
    return tuple(names)


def _written_terms(data: dict[str, Any], scope: Scope, writer: Instances) -> None:
    """Put what names stand for into the ``inputs`` of loss terms."""
    training = data.get("training")
    if not isinstance(training, dict):
        return
    training = _with_terms(training, scope, ("training", "losses"), writer)
    if isinstance(training.get("phases"), list):
        phases = [
            _with_terms(one, scope, ("training", "phases", number, "losses"), writer) if isinstance(one, dict) else one
            for number, one in enumerate(training["phases"])
        ]
        training = {**training, "phases": phases}
    data["training"] = training


def _with_terms(training: dict[str, Any], scope: Scope, at: Pointer, writer: Instances) -> dict[str, Any]:
    terms = training.get("losses")
    if not isinstance(terms, list):
        return training
    found = []
    for index, term in enumerate(terms):
        tensors = term.get("inputs") if isinstance(term, dict) else None
        if isinstance(tensors, dict):
            here = (*at, index, "inputs")
            inputs = {key: _tensor(text, scope, (*here, key), writer) for key, text in tensors.items()}
            term = {**term, "inputs": inputs}
        found.append(term)
    return {**training, "losses": found}


def _tensor(text: Any, scope: Scope, at: Pointer, writer: Instances) -> Any:
    tensors, _ = resolve(text, scope, at, writer.notes) if isinstance(text, str) else ((text,), False)
    if tensors is not None and len(tensors) != 1:
        writer.notes.add("E622", f"each name of a loss term is one tensor, and `{text}` stands for {len(tensors)}, "
                         "side by side", at, help="name one of them, or join them in the graph first")  # fmt: skip
        tensors = None
    return HOLE if tensors is None else tensors[0]


def _name(text: Any) -> str:
    return text.strip().partition("[")[0].rpartition(".")[2] if isinstance(text, str) else "output"


def _tensors(text: Any, scope: Scope, at: Pointer, writer: Instances) -> list[Any]:
    if not isinstance(text, str):
        return [text]
    found = wire(text, scope, at, writer.notes, None)
    return [HOLE if one is None else one for group in found.groups for one, _ in group.wires]


def _one(text: Any, scope: Scope, at: Pointer, writer: Instances) -> Any:
    found = _tensors(text, scope, at, writer)
    if len(found) == 1:
        return found[0]
    writer.notes.add("E622", f"an output is one tensor, and `{text}` stands for {len(found)}, side by side", at,
                     help="join them first, with `Concatenate`, or name one of them")  # fmt: skip
    return HOLE


def _last(data: dict[str, Any], scope: Scope, writer: Instances, entries: Any) -> tuple[str, ...] | None:
    """Write the outputs where the last entry is not simply the last of the flat list."""
    if not isinstance(entries, list) or not entries or not writer.entries or not scope.before:
        return None
    last = entries[-1]
    if (
        scope.before == (writer.names[-1][0],)
        and writer.moved[("layers", len(writer.entries) - 1)] == ("layers", len(entries) - 1)
        and "." not in scope.before[0]
    ):
        return None
    name = last.get("name") if isinstance(last, dict) else None
    data["outputs"] = list(scope.before)
    for index in range(len(scope.before)):
        writer.moved[("outputs", index)] = ("layers", len(entries) - 1)
    return (name if isinstance(name, str) else "output",) * len(scope.before)
