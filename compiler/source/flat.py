"""From nodes of the graph to statements: an entry written out layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..catalogue.objects import arguments_of
from ..catalogue.record import Object as Stated
from ..graph import Edge, Node, TypedGraph
from .calls import LISTS, array, freezes, lies_in_each_other, one_text_at
from .code import Assign, Called, Calling, Expr, Items, Line, Made, Operation, Raw, Statement, Value, Var
from .names import CHAIN, Names
from .objects import argument_code, arguments_code, value_code
from .written import Unnatural

Key = tuple[str, int]
"""A tensor: the node that gives it, and which of its outputs it is."""


class Flat:
    """Writes nodes one by one; ``edges`` says what each tensor is in the program, ``layers`` what a layer is.

    ``table`` gives an entry as it stands in the expanded spec. ``path`` writes a path of the spec as code, ``inputs``
    are the model's.
    """

    def __init__(
        self,
        typed: TypedGraph,
        names: Names,
        edges: dict[Key, Expr],
        table: Callable[[Node], Mapping[str, Any]],
        top: Mapping[str, int],
        named_ops: bool,
        path: Callable[[str], str],
        inputs: str,
    ) -> None:
        self.typed = typed
        self.graph = typed.graph
        self.names = names
        self.edges = edges
        self.layers: dict[str, Var] = {}
        self.table = table
        self.top = top
        self.named_ops = named_ops
        self.path = path
        self.inputs = inputs
        self.freezing = False
        self.inside: set[str] = set()
        self.users: dict[Key, list[str]] = {}
        for node in self.graph.nodes.values():
            for edge in node.edges:
                self.users.setdefault((edge.source, edge.index), []).append(node.name)
        self.shared = {node.shared for node in self.graph.nodes.values() if node.shared is not None}
        self.given = {(edge.source, edge.index) for edge in self.graph.outputs.values()}

    def nodes(self, nodes: Sequence[Node], chained: Key | None) -> list[Statement]:
        """Statements for the nodes of one entry; ``chained`` is the tensor that the next entry alone asks for.

        Raises:
            Unnatural: with the entries that must be written out as well, because this one refers to their inside.
        """
        place = {node.name: index for index, node in enumerate(nodes)}
        found: list[Statement] = []
        live = self._last_use_of_chain(place)
        for index, node in enumerate(nodes):
            outputs = self.typed.typed[node.name].outputs
            assert outputs is not None
            targets: dict[int, str] = {}
            for number in range(len(outputs)):
                key = (node.name, number)
                users = self.users.get(key, [])
                outside = key in self.given or any(one not in place for one in users)
                if not users and not outside and len(outputs) > 1:
                    continue
                ends = max((place[one] for one in users if one in place), default=index)
                lasts = key == chained and index == len(nodes) - 1
                fits = live <= index and CHAIN not in targets.values()
                if fits and (lasts or (not outside and ends <= index + 1)):
                    targets[number] = CHAIN
                    live = ends
                else:
                    targets[number] = self.names.new(node.name if number == 0 else f"{node.name}_{number}")
            found += self._node(node, targets, len(outputs))
            for number, variable in targets.items():
                self.edges[(node.name, number)] = Var(variable)
        return found

    def _last_use_of_chain(self, place: Mapping[str, int]) -> int:
        """The last node, by its place, that asks for what the chain's variable holds at the start."""
        held = [key for key, one in self.edges.items() if one == Var(CHAIN)]
        return max((place[one] for key in held[-1:] for one in self.users.get(key, []) if one in place), default=-1)

    def tensor(self, edge: Edge) -> Expr:
        """The variable of a tensor."""
        found = self.edges.get((edge.source, edge.index))
        if found is None:
            raise Unnatural(self.top[edge.source])
        return found

    def _node(self, node: Node, targets: Mapping[int, str], count: int) -> list[Statement]:
        assert node.layer is not None
        ports: dict[str, Expr] = {}
        for name, edges in node.ports.items():
            values: list[Expr] = [Value(None) if edge is None else self.tensor(edge) for edge in edges]
            ports[name] = Items(tuple(values)) if name in node.listed else values[0]
        raw = self.table(node)
        if node.layer.record.family == "ops":
            return [_assigned(targets, count, self._operation(node, node.layer, ports, raw, count))]
        found: list[Statement] = []
        if node.shared is not None:
            layer: Var | Made = self.layers[node.shared] if node.shared in self.layers else self._missing(node.shared)
            raw = self.table(self.graph.nodes[node.shared])
        elif node.layer.record.family == "applications":
            layer = self._application(node, node.layer, raw, found)
        else:
            layer = Made(node.layer.record, arguments_code(node.layer, raw), Value(node.name))
        frozen = node.shared is None and freezes(raw)
        learned = node.name in self.typed.learned
        if isinstance(layer, Made) and (node.name in self.shared or frozen or learned):
            variable = self.names.new(f"{node.name}_layer")
            found.append(Assign((variable,), layer))
            layer = Var(variable)
        if isinstance(layer, Var) and node.shared is None:
            self.layers[node.name] = layer
        if learned and node.shared is None and isinstance(layer, Var):
            tensor = ports[node.layer.record.ports[0].name]
            assert isinstance(tensor, Var)
            found.append(Line(f"{layer.name}.adapt(raw.map(keras.Model({self.inputs}, {tensor.name})))"))
        known = {one.name: one.kind for one in node.layer.record.options}
        options = {name: value_code(known[name], value) for name, value in node.options.items()}
        nested = lies_in_each_other(raw)
        squeezed = one_text_at(self.typed, node)
        called = Called(layer, node.layer.record, ports, options, nested, squeezed)
        found.append(_assigned(targets, count, called))
        if frozen:
            assert isinstance(layer, Var)
            self.freezing = True
            found.append(Line(f"freeze({layer.name})"))
        return found

    def _missing(self, root: str) -> Var:
        raise Unnatural(self.top[root])

    def _operation(
        self, node: Node, op: Stated, ports: Mapping[str, Expr], raw: Mapping[str, Any], count: int
    ) -> Operation:
        record = op.record
        numbers = {port.name for port in record.ports if port.literal}
        known = arguments_of(record)
        given: dict[str, Expr] = {}
        for name, value in op.written.items():
            if name in numbers and isinstance(value, tuple):
                given[name] = array(value)
            elif not (name in numbers and value is None):
                given[name] = argument_code(known[name].kind, value, raw.get(name))
        if record.told is not None:
            shapes = {
                port: _Shaped(tensor.shape)
                for port, edges in node.ports.items()
                if edges[0] is not None and (tensor := self.typed.tensor(edges[0])) is not None
            }
            given |= {name: Value(value) for name, value in record.told(op.written, shapes).items()}
        single = record.name in LISTS and count == 1
        return Operation(record, given, ports, Value(node.name) if self.named_ops else None, single)

    def _application(self, node: Node, stated: Stated, raw: Mapping[str, Any], found: list[Statement]) -> Var:
        """A network of ``keras.applications``, with the tensors inside that are asked for as further outputs."""
        tensor = self.typed.tensor(node.edges[0])
        assert tensor is not None
        shape = tuple(size if isinstance(size, int) else None for size in tensor.shape[1:])
        arguments = {name: one for name, one in arguments_code(stated, raw).items() if name != "trainable"}
        weights = stated.written.get("weights")
        if isinstance(weights, str) and weights != "imagenet":
            arguments["weights"] = Raw(self.path(weights))
        made = Made(stated.record, {**arguments, "input_shape": Value(shape)}, Value(node.name))
        variable = self.names.new(f"{node.name}_network")
        found.append(Assign((variable,), made))
        if node.inside:
            found += self._reached(node, variable)
        if not stated["trainable"]:
            found.append(Line(f"{variable}.trainable = False"))
        return Var(variable)

    def _reached(self, node: Node, variable: str) -> list[Statement]:
        inner = {one.name: one for one in self.typed.typed[node.shared or node.name].inside}
        outputs: list[Expr] = [Raw(f"{variable}.output")]
        for name in node.inside:
            if inner[name].named:
                outputs.append(Raw(f'{variable}.get_layer("{name}").output'))
            else:
                self.inside.add(node.name)
                base = _base(name)
                alike = [one for one in inner if not inner[one].named and _base(one) == base]
                outputs.append(Raw(f'numbered({variable}, "{base}", {alike.index(name)})'))
        model = Calling("keras.Model", (Raw(f"{variable}.input"), Items(tuple(outputs))), {"name": Value(node.name)})
        return [Assign((variable,), model)]


def _base(name: str) -> str:
    head, _, tail = name.rpartition("_")
    return head if tail.isdigit() else name


class _Shaped:
    """A tensor of which only the shape matters; sizes that are not known are None."""

    def __init__(self, shape: Sequence[Any]) -> None:
        self.shape = tuple(size if isinstance(size, int) else None for size in shape)


def _assigned(targets: Mapping[int, str], count: int, call: Expr) -> Statement:
    if count == 1:
        return Assign((targets[0],), call)
    last = max(targets, default=0)
    return Assign(tuple(targets.get(one) for one in range(last + 1)), call, True, last + 1 < count)
