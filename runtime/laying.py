"""From Pieces to rows in files: one pass through a source that is larger than memory, and what lies there opened."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from . import streams
from .columns import Binding, Bindings
from .copied import Copied
from .data import Collect, Rows, misfit
from .gathered import Gathered, Wants, gathered
from .labels import Encoding, Head
from .laid import Laid, Layer, opened
from .laid_files import FileLayer, LaidFiles, at_once, is_opened_late
from .laid_targets import LaidTarget, TargetLayer
from .late_targets import require_alike
from .missing import completed
from .others import Others
from .pending import are_masks
from .progress import Progress
from .split import numbered
from .table import Table
from .tensors import MisfitError, too_long
from .window_targets import each_row

if TYPE_CHECKING:
    import numpy as np

    from .sources.pieces import Pieces

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Laying:
    """What is laid down of a source: the columns, and what is made of them.

    ``others`` are columns that are kept as they are; ``target`` makes what lays a target down, from its folder, the
    names of its files, its head and binding, and what closes the files; ``check`` raises MisfitError for the rows of an
    input that the model can't take; ``steps`` says of the first rows with how many rows of a window outputs are
    compared, where they are several.
    """

    bindings: Bindings
    wants: Wants
    target: Callable[[Path, str, Head, Binding, ExitStack], TargetLayer]
    others: tuple[str, ...] = ()
    check: Callable[[str, Any], None] = lambda name, rows: None
    steps: Callable[[Table], Mapping[str, int]] = lambda table: {}


@dataclass(frozen=True, slots=True, eq=False)
class LaidRows:
    """All rows of a source that can be used, read by the batch; ``table`` has those columns that no model is given,
    ``steps`` with how many rows of a window outputs are compared, where they are several."""

    rows: Rows
    encodings: Mapping[str, Encoding]
    table: Table
    ready: Gathered
    steps: Mapping[str, int]


def lay(
    found: Pieces, laying: Laying, name: str, pointer: Pointer, show: Progress, files: Sequence[Path], what: str | None
) -> tuple[Path, dict[str, Any]]:
    """Go through a source, and lay its rows down under a name; with ``what`` None in a folder without one, which
    whoever asked for them is to remove.

    Raises:
        Problem: at the first rows where something does not fit; E407 where there is no room for them.
    """
    shelf = streams.shelf()
    temporary: Path | None = None
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=shelf))
        with ExitStack() as stack:
            stack.callback(show.reading, found.head.origin, found.size, found.size)
            pass_ = _Pass(laying, temporary, stack)
            pass_.through(found, show)
            about = {**pass_.close(found.head), "what": what}
        if what is None:
            place, temporary = temporary, None
            return place, about
        streams.keep(temporary, name, about, files)
    except OSError as error:
        message = f"the rows of {found.head.origin} can't be laid down in {shelf}: {error.strerror or error}"
        way = "make room there, or let KERASPEC_CACHE name another folder; `cache = true` keeps the rows in memory"
        raise Problem(Finding("E407", message, pointer, help=way)) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        _let_go()
    return shelf / name, about


def _let_go() -> None:
    """Give memory back that Arrow keeps for what it might read next."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


class _Pass:
    """One pass through a source: what is laid down, and what is remembered."""

    def __init__(self, laying: Laying, folder: Path, stack: ExitStack) -> None:
        self.laying = laying
        self.bindings = bindings = laying.bindings
        self.wants = replace(laying.wants, unread=True)
        self.folder = folder
        self.inputs: dict[str, Layer | FileLayer] = {
            name: (FileLayer if is_opened_late(one) else Layer)(folder, f"input{index}", stack)
            for index, (name, one) in enumerate(bindings.inputs.items())
        }
        self.steps: Mapping[str, int] | None = None
        self.targets: dict[str, TargetLayer] = {}
        self.stack = stack
        self.shapes: dict[str, set[tuple[int, ...]]] = {}
        self.unlike: dict[str, MisfitError] = {}
        self.lengths: dict[str, list[Array]] = {name: [] for name, one in bindings.inputs.items() if one.buckets}
        names = [name for one in bindings.others.values() for name in one.columns]
        self.others = Others([*names, *laying.others])
        self.copied = Copied(folder, stack)
        self.files: dict[str, int] = {}
        self.lost: list[Array] = []
        self.count = self.dropped = self.before = 0
        self.skipped: list[str] = []

    def through(self, found: Pieces, show: Progress) -> None:
        """Every row.

        Raises:
            Problem: at the first rows where something does not fit; E412 if none is left.
        """

        def tell(done: int) -> None:
            show.reading(found.head.origin, done, found.size)

        for table in found.read({*self.bindings.columns, *self.others.names}, tell):
            if self.steps is None:
                self._begin(table)
            for some in _cut(table, at_once(self.bindings, self.wants)):
                self._some(some)
        if self.count == sum(len(one) for one in self.lost):
            if self.skipped and self.dropped < self.count:
                reason, way = "no row can be read", f"the first: {self.skipped[0]}"
            else:
                reason, way = "every row lacks a value" if self.count else "it has no rows", None
            message = f"nothing is left of {found.head.origin}: {reason}"
            raise Problem(Finding("E412", message, ("data", "source"), help=way))

    def _begin(self, table: Table) -> None:
        """What is made of the targets, by the first rows."""
        self.steps = self.laying.steps(table)
        self.wants = replace(self.wants, heads=each_row(self.wants.heads, self.steps))
        for index, (name, binding) in enumerate(self.bindings.targets.items()):
            head = self.wants.heads[name]
            self.targets[name] = self.laying.target(self.folder, f"target{index}", head, binding, self.stack)

    def _some(self, table: Table) -> None:
        """A few rows."""
        ready = gathered(table, self.bindings, self.wants, piece=True)
        self._remember(table, ready)
        findings: list[Finding] = []
        if len(ready.rows):
            for name, binding in self.bindings.inputs.items():
                with Collect(findings, binding, ready.rows, table):
                    self._input(name, binding, ready)
            for name, binding in self.bindings.targets.items():
                with Collect(findings, binding, ready.rows, table):
                    if (late := ready.late(binding)) is not None:
                        require_alike(late, self.wants.heads[name], ready, self.wants.inputs)
                    self.targets[name].add(ready, ready.rows + self.before)
        if findings:
            raise Problem(*findings)

    def _remember(self, table: Table, ready: Gathered) -> None:
        import numpy as np

        name = table.files[0][0] if table.files else ""
        self.files[name] = self.files.get(name, 0) + table.rows
        self.before = self.count
        self.count += table.rows
        if len(ready.rows) < table.rows:
            self.lost.append(np.setdiff1d(np.arange(table.rows), ready.rows) + self.before)
        self.dropped += ready.dropped
        self.skipped += ready.skipped
        self.others.add(table)
        for (side, name), files in ready.files.items():
            if files.kind == "text" or (side == "target" and are_masks(files.kind, self.wants.heads[name])):
                self.copied.add(files)
        self.copied.note(ready.broken)

    def _input(self, name: str, binding: Binding, ready: Gathered) -> None:
        shape, dtype = self.wants.inputs[name]
        layer = self.inputs[name]
        if isinstance(layer, FileLayer):
            layer.add(binding, ready.files["input", name], ready.opened["input", name])
            return
        if name in self.lengths:
            self.lengths[name].append(ready.lengths(binding))
        rows: Any = ready.unequal(binding, shape, dtype)
        if rows is None:
            rows = self._of_one_length(name, binding, ready)
            self.laying.check(name, rows)
        else:
            self._require_short(rows, binding, shape)
        try:
            layer.add(rows)
        except ValueError as error:
            raise MisfitError(f"holds numbers of several kinds: {error}") from None

    def _of_one_length(self, name: str, binding: Binding, ready: Gathered) -> Any:
        """The rows of an input whose sizes are all known.

        Rows that are shorter are filled up if not all of the source are of one length, which shows at the end.
        """
        shape, dtype = self.wants.inputs[name]
        seen = self.shapes.setdefault(name, set())
        unknown = any(not isinstance(size, int) for size in shape)
        if (found := ready.row_sizes(binding, dtype)) is not None:
            seen |= found
        try:
            rows = ready.input(binding, shape, dtype)
            if dtype == "string" and unknown and len(seen) > 1:
                message = "holds lists of words of unequal length, which are not read by the batch"
                way = "write into the input's shape how many words there are at most, or `cache = true` in [data]"
                raise MisfitError(message, way)
            return rows[:]
        except MisfitError as error:
            if found is None or unknown or any(len(one) != len(shape) for one in found):
                raise
            rows = ready.filled(binding, shape, dtype)[:]
            self.unlike.setdefault(name, error)
            return rows

    def _require_short(self, rows: list[Array], binding: Binding, shape: Any) -> None:
        from .deferred import padded

        try:
            padded(rows, [size if isinstance(size, int) else None for size in shape], "float32", 0)
        except ValueError as error:
            raise too_long(binding.columns[0], rows, shape, int(error.args[0])) from None

    def close(self, head: Table) -> dict[str, Any]:
        """End the files; all that is not in them.

        Raises:
            Problem: where the labels of all rows are not what a head can give.
        """
        import numpy as np

        files = tuple(self.files.items()) if len(self.files) > 1 else ()
        table = Table(head.origin, {}, files=files)
        findings: list[Finding] = []
        targets: dict[str, LaidTarget] = {}
        for name, error in self.unlike.items():
            if len(self.shapes[name]) == 1:
                findings.append(misfit(error, self.bindings.inputs[name], np.zeros(1, np.int64), table))
        for name, target in self.targets.items():
            seen = target.seen
            with Collect(findings, self.bindings.targets[name], seen, table):
                targets[name] = target.close()
        if findings:
            raise Problem(*findings)
        lost = np.concatenate(self.lost) if self.lost else np.zeros(0, np.int64)
        np.save(self.folder / "lost.npy", lost)
        for index, name in enumerate(self.bindings.inputs):
            if name in self.lengths:
                np.save(self.folder / f"input{index}.lengths.npy", np.concatenate(self.lengths[name]))
        self.others.save(self.folder)
        return {
            "inputs": {name: layer.close().plain() for name, layer in self.inputs.items()},
            "targets": {name: one.plain() for name, one in targets.items()},
            "steps": dict(self.steps or {}),
            "names": list(head.columns),
            "duplicates": sorted(head.duplicates),
            "origin": head.origin,
            "rows": self.count,
            "parts": files,
            "dropped": self.dropped,
            "skipped": self.skipped,
            "copied": self.copied.close(),
        }


def _cut(table: Table, most: int) -> Iterator[Table]:
    """A table in tables of so many rows at most."""
    if table.rows <= most:
        yield table
        return
    for start in range(0, table.rows, most):
        columns = {
            name: values[start : start + most] if hasattr(values, "dtype") else values.slice(start, most)
            for name, values in table.columns.items()
        }
        yield replace(table, columns=columns, first=table.first + start, skipped=table.skipped if not start else ())


def head_of_laid(about: Mapping[str, Any]) -> Table:
    """The columns that a source has, without rows."""
    names: dict[str, Any] = dict.fromkeys(about["names"], ())
    return Table(about["origin"], names, frozenset(about["duplicates"]))


def laid_rows(place: Path, about: Mapping[str, Any], bindings: Bindings, wants: Wants, folder: Path) -> LaidRows:
    """What was laid down there, with the bindings that it was laid down with; ``folder`` is that of the spec."""
    import numpy as np

    inputs: dict[str, Any] = {}
    names: dict[str, Any] = {}
    for index, (name, told) in enumerate(about["inputs"].items()):
        if "what" in told:
            inputs[name], called = LaidFiles.read(told).opened(place, f"input{index}")
            names |= {} if called is None else {name: called}
            continue
        sizes = [size if isinstance(size, int) else None for size in wants.inputs[name][0]]
        inputs[name] = opened(place, f"input{index}", Laid.read(told), sizes, bindings.inputs[name].pad)
    targets, encodings, steps = {}, {}, about["steps"]
    heads = each_row(wants.heads, steps)
    for index, (name, told) in enumerate(about["targets"].items()):
        one = LaidTarget.read(told)
        targets[name] = one.opened(place, f"target{index}", bindings.targets[name], heads[name])
        encodings[name] = one.encoding
    rows: Array = numbered(about["rows"])
    if len(lost := np.load(place / "lost.npy")):
        rows = np.delete(rows, lost)
    files = tuple((name, count) for name, count in about["parts"])
    table = Table(about["origin"], Others.load(place), files=files, folder=folder)
    bound = Bindings({}, {}, bindings.others)
    columns = _used(table, bound, wants, rows)
    ready = Gathered(columns, {}, rows, about["dropped"], tuple(about["skipped"]))
    every = Rows(inputs, targets, ready.weights(bound, table, targets), _buckets(place, bindings), names)
    return LaidRows(every, encodings, table, ready, steps)


def _buckets(place: Path, bindings: Bindings) -> Any:
    """The bucket of each row, by the lengths that were laid down."""
    import numpy as np

    from .buckets import bucket_of, together

    found = []
    for index, binding in enumerate(bindings.inputs.values()):
        path = place / f"input{index}.lengths.npy"
        if binding.buckets and path.is_file():
            lengths = np.load(path)
            if len(lengths) and lengths.min() != lengths.max():  # rows of one length are no rows of unequal length
                found.append(bucket_of(lengths, binding.buckets))
    return together(found)


def _used(table: Table, bound: Bindings, wants: Wants, rows: Array) -> dict[str, Any]:
    """The columns by which rows are parted, weighed or put in series, of those rows that are used."""
    from .cells import taken
    from .others import missing_of

    if not bound.columns:
        return {}
    columns, _ = completed(table, bound, missing_of(wants.missing, bound))
    if len(rows) == table.rows:
        return columns
    return {name: taken(values, rows) for name, values in columns.items()}
