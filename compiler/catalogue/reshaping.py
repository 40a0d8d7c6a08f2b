"""Catalogue: the layers that change the shape and leave the values alone. They cost no FLOPs, save where new
values are interpolated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..sizes import Size, at_least, product, same
from ..tensor import shape_text
from .arguments import DATA_FORMAT, per_axis
from .kinds import POSITIVE, Kind, choice, integer, list_of, sizes
from .record import Argument, ArgumentError, Call, Inferred, Record, Rule, ShapeError
from .rules import cast_dtype, ranked, result
from .spatial import AXES, space


def flatten(call: Call) -> Inferred:
    """(batch, a, b, …) → (batch, a · b · …); (batch,) → (batch, 1)."""
    x = call.x
    return result(call, (x.shape[0], product(x.shape[1:])), dtype=cast_dtype(call, x.dtype))


def reshape(call: Call) -> Inferred:
    """(batch, …) → (batch, *target_shape), with as many elements; one -1 stands for what is left."""
    x, target = call.x, call["target_shape"]
    elements = product(x.shape[1:])
    fixed = product(size for size in target if size != -1)
    if -1 not in target:
        if same(elements, fixed) is False:
            raise _elements(call, f"`target_shape = {list(target)}` has {fixed}", elements)
        return result(call, (x.shape[0], *target), dtype=cast_dtype(call, x.dtype))
    if fixed == 0 or same(elements % fixed, 0) is False:
        raise _elements(call, f"`target_shape = {list(target)}` needs a multiple of {fixed}", elements)
    shape = (elements // fixed if size == -1 else size for size in target)
    return result(call, (x.shape[0], *shape), dtype=cast_dtype(call, x.dtype))


def _elements(call: Call, wanted: str, elements: Size) -> ShapeError:
    return ShapeError(
        "E306",
        f"{wanted} elements, but one sample of {shape_text(call.x.shape)} has {elements}",
        help="the sizes in `target_shape`, multiplied, must give the number of elements of the input; "
        "write -1 for one of them to have it computed",
        argument="target_shape",
    )


def permute(call: Call) -> Inferred:
    """(batch, a, b, …) → the same axes in the order of ``dims``, which counts from 1; the batch axis stays."""
    x, dims = call.x, call["dims"]
    if x.rank != len(dims) + 1:
        raise ShapeError(
            "E301",
            f"`dims = {list(dims)}` orders {len(dims)} axes, but {shape_text(x.shape)} has {x.rank - 1} behind the "
            "batch axis",
            help="name every axis behind the batch axis once, counted from 1",
            argument="dims",
        )
    return result(call, (x.shape[0], *(x.shape[axis] for axis in dims)), dtype=cast_dtype(call, x.dtype))


def repeat_vector(call: Call) -> Inferred:
    """(batch, features) → (batch, n, features)."""
    x = ranked(call, 2, axes="features")
    return result(call, (x.shape[0], call["n"], x.shape[1]))


def cropping(rank: int) -> Rule:
    """(batch, spatial…, channels) → the same with places cut off at both ends of each spatial axis."""

    def rule(call: Call) -> Inferred:
        area = space(call, rank, channels_last=rank == 1)
        cut = _pairs(call["cropping"], rank)
        sizes_ = tuple(size - sum(ends) for size, ends in zip(area.sizes, cut, strict=True))
        for name, before, after, ends in zip(AXES[rank], area.sizes, sizes_, cut, strict=True):
            if at_least(after, 1) is False:
                raise ShapeError(
                    "E303",
                    f"cropping {ends[0]} and {ends[1]} off the {name} of {before} leaves nothing of "
                    f"{shape_text(area.x.shape)}",
                    help="crop less, or check which entry this one should follow",
                    argument="cropping",
                )
        return result(call, area.shape(sizes_))

    return rule


def zero_padding(rank: int) -> Rule:
    """(batch, spatial…, channels) → the same with zeros added at both ends of each spatial axis."""

    def rule(call: Call) -> Inferred:
        area = space(call, rank)
        more = _pairs(call["padding"], rank)
        return result(call, area.shape([size + sum(ends) for size, ends in zip(area.sizes, more, strict=True)]))

    return rule


def _pairs(value: Sequence[Any], rank: int) -> Sequence[tuple[int, int]]:
    return [(value[0], value[1])] if rank == 1 else value


TAPS: Final[Mapping[str, int]] = {"nearest": 0, "bilinear": 4, "bicubic": 16, "lanczos3": 36, "lanczos5": 100}
"""Interpolation → how many values of the input make one of the output; copying one costs nothing."""


def up_sampling(rank: int) -> Rule:
    """(batch, spatial…, channels) → each spatial axis ``size`` times as long."""

    def rule(call: Call) -> Inferred:
        area = space(call, rank, channels_last=rank == 1)
        factors = call["size"] if rank > 1 else (call["size"],)
        out = [size * factor for size, factor in zip(area.sizes, factors, strict=True)]
        taps = TAPS[call["interpolation"]] if rank == 2 else 0
        return result(call, area.shape(out), (), 2 * taps * product(out) * area.channels)

    return rule


def check_permute(arguments: Mapping[str, Any]) -> None:
    """See that ``dims`` names each axis once.

    Raises:
        ArgumentError: E114.
    """
    dims = arguments["dims"]
    if sorted(dims) != list(range(1, len(dims) + 1)):
        raise ArgumentError(
            "dims",
            f"`dims` must name every axis from 1 to {len(dims)} once, found {list(dims)}",
            help="axis 0, the batch, stays where it is and is not named: [2, 1] swaps the two axes behind it",
        )


def check_reshape(arguments: Mapping[str, Any]) -> None:
    """See that at most one size is left open.

    Raises:
        ArgumentError: E114.
    """
    target = arguments["target_shape"]
    if target.count(-1) > 1:
        raise ArgumentError(
            "target_shape",
            f"only one size can be -1 (whatever is left), found {target.count(-1)} in {list(target)}",
            help="write numbers for the others",
        )


def _ends(rank: int) -> Kind:
    """One number for all ends; or one for each axis, or a pair [before, after] for each axis."""
    if rank == 1:
        return sizes(2, 0)
    one = {"type": "integer", "minimum": 0}
    pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
    schema = {"anyOf": [one, {"type": "array", "items": {"anyOf": [one, pair]}, "minItems": rank, "maxItems": rank}]}
    each = sizes(2, 0).normal

    def normal(value: Any) -> tuple[tuple[int, int], ...]:
        return tuple(each(item) for item in value) if isinstance(value, list) else (each(value),) * rank

    words = f"a whole number of at least 0, or a list of {rank}, each such a number or a pair [before, after]"
    return Kind(schema, words, normal)


def _record(
    name: str, summary: str, arguments: tuple[Argument, ...], rule: Rule, check: Any = None, page: str = ""
) -> Record:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")
    address = page or (words.replace("_d", "d") if name.endswith("D") else words)
    return Record(
        name=name,
        family="layers",
        summary=summary,
        page=f"layers/reshaping_layers/{address}",
        arguments=arguments,
        rule=rule,
        check=check,
    )


def _cropping(rank: int, default: object) -> tuple[Argument, ...]:
    cut = Argument("cropping", _ends(rank), default, "How many places are cut off at the ends of each axis.")
    return (cut,) if rank == 1 else (cut, DATA_FORMAT)


def _padding(rank: int) -> tuple[Argument, ...]:
    more = Argument("padding", _ends(rank), 1, "How many zeros are added at the ends of each axis.")
    return (more, DATA_FORMAT)


LAYERS = (
    _record("Flatten", "Puts all values of a sample into one row.", (DATA_FORMAT,), flatten),
    _record(
        "Reshape",
        "Gives each sample another shape with as many values.",
        (
            Argument(
                "target_shape", list_of(integer(-1)), summary="The new shape without the batch axis; -1: what is left."
            ),
        ),
        reshape,
        check_reshape,
    ),
    _record(
        "Permute",
        "Puts the axes of each sample into another order.",
        (Argument("dims", list_of(POSITIVE), summary="The axes in their new order, counted from 1."),),
        permute,
        check_permute,
    ),
    _record(
        "RepeatVector",
        "Makes a sequence of one vector, repeated.",
        (Argument("n", POSITIVE, summary="How often the vector is repeated."),),
        repeat_vector,
    ),
    _record("Cropping1D", "Cuts places off both ends of a sequence.", _cropping(1, 1), cropping(1)),
    _record("Cropping2D", "Cuts a border off images.", _cropping(2, 0), cropping(2)),
    _record("Cropping3D", "Cuts a border off volumes.", _cropping(3, 1), cropping(3)),
    _record("ZeroPadding1D", "Adds zeros at both ends of a sequence.", _padding(1), zero_padding(1)),
    _record("ZeroPadding2D", "Adds a border of zeros to images.", _padding(2), zero_padding(2)),
    _record("ZeroPadding3D", "Adds a border of zeros to volumes.", _padding(3), zero_padding(3)),
    _record(
        "UpSampling1D",
        "Repeats every place of a sequence.",
        (Argument("size", POSITIVE, 2, "How often every place is repeated."),),
        up_sampling(1),
    ),
    _record(
        "UpSampling2D",
        "Makes images larger by whole factors.",
        (
            per_axis("size", 2, 2, "How many times as large each axis gets."),
            DATA_FORMAT,
            Argument("interpolation", choice(*TAPS), "nearest", "How new pixels are made of their neighbours."),
        ),
        up_sampling(2),
    ),
    _record(
        "UpSampling3D",
        "Repeats every place of a volume along its three axes.",
        (per_axis("size", 3, 2, "How often every place is repeated along each axis."), DATA_FORMAT),
        up_sampling(3),
    ),
)
