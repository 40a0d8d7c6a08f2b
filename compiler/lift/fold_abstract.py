"""From several occurrences of the same lines to a block's parameters, and what each occurrence gives for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...spec.naming import NAME, snake_case
from ...spec.parameters import FORBIDDEN
from ...spec.to_toml import Expression
from ..catalogue.record import REQUIRED
from .fold_lines import UNKNOWN_DEFAULT, Block, Line, default, frozen, is_open

Row = Sequence[Mapping[str, Any] | None]
"""One occurrence: the arguments of each line, None where the line is not there."""


class _Any:
    """The type of ANY."""

    __slots__ = ()


ANY: Final = _Any()
"""The value of a line's argument where the line is not there."""
_COMMON: Final = 0.6
"""A value that so many occurrences have is a parameter's default."""
_DISTINCT: Final = 3
"""So many different values must agree before it is no coincidence."""


@dataclass(slots=True)
class Parameter:
    """One parameter that is being made: its values by occurrence, and what it is for."""

    key: str
    values: list[Any]
    column: int
    default: Any = REQUIRED
    name: str = ""
    of: tuple[Parameter, str] | None = None
    """The parameter by which this one can be told, and how: an expression in which ``{}`` stands for it."""

    def fits(self, values: Sequence[Any]) -> bool:
        """Whether other values could be given by this parameter too."""
        both = sure = 0
        for mine, other in zip(self.values, values, strict=True):
            if mine is ANY or other is ANY:
                continue
            both += 1
            if frozen(mine) != frozen(other):
                return False
            sure += 1
        return both > 1 and sure > 0

    def join(self, values: Sequence[Any]) -> None:
        """Take the values also where they were open."""
        self.values = [other if mine is ANY else mine for mine, other in zip(self.values, values, strict=True)]


@dataclass(slots=True)
class Abstracted:
    """What is the same everywhere and what is not.

    ``arguments`` and ``whens`` are those of the block's lines, ``parameters`` with their defaults, ``given`` what each
    occurrence states.
    """

    arguments: list[dict[str, Any]]
    whens: list[Expression | None]
    parameters: dict[str, Any] = field(default_factory=dict)
    given: list[dict[str, Any]] = field(default_factory=list)


def abstract(
    lines: Sequence[Line],
    rows: Sequence[Row],
    blocks: Mapping[str, Block],
    hints: Sequence[str],
    branches: frozenset[int] = frozenset(),
) -> Abstracted | None:
    """What several occurrences have in common; None if that can't be said by parameters.

    ``lines`` tell of what kind each line is; ``rows`` have the arguments; ``hints`` is what each line may be called.
    ``branches`` are the lines that end a branch beside the others.
    """
    work = _Abstraction(rows)
    for column, line in enumerate(lines):
        cells = [row[column] for row in rows]
        written = work.table(cells, column, lambda key, line=line: default(line, blocks, key))
        if written is None:
            return None
        work.result.arguments.append(written)
    for column, line in enumerate(lines):
        work.result.whens.append(work.when([row[column] is not None for row in rows], column, line))
    return work.finished(lines, hints, branches)


class _Names:
    """The names that parameters have already."""

    def __init__(self) -> None:
        self.taken = set(FORBIDDEN)

    def name(self, *wishes: str) -> str:
        """The first of the wishes that is free, else the last of them numbered."""
        last = wishes[-1]
        numbered = (f"{last}_{number}" for number in range(2, len(self.taken) + 3))
        found = next(name for name in (*wishes, *numbered) if name not in self.taken)
        self.taken.add(found)
        return found


class _Abstraction:
    """The work of ``abstract``."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.found: list[Parameter] = []
        self.result = Abstracted([], [])
        self.waiting: list[tuple[Any, str | int, Parameter]] = []

    def table(self, cells: Sequence[Mapping[str, Any] | None], column: int, default_of: Any) -> dict[str, Any] | None:
        """The arguments that a line or a table in it has in the block."""
        written: dict[str, Any] = {}
        keys = dict.fromkeys(key for cell in cells if cell is not None for key in cell)
        for key in keys:
            values: list[Any] = []
            for cell in cells:
                value = ANY if cell is None else cell.get(key, default_of(key))
                if value is UNKNOWN_DEFAULT:
                    return None
                values.append(value)
            first = next(value for value in values if value is not ANY)
            same = all(value is ANY or frozen(value) == frozen(first) for value in values)
            if same and not is_open(first):
                if any(cell is not None and key in cell for cell in cells):
                    written[key] = first
                continue
            if (listed := self.listed(values)) is not None:
                written[key] = listed
                continue
            if _alike(values):
                inner = self.table(
                    [None if value is ANY else value for value in values], column, lambda _: UNKNOWN_DEFAULT
                )
                if inner is not None:
                    written[key] = inner
                    continue
            if any(_indexed(value) for value in values):
                return None
            self.place(written, key, values, column, default_of(key))
        return written

    def listed(self, values: Sequence[Any]) -> list[Any] | None:
        """Lists in which one number differs, and is always that of a parameter that there is."""
        lists = [value for value in values if value is not ANY]
        if len(lists) < len(values) or not all(isinstance(one, list) and len(one) == len(lists[0]) for one in lists):
            return None
        differ = [place for place in range(len(lists[0])) if len({frozen(one[place]) for one in lists}) > 1]
        if len(differ) != 1 or len({frozen(one[differ[0]]) for one in lists}) < _DISTINCT:
            return None
        numbers = [one[differ[0]] for one in lists]
        for one in self.found:
            if all(_whole(number) for number in numbers) and list(map(frozen, one.values)) == list(
                map(frozen, numbers)
            ):
                found = list(lists[0])
                found[differ[0]] = None
                self.waiting.append((found, differ[0], one))
                return found
        return None

    def place(self, written: dict[str, Any], key: str, values: list[Any], column: int, keras: Any) -> None:
        """Let a parameter, a new one or one that there is, stand for an argument."""
        written[key] = None
        distinct = len({frozen(value) for value in values}) >= _DISTINCT and all(map(_whole, values))
        for one in self.found:
            if (one.key == key or (distinct and one.key)) and one.fits(values):
                one.join(values)
                self.waiting.append((written, key, one))
                return
        new = Parameter(key, values, column)
        if keras is not UNKNOWN_DEFAULT and any(
            value is not ANY and frozen(value) == frozen(keras) for value in values
        ):
            new.default = keras
        self.found.append(new)
        self.waiting.append((written, key, new))

    def when(self, there: list[bool], column: int, line: Line) -> Expression | None:
        """What tells whether a line is there."""
        if all(there):
            return None
        for one in self.found:
            if (
                one.key == "strides"
                and one.of is None
                and [value is not ANY and _over_one(value) for value in one.values] == there
            ):
                return Expression(f"\0{self.found.index(one)}\0 > 1")
            if one.key == "" and one.values == there:
                return Expression(f"\0{self.found.index(one)}\0")
            if one.key == "" and [not value for value in one.values] == there:
                return Expression(f"not \0{self.found.index(one)}\0")
        self.found.append(Parameter("", list(there), column))
        return Expression(f"\0{len(self.found) - 1}\0")

    def finished(self, lines: Sequence[Line], hints: Sequence[str], branches: frozenset[int]) -> Abstracted | None:
        """Name the parameters, and write them where they are used."""
        free = _Names()
        result = self.result
        _multiples(self.found)
        _choices(self.found)
        own = [one for one in self.found if one.of is None]
        for place, one in enumerate(self.found):
            if one.of is None:
                beside = not one.key and any(result.whens[column] == f"\0{place}\0" for column in branches)
                one.name = free.name("shortcut") if beside else _name(one, lines, hints, free)
                _settle(one)
                if one.default is REQUIRED and any(value is ANY for value in one.values):
                    return None
        own.sort(key=lambda one: one.default is not REQUIRED)
        result.parameters.update({one.name: one.default for one in own})
        for table, key, one in self.waiting:
            text = one.name if one.of is None else one.of[1].format(one.of[0].name)
            table[key] = Expression(f"${{{text}}}")
        for place, when in enumerate(result.whens):
            if when is not None:
                parts = when.split("\0")
                parts[1] = self.found[int(parts[1])].name
                result.whens[place] = Expression("${" + "".join(parts) + "}")
        for row in range(len(self.rows)):
            given: dict[str, Any] = {}
            for one in own:
                value = one.values[row]
                if value is not ANY and (one.default is REQUIRED or frozen(value) != frozen(one.default)):
                    given[one.name] = value
            result.given.append(given)
        return result


def _alike(values: Sequence[Any]) -> bool:
    """Whether the values are tables of one kind, so that they may differ in an entry."""
    tables = [value for value in values if value is not ANY]
    return all(isinstance(value, Mapping) and value.keys() == tables[0].keys() for value in tables) and (
        len({frozen(value.get("type")) for value in tables}) == 1
    )


def _indexed(value: Any) -> bool:
    """Whether a value hangs on the number or the item of its own line."""
    if isinstance(value, Mapping):
        return any(map(_indexed, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_indexed, value))
    return isinstance(value, Expression) and ("index" in value or "item" in value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _over_one(value: Any) -> bool:
    return _whole(value) and value > 1


def _factor(base: Sequence[int], values: Sequence[int]) -> int:
    """The whole number by which all of ``base`` are multiplied to give ``values``, whole too; 0 if there is none."""
    factor = values[0] // base[0]
    few = len(set(base)) < 2
    return factor if not few and factor > 1 and all(a * factor == b for a, b in zip(base, values, strict=True)) else 0


def _multiples(found: Sequence[Parameter]) -> None:
    """Let parameters that are always so many times as much as another be written so."""
    whole = [one for one in found if one.key and all(map(_whole, one.values))]
    for one in whole:
        several = len(set(one.values)) >= _DISTINCT
        for other in whole:
            alike = other is not one and (several or other.key == one.key)
            factor = _factor(other.values, one.values) if alike and other.of is None else 0
            if factor and one.of is None and not any(third.of is not None and third.of[0] is one for third in found):
                one.of = (other, f"{factor} * {{}}")


def _choices(found: Sequence[Parameter]) -> None:
    """Let parameters that have one value where there are strides and another where there are none be written so."""
    for other in found:
        if other.key != "strides" or other.of is not None or any(value is ANY for value in other.values):
            continue
        wide = [_over_one(value) for value in other.values]
        for one in found:
            if (
                one is other
                or one.of is not None
                or any(third.of is not None and third.of[0] is one for third in found)
            ):
                continue
            sides = [{frozen(value): value for value, here in zip(one.values, wide, strict=True)
                      if here is side and value is not ANY} for side in (True, False)]  # fmt: skip
            if one.key and all(len(side) == 1 for side in sides):
                yes, no = (next(iter(side.values())) for side in sides)
                if isinstance(yes, str) and isinstance(no, str) and yes.isidentifier() and no.isidentifier():
                    one.of = (other, f"'{yes}' if {{}} > 1 else '{no}'")


def _settle(one: Parameter) -> None:
    """Choose a parameter's default."""
    closed = [
        value for value in one.values if value is not ANY and not isinstance(value, Mapping) and not is_open(value)
    ]
    if one.key == "":
        one.default = closed.count(True) * 2 > len(closed)
        return
    if not closed:
        return
    often, count = Counter(map(frozen, closed)).most_common(1)[0]
    if count >= _COMMON * len(one.values) or (one.default is REQUIRED and any(value is ANY for value in one.values)):
        one.default = next(value for value in closed if frozen(value) == often)


def _word(line: Line) -> str:
    return re.sub(r"_?\d+d$", "", snake_case(line.kind)) or "layer"


def _name(one: Parameter, lines: Sequence[Line], hints: Sequence[str], free: _Names) -> str:
    if one.key == "":
        return free.name("with_" + (hints[one.column] or _word(lines[one.column])))
    if one.key == "repeat":
        return free.name("depth")
    key = one.key if NAME.fullmatch(one.key) and "-" not in one.key else "value"
    if key in FORBIDDEN:
        key = f"{snake_case(lines[one.column].kind)}_{key}"
    line = lines[one.column]
    word = hints[one.column] or (_word(line) if line.way == "type" else "")
    return free.name(key, f"{word}_{key}") if word else free.name(key)
