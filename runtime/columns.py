"""From a Table and a Spec to Bindings: which columns feed which input, and what each output is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final, Protocol

from ..compiler.graph import Graph
from ..spec.document import Part, Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Column, Spec, Split, Window
from .cells import is_arrow
from .table import Table

SHOWN_COLUMNS: Final = 8
SHOWN_CHARACTERS: Final = 40
SEPARATORS: Final = (";", "\t", "|", ",")


@dataclass(frozen=True, slots=True)
class Binding:
    """The columns of one input or target, in order; ``encode``, ``decode``, ``pad``, ``buckets`` as written; where to
    point."""

    name: str
    columns: tuple[str, ...]
    encode: str | None
    pointer: Pointer
    part: Part = "value"
    decode: Mapping[str, Any] | None = None
    pad: float = 0
    buckets: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """The columns in words: ``the column "age"``, ``the 64 columns "pixel_0" … "pixel_63"``."""
        if len(self.columns) == 1:
            return f"the column `{self.columns[0]}`"
        return f"the {len(self.columns)} columns `{self.columns[0]}` … `{self.columns[-1]}`"


class Parted(Protocol):
    """What names columns that feed neither inputs nor targets: a data section, or what a run keeps of it."""

    @property
    def split(self) -> Split:
        """How rows are parted."""

    @property
    def sample_weight(self) -> str | None:
        """The column of weights."""

    @property
    def window(self) -> Window | None:
        """Windows over rows."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """All bindings of a spec, by input and by output; ``others`` are columns with another use, by its name."""

    inputs: Mapping[str, Binding]
    targets: Mapping[str, Binding]
    others: Mapping[str, Binding] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column in use, once each."""
        every = (*self.inputs.values(), *self.targets.values(), *self.others.values())
        return tuple(dict.fromkeys(column for one in every for column in one.columns))


def compared(spec: Spec, outputs: Iterable[str]) -> tuple[str, ...]:
    """The outputs that need a target: those with a loss or with metrics."""
    training = spec.training
    if training is None:
        return ()
    if training.loss is not None:
        return tuple(outputs)
    return tuple(
        name
        for name in outputs
        if (one := training.outputs.get(name)) is not None and (one.loss is not None or one.metrics)
    )


def bind(graph: Graph, table: Table, *, targets: bool = True) -> Bindings:
    """Find the columns of every input, and of every output that is compared with something.

    Written columns may be names, patterns or a list of both. A pattern takes columns in the order of the file,
    except where they differ only in one number: then by that number, so that ``pixel_10`` follows
    ``pixel_9``. Where none are written: the column of the input's name, or the source's own column where
    there is just one input (one target).

    Raises:
        Problem: E402, E406, E407 (a name that two columns share), E419 (a target among the inputs).
    """
    spec = graph.spec
    assert spec.data is not None
    findings: list[Finding] = []
    inputs = {node.name: ("inputs", node.name) for node in graph.nodes.values() if node.input is not None}
    found_inputs = _side(spec.data.inputs, inputs, table, table.standard[0], "input", findings)
    wanted = dict.fromkeys(compared(spec, graph.outputs), ("data",)) if targets else {}
    # The target of an output that is compared with nothing is not looked for: W604 has said that nothing uses it.
    used = {name: one for name, one in spec.data.targets.items() if name in wanted or name not in graph.outputs}
    found_targets = _side(used if targets else {}, wanted, table, table.standard[1], "target", findings)
    bindings = Bindings(found_inputs, found_targets, others(spec.data, table, findings))
    if spec.data.window is None or not spec.data.window.horizon:  # else the answer lies ahead
        findings.extend(_leaks(bindings))
    if findings:
        raise Problem(*(unparted(table, (*spec.data.pointer, "source")) or findings))
    return bindings


def others(data: Parted, table: Table, findings: list[Finding], *, parted: bool = True) -> dict[str, Binding]:
    """The columns that a data section names for other uses; with ``parted`` those of the split are among them."""
    wishes: dict[str, tuple[str, Pointer]] = {}
    if parted:
        wishes |= {f"split.{key}": (name, ("split", key)) for key, name in data.split.columns.items()}
    if data.sample_weight is not None:
        wishes["sample_weight"] = (data.sample_weight, ("sample_weight",))
    if data.window is not None and data.window.group is not None:
        wishes["window.group"] = (data.window.group, ("window", "group"))
    bound = {}
    for use, (name, place) in wishes.items():
        pointer: Pointer = ("data", *place)
        if name not in table.columns:
            findings.append(no_column(name, table, pointer))
        elif name in table.duplicates:
            findings.append(_shared(name, table, pointer))
        else:
            bound[use] = Binding(use, (name,), None, pointer)
    return bound


def unparted(table: Table, pointer: Pointer) -> tuple[Finding, ...]:
    """The one cause of all columns missing: the file separates its cells by another character."""
    if len(table.columns) != 1:
        return ()
    (only,) = table.columns
    counts = {separator: only.count(separator) for separator in SEPARATORS}
    separator, count = max(counts.items(), key=lambda item: item[1])
    if not count:
        return ()
    message = f"{table.origin} has a single column, {_shown(only)}: its cells seem to stand apart by another character"
    written = "\\t" if separator == "\t" else separator
    return (Finding("E407", message, pointer, help=f'write `separator = "{written}"` in the source'),)


def _shown(name: str) -> str:
    return f"`{name}`" if len(name) <= SHOWN_CHARACTERS else f"`{name[: SHOWN_CHARACTERS - 1]}…`"


def _side(
    written: Mapping[str, Column],
    wanted: Mapping[str, Pointer],
    table: Table,
    standard: str | None,
    word: str,
    findings: list[Finding],
) -> dict[str, Binding]:
    for name, entry in written.items():
        if name not in wanted:
            what = "an input" if word == "input" else "an output"
            close = get_close_matches(name, list(wanted), 1)
            known = ", ".join(f"`{one}`" for one in wanted) or "none"
            way = f"did you mean `{close[0]}`?" if close else f"the model has: {known}"
            findings.append(Finding("E406", f"`{name}` is not {what} of the model", entry.pointer, "key", help=way))
    bindings = {}
    for name, fallback in wanted.items():
        column = written.get(name)
        if column is not None and column.columns is not None:
            columns = _written(column, table, findings)
            if columns:
                at = (*column.pointer, "column")
                bindings[name] = Binding(
                    name, columns, column.encode, at, "value", column.decode, column.pad, column.buckets
                )
            continue
        pointer = column.pointer if column is not None else fallback
        only = standard if len(wanted) == 1 else None
        chosen = name if name in table.columns else only
        if chosen is None:
            findings.append(_unfed(name, table, word, pointer))
            continue
        if chosen in table.duplicates:
            findings.append(_shared(chosen, table, pointer))
            continue
        bindings[name] = Binding(name, (chosen,), None, pointer, "entry")
        if column is not None:
            bindings[name] = replace(
                bindings[name], encode=column.encode, decode=column.decode, pad=column.pad, buckets=column.buckets
            )
    return bindings


def _written(column: Column, table: Table, findings: list[Finding]) -> tuple[str, ...]:
    chosen: list[str] = []
    assert column.columns is not None
    for index, pattern in enumerate(column.columns):
        pointer: Pointer = (*column.pointer, "column")
        if len(column.columns) > 1:
            pointer = (*pointer, index)
        if pattern in table.columns:
            matches = [pattern]
        elif re.search(r"[*?\[]", pattern):
            matches = in_order([name for name in table.columns if fnmatchcase(name, pattern)])
        else:
            matches = []
        if not matches:
            findings.append(no_column(pattern, table, pointer))
            continue
        shared = [name for name in matches if name in table.duplicates]
        if shared:
            findings.append(_shared(shared[0], table, pointer))
            continue
        chosen.extend(name for name in matches if name not in chosen)
    return tuple(chosen)


def in_order(names: list[str]) -> list[str]:
    """Names that differ only in one number, by that number; all others as they stand."""
    parts = [re.split(r"(\d+)", name) for name in names]
    if len({len(one) for one in parts}) > 1:
        return names
    varying = [index for index in range(len(parts[0]) if parts else 0) if len({one[index] for one in parts}) > 1]
    if len(varying) != 1 or varying[0] % 2 == 0:
        return names
    return [name for _, name in sorted(zip((int(one[varying[0]]) for one in parts), names, strict=True))]


def no_column(name: str, table: Table, pointer: Pointer) -> Finding:
    """E402, with the column that was perhaps meant."""
    close = get_close_matches(name, list(table.columns), 1)
    close = [one for one in table.columns if one.casefold() == name.casefold()][:1] or close
    if close:
        way = f"did you mean `{close[0]}`?"
    else:
        shown = ", ".join(_shown(one) for one in list(table.columns)[:SHOWN_COLUMNS])
        more = len(table.columns) - SHOWN_COLUMNS
        way = f"its columns are {shown}" + (f" and {more} more" if more > 0 else "")
        if any(re.fullmatch(r"[-+]?\d+(\.\d+)?", one) for one in table.columns):
            way += "; the first line of the file looks like a row: write a line above it that names them"
            way += (
                ", or their names into `columns` of the source" if is_arrow(next(iter(table.columns.values()))) else ""
            )
    return Finding("E402", f"there is no column `{name}` in {table.origin}", pointer, help=way)


def _shared(name: str, table: Table, pointer: Pointer) -> Finding:
    message = f"several columns of {table.origin} are called `{name}`"
    return Finding("E407", message, pointer, help="give each column a name of its own in the first line of the file")


def _unfed(name: str, table: Table, word: str, pointer: Pointer) -> Finding:
    section = "inputs" if word == "input" else "targets"
    what = f"the input `{name}`" if word == "input" else f"the target of `{name}`"
    finding = no_column(name, table, pointer)
    return Finding(
        "E406",
        f"no column gives {what}: {finding.message}",
        pointer,
        "entry",
        help=f'write `column = "..."` in [data.{section}.{name}]; {finding.help}',
    )


def _leaks(bindings: Bindings) -> Iterable[Finding]:
    """A target that is one of an input's columns is copied, not learned. All the same columns: an autoencoder."""
    for target in bindings.targets.values():
        for one in bindings.inputs.values():
            both = [column for column in target.columns if column in one.columns]
            if both and set(target.columns) != set(one.columns):
                yield Finding(
                    "E419",
                    f"the column `{both[0]}` is the target of `{target.name}` and also feeds the input `{one.name}`: "
                    "the model would be told the answer",
                    one.pointer,
                    one.part,
                    help=f"choose columns for `{one.name}` that leave out `{both[0]}`",
                )
