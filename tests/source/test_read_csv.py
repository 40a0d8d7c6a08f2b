"""The function with which a program of its own reads a CSV file, against the source that a spec reads it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keraspec.checked import compile_text
from keraspec.compiler.source.program import program
from keraspec.runtime.sources import reader

SPEC = """
keraspec = 1
inputs.x.shape = [1]
layers = [{{ name = "y", type = "Dense", units = 1 }}]
[data]
source = {{ type = "csv", path = "t.csv", {more} }}
inputs.x.column = "a"
targets.y.column = "b"
[training]
loss = "mse"
"""


@pytest.mark.parametrize(
    ("more", "arguments", "content"),
    [
        ("", {}, 'a,b\n"1, 2",3\n4,\n'),
        ('columns = ["a", "b"]', {"columns": ["a", "b"]}, "1, 2\n3,4\n"),
        ('columns = ["a", "b"]', {"columns": ["a", "b"]}, "a,b\n1,2\n3,4\n"),
        ('separator = "\\t", quotes = false', {"separator": "\t", "quotes": False}, 'a\tb\n"x\ty\nz\t1"\n'),
        ('separator = ";", decimal = ","', {"separator": ";", "decimal": ","},
         "a;b\n1,5;-2\n1.234,5;,5\nred, green;1.2.3\n"),
    ],
    ids=["plain", "without names", "with names all the same", "without quotation marks", "decimal comma"],
)  # fmt: skip
def test_it_reads_what_the_source_reads(tmp_path: Path, more: str, arguments: dict[str, Any], content: str) -> None:
    (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    typed = compile_text(SPEC.format(more=more).replace(", }", " }"), "toml", str(tmp_path / "s.keraspec.toml")).typed
    assert typed is not None
    text = program(typed, train=True)
    start = min(text.index(name) for name in ("def pointed(", "def read(") if name in text)
    scope: dict[str, Any] = {}
    exec(f"import csv\nimport re\n{text[start : text.index('def ', text.index('def read(') + 1)]}", scope)
    table = reader("csv").read({"path": "t.csv", **arguments}, tmp_path, ("data", "source"))
    assert scope["read"](tmp_path / "t.csv") == {name: one.to_pylist() for name, one in table.columns.items()}
