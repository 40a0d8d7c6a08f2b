"""TOML that cannot be read: each mistake is found once, at its place, and the rest of the text is still read."""

from __future__ import annotations

from typing import Any

import pytest

from keraspec.spec.document import HOLE, Document
from keraspec.spec.finding import Finding
from keraspec.spec.read import read_text

Seen = tuple[int, int, str, str]


def read(text: str) -> tuple[Document, tuple[Finding, ...]]:
    document, findings = read_text("x.toml", text.encode(), "toml")
    assert document is not None
    return document, findings


def seen(findings: tuple[Finding, ...]) -> list[Seen]:
    """Line, column, code and underlined text of each finding."""
    found = []
    for one in findings:
        assert one.place is not None
        assert one.help
        line, column = one.place.source.line_column(one.place.start)
        found.append((line, column, one.code, one.place.source.text[one.place.start : one.place.end]))
    return found


ONE = """
keraspec = 1
name = "digits
inputs.image.shape = [8, 8, 1

[[layers]]
name = conv1
type = "Conv2D"
filters = 32,
kernel_size = (3, 3)
activation: "relu"
use_bias = True

[[layers]
type = "Flatten"

[[layers]]
name = "digit"
type "Dense"
units = 10 classes
activation = "softmax'

[data
source = { type = "csv", path = "data/digits.csv"
split = { validation = 0.15 test = 0.15, stratify = label }
batch_size = 32
seed =

[data.inputs image]
column = "pixel_*"

[training]
epochs = 20
epochs = 30
optimizer = { type = "Adam", learning_rate = .001 }
loss = 2024-01-01
metrics = ["accuracy", "top_k]
callbacks = [
  { type = "EarlyStopping", monitor = "val_loss", patience = nan
]
// done
"""


def test_all_mistakes_of_a_file_in_one_run() -> None:
    document, findings = read(ONE)
    assert seen(findings) == [
        (3, 8, "E002", '"digits'),
        (4, 22, "E002", "["),
        (7, 8, "E002", "conv1"),
        (9, 13, "E002", ","),
        (10, 15, "E002", "(3, 3)"),
        (11, 11, "E002", ":"),
        (12, 12, "E002", "True"),
        (14, 1, "E002", "[[layers]"),
        (19, 5, "E002", " "),
        (20, 12, "E002", "classes"),
        (21, 14, "E002", "\"softmax'"),
        (23, 1, "E002", "[data"),
        (24, 10, "E002", "{"),
        (25, 29, "E002", "t"),
        (25, 53, "E002", "label"),
        (27, 6, "E002", "="),
        (29, 1, "E002", "[data.inputs image]"),
        (34, 1, "E004", "epochs"),
        (35, 46, "E002", ".001"),
        (36, 8, "E007", "2024-01-01"),
        (37, 24, "E002", '"top_k'),
        (39, 3, "E002", "{"),
        (39, 62, "E006", "nan"),
        (41, 1, "E002", "// done"),
    ]
    assert document.data == {
        "keraspec": 1,
        "name": HOLE,
        "inputs": {"image": {"shape": [8, 8, 1]}},
        "layers": [
            {
                "name": HOLE,
                "type": "Conv2D",
                "filters": 32,
                "kernel_size": HOLE,
                "activation": "relu",
                "use_bias": HOLE,
            },
            {"type": "Flatten"},
            {"name": "digit", "type": "Dense", "units": HOLE, "activation": HOLE},
        ],
        "data": {
            "source": {"type": "csv", "path": "data/digits.csv"},
            "split": {"validation": 0.15, "test": 0.15, "stratify": HOLE},
            "batch_size": 32,
            "seed": HOLE,
        },
        "training": {
            "epochs": 20,
            "optimizer": {"type": "Adam", "learning_rate": HOLE},
            "loss": HOLE,
            "metrics": ["accuracy", HOLE],
            "callbacks": [{"type": "EarlyStopping", "monitor": "val_loss", "patience": HOLE}],
        },
    }
    assert document.damaged >= {("inputs", "image", "shape"), ("data", "source"), ("data",), ("training",), ()}
    assert ("layers", 0) not in document.damaged
    # Places are those of the text as it was written.
    place = document.place(("layers", 2, "type"))
    assert place.source.text[place.start : place.end] == '"Dense"'
    assert place.source.line_column(place.start) == (19, 6)
    assert document.source.line_column(document.place(("data", "seed")).start)[0] == 27


@pytest.mark.parametrize(
    ("text", "expected", "data"),
    [
        # Quotes.
        ('a = "x\nb = 1', [(1, 5, "E002", '"x')], {"a": HOLE, "b": 1}),
        ("a = 'x\n[t]\nb = 1", [(1, 5, "E002", "'x")], {"a": HOLE, "t": {"b": 1}}),
        ('a = "one\ntwo\nthree"\nb = 1', [(1, 5, "E002", '"one')], {"a": HOLE, "b": 1}),
        ('a = ["x]\nb = 1', [(1, 6, "E002", '"x')], {"a": [HOLE], "b": 1}),
        ('a = ["x, "y"]\nb = 1', [(1, 11, "E002", 'y"')], {"a": [HOLE], "b": 1}),
        ('a = """x\n[t]\nb = """y\nz"""\n', [(1, 5, "E002", '"""')], {"a": HOLE, "t": {"b": "y\nz"}}),
        ("a = '''x\n\n[[t]]\nb = 1", [(1, 5, "E002", "'''")], {"a": HOLE, "t": [{"b": 1}]}),
        ('a = "he said "hi" to"\nb = 1', [(1, 15, "E002", 'hi" to"')], {"a": HOLE, "b": 1}),
        ("a = “x”", [(1, 5, "E002", "“x”")], {"a": HOLE}),
        ('"a = 1\nb = 1', [(1, 1, "E002", '"a = 1')], {"b": 1}),
        # Escapes and characters.
        ('a = "C:\\data"', [(1, 8, "E002", "\\d")], {"a": HOLE}),
        ('a = "\\ud800"', [(1, 6, "E002", "\\ud800")], {"a": HOLE}),
        ('a = "x\x07y"\nb = 1', [(1, 7, "E002", "\x07")], {"a": HOLE, "b": 1}),
        ("a = 1 # \x07\nb = 1", [(1, 9, "E002", "\x07")], {"a": 1, "b": 1}),
        ("a = 1\r b = 2\r\nc = 3", [(1, 6, "E002", "\r")], {"a": 1, "b": 2, "c": 3}),
        ("a =\u00a04", [(1, 4, "E002", "\u00a04")], {"a": HOLE}),
        # Words and numbers.
        ("a = None\nb = null", [(1, 5, "E002", "None"), (2, 5, "E002", "null")], {"a": HOLE, "b": HOLE}),
        ("a = 007\nb = 1.", [(1, 5, "E002", "007"), (2, 5, "E002", "1.")], {"a": HOLE, "b": HOLE}),
        ("a = ${x + 1}", [(1, 5, "E002", "${x + 1}")], {"a": HOLE}),
        ("a = 64 * 2", [(1, 8, "E002", "* 2")], {"a": HOLE}),
        ("a = my model # c\nb = 1", [(1, 5, "E002", "my model")], {"a": HOLE, "b": 1}),
        # Keys.
        ("a : 1", [(1, 3, "E002", ":")], {"a": 1}),
        ("a == 1", [(1, 4, "E002", "=")], {"a": 1}),
        ("a 1", [(1, 2, "E002", " ")], {"a": 1}),
        ("a =\nb = 1", [(1, 3, "E002", "=")], {"a": HOLE, "b": 1}),
        ("a =\n  [1]\nb = 1", [(1, 3, "E002", "=")], {"a": [1], "b": 1}),
        ("a b = 1\nc = 2", [(1, 1, "E002", "a b = 1")], {"c": 2}),
        ("größe = [1,\n2]\nc = 2", [(1, 1, "E002", "größe = [1,")], {"c": 2}),
        ("= 1\nc = 2", [(1, 1, "E002", "= 1")], {"c": 2}),
        ("a..b = 1\nc = 2", [(1, 1, "E002", "a..b = 1")], {"c": 2}),
        ("foo\nc = 2", [(1, 1, "E002", "foo")], {"c": 2}),
        # Ends of lines.
        ("a = 1,\nb = 2;", [(1, 6, "E002", ","), (2, 6, "E002", ";")], {"a": 1, "b": 2}),
        ("a = 1 // c", [(1, 7, "E002", "// c")], {"a": 1}),
        ("a = 1 b = 2", [(1, 7, "E002", "b = 2")], {"a": 1, "b": 2}),
        ("a = [1]]\nb = {}}", [(1, 8, "E002", "]"), (2, 7, "E002", "}")], {"a": [1], "b": {}}),
        ("[t] a = 1", [(1, 5, "E002", "a = 1")], {"t": {"a": 1}}),
        # Headers.
        ("[t\na = 1", [(1, 1, "E002", "[t")], {"t": {"a": 1}}),
        ("[[t]]\n[t]]\na = 1", [(2, 1, "E002", "[t]]")], {"t": [{}, {"a": 1}]}),
        ("[]\na = 1\n[t]\nb = 1", [(1, 1, "E002", "[]")], {"t": {"b": 1}}),
        ("[[t x]]\na = 1\n[t.u]\nb = 1\n[[t]]\nc = 1", [(1, 1, "E002", "[[t x]]")], {"t": [{"c": 1}]}),
        # Lists and inline tables.
        ("a = [1, 2\nb = 1", [(1, 5, "E002", "[")], {"a": [1, 2], "b": 1}),
        ("a = [1,\n# c\n\n[[t]]\nb = 1", [(1, 5, "E002", "[")], {"a": [1], "t": [{"b": 1}]}),
        ("a = [[1, 2], [3\nb = 1", [(1, 14, "E002", "[")], {"a": [[1, 2], [3]], "b": 1}),
        ("a = {b = 1\nc = 1", [(1, 5, "E002", "{")], {"a": {"b": 1}, "c": 1}),
        ("a = [1 2]", [(1, 8, "E002", "2")], {"a": [1, 2]}),
        ("a = [1,,2]", [(1, 8, "E002", ",")], {"a": [1, 2]}),
        ("a = [1, 2}\nb = 1", [(1, 10, "E002", "}")], {"a": [1, 2], "b": 1}),
        ("a = {b = [1, 2}\nc = 1", [(1, 10, "E002", "[")], {"a": {"b": [1, 2]}, "c": 1}),
        ("a = {b = 1 c = 2}", [(1, 12, "E002", "c")], {"a": {"b": 1, "c": 2}}),
        (
            "a = {b: 1, c 2, d}",
            [(1, 7, "E002", ":"), (1, 13, "E002", " "), (1, 17, "E002", "d")],
            {"a": {"b": 1, "c": 2, "d": HOLE}},
        ),
        ("a = {b = , c = 1}", [(1, 8, "E002", "=")], {"a": {"b": HOLE, "c": 1}}),
        ("a = [b = 1]\nc = 1", [(1, 6, "E002", "b = 1")], {"a": [HOLE], "c": 1}),
        # One mistake of three: the other elements stay.
        (
            'a = [\n {t = "x"},\n {t = "y, u = 1},\n {t = z},\n {t = "w"\n {t = "v"},\n]\nb = 1',
            [(3, 7, "E002", '"y, u = 1'), (4, 7, "E002", "z"), (5, 2, "E002", "{")],
            {"a": [{"t": "x"}, {"t": HOLE}, {"t": HOLE}, {"t": "w"}, {"t": "v"}], "b": 1},
        ),
        # Another language.
        ('{"a": 1}', [(1, 1, "E002", "{")], {}),
        (
            "import keras\nmodel = keras.Sequential([\n  Dense(3),\n])\n",
            [(1, 1, "E002", "import keras"), (2, 9, "E002", "keras.Sequential([")],
            {"model": HOLE},
        ),
    ],
)
def test_one_mistake_one_finding(text: str, expected: list[Seen], data: dict[str, Any]) -> None:
    for written in (text, text.replace("\r\n", "\n").replace("\n", "\r\n") if "\r" not in text else text):
        document, findings = read(written)
        assert [(*one[:3], one[3].replace("\r\n", "\n")) for one in seen(findings)] == expected
        values: Any = document.data
        assert _lines(values) == data


def _lines(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lines(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_lines(one) for one in value]
    return value


@pytest.mark.parametrize(
    ("text", "expected", "data"),
    [
        ("a = {b = 1,}", [(1, 11, "E005", ",")], {"a": {"b": 1}}),
        ("a = {\nb = 1\n}\nc = 1", [(1, 5, "E005", "{")], {"a": {"b": 1}, "c": 1}),
        ("a = {\n  b = {\n    c = 1, # d\n  },\n}\ne = 1", [(1, 5, "E005", "{")], {"a": {"b": {"c": 1}}, "e": 1}),
        (
            "a = [{b = 1,\n c = 2},\n {d = 3,}]",
            [(1, 6, "E005", "{"), (3, 8, "E005", ",")],
            {"a": [{"b": 1, "c": 2}, {"d": 3}]},
        ),
        ('a = "\\e[0m"', [(1, 6, "E005", "\\e")], {"a": HOLE}),
        ('a = "\\\\e \\x41"', [(1, 10, "E005", "\\x41")], {"a": HOLE}),
        ('a = """\n\\x41"""', [(2, 1, "E005", "\\x41")], {"a": HOLE}),
        (
            "a = nan\nb = [-inf, +nan]",
            [(1, 5, "E006", "nan"), (2, 6, "E006", "-inf"), (2, 12, "E006", "+nan")],
            {"a": HOLE, "b": [HOLE, HOLE]},
        ),
        ("a = 1e999", [(1, 5, "E006", "1e999")], {"a": HOLE}),
        ("a = NaN", [(1, 5, "E006", "NaN")], {"a": HOLE}),
        (
            "a = 1979-05-27\nb = 07:32\nc = 1979-05-27 07:32:00Z",
            [(1, 5, "E007", "1979-05-27"), (2, 5, "E007", "07:32"), (3, 5, "E007", "1979-05-27 07:32:00Z")],
            {"a": HOLE, "b": HOLE, "c": HOLE},
        ),
        ("a = 9223372036854775808", [(1, 5, "E008", "9223372036854775808")], {"a": HOLE}),
        ("a = 0xFFFFFFFFFFFFFFFFF", [(1, 5, "E008", "0xFFFFFFFFFFFFFFFFF")], {"a": HOLE}),
    ],
)
def test_beyond_the_language(text: str, expected: list[Seen], data: dict[str, Any]) -> None:
    document, findings = read(text)
    assert seen(findings) == expected
    assert document.data == data


@pytest.mark.parametrize(
    ("text", "expected", "data", "damaged"),
    [
        ("a = 1\na = 2", [(2, 1, "E004", "a")], {"a": 1}, set()),
        ("a = {b = 1, b = 2}", [(1, 13, "E004", "b")], {"a": {"b": 1}}, set()),
        ("[t]\na = 1\n[t]\na = 1\nb = 2", [(3, 1, "E004", "[t]")], {"t": {"a": 1, "b": 2}}, {("t",)}),
        ("a.b = 1\na.b.c = 2", [(2, 3, "E004", "b")], {"a": {"b": 1}}, {("a", "b")}),
        ("a.b = 1\n[a]\nc = 1", [(2, 1, "E004", "[a]")], {"a": {"b": 1, "c": 1}}, {("a",)}),
        ("a = 1\n[a.b]\nc = 1", [(2, 2, "E004", "a")], {"a": 1}, {("a",)}),
        ("a = [{}]\n[[a]]\nb = 1\n[[a]]\nb = 2", [(2, 3, "E004", "a")], {"a": [{}]}, {("a",)}),
        ("[[a]]\n[a]\nb = 1", [(2, 1, "E004", "[a]")], {"a": [{}]}, {("a",)}),
        # The header between two entries was forgotten.
        (
            '[[a]]\nt = "x"\nu = 1\n\nt = "y"\nu = 2',
            [(5, 1, "E004", "t")],
            {"a": [{"t": "x", "u": 1}]},
            {("a",), ("a", 0)},
        ),
    ],
)
def test_written_twice(text: str, expected: list[Seen], data: dict[str, Any], damaged: set[Any]) -> None:
    document, findings = read(text)
    assert seen(findings) == expected
    assert "on line 1" in findings[0].message or "on line 2" in findings[0].message
    assert document.data == data
    assert document.damaged == damaged


def test_too_deep() -> None:
    for text in ("[" * 100_000, "a = " + "[" * 100_000, "a = " + "{a = " * 50_000, "a" + ".a" * 5_000 + " = 1"):
        _, findings = read(text)
        assert [one.code for one in findings] == ["E009"]
    document, findings = read("a = " + "[" * 70 + "]" * 70 + "\nb = 1")
    assert [one.code for one in findings] == ["E009"]
    assert document.data["b"] == 1
    document, findings = read("a = " + "[" * 60 + "]" * 60)
    assert findings == ()


def test_huge_number_is_no_traceback() -> None:
    document, findings = read("a = " + "9" * 5000 + "\nb = 1")
    assert [one.code for one in findings] == ["E008"]
    assert document.data == {"a": HOLE, "b": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = True", "write `true`"),
        ("a = None", '"none"'),
        ("a = relu", 'text stands in quotes: "relu"'),
        ("a : 1", "write `=`"),
        ("a = 007", "write 7"),
        ("a = .5", "write 0.5"),
        ("a = (1, 2)", "[1, 2]"),
        ("// a", "a comment begins with #"),
        ('{"a": 1}', ".json"),
        ("a b = 1", '"a b"'),
        ("[a b]", "dot"),
        ("a = ${x}", '"${x}"'),
        ("a = 2 * 3", '"${2 * 3}"'),
        ('a = "C:\\q"', "backslash twice"),
        ("- a", "[1, 2]"),
        ("training:\n  a = 1", "[training]"),
    ],
)
def test_help_says_the_way_out(text: str, words: str) -> None:
    _, findings = read(text)
    assert len(findings) == 1
    assert words in (findings[0].help or "")


def test_no_more_than_a_hundred_findings() -> None:
    document, findings = read("a b\n" * 500 + "[t]\nx = 1")
    assert len(findings) == 100
    assert () in document.damaged
