"""From Graph × Graph to which node of one is which of the other: by name, then by structure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from ...spec.merge.entries import content
from ..graph import Edge, Graph, Node
from .values import arguments, plain

Signature = tuple[str, str]
"""What a node is, and all that it is told."""


def matched(old: Graph, new: Graph) -> dict[str, str]:
    """Nodes of ``old`` → the same nodes of ``new``, each at most once.

    What a person named is known by its name (``s.0.body`` and ``s_0_body`` are one name, as blocks written out have
    it). Of the rest, layers that compute the same of the same are pairs; then those that are used for the same;
    then, around each pair, neighbours that say the same; then layers of the same name in an instance of a block;
    then neighbours of the same type; last what has the same arguments and weights elsewhere: it was moved. Takes
    time in proportion to the nodes and edges.
    """
    return _Matching(old, new).pairs


def signature(node: Node) -> Signature:
    """A node's type, and its arguments and options as text."""
    if node.input is not None:
        return "input", content([list(node.input.shape or ()), node.input.dtype])
    if node.layer is None:
        return "?", ""
    told = arguments(node.layer), plain(dict(node.options)), node.shared is not None
    return node.layer.record.name, content(told)


def flat_name(name: str) -> str:
    """A name with ``_`` in the place of dots, as it is written where a block is written out."""
    return name.replace(".", "_")


def named(graph: Graph) -> frozenset[str]:
    """The nodes whose names a person wrote: inputs, and layers with a name."""
    own = {entry.name for entry in graph.spec.entries if entry.named}
    return frozenset(name for name, node in graph.nodes.items() if node.input is not None or name in own)


class _Side:
    """One graph with what matching asks of it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = graph.nodes
        self.signatures = {name: signature(node) for name, node in graph.nodes.items()}
        self.named = named(graph)
        self.consumers: dict[str, list[tuple[str, tuple[Any, ...]]]] = defaultdict(list)
        for name, node in graph.nodes.items():
            for edge, place in ways_in(node):
                self.consumers[edge.source].append((name, (*place, edge.index, edge.inside)))
        self.ends: dict[str, list[str]] = defaultdict(list)
        for name, edge in graph.outputs.items():
            self.ends[edge.source].append(name)


def ways_in(node: Node) -> Iterator[tuple[Edge, tuple[str, int]]]:
    """The edges into a node, each with its argument and its place in the list."""
    for port, edges in node.ports.items():
        for place, edge in enumerate(edges):
            if edge is not None:
                yield edge, (port, place)


class _Matching:
    def __init__(self, old: Graph, new: Graph) -> None:
        self.old, self.new = _Side(old), _Side(new)
        self.pairs: dict[str, str] = {}
        self.back: dict[str, str] = {}
        self._by_name()
        self._by_history()
        self._by_use()
        self._around(strict=True)
        self._by_instance()
        self._around(strict=False)
        self._elsewhere()

    def _pair(self, old: str, new: str) -> None:
        self.pairs[old] = new
        self.back[new] = old

    def _by_name(self) -> None:
        flat: dict[str, list[str]] = defaultdict(list)
        for name in self.new.named:
            flat[flat_name(name)].append(name)
        for name in self.old.nodes:
            if name not in self.old.named:
                continue
            others = [name] if name in self.new.named else flat.get(flat_name(name), [])
            if len(others) == 1 and others[0] not in self.back:
                one, other = self.old.nodes[name], self.new.nodes[others[0]]
                if (one.input is None) == (other.input is None):
                    self._pair(name, others[0])
        self._buckets(
            {name: self.old.signatures[name] for name in self.old.nodes if self.old.nodes[name].input is not None},
            {name: self.new.signatures[name] for name in self.new.nodes if self.new.nodes[name].input is not None},
        )

    def _buckets(self, old: Mapping[str, Hashable], new: Mapping[str, Hashable]) -> None:
        """Pair what is left and has the same key, in the order of the files."""
        waiting: dict[Hashable, deque[str]] = defaultdict(deque)
        for name, key in old.items():
            if name not in self.pairs:
                waiting[key].append(name)
        for name, key in new.items():
            if name not in self.back and waiting.get(key):
                self._pair(waiting[key].popleft(), name)

    def _by_history(self) -> None:
        """Pair what computes the same of the same."""
        tokens: dict[Hashable, int] = {}

        def histories(side: _Side, pairs: Mapping[str, str], of_old: bool) -> dict[str, Hashable]:
            found: dict[str, Hashable] = {}
            for name, node in side.nodes.items():
                key: Hashable
                if name in pairs:
                    key = ("pair", name if of_old else pairs[name])
                else:
                    sources = tuple((*place, edge.index, edge.inside, found[edge.source])
                                    for edge, place in ways_in(node) if edge.source in found)  # fmt: skip
                    key = (side.signatures[name], sources)
                found[name] = tokens.setdefault(key, len(tokens))  # a number: keys would grow with depth
            return found

        self._buckets(histories(self.old, self.pairs, True), histories(self.new, self.back, False))

    def _by_use(self) -> None:
        """Pair what says the same and is used for the same, down to the outputs."""
        tokens: dict[Hashable, int] = {}

        def uses(side: _Side, pairs: Mapping[str, str], of_old: bool) -> dict[str, Hashable]:
            found: dict[str, Hashable] = {}
            for name in reversed(list(side.nodes)):
                key: Hashable
                if name in pairs:
                    key = ("pair", name if of_old else pairs[name])
                else:
                    users = sorted(
                        (str(place), str(found[user])) for user, place in side.consumers[name] if user in found
                    )
                    key = (side.signatures[name], tuple(users), len(side.ends[name]))
                found[name] = tokens.setdefault(key, len(tokens))
            return found

        self._buckets(uses(self.old, self.pairs, True), uses(self.new, self.back, False))

    def _by_instance(self) -> None:
        """Pair what has the same name in an instance of a block in which layers of its type are called as before."""
        inside = [
            {name: (name.rpartition(".")[0], side.signatures[name][0]) for name in side.nodes if "." in name}
            for side in (self.old, self.new)
        ]
        called: list[dict[tuple[str, str], set[str]]] = [{}, {}]
        for names, found in zip(inside, called, strict=True):
            for name, key in names.items():
                found.setdefault(key, set()).add(name)
        for name, key in inside[0].items():
            if called[0][key] == called[1].get(key) and self._may(name, name, 1):
                self._pair(name, name)

    def _around(self, *, strict: bool) -> None:
        """Pair neighbours of pairs, on and on: those that say the same, or (not ``strict``) are of the same type."""
        width = 2 if strict else 1
        waiting = deque(self.pairs.items())
        while waiting:
            old, new = waiting.popleft()
            theirs = {place: edge for edge, place in ways_in(self.new.nodes[new])}
            for edge, place in ways_in(self.old.nodes[old]):
                other = theirs.get(place)
                if other is not None and self._may(edge.source, other.source, width):
                    self._pair(edge.source, other.source)
                    waiting.append((edge.source, other.source))
            users: dict[Hashable, deque[str]] = defaultdict(deque)
            for user, way in self.new.consumers[new]:
                if user not in self.back:
                    users[(way, self.new.signatures[user][:width])].append(user)
            for user, way in self.old.consumers[old]:
                here = users.get((way, self.old.signatures[user][:width]))
                while user not in self.pairs and here:
                    found = here.popleft()
                    if self._may(user, found, width):
                        self._pair(user, found)
                        waiting.append((user, found))

    def _may(self, old: str, new: str, width: int) -> bool:
        if old in self.pairs or new in self.back:
            return False
        one, other = self.old.signatures[old], self.new.signatures[new]
        return one[:width] == other[:width] and one[0] not in ("?", "input")

    def _elsewhere(self) -> None:
        """Pair what says the same and can be told apart from the many that do: it has a name, or arguments."""
        self._buckets(self._tellable(self.old, self.pairs), self._tellable(self.new, self.back))

    @staticmethod
    def _tellable(side: _Side, pairs: Mapping[str, str]) -> dict[str, Hashable]:
        return {
            name: side.signatures[name]
            for name, node in side.nodes.items()
            if name not in pairs and node.layer is not None and (name in side.named or arguments(node.layer))
        }
