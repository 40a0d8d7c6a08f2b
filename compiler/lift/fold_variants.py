"""From two blocks to one: lines that only one of them has get a `when`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...spec.expression import ExpressionError, evaluate, names_in
from ...spec.to_toml import Expression
from .fold_abstract import Abstracted, Row, abstract
from .fold_blocks import HEAD, MERGES, block_cost, hint, instance_cost, line_arguments, parameter_cost, put, tidiness
from .fold_lines import Block, Body, Layers, Line, Ref, frozen, is_open, mapped
from .fold_search import Window, weight

_ALIKE: Final = 0.6
"""The share of lines that two variants must have in common."""
_MOST_WHENS: Final = 3
_MOST_OPEN: Final = 6
"""So many lines may be in one of two variants alone."""
_GAIN: Final = 0.55


_Wire = tuple[int, str] | Ref
"""What a line takes: the number of another one and what follows its name, or an input of the block."""


class _Open(Exception):
    """A value hangs on something that is not known here."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """Lines that could be a block: with what their references to the outside mean, and the arguments by occurrence."""

    lines: Sequence[Line]
    outside: Mapping[Ref, Ref]
    rows: Sequence[Row]

    def inner(self, ref: Ref) -> Ref:
        """The reference as it would be inside the block."""
        return self.outside.get(ref, ref)


@dataclass(frozen=True, slots=True)
class _Column:
    """One line of what two variants become: that of the one, that of the other, or both."""

    one: Line | None
    other: Line | None

    @property
    def line(self) -> Line:
        """One of the two."""
        found = self.one or self.other
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class _Joint:
    """Two variants as one block."""

    columns: Sequence[_Column]
    inputs: Sequence[Sequence[_Wire]]
    abstracted: Abstracted


def unite(layers: Layers) -> bool:
    """Make two blocks one where that is much shorter; whether it was done."""
    own = [block for block in layers.blocks.values() if not block.given]
    best: tuple[float, Block, Block, _Joint] | None = None
    for place, one in enumerate(own):
        for other in own[place + 1 :]:
            instances = [line for block in (one, other) for _, line in layers.instances(block.name)]
            mine, its = _variant(one, layers), _variant(other, layers)
            joint = (
                None
                if mine is None or its is None or one.body.inputs != other.body.inputs
                else _join(mine, its, layers)
            )
            if joint is None:
                continue
            before = block_cost(one.body.lines, one.parameters) + block_cost(other.body.lines, other.parameters)
            gain = before + sum(instance_cost(line.arguments) for line in instances) - _cost(joint)
            if gain > _GAIN and (best is None or gain > best[0]):
                best = (gain, one, other, joint)
    if best is None:
        return False
    _, one, other, joint = best
    uses = [[line for _, line in layers.instances(block.name)] for block in (one, other)]
    kept = one if len(uses[0]) >= len(uses[1]) else other
    for line, given in zip([*uses[0], *uses[1]], joint.abstracted.given, strict=True):
        line.kind, line.arguments = kept.name, given
    _settle(kept, joint)
    del layers.blocks[(other if kept is one else one).name]
    return True


def absorb(layers: Layers) -> bool:
    """Let lines that are nearly what a block has be an instance of it, where that is shorter; whether it was done."""
    best: tuple[float, Block, Window, _Joint] | None = None
    for block in layers.blocks.values():
        mine = None if block.given else _variant(block, layers)
        if mine is None:
            continue
        instances = [line for _, line in layers.instances(block.name)]
        before = block_cost(block.body.lines, block.parameters) + sum(instance_cost(one.arguments) for one in instances)
        near = [(sum(map(weight, window.lines)), window) for window in _near(block, layers)]
        for size, window in sorted(near, key=lambda pair: -pair[0]):
            if best is not None and 1.1 * (size - 1) <= best[0]:
                break
            outside = {ref: Ref(name) for ref, name in zip(window.outside, block.body.inputs, strict=True)}
            joint = _join(
                mine, _Variant(window.lines, outside, [[line_arguments(line) for line in window.lines]]), layers
            )
            if joint is None:
                continue
            gain = before + size - _cost(joint)
            gain *= tidiness(window) if gain > 0 else 1
            if gain > _GAIN and (best is None or gain > best[0]):
                best = (gain, block, window, joint)
    if best is None:
        return False
    _, block, window, joint = best
    instances = [line for _, line in layers.instances(block.name)]
    *given, last = joint.abstracted.given
    for line, arguments in zip(instances, given, strict=True):
        line.arguments = arguments
    wiring = window.outside[0] if len(window.outside) == 1 else list(window.outside)
    names = dict.fromkeys(name for line in window.lines for name in line.names)
    _settle(block, joint)
    put([window], [Line("block", block.name, last, wiring, names=tuple(names))])
    return True


def _cost(joint: _Joint) -> float:
    found = joint.abstracted
    lines = sum(1 + 0.2 * len(arguments) + (0.5 if when else 0)
                for arguments, when in zip(found.arguments, found.whens, strict=True))  # fmt: skip
    return HEAD + lines + parameter_cost(found.parameters) + sum(map(instance_cost, found.given))


def _settle(block: Block, joint: _Joint) -> None:
    """Let the block be what the joint is."""
    lines: list[Line] = []
    for column, refs, arguments, when in zip(
        joint.columns, joint.inputs, joint.abstracted.arguments, joint.abstracted.whens, strict=True
    ):
        given = dict(arguments)
        wires = iter([wire if isinstance(wire, Ref) else Ref(lines[wire[0]], wire[1]) for wire in refs])
        names = _names(column)
        line = column.line
        lines.append(Line(line.way, line.kind, given, mapped(line.inputs, wires), names=names, when=when,
                          repeat=given.pop("repeat", None)))  # fmt: skip
    block.body.lines = lines
    block.parameters = joint.abstracted.parameters


# What instances come to


def _variant(block: Block, layers: Layers) -> _Variant | None:
    if block.body.outputs is not None:
        return None
    try:
        rows = [_row(block, line) for _, line in layers.instances(block.name)]
    except (_Open, ExpressionError):
        return None
    return _Variant(block.body.lines, {}, rows) if rows else None


def _row(block: Block, instance: Line) -> Row:
    """The arguments that the lines of a block have in one instance."""
    values = {**block.parameters, **instance.arguments}
    return [
        {key: _value(value, values) for key, value in line_arguments(line).items()}
        if line.when is None or _decided(line.when, values)
        else None
        for line in block.body.lines
    ]


def _decided(when: Expression, values: Mapping[str, Any]) -> bool:
    found = _value(when, values)
    if not isinstance(found, bool):
        raise _Open
    return found


def _value(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _value(one, values) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_value(one, values) for one in value]
    if not isinstance(value, Expression):
        return value
    names = list(names_in(value))
    if len(names) == 1 and value == f"${{{names[0]}}}" and names[0] in values:
        return values[names[0]]
    if any(name not in values or is_open(values[name]) for name in names):
        raise _Open
    return evaluate(value, values)


# Bringing two together


def _shape(line: Line, layers: Layers) -> Any:
    return (line.way, line.kind, line.form, frozen(line.arguments.get("call")), line.fixed)


def _inside(block: Block, layers: Layers) -> set[Body]:
    """The bodies of a block and of all that it is made of."""
    found = {block.body}
    for line in block.body.lines:
        if line.way == "block" and layers.blocks[line.kind].body not in found:
            found |= _inside(layers.blocks[line.kind], layers)
    return found


def _near(block: Block, layers: Layers) -> Iterator[Window]:
    """Windows that have most of the lines of a block, with nothing taken from inside but the end."""
    wanted = Counter(_shape(line, layers) for line in block.body.lines)
    size = len(block.body.lines)
    needed = sum(1 for line in block.body.lines if line.when is None)
    inside = _inside(block, layers)
    for body in layers.bodies():
        if body in inside:
            continue
        uses, picked = body.uses(), body.picked()
        at: dict[Line | None, int] = {line: place for place, line in enumerate(body.lines)}
        at[None] = len(body.lines)
        shapes = [_shape(line, layers) for line in body.lines]
        for start in range(len(body.lines)):
            outside: dict[Ref, None] = {}
            missing = Counter(wanted)
            common = used = 0
            for end in range(start, min(len(body.lines), start + size * 2)):
                line = body.lines[end]
                if line.fixed or line.when is not None or (line.way == "block" and line.kind == block.name):
                    break
                if end > start:
                    used = max([used, *(at[user] for user in uses[body.lines[end - 1]])])
                for ref in line.sources():
                    if not isinstance(ref.source, Line) or at[ref.source] < start:
                        outside[ref] = None
                if missing[shapes[end]] > 0:
                    missing[shapes[end]] -= 1
                    common += 1
                length = end + 1 - start
                much = common >= max(2, _ALIKE * length, _ALIKE * needed)
                if much and used <= end and line not in picked and len(outside) == len(block.body.inputs):
                    yield Window(body, start, end + 1, tuple(outside))


def _join(one: _Variant, other: _Variant, layers: Layers) -> _Joint | None:
    for backwards in (False, True):
        columns = _columns(one, other, layers, backwards)
        common = sum(1 for column in columns if column.one and column.other)
        if common < _ALIKE * max(len(one.lines), len(other.lines)) or len(columns) - common > _MOST_OPEN:
            return None
        inputs = _inputs(columns, one, other)
        if inputs is None:
            continue
        rows = [*_placed(one, columns, 0), *_placed(other, columns, 1)]
        hints = [hint(_names(column)) for column in columns]
        found = abstract([column.line for column in columns], rows, layers.blocks, hints, _branches(columns, inputs))
        if found is not None and len({when for when in found.whens if when}) <= _MOST_WHENS:
            return _Joint(columns, inputs, found)
    return None


def _names(column: _Column) -> tuple[str, ...]:
    """What a line was called: by the first name that serves, else all of them."""
    sides = [line.names for line in (column.one, column.other) if line is not None]
    found = next((name for names in sides if (name := hint(names))), None)
    return (found,) if found else tuple(dict.fromkeys(name for names in sides for name in names))


def _branches(columns: Sequence[_Column], inputs: Sequence[Sequence[_Wire]]) -> frozenset[int]:
    """The lines that give what they have to one that joins it with others, further down."""
    users: dict[int, list[int]] = {}
    for place, refs in enumerate(inputs):
        for wire in refs:
            if not isinstance(wire, Ref):
                users.setdefault(wire[0], []).append(place)
    return frozenset(
        place for place, found in users.items()
        if all(user > place + 1 and columns[user].line.kind in MERGES for user in found)
    )  # fmt: skip


def _placed(variant: _Variant, columns: Sequence[_Column], side: int) -> Iterator[Row]:
    places = {line: place for place, line in enumerate(variant.lines)}
    for row in variant.rows:
        lines = [column.other if side else column.one for column in columns]
        yield [None if line is None else row[places[line]] for line in lines]


def _columns(one: _Variant, other: _Variant, layers: Layers, backwards: bool) -> list[_Column]:
    """The lines of both in one order, those that are alike side by side; ``backwards`` looks for them from the end."""
    a, b = list(one.lines), list(other.lines)
    if backwards:
        a.reverse()
        b.reverse()
    mine, its = [_shape(line, layers) for line in a], [_shape(line, layers) for line in b]
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            found = max(best[i + 1][j], best[i][j + 1])
            if mine[i] == its[j]:
                found = max(found, best[i + 1][j + 1] + _likeness(a[i], b[j]))
            best[i][j] = found
    columns: list[_Column] = []
    i = j = 0
    while i < len(a) and j < len(b):
        if mine[i] == its[j] and best[i][j] == best[i + 1][j + 1] + _likeness(a[i], b[j]):
            columns.append(_Column(a[i], b[j]))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            columns.append(_Column(a[i], None))
            i += 1
        else:
            columns.append(_Column(None, b[j]))
            j += 1
    columns += [_Column(line, None) for line in a[i:]] + [_Column(None, line) for line in b[j:]]
    return columns[::-1] if backwards else columns


def _likeness(one: Line, other: Line) -> float:
    alike = any(name.endswith(its) or its.endswith(name) for name in one.names for its in other.names)
    return 1.5 if alike else 1.0


def _inputs(columns: Sequence[_Column], one: _Variant, other: _Variant) -> list[list[_Wire]] | None:
    """What each line takes, so that it is right for both variants; None if that can't be.

    A line that is not there stands for its own first input.
    """
    variants = (one, other)
    lines = [[column.one for column in columns], [column.other for column in columns]]
    numbers = [{line: place for place, line in enumerate(side) if line is not None} for side in lines]
    stands: list[list[_Wire | None]] = [[], []]
    """By variant and column: what a reference to it means there."""
    found: list[list[_Wire]] = []

    def wire(side: int, ref: Ref) -> _Wire:
        inner = variants[side].inner(ref)
        return (numbers[side][inner.source], inner.rest) if isinstance(inner.source, Line) else inner

    def means(side: int, wire: _Wire) -> _Wire | None:
        if isinstance(wire, Ref) or lines[side][wire[0]] is not None:
            return wire
        return None if wire[1] else stands[side][wire[0]]

    for place in range(len(columns)):
        sides = [(side, line) for side in (0, 1) if (line := lines[side][place]) is not None]
        chosen: list[_Wire] = []
        for wires in zip(*([wire(side, ref) for ref in line.sources()] for side, line in sides), strict=True):
            pairs = [(side, one) for (side, _), one in zip(sides, wires, strict=True)]
            way = next((way for way in wires if all(means(side, way) == one for side, one in pairs)), None)
            if way is None:
                return None
            chosen.append(way)
        if not chosen:
            return None
        found.append(chosen)
        for side in (0, 1):
            stands[side].append((place, "") if lines[side][place] is not None else means(side, chosen[0]))
    ends = [(numbers[side][variants[side].lines[-1]], "") for side in (0, 1)]
    return found if [stands[0][-1], stands[1][-1]] == ends else None
