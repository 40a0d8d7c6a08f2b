"""From the places of a layer's output to the places of its input that they are made of, layer by layer.

A place is a number along an axis, and what is asked for along an axis is a Span: from the first to the last place, or
all of it. Places beyond the borders count, as they do in the literature: a kernel on padding has its full width.
Source: Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019,
https://distill.pub/2019/computing-receptive-fields/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from .catalogue.record import Object
from .catalogue.spatial import margin
from .sizes import Size, known, same
from .tensor import Shape

Span = tuple[int, int] | None
"""The first and the last place along an axis; None is the whole axis."""
Spans = tuple[Span, ...]
"""One Span for each axis but the batch axis."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a call: ``spans`` of its output of shape ``out``, made of inputs of ``shapes``, the batch axis
    first in all of them; the answer is for input ``index``."""

    layer: Object
    shapes: Sequence[Shape]
    index: int
    out: Shape
    spans: Spans

    @property
    def shape(self) -> Shape:
        """The shape of the input that is asked about."""
        return self.shapes[self.index]


Reach = Callable[[Asked], Spans]


def hull(one: Spans, other: Spans) -> Spans:
    """The places of both, and all between them."""
    return tuple(
        None if a is None or b is None else (min(a[0], b[0]), max(a[1], b[1]))
        for a, b in zip(one, other, strict=True)
    )  # fmt: skip


def everywhere(asked: Asked) -> Spans:
    """Each place is made of all places."""
    return (None,) * (len(asked.shape) - 1)


def even(asked: Asked) -> Spans:
    """Each place is made of the same place; where an input has one place for many, of that one."""
    behind = len(asked.out) - len(asked.shape)
    found: list[Span] = []
    for axis in range(1, len(asked.shape)):
        at = axis + behind
        stretched = asked.shape[axis] == 1 and not same(asked.shape[axis], asked.out[at])
        found.append(None if at < 1 or stretched else asked.spans[at - 1])
    return tuple(found)


def across(argument: str = "axis") -> Reach:
    """As ``even``, but along the axes that an argument names each place is made of all."""

    def reach(asked: Asked) -> Spans:
        written = asked.layer[argument]
        axes = written if isinstance(written, list | tuple) else (written,)
        mixed = {axis % len(asked.shape) for axis in axes}
        return tuple(None if axis in mixed else span for axis, span in enumerate(even(asked), 1))

    return reach


def _last(asked: Asked) -> Spans:
    """Each place along the last axis is made of all; the other axes are left alone."""
    return (*asked.spans[:-1], None)


def _spatial(asked: Asked, along: Callable[[int, int, int, Span], Span]) -> Spans:
    """Something done along each spatial axis: ``along`` is given its number, the sizes before and after, and a span.

    Channels are mixed, or not: that is no matter, for no places are told apart along them.
    """
    rank = len(asked.shape) - 2
    first = 2 if asked.layer.arguments.get("data_format") == "channels_first" else 1
    found = list(asked.spans)
    for number in range(rank):
        axis = first + number
        found[axis - 1] = along(number, asked.shape[axis], asked.out[axis], asked.spans[axis - 1])  # type: ignore[arg-type]
    found[0 if first == 2 else -1] = None
    return tuple(found)


def _per_axis(value: Any, number: int) -> int:
    return int(value if isinstance(value, int) else value[number])


def _window(argument: str) -> Reach:
    """A kernel or a pool that slides."""

    def reach(asked: Asked) -> Spans:
        layer = asked.layer

        def along(number: int, before: Size, after: Size, span: Span) -> Span:
            if span is None:
                return None
            taps = _per_axis(layer[argument], number)
            stride = _per_axis(layer["strides"] or layer[argument], number)
            wide = (taps - 1) * _per_axis(layer.arguments.get("dilation_rate", 1), number) + 1
            cut = margin(before, after, wide, stride, layer["padding"])
            if layer["padding"] == "same" and not (known(before) and known(after)):
                cut = max(wide - stride, 0) // 2
            return span[0] * stride - cut, span[1] * stride - cut + wide - 1

        return _spatial(asked, along)

    return reach


def _transposed(asked: Asked) -> Spans:
    """A kernel that writes around each place of its input; a place is made of all whose kernels touch it."""
    layer = asked.layer

    def along(number: int, before: Size, after: Size, span: Span) -> Span:
        if span is None:
            return None
        taps, stride = _per_axis(layer["kernel_size"], number), _per_axis(layer["strides"], number)
        rate = _per_axis(layer["dilation_rate"], number)
        wide = (taps - 1) * rate + 1
        cut = margin(after, before, wide, stride, layer["padding"])
        if layer["padding"] == "same" and not (known(before) and known(after)):
            cut = max(wide - stride, 0) // 2
        touching = [
            (place + cut - tap * rate) // stride
            for place in (span[0], span[1])
            for tap in range(taps)
            if (place + cut - tap * rate) % stride == 0
        ]
        # Where a step is wider than the kernel some places are written by none.
        return (min(touching), max(touching)) if touching else ((span[0] + cut) // stride,) * 2

    return _spatial(asked, along)


def _upsampled(asked: Asked) -> Spans:
    """Each place becomes several; smoothly, if told so: then they are made of its neighbours as well."""
    smooth = {"bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}
    beside = smooth.get(asked.layer.arguments.get("interpolation", "nearest"), 0)

    def along(number: int, before: Size, after: Size, span: Span) -> Span:
        if span is None:
            return None
        factor = _per_axis(asked.layer["size"], number)
        if not beside or factor == 1:
            return span[0] // factor, span[1] // factor
        low, high = ((2 * place + 1 - factor) // (2 * factor) for place in span)
        exact = (2 * span[1] + 1 - factor) % (2 * factor) == 0
        return low - beside + 1, high + beside - (1 if exact and beside == 1 else 0)

    return _spatial(asked, along)


def _shifted(argument: str, sign: int) -> Reach:
    """Places put in front of each axis, or cut off there."""

    def reach(asked: Asked) -> Spans:
        written = asked.layer[argument]

        def along(number: int, before: Size, after: Size, span: Span) -> Span:
            if span is None:
                return None
            # Of one axis: a number, or a pair; of several a number or a pair for each.
            one = written if isinstance(written, int) or len(asked.shape) == 3 else written[number]
            front = one if isinstance(one, int) else one[0]
            front = front if isinstance(front, int) else front[0]
            return span[0] - sign * front, span[1] - sign * front

        return _spatial(asked, along)

    return reach


def _joined(asked: Asked) -> Spans:
    """Inputs one behind the other along an axis."""
    axis = asked.layer["axis"] % len(asked.shape)
    spans = list(asked.spans)
    before = [shape[axis] for shape in asked.shapes[: asked.index]]
    span = spans[axis - 1]
    if span is not None:
        numbers = [size for size in before if isinstance(size, int)]
        spans[axis - 1] = (span[0] - sum(numbers), span[1] - sum(numbers)) if len(numbers) == len(before) else None
    return tuple(spans)


def _permuted(asked: Asked) -> Spans:
    found: list[Span] = [None] * (len(asked.shape) - 1)
    for span, axis in zip(asked.spans, asked.layer["dims"], strict=True):
        found[axis - 1] = span
    return tuple(found)


def _reshaped(asked: Asked) -> Spans:
    """Axes that stay in front or at the end are left alone; between them nothing is told apart."""
    found: list[Span] = [None] * (len(asked.shape) - 1)
    for axis in range(1, min(len(asked.shape), len(asked.out))):
        if not same(asked.shape[axis], asked.out[axis]):
            break
        found[axis - 1] = asked.spans[axis - 1]
    return tuple(found)


def _by_equation(asked: Asked) -> Spans:
    """Axes that come out again are left alone; the others are summed over."""
    before, after = asked.layer["equation"].replace(" ", "").split("->")
    letters, result = (
        _axes(part, len(shape)) for part, shape in ((before.split(",")[0], asked.shape), (after, asked.out))
    )
    return tuple(asked.spans[result.index(one) - 1] if one in result else None for one in letters[1:])


def _axes(letters: str, rank: int) -> list[str]:
    """A name for each axis; those that `...` stands for are numbered, from the first of them on."""
    front, dots, back = letters.partition("...")
    numbered = map(str, range(rank - len(front) - len(back))) if dots else ()
    return [*front, *numbered, *back]


def _embedded(asked: Asked) -> Spans:
    return asked.spans[: len(asked.shape) - 1]


def _of_each(asked: Asked) -> Spans:
    """A layer for each place of the first axis."""
    inner = asked.layer["layer"]
    shapes = [(one[0], *one[2:]) for one in asked.shapes]
    found = reach_of(inner)
    assert found is not None
    rest = found(replace(asked, layer=inner, shapes=shapes, out=(asked.out[0], *asked.out[2:]), spans=asked.spans[1:]))
    return (asked.spans[0], *rest)


def _of_chain(asked: Asked) -> Spans:
    """Layers one behind the other, of which one at most changes sizes."""
    spans, behind = asked.spans, True
    for layer in reversed(asked.layer["layers"]):
        found = reach_of(layer)
        assert found is not None
        changes = layer.record.name not in _EVEN
        out = asked.out if behind else asked.shape
        shapes = asked.shapes if changes else [out]
        spans = found(replace(asked, layer=layer, shapes=shapes, out=out, spans=spans))
        behind = behind and not changes
    return spans


def _of_layer(asked: Asked) -> Spans:
    inner = asked.layer["layer"]
    found = reach_of(inner)
    assert found is not None
    return found(replace(asked, layer=inner))


_NAMES: Final[tuple[tuple[Reach, tuple[str, ...]], ...]] = (
    (even, (
        "Identity", "Masking", "Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "ActivityRegularization",
        "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D",
        "SpatialDropout3D", "BatchNormalization", "Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract",
        "Discretization", "Normalization", "Rescaling", "StringLookup", "IntegerLookup", "Hashing", "LayerScale",
        "StochasticDepth", "CustomScaleLayer",
    )),
    (across(), ("Softmax", "LayerNormalization", "RMSNormalization", "UnitNormalization")),
    (_last, ("Dense",)),
    (_by_equation, ("EinsumDense",)),
    (_embedded, ("Embedding",)),
    (_joined, ("Concatenate",)),
    (_permuted, ("Permute",)),
    (_reshaped, ("Reshape",)),
    (everywhere, (
        "Flatten", "RepeatVector", "GroupNormalization", "Dot", "GRU", "LSTM", "RNN", "SimpleRNN", "Bidirectional",
        "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "AdditiveAttention", "Attention", "GroupQueryAttention",
        "MultiHeadAttention", "TextVectorization", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
        "GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D",
    )),
    (_window("kernel_size"), (
        "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
    )),
    (_window("pool_size"), (
        "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
    )),
    (_transposed, ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")),
    (_upsampled, ("UpSampling1D", "UpSampling2D", "UpSampling3D")),
    (_shifted("padding", 1), ("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")),
    (_shifted("cropping", -1), ("Cropping1D", "Cropping2D", "Cropping3D")),
)  # fmt: skip

_AUGMENT: Final = frozenset({"RandomCrop"})
"""Of the layers that change pictures while training, those that do something afterwards too."""


@cache
def _rules() -> Mapping[str, Reach]:
    from .catalogue import augmentation
    from .catalogue.ops import activations, arithmetic, elementwise

    found = {name: reach for reach, names in _NAMES for name in names}
    found |= {one.name: even for one in augmentation.LAYERS if one.name not in _AUGMENT}
    for module in (arithmetic, elementwise, activations):
        for one in module.OPS:
            if not any(argument.name == "axis" for argument in one.arguments):
                found[one.name] = even
    return found


def reach_of(layer: Object) -> Reach | None:
    """The rule of a layer; None where there is none, and so nothing can be said."""
    name = layer.record.name
    outer = _OUTER.get(name)
    if outer is None:
        return _rules().get(name)
    inner = layer["layers"] if name == "Sequential" else (layer["layer"],)
    rules = [reach_of(one) for one in inner]
    plain = sum(one.record.name not in _EVEN for one in inner) < 2
    return outer if plain and all(rule is not None for rule in rules) else None


_OUTER: Final[Mapping[str, Reach]] = {
    "TimeDistributed": _of_each, "SpectralNormalization": _of_layer, "Sequential": _of_chain,
}  # fmt: skip
"""Layers around others, whose rules they take."""
_EVEN: Final = frozenset(name for rule, names in _NAMES[:2] for name in names)


def steps_up(layer: Object) -> int:
    """How many places a layer makes of one, at most along any axis."""
    written = layer["size"] if layer.record.name.startswith("UpSampling") else (
        layer["strides"] if layer.record.name.endswith("Transpose") else 1
    )  # fmt: skip
    return max(written) if isinstance(written, list | tuple) else int(written)
