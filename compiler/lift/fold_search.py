"""From Layers to Windows: which consecutive lines occur several times, wired alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .fold_lines import UNKNOWN_DEFAULT, Block, Body, Layers, Line, Ref, default, frozen

LONGEST: Final = 160
"""So many lines a block may have at most."""
FEWEST_LINES: Final = 2


@dataclass(frozen=True, slots=True)
class Window:
    """Lines ``start`` to ``end`` (exclusive) of a body. ``outside`` are the references into the rest of it."""

    body: Body
    start: int
    end: int
    outside: tuple[Ref, ...]

    @property
    def lines(self) -> list[Line]:
        """The lines themselves."""
        return self.body.lines[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Repeated:
    """Windows that are wired alike and do not overlap, in order; ``saving`` is a bound from above."""

    windows: tuple[Window, ...]
    saving: float


def weight(line: Line) -> float:
    """How much there is to read in a line."""
    explicit = 0 if isinstance(line.inputs, Ref) else 0.3
    return 1 + 0.2 * len(line.arguments) + explicit + (0.5 if line.when else 0)


def shape_of(line: Line, blocks: Mapping[str, Block]) -> Any:
    """What two lines must have in common so that one may stand for both, with other arguments."""
    if line.fixed or line.when is not None:
        return None
    needed = frozenset(key for key in line.arguments if key == "call" or default(line, blocks, key) is UNKNOWN_DEFAULT)
    call = frozen(line.arguments["call"]) if "call" in line.arguments else None
    return (line.way, line.kind, line.form, needed, call)


def repeated(layers: Layers, bodies: Sequence[Body], most_inputs: int) -> list[Repeated]:
    """Groups of windows that occur at least twice in the ``bodies``, those that promise most first.

    A window takes at most ``most_inputs`` tensors from outside.
    """
    tables = [_Table(body, layers.blocks) for body in bodies]
    numbers: dict[Any, int] = {}
    for table in tables:
        table.codes = [numbers.setdefault(shape, len(numbers)) if shape is not None else -1 for shape in table.shapes]
    active = [_Start(table, at, (), -1) for table in tables for at in range(len(table.codes))]
    groups: list[list[_Start]] = [active]
    found: list[Repeated] = []
    for length in range(1, LONGEST + 1):
        longer: list[list[_Start]] = []
        for group in groups:
            by_code: dict[Any, list[_Start]] = {}
            for start in group:
                step = start.extended(length, most_inputs)
                if step is not None:
                    by_code.setdefault(step[0], []).append(step[1])
            longer.extend(same for same in by_code.values() if len(same) > 1)
        groups = longer
        if not groups:
            break
        if length >= FEWEST_LINES:
            found.extend(one for group in groups for one in _legal(group, length))
    found.sort(key=lambda one: -one.saving)
    return found


class _Table:
    """One body, with what is looked up again and again."""

    def __init__(self, body: Body, blocks: Mapping[str, Block]) -> None:
        self.body = body
        self.codes: list[int] = []
        self.shapes = [shape_of(line, blocks) for line in body.lines]
        self.weights = [weight(line) for line in body.lines]
        self.at = {line: index for index, line in enumerate(body.lines)}
        self.sources = [
            [(self.at[ref.source] if isinstance(ref.source, Line) else -1, ref) for ref in line.sources()]
            for line in body.lines
        ]
        picked = body.picked()
        self.ends = [line not in picked for line in body.lines]
        uses = body.uses()
        self.last_use = [max((len(body.lines) if user is None else self.at[user] for user in uses[line]), default=-1)
                         for line in body.lines]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Start:
    """A window that is being made longer. ``used`` is the last line that takes anything from inside but its end."""

    table: _Table
    at: int
    outside: tuple[Ref, ...]
    used: int

    def extended(self, length: int, most_inputs: int) -> tuple[Any, _Start] | None:
        """With its ``length``-th line: what tells it from others, and the window."""
        table, here = self.table, self.at + length - 1
        if here >= len(table.codes) or table.codes[here] < 0:
            return None
        outside = self.outside
        wires: list[Any] = []
        for source, ref in table.sources[here]:
            if source >= self.at:
                wires.append((source - self.at, ref.rest))
                continue
            try:
                number = outside.index(ref)
            except ValueError:
                number = len(outside)
                outside = (*outside, ref)
                if number >= most_inputs:
                    return None
            wires.append(-1 - number)
        used = max(self.used, table.last_use[here - 1]) if length > 1 else -1
        return (table.codes[here], *wires), _Start(table, self.at, outside, used)


def _legal(group: Sequence[_Start], length: int) -> Iterator[Repeated]:
    """Those of a group from which nothing is taken but what their last line gives, without overlaps."""
    chosen: list[_Start] = []
    for start in group:
        if start.used >= start.at + length or not start.outside or not start.table.ends[start.at + length - 1]:
            continue
        before = chosen[-1] if chosen else None
        if before is not None and before.table is start.table and before.at + length > start.at:
            continue
        chosen.append(start)
    if len(chosen) < 2:
        return
    first = chosen[0]
    size = sum(first.table.weights[first.at : first.at + length])
    saving = (len(chosen) - 1) * size - len(chosen) * 0.3 - 5
    if saving > 0:
        yield Repeated(tuple(Window(one.table.body, one.at, one.at + length, one.outside) for one in chosen), saving)
