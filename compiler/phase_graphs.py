"""From a spec whose phases change its layers or its loss terms to the TypedGraph of each phase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..spec.document import Document
from ..spec.expand import expand
from ..spec.finding import Diagnostic, Finding, located
from ..spec.parse import parse
from ..spec.phase_layers import PhaseLayers, phase_layers
from ..spec.spec import Spec, Term, Training
from ..spec.validate import validate
from .graph import TypedGraph
from .infer import infer
from .link import link
from .promises import promise_findings
from .tensor import shape_text

UNUSED: Final = frozenset({"E205", "W201", "W601", "W602"})
"""Codes of what nothing uses: said where no phase uses it."""

Told = tuple[str, str, int, int, str]


def changes(training: Training | None) -> bool:
    """Whether a phase has layers or loss terms of its own."""
    return training is not None and any(one.overrides or one.losses is not training.losses for one in training.phases)


def phase_graphs(
    typed: TypedGraph, before: Sequence[Diagnostic], graph: Sequence[Diagnostic]
) -> tuple[TypedGraph, tuple[Diagnostic, ...]]:
    """The graph with those of its phases, and all that is wrong with the spec and with what phases make of it.

    ``before`` is what was found in the spec until it was linked, and ``graph`` what was found since.
    """
    spec = typed.graph.spec
    training = spec.training
    assert training is not None
    own = spec.document.expansion
    writer = _Phases(spec, spec.document if own is None else own.written, typed, before, graph)
    made = replace(typed, phases=tuple(writer.graph(number) for number in range(len(training.phases))))
    return made, writer.all()


class _Phases:
    """Makes the graphs of phases, one after the other."""

    def __init__(
        self,
        spec: Spec,
        document: Document,
        typed: TypedGraph,
        before: Sequence[Diagnostic],
        graph: Sequence[Diagnostic],
    ) -> None:
        assert spec.training is not None
        self.training = spec.training
        self.base = typed
        self.spec = spec
        self.written = document
        self.layers: PhaseLayers | None = None
        self.before = tuple(before)
        """What was found in the spec as it is in the phase under way, until it was linked."""
        self.sets = [(*before, *graph)]
        self.new: list[Diagnostic] = []
        self.made: dict[tuple[int, int], TypedGraph] = {(id(spec), id(spec.training.losses)): typed}
        self.kept: list[object] = [spec]
        self.lost = False
        """Whether it is not clear what the layers are from here on."""

    def graph(self, number: int) -> TypedGraph:
        """The graph of a phase; that of another one where nothing is different."""
        phase = self.training.phases[number]
        if phase.overrides:
            self._lay(number)
        if self.lost:
            return self._instead(phase)
        key = id(self.spec), id(phase.losses)
        if key not in self.made:
            self.made[key] = self._linked(number, phase.losses)
        return self.made[key]

    def _lay(self, number: int) -> None:
        self.layers = phase_layers(self.written, number)
        self.new += self.layers.found
        self.lost = self.lost or bool(self.layers.found)
        self.written = self.layers.document
        document, expanded = expand(self.written)
        checked = validate(document)
        self.spec, parsed = parse(checked)
        self.kept.append(self.spec)  # what is kept in `made` goes by identity
        self.before = (*expanded, *_located((*checked.findings, *parsed), document))
        self.new += [self._in_phase(one, number) for one in self.before if not self._known(one)]

    def _linked(self, number: int, losses: tuple[Term, ...]) -> TypedGraph:
        spec = self.spec
        graph, linked = link(replace(spec, training=replace(self.training.phases[number], losses=losses)))
        graph = replace(graph, spec=replace(spec, training=self.training))
        typed, inferred = infer(graph, self.training.precision)
        found = _located((*linked, *inferred, *promise_findings(typed)), spec.document)
        self.sets.append((*self.before, *found))
        self.new += [self._in_phase(one, number) for one in found if not self._known(one)]
        others = _located(self._outputs(typed), self.base.graph.spec.document)
        self.new += others
        return self._instead(self.training.phases[number]) if others else typed

    def _instead(self, phase: Training) -> TypedGraph:
        """Where the layers of a phase are not those that it can have, what it says of training is about the spec's."""
        base = self.base.graph.spec
        graph, _ = link(replace(base, training=phase))
        return infer(replace(graph, spec=base), self.training.precision)[0]

    def _known(self, one: Diagnostic) -> bool:
        return one.code in UNUSED or any(_told(one) == _told(other) for other in self.sets[0])

    def _in_phase(self, one: Diagnostic, number: int) -> Diagnostic:
        """What is wrong only with what a phase makes of the spec, at a place in that phase."""
        phase = self.training.phases[number]
        if self.layers is None or one.finding.pointer[:1] == ("training",):
            return one
        origin = self.layers.origin(one.finding.pointer)
        if origin[:2] == ("training", "phases"):
            return replace(one, finding=replace(one.finding, pointer=origin))
        at = self.layers.at if phase.overrides else ("training", "phases", number, "losses")
        called = f"phase {number + 1}" + (f" ({phase.name})" if phase.name else "")
        place = self.base.graph.spec.document.place(at, "key")
        finding = replace(one.finding, message=f"in {called}: {one.message}", pointer=at, part="key")
        return replace(one, finding=finding, place=place, related=(("this is where", one.place), *one.related))

    def _outputs(self, typed: TypedGraph) -> Iterator[Finding]:
        """Outputs that are others than those of the spec: the rows are prepared once, to be compared with these."""
        base = self.base
        if self.layers is None or not base.graph.spec.whole or not typed.graph.spec.whole:
            return
        at = self.layers.at
        names, own = list(base.graph.outputs), list(typed.graph.outputs)
        if names != own:
            words = f"in this phase the model gives {_listed(own)}, and before it {_listed(names)}"
            yield Finding("E429", words, at, "key", help="the rows are prepared once for all phases: keep the names of "
                          "the outputs, or write `outputs = { … }` with names of their own")  # fmt: skip
            return
        for name in names:
            old, new = base.tensor(base.graph.outputs[name]), typed.tensor(typed.graph.outputs[name])
            if old is None or new is None or (old.shape, old.dtype) == (new.shape, new.dtype):
                continue
            kinds = f"{shape_text(new.shape)} {new.dtype}", f"{shape_text(old.shape)} {old.dtype}"
            words = f"in this phase the output `{name}` is {kinds[0]}, and before it {kinds[1]}"
            yield Finding("E429", words, at, "key", help="the rows are prepared once for all phases, to be compared "
                          "with the outputs: let them stay as they are, and change what is inside")  # fmt: skip

    def all(self) -> tuple[Diagnostic, ...]:
        """All that is wrong, each once; what nothing uses where that is so in every phase."""
        counts = [{_told(one) for one in found} for found in self.sets]
        kept = [one for one in self.sets[0]
                if one.code not in UNUSED or all(_told(one) in told for told in counts)]  # fmt: skip
        found: dict[Told, Diagnostic] = {}
        for one in (*kept, *self.new):
            found.setdefault(_told(one), one)
        return tuple(found.values())


def _located(findings: Iterable[Finding], document: Document) -> tuple[Diagnostic, ...]:
    return tuple(located(one, document) for one in findings)


def _told(one: Diagnostic) -> Told:
    return one.code, one.place.source.path, one.place.start, one.place.end, one.message


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{one}`" for one in names) if names else "nothing"
