"""JSON that cannot be read: each mistake is found once, at its place, and the rest of the text is still read."""

from __future__ import annotations

from typing import Any

import pytest

from keraspec.spec.document import HOLE, Document
from keraspec.spec.finding import Finding
from keraspec.spec.read import read_text

Seen = tuple[int, int, str, str]


def read(text: str) -> tuple[Document, tuple[Finding, ...]]:
    document, findings = read_text("x.json", text.encode(), "json")
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


MANY = """\
{
  "keraspec": 1,
  name: "digits",
  'description': 'x',
  "inputs": {"image": {"shape": [8, 8 1]}},  // pixels
  "layers": [
    {"type": "Dense", "units": 3,},
    {"type": "Dense, "units": 4},
    {"type": "Flatten"
    {"type": "Dense" "units": 05},
    {"type": Dense, "use_bias": True},
  ],
  "data": {
    "source": {
      "type": "csv",
      "path": "a\\qb"
    "batch_size": 1e999
  },
  "training": {"epochs": , "epochs": 3, "loss" "mse"},
  "seed": NaN
"""


def test_all_mistakes_of_a_file_in_one_run() -> None:
    document, findings = read(MANY)
    assert seen(findings) == [
        (1, 1, "E003", "{"),
        (3, 3, "E003", "name"),
        (4, 3, "E003", "'description'"),
        (4, 18, "E003", "'x'"),
        (5, 39, "E003", "1"),
        (5, 46, "E003", "// pixels"),
        (7, 33, "E003", ","),
        (8, 23, "E003", 'units": 4'),
        (9, 5, "E003", "{"),
        (10, 22, "E003", '"'),
        (10, 31, "E003", "05"),
        (11, 14, "E003", "Dense"),
        (11, 33, "E003", "True"),
        (11, 38, "E003", ","),
        (14, 15, "E003", "{"),
        (16, 17, "E003", "\\q"),
        (17, 19, "E006", "1e999"),
        (19, 24, "E003", ":"),
        (19, 28, "E004", '"epochs"'),
        (19, 47, "E003", " "),
        (20, 11, "E006", "NaN"),
    ]
    assert document.data == {
        "keraspec": 1,
        "name": "digits",
        "description": HOLE,
        "inputs": {"image": {"shape": [8, 8, 1]}},
        "layers": [
            {"type": "Dense", "units": 3},
            {"type": HOLE},
            {"type": "Flatten"},
            {"type": "Dense", "units": HOLE},
            {"type": HOLE, "use_bias": HOLE},
        ],
        "data": {"source": {"type": "csv", "path": HOLE}, "batch_size": HOLE},
        "training": {"epochs": HOLE, "loss": "mse"},
        "seed": HOLE,
    }
    assert document.damaged >= {(), ("layers", 1), ("layers", 2), ("data", "source")}
    assert ("layers", 3) not in document.damaged
    place = document.place(("training", "loss"))
    assert place.source.line_column(place.start) == (19, 48)


@pytest.mark.parametrize(
    ("text", "expected", "data"),
    [
        ("", [(1, 1, "E003", "")], {}),
        (" \n", [(2, 1, "E003", "")], {}),
        ("[1]", [(1, 1, "E010", "[1]")], {}),
        ('"x"', [(1, 1, "E010", '"x"')], {}),
        ("3\n", [(1, 1, "E010", "3")], {}),
        ("keraspec = 1\n", [(1, 1, "E003", "keraspec = 1")], {}),
        ("[training]\nepochs = 1\n", [(1, 1, "E003", "[training]")], {}),
        ('{"a": 1, "a": 2}', [(1, 10, "E004", '"a"')], {"a": 1}),
        ('{"a": {"b": 1, "b": 2}, "a": 3}', [(1, 16, "E004", '"b"'), (1, 25, "E004", '"a"')], {"a": {"b": 1}}),
        ('{"a": 1, "a": 2, "b": tru}', [(1, 10, "E004", '"a"'), (1, 23, "E003", "tru")], {"a": 1, "b": HOLE}),
        (
            '{"a": NaN, "b": [-Infinity, 1e999]}',
            [(1, 7, "E006", "NaN"), (1, 18, "E006", "-Infinity"), (1, 29, "E006", "1e999")],
            {"a": HOLE, "b": [HOLE, HOLE]},
        ),
        ('{"a": 9223372036854775808}', [(1, 7, "E008", "9223372036854775808")], {"a": HOLE}),
        ('{"a": [1, 2,], "b": 3,}', [(1, 12, "E003", ","), (1, 22, "E003", ",")], {"a": [1, 2], "b": 3}),
        ('{"a": "x\ty"}', [(1, 9, "E003", "\t")], {"a": HOLE}),
        ('{"a": "x\n", "b": 1}', [(1, 7, "E003", '"x')], {"a": HOLE, "b": 1}),
        ('{"a": "\\ud800x", "b": "\\ud83d\\ude00"}', [(1, 8, "E003", "\\ud800")], {"a": HOLE, "b": "😀"}),
        ('{"\\ud800": 1, "b": 2}', [(1, 3, "E003", "\\ud800")], None),
        ('{"a": 1 /* c\n d */, "b": 2} # e', [(1, 9, "E003", "/* c"), (2, 16, "E003", "# e")], {"a": 1, "b": 2}),
        ('{"a": [1, 2, "b": 3}', [(1, 7, "E003", "[")], {"a": [1, 2], "b": 3}),
        ('{"a": [{"b": 1, {"b": 2}], "c": 3}', [(1, 8, "E003", "{")], {"a": [{"b": 1}, {"b": 2}], "c": 3}),
        ('{"a": [{"b": 1 ], "c": 3}', [(1, 8, "E003", "{")], {"a": [{"b": 1}], "c": 3}),
        ('{"a": [{"b": 1 ], {"b": 2}], "c": 3}', [(1, 16, "E003", "]")], {"a": [{"b": 1}, {"b": 2}], "c": 3}),
        ('{"a": 1}}', [(1, 9, "E003", "}")], {"a": 1}),
        ('{"a": 1} {"b": 2}', [(1, 10, "E003", '{"b": 2}')], {"a": 1}),
        ('{"a": {"b": 1}', [(1, 1, "E003", "{")], {"a": {"b": 1}}),
        ('{"a": {"b": 1', [(1, 7, "E003", "{")], {"a": {"b": 1}}),
        ('{"a":', [(1, 1, "E003", "{")], {"a": HOLE}),
        ('{"a": "b', [(1, 7, "E003", '"b')], {"a": HOLE}),
        (
            '{"a" 1, "b" = 2, "c"}',
            [(1, 5, "E003", " "), (1, 13, "E003", "="), (1, 18, "E003", '"c"')],
            {"a": 1, "b": 2},
        ),
        ('{"a": ["k": 1, "l": 2], "b": 1}', [(1, 11, "E003", ":")], None),
        ('{"a": "x"y"z", "b": 1}', [(1, 10, "E003", 'y"z"')], {"a": HOLE, "b": 1}),
        ('{"a": 1,\n,"b": 2}', [(2, 1, "E003", ",")], {"a": 1, "b": 2}),
        (
            '{"a": hello world, "b": ${x}}',
            [(1, 7, "E003", "hello world"), (1, 25, "E003", "${x}")],
            {"a": HOLE, "b": HOLE},
        ),
    ],
)
def test_one_mistake_one_finding(text: str, expected: list[Seen], data: dict[str, Any] | None) -> None:
    document, findings = read(text)
    assert seen(findings) == expected
    if data is not None:
        assert document.data == data


def test_too_deep() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"a":' * 500 + "1" + "}" * 500):
        _, findings = read(text)
        assert [one.code for one in findings] == ["E009"]
    _, findings = read('{"a":' * 60 + "1" + "}" * 60)
    assert findings == ()


def test_huge_number_is_no_traceback() -> None:
    document, findings = read('{"a": ' + "9" * 5000 + ', "b": 1}')
    assert [one.code for one in findings] == ["E008"]
    assert document.data == {"a": HOLE, "b": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": True}', "write `true`"),
        ('{"a": None}', "write `null`"),
        ("{\"a\": 'x'}", 'write "x"'),
        ('{a: "x"}', 'write "a"'),
        ('{"a": relu}', '"relu"'),
        ('{"a": .5}', "write 0.5"),
        ('{"a": 0x10}', "write 16"),
        ('{"a": 1,}', "take this comma away"),
        ('{"a": 1} // c', "JSON has no comments"),
        ('{"a": "x\ty"}', "`\\t`"),
        ('{"a": 2 * 3}', "comma"),
        ("a = 1", ".toml"),
    ],
)
def test_help_says_the_way_out(text: str, words: str) -> None:
    _, findings = read(text)
    assert len(findings) == 1
    assert words in (findings[0].help or "")
