"""From TypedGraph × TypedGraph to Changes: what was edited, what follows from it, and which weights still fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ...spec.document import Document, Pointer
from ..graph import Graph, Node, TypedGraph
from ..show import Row, Summary, summarise
from ..sizes import Size
from ..tensor import TensorType, Weight
from .entries import by_entry, called_so, generated, source
from .matching import flat_name, matched, named, ways_in
from .values import ABSENT, Difference, arguments, differences, plain, record
from .written import Edit, edits, placed, written

Status = Literal["same", "changed", "added", "removed"]
Fit = Literal["none", "kept", "partly", "anew", "gone", "unknown"]
"""What becomes of a trained layer's weights: it has none; all stay; some stay; all begin anew; the layer is gone; that
can't be said, because of errors."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: how it is called, what it says, and how many errors it has."""

    label: str
    document: Document
    typed: TypedGraph
    errors: int = 0


@dataclass(frozen=True, slots=True)
class WeightFit:
    """One weight of a layer: its shapes on the two sides, None where there is none."""

    name: str
    old: tuple[Size, ...] | None
    new: tuple[Size, ...] | None

    @property
    def fits(self) -> bool:
        """Whether the trained numbers can be taken over."""
        return self.old is not None and self.old == self.new


@dataclass(frozen=True, slots=True)
class Layer:
    """An input or a layer on both sides, or on one.

    ``old`` and ``new`` are names. ``edited``: what is written of it was changed; else its change follows from others.
    ``arguments`` are those that came out differently; ``rewired`` says that it takes other tensors now, as ``inputs``
    and ``inputs_before`` name them.
    """

    status: Status
    old: str | None
    new: str | None
    type: str
    type_before: str
    edited: bool = False
    renamed: bool = False
    rewired: bool = False
    arguments: tuple[Difference, ...] = ()
    inputs_before: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs_before: tuple[TensorType, ...] | None = None
    outputs: tuple[TensorType, ...] | None = None
    params_before: Size | None = None
    params: Size | None = None
    flops_before: Size | None = None
    flops: Size | None = None
    fit: Fit = "none"
    weights: tuple[WeightFit, ...] = ()

    @property
    def name(self) -> str:
        """What it is called now, or was called."""
        return self.new if self.new is not None else self.old or ""

    @property
    def reshaped(self) -> bool:
        """Whether its outputs came out differently."""
        return self.status == "changed" and self.outputs_before != self.outputs


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over the network before and after; ``unit`` is ``""``, ``"FLOPs"`` or ``"bytes"``."""

    name: str
    unit: str
    old: Size | None
    new: Size | None


@dataclass(frozen=True, slots=True)
class Changes:
    """All that two specs differ in.

    ``layers`` are in the order of the new network, those that are gone where they stood. ``values`` are differences of
    data, training, assertions, outputs and names, by meaning; ``follows`` those of them that nobody wrote.
    """

    old: Side
    new: Side
    edits: tuple[Edit, ...]
    layers: tuple[Layer, ...]
    values: tuple[Difference, ...]
    follows: tuple[Difference, ...]
    totals: tuple[Total, ...]

    @property
    def same(self) -> bool:
        """Whether the two mean the same, however they are written."""
        changed = self.values or any(one.status != "same" for one in self.layers)
        return not changed and not (self.parts and any(one.effective for one in self.edits))

    @property
    def parts(self) -> bool:
        """Whether neither side has a network of its own: what they say is for files that include or extend them."""
        return not self.layers

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many inputs and layers are the same, changed, added, removed."""
        return Counter(one.status for one in self.layers)


SECTIONS: Final = ("data", "training", "assertions")


def changes(old: Side, new: Side) -> Changes:
    """All that two specs differ in. Of a side with errors as much as is known."""
    sides = (old.document, old.typed.graph), (new.document, new.typed.graph)
    pairs = by_entry(matched(old.typed.graph, new.typed.graph), *sides)
    found = edits(old.document, new.document)
    sums = summarise(old.typed), summarise(new.typed)
    rows = [{row.name: row for row in one.layers} for one in sums]
    layers = tuple(_layers(old, new, pairs, found, rows[0], rows[1]))
    values = tuple(_values(old.typed.graph, new.typed.graph, pairs))
    touched = {one.path for one in found}
    follows = tuple(one for one in values if not any(_related(one.path, path) for path in touched))
    effective = _effective(old, new, found, layers, values)
    called = generated(*sides[0]), generated(*sides[1])
    located = []
    for one, tells in zip(found, effective, strict=True):
        before, after = placed(one, old.document, new.document)
        located.append(replace(called_so(one, *called), old_place=before, new_place=after, effective=tells))
    totals = tuple(_totals(*sums))
    return Changes(old, new, tuple(located), layers, values, follows, totals)


def _layers(
    old: Side,
    new: Side,
    pairs: Mapping[str, str],
    found: list[Edit],
    before: Mapping[str, Row],
    after: Mapping[str, Row],
) -> Iterator[Layer]:
    back = {new_name: old_name for old_name, new_name in pairs.items()}
    touched_before = _Touched(one.before for one in found)
    touched_after = _Touched(one.after for one in found)
    wrote_before, wrote_after = named(old.typed.graph), named(new.typed.graph)
    gone = [name for name in old.typed.graph.nodes if name not in pairs]
    waiting = iter([*gone, None])
    next_gone = next(waiting)
    order = {name: index for index, name in enumerate(old.typed.graph.nodes)}
    last = -1
    for name, node in new.typed.graph.nodes.items():
        was = back.get(name)
        if was is not None:
            last = max(last, order[was])
            while next_gone is not None and order[next_gone] < last:
                yield _one_sided(old, before, next_gone, "removed", touched_before)
                next_gone = next(waiting)
        if was is None:
            yield _one_sided(new, after, name, "added", touched_after)
            continue
        one = old.typed.graph.nodes[was]
        told = _told(one, node)
        rewired = _wires(one, pairs) != _wires(node, {})
        told_name = flat_name(was) != flat_name(name) and _visible(was, name, wrote_before, wrote_after)
        rows = before.get(was), after.get(name)
        weights = _weights(old.typed.typed[was].weights, new.typed.typed[name].weights)
        outputs = old.typed.typed[was].outputs, new.typed.typed[name].outputs
        params = _count(rows[0], "params"), _count(rows[1], "params")
        types = _type(rows[0]), _type(rows[1])
        differs = (
            told or rewired or told_name or outputs[0] != outputs[1] or params[0] != params[1] or types[0] != types[1]
        )
        yield Layer(
            "changed" if differs else "same", was, name, types[1], types[0],
            edited=bool(differs) and (source(old.document, one.pointer) in touched_before
                                      or source(new.document, node.pointer) in touched_after),
            renamed=told_name, rewired=rewired, arguments=told,
            inputs_before=tuple(edge.reference for edge in one.edges),
            inputs=tuple(edge.reference for edge in node.edges),
            outputs_before=outputs[0], outputs=outputs[1], params_before=params[0], params=params[1],
            flops_before=_count(rows[0], "flops"), flops=_count(rows[1], "flops"),
            fit="unknown" if None in params else _fit(weights, types[0] == types[1]), weights=weights,
        )  # fmt: skip
    while next_gone is not None:
        yield _one_sided(old, before, next_gone, "removed", touched_before)
        next_gone = next(waiting)


def _type(row: Row | None) -> str:
    return "input" if row is None else row.type


def _count(row: Row | None, what: str) -> Size | None:
    found: Size | None = 0 if row is None else getattr(row, what)
    return found


def _one_sided(side: Side, rows: Mapping[str, Row], name: str, status: Status, touched: _Touched) -> Layer:
    node, known, row = side.typed.graph.nodes[name], side.typed.typed[name], rows.get(name)
    edited = source(side.document, node.pointer) in touched
    inputs = tuple(edge.reference for edge in node.edges)
    params, flops, type_ = _count(row, "params"), _count(row, "flops"), _type(row)
    shapes = [(one.name, one.shape) for one in known.weights]
    if status == "added":
        weights = tuple(WeightFit(own, None, shape) for own, shape in shapes)
        return Layer(status, None, name, type_, type_, edited=edited, inputs=inputs, outputs=known.outputs,
                     params=params, flops=flops, fit="anew" if weights else "none", weights=weights)  # fmt: skip
    weights = tuple(WeightFit(own, shape, None) for own, shape in shapes)
    return Layer(status, name, None, type_, type_, edited=edited, inputs_before=inputs, outputs_before=known.outputs,
                 params_before=params, flops_before=flops, fit="gone" if weights else "none",
                 weights=weights)  # fmt: skip


def _told(old: Node, new: Node) -> tuple[Difference, ...]:
    """The arguments that came out differently."""
    if old.input is not None and new.input is not None:
        one, other = ({"shape": list(node.shape or ()), "dtype": node.dtype} for node in (old.input, new.input))
        return tuple(differences(one, other))
    if old.layer is None or new.layer is None or old.layer.record.name != new.layer.record.name:
        return ()
    if old.layer.written == new.layer.written and old.options == new.options:
        return ()
    one = {**arguments(old.layer), **plain(dict(old.options))}
    other = {**arguments(new.layer), **plain(dict(new.options))}
    return tuple(differences(one, other))


def _wires(node: Node, names: Mapping[str, str]) -> set[tuple[Any, ...]]:
    """What a node takes and whose weights it uses; ``names`` leads to the names of the other side."""
    found: set[tuple[Any, ...]] = {
        (*place, names.get(edge.source, edge.source) if names else edge.source, edge.index, edge.inside)
        for edge, place in ways_in(node)
    }
    if node.shared is not None:
        found.add(("weights", names.get(node.shared, node.shared)))
    return found


def _visible(old: str, new: str, wrote_before: frozenset[str], wrote_after: frozenset[str]) -> bool:
    """Whether another name is news: names that were generated are not, and inside a block others hold than outside."""
    return ("." in old) == ("." in new) and (old in wrote_before or new in wrote_after)


class _Touched:
    """Pointers to what was edited, asked for what lies around or inside of them."""

    __slots__ = ("_above", "_at")

    def __init__(self, pointers: Iterable[Pointer | None]) -> None:
        self._at = {one for one in pointers if one is not None}
        self._above = {one[:length] for one in self._at for length in range(1, len(one) + 1)}

    def __contains__(self, pointer: Pointer) -> bool:
        return pointer in self._above or any(pointer[:length] in self._at for length in range(1, len(pointer)))


def _weights(old: tuple[Weight, ...], new: tuple[Weight, ...]) -> tuple[WeightFit, ...]:
    theirs = {one.name: one.shape for one in old}
    ours = {one.name: one.shape for one in new}
    return tuple(WeightFit(name, theirs.get(name), ours.get(name)) for name in dict.fromkeys([*ours, *theirs]))


def _fit(weights: tuple[WeightFit, ...], same_type: bool) -> Fit:
    if not same_type:
        return "anew" if weights else "none"
    wanted = [one for one in weights if one.new is not None]
    if not wanted:
        return "gone" if weights else "none"
    kept = sum(one.fits for one in wanted)
    return "kept" if kept == len(wanted) else "partly" if kept else "anew"


def _values(old: Graph, new: Graph, pairs: Mapping[str, str]) -> Iterator[Difference]:
    """What differs beside the layers, by meaning."""
    one, other = old.spec, new.spec
    for key in ("name", "description"):
        yield from differences(_there(getattr(one, key)), _there(getattr(other, key)), (key,))
    if all(graph.outputs or not graph.nodes for graph in (old, new)):  # else there are errors
        yield from _interface(_outputs(old, pairs), _outputs(new, {}))
    if one.outputs_named != other.outputs_named:
        yield Difference(("outputs",), *("a table" if spec.outputs_named else "a list" for spec in (one, other)))
    for section in SECTIONS:
        before, after = getattr(one, section), getattr(other, section)
        yield from (
            differences(record(before) if before else ABSENT, record(after) if after else ABSENT, (section,))
            if before or after
            else ()
        )


def _there(value: Any) -> Any:
    return ABSENT if value is None else value


def _outputs(graph: Graph, names: Mapping[str, str]) -> dict[str, str]:
    """Names of outputs → what they refer to, in the names of the new side."""
    found = {}
    for name, edge in graph.outputs.items():
        moved = replace(edge, source=names.get(edge.source, edge.source) if names else edge.source)
        found[name if graph.spec.outputs_named else flat_name(name)] = flat_name(moved.reference)
    return found


def _interface(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    """What a model gives before and now: an output that only has another name is said to have it."""
    gone = {reference: name for name, reference in old.items() if name not in new}
    renamed = {gone[reference]: name for name, reference in new.items() if name not in old and reference in gone}
    for name, now in renamed.items():
        yield Difference(("outputs", name, "name"), name, now)
    one, other = ({renamed.get(name, name): reference for name, reference in side.items()} for side in (old, new))
    yield from differences(one, other, ("outputs",))


def _related(path: tuple[str, ...], other: tuple[str, ...]) -> bool:
    length = min(len(path), len(other))
    return path[:length] == other[:length]


def _effective(
    old: Side, new: Side, found: list[Edit], layers: tuple[Layer, ...], values: tuple[Difference, ...]
) -> Iterator[bool]:
    """For each edit, whether anything comes of it."""
    spoken = _Touched(
        source(side.document, side.typed.graph.nodes[name].pointer)
        for one in layers
        for side, name in ((old, one.old), (new, one.new))
        if one.status != "same" and name is not None
    )
    nothing = bool(layers) and not values and all(one.status == "same" for one in layers)
    for edit in found:
        if nothing:
            yield False
        elif edit.path[0] in (*SECTIONS, "name", "description", "outputs"):
            yield any(_related(one.path, edit.path) for one in values)
        elif edit.path[0] in ("layers", "inputs") and len(edit.path) > 1:
            at = [one[:2] for one in (edit.before, edit.after) if one is not None]
            yield any(way in spoken for way in at) or not _plain_entry(old, new, edit)
        else:
            yield True


def _plain_entry(old: Side, new: Side, edit: Edit) -> bool:
    """Whether an edited entry is one layer: of what stands for several it is not said which of them it made."""
    for side, pointer in ((old, edit.before), (new, edit.after)):
        data: Any = written(side.document).data
        for key in (pointer or ())[:2]:
            data = data[key]
        if pointer and isinstance(data, Mapping) and not data.keys().isdisjoint(("block", "repeat", "each", "when")):
            return False
    return True


def _totals(old: Summary, new: Summary) -> Iterator[Total]:
    yield Total("parameters", "", old.totals.params, new.totals.params)
    yield Total("of them trained", "", old.totals.trainable_params, new.totals.trainable_params)
    yield Total("one sample", "FLOPs", old.totals.flops, new.totals.flops)
    yield Total("weights", "bytes", old.cost.weights, new.cost.weights)
    batches = {old.cost.batch_size, new.cost.batch_size}
    per = f", batches of {' → '.join(f'{one:,}' for one in (old.cost.batch_size, new.cost.batch_size))}"
    name = f"activations{per if len(batches) > 1 else f', batches of {new.cost.batch_size:,}'}"
    yield Total(name, "bytes", old.cost.activations, new.cost.activations)
    if old.cost.optimizer_name or new.cost.optimizer_name:
        names = dict.fromkeys(one or "no optimizer" for one in (old.cost.optimizer_name, new.cost.optimizer_name))
        sizes = [one.cost.optimizer if one.cost.optimizer_name else 0 for one in (old, new)]
        yield Total(f"state of {' → '.join(names)}", "bytes", sizes[0], sizes[1])
