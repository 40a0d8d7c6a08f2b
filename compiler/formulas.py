"""From losses, metrics and loss terms that are written as expressions to the Steps that they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..spec.spec import OutputTraining, Training
from .catalogue.record import Object, Record
from .graph import TypedGraph
from .tensor import FLOATS, TensorType

if TYPE_CHECKING:  # a spec without expressions never loads what reads them
    from .run_time import Steps

TRUE, PREDICTED = "y_true", "y_pred"
NAME: Final = "expression"
"""What a metric by expression is called where nothing is written."""

LOSS: Final = Object(Record("the expression", "losses", "A loss by expression.", ports=()), {}, {})
METRIC: Final = Object(Record("the expression", "metrics", "A metric by expression.", ports=()), {}, {})
"""What stands for a loss or metric by expression where Keras' own are looked at; neither is in the catalogue."""


def formula(value: Any) -> str | None:
    """The expression of a loss or metric as a spec states it; None for one of Keras."""
    text = value.get("expression") if isinstance(value, Mapping) and "type" not in value else None
    return text if isinstance(text, str) else None


def has_formulas(training: Training) -> bool:
    """Whether there is anything written as an expression."""
    parts: tuple[Training | OutputTraining, ...] = (training, *training.outputs.values())
    return bool(training.losses) or any(
        formula(one) is not None for part in parts for one in (part.loss, *part.metrics)
    )


def computed(tensor: TensorType) -> TensorType:
    """A tensor as an expression is given it: fractions are float32, as Keras' own losses take them."""
    return replace(tensor, dtype="float32") if tensor.dtype in FLOATS else tensor


def compared(text: str, tensor: TensorType | None) -> Steps | None:
    """What a loss or metric of an output computes; None where the type of the output is not known.

    ``y_true`` has the dtype and shape of ``y_pred``: Keras gives it those where only the last axis of 1 differs, and
    everything else is refused before anything is computed.

    Raises:
        ExpressionError: what ``run_time`` and ``steps_of`` raise.
    """
    from ..spec.run_time import run_time
    from .run_time import Tensor, steps_of

    type_ = None if tensor is None else computed(tensor)
    return steps_of(run_time(text), {TRUE: Tensor(type_, learned=False), PREDICTED: Tensor(type_)})


def term(typed: TypedGraph, index: int) -> Steps | None:
    """What a loss term computes; None where the type of one of its tensors is not known.

    Raises:
        ExpressionError: what ``run_time`` and ``steps_of`` raise.
    """
    from ..spec.run_time import run_time
    from .run_time import Tensor, steps_of

    graph = typed.graph
    assert graph.spec.training is not None
    stated, edges = graph.spec.training.losses[index], graph.terms[index]
    tensors = {}
    for name in stated.inputs:
        edge = edges.get(name)
        found = None if edge is None else typed.tensor(edge)
        given = edge is not None and graph.nodes[edge.source].input is not None
        tensors[name] = Tensor(None if found is None else computed(found), learned=not given)
    return steps_of(run_time(stated.expression), tensors)
