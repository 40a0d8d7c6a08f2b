"""From the phases of a spec to their models: one for phases in a row with the same layers, and what each hands on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.build import Built, assemble, functional
from ..compiler.diff.matching import matched
from ..compiler.gradients import optimizer_of
from ..compiler.graph import TypedGraph
from ..compiler.phases import stages as typed_stages
from .environment import backend
from .frozen import Freezer
from .inheriting import Inheritance
from .preprocessing import Cut, adapt, cut, settle
from .run import ABOUT

if TYPE_CHECKING:
    import keras

    from .distribution import Group
    from .stages import Stage


@dataclass(slots=True, eq=False)
class Architecture:
    """The layers of one phase, or of several in a row: the model that is saved, and those that are trained.

    ``halves`` are the model in two, where its front runs in the input pipeline.
    """

    typed: TypedGraph
    built: Built
    halves: Cut | None
    freezer: Freezer
    group: Group | None = None
    _models: dict[int, keras.Model] = field(default_factory=dict)

    def model(self, typed: TypedGraph) -> keras.Model:
        """The model that is trained in a phase: with its loss terms, where it has any."""
        training = typed.graph.spec.training
        key = id(training.losses) if training is not None and typed.graph.terms else 0
        if key not in self._models:
            self._models[key] = self._model(typed)
        return self._models[key]

    def _model(self, typed: TypedGraph) -> keras.Model:
        model = self.halves.tail if self.halves is not None else twin(typed, self.built)
        if not typed.graph.terms:
            return model
        from .terms import seeing, with_terms

        tensors = self.halves.tensors if self.halves is not None else self.built.tensors
        with nullcontext() if self.group is None else self.group.scope():
            return with_terms(typed, model, seeing(typed, model.inputs, tensors))


def architectures_of(
    typed: TypedGraph,
    raw: Callable[[], Any],
    begin: Callable[[TypedGraph, Built], None],
    folder: Path,
    group: Group | None,
) -> tuple[Architecture, ...]:
    """The architecture of each phase, in order; those in a row that change no layers have the same.

    All are built before anything is trained, so that what Keras refuses is said at once, and a run that is gone on with
    draws the same numbers. ``raw`` gives the inputs of the training rows; ``begin`` gives the first its weights.

    Raises:
        Problem: what ``assemble`` and ``adapt`` raise.
    """
    found: list[Architecture] = []
    every = typed_stages(typed)
    for number, one in enumerate(every):
        if number and _data(one) is _data(every[number - 1]):
            found.append(found[-1])
            continue
        whole = _with_all_terms([other for other in every[number:] if _data(other) is _data(one)])
        with nullcontext() if group is None else group.scope():
            built = assemble(whole, settle(whole, raw), folder)
        adapt(whole, built, raw)
        if not number:
            begin(whole, built)
        halves = cut(whole, built) if backend() == "tensorflow" else None
        found.append(Architecture(whole, built, halves, Freezer(whole, built), group))
    return tuple(found)


def _data(typed: TypedGraph) -> Any:
    return typed.graph.spec.document.data


def _with_all_terms(several: Sequence[TypedGraph]) -> TypedGraph:
    """The graph of phases that have the same layers, with the loss terms of all of them."""
    terms = {id(one.graph.terms): one.graph.terms for one in several}
    joined = tuple(term for some in terms.values() for term in some)
    return replace(several[0], graph=replace(several[0].graph, terms=joined))


def twin(typed: TypedGraph, built: Built) -> keras.Model:
    """A second model of the same tensors and layers."""
    graph = typed.graph
    outputs = [built.tensors[edge.source][edge.index] for edge in graph.outputs.values()]
    return functional(graph, list(built.model.inputs), outputs, graph.name)


def hand_on(before: Stage, after: Stage) -> Inheritance:
    """Give the model of a phase all weights of the phase before it that fit; what the optimizer keeps comes later."""
    old, new = before.typed.graph, after.typed.graph
    passed = Inheritance("the phase before", Path(), old, matched(old, new))
    passed.take(new, after.built, before.built.layers)
    if optimizer_of(before.training) == optimizer_of(after.training):
        passed.last = before.model.optimizer
    return passed


def as_left(typed: TypedGraph, folder: Path) -> TypedGraph:
    """The graph of the phase in which a run came to its end: that of the model in its folder."""
    every = typed_stages(typed)
    try:
        number = int(json.loads((folder / ABOUT).read_text("utf-8")).get("phase", len(every)))
    except (OSError, ValueError, TypeError, AttributeError):
        number = len(every)
    return every[min(max(number, 1), len(every)) - 1]
