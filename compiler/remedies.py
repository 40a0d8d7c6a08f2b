"""The noun Remedy: the edits that are likely to mend what does not fit; those that do mend it are advised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..spec.document import Pointer
from ..spec.finding import Related
from .catalogue.record import ShapeError
from .chain import steps_back
from .edits import Edit
from .graph import Edge, Node
from .sizes import same
from .tensor import Shape, TensorType
from .trial import Outcome, Trials

if TYPE_CHECKING:
    from .infer import Inference

OFFERS: Final = 3
"""Ways out that one message names at most."""

ATTEMPTS: Final = 16
"""Edits that are tried for one message at most."""

BACK: Final = 40
"""Layers before the one in question that edits are looked for in."""


@dataclass(frozen=True, slots=True)
class Case:
    """What does not fit: the node, what its rule said, and the tensors that it spoke of."""

    run: Inference
    node: Node
    error: ShapeError
    edges: tuple[Edge, ...]

    @property
    def kind(self) -> str:
        """The name of the layer that does not fit."""
        assert self.node.layer is not None
        return self.node.layer.record.name

    @property
    def tensors(self) -> tuple[TensorType, ...]:
        """The types of the tensors in question."""
        found = (self.run.tensor(edge) for edge in self.edges)
        return tuple(one for one in found if one is not None)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the tensors in question, the batch axis first."""
        return tuple(one.shape for one in self.tensors)

    @property
    def axis(self) -> int | None:
        """The axis in question, counted from the front, where there is one."""
        if self.error.code == "E305":
            return len(self.shapes[0]) - 1 if self.shapes else None
        return next(iter(self.differing), None) if self.error.code == "E302" else None

    @property
    def differing(self) -> tuple[int, ...]:
        """The axes, the batch apart, in which two tensors of as many axes differ."""
        if len(self.shapes) != 2 or len(self.shapes[0]) != len(self.shapes[1]):
            return ()
        pairs = zip(*self.shapes, strict=True)
        return tuple(axis for axis, (a, b) in enumerate(pairs) if axis and same(a, b) is False)

    def trail(self, edge: Edge) -> Iterator[tuple[Node, Shape]]:
        """The nodes that a tensor came through, the last one first, with the shapes that they give."""
        for count, step in enumerate(steps_back(self.run.graph, self.run.typed, edge)):
            if count == BACK:
                return
            yield self.run.graph.nodes[step.source], step.shape


@dataclass(frozen=True, slots=True)
class Remedy:
    """Edits that may mend findings of one code, the likeliest first; None among them is passed over.

    ``most`` of them are offered. A ``decisive`` one that mends everything leaves nothing more to be said.
    """

    code: str
    edits: Callable[[Case], Iterable[Edit | None]]
    most: int = OFFERS
    decisive: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """The way out in words, and the place in the spec where it begins."""

    help: str | None
    related: tuple[Related, ...] = ()


def _spoken(case: Case, text: str) -> str:
    """The words of an edit; a layer that has no name of its own is spoken of as what it is."""
    entry = next((one for one in case.run.graph.spec.entries if one.pointer == case.node.pointer), None)
    if entry is None or entry.named:
        return text
    text = text.replace(f"in `{case.node.name}` instead of `{case.kind}`", "here instead")
    return text.replace(f"in `{case.node.name}`", "here").replace(f"`{case.node.name}`", f"this {case.kind}")


def _of_entries(case: Case, edit: Edit) -> str:
    """The words of an edit where one entry of a block makes several layers: it is one that is to be edited."""
    graph = case.run.graph
    expansion = graph.spec.document.expansion
    if expansion is None:
        return edit.text
    names = [f"`{node.name}`" for node in edit.nodes]
    old = all(node.name in graph.nodes for node in edit.nodes)
    if old and len(names) > 1 and len({expansion.source(node.pointer) for node in edit.nodes}) == 1:
        return edit.text.replace(f"{', '.join(names[:-1])} and {names[-1]}", names[0])
    if old:
        return edit.text
    entry = expansion.source(case.node.pointer)
    for name, typed in case.run.typed.items():
        node = graph.nodes[name]
        if typed.outputs is None or node.input is not None or expansion.source(node.pointer) != entry:
            continue
        frame = expansion.frame(node.pointer)
        if frame is not None and frame.block is not None and node.shared is None:
            return f"{edit.text} (with a `when`, for `{frame.name}` fits without it)"
    return edit.text


def advice(case: Case, shown: Iterable[Pointer]) -> Advice:
    """The edits that mend a case, each with the shape that would come of it. ``shown``: places shown already."""
    from .remedies_of_merging import MERGING
    from .remedies_of_rank import RANK
    from .remedies_of_size import SIZE

    if case.run.trials is None:
        case.run.trials = Trials(case.run)
    if case.run.trials.left <= 0:
        return Advice(None)
    mending: list[Outcome] = []
    attempts = 0
    texts: set[str] = set()
    for remedy in (one for one in (*RANK, *MERGING, *SIZE) if one.code == case.error.code):
        taken = 0
        for edit in remedy.edits(case):
            if edit is None or edit.text in texts:
                continue
            texts.add(edit.text)
            attempts += 1
            if attempts > ATTEMPTS:
                break
            outcome = case.run.trials.outcome(edit, case.node)
            if outcome is not None:
                mending.append(outcome)
                taken += outcome.clean
                if taken == remedy.most:
                    break
        if (remedy.decisive and taken) or sum(one.clean for one in mending) >= OFFERS:
            break
    mending.sort(key=lambda one: not one.clean)
    offered = [one for one in mending if one.clean or not mending[0].clean][:OFFERS]
    if not offered:
        return Advice(None)
    every = [f"{_spoken(case, _of_entries(case, one.edit))}, which would give {one.shape}" for one in offered]
    ways = "; or ".join(dict.fromkeys(every))
    place = offered[0].edit.place
    if place is None or place in set(shown):
        return Advice(ways)
    return Advice(ways, (Related(offered[0].edit.label, place, "key" if place[0] == "inputs" else "value"),))
