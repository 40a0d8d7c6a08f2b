"""From Network to the data of a spec: layers, wiring and blocks as a person would write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...spec.naming import FreeNames
from ..catalogue import find
from ..catalogue.offered import offered
from ..catalogue.record import Record
from .arguments import admitted, arguments, foreign
from .calls import Given, Said, arranged, said, tensors_in
from .inputs import given_inputs, input_names, stated_inputs
from .masks import without_masks
from .names import Names, generated, kinds_of, legal
from .network import Called, Difference, Network, Place, Saved, Stored, Tensor, Unreadable, raise_all
from .ops import is_op, op_record
from .order import Node, ordered, outputs_of
from .private import public
from .training import training_of
from .used import pruned

MODEL_NAMES: Final = ("Functional", "Model", "Sequential")
PLAIN: Final = "model"
"""What a model is called that nobody gave a name."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A spec as data, and what became of the model.

    ``places``: the way to each layer of the model, through the models around it → which of the entries it is, counted
    with all blocks written out.
    ``notes``: what was left out because a spec can't say it, though the model is the same without it.
    """

    data: dict[str, Any]
    places: Mapping[tuple[str, ...], int]
    notes: tuple[Difference, ...] = ()


@dataclass(slots=True)
class _Common:
    """What all models of one file share."""

    problems: list[Unreadable] = field(default_factory=list)
    notes: list[Difference] = field(default_factory=list)
    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[tuple[str, ...], int] = field(default_factory=dict)
    count: int = 0
    """Entries so far, with all blocks written out."""
    block_names: FreeNames = field(default_factory=FreeNames)

    def block(self, base: str, content: dict[str, Any]) -> str:
        """The name of the block with this content; one there is already serves as well."""
        for name, block in self.blocks.items():
            if block == content:
                return name
        name = self.block_names.name(base)
        self.blocks[name] = content
        return name


@dataclass(slots=True)
class _Entry:
    """An entry under way: ``table`` without name and inputs; ``kinds`` are what its class is called."""

    node: Node
    stored: Stored
    table: dict[str, Any]
    record: Record | None
    said: Said
    kinds: tuple[str, ...]
    name: str = ""


def lift(saved: Saved) -> Lifted:
    """The spec of a saved model.

    Raises:
        Unreadable: with everything that a spec can't say.
    """
    common = _Common()
    name = saved.network.name
    scope = _Scope(saved.network, common, (), frozen=False, block=False)
    scope.read()
    content = scope.written()
    raise_all(common.problems)
    data: dict[str, Any] = {"keraspec": 1}
    if not generated(name, MODEL_NAMES):
        data["name"] = name
    data |= content
    if common.blocks:
        data["blocks"] = common.blocks
    training = training_of(saved.compiled, saved.network, scope.output_names(), common.notes)
    if training:
        data["training"] = training
    return Lifted(data, common.places, (*saved.differences, *common.notes))


class _Scope:
    """One list of layers: that of the spec, or of a block."""

    def __init__(self, network: Network, common: _Common, path: tuple[str, ...], *, frozen: bool, block: bool) -> None:
        self.common = common
        self.path, self.frozen, self.block = path, frozen, block
        self.network = network
        self.entries: list[_Entry] = []
        self.input_names: dict[str, str] = {}
        self.layers: dict[str, Stored] = {}
        self.size = 0
        """Entries that come of it, with all blocks written out."""

    def read(self) -> None:
        """Turn calls into entries, in order; what can't be said goes to the problems."""
        common = self.common
        try:
            self.network = without_masks(public(self.network))
            order = ordered(self.network)
            self.network, more = pruned(self.network, order)
            self.layers = {one.name: one for one in self.network.layers}
        except Unreadable as problem:
            common.problems.extend(problem.every)
            return
        for name in more:
            self._note(f"of `{name}` not all outputs are used; layers that lead to the others alone are left out",
                       self.layers[name].at)  # fmt: skip
        self.input_names = input_names(self.network, block=self.block)
        seen: dict[str, _Entry] = {}
        for node in order:
            stored = self.layers[node[0]]
            try:
                entry = self._entry(node, stored, seen.get(stored.name))
            except Unreadable as problem:
                common.problems.extend(problem.every)
                continue
            seen.setdefault(stored.name, entry)
            self.entries.append(entry)

    # Entries

    def _entry(self, node: Node, stored: Stored, first: _Entry | None) -> _Entry:
        if stored.kind == "InputLayer":
            raise Unreadable(f"the input `{stored.name}` stands in the middle of the model", stored.at)
        call, at = stored.calls[node[1]], (*stored.at, "inbound_nodes", node[1])
        if stored.inner is not None:
            return self._model(node, stored, stored.inner, call, at, first)
        if is_op(stored.module, stored.kind):
            record = op_record(stored.kind, stored.module)
            what = f"`{stored.kind}`, an op"
        else:
            mine = {"module": stored.module, "registered_name": stored.registered_name}
            record = None if foreign(mine) else find("layers", stored.kind)
            record = record or offered("layers", stored.kind)
            what = f'`{stored.registered_name or stored.kind}`, the class of the layer "{stored.name}",'
        if record is None:
            raise Unreadable(
                f"{what} is none of Keras': the file does not say what it computes",
                (*stored.at, "class_name"),
                help="a spec names objects of Keras; rebuild it of those, or offer it in a plugin",
            )
        admitted(record, stored.at, f' (the layer "{stored.name}")')
        kinds = kinds_of(record, stored.kind)
        if first is not None and record.family != "ops":
            return _Entry(node, stored, {"reuse": first}, record, said(record, stored.config, call, at), kinds)
        table: dict[str, Any] = {"type": record.name}
        problems: list[Unreadable] = []
        own = arguments(record, stored.config, (*stored.at, "config"), problems)
        if own.pop("stateful", False):
            self._note(
                f"`{stored.name}` hands its state on from batch to batch, which needs batches of a fixed size; "
                "in a spec their size is open, so it begins each batch anew",
                (*stored.at, "config", "stateful"),
            )
        if stored.config.get("vocabulary_size") and not stored.config.get("vocabulary") and "vocabulary" not in own:
            self._note(
                f"`{stored.name}` had learned its vocabulary from data, and the architecture does not have it; "
                "the spec lets it learn again",
                (*stored.at, "config", "vocabulary_size"),
            )
        if self.frozen and record.family == "layers":
            own["trainable"] = False
        found = Said()
        try:
            found = said(record, stored.config, call, at)
        except Unreadable as problem:
            problems.extend(problem.every)
        raise_all(problems)
        return _Entry(node, stored, {**table, **own, **found.literals}, record, found, kinds)

    def _model(
        self, node: Node, stored: Stored, inner: Network, call: Called, at: Place, first: _Entry | None
    ) -> _Entry:
        """An instance of a block for a model inside the model."""
        found = given_inputs(inner, call, at)
        if first is not None:
            return _Entry(node, stored, {"reuse": first}, None, found, MODEL_NAMES)
        frozen = self.frozen or stored.config.get("trainable") is False
        scope = _Scope(inner, self.common, (*self.path, stored.name), frozen=frozen, block=True)
        scope.read()
        base = stored.kind.lower() if generated(stored.name, MODEL_NAMES) else legal(stored.name)
        return _Entry(node, stored, {"block": (base, scope)}, None, found, MODEL_NAMES)

    def _note(self, message: str, at: Place) -> None:
        self.common.notes.append(Difference(message, at))

    # Writing

    def written(self) -> dict[str, Any]:
        """The content of the spec, or of the block."""
        self._give_names()
        content: dict[str, Any] = {}
        if not self.block:
            content["inputs"] = stated_inputs(self.input_names, self.layers, self.common.problems, self.common.notes)
        elif len(self.input_names) != 1:
            content["inputs"] = list(self.input_names.values())
        layers = []
        for index, entry in enumerate(self.entries):
            named = entry.node in self.shown
            table: dict[str, Any] = {"name": entry.name} if named else {}
            for key, value in entry.table.items():
                if key == "reuse":
                    table[key] = value.name
                elif key == "block":
                    base, scope = value
                    before = self.common.count
                    table[key] = self.common.block(base, scope.written())
                    scope.size = self.common.count - before
                else:
                    table[key] = value
            inputs = self._wired(index)
            if inputs is not None:
                table["inputs"] = self._texts(inputs)
            if entry.said.options:
                table["call"] = entry.said.options
            layers.append(table)
            if "reuse" in entry.table and entry.stored.inner is not None:
                self.common.count += entry.table["reuse"].table["block"][1].size
            elif "block" not in entry.table:
                self.common.places.setdefault((*self.path, entry.stored.name), self.common.count)
                self.common.count += 1
        content["layers"] = layers
        outputs = self._outputs()
        if outputs is not None:
            content["outputs"] = outputs
        return content

    def _give_names(self) -> None:
        """Names for all entries; ``shown`` are those of which it is written."""
        self.shown: set[Node] = set()
        by_node = {one.node: one for one in self.entries}
        for index, entry in enumerate(self.entries):
            if not (generated(entry.stored.name, entry.kinds) or entry.node[1]):
                self.shown.add(entry.node)
            for tensor in tensors_in(self._wired(index)):
                self.shown.add((tensor.layer, tensor.call))
            if "reuse" in entry.table:
                self.shown.add(entry.table["reuse"].node)
        last = self.entries[-1].node if self.entries else None
        ends = outputs_of(self.network)
        if not (len(ends) == 1 and (ends[0][1].layer, ends[0][1].call) == last and not ends[0][1].output):
            self.shown |= {(one.layer, one.call) for _, one in ends}
        elif ends[0][0] is not None and last is not None:
            self.shown.add(last)
        chosen = [
            one.stored.name for one in self.entries if not one.node[1] and not generated(one.stored.name, one.kinds)
        ]
        names = Names(self.input_names.values(), chosen)
        for entry in self.entries:
            if not entry.node[1] and not generated(entry.stored.name, entry.kinds):
                entry.name = names.chosen(entry.stored.name)
            elif "reuse" in entry.table:
                entry.name = names.counted(entry.table["reuse"].name)
            elif "block" in entry.table:
                entry.name = names.counted(entry.table["block"][0])
            else:
                entry.name = names.counted(entry.table["type"])
        self.by_node = by_node

    def _wired(self, index: int) -> Given | dict[str, Given] | None:
        """What ``inputs`` of an entry says; None where it is the entry before."""
        entry = self.entries[index]
        tensors = entry.said.tensors
        if entry.record is None:
            wired: Given | dict[str, Given] = next(iter(tensors.values())) if len(tensors) == 1 else dict(tensors)
        else:
            wired = arranged(entry.record, entry.said)
        if isinstance(wired, Tensor) and not wired.output:
            if index and (wired.layer, wired.call) == self.entries[index - 1].node:
                return None
            if not index and len(self.input_names) == 1 and wired.layer in self.input_names:
                return None
        return wired

    def _texts(self, wired: Given | dict[str, Given]) -> Any:
        if isinstance(wired, Tensor):
            return self._text(wired)
        if isinstance(wired, list):
            return [self._text(one) for one in wired if one is not None]
        return {key: self._texts(one) for key, one in wired.items()}

    def _text(self, tensor: Tensor) -> str:
        """A reference to a tensor."""
        if tensor.layer in self.input_names:
            return self.input_names[tensor.layer]
        entry = self.by_node.get((tensor.layer, tensor.call))
        if entry is None:
            return tensor.layer  # what is wrong with it has been said
        inner = entry.stored.inner
        if inner is not None and len(outputs_of(inner)) > 1:
            return f"{entry.name}.{end_names(inner)[tensor.output]}"
        return f"{entry.name}[{tensor.output}]" if tensor.output else entry.name

    def _outputs(self) -> Any:
        ends = outputs_of(self.network)
        if any(key is not None for key, _ in ends):
            return {key: self._text(one) for key, one in ends}
        if self.block and len(ends) > 1:
            return {name: self._text(one) for name, (_, one) in zip(end_names(self.network), ends, strict=True)}
        last = self.entries[-1].node if self.entries else None
        if len(ends) == 1 and (ends[0][1].layer, ends[0][1].call) == last and not ends[0][1].output:
            return None
        return [self._text(one) for _, one in ends]

    def output_names(self) -> list[tuple[str, str, str]]:
        """Of each output, what it is called: first as in the spec, then as Keras may have called it."""
        found = []
        names = FreeNames()
        for key, one in outputs_of(self.network):
            text = self._text(one).partition("[")[0].rpartition(".")[2]
            own = key if key is not None else names.name(text)
            found.append((own, one.layer, text))
        return found


def end_names(network: Network) -> list[str]:
    """What the outputs of a block are called that stands for a model with several."""
    free = FreeNames()
    kinds = {one.name: (one.kind, *MODEL_NAMES) if one.inner is not None else (one.kind,) for one in network.layers}
    found = []
    for key, one in outputs_of(network):
        made = key is None and generated(one.layer, kinds.get(one.layer, ()))
        found.append(
            free.name(re.sub(r"_\d+$", "", one.layer) if made else legal(key if key is not None else one.layer))
        )
    return found
