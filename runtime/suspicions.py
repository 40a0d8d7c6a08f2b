"""From prepared data to Suspicions: what is no error, and makes a model worse or its measures better than they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..compiler.graph import TypedGraph
from ..spec.words import listed
from .cells import CellError, absent, is_arrow, numbers, taken
from .column_numbers import ColumnNumbers
from .data import Prepared, Rows
from .deferred import Deferred
from .folder_oddities import oddities
from .list_oddities import oddities as list_oddities
from .pending import Files
from .scaled import scaled
from .table import Table

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

CORRELATED: Final = 0.9999
"""A correlation with the target above which a column is the target in another guise."""
IMBALANCED: Final = 10.0
"""How many times as many rows the largest class has as the smallest, from which on it is told of."""
UNSCALED: Final = 100.0
"""A mean or a standard deviation beyond which numbers are too large for weights that begin near 0."""
FEW: Final = 20
"""With fewer rows nothing is read into all cells being different."""
MOST_ROWS: Final = 100_000
"""So many rows are compared with each other at most: the first of each part."""
READ_ROWS: Final = 1000
"""So many rows are looked at of what is read by the batch, such as pictures."""

IDENTITY: Final = re.compile(r"(^|[_\W])(id|uuid|guid|key|index|idx|row|nr|number)$|[a-z](Id|ID)$", re.IGNORECASE)
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "sigmoid": (0, 1), "hard_sigmoid": (0, 1), "softmax": (0, 1), "tanh": (-1, 1), "hard_tanh": (-1, 1),
    "softsign": (-1, 1), "relu": (0, float("inf")), "relu6": (0, 6), "softplus": (0, float("inf")),
    "exponential": (0, float("inf")),
}  # fmt: skip
"""Activation → between which numbers its output always is."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something odd: its ``kind`` in a word, where it is, what was seen, and a way out."""

    kind: str
    where: str
    message: str
    help: str

    def to_json(self) -> dict[str, str]:
        """As plain values."""
        return asdict(self)


class Counted(Protocol):
    """How often each class is in each part."""

    @property
    def output(self) -> str:
        """The output."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of its classes."""

    @property
    def counts(self) -> Mapping[str, tuple[int, ...]]:
        """By part, in the order of the classes."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is looked into."""

    typed: TypedGraph
    table: Table
    prepared: Prepared
    columns: Mapping[str, Sequence[ColumnNumbers]]
    balances: Sequence[Counted]

    def inputs(self) -> Iterator[tuple[str, ColumnNumbers]]:
        """Every column of every input, with the input's name."""
        for name in self.prepared.columns.inputs:
            yield from ((name, one) for one in self.columns[f"input {name}"])


def suspicions(
    typed: TypedGraph,
    table: Table,
    prepared: Prepared,
    columns: Mapping[str, Sequence[ColumnNumbers]],
    balances: Sequence[Counted],
) -> Iterator[Suspicion]:
    """All that is odd, in the order of CHECKS; ``columns`` are by ``input NAME`` and ``target NAME``."""
    case = Case(typed, table, prepared, columns, balances)
    for check in CHECKS:
        yield from check(case)


def _constant(case: Case) -> Iterator[Suspicion]:
    """Of pictures spread over columns some are always the same, and nobody wonders."""
    found = [
        (name, one.name)
        for name, one in case.inputs()
        if one.constant and one.rows > 1 and len(case.prepared.parts["train"].inputs[name].shape) < 3
    ]
    for name, columns in _by_input(found).items():
        words = "is the same in every row" if len(columns) == 1 else "are the same in every row"
        yield Suspicion(
            "constant column",
            f"input {name}",
            f"{_named(columns)} {words}: nothing can be learned from {'it' if len(columns) == 1 else 'them'}",
            "leave it out of `column`, or see whether the file was cut off",
        )


def _by_input(found: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for name, column in found:
        result.setdefault(name, []).append(column)
    return result


def _named(columns: Sequence[str]) -> str:
    return listed(columns, 5)


def _leaked(case: Case) -> Iterator[Suspicion]:
    """A column from which the target can be read off."""
    data = case.typed.graph.spec.data
    if data is not None and data.window is not None and data.window.horizon:
        return  # what is foretold lies ahead
    for target in case.prepared.columns.targets.values():
        if len(target.columns) != 1:
            continue
        answer = case.table.columns[target.columns[0]]
        for name, one in case.inputs():
            if one.name in target.columns or one.constant or one.rows < FEW:
                continue
            how = _same(case.table.columns[one.name], answer)
            if how is not None:
                yield Suspicion(
                    "leaked target",
                    f"input {name}",
                    f"`{one.name}` {how} `{target.columns[0]}`, which is to be foretold: the model is told the answer",
                    f"leave `{one.name}` out of `column`, unless it is known before the answer is",
                )


def _same(values: Any, answer: Any) -> str | None:
    """In which way one column says what another does."""
    import numpy as np

    if isinstance(values, Files) or isinstance(answer, Files):
        return None
    if any(not is_arrow(one) and (one.dtype.kind == "O" or one.size != len(one)) for one in (values, answer)):
        return None
    values, answer = values[:MOST_ROWS], answer[:MOST_ROWS]
    both_there = np.flatnonzero(~(absent(values) | absent(answer)))
    if len(both_there) < FEW:
        return None
    values, answer = taken(values, both_there), taken(answer, both_there)
    known, there = (one.to_pylist() if is_arrow(one) else one.reshape(-1).tolist() for one in (values, answer))
    if known == there:
        return "is equal to"
    different = len(set(there))
    if different * 2 <= len(there) and different > 1:
        both = len(set(zip(known, there, strict=True)))
        if both == len(set(known)) == different:
            return "has one value for each value of"
    try:
        first, second = (numbers(one).astype(np.float64).reshape(-1) for one in (values, answer))
    except CellError:
        return None
    sound = np.isfinite(first) & np.isfinite(second)
    first, second = first[sound], second[sound]
    if len(first) < FEW or not first.std() or not second.std():
        return None
    correlation = float(np.corrcoef(first, second)[0, 1])
    return f"rises and falls with (correlation {correlation:.5f})" if abs(correlation) > CORRELATED else None


def _duplicates(case: Case) -> Iterator[Suspicion]:
    """Rows of training that are in another part as well."""
    seen = _rows(case.prepared.parts["train"])
    if seen is None:
        return
    for part in ("validation", "test"):
        rows = _rows(case.prepared.parts[part])
        if not rows:
            continue
        both = sum(1 for one in rows if one in seen)
        if both:
            share = both / len(rows)
            yield Suspicion(
                "duplicate rows",
                f"{part} part",
                f"{both} of {len(rows)} rows ({share:.1%}) of the {part} part are in training too, with the same "
                "inputs: what is measured there is better than it will be on new rows",
                "take duplicates out of the file, or keep them together: `hash` or `group` of `split` with a column "
                "that is the same for all of them",
            )


def _rows(rows: Rows) -> list[bytes] | set[bytes] | None:
    """What tells rows apart; of training a set. Rows that are read batch by batch are not compared."""
    import numpy as np

    if not rows.inputs or any(isinstance(array, Deferred) for array in rows.inputs.values()):
        return None
    count = min(rows.count, MOST_ROWS)
    if not count:
        return []
    parts: list[list[bytes]] = []
    for array in rows.inputs.values():
        chosen = np.asarray(array[:count])
        if chosen.dtype.kind == "O":
            parts.append([repr(row).encode() for row in chosen.reshape(count, -1).tolist()])
        else:
            flat = np.ascontiguousarray(chosen).reshape(count, -1)
            parts.append([row.tobytes() for row in flat])
    return [b"\0".join(one) for one in zip(*parts, strict=True)]


def _classes(case: Case) -> Iterator[Suspicion]:
    """Classes that a part has no row of, and classes that are rare."""
    data = case.typed.graph.spec.data
    spread = data is not None and data.split.stratify is not None
    for balance in case.balances:
        where = f"target {balance.output}"
        totals = [sum(counts) for counts in zip(*balance.counts.values(), strict=True)]
        for part, counts in balance.counts.items():
            lacking = [
                name for name, count, total in zip(balance.classes, counts, totals, strict=True) if total and not count
            ]
            if lacking:
                yield Suspicion(
                    "class missing",
                    where,
                    f"the {part} part has no row of the class{'es' if len(lacking) > 1 else ''} {_named(lacking)}",
                    f"take more rows of {'them' if len(lacking) > 1 else 'it'}"
                    if spread
                    else "spread classes over the parts with `stratify` in `split`, or take more rows",
                )
        trained = [(count, name) for count, name in zip(balance.counts["train"], balance.classes, strict=True) if count]
        if len(trained) > 1 and max(trained)[0] >= IMBALANCED * min(trained)[0]:
            most, least = max(trained), min(trained)
            yield Suspicion(
                "imbalance",
                where,
                f"training has {most[0]} rows of `{most[1]}` and {least[0]} of `{least[1]}`, "
                f"{most[0] / least[0]:.0f} times as many: always saying `{most[1]}` would look good",
                'write `class_weight = "balanced"` in [training], and look at recall or AUC rather than accuracy',
            )


def _folders(case: Case) -> Iterator[Suspicion]:
    """Where a folder is a class: what it holds or lacks that nobody may have meant."""
    kind, label = case.table.standard
    root = case.table.folder
    if kind is None or label is None or root is None or not isinstance(case.table.columns[kind], Files):
        return
    for found in oddities(kind, label, root, case.table.origin, frozenset(case.table.columns[label].tolist())):
        yield Suspicion(*found)


def _empty_lists(case: Case) -> Iterator[Suspicion]:
    for name, binding in case.prepared.columns.inputs.items():
        for found in list_oddities(case.table, name, binding.columns):
            yield Suspicion(*found)


def _unscaled(case: Case) -> Iterator[Suspicion]:
    found = []
    for name, one in case.inputs():
        if one.kind != "numbers" or one.mean is None or one.std is None:
            continue
        if _names_rows(case, one) or scaled(case.typed, name):
            continue
        if abs(one.mean) > UNSCALED or one.std > UNSCALED:
            found.append((name, one.name))
    for name, columns in _by_input(found).items():
        first = next(one for _, one in case.inputs() if one.name == columns[0])
        yield Suspicion(
            "unscaled input",
            f"input {name}",
            f"{_named(columns)} {'has' if len(columns) == 1 else 'have'} large numbers (`{columns[0]}`: mean "
            f"{first.mean:.6g}, deviation {first.std:.6g}) and no layer brings them near to 0: training will be slow "
            "or fail",
            'put `{ type = "Normalization" }` behind the input, or `{ type = "Rescaling", scale = 0.003921569 }` for '
            "pixels",
        )


def _identities(case: Case) -> Iterator[Suspicion]:
    for name, one in case.inputs():
        if _names_rows(case, one):
            seen = "counts up from row to row" if one.ascending else "has another value in each row"
            yield Suspicion(
                "id as feature",
                f"input {name}",
                f"`{one.name}` {seen}, as names and numbers of rows do: the model may learn rows by heart",
                f'leave `{one.name}` out of `column`; `hash = "{one.name}"` in `split` makes good use of it',
            )


def _names_rows(case: Case, one: ColumnNumbers) -> bool:
    """Whether a column says which row it is, by its name or as it counts up; a series in time may well count up."""
    if one.kind not in ("numbers", "text") or one.rows < FEW or one.unique != one.rows - one.missing:
        return False
    if IDENTITY.search(one.name) is not None and (one.whole or one.kind == "text"):
        return True
    data = case.typed.graph.spec.data
    return one.ascending and one.kind == "numbers" and (data is None or data.window is None)


def _one_hot(case: Case) -> Iterator[Suspicion]:
    """Targets that choose one of several, compared as if each number stood for itself."""
    import numpy as np

    for name, head in case.prepared.heads.items():
        array = case.prepared.parts["train"].targets.get(name)
        if array is None or head.loss in (
            "CategoricalCrossentropy",
            "CategoricalFocalCrossentropy",
            "CategoricalHinge",
        ):
            continue
        if getattr(array, "ndim", 1) != 2 or array.shape[1] is None or array.shape[1] < 3 or len(array) < FEW:
            continue
        rows = np.asarray(array[:MOST_ROWS])
        if ((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all():
            yield Suspicion(
                "one-hot labels",
                f"target {name}",
                f"each row has a single 1 among {rows.shape[1]} numbers, which names one of {rows.shape[1]} classes, "
                f"and {head.loss or 'the loss'} takes each number for itself",
                '`loss = "categorical_crossentropy"` with `activation = "softmax"` in the last layer chooses one class',
            )


def _out_of_range(case: Case) -> Iterator[Suspicion]:
    """Targets that the last activation can't give."""
    import numpy as np

    graph = case.typed.graph
    for name, edge in graph.outputs.items():
        head = case.prepared.heads.get(name)
        array: Any = case.prepared.parts["train"].targets.get(name)
        layer = graph.nodes[edge.source].layer
        if head is None or array is None or layer is None or head.kind != "numbers" or array.dtype.kind not in "biuf":
            continue
        activation = layer.arguments.get("activation") if layer.record.name != "Activation" else layer["activation"]
        if not isinstance(activation, str) or activation not in RANGES:
            continue
        low, high = RANGES[activation]
        rows = np.asarray(array[: READ_ROWS if isinstance(array, Deferred) else MOST_ROWS])
        least, most = float(rows.min()), float(rows.max())
        if least < low or most > high:
            given = f"from {low:g} to {high:g}" if high < float("inf") else f"from {low:g} on"
            yield Suspicion(
                "out of range",
                f"target {name}",
                f"it holds numbers from {least:g} to {most:g}, and `{activation}` of `{edge.source}` only gives "
                f"numbers {given}",
                f'leave `activation` out of `{edge.source}` (or "linear"), or bring the target into that range',
            )


CHECKS: Final[tuple[Callable[[Case], Iterator[Suspicion]], ...]] = (
    _leaked,
    _duplicates,
    _classes,
    _folders,
    _empty_lists,
    _constant,
    _identities,
    _unscaled,
    _one_hot,
    _out_of_range,
)
"""What is looked for, the gravest first."""
