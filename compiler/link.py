"""From Spec to Graph: names become edges, tables become Keras objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Entry, Reference, Spec
from ..spec.words import closest, listed, quoted
from .catalogue import entry_record
from .catalogue.objects import instantiate
from .catalogue.record import ArgumentError, Object
from .circles import way
from .graph import Edge, Graph, Node
from .inside import Inside
from .ports import CallError, Filled, fill, options
from .unused import unused


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
        self.whole = spec.whole and spec.terms_known and all(entry.sound for entry in spec.entries)
        self.later: dict[str, Entry] = {}
        """Entries that stand further down, by the name that they were given."""
        self.unnamed = {entry.name: entry for entry in spec.entries if not entry.named and not spec.expanded}
        self.ambiguous = _ambiguous(spec)
        """Names that stand for two things: what refers to them is left alone."""
        self.inside = Inside()

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
        terms = self._terms()
        for name, node in self.nodes.items():
            if inside := self.inside.of(node):
                self.nodes[name] = replace(node, inside=inside)
        graph = Graph(self.spec, self.nodes, outputs, terms)
        if self.whole and not any(finding.severity == "error" for finding in self.findings):
            self.findings.extend(unused(graph))
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
        called = options(entry, layer, self.findings) if layer is not None else {}
        root = shared.shared or shared.name if shared is not None else None
        self.nodes[name] = Node(name, entry.pointer, None, layer, root, ports, lists, called, sound)
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
        record = entry_record(entry.type)
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

    # Connections

    def _ports(self, entry: Entry, layer: Object, before: str | None) -> tuple[Filled, frozenset[str]] | None:
        """The edges of each port, or None where something is wrong with them (and has been said)."""
        found: dict[str | None, tuple[Edge, ...]] = {}
        if entry.inputs is None:
            source = before if before is not None else self._only_input(entry)
            if source is None:
                return None
            found[None] = (Edge(source, 0, entry.pointer),)
        for key, references in (entry.inputs or {}).items():
            edges = [self._edge(reference, entry) for reference in references]
            found[key] = tuple(edge for edge in edges if edge is not None)
            if len(found[key]) < len(references):
                return None
        try:
            return fill(entry, layer, found)
        except CallError as error:
            self.findings.append(error.finding)
            return None

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
        source = self.nodes[name]
        if len(reference.path) > 1 and source.input is None and source.layer is None:
            self.whole = False  # it is not understood what the entry is, so neither what is inside it
            return None
        if source.layer is not None and source.layer.record.inside is not None:
            edge = self.inside.edge(reference, source)
            if isinstance(edge, Finding):
                self.findings.append(edge)
            self.whole = self.whole and isinstance(edge, Edge)
            return edge if isinstance(edge, Edge) else None
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
            path = way(self.spec.entries, name, entry.name)
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
        names = [name for name, node in self.nodes.items() if node.input is not None or name in named]
        # What is inside blocks can be referred to, but is too much to list.
        return [name for name in names if "." not in name] if self.spec.expanded else names

    def _unknown(self, name: str, pointer: Pointer, names: list[str], what: str) -> None:
        if not self.spec.names_known or name in self.spec.misnamed:
            return
        near = closest(name, [*names, *sorted(self.spec.composed)])
        help_text = f'did you mean "{near}"?' if near else f"the names so far: {listed(names)}" if names else None
        self.findings.append(Finding("E201", f"there is no {what} called `{name}`", pointer, help=help_text))

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

    def _terms(self) -> tuple[Mapping[str, Edge], ...]:
        """The tensors that loss terms name."""
        found = []
        for term in self.spec.training.losses if self.spec.training is not None else ():
            edges = {name: self._edge(reference, None) for name, reference in term.inputs.items()}
            found.append({name: edge for name, edge in edges.items() if edge is not None})
        return tuple(found)


def _ambiguous(spec: Spec) -> frozenset[str]:
    """Names that are written for two entries, or for an input and an entry."""
    counts = Counter([one.name for one in spec.inputs] + [entry.name for entry in spec.entries if entry.named])
    return frozenset(name for name, count in counts.items() if count > 1)


def _head(entry: Entry) -> Pointer:
    """Where an entry as a whole is pointed at: its name, or what it is."""
    return (*entry.pointer, "name" if entry.named else "type" if entry.type else "reuse")


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
