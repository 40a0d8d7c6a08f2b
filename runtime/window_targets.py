"""From outputs and windows to steps: which outputs are compared with several rows of a window, and with how many."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from math import prod
from typing import Final

from ..compiler.graph import TypedGraph
from ..compiler.window_steps import steps_of, way_out, words_of
from ..spec.problem import Problem
from ..spec.spec import Window
from .cells import is_arrow, is_text
from .columns import Binding
from .label_lists import are_lists
from .labels import ALIKE, BINARY, CATEGORICAL, HINGE, SEQUENCES, SPARSE, Head
from .table import Table, Values
from .tensors import MisfitError, Sizes

CHANNELS: Final = (1, 3, 4)


def stepped(
    typed: TypedGraph, heads: Mapping[str, Head], bindings: Mapping[str, Binding], table: Table
) -> dict[str, int]:
    """By output, the rows that a window's answers are compared with, where they are several; ``table`` may be a part.

    Raises:
        Problem: E405 for an output whose first axis is neither as long as the window nor as what lies behind it.
    """
    from .data import misfit

    data = typed.graph.spec.data
    if data is None or data.window is None:
        return {}
    import numpy as np

    words, found, findings = words_of(typed.graph.spec), {}, []
    for name, binding in bindings.items():
        try:
            count = _steps(heads[name], binding, table, data.window, words)
        except MisfitError as error:
            findings.append(misfit(error, binding, np.zeros(0, np.int64), table))
            continue
        if count is not None:
            found[name] = count
    if findings:
        raise Problem(*findings)
    return found


def each_row(heads: Mapping[str, Head], steps: Mapping[str, int]) -> dict[str, Head]:
    """What each output says of one row: without the axis of its steps."""
    return {name: replace(one, shape=one.shape[1:]) if name in steps else one for name, one in heads.items()}


def weighed_by_step(heads: Mapping[str, Head], steps: Mapping[str, int]) -> dict[str, int]:
    """Of these outputs, those of which Keras takes a weight for each step: the loss is a number a step."""
    return {name: count for name, count in steps.items() if len(heads[name].shape) == 2}


def _steps(head: Head, binding: Binding, table: Table, window: Window, words: Collection[str]) -> int | None:
    if head.loss in SEQUENCES or not head.shape:
        return None
    if binding.decode is not None:
        pictures = binding.decode["type"] == "image"
        fits = _picture if pictures else _sound
        masks = pictures and head.loss in SPARSE | CATEGORICAL
        sizes = (*head.shape[:-1], 1) if masks else head.shape
        return None if fits(sizes) or not fits(sizes[1:]) else steps_of(sizes, None, window, words)
    columns = [table.columns[name] for name in binding.columns]
    sizes = head.shape[:-1] if head.loss in SPARSE | ALIKE else head.shape
    classes = _classes(head, binding, columns)
    width = _width(columns)
    if any(are_lists(one) for one in columns):
        return None
    count = steps_of(sizes, width, window, words, flat=not classes)
    known = all(isinstance(size, int) for size in sizes)
    if count is None and known and len(head.shape) > 1 and not classes and width != prod(sizes):  # type: ignore[arg-type]
        message = (
            f"gives {width} number{'s' if width != 1 else ''} a row, but `{binding.name}` has {sizes[0]} steps, and a "
            f"window has {window.length} rows (`horizon = {window.horizon}`)"
        )
        raise MisfitError(message, way_out(sizes[0], window))
    return count


def _classes(head: Head, binding: Binding, columns: list[Values]) -> bool:
    """Whether a label becomes a number for each class, the last axis of the output."""
    if binding.encode == "one_hot" or head.loss in CATEGORICAL:
        return True
    return head.loss in BINARY | HINGE and (head.units or 1) > 1 and any(is_text(one) for one in columns)


def _width(columns: list[Values]) -> int:
    """How many numbers a row of a table has."""
    if len(columns) > 1 or is_arrow(columns[0]):
        return len(columns)
    return int(prod(columns[0].shape[1:]))


def _picture(sizes: Sizes) -> bool:
    return len(sizes) == 2 or (len(sizes) == 3 and sizes[2] in CHANNELS)


def _sound(sizes: Sizes) -> bool:
    return 1 <= len(sizes) <= 2
