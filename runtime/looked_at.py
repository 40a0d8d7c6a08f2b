"""From a TypedGraph with its data to Looked: a batch as the model will see it, its columns, classes and oddities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..compiler.graph import TypedGraph
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Data
from .column_numbers import ColumnNumbers, numbers_of
from .columns import Binding, bind
from .data import Prepared, from_table, trainable
from .deferred import Deferred
from .given import with_given
from .order import permutation
from .sources import Reader, reader
from .sources.files import joined
from .split import PARTS
from .streams import streams
from .suspicions import Suspicion, suspicions
from .table import Table

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

FIRST_ROWS: Final = 200_000
"""Of a source that is larger than memory so many rows are looked at, or a few more."""
LEAST_PICTURE: Final = 6
"""Pixels each way from which on an array of numbers is shown as a picture."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or target. ``batch`` has the rows of the first batch of training as the model will see them; ``shape``
    and ``dtype`` are of one row; ``least`` to ``std`` are over the batch, None for text. ``columns`` are as stored."""

    name: str
    side: str
    dtype: str
    shape: tuple[int | None, ...]
    columns: tuple[ColumnNumbers, ...]
    batch: Array
    least: float | None = None
    most: float | None = None
    mean: float | None = None
    std: float | None = None

    @property
    def pictures(self) -> bool:
        """Whether its rows can be looked at as pictures."""
        sizes = self.batch.shape[1:]
        if self.batch.dtype.kind not in "biuf" or len(sizes) not in (2, 3) or min(sizes[:2]) < LEAST_PICTURE:
            return False
        return sizes[2] in (1, 3, 4) if len(sizes) == 3 else sizes[0] == sizes[1]

    def to_json(self) -> dict[str, Any]:
        """As plain values, with the batch."""
        return {
            "name": self.name, "side": self.side, "dtype": self.dtype, "shape": list(self.shape),
            "min": self.least, "max": self.most, "mean": self.mean, "std": self.std,
            "columns": [one.to_json() for one in self.columns], "batch": _plain(self.batch),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Balance:
    """How many rows of each part each class has; ``counts`` are by part, in the order of ``classes``."""

    output: str
    classes: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        counts = {part: dict(zip(self.classes, found, strict=True)) for part, found in self.counts.items()}
        return {"output": self.output, "counts": counts}


@dataclass(frozen=True, slots=True)
class Looked:
    """All that is shown. ``findings`` say why there is no batch, where there is none: the columns are shown even so."""

    origin: str
    rows: Mapping[str, int]
    tensors: tuple[Tensor, ...]
    columns: Mapping[str, tuple[ColumnNumbers, ...]]
    balances: tuple[Balance, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    findings: tuple[Finding, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: int = 0
    skipped: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain values, for programs."""
        return {
            "source": self.origin, "rows": dict(self.rows), "left_out": self.dropped + len(self.skipped),
            "columns": {name: [one.to_json() for one in found] for name, found in self.columns.items()},
            "tensors": [one.to_json() for one in self.tensors],
            "classes": [one.to_json() for one in self.balances],
            "suspicions": [one.to_json() for one in self.suspicions],
        }  # fmt: skip


def look(typed: TypedGraph, folder: Path, rows: int = 8) -> Looked:
    """Read the spec's data, and look at it: ``rows`` of the first batch, and all rows of each column.

    ``folder`` is what paths in the spec are relative to.

    Raises:
        Problem: E401, E402, E406, E407, E410, E412, E419: without columns there is nothing to be shown.
    """
    data = trainable(typed).graph.spec.data
    if data is None:
        way = "write `[data]` with a `source`"
        raise Problem(Finding("E410", "there is no [data] section: nothing to look at", (), "entry", help=way))
    pointer = (*data.pointer, "source")
    skip = data.on_error == "skip"
    source = reader(data.source["type"])
    decoded = any(one.decode is not None for one in (*data.inputs.values(), *data.targets.values()))
    if isinstance(source, Reader) and not decoded and streams(source, data.source, data.cache, folder):
        table = _first(typed, source, data, folder)
    else:
        table = source.read(data.source, folder, pointer, skip=skip, typed=typed)
    bindings = bind(typed.graph, table)
    sides: tuple[tuple[str, Mapping[str, Binding]], ...] = (("input", bindings.inputs), ("target", bindings.targets))
    found = {name: numbers_of(name, table.columns[name]) for name in bindings.columns}
    columns = {
        f"{side} {binding.name}": tuple(found[name] for name in binding.columns)
        for side, bound in sides
        for binding in bound.values()
    }
    try:
        prepared = from_table(typed, table, bindings, folder)
        if data.split.sources:
            prepared = with_given(typed, prepared, folder)
    except Problem as problem:
        return Looked(table.origin, {"all": table.rows}, (), columns, findings=problem.findings)
    return _looked(typed, table, prepared, columns, rows)


def _first(typed: TypedGraph, source: Reader, data: Data, folder: Path) -> Table:
    """The first rows of a source that is larger than memory."""
    pieces = source.pieces(data.source, folder, (*data.pointer, "source"), skip=data.on_error == "skip")
    names = {*bind(typed.graph, pieces.head).columns, *([data.split.stratify] if data.split.stratify else [])}
    tables: list[Table] = []
    for table in pieces.read(names, lambda _: None):
        tables.append(table)
        if sum(one.rows for one in tables) >= FIRST_ROWS:
            break
    if not tables:
        return pieces.head
    origin = f"the first {sum(one.rows for one in tables):,} rows of {pieces.head.origin}"
    return replace(joined(tables, origin, (*data.pointer, "source")), files=())


def _looked(
    typed: TypedGraph, table: Table, prepared: Prepared, columns: Mapping[str, tuple[ColumnNumbers, ...]], rows: int
) -> Looked:
    data = typed.graph.spec.data
    train = prepared.parts["train"]
    import numpy as np

    chosen = np.arange(train.count)
    if data is None or data.shuffle:
        chosen = permutation(data.seed if data is not None else 0, 0, train.count)
    chosen = chosen[:rows]
    stated = {node.name: node.input.dtype for node in typed.graph.nodes.values() if node.input is not None}
    tensors = []
    for side, arrays in (("input", train.inputs), ("target", train.targets)):
        for name, array in arrays.items():
            dtype = stated.get(name, str(array.dtype)) if side == "input" else str(array.dtype)
            tensors.append(_tensor(name, side, dtype, array, chosen, columns[f"{side} {name}"]))
    balances = tuple(balance for name in train.targets if (balance := balance_of(prepared, name)) is not None)
    return Looked(
        table.origin,
        {part: prepared.parts[part].count for part in PARTS},
        tuple(tensors),
        columns,
        balances,
        tuple(suspicions(typed, table, prepared, columns, balances)),
        labels={one.output: labels_of_rows(prepared, one, train.targets[one.output][chosen]) for one in balances},
        dropped=prepared.dropped,
        skipped=prepared.skipped,
    )


def _tensor(name: str, side: str, dtype: str, array: Any, chosen: Array, columns: tuple[ColumnNumbers, ...]) -> Tensor:
    import numpy as np

    batch = np.asarray(array[chosen])
    shape = tuple(array.sizes) if isinstance(array, Deferred) else tuple(array.shape[1:])
    if batch.dtype.kind not in "biuf" or not batch.size:
        return Tensor(name, side, dtype, shape, columns, batch)
    wide = batch.astype(np.float64)
    least, most, mean, std = (float(one) for one in (wide.min(), wide.max(), wide.mean(), wide.std()))
    return Tensor(name, side, dtype, shape, columns, batch, least, most, mean, std)


def balance_of(prepared: Prepared, output: str) -> Balance | None:
    """How often each class is in each part; None where the output has no classes, or the loss looks at each pixel."""
    head, encoding = prepared.heads[output], prepared.encodings[output]
    if head.kind == "numbers" and encoding.form == "number":
        return None
    many = {part: _classes(prepared.parts[part].targets[output], encoding.form == "one_hot" or head.loss is None)
            for part in PARTS if prepared.parts[part].count}  # fmt: skip
    if any(found is None for found in many.values()):
        return None
    import numpy as np

    every = [np.asarray(found) for found in many.values()]
    classes = encoding.classes
    size = len(classes) if classes else max((int(found.max(initial=0)) + 1 for found in every), default=0)
    if classes is None:
        if head.kind == "classes" and head.units is not None and encoding.form == "one_hot":
            size = max(size, head.units)
        classes = tuple(str(number) for number in range(size))
    counts = {
        part: tuple(np.bincount(np.asarray(found), minlength=size)[:size].tolist()) for part, found in many.items()
    }
    return Balance(output, classes, counts)


def _classes(targets: Any, one_hot: bool) -> Array | None:
    """The class of each row as a number."""
    import numpy as np

    array = np.asarray(targets[:])
    if array.ndim == 2 and array.shape[1] > 1:
        single = ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()
        return array.argmax(axis=1) if single or one_hot else None
    if array.size != len(array):
        return None
    flat = array.reshape(-1)
    if array.dtype.kind == "f" and not (flat == np.floor(flat)).all():
        return None
    return flat.astype(np.int64) if (flat >= 0).all() else None


def labels_of_rows(prepared: Prepared, balance: Balance, targets: Array) -> tuple[str, ...]:
    """The names of the classes of some rows."""
    found = _classes(targets, prepared.encodings[balance.output].form == "one_hot")
    return () if found is None else tuple(balance.classes[int(one)] for one in found)


def _plain(values: Array) -> Any:
    import numpy as np

    if values.dtype.kind not in "f":
        return values.astype(str).tolist() if values.dtype.kind in "OSU" else values.tolist()
    return np.where(np.isfinite(values), values, None).tolist()  # type: ignore[call-overload]
