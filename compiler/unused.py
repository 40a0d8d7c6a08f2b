"""From Graph to findings about what nothing uses: entries that reach no output, inputs that feed nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..spec.finding import Finding
from ..spec.spec import Input
from ..spec.words import listed
from .graph import Graph, Node

if TYPE_CHECKING:
    from ..spec.origins import Frame


def unused(graph: Graph) -> Iterator[Finding]:
    """Which entries reach no output or loss term, the ends of such branches alone, and which inputs feed nothing."""
    unnamed = {entry.name for entry in graph.spec.entries if not entry.named}
    reached = {edge.source for edge in graph.ends}
    feeding: set[str] = set()
    for node in reversed(tuple(graph.nodes.values())):  # every node stands behind its sources
        feeding.update(edge.source for edge in node.edges)
        if node.name in reached:
            reached.update(edge.source for edge in node.edges)
    alive = {one.name for name in reached for one in _frames(graph, graph.nodes[name])}
    called = {name for node in graph.nodes.values() if node.name in reached for name in _blocks(graph, node)}
    for node in graph.nodes.values():
        if node.name in reached or node.name in feeding:
            continue
        if node.shared in reached and called.intersection(_blocks(graph, node)):
            continue  # a block called again, of which something else is used this time
        if node.input is not None:
            yield _idle_input(node.input)
        else:
            yield _idle_instance(graph, node, alive) or _idle(graph, node, node.name not in unnamed)


def _frames(graph: Graph, node: Node) -> tuple[Frame, ...]:
    """The instances in which a node stands, innermost first."""
    expansion = graph.spec.document.expansion
    frame = expansion.frame(node.pointer) if expansion is not None and node.input is None else None
    return tuple(frame.chain()) if frame is not None else ()


def _blocks(graph: Graph, node: Node) -> Iterator[str]:
    """The instances of blocks in which a node stands."""
    return (one.name for one in _frames(graph, node) if one.block is not None)


def _idle_input(one: Input) -> Finding:
    return Finding(
        "W201",
        f"no layer uses the input `{one.name}`",
        one.pointer,
        "key",
        help=f'use it, `inputs = "{one.name}"`, or take it away',
    )


def _idle_instance(graph: Graph, node: Node, alive: set[str]) -> Finding | None:
    """The same of the outermost instance of a block of which nothing is used; None where there is none."""
    frame = next((one for one in reversed(_frames(graph, node)) if one.name not in alive and one.block), None)
    expansion = graph.spec.document.expansion
    if frame is None or expansion is None:
        return None
    at = frame.pointer[:-1]
    entry: Any = expansion.written.data
    for key in at:
        entry = entry[key]
    name = frame.name
    if "repeat" in entry or "each" in entry:
        every = name.rpartition(".")[0]
        if not any(one.startswith(f"{every}.") for one in alive):
            name = every
    outer = next((one for one in frame.chain() if one is not frame and one.block), None)
    inner = name if outer is None else name.removeprefix(f"{outer.name}.")
    named = "name" in entry
    what = f"`{name}`" if named else f"this instance of the block `{frame.block}`"
    return Finding(
        "E205",
        f"nothing uses {what}: it reaches no output ({_outputs(graph)})",
        node.pointer,
        help=_way(inner if named else None, outer),
        place=expansion.written.place((*at, "name" if named else "block")),
    )


def _outputs(graph: Graph) -> str:
    return f"the {'output is' if len(graph.outputs) == 1 else 'outputs are'} {listed(graph.outputs)}"


def _output(graph: Graph, node: Node, frame: Frame | None) -> str | None:
    """How an entry is called from outside of its block, if it is one of the outputs of that."""
    expansion = graph.spec.document.expansion
    if frame is None or expansion is None:
        return None
    block = expansion.written.data["blocks"][frame.block]
    outer = next((one for one in frame.chain() if one is not frame and one.block), None)
    name = frame.name.removeprefix(f"{outer.name}.") if outer is not None else frame.name
    own = node.name.removeprefix(f"{frame.name}.")
    outputs = block.get("outputs")
    if isinstance(outputs, dict):
        return next((f"the output `{key}` of `{name}`" for key, text in outputs.items() if text == own), None)
    if isinstance(outputs, list):
        return f"the output [{outputs.index(own)}] of `{name}`" if own in outputs else None
    is_last = expansion.source(node.pointer) == ("blocks", frame.block, "layers", len(block["layers"]) - 1)
    return f"what `{name}` gives" if outputs == own or (outputs is None and is_last) else None


def _way(name: str | None, block: Frame | None, output: str | None = None) -> str:
    """What to do about an entry that nothing uses, in the names that hold where it stands."""
    naming = "" if name else "name it and "
    if output is not None:
        return f"use {output} where the block stands, or take it away"
    if block is not None:
        return f"{naming}use it in `inputs` of a later entry of the block `{block.block}`, or take it away"
    listing = f'list it, `outputs = [..., "{name or "NAME"}"]`'
    return f"{naming}use it in `inputs` of a later entry, {listing}, or take it away"


def _idle(graph: Graph, node: Node, named: bool) -> Finding:
    head: Iterable[str | int] = ("name",) if named else ("type",) if node.shared is None else ("reuse",)
    path = _branch(graph, node.name)
    way = f"; the branch is {' → '.join(path)}" if len(path) > 2 else ""
    block = next((one for one in _frames(graph, node) if one.block), None)
    return Finding(
        "E205",
        f"nothing uses {'`' + node.name + '`' if named else 'this ' + _kind(node)}: it reaches no output "
        f"({_outputs(graph)}){way}",
        (*node.pointer, *head),
        help=_way(node.name if named else None, block, _output(graph, node, block)),
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
