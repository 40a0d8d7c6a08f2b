"""From a spec with phases to what is checked and carried out: one phase after the other, as if it were all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..spec.document import Part, Place, Pointer
from ..spec.finding import Finding, Related, located
from ..spec.parse_training import written
from ..spec.spec import OutputTraining, Spec, Training
from .graph import TypedGraph
from .heads import Head, heads


def with_training(typed: TypedGraph, training: Training) -> TypedGraph:
    """The same graph with another training section; places are those where it is written."""
    spec = typed.graph.spec
    document = spec.document

    def locate(pointer: Pointer, part: Part) -> Place:
        return document.place(written(document, pointer), part)

    spec = replace(spec, training=training, document=replace(document, locate=locate))
    return replace(typed, graph=replace(typed.graph, spec=spec))


def stages(typed: TypedGraph) -> tuple[TypedGraph, ...]:
    """The graph with each phase as its training section; as it is where there are none."""
    training = typed.graph.spec.training
    if training is None or not training.phases:
        return (typed,)
    graphs = typed.phases or (typed,) * len(training.phases)
    return tuple(with_training(graph, one) for graph, one in zip(graphs, training.phases, strict=True))


def whole(training: Training) -> Training:
    """What all phases together compare with: what an output has in the first phase in which it has anything."""
    if not training.phases:
        return training
    outputs: dict[str, OutputTraining] = {}
    for phase in training.phases:
        for name, one in phase.outputs.items():
            known = outputs.get(name)
            if known is None or (known.loss is None and not known.metrics):
                outputs[name] = one
    first = training.phases[0]
    loss = next((phase.loss for phase in training.phases if phase.loss is not None), None)
    losses = next((phase.losses for phase in training.phases if phase.losses), ())
    return replace(first, loss=loss, losses=losses, outputs=outputs, phases=training.phases)


def each(typed: TypedGraph, findings: Callable[[TypedGraph], Iterable[Finding]]) -> Iterator[Finding]:
    """What is found in each phase, at the place where it is written, once."""
    spec = typed.graph.spec
    if spec.training is None or not spec.training.phases:
        yield from findings(typed)
        return
    told: dict[tuple[str, Pointer, str], tuple[Finding, list[int]]] = {}
    for number, stage in enumerate(stages(typed)):
        own = stage.graph.spec.document.data is not spec.document.data
        for finding in findings(stage):
            placed = _placed_there(stage.graph.spec, finding, number) if own else _placed(spec, finding)
            key = (placed.code, placed.pointer, placed.message)
            told.setdefault(key, (placed, []))[1].append(number)
    for placed, numbers in told.values():
        inherited = placed.pointer[:1] == ("training",) and placed.pointer[1:2] != ("phases",)
        some = inherited and len(set(numbers)) < len(spec.training.phases)
        yield replace(placed, message=f"{_in(spec.training.phases, numbers)}: {placed.message}") if some else placed


def _in(phases: Sequence[Training], numbers: Iterable[int]) -> str:
    """Which phases are meant of those that what is written in the section holds for."""
    names = [
        f"phase {number + 1} ({name})" if (name := phases[number].name) else f"phase {number + 1}"
        for number in sorted(set(numbers))
    ]
    return f"in {' and '.join(names) if len(names) < 3 else f'{names[0]}, {names[1]} and {len(names) - 2} more'}"


SPARSE: Final = frozenset({"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"})
ROWS: Final = frozenset({"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge"})
YES_NO: Final = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge"})


def _form(head: Head) -> str | None:
    """What a loss wants its target to be; None where the target itself says so, or there is no loss."""
    if head.loss is None or (head.target is not None and head.target.encode is not None):
        return None
    name = head.loss.record.name
    if name in SPARSE:
        return "the numbers of classes"
    if name in ROWS:
        return "a row with a 1 for the class"
    return "yes or no" if name in YES_NO else "sequences" if name == "CTC" else "numbers"


def phase_findings(typed: TypedGraph) -> Iterator[Finding]:
    """What is wrong between phases: targets of which one wants this and another that (E426), epochs without use."""
    training = typed.graph.spec.training
    assert training is not None
    document = typed.graph.spec.document
    first: dict[str, tuple[str, Pointer]] = {}
    for stage in stages(typed):
        for head in heads(stage):
            form = _form(head)
            if form is None:
                continue
            at = written(document, head.loss_pointer)
            before, there = first.setdefault(head.name, (form, at))
            if before != form:
                yield Finding(
                    "E426",
                    f"this loss compares `{head.name}` with {form}, and that of a phase before with {before}",
                    at,
                    help="the data is prepared once for all phases: take losses that want the same of the target",
                    related=(Related(f"this one wants {before}", there),),
                )
    section = document.data.get("training")
    if isinstance(section, dict) and "epochs" in section:
        words = "nothing uses these epochs: each phase has its own"
        yield Finding("W604", words, ("training", "epochs"), "key", help="take the line away")


def _placed_there(spec: Spec, finding: Finding, number: int) -> Finding:
    """A finding about a phase that has layers of its own: its places are those in the document of that phase."""
    document = spec.document
    place = finding.place or located(finding, document).place
    related = tuple(replace(one, place=document.place(one.pointer, one.part)) for one in finding.related)
    trained = finding.pointer[:1] == ("training",)
    pointer = written(document, finding.pointer) if trained else ("training", "phases", number)
    return replace(finding, pointer=pointer, place=place, related=related)


def _placed(spec: Spec, finding: Finding) -> Finding:
    related = tuple(Related(one.label, written(spec.document, one.pointer), one.part) for one in finding.related)
    return replace(finding, pointer=written(spec.document, finding.pointer), related=related)
