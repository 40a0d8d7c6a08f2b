"""From lines one behind the other to `repeat`: alike, the first one different, or each with an item of a list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...spec.to_toml import Expression
from .fold_lines import UNKNOWN_DEFAULT, Block, Body, Layers, Line, Ref, beginning, default, frozen, mapped

_PLAIN: Final = re.compile(r"[^'$\\\n]*")
_NUMBER: Final = re.compile(r"\w+|\d+(\.\d+)?")
_FEWEST: Final = 3
"""So many layers that differ must follow each other to become one entry; instances of blocks two."""


@dataclass(frozen=True, slots=True)
class _Run:
    """How several lines are written as one."""

    arguments: dict[str, Any]
    repeat: Any
    cost: float


def collapse(body: Body) -> None:
    """Write lines that follow each other and are quite alike as one that is repeated."""
    uses = body.uses()
    lines: list[Line] = []
    moved: dict[Line, Line] = {}
    for line in body.lines:
        last = lines[-1] if lines else None
        if (
            last is not None
            and last.repeat is None
            and _follows(last, line, uses)
            and _same(last.arguments, line.arguments)
        ):
            lines[-1] = new = _repeated(last, 2, (*last.names, *line.names))
            moved[last] = moved[line] = new
            uses[new] = uses[line]
        elif (
            last is not None and isinstance(last.repeat, int) and _follows(last, line, uses, moved)
            and _same(last.arguments, line.arguments)
        ):  # fmt: skip
            last.repeat += 1
            last.names = (*last.names, *line.names)
            moved[line] = last
            uses[last] = uses[line]
        else:
            lines.append(line)
    body.lines = lines
    body.rewire(moved)


def _repeated(line: Line, repeat: Any, names: tuple[str, ...]) -> Line:
    return Line(line.way, line.kind, dict(line.arguments), line.inputs, names=names, when=line.when, repeat=repeat)


def _follows(
    last: Line, line: Line, uses: Mapping[Line, Sequence[Line | None]], moved: Mapping[Line, Line] | None = None
) -> bool:
    """Whether a line could be one more instance of the ``last``, as far as the wiring goes."""
    if last.fixed or line.fixed or (last.way, last.kind, last.form) != (line.way, line.kind, line.form):
        return False
    if last.when is not None or line.when is not None or line.way == "reuse" or not commonly(last, line):
        return False
    (first, *others), (_, *its) = list(line.sources()), list(last.sources())
    source = (
        first.source if moved is None or not isinstance(first.source, Line) else moved.get(first.source, first.source)
    )
    return source is last and not first.rest and others == its and uses[last] == [line]


def commonly(one: Line, other: Line) -> bool:
    """Whether the names, where people gave any, say that two layers are of one kind."""
    names = (*one.names, *other.names)
    return one.way == "block" or not names or bool(beginning(names))


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(frozen(one) == frozen(other))


# Lines that differ


def runs(layers: Layers) -> None:
    """Write lines that follow each other and differ in little as one, in every body, where that is shorter."""
    for body in layers.bodies():
        _runs(body, layers.blocks)


def _runs(body: Body, blocks: Mapping[str, Block]) -> None:
    uses = body.uses()
    chains: list[list[Line]] = []
    for line in body.lines:
        last = chains[-1][-1] if chains else None
        if (
            last is not None and not isinstance(last.repeat, str | list) and not isinstance(line.repeat, str | list)
            and _follows(last, line, uses)
        ):  # fmt: skip
            chains[-1].append(line)
        else:
            chains.append([line])
    moved: dict[Line, Line] = {}
    body.lines = [line for chain in chains for line in (_written(chain, blocks, moved) if len(chain) > 1 else chain)]
    body.rewire(moved)


def _written(chain: Sequence[Line], blocks: Mapping[str, Block], moved: dict[Line, Line]) -> list[Line]:
    """The shortest way to write a chain: a table of the best way to write its first so many instances."""
    every = [line for line in chain for _ in range(line.repeat or 1)]
    best: list[tuple[float, int, _Run | None]] = [(0.0, 0, None)]
    for end in range(1, len(every) + 1):
        ways = []
        for start in range(end):
            run = _run(every[start:end], blocks)
            if run is not None:
                ways.append((best[start][0] + run.cost, start, run))
        best.append(min(ways, key=lambda way: (round(way[0], 6), way[1])))
    found: list[Line] = []
    at = len(every)
    pieces = []
    while at:
        _, start, run = best[at]
        assert run is not None
        pieces.append((start, at, run))
        at = start
    refs = list(chain[0].sources())
    for start, end, run in reversed(pieces):
        own = list(dict.fromkeys(every[start:end]))
        names = tuple(name for line in own for name in line.names)
        single = len(own) == 1 and own[0].repeat is None
        line = (
            own[0]
            if single
            else Line(chain[0].way, chain[0].kind, run.arguments, chain[0].inputs, names=names, repeat=run.repeat)
        )
        first = Ref(found[-1]) if found else refs[0]
        line.inputs = mapped(line.inputs, iter([first, *refs[1:]]))
        found.append(line)
    moved[chain[-1]] = found[-1]
    return found


def _run(lines: Sequence[Line], blocks: Mapping[str, Block]) -> _Run | None:
    """How lines in series are written as one entry, and what that costs; None if they can't be."""
    first = lines[0]
    if len(lines) == 1:
        return _Run(first.arguments, None, 1 + 0.2 * len(first.arguments))
    keys = dict.fromkeys(key for line in lines for key in line.arguments)
    arguments: dict[str, Any] = {}
    items: list[Any] | None = None
    cost = 1 + 0.2 * len(keys)
    others = 0
    for key in keys:
        values = [line.arguments.get(key, default(first, blocks, key)) for line in lines]
        if any(value is UNKNOWN_DEFAULT for value in values):
            return None
        marks = [frozen(value) for value in values]
        if len(set(marks)) == 1:
            arguments[key] = values[0]
            continue
        if (first.way != "block" and len(lines) < _FEWEST) or key == "call":
            return None
        usual = isinstance(values[0], bool) or not all(key in line.arguments for line in lines)
        text = _first_other(values[0], values[1]) if len(set(marks[1:])) == 1 and (usual or len(lines) > 2) else None
        if text is not None:
            arguments[key] = text
            cost += 0.5 if usual else 0.8
            others += 1
            continue
        if any(isinstance(value, Expression | Mapping) for value in values) or (
            items is not None and [frozen(item) for item in items] != marks
        ):
            return None
        if items is None:
            cost += 0.6 + 0.1 * len(lines)
        items = values
        arguments[key] = Expression("${item}")
    if others + (items is not None) > (1 if first.way != "block" or len(lines) == 2 else 2):
        return None  # what differs in too many ways is easier to read line by line
    return _Run(arguments, len(lines) if items is None else list(items), cost)


def _first_other(first: Any, other: Any) -> Expression | None:
    """What is one value for the first instance and another for all further ones."""
    if first is True and other is False:
        return Expression("${index == 0}")
    if first is False and other is True:
        return Expression("${index > 0}")
    one, two = _inside(first), _inside(other)
    return None if one is None or two is None else Expression(f"${{{one} if index == 0 else {two}}}")


def _inside(value: Any) -> str | None:
    """A value as it is written inside an expression."""
    if isinstance(value, Expression):
        text = value[2:-1]
        whole = value.startswith("${") and value.endswith("}") and "${" not in text
        return None if not whole else text if _NUMBER.fullmatch(text) else f"({text})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, str):
        return f"'{value}'" if _PLAIN.fullmatch(value) else None
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        parts = [_inside(one) for one in value]
        return None if any(part is None for part in parts) else f"[{', '.join(part for part in parts if part)}]"
    return None
