"""From Prepared to Prepared: parts that come from sources of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..compiler.graph import TypedGraph
from ..spec.finding import Finding
from ..spec.problem import Problem
from .data import Prepared, Rows
from .interface import interface_of
from .reuse import read_source, rows_of


def with_given(typed: TypedGraph, prepared: Prepared, folder: Path) -> Prepared:
    """Read the sources of parts that have their own; their columns and classes are those of the training rows.

    Raises:
        Problem: E401 to E412, at the source of the part where the fault is in it.
    """
    interface = interface_of(typed, prepared, folder)
    parts: dict[str, Rows] = dict(prepared.parts)
    for part in interface.split.sources:
        table = read_source(interface, typed, part)
        weight = interface.sample_weight
        if weight is not None and weight not in table.columns:
            message = f"{table.origin} has no column `{weight}`, which says how much each row counts"
            raise Problem(Finding("E402", message, ("data", "split", part)))
        try:
            parts[part], _ = rows_of(interface, table, targets=True)
        except Problem as problem:
            findings = (
                replace(one, pointer=("data", "split", part), part="value", message=_of(one.message, table.origin))
                for one in problem.findings
            )
            raise Problem(*findings) from None
    return replace(prepared, parts=parts)


def _of(message: str, origin: str) -> str:
    return message if origin in message else f"{origin}: {message}"
