"""From rows to parts: which rows train, which validate, which test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Split

if TYPE_CHECKING:
    import numpy as np

    Rows = np.ndarray[Any, np.dtype[np.intp]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]

PARTS = ("train", "validation", "test")

MANY: Final = 2**20
"""More rows than this are numbered with 32 bits, as long as these will do."""


def numbered(count: int) -> Rows:
    """The numbers of so many rows in order, in half the memory where they are many."""
    import numpy as np

    return np.arange(count, dtype=np.int32 if MANY < count <= np.iinfo(np.int32).max else np.intp)


def split(
    count: int,
    shares: Split,
    seed: int,
    groups: np.ndarray[Any, Any] | None = None,
    test: Flags | None = None,
    pointer: Pointer = ("data", "split"),
) -> dict[str, Rows]:
    """Row indices of each part, ascending, without overlap; every row is in one of them.

    Shares are rounded to whole rows, at least one for a share above 0. With ``groups`` (one value a row)
    every value is spread over the parts in the same shares; a value with enough rows gets at least one
    in each part, which may move the sizes by a few rows. ``test`` marks rows that the data set itself keeps
    for testing: they are the test part, and shares are of the other rows, unless a test share is written.

    Raises:
        Problem: E408 if a part that was asked for, or the training part, is left without rows.
    """
    import numpy as np

    order = np.random.default_rng(seed)
    if test is not None and shares.test == 0:
        others = np.flatnonzero(~test)
        inner = None if groups is None else groups[others]
        parts = split(len(others), Split(shares.validation, 0.0, shares.stratify), seed, inner, None, pointer)
        return {
            "train": others[parts["train"]],
            "validation": others[parts["validation"]],
            "test": np.flatnonzero(test),
        }
    if shares.validation + shares.test >= 1:
        raise Problem(
            Finding(
                "E408",
                f"validation ({shares.validation:g}) and test ({shares.test:g}) together leave nothing to train with",
                pointer,
                help="keep their sum below 1, such as validation = 0.15 and test = 0.15",
            )
        )
    kept = {name: share for name, share in (("validation", shares.validation), ("test", shares.test)) if share > 0}
    sizes = {name: max(1, round(count * share)) for name, share in kept.items()}
    if count - sum(sizes.values()) < 1:
        raise Problem(
            Finding(
                "E408",
                f"{count} rows can't be parted into training, {' and '.join(sizes)}: no row would be left for training",
                pointer,
                help="more rows are needed, or fewer parts",
            )
        )
    if not sizes:
        chosen = [numbered(count)]
    elif groups is None:
        shuffled = numbered(count)
        order.shuffle(shuffled)
        chosen = _cut(shuffled, list(sizes.values()))
    else:
        chosen = _stratified(groups, sizes, count, order, shares.stratify or "", pointer)
    empty = [name for name, rows in zip(("train", *sizes), chosen, strict=True) if not len(rows)]
    if empty:
        raise Problem(Finding("E408", f"too few rows ({count}): the {empty[0]} part is left without any", pointer))
    for rows in chosen:
        rows.sort()
    parts = dict(zip(("train", *sizes), chosen, strict=True))
    return {name: parts.get(name, np.empty(0, np.intp)) for name in PARTS}


def _cut(rows: Rows, sizes: list[int]) -> list[Rows]:
    """The rows that are left, then one stretch for each size."""
    stretches = []
    start = 0
    for size in sizes:
        stretches.append(rows[start : start + size])
        start += size
    return [rows[start:], *stretches]


def _stratified(
    groups: np.ndarray[Any, Any],
    sizes: dict[str, int],
    count: int,
    order: np.random.Generator,
    column: str,
    at: Pointer,
) -> list[Rows]:
    import numpy as np

    values, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(values) > 1 and counts.max() == 1:
        raise Problem(
            Finding(
                "E408",
                f"every row has a value of its own in `{column}`: they can't be spread evenly over the parts",
                (*at, "stratify"),
                help="stratify by a column with few different values, such as the label",
            )
        )
    quotas = {name: _quotas(counts, size / count, size) for name, size in sizes.items()}
    parts: list[list[Rows]] = [[] for _ in range(len(sizes) + 1)]
    for index in range(len(values)):
        rows = order.permutation(np.flatnonzero(inverse == index))
        wanted = [int(quota[index]) for quota in quotas.values()]
        if len(rows) > len(wanted):  # enough for one in each part
            wanted = [max(1, one) for one in wanted]
            while sum(wanted) >= len(rows):
                wanted[wanted.index(max(wanted))] -= 1
        for part, stretch in zip(parts, _cut(rows, wanted), strict=True):
            part.append(stretch)
    return [np.concatenate(part) for part in parts]


def _quotas(counts: np.ndarray[Any, Any], share: float, total: int) -> np.ndarray[Any, Any]:
    """Whole shares of each count that add up to ``total``: the largest remainders are rounded up."""
    import numpy as np

    exact = counts * share
    whole = np.floor(exact).astype(int)
    short = total - int(whole.sum())
    for index in np.argsort(whole - exact, kind="stable")[:short]:
        whole[index] += 1
    return whole
