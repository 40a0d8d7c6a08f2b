"""The noun Head: an output of the model with its loss, its metrics and its target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Related
from ..spec.spec import Column
from .catalogue import find
from .catalogue.objects import instantiate
from .catalogue.record import Object
from .endings import Ending, ending, head_of
from .formulas import LOSS, METRIC, NAME, formula
from .graph import Node, TypedGraph
from .sizes import Size, known
from .tensor import TensorType, shape_text


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of a head: what Keras makes of it. ``label`` is the name as written or Keras' own, not numbered yet."""

    object: Object
    label: str
    numbered: bool
    automatic: bool
    pointer: Pointer

    @property
    def name(self) -> str:
        """Its class."""
        return self.object.record.name

    def __getitem__(self, argument: str) -> Any:
        return self.object.arguments.get(argument)


@dataclass(frozen=True, slots=True)
class Head:
    """One output. ``tensor`` is None where its shape is not known, ``loss`` where it has none.

    ``target`` is its section in ``data``, ``ending`` what its values come out of.
    """

    name: str
    tensor: TensorType | None
    node: Node
    loss: Object | None
    loss_pointer: Pointer
    metrics: tuple[Measure, ...]
    ending: Ending | None
    target: Column | None

    @property
    def units(self) -> Size | None:
        """The last size; None where there is no axis but the batch's."""
        return None if self.tensor is None or self.tensor.rank < 2 else self.tensor.shape[-1]

    @property
    def count(self) -> int | None:
        """The last size, if it is a number."""
        units = self.units
        return units if units is not None and known(units) else None

    @property
    def logits(self) -> bool:
        """Whether the loss is told that it is given raw scores."""
        return self.loss is not None and self.loss.arguments.get("from_logits") is True

    @property
    def related(self) -> tuple[Related, ...]:
        """The layer that the output comes from, with its shape."""
        if self.tensor is None or self.node.layer is None:
            return ()
        return (Related(f"`{self.name}` gives {shape_text(self.tensor.shape)}", head_of(self.node)),)


def heads(typed: TypedGraph) -> tuple[Head, ...]:
    """The outputs of a graph, in order, with what its training section says of each."""
    training = typed.graph.spec.training
    if training is None:
        return ()
    data = typed.graph.spec.data
    found = []
    for name, edge in typed.graph.outputs.items():
        tensor = typed.tensor(edge)
        units = tensor.shape[-1] if tensor is not None and tensor.rank > 1 else None
        own = training.outputs.get(name)
        mine = own is not None and own.loss is not None
        loss, at = (own.loss, own.pointer) if own is not None and mine else (training.loss, training.pointer)
        metrics, place = (
            (own.metrics, own.pointer) if own is not None and own.metrics else (training.metrics, training.pointer)
        )
        if loss is None and not (own is not None and own.metrics):
            metrics = ()  # compared with nothing
        stated = loss_of(loss, units)
        found.append(
            Head(
                name,
                tensor,
                typed.graph.nodes[edge.source],
                stated,
                (*at, "loss"),
                tuple(_measures(metrics, (*place, "metrics"), stated, units)),
                ending(typed, edge),
                data.targets.get(name) if data is not None else None,
            )
        )
    return tuple(found)


def stated(family: str, value: Any) -> Object | None:
    """The object that a checked name or table of a spec states; None for one that the catalogue lacks."""
    table = {"type": value} if isinstance(value, str) else value
    kind = table.get("type") if isinstance(table, Mapping) else None
    record = find(family, kind) if isinstance(kind, str) else None
    if record is None or record.refused:
        return None
    try:
        return instantiate(record, table)
    except (KeyError, TypeError, ValueError):
        return None  # a value inside of it is wrong, which has been said


def loss_of(value: Any, units: Size | None) -> Object | None:
    """The loss that a spec states for an output whose last size is ``units``: "crossentropy" depends on it."""
    if formula(value) is not None:
        return LOSS
    if isinstance(value, str) and value.lower() in ("crossentropy", "ce") and units == 1:
        value = "BinaryCrossentropy"
    return stated("losses", value)


def _measures(metrics: tuple[Any, ...], at: Pointer, loss: Object | None, units: Size | None) -> Iterator[Measure]:
    from ..spec.naming import snake_case

    for index, metric in enumerate(metrics):
        if formula(metric) is not None:
            yield Measure(METRIC, metric.get("name", NAME), "name" not in metric, False, (*at, index))
            continue
        automatic = isinstance(metric, str) and metric.lower() in ("accuracy", "acc")
        found = stated("metrics", _accuracy(loss, units) if automatic else metric)
        if found is None:
            continue
        numbered = not isinstance(metric, str) and "name" not in found.written
        name = found.arguments.get("name")
        label = metric if isinstance(metric, str) else name if isinstance(name, str) else snake_case(found.record.name)
        yield Measure(found, label, numbered, automatic, (*at, index))


def _accuracy(loss: Object | None, units: Size | None) -> str:
    """The metric that Keras takes "accuracy" for: by the sizes of predictions and targets."""
    if units == 1:
        return "BinaryAccuracy"
    sparse = loss is not None and loss.record.name in ("SparseCategoricalCrossentropy", *NUMBERED)
    return "SparseCategoricalAccuracy" if sparse else "CategoricalAccuracy"


NUMBERED: Final = ("CategoricalGeneralizedCrossEntropy", "Circle")
"""Losses besides the sparse one whose targets are the number of a class."""
