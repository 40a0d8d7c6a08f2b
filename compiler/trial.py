"""From an Edit to what would come of it: the rules are run again over what it touches, and over nothing else."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from .edits import Edit
from .graph import Node, Typed
from .tensor import shape_text

if TYPE_CHECKING:
    from .infer import Inference

REACH: Final = 200
"""Nodes that one trial may look at on either side of what it mends."""

BUDGET: Final = 10_000
"""Nodes that all trials of one spec may look at: one that is wrong everywhere gets plain advice for the rest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an edit leads to: the shape that the mended node would give, and whether all behind it fits, too."""

    edit: Edit
    shape: str
    clean: bool


class Trials:
    """Tries edits on the graph of one inference, which is left as it is."""

    def __init__(self, run: Inference) -> None:
        self.run = run
        self.names = list(run.graph.nodes)
        self.place = {name: index for index, name in enumerate(self.names)}
        self.shared = {node.shared for node in run.graph.nodes.values() if node.shared is not None}
        self.left = BUDGET

    def outcome(self, edit: Edit, node: Node) -> Outcome | None:
        """What becomes of ``node`` and the rest of the graph; None where the edit does not mend it, or harms."""
        places = [self.place[one.name] for one in edit.nodes if one.name in self.place]
        if self.left <= 0 or not places or any(one.name in self.shared or one.shared for one in edit.nodes):
            return None
        first, here = min(*places, self.place[node.name]), self.place[node.name]
        if here - first > REACH:
            return None
        run = self._fresh(edit)
        touched = {one.name for one in edit.nodes}
        for one in edit.nodes:
            if one.name not in self.place:
                run.typed[one.name] = run.node(one)
        clean = True
        for name in self.names[first : here + REACH]:
            one = run.graph.nodes[name]
            if name == edit.gone:
                run.typed[name] = Typed(None)
                continue
            if name in run.typed and name not in touched and touched.isdisjoint(edge.source for edge in one.edges):
                continue
            self.left -= 1
            known = self.run.typed.get(name)
            before = len(run.findings)
            found = run.node(one)
            run.typed[name] = found
            touched.add(name)
            failed = any(finding.severity == "error" for finding in run.findings[before:])
            if self.place[name] <= here and failed and (name == node.name or known is None or known.outputs):
                return None
            clean = clean and not failed
        giver = node.name if edit.gone != node.name else node.edges[0].source
        outputs = run.typed[giver].outputs
        if not outputs:
            return None
        return Outcome(edit, shape_text(outputs[0].shape), clean)

    def _fresh(self, edit: Edit) -> Inference:
        old = self.run
        nodes = ChainMap({one.name: one for one in edit.nodes}, cast("dict[str, Node]", old.graph.nodes))
        run = type(old)(replace(old.graph, nodes=nodes), old.precision, advise=False)
        run.typed = ChainMap({}, cast("dict[str, Typed]", old.typed))
        run.learned = dict(old.learned)
        return run
