"""From a data section to findings that need no data: what its split, its windows and its weights contradict."""

from __future__ import annotations

from collections.abc import Iterator

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.published import plugins
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
    if data.source.get("type") == "python":
        yield from _function(data)
    if data.window is not None:
        yield from _window(data, data.window, typed.graph, split_sound=not found)
    if data.source.get("type") in FOLDERS or any(column.decode for column in data.inputs.values()):
        from .decoding import decoding_findings

        yield from decoding_findings(typed)
    if data.source.get("columns"):
        from .data_columns import column_findings

        yield from column_findings(typed)
    if any(column.augment for column in data.inputs.values()) or data.augment:
        from .augmentations import augmentation_findings

        yield from augmentation_findings(typed)


def _function(data: Data) -> Iterator[Finding]:
    """The source is code, which runs only where the person has allowed its module."""
    stated = str(data.source.get("function", ""))
    module = stated.partition(":")[0]
    plugin = module.partition(".")[0]
    if plugin and plugin not in plugins():
        yield Finding(
            "E117",
            f"the data come from a function of `{plugin}`, which is not allowed here: its code would run",
            (*data.pointer, "source", "function"),
            help=f"if you trust it, call keraspec with `--allow-plugin {plugin}` (or with the path of its file)",
        )


def _split(split: Split) -> Iterator[Finding]:
    """One way of parting rows, and something that is parted."""
    ways = [key for key in ("stratify", "group", "time", "hash") if getattr(split, key) is not None]
    shares = [part for part in ("validation", "test") if getattr(split, part)]
    if split.column is not None:
        others = [*shares, *split.sources, *ways, *(["folds"] if split.folds else [])]
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
    elif split.folds is not None:
        yield from _folds(split)
    elif split.fold != 1:
        words = f"`fold = {split.fold}` chooses one of several folds, and there are none"
        way = "write how many there are, such as `folds = 5`"
        yield Finding("E408", words, (*AT, "fold"), "key", help=way)
    elif ways and not shares and ways != ["stratify"]:
        yield Finding(
            "E408",
            f"`{ways[0]}` says how rows are parted, but no share of them is kept aside",
            (*AT, ways[0]),
            "key",
            help=f'write a share, such as `split = {{ validation = 0.2, {ways[0]} = "{getattr(split, ways[0])}" }}`',
        )


def _folds(split: Split) -> Iterator[Finding]:
    """Each fold is validation in its turn: nothing else is, and no order of time is kept."""
    folds = (Related("the folds", (*AT, "folds"), "key"),)
    if split.validation or "validation" in split.sources:
        words = "with `folds` each of them is the validation part in its turn, so there is no share for it"
        yield Finding("E408", words, (*AT, "validation"), "key", help="leave out `validation`", related=folds)
    if split.time is not None:
        words = "folds are drawn by chance, and `time` keeps the last rows for validation and test"
        way = "keep one of them: a model that foretells is measured on what came last"
        yield Finding("E408", words, (*AT, "time"), "key", help=way, related=folds)
    if split.folds is not None and split.fold > split.folds:
        words = f"there are {split.folds} folds, counted from 1, and no fold {split.fold}"
        yield Finding("E408", words, (*AT, "fold"), help=f"write a number from 1 to {split.folds}", related=folds)


def _meaning(ways: list[str]) -> str:
    words = {
        "stratify": "`stratify` spreads the values of a column evenly over the parts",
        "group": "`group` keeps all rows of a value in one part",
        "time": "`time` keeps the last rows for validation and test",
        "hash": "`hash` lets the name of a row alone say its part",
    }
    return ", ".join(words[way] for way in ways)


def _window(data: Data, window: Window, graph: Graph, *, split_sound: bool) -> Iterator[Finding]:
    """Windows against the split, and against the shapes of the inputs."""
    at: Pointer = (*data.pointer, "window")
    split = data.split
    whole = split.group is not None or (split.hash is not None and split.hash == window.group)
    single = "stratify" if split.stratify is not None else "hash" if split.hash is not None else "folds"
    if split_sound and getattr(split, single) is not None and not whole:
        way = "leave it out: then the last rows are the test, and those before them validation"
        if single != "stratify" and window.group is not None:
            key = "hash" if single == "hash" else "group"
            way = f'keep whole series together: `{key} = "{window.group}"` in `split`'
        yield Finding(
            "E408",
            f"windows are made of rows in order, and `{single}` draws single rows by chance",
            (*AT, single),
            "key",
            help=way,
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
