"""From the tables of a data section to Split, Window and how rows are filled up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .spec import Split, Window


def window_of(table: Any) -> Window | None:
    """What `window` says; None where there is none, or it could not be read."""
    if not isinstance(table, dict) or "length" not in table:
        return None
    sizes = {key: int(table[key]) for key in ("length", "stride", "horizon") if key in table}
    return Window(**sizes, group=table.get("group"))


def split_of(table: Mapping[str, Any]) -> Split:
    """What `split` says."""
    shares = {part: table.get(part, 0) for part in ("validation", "test")}
    validation, test = (0.0 if isinstance(share, dict) else float(share) for share in shares.values())
    columns = {key: table.get(key) for key in ("stratify", "group", "column", "time", "hash")}
    sources = {part: share for part, share in shares.items() if isinstance(share, dict)}
    folds = table.get("folds")
    return Split(
        validation,
        test,
        **columns,
        sources=sources,
        folds=None if folds is None else int(folds),
        fold=int(table.get("fold", 1)),
    )


def pad_of(stated: Any) -> tuple[float, tuple[int, ...]]:
    """What fills up short rows, and the lengths by which rows are put into batches; none where they are not."""
    if isinstance(stated, dict):
        return stated.get("value", 0), tuple(int(one) for one in stated.get("buckets", ()))
    return stated, ()
