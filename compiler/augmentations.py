"""From the augmentation of a data section to Augmentation: which layers vary which input while training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Data, Spec
from ..spec.words import listed
from .catalogue import augmentation, find
from .catalogue.objects import instantiate
from .catalogue.record import ArgumentError, Call, Object, ShapeError
from .catalogue.rules import inferred
from .graph import TypedGraph
from .sizes import known, same
from .tensor import TensorType, policy, shape_text

NOISE: Final = frozenset({"GaussianNoise", "GaussianDropout", "AlphaDropout", "Dropout", "SpatialDropout1D",
                          "SpatialDropout2D", "SpatialDropout3D"})  # fmt: skip
VARYING: Final = frozenset({record.name for record in augmentation.LAYERS} | NOISE)
"""Layers that do something while training alone, by chance."""

MIXING: Final = frozenset({"MixUp", "CutMix"})
MOVING: Final = frozenset({
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear", "RandomPerspective",
    "RandomElasticTransform", "RandomCrop", "RandAugment", "AugMix",
})  # fmt: skip
"""Layers after which a pixel may stand in another place."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The layers that vary one input, in order, as the spec states them, and where."""

    input: str
    layers: tuple[Any, ...]
    pointer: Pointer


def augmentations(spec: Spec) -> tuple[Augmentation, ...]:
    """What varies each input. ``data.augment`` is of the only image input, or of the only input."""
    data = spec.data
    if data is None:
        return ()
    found = [
        Augmentation(name, column.augment, (*column.pointer, "augment"))
        for name, column in data.inputs.items()
        if column.augment
    ]
    name = _meant(spec)
    if data.augment and name is not None:
        found.insert(0, Augmentation(name, data.augment, (*data.pointer, "augment")))
    return tuple(found)


def _meant(spec: Spec) -> str | None:
    images = [one.name for one in spec.inputs if one.shape is not None and len(one.shape) == 3]
    if len(images) == 1:
        return images[0]
    return spec.inputs[0].name if len(spec.inputs) == 1 else None


def augmentation_findings(typed: TypedGraph) -> Iterator[Finding]:
    """Layers that do not vary data, or give something else than they are given (E442)."""
    spec = typed.graph.spec
    data = spec.data
    assert data is not None
    if data.augment and _meant(spec) is None and spec.whole:
        yield _which(spec, data)
    for one in augmentations(spec):
        if one.input not in typed.typed or (outputs := typed.typed[one.input].outputs) is None:
            continue
        yield from _of_input(typed, one, outputs[0])


def _which(spec: Spec, data: Data) -> Finding:
    names = [one.name for one in spec.inputs]
    images = [one.name for one in spec.inputs if one.shape is not None and len(one.shape) == 3] or names
    return Finding(
        "E442",
        f"`augment` is for the only image input, and this model has the inputs {listed(names)}",
        (*data.pointer, "augment"),
        "key",
        help=f"write it below the input that is meant: `[data.inputs.{images[0]}]`",
    )


def _of_input(typed: TypedGraph, one: Augmentation, tensor: TensorType) -> Iterator[Finding]:
    now = replace(tensor, dtype="float32") if tensor.dtype != "string" else tensor
    for index, value in enumerate(one.layers):
        at: Pointer = (*one.pointer, index)
        layer = _layer(value)
        if layer is None:
            return
        name = layer.record.name
        if name not in VARYING:
            yield Finding("E442", _no_variation(name), at, help=_instead(name))
            continue
        try:
            if layer.record.check is not None:
                layer.record.check(layer.arguments)
            options = {option.name: option.default for option in layer.record.options}
            (given,) = inferred(Call(layer, {layer.record.ports[0].name: (now,)}, options, policy("float32"))).outputs
        except ArgumentError as error:
            yield Finding("E114", error.message, at, help=error.help)
            return
        except ShapeError as error:
            yield Finding(error.code, f"{error.message}: the input `{one.input}`", at, help=error.help)
            return
        if not _alike(now, given):
            yield Finding(
                "E442",
                f"{name} makes {shape_text(given.shape)} of {shape_text(now.shape)}, but while training the input "
                f"`{one.input}` must keep its shape",
                at,
                help="put it into `layers`, as the first of them: there it also acts when the model is used",
                related=(Related("the input", (*typed.graph.nodes[one.input].pointer, "shape")),),
            )
            return
        if name in MOVING and (target := _pictured(typed, now)):
            yield Finding(
                "E442",
                f"{name} moves the pixels of `{one.input}`, but not those that `{target}` is compared with",
                at,
                help="take layers that leave every pixel in its place, such as RandomBrightness and RandomContrast",
            )


def _layer(value: Any) -> Object | None:
    table = {"type": value} if isinstance(value, str) else value
    kind = table.get("type") if isinstance(table, Mapping) else None
    record = find("layers", kind) if isinstance(kind, str) else None
    if record is None:
        return None
    try:
        return instantiate(record, table)
    except (KeyError, TypeError, ValueError):
        return None  # a value inside of it is wrong, which has been said


def _no_variation(name: str) -> str:
    if name in MIXING:
        return f"{name} blends images of different classes, and here the labels would stay as they are"
    return f"{name} does not vary data at random: it does the same when the model is used"


def _instead(name: str) -> str:
    if name in MIXING:
        return "leave it out; RandomErasing and RandAugment keep each image for itself"
    return "put it into `layers`; what varies data are layers such as RandomFlip, RandomRotation, GaussianNoise"


def _alike(one: TensorType, other: TensorType) -> bool:
    if one.rank != other.rank:
        return False
    return all(same(old, new) is not False and known(old) == known(new)
               for old, new in zip(one.shape[1:], other.shape[1:], strict=True))  # fmt: skip


def _pictured(typed: TypedGraph, image: TensorType) -> str | None:
    """An output that has the height and width of an image, if it is compared with something."""
    training = typed.graph.spec.training
    if training is None or image.rank != 4:
        return None
    for name, edge in typed.graph.outputs.items():
        own = training.outputs.get(name)
        tensor = typed.tensor(edge)
        if (training.loss is None and (own is None or own.loss is None)) or tensor is None or tensor.rank < 3:
            continue
        if all(same(old, new) for old, new in zip(image.shape[1:3], tensor.shape[1:3], strict=True)):
            return name
    return None
