"""From Heads to findings about losses: the shape and the values that each loss can be computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..spec.finding import Finding, Related
from .endings import Ending
from .heads import Head
from .tensor import FLOATS, shape_text
from .verdicts import GROUPS, NEEDS, RIGHT, SPLIT, VERDICTS, WORDS

NEVER_ZERO: Final = frozenset({"softplus", "squareplus", "exponential"})
"""Activations that give numbers above 0, of which shares can be made."""

CLASSES: Final = frozenset(name for name, group in GROUPS.items() if group in ("class", "share")) | {"CategoricalHinge"}
"""Losses that look for the right one of several classes."""

AXES: Final = frozenset(
    {"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "BinaryCrossentropy", "BinaryFocalCrossentropy"}
    | {"CosineSimilarity", "Dice", "Tversky", "SparseCategoricalCrossentropy"}
)
"""Losses with an ``axis``."""


def shape_findings(head: Head) -> tuple[Finding, ...]:
    """A loss that cannot mean anything with the shape or dtype that it is given; the first reason alone is told."""
    return () if head.loss is None or head.tensor is None else tuple(_shape(head))[:1]


def _shape(head: Head) -> Iterator[Finding]:
    loss, tensor = head.loss, head.tensor
    assert loss is not None
    assert tensor is not None
    name, shape = loss.record.name, shape_text(tensor.shape)
    output = f"the output `{head.name}`"

    def finding(message: str, help: str, argument: str = "") -> Finding:
        pointer = (*head.loss_pointer, argument) if argument in loss.written else head.loss_pointer
        return Finding("E409", message, pointer, help=help, related=head.related)

    if tensor.dtype == "string":
        yield finding(
            f"{output} is text (dtype string), which no loss can be computed from",
            "take the loss of an output that holds numbers",
        )
    elif tensor.dtype not in FLOATS:
        yield finding(
            f"{output} holds whole numbers (dtype {tensor.dtype}), and nothing can be learned from those: "
            "they do not change a little when a weight does",
            "take the loss of what comes before, where the numbers still have fractions",
        )
    if name in CLASSES and tensor.rank < 2:
        yield finding(
            f"{name} compares a number for each class, but {output} has one number a row: {shape}",
            "let it end in a Dense layer with one unit for each class",
        )
    if name in CLASSES and head.units == 1:
        what = "score" if name == "CategoricalHinge" else "probability"
        yield finding(
            f"{name} compares one {what} for each class, but {output} has a single number: {shape}",
            'for two classes write `loss = "binary_crossentropy"` with `activation = "sigmoid"`, '
            "for more give the last layer one unit for each class",
        )
    if name == "KLDivergence" and (tensor.rank < 2 or head.units == 1):
        yield finding(
            f"KLDivergence compares shares that add up to 1, but {output} has a single number: {shape}",
            'for one probability write `loss = "binary_crossentropy"`, for shares give the last layer more units',
        )
    if name == "CTC" and tensor.rank != 3:
        yield finding(
            f"CTC reads a sequence: it expects (batch, time, classes), but {output} is {shape}",
            "keep the axis over time: `return_sequences = true` in the last recurrent layer, no Flatten or pooling"
            if tensor.rank < 3
            else 'make height and width one axis before it: `{ type = "Reshape", target_shape = [-1, …] }`',
        )
    if name == "CTC" and head.units == 1:
        yield finding(
            f"CTC needs a class for each letter and one for the blank, but {output} has a single one: {shape}",
            "give the last layer one unit for each letter and one more",
        )
    if name == "Circle" and tensor.rank != 2:
        yield finding(
            f"Circle compares rows, (batch, size), but {output} is {shape}",
            "put a Flatten or a pooling layer before it",
        )
    yield from _axes(head, finding)


def _axes(head: Head, finding: Callable[..., Finding]) -> Iterator[Finding]:
    loss, tensor = head.loss, head.tensor
    assert loss is not None
    assert tensor is not None
    name = loss.record.name
    if name not in AXES or loss.arguments.get("axis") is None:
        return
    written = loss.arguments["axis"]
    axes = written if isinstance(written, tuple | list) else (written,)
    for axis in axes:
        if not -tensor.rank <= axis < tensor.rank:
            yield finding(
                f"{name} has `axis = {axis}`, but the output `{head.name}` has {tensor.rank} axes: "
                f"{shape_text(tensor.shape)}",
                f"count from 0, the batch, to {tensor.rank - 1}, or from -1, the last",
                "axis",
            )
            return
    places = {axis % tensor.rank for axis in axes}
    last = {tensor.rank - 1}
    if name == "SparseCategoricalCrossentropy" and places != last:
        yield finding(
            f"{name} can only look along the last axis, and `axis = {written}` is another one",
            "leave out `axis`, and put a Permute layer before the loss that moves the classes last",
            "axis",
        )
    if name == "CosineSimilarity" and all(tensor.shape[place] == 1 for place in places):
        yield finding(
            f"CosineSimilarity compares directions, but the output `{head.name}` has a single number, "
            f"which has none but its sign: {shape_text(tensor.shape)}",
            'for a number write `loss = "mse"` or "mae"',
        )


def group_of(head: Head) -> str | None:
    """What the loss of a head needs: a key of VERDICTS."""
    group = GROUPS.get(head.loss.record.name) if head.loss is not None else None
    return f"{group} logits" if group in ("class", "binary") and head.logits else group


def value_findings(head: Head) -> Iterator[Finding]:
    """An activation whose values the loss is not made for."""
    loss, ending, group = head.loss, head.ending, group_of(head)
    if loss is None or ending is None:
        return
    name = loss.record.name
    related = (Related("the values come from here", ending.pointer),)
    if ending.values == "shares" and head.units == 1:
        wanted = RIGHT.get(group or "", "linear")
        yield Finding(
            "E414",
            f"{ending.words}, and of a single number that is always 1: `{head.name}` would give the same for every row",
            head.loss_pointer,
            help=ending.mended("sigmoid" if wanted == "softmax" else wanted),
            related=related,
        )
        return
    if group is None or ending.values not in VERDICTS[group]:
        return
    code, reason = VERDICTS[group][ending.values]
    if group == "class" and ending.activation in NEVER_ZERO:
        code, reason = "W401", SPLIT
    yield Finding(
        code,
        f"{name} {NEEDS[group]}, but {ending.words}, which gives {WORDS[ending.values]}: {reason}",
        (*head.loss_pointer, "from_logits") if group.endswith("logits") else head.loss_pointer,
        help=_mend(head, ending, group),
        related=related,
    )


def _mend(head: Head, ending: Ending, group: str) -> str:
    """The edits that would set it right, the likelier first."""
    assert head.loss is not None
    name = head.loss.record.name
    if group == "embedding":
        return 'add `{ type = "UnitNormalization" }` as the last layer'
    if group == "binary" and ending.values == "shares":
        return (
            'where a row has one class, write `loss = "categorical_crossentropy"`; where it may have several, '
            + ending.mended("sigmoid")
        )
    right = RIGHT[group]
    if group == "overlap" and head.count is not None and head.count > 1 and ending.values != "signed":
        return f'{ending.mended("softmax")}, or "sigmoid" where regions may overlap'
    if group == "margin":
        return f"{ending.mended('tanh')}, or take the activation away"
    if group.endswith("logits"):
        made_for = RIGHT[group.removesuffix(" logits")]
        if ending.activation == made_for:
            return f"leave out `from_logits = true`, or {ending.mended(right)}"
        return ending.mended(right)
    if group in ("class", "binary") and ending.values == "numbers" and "from_logits" in head.loss.arguments:
        return f'{ending.mended(right)}, or `loss = {{ type = "{name}", from_logits = true }}`'
    return ending.mended(right)


def labels(head: Head) -> str | None:
    """What a target is for the loss: ``"number"`` of a class, ``"rows"`` like the output, ``"sequence"``; or None."""
    if head.loss is None:
        return "rows" if head.metrics else None
    name = head.loss.record.name
    if name in ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"):
        return "number"
    return "sequence" if name == "CTC" else "rows"
