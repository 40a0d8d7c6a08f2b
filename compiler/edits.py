"""The noun Edit: one change of a graph, as words that say what to write, and as the nodes that would stand there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..spec.document import Pointer
from ..spec.values import fits
from .catalogue import find
from .catalogue.objects import arguments_of, instantiate
from .catalogue.record import ArgumentError, Object, Record
from .graph import Edge, Graph, Node
from .sizes import Size, known


@dataclass(frozen=True, slots=True)
class Edit:
    """What to write, and what the graph would then be.

    ``nodes`` are put in the place of those of the same name, or come in anew, in this order; ``gone`` is one that
    is taken away. ``place`` is where in the spec the change is made and ``label`` what is said there, where that is
    not the entry that is being mended.
    """

    text: str
    nodes: tuple[Node, ...]
    place: Pointer | None = None
    label: str = ""
    gone: str | None = None

    def saying(self, text: str) -> Edit:
        """The same edit in other words."""
        return replace(self, text=text)


def toml(value: Any) -> str:
    """A value as a spec writes it: ``[3, 3]``, ``true``, ``"same"``."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {toml(item)}' for key, item in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def table(kind: str, arguments: Mapping[str, Any], *, name: str | None = None, inputs: str | None = None) -> str:
    """A layer entry as a spec writes it."""
    keys: dict[str, Any] = {"name": name} if name else {}
    keys |= {"type": kind, **arguments}
    return toml(keys | ({"inputs": inputs} if inputs else {}))


def changed(layer: Object, arguments: Mapping[str, Any]) -> Object | None:
    """A layer with other arguments, or None where they contradict each other."""
    if not _possible(layer.record, arguments):
        return None
    new = instantiate(layer.record, arguments).written
    found = Object(layer.record, {**layer.written, **new}, {**layer.arguments, **new})
    return found if _agrees(found) else None


def layer_of(kind: str, arguments: Mapping[str, Any]) -> Object | None:
    """A new layer, or None where its arguments contradict each other."""
    record = find("layers", kind)
    assert record is not None, kind
    if not _possible(record, arguments):
        return None
    found = instantiate(record, arguments)
    return found if _agrees(found) else None


def _possible(record: Record, arguments: Mapping[str, Any]) -> bool:
    """Whether a spec may say so: what is advised must not be the next mistake."""
    known = arguments_of(record)
    return all(
        name in known and (known[name].kind.family is not None or fits(known[name].kind.schema, _listed(value)))
        for name, value in arguments.items()
    )


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple | list) else value


def _agrees(layer: Object) -> bool:
    if layer.record.check is None:
        return True
    try:
        layer.record.check(layer.arguments)
    except ArgumentError:
        return False
    return True


def set_arguments(nodes: Iterable[Node], **arguments: Any) -> Edit | None:
    """Other arguments for one layer, or the same ones for several."""
    new: list[Node] = []
    every = tuple(nodes)
    for node in every:
        assert node.layer is not None
        layer = changed(node.layer, arguments)
        if layer is None:
            return None
        new.append(replace(node, layer=layer))
    words = " and ".join(f"`{name} = {toml(value)}`" for name, value in arguments.items())
    names = [f"`{node.name}`" for node in every]
    where = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return Edit(f"write {words} in {where}", tuple(new), (*every[-1].pointer, "type"), f"write {words} here")


def other_type(node: Node, kind: str, arguments: Mapping[str, Any]) -> Edit | None:
    """Another layer in the place of one."""
    assert node.layer is not None
    layer = layer_of(kind, arguments)
    if layer is None:
        return None
    words = f'`type = "{kind}"`'
    return Edit(
        f"write {words} in `{node.name}` instead of `{node.layer.record.name}`",
        (replace(node, layer=layer),),
        (*node.pointer, "type"),
        f"write {words} here",
    )


def before(graph: Graph, node: Node, edge: Edge, kind: str, arguments: Mapping[str, Any], word: str) -> Edit | None:
    """A layer more on the way from an edge's source to a node; ``word`` names it where a name is needed."""
    layer = layer_of(kind, arguments)
    if layer is None:
        return None
    name = f"{edge.source}_{word}"
    while name in graph.nodes:
        name += "_"
    port = layer.record.ports[0].name
    fresh = Node(name, node.pointer, layer=layer, ports={port: (edge,)})
    ports = {
        key: tuple(
            one
            if one is None or (one.source, one.index) != (edge.source, edge.index)
            else replace(one, source=name, index=0)
            for one in edges
        )
        for key, edges in node.ports.items()
    }
    mended = replace(node, ports=ports)
    if _follows(graph, node, edge):
        text = f"put `{table(kind, arguments)}` before `{node.name}`"
    else:
        source = edge.reference
        entry = table(kind, arguments, name=name, inputs=source)
        text = f"put `{entry}` before `{node.name}` and use `{name}` there instead of `{source}`"
    return Edit(text, (fresh, mended))


def _follows(graph: Graph, node: Node, edge: Edge) -> bool:
    """Whether a node takes the entry that stands before it, without saying so."""
    entry = next((one for one in graph.spec.entries if one.pointer == node.pointer), None)
    if entry is None or edge.index:
        return False
    expansion = graph.spec.document.expansion
    if entry.inputs is not None and expansion is not None:  # in a block the first entry may say nothing, too
        return expansion.source(edge.pointer) == expansion.source(entry.pointer)
    return entry.inputs is None


def taken_away(graph: Graph, node: Node) -> Edit | None:
    """The graph without one layer: what stood behind it takes what the layer took."""
    edges = node.edges
    if len(edges) != 1 or any(edge.source == node.name for edge in graph.ends):
        return None
    nodes: list[Node] = []
    for other in graph.nodes.values():
        if any(edge.source == node.name for edge in other.edges):
            ports = {
                key: tuple(
                    replace(one, source=edges[0].source, index=edges[0].index)
                    if one is not None and one.source == node.name
                    else one
                    for one in ones
                )
                for key, ones in other.ports.items()
            }
            nodes.append(replace(other, ports=ports))
        if other.shared == node.name:
            return None
    if not nodes:
        return None
    words = f"take `{node.name}` away"
    return Edit(words, tuple(nodes), (*node.pointer, "type"), "take this layer away", gone=node.name)


def input_shape(node: Node, shape: Sequence[int | str], why: str = "") -> Edit:
    """Another shape for an input."""
    assert node.input is not None
    sizes = tuple(shape)
    new = replace(node, input=replace(node.input, shape=sizes))
    words = f"`inputs.{node.name}.shape = {toml(sizes)}`"
    return Edit(f"write {words}{why}", (new,), node.pointer, f"write {toml(sizes)} for its shape")


def input_dtype(node: Node, dtype: str) -> Edit:
    """Another dtype for an input."""
    assert node.input is not None
    new = replace(node, input=replace(node.input, dtype=dtype))
    return Edit(f'write `inputs.{node.name}.dtype = "{dtype}"`', (new,), node.pointer, f'write "{dtype}" for its dtype')


def numbers(sizes: Sequence[Size]) -> tuple[int, ...] | None:
    """The sizes as numbers, or None where one is not known."""
    found = tuple(size for size in sizes if known(size))
    return found if len(found) == len(sizes) else None
