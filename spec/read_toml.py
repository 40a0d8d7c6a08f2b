"""From a TOML text to a Document: tomli gives the values, tree-sitter the places."""

from __future__ import annotations

import re
from datetime import date, time
from math import isfinite
from typing import Any

import tomli

from .document import HOLE, Document, Place, Source
from .finding import Finding
from .mending import damage, moved, too_deep, twice
from .places import DEEPEST, Index, Patched, plain, syntax_tree
from .scan import ENOUGH
from .toml_lines import scan_toml
from .toml_tree import TomlTree
from .toml_words import LARGEST, SMALLEST, refuse_value, simple

_NOT_STRUCTURE = re.compile(r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'|#[^\n]*")
_COMMA_LAST = re.compile(r",\s*\}")
_NEW_ESCAPE = re.compile(r"\\[ex]")


def read_toml(source: Source) -> tuple[Document, list[Finding]]:
    """The document of a TOML text, and what is wrong with the text."""
    text = source.text
    refusal: tomli.TOMLDecodeError | None = None
    data: dict[str, Any] | None = None
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        refusal = error
    except (ValueError, RecursionError):
        pass  # a number of thousands of digits, or brackets by the hundred: found again below
    if data is not None and is_plain(data) and not _is_newer(text):
        return Document(source, data, Index(source, lambda: TomlTree(text).root)), []
    return _mended(source, data, refusal)


def _mended(
    source: Source, data: dict[str, Any] | None, refusal: tomli.TOMLDecodeError | None
) -> tuple[Document, list[Finding]]:
    """What can be read of a text after all that is wrong with it was edited away."""
    scan = scan_toml(source, trusted=data is not None)
    patched = Patched(scan.text, scan.edits)
    tree = TomlTree(patched.text)
    findings = [one if one.place is None else moved(one, source) for one in scan.findings]
    findings.extend(twice(source, clash, patched) for clash in tree.clashes[:ENOUGH])
    deep = [patched.original(span) for span in tree.too_deep]
    # A dotted key adds to the depth, which the scan does not count: one mistake, seen from two sides.
    if all(one.code != "E009" for one in findings):
        findings.extend(too_deep(source, span) for span in deep[:ENOUGH])
    damaged = damage(tree.root, scan, patched, not tree.has_error).union(*(clash.lost for clash in tree.clashes))
    if not findings:
        if data is not None and is_plain(data):
            # The grammar is stricter than the language, or our look at it is: tomli's word counts.
            return Document(source, data, Index(source, lambda: TomlTree(source.text).root)), []
        findings.append(_unexplained(source, refusal))
        damaged |= {()}
    holes = {*scan.holes, *(span[0] for span in deep)}
    values = plain(
        tree.root,
        lambda span: _leaf(patched.text[span[0] : span[1]]),
        lambda span: patched.original(span)[0] in holes,
    )
    index = Index(source, lambda: tree.root, patched.original)
    return Document(source, values, index, frozenset(damaged)), findings


def _leaf(written: str) -> Any:
    plainly = simple(written)
    if plainly is not None:
        return plainly
    try:
        value = tomli.loads(f"v = {written}")["v"]
    except (ValueError, KeyError, RecursionError):
        return HOLE
    return HOLE if refuse_value(value, written) else value


def _unexplained(source: Source, refusal: tomli.TOMLDecodeError | None) -> Finding:
    """What tomli says, for the mistakes that nobody thought of."""
    at = 0
    if refusal is not None:
        at = min(source.offset(min(refusal.lineno, source.text.count("\n") + 1), refusal.colno), len(source.text))
    words = refusal.msg if refusal is not None else "this text cannot be read"
    return Finding(
        "E002",
        f"expected TOML, found something else: {words[:1].lower()}{words[1:]}",
        help="compare this line with one that is written alike and works",
        place=Place(source, at, min(at + 1, len(source.text))),
    )


def is_plain(data: dict[str, Any]) -> bool:
    """Whether data holds nothing but what the language has: finite numbers of 64 bits, no dates, not too deep."""
    level: list[Any] = [data]
    for _ in range(DEEPEST + 1):
        inner: list[Any] = []
        for holder in level:
            for value in holder.values() if type(holder) is dict else holder:
                kind = type(value)
                if kind is str or kind is bool or value is None:
                    continue
                if kind is dict or kind is list:
                    inner.append(value)
                elif kind is int:
                    if not SMALLEST <= value <= LARGEST:
                        return False
                elif kind is float:
                    if not isfinite(value):
                        return False
                else:
                    assert isinstance(value, date | time)
                    return False
        if not inner:
            return True
        level = inner
    return False


def _is_newer(text: str) -> bool:
    """Whether a text that tomli accepts is TOML 1.1 but not 1.0.

    A quick look tells for nearly every text that it cannot be; only then is the grammar of 1.0 asked.
    """
    if _NEW_ESCAPE.search(text) is None and '"""' not in text and "'''" not in text:
        braces = (_NOT_STRUCTURE.sub("", line) for line in text.split("\n") if "{" in line or "}" in line)
        # A line break inside braces leaves a line whose braces do not pair.
        if all(line.count("{") == line.count("}") and not _COMMA_LAST.search(line) for line in braces):
            return False
    return syntax_tree(text, "toml").has_error
