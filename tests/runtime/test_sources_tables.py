"""Tables in files: each source against a plain reading of the same file."""

from __future__ import annotations

import gzip
import json
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keraspec.runtime.cells import absent, numbers, texts
from keraspec.runtime.sources import READERS, reader, reader_of_file
from keraspec.runtime.table import Table
from keraspec.spec.problem import Problem

AT = ("data", "source")


def read(folder, kind, path, skip=False, **arguments) -> Table:
    return reader(kind).read({"type": kind, "path": path, **arguments}, folder, AT, skip=skip)


def refusal(folder, kind, path, **arguments):
    with pytest.raises(Problem) as caught:
        read(folder, kind, path, **arguments)
    (one,) = caught.value.findings
    return one


def lines(rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


ROWS = [
    {"a": 1, "b": 0.5, "c": "x", "d": True, "e": [1, 2], "f": {"g": 3, "h": "k"}, "i": "2020-01-02"},
    {"a": 2, "b": 7, "c": 'é, "q"', "d": False, "e": [3, 4], "f": {"g": 4, "h": "l"}, "i": "2021-01-02T00:00:00"},
]


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_json_lines(tmp_path, name):
    raw = lines(ROWS).encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    table = read(tmp_path, "jsonl", name)
    assert table.rows == 2
    assert list(table.columns) == ["a", "b", "c", "d", "e", "f.g", "f.h", "i"]
    assert numbers(table.columns["a"]).tolist() == [1, 2]
    assert numbers(table.columns["a"]).dtype == "int64"
    assert numbers(table.columns["b"]).tolist() == [0.5, 7]
    assert texts(table.columns["c"]).tolist() == ["x", 'é, "q"']
    assert table.columns["d"].tolist() == [True, False]
    assert table.columns["e"].tolist() == [[1, 2], [3, 4]]
    assert numbers(table.columns["f.g"]).tolist() == [3, 4]
    assert texts(table.columns["i"]).tolist() == ["2020-01-02", "2021-01-02T00:00:00"]


def test_json_lines_with_gaps(tmp_path):
    rows = [{"a": 2**60 + 1, "b": 1.5}, {"b": None, "c": True}, {"a": 3, "b": 2.5, "c": None}]
    (tmp_path / "t.jsonl").write_text(lines(rows))
    table = read(tmp_path, "jsonl", "t.jsonl")
    assert absent(table.columns["a"]).tolist() == [False, True, False]
    assert numbers(table.columns["a"].drop_null()).tolist() == [2**60 + 1, 3]
    assert absent(table.columns["b"]).tolist() == [False, True, False]
    assert absent(table.columns["c"]).tolist() == [True, False, True]


def test_json_values_of_several_kinds_are_text(tmp_path):
    (tmp_path / "t.jsonl").write_text(lines([{"a": 1}, {"a": "two"}, {"a": None}, {"a": [3]}]))
    column = read(tmp_path, "jsonl", "t.jsonl").columns["a"]
    assert column.to_pylist() == ["1", "two", None, "[3]"]


def test_json_lists_of_unequal_length_stay_rows(tmp_path):
    (tmp_path / "t.jsonl").write_text(lines([{"a": [1, 2]}, {"a": [3]}, {"a": None}, {"a": []}]))
    column = read(tmp_path, "jsonl", "t.jsonl").columns["a"]
    assert [None if one is None else one.tolist() for one in column] == [[1, 2], [3], None, []]
    assert absent(column).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ('{"a": 1', 'line 3 is no JSON: {"a": 1'),
        ("[1, 2]", "line 3 is no JSON object: [1, 2]"),
        ("\xff", "line 3 is not UTF-8"),
    ],
)
def test_a_line_that_is_no_object(tmp_path, bad, message):
    (tmp_path / "t.jsonl").write_bytes(b'{"a": 1}\n\n' + bad.encode("latin-1") + b'\n{"a": 2}\n')
    found = refusal(tmp_path, "jsonl", "t.jsonl")
    assert found.code == "E407"
    assert message in found.message
    table = read(tmp_path, "jsonl", "t.jsonl", skip=True)
    assert numbers(table.columns["a"]).tolist() == [1, 2]
    assert len(table.skipped) == 1
    assert table.skipped[0].startswith("line 3 of t.jsonl is ")


def test_a_line_longer_than_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr("keraspec.runtime.sources.jsonl.BLOCK", 64)
    (tmp_path / "t.jsonl").write_text(lines([{"a": "x" * 1000, "b": 1}, {"a": "y", "b": 2}]))
    table = read(tmp_path, "jsonl", "t.jsonl")
    assert texts(table.columns["a"]).tolist() == ["x" * 1000, "y"]


JSON = st.dictionaries(
    st.sampled_from("abc"),
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(st.characters(codec="utf-8"), max_size=5)
    ),
    min_size=1,
)


@given(st.lists(JSON, min_size=1, max_size=6))
def test_json_lines_keep_every_value(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    (folder / "t.jsonl").write_text(lines(rows), encoding="utf-8")
    table = read(folder, "jsonl", "t.jsonl")
    assert table.rows == len(rows)
    for name, values in table.columns.items():
        cells = [row.get(name) for row in rows]
        gone = absent(values).tolist()
        assert gone == [cell is None for cell in cells]
        kinds = {type(cell) for cell in cells if cell is not None}
        kept = values.to_pylist() if hasattr(values, "to_pylist") else values.tolist()
        for cell, value in zip(cells, kept, strict=True):
            if cell is None:
                continue
            if len(kinds) > 1:
                assert value == (cell if isinstance(cell, str) else json.dumps(cell))
            else:
                assert value == cell or value == str(cell)


def test_parquet(tmp_path):
    table = pa.table(
        {
            "i": pa.array([1, 2, 3], pa.int16()),
            "gap": pa.array([1, None, 3]),
            "f": pa.array([0.5, None, 2.0], pa.float32()),
            "s": pa.array(["a", None, "c"]),
            "word": pa.array(["x", "y", "x"]).dictionary_encode(),
            "raw": pa.array([b"a", b"b", b"c"]),
            "wave": pa.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], pa.list_(pa.float32(), 2)),
            "cube": pa.array([[[1, 2], [3, 4]]] * 3),
            "day": pa.array([0, 1, 2], pa.date32()),
            "deep": pa.array([{"x": 1, "y": {"z": "q"}}] * 3),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    found = read(tmp_path, "parquet", "t.parquet").columns
    assert found["i"].dtype == "int16"
    assert found["i"].tolist() == [1, 2, 3]
    assert absent(found["gap"]).tolist() == absent(found["f"]).tolist() == absent(found["s"]).tolist()
    assert found["f"].dtype == "float32"
    assert texts(found["word"]).tolist() == ["x", "y", "x"]
    assert texts(found["raw"]).tolist() == ["a", "b", "c"]
    assert found["wave"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert found["wave"].dtype == "float32"
    assert found["cube"].shape == (3, 2, 2)
    assert texts(found["day"]).tolist() == ["1970-01-01", "1970-01-02", "1970-01-03"]
    assert numbers(found["deep.x"]).tolist() == [1, 1, 1]
    assert texts(found["deep.y.z"]).tolist() == ["q", "q", "q"]


def test_files_of_a_pattern_stand_one_below_the_other(tmp_path):
    for name, values in (("b", [3, 4]), ("a", [1, 2]), ("c", [5])):
        pq.write_table(pa.table({"v": values}), tmp_path / f"{name}.parquet")
        (tmp_path / f"{name}.csv").write_text("v\n" + "".join(f"{one}\n" for one in values))
        (tmp_path / f"{name}.jsonl").write_text(lines({"v": one} for one in values))
        np.savez(tmp_path / f"{name}.npz", v=np.array(values))
        np.save(tmp_path / f"{name}.npy", np.array(values))
    for kind in ("parquet", "csv", "jsonl", "npz"):
        table = read(tmp_path, kind, f"*.{kind}")
        assert numbers(table.columns["v"]).tolist() == [1, 2, 3, 4, 5], kind
        assert table.place(0) == f"row 1 of a.{kind}"
        assert table.place(2) == f"row 1 of b.{kind}"
    assert read(tmp_path, "npy", "*.npy", column="v").columns["v"].tolist() == [1, 2, 3, 4, 5]
    assert list(read(tmp_path, "npy", "*.npy").columns) == ["a", "b", "c"]


@pytest.mark.parametrize(("kind", "suffix"), [(one.kind, one.suffixes[0]) for one in READERS if one.suffixes])
def test_a_file_that_is_not_there(tmp_path, kind, suffix):
    (tmp_path / f"photos{suffix}").write_bytes(b"")
    found = refusal(tmp_path, kind, f"fotos{suffix}")
    assert (found.code, found.pointer) == ("E401", (*AT, "path"))
    assert found.help == f'did you mean "photos{suffix}"?'
    assert reader_of_file(tmp_path / f"photos{suffix}").kind == kind
    found = refusal(tmp_path, kind, f"photos{suffix}")
    assert found.code in ("E407", "E412")
    if kind != "idx":
        assert refusal(tmp_path, kind, f"none*{suffix}").code == "E401"


def test_files_of_a_pattern_must_agree(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x\n1\n")
    found = refusal(tmp_path, "csv", "*.csv")
    assert (found.code, found.message) == ("E407", 'the files of "*.csv" differ: b.csv has no column `y`')


def test_large_arrays_are_mapped(tmp_path):
    big = np.arange(2**19, dtype=np.float32).reshape(-1, 4)
    np.savez(tmp_path / "t.npz", big=big, small=np.arange(len(big)), turned=np.asfortranarray(big))
    columns = read(tmp_path, "npz", "t.npz").columns
    assert isinstance(columns["big"], np.memmap)
    assert np.array_equal(columns["big"], big)
    assert np.array_equal(columns["turned"], big)
    np.savez_compressed(tmp_path / "packed.npz", big=big)
    assert np.array_equal(read(tmp_path, "npz", "packed.npz").columns["big"], big)
    np.save(tmp_path / "one.npy", big)
    column = read(tmp_path, "npy", "one.npy").columns["one"]
    assert isinstance(column, np.memmap)
    assert np.array_equal(column, big)


def test_python_objects_are_not_loaded(tmp_path):
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    found = refusal(tmp_path, "npy", "o.npy")
    assert found.code == "E407"
    assert "Python objects" in found.message


def idx_bytes(array) -> bytes:
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    return (
        bytes([0, 0, code, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_of_every_dtype(tmp_path, dtype, ending):
    array = (np.arange(24) - (0 if dtype == "u1" else 12)).astype(dtype).reshape(4, 3, 2)
    raw = idx_bytes(array)
    (tmp_path / f"x-images-idx3-ubyte{ending}").write_bytes(gzip.compress(raw) if ending else raw)
    raw = idx_bytes(np.arange(4, dtype=np.uint8))
    (tmp_path / f"x-labels-idx1-ubyte{ending}").write_bytes(gzip.compress(raw) if ending else raw)
    table = read(tmp_path, "idx", f"x-images-idx3-ubyte{ending}")
    assert np.array_equal(table.columns["image"], array)
    assert table.columns["label"].tolist() == [0, 1, 2, 3]
    assert table.test is None


def test_idx_folder_keeps_its_test_rows(tmp_path):
    for part, count in (("train", 5), ("t10k", 2)):
        images = np.full((count, 2, 2), count, np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(np.arange(count, dtype="u1"))))
    table = read(tmp_path.parent, "idx", tmp_path.name)
    assert table.columns["label"].tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert table.test.tolist() == [False] * 5 + [True] * 2
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    assert refusal(tmp_path.parent, "idx", tmp_path.name).code == "E401"


@pytest.mark.parametrize("raw", [b"", b"\0\0\x08", b"\0\0\x08\x01\0\0\0\x05\1\2", b"\1\2\3\4\5\6\7\x08"])
def test_idx_that_is_none(tmp_path, raw):
    (tmp_path / "a.idx").write_bytes(raw)
    (tmp_path / "b.idx.gz").write_bytes(gzip.compress(raw))
    for name in ("a.idx", "b.idx.gz"):
        assert refusal(tmp_path, "idx", name).code == "E407"


def test_rows_of_a_wrong_length_are_skipped(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n4,5\n6,7,8\n")
    table = read(tmp_path, "csv", "t.csv", skip=True)
    assert numbers(table.columns["a"]).tolist() == [1, 4]
    assert table.skipped == (
        "row 2 of t.csv has 1 cells, but there are 2 columns",
        "row 4 of t.csv has 3 cells, but there are 2 columns",
    )
