"""Edits of a text by positions: what is asked for changes, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tomli

from keraspec.spec.document import Source
from keraspec.spec.edits import Editor, TextEdit, applied

TOML = """\
keraspec = 1   # the version
inputs.image.shape = [8, 8, 1]

# a convolution
[[layers]]
name = "conv"   # first
type = "Conv2D"
kernel_regularizer = { type = "L2", l2 = 0.1 }

[[layers]]
type = "Flatten"

[training]
loss = "mse"
callbacks = [
  { type = "EarlyStopping" },   # stops
  { type = "ReduceLROnPlateau" },
]

[training.optimizer]
type = "Adam"
"""
DATA = tomli.loads(TOML)
JSON = json.dumps(DATA, indent=2)


def editor(text: str, name: str) -> Editor:
    return Editor(Source(name, text))


def read(text: str, name: str) -> Any:
    return json.loads(text) if name.endswith("json") else tomli.loads(text)


BOTH = pytest.mark.parametrize(("text", "name"), [(TOML, "a.toml"), (JSON, "a.json")], ids=["toml", "json"])


@BOTH
@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ((), "name", "x"),
        ((), "keraspec", 2),
        (("inputs", "image"), "dtype", "int32"),
        (("inputs", "image"), "shape", [4]),
        (("layers", 0), "filters", 8),
        (("layers", 0), "type", "Conv1D"),
        (("layers", 0, "kernel_regularizer"), "l2", 0.5),
        (("layers", 1), "name", "flat"),
        (("training",), "epochs", 3),
        (("training", "callbacks", 0), "patience", 2),
        (("training", "optimizer"), "learning_rate", 0.1),
    ],
)
def test_put(text: str, name: str, table: Any, key: str, value: Any) -> None:
    new = applied(text, editor(text, name).put(table, key, value))
    expected = read(text, name)
    inner = expected
    for step in table:
        inner = inner[step]
    inner[key] = value
    assert read(new, name) == expected
    assert new.count("#") == text.count("#")


@BOTH
@pytest.mark.parametrize(
    "pointer",
    [
        ("keraspec",),
        ("inputs", "image", "shape"),
        ("layers", 0, "name"),
        ("layers", 0, "kernel_regularizer", "type"),
        ("layers", 0, "kernel_regularizer", "l2"),
        ("training", "loss"),
        ("training", "callbacks", 0),
        ("training", "callbacks", 1),
        ("training", "optimizer", "type"),
        ("training", "optimizer"),
    ],
)
def test_remove(text: str, name: str, pointer: Any) -> None:
    new = applied(text, editor(text, name).remove(pointer))
    expected = read(text, name)
    inner = expected
    for step in pointer[:-1]:
        inner = inner[step]
    del inner[pointer[-1]]
    emptied = {("inputs", "image", "shape"): ("inputs",)}.get(pointer)
    found = read(new, name)
    if emptied and name.endswith("toml"):  # a table made by one dotted key goes with it
        assert emptied[0] not in found
        del expected[emptied[0]]
    assert found == expected


def test_an_entry_goes_with_the_comment_above_it() -> None:
    new = applied(TOML, editor(TOML, "a.toml").remove(("layers", 0)))
    assert "convolution" not in new
    assert tomli.loads(new)["layers"] == DATA["layers"][1:]


@BOTH
def test_insert(text: str, name: str) -> None:
    entry = {"type": "Dense", "units": 4}
    for pointer in (("layers", 0), ("layers", 1), ("training", "callbacks", 1)):
        new = applied(text, editor(text, name).insert(pointer, entry))
        expected = read(text, name)
        inner = expected
        for step in pointer[:-1]:
            inner = inner[step]
        inner.insert(pointer[-1], entry)
        assert read(new, name) == expected
        assert new.count("#") == text.count("#")


@BOTH
def test_rename(text: str, name: str) -> None:
    new = applied(text, editor(text, name).rename(("layers", 0, "kernel_regularizer"), "bias_regularizer"))
    assert "bias_regularizer" in read(new, name)["layers"][0]
    assert new == text.replace("kernel_regularizer", "bias_regularizer")


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap at 2"):
        applied("abcdef", [TextEdit(0, 3, "x"), TextEdit(2, 4, "y")])
    assert applied("abc", [TextEdit(1, 1, "-"), TextEdit(1, 2, "B"), TextEdit(1, 1, "-")]) == "a-Bc"


def test_keys_of_a_new_section_stand_below_its_header() -> None:
    new = applied("a = 1", editor("a = 1", "a.toml").add_table("data", "b = 2"))
    assert new == "a = 1\n\n[data]\nb = 2\n"


def test_the_first_key_stands_below_the_line_that_names_the_schema() -> None:
    text = "#:schema x.json\n\n[data]\n"
    assert applied(text, editor(text, "a.toml").put((), "keraspec", 1)) == "#:schema x.json\nkeraspec = 1\n\n[data]\n"


def test_line_ends_are_kept() -> None:
    text = "[data]\r\nseed = 1\r\n[training]\r\n"
    new = applied(text, editor(text, "a.toml").put(("data",), "cache", True))
    assert new == "[data]\r\nseed = 1\r\ncache = true\r\n[training]\r\n"
