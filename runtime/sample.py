"""From a TypedGraph to rows at random that fit its inputs, where there are no rows of a person's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..compiler.graph import TypedGraph

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

SIZES: Final = (16, 32, 64, 128, 224)
"""What is tried for a size that a spec leaves open, in this order: a network may need the larger ones."""

LIMITS: Final[Mapping[str, str]] = {"Embedding": "input_dim", "CategoryEncoding": "num_tokens"}
"""Layer → the argument that whole numbers given to it stay below."""

WORDS: Final = ("one", "two", "three")


def random_rows(
    typed: TypedGraph, count: int, *, size: int = SIZES[0], words: Iterable[str] = (), seed: int = 0
) -> dict[str, Array]:
    """An array with ``count`` rows for every input.

    Sizes that the spec leaves open are all ``size``. Floats are drawn from the normal distribution; whole numbers lie
    below what the embeddings behind an input know, or below 10; text is made of ``words``.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    known = [*words] or [*WORDS]
    rows: dict[str, Array] = {}
    for node in typed.graph.nodes.values():
        if node.input is None:
            continue
        shape = (count, *(one if isinstance(one, int) else size for one in node.input.shape or ()))
        if node.input.dtype == "string":
            length = 4 if _reads_sentences(typed, node.name) else 1
            drawn = random.integers(0, len(known), (*shape, length)).reshape(-1, length).tolist()
            cells = [" ".join(known[index] for index in chosen) for chosen in drawn]
            rows[node.name] = np.array(cells, dtype=object).reshape(shape)
        elif node.input.dtype == "bool":
            rows[node.name] = random.integers(0, 2, shape).astype(bool)
        elif "int" in node.input.dtype:
            rows[node.name] = random.integers(0, _limit(typed, node.name), shape).astype(node.input.dtype)
        else:
            dtype = "float32" if node.input.dtype == "bfloat16" else node.input.dtype
            rows[node.name] = random.normal(size=shape).astype(dtype)
    return rows


def _limit(typed: TypedGraph, name: str) -> int:
    """What whole numbers of an input must stay below."""
    import networkx as nx

    found = [10]
    for one in nx.descendants(typed.graph.dag, name):
        layer = typed.graph.nodes[one].layer
        if layer is not None and layer.record.name in LIMITS:
            limit = layer[LIMITS[layer.record.name]]
            found.append(limit if isinstance(limit, int) else 10)
    return max(1, min(found))


def _reads_sentences(typed: TypedGraph, name: str) -> bool:
    """Whether text of an input is taken apart into words."""
    nodes = (node.layer for node in typed.graph.nodes.values() if any(edge.source == name for edge in node.edges))
    return any(layer is not None and layer.record.name == "TextVectorization" for layer in nodes)
