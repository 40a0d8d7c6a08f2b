"""From Prepared to Prepared: parts that come from sources of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..compiler.graph import TypedGraph
from ..spec.problem import Problem
from .data import Prepared, Rows
from .interface import interface_of
from .progress import SILENT, Progress
from .reuse import source_of, used_of
from .table import Table


def with_given(typed: TypedGraph, prepared: Prepared, folder: Path, show: Progress = SILENT) -> Prepared:
    """Read the sources of parts that have their own; their columns and classes are those of the training rows.

    Those that do not fit into memory are read by the batch.

    Raises:
        Problem: E401 to E412, at the source of the part where the fault is in it.
    """
    interface = interface_of(typed, prepared, folder)
    parts: dict[str, Rows] = dict(prepared.parts)
    for part in interface.split.sources:
        source, at = source_of(interface, typed, part), ("data", "split", part)
        rows = source if source.streams else source.read()
        origin = rows.origin if isinstance(rows, Table) else str(source.arguments["path"])
        try:
            parts[part] = used_of(interface, rows, targets=True, weighed=True, show=show).rows
        except Problem as problem:
            findings = (
                one
                if one.pointer[:3] == at
                else replace(one, pointer=at, part="value", message=_of(one.message, origin))
                for one in problem.findings
            )
            raise Problem(*findings) from None
    return replace(prepared, parts=parts)


def _of(message: str, origin: str) -> str:
    return message if origin in message else f"{origin}: {message}"
