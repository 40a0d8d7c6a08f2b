"""From what is wrong with a run-time expression to words: names that nothing has, and shapes that don't fit."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ..spec.expression_evaluate import UNKNOWN
from ..spec.expression_tokens import ExpressionError
from ..spec.run_time import Applied, RunTime
from ..spec.words import closest, listed
from .catalogue.formulas import exists, formula_ops
from .catalogue.record import Record, ShapeError
from .tensor import TensorType

KEPT: Final = "add `keepdims=true` where an axis is taken away, and it stays with a size of 1"


def check_names(expression: RunTime, tensors: Collection[str]) -> None:
    """See that there is all that an expression names and calls.

    Raises:
        ExpressionError: E421.
    """
    for name in expression.names:
        if name.name in tensors:
            continue
        near = closest(name.name, tensors)
        help_text = UNKNOWN.get(name.name) if name.name not in ("index", "item") else None
        if help_text is None and near:
            help_text = f"did you mean `{near}`?"
        elif name.name in formula_ops():
            help_text = f"call it: `{name.name}(…)`"
        there = f"the tensors here are {listed(tensors)}" if tensors else "there are none here"
        message = f"no tensor here is called `{name.name}`"
        raise ExpressionError("E421", message, name.start, name.end, help_text or there)
    for call in expression.calls:
        if call.name not in formula_ops():
            raise _no_function(call)


ELSEWHERE: Final[Mapping[str, str]] = {
    "len": "`mean` and `sum` need no length; a size can be written as a number",
    "range": "there are no loops here: a function works on all elements at once",
    "int": "write `cast(…, 'int32')`",
    "float": "write `cast(…, 'float32')`",
    "pow": "write `a ** b`, or `power(a, b)`",
    "reduce_mean": "did you mean `mean`?",
    "reduce_sum": "did you mean `sum`?",
    "reduce_max": "did you mean `max`?",
    "reduce_min": "did you mean `min`?",
    "ln": "did you mean `log`?",
    "avg": "did you mean `mean`?",
}
"""What people call that no function is → what to do."""


def _no_function(call: Applied) -> ExpressionError:
    end = call.start + len(call.name)
    if exists(call.name):
        message = f"`{call.name}` works neither on each element nor along axes, so no expression can call it"
        way = f"make an entry of it, `ops.{call.name}`, and a loss term over what comes out"
        return ExpressionError("E421", message, call.start, end, way)
    near = closest(call.name, formula_ops())
    help_text = ELSEWHERE.get(call.name)
    if help_text is None:
        every = "those of `keras.ops` that work on each element or along axes can be called"
        help_text = f"did you mean `{near}`?" if near else every
    return ExpressionError("E421", f"there is no function called `{call.name}`", call.start, end, help_text)


def told(message: str, record: Record, shown: str, sources: Mapping[str, str]) -> str:
    """What a shape rule says, in the words of the expression."""
    text = message.replace(record.name, shown)
    for port, source in sources.items():
        if len(source) <= 30:
            text = text.replace(f"`{port}`", f"`{source}`")
    return text


_CAST: Final = re.compile(r"`ops\.cast` with `dtype = \"(\w+)\"`")


def way_out(error: ShapeError, types: Sequence[TensorType | None]) -> str | None:
    """What to do, where an expression can do it."""
    if error.code == "E302":
        ranks = {one.rank for one in types if one is not None}
        return KEPT if len(ranks) > 1 else "reduce both along the same axes, or name tensors of one shape"
    if error.help is None:
        return None
    text = _CAST.sub(r"`cast(…, '\1')`", error.help)
    return None if re.search(r"ops\.|layer|Reshape|`\{|true`", text) else text
