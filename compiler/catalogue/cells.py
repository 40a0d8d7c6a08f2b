"""What one step of a recurrent cell takes and gives: weights, states, operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..tensor import Policy, Weight
from .record import Object, ShapeError
from .rules import layer_policy
from .sublayers import nested, nested_name

CELLS: Final = ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells")
STATES: Final[Mapping[str, int]] = {"LSTMCell": 2, "GRUCell": 1, "SimpleRNNCell": 1}
"""How many states a cell keeps."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a cell for one sample.

    ``states`` has the size of each state, cell by cell; ``output`` the size of the output. ``flops`` counts
    both kernels and the offsets; the few operations that join the gates are left out. ``stacked``: the cell is
    a stack of cells, and Keras wants its states as a list of what each of them keeps.
    """

    weights: tuple[Weight, ...]
    states: tuple[tuple[int, ...], ...]
    output: int
    flops: int
    stacked: bool = False

    @property
    def flat_states(self) -> tuple[int, ...]:
        """The sizes of all states in Keras' order."""
        return tuple(size for cell in self.states for size in cell)


def _gated(arguments: Mapping[str, Any], features: int, dtype: str, gates: int, cell: str, biases: int = 1) -> Step:
    """A cell whose gates are computed from input and state by one kernel each."""
    check_orthogonal(arguments, dtype)
    units: int = arguments["units"]
    width = gates * units
    weights = [
        Weight("kernel", (features, width), dtype=dtype),
        Weight("recurrent_kernel", (units, width), dtype=dtype),
    ]
    flops = 2 * width * (features + units)
    if arguments["use_bias"]:
        weights.append(Weight("bias", (width,) if biases == 1 else (biases, width), dtype=dtype))
        flops += biases * width
    return Step(tuple(weights), ((units,) * STATES[cell],), units, flops)


def check_orthogonal(arguments: Mapping[str, Any], dtype: str) -> None:
    """See that the recurrent kernel can be made orthogonal, as it is by default: not in bfloat16.

    Raises:
        ShapeError: E304 if it cannot.
    """
    initializer = arguments["recurrent_initializer"]
    name = initializer.record.name if isinstance(initializer, Object) else initializer
    if dtype == "bfloat16" and str(name).lower() in ("orthogonal", "orthogonalinitializer"):
        raise ShapeError(
            "E304",
            "an orthogonal recurrent kernel cannot be computed in bfloat16",
            help='use `dtype = "mixed_bfloat16"`, which keeps weights in float32, or another `recurrent_initializer`',
            argument="recurrent_initializer",
        )


def lstm_step(arguments: Mapping[str, Any], features: int, dtype: str) -> Step:
    """Four gates, two states. Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997."""
    return _gated(arguments, features, dtype, 4, "LSTMCell")


def gru_step(arguments: Mapping[str, Any], features: int, dtype: str) -> Step:
    """Three gates, one state. Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014."""
    return _gated(arguments, features, dtype, 3, "GRUCell", 2 if arguments["reset_after"] else 1)


def simple_step(arguments: Mapping[str, Any], features: int, dtype: str) -> Step:
    """One kernel for the input, one for the state."""
    return _gated(arguments, features, dtype, 1, "SimpleRNNCell")


STEPS: Final[Mapping[str, Callable[[Mapping[str, Any], int, str], Step]]] = {
    "LSTMCell": lstm_step,
    "GRUCell": gru_step,
    "SimpleRNNCell": simple_step,
}


def step_of(cell: Object, features: int, default: str) -> Step:
    """One step of a cell as a spec states it; ``default`` is the dtype policy of the whole model."""
    if cell.record.name == "StackedRNNCells":
        return stacked_step(cell["cells"], features, default)
    policy: Policy = layer_policy(cell, default)
    return STEPS[cell.record.name](cell.arguments, features, policy.variable)


def drops(cell: Object | tuple[Object, ...]) -> bool:
    """Whether a cell, or one of several, drops a share of its inputs in training."""
    if isinstance(cell, tuple):
        return any(map(drops, cell))
    return drops(cell["cells"]) if cell.record.name == "StackedRNNCells" else cell["dropout"] > 0


def stacked_step(cells: tuple[Object, ...], features: int, default: str) -> Step:
    """One step of several cells, each fed with what the one before gives."""
    weights: list[Weight] = []
    states: list[tuple[int, ...]] = []
    flops = 0
    for cell in cells:
        step = step_of(cell, features, default)
        weights += nested(nested_name(cell), step.weights, cell)
        states += step.states
        flops += step.flops
        features = step.output
    return Step(tuple(weights), tuple(states), features, flops, stacked=True)
