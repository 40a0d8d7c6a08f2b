"""From rows to Examples: which rows, or which windows of rows, each part has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Split, Window
from .cells import absent, taken
from .deferred import KEPT_BYTES, Deferred, part
from .parts import cells_of, labels_of, parts_of, times_of
from .split import PARTS
from .table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

AT: Final[Pointer] = ("data", "window")


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """The examples of one part. ``rows`` has for each the row that its target and its weight are of.

    An example is a row; or, with ``length``, as many rows: those in ``order`` from its place in ``starts`` on. The
    row of its target is then the last of ``reach`` rows from there on.
    """

    rows: Array
    order: Array | None = None
    starts: Array | None = None
    length: int = 0
    reach: int = 0

    def by_row(self) -> Examples:
        """The same windows in the order of their rows."""
        import numpy as np

        if self.starts is None:
            return self
        ranked = np.argsort(self.rows, kind="stable")
        return Examples(self.rows[ranked], self.order, self.starts[ranked], self.length, self.reach)

    def of_rows(self, values: Any) -> Any:
        """What belongs to a row, such as a target."""
        return part(values, self.rows)

    def of_inputs(self, values: Any) -> Any:
        """What an input is given: rows, or windows with the rows as first axis; read by the batch where there are many.

        Rows of shape ``sizes`` become windows of shape ``(length, *sizes)``.
        """
        return self._windows(values, 0, self.length)

    def of_targets(self, values: Any, steps: int | None) -> Any:
        """What belongs to the row of the target; or with ``steps`` to so many rows of which that is the last."""
        return self.of_rows(values) if steps is None else self._windows(values, self.reach - steps, steps)

    def _windows(self, values: Any, first: int, length: int) -> Any:
        """So many rows one after another, from the ``first`` after each start on."""
        import numpy as np

        if self.order is None or self.starts is None:
            return part(values, self.rows)
        order, starts, steps = self.order, self.starts, np.arange(first, first + length)

        def read(chosen: Array) -> Array:
            places = order[starts[chosen][:, None] + steps]
            found = np.asarray(values[places.reshape(-1)])
            return found.reshape(*places.shape, *found.shape[1:])

        every = np.arange(len(starts))
        sizes = (length, *values.shape[1:])
        windows = Deferred(read, every, sizes, values.dtype)
        if isinstance(values, Deferred) or len(starts) * length * values[:1].nbytes > KEPT_BYTES:
            return windows
        return windows[every]


def examples_of(
    table: Table, shares: Split, window: Window | None, seed: int, rows: Array, columns: Mapping[str, Values]
) -> dict[str, Examples]:
    """The examples of each part of a table; ``rows`` and ``columns`` are what is in use of it, without gaps.

    Windows never reach from one part into another, nor over a row that is left out.

    Raises:
        Problem: E402, E404 and E408 as ``parts_of`` does; E441 where no window is as long as it should be.
    """
    import numpy as np

    series = None
    if window is not None:
        series = np.zeros(len(rows), np.intp)
        if window.group is not None:
            series = labels_of(cells_of(columns, window.group, (*AT, "group")))
    parts = parts_of(table, shares, seed, rows, columns, series)
    if window is None:
        return {name: Examples(chosen) for name, chosen in parts.items()}
    codes = np.full(len(rows), -1, np.intp)
    for code, name in enumerate(PARTS):
        codes[parts[name]] = code
    line = _Line(table, window, shares.time, rows, codes)
    found = {name: line.examples(window, code, window.stride) for code, name in enumerate(PARTS)}
    for name in PARTS:
        if len(parts[name]) and not len(found[name].rows):
            needed = window.length + window.horizon
            longest = line.longest(PARTS.index(name))
            of = "" if name == "train" and not any(len(parts[other]) for other in PARTS[1:]) else f" of the {name} part"
            raise Problem(
                Finding(
                    "E441",
                    f"a window and its target take {needed} rows one after another, but {table.origin}{of} has "
                    f"{longest} at most",
                    (*AT, "length"),
                    help="shorten the window, or take more rows",
                )
            )
    return found


def row_shape(shape: Sequence[Any], window: Window | None) -> Sequence[Any]:
    """The shape that one row has of an input of this shape: of windows, without the axis of their rows."""
    return shape if window is None else shape[1:]


def whole(table: Table, window: Window | None, time: str | None, rows: Array, *, targets: bool) -> Examples:
    """All examples of a table that is not parted: every window there is, also without a row for its target.

    Without ``targets`` the row of a window is its last, and windows come in the order of these rows in the table.

    Raises:
        Problem: E441 where there are fewer rows than a window has.
    """
    import numpy as np

    if window is None:
        return Examples(np.arange(len(rows)))
    line = _Line(table, window, time, rows, np.zeros(len(rows), np.intp))
    found = line.examples(window, 0, window.stride if targets else 1, ahead=targets)
    if not len(found.rows):
        needed = window.length + (window.horizon if targets else 0)
        message = f"a window takes {needed} rows one after another, but {table.origin} has {line.longest(0)} at most"
        raise Problem(Finding("E441", message, (*AT, "length"), help="take more rows"))
    return found if targets else found.by_row()


class _Line:
    """All rows of a table, series by series and each in the order of time; those left out stand as gaps."""

    def __init__(self, table: Table, window: Window, time: str | None, rows: Array, codes: Array) -> None:
        import numpy as np

        count = int(max(rows)) + 1 if len(rows) else 0
        every = np.arange(count)
        series = np.zeros(count, np.intp)
        if window.group is not None:
            series = _codes(table.columns[window.group], every)
        keys: Any = every
        if time is not None:
            keys = _times(table, time, rows, count)
        ranked = np.lexsort((every, keys, series))
        place = np.full(count, -1, np.intp)
        place[rows] = np.arange(len(rows))
        part_of = np.full(count, -1, np.intp)
        part_of[rows] = codes
        self.order = place[ranked]
        self.codes = part_of[ranked]
        changes = (np.diff(series[ranked]) != 0) | (np.diff(self.codes) != 0)
        runs = np.concatenate([[0], np.cumsum(changes)]) if count else np.zeros(0, np.intp)
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1]) if count else np.zeros(0, np.intp)
        ends = np.concatenate([starts[1:], [count]]) if count else starts
        self.offset = np.arange(count) - starts[runs]
        self.left = ends[runs] - np.arange(count)

    def examples(self, window: Window, code: int, stride: int, *, ahead: bool = True) -> Examples:
        """The windows within one part; with ``ahead`` only those whose target is in it too."""
        import numpy as np

        needed = window.length + (window.horizon if ahead else 0)
        fits = (self.codes == code) & (self.left >= needed) & (self.offset % stride == 0)
        starts = np.flatnonzero(fits)
        return Examples(self.order[starts + needed - 1], self.order, starts, window.length, needed)

    def longest(self, code: int) -> int:
        """Rows of a part that stand one after another, at most."""
        return int(self.left[self.codes == code].max(initial=0))


def _codes(values: Values, every: Array) -> Array:
    """Which series each row is of, as numbers; rows that do not say it are a series of their own."""
    import numpy as np

    chosen = taken(values, every)
    lacking = absent(chosen)
    codes = np.full(len(every), -1, np.intp)
    there = np.flatnonzero(~lacking)
    labels = labels_of(cells_of({"": taken(chosen, there)}, "", (*AT, "group")))
    codes[there] = np.unique(labels, return_inverse=True)[1].reshape(-1)
    return codes


def _times(table: Table, name: str, rows: Array, count: int) -> Array:
    """Times of all rows; of those that are left out and do not say one, NaN, which is last."""
    import numpy as np

    pointer: Pointer = ("data", "split", "time")
    chosen = taken(table.columns[name], np.arange(count))
    there = np.flatnonzero(~absent(chosen))
    found = np.full(count, np.nan)
    values = cells_of({name: taken(chosen, there)}, name, pointer)
    found[there] = times_of(values, name, table, there, pointer)
    return found
