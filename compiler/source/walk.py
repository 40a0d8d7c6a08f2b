"""From Code back to the graph: a program is gone through as Python would, and held against what it must build.

Nothing of it is executed: what goes from layer to layer is the name of a tensor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalogue.record import Object as Stated
from ..catalogue.record import Record
from ..graph import Edge, Node, TypedGraph
from .calls import one_text_at
from .code import (
    Append,
    Assign,
    Built,
    Called,
    Calling,
    Each,
    Expr,
    For,
    Formula,
    Function,
    Given,
    If,
    Items,
    Loop,
    Made,
    Object,
    Operation,
    Pick,
    Return,
    Star,
    Statement,
    Table,
    Text,
    Value,
    Var,
)
from .formula import value as formula_value

Key = tuple[str, int]
UNSAID = frozenset({"input_shape", "trainable", "weights"})
"""Arguments of applications that a program states in another way than the spec."""


class Mismatch(Exception):
    """A program would build another model than the spec: from ``node`` on, where that is known."""

    def __init__(self, node: str | None, why: str) -> None:
        super().__init__(f"{node}: {why}")
        self.node = node


@dataclass(slots=True)
class _Layer:
    record: Record
    arguments: Mapping[str, Any]
    name: Any
    root: str | None = None


@dataclass(frozen=True, slots=True)
class _Thing:
    record: Record
    arguments: Mapping[str, Any]


class Walk:
    """Goes through one program."""

    def __init__(self, typed: TypedGraph, constants: Sequence[tuple[str, Expr]]) -> None:
        self.typed = typed
        self.expected = [node for node in typed.graph.nodes.values() if node.input is None]
        self.at = 0
        self.constants: dict[str, Any] = {}
        for name, code in constants:
            self.constants[name] = self._value(code, self.constants)

    def through(self, body: Sequence[Statement], inputs: Mapping[str, str], outputs: Sequence[Expr]) -> None:
        """Go through a body; ``inputs`` are variables and the model's inputs, ``outputs`` what the model gives.

        Raises:
            Mismatch: where it is not what the graph states.
        """
        known = {**self.constants, **{variable: (name, 0) for variable, name in inputs.items()}}
        try:
            self._run(body, known)
            found = [self._value(one, known) for one in outputs]
        except Mismatch:
            raise
        except Exception as error:  # whatever Python would raise when the program runs
            raise Mismatch(self._here(), f"{type(error).__name__}: {error}") from error
        if self.at != len(self.expected):
            raise Mismatch(self._here(), "layers are missing")
        wanted = [(edge.source, edge.index) for edge in self.typed.graph.outputs.values()]
        if found != wanted:
            raise Mismatch(None, f"outputs {found} for {wanted}")

    def size(self, code: Expr) -> Any:
        """The value of an expression over the constants."""
        return self._value(code, self.constants)

    def _here(self) -> str | None:
        return self.expected[self.at].name if self.at < len(self.expected) else None

    # Statements

    def _run(self, body: Sequence[Statement], known: dict[str, Any]) -> Any:
        for one in body:
            if isinstance(one, Assign):
                if isinstance(one.value, Calling) and one.value.path == "keras.Model":
                    continue  # the network that stands in the variable, with more outputs
                found = self._value(one.value, known)
                if not one.several:
                    known[one.targets[0] or "_"] = found
                    continue
                if len(found) < len(one.targets) or (len(found) > len(one.targets) and not one.rest):
                    raise ValueError("another number of values")
                known |= {name: item for name, item in zip(one.targets, found, strict=False) if name}
            elif isinstance(one, Append):
                known[one.list].append(self._value(one.value, known))
            elif isinstance(one, If):
                if self._value(one.condition, known):
                    self._run(one.body, known)
            elif isinstance(one, For):
                for here in self._each(one.loop, known):
                    known |= here
                    self._run(one.body, known)
            elif isinstance(one, Return):
                values = tuple(self._value(value, known) for value in one.values)
                return values[0] if len(values) == 1 else values
        return None

    def _each(self, loop: Loop, known: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        times = self._value(loop.times, known)
        every = range(times) if loop.counted else times
        return [{"index": index, "item": item} for index, item in enumerate(every)]

    # Values

    def _value(self, code: Expr, known: Mapping[str, Any]) -> Any:
        if isinstance(code, Value):
            return code.value
        if isinstance(code, Var):
            return known[code.name]
        if isinstance(code, Formula):
            return formula_value(code.tree, {name: known[var.name] for name, var in code.names.items()})
        if isinstance(code, Text):
            return "".join(one if isinstance(one, str) else str(self._value(one, known)) for one in code.parts)
        if isinstance(code, Items):
            found: list[Any] = []
            for one in code.items:
                inner = self._value(one.value if isinstance(one, Star) else one, known)
                found += inner if isinstance(one, Star) else [inner]
            return tuple(found) if code.is_tuple else found
        if isinstance(code, Table):
            return {key: self._value(one, known) for key, one in code.items}
        if isinstance(code, Pick):
            return self._value(code.value, known)[self._value(code.key, known)]
        if isinstance(code, Each):
            return [self._value(code.element, {**known, **here}) for here in self._each(code.loop, known)]
        if isinstance(code, Given):
            return self._value(code.made, known)
        if isinstance(code, Object):
            return _Thing(code.record, {name: self._value(one, known) for name, one in code.arguments.items()})
        if isinstance(code, Calling) and code.path == "np.array":
            return _tuples(self._value(code.arguments[0], known))
        if isinstance(code, Made):
            arguments = {name: self._value(one, known) for name, one in code.arguments.items()
                         if not (code.record.family == "applications" and name in UNSAID)}  # fmt: skip
            return _Layer(code.record, arguments, self._value(code.name, known))
        if isinstance(code, Called):
            return self._called(code, known)
        if isinstance(code, Operation):
            return self._operation(code, known)
        if isinstance(code, Built):
            return self._built(code, known)
        raise TypeError(f"{type(code).__name__} can't be gone through")

    def _built(self, code: Built, known: Mapping[str, Any]) -> Any:
        function: Function = code.function
        inner = dict(self.constants)
        for name, default in function.parameters.values():
            if default is not None:
                inner[name] = self._value(default, self.constants)
        for key, one in code.arguments.items():
            inner[function.parameters[key][0]] = self._value(one, known)
        inner |= {name: self._value(one, known) for name, one in zip(function.inputs, code.inputs, strict=True)}
        inner[function.named] = self._value(code.name, known)
        return self._run(function.body, inner)

    # Calls

    def _next(self) -> Node:
        if self.at >= len(self.expected):
            raise Mismatch(None, "there are more layers")
        self.at += 1
        return self.expected[self.at - 1]

    def _called(self, code: Called, known: Mapping[str, Any]) -> Any:
        layer = self._value(code.layer, known)
        ports = {name: self._value(one, known) for name, one in code.ports.items()}
        options = {name: self._value(one, known) for name, one in code.options.items()}
        node = self._next()
        assert node.layer is not None
        if node.shared != layer.root or node.layer.record is not layer.record:
            raise Mismatch(node.name, "another layer")
        if layer.root is None:
            if layer.name != node.name:
                raise Mismatch(node.name, f"called {layer.name}")
            skipped = UNSAID if layer.record.family == "applications" else frozenset()
            wanted = {name: one for name, one in node.layer.written.items() if name not in skipped}
            _require(node, layer.arguments, wanted)
            layer.root = node.name
        _require(node, options, node.options)
        if code.squeezed != one_text_at(self.typed, node):
            raise Mismatch(node.name, "texts of another form")
        return self._result(node, ports)

    def _operation(self, code: Operation, known: Mapping[str, Any]) -> Any:
        arguments = {name: self._value(one, known) for name, one in code.arguments.items()}
        ports = {name: self._value(one, known) for name, one in code.ports.items()}
        node = self._next()
        assert node.layer is not None
        if node.layer.record is not code.record:
            raise Mismatch(node.name, "another op")
        told = arguments.keys() - node.layer.written.keys() if code.record.told is not None else frozenset()
        wanted = {name: one for name, one in node.layer.written.items()
                  if one is not None or name in arguments}  # fmt: skip
        _require(node, {name: one for name, one in arguments.items() if name not in told}, wanted)
        return self._result(node, ports)

    def _result(self, node: Node, ports: Mapping[str, Any]) -> Any:
        wanted = {name: [_key(edge) for edge in edges] for name, edges in node.ports.items()}
        found = {name: list(one) if name in node.listed else [one] for name, one in ports.items()}
        if found != wanted:
            raise Mismatch(node.name, f"takes {found} for {wanted}")
        outputs = self.typed.typed[node.name].outputs
        assert outputs is not None
        keys = tuple((node.name, number) for number in range(len(outputs)))
        return keys[0] if len(keys) == 1 else keys


def _key(edge: Edge | None) -> Key | None:
    return None if edge is None else (edge.source, edge.index)


def _require(node: Node, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if found.keys() != wanted.keys():
        raise Mismatch(node.name, f"arguments {list(found)} for {list(wanted)}")
    for name, one in found.items():
        if not _alike(one, wanted[name]):
            raise Mismatch(node.name, f"{name} is {one!r} for {wanted[name]!r}")


def _alike(found: Any, wanted: Any) -> bool:
    """Whether Keras makes the same of two values: a list is as good as a tuple, one number as the same for all axes."""
    if isinstance(wanted, Stated):
        if isinstance(found, str):
            return found == wanted.record.name or found in (*wanted.record.names, *wanted.record.aliases)
        return (
            isinstance(found, _Thing)
            and found.record is wanted.record
            and found.arguments.keys() == wanted.written.keys()
            and all(_alike(one, wanted.written[name]) for name, one in found.arguments.items())
        )
    if isinstance(found, _Thing):
        return isinstance(wanted, str) and wanted in (found.record.name, *found.record.names, *found.record.aliases)
    if isinstance(wanted, tuple | list):
        if isinstance(found, tuple | list):
            return len(found) == len(wanted) and all(map(_alike, found, wanted))
        return type(found) in (int, float) and bool(wanted) and all(_alike(found, one) for one in wanted)
    if isinstance(wanted, Mapping):
        return (
            isinstance(found, Mapping)
            and found.keys() == wanted.keys()
            and all(_alike(one, wanted[name]) for name, one in found.items())
        )
    return type(found) is type(wanted) and bool(found == wanted)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
