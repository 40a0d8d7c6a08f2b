"""Remedies for tensors with the wrong number of axes, or of the wrong kind of values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from .catalogue import find
from .catalogue.objects import arguments_of
from .catalogue.record import Object
from .edits import Edit, before, changed, input_dtype, input_shape, other_type, set_arguments, taken_away, toml
from .graph import Node
from .remedies import Case, Remedy
from .sizes import known, same
from .tensor import FLOATS, INTEGERS

RECURRENT: Final = frozenset({"LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
FLATTENING: Final = re.compile(r"Flatten|Global(Average|Max)Pooling\dD")
OVER_SPACE: Final = re.compile(r"(.*)([123])D(Transpose)?")
OF_FILMS: Final = re.compile(r"ConvLSTM.*|TimeDistributed|.*3D(Transpose)?")
BATCHES: Final = frozenset({"none", "null", "n", "b", "batch", "batch_size", "batchsize", "bs"})
"""Words by which people mean the batch axis, in small letters."""
PER_AXIS: Final = frozenset({"kernel_size", "pool_size", "strides", "dilation_rate", "output_padding", "size"})


def all_steps(case: Case) -> Iterator[Edit | None]:
    """A recurrent layer before gave its last step only, or all steps where one is wanted."""
    for edge in case.edges:
        for node, _ in case.trail(edge):
            layer = node.layer
            if layer is None:
                break
            inner = layer.arguments.get("layer") if layer.record.name == "Bidirectional" else layer
            if isinstance(inner, Object) and inner.record.name in RECURRENT:
                yield _steps(node, inner, not inner["return_sequences"])
                break


def _steps(node: Node, inner: Object, every: bool) -> Edit | None:
    if inner is node.layer:
        if every:
            edit = set_arguments([node], return_sequences=True)
            return edit and edit.saying(f"{edit.text} (as it stands it gives its last step only)")
        edit = set_arguments([node], return_sequences=False)
        words = f"take `return_sequences = true` away from `{node.name}`"
        return edit and replace(edit, text=words, label="take `return_sequences = true` away here")
    assert node.layer is not None
    turned = changed(inner, {"return_sequences": every})
    if turned is None or node.layer.arguments.get("backward_layer") is not None:
        return None
    layer = Object(
        node.layer.record, {**node.layer.written, "layer": turned}, {**node.layer.arguments, "layer": turned}
    )
    words = "write `return_sequences = true` in" if every else "take `return_sequences = true` away from"
    why = " (as it stands it gives its last step only)" if every else ""
    return Edit(
        f"{words} the `layer` of `{node.name}`{why}",
        (replace(node, layer=layer),),
        (*node.pointer, "type"),
        f"{'write' if every else 'take away'} `return_sequences = true` in its `layer`",
    )


def words_as_vectors(case: Case) -> Iterator[Edit | None]:
    """Numbers of words go into a layer that wants a vector for each word."""
    x = case.tensors[0] if case.tensors else None
    if x is not None and x.rank == 2 and x.dtype in INTEGERS and case.kind != "Embedding":
        arguments = {"input_dim": 10000, "output_dim": 64}
        edit = before(case.run.graph, case.node, case.edges[0], "Embedding", arguments, "vectors")
        if edit is not None:
            hint = " (`input_dim`: the largest number in the data and one more)"
            yield edit.saying(edit.text + hint)


def source_input(case: Case) -> Node | None:
    """The input that a tensor comes from without a change of its shape."""
    if not case.edges or not case.shapes:
        return None
    for node, shape in case.trail(case.edges[0]):
        if shape != case.shapes[0]:
            return None
        if node.input is not None:
            return node
    return None


def shape_of_input(case: Case) -> Iterator[Edit | None]:
    """The channels are missing from an input's shape, or the batch axis stands in it."""
    node = source_input(case)
    if node is None or node.input is None or node.input.shape is None:
        return
    shape = node.input.shape
    if not shape:
        yield input_shape(node, [1])
        return
    if len(shape) > 1:
        yield input_shape(node, [*shape, 1], " (the 1 is the channel)")
        if OF_FILMS.fullmatch(case.kind):
            yield input_shape(node, ["time", *shape], " for pictures that follow each other")


def batch_in_shape(case: Case) -> Iterator[Edit | None]:
    """The batch axis stands in an input's shape."""
    node = source_input(case)
    if node is None or node.input is None or node.input.shape is None or len(node.input.shape) < 2:
        return
    first, *rest = node.input.shape
    edit = input_shape(node, rest)
    if isinstance(first, int):
        yield edit.saying(f"if {first} is the size of a batch, {edit.text} (the batch axis is never written)")
    elif first.casefold().strip("_") in BATCHES:
        yield edit.saying(f'{edit.text} without "{first}" (the batch axis is never written)')


def each_step(case: Case) -> Iterator[Edit | None]:
    """A layer for one picture is given several that follow each other: it is applied to each."""
    layer = case.node.layer
    if (
        layer is None
        or layer.record.family != "layers"
        or case.node.shared
        or len(layer.record.ports) > 1
        or not any(len(shape) > 3 for shape in case.shapes)
    ):
        return
    if any(not isinstance(value, int | float | str | tuple) for value in layer.written.values()):
        return
    written = {name: _plain(value) for name, value in layer.written.items()}
    inner = {"type": layer.record.name, **written}
    edit = other_type(case.node, "TimeDistributed", {"layer": inner})
    if edit is not None and edit.nodes[0].layer is not None:
        wrapped = f'`type = "TimeDistributed"` and `layer = {toml(inner)}`'
        yield edit.saying(f"to apply it to each of {case.shapes[0][1]} steps, write {wrapped} in `{case.node.name}`")


def _plain(value: Any) -> Any:
    """Sizes for each axis as one number where they are the same."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 and len(value) > 1 else value


def one_axis_more(case: Case) -> Iterator[Edit | None]:
    """An axis of size 1 at the end, or in front: grey pictures, series of one number."""
    sizes = _sizes(case)
    if sizes is None:
        return
    many = sizes[0] if len(sizes) == 1 else 0
    for target, why in (
        ([*sizes, 1], f" ({many} steps of one number)" if many > 0 else ""),
        ([1, *sizes], f" (one step of {many} numbers)" if many > 0 else ""),
    ):
        arguments = {"target_shape": target}
        edit = before(case.run.graph, case.node, case.edges[0], "Reshape", arguments, "reshaped")
        yield edit and edit.saying(edit.text + why)


def _sizes(case: Case) -> list[int] | None:
    """The sizes of the tensor in question without the batch; one that is not known is -1."""
    if not case.shapes:
        return None
    sizes = [size if known(size) else -1 for size in case.shapes[0][1:]]
    return sizes if sizes.count(-1) < 2 and sizes else None


def rows_as_steps(case: Case) -> Iterator[Edit | None]:
    """A picture goes into a layer for sequences: its rows become the steps."""
    sizes = _sizes(case)
    if sizes is None or len(sizes) != 3 or sizes.count(-1) == 1:
        return
    target = [sizes[0], sizes[1] * sizes[2]]
    edit = before(case.run.graph, case.node, case.edges[0], "Reshape", {"target_shape": target}, "rows")
    yield edit and edit.saying(f"{edit.text} (each of the {sizes[0]} rows becomes a step)")


def one_row(case: Case) -> Iterator[Edit | None]:
    """All axes become one where a layer wants one."""
    rank = len(case.shapes[0]) if case.shapes else 0
    if 3 <= rank <= 5:
        for kind, word in ((f"GlobalAveragePooling{rank - 2}D", "mean"), ("Flatten", "flat")):
            yield before(case.run.graph, case.node, case.edges[0], kind, {}, word)


def flattened_too_early(case: Case) -> Iterator[Edit | None]:
    """A `Flatten` or global pooling stands before a layer that wants the axes it took away."""
    for edge in case.edges[:1]:
        for node, shape in case.trail(edge):
            if node.layer is None or shape != case.shapes[0]:
                return
            if FLATTENING.fullmatch(node.layer.record.name):
                edit = taken_away(case.run.graph, node)
                if edit is not None and not FLATTENING.fullmatch(case.kind):
                    edit = edit.saying(f"put `{node.name}` behind `{case.node.name}`, not before it")
                yield edit and replace(edit, label="this takes the axes away")
                return


def sequences_not_pictures(case: Case) -> Iterator[Edit | None]:
    """As ``other_number_of_axes``, where the two sizes are not those of a square picture without its channel."""
    if case.shapes and len(case.shapes[0]) == 3 and same(case.shapes[0][1], case.shapes[0][2]) is not True:
        yield from other_number_of_axes(case)


def other_number_of_axes(case: Case) -> Iterator[Edit | None]:
    """The same layer for as many axes as there are: `Conv1D` where `Conv2D` stands."""
    match = OVER_SPACE.fullmatch(case.kind)
    rank = len(case.shapes[0]) - 2 if case.shapes else 0
    layer = case.node.layer
    if match is None or layer is None or not 1 <= rank <= 3 or rank == int(match[2]) or case.node.shared:
        return
    kind = f"{match[1]}{rank}D{match[3] or ''}"
    record = find("layers", kind)
    if record is None:
        return
    arguments: dict[str, Any] = {}
    for name, value in layer.written.items():
        if name not in arguments_of(record):
            return
        if isinstance(value, tuple):
            if name not in PER_AXIS or len(set(value)) > 1:
                return
            value = value[0]
        arguments[name] = value
    yield other_type(case.node, kind, arguments)


def every_axis_named(case: Case) -> Iterator[Edit | None]:
    """`Permute` must name all axes."""
    layer = case.node.layer
    if case.kind != "Permute" or layer is None or not case.shapes:
        return
    dims, count = layer["dims"], len(case.shapes[0]) - 1
    if len(dims) < count:
        yield set_arguments([case.node], dims=[*dims, *range(len(dims) + 1, count + 1)])


def fractions(case: Case) -> Iterator[Edit | None]:
    """Whole numbers go into a layer that computes with fractions."""
    x = case.tensors[0] if case.tensors else None
    if x is None or x.dtype in FLOATS or x.dtype == "string":
        return
    node = source_input(case)
    if x.dtype == "uint8" or x.rank == 4:
        scale = {"scale": 0.00392156862745098}
        edit = before(case.run.graph, case.node, case.edges[0], "Rescaling", scale, "scaled")
        if edit is not None:
            yield edit.saying(f"{edit.text} (it brings 0 to 255 down to 0 to 1)")
    if node is not None:
        yield input_dtype(node, "float32")


def text_as_numbers(case: Case) -> Iterator[Edit | None]:
    """Text goes into a layer that computes with numbers."""
    x = case.tensors[0] if case.tensors else None
    if x is None or x.dtype != "string":
        return
    graph, node, edge = case.run.graph, case.node, case.edges[0]
    for kind, arguments, why in (
        ("TextVectorization", {"max_tokens": 10000, "output_sequence_length": 100}, "for sentences"),
        ("StringLookup", {}, "for single words"),
        ("StringLookup", {"output_mode": "one_hot"}, "for single words"),
        ("TextVectorization", {"max_tokens": 10000, "output_mode": "multi_hot"}, "for sentences"),
    ):
        if (case.kind == "Embedding") == ("output_mode" in arguments):
            continue
        edit = before(graph, node, edge, kind, arguments, "numbers")
        if edit is not None:
            yield edit.saying(f"{why} {edit.text}")


RANK: Final = (
    Remedy("E301", all_steps, decisive=True),
    Remedy("E301", words_as_vectors, decisive=True),
    Remedy("E301", flattened_too_early, decisive=True),
    Remedy("E301", every_axis_named, decisive=True),
    Remedy("E301", batch_in_shape),
    Remedy("E301", sequences_not_pictures, decisive=True),
    Remedy("E301", shape_of_input),
    Remedy("E301", rows_as_steps),
    Remedy("E301", one_axis_more),
    Remedy("E301", one_row),
    Remedy("E301", other_number_of_axes),
    Remedy("E301", each_step),
    Remedy("E304", fractions),
    Remedy("E304", text_as_numbers),
)
"""The likeliest first; each edit is tried before it is offered."""
