"""From Spec to Graph: names become edges, tables become Keras objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Entry, Input, Reference, Spec
from ..spec.words import closest, listed, quoted
from .catalogue import find
from .catalogue.objects import instantiate, normal
from .catalogue.record import ArgumentError, Object, Port
from .graph import Edge, Graph, Node

FIRST: Final = frozenset({"inputs", "input", "sequence", "sequences"})
"""What Keras' pages and its code call the first tensor of a layer; they do not agree, so a table may say any."""


def link(spec: Spec) -> tuple[Graph, tuple[Finding, ...]]:
    """The graph of a spec, and what is wrong with its connections.

    A node that could not be connected is marked unsound; what depends on it stays silent.
    """
    linker = _Linker(spec)
    graph = linker.graph()
    return graph, tuple(linker.findings)


class _Linker:
    """Links one spec."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.findings: list[Finding] = []
        self.nodes: dict[str, Node] = {}
        self.whole = spec.whole and all(entry.sound for entry in spec.entries)
        self.later: dict[str, Entry] = {}
        """Entries that stand further down, by the name that they were given."""
        self.unnamed = {entry.name: entry for entry in spec.entries if not entry.named}
        self.ambiguous = _ambiguous(spec)
        """Names that stand for two things: what refers to them is left alone."""

    def graph(self) -> Graph:
        for one in self.spec.inputs:
            self.nodes[one.name] = Node(one.name, one.pointer, input=one, sound=one.shape is not None)
        for entry in self.spec.entries:
            if entry.named:
                self.later.setdefault(entry.name, entry)
        before: str | None = None
        for entry in self.spec.entries:
            if self.later.get(entry.name) is entry:
                del self.later[entry.name]
            name = self._node(entry, before)
            before = name
        outputs = self._outputs(before)
        graph = Graph(self.spec, self.nodes, outputs)
        if self.whole and not any(finding.severity == "error" for finding in self.findings):
            self._unused(graph)
        return graph

    # Entries

    def _node(self, entry: Entry, before: str | None) -> str:
        """Add the node of an entry; its name in the graph."""
        name = entry.name
        if name in self.nodes:
            name = self._duplicate(entry)
        shared: Node | None = None
        layer: Object | None = None
        sound = entry.sound
        if entry.reuse is not None:
            shared = self._reused(entry)
            layer = shared.layer if shared and sound else None
            sound = sound and shared is not None and shared.sound
        elif entry.type is not None and sound:
            layer, sound = self._layer(entry)
        ports: Mapping[str, tuple[Edge | None, ...]] = {}
        lists: frozenset[str] = frozenset()
        if layer is not None:
            connected = self._ports(entry, layer, before)
            if connected is None:
                sound = False
                ports = {"inputs": self._all_edges(entry)}
            else:
                ports, lists = connected
        else:
            sound = False
            ports = {"inputs": self._all_edges(entry)}
            if entry.inputs is None and before is not None:
                ports = {"inputs": (Edge(before, 0, entry.pointer),)}
        options = self._options(entry, layer)
        root = shared.shared or shared.name if shared is not None else None
        self.nodes[name] = Node(name, entry.pointer, None, layer, root, ports, lists, options, sound)
        return name

    def _duplicate(self, entry: Entry) -> str:
        first = self.nodes[entry.name]
        part: Any = "key" if first.input is not None else "value"
        pointer = first.pointer if first.input is not None else (*first.pointer, "name")
        self.findings.append(
            Finding(
                "E204",
                f"the name {quoted(entry.name)} is taken: names are unique among inputs and layers",
                (*entry.pointer, "name"),
                help="choose another name, and write it where this entry is meant",
                related=(Related("first used here", pointer, part),),
            )
        )
        self.whole = False
        number = 1
        taken = self.nodes.keys() | self.later.keys() | self.unnamed.keys()
        while f"{entry.name}_{number}" in taken:
            number += 1
        return f"{entry.name}_{number}"

    def _layer(self, entry: Entry) -> tuple[Object | None, bool]:
        assert entry.type is not None
        record = find("layers", entry.type)
        if record is None:  # known to the schema, not to the catalogue: the two were not generated together
            return None, False
        layer = instantiate(record, entry.arguments)
        try:
            _check(layer)
        except ArgumentError as error:
            related: tuple[Related, ...] = ()
            if error.other is not None and error.other in entry.arguments:
                related = (Related(f"`{error.other}` is here", (*entry.pointer, error.other)),)
            written = error.argument in entry.arguments
            self.findings.append(
                Finding(
                    "E114",
                    error.message,
                    (*entry.pointer, error.argument if written else "type"),
                    help=error.help,
                    related=related,
                )
            )
            return layer, False
        return layer, True

    def _reused(self, entry: Entry) -> Node | None:
        assert entry.reuse is not None
        pointer = (*entry.pointer, "reuse")
        if entry.reuse in self.ambiguous:
            return None
        node = self.nodes.get(entry.reuse)
        if node is not None and node.input is None and self._nameable(entry.reuse, pointer):
            return node
        if node is not None and node.input is not None:
            self.findings.append(
                Finding(
                    "E211",
                    f"`{entry.reuse}` is an input of the model, it has no weights to use again",
                    pointer,
                    help="name an earlier layer entry",
                )
            )
        elif node is None and entry.named and entry.reuse == entry.name:
            self.findings.append(
                Finding(
                    "E203",
                    f"`{entry.reuse}` is this very entry; `reuse` takes an earlier one",
                    pointer,
                    help="name an earlier layer entry, or write a `type`",
                )
            )
        elif node is None and entry.reuse in self.later:
            self.findings.append(
                Finding(
                    "E203",
                    f"`{entry.reuse}` stands further down; `reuse` takes an earlier entry",
                    pointer,
                    help=f"write the `type` here, and `reuse` in `{entry.reuse}`",
                    related=(Related(f"`{entry.reuse}` is here", (*self.later[entry.reuse].pointer, "name")),),
                )
            )
        elif node is None and (entry.reuse == entry.name or self._nameable(entry.reuse, pointer)):
            inputs = {one.name for one in self.spec.inputs}
            names = [name for name in self._referable() if name not in inputs]
            self._unknown(entry.reuse, pointer, names, "earlier layer")
        self.whole = False
        return None

    def _options(self, entry: Entry, layer: Object | None) -> Mapping[str, Any]:
        if layer is None:
            return {}
        options = {option.name: option for option in layer.record.options}
        found: dict[str, Any] = {}
        for key, value in entry.call.items():
            pointer = (*entry.pointer, "call", key)
            if key not in options:
                near = closest(key, options)
                tensors = [port.name for port in layer.record.ports]
                help_text = f"did you mean `{near}`?" if near else None
                if key in tensors:
                    help_text = f'tensors stand in `inputs`: `inputs = {{ {key} = "…" }}`'
                elif near is None:
                    help_text = f"it takes {listed(options)}" if options else "take `call` away"
                self.findings.append(
                    Finding(
                        "E213",
                        f"a call of {layer.record.name} takes no option `{key}`",
                        pointer,
                        "key",
                        help=help_text,
                    )
                )
                continue
            from ..spec.values import explain_value, fits

            schema = {**options[key].kind.schema, "x-keraspec": {"expects": options[key].kind.expects}}
            if not fits(options[key].kind.schema, value):
                for code, message, at, help_text in explain_value(
                    schema, value, pointer, f"a call of {layer.record.name}"
                ):
                    self.findings.append(Finding(code, message, at, help=help_text))
                continue
            found[key] = normal(options[key].kind, value)
        return found

    # Connections

    def _ports(
        self, entry: Entry, layer: Object, before: str | None
    ) -> tuple[Mapping[str, tuple[Edge | None, ...]], frozenset[str]] | None:
        """The edges of each port, or None where something is wrong with them (and has been said)."""
        ports = layer.record.ports
        if entry.inputs is None:
            source = before if before is not None else self._only_input(entry)
            if source is None:
                return None
            return self._fill(entry, layer, {None: (Edge(source, 0, entry.pointer),)}, frozenset())
        found: dict[str | None, tuple[Edge, ...]] = {}
        sound = True
        for key, references in entry.inputs.items():
            edges = [self._edge(reference, entry) for reference in references]
            found[key] = tuple(edge for edge in edges if edge is not None)
            sound = sound and len(found[key]) == len(references)
        if not sound:
            return None
        del ports
        return self._fill(entry, layer, found, entry.listed)

    def _fill(
        self,
        entry: Entry,
        layer: Object,
        found: Mapping[str | None, tuple[Edge, ...]],
        listed_keys: frozenset[str | None],
    ) -> tuple[Mapping[str, tuple[Edge | None, ...]], frozenset[str]] | None:
        """Give the edges to the ports, and count them."""
        name = layer.record.name
        ports = {port.name: port for port in layer.record.ports}
        first = layer.record.ports[0]
        filled: dict[str, tuple[Edge | None, ...]] = {}
        gathered: dict[str, dict[str, tuple[Edge, ...]]] = {}
        at = (*entry.pointer, "inputs")
        for key, edges in found.items():
            if key is None or (key in FIRST and key not in ports):
                filled[first.name] = edges
            elif key in ports:
                filled[key] = edges
            else:
                owner = next((port for port in ports.values() if key in port.elements), None)
                if owner is None:
                    names = [*ports, *(element for port in ports.values() for element in port.elements)]
                    near = closest(key, names)
                    self.findings.append(
                        Finding(
                            "E213",
                            f"{name} takes no tensor called `{key}`",
                            (*at, key),
                            "key",
                            help=f"did you mean `{near}`?" if near else f"it takes {listed(names)}",
                        )
                    )
                    return None
                gathered.setdefault(owner.name, {})[key] = edges
        for port_name, elements in gathered.items():
            edges_of = self._gathered(entry, layer, ports[port_name], elements)
            if edges_of is None:
                return None
            filled[port_name] = edges_of
        for port in ports.values():
            if not self._counted(entry, layer, port, filled.get(port.name), None in found):
                return None
        lists = frozenset(port.name for port in ports.values() if port.many and port.name in filled)
        del listed_keys
        return {port.name: filled[port.name] for port in ports.values() if port.name in filled}, lists

    def _gathered(
        self, entry: Entry, layer: Object, port: Port, elements: Mapping[str, tuple[Edge, ...]]
    ) -> tuple[Edge | None, ...] | None:
        """A list written as a table of its places; of tensors only the last may be left out, of masks any."""
        edges: list[Edge | None] = []
        last = max(port.elements.index(key) for key in elements)
        for key in port.elements[: last + 1]:
            if key not in elements:
                if key.endswith("mask"):
                    edges.append(None)
                    continue
                self._missing_port(entry, layer, key)
                return None
            edges.extend(elements[key])
        return tuple(edges)

    def _missing_port(self, entry: Entry, layer: Object, name: str) -> None:
        at = (*entry.pointer, "inputs") if entry.inputs is not None else (*entry.pointer, "type")
        if entry.reuse is not None and entry.inputs is None:
            at = (*entry.pointer, "reuse")
        self.findings.append(
            Finding(
                "E207",
                f"{layer.record.name} needs a tensor for `{name}`",
                at,
                help=f"write a table: `inputs = {{ {self._needed(layer)} }}`",
            )
        )

    @staticmethod
    def _needed(layer: Object) -> str:
        names: list[str] = []
        for port in layer.record.ports:
            if port.required:
                names.extend(port.elements[: port.minimum] or (port.name,))
        return ", ".join(f'{name} = "…"' for name in names)

    def _counted(
        self, entry: Entry, layer: Object, port: Port, edges: tuple[Edge | None, ...] | None, plain: bool
    ) -> bool:
        """Whether a port has as many tensors as it takes."""
        name = layer.record.name
        if edges is None:
            if port.required:
                self._missing_port(entry, layer, port.name)
            return not port.required
        count = len(edges)
        fewest, most = (port.minimum, port.maximum) if port.many else (1, 1)
        if count >= fewest and (most is None or count <= most):
            return True
        at = (*entry.pointer, "inputs" if entry.inputs is not None else "type" if entry.type else "reuse")
        if not port.many and plain and len(layer.record.ports) > 1:
            self.findings.append(
                Finding(
                    "E207",
                    f"{name} takes its tensors by name, found a list of {count}: it does not say which is which",
                    at,
                    help=f"write a table: `inputs = {{ {self._needed(layer)} }}`",
                )
            )
            return False
        if not port.many:
            wanted, help_text = "one tensor", "join them first, with `Concatenate` or `Add`, or name one of them"
        elif most == fewest:
            wanted, help_text = f"{fewest} tensors", f"write a list of {fewest} names"
        elif most is not None:
            wanted, help_text = f"{fewest} to {most} tensors", f"write a list of {fewest} to {most} names"
        else:
            wanted, help_text = f"at least {fewest} tensors", 'write a list: `inputs = ["…", "…"]`'
        where = "" if plain or port is layer.record.ports[0] else f" for `{port.name}`"
        self.findings.append(Finding("E207", f"{name} takes {wanted}{where}, found {count}", at, help=help_text))
        return False

    def _only_input(self, entry: Entry) -> str | None:
        inputs = [one.name for one in self.spec.inputs]
        if len(inputs) == 1:
            return inputs[0]
        if inputs and self.spec.names_known:
            self.findings.append(
                Finding(
                    "E214",
                    f"the first entry does not say where its tensor comes from, and there are {len(inputs)} inputs",
                    (*entry.pointer, "type" if entry.type else "reuse"),
                    help=f'write `inputs = "{inputs[0]}"`, or another of {listed(inputs)}',
                )
            )
        return None

    def _all_edges(self, entry: Entry) -> tuple[Edge, ...]:
        """Edges of an entry that can't be understood, so that what it uses counts as used; says what is unknown."""
        edges: list[Edge] = []
        for references in (entry.inputs or {}).values():
            edges.extend(edge for edge in (self._edge(one, entry) for one in references) if edge)
        return tuple(edges)

    def _edge(self, reference: Reference, entry: Entry | None) -> Edge | None:
        """The edge that a reference means, or None where it means none (and that has been said)."""
        name = reference.path[0]
        if name in self.ambiguous:
            self.whole = False
            return None
        if not self._nameable(name, reference.pointer):
            return None
        if name not in self.nodes:
            self._not_found(reference, entry)
            return None
        if len(reference.path) > 1:
            self.findings.append(
                Finding(
                    "E201",
                    f"`{name}` has nothing inside it that could be called `{'.'.join(reference.path[1:])}`",
                    reference.pointer,
                    help=f'write "{name}"; one of several outputs is "{name}[0]"',
                )
            )
            self.whole = False
            return None
        return Edge(name, reference.index or 0, reference.pointer)

    def _nameable(self, name: str, pointer: Pointer) -> bool:
        """Generated names are for reading: whoever refers to an entry must have named it."""
        entry = self.unnamed.get(name)
        if entry is None:
            return True
        kind = entry.type or entry.reuse or "entry"
        self.findings.append(
            Finding(
                "E209",
                f'"{name}" is a generated name, which changes when layers are added; it can\'t be referred to',
                pointer,
                help=f'give the {kind} a name of its own: `name = "{name}"`',
                related=(Related("this entry has no name", entry.pointer, "entry"),),
            )
        )
        self.whole = False
        return False

    def _not_found(self, reference: Reference, entry: Entry | None) -> None:
        name = reference.path[0]
        if entry is not None and name == entry.name:
            self._cycle(reference, [name, name], entry)
        elif name in self.later:
            assert entry is not None
            path = self._way(name, entry.name)
            if path is not None:
                self._cycle(reference, [entry.name, *path], entry)
            else:
                self.findings.append(
                    Finding(
                        "E203",
                        f"`{name}` stands further down; references look back only",
                        reference.pointer,
                        help=f"move the entry `{name}` above this one",
                        related=(Related(f"`{name}` is here", (*self.later[name].pointer, "name")),),
                    )
                )
        else:
            self._unknown(name, reference.pointer, self._referable(), "input or earlier entry")
        self.whole = False

    def _referable(self) -> list[str]:
        named = {entry.name for entry in self.spec.entries if entry.named}
        return [name for name, node in self.nodes.items() if node.input is not None or name in named]

    def _unknown(self, name: str, pointer: Pointer, names: list[str], what: str) -> None:
        if not self.spec.names_known or name in self.spec.misnamed:
            return
        near = closest(name, names)
        help_text = f'did you mean "{near}"?' if near else f"the names so far: {listed(names)}" if names else None
        self.findings.append(Finding("E201", f"there is no {what} called `{name}`", pointer, help=help_text))

    def _way(self, start: str, end: str) -> list[str] | None:
        """The names on the way by which the entry ``start``, further down, hangs on ``end``; None if it does not.

        Written so that the names read along the arrows: what ``start`` takes its tensors from, back to ``end``.
        """
        entries = list(self.spec.entries)
        place = {entry.name: index for index, entry in enumerate(entries)}
        previous: dict[str, str] = {}
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in place:
                continue
            entry = entries[place[name]]
            if entry.inputs is None:
                sources = [entries[place[name] - 1].name] if place[name] > 0 else []
            else:
                sources = [one.path[0] for references in entry.inputs.values() for one in references]
            for source in sources:
                if source in previous or source == start:
                    continue
                previous[source] = name
                if source == end:
                    path = [end]
                    while path[-1] != start:
                        path.append(previous[path[-1]])
                    return [*path[1:], end]
                waiting.append(source)
        return None

    def _cycle(self, reference: Reference, path: list[str], entry: Entry) -> None:
        arrows = " → ".join(path)
        closing = next((one for one in self.spec.entries if one.name == path[-2]), None) if len(path) > 2 else None
        self.findings.append(
            Finding(
                "E202",
                f"the tensors go in a circle: {arrows}",
                reference.pointer,
                help="let one of these take its tensor from elsewhere; what repeats over time is a recurrent layer",
                related=() if closing is None else (Related(f"`{closing.name}` comes later", _head(closing)),),
            )
        )

    # Outputs

    def _outputs(self, last: str | None) -> Mapping[str, Edge]:
        if not self.spec.outputs:
            if last is None or not self.spec.whole:
                return {}
            entry = self.spec.entries[-1]
            return {entry.name if entry.named else "output": Edge(last, 0, entry.pointer)}
        found = {}
        for output in self.spec.outputs:
            edge = self._edge(output.reference, None)
            if edge is None:
                self.whole = False
            else:
                found[output.name] = edge
        return found

    def _unused(self, graph: Graph) -> None:
        """Say which entries reach no output, the ends of such branches alone, and which inputs feed nothing."""
        reached = {edge.source for edge in graph.outputs.values()}
        feeding: set[str] = set()
        for node in reversed(tuple(graph.nodes.values())):  # every node stands behind its sources
            feeding.update(edge.source for edge in node.edges)
            if node.name in reached:
                reached.update(edge.source for edge in node.edges)
        for node in graph.nodes.values():
            if node.name in reached or node.name in feeding:
                continue
            if node.input is not None:
                self._idle_input(node.input)
            else:
                self._idle(graph, node)

    def _idle_input(self, one: Input) -> None:
        self.findings.append(
            Finding(
                "W201",
                f"no layer uses the input `{one.name}`",
                one.pointer,
                "key",
                help=f'use it, `inputs = "{one.name}"`, or take it away',
            )
        )

    def _idle(self, graph: Graph, node: Node) -> None:
        named = node.name not in self.unnamed
        outputs = listed(graph.outputs)
        head: Iterable[str | int] = ("name",) if named else ("type",) if node.shared is None else ("reuse",)
        path = _branch(graph, node.name)
        way = f"; the branch is {' → '.join(path)}" if len(path) > 2 else ""
        ref = node.name if named else "NAME"
        naming = "" if named else "name it and "
        self.findings.append(
            Finding(
                "E205",
                f"nothing uses {'`' + node.name + '`' if named else 'this ' + _kind(node)}: it reaches no output "
                f"(the {'output is' if len(graph.outputs) == 1 else 'outputs are'} {outputs}){way}",
                (*node.pointer, *head),
                help=f"{naming}use it in `inputs` of a later entry, "
                f'list it, `outputs = [..., "{ref}"]`, or take it away',
            )
        )


def _ambiguous(spec: Spec) -> frozenset[str]:
    """Names that are written for two entries, or for an input and an entry."""
    counts = Counter([one.name for one in spec.inputs] + [entry.name for entry in spec.entries if entry.named])
    return frozenset(name for name, count in counts.items() if count > 1)


def _head(entry: Entry) -> Pointer:
    """Where an entry as a whole is pointed at: its name, or what it is."""
    return (*entry.pointer, "name" if entry.named else "type" if entry.type else "reuse")


def _kind(node: Node) -> str:
    return node.layer.record.name if node.layer is not None else "entry"


def _branch(graph: Graph, end: str) -> list[str]:
    """The way from an input, or from where the branch leaves the used part, to its end."""
    path = [end]
    seen = {end}
    while True:
        sources = [source for source in graph.dag.predecessors(path[-1]) if source not in seen]
        if not sources:
            break
        path.append(sources[0])
        seen.add(sources[0])
        if graph.dag.out_degree(sources[0]) > 1 or len(path) > 6:
            break
    return path[::-1]


def _check(layer: Object) -> None:
    """Run the checks of a layer's record and of the objects nested in it.

    Raises:
        ArgumentError: what a check raises; at the outer argument where a nested object is at fault.
    """
    for name, value in layer.written.items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Object):
                try:
                    _check(one)
                except ArgumentError as error:
                    raise ArgumentError(name, error.message, help=error.help) from error
    if layer.record.check is not None:
        layer.record.check(layer.arguments)
