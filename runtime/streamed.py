"""From a source larger than memory to Prepared: gone through once, a few rows at a time, which are laid down in files.

What comes of it is what ``from_table`` makes of the whole: the same rows, in the same order and the same parts.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.graph import TypedGraph
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Data
from . import streams
from .class_weights import weighed
from .columns import Binding, Bindings, bind, no_column
from .data import Collect, Prepared, Rows, check_words, heads_of, shapes_of, taken_rows
from .examples import Examples, examples_of
from .gathered import Gathered, Wants, gathered, wants_of
from .laid import Laid, Layer, opened
from .laid_targets import LaidTarget, target_layer
from .missing import completed
from .others import Others
from .progress import Progress
from .split import PARTS, numbered
from .table import Table
from .tensors import MisfitError

if TYPE_CHECKING:
    import numpy as np

    from .sources import PluginReader, Reader
    from .sources.pieces import Pieces

    Array = np.ndarray[Any, np.dtype[Any]]


def prepare_streamed(typed: TypedGraph, source: Reader | PluginReader, folder: Path, show: Progress) -> Prepared:
    """The rows of the spec's source, laid down in files; as they were, where they have been and no file has changed.

    Raises:
        Problem: as ``prepare`` does, at the first rows where something shows; E407 where there is no room for them.
    """
    data = typed.graph.spec.data
    assert data is not None
    files = streams.files_of(data.source, folder)
    what = _what(typed, data)
    name = streams.name_of(files, what)
    about = streams.kept(name)
    if about is None:
        began = time.monotonic()
        about = _made(typed, source, folder, name, files, what, show)
        seconds = time.monotonic() - began
        place, why = streams.shelf() / name, _why(data, folder)
        show.say(f"{data.source['path']}: {about['rows']} rows gone through in {seconds:.1f} s; {why}, so they are "
                 f"read by the batch, from {place}")  # fmt: skip
    else:
        place = streams.shelf() / name
        show.say(f"{data.source['path']}: {about['rows']} rows are read by the batch, from {place}")
    return _prepared(typed, data, place, about, folder)


def _what(typed: TypedGraph, data: Data) -> list[Any]:
    """All that what is laid down hangs on, but for the files."""
    sides = [
        (one.name, one.columns, one.encode if hasattr(one, "encode") else None, one.pad)
        for side in (data.inputs, data.targets)
        for one in side.values()
    ]
    inputs = [node.name for node in typed.graph.nodes.values() if node.input is not None]
    used = (data.split.columns, data.split.stratify, data.sample_weight, data.window and data.window.group)
    return [data.source, sides, shapes_of(typed, inputs), heads_of(typed), data.missing, data.on_error, used]


def _why(data: Data, folder: Path) -> str:
    if data.cache is False:
        return "with `cache = false` they are not kept in memory"
    have, most = streams.weight(data.source, folder), streams.bound()
    return f"about {have / 2**30:.1f} GB are more than the {most / 2**30:.1f} GB that are kept in memory"


def _made(
    typed: TypedGraph, source: Any, folder: Path, name: str, files: list[Path], what: list[Any], show: Progress
) -> dict[str, Any]:
    """Go through the source, and lay its rows down."""
    data = typed.graph.spec.data
    assert data is not None
    skip = data.on_error == "skip"
    found = source.pieces(data.source, folder, (*data.pointer, "source"), skip=skip)
    bindings = bind(typed.graph, found.head)
    for one in _spread(typed):
        if one not in found.head.columns or one in found.head.duplicates:
            raise Problem(no_column(one, found.head, ("data", "split", "stratify")))
    wants = wants_of(shapes_of(typed, bindings.inputs), heads_of(typed), data, folder)
    shelf = streams.shelf()
    temporary: Path | None = None
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=shelf))
        with ExitStack() as stack:
            stack.callback(show.reading, found.head.origin, found.size, found.size)
            pass_ = _Pass(typed, bindings, wants, temporary, stack)
            pass_.through(found, show)
            about = {**pass_.close(found.head), "what": sha256(repr(what).encode()).hexdigest()}
        streams.keep(temporary, name, about, files)
    except OSError as error:
        message = f"the rows of {found.head.origin} can't be laid down in {shelf}: {error.strerror or error}"
        way = "make room there, or let KERASPEC_CACHE name another folder; `cache = true` keeps the rows in memory"
        raise Problem(Finding("E407", message, (*data.pointer, "source"), help=way)) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        _let_go()
    return about


def _let_go() -> None:
    """Give memory back that Arrow keeps for what it might read next."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _spread(typed: TypedGraph) -> tuple[str, ...]:
    """The column whose values are spread over the parts, if there is one."""
    data = typed.graph.spec.data
    return () if data is None or data.split.stratify is None else (data.split.stratify,)


class _Pass:
    """One pass through a source: what is laid down, and what is remembered."""

    def __init__(self, typed: TypedGraph, bindings: Bindings, wants: Wants, folder: Path, stack: ExitStack) -> None:
        self.typed = typed
        self.bindings = bindings
        self.wants = wants
        self.folder = folder
        self.inputs = {name: Layer(folder, f"input{index}", stack) for index, name in enumerate(bindings.inputs)}
        self.targets = {
            name: target_layer(folder, f"target{index}", wants.heads[name], binding, stack)
            for index, (name, binding) in enumerate(bindings.targets.items())
        }
        names = [name for one in bindings.others.values() for name in one.columns]
        self.others = Others([*names, *_spread(typed)])
        self.files: dict[str, int] = {}
        self.lost: list[Array] = []
        self.count = self.dropped = 0
        self.skipped: list[str] = []

    def through(self, found: Pieces, show: Progress) -> None:
        """Every row.

        Raises:
            Problem: at the first rows where something does not fit; E412 if none is left.
        """

        def tell(done: int) -> None:
            show.reading(found.head.origin, done, found.size)

        for table in found.read({*self.bindings.columns, *self.others.names}, tell):
            ready = gathered(table, self.bindings, self.wants, piece=True)
            self._remember(table, ready)
            findings: list[Finding] = []
            if len(ready.rows):
                for name, binding in self.bindings.inputs.items():
                    with Collect(findings, binding, ready.rows, table):
                        self._input(name, binding, ready)
                for name, binding in self.bindings.targets.items():
                    with Collect(findings, binding, ready.rows, table):
                        self.targets[name].add(ready.target(binding, self.wants.heads[name]), self._first(ready))
            if findings:
                raise Problem(*findings)
        if self.count == sum(len(one) for one in self.lost):
            if self.skipped and self.dropped < self.count:
                reason, way = "no row can be read", f"the first: {self.skipped[0]}"
            else:
                reason, way = "every row lacks a value", None
            message = f"nothing is left of {found.head.origin}: {reason}"
            raise Problem(Finding("E412", message, ("data", "source"), help=way))

    def _first(self, ready: Gathered) -> Array:
        """The numbers of rows among all of the source."""
        return ready.rows + self.before

    def _remember(self, table: Table, ready: Gathered) -> None:
        import numpy as np

        name = table.files[0][0] if table.files else ""
        self.files[name] = self.files.get(name, 0) + table.rows
        self.before = self.count
        self.count += table.rows
        if len(ready.rows) < table.rows:
            self.lost.append(np.setdiff1d(np.arange(table.rows), ready.rows) + self.before)
        self.dropped += ready.dropped
        self.skipped += ready.skipped
        self.others.add(table)

    def _input(self, name: str, binding: Binding, ready: Gathered) -> None:
        shape, dtype = self.wants.inputs[name]
        rows: Any = ready.unequal(binding, shape, dtype)
        if rows is None:
            rows = ready.input(binding, shape, dtype)
            check_words(self.typed, name, rows)
        else:
            self._require_short(rows, binding, shape)
        try:
            self.inputs[name].add(rows)
        except ValueError as error:
            raise MisfitError(f"holds numbers of several kinds: {error}") from None

    def _require_short(self, rows: list[Array], binding: Binding, shape: Any) -> None:
        from .deferred import padded
        from .gathered import too_long

        try:
            padded(rows, [size if isinstance(size, int) else None for size in shape], "float32", 0)
        except ValueError as error:
            raise too_long(binding.columns[0], rows, shape, int(error.args[0])) from None

    def close(self, head: Table) -> dict[str, Any]:
        """End the files; all that is not in them.

        Raises:
            Problem: where the labels of all rows are not what a head can give.
        """
        import numpy as np

        files = tuple(self.files.items()) if len(self.files) > 1 else ()
        table = Table(head.origin, {}, files=files)
        findings: list[Finding] = []
        targets: dict[str, LaidTarget] = {}
        for name, target in self.targets.items():
            seen = target.seen
            with Collect(findings, self.bindings.targets[name], seen, table):
                targets[name] = target.close()
        if findings:
            raise Problem(*findings)
        lost = np.concatenate(self.lost) if self.lost else np.zeros(0, np.int64)
        np.save(self.folder / "lost.npy", lost)
        self.others.save(self.folder)
        return {
            "inputs": {name: layer.close().plain() for name, layer in self.inputs.items()},
            "targets": {name: one.plain() for name, one in targets.items()},
            "names": list(head.columns),
            "duplicates": sorted(head.duplicates),
            "origin": head.origin,
            "rows": self.count,
            "parts": files,
            "dropped": self.dropped,
            "skipped": self.skipped,
        }


def _prepared(typed: TypedGraph, data: Data, place: Path, about: Mapping[str, Any], folder: Path) -> Prepared:
    """What was laid down, in parts."""
    import numpy as np

    names = dict.fromkeys(about["names"], ())
    bindings = bind(typed.graph, Table(about["origin"], names, frozenset(about["duplicates"])))
    heads, shapes = heads_of(typed), shapes_of(typed, bindings.inputs)
    inputs = {}
    for index, (name, laid) in enumerate(about["inputs"].items()):
        sizes = [size if isinstance(size, int) else None for size in shapes[name][0]]
        inputs[name] = opened(place, f"input{index}", _laid(laid), sizes, bindings.inputs[name].pad)
    targets, encodings = {}, {}
    for index, (name, told) in enumerate(about["targets"].items()):
        one = LaidTarget.read(told)
        targets[name] = one.opened(place, f"target{index}", bindings.targets[name].pad)
        encodings[name] = one.encoding
    rows: Array = numbered(about["rows"])
    if len(lost := np.load(place / "lost.npy")):
        rows = np.delete(rows, lost)
    files = tuple((name, count) for name, count in about["parts"])
    table = Table(about["origin"], Others.load(place), files=files, folder=folder)
    bound = Bindings({}, {}, bindings.others)
    wants = wants_of(shapes, heads, data, folder)
    columns = _used(table, bound, wants, rows)
    examples = examples_of(table, data.split, data.window, data.seed, rows, columns)
    ready = Gathered(columns, {}, rows, about["dropped"], tuple(about["skipped"]))
    every = Rows(inputs, targets, ready.weights(bound, table, targets))
    parts = {name: taken_rows(_short(examples[name]), every) for name in PARTS}
    prepared = Prepared(parts, bindings, encodings, heads, about["dropped"], tuple(about["skipped"]), streamed=True)
    return weighed(typed, prepared)[0]


def _short(examples: Examples) -> Examples:
    """The same with numbers of rows that take half as much memory."""
    import numpy as np

    limit = np.iinfo(np.int32).max
    if len(examples.rows) and examples.rows.max() > limit:
        return examples
    return replace(examples, rows=examples.rows.astype(np.int32, copy=False))


def _used(table: Table, bound: Bindings, wants: Wants, rows: Array) -> dict[str, Any]:
    """The columns by which rows are parted, weighed or put in series, of those rows that are used."""
    from .cells import taken
    from .others import missing_of

    if not bound.columns:
        return {}
    columns, _ = completed(table, bound, missing_of(wants.missing, bound))
    if len(rows) == table.rows:
        return columns
    return {name: taken(values, rows) for name, values in columns.items()}


def _laid(told: Mapping[str, Any]) -> Laid:
    return Laid(**{**told, "sizes": tuple(told["sizes"])})
