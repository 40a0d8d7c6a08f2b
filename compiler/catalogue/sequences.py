"""What all layers share that go through a sequence step by step: checks of states, and outputs."""

from __future__ import annotations

from typing import Final

from ..sizes import known, same
from ..tensor import FLOATS, Shape, TensorType, shape_text
from .calls import MASK_PORT, check_mask, has_mask
from .kinds import BOOLEAN, nullable
from .record import Argument, Call, Port, ShapeError

SEQUENCE_PORTS: Final = (Port("sequences"), Port("initial_state", required=False, many=True), MASK_PORT)
IN_TRAINING: Final = (Argument("training", nullable(BOOLEAN), False, "Act as in training, in use as well."),)
SEQUENCE_ARGUMENTS: Final = (
    Argument("return_sequences", BOOLEAN, False, "Give the output of every step (true) or of the last one (false)."),
    Argument("return_state", BOOLEAN, False, "Give the last states as further outputs."),
    Argument("go_backwards", BOOLEAN, False, "Go from the last step to the first."),
    Argument("stateful", BOOLEAN, False, "Begin each batch with the states of the one before."),
)
UNROLL: Final = Argument("unroll", BOOLEAN, False, "Write the steps one by one: faster for a few, but takes memory.")


def check_sequence(call: Call, x: TensorType, dropped: bool) -> None:
    """See to a mask, to states kept from batch to batch, and to ``dropped`` inputs.

    Raises:
        ShapeError: E302 if a mask does not fit; E304 if whole numbers are dropped, which Keras refuses when it
            runs, also in use; E307 if states are kept and the size of a batch is not fixed.
    """
    if dropped and x.dtype not in FLOATS:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} with `dropout` scales its input and so needs numbers with a fraction, "
            f"but its input is of dtype {x.dtype}",
            help="put an `Embedding` or a `Rescaling` layer before it, or take `dropout` away",
            port="sequences",
        )
    for mask in call.tensors.get("mask", ()):
        check_mask(call, "mask", x, mask)
    if call.layer.arguments.get("stateful") and not known(x.shape[0]):
        raise ShapeError(
            "E307",
            f"`stateful = true` needs batches of a fixed size, and {call.layer.record.name}'s input has shape "
            f"{shape_text(x.shape)}",
            help="take `stateful` away; to hand states on, use `return_state = true` and `initial_state`",
            argument="stateful",
        )


def check_states(call: Call, states: tuple[Shape, ...], port: str = "initial_state") -> None:
    """See that the states given are as many and as large as the layer keeps. Keras fails only when it runs.

    Raises:
        ShapeError: E302 if they are not.
    """
    given = call.tensors.get(port)
    if not given:
        return
    layer = call.layer.record.name
    wanted = f"{len(states)} state{'s' if len(states) > 1 else ''} of shape " + " and ".join(
        dict.fromkeys(map(shape_text, states))
    )
    if len(given) != len(states):
        raise ShapeError(
            "E302",
            f"{layer} keeps {wanted}, but `{port}` gives {len(given)}",
            help=f"give {_as_list(len(states))}: the outputs [1], [2], … of a layer with `return_state = true`",
            port=port,
        )
    for index, (state, shape) in enumerate(zip(given, states, strict=True)):
        fits = state.rank == len(shape) and all(
            same(a, b) is not False for a, b in zip(state.shape, shape, strict=True)
        )
        if not fits:
            raise ShapeError(
                "E302",
                f"{layer} keeps {wanted}, but state {index + 1} of `{port}` has shape {shape_text(state.shape)}",
                help=f"give the layer where the state comes from as many units, or bring the state to "
                f"{shape[-1]} features with a `Dense`",
                port=port,
                index=index,
            )


def _as_list(number: int) -> str:
    return "one tensor" if number == 1 else f"a list of {number} tensors"


def sequence_outputs(call: Call, sizes: Shape, states: tuple[Shape, ...]) -> tuple[TensorType, ...]:
    """The last output or all of them, and the states if asked for; ``sizes`` are those of one step's output."""
    dtype = call.policy.compute
    every = bool(call["return_sequences"])
    steps = call.x.shape[:2] if every else call.x.shape[:1]
    output = TensorType((*steps, *sizes), dtype, every and has_mask(call))
    kept = states if call["return_state"] else ()
    return (output, *(TensorType(state, dtype) for state in kept))
