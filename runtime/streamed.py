"""From a source larger than memory to Prepared: gone through once, a few rows at a time, which are laid down in files.

What comes of it is what ``from_table`` makes of the whole: the same rows, in the same order and the same parts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.graph import TypedGraph
from ..spec.problem import Problem
from ..spec.spec import Data
from . import streams
from .class_weights import weighed
from .columns import Bindings, bind, no_column
from .data import Prepared, check_words, heads_of, shapes_of, taken_rows
from .examples import Examples, examples_of
from .gathered import Wants, wants_of
from .labels import Encoding
from .laid_targets import LaidTarget, target_layer
from .laying import Laying, head_of_laid, laid_rows, lay
from .pending import are_masks
from .progress import Progress
from .split import PARTS
from .window_targets import stepped

if TYPE_CHECKING:
    from .sources import PluginReader, Reader


def streams_here(typed: TypedGraph, one: Reader | PluginReader, folder: Path) -> bool:
    """Whether the spec's source is read a few rows at a time; not where pictures or sounds are to be encoded."""
    data = typed.graph.spec.data
    assert data is not None
    heads = heads_of(typed)
    for name, column in data.targets.items():
        kind = None if column.encode is None or column.decode is None else column.decode["type"]
        if kind not in (None, "text") and not (name in heads and are_masks(kind, heads[name])):
            return False
    return streams.streams(one, data.source, data.cache, folder)


def prepare_streamed(typed: TypedGraph, source: Reader | PluginReader, folder: Path, show: Progress) -> Prepared:
    """The rows of the spec's source, laid down in files; as they were, where they have been and no file has changed.

    Raises:
        Problem: as ``prepare`` does, at the first rows where something shows; E407 where there is no room for them.
    """
    data = typed.graph.spec.data
    assert data is not None
    files = streams.files_of(data.source, folder)
    what = _what(typed, data, folder)
    name = streams.name_of(files, what)
    place, about = streams.shelf() / name, streams.kept(name)
    if about is None:
        began = time.monotonic()
        place, about = _made(typed, source, folder, name, files, what, show)
        seconds = time.monotonic() - began
        why = streams.why(data.source, data.cache, folder)
        show.say(f"{data.source['path']}: {about['rows']} rows gone through in {seconds:.1f} s; {why}, so they are "
                 f"read by the batch, from {place}")  # fmt: skip
    else:
        show.say(f"{data.source['path']}: {about['rows']} rows are read by the batch, from {place}")
    return _prepared(typed, data, place, about, folder)


def still_there(typed: TypedGraph, folder: Path, encodings: Mapping[str, Encoding]) -> Prepared | None:
    """The rows that were laid down when the spec was trained, if no file has changed since, and labels mean the same as
    in ``encodings``; else None."""
    data = typed.graph.spec.data
    assert data is not None
    name = streams.name_of(streams.files_of(data.source, folder), _what(typed, data, folder))
    about = streams.kept(name)
    if about is None:
        return None
    if {output: LaidTarget.read(told).encoding for output, told in about["targets"].items()} != encodings:
        return None
    return _prepared(typed, data, streams.shelf() / name, about, folder)


def _what(typed: TypedGraph, data: Data, folder: Path) -> list[Any]:
    """All that what is laid down hangs on, but for the files."""
    sides = [
        (one.name, one.columns, one.encode if hasattr(one, "encode") else None, one.pad, bool(one.buckets))
        for side in (data.inputs, data.targets)
        for one in side.values()
    ]
    decoded = [(one.name, one.decode) for side in (data.inputs, data.targets) for one in side.values() if one.decode]
    inputs = [node.name for node in typed.graph.nodes.values() if node.input is not None]
    used = (data.split.columns, data.split.stratify, data.sample_weight, data.window and data.window.group)
    named = (decoded, str(folder.resolve())) if decoded else ()
    window = data.window and (data.window.length, data.window.horizon)
    return [data.source, sides, shapes_of(typed, inputs), heads_of(typed), data.missing, data.on_error, used, named,
            window]  # fmt: skip


def _made(
    typed: TypedGraph, source: Any, folder: Path, name: str, files: list[Path], what: list[Any], show: Progress
) -> tuple[Path, dict[str, Any]]:
    """Go through the source, and lay its rows down."""
    data = typed.graph.spec.data
    assert data is not None
    pointer = (*data.pointer, "source")
    found = source.pieces(data.source, folder, pointer, skip=data.on_error == "skip")
    bindings = bind(typed.graph, found.head)
    spread = () if data.split.stratify is None else (data.split.stratify,)
    for one in spread:
        if one not in found.head.columns or one in found.head.duplicates:
            raise Problem(no_column(one, found.head, ("data", "split", "stratify")))
    laying = Laying(
        bindings, _wants(typed, bindings, data, folder), target_layer, spread,
        lambda input_, rows: check_words(typed, input_, rows),
        lambda table: stepped(typed, heads_of(typed), bindings.targets, table),
    )  # fmt: skip
    return lay(found, laying, name, pointer, show, files, sha256(repr(what).encode()).hexdigest())


def _wants(typed: TypedGraph, bindings: Bindings, data: Data, folder: Path) -> Wants:
    return wants_of(shapes_of(typed, bindings.inputs), heads_of(typed), data, folder)


def _prepared(typed: TypedGraph, data: Data, place: Path, about: Mapping[str, Any], folder: Path) -> Prepared:
    """What was laid down, in parts."""
    bindings = bind(typed.graph, head_of_laid(about))
    found = laid_rows(place, about, bindings, _wants(typed, bindings, data, folder), folder)
    ready = found.ready
    examples = examples_of(found.table, data.split, data.window, data.seed, ready.rows, ready.columns)
    heads, steps = heads_of(typed), found.steps
    parts = {name: taken_rows(short(examples[name]), found.rows, steps, heads) for name in PARTS}
    prepared = Prepared(parts, bindings, found.encodings, heads, ready.dropped, ready.skipped, True, steps)
    return weighed(typed, prepared)[0]


def short(examples: Examples) -> Examples:
    """The same with numbers of rows that take half as much memory."""
    import numpy as np

    limit = np.iinfo(np.int32).max
    if len(examples.rows) and examples.rows.max() > limit:
        return examples
    return replace(examples, rows=examples.rows.astype(np.int32, copy=False))
