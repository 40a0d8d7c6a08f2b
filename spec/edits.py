"""The noun TextEdit, and the edits by which keys, values and tables of a spec change where they stand.

An edit touches its own characters and no others: comments and layout of all the rest stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .document import Pointer, Source
from .places import Span, Spot
from .to_toml import key as toml_key
from .to_toml import verbatim
from .to_toml import written as toml_written
from .toml_keys import KEY, is_header

_PREFIX: Final = re.compile(rf"(?:{KEY}[ \t]*\.[ \t]*)+\Z")
_LINE_REST: Final = re.compile(r"[^\n]*(?:\n|\Z)")


_VALUES: Final = ("leaf", "array", "inline")


@dataclass(frozen=True, slots=True, order=True)
class TextEdit:
    """New text for a stretch of a text: offsets in code points, ``end`` exclusive."""

    start: int
    end: int
    text: str


def applied(text: str, edits: Iterable[TextEdit]) -> str:
    """The text with edits made, none of which may overlap another.

    Raises:
        ValueError: if two overlap.
    """
    parts: list[str] = []
    at = 0
    for one in sorted(set(edits)):
        if one.start < at:
            raise ValueError(f"two edits overlap at {one.start}")
        parts += (text[at : one.start], one.text)
        at = one.end
    return "".join([*parts, text[at:]])


class Editor:
    """Makes edits of one text, TOML or JSON; places are taken from its syntax tree.

    Text with mistakes in its syntax has a tree as well, of what could be read.
    """

    __slots__ = ("language", "root", "source", "text")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.language = "json" if source.path.lower().endswith(".json") else "toml"
        if self.language == "json":
            from .json_tree import JsonTree

            self.root = JsonTree(self.text).root
        else:
            from .toml_tree import TomlTree

            self.root = TomlTree(self.text).root

    # ------------------------------------------------------------ finding

    def spot(self, pointer: Pointer) -> Spot | None:
        """What stands at a pointer, if anything."""
        spot = self.root
        for step in pointer:
            found = spot.children.get(step)
            if found is None:
                return None
            spot = found
        return spot

    def every(self) -> Iterator[tuple[Pointer, Spot]]:
        """All that the text holds, from the outside inward."""
        waiting: list[tuple[Pointer, Spot]] = [((), self.root)]
        while waiting:
            pointer, spot = waiting.pop()
            yield pointer, spot
            waiting.extend(((*pointer, step), child) for step, child in reversed(spot.children.items()))

    def at(self, start: int, end: int) -> Pointer | None:
        """The pointer whose key, value or head takes just this stretch; of several the innermost."""
        best: Pointer | None = None
        for pointer, spot in self.every():
            if pointer and (start, end) in (spot.key, spot.value, spot.entry):
                best = pointer if best is None or len(pointer) > len(best) else best
        return best

    def data(self, spot: Spot) -> Any:
        """The value that stands at a spot; None where it can't be read."""
        from .places import plain

        return plain(spot, lambda span: _leaf(self.text[slice(*span)], self.language), lambda span: False)

    # ------------------------------------------------------------ writing

    def written(self, value: Any) -> str:
        """A value as this language has it."""
        if self.language == "json":
            return json_written(value)
        return toml_written(verbatim(value), broken=False)

    def key(self, name: str) -> str:
        """A key as this language has it."""
        return json.dumps(name, ensure_ascii=False) if self.language == "json" else toml_key(name)

    def rename(self, pointer: Pointer, name: str) -> list[TextEdit]:
        """Another key in the place of one, each time that it is written: in every header, in every dotted key."""
        spot = self.spot(pointer)
        if spot is None or spot.key is None:
            return []
        if spot.kind in ("table", "tables", "implicit", "dotted") and not any(isinstance(one, int) for one in pointer):
            from .merge.keys import key_spans

            return [TextEdit(start, end, self.key(name)) for way, start, end in key_spans(self.text, self.language)
                    if way == pointer]  # fmt: skip
        return [TextEdit(*spot.key, self.key(name))]

    def put(self, table: Pointer, key: str, value: Any) -> list[TextEdit]:
        """A key with a value in a table: in the place of the value it has, or as the last of the table's own keys."""
        return self.put_written(table, key, self.written(value))

    def put_written(self, table: Pointer, key: str, value: str) -> list[TextEdit]:
        """The same with a value that is text of this language already."""
        holder = self.spot(table)
        if holder is None:
            return []
        there = holder.children.get(key)
        if there is not None:
            return [TextEdit(*there.value, value)] if there.kind in ("leaf", "array", "inline") else []
        if holder.kind == "inline" or self.language == "json":
            return self._into_braces(holder, self.pair(key, value))
        if holder.kind not in ("table", "dotted", "implicit") and table:
            return []
        return self._into_lines(holder, table, self.pair(key, value))

    def pair(self, key: str, value: str) -> str:
        """A key and the text of its value, as this language has them."""
        return f"{self.key(key)}{': ' if self.language == 'json' else ' = '}{value}"

    def add_table(self, name: str, pair: str) -> list[TextEdit]:
        """A new table of the top level, the last one, with one key."""
        if self.language == "json":
            return self._into_braces(self.root, self.pair(name, f"{{ {pair} }}"))
        ending = "\r\n" if "\r\n" in self.text else "\n"
        before = "" if not self.text or self.text.endswith("\n") else ending
        size = len(self.text)
        return [TextEdit(size, size, f"{before}{ending}[{self.key(name)}]{ending}{pair}{ending}")]

    def _into_braces(self, holder: Spot, pair: str) -> list[TextEdit]:
        start, end = holder.value
        last = max((_end(child) for child in holder.children.values()), default=None)
        if last is None:
            return [TextEdit(start, end, f"{{ {pair} }}")]
        first = min(_start(child) for child in holder.children.values())
        margin = self._margin(first)
        return [TextEdit(last, last, f",\n{margin}{pair}" if margin is not None else f", {pair}")]

    def _margin(self, at: int) -> str | None:
        """The blanks before a place, if nothing else stands before it on its line."""
        line = self.text.rfind("\n", 0, at) + 1
        before = self.text[line:at]
        return before if line and not before.strip() else None

    def _into_lines(self, holder: Spot, table: Pointer, pair: str) -> list[TextEdit]:
        own = [child for child in holder.children.values() if _is_own(child)]
        ending = "\r\n" if "\r\n" in self.text else "\n"
        if holder.kind in ("dotted", "implicit"):
            if not own:
                return []
            first = own[0].key
            prefix = _PREFIX.search(self.text, self.line_start(first[0]), first[0]) if first is not None else None
            pair = f"{prefix[0] if prefix is not None else ''}{pair}"
        at = max((_end(child) for child in own), default=holder.entry[1] if table else self._head())
        rest = _LINE_REST.match(self.text, at)
        end = rest.end() if rest is not None and (own or table) else at
        before = "" if end == 0 or self.text[end - 1] == "\n" else ending
        return [TextEdit(end, end, f"{before}{pair}{ending}")]

    def _head(self) -> int:
        """Where the first key of a TOML text can stand: below the line that names its schema."""
        end = 0
        while (found := _LINE_REST.match(self.text, end)) is not None and found[0].startswith("#:"):
            end = found.end()
        return end

    def line_start(self, at: int) -> int:
        """Where the line of a place begins."""
        return self.text.rfind("\n", 0, at) + 1

    # ------------------------------------------------------------ taking away

    def pair_of(self, pointer: Pointer) -> Span | None:
        """The stretch of a key, with the dotted names before it, and its value."""
        spot = self.spot(pointer)
        if spot is None or spot.key is None or spot.kind not in ("leaf", "array", "inline"):
            return None
        start = spot.key[0]
        prefix = _PREFIX.search(self.text, self.line_start(start), start) if self.language == "toml" else None
        return (prefix.start() if prefix is not None else start), spot.value[1]

    def remove(self, pointer: Pointer) -> list[TextEdit]:
        """A key and its value taken away, with what follows on its line if it has one of its own.

        A table that has a header of its own, and an entry of a list, are taken away with the comments above.
        """
        spot, pair = self.spot(pointer), self.pair_of(pointer)
        if spot is None or not pointer:
            return []
        if pair is None:
            pair = spot.value if isinstance(pointer[-1], int) and spot.kind in ("leaf", "array", "inline") else None
        if pair is None and spot.kind == "dotted":
            leaves = [way for way, one in self.every() if way[: len(pointer)] == pointer and one.kind in _VALUES]
            own = [way for way in leaves if not any(way[: len(one)] == one for one in leaves if len(one) < len(way))]
            return [edit for way in own for edit in self.remove(way)]
        if pair is None:
            return self._remove_section(pointer)
        holder = self.spot(pointer[:-1])
        if holder is not None and (holder.kind in ("inline", "array") or self._in_braces(pointer)):
            return [self._out_of_braces(*pair)]
        start, end = self.line_start(pair[0]), pair[1]
        rest = _LINE_REST.match(self.text, end)
        return [TextEdit(start, rest.end() if rest is not None else end, "")]

    def _in_braces(self, pointer: Pointer) -> bool:
        around = [self.spot(pointer[:size]) for size in range(1, len(pointer))]
        return self.language == "json" or any(one is not None and one.kind in ("inline", "array") for one in around)

    def _out_of_braces(self, start: int, end: int) -> TextEdit:
        """What stands between commas, with one of them."""
        behind = re.compile(r"[ \t]*,[ \t]*(?:\r?\n(?=[ \t\r\n]*[\]}]))?").match(self.text, end)
        if behind is not None:
            own = self._margin(start)
            line = re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n").match(self.text, behind.end())
            if own is not None and line is not None:
                return TextEdit(self.line_start(start), line.end(), "")
            return TextEdit(start, behind.end(), "")
        before = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*\Z")
        found = before.search(self.text, max(0, start - 2000), start)
        head = found.start() if found is not None and "," in found[0] else start
        return TextEdit(head, end, "")

    def _remove_section(self, pointer: Pointer) -> list[TextEdit]:
        """The headers of a table and of all within it, each to the next header."""
        heads = [one.entry[0] for way, one in self.every() if way[: len(pointer)] == pointer and one.kind == "table"]
        edits = []
        for head in sorted(set(heads)):
            start = self.above(head)
            end = self._next_header(head)
            edits.append(TextEdit(start, self.above(end) if end < len(self.text) else end, ""))
        return edits

    def above(self, at: int) -> int:
        """Where the comments right above a line begin, or the line itself."""
        start = self.line_start(at)
        while start:
            line = self.line_start(start - 1)
            if not self.text[line:start].lstrip(" \t").startswith("#"):
                return start
            start = line
        return start

    def _next_header(self, at: int) -> int:
        for found in re.compile(r"^[ \t]*\[", re.M).finditer(self.text, at + 1):
            if is_header(self.text, found.start()):
                return found.start()
        return len(self.text)

    # ------------------------------------------------------------ entries of lists

    def insert(self, pointer: Pointer, entry: Mapping[str, Any]) -> list[TextEdit]:
        """An entry of a list of tables before the one at a pointer, written as that one is."""
        spot, holder = self.spot(pointer), self.spot(pointer[:-1])
        if spot is None or holder is None or not isinstance(pointer[-1], int):
            return []
        if holder.kind == "tables":
            at = self.above(spot.entry[0])
            name = self.text[spot.entry[0] : spot.entry[1]]
            lines = [name, *(f"{toml_key(key)} = {self.written(value)}" for key, value in entry.items())]
            ending = "\r\n" if "\r\n" in self.text else "\n"
            return [TextEdit(at, at, ending.join([*lines, "", ""]))]
        at = spot.value[0]
        margin = self._margin(at)
        behind = f",\n{margin}" if margin is not None else ", "
        if margin is not None:
            at = self.above(at) + len(margin)
        return [TextEdit(at, at, self.written(dict(entry)) + behind)]


def _is_own(spot: Spot) -> bool:
    """Whether what a key leads to is written below its table's header, not below one of its own."""
    return spot.kind in ("leaf", "array", "inline") or (
        spot.kind == "dotted" and any(_is_own(child) for child in spot.children.values())
    )


def _start(spot: Spot) -> int:
    return (spot.key or spot.value)[0]


def _end(spot: Spot) -> int:
    """Where the value of a key ends; of one made by dotted keys, the last of them."""
    if spot.kind == "dotted":
        return max(_end(child) for child in spot.children.values())
    return spot.value[1]


def _leaf(written: str, language: str) -> Any:
    import tomli

    try:
        return json.loads(written) if language == "json" else tomli.loads(f"v = {written}")["v"]
    except (ValueError, KeyError):
        return None


def json_written(value: Any) -> str:
    """A value as JSON, on one line, with blanks inside braces as `fmt` has them."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {json_written(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(json_written(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)
