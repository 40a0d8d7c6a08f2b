"""From a Table and an Interface to Rows: data for a model that is trained already."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.graph import TypedGraph
from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from . import streams
from .columns import Binding, Bindings, no_column, others, unparted
from .data import Rows, misfit, taken_rows
from .examples import examples_of, row_shape, whole
from .gathered import Gathered, Wants, gathered, wants_of
from .interface import Interface, read_interface
from .labels import Head, encoded
from .laid_targets import TargetLayer, known_layer
from .late_targets import late, require_alike
from .laying import Laying, head_of_laid, laid_rows, lay
from .progress import SILENT, Progress
from .run import INTERFACE, RunError
from .sources import READERS, Reader, reader, reader_of_file
from .sources.folders import SUFFIXES, one_file
from .table import Table
from .tensors import MisfitError
from .unopened import Unopened
from .window_targets import each_row

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def interface_of_run(folder: Path) -> Interface:
    """What a run's model takes and gives.

    Raises:
        RunError: if the folder does not say.
    """
    try:
        return read_interface(json.loads((folder / INTERFACE).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder / INTERFACE} can't be read: {error}") from error


def file_of(path: Path, interface: Interface) -> Unopened | Table:
    """A table in a file, to be read as the spec's own source is where that is of the same kind.

    Raises:
        RunError: if the file is not there, or of no kind that can be read.
        Problem: E407 or E412 if it can't be read.
    """
    own = interface.source or {}
    trained = reader(own["type"]) if own.get("type") else None
    kind = trained.files if isinstance(trained, Reader) else None
    if path.is_dir() and isinstance(trained, Reader) and kind is not None:
        return trained.read({**own, "path": path.name}, path.resolve().parent, ("data", "source"))
    if not path.is_file():
        what = f"{path} is a folder, and this model takes a file" if path.is_dir() else f"there is no file {path}"
        raise RunError(what)
    if kind is not None and path.name.lower().endswith(SUFFIXES[kind]):
        return one_file(kind, path)
    found = reader_of_file(path)
    if found is None:
        known = ", ".join(suffix for one in READERS for suffix in one.suffixes)
        raise RunError(f"{path} is of no kind that can be read: its name must end in one of {known}")
    arguments = {**own, "path": path.name} if own.get("type") == found.kind else {"path": path.name}
    if found.kind == "csv" and "separator" not in arguments and ".tsv" in path.name.lower():
        arguments["separator"] = "\t"
    skip = interface.on_error == "skip"
    return Unopened(found, arguments, path.parent, ("data", "source"), skip, cache=interface.cache)


def source_of(interface: Interface, typed: TypedGraph, part: str | None = None) -> Unopened:
    """The source that the model was trained with; or that of a ``part`` which has one of its own.

    Raises:
        RunError: if it was trained with arrays.
    """
    if interface.source is None:
        raise RunError("this model was trained with arrays: say with which file it is to be measured (--data FILE)")
    folder = Path(interface.folder)
    skip = interface.on_error == "skip"
    source = interface.source if part is None else interface.split.sources[part]
    pointer: Pointer = ("data", "source") if part is None else ("data", "split", part)
    return Unopened(reader(source["type"]), source, folder, pointer, skip, typed, interface.cache, own=True)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of a source: its ``targets``; what it takes to be ``parted`` as it was for training; and its
    column of weights, which must be there if rows are to be ``weighed``."""

    targets: bool
    parted: bool = False
    weighed: bool = False


@dataclass(frozen=True, slots=True)
class Used:
    """The rows of a source that a trained model can be given; ``kept`` says which of its ``count`` rows they are.

    ``short`` are those which it can't be given only because too few rows come before to fill a window. ``skipped`` says
    of rows that can't be read, why; ``unread`` is the number of those that are counted as rows.
    """

    rows: Rows
    kept: Array
    count: int
    origin: str
    short: tuple[range, ...] = ()
    skipped: tuple[str, ...] = ()
    unread: int = 0


def rows_of(
    interface: Interface, source: Table | Unopened, *, targets: bool, show: Progress = SILENT
) -> tuple[Rows, Array]:
    """Arrays for the model's inputs, and for its targets if asked for; and which rows of the table they are.

    Of windows the rows are those of their targets, or without ``targets`` their last. A column of weights need not be
    there: then every row counts the same. Of a source larger than memory the arrays are read by the batch.

    Raises:
        Problem: E402 for a column that is not there, E403, E404, E405, E412, E441; what reading the source raises.
    """
    used = used_of(interface, source, targets=targets, show=show)
    return used.rows, used.kept


def used_of(
    interface: Interface,
    source: Table | Unopened,
    *,
    targets: bool,
    weighed: bool = False,
    show: Progress = SILENT,
) -> Used:
    """See ``rows_of``; with ``weighed`` a column of weights must be there."""
    every, ready, table, count = _every(interface, source, Wish(targets, weighed=weighed), show)
    examples = whole(table, interface.window, interface.split.time, ready.rows, targets=targets)
    kept = ready.rows[examples.rows]
    short = () if targets or interface.window is None else stretches(ready.rows, kept)
    unread = count - len(ready.rows) - ready.dropped
    rows = taken_rows(examples, every, interface.steps, interface.heads)
    return Used(rows, kept, count, table.origin, short, ready.skipped, unread)


def stretches(rows: Array, kept: Array) -> tuple[range, ...]:
    """The rows that are not kept, as stretches of rows one after another; both are in order."""
    import numpy as np

    left = np.setdiff1d(rows, kept)
    parts = np.split(left, np.flatnonzero(np.diff(left) > 1) + 1) if len(left) else []
    return tuple(range(int(one[0]), int(one[-1]) + 1) for one in parts)


def parts_again(interface: Interface, source: Table | Unopened, show: Progress = SILENT) -> dict[str, Rows]:
    """The parts of the table that the model was trained with.

    Raises:
        Problem: as ``rows_of``, and E408.
    """
    every, ready, table, _ = _every(interface, source, Wish(targets=True, parted=True, weighed=True), show)
    shares, window, seed = interface.split, interface.window, interface.seed
    examples = examples_of(table, shares, window, seed, ready.rows, ready.columns)
    return {name: taken_rows(one, every, interface.steps, interface.heads) for name, one in examples.items()}


def _every(
    interface: Interface, source: Table | Unopened, wish: Wish, show: Progress
) -> tuple[Rows, Gathered, Table, int]:
    """All rows of a source that can be used, what was gathered, its table, and its number of rows."""
    if isinstance(source, Unopened) and source.streams:
        return _laid(interface, source, wish, show)
    table = source.read() if isinstance(source, Unopened) else source
    bindings = _bindings(interface, table, wish)
    wants = _wants(interface, table)
    wants = replace(wants, heads=each_row(wants.heads, interface.steps))
    ready = gathered(table, bindings, wants)
    findings: list[Finding] = []
    inputs: dict[str, Any] = {}
    encoded_targets: dict[str, Any] = {}
    for one in interface.inputs:
        binding = bindings.inputs[one.name]
        try:
            inputs[one.name] = ready.input(binding, *wants.inputs[one.name])
        except MisfitError as error:
            findings.append(misfit(error, binding, ready.rows, table))
    for output in interface.outputs:
        target = bindings.targets.get(output.name)
        if target is None or output.encoding is None:
            continue
        try:
            head = wants.heads[output.name]
            if (values := ready.late(target)) is not None:
                require_alike(values, head, ready, wants.inputs)
                encoded_targets[output.name] = late(values, target.columns[0], head, output.encoding)
                continue
            made = encoded(ready.target(target, head), head, output.encoding)
            encoded_targets[output.name] = ready.by_batch(target, head, made)
        except MisfitError as error:
            findings.append(misfit(error, target, ready.rows, table))
    if findings:
        raise Problem(*findings)
    column = next(iter(bindings.columns), None)
    count = len(table.columns[column]) if column is not None else table.rows
    weights = ready.weights(bindings, table, encoded_targets)
    return Rows(inputs, encoded_targets, weights, files=ready.file_names), ready, table, count


def _laid(interface: Interface, source: Unopened, wish: Wish, show: Progress) -> tuple[Rows, Gathered, Table, int]:
    """The same of a source larger than memory: laid down in files, which go away with what is not the spec's own."""
    assert isinstance(source.reader, Reader)
    files = streams.files_of(source.arguments, source.folder)
    split, used = interface.split, interface.outputs if wish.targets else ()
    what = [
        source.arguments, source.skip, interface.inputs, used, interface.missing, interface.sample_weight,
        interface.window, wish, wish.parted and (split.columns, split.stratify), split.time, interface.folder,
    ]  # fmt: skip
    name = streams.name_of(files, ["trained", *what])
    place, about = streams.shelf() / name, streams.kept(name) if source.own else None
    if about is not None:
        bindings = _bindings(interface, head_of_laid(about), wish)
        wants = _wants(interface, head_of_laid(about))
    else:
        found = source.reader.pieces(source.arguments, source.folder, source.pointer, skip=source.skip)
        bindings, wants = _bindings(interface, found.head, wish), _wants(interface, found.head)
        known = {one.name: one.encoding for one in interface.outputs}
        wished = ((split.time, interface.window), (split.stratify, wish.parted))
        others = tuple(one for one, wish in wished if wish and one is not None and one in found.head.columns)

        def target(folder: Path, stem: str, head: Head, binding: Binding, stack: ExitStack) -> TargetLayer:
            encoding = known[binding.name]
            assert encoding is not None
            return known_layer(encoding, folder, stem, head, binding, stack)

        began = time.monotonic()
        kept = sha256(repr(what).encode()).hexdigest() if source.own else None
        laying = Laying(bindings, wants, target, others, steps=lambda table: interface.steps)
        place, about = lay(found, laying, name, source.pointer, show, files, kept)
        seconds = time.monotonic() - began
        why = streams.why(source.arguments, source.cache, source.folder)
        path = source.arguments["path"]
        show.say(f"{path}: {about['rows']} rows gone through in {seconds:.1f} s; {why}, so they are read by the batch")
    laid = laid_rows(place, about, bindings, wants, Path(interface.folder))
    if not source.own:  # the files are open: what is in them can be read until nobody needs it any more
        shutil.rmtree(place, ignore_errors=True)
    return laid.rows, laid.ready, laid.table, about["rows"]


def _wants(interface: Interface, table: Table) -> Wants:
    """What the model wants of the rows of a table with these columns."""
    missing = interface.missing
    if isinstance(missing, Mapping):  # it may speak of targets, which new rows need not have
        missing = {
            pattern: value
            for pattern, value in missing.items()
            if any(name == pattern or fnmatchcase(name, pattern) for name in table.columns)
        }
    shapes = {one.name: (tuple(row_shape(one.shape, interface.window)), one.dtype) for one in interface.inputs}
    return replace(wants_of(shapes, interface.heads, interface, Path(interface.folder)), missing=missing)


def _bindings(interface: Interface, table: Table, wish: Wish) -> Bindings:
    """Which columns of a table feed what."""
    targets, weight = wish.targets, interface.sample_weight
    if weight is not None and weight not in table.columns and wish.weighed:
        message = f"{table.origin} has no column `{weight}`, which says how much each row counts"
        raise Problem(Finding("E402", message, ("data", "sample_weight")))
    if not targets or weight not in table.columns:
        interface = replace(interface, sample_weight=None)
    findings: list[Finding] = []
    found: tuple[dict[str, Binding], dict[str, Binding]] = ({}, {})
    single = interface.inputs[0] if len(interface.inputs) == 1 and len(interface.inputs[0].columns) == 1 else None
    for one in interface.inputs:
        columns = one.columns
        if one is single and columns[0] not in table.columns and len(table.columns) == 1 and not targets:
            columns = tuple(table.columns)  # the only array of a file for the only input: no doubt what is meant
        findings.extend(
            no_column(name, table, ("data", "inputs", one.name, "column"))
            for name in columns
            if name not in table.columns
        )
        at: Pointer = ("data", "inputs", one.name, "column")
        found[0][one.name] = Binding(one.name, columns, None, at, "value", one.decode, one.pad)
    for output in interface.outputs if targets else ():
        if output.encoding is None:
            continue
        findings.extend(
            no_column(name, table, ("data", "targets", output.name, "column"))
            for name in output.columns
            if name not in table.columns
        )
        at = ("data", "targets", output.name, "column")
        found[1][output.name] = Binding(output.name, output.columns, None, at, "value", output.decode, output.pad)
    used = others(interface, table, findings, parted=wish.parted)
    if findings:
        raise Problem(*(unparted(table, ("data", "source")) or findings))
    return Bindings(*found, used)
