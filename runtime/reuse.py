"""From a Table and an Interface to Rows: data for a model that is trained already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..spec.finding import Finding
from ..spec.problem import Problem
from .cells import taken
from .columns import Binding, Bindings, no_column, unparted
from .data import Rows, misfit
from .interface import Interface, read_interface
from .labels import encoded
from .missing import completed
from .run import INTERFACE, RunError
from .sources import READERS, reader, reader_of_file
from .table import Table
from .tensors import MisfitError, fitted

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
    if not path.is_file():
        raise RunError(f"there is no file {path}")
    found = reader_of_file(path)
    if found is None:
        known = ", ".join(suffix for one in READERS for suffix in one.suffixes)
        raise RunError(f"{path} is of no kind that can be read: its name must end in one of {known}")
    own = interface.source or {}
    arguments = {**own, "path": path.name} if own.get("type") == found.kind else {"path": path.name}
    if found.kind == "csv" and "separator" not in arguments and ".tsv" in path.name.lower():
        arguments["separator"] = "\t"
    return found.read(arguments, path.parent, ("data", "source"))


def read_source(interface: Interface) -> Table:
    """The table that the model was trained with.

    Raises:
        RunError: if it was trained with arrays.
        Problem: E401, E407, E412.
    """
    if interface.source is None:
        raise RunError("this model was trained with arrays: say with which file it is to be measured (--data FILE)")
    folder = Path(interface.folder)
    return reader(interface.source["type"]).read(interface.source, folder, ("data", "source"))


def rows_of(interface: Interface, table: Table, *, targets: bool) -> tuple[Rows, Array]:
    """Arrays for the model's inputs, and for its targets if asked for; and which rows of the table they are.

    Raises:
        Problem: E402 for a column that is not there, E403, E404, E405, E412.
    """
    import numpy as np

    bindings = _bindings(interface, table, targets)
    missing = interface.missing
    if isinstance(missing, Mapping):  # it may speak of targets, which new rows need not have
        missing = {
            pattern: value
            for pattern, value in missing.items()
            if any(name == pattern or fnmatchcase(name, pattern) for name in table.columns)
        }
    columns, keep = completed(table, bindings, missing)
    count = len(next(iter(columns.values())))
    rows = np.arange(count)
    findings: list[Finding] = []
    for name, values in columns.items():
        if len(values) != count:
            message = f"`{name}` has {len(values)} rows, but `{next(iter(columns))}` has {count}"
            raise Problem(Finding("E405", message, ("data", "source")))
    if keep is not None:
        rows = rows[keep]
        columns = {name: taken(values, rows) for name, values in columns.items()}
    if not len(rows):
        raise Problem(
            Finding("E412", f"nothing is left of {table.origin}: every row lacks a value", ("data", "source"))
        )
    inputs, encoded_targets = {}, {}
    for one in interface.inputs:
        binding = bindings.inputs[one.name]
        try:
            inputs[one.name] = fitted([(name, columns[name]) for name in binding.columns], one.shape, one.dtype)
        except MisfitError as error:
            findings.append(misfit(error, binding.words, rows, binding.pointer, binding.part))
    for output in interface.outputs:
        target = bindings.targets.get(output.name)
        if target is None or output.encoding is None:
            continue
        try:
            named = [(name, columns[name]) for name in target.columns]
            encoded_targets[output.name] = encoded(named, output.head, output.encoding)
        except MisfitError as error:
            findings.append(misfit(error, target.words, rows, target.pointer, target.part))
    if findings:
        raise Problem(*findings)
    return Rows(inputs, encoded_targets), rows


def _bindings(interface: Interface, table: Table, targets: bool) -> Bindings:
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
        found[0][one.name] = Binding(one.name, columns, None, ("data", "inputs", one.name, "column"))
    for output in interface.outputs if targets else ():
        if output.encoding is None:
            continue
        findings.extend(
            no_column(name, table, ("data", "targets", output.name, "column"))
            for name in output.columns
            if name not in table.columns
        )
        found[1][output.name] = Binding(output.name, output.columns, None, ("data", "targets", output.name, "column"))
    if findings:
        raise Problem(*(unparted(table, ("data", "source")) or findings))
    return Bindings(*found)
