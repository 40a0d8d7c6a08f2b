"""From a reference into an application to the layer inside that it means."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..spec.finding import Finding
from ..spec.spec import Reference
from ..spec.words import closest
from .graph import Edge, Graph, Node


class Inside:
    """What is asked for of the layers inside a graph's applications, while it is being linked."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[str, ...]] = {}
        """The layers inside, by the node that owns the application, as far as anybody asked."""
        self.asked: dict[str, dict[str, int]] = {}
        """Those of which a tensor is asked for, and which output of the node that is."""

    def edge(self, reference: Reference, source: Node) -> Edge | Finding | None:
        """The edge of an application's output or of a layer inside; a Finding where there is none.

        None where the application itself is at fault, and that has been said.
        """
        assert source.layer is not None
        record = source.layer.record
        assert record.inside is not None
        name, *inner = reference.path
        if reference.index:
            text = ".".join(reference.path)
            return Finding(
                "E208",
                f"`{text}` has one output: there is no [{reference.index}]",
                reference.pointer,
                help=f'write "{text}"',
            )
        if not inner:
            return Edge(name, 0, reference.pointer)
        if not source.sound:
            return None
        root = source.shared or name
        if root not in self.names:
            self.names[root] = record.inside(source.layer.arguments)
        wanted = ".".join(inner)
        if wanted not in self.names[root]:
            near = closest(wanted, self.names[root])
            last = self.names[root][-1]
            return Finding(
                "E201",
                f"{record.name} has no layer `{wanted}` inside it",
                reference.pointer,
                help=f'did you mean "{name}.{near}"?' if near else f'the last of its layers is "{name}.{last}"',
            )
        asked = self.asked.setdefault(root, {})
        return Edge(name, asked.setdefault(wanted, len(asked) + 1), reference.pointer, wanted)

    def of(self, node: Node) -> tuple[str, ...]:
        """The layers inside a node of which tensors are asked for, in the order of its outputs."""
        return tuple(self.asked.get(node.shared or node.name, ()))


def lacking_inside(graph: Graph, node: Node, lacking: Collection[str]) -> Iterator[Finding]:
    """What is said of layers that an application has for other pictures, but not for those that it is given.

    Some networks scale the colours of pictures first, and leave that out where there are not three channels.
    """
    edges = [*(edge for other in graph.nodes.values() for edge in other.edges), *graph.ends]
    for edge in edges:
        if edge.source == node.name and edge.inside in lacking:
            yield Finding(
                "E201",
                f"for pictures like these `{node.name}` has no layer `{edge.inside}` inside it",
                edge.pointer,
                help="it stands there only for pictures of three channels; name the layer behind it",
            )
