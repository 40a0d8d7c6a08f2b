"""Catalogue: recurrent layers and their cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ..tensor import TensorType
from .arguments import SEED_ARGUMENT, USE_BIAS, weight_arguments
from .calls import has_mask
from .cells import CELLS, STATES, Step, drops, gru_step, lstm_step, simple_step, stacked_step, step_of
from .conv_lstm import CONV_LSTM
from .kinds import ACTIVATION, BOOLEAN, FRACTION, LAYER, POSITIVE, REGULARIZER, Kind
from .record import Argument, ArgumentError, Call, Inferred, Object, Port, Record, Rule, ShapeError
from .rules import float_input, known_axis, layer_policy, ranked
from .sequences import (
    IN_TRAINING,
    SEQUENCE_ARGUMENTS,
    SEQUENCE_PORTS,
    UNROLL,
    check_sequence,
    check_states,
    sequence_outputs,
)
from .sublayers import default_policy, nested, nested_name

StepOf = Callable[[Mapping[str, Any], int, str], Step]


def _sequence(call: Call) -> tuple[TensorType, int]:
    """The sequences, checked, and the number of their features."""
    float_input(call)
    x = ranked(call, 3, axes="time, features")
    check_sequence(call, x, drops(call.layer.arguments.get("cell") or call.layer))
    return x, known_axis(call, -1)


def _all_steps(call: Call, x: TensorType, step: Step, cell: str, *layers: Object) -> Inferred:
    """What a layer gives that takes this step again and again; ``cell`` is the name of what holds the weights."""
    _refuse_nested_states(call, step, "initial_state")
    if step.stacked and len(step.states) == 1 and has_mask(call):
        # Keras unwraps the states of a stack of one on the way out, and its masked loop misses the list.
        raise ShapeError(
            "E307",
            f"{call.layer.record.name} cannot go through masked sequences with a stack of one cell",
            help="write the cell by itself, without a list or `StackedRNNCells`",
            argument="cell",
        )
    states = tuple((x.shape[0], size) for size in step.flat_states)
    check_states(call, states)
    outputs = sequence_outputs(call, (step.output,), states)
    return Inferred(outputs, nested(cell, step.weights, *layers), x.shape[1] * step.flops)


def _refuse_nested_states(call: Call, step: Step, port: str) -> None:
    """A stack of cells that keep two states each takes lists within a list, which a spec has no words for."""
    if call.tensors.get(port) and step.stacked and any(len(states) > 1 for states in step.states):
        raise ShapeError(
            "E307",
            f"`{port}` cannot be given to stacked cells of which one keeps two states, as `LSTMCell` does",
            help="use one `LSTM` layer after the other, each with its own `initial_state`",
            port=port,
        )


def recurrent(step: StepOf, cell: str) -> Rule:
    """(batch, time, features) → (batch, units), or (batch, time, units) with ``return_sequences``.

    With ``return_state`` the states (batch, units) follow. Operations: both kernels and the offsets at each step.
    """

    def rule(call: Call) -> Inferred:
        x, features = _sequence(call)
        return _all_steps(call, x, step(call.layer.arguments, features, call.policy.variable), cell)

    return rule


def rnn(call: Call) -> Inferred:
    """As ``recurrent``, with the cell or the cells that the spec names."""
    x, features = _sequence(call)
    cell = call["cell"]
    if isinstance(cell, tuple):
        return _all_steps(call, x, stacked_step(cell, features, default_policy(call)), "stacked_rnn_cells")
    return _all_steps(call, x, step_of(cell, features, default_policy(call)), nested_name(cell), cell)


def _one_step(call: Call, step: Callable[[int], Step]) -> Inferred:
    """(batch, features) and states (batch, units) → (batch, units) and the states after it."""
    float_input(call)
    x = ranked(call, 2, axes="features")
    found = step(known_axis(call, -1))
    _refuse_nested_states(call, found, "states")
    states = tuple((x.shape[0], size) for size in found.flat_states)
    check_states(call, states, "states")
    dtype = call.policy.compute
    outputs = tuple(TensorType(shape, dtype) for shape in ((x.shape[0], found.output), *states))
    return Inferred(outputs, found.weights, found.flops)


def cell(step: StepOf) -> Rule:
    """The rule of a cell that stands in the graph by itself."""

    def rule(call: Call) -> Inferred:
        return _one_step(call, lambda features: step(call.layer.arguments, features, call.policy.variable))

    return rule


def stacked_cells(call: Call) -> Inferred:
    """One step of several cells, each fed with what the one before gives; each computes in its own dtype."""
    cells: tuple[Object, ...] = call["cells"]
    default = default_policy(call)
    found = _one_step(call, lambda features: stacked_step(cells, features, default))
    dtypes = [layer_policy(one, default).compute for one in cells for _ in range(STATES[one.record.name])]
    outputs = zip(found.outputs, [dtypes[-1], *dtypes], strict=True)
    return replace(found, outputs=tuple(replace(output, dtype=dtype) for output, dtype in outputs))


def _check_cells(argument: str, stacks: bool) -> Callable[[Mapping[str, Any]], None]:
    """See that nested layers are cells; ``stacks``: a ``StackedRNNCells`` is one."""
    names = CELLS if stacks else CELLS[:-1]

    def check(arguments: Mapping[str, Any]) -> None:
        given = arguments[argument]
        cells: tuple[Any, ...] = given if isinstance(given, tuple) else (given,)
        if not cells:
            raise ArgumentError(argument, f"`{argument}` is empty", help="name at least one cell, such as `LSTMCell`")
        for one in cells:
            allowed = names if given is one else CELLS[:-1]
            name = one.record.name if isinstance(one, Object) else one
            if name not in allowed:
                raise ArgumentError(
                    argument,
                    f"`{argument}` must be a recurrent cell ({', '.join(allowed)}), found {name}",
                    help=f"use `{name}Cell`" if f"{name}Cell" in CELLS else "the cell is what computes one step",
                )

    return check


CELL: Final = Kind(
    LAYER.schema, "a recurrent cell, a table with `type`, or a list of them", family="layers", many=True, lone=True
)
CELL_LIST: Final = Kind(LAYER.schema, "a list of recurrent cells, each a table with `type`", family="layers", many=True)
USE_CUDNN: Final = Argument(
    "use_cudnn",
    Kind({"enum": ["auto", True, False]}, '"auto", true or false'),
    "auto",
    "Whether a GPU's own kernel is used.",
)
UNITS: Final = Argument("units", POSITIVE, summary="Size of the output and of each state.")
ACTIVATE: Final = Argument("activation", ACTIVATION, "tanh", "Applied to what a step adds to the state.")
GATES: Final = Argument("recurrent_activation", ACTIVATION, "sigmoid", "Applied to the gates.")
FORGET: Final = Argument("unit_forget_bias", BOOLEAN, True, "Whether the offset of the forget gate starts at 1.")
RESET: Final = Argument("reset_after", BOOLEAN, True, "Whether the reset gate acts behind the product with the state.")
KERNELS: Final = (
    *weight_arguments("kernel", "glorot_uniform"),
    *weight_arguments("recurrent_kernel", "orthogonal"),
    *weight_arguments("bias", "zeros"),
)
DROPOUTS: Final = (
    Argument("dropout", FRACTION, 0.0, "The share of the inputs that is dropped in training."),
    Argument("recurrent_dropout", FRACTION, 0.0, "The share of the states that is dropped in training."),
    SEED_ARGUMENT,
)
OUTPUT_PENALTY: Final = Argument(
    "activity_regularizer", REGULARIZER, None, "A penalty on the output, added to the loss."
)


def _named(arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
    """Keras says ``recurrent_initializer`` where the weight is ``recurrent_kernel``."""
    return tuple(
        Argument(one.name.replace("recurrent_kernel_", "recurrent_"), one.kind, one.default, one.summary)
        for one in arguments
    )


SIMPLE: Final = (UNITS, ACTIVATE, USE_BIAS, *_named(KERNELS), *DROPOUTS)
LSTM: Final = (UNITS, ACTIVATE, GATES, USE_BIAS, FORGET, *_named(KERNELS), *DROPOUTS)
GRU: Final = (UNITS, ACTIVATE, GATES, USE_BIAS, RESET, *_named(KERNELS), *DROPOUTS)


def _layer(name: str, summary: str, rule: Rule, *arguments: Argument, check: Any = None) -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        page=f"layers/recurrent_layers/{_page(name)}",
        arguments=(*arguments, *SEQUENCE_ARGUMENTS, UNROLL),
        ports=SEQUENCE_PORTS,
        options=IN_TRAINING,
        masking="own",
        rule=rule,
        check=check,
    )


def _cell(name: str, summary: str, rule: Rule, *arguments: Argument, port: str = "inputs", check: Any = None) -> Record:
    return Record(
        name=name,
        family="layers",
        summary=summary,
        page=f"layers/recurrent_layers/{_page(name)}",
        arguments=arguments,
        ports=(Port(port), Port("states", many=True)),
        options=IN_TRAINING,
        rule=rule,
        check=check,
    )


def _page(name: str) -> str:
    """The last part of the address of a page on keras.io."""
    return PAGES.get(name, name.lower())


PAGES: Final[Mapping[str, str]] = {
    "SimpleRNN": "simple_rnn",
    "LSTMCell": "lstm_cell",
    "GRUCell": "gru_cell",
    "SimpleRNNCell": "simple_rnn_cell",
    "StackedRNNCells": "stacked_rnn_cell",
}

LAYERS: Final = (
    _layer(
        "LSTM",
        "Goes through a sequence with a short and a long memory.",
        recurrent(lstm_step, "lstm_cell"),
        *LSTM,
        OUTPUT_PENALTY,
        USE_CUDNN,
    ),
    _layer(
        "GRU",
        "Goes through a sequence with one gated memory.",
        recurrent(gru_step, "gru_cell"),
        *GRU,
        OUTPUT_PENALTY,
        USE_CUDNN,
    ),
    _layer(
        "SimpleRNN",
        "Goes through a sequence and feeds each output into the next step.",
        recurrent(simple_step, "simple_rnn_cell"),
        *SIMPLE,
        OUTPUT_PENALTY,
    ),
    _layer(
        "RNN",
        "Goes through a sequence with a cell, or with several cells on top of each other.",
        rnn,
        Argument("cell", CELL, summary="What computes one step."),
        Argument("zero_output_for_mask", BOOLEAN, False, "Whether steps that do not count give 0."),
        check=_check_cells("cell", stacks=True),
    ),
    _cell("LSTMCell", "One step of an `LSTM`.", cell(lstm_step), *LSTM),
    _cell("GRUCell", "One step of a `GRU`.", cell(gru_step), *GRU),
    _cell("SimpleRNNCell", "One step of a `SimpleRNN`.", cell(simple_step), *SIMPLE, port="sequence"),
    _cell(
        "StackedRNNCells",
        "One step of several cells on top of each other.",
        stacked_cells,
        Argument("cells", CELL_LIST, summary="What one step runs through, from the input to the output."),
        check=_check_cells("cells", stacks=False),
    ),
    *CONV_LSTM,
)
