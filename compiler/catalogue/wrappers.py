"""Catalogue: layers that apply another layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..tensor import TensorType, shape_text
from .calls import MASK_PORT, TRAINING, check_mask, elements, has_mask
from .kinds import LAYER, choice, nullable
from .record import Argument, ArgumentError, Call, Inferred, Object, Port, Record, ShapeError
from .sublayers import infer_inner, nested, nested_name, outer

RECURRENT: Final = ("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


def bidirectional(call: Call) -> Inferred:
    """What the layer gives forwards and backwards, joined along the last axis or element by element.

    With ``merge_mode = "none"`` both outputs follow each other. With ``return_state`` the states of the forward
    layer and then of the backward layer follow. Operations: those of both layers and, where two outputs are
    joined element by element, one an element (``ave``: two).
    Source: Schuster and Paliwal, Bidirectional Recurrent Neural Networks, 1997.
    """
    forward: Object = call["layer"]
    backward: Object = call["backward_layer"] or forward
    given = call.tensors.get("initial_state", ())
    if len(given) % 2:
        raise ShapeError(
            "E302",
            f"Bidirectional needs as many states for the forward as for the backward layer, found {len(given)}",
            help="give the states of the forward layer and then those of the backward layer",
            port="initial_state",
        )
    half = len(given) // 2
    there = _one_way(call, forward, given[:half], "layer")
    back = _one_way(call, backward, given[half:], "backward_layer" if call["backward_layer"] else "layer")
    shapes = [[output.shape for output in found.outputs] for found in (there, back)]
    if shapes[0] != shapes[1]:
        raise ShapeError(
            "E302",
            f"Bidirectional needs a forward and a backward layer whose outputs have the same shape, "
            f"found {shape_text(shapes[0][0])} and {shape_text(shapes[1][0])}",
            help="give both layers the same number of units",
            argument="backward_layer",
        )
    first = outer(call, there.outputs[0])
    first = replace(first, mask=bool(forward["return_sequences"]) and has_mask(call))
    mode = call["merge_mode"]
    flops = there.flops + back.flops
    if mode is None:
        outputs = [first, first]
    elif mode == "concat":
        outputs = [first.with_shape(*first.shape[:-1], 2 * first.shape[-1])]
    else:
        outputs = [first]
        flops = flops + (2 if mode == "ave" else 1) * elements(first)
    outputs += [outer(call, state) for found in (there, back) for state in found.outputs[1:]]
    name = nested_name(backward) if call["backward_layer"] else f"backward_{nested_name(forward)}"
    weights = (
        *nested(f"forward_{nested_name(forward)}", there.weights, forward),
        *nested(name, back.weights, backward),
    )
    return Inferred(tuple(outputs), weights, flops)


def _one_way(call: Call, layer: Object, states: tuple[TensorType, ...], argument: str) -> Inferred:
    tensors: dict[str, tuple[TensorType, ...]] = {"sequences": (replace(call.x, mask=False),)}
    tensors |= {"initial_state": states} if states else {}
    tensors |= {"mask": call.tensors["mask"]} if call.tensors.get("mask") else {}
    return infer_inner(call, layer, tensors, argument)


def check_directions(arguments: Mapping[str, Any]) -> None:
    """Both layers are recurrent, one goes forwards and one backwards, and they give the same outputs.

    Raises:
        ArgumentError: if not.
    """
    forward, backward = arguments["layer"], arguments["backward_layer"]
    for argument, layer in (("layer", forward), ("backward_layer", backward)):
        if layer is not None and layer.record.name not in RECURRENT:
            raise ArgumentError(
                argument,
                f"Bidirectional goes through a sequence both ways, so `{argument}` must be a recurrent layer; "
                f"found {layer.record.name}",
                help=f"use one of {', '.join(RECURRENT)}",
            )
    if backward is None:
        if forward["go_backwards"]:
            raise ArgumentError(
                "layer",
                "`layer` must go forwards, for Bidirectional makes the backward layer of it; "
                "found `go_backwards = true`",
                help="take `go_backwards` away",
            )
        return
    if forward["go_backwards"] == backward["go_backwards"]:
        raise ArgumentError(
            "backward_layer",
            "one of `layer` and `backward_layer` must have `go_backwards = true`, and the other not",
            help="add `go_backwards = true` to `backward_layer`",
            other="layer",
        )
    for name in ("stateful", "return_sequences", "return_state"):
        if forward[name] != backward[name]:
            raise ArgumentError(
                "backward_layer",
                f"`{name}` must be the same in `layer` and `backward_layer`, found "
                f"{str(forward[name]).lower()} and {str(backward[name]).lower()}",
                help=f"write `{name}` alike in both",
                other="layer",
            )


def time_distributed(call: Call) -> Inferred:
    """(batch, time, …) → (batch, time, …): the layer applied to each step, with the same weights.

    Operations: those of the layer, as often as there are steps.
    """
    x = call.x
    layer: Object = call["layer"]
    if x.rank < 3:
        raise ShapeError(
            "E301",
            f"TimeDistributed needs at least 3 axes (batch, time, …), found {x.rank}: {shape_text(x.shape)}",
            help=f"use {layer.record.name} alone, or add a time axis with a `Reshape` layer",
            port="inputs",
        )
    for mask in call.tensors.get("mask", ()):
        check_mask(call, "mask", x, mask)
    ports = layer.record.ports
    if ports[0].many or any(port.required for port in ports[1:]):
        raise ShapeError(
            "E307",
            f"TimeDistributed gives its layer one tensor at a time, and {layer.record.name} needs several",
            help="wrap a layer that takes one tensor",
            argument="layer",
        )
    step = TensorType((x.shape[0], *x.shape[2:]), x.dtype)
    found = infer_inner(call, layer, {ports[0].name: (step,)})
    if len(found.outputs) != 1:
        raise ShapeError(
            "E307",
            f"TimeDistributed needs a layer with one output, and {layer.record.name} gives {len(found.outputs)}",
            help="take `return_state` away" if "return_state" in layer.arguments else None,
            argument="layer",
        )
    inside = found.outputs[0].shape
    output = outer(call, found.outputs[0]).with_shape(inside[0], x.shape[1], *inside[1:])
    output = replace(output, mask=has_mask(call))
    return Inferred((output,), nested(nested_name(layer), found.weights, layer), x.shape[1] * found.flops)


LAYERS: Final = (
    Record(
        name="Bidirectional",
        family="layers",
        summary="Goes through a sequence forwards and backwards.",
        page="layers/recurrent_layers/bidirectional",
        arguments=(
            Argument("layer", LAYER, summary="What runs over the sequence in both directions, such as an LSTM."),
            Argument(
                "merge_mode",
                nullable(choice("concat", "sum", "mul", "ave")),
                "concat",
                "How the two outputs become one; none: both are given.",
            ),
            Argument("backward_layer", nullable(LAYER), None, "The layer that goes backwards; none: as `layer`."),
        ),
        ports=(Port("sequences"), Port("initial_state", required=False, many=True), MASK_PORT),
        options=(TRAINING,),
        masking="own",
        rule=bidirectional,
        check=check_directions,
    ),
    Record(
        name="TimeDistributed",
        family="layers",
        summary="Applies a layer to every step of a sequence.",
        page="layers/recurrent_layers/time_distributed",
        arguments=(Argument("layer", LAYER, summary="What is called with every step of the sequence."),),
        ports=(Port("inputs"), MASK_PORT),
        options=(TRAINING,),
        masking="own",
        rule=time_distributed,
    ),
)
