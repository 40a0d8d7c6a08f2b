"""Sources larger than memory: what is read by the batch is what is made of the whole."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.runtime import deferred, laid, streams
from keraspec.runtime.data import prepare
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.progress import Progress
from keraspec.spec.problem import Problem

SPEC = """
keraspec = 1
name = "t"
[inputs]
x = {{ shape = [3] }}
[[layers]]
name = "dense"
type = "Dense"
units = {units}
activation = "{activation}"
[training]
optimizer = "sgd"
loss = "{loss}"
epochs = 1
[data]
cache = {cache}
{more}
[data.source]
{source}
[data.inputs.x]
column = ["a", "b", "c"]
[data.targets]
dense = {{ column = "{target}" }}
"""

OTHER = """
[data.split]
validation = 0.2
test = 0.1
stratify = "kind"
"""


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    """Rows are kept here; pieces are small, and nothing is taken back into memory."""
    monkeypatch.setenv("KERASPEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(laid, "HELD_BYTES", 0)
    for module in ("csv", "parquet", "jsonl_pieces"):
        monkeypatch.setattr(f"keraspec.runtime.sources.{module}.AT_ONCE", 4096)
    return tmp_path / "cache" / "rows"


def spec_of(source, cache="false", *, units=1, loss="mse", target="y", more="", tail=""):
    activation = "softmax" if units > 1 else "linear"
    return (
        SPEC.format(activation=activation, units=units, loss=loss, cache=cache, more=more, source=source, target=target)
        + tail
    )


def prepared_of(folder, text, show=None):
    loaded = compile_text(text, "spec.keraspec.toml")
    assert not loaded.errors, loaded.diagnostics
    return prepare(loaded.typed, folder, *([show] if show else []))


def both(folder, *arguments, **more):
    """The same spec in memory and by the batch, with their rows compared."""
    held = prepared_of(folder, spec_of(*arguments, "true", **more))
    laid_down = prepared_of(folder, spec_of(*arguments, "false", **more))
    same(held, laid_down)
    return laid_down


def same(held, laid_down):
    assert laid_down.streamed
    assert not held.streamed
    assert laid_down.encodings == held.encodings
    assert laid_down.columns == held.columns
    assert (laid_down.dropped, laid_down.skipped) == (held.dropped, held.skipped)
    for name, rows in held.parts.items():
        other = laid_down.parts[name]
        assert other.count == rows.count
        for side in ("inputs", "targets", "weights"):
            one, two = getattr(rows, side), getattr(other, side)
            assert one.keys() == two.keys()
            for key in one:
                if rows.count:
                    every = np.arange(rows.count)
                    np.testing.assert_array_equal(np.asarray(one[key][every]), np.asarray(two[key][every]))


def columns(rows=900, seed=1):
    random = np.random.default_rng(seed)
    return {
        "a": random.normal(size=rows).round(4),
        "b": random.integers(0, 1000, rows),
        "c": random.normal(size=rows).round(6) * 1e6,
        "y": random.normal(size=rows).round(5),
        "kind": random.choice(["ant", "bee", " cat"], rows, p=[0.1, 0.6, 0.3]),
        "label": random.integers(0, 3, rows),
        "weight": random.random(rows).round(3),
    }


def write(path, table, kind):
    names = list(table)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(one.tolist() for one in table.values()), strict=True)]
    if kind == "csv":
        text = ",".join(names) + "\n" + "".join(",".join(str(one) for one in row.values()) + "\n" for row in rows)
    elif kind == "jsonl":
        text = "".join(json.dumps(row) + "\n" for row in rows)
    else:
        pq.write_table(pa.table(table), path, row_group_size=200)
        return
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


FILES = [("csv", "t.csv"), ("csv", "t.csv.gz"), ("jsonl", "t.jsonl"), ("jsonl", "t.jsonl.gz"), ("parquet", "t.parquet")]


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_same_rows_as_in_memory(tmp_path, kind, name):
    write(tmp_path / name, columns(), kind)
    source = f'type = "{kind}"\npath = "{name}"'
    found = both(tmp_path, source, more='sample_weight = "weight"', tail=OTHER)
    assert isinstance(found.parts["train"].inputs["x"], Deferred)
    assert found.parts["train"].count == 630
    labels = {"units": 3, "loss": "sparse_categorical_crossentropy"}
    both(tmp_path, source, target="kind", **labels, tail=OTHER)
    both(tmp_path, source, target="label", **labels, tail=OTHER)
    both(tmp_path, source, target="kind", units=3, loss="categorical_crossentropy")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_several_files_by_name(tmp_path, kind):
    for number in (2, 10, 1):
        write(tmp_path / f"t{number}.{kind}", columns(300, number), kind)
    source = f'type = "{kind}"\npath = "t*.{kind}"'
    found = both(tmp_path, source)
    every = np.concatenate([columns(300, number)["b"] for number in (1, 10, 2)])
    rows = found.parts["train"].inputs["x"][np.arange(900)]
    np.testing.assert_array_equal(rows[:, 1], every)


def test_what_is_kept_is_used_again_until_the_file_changes(tmp_path, shelf, monkeypatch):
    write(tmp_path / "t.csv", columns(), "csv")
    text = spec_of('type = "csv"\npath = "t.csv"', target="kind", units=3, loss="sparse_categorical_crossentropy")
    said: list[str] = []
    first = prepared_of(tmp_path, text, Progress(said.append))
    assert "900 rows gone through" in said[0]
    assert "cache = false" in said[0]
    (kept,) = shelf.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("keraspec.runtime.sources.csv.pieces", None)
        again = prepared_of(tmp_path, text, Progress(said.append))
    np.testing.assert_array_equal(first.parts["train"].inputs["x"][:50], again.parts["train"].inputs["x"][:50])
    assert again.encodings == first.encodings
    assert "gone through" not in said[1]
    write(tmp_path / "t.csv", columns(901, 2), "csv")
    third = prepared_of(tmp_path, text, Progress(said.append))
    assert third.parts["train"].count == 901
    (fresh,) = shelf.iterdir()
    assert fresh != kept


def test_the_rule(tmp_path, monkeypatch):
    write(tmp_path / "t.csv", columns(), "csv")
    source = 'type = "csv"\npath = "t.csv"'
    assert not prepared_of(tmp_path, spec_of(source, '"auto"')).streamed
    monkeypatch.setattr(deferred, "KEPT_BYTES", 10_000)
    said: list[str] = []
    assert prepared_of(tmp_path, spec_of(source, '"auto"'), Progress(said.append)).streamed
    assert "are more than the" in said[0]
    assert not prepared_of(tmp_path, spec_of(source, "true")).streamed


def test_progress_is_told(tmp_path):
    write(tmp_path / "t.csv", columns(5000), "csv")
    heard: list[tuple[str, int, int]] = []
    prepared_of(tmp_path, spec_of('type = "csv"\npath = "t.csv"'), Progress(reading=lambda *one: heard.append(one)))
    assert len(heard) > 5
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)
    assert heard[-1] == ("t.csv", (tmp_path / "t.csv").stat().st_size, (tmp_path / "t.csv").stat().st_size)


MISSING = "a,b,c,y,kind,weight\n" + "".join(
    f"{'' if row % 7 == 0 else row},{row % 5},{row}.5,{row * 2},{'' if row % 11 == 0 else 'ab'[row % 2]},1\n"
    for row in range(600)
)


@pytest.mark.parametrize("missing", ['missing = "drop"', 'missing = { a = -1, kind = "b" }'])
def test_missing_values(tmp_path, missing):
    (tmp_path / "t.csv").write_text(MISSING)
    how = {"target": "kind", "units": 2, "loss": "sparse_categorical_crossentropy"}
    found = both(tmp_path, 'type = "csv"\npath = "t.csv"', more=missing, **how, tail=OTHER)
    assert found.dropped == (0 if "kind" in missing else sum(row % 7 == 0 or row % 11 == 0 for row in range(600)))
    with pytest.raises(Problem) as caught:
        prepared_of(tmp_path, spec_of('type = "csv"\npath = "t.csv"', **how))
    assert caught.value.findings[0].code == "E404"


def test_rows_that_can_not_be_read(tmp_path):
    lines = ["a,b,c,y", *(f"{row},1,2,3" for row in range(800))]
    lines[300], lines[700], lines[-1] = "1,2", "oops,1,2,3", "1,2,3,4,5"
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    source = 'type = "csv"\npath = "t.csv"'
    found = both(tmp_path, source, more='on_error = "skip"')
    assert len(found.skipped) == 3
    assert any("row 300 of t.csv has 2 cells" in one for one in found.skipped)
    assert any('row 699: `a` holds "oops"' in one for one in found.skipped)
    messages = []
    for cache in ("true", "false"):
        with pytest.raises(Problem) as caught:
            prepared_of(tmp_path, spec_of(source, cache))
        messages.append([(one.code, one.message, one.help) for one in caught.value.findings])
    assert messages[0] == messages[1]


@pytest.mark.parametrize("cell", ["oops", "inf"])
def test_a_fault_is_told_with_its_row(tmp_path, cell):
    for name, bad in (("t1.csv", 10**9), ("t2.csv", 555)):
        rows = "".join(f"{cell if row == bad else row},1,2,3\n" for row in range(700))
        (tmp_path / name).write_text("a,b,c,y\n" + rows)
    messages = []
    for cache in ("true", "false"):
        with pytest.raises(Problem) as caught:
            prepared_of(tmp_path, spec_of('type = "csv"\npath = "t?.csv"', cache))
        messages.append([(one.code, one.message) for one in caught.value.findings])
    assert messages[0] == messages[1]
    assert "row 556 of t2.csv" in messages[0][0][1]


def test_a_label_is_told_with_its_row(tmp_path):
    (tmp_path / "t.csv").write_text(
        "a,b,c,y\n" + "".join(f"1,1,2,{7 if row == 640 else row % 3}\n" for row in range(700))
    )
    how = {"units": 3, "loss": "sparse_categorical_crossentropy"}
    with pytest.raises(Problem) as caught:
        prepared_of(tmp_path, spec_of('type = "csv"\npath = "t.csv"', **how))
    (one,) = caught.value.findings
    assert one.code == "E403"
    assert "labels from 0 to 7" in one.message
    assert "row 641" in one.message


TEXTS = """
keraspec = 1
name = "t"
inputs.note = { shape = [], dtype = "string" }
inputs.steps = { shape = ["time"], dtype = "int32" }
[[layers]]
type = "TextVectorization"
inputs = "note"
max_tokens = 10
output_mode = "multi_hot"
pad_to_max_tokens = true
name = "words"
[[layers]]
type = "Embedding"
inputs = "steps"
input_dim = 50
output_dim = 2
name = "vectors"
[[layers]]
type = "GlobalAveragePooling1D"
name = "mean"
[[layers]]
type = "Concatenate"
inputs = ["words", "mean"]
[[layers]]
name = "y"
type = "Dense"
units = 2
[data]
cache = CACHE
source = { type = "KIND", path = "t.KIND" }
inputs.steps = { column = "steps", pad = 9 }
targets.y.column = ["y1", "y2"]
[training]
loss = "mse"
"""


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_texts_and_rows_of_unequal_length(tmp_path, kind):
    random = np.random.default_rng(0)
    table = {
        "note": [f"über {row} «wörter» " * (row % 4) for row in range(500)],
        "steps": [random.integers(0, 50, random.integers(1, 9)).tolist() for _ in range(500)],
        "y1": random.normal(size=500).tolist(),
        "y2": random.integers(0, 9, 500).tolist(),
    }
    if kind == "jsonl":
        rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.table(table), tmp_path / "t.parquet", row_group_size=64)
    held, laid_down = (
        prepared_of(tmp_path, TEXTS.replace("KIND", kind).replace("CACHE", cache)) for cache in ("true", "false")
    )
    same(held, laid_down)
    few = np.array([3, 77, 401])
    steps = laid_down.parts["train"].inputs["steps"][few]
    np.testing.assert_array_equal(steps, held.parts["train"].inputs["steps"][few])
    assert steps.shape[1] == max(len(table["steps"][row]) for row in few)


def test_json_that_changes_its_mind(tmp_path):
    """What is a number here and text there is text throughout, also where neither stands in the same piece."""
    rows = [{"a": row, "b": 1.5, "c": 2, "y": row, "kind": row if row < 400 else f"k{row % 3}"} for row in range(800)]
    rows[5]["a"] = None
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    both(tmp_path, 'type = "jsonl"\npath = "t.jsonl"', more="missing = { a = 0 }")
    how = {"target": "kind", "units": 403, "loss": "sparse_categorical_crossentropy"}
    both(tmp_path, 'type = "jsonl"\npath = "t.jsonl"', more="missing = { a = 0 }", **how)


def test_windows(tmp_path):
    write(tmp_path / "t.csv", columns(500), "csv")
    text = """
    keraspec = 1
    name = "t"
    inputs.x.shape = [4, 2]
    [[layers]]
    type = "Flatten"
    [[layers]]
    name = "y"
    type = "Dense"
    units = 1
    [data]
    cache = CACHE
    source = { type = "csv", path = "t.csv" }
    inputs.x.column = ["a", "b"]
    targets.y.column = "c"
    window = { length = 4, stride = 2, horizon = 1, group = "kind" }
    split = { validation = 0.2, time = "weight" }
    [training]
    loss = "mse"
    """
    same(*(prepared_of(tmp_path, text.replace("CACHE", cache)) for cache in ("true", "false")))


CELLS = st.one_of(st.integers(-5, 5).map(str), st.sampled_from(["0.5", "1e3", " 7", "+2", "-0"]))
LABELS = st.sampled_from(["a", "b b", "ü", '"q, r"', "7"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, LABELS), min_size=6, max_size=60), st.integers(64, 400))
def test_any_table_however_it_is_cut(tmp_path_factory, rows, size):
    folder = tmp_path_factory.mktemp("t")
    labels = sorted({row[3].strip('"') for row in rows})
    if len(labels) < 2:
        return
    (folder / "t.csv").write_text("a,b,c,y\n" + "".join(",".join(row) + "\n" for row in rows), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASPEC_CACHE", str(folder / "cache"))
        patch.setattr("keraspec.runtime.sources.csv.AT_ONCE", size)
        how = {"units": len(labels), "loss": "sparse_categorical_crossentropy"}
        both(folder, 'type = "csv"\npath = "t.csv"', tail="\n[data.split]\nvalidation = 0.2\n", **how)


def test_nothing_is_left_of_a_pass_that_fails(tmp_path, shelf, monkeypatch):
    write(tmp_path / "t.csv", columns(), "csv")
    source = 'type = "csv"\npath = "t.csv"'

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(laid.Layer, "_add", full)
        with pytest.raises(Problem) as caught:
            prepared_of(tmp_path, spec_of(source))
    (one,) = caught.value.findings
    assert one.code == "E407"
    assert "No space left on device" in one.message
    assert not list(shelf.iterdir())
    assert prepared_of(tmp_path, spec_of(source)).streamed


def test_what_nobody_uses_is_removed(tmp_path, shelf):
    import os

    for number in (1, 2):
        write(tmp_path / f"t{number}.csv", columns(60, number), "csv")
    prepared_of(tmp_path, spec_of('type = "csv"\npath = "t1.csv"'))
    (first,) = shelf.iterdir()
    os.utime(first / streams.MANIFEST, (0, 0))
    prepared_of(tmp_path, spec_of('type = "csv"\npath = "t2.csv"'))
    (second,) = shelf.iterdir()
    assert second != first
