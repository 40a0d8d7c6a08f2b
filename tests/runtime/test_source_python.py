"""The source python: a function's rows, once its module is allowed, and clear words for all that is no data."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from click.testing import CliRunner

from keraspec.checked import compile_file
from keraspec.cli import group
from keraspec.plugins import allow_plugin, forget_plugins
from keraspec.runtime.data import prepare
from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem

MODULE = """
import numpy as np

def columns(rows=6):
    return {"a": np.arange(rows), "b": np.arange(rows) * 2.0, "name": ["n%d" % row for row in range(rows)]}

def pair(rows=6):
    return np.arange(rows * 2).reshape(rows, 2), np.arange(rows)

def named_pair():
    return {"a": [1, 2, 3]}, {"b": [4, 5, 6]}

def pieces(rows=10, size=4):
    for first in range(0, rows, size):
        places = np.arange(first, min(first + size, rows))
        yield {"a": places, "b": places * 2.0}

def batches():
    for number in range(3):
        yield np.full((2, 2), number), np.array([number, number])

def frame():
    import pandas as pd
    return pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "when": pd.to_datetime(["2024-01-01", "2024-01-02"])})

def arrow():
    import pyarrow as pa
    return pa.table({"a": [1, 2], "b": ["x", "y"]})

def unequal():
    return {"a": [[1, 2], [3]], "b": [1, 2]}

def growing():
    yield {"a": np.ones((2, 3))}
    yield {"a": np.ones((1, 5))}

def none():
    return None

def lonely():
    return {"a": 5}

def objects():
    return {"a": [object(), object()]}

def empty():
    return {"a": []}

def odd():
    return {"a": [1, 2], "b": [1, 2, 3]}

def twice():
    return {"a": [1]}, {"a": [1]}

def differ():
    yield {"a": [1]}
    yield {"b": [1]}

def breaks():
    raise RuntimeError("no more rows")

value = 3
"""


@pytest.fixture
def read(tmp_path):
    path = tmp_path / "measured.py"
    path.write_text(MODULE)
    allow_plugin(str(path))
    yield lambda name, **given: reader("python").read(
        {"type": "python", "function": f"measured:{name}", "arguments": given}, tmp_path, ("data", "source")
    )
    forget_plugins()
    sys.modules.pop("measured", None)


def test_columns_by_name_with_arguments(read):
    table = read("columns", rows=4)
    assert list(table.columns) == ["a", "b", "name"]
    assert table.columns["b"].tolist() == [0, 2, 4, 6]
    assert table.columns["name"].tolist() == ["n0", "n1", "n2", "n3"]
    assert table.origin == "measured:columns"


def test_pairs_feed_the_only_input_and_the_only_target(read):
    table = read("pair")
    assert table.standard == ("x", "y")
    assert table.columns["x"].shape == (6, 2)
    assert list(read("named_pair").columns) == ["a", "b"]


def test_pieces_are_put_together_row_by_row(read):
    table = read("pieces", rows=10, size=4)
    assert table.columns["a"].tolist() == list(range(10))
    assert table.columns["b"].tolist() == [2.0 * row for row in range(10)]
    batches = read("batches")
    assert batches.columns["x"].shape == (6, 2)
    assert batches.columns["y"].tolist() == [0, 0, 1, 1, 2, 2]


def test_tables_of_pandas_and_arrow(read):
    frame = read("frame")
    assert frame.columns["b"].tolist() == ["x", "y"]
    assert frame.columns["when"][0].startswith("2024-01-01T00:00:00")
    assert read("arrow").columns["a"].tolist() == [1, 2]


def test_rows_of_unequal_length_stay_so(read):
    rows = read("unequal").columns["a"]
    assert [one.tolist() for one in rows] == [[1, 2], [3]]
    assert [one.shape for one in read("growing").columns["a"]] == [(3,), (3,), (5,)]


@pytest.mark.parametrize(
    ("name", "given", "code", "words"),
    [
        ("none", {}, "E407", "measured:none gave nothing (None)"),
        ("lonely", {}, "E407", "a single value for `a`"),
        ("objects", {}, "E407", "cells of type object"),
        ("empty", {}, "E412", "measured:empty gave no rows"),
        ("odd", {}, "E407", "2 rows of `a` and 3 of `b`"),
        ("twice", {}, "E407", "the column `a` in x and in y"),
        ("differ", {}, "E407", "piece 2 with other columns"),
        ("breaks", {}, "E407", "measured:breaks failed: RuntimeError: no more rows"),
        ("columns", {"row": 3}, "E407", "unexpected keyword argument 'row'"),
        ("column", {}, "E402", "there is no function `column` in `measured`"),
        ("value", {}, "E402", "there is no function `value`"),
    ],
)
def test_what_is_no_data_is_said(read, name, given, code, words):
    with pytest.raises(Problem) as caught:
        read(name, **given)
    (finding,) = caught.value.findings
    assert finding.code == code
    assert words in finding.message
    assert finding.pointer == ("data", "source", "function")


SPEC = """
keraspec = 1
inputs.x.shape = [2]
[[layers]]
name = "y"
type = "Dense"
units = 1
[data]
source = { type = "python", function = "measured:pair", arguments = { rows = 20 } }
split = { validation = 0.25 }
[training]
loss = "mse"
"""


def test_nothing_runs_without_the_allowance(tmp_path):
    forget_plugins()
    (tmp_path / "measured.py").write_text("raise SystemExit('it ran')")
    path = tmp_path / "spec.keraspec.toml"
    path.write_text(SPEC)
    (one,) = compile_file(path).diagnostics
    assert one.code == "E117"
    assert "--allow-plugin measured" in one.help
    with pytest.raises(Problem) as caught:
        reader("python").read({"type": "python", "function": "measured:pair"}, tmp_path, ("data", "source"))
    assert caught.value.findings[0].code == "E117"


def test_a_spec_reads_it(read, check):
    checked = check(SPEC)
    prepared = prepare(checked.typed, checked.path.parent)
    assert {part: rows.count for part, rows in prepared.parts.items()} == {"train": 15, "validation": 5, "test": 0}
    rows = np.concatenate([prepared.parts[part].inputs["x"] for part in ("train", "validation")])
    assert sorted(rows[:, 0].tolist()) == [2 * row for row in range(20)]


def test_from_the_command_line(tmp_path):
    (tmp_path / "measured.py").write_text(MODULE)
    path = tmp_path / "spec.keraspec.toml"
    path.write_text(SPEC.replace("rows = 20", "rows = 12").replace('"mse"', '"mae"'))
    allowed = ["--allow-plugin", str(tmp_path / "measured.py")]
    try:
        done = CliRunner().invoke(group, ["data", str(path), *allowed])
        assert "measured:pair: rows: 9 train, 3 validation" in done.output
        assert CliRunner().invoke(group, ["check", str(path), *allowed]).exit_code == 0
    finally:
        forget_plugins()
        sys.modules.pop("measured", None)
    assert CliRunner().invoke(group, ["check", str(path)]).exit_code == 1


def test_an_installed_module_needs_no_entry_point(tmp_path, monkeypatch):
    package = tmp_path / "my_rows"
    package.mkdir()
    (package / "__init__.py").write_text("def here(): return {'a': [1, 2]}")
    (package / "deeper.py").write_text("def there(): return {'a': [3, 4]}")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        allow_plugin("my_rows")
        for name, expected in (("my_rows:here", [1, 2]), ("my_rows.deeper:there", [3, 4])):
            table = reader("python").read({"type": "python", "function": name}, tmp_path, ("data", "source"))
            assert table.columns["a"].tolist() == expected
        arguments = {"type": "python", "function": "my_rows.none:there"}
        with pytest.raises(Problem) as caught:
            reader("python").read(arguments, tmp_path, ("data", "source"))
        assert "`my_rows.none` can't be loaded" in caught.value.findings[0].message
    finally:
        forget_plugins()
        for name in ("my_rows", "my_rows.deeper"):
            sys.modules.pop(name, None)
