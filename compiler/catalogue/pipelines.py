"""Catalogue: the layer that is several layers, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..sizes import Size
from ..tensor import TensorType, Weight
from .calls import MASK_PORT, TRAINING
from .kinds import LAYER, Kind
from .record import REQUIRED, Argument, ArgumentError, Call, Inferred, Object, Port, Record, ShapeError
from .rules import infer_object
from .sublayers import nested, nested_name

LEARNS: Final = {
    "Normalization": ("mean",),
    "Discretization": ("bin_boundaries",),
    "StringLookup": ("vocabulary",),
    "IntegerLookup": ("vocabulary",),
    "TextVectorization": ("vocabulary",),
}
"""Layers that learn from the data before training unless one of these arguments states what they would learn."""


def pipeline(call: Call) -> Inferred:
    """What the last layer makes of what the one before makes, and so on. Operations: those of all layers."""
    outputs: tuple[TensorType, ...] = (call.x,)
    weights: list[Weight] = []
    flops: Size = 0
    for index, layer in enumerate(call["layers"]):
        if len(outputs) != 1:
            raise ShapeError(
                "E307",
                f"Pipeline gives each layer one tensor, and the layer before {layer.record.name} makes {len(outputs)}",
                help="take `return_state` away from that one, or write the layers as entries of their own",
                argument="layers",
            )
        ports = layer.record.ports
        if ports[0].many or any(port.required for port in ports[1:]):
            raise ShapeError(
                "E307",
                f"Pipeline gives each layer one tensor, and {layer.record.name} needs several",
                help="write it as an entry of its own",
                argument="layers",
            )
        try:
            found = infer_object(layer, {ports[0].name: outputs}, default=call.policy.name)
        except ShapeError as error:
            raise ShapeError(
                error.code,
                f"inside Pipeline, layer {index} ({layer.record.name}): {error.message}",
                help=error.help,
                argument="layers",
            ) from error
        weights += nested(nested_name(layer), found.weights, layer)
        flops = flops + found.flops
        outputs = tuple(_masked(layer, outputs[0], one) for one in found.outputs)
    return Inferred(tuple(replace(one, mask=False) for one in outputs), tuple(weights), flops)


def _masked(layer: Object, before: TensorType, after: TensorType) -> TensorType:
    """A layer's output with the mask that it hands on."""
    if layer.record.masking == "own":
        return after
    return replace(after, mask=before.mask and layer.record.masking == "pass")


def check_layers(arguments: Mapping[str, Any]) -> None:
    """There are layers, and none that would have to see the data first.

    Raises:
        ArgumentError: if not.
    """
    layers: tuple[Object, ...] = arguments["layers"]
    if not layers:
        raise ArgumentError("layers", "`layers` is empty", help="name at least one layer")
    for layer in layers:
        stated = LEARNS.get(layer.record.name, ())
        if stated and all(layer.arguments.get(name) is None for name in stated):
            raise ArgumentError(
                "layers",
                f"{layer.record.name} learns from the data before training, which it can't do inside of Pipeline",
                help=f"write it as an entry of its own, or give `{stated[0]}`",
            )


LAYERS: Final = (
    Record(
        name="Pipeline",
        family="layers",
        summary="Several layers one behind the other, as one layer.",
        page="layers/preprocessing_layers",
        arguments=(
            Argument(
                "layers",
                Kind(LAYER.schema, "a list of layers, each a table with `type`", family="layers", many=True),
                REQUIRED,
                "What images run through, in this order.",
            ),
        ),
        ports=(Port("inputs"), MASK_PORT),
        options=(replace(TRAINING, default=True),),
        masking="own",
        rule=pipeline,
        check=check_layers,
        without=frozenset({"trainable", "dtype", "activity_regularizer"}),
    ),
)
