"""Reading, whatever it is given: data come back as they were written, and nothing broken raises."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import tomli
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from keraspec.spec.document import HOLE, Document, Pointer
from keraspec.spec.json_values import scan_json
from keraspec.spec.places import Patched
from keraspec.spec.read import read_text
from keraspec.spec.toml_lines import scan_toml

Language = Literal["toml", "json"]

relaxed = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

# --------------------------------------------------------------------------- data, and TOML written of it

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = st.one_of(st.sampled_from(["a", "b", "name", "type", "layers", "1", "x-y", "", "a.b", "é 😀", '"', "'"]), texts)
scalars = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
data = st.dictionaries(keys, values, max_size=6)


class Writer:
    """Writes data as TOML, choosing at each turn among the ways there are."""

    def __init__(self, choose: Any) -> None:
        self.choose = choose

    def one_of(self, *ways: str) -> str:
        return str(self.choose(st.sampled_from(ways)))

    def text(self, value: str) -> str:
        plain = "".join(f"\\u{ord(char):04x}" if ord(char) < 32 or char in '\\"\x7f' else char for char in value)
        ways = [f'"{plain}"', f'"""{plain}"""', f'"""\n{plain}"""']
        if not any(char in value for char in "'\n\r") and all(ord(c) >= 32 and c != "\x7f" for c in value):
            ways += [f"'{value}'", f"'''{value}'''"]
        return self.one_of(*ways)

    def key(self, value: str) -> str:
        if value and value.isascii() and all(char.isalnum() or char in "-_" for char in value):
            return self.one_of(value, f'"{value}"', f"'{value}'")
        inner = "".join(f"\\U{ord(char):08X}" if ord(char) < 32 or char in '\\"\x7f' else char for char in value)
        return f'"{inner}"'

    def value(self, value: Any) -> str:
        gap = self.one_of("", " ")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            ways = [str(value)]
            if value >= 0:
                ways += [f"+{value}", hex(value), oct(value), bin(value), f"{value:_}"]
            return self.one_of(*ways)
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            end = self.one_of(",", "") if value else ""
            line = self.one_of("", " ", "\n", " # c ]\n", "\r\n")
            return f"[{line}{f',{line}'.join(self.value(one) for one in value)}{end}{line}]"
        pairs = f",{gap}".join(f"{self.key(key)}{gap}={gap}{self.value(one)}" for key, one in value.items())
        return f"{{{gap}{pairs}{gap}}}"

    def lines(self, table: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
        """The lines of a table: first its plain keys, then what has a header of its own."""
        later = []
        for key, value in table.items():
            headed = isinstance(value, dict) or (
                isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
            )
            if headed and self.choose(st.booleans()):
                later.append((key, value))
            elif isinstance(value, dict) and value and self.choose(st.booleans()):
                for inner, one in value.items():
                    yield f"{self.key(key)}{self.one_of('.', ' . ')}{self.key(inner)} = {self.value(one)}"
            else:
                yield f"{self.one_of('', '  ')}{self.key(key)} = {self.value(value)}{self.one_of('', ' # é [c')}"
        for key, value in later:
            name = ".".join(self.key(part) for part in (*path, key))
            if isinstance(value, dict):
                yield self.one_of("", "# c")
                yield f"[{name}]"
                yield from self.lines(value, (*path, key))
            else:
                for one in value:
                    yield f"[[{name}]]{self.one_of('', '  # c')}"
                    yield from self.lines(one, (*path, key))


@st.composite
def toml(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    value = draw(data)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return value, draw(st.sampled_from(["", "\ufeff"])) + end.join(Writer(draw).lines(value, ())) + end


def leaves(value: Any, where: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*where, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, (*where, number))
    yield where, value


def parsed(written: str, language: Language) -> Any:
    return tomli.loads(f"v = {written}")["v"] if language == "toml" else json.loads(written)


def check_places(document: Document, language: Language) -> None:
    """Where something is written that is read anew, it is the value; where not, it is the head of a table."""
    for pointer, value in leaves(document.data):
        place = document.place(pointer)
        written = place.source.text[place.start : place.end]
        if not pointer:
            continue
        headed = isinstance(value, dict | list) and not written.startswith(("[", "{"))
        if headed or (isinstance(value, dict | list) and written.startswith("[") and language == "toml"):
            key = next(step for step in reversed(pointer) if isinstance(step, str))
            line = "[[" if written.startswith("[[") and not isinstance(value, list) else "["
            if headed:
                assert list(tomli.loads(f"{written} = 0")) == [key]
                continue
            try:
                again = parsed(written, language)
            except tomli.TOMLDecodeError:
                again = None
            assert again == value or written.startswith(line)
            continue
        assert parsed(written, language) == value
        if isinstance(pointer[-1], str):
            place = document.place(pointer, "key")
            name = place.source.text[place.start : place.end]
            again = next(iter(tomli.loads(f"{name} = 0"))) if language == "toml" else json.loads(name)
            assert again == pointer[-1]


@relaxed
@given(toml())
def test_toml_comes_back(written: tuple[dict[str, Any], str]) -> None:
    value, text = written
    document, findings = read_text("x", text.encode(), "toml")
    assert findings == ()
    assert document is not None
    assert document.data == value
    check_places(document, "toml")


@relaxed
@given(toml())
def test_the_scan_of_a_right_text_finds_nothing(written: tuple[dict[str, Any], str]) -> None:
    """What is right in a broken file is never touched: the scan for mistakes agrees with tomli."""
    from keraspec.spec.document import Source

    _, text = written
    for trusted in (True, False):
        scan = scan_toml(Source("x", text.removeprefix("\ufeff")), trusted)
        assert scan.findings == []
        assert scan.edits == []


@relaxed
@given(data, st.sampled_from([None, 1, 2, "\t"]), st.booleans())
def test_json_comes_back(value: dict[str, Any], indent: int | str | None, ascii_only: bool) -> None:
    from keraspec.spec.document import Source

    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document, findings = read_text("x", text.encode(), "json")
    assert findings == ()
    assert document is not None
    assert document.data == value
    check_places(document, "json")
    for trusted in (True, False):
        scan = scan_json(Source("x", text), trusted)
        assert (scan.findings, scan.edits) == ([], [])


# --------------------------------------------------------------------------- broken texts

SPEC = """\
#:schema ../schemas/keraspec-1.json

keraspec = 1
name = "digits é😀"
description = \"\"\"
Handwritten digits,
8x8 "grey" pixels.
\"\"\"
inputs.image.shape = [8, 8, 1]
inputs."second one".shape = ["time", 64]

[[layers]]
name = "conv1"
type = "Conv2D"   # a comment, with "quotes" and [brackets]
kernel_size = [
  3,
  3, # three
]
activation = 'relu'
kernel_regularizer = { type = "L2", l2 = 0.01, deep = { a.b = [1, 2], c = [] } }

[layers.call]
training = false

[[layers]]
units = 1_0
activation = "softmax"

[data]
source = { type = "csv", path = 'data\\digits.csv' }
batch_size = 0x20

[data.inputs.image]
column = "pixel_*"

[training]
metrics = ["accuracy"]
callbacks = [
  { type = "EarlyStopping", monitor = "val_loss", patience = 3, restore_best_weights = true },
  { type = "CSVLogger" },
]
"""
TEXTS: dict[str, tuple[Language, str]] = {
    "toml": ("toml", SPEC),
    "toml-crlf": ("toml", SPEC.replace("\n", "\r\n")),
    "json": ("json", json.dumps(tomli.loads(SPEC), indent=2, ensure_ascii=False)),
    "json-line": ("json", json.dumps(tomli.loads(SPEC))),
}
MARKS = ['"', "'", "[", "]", "{", "}", "=", ",", "\n", "#", ".", ":", '"""', "'''", "[[", "\\", "\r", "\t", "//", "/*"]
WORDS = [
    "é",
    "😀",
    "0",
    "nan",
    "1979-01-01",
    "True",
    "\x00",
    "\u00a0",
    "a = 1",
    "\n[x]\n",
    "${",
    "\ufeff",
    "\ud7ff",
    "1e+16",
]
PIECES = st.one_of(st.sampled_from(MARKS + WORDS), texts)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """A text with a few stretches deleted, inserted, doubled or replaced, or its end cut off."""
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(1, 30)))
        way = draw(st.integers(0, 9))
        piece = draw(PIECES)
        if way < 2:
            text = text[:at] + text[to:]
        elif way < 5:
            text = text[:at] + piece + text[at:]
        elif way < 6:
            text = text[:to] + text[at:to] + text[to:]
        elif way < 9:
            text = text[:at] + piece + text[to:]
        else:
            text = text[:at]
    return text


def accepted(text: str, language: Language) -> Any:
    """What the parser alone makes of a text; None where it refuses."""
    try:
        return tomli.loads(text) if language == "toml" else json.loads(text)
    except (ValueError, RecursionError):
        return None


def check_anything(raw: bytes, language: Language) -> None:
    document, findings = read_text("x", raw, language)
    assert len(findings) <= 100
    starts = []
    for one in findings:
        assert one.place is not None
        assert one.code.startswith("E0")
        assert one.message.startswith("expected ")
        assert one.help
        one.message.encode(), one.help.encode()
        assert 0 <= one.place.start <= one.place.end <= len(one.place.source.text)
        line, column = one.place.source.line_column(one.place.start)
        assert one.place.source.offset(line, column) == one.place.start
        starts.append(one.place.start)
    assert starts == sorted(starts)
    if document is None:
        assert [one.code for one in findings] == ["E001"]
        return
    text = document.source.text
    alone = accepted(text, language)
    if findings:
        # What was edited away is all that was wrong.
        codes = {one.code for one in findings}
        assert codes.isdisjoint({"E001", "E003" if language == "toml" else "E002"})
    else:
        assert document.data == alone
        assert document.damaged == frozenset()
    for pointer, value in leaves(document.data):
        assert value is HOLE or type(value) in (dict, list, str, int, float, bool, type(None))
        assert type(value) is not float or math.isfinite(value)
        for part in ("key", "value", "entry"):
            place = document.place(pointer, part)
            assert 0 <= place.start <= place.end <= len(text)
        place = document.place(pointer)
        if findings and isinstance(value, str | int | float) and "\r" not in text:
            assert parsed(text[place.start : place.end], language) == value
    for pointer in document.damaged:
        document.place(pointer, "entry")


@settings(relaxed, max_examples=400)
@given(st.binary(max_size=200), st.sampled_from(["toml", "json"]))
@example(b"\xef\xbb\xbf", "toml")
@example(b"\xef\xbb\xbf\xef\xbb\xbf{}", "json")
@example(b"\xff\xfe", "json")
@example(b"\x00", "toml")
def test_any_bytes(raw: bytes, language: Language) -> None:
    check_anything(raw, language)


@settings(relaxed, max_examples=400)
@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from(["toml", "json"]))
def test_any_text(text: str, language: Language) -> None:
    check_anything(text.encode(), language)
    check_anything(f'{{"a": [{text}'.encode(), language)
    check_anything(f"a = {text}\nb = 1\n".encode(), language)


@pytest.mark.parametrize("name", TEXTS)
@settings(relaxed, max_examples=200)
@given(st.data())
def test_any_mutation(name: str, data: st.DataObject) -> None:
    language, text = TEXTS[name]
    check_anything(data.draw(mutated(text)).encode(), language)


@pytest.mark.parametrize("name", TEXTS)
def test_any_truncation(name: str) -> None:
    """A file that was cut off has one mistake, whatever stands at its end."""
    language, text = TEXTS[name]
    for end in range(0, len(text), 7):
        check_anything(text[:end].encode(), language)
        _, findings = read_text("x", text[:end].encode(), language)
        assert len(findings) <= 2, text[:end][-60:]


@settings(relaxed, max_examples=200)
@given(mutated(SPEC))
def test_edits_leave_toml_that_tomli_reads(text: str) -> None:
    from keraspec.spec.document import Source

    document, findings = read_text("x", text.encode(), "toml")
    if not findings or document is None or any(one.code in ("E004", "E009") for one in findings):
        return
    scan = scan_toml(Source("x", document.source.text), accepted(document.source.text, "toml") is not None)
    if scan.findings:
        tomli.loads(Patched(scan.text, scan.edits).text)
