from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from keraspec.runtime.cells import CellError, absent, is_text, numbers, texts
from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem

AT = ("data", "source")


def read(folder: Path, content: str | bytes, name: str = "t.csv", **arguments):
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return reader("csv").read({"type": "csv", "path": name, **arguments}, folder, AT)


def finding(folder: Path, content: str | bytes, **arguments):
    with pytest.raises(Problem) as caught:
        read(folder, content, **arguments)
    (one,) = caught.value.findings
    assert one.pointer == (*AT, "path")
    return one


def test_cells_stay_text_until_asked_for(tmp_path):
    table = read(tmp_path, "id,zip,size\n1,007,1.5\n2,010,-3\n")
    assert texts(table.columns["zip"]).tolist() == ["007", "010"]
    assert numbers(table.columns["zip"]).tolist() == [7, 10]
    assert numbers(table.columns["zip"]).dtype == "int64"
    assert numbers(table.columns["size"]).tolist() == [1.5, -3.0]
    assert table.rows == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,2\n", ["1"]),
        ("a,b\r\n1,2\r\n\r\n3,4\r\n", ["1", "3"]),
        ("\ufeffa,b\n1,2\n", ["1"]),
        ('"a","b"\n"1, and 2",3\n"x\ny",4\n"say ""no""",5', ["1, and 2", "x\ny", 'say "no"']),
        (" a , b\n1,2\n", ["1"]),
    ],
    ids=["plain", "crlf and an empty line", "byte order mark", "quoted", "blanks around names"],
)
def test_forms_of_csv(tmp_path, content, expected):
    assert texts(read(tmp_path, content).columns["a"]).tolist() == expected


def test_gzip_and_separator(tmp_path):
    table = read(tmp_path, "a;b\n1;2,5\n", "t.csv.gz", separator=";")
    assert texts(table.columns["b"]).tolist() == ["2,5"]


def test_missing_values(tmp_path):
    table = read(tmp_path, 'a,b\n1,x\nNA,\n"",NA\n4,nan\n')
    assert absent(table.columns["a"]).tolist() == [False, True, True, False]
    assert absent(table.columns["b"]).tolist() == [False, True, True, True]
    table = read(tmp_path, "a\n-999\n5\n", missing_values=["-999"])
    assert absent(table.columns["a"]).tolist() == [True, False]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2"], [1, 2]),
        ([" 1", "2 "], [1, 2]),
        (["+1", "1e3"], [1, 1000]),
        (["true", "False"], [1, 0]),
        (["1", "2.5"], [1, 2.5]),
    ],
)
def test_numbers(tmp_path, cells, expected):
    table = read(tmp_path, "a,b\n" + "".join(f'"{cell}",0\n' for cell in cells))
    assert numbers(table.columns["a"]).tolist() == expected


def test_the_first_cell_that_is_no_number(tmp_path):
    table = read(tmp_path, "a\n1\n2\nthree\nfour\n")
    with pytest.raises(CellError) as caught:
        numbers(table.columns["a"])
    assert (caught.value.index, caught.value.cell) == (2, "three")
    assert is_text(table.columns["a"])


def test_words_of_truth_are_class_names(tmp_path):
    assert is_text(read(tmp_path, "a\ntrue\nfalse\n").columns["a"])
    assert not is_text(read(tmp_path, "a\n1\n0\n").columns["a"])


def test_ragged_rows_are_numbered(tmp_path):
    one = finding(tmp_path, "a,b\n1,2\n3\n4,5\n6,7,8\n")
    assert one.code == "E407"
    assert "row 2 has 1 cells" in one.message
    assert "1 more row" in one.message
    assert "the row reads: 3" in one.help


def test_a_quotation_mark_that_is_not_closed(tmp_path):
    one = finding(tmp_path, 'a,b\n1,2\n"3,4\n5,6\n')
    assert one.code == "E407"
    assert "quotation mark" in one.help


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "E412", "is empty"),
        (b"\n", "E412", "is empty"),
        (b"a,b\n", "E412", "no rows"),
        (b"a,b\n1,x\n2,\xff\n", "E407", "line 3"),
        ("a,b\n1,2\n".encode("utf-16"), "E407", "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff", "E407", "not UTF-8"),
    ],
)
def test_what_is_no_table(tmp_path, content, code, words):
    one = finding(tmp_path, content)
    assert one.code == code
    assert words in one.message


def test_a_broken_gzip(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(Problem) as caught:
        reader("csv").read({"path": "t.csv.gz"}, tmp_path, AT)
    assert caught.value.findings[0].code == "E407"


def test_no_such_file(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "digits.csv").write_text("a\n1\n")
    for path, words in (("data/digit.csv", 'did you mean "data/digits.csv"?'), ("dat/x.csv", "no folder")):
        with pytest.raises(Problem) as caught:
            reader("csv").read({"path": path}, tmp_path, AT)
        assert caught.value.findings[0].code == "E401"
        assert words in caught.value.findings[0].help
    with pytest.raises(Problem) as caught:
        reader("csv").read({"path": "data"}, tmp_path, AT)
    assert "is a folder" in caught.value.findings[0].message


def test_duplicates_are_remembered(tmp_path):
    table = read(tmp_path, "a,b,a\n1,2,3\n")
    assert table.duplicates == {"a"}


def rows_of(table):
    return list(zip(*(texts(values).tolist() for values in table.columns.values()), strict=True))


def in_pieces(folder: Path, **arguments):
    pieces = reader("csv").pieces({"type": "csv", "path": "t.csv", **arguments}, folder, AT)
    names = list(pieces.head.columns)
    return names, [row for one in pieces.read(names, lambda done: None) for row in rows_of(one)]


def test_names_where_the_first_line_is_a_row(tmp_path):
    table = read(tmp_path, "39, Private\n50, State\n", columns=["age", "work"])
    assert list(table.columns) == ["age", "work"]
    assert rows_of(table) == [("39", "Private"), ("50", "State")]
    assert in_pieces(tmp_path, columns=["age", "work"]) == (["age", "work"], rows_of(table))


def test_a_first_line_of_those_very_names_is_no_row(tmp_path):
    content = "work,age\nPrivate,39\n"
    table = read(tmp_path, content, columns=["age", "work", "pay"])  # such as new rows, without what is predicted
    assert list(table.columns) == ["work", "age"]
    assert rows_of(table) == [("Private", "39")]
    assert in_pieces(tmp_path, columns=["age", "work", "pay"]) == (["work", "age"], [("Private", "39")])


def test_too_few_names(tmp_path):
    one = finding(tmp_path, "1,2,3\n4,5,6\n", columns=["a", "b"])
    assert one.message == '"t.csv": row 1 has 3 cells, but `columns` names 2 columns; 1 more rows are like that'


def test_without_quotation_marks_each_line_is_a_row(tmp_path):
    content = 'a\tb\nham\t"so he said\nspam\tyes" or no\n'
    assert rows_of(read(tmp_path, content, separator="\t", quotes=False)) == [
        ("ham", '"so he said'), ("spam", 'yes" or no'),
    ]  # fmt: skip
    assert in_pieces(tmp_path, separator="\t", quotes=False)[1] == [("ham", '"so he said'), ("spam", 'yes" or no')]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("1,5", "1.5"), ("-,5", "-.5"), ("1.234,5", "1234.5"), ("1.234", "1234"), ("12.345.678", "12345678"),
     ("7", "7"), ("2,5e3", "2.5e3"), ("red, green", "red, green"), ("1.2.2024", "1.2.2024"), ("1,2,3", "1,2,3")],
)  # fmt: skip
def test_fractions_behind_a_comma(tmp_path, cell, expected):
    table = read(tmp_path, f"a;b\n{cell};1\n;2\n", separator=";", decimal=",")
    assert table.columns["a"].to_pylist() == [expected, None]
    assert in_pieces(tmp_path, separator=";", decimal=",")[0] == ["a", "b"]


def test_another_separator_is_told(tmp_path):
    one = finding(tmp_path, "a;b\n1,5;2\n")
    assert 'write `separator = ";"` in the source' in one.help
