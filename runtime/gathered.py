"""From a Table and Bindings to Gathered: columns whose every row can be used, with their files opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from .buckets import bucket_of, together
from .cells import is_arrow, taken, unreadable
from .columns import Binding, Bindings
from .deferred import Deferred, held, padded, part, shortened
from .label_lists import are_lists, lengths_of
from .labels import BINARY, HINGE, Head
from .missing import completed
from .pending import Files, Opened, are_masks, open_files, open_masks, open_targets
from .sample_weights import WEIGHT, sample_weights
from .sources.files import found_folder
from .table import Table, Values
from .tensors import MisfitError, Sizes, cast, fitted, too_long
from .word_lists import filled_words

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Side = Literal["input", "target"]


@dataclass(frozen=True, slots=True)
class Wants:
    """What is done with rows: shape and dtype of each input, what each output is trained to say, and how the spec
    deals with ``missing`` values and with rows that can't be read. ``folder`` is what paths in the spec are relative
    to; what is in files is kept in memory where it fits with ``keep`` at "auto", always with True, never with False.
    ``unread``: pictures and sounds are only looked at, and masks are as their files have them."""

    inputs: Mapping[str, tuple[Sizes, str]]
    heads: Mapping[str, Head]
    missing: str | Mapping[str, Any] = "error"
    on_error: str = "stop"
    folder: Path = Path()
    keep: bool | str = "auto"
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """Columns without gaps. ``rows`` are the rows of the table that are left; ``opened`` has, by side and name, what
    was in the files of a column, and ``files`` those files; ``skipped`` says of rows that can't be read, why, and
    ``broken`` are the paths of files that can't; ``dropped`` lacked a value."""

    columns: Mapping[str, Values]
    opened: Mapping[tuple[Side, str], Any]
    rows: Array
    dropped: int
    skipped: tuple[str, ...]
    files: Mapping[tuple[Side, str], Files] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    def named(self, side: Side, binding: Binding) -> list[tuple[str, Values]]:
        """The columns of an input or a target."""
        if (side, binding.name) in self.opened:
            return [(binding.columns[0], self.opened[side, binding.name])]
        return [(name, self.columns[name]) for name in binding.columns]

    def input(self, binding: Binding, shape: Sizes, dtype: str) -> Any:
        """The rows of an input, as an array or as what stands for one.

        Raises:
            MisfitError: if they do not fit.
        """
        columns = self.named("input", binding)
        values = columns[0][1]
        if isinstance(values, Deferred):
            return values
        if _ragged(values) and dtype != "string" and len(columns) == 1:
            return _padded(columns[0][0], values, shape, dtype, binding.pad)
        if dtype == "string" and len(columns) == 1 and are_lists(values) and (len(shape) != 1 or shape[0] != 1):
            return filled_words(columns[0][0], values, shape)
        return held(fitted(columns, shape, dtype))

    def unequal(self, binding: Binding, shape: Sizes, dtype: str) -> list[Array] | None:
        """The rows of an input one by one, where they may be of unequal length.

        Raises:
            MisfitError: if they do not fit.
        """
        if dtype == "string" or len(binding.columns) > 1 or all(isinstance(size, int) for size in shape):
            return None
        values = self.columns[binding.columns[0]]
        if is_arrow(values) or not hasattr(values, "dtype") or (values.dtype.kind == "O" and not _ragged(values)):
            return None
        return _one_by_one(list(values), dtype)

    def buckets(self, bindings: Bindings) -> Array | None:
        """The bucket of each row, by the lengths of the inputs that state any; None where none is of unequal rows."""
        found = []
        for binding in bindings.inputs.values():
            values = self.named("input", binding)[0][1]
            if binding.buckets and len(binding.columns) == 1 and _ragged(values):
                found.append(bucket_of(self.lengths(binding), binding.buckets))
        return together(found)

    def lengths(self, binding: Binding) -> Array:
        """How long each row of an input is, by the first of its axes; 1 where it has none."""
        import numpy as np

        values = self.columns[binding.columns[0]]
        if _ragged(values):
            return np.fromiter((len(np.atleast_1d(one)) for one in values), np.int64, len(values))
        return np.full(len(values), values.shape[1] if getattr(values, "ndim", 1) > 1 else 1, np.int64)

    def row_sizes(self, binding: Binding, dtype: str) -> set[tuple[int, ...]] | None:
        """The sizes that rows of a single column of lists have, of words or numbers; None where it is another one."""
        values = self.columns[binding.columns[0]]
        if len(binding.columns) > 1 or not hasattr(values, "dtype"):
            return None
        if dtype == "string":
            if are_lists(values):
                return {(len(one),) for one in values}
            return {values.shape[1:]} if values.ndim > 1 and values.dtype.kind in "OSU" else None
        if values.dtype.kind == "O":
            return {one.shape for one in values} if _ragged(values) else None
        return {values.shape[1:]} if values.ndim > 1 and values.dtype.kind in "biuf" else None

    def filled(self, binding: Binding, shape: Sizes, dtype: str) -> Deferred:
        """The rows of a column of lists, filled up.

        Raises:
            MisfitError: if they do not fit.
        """
        name = binding.columns[0]
        if dtype == "string":
            return filled_words(name, self.columns[name], shape)
        return _padded(name, self.columns[name], shape, dtype, binding.pad)

    @property
    def file_names(self) -> dict[str, Array]:
        """By input, what messages call the file of each row; none where its cells hold what is in files."""
        every = ((name, one) for (side, name), one in self.files.items() if side == "input")
        return {name: one.names for name, one in every if len(one) and isinstance(one.cells[0], str)}

    def late(self, binding: Binding) -> Deferred | None:
        """The pictures or sounds of a target, where they are read by the batch."""
        values = self.opened.get(("target", binding.name))
        return values if isinstance(values, Deferred) and binding.encode is None else None

    def target(self, binding: Binding, head: Head) -> list[tuple[str, Values]]:
        """The columns of a target; rows of unequal length are filled up: to the output's steps, or the longest."""
        columns = self.named("target", binding)
        name, values = columns[0]
        if isinstance(values, Deferred):
            return [(name, values[:])]
        marks = binding.encode == "one_hot" and head.loss in BINARY | HINGE  # each number is a label of the row
        if _ragged(values) and len(columns) == 1 and not marks:
            if head.loss in BINARY | HINGE and len(head.shape) == 1 and head.units != 1:
                message = "holds lists of numbers, of which some are longer than others"
                raise MisfitError(message, '`encode = "one_hot"` takes each number for a label that the row has')
            axes = max((one.ndim for one in values), default=1)
            shape = (_steps(head), *(None,) * (axes - 1))
            return [(name, _padded(name, values, shape, "float64", binding.pad)[:])]
        return columns

    def steps(self, binding: Binding, head: Head) -> Array | None:
        """How long each row of a target is, where they differ and are compared with as many steps of the output."""
        columns = self.named("target", binding)
        values = columns[0][1]
        if len(columns) > 1 or isinstance(values, Deferred) or len(head.shape) < 2 or _steps(head) is not None:
            return None
        return lengths_of(values) if are_lists(values) else None

    def by_batch(self, binding: Binding, head: Head, rows: Array) -> Any:
        """A target's encoded rows, as long as the longest of their batch: as long as the inputs that they belong to."""
        lengths = self.steps(binding, head)
        return rows if lengths is None or rows.ndim < 2 else shortened(rows, lengths)

    def weights(self, bindings: Bindings, table: Table, outputs: Iterable[str]) -> dict[str, Array]:
        """How much each row counts, the same for all outputs; nothing where no column says it.

        Raises:
            Problem: E440 for what can't be a weight.
        """
        binding = bindings.others.get(WEIGHT)
        if binding is None:
            return {}
        (name,) = binding.columns
        return dict.fromkeys(outputs, sample_weights(self.columns[name], name, table, self.rows))


def gathered(table: Table, bindings: Bindings, wants: Wants, *, piece: bool = False) -> Gathered:
    """Fill or drop missing values, open files, and leave out what can't be read where that is wished.

    A ``piece`` of a table may be left without any row.

    Raises:
        Problem: E402, E404, E405 (see ``missing.completed``), E407 for files that can't be read, E412 if no row is
            left.
    """
    import numpy as np

    _same_length(table, bindings)
    columns, keep = completed(table, bindings, wants.missing)
    total = len(next(iter(columns.values()))) if columns else table.rows
    rows = np.arange(total)
    if keep is not None:
        rows = rows[keep]
        columns = {name: taken(values, rows) for name, values in columns.items()}
    if not len(rows) and not piece:
        reason = "every row lacks a value" if total else "it has no rows"
        raise Problem(Finding("E412", f"nothing is left of {table.origin}: {reason}", ("data", "source")))
    skip = wants.on_error == "skip"
    opened: dict[tuple[Side, str], Any] = {}
    files: dict[tuple[Side, str], Files] = {}
    bad: dict[int, str] = {}
    broken: list[str] = []
    findings: list[Finding] = []
    sides: tuple[tuple[Side, Mapping[str, Binding]], ...] = (("input", bindings.inputs), ("target", bindings.targets))
    for side, bound in sides:
        for binding in bound.values():
            try:
                found = None
                if (column := _files_of(binding, columns, table, wants)) is not None:
                    files[side, binding.name] = column
                    found = _opened(side, binding, column, wants)
            except MisfitError as error:
                message = f"`{binding.columns[0]}` {error.message}"
                findings.append(Finding(error.code, message, binding.pointer, binding.part, help=error.help))
                continue
            wrong: dict[int, str] = {}
            if found is not None:
                opened[side, binding.name] = found.values
                wrong = found.bad
                broken += [cell for row in wrong if isinstance(cell := files[side, binding.name].cells[row], str)]
            elif skip and side == "input" and wants.inputs[binding.name][1] != "string":
                for name in binding.columns:
                    cells = unreadable(columns[name])
                    if len(cells) < len(rows) or piece:  # else it is no column of numbers at all
                        wrong |= {
                            row: f'{table.place(int(rows[row]))}: `{name}` holds "{cell}", which is no number'
                            for row, cell in cells.items()
                        }
            if wrong and not skip:
                findings.append(_broken(wrong, binding, rows, table))
            bad |= wrong
    if findings:
        raise Problem(*findings)
    if bad and len(bad) == len(rows) and not piece:
        first = bad[min(bad)]
        message = f"nothing is left of {table.origin}: no row can be read"
        raise Problem(Finding("E412", message, ("data", "source"), help=f"the first: {first}"))
    dropped = total - len(rows)
    if bad:
        good = np.setdiff1d(np.arange(len(rows)), np.fromiter(bad, int))
        rows = rows[good]
        columns = {name: taken(values, good) for name, values in columns.items()}
        opened = {key: part(values, good) for key, values in opened.items()}
        files = {key: one.take(good) for key, one in files.items()}
    skipped = (*table.skipped, *(bad[index] for index in sorted(bad)))
    return Gathered(columns, opened, rows, dropped, skipped, files, tuple(broken))


def _same_length(table: Table, bindings: Bindings) -> None:
    first: tuple[str, int] | None = None
    for binding in (*bindings.inputs.values(), *bindings.targets.values(), *bindings.others.values()):
        for name in binding.columns:
            values = table.columns[name]
            if not hasattr(values, "__len__") or getattr(values, "ndim", 1) == 0:
                raise Problem(
                    Finding("E405", f"`{name}` is a single value, not one a row", binding.pointer, binding.part)
                )
            if first is None:
                first = (name, len(values))
            elif len(values) != first[1]:
                raise Problem(
                    Finding(
                        "E405",
                        f"`{name}` has {len(values)} rows, but `{first[0]}` has {first[1]}",
                        binding.pointer,
                        binding.part,
                    )
                )


def _files_of(binding: Binding, columns: Mapping[str, Values], table: Table, wants: Wants) -> Files | None:
    """The files of a binding, or None where it has none.

    Raises:
        MisfitError: if what it has can't be files.
    """
    values = columns[binding.columns[0]]
    if binding.decode is not None and not isinstance(values, Files):
        if len(binding.columns) > 1:
            raise MisfitError("is one of several columns, and `decode` reads the files of one", "name one column")
        if not is_arrow(values) and values.dtype.kind not in "SUO":
            if table.folder is None:
                return None  # rows at random stand for what is in the files
            raise MisfitError("holds numbers, not paths of files", "leave out `decode`")
        values = _files(binding, values, table, wants)
    if not isinstance(values, Files):
        return None
    if len(binding.columns) > 1:
        raise MisfitError("holds files, and can't stand beside other columns", "name one column")
    return values


def _opened(side: Side, binding: Binding, files: Files, wants: Wants) -> Opened:
    """What is in the files of a binding."""
    thorough = wants.on_error == "skip"
    if side == "input":
        return open_files(
            files, wants.inputs[binding.name][0], keep=False if wants.unread else wants.keep, thorough=thorough
        )
    head = wants.heads[binding.name]
    if are_masks(files.kind, head):
        return open_masks(files, head) if wants.unread else open_targets(files, head)
    keep = False if wants.unread else wants.keep
    return open_files(files, head.shape, keep=keep, thorough=thorough)


def _files(binding: Binding, values: Values, table: Table, wants: Wants) -> Files:
    """The files that the cells of a column name, or hold."""
    import numpy as np

    assert binding.decode is not None
    stated = binding.decode.get("folder")
    folder = table.folder or wants.folder
    if stated is not None:
        folder = found_folder(stated, wants.folder, (*binding.pointer[:-1], "decode", "folder"))
    cells, names = np.empty(len(values), object), np.empty(len(values), object)
    for index, cell in enumerate(values.to_pylist() if is_arrow(values) else values.tolist()):
        if isinstance(cell, bytes):
            cells[index], names[index] = cell, f"`{binding.columns[0]}` of {table.place(index)}"
        else:
            cells[index], names[index] = str(folder / str(cell).strip()), f'"{cell}"'
    return Files(binding.decode["type"], cells, names)


def _broken(wrong: Mapping[int, str], binding: Binding, rows: Array, table: Table) -> Finding:
    first = min(wrong)
    more = f"; {len(wrong) - 1} more of them can't be read" if len(wrong) > 1 else ""
    place = f" ({table.place(int(rows[first]))})" if binding.decode is not None else ""
    at: Pointer = binding.pointer if binding.decode is not None else ("data", "source", "path")
    part_ = binding.part if binding.decode is not None else "value"
    way = 'mend or remove the file; or in [data], `on_error = "skip"` leaves such rows out'
    return Finding("E407", wrong[first] + place + more, at, part_, help=way)


def _ragged(values: Values) -> bool:
    """Whether a column is an array of arrays."""
    if not hasattr(values, "dtype") or values.dtype.kind != "O" or values.ndim != 1 or not len(values):
        return False
    return all(hasattr(cell, "dtype") and (cell.dtype.kind in "biuf" or not cell.size) for cell in values)


def _steps(head: Head) -> int | None:
    """The length of an output that is a row of steps, where it is known."""
    first = head.shape[0] if len(head.shape) > 1 else None
    return first if isinstance(first, int) else None


def _padded(name: str, values: Array, shape: Sizes, dtype: str, pad: float) -> Deferred:
    """Rows of unequal length, filled up behind.

    Raises:
        MisfitError: if a row is longer than the shape says, has other axes, or does not fit the dtype.
    """
    import numpy as np

    rows = _one_by_one(values, dtype)
    sizes = [size if isinstance(size, int) else None for size in shape]
    try:
        return padded(rows, sizes, np.float32 if dtype == "bfloat16" else dtype, pad)
    except ValueError as error:
        raise too_long(name, rows, shape, int(error.args[0])) from None


def _one_by_one(values: Iterable[Array], dtype: str) -> list[Array]:
    import numpy as np

    empty = np.float32 if dtype == "bfloat16" else dtype
    return [cast(np.atleast_1d(one)[None], dtype)[0] if one.size else one.astype(empty) for one in values]


def wants_of(inputs: Mapping[str, tuple[Sizes, str]], heads: Mapping[str, Head], source: Any, folder: Path) -> Wants:
    """What a data section or an interface says is done with rows."""
    wants = Wants(inputs, heads, source.missing, source.on_error, folder)
    return replace(wants, keep=source.cache) if hasattr(source, "cache") else wants
