"""From TypedGraph to the parts of a program that build its model: constants, functions, statements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.parameters import used_names
from ...spec.scope import Target, Tensors
from ..graph import Node, TypedGraph
from .calls import one_text_at
from .code import Expr, Function, Given, Object, Pick, Statement, Value, Var
from .entries import Facts, Layers
from .flat import Flat, Key
from .functions import function_of
from .names import CHAIN, Names
from .references import Binding, uses
from .traced import Traced
from .walk import Mismatch, Walk
from .written import Scope, Unnatural, Wanted, factory, has, value


@dataclass(slots=True)
class Parts:
    """What builds a model, in code.

    ``constants`` are parameters by variable, with a comment; ``factories`` functions that make an object anew;
    ``inputs`` and ``outputs`` are the model's, in order; ``idle`` inputs that nothing takes.
    """

    constants: list[tuple[str, Expr, str]]
    factories: list[tuple[str, Object]]
    functions: list[Function]
    inputs: list[tuple[str, Node, Expr]]
    body: list[Statement]
    outputs: dict[str, Expr]
    freezing: bool = False
    numbering: bool = False
    naming: bool = False
    flat: set[int] = field(default_factory=set)


WHOLE: Final = -1
"""Among the entries that must be written flat: all of them."""


class Modeller:
    """Finds the most natural program that builds a graph."""

    def __init__(self, typed: TypedGraph, traced: Traced, path: Any) -> None:
        self.typed = typed
        self.graph = typed.graph
        self.traced = traced
        self.path = path
        self.layers: Sequence[Mapping[str, Any]] = traced.document.data["layers"]
        self.expanded = typed.graph.spec.document.data["layers"]
        self.place = {name: index for index, name in enumerate(traced.names)}
        self.top = {name: traced.top[index] for name, index in self.place.items()}
        self.named_ops = _clash(typed)
        self.given = _given(traced)
        self.extra: dict[str, list[str]] = {}
        """Blocks of which a tensor inside is asked for outside."""

    def parts(self) -> Parts:
        """The parts of the program: as the spec is written, save for entries that have no natural form."""
        flat = {self.top[name] for name in self.typed.learned}  # they learn before they are called
        while True:
            try:
                return self._checked(flat)
            except Wanted as found:
                if found.name in self.extra.get(found.block, ()):
                    raise AssertionError(f"{found.block} does not give {found.name}") from found
                self.extra.setdefault(found.block, []).append(found.name)
                continue
            except Unnatural as found:
                new = set(found.tops) - flat
            except Mismatch as found:
                new = {self.top[found.node]} - flat if found.node is not None else set()
            if not new:
                new = set(range(len(self.layers))) - flat
            if not new:
                raise AssertionError("a flat program that does not build its graph")
            flat |= new

    def _checked(self, flat: set[int]) -> Parts:
        attempt = _Attempt(self, flat)
        parts = attempt.parts()
        constants: list[tuple[str, Expr]] = [(name, code) for name, code, _ in parts.constants]
        try:
            walk = Walk(self.typed, constants)
            for _, node, shape in parts.inputs:
                assert node.input is not None
                wanted = [size if isinstance(size, int) else None for size in node.input.shape or ()]
                if list(walk.size(shape)) != wanted:
                    raise Mismatch(None, "an input of another shape")
        except Mismatch:
            raise
        except Exception as error:
            raise Mismatch(None, f"{type(error).__name__}: {error}") from error
        walk.through(
            parts.body, {variable: node.name for variable, node, _ in parts.inputs}, list(parts.outputs.values())
        )
        return parts

    # What entries as written came to

    def name(self, pointer: Pointer) -> str:
        """The own name of an entry: the same in each instance."""
        names = {one.name for one in self.traced.came.get(pointer, ())}
        if len(names) != 1:
            raise Unnatural
        return next(iter(names))

    def outputs(self, pointer: Pointer) -> int:
        """How many tensors a layer gives."""
        counts = set()
        for index in self.traced.expanded.get(pointer, ()):
            found = self.typed.typed[self.traced.names[index]].outputs
            assert found is not None
            counts.add(len(found))
        if len(counts) > 1:
            raise Unnatural
        return counts.pop() if counts else 1

    def whole(self, pointer: Pointer) -> frozenset[str]:
        """Arguments of an entry whose expressions come to a number like 64.0 where Keras takes 64."""
        found = set()
        for index in self.traced.expanded.get(pointer, ()):
            layer = self.graph.nodes[self.traced.names[index]].layer
            for name, raw in self.expanded[index].items():
                if isinstance(raw, float) and layer is not None and name in layer.written:
                    taken = layer.written[name]
                    if isinstance(taken[0] if isinstance(taken, tuple) and taken else taken, int):
                        found.add(name)
        return frozenset(found)

    def one_text(self, pointer: Pointer) -> bool:
        """Whether a layer is given texts without their axis of size 1."""
        nodes = [self.graph.nodes[self.traced.names[index]] for index in self.traced.expanded.get(pointer, ())]
        found = {one_text_at(self.typed, node) for node in nodes}
        if len(found) > 1:
            raise Unnatural
        return found == {True}

    def counted(self, at: Pointer) -> bool:
        """Whether a loop goes through numbers that are counted; one that never went anywhere is taken to."""
        return self.traced.counted.get(at, True)


class _Attempt:
    """One try, with some entries of the top written flat."""

    def __init__(self, of: Modeller, flat: set[int]) -> None:
        self.of = of
        self.flat = flat
        self.used: set[str] = set()
        self.globals = Names()
        self.constants: dict[str, Var | Given] = {}
        self.made: dict[str, Function | None] = {}
        self.freezing = False
        self.scope = Scope(self.constants, {}, self.used)
        for name, parameter in of.traced.parameters.items():
            if isinstance(parameter.default, dict) and "type" in parameter.default:
                try:
                    found = factory(parameter.default, self.scope)
                except Unnatural:
                    continue
                if found is not None:
                    self.constants[name] = Given(self.globals.new(name), found)
                continue
            self.constants[name] = Var(self.globals.new(name.upper()))
        self.facts = Facts(of.name, of.outputs, of.whole, of.counted, self.function, of.named_ops, of.one_text)

    def function(self, block: str) -> Function:
        """The function of a block.

        Raises:
            Unnatural: if it can't be one.
        """
        if block not in self.made:
            self.made[block] = None  # in a circle, and if it fails
            base = re.sub(r"\W", "_", block)
            name = self.globals.new(base if base.endswith("block") else f"{base}_block")
            found, freezing = function_of(
                self.of.traced.blocks[block],
                name,
                self.facts,
                self.of.traced,
                self.scope,
                self.of.given[block],
                self.of.extra.get(block, ()),
            )
            self.freezing = self.freezing or freezing
            del self.made[block]  # behind those that it calls
            self.made[block] = found
        function = self.made[block]
        if function is None:
            raise Unnatural
        return function

    def parts(self) -> Parts:
        of, graph = self.of, self.of.graph
        written = of.traced.document.data
        inputs = [node for node in graph.nodes.values() if node.input is not None]
        names = Names(one.name for one in self.constants.values() if isinstance(one, Var))
        variables = {
            node.name: names.new("inputs" if node.name == CHAIN and len(inputs) == 1 else
                                 "x_input" if node.name == CHAIN else node.name)
            for node in inputs
        }  # fmt: skip
        edges: dict[Key, Expr] = {(node.name, 0): Var(variables[node.name]) for node in inputs}
        use = uses(of.layers, variables, written.get("outputs"))
        body = Layers(self.facts, self.scope, names, use, None)
        body.bindings = {name: Binding({0: Var(variable)}) for name, variable in variables.items()}
        if len(inputs) == 1:
            body.before = body.bindings[inputs[0].name]
        every = ", ".join(variables.values())
        flat = Flat(of.typed, names, edges, self._table, of.top, of.named_ops, of.path,
                    every if len(variables) == 1 else f"[{every}]")  # fmt: skip
        for place, entry in enumerate(of.layers):
            target = of.traced.came[("layers", place)][0].target
            if place in self.flat:
                self._flat(place, entry, target, body, flat)
                continue
            try:
                binding = body.entry(place, ("layers", place), entry)
            except Unnatural as found:
                raise Unnatural(place, *found.tops) from found
            for key, code in _keys(target, binding):
                edges[key] = code
        outputs = {name: flat.tensor(edge) for name, edge in graph.outputs.items()}
        shapes = [(variables[node.name], node, self._shape(node, written)) for node in inputs]
        functions = [one for one in self.made.values() if one is not None]
        constants, factories = self._constants()
        return Parts(
            constants, factories, functions, shapes, body.body, outputs,
            self.freezing or body.freezing or flat.freezing, bool(flat.inside), of.named_ops, self.flat,
        )  # fmt: skip

    def _table(self, node: Node) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.of.expanded[self.of.place[node.name]]
        return found

    def _flat(self, place: int, entry: Mapping[str, Any], target: Target, body: Layers, flat: Flat) -> None:
        nodes = [self.of.graph.nodes[name] for index, name in enumerate(self.of.traced.names)
                 if self.of.traced.top[index] == place]  # fmt: skip
        chained = body.uses[place].chained(place) and not target.many
        main = _key_of(target.tensors[0]) if target.tensors else None
        body.body += flat.nodes(nodes, main if chained else None)
        tensors = [flat.edges[_key_of(one)] for one in target.tensors or () if _key_of(one) in flat.edges]
        if len(tensors) != len(target.tensors or ()):
            raise Unnatural(*(flat.top[one.partition("[")[0]] for one in target.tensors or ()))
        if target.many:
            from .code import Items

            binding = Binding({0: Items(tuple(tensors))}, True, top=(place,))
        else:
            outputs: dict[int, Expr] = {0: tensors[0]}
            keys = [one for one in flat.edges if target.plain is not None and one[0] == target.plain]
            outputs |= {number: flat.edges[(name, number)] for name, number in keys}
            for number, one in enumerate(target.outputs or ()):
                if one is not None and len(one) == 1 and _key_of(one[0]) in flat.edges:
                    outputs[number] = flat.edges[_key_of(one[0])]
            binding = Binding(outputs, top=(place,))
        body.before = binding
        if isinstance(entry.get("name"), str):
            body.bindings[entry["name"]] = binding

    def _shape(self, node: Node, written: Mapping[str, Any]) -> Expr:
        from .code import Items

        raw = written["inputs"][node.name]["shape"]
        assert node.input is not None
        found: list[Expr] = []
        for size, known in zip(raw, node.input.shape or (), strict=True):
            plain = not has(size) or not isinstance(known, int)
            found.append(Value(known if isinstance(known, int) else None) if plain else value(size, self.scope))
        return Items(tuple(found), True)

    def _constants(self) -> tuple[list[tuple[str, Expr, str]], list[tuple[str, Object]]]:
        """The constants that are used, each behind those that it uses itself."""
        constants: dict[str, tuple[str, Expr, str]] = {}
        factories: dict[str, tuple[str, Object]] = {}
        done: set[str] = set()

        def visit(name: str) -> None:
            if name in done:
                return
            done.add(name)
            parameter = self.of.traced.parameters[name]
            for other in used_names(parameter.default):
                if other in self.of.traced.parameters:
                    visit(other)
            one = self.constants.get(name)
            if one is None:
                raise Unnatural(*range(len(self.of.layers)))
            if isinstance(one, Given):
                factories[name] = (one.function, one.made)
            else:
                constants[name] = (one.name, value(parameter.default, self.scope), _comment(parameter.rules))

        for name in self.of.traced.parameters:
            if name in self.used:
                visit(name)
        return list(constants.values()), list(factories.values())


def _comment(rules: Mapping[str, Any]) -> str:
    choices = rules.get("enum")
    return "" if not isinstance(choices, list) else f"one of {', '.join(map(str, choices))}"


def _key_of(text: str) -> Key:
    """The tensor that a reference of the flat list means."""
    name, _, number = text.partition("[")
    return name, int(number[:-1]) if number else 0


def _keys(target: Target, binding: Binding) -> list[tuple[Key, Expr]]:
    """What the tensors of an entry are in the program."""
    found: list[tuple[Key, Expr]] = []
    if target.absent is not None:
        return found
    for number, variable in binding.lists.items():
        for index, one in target.members.items():
            tensors = _tensors(one, number, binding)
            if index.isdigit() and tensors is not None and len(tensors) == 1:
                found.append((_key_of(tensors[0]), Pick(Var(variable), Value(int(index)))))
    if target.many:
        return found
    if target.plain is not None:
        return [*found, *(((target.plain, number), code) for number, code in binding.outputs.items())]
    for number, code in binding.outputs.items():
        inner = _tensors(target, number, binding)
        if inner is not None and len(inner) == 1:
            found.append((_key_of(inner[0]), code))
    return found


def _tensors(target: Target, number: int, binding: Binding) -> Tensors:
    """What one instance gives as its output of a number: its own, or of what is asked for inside."""
    if target.outputs is not None and number < len(target.outputs):
        return target.outputs[number]
    name = next((name for name, one in binding.named.items() if one == number), None)
    if name is None:
        return target.tensors if number == 0 else None
    at: Target | None = target
    for part in name.split("."):
        at = at.members.get(part) if at is not None else None
    return at.tensors if at is not None else None


def _given(traced: Traced) -> dict[str, frozenset[str]]:
    """For each block the parameters that any entry gives."""
    found: dict[str, set[str]] = {name: set() for name in traced.blocks}
    lists = [traced.document.data["layers"], *(block.layers for block in traced.blocks.values())]
    for entries in lists:
        for entry in entries:
            if isinstance(entry, dict) and isinstance(entry.get("block"), str) and entry["block"] in found:
                found[entry["block"]] |= entry.keys()
    return {name: frozenset(keys) for name, keys in found.items()}


def _clash(typed: TypedGraph) -> bool:
    """Whether Keras' own name for an op, a number behind it or not, may be the name of a layer."""
    ops = set()
    names = set()
    for node in typed.graph.nodes.values():
        if node.layer is not None and node.layer.record.family == "ops":
            ops.add(node.layer.record.name.rpartition(".")[2].replace("_", ""))
        else:
            names.add(re.sub(r"_\d+$", "", node.name).replace("_", ""))
    return bool(ops & names)
