"""Remedies for tensors that meet and do not fit together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from .edits import Edit, before, input_shape, numbers, set_arguments
from .graph import Edge, Node
from .remedies import Case, Remedy
from .sizes import known, same
from .tensor import Shape

ELEMENTWISE: Final = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
WIDTHS: Final = ("units", "filters", "output_dim")
"""Arguments that say how large the last axis of a layer's output is."""


def axis_of_concatenation(case: Case) -> Iterator[Edit | None]:
    """Tensors that differ along one axis only are set behind each other along that one."""
    if case.kind == "Concatenate" and len(case.differing) == 1:
        yield set_arguments([case.node], axis=case.differing[0])


def as_wide_as_the_other(case: Case) -> Iterator[Edit | None]:
    """The layer that made the last axis of one tensor makes it as large as the other's."""
    for edge, other in _both_ways(case):
        wanted, own = other[-1], _shape(case, edge)[-1]
        if not known(wanted) or same(wanted, own) is not False:
            continue
        node = maker(case, edge)
        if node is not None and node.layer is not None:
            name = next(one for one in WIDTHS if one in node.layer.arguments)
            yield set_arguments([node], **{name: wanted})


def maker(case: Case, edge: Edge) -> Node | None:
    """The layer that gave a tensor the size of its last axis."""
    size: Any = None
    for node, shape in case.trail(edge):
        if size is not None and (not shape or same(shape[-1], size) is not True):
            return None
        size = shape[-1]
        if node.layer is not None and any(name in node.layer.arguments for name in WIDTHS):
            return node
        if node.layer is not None and len(node.edges) > 1:
            return None
    return None


def _shape(case: Case, edge: Edge) -> Shape:
    tensor = case.run.tensor(edge)
    assert tensor is not None
    return tensor.shape


def _both_ways(case: Case) -> Iterator[tuple[Edge, Shape]]:
    """Each of two tensors with as many axes and the other's shape; the one that came through more layers first."""
    if len(case.edges) != 2 or len({len(shape) for shape in case.shapes}) != 1 or len(case.shapes) != 2:
        return
    ways = [(case.edges[0], case.shapes[1]), (case.edges[1], case.shapes[0])]
    lengths = [len(list(case.trail(edge))) for edge in case.edges]
    yield from ways if lengths[0] >= lengths[1] else ways[::-1]


def same_borders(case: Case) -> Iterator[Edit | None]:
    """Windows that leave the borders out made one way smaller: pad them."""
    if not over_space(case) or not one_source(case):
        return
    every: list[Node] = []
    for edge in case.edges:
        own = cutting(case, edge)
        every += [node for node in own if node not in every]
        if own:
            yield set_arguments(own, padding="same")
    if len(every) > 1:
        yield set_arguments(every, padding="same")


def cutting(case: Case, edge: Edge) -> list[Node]:
    """The layers on the way of a tensor whose windows leave the borders out and make it smaller, the first first."""
    found: list[Node] = []
    way = list(case.trail(edge))
    for (node, shape), (_, earlier) in itertools.pairwise(way):
        if node.layer is None or node.layer.arguments.get("padding") != "valid" or shape == earlier:
            continue
        window = node.layer.arguments.get("kernel_size", ())
        if isinstance(window, tuple) and any(size > 1 for size in window) and not _grows(shape, earlier):
            found.insert(0, node)
    return found


def _grows(shape: Shape, earlier: Shape) -> bool:
    return any(known(a) and known(b) and a > b for a, b in zip(shape[1:-1], earlier[1:-1], strict=False))


def over_space(case: Case) -> bool:
    """Whether the tensors differ along another axis than that of their channels."""
    return any(axis < len(case.shapes[0]) - 1 for axis in case.differing)


def one_source(case: Case) -> bool:
    """Whether both tensors were made of one input: two ways that should come out alike."""
    ends = {node.name for edge in case.edges for node, _ in list(case.trail(edge))[-1:]}
    return len(ends) == 1


def residual(case: Case) -> bool:
    """Whether one tensor was made of the other: a shortcut around some layers."""
    names = [{node.name for node, _ in case.trail(edge)} for edge in case.edges]
    return len(names) == 2 and (case.edges[0].source in names[1] or case.edges[1].source in names[0])


def query_of_attention(case: Case) -> Iterator[Edit | None]:
    """What attention gives is as long as its query: that is what a shortcut around it takes."""
    if len(case.edges) != 2 or case.kind != "Add":
        return
    for edge, other in (case.edges, case.edges[::-1]):
        node = case.run.graph.nodes[edge.source]
        query = next(iter(node.ports.get("query", ())), None)
        if query is not None and query.source != other.source:
            ports = {
                key: tuple(
                    replace(query, pointer=one.pointer) if one is not None and one.source == other.source else one
                    for one in ones
                )
                for key, ones in case.node.ports.items()
            }
            words = f"use `{query.source}`, the query of `{node.name}`, here instead of `{other.source}`"
            yield Edit(words, (replace(case.node, ports=ports),))


def shortcut(case: Case) -> Iterator[Edit | None]:
    """As ``projected``, around layers that make another number of channels or fewer places."""
    if residual(case):
        yield from _projected(case)


def projected(case: Case) -> Iterator[Edit | None]:
    """As ``_projected``, where two ways run beside each other."""
    if not residual(case):
        yield from _projected(case)


def _projected(case: Case) -> Iterator[Edit | None]:
    """The shortcut of a residual block: a convolution of size 1, with the strides of the other way."""
    if case.kind not in ELEMENTWISE or not case.differing:
        return
    for edge, wanted in reversed(list(_both_ways(case))):
        own = _shape(case, edge)
        rank = len(own) - 2
        mine, others = numbers(own[1:]), numbers(wanted[1:])
        if mine is None or others is None:
            continue
        arguments: dict[str, Any] = {}
        if 1 <= rank <= 3:
            kind = f"Conv{rank}D"
            arguments = {"filters": others[-1], "kernel_size": 1}
            strides = {max(1, round(a / b)) for a, b in zip(mine[:-1], others[:-1], strict=True)}
            if len(strides) == 1 and strides != {1}:
                arguments |= {"strides": strides.pop(), "padding": "same"}
        elif rank == 0:
            kind, arguments = "Dense", {"units": others[-1]}
        else:
            continue
        yield before(case.run.graph, case.node, edge, kind, arguments, "shortcut")


def same_strides(case: Case) -> Iterator[Edit | None]:
    """One way goes in larger steps than the other: let it go step by step."""
    if not over_space(case):
        return
    for edge in case.edges:
        for node, _ in case.trail(edge):
            arguments = node.layer.arguments if node.layer is not None else {}
            strides = arguments.get("strides")
            if isinstance(strides, tuple) and max(strides) > 1 and "kernel_size" in arguments:
                yield set_arguments([node], strides=1)


def pooled(case: Case) -> Iterator[Edit | None]:
    """Pooling brings the larger of two tensors to the size of the smaller."""
    for edge, wanted in _both_ways(case):
        own = _shape(case, edge)
        mine, others = numbers(own[1:-1]), numbers(wanted[1:-1])
        if not mine or not others or case.kind != "Concatenate" or len(mine) > 3:
            continue
        ratios = {a // b if a % b == 0 else 0 for a, b in zip(mine, others, strict=True)}
        if len(ratios) == 1 and min(ratios) > 1:
            arguments = {"pool_size": ratios.pop()}
            yield before(case.run.graph, case.node, edge, f"MaxPooling{len(mine)}D", arguments, "pooled")


def sizes_that_halve(case: Case) -> Iterator[Edit | None]:
    """A size that cannot be halved as often as the model does comes back smaller: take one that can."""
    if not over_space(case) or not one_source(case):
        return
    ways = [list(case.trail(edge)) for edge in case.edges]
    if not any(_grows(a[1], b[1]) for way in ways for a, b in itertools.pairwise(way) if a[0].layer):
        return
    for node, _ in case.trail(case.edges[0]):
        if node.input is None or node.input.shape is None or len(node.input.shape) < 2:
            continue
        *space, channels = node.input.shape
        whole = [size for size in space if isinstance(size, int)]
        if len(whole) != len(space):
            return
        for step in (2, 4, 8, 16, 32):
            larger = [-(-size // step) * step for size in whole]
            if larger != whole:
                why = f" (multiples of {step}, which can be halved and doubled again without a rest)"
                yield input_shape(node, [*larger, channels], why)


def cropped_or_padded(case: Case) -> Iterator[Edit | None]:
    """One way is a few places shorter: fill it up, or cut the other."""
    if len(case.shapes) != 2 or len(case.shapes[0]) not in (3, 4, 5) or not over_space(case) or not one_source(case):
        return
    rank = len(case.shapes[0]) - 2
    found: list[tuple[bool, Edit | None]] = []
    for edge, wanted in _both_ways(case):
        own = _shape(case, edge)
        mine, others = numbers(own[1:-1]), numbers(wanted[1:-1])
        if mine is None or others is None or max(abs(a - b) for a, b in zip(mine, others, strict=True)) > 8:
            continue
        more = [b - a for a, b in zip(mine, others, strict=True)]
        if min(more) >= 0:
            ends = [[0, one] if one < 2 else [one // 2, one - one // 2] for one in more]
            value: Any = ends if rank > 1 else ends[0]
            edit = before(case.run.graph, case.node, edge, f"ZeroPadding{rank}D", {"padding": value}, "padded")
            found.append((max(more) > 1, edit))
        elif max(more) <= 0:
            ends = [[0, -one] if one > -2 else [-one // 2, -one - (-one // 2)] for one in more]
            value = ends if rank > 1 else ends[0]
            edit = before(case.run.graph, case.node, edge, f"Cropping{rank}D", {"cropping": value}, "cropped")
            found.append((min(more) == -1, edit))
    yield from (edit for _, edit in sorted(found, key=lambda one: one[0]))


def as_many_axes(case: Case) -> Iterator[Edit | None]:
    """One tensor is a picture or a sequence, the other a row of numbers: make a row of both."""
    if len(case.shapes) != 2 or len(case.shapes[0]) == len(case.shapes[1]):
        return
    larger = max((0, 1), key=lambda index: len(case.shapes[index]))
    rank = len(case.shapes[larger])
    if len(case.shapes[1 - larger]) == 2 and 3 <= rank <= 5:
        for kind, word in ((f"GlobalAveragePooling{rank - 2}D", "mean"), ("Flatten", "flat")):
            yield before(case.run.graph, case.node, case.edges[larger], kind, {}, word)
    steps = case.shapes[larger][1]
    if rank == 3 and len(case.shapes[1 - larger]) == 2 and known(steps):
        yield before(case.run.graph, case.node, case.edges[1 - larger], "RepeatVector", {"n": steps}, "repeated")


def features_alike(case: Case) -> Iterator[Edit | None]:
    """Attention and products compare feature by feature: a `Dense` brings them to one number."""
    if case.kind in ELEMENTWISE or case.kind == "Concatenate":
        return
    for edge, wanted in reversed(list(_both_ways(case))):
        if known(wanted[-1]):
            yield before(case.run.graph, case.node, edge, "Dense", {"units": wanted[-1]}, "projected")


def states_alike(case: Case) -> Iterator[Edit | None]:
    """The states that one recurrent layer hands to another have the size of its own."""
    layer = case.node.layer
    if case.error.port not in ("initial_state", "states") or layer is None or not case.shapes:
        return
    wanted = case.shapes[-1][-1]
    if "units" in layer.arguments and known(wanted):
        yield set_arguments([case.node], units=wanted)
        for edge in case.edges[:1]:
            node = case.run.graph.nodes[edge.source]
            if node.layer is not None and "units" in node.layer.arguments:
                yield set_arguments([node], units=layer["units"])


MERGING: Final = (
    Remedy("E302", axis_of_concatenation, decisive=True),
    Remedy("E302", states_alike),
    Remedy("E302", features_alike),
    Remedy("E302", query_of_attention, decisive=True),
    Remedy("E302", shortcut, most=1),
    Remedy("E302", as_wide_as_the_other),
    Remedy("E302", same_borders, most=1),
    Remedy("E302", projected, most=1),
    Remedy("E302", same_strides),
    Remedy("E302", pooled),
    Remedy("E302", sizes_that_halve, most=1),
    Remedy("E302", cropped_or_padded, most=1),
    Remedy("E302", as_many_axes),
)
"""The likeliest first; each edit is tried before it is offered."""
