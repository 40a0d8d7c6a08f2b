"""From the shape of an output to its steps: for how many rows, one after another, it gives an answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import prod
from typing import Any

from ..spec.spec import Spec, Window


def words_of(spec: Spec) -> frozenset[str]:
    """The words that inputs have in place of the length of a window."""
    first = (one.shape[0] for one in spec.inputs if one.shape)
    return frozenset(size for size in first if isinstance(size, str))


def steps_of(
    sizes: Sequence[Any], width: int | None, window: Window | None, words: Collection[str], *, flat: bool = True
) -> int | None:
    """The steps of an output whose target has ``sizes``, without the batch; None where it has one answer a window.

    Steps are the first axis, as long as the window or as its ``horizon`` (or one of ``words``, which are as long as
    the window): so many rows, of which the last is ``horizon`` rows behind the window, are compared with one step
    each. So an output of the window's length has the window itself as its target, moved on by ``horizon`` rows; and
    one of the length of ``horizon`` the rows behind the window. ``width`` is how many numbers a row of the table has
    for it, None where that can't be said: a row that has all of them is the target by itself. An axis that is the only
    one may be of steps only where it is ``flat``, and not of classes.
    """
    if window is None or not sizes:
        return None
    first = window.length if str(sizes[0]) in words else sizes[0]
    if not isinstance(first, int) or first not in (window.length, window.horizon):
        return None
    if len(sizes) == 1 and not (flat and width in (None, 1)):
        return None
    whole = [first, *sizes[1:]]
    if all(isinstance(size, int) for size in whole) and width == prod(whole):
        return None
    return first


def way_out(steps: Any, window: Window) -> str:
    """What to write where an output has another number of steps than there are rows for."""
    length = window.length
    return (
        f"for an answer for each row of the window let the output have {length} steps in its first axis; for the rows "
        f"behind the window write `horizon = {steps}` in it; for one answer a window put Flatten, pooling or "
        "`return_sequences = false` before the last layer"
    )
