"""From a data section to findings that need no data: what its split, its windows and its weights contradict."""

from __future__ import annotations

from collections.abc import Iterator

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Data, Split, Window
from ..spec.words import listed
from .graph import Graph, TypedGraph

AT: Pointer = ("data", "split")
FOLDERS = ("images", "text", "audio")
"""Sources that are folders of files."""


def data_findings(typed: TypedGraph) -> Iterator[Finding]:
    """What contradicts itself in the data section, or the inputs of the model."""
    spec = typed.graph.spec
    data = spec.data
    if data is None:
        return
    found = list(_split(data.split))
    yield from found
    if data.window is not None:
        yield from _window(data, data.window, typed.graph, split_sound=not found)
    if data.source.get("type") in FOLDERS or any(column.decode for column in data.inputs.values()):
        from .decoding import decoding_findings

        yield from decoding_findings(typed)
    if any(column.augment for column in data.inputs.values()) or data.augment:
        from .augmentations import augmentation_findings

        yield from augmentation_findings(typed)


def _split(split: Split) -> Iterator[Finding]:
    """One way of parting rows, and something that is parted."""
    ways = [key for key in ("stratify", "group", "time") if getattr(split, key) is not None]
    shares = [part for part in ("validation", "test") if getattr(split, part)]
    if split.column is not None:
        others = [*shares, *split.sources, *ways]
        for key in others[:1]:
            yield Finding(
                "E408",
                f"`column` says of each row which part it is in, so `{key}` says nothing more",
                (*AT, key),
                "key",
                help=f"keep one of `column` and {listed(others)}",
                related=(Related("the column of parts", (*AT, "column")),),
            )
        return
    if len(ways) > 1:
        yield Finding(
            "E408",
            f"rows are parted in one way, and this split names {listed(ways)}",
            (*AT, ways[1]),
            "key",
            help=f"keep one of them: {_meaning(ways)}",
            related=(Related(f"`{ways[0]}` is here", (*AT, ways[0]), "key"),),
        )
    elif ways and not shares and ways != ["stratify"]:
        yield Finding(
            "E408",
            f"`{ways[0]}` says how rows are parted, but no share of them is kept aside",
            (*AT, ways[0]),
            "key",
            help=f'write a share, such as `split = {{ validation = 0.2, {ways[0]} = "{getattr(split, ways[0])}" }}`',
        )


def _meaning(ways: list[str]) -> str:
    words = {
        "stratify": "`stratify` spreads the values of a column evenly over the parts",
        "group": "`group` keeps all rows of a value in one part",
        "time": "`time` keeps the last rows for validation and test",
    }
    return ", ".join(words[way] for way in ways)


def _window(data: Data, window: Window, graph: Graph, *, split_sound: bool) -> Iterator[Finding]:
    """Windows against the split, and against the shapes of the inputs."""
    at: Pointer = (*data.pointer, "window")
    if split_sound and data.split.stratify is not None:
        yield Finding(
            "E408",
            "windows are made of rows in order, and `stratify` draws single rows by chance",
            (*AT, "stratify"),
            "key",
            help="leave it out: then the last rows are the test, and those before them validation",
            related=(Related("the window", at, "key"),),
        )
    for one in graph.spec.inputs:
        if one.shape is None or (one.shape and (isinstance(one.shape[0], str) or one.shape[0] == window.length)):
            continue
        shape = ", ".join(str(size) for size in one.shape)
        first = f"has {one.shape[0]} in the first axis" if one.shape else "has no axis for them"
        yield Finding(
            "E441",
            f"a window has {window.length} rows, but the input `{one.name}`, [{shape}], {first}",
            (*at, "length"),
            help=_fitting(one.shape, window.length),
            related=(Related("the input", (*one.pointer, "shape")),),
        )


def _fitting(shape: tuple[int | str, ...], length: int) -> str:
    if not shape:
        return f"write `shape = [{length}]` for one column, `[{length}, 3]` for three"
    rest = "".join(f", {size}" for size in shape[1:])
    if len(shape) == 1 and isinstance(shape[0], int) and shape[0] % length and shape[0] < length:
        return f"write `shape = [{length}, {shape[0]}]`: the rows of the window, then the columns"
    return f"write `shape = [{length}{rest}]`, or `length = {shape[0]}`"
