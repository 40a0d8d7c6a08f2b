"""Catalogue: the convolutional LSTM in one, two and three dimensions; part of the recurrent family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..sizes import known
from ..tensor import Shape, Weight, shape_text
from .arguments import DATA_FORMAT, SEED_ARGUMENT, USE_BIAS, padding, per_axis, weight_arguments
from .cells import check_orthogonal
from .kinds import ACTIVATION, BOOLEAN, FRACTION, POSITIVE, REGULARIZER
from .record import Argument, ArgumentError, Call, Inferred, Record, Rule, ShapeError
from .rules import float_input, ranked
from .sequences import IN_TRAINING, SEQUENCE_ARGUMENTS, SEQUENCE_PORTS, check_sequence, check_states, sequence_outputs

AXES: Final = {1: "steps", 2: "height, width", 3: "depth, height, width"}


def conv_lstm(rank: int) -> Rule:
    """(batch, time, …places, channels) → (batch, …, filters), or all steps with ``return_sequences``.

    Operations at each step: both convolutions and the offsets; the few that join the gates are left out.
    Source: Shi et al., Convolutional LSTM Network, 2015.
    """

    def rule(call: Call) -> Inferred:
        float_input(call)
        first = call["data_format"] == "channels_first"
        x = ranked(call, rank + 3, axes=f"time, channels, {AXES[rank]}" if first else f"time, {AXES[rank]}, channels")
        check_sequence(call, x, call["dropout"] > 0)
        channels = _number(call, x.shape, 2 if first else -1)
        places = [_number(call, x.shape, axis) for axis in range(2 + first, rank + 2 + first)]
        kernel: tuple[int, ...] = call["kernel_size"]
        filters: int = call["filters"]
        out = tuple(_convolved(call, places[i], kernel[i], i) for i in range(rank))
        sizes: Shape = (filters, *out) if first else (*out, filters)
        area = _times(kernel)
        dtype = call.policy.variable
        check_orthogonal(call.layer.arguments, dtype)
        weights = [
            Weight("conv_lstm_cell/kernel", (*kernel, channels, 4 * filters), dtype=dtype),
            Weight("conv_lstm_cell/recurrent_kernel", (*kernel, filters, 4 * filters), dtype=dtype),
        ]
        flops = _times(out) * 4 * filters * 2 * area * (channels + filters)
        if call["use_bias"]:
            weights.append(Weight("conv_lstm_cell/bias", (4 * filters,), dtype=dtype))
            flops += _times(out) * 4 * filters
        states = ((x.shape[0], *sizes),) * 2
        check_states(call, states)
        return Inferred(sequence_outputs(call, sizes, states), tuple(weights), x.shape[1] * flops)

    return rule


def _times(numbers: tuple[int, ...]) -> int:
    product = 1
    for number in numbers:
        product *= number
    return product


def _number(call: Call, shape: Shape, axis: int) -> int:
    size = shape[axis]
    if not known(size):
        raise ShapeError(
            "E305",
            f"{call.layer.record.name} keeps a state of fixed size, so all sizes but batch and time must be numbers; "
            f"found `{size}` in {shape_text(shape)}",
            help="write a number for it in the input's `shape`",
            port="sequences",
        )
    return size


def _convolved(call: Call, size: int, kernel: int, axis: int) -> int:
    """The size of an axis behind the convolution of the input."""
    stride, dilation = call["strides"][axis], call["dilation_rate"][axis]
    covered = size if call["padding"] == "same" else size - dilation * (kernel - 1)
    out: int = (covered - 1) // stride + 1
    if out < 1:
        raise ShapeError(
            "E303",
            f"{call.layer.record.name} with `kernel_size = {list(call['kernel_size'])}` leaves nothing of an axis of "
            f"size {size}; the input is {shape_text(call.x.shape)}",
            help='make the kernel smaller, or use `padding = "same"`',
            argument="kernel_size",
        )
    return out


def _check(arguments: Mapping[str, Any]) -> None:
    if max(arguments["strides"]) > 1 and max(arguments["dilation_rate"]) > 1:
        raise ArgumentError(
            "strides",
            "`strides` and `dilation_rate` cannot both be above 1",
            help="set one of them to 1",
            other="dilation_rate",
        )


def _recurrent_weights() -> tuple[Argument, ...]:
    """Keras says ``recurrent_initializer`` where the weight is ``recurrent_kernel``."""
    return tuple(
        Argument(one.name.replace("recurrent_kernel_", "recurrent_"), one.kind, one.default, one.summary)
        for one in weight_arguments("recurrent_kernel", "orthogonal")
    )


def _record(rank: int, what: str) -> Record:
    return Record(
        name=f"ConvLSTM{rank}D",
        family="layers",
        summary=f"An `LSTM` that goes through a sequence of {what} with convolutions.",
        page=f"layers/recurrent_layers/conv_lstm{rank}d",
        arguments=(
            Argument("filters", POSITIVE, summary="Number of channels of the output and of each state."),
            Argument(
                "kernel_size",
                per_axis("kernel_size", rank, 1, "").kind,
                summary="How many places of the input one result sees, along each axis.",
            ),
            per_axis("strides", rank, 1, "How far the window moves over the input."),
            padding("valid", "same"),
            DATA_FORMAT,
            per_axis("dilation_rate", rank, 1, "Distance between the places that the window looks at."),
            Argument("activation", ACTIVATION, "tanh", "Applied to what a step adds to the state."),
            Argument("recurrent_activation", ACTIVATION, "sigmoid", "Applied to the gates."),
            USE_BIAS,
            Argument("unit_forget_bias", BOOLEAN, True, "Whether the offset of the forget gate starts at 1."),
            *weight_arguments("kernel", "glorot_uniform"),
            *_recurrent_weights(),
            *weight_arguments("bias", "zeros"),
            Argument("activity_regularizer", REGULARIZER, None, "A penalty on the output, added to the loss."),
            Argument("dropout", FRACTION, 0.0, "The share of the inputs that is dropped in training."),
            Argument("recurrent_dropout", FRACTION, 0.0, "The share of the states that is dropped in training."),
            SEED_ARGUMENT,
            *SEQUENCE_ARGUMENTS,
        ),
        ports=SEQUENCE_PORTS,
        options=IN_TRAINING,
        masking="own",
        rule=conv_lstm(rank),
        check=_check,
    )


CONV_LSTM: Final = (_record(1, "lines"), _record(2, "pictures"), _record(3, "volumes"))
