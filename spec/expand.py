"""From Document to Document: whether there are parameters, blocks and the like to write out, and the result.

A document that has none of this is left alone, and what writes the others out is not even loaded.
"""

from __future__ import annotations

from typing import Any, Final

from .document import Document
from .finding import Diagnostic

SECTIONS: Final = frozenset({"parameters", "blocks"})
KEYS: Final = frozenset({"block", "repeat", "each", "when"})
"""What is carried out here: keys of the top level, and of layer entries."""


def expand(document: Document) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The document with parameters, blocks, `repeat`, `each` and `when` written out, and what is wrong with them.

    One that has none of them comes back as it is.
    """
    if not _is_composed(document):
        return document, ()
    from .written_out import write_out

    return write_out(document)


def _is_composed(document: Document) -> bool:
    data = document.data
    if not data.keys().isdisjoint(SECTIONS):
        return True
    text = document.source.text
    if (document.trace is not None or "${" in text or "\\" in text) and _has_expressions(data):
        return True
    layers = data.get("layers")
    return isinstance(layers, list) and any(isinstance(one, dict) and not KEYS.isdisjoint(one) for one in layers)


def _has_expressions(value: Any) -> bool:
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, dict):
        return any(map(_has_expressions, value.values()))
    return isinstance(value, list) and any(map(_has_expressions, value))
