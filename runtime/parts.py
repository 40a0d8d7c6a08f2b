"""From a Table to parts: rows by share, by group, by time, or as a column says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Split
from ..spec.words import listed
from .cells import CellError, is_arrow, numbers, taken
from .columns import no_column
from .folds import by_hash, folds_of, hashed
from .split import PARTS, split
from .table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
    Rows = np.ndarray[Any, np.dtype[np.intp]]

CALLED: Final = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""What a column of parts may say, in any case of letters → the part."""

TIMES: Final = (
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m",
    "%Y/%m",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
)
"""Spellings of times beside those of ISO 8601. That of 03/04/2020 says nothing: it is read in two ways."""


def parts_of(
    table: Table,
    shares: Split,
    seed: int,
    rows: Array,
    columns: Mapping[str, Values],
    series: Array | None = None,
    pointer: Pointer = ("data", "split"),
) -> dict[str, Rows]:
    """Which of ``rows`` come into each part: places in ``rows``, ascending, none twice; every one is in a part.

    ``rows`` are the numbers of those rows of the table that are in use, ``columns`` their cells without gaps. Rows
    that whoever gives the data has marked for validation or for testing are those parts. Else, by ``shares``: as a
    column says; whole groups, as near to the share as they come; the last by time, rows of one time together; by what
    a key hashes to; one of several folds; or drawn by chance. With ``series`` (for windows: which series each row is
    of) nothing is drawn: the last rows of each series are the test, those before them validation.

    Raises:
        Problem: E402 for a column that is not there; E408 where rows can't be parted so.
    """
    import numpy as np

    if table.validation is not None and (table.test is None or not shares.parts):
        held = table.validation[rows]
        kept = table.test[rows] & ~held if table.test is not None else np.zeros(len(rows), bool)
        marked = {"train": ~held & ~kept, "validation": held, "test": kept}
        return {name: np.flatnonzero(flags) for name, flags in marked.items()}
    if shares.column is not None:
        return _as_said(shares.column, cells_of(columns, shares.column, (*pointer, "column")), table, rows, pointer)
    own = table.test[rows] if table.test is not None and not shares.test and "test" not in shares.sources else None
    if shares.folds is not None:
        return _in_folds(table, shares, seed, rows, columns, own, pointer)
    by = shares.by or ("order" if series is not None else None)
    if by is None or by == "stratify" or not (shares.validation or shares.test):
        return split(len(rows), shares, seed, groups_of(table, shares, rows, pointer), own, pointer)
    free = np.arange(len(rows)) if own is None else np.flatnonzero(~own)
    split(len(free), Split(shares.validation, shares.test), seed, None, None, pointer)  # whether there are enough
    if by == "time":
        name = str(shares.time)
        keys = times_of(cells_of(columns, name, (*pointer, "time")), name, table, rows, (*pointer, "time"))
        chosen = _cut(keys[free], shares, f"`{name}`", (*pointer, "time"))
    elif by == "group":
        values = labels_of(cells_of(columns, str(shares.group), (*pointer, "group")))
        chosen = _grouped(values[free], shares, seed, (*pointer, "group"))
    elif by == "hash":
        keys = labels_of(cells_of(columns, str(shares.hash), (*pointer, "hash")))
        chosen = by_hash(keys[free], shares.validation, shares.test, seed, (*pointer, "hash"))
    else:
        assert series is not None
        chosen = _ends(series[free], shares, pointer)
    parts = {part: free[places] for part, places in chosen.items()}
    if own is not None:
        parts["test"] = np.flatnonzero(own)
        if by == "group":
            _apart(values, parts, str(shares.group), table, (*pointer, "group"))
    return parts


def _in_folds(
    table: Table,
    shares: Split,
    seed: int,
    rows: Array,
    columns: Mapping[str, Values],
    own: Array | None,
    pointer: Pointer,
) -> dict[str, Rows]:
    """One fold for validation, the others for training; of those rows that are not kept for the test."""
    import numpy as np

    test = np.empty(0, np.intp) if own is None else np.flatnonzero(own)
    if shares.test:
        test = parts_of(table, replace(shares, folds=None), seed, rows, columns, None, pointer)["test"]
    free = np.setdiff1d(np.arange(len(rows)), test)
    assert shares.folds is not None
    if shares.hash is not None:
        keys = labels_of(cells_of(columns, shares.hash, (*pointer, "hash")))
        folds = (hashed(keys[free], seed, "fold") * shares.folds).astype(np.intp)
        if len(np.unique(folds)) < shares.folds:
            message = f"`{shares.hash}` has too few different values: some of the {shares.folds} folds have no row"
            raise Problem(Finding("E408", message, (*pointer, "hash"), help="write fewer folds, or take more rows"))
    elif shares.group is not None:
        values = labels_of(cells_of(columns, shares.group, (*pointer, "group")))
        folds = folds_of(len(free), shares.folds, seed, pointer, groups=values[free])
    else:
        classes = groups_of(table, shares, rows, pointer)
        folds = folds_of(len(free), shares.folds, seed, pointer, classes=None if classes is None else classes[free])
    held = folds == shares.fold - 1
    parts = {"train": free[~held], "validation": free[held], "test": test}
    if own is not None and shares.group is not None and not shares.test:
        _apart(values, parts, shares.group, table, (*pointer, "group"))
    return parts


def cells_of(columns: Mapping[str, Values], name: str, pointer: Pointer) -> Values:
    """The cells of a column by which rows are parted or told apart.

    Raises:
        Problem: E408 for more than one value a row.
    """
    values = columns[name]
    if not is_arrow(values) and getattr(values, "ndim", 1) > 1:
        if values.size != len(values):
            message = f"`{name}` has more than one value a row: rows can't be sorted by it"
            raise Problem(Finding("E408", message, pointer))
        return values.reshape(len(values))
    return values


def labels_of(values: Values) -> Array:
    """The cells of a column as they are told apart: text or numbers."""
    import numpy as np

    if is_arrow(values):
        return np.array([cell.strip() for cell in values.to_pylist()], dtype=str)
    found = np.asarray(values)
    return found.astype(str) if found.dtype.kind in "OS" else found


def times_of(values: Values, name: str, table: Table, rows: Array, pointer: Pointer) -> Array:
    """The cells of a column of times as numbers that grow with time: numbers as they are, dates in seconds.

    Dates are written as ISO 8601 does (``2024-03-01``, ``2024-03-01T12:30:00Z``), or day first with points.

    Raises:
        Problem: E408 for a cell that is none.
    """
    import numpy as np

    try:
        return numbers(values)
    except CellError:
        pass
    cells = labels_of(values)
    found = np.empty(len(cells), np.float64)
    for index, cell in enumerate(cells):
        seconds = _seconds(str(cell))
        if seconds is None:
            message = f'`{name}` holds "{cell}" ({table.place(int(rows[index]))}), which is neither a number nor a date'
            way = "write dates as 2024-03-01 or 2024-03-01T12:30:00; other spellings can be read in two ways"
            raise Problem(Finding("E408", message, pointer, help=way))
        found[index] = seconds
    return found


def _seconds(text: str) -> float | None:
    """Seconds since 1970 of a date; one that names no zone is taken for UTC."""
    from datetime import UTC, datetime

    moment: datetime | None = None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for spelling in TIMES:
            try:
                moment = datetime.strptime(text, spelling)
                break
            except ValueError:
                continue
    if moment is None:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _as_said(name: str, values: Values, table: Table, rows: Array, pointer: Pointer) -> dict[str, Rows]:
    """Rows by what a column says of each."""
    import numpy as np

    pointer = (*pointer, "column")
    cells = labels_of(values)
    words, inverse = np.unique(cells, return_inverse=True)
    meant = [CALLED.get(str(word).lower()) for word in words]
    if None in meant:
        wrong = words[meant.index(None)]
        row = int(rows[np.argmax(cells == wrong)])
        close = get_close_matches(str(wrong).lower(), list(CALLED), 1)
        way = f'did you mean "{close[0]}"? ' if close else ""
        raise Problem(
            Finding(
                "E408",
                f'`{name}` holds "{wrong}" ({table.place(row)}), which is no part',
                pointer,
                help=f"{way}The parts are {listed(sorted(set(CALLED.values()), key=PARTS.index))}",
            )
        )
    codes = np.array([PARTS.index(part or "") for part in meant], np.intp)[inverse.reshape(-1)]
    parts = {part: np.flatnonzero(codes == code) for code, part in enumerate(PARTS)}
    if not len(parts["train"]):
        message = f'`{name}` says "train" of no row: nothing is left to train with'
        raise Problem(Finding("E408", message, pointer))
    return parts


def _cut(keys: Array, shares: Split, what: str, pointer: Pointer) -> dict[str, Rows]:
    """The places of keys in order, cut so that the last are the test, and equal keys come into one part."""
    import numpy as np

    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    borders = np.flatnonzero(np.diff(ranked)) + 1
    """Where a part may end: between two different keys."""
    wanted = [part for part in ("test", "validation") if getattr(shares, part)]
    if len(borders) < len(wanted):
        few = f"all {what} are the same" if not len(borders) else f"there are {len(borders) + 1} different {what}"
        message = f"{few}: too few for training, {' and '.join(wanted)}"
        raise Problem(Finding("E408", message, pointer, help="more rows are needed, or fewer parts"))
    parts: dict[str, Rows] = {part: np.empty(0, np.intp) for part in PARTS}
    end = len(keys)
    for number, part in enumerate(wanted):
        free = borders[len(wanted) - number - 1 :]  # the parts before this one need a border each
        free = free[free < end]
        ideal = end - max(1, round(len(keys) * getattr(shares, part)))
        start = int(free[np.argmin(np.abs(free - ideal))])
        parts[part] = np.sort(order[start:end])
        end = start
    parts["train"] = np.sort(order[:end])
    return parts


def _ends(series: Array, shares: Split, pointer: Pointer) -> dict[str, Rows]:
    """Of each series the last rows are the test, those before them validation; one too short for that only trains."""
    import numpy as np

    found: dict[str, list[Rows]] = {part: [] for part in PARTS}
    wanted = sum(1 for part in ("test", "validation") if getattr(shares, part))
    for one in np.unique(series):
        places = np.flatnonzero(series == one)
        if len(places) <= wanted:
            found["train"].append(places)
            continue
        for part, inner in _cut(np.arange(len(places)), shares, "rows", pointer).items():
            found[part].append(places[inner])
    parts = {part: np.sort(np.concatenate(places or [np.empty(0, np.intp)])) for part, places in found.items()}
    lacking = [part for part in ("validation", "test") if getattr(shares, part) and not len(parts[part])]
    if lacking:
        message = f"every series is too short to be cut: no row is left for {lacking[0]}"
        raise Problem(Finding("E408", message, pointer, help="keep whole series aside: split by `group`"))
    return parts


def _grouped(values: Array, shares: Split, seed: int, pointer: Pointer) -> dict[str, Rows]:
    """Whole groups, drawn by chance, as near to the shares of rows as they come."""
    import numpy as np

    groups, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(-1)
    wanted = [part for part in ("validation", "test") if getattr(shares, part)]
    if len(groups) <= len(wanted):
        raise Problem(
            Finding(
                "E408",
                f"`{shares.group}` has {len(groups)} different value{'' if len(groups) == 1 else 's'}: too few groups "
                f"for training, {' and '.join(wanted)}",
                pointer,
                help="no group is in two parts, so there must be as many as parts",
            )
        )
    drawn = np.random.default_rng(seed).permutation(len(groups)).tolist()
    parts: dict[str, Rows] = {part: np.empty(0, np.intp) for part in PARTS}
    for number, part in enumerate(wanted):
        target = max(1, round(len(values) * getattr(shares, part)))
        most = len(drawn) - (len(wanted) - number)  # one group for each part behind, and one for training
        chosen: list[int] = []
        total = 0
        for group in drawn:
            if len(chosen) < most and abs(total + counts[group] - target) < abs(total - target):
                chosen.append(group)
                total += int(counts[group])
        if not chosen:
            chosen = [min(drawn, key=lambda one: int(counts[one]))]
        drawn = [group for group in drawn if group not in set(chosen)]
        parts[part] = np.flatnonzero(np.isin(inverse, chosen))
    parts["train"] = np.flatnonzero(np.isin(inverse, drawn))
    return parts


def _apart(values: Array, parts: dict[str, Rows], name: str, table: Table, pointer: Pointer) -> None:
    """Of rows that the data set itself keeps for testing: none of their groups may be elsewhere."""
    import numpy as np

    both = np.intersect1d(values[parts["test"]], np.concatenate([values[parts["train"]], values[parts["validation"]]]))
    if len(both):
        message = f'the group "{both[0]}" is among the test rows of {table.origin} and among the others'
        way = "write a share for `test`: then all rows are parted anew"
        raise Problem(Finding("E408", message, pointer, help=way))


def groups_of(table: Table, shares: Split, rows: Array, pointer: Pointer) -> Array | None:
    """The values by which rows are stratified, or None where they are not.

    Raises:
        Problem: E402 if there is no such column, E408 if rows can't be sorted by it.
    """
    import numpy as np

    wish = shares.stratify
    if wish is None or not (shares.validation or shares.test or shares.folds):
        return None
    at = (*pointer, "stratify")
    if wish not in table.columns or wish in table.duplicates:
        raise Problem(no_column(wish, table, at))
    values = table.columns[wish]
    if len(values) <= int(rows[-1]):
        raise Problem(Finding("E408", f"`{wish}` has fewer rows than the inputs", at))
    chosen = taken(values, rows)
    if is_arrow(chosen):
        return np.array(["" if cell is None else cell for cell in chosen.to_pylist()], dtype=object)
    if chosen.ndim > 1:
        chosen = chosen.reshape(len(chosen), -1)
        if chosen.shape[1] > 1:
            raise Problem(Finding("E408", f"`{wish}` has more than one value a row: rows can't be sorted by it", at))
        chosen = chosen[:, 0]
    return np.asarray(chosen)
