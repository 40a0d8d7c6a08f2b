"""From TypedGraph to findings about data and training that need no data: names, losses, metrics, targets, monitors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.spec import Gradients
from ..spec.words import closest, listed
from .graph import TypedGraph

if TYPE_CHECKING:
    from .heads import Head


def plan(typed: TypedGraph) -> tuple[Finding, ...]:
    """What can be said of ``data`` and ``training`` before any data is read."""
    found = _planned(typed)
    if typed.graph.spec.data is not None:
        from .data_findings import data_findings

        found = (*data_findings(typed), *found)
    if typed.graph.spec.sweep is not None:
        from .sweeps import sweep_findings

        found = (*found, *sweep_findings(typed))
    return found


def _planned(typed: TypedGraph) -> tuple[Finding, ...]:
    spec = typed.graph.spec
    if spec.training is None:
        return tuple(_names(typed))
    if not spec.training.phases:
        return (*_of_training(typed), *_unused(typed))
    from .phases import each, phase_findings, whole, with_training

    together = with_training(typed, whole(spec.training))
    return (*each(typed, _of_training), *phase_findings(typed), *_unused(together))


def _unused(typed: TypedGraph) -> Iterator[Finding]:
    from .heads import heads
    from .unused_sections import unused_sections

    yield from unused_sections(typed.graph.spec, heads(typed))


def _of_training(typed: TypedGraph) -> tuple[Finding, ...]:
    """What can be said of one training section, or of one phase."""
    spec = typed.graph.spec
    assert spec.training is not None
    from .contradictions import contradictions
    from .formulas import has_formulas
    from .heads import heads
    from .losses import shape_findings, value_findings
    from .metrics import metric_findings
    from .monitors import monitor_findings
    from .targets import target_findings, weight_findings

    every = heads(typed)
    found = [*_names(typed), *contradictions(spec.training)]
    if has_formulas(spec.training):
        from .formula_findings import formula_findings

        found.extend(formula_findings(typed, every))
    sound = []
    for head in every:
        unfit = shape_findings(head)
        found.extend(unfit or target_findings(spec, head))
        if not unfit:
            sound.append(head)
    found.extend(weight_findings(spec, every))
    if spec.training.measures_known:  # else the loss may not be what is meant, and a metric may be missing
        for head in sound:
            found.extend(value_findings(head))
        found.extend(metric_findings(tuple(sound)))
    found.extend(monitor_findings(spec, every))
    found.extend(_further(typed, every))
    return tuple(found)


def _further(typed: TypedGraph, every: tuple[Head, ...]) -> Iterator[Finding]:
    """What few training sections have: each is read by a module of its own."""
    training = typed.graph.spec.training
    assert training is not None
    if training.gradients != Gradients():
        from .gradients import gradient_findings

        yield from gradient_findings(training)
    if training.rules:
        from .training_rules import rule_findings

        yield from rule_findings(typed.graph.spec, every)
    if training.freeze:
        from .freezing import freeze_findings

        yield from freeze_findings(typed, training)
    if training.learning_rate_factors:
        from .factors import factor_findings

        yield from factor_findings(typed, training)
    if training.distribute is not None:
        from .distributing import distribute_findings

        yield from distribute_findings(typed)
    if training.weights is not None:
        from .freezing import weights_findings

        yield from weights_findings(typed, training)


def _names(typed: TypedGraph) -> Iterator[Finding]:
    """Sections that name an input or an output which the model does not have."""
    spec, graph = typed.graph.spec, typed.graph
    if not spec.whole:
        return
    inputs = [one.name for one in spec.inputs]
    outputs = [one.name for one in spec.outputs] or list(graph.outputs)
    places: list[tuple[Iterable[str], Pointer, str, list[str]]] = []
    if spec.data is not None:
        places.append((spec.data.inputs, ("data", "inputs"), "input", inputs))
        if outputs:
            places.append((spec.data.targets, ("data", "targets"), "output", outputs))
    if spec.training is not None and outputs:
        places.append((spec.training.outputs, ("training", "outputs"), "output", outputs))
    for names, pointer, what, known_names in places:
        for name in names:
            if name in known_names or name in spec.misnamed:
                continue
            near = closest(name, known_names)
            kind = f"the model has no {what} called `{name}`"
            way = f"did you mean `{near}`?" if near else f"its {what}s are {listed(known_names)}"
            if what == "output" and known_names == ["output"]:
                way = f'name the last layer, `name = "{name}"`: an output is called like its layer'
            yield Finding("E406", kind, (*pointer, name), "key", help=way)
