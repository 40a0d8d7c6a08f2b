"""Remedies for sizes: nothing is left of a tensor, it has too many or too few values, or its size is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import gcd
from typing import Final

from .edits import Edit, before, input_shape, numbers, other_type, set_arguments, taken_away
from .remedies import Case, Remedy
from .remedies_of_merging import WIDTHS, cutting, maker
from .sizes import known, product, words

MANY: Final = 5
"""Layers that one edit may change: more cannot be read in a line."""

CHANNELS: Final = frozenset({1, 3, 4})
"""Numbers of channels that pictures have."""


def channels_in_front(case: Case) -> Iterator[Edit | None]:
    """Pictures whose channels stand first, as PyTorch has them."""
    for edge in case.edges[:1]:
        way = list(case.trail(edge))
        if not way or way[-1][0].input is None:
            return
        source, shape = way[-1]
        sizes = numbers(shape[1:])
        if sizes is None or len(sizes) != 3 or sizes[0] not in CHANNELS or min(sizes[1:]) <= 4:
            return
        first = way[-2][0] if len(way) > 1 else case.node
        if len(first.edges) == 1:
            dims = {"dims": [2, 3, 1]}
            edit = before(case.run.graph, first, first.edges[0], "Permute", dims, "turned")
            if edit is not None:
                words = f"{edit.text}: the {sizes[0]} channels stand first, where Keras wants them last"
                yield replace(edit, text=words, place=source.pointer, label="the channels stand first")


def padded_here(case: Case) -> Iterator[Edit | None]:
    """The window may reach over the border."""
    if case.node.layer is not None and case.node.layer.arguments.get("padding") == "valid":
        yield set_arguments([case.node], padding="same")


def padded_from_here(case: Case) -> Iterator[Edit | None]:
    """This window and those behind it may reach over the border; then also those before."""
    if case.node.layer is None or case.node.layer.arguments.get("padding") != "valid":
        return
    behind, reached = [case.node], {case.node.name}
    for node in case.run.graph.nodes.values():
        if len(behind) > MANY:
            return
        if node.shared is None and node.layer is not None and not reached.isdisjoint(e.source for e in node.edges):
            reached.add(node.name)
            window = node.layer.arguments.get("kernel_size")
            if node.layer.arguments.get("padding") == "valid" and isinstance(window, tuple) and max(window) > 1:
                behind.append(node)
    if len(behind) > 1:
        yield set_arguments(behind, padding="same")
    every = [*(node for edge in case.edges[:1] for node in cutting(case, edge)), *behind]
    if len(behind) < len(every) <= MANY:
        yield set_arguments(every, padding="same")


def padded_before(case: Case) -> Iterator[Edit | None]:
    """Layers before this one cut the borders off."""
    for edge in case.edges[:1]:
        own = cutting(case, edge)
        if own:
            yield set_arguments(own, padding="same")


def smaller_window(case: Case) -> Iterator[Edit | None]:
    """The largest window that fits; the smallest rest that cropping may leave."""
    layer = case.node.layer
    if layer is None or not case.shapes:
        return
    sizes = numbers(case.shapes[0][1:-1])
    if sizes and case.error.argument == "cropping" and max(sizes) > 2:
        cut = [(size - 1) // 4 for size in sizes]
        yield set_arguments([case.node], cropping=cut[0] if len(set(cut)) == 1 else cut)
    for name in ("kernel_size", "pool_size"):
        window = layer.arguments.get(name)
        if sizes and isinstance(window, tuple) and len(window) == len(sizes):
            fitting = [min(a, b) for a, b in zip(window, sizes, strict=True)]
            if min(fitting) > 0 and max(fitting) > 1:
                yield set_arguments([case.node], **{name: fitting[0] if len(set(fitting)) == 1 else fitting})


def one_pooling_less(case: Case) -> Iterator[Edit | None]:
    """This pooling layer is one too many, or the one nearest before."""
    if "pool_size" in (case.node.layer.arguments if case.node.layer is not None else ()):
        yield taken_away(case.run.graph, case.node)
        return
    for edge in case.edges[:1]:
        for node, _ in case.trail(edge):
            if node.layer is not None and "pool_size" in node.layer.arguments:
                yield taken_away(case.run.graph, node)
                return


def larger_input(case: Case) -> Iterator[Edit | None]:
    """Larger pictures, where they are made to a size anyway."""
    for edge in case.edges[:1]:
        for node, _ in case.trail(edge):
            shape = node.input.shape if node.input is not None else None
            if shape is None or len(shape) < 2:
                continue
            *space, channels = shape
            whole = [size for size in space if isinstance(size, int)]
            if len(whole) != len(space):
                return
            for factor in (1.25, 1.5, 2, 3, 4):
                larger = [-(-int(size * factor) // 4) * 4 for size in whole]
                yield input_shape(node, [*larger, channels], " if the data can be had larger")


def pooled_instead_of_flattened(case: Case) -> Iterator[Edit | None]:
    """A `Flatten` of a size that is not known: the mean over the places is as long for any size."""
    for edge in case.edges[:1]:
        for node, _ in case.trail(edge):
            if node.layer is None:
                return
            if node.layer.record.name == "Flatten":
                given = case.run.tensor(node.edges[0])
                if given is not None and 3 <= given.rank <= 5:
                    yield other_type(node, f"GlobalAveragePooling{given.rank - 2}D", {})
                return


def number_for_the_word(case: Case) -> Iterator[Edit | None]:
    """A number in the input's shape, where the size that must be known is a word there."""
    if not case.shapes:
        return
    asked = {word for size in case.shapes[0][1:] if not known(size) for word in words(size)}
    for edge in case.edges[:1]:
        for node, _ in case.trail(edge):
            shape = node.input.shape if node.input is not None else None
            if shape is None or not any(size in asked for size in shape):
                continue
            usual = 224 if len(shape) == 3 else 100
            sizes = [usual if size in asked else size for size in shape]
            named = " and ".join(f"`{size}`" for size in dict.fromkeys(shape) if size in asked)
            yield input_shape(node, sizes, f" with the size that your data have for {named}")


def rest_computed(case: Case) -> Iterator[Edit | None]:
    """`Reshape` to another number of values: one size is computed, or the layer before makes as many."""
    layer = case.node.layer
    if case.kind != "Reshape" or layer is None or not case.shapes:
        return
    target = list(layer["target_shape"])
    elements = product(case.shapes[0][1:])
    wanted = product(size for size in target if size != -1)
    if -1 not in target and len(case.shapes[0]) == 2 and known(wanted):
        node = maker(case, case.edges[0])
        if node is not None and node.layer is not None and "units" in node.layer.arguments:
            yield set_arguments([node], units=wanted)
    batch = [*target[1:]]
    if known(elements) and len(target) > 1 and -1 not in batch and product(batch) == elements:
        yield set_arguments([case.node], target_shape=batch)
    for index in [*range(1, len(target)), 0] if -1 not in target else []:
        yield set_arguments([case.node], target_shape=[*target[:index], -1, *target[index + 1 :]])


def fitting_argument(case: Case) -> Iterator[Edit | None]:
    """An axis that there is not, or groups that do not divide the channels."""
    layer, name = case.node.layer, case.error.argument
    if layer is None or not case.shapes:
        return
    if name in ("axis", "axes"):
        yield set_arguments([case.node], **{name: -1})
    channels = case.shapes[0][-1]
    if name == "groups" and known(channels) and isinstance(layer["groups"], int):
        yield set_arguments([case.node], groups=gcd(layer["groups"], channels))
        for node in (maker(case, case.edges[0]),):
            if node is not None and node.layer is not None:
                width = next(one for one in WIDTHS if one in node.layer.arguments)
                yield set_arguments([node], **{width: -(-channels // layer["groups"]) * layer["groups"]})


SIZE: Final = (
    Remedy("E303", channels_in_front, decisive=True),
    Remedy("E303", padded_here),
    Remedy("E303", padded_from_here, most=1),
    Remedy("E303", one_pooling_less),
    Remedy("E303", smaller_window),
    Remedy("E303", padded_before),
    Remedy("E303", larger_input, most=1),
    Remedy("E305", pooled_instead_of_flattened),
    Remedy("E305", number_for_the_word),
    Remedy("E306", rest_computed),
    Remedy("E307", fitting_argument),
)
"""The likeliest first; each edit is tried before it is offered."""
