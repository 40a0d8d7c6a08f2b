"""From arrays in memory to Prepared: data of one's own takes the place of the spec's source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..compiler.graph import TypedGraph
from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from .columns import Binding, Bindings, compared, others
from .data import Prepared, from_table, trainable
from .table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def from_arrays(typed: TypedGraph, data: tuple[Any, Any], validation: tuple[Any, Any] | None = None) -> Prepared:
    """Arrays and parts from pairs of arrays in memory.

    Each side is one array, a list in the order of the inputs (outputs), or a dict by name. Without
    ``validation`` the rows are split as the spec says.

    Raises:
        Problem: E405 or E406 where they do not fit the inputs and outputs.
    """
    import numpy as np

    spec = trainable(typed).graph.spec
    inputs = [node.name for node in typed.graph.nodes.values() if node.input is not None]
    outputs = list(compared(spec, typed.graph.outputs))
    sides = [_by_name(data[0], inputs, "input"), _by_name(data[1], outputs, "target")]
    held: Array | None = None
    if validation is not None:
        more = [_by_name(validation[0], inputs, "input"), _by_name(validation[1], outputs, "target")]
        first = len(next(iter(sides[0].values())))
        last = len(next(iter(more[0].values())))
        held = np.arange(first + last) >= first
        sides = [
            {name: _joined(name, one[name], two[name]) for name in one} for one, two in zip(sides, more, strict=True)
        ]
    columns: dict[str, Values] = {}
    bound: tuple[dict[str, Binding], dict[str, Binding]] = ({}, {})
    for side, given in enumerate(sides):
        for name, array in given.items():
            column = name if name not in columns else f"{name} (target)"
            columns[column] = array
            pointer: Pointer = ("inputs", name) if side == 0 else ("data", "targets", name)
            written = spec.data.targets.get(name) if side == 1 and spec.data is not None else None
            encode = written.encode if written is not None else None
            bound[side][name] = Binding(name, (column,), encode, pointer, "entry")
    if spec.data is not None and spec.data.split.stratify is not None:
        # The section speaks of a file's columns; the target that this column feeds stands for it.
        wish = spec.data.split.stratify
        for name, target in spec.data.targets.items():
            if name in bound[1] and target.columns == (wish,) and wish not in columns:
                columns[wish] = columns[bound[1][name].columns[0]]
    table = Table("the arrays", columns, validation=held)
    used: dict[str, Binding] = {}
    if spec.data is not None:
        findings: list[Finding] = []
        used = others(spec.data, table, findings, parted=validation is None)
        if spec.data.split.sources and validation is None:
            part = next(iter(spec.data.split.sources))
            message = f"the spec names a source for {part}, and training was given arrays"
            findings.append(Finding("E410", message, ("data", "split", part), help="give `validation` as arrays too"))
        if findings:
            raise Problem(*findings)
    return from_table(typed, table, Bindings(*bound, used))


def _joined(name: str, one: Array, two: Array) -> Array:
    import numpy as np

    if one.shape[1:] != two.shape[1:]:
        message = (
            f"rows of `{name}` have shape {list(one.shape[1:])} for training and {list(two.shape[1:])} for validation"
        )
        raise Problem(Finding("E405", message, ("inputs", name), "entry"))
    return np.concatenate([one, two])


def _by_name(given: Any, names: list[str], word: str) -> dict[str, Array]:
    import numpy as np

    if isinstance(given, Mapping):
        table = dict(given)
    elif isinstance(given, (list, tuple)) and len(names) > 1:
        table = dict(zip(names, given, strict=False)) if len(given) == len(names) else {}
    else:
        table = {names[0]: given} if len(names) == 1 else {}
    if set(table) != set(names):
        known = ", ".join(f"`{name}`" for name in names)
        raise Problem(
            Finding(
                "E406",
                f"the model has the {word}s {known}, and the data does not give just these",
                ("inputs",),
                "entry",
                help=f"give a dict with an array for each {word}",
            )
        )
    return {name: np.asarray(array) for name, array in table.items()}
