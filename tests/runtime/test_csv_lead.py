"""CSV files whose first line says what parts their cells, as Excel reads and writes them."""

from __future__ import annotations

import pytest

from keraspec.runtime.cells import texts
from keraspec.runtime.drafting.manner import manner
from keraspec.runtime.sources import reader

from .test_csv import finding, read


@pytest.mark.parametrize("lead", ["sep=;\n", "\ufeffsep=;\r\n", '"sep=;"\r\n', "SEP=;;;\n"])
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("arguments", [{}, {"separator": ","}, {"columns": ["a", "b"]}, {"quotes": False}])
def test_a_first_line_says_what_parts_the_cells(tmp_path, lead, name, arguments):
    table = read(tmp_path, lead + "a;b\n1;2\n3;4\n", name, **arguments)
    assert list(table.columns) == ["a", "b"]
    assert texts(table.columns["b"]).tolist() == ["2", "4"]
    found = reader("csv").pieces({"type": "csv", "path": name, **arguments}, tmp_path, ("data", "source"))
    assert list(found.head.columns) == ["a", "b"]
    parts = list(found.read({"b"}, lambda done: None))
    assert [cell for part in parts for cell in part.columns["b"].to_pylist()] == ["2", "4"]


def test_names_may_stand_in_the_spec_alone(tmp_path):
    table = read(tmp_path, "sep=|\n1|2\n3|4\n", columns=["a", "b"])
    assert texts(table.columns["a"]).tolist() == ["1", "3"]


def test_rows_are_counted_from_the_names_on(tmp_path):
    bad = "a;b\n1;2\n3\n5;6\n"
    plain, led = finding(tmp_path, bad, separator=";"), finding(tmp_path, "sep=;\n" + bad)
    assert plain.message == led.message
    assert "row 2 has 1 cells" in led.message


@pytest.mark.parametrize("content", ["sep=1,b\n1,2\n", "sep\n1\n", "separator=;\n1\n", "a,sep=;\n1,2\n"])
def test_other_first_lines_are_names(tmp_path, content):
    table = read(tmp_path, content)
    assert list(table.columns) == content.partition("\n")[0].split(",")


def test_several_files_each_say_it(tmp_path):
    (tmp_path / "t1.csv").write_text("sep=;\na;b\n1;2\n")
    (tmp_path / "t2.csv").write_text("a,b\n3,4\n")
    table = reader("csv").read({"type": "csv", "path": "t?.csv"}, tmp_path, ("data", "source"))
    assert texts(table.columns["b"]).tolist() == ["2", "4"]


def test_a_spec_is_drafted_of_such_a_file(tmp_path):
    rows = "".join(f"{row},5;{row},25\n" for row in range(9))
    path = tmp_path / "t.csv"
    path.write_text("sep=;\na;b\n" + rows)

    def again(given):
        return reader("csv").read({"type": "csv", "path": "t.csv", **given}, tmp_path, ("data", "source"))

    given, table = manner(path, again)
    assert given == {"separator": ";", "decimal": ","}
    assert list(table.columns) == ["a", "b"]
