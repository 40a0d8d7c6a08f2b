"""From a TypedGraph and a Format to findings: what of a network the format has no means for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...compiler.catalogue.record import Object
from ...compiler.graph import Node, TypedGraph
from ...spec.finding import Finding
from ..preprocessing import STATE, learns
from . import Format

CODE: Final = "E701"


def lacking(typed: TypedGraph, format: Format) -> Iterator[Finding]:
    """What is known beforehand, each at its entry."""
    way = f"export it as {format.instead}, which can"
    training = typed.graph.spec.training
    if training is not None and training.precision in format.precisions:
        message = f"{format.called} is written in float32 only, and this was trained in {training.precision}"
        yield Finding(CODE, message, (*training.pointer, "precision"), help=way)
    for node in typed.graph.nodes.values():
        if node.input is not None and node.input.dtype in format.dtypes and not _looked_up(typed, node, format):
            message = f"{format.called} takes no text, and `{node.name}` is text"
            yield Finding(CODE, message, node.pointer, "entry", help=f"{way}; or let a program look words up before")
        if node.layer is None or node.shared is not None:
            continue
        for layer in _all(node.layer):
            if layer.record.name in format.layers:
                message = f"{format.called} has no tables to look values up in, as {_called(node, layer)} does"
                yield Finding(CODE, message, node.pointer, "entry", help=way)
            elif not format.learned and STATE.get(layer.record.name) == "vocabulary" and learns(layer):
                message = f"the vocabulary that {_called(node, layer)} learned has no place in {format.called}"
                more = f"{way}; or state the `vocabulary` in the spec"
                yield Finding(CODE, message, node.pointer, "entry", help=more)


def _looked_up(typed: TypedGraph, node: Node, format: Format) -> bool:
    """Whether an input goes into such layers alone as are told of anyway."""
    takers = [one.layer for one in typed.graph.nodes.values() if any(edge.source == node.name for edge in one.edges)]
    return bool(takers) and all(one is not None and one.record.name in format.layers for one in takers)


def misfit(typed: TypedGraph, format: Format, message: str, traces: Sequence[str], help: str | None) -> Finding:
    """What a converter met; ``traces`` are the names that it told of, in which those of layers are looked for."""
    found = _traced(typed, traces)
    way = help or (f"export it as {format.instead}, which may" if format.instead else None)
    if not found:
        return Finding(CODE, f"{format.called} can't hold this: {message}", (), "entry", help=way)
    first, *others = found
    assert first.layer is not None
    more = f" (nor {', '.join(f'`{one.name}`' for one in others)})" if others else ""
    text = f"{format.called} can't hold {_called(first, first.layer)}{more}: {message}"
    return Finding(CODE, text, first.pointer, "entry", help=way)


def _called(node: Node, layer: Object) -> str:
    return f"`{node.name}` ({layer.record.name})"


def _traced(typed: TypedGraph, traces: Sequence[str]) -> list[Node]:
    """The layers whose names stand in names such as ``functional_1/lstm_1/while``, or whose class does."""
    layers = [node for node in typed.graph.nodes.values() if node.layer is not None and node.shared is None]
    parts = {part for trace in traces for part in trace.split("/")}
    bare = {re.sub(r"_\d+$", "", part) for part in parts}
    kinds = {one.replace("_", "").lower() for one in bare}
    return (
        [node for node in layers if node.name in parts]
        or [node for node in layers if node.name in bare]
        or [node for node in layers if _kind(node) in kinds]
    )


def _kind(node: Node) -> str:
    """A layer's class or an op's name as operations of TensorFlow are mostly called, in small letters."""
    assert node.layer is not None
    return node.layer.record.name.rpartition(".")[2].replace("_", "").lower()


def _all(value: Any) -> Iterator[Object]:
    """The layer of an entry and those that it is given, all the way in."""
    if isinstance(value, Object):
        if value.record.family == "layers":
            yield value
        value = list(value.written.values())
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _all(one)
