"""From a JSON text to a Document: the json module gives the values, tree-sitter the places."""

from __future__ import annotations

import json
import re
from typing import Any

from .document import HOLE, Document, Place, Source
from .finding import Finding
from .json_tree import JsonTree
from .json_values import scan_json
from .mending import damage, too_deep, twice
from .places import Index, Patched, plain
from .read_toml import is_plain
from .scan import ENOUGH
from .toml_words import refuse_value

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _TwiceError(ValueError):
    """A key that comes twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


def read_json(source: Source) -> tuple[Document, list[Finding]]:
    """The document of a JSON text, and what is wrong with the text."""
    text = source.text
    trusted = False
    try:
        data = json.loads(text, object_pairs_hook=_once)
        trusted = True
        if isinstance(data, dict) and is_plain(data) and not _SURROGATE.search(text):
            return Document(source, data, Index(source, lambda: JsonTree(text).root)), []
    except _TwiceError:
        pass  # which may hide a syntax error further on
    except (ValueError, RecursionError):
        pass
    return _mended(source, trusted)


def _mended(source: Source, trusted: bool) -> tuple[Document, list[Finding]]:
    """What can be read of a text after all that is wrong with it was edited away."""
    scan = scan_json(source, trusted)
    patched = Patched(source.text, scan.edits)
    tree = JsonTree(patched.text)
    findings = list(scan.findings)
    findings.extend(twice(source, clash, patched) for clash in tree.clashes[:ENOUGH])
    if all(one.code != "E009" for one in findings):
        findings.extend(too_deep(source, patched.original(span)) for span in tree.too_deep[:ENOUGH])
    damaged = damage(tree.root, scan, patched, not tree.has_error).union(*(clash.lost for clash in tree.clashes))
    holes = {*scan.holes, *(patched.original(span)[0] for span in tree.too_deep)}
    unexplained = None if findings else _refusal(source)
    if unexplained is not None:
        findings.append(unexplained)
        damaged |= {()}
    values = plain(
        tree.root,
        lambda span: _leaf(patched.text[span[0] : span[1]]),
        lambda span: patched.original(span)[0] in holes,
    )
    if not isinstance(values, dict):
        values, damaged = {}, damaged | {()}
    index = Index(source, lambda: tree.root, patched.original)
    return Document(source, values, index, frozenset(damaged)), findings


def _leaf(written: str) -> Any:
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return HOLE
    return HOLE if refuse_value(value, written) else value


def _refusal(source: Source) -> Finding | None:
    """What the json module says, for the mistakes that nobody thought of; nothing where it has no objection."""
    try:
        json.loads(source.text)
    except json.JSONDecodeError as error:
        words, at = error.msg, error.pos
    except (ValueError, RecursionError):
        words, at = "this text cannot be read", 0
    else:
        return None
    return Finding(
        "E003",
        f"expected JSON, found something else: {words[:1].lower()}{words[1:]}",
        help="compare this line with one that is written alike and works",
        place=Place(source, at, min(at + 1, len(source.text))),
    )
