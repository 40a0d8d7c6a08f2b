"""From a TypedGraph to findings about files as data: whether an input can take pictures, sounds or texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.spec import Data
from .graph import Node, TypedGraph

FOLDERS: Final = {"images": "image", "text": "text", "audio": "audio"}
"""Source → what its files are."""

CHANNELS: Final = (1, 3, 4)
WAYS: Final = {
    "image": "write the shape as [height, width, channels], with 1, 3 or 4 channels",
    "audio": 'write `shape = ["time"]` or with the number of samples, and with a second number for channels',
    "text": 'write `dtype = "string"` and `shape = []`, and let a TextVectorization layer read it',
}


def decoding_findings(typed: TypedGraph) -> Iterator[Finding]:
    """E405 for inputs whose shape or dtype no file of the stated kind has."""
    data = typed.graph.spec.data
    if data is None or data.window is not None:
        return
    nodes = [node for node in typed.graph.nodes.values() if node.input is not None]
    for node in nodes:
        found = _kind(data, node.name, len(nodes))
        if found is None or node.input is None or not node.sound:
            continue
        kind, pointer = found
        if not _takes(kind, node):
            written = ", ".join(str(size) for size in node.input.shape or ())
            message = f"`{node.name}` takes {node.input.dtype} of shape [{written}], and no {_word(kind)} is that"
            yield Finding("E405", message, pointer, help=WAYS[kind])


def _kind(data: Data, name: str, inputs: int) -> tuple[str, Pointer] | None:
    """What files feed an input, and where that is written; None where no files do."""
    column = data.inputs.get(name)
    if column is not None and column.decode is not None:
        return column.decode["type"], (*column.pointer, "decode")
    kind = FOLDERS.get(data.source.get("type", ""))
    if kind is None:
        return None
    stated = column.columns if column is not None else None
    if stated == (kind,) or (stated is None and (name == kind or inputs == 1)):
        return kind, ("data", "source", "type")
    return None


def _takes(kind: str, node: Node) -> bool:
    """Whether an input can be given such files."""
    assert node.input is not None
    shape: tuple[Any, ...] = tuple(node.input.shape or ())
    if kind == "text":
        return node.input.dtype == "string"
    if node.input.dtype in ("string", "bool"):
        return False
    if kind == "audio":
        return len(shape) in (1, 2) and "float" in node.input.dtype
    return len(shape) == 2 or (len(shape) == 3 and (shape[2] in CHANNELS or not isinstance(shape[2], int)))


def _word(kind: str) -> str:
    return {"image": "picture", "audio": "sound", "text": "text"}[kind]
