"""From Graph to findings about what nothing uses: entries that reach no output, inputs that feed nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..spec.finding import Finding
from ..spec.spec import Input
from ..spec.words import listed
from .graph import Graph, Node


def unused(graph: Graph) -> Iterator[Finding]:
    """Which entries reach no output, the ends of such branches alone, and which inputs feed nothing."""
    unnamed = {entry.name for entry in graph.spec.entries if not entry.named}
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
            yield _idle_input(node.input)
        else:
            yield _idle(graph, node, node.name not in unnamed)


def _idle_input(one: Input) -> Finding:
    return Finding(
        "W201",
        f"no layer uses the input `{one.name}`",
        one.pointer,
        "key",
        help=f'use it, `inputs = "{one.name}"`, or take it away',
    )


def _idle(graph: Graph, node: Node, named: bool) -> Finding:
    outputs = listed(graph.outputs)
    head: Iterable[str | int] = ("name",) if named else ("type",) if node.shared is None else ("reuse",)
    path = _branch(graph, node.name)
    way = f"; the branch is {' → '.join(path)}" if len(path) > 2 else ""
    ref = node.name if named else "NAME"
    naming = "" if named else "name it and "
    return Finding(
        "E205",
        f"nothing uses {'`' + node.name + '`' if named else 'this ' + _kind(node)}: it reaches no output "
        f"(the {'output is' if len(graph.outputs) == 1 else 'outputs are'} {outputs}){way}",
        (*node.pointer, *head),
        help=f'{naming}use it in `inputs` of a later entry, list it, `outputs = [..., "{ref}"]`, or take it away',
    )


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
