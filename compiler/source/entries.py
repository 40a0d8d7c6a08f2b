"""From a list of layers as written to statements: chains, loops, conditions and calls of blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...spec.document import Pointer
from ...spec.expression import parts_of
from ...spec.expression_nodes import Call
from ..catalogue.objects import normal
from ..catalogue.record import Record
from .calls import (
    LISTS,
    Wire,
    arguments,
    array,
    freezes,
    lies_in_each_other,
    options,
    ports_of,
    record_of,
)
from .code import (
    Append,
    Assign,
    Built,
    Called,
    Each,
    Expr,
    For,
    Formula,
    Function,
    If,
    Items,
    Line,
    Loop,
    Made,
    Operation,
    Pick,
    Star,
    Statement,
    Text,
    Value,
    Var,
)
from .names import CHAIN, Names, several
from .references import Binding, Uses, ref, resolve
from .written import Scope, Unnatural, Wanted, expression, has, value

Place = tuple[Pointer, Mapping[str, Any]]


class Facts:
    """What the graph knows of entries as written; see ``program`` for what stands behind each function."""

    def __init__(
        self,
        name: Callable[[Pointer], str],
        outputs: Callable[[Pointer], int],
        whole: Callable[[Pointer], frozenset[str]],
        counted: Callable[[Pointer], bool],
        function: Callable[[str], Function],
        named_ops: bool,
        one_text: Callable[[Pointer], bool],
    ) -> None:
        self.name = name
        self.outputs = outputs
        self.whole = whole
        self.counted = counted
        self.function = function
        self.named_ops = named_ops
        self.one_text = one_text


class Layers:
    """Writes one list of layers; ``prefix`` is the variable that stands before the names of its entries."""

    def __init__(
        self,
        facts: Facts,
        scope: Scope,
        names: Names,
        uses: Mapping[str | int, Uses],
        prefix: str | None,
    ) -> None:
        self.facts = facts
        self.scope = scope
        self.names = names
        self.uses = uses
        self.prefix = prefix
        self.bindings: dict[str, Binding] = {}
        self.before: Binding | None = None
        self.body: list[Statement] = []
        self.freezing = False

    # One entry

    def entry(self, place: int, pointer: Pointer, entry: Mapping[str, Any]) -> Binding:
        """Write an entry; what it is from now on.

        Raises:
            Unnatural: where it has to be written flat.
        """
        if "repeat" in entry and "each" in entry:
            raise Unnatural
        use = self.uses[place]
        if "?" in use.inside or "?" in use.names:
            raise Unnatural
        name = self.facts.name(pointer)
        statements: list[Statement] = []
        if "each" in entry:
            binding = self._each(place, pointer, entry, name, statements)
        else:
            binding = self._series(place, pointer, entry, name, statements)
        self.body += statements
        self.before = binding
        if isinstance(entry.get("name"), str):
            self.bindings[entry["name"]] = binding
        return binding

    def variable(self, place: int, name: str) -> str:
        """The variable of an entry: that of the chain, if only the next entry asks for it."""
        return CHAIN if self.uses[place].chained(place) else self.names.new(name)

    def _series(
        self, place: int, pointer: Pointer, entry: Mapping[str, Any], name: str, statements: list[Statement]
    ) -> Binding:
        use = self.uses[place]
        when = entry.get("when", True)
        if when is False:
            return Binding({0: self._first(self._wires(entry, self.scope))}, top=self._top(pointer))
        condition = expression(when, self.scope) if isinstance(when, str) else None
        repeated = "repeat" in entry
        scope = self.scope.with_loop(_counts(entry["repeat"])) if repeated else self.scope
        wires = self._wires(entry, scope)
        variable = self.variable(place, name)
        count, named = self._outputs(pointer, entry)
        for one in (*use.names, *use.inside):
            if isinstance(one, str) and one not in named:
                if "block" not in entry:
                    raise Unnatural
                raise Wanted(str(entry["block"]), one)
        listed = {named[one] if isinstance(one, str) else one for one in use.inside}
        numbers = {*use.numbers, *(named[one] for one in use.names), *listed}
        if repeated or condition is not None or count == 1:
            numbers.add(0)
        if max(numbers, default=0) >= count or (condition is not None and numbers != {0}):
            raise Unnatural
        targets = {one: self.names.new(_part(name, one, named)) for one in sorted(numbers - {0})}
        if 0 in numbers:
            targets = {0: variable, **targets}
        first = self._first(wires) if repeated or condition is not None else None
        if first is not None and first != Var(variable):
            statements.append(Assign((variable,), first))
        lists = {one: self.names.new(several(_part(name, one, named))) for one in sorted(listed)}
        if lists and not repeated:
            raise Unnatural
        statements += [Assign((one,), Items(())) for one in lists.values()]
        inner: list[Statement] = []
        if repeated:
            wires = _led(wires, Var(variable))
        layer, record = self._once(
            entry, pointer, wires, self._named(name, repeated), scope, inner, use.reused and not repeated,
            lambda call: _assigned(targets, count, call),
        )  # fmt: skip
        inner += [Append(lists[one], Var(targets[one])) for one in lists]
        if repeated:
            loop = self._loop(entry["repeat"], (*pointer, "repeat"), scope, numbered=True)
            inner = [For(loop, tuple(inner))]
        if condition is not None:
            inner = [If(condition, tuple(inner))]
        statements += inner
        outputs: dict[int, Expr] = {one: Var(target) for one, target in targets.items()}
        block = str(entry["block"]) if "block" in entry else None
        return Binding(outputs, False, named, lists, layer, record, block, self._top(pointer))

    def _each(
        self, place: int, pointer: Pointer, entry: Mapping[str, Any], name: str, statements: list[Statement]
    ) -> Binding:
        use = self.uses[place]
        if entry.get("when", True) is not True or use.numbers - {0} or use.names or use.inside - {0} or use.reused:
            raise Unnatural
        scope = self.scope.with_loop(_counts(entry["each"]))
        wires = self._wires(entry, scope)
        count, _ = self._outputs(pointer, entry)
        found: list[Expr] = []

        def keep(call: Expr) -> Statement:
            found.append(call)
            return Line("")

        inner: list[Statement] = []
        self._once(entry, pointer, wires, self._named(name, True), scope, inner, False, keep)
        if len(inner) > 1:
            raise Unnatural
        element = Pick(found[0], Value(0)) if count > 1 else found[0]
        variable = self.names.new(several(name))
        loop = self._loop(entry["each"], (*pointer, "each"), scope, numbered=True)
        statements.append(Assign((variable,), Each(element, loop)))
        return Binding({0: Var(variable)}, True, {}, {0: variable}, top=self._top(pointer))

    def _top(self, pointer: Pointer) -> tuple[int, ...]:
        return (int(pointer[1]),) if pointer[0] == "layers" else ()

    def _named(self, name: str, numbered: bool) -> Expr:
        """The full name of an instance, as it will be when the program runs."""
        parts: list[str | Expr] = [] if self.prefix is None else [Var(self.prefix), "."]
        parts.append(name)
        if numbered:
            parts += [".", Var("index")]
        if all(isinstance(part, str) for part in parts):
            return Value("".join(map(str, parts)))
        joined: list[str | Expr] = []
        for part in parts:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            else:
                joined.append(part)
        return Text(tuple(joined))

    def _loop(self, raw: Any, at: Pointer, scope: Scope, *, numbered: bool) -> Loop:
        """What a loop goes through. Names always count, so the index is always there."""
        if isinstance(raw, str):
            times, counted = expression(raw, self.scope), self.facts.counted(at)
            if isinstance(times, Formula) and isinstance(times.tree, Call) and times.tree.name == "range":
                counted = _counts(raw)
                if counted:
                    times = Formula(times.tree.arguments[0], times.names)
        elif isinstance(raw, list):
            times, counted = value(raw, self.scope), False
        else:
            times, counted = Value(int(raw)), True
        return Loop(times, counted, "index" if numbered else None, "item" if "item" in scope.seen else None)

    # What it is given, what it gives

    def _wires(self, entry: Mapping[str, Any], scope: Scope) -> list[Wire]:
        raw = entry.get("inputs")
        if raw is None:
            if self.before is None:
                raise Unnatural
            tensor = self.before.outputs[0]
            return [Wire(None, (Star(tensor) if self.before.many else tensor,), self.before.many)]
        if isinstance(raw, dict):
            return [self._wire(key, one, scope) for key, one in raw.items()]
        return [self._wire(None, raw, scope)]

    def _wire(self, key: str | None, raw: Any, scope: Scope) -> Wire:
        texts = raw if isinstance(raw, list) else [raw]
        found = []
        for text in texts:
            one = ref(text)
            if one.first not in self.bindings:
                raise Unnatural
            found.append(resolve(one, self.bindings[one.first], scope))
        return Wire(key, tuple(found), isinstance(raw, list) or isinstance(found[0], Star))

    def _first(self, wires: Sequence[Wire]) -> Expr:
        """The tensor that an entry stands for where it is not there."""
        found = wires[0].tensors[0]
        if isinstance(found, Star):
            raise Unnatural
        return found

    def _outputs(self, pointer: Pointer, entry: Mapping[str, Any]) -> tuple[int, Mapping[str, int]]:
        """How many tensors one instance gives, and the numbers of those with names."""
        if "block" in entry:
            function = self._function(entry)
            return function.outputs, function.gives
        return self.facts.outputs(pointer), {}

    def _function(self, entry: Mapping[str, Any]) -> Function:
        block = entry["block"]
        if not isinstance(block, str) or "${" in block:
            raise Unnatural
        return self.facts.function(block)

    def _once(
        self, entry: Mapping[str, Any], pointer: Pointer, wires: list[Wire], name: Expr, scope: Scope,
        statements: list[Statement], reused: bool, assigned: Callable[[Expr], Statement],
    ) -> tuple[Var | None, Record | None]:  # fmt: skip
        """Write one instance; the variable that holds its layer and its record, where it is called again."""
        if "block" in entry:
            if reused:
                raise Unnatural
            statements.append(assigned(self._block(entry, wires, name, scope)))
            return None, None
        if "reuse" in entry:
            return self._again(entry, pointer, wires, scope, statements, assigned)
        record = record_of(entry)
        if record.family == "applications":
            raise Unnatural
        given = arguments(record, entry, scope, self.facts.whole(pointer))
        ports = ports_of(record, wires, entry)
        if record.family == "ops":
            if reused or record.told is not None:
                raise Unnatural
            for port in record.ports:
                if port.literal is not None and isinstance(entry.get(port.name), list):
                    if has(entry[port.name]):
                        raise Unnatural
                    given[port.name] = array(normal(port.literal, entry[port.name]))
            single = record.name in LISTS and self.facts.outputs(pointer) == 1
            statements.append(assigned(Operation(record, given, ports, name if self.facts.named_ops else None, single)))
            return None, None
        made = Made(record, given, name)
        frozen = freezes(entry)
        layer: Var | None = None
        if reused or frozen:
            base = self.facts.name(pointer)
            layer = Var(self.names.new(f"{base}_layer"))
            statements.append(Assign((layer.name,), made))
        nested, squeezed = lies_in_each_other(entry), self.facts.one_text(pointer)
        called = Called(layer or made, record, ports, options(record, entry, scope), nested, squeezed)
        statements.append(assigned(called))
        if frozen:
            assert layer is not None
            self.freezing = True
            statements.append(Line(f"freeze({layer.name})"))
        return (layer, record) if reused else (None, None)

    def _again(
        self, entry: Mapping[str, Any], pointer: Pointer, wires: list[Wire], scope: Scope,
        statements: list[Statement], assigned: Callable[[Expr], Statement],
    ) -> tuple[Var | None, Record | None]:  # fmt: skip
        again = ref(entry["reuse"])
        binding = self.bindings.get(again.first)
        if binding is None or again.path or binding.layer is None:
            raise Unnatural(*(binding.top if binding is not None else ()))
        record = binding.record
        if record is None:
            raise Unnatural
        ports, given = ports_of(record, wires, {}), options(record, entry, scope)
        called = Called(binding.layer, record, ports, given, squeezed=self.facts.one_text(pointer))
        statements.append(assigned(called))
        return binding.layer, record

    def _block(self, entry: Mapping[str, Any], wires: list[Wire], name: Expr, scope: Scope) -> Built:
        function = self._function(entry)
        inputs: dict[str, Expr] = {}
        if all(one.key is not None for one in wires):
            inputs = {str(one.key): _joined(one) for one in wires}
        elif len(function.inputs) == 1:
            inputs = {function.takes[0]: _joined(wires[0])}
        else:
            if any(isinstance(one, Star) for one in wires[0].tensors):
                raise Unnatural
            inputs = dict(zip(function.takes, wires[0].tensors, strict=True))
        given = {key: value(raw, scope) for key, raw in entry.items() if key in function.parameters}
        return Built(function, tuple(inputs[one] for one in function.takes), given, name)


def _counts(raw: Any) -> bool:
    """Whether a loop goes through `range(n)`: then an item is the same as its index."""
    parts = parts_of(raw) if isinstance(raw, str) else ()
    tree = parts[0] if len(parts) == 1 else None
    return isinstance(tree, Call) and tree.name == "range" and len(tree.arguments) == 1


def _joined(wire: Wire) -> Expr:
    """What a block's input is given."""
    if len(wire.tensors) == 1 and isinstance(wire.tensors[0], Star):
        return wire.tensors[0].value
    return Items(wire.tensors) if wire.listed else wire.tensors[0]


def _led(wires: list[Wire], first: Var) -> list[Wire]:
    one = wires[0]
    return [Wire(one.key, (first, *one.tensors[1:]), one.listed), *wires[1:]]


def _part(name: str, number: int, named: Mapping[str, int]) -> str:
    """What a further output of an entry is called."""
    own = next((key for key, one in named.items() if one == number), None)
    if number == 0:
        return name
    return f"{name}_{number}" if own is None else own if "." not in own else own.rpartition(".")[2]


def _assigned(targets: Mapping[int, str], count: int, call: Expr) -> Statement:
    if count == 1:
        return Assign((targets[0],), call)
    last = max(targets, default=0)
    return Assign(tuple(targets.get(one) for one in range(last + 1)), call, True, last + 1 < count)
