"""From a text to the places of all its keys: each time that one is written, headers and dotted keys too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..format_toml_lines import name_of
from ..places import code_points, syntax_tree
from ..toml_keys import KEY
from .pieces import Way

if TYPE_CHECKING:
    from tree_sitter import Node

_KEY: Final = re.compile(KEY)
_NAMED: Final = ("bare_key", "quoted_key", "dotted_key")


def key_spans(text: str, language: str) -> Iterator[tuple[Way, int, int]]:
    """Each key of a well-formed text: the keys that lead to it and it, and where it stands. Lists count for nothing."""
    at = code_points(text)

    def written(node: Node, before: Way) -> Iterator[tuple[Way, int, int]]:
        start, end = at(node.start_byte), at(node.end_byte)
        if language == "json":
            yield (*before, json.loads(text[start:end])), start, end
            return
        way = before
        for found in _KEY.finditer(text[start:end]):
            way = (*way, name_of(found[0]))
            yield way, start + found.start(), start + found.end()

    waiting: list[tuple[Node, Way]] = [(syntax_tree(text, language), ())]
    while waiting:
        node, way = waiting.pop()
        inner = way
        key = node.child_by_field_name("key") if language == "json" else None
        for child in node.named_children if node.type in ("pair", "table", "table_array_element") else ():
            key = child if key is None and child.type in _NAMED else key
        if key is not None:
            for found in written(key, way):
                yield found
                inner = found[0]
        waiting.extend((child, inner) for child in node.named_children if key is None or child.id != key.id)
