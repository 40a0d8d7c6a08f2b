"""Source synthetic: rows at random that fit the graph, so that any spec can be tried at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ...compiler.graph import TypedGraph
from ...compiler.sizes import substitute, words
from ...spec.spec import Column, Data
from ..columns import compared
from ..labels import ALIKE, BINARY, CATEGORICAL, HINGE, SEQUENCES, SPARSE, Head
from ..sample import random_rows
from ..table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

ROWS: Final = 1000
LENGTH: Final = 16
PATTERN: Final = frozenset("*?[")
SHARES: Final = frozenset({"KLDivergence"})
NOT_NEGATIVE: Final = frozenset({"Poisson", "MeanSquaredLogarithmicError"})
GROUPS: Final = 10
"""Different labels where a loss asks only which rows have the same."""


def rows_for(typed: TypedGraph, arguments: Mapping[str, Any]) -> Table:
    """A table whose columns are those that the spec names, with random numbers for them.

    Inputs are drawn as ``sample.random_rows`` says; sizes that the spec leaves open are ``length``. Targets fit the
    loss: class numbers below the units, rows with a single 1, 0 and 1, shares that add up to 1, or numbers. Of a
    target that is also an input (an autoencoder), the numbers lie between 0 and 1.
    """
    import numpy as np

    from ..data import head_of

    data = typed.graph.spec.data
    assert data is not None
    count, length = int(arguments.get("rows", ROWS)), int(arguments.get("length", LENGTH))
    seed = int(arguments.get("seed", 0))
    drawn = random_rows(typed, count, size=length, seed=seed)
    random = np.random.default_rng([seed, 1])
    columns: dict[str, Values] = {}
    own = {column for one in data.inputs.values() for column in one.columns or ()} | set(drawn)
    aims = {column for one in data.targets.values() for column in one.columns or ()}
    for name, array in drawn.items():
        stated = data.inputs.get(name)
        named = set(stated.columns or ()) if stated is not None else {name}
        if data.window is not None:
            array = array[:, 0]  # a row is one step of a window
        if array.dtype.kind == "f" and (named & aims or (not aims and name in typed.graph.outputs)):
            array = np.asarray(random.uniform(size=array.shape), array.dtype)
        _spread(columns, stated, name, array)
    for name in compared(typed.graph.spec, typed.graph.outputs):
        target = data.targets.get(name)
        if target is not None and target.columns is not None and set(target.columns) <= own:
            continue
        head = head_of(typed, name)
        tensor = typed.tensor(typed.graph.outputs[name])
        sizes: list[Any] = [] if tensor is None else list(tensor.shape[1:])
        shape = [substitute(one, dict.fromkeys(words(one), length)) for one in sizes]
        known = tuple(one if isinstance(one, int) else length for one in shape)
        _spread(columns, target, name, _target(random, head, count, known))
    for column, values in _others(data, count, random).items():
        columns.setdefault(column, values)
    return Table("the synthetic rows", columns)


def _others(data: Data, count: int, random: np.random.Generator) -> dict[str, Array]:
    """Columns that neither inputs nor targets need: those by which rows are parted, weighed and told apart."""
    import numpy as np

    every = np.arange(count)
    split = data.split
    wanted = {
        split.stratify: every % GROUPS,
        split.group: every % (2 * GROUPS),
        split.time: every,
        split.column: np.array(["train", "train", "train", "validation", "test"], dtype=object)[every * 5 // count],
        data.sample_weight: random.uniform(0.5, 1.5, count),
        data.window.group if data.window is not None else None: np.zeros(count, np.int64),
    }
    return {column: values for column, values in wanted.items() if column is not None}


def _target(random: np.random.Generator, head: Head, count: int, shape: tuple[int, ...]) -> Array:
    """Targets of one output of this shape, as its loss wants them."""
    import numpy as np

    units = shape[-1] if shape else 1
    if head.loss in SPARSE:
        return random.integers(0, units, (count, *shape[:-1]))
    if head.loss in ALIKE:
        return random.integers(0, GROUPS, count)
    if head.loss in CATEGORICAL:
        return np.eye(units, dtype=np.float32)[random.integers(0, units, (count, *shape[:-1]))]
    if head.loss in BINARY | HINGE:
        return random.integers(0, 2, (count, *shape)).astype(np.float32)
    if head.loss in SEQUENCES:
        longest = max(1, (shape[0] if len(shape) > 1 else 1) // 2)
        return random.integers(1, max(2, units), (count, longest)).astype(np.int32)
    if head.loss in SHARES:
        shares = random.random((count, *shape)) + 0.01
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float32)
    numbers = random.normal(size=(count, *shape)).astype(np.float32)
    return np.abs(numbers) if head.loss in NOT_NEGATIVE else numbers


def _spread(columns: dict[str, Values], column: Column | None, name: str, array: Array) -> None:
    """Lay an array into the columns that are written for it; a pattern stands for as many as are needed."""
    written = (column.columns if column is not None else None) or (name,)
    if len(written) == 1 and not PATTERN & set(written[0]):
        columns.setdefault(written[0], array)
        return
    flat = array.reshape(len(array), -1)
    for key, values in zip(_names(written, flat.shape[1]), flat.T, strict=False):
        columns.setdefault(key, values)


def _names(written: Sequence[str], count: int) -> list[str]:
    patterns = sum(1 for one in written if PATTERN & set(one))
    room = max(0, count - len(written) + patterns)
    names: list[str] = []
    for one in written:
        if not PATTERN & set(one):
            names.append(one)
            continue
        share = -(-room // patterns)
        names.extend(_filled(one, index) for index in range(share))
        room, patterns = room - share, patterns - 1
    return names


def _filled(pattern: str, index: int) -> str:
    """A name that a pattern matches."""
    star = next((mark for mark in "*?[" if mark in pattern), "")
    head, _, rest = pattern.partition(star)
    if star == "[":
        letters, _, rest = rest.partition("]")
        return head + (letters[index % max(1, len(letters))] if letters else "") + rest.replace("*", "")
    return head + str(index) + rest.replace("*", "").replace("?", "0")
