"""From losses, metrics and loss terms by expression to findings: what can't be computed or learned from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..spec.document import Place, Pointer
from ..spec.expression_tokens import ExpressionError
from ..spec.expression_tree import RESERVED as WORDS
from ..spec.finding import Finding, Related
from ..spec.notes import within
from ..spec.run_time import run_time
from ..spec.spec import Spec, Term
from ..spec.words import quoted
from .formulas import PREDICTED, TRUE, compared, formula, term
from .graph import TypedGraph
from .heads import Head
from .logged import RESERVED, logged
from .run_time import Steps
from .tensor import FLOATS, shape_text

VARIABLE: Final = re.compile(r"[^\W\d]\w*")
"""What an expression takes for a name."""

HELD: Final = (
    "an expression that changes a little with each number: no comparisons, no rounding, no `stop_gradient` alone"
)


def formula_findings(typed: TypedGraph, heads: tuple[Head, ...]) -> Iterator[Finding]:
    """All that is wrong with the expressions of a training section, each once."""
    told: set[Pointer] = set()
    for head in heads:
        for value, pointer, is_loss in _of_head(typed, head):
            if pointer in told:
                continue
            found = tuple(_compared(typed.graph.spec, head, value, pointer, is_loss))
            if found:
                told.add(pointer)
            yield from found
    training = typed.graph.spec.training
    assert training is not None
    for index, one in enumerate(training.losses):
        yield from _term(typed, one, index)
    yield from _named(typed.graph.spec, heads)


def _of_head(typed: TypedGraph, head: Head) -> Iterator[tuple[str, Pointer, bool]]:
    """The expressions of an output with their places, and whether each is its loss."""
    training = typed.graph.spec.training
    assert training is not None
    at = head.loss_pointer[:-1]
    where: Any = training if at == training.pointer else training.outputs[head.name]
    if (text := formula(where.loss)) is not None:
        yield text, (*head.loss_pointer, "expression"), True
    for measure in head.metrics:
        where = training if len(measure.pointer) == len(training.pointer) + 2 else training.outputs[head.name]
        if (text := formula(where.metrics[int(measure.pointer[-1])])) is not None:
            yield text, (*measure.pointer, "expression"), False


def _compared(spec: Spec, head: Head, text: str, pointer: Pointer, is_loss: bool) -> Iterator[Finding]:
    def finding(code: str, message: str, help: str | None) -> Finding:
        return Finding(code, message, pointer, help=help, related=head.related if code == "E422" else ())

    found = _steps(spec, text, pointer, lambda: compared(text, head.tensor), head.related)
    if isinstance(found, Finding):
        yield found
        return
    used = {name.name for name in run_time(text).names}
    if is_loss and PREDICTED not in used:
        yield finding("E423", f"this loss does not use `{PREDICTED}`, so nothing is learned from it",
                      f"compare `{PREDICTED}`, what the model gives, with `{TRUE}`, what is right")  # fmt: skip
        return
    if found is None or head.tensor is None:
        return
    if is_loss and head.tensor.dtype in FLOATS:  # of another output nothing can be learned, whatever the loss is
        yield from _learnable(found, finding, "loss")
        training = spec.training
        if training is not None and training.class_weight and not found.batched:
            yield finding("E423", f"`class_weight` weighs rows, but this loss is one number for the batch: "
                          f"{shape_text(found.type.shape)}",
                          "reduce the other axes alone: `axis=-1` leaves a number for each row")  # fmt: skip
    if head.tensor.mask and found.type.shape and found.type.rank != 2:
        yield finding("E422", f"the output `{head.name}` has a mask, which says of each step of a row whether it "
                      f"counts, but of this expression {shape_text(found.type.shape)} is left",
                      "reduce the axes behind the steps alone, with `axis=-1`")  # fmt: skip


def _learnable(found: Steps, finding: Callable[[str, str, str | None], Finding], what: str) -> Iterator[Finding]:
    dtype = found.type.dtype
    if dtype not in FLOATS:
        kind = {"bool": "truth values", "complex64": "complex numbers", "string": "text"}.get(dtype, "whole numbers")
        yield finding("E423", f"this {what} comes to {kind} (dtype {dtype}), and nothing can be learned from those",
                      "make it small as a number with fractions: what is wrong by much should cost more")  # fmt: skip
    elif not found.smooth:
        yield finding("E423", f"this {what} does not change a little when a weight does, so nothing is learned from it",
                      f"write {HELD}")  # fmt: skip


def _steps(
    spec: Spec, text: str, pointer: Pointer, make: Callable[[], Steps | None], related: tuple[Related, ...] = ()
) -> Steps | Finding | None:
    """The steps, or what is wrong at the characters of the text."""
    try:
        return make()
    except ExpressionError as error:
        inside = stretch(spec.document.place(pointer), text, error.start, error.end)
        shapes = related if error.code == "E422" else ()
        return Finding(error.code, error.message, pointer, help=error.help, inside=inside, related=shapes)


def stretch(place: Place, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where characters of an expression stand in what was written for it, parameters in it and all.

    Before the first parameter and behind the last it stands as it was written.
    """
    raw = place.source.text[place.start : place.end]
    if text not in raw and "${" in raw:
        opening = len(raw) - len(raw.lstrip("\"' \n"))
        before, behind = raw[opening : raw.index("${")], raw[raw.rindex("}") + 1 :].rstrip("\"' \n")
        if end <= len(before) and text.startswith(before):
            return opening + start, opening + max(end, start + 1)
        if start >= len(text) - len(behind) and text.endswith(behind):
            shift = raw.rindex("}") + 1 + len(behind) - len(text)
            return shift + start, shift + max(end, start + 1)
        return None
    return within(place, text, start, end)


def _term(typed: TypedGraph, one: Term, index: int) -> Iterator[Finding]:
    spec, at = typed.graph.spec, (*one.pointer, "expression")
    edges = typed.graph.terms[index]
    wrong = [name for name in one.inputs if not VARIABLE.fullmatch(name) or name in WORDS]
    for name in wrong:
        here = (*one.pointer, "inputs", name)
        yield Finding("E113", f"{quoted(name)} can't be a name in an expression", here, "key",
                      help="write letters, digits and `_`, and no word of the language, such as `and`")  # fmt: skip
    if wrong:
        return
    related = []
    for name, edge in edges.items():
        tensor = typed.tensor(edge)
        if tensor is not None:
            related.append(Related(f"`{name}` is {shape_text(tensor.shape)}", (*one.pointer, "inputs", name)))
    found = _steps(spec, one.expression, at, lambda: term(typed, index), tuple(related[:4]))
    if isinstance(found, Finding):
        yield found
        return
    used = {name.name for name in run_time(one.expression).names}
    for name in one.inputs:
        if name not in used:
            yield Finding("W404", f"the expression does not use `{name}`", (*one.pointer, "inputs", name), "key",
                          help="use it, or take it away")  # fmt: skip
    if found is not None and all(typed.graph.nodes[edges[name].source].input is not None for name in used):
        yield Finding("E423", "this loss term uses nothing but inputs of the model, which no weight changes", at,
                      help="use what comes out of a layer as well")  # fmt: skip
    elif found is not None:
        yield from _learnable(found, lambda code, text, way: Finding(code, text, at, help=way), "loss term")


def _named(spec: Spec, heads: tuple[Head, ...]) -> Iterator[Finding]:
    """Terms under whose names something else is reported."""
    training = spec.training
    assert training is not None
    reported = logged(heads)
    counts: Counter[str] = Counter()
    for one in training.losses:
        counts[one.name] += 1
        why = None
        if counts[one.name] > 1:
            why = "another loss term has the same name"
        elif one.name in RESERVED or one.name in reported:
            why = f"`{one.name}` is the name of another number that is reported"
        elif one.name.startswith("val_"):
            why = "`val_` stands before the names of numbers that are measured on validation data"
        if why is not None and one.named:
            yield Finding("E424", f"a loss term can't be called `{one.name}`: {why}", (*one.pointer, "name"),
                          help="choose another name")  # fmt: skip
