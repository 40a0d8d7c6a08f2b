"""From a Table and an Interface to Rows: data for a model that is trained already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.graph import TypedGraph
from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from .columns import Binding, Bindings, no_column, others, unparted
from .data import Rows, misfit, taken_rows
from .examples import examples_of, row_shape, whole
from .gathered import Gathered, gathered, wants_of
from .interface import Interface, read_interface
from .labels import encoded
from .run import INTERFACE, RunError
from .sources import READERS, Reader, reader, reader_of_file
from .sources.folders import SUFFIXES, one_file
from .table import Table
from .tensors import MisfitError

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


def read_file(path: Path, interface: Interface) -> Table:
    """A table in a file, read as the spec's own source is where that is of the same kind.

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
        raise RunError(f"there is no file {path}")
    if kind is not None and path.name.lower().endswith(SUFFIXES[kind]):
        return one_file(kind, path)
    found = reader_of_file(path)
    if found is None:
        known = ", ".join(suffix for one in READERS for suffix in one.suffixes)
        raise RunError(f"{path} is of no kind that can be read: its name must end in one of {known}")
    arguments = {**own, "path": path.name} if own.get("type") == found.kind else {"path": path.name}
    if found.kind == "csv" and "separator" not in arguments and ".tsv" in path.name.lower():
        arguments["separator"] = "\t"
    return found.read(arguments, path.parent, ("data", "source"), skip=interface.on_error == "skip")


def read_source(interface: Interface, typed: TypedGraph, part: str | None = None) -> Table:
    """The table that the model was trained with; or that of a ``part`` which has a source of its own.

    Raises:
        RunError: if it was trained with arrays.
        Problem: E401, E407, E412.
    """
    if interface.source is None:
        raise RunError("this model was trained with arrays: say with which file it is to be measured (--data FILE)")
    folder = Path(interface.folder)
    skip = interface.on_error == "skip"
    source = interface.source if part is None else interface.split.sources[part]
    pointer: Pointer = ("data", "source") if part is None else ("data", "split", part)
    return reader(source["type"]).read(source, folder, pointer, skip=skip, typed=typed)


def rows_of(interface: Interface, table: Table, *, targets: bool) -> tuple[Rows, Array]:
    """Arrays for the model's inputs, and for its targets if asked for; and which rows of the table they are.

    Of windows the rows are those of their targets, or without ``targets`` their last. A column of weights need not be
    there: then every row counts the same.

    Raises:
        Problem: E402 for a column that is not there, E403, E404, E405, E412, E441.
    """
    if interface.sample_weight is not None and (not targets or interface.sample_weight not in table.columns):
        interface = replace(interface, sample_weight=None)
    every, ready = _every(interface, table, targets=targets, parted=False)
    examples = whole(table, interface.window, interface.split.time, ready.rows, targets=targets)
    return taken_rows(examples, every), ready.rows[examples.rows]


def parts_again(interface: Interface, table: Table) -> dict[str, Rows]:
    """The parts of the table that the model was trained with.

    Raises:
        Problem: as ``rows_of``, and E408.
    """
    every, ready = _every(interface, table, targets=True, parted=True)
    shares, window, seed = interface.split, interface.window, interface.seed
    examples = examples_of(table, shares, window, seed, ready.rows, ready.columns)
    return {name: taken_rows(one, every) for name, one in examples.items()}


def _every(interface: Interface, table: Table, *, targets: bool, parted: bool) -> tuple[Rows, Gathered]:
    """All rows of a table that can be used."""
    bindings = _bindings(interface, table, targets, parted)
    missing = interface.missing
    if isinstance(missing, Mapping):  # it may speak of targets, which new rows need not have
        missing = {
            pattern: value
            for pattern, value in missing.items()
            if any(name == pattern or fnmatchcase(name, pattern) for name in table.columns)
        }
    shapes = {one.name: (tuple(row_shape(one.shape, interface.window)), one.dtype) for one in interface.inputs}
    heads = {one.name: one.head for one in interface.outputs}
    wants = replace(wants_of(shapes, heads, interface, Path(interface.folder)), missing=missing)
    ready = gathered(table, bindings, wants)
    findings: list[Finding] = []
    inputs, encoded_targets = {}, {}
    for one in interface.inputs:
        binding = bindings.inputs[one.name]
        try:
            inputs[one.name] = ready.input(binding, *shapes[one.name])
        except MisfitError as error:
            findings.append(misfit(error, binding, ready.rows, table))
    for output in interface.outputs:
        target = bindings.targets.get(output.name)
        if target is None or output.encoding is None:
            continue
        try:
            encoded_targets[output.name] = encoded(ready.target(target, output.head), output.head, output.encoding)
        except MisfitError as error:
            findings.append(misfit(error, target, ready.rows, table))
    if findings:
        raise Problem(*findings)
    return Rows(inputs, encoded_targets, ready.weights(bindings, table, encoded_targets)), ready


def _bindings(interface: Interface, table: Table, targets: bool, parted: bool) -> Bindings:
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
    used = others(interface, table, findings, parted=parted)
    if findings:
        raise Problem(*(unparted(table, ("data", "source")) or findings))
    return Bindings(*found, used)
