"""From what a scan found out to findings and damaged pointers, alike for TOML and JSON."""

from __future__ import annotations

from dataclasses import replace

from .document import Place, Pointer, Source
from .finding import Finding, Related
from .places import TOO_DEEP, Patched, Span, Spot
from .scan import Scan
from .toml_tree import Clash, walk


def moved(finding: Finding, source: Source) -> Finding:
    """A finding of a scan, its place in the text as it was written."""
    if finding.place is None or finding.place.source is source:
        return finding
    return replace(finding, place=Place(source, finding.place.start, finding.place.end))


def twice(source: Source, clash: Clash, patched: Patched) -> Finding:
    """The finding that a key or table is there already."""
    start, end = patched.original(clash.again)
    line, _ = source.line_column(patched.original(clash.first)[0])
    help_ = "keep one of the two"
    if clash.in_list:
        help_ += "; where the next entry of the list begins here, put its header or brace before it"
    return Finding(
        "E004",
        f"{clash.message} on line {line}",
        pointer=clash.pointer,
        part="key",
        help=help_,
        label="written again here",
        related=(Related("first written here", clash.pointer, "key"),),
        place=Place(source, start, end),
    )


def too_deep(source: Source, span: Span) -> Finding:
    """The finding that tables and lists lie too deep inside each other."""
    start, end = span
    return Finding(
        "E009",
        TOO_DEEP,
        help="no spec needs so many; take some away",
        place=Place(source, start, min(end, start + 1) if end > start else end),
    )


def damage(root: Spot, scan: Scan, patched: Patched, certain: bool) -> set[Pointer]:
    """The pointers of the lists and tables of which something was lost.

    Where it is not ``certain`` that the edits left a whole text, that may be any of them.
    """
    found: set[Pointer] = set()
    if not certain:
        return {pointer for pointer, spot in walk(root) if spot.kind != "leaf"}
    if -1 in scan.damaged or scan.headers:
        found.add(())
    if scan.damaged:
        for pointer, spot in walk(root):
            if pointer and spot.kind in ("table", "array", "inline"):
                if patched.original(spot.value)[0] in scan.damaged:
                    found.add(pointer)
            elif not pointer and root.kind != "table" and patched.original(spot.value)[0] in scan.damaged:
                found.add(())
    for at, names in scan.headers:
        found |= _on_the_way(root, at, names, patched)
    return found


def _on_the_way(root: Spot, at: int, names: tuple[str, ...], patched: Patched) -> set[Pointer]:
    """The tables and lists that a header at ``at`` which could not be read may have added to."""
    found: set[Pointer] = {()}
    spot = root
    pointer: Pointer = ()
    for name in names:
        child = spot.children.get(name)
        pointer = (*pointer, name)
        found.add(pointer)
        if child is None:
            break
        if child.kind == "tables":
            before = [number for number, entry in child.children.items() if patched.original(entry.value)[0] < at]
            if not before:
                break
            pointer = (*pointer, before[-1])
            found.add(pointer)
            child = child.children[before[-1]]
        spot = child
    return found
