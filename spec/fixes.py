"""From the way out of a diagnostic to the edits that go it.

What a diagnostic advises, it advises in a spec's own words: what stands in backquotes or quotes in its help is
what is to be written, and nothing stands there twice. So the help is read here as a person reads it, and each of
its ways becomes a Fix. Whether a fix mends anything is for who makes it to try out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import tomli

from .document import Pointer, Source
from .edits import Editor, TextEdit
from .finding import Diagnostic
from .nearness import is_certain


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of one text that go one way out; a ``certain`` one is all that can have been meant."""

    words: str
    source: Source
    edits: tuple[TextEdit, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class _Case:
    """A diagnostic, the tree of its text, and what its place leads to: a key or value, and the table around it."""

    one: Diagnostic
    editor: Editor
    here: Pointer | None

    @property
    def stretch(self) -> str:
        """The text that is underlined."""
        return self.one.place.source.text[self.one.place.start : self.one.place.end]

    @property
    def table(self) -> Pointer | None:
        """The table in which the place stands, or that it is the head of."""
        if self.here is None:
            return None
        spot = self.editor.spot(self.here)
        head = spot is not None and spot.kind in ("table", "inline", "dotted", "implicit")
        if head and (isinstance(self.here[-1], int) or spot.kind == "table"):  # type: ignore[union-attr]
            return self.here
        return self.here[:-1]

    def replaced(self, text: str) -> list[TextEdit]:
        """Other text where it is underlined."""
        return [TextEdit(self.one.place.start, self.one.place.end, text)]


Edits = tuple[list[TextEdit], bool]
_Way = tuple[re.Pattern[str], Callable[[_Case, "re.Match[str]"], Edits | None]]


def fixes_of(one: Diagnostic) -> tuple[Fix, ...]:
    """The fixes for a diagnostic, the likeliest first; none where its help names nothing that could be written."""
    if one.help is None or not one.place.source.text:
        return ()
    editor = _editor(one.place.source)
    case = _Case(one, editor, editor.at(one.place.start, one.place.end))
    found: list[Fix] = []
    for number, words in enumerate(_ways(one.help)):
        for pattern, edits_of in WAYS:
            match = pattern.match(words)
            made = edits_of(case, match) if match is not None else None
            if made is not None and made[0]:
                certain = made[1] and (number == 0 or one.code == "E414")
                found.append(Fix(words, one.place.source, tuple(made[0]), certain))
                break
    return tuple(sorted(found, key=lambda fix: not fix.certain))


@lru_cache(maxsize=8)
def _editor(source: Source) -> Editor:
    return Editor(source)


_APART: Final = re.compile(r"; or |, or (?=`|write |put |take |leave )|; ")
_IF: Final = re.compile(r"\A(?:if|where|for) [^`]*?, (?=write |put |take )")
_GIVES: Final = re.compile(r", which would give .*\Z")


def _ways(help_text: str) -> Iterator[str]:
    """The ways that a help names, one after the other; what stands in backquotes is never parted."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"\x00{len(held) - 1}\x00"

    bare = re.sub(r"`[^`]*`|\"[^\"]*\"", hold, help_text)
    for part in _APART.split(bare.replace("; or \x00", "; or write \x00").replace(", or \x00", ", or write \x00")):
        words = re.sub(r"\x00(\d+)\x00", lambda found: held[int(found[1])], part)
        yield _IF.sub("", _GIVES.sub("", words).strip())


# ------------------------------------------------------------------- the ways


def _meant(case: _Case, found: re.Match[str]) -> Edits | None:
    """``did you mean `units`?``: another word where one is underlined."""
    word = found["key"] if found["key"] is not None else json.loads(f'"{found["value"]}"')
    noted = bool(found["note"])
    stretch = case.stretch
    spot = case.editor.spot(case.here) if case.here is not None else None
    if spot is not None and spot.key == (case.one.place.start, case.one.place.end) and case.here is not None:
        here = case.here if isinstance(case.here[-1], str) else case.here[:-1]  # the key of [[layer]], not its entry
        edits = case.editor.rename(here, word)
        old = str(here[-1])
    elif stretch[:1] in ("'", '"') and spot is not None:
        edits = case.replaced(case.editor.written(word))
        old = str(case.editor.data(spot))
    else:
        edits = case.replaced(word)
        old = stretch
    return edits, not noted and is_certain(case.one.code, old, word, case.editor, case.here)


def _value(case: _Case, found: re.Match[str]) -> Edits | None:
    """``write [3, 3] without quotes``, ``write "none"``: another value where one is underlined."""
    if case.one.finding.part != "value" and case.one.finding.place is None:
        return None
    value = _read(found["value"])
    if value is None:
        return None
    return case.replaced(case.editor.written(value)), found["sure"] is not None or isinstance(value, bool)


def _syntax(case: _Case, found: re.Match[str]) -> Edits | None:
    """Text without quotes, a list in round brackets: what is underlined can't be read, and is written anew."""
    if not case.one.code.startswith("E0"):
        return None
    return case.replaced(found["text"]), True


def _comma(case: _Case, found: re.Match[str]) -> Edits | None:
    """A comma too many in JSON."""
    return (case.replaced(""), True) if case.stretch == "," else None


def _keys(case: _Case, found: re.Match[str]) -> Edits | None:
    """``write `units = 10` in `digit```: keys with values, here or in entries of those names."""
    pairs = [
        _toml(words) for words in found.groupdict().values() if words and words.count("=") and words != found["where"]
    ]
    data = {key: value for one in pairs if one is not None for key, value in one.items()}
    if not data or None in pairs:
        return None
    code, (key, value) = case.one.code, next(iter(data.items()))
    tables = _where(case, found["where"])
    if key in ("inputs", "keraspec", "loss") and len(data) == 1:
        return _at_home(case, key, value, tables)
    if not all(tables) or any(_is_worked_out(case.editor, (*at, name)) for at in tables for name in data):
        return None
    edits = [edit for at in tables for name, item in data.items() for edit in case.editor.put(at, name, item)]
    return edits, code == "W101"


def _is_worked_out(editor: Editor, pointer: Pointer) -> bool:
    """Whether an expression stands at a pointer: a number in its place would take its sense away."""
    spot = editor.spot(pointer)
    return spot is not None and "${" in editor.text[slice(*spot.value)]


def _where(case: _Case, words: str) -> list[Pointer]:
    """The tables that words like ``in `a` and `b``` speak of; the one that is underlined where they name none."""
    plain = re.split(r" instead of | \(|: |; ", words)[0]
    section = re.match(r" (?:in|below) `?\[([^\]`]+)\]", plain)
    if section is not None:
        return [tuple(section[1].split("."))]
    names = re.findall(r"`([^`]+)`", plain) if plain.startswith(" in ") else []
    if names and plain.startswith(" in the `layer` of"):
        at = _named(case.editor, names[1]) if len(names) > 1 else None
        return [(*at, "layer")] if at is not None else [()]
    if names:
        return [_named(case.editor, name) or () for name in names]
    return [case.table or ()]


def _at_home(case: _Case, key: str, value: Any, tables: list[Pointer]) -> Edits | None:
    """Keys whose table is known whatever is underlined."""
    editor = case.editor
    if key == "keraspec":
        return (editor.put((), key, value), "keraspec" not in editor.root.children)
    if key == "loss":
        return _loss(case, value)
    if isinstance(value, dict):  # inputs.image.shape = [28, 28, 1]
        (name, inner), *_ = value.items()
        if isinstance(inner, dict) and editor.spot(("inputs", name)) is not None:
            edits = [edit for one, item in inner.items() for edit in editor.put(("inputs", name), one, item)]
            return edits, False
        return None
    return [edit for at in tables if at for edit in editor.put(at, key, value)], False


def _loss(case: _Case, value: Any) -> Edits | None:
    """Another loss, or the same one of raw scores: then only that is added."""
    if case.here is None or "loss" not in case.here:
        return None
    at = case.here[: case.here.index("loss") + 1]
    spot = case.editor.spot(at)
    scores = isinstance(value, dict) and value.get("from_logits") is True
    if spot is not None and spot.kind in ("inline", "table") and scores:
        return case.editor.put(at, "from_logits", True), True
    return case.editor.put(at[:-1], "loss", value), scores


def _without(case: _Case, found: re.Match[str]) -> Edits | None:
    """``leave out `mode```, ``take `activation` away``, ``leave it out: …``: a key less."""
    key = found["key"]
    if key is None:
        certain = found["why"] is not None and case.one.code == "E104"
        return (case.editor.remove(case.here), certain) if case.here else None
    key = key.split("=")[0].strip()
    table = _named(case.editor, found["name"]) if found["name"] is not None else case.table
    for at in (case.here, table):
        if at is not None and at and at[-1] == key:
            return case.editor.remove(at), key == "from_logits"
        if at is not None and case.editor.spot((*at, key)) is not None:
            return case.editor.remove((*at, key)), key == "from_logits"
    return None


def _idle_comment(case: _Case, found: re.Match[str]) -> Edits | None:
    """A comment that silences nothing, or one code in it."""
    if case.one.code != "W102":
        return None
    text, start, end = case.editor.text, case.one.place.start, case.one.place.end
    if not case.stretch.startswith("#"):
        open_, close = text.rfind("[", 0, start), text.find("]", end)
        rest = [one for one in (text[open_ + 1 : start] + text[end:close]).replace(" ", "").split(",") if one]
        if rest:
            return [TextEdit(open_ + 1, close, ", ".join(rest))], True
        start, end = text.rfind("#", 0, open_), close + 1
        if text[end:].split("\n")[0].strip():
            return None  # more is said there
    line = case.editor.line_start(start)
    if not text[line:start].strip():
        return [TextEdit(line, text.find("\n", end) + 1 or len(text), "")], True
    return [TextEdit(len(text[:start].rstrip(" \t")), end, "")], True


def _moved(case: _Case, found: re.Match[str]) -> Edits | None:
    """A key of the top level that stands inside a table, or one of a section that stands elsewhere."""
    if case.here is None:
        return None
    pair = case.editor.pair_of(case.here)
    if pair is None or isinstance(case.here[-1], int):
        return None
    spot = case.editor.spot(case.here)
    assert spot is not None
    section: Pointer = (found["section"],) if found["section"] is not None else ()
    key, value = str(case.here[-1]), case.editor.text[slice(*spot.value)]
    taken = case.editor.remove(case.here)
    holder = case.editor.spot(section)
    if holder is None:
        return [*taken, *case.editor.add_table(str(section[0]), case.editor.pair(key, value))], False
    if key in holder.children:
        return None
    return [*taken, *case.editor.put_written(section, key, value)], True


def _entry_before(case: _Case, found: re.Match[str]) -> Edits | None:
    """A layer more before one, which may be the one that is underlined; that one may then take its tensor."""
    entry = _toml(f"entry = {found['entry']}")
    if entry is None:
        return None
    name = found["name"]
    at = _named(case.editor, name) if name is not None else _entry_of(case)
    if at is None:
        return None
    edits = case.editor.insert(at, entry["entry"])
    if found["used"] is not None:
        edits += _referring(case.editor, at, found["instead"], found["used"])
    return edits, False


def _referring(editor: Editor, at: Pointer, old: str, new: str) -> list[TextEdit]:
    """Another name in the inputs of an entry, where one stood."""
    edits = []
    for pointer, spot in editor.every():
        if pointer[: len(at) + 1] == (*at, "inputs") and spot.kind == "leaf" and editor.data(spot) == old:
            edits.append(TextEdit(*spot.value, editor.written(new)))
    return edits


def _entry_of(case: _Case) -> Pointer | None:
    """The entry of a list of layers in which a place stands."""
    here = case.here
    if here is None or "layers" not in here:
        return None
    place = here.index("layers")
    return here[: place + 2] if len(here) > place + 1 else None


def _named(editor: Editor, name: str) -> Pointer | None:
    """The one entry of a name, at the top or in a block."""
    found = [
        pointer[:-1]
        for pointer, spot in editor.every()
        if pointer[-1:] == ("name",) and "layers" in pointer[:-2] and editor.data(spot) == name.rpartition(".")[2]
    ]
    return found[0] if len(found) == 1 else None


def _toml(text: str) -> dict[str, Any] | None:
    try:
        return tomli.loads(text) or None
    except ValueError:
        found = [part for part in re.split(r"\s+and\s+", text) if "=" in part]
        if len(found) < 2:
            return None
        parts = [_toml(part) for part in found]
        return {key: value for part in parts if part for key, value in part.items()} if all(parts) else None


def _read(text: str) -> Any:
    data = _toml(f"v = {text}")
    return data["v"] if data is not None else None


_LITERAL: Final = r'\[[^\]]*\]|"[^"]*"|-?\d[\d_.eE+-]*|true|false'
WAYS: Final[tuple[_Way, ...]] = (
    (
        re.compile(r'did you mean (?:the block )?(?:`(?P<key>[^`]+)`|"(?P<value>[^"]+)")\?(?P<note> \(.*)?\Z', re.S),
        _meant,
    ),
    (re.compile(r'text stands in quotes: (?P<text>".*")\Z'), _syntax),
    (re.compile(r"a list stands in square brackets: (?P<text>\[.*\])\Z"), _syntax),
    (re.compile(r"write (?:`(?P<text>true|false)`, in small letters and without quotes)\Z"), _syntax),
    (re.compile(r"write (?P<text>\[\[?[\w.\-]+\]\]?|\"[^\"]*\"|-?\d[\d.eE+-]*)\Z"), _syntax),
    (re.compile(r"take this comma away\b.*\Z"), _comma),
    (
        re.compile(
            rf"write (?P<value>{_LITERAL})(?P<sure> without quotes|, with quotes: .*|, in small letters)?(?:,.*)?\Z"
        ),
        _value,
    ),
    (re.compile(r"put it in square brackets: (?P<value>\[.*\])(?P<sure>)\Z"), _value),
    (re.compile(r"write a whole number, such as (?P<value>-?\d+)(?P<sure>\Z.)?\Z"), _value),
    (re.compile(r"write `(?P<pair>[^`]*=[^`]*)`(?: and `(?P<more>[^`]*=[^`]*)`)?(?P<where>.*)\Z", re.S), _keys),
    (re.compile(r"(?:leave|take) (?:out `(?P<key>[^`]+)`)(?: (?:in|from) `(?P<name>[^`]+)`)?(?P<why>)\Z"), _without),
    (re.compile(r"(?:leave|take) `(?P<key>[^`]+)` (?:out|away)(?: from `(?P<name>[^`]+)`)?(?P<why>)\b"), _without),
    (re.compile(r"take it away\Z(?P<section>)?"), _idle_comment),
    (re.compile(r"(?:leave it out|take it away)(?P<key>\Z.)?(?P<name>\Z.)?(?P<why>: .*)?\Z"), _without),
    (re.compile(r"move `[^`]+` above the first line in square brackets(?P<section>\Z.)?"), _moved),
    (re.compile(r"write it below `\[(?P<section>data|training)\]`\Z"), _moved),
    (
        re.compile(
            r"(?:for [^`]* )?put `(?P<entry>\{.*?\})` before (?:`(?P<name>[^`]+)`|this \w+)"
            r"(?: and use `(?P<used>[^`]+)` there instead of `(?P<instead>[^`]+)`)?"
        ),
        _entry_before,
    ),
)
"""Sentences of a help, each with what it asks for; the first that fits is taken."""


def as_records(fixes: Iterable[Fix]) -> list[Mapping[str, Any]]:
    """Fixes as JSON has them: lines and columns from 1, columns in code points, the end exclusive."""
    return [
        {
            "message": fix.words,
            "certain": fix.certain,
            "edits": [{"file": fix.source.path, **_range(fix.source, edit), "text": edit.text} for edit in fix.edits],
        }
        for fix in fixes
    ]


def _range(source: Source, edit: TextEdit) -> dict[str, int]:
    line, column = source.line_column(edit.start)
    end_line, end_column = source.line_column(edit.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
