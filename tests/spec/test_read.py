"""Reading of whole texts: their values, and the exact line and column of each key, value and table head."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import tomli

from keraspec.spec.document import Document, Part, Place, Pointer
from keraspec.spec.finding import located
from keraspec.spec.read import read_file, read_text

TOML = """\
#:schema ../schemas/keraspec-1.json

keraspec = 1
inputs.image.shape = [8, 8, 1]
inputs . "second one" . dtype = 'int32'

[[layers]]
name = "conv1"
kernel_size = [
  3,  # high
  [4, 5],
]
regularizer = { type = "L2", l2 = 0.01, deep.er = {} }

[layers.call]
training = false

[[ layers ]]
type = "Flatten"

  [data.inputs.image]
  column = "pixel_*"

[data]
batch_size = 32

[training]
"odd key" = true
'lit.eral' = [{ a = 1 }, { b = 2 }]
"""

JSON = """\
{
  "keraspec": 1,
  "inputs": {"image": {"shape": [8, 8, 1]}},
  "layers": [
    {"type": "Dense", "units": 3},
    { "name" : "b" }
  ],
  "none": null
}
"""


def document(text: str | bytes, language: str = "toml") -> Document:
    raw = text if isinstance(text, bytes) else text.encode()
    found, findings = read_text("x", raw, "json" if language == "json" else "toml")
    assert findings == ()
    assert found is not None
    assert found.damaged == frozenset()
    return found


def seen(place: Place) -> tuple[int, int, str]:
    line, column = place.source.line_column(place.start)
    return line, column, place.source.text[place.start : place.end]


PLACES: list[tuple[Pointer, Part, tuple[int, int, str]]] = [
    ((), "value", (1, 1, "#:schema")),
    (("keraspec",), "key", (3, 1, "keraspec")),
    (("keraspec",), "value", (3, 12, "1")),
    (("keraspec",), "entry", (3, 1, "keraspec")),
    (("inputs",), "key", (4, 1, "inputs")),
    (("inputs",), "entry", (4, 1, "inputs")),
    (("inputs", "image"), "value", (4, 8, "image")),
    (("inputs", "image", "shape"), "key", (4, 14, "shape")),
    (("inputs", "image", "shape"), "value", (4, 22, "[8, 8, 1]")),
    (("inputs", "image", "shape", 2), "value", (4, 29, "1")),
    (("inputs", "image", "shape", 2), "key", (4, 29, "1")),
    (("inputs", "second one"), "key", (5, 10, '"second one"')),
    (("inputs", "second one", "dtype"), "value", (5, 33, "'int32'")),
    (("layers",), "key", (7, 3, "layers")),
    (("layers",), "entry", (7, 1, "[[layers]]")),
    (("layers", 0), "value", (7, 1, "[[layers]]")),
    (("layers", 0, "name"), "value", (8, 8, '"conv1"')),
    (("layers", 0, "kernel_size"), "value", (9, 15, "[\n  3,  # high\n  [4, 5],\n]")),
    (("layers", 0, "kernel_size", 1, 0), "value", (11, 4, "4")),
    (("layers", 0, "kernel_size", 1), "entry", (11, 3, "[")),
    (("layers", 0, "regularizer"), "entry", (13, 1, "regularizer")),
    (("layers", 0, "regularizer", "type"), "value", (13, 24, '"L2"')),
    (("layers", 0, "regularizer", "deep"), "key", (13, 41, "deep")),
    (("layers", 0, "regularizer", "deep", "er"), "value", (13, 51, "{}")),
    (("layers", 0, "call"), "key", (15, 9, "call")),
    (("layers", 0, "call"), "entry", (15, 1, "[layers.call]")),
    (("layers", 0, "call", "training"), "value", (16, 12, "false")),
    (("layers", 1), "entry", (18, 1, "[[ layers ]]")),
    (("layers", 1, "type"), "key", (19, 1, "type")),
    (("data",), "entry", (24, 1, "[data]")),
    (("data", "inputs"), "entry", (21, 9, "inputs")),
    (("data", "inputs", "image"), "value", (21, 3, "[data.inputs.image]")),
    (("data", "inputs", "image", "column"), "value", (22, 12, '"pixel_*"')),
    (("training", "odd key"), "key", (28, 1, '"odd key"')),
    (("training", "lit.eral", 1), "value", (29, 26, "{ b = 2 }")),
    (("training", "lit.eral", 1), "entry", (29, 26, "{")),
    (("training", "lit.eral", 1), "key", (29, 26, "{")),
    (("training", "lit.eral", 1, "b"), "value", (29, 32, "2")),
    # What is not there: the nearest thing around it.
    (("nope",), "value", (1, 1, "#:schema")),
    (("layers", 1, "units"), "value", (18, 1, "[[ layers ]]")),
    (("layers", 7), "key", (7, 1, "[[layers]]")),
    (("data", "inputs", "sound", "column"), "key", (21, 9, "inputs")),
    (("layers", 0, "name", "x", 3), "entry", (8, 8, '"conv1"')),
    (("layers", 0, "regularizer", "l1"), "value", (13, 1, "regularizer")),
]


@pytest.mark.parametrize(("pointer", "part", "expected"), PLACES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_places_in_toml(pointer: Pointer, part: Part, expected: tuple[int, int, str], ends: str) -> None:
    found = document(TOML.replace("\n", ends))
    line, column, text = expected
    assert seen(found.place(pointer, part)) == (line, column, text.replace("\n", ends))


@pytest.mark.parametrize(
    ("pointer", "part", "expected"),
    [
        ((), "value", (1, 1, "{")),
        (("keraspec",), "key", (2, 3, '"keraspec"')),
        (("keraspec",), "value", (2, 15, "1")),
        (("inputs", "image", "shape", 1), "value", (3, 37, "8")),
        (("inputs", "image"), "entry", (3, 14, '"image"')),
        (("layers",), "value", (4, 13, '[\n    {"type": "Dense", "units": 3},\n    { "name" : "b" }\n  ]')),
        (("layers", 0), "entry", (5, 5, "{")),
        (("layers", 0, "units"), "key", (5, 23, '"units"')),
        (("layers", 1, "name"), "value", (6, 16, '"b"')),
        (("none",), "value", (8, 11, "null")),
        (("layers", 1, "type"), "value", (6, 5, "{")),
        (("nope",), "value", (1, 1, "{")),
    ],
)
def test_places_in_json(pointer: Pointer, part: Part, expected: tuple[int, int, str]) -> None:
    assert seen(document(JSON, "json").place(pointer, part)) == expected


def test_values() -> None:
    assert document(TOML).data == tomli.loads(TOML)
    assert document(JSON, "json").data == json.loads(JSON)
    assert document(JSON, "json").data["none"] is None
    assert document("").data == {}
    assert document("# nothing\n\n").data == {}
    assert seen(document("").place(("x",))) == (1, 1, "")


def test_columns_count_code_points() -> None:
    text = '\ufeff"é😀e\u0301" = "ñ😀"  # 😀\r\n[t]\r\n\tx = { "😀" = 1, y = 2 }\r\n'
    found = document(text)
    assert found.source.text == text[1:]
    assert seen(found.place(("é😀e\u0301",), "key")) == (1, 1, '"é😀e\u0301"')
    assert seen(found.place(("é😀e\u0301",))) == (1, 10, '"ñ😀"')
    assert seen(found.place(("t", "x", "😀"))) == (3, 14, "1")
    assert seen(found.place(("t", "x", "y"), "key")) == (3, 17, "y")
    found = document('\ufeff{\r\n "é😀": [1, "😀", {"x": 2}]}', "json")
    assert seen(found.place(("é😀", 1))) == (2, 12, '"😀"')
    assert seen(found.place(("é😀", 2, "x"))) == (2, 23, "2")


def test_keys_with_escapes_are_found() -> None:
    assert seen(document('"a\\tb\\u00e9" = 1').place(("a\tbé",))) == (1, 16, "1")
    assert seen(document('{"a\\tb\\u00e9": 1}', "json").place(("a\tbé",))) == (1, 16, "1")


@pytest.mark.parametrize(
    "text",
    [
        "a = '''a'''''\nb = \"\"\"a\"\"\"\"\"\n",
        'a = """\r\nb = [\r\n"""\r\nc = 1\r\n',
        "a = 0xDEAD\nb = 0o17\nc = 0b1\nd = 1_000.5e1_0\ne = -0\nf = +99",
        "[a.b.c]\nx = 1\n[a]\ny = 2\n[a.b]\nz = 3",
        "a = [1, # one\n 2,\n]\nb = {c = [1,\n2]}",
        "x = 'C:\\example\\xylo'\ny = \"C:\\\\example\"",
        "a.b = 1\na.c = 2\n[d]\ne.f = 1\ne.g = 2",
        '[[a]]\n[[a.b]]\nx = 1\n[[a.b]]\nx = 2\n[[a]]\n[a.c]\nd = "{"',
        '"" = 1\n1 = 2\ntrue = 3\n-_- = 4',
        "a = 9223372036854775807\nb = -9223372036854775808",
        'a = "} ,}" # {\nb = "\\"{"\n',
    ],
)
def test_odd_but_right(text: str) -> None:
    assert document(text).data == tomli.loads(text)


def test_numbers_of_json() -> None:
    text = '{"a": 1e+16, "e+1": [1E+05, -2.5e-3], "b": -0}'
    found = document(text, "json")
    assert found.data == json.loads(text)
    assert seen(found.place(("a",))) == (1, 7, "1e+16")
    assert seen(found.place(("e+1", 0))) == (1, 22, "1E+05")
    assert seen(found.place(("b",))) == (1, 44, "-0")


def test_not_utf8() -> None:
    found, (finding,) = read_text("x.toml", 'a = "é😀'.encode() + b'\n\xff"\n', "toml")
    assert found is None
    assert finding.code == "E001"
    assert finding.place is not None
    assert seen(finding.place) == (2, 1, "\N{REPLACEMENT CHARACTER}")
    assert "0xFF at byte 13" in finding.message
    _, (finding,) = read_text("x.toml", b"\xef\xbb\xbf" + b"ab\xe9 = 1", "toml")
    assert finding.place is not None
    assert seen(finding.place) == (1, 3, "\N{REPLACEMENT CHARACTER}")
    _, (finding,) = read_text("x.json", "{}".encode("utf-16"), "json")
    assert "UTF-16" in (finding.help or "")


def test_file_language_is_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.keraspec.json").write_text('{"keraspec": 1}')
    (tmp_path / "a.keraspec.toml").write_text("keraspec = 1")
    for name in ("a.keraspec.json", "a.keraspec.toml"):
        found, findings = read_file(tmp_path / name, name)
        assert findings == ()
        assert found is not None
        assert found.data == {"keraspec": 1}
        assert found.source.path == name
    with pytest.raises(OSError, match="nothing"):
        read_file(tmp_path / "nothing.toml")


def test_findings_narrow_inside_a_text() -> None:
    _, findings = read_text("x", b'a = "ok\\q"', "toml")
    assert findings[0].place is not None
    assert seen(findings[0].place) == (1, 8, "\\q")


def test_second_place_of_a_key_written_twice() -> None:
    found, (finding,) = read_text("x", b"a = 1\nb = 2\na = 3\n", "toml")
    assert found is not None
    diagnostic = located(finding, found)
    assert seen(diagnostic.place) == (3, 1, "a")
    assert [(label, seen(place)) for label, place in diagnostic.related] == [("first written here", (1, 1, "a"))]


def test_a_clean_spec_is_read_without_building_its_index(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the tree of a clean text was built")

    text = TOML.replace('"""', '"')
    monkeypatch.setattr("keraspec.spec.read_toml.TomlTree", never)
    monkeypatch.setattr("keraspec.spec.read_json.JsonTree", never)
    monkeypatch.setattr("keraspec.spec.read_toml.syntax_tree", never)
    document(text)
    document(JSON, "json")


def test_long_texts_are_read_in_linear_time() -> None:
    def took(size: int, piece: str, language: str) -> float:
        raw = (piece * (size // len(piece))).encode()
        begin = time.process_time()
        _, findings = read_text("x", raw, "json" if language == "json" else "toml")
        assert 1 <= len(findings) <= 100
        return time.process_time() - begin

    for piece in (
        "[",
        '"',
        "x = {",
        'a = "',
        "[[a\n",
        "the quick brown fox\n",
        '{"a":',
        "x = [\n",
        '"""\n',
        "a.",
        "é😀 = '",
    ):
        for language in ("toml", "json"):
            # Ten times the text may take ten times as long, and then some.
            small, large = took(20_000, piece, language), took(200_000, piece, language)
            assert large < 30 * max(small, 0.02), (piece, language, small, large)
