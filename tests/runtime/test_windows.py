"""Windows over rows in order, and weights of rows: which rows become an example, compared with a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.compiler.source.data import Reader, without
from keraspec.runtime import examples as examples_module
from keraspec.runtime.data import prepare
from keraspec.runtime.examples import examples_of, whole
from keraspec.runtime.table import Table
from keraspec.spec.problem import Problem
from keraspec.spec.spec import Split, Window

PARTS = ("train", "validation", "test")
SPEC = """
keraspec = 1
inputs.past.shape = {shape}
[[layers]]
type = "Flatten"
[[layers]]
name = "next"
type = "Dense"
units = 1
[data]
source = {{ type = "csv", path = "t.csv" }}
{data}
[training]
loss = "mse"
"""
COLUMNS = 'inputs.past.column = ["a", "b"]\ntargets.next.column = "a"\n'


def prepared(check, table, data, shape="[3, 2]"):
    checked = check(SPEC.format(data=data, shape=shape), files={"t.csv": table})
    return prepare(checked.typed, checked.path.parent)


def table_of(rows, header="a,b"):
    return header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


def test_inputs_are_the_rows_of_the_window_and_targets_lie_ahead(check):
    found = prepared(check, table_of([(i, 10 * i) for i in range(8)]), COLUMNS + "window = { length = 3 }")
    train = found.parts["train"]
    assert train.inputs["past"].shape == (5, 3, 2)
    assert train.inputs["past"][1].tolist() == [[1, 10], [2, 20], [3, 30]]
    assert train.targets["next"].reshape(-1).tolist() == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("window", "first", "targets"),
    [
        ("length = 3, stride = 2", [0, 2, 4], [3, 5, 7]),
        ("length = 3, horizon = 4", [0, 1], [6, 7]),
        ("length = 3, horizon = 0", [0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 6, 7]),
        ("length = 3, stride = 3, horizon = 2", [0, 3], [4, 7]),
    ],
)
def test_stride_and_horizon(check, window, first, targets):
    data = COLUMNS.replace('"a"\n', '"c"\n') + f"window = {{ {window} }}"
    found = prepared(check, table_of([(i, 0, i) for i in range(8)], "a,b,c"), data)
    train = found.parts["train"]
    assert train.inputs["past"][:, 0, 0].tolist() == first
    assert train.targets["next"].reshape(-1).tolist() == targets


def test_one_column_needs_no_axis_of_its_own(check):
    data = 'inputs.past.column = "a"\ntargets.next.column = "a"\nwindow = { length = 3 }'
    table = table_of([(i, 0) for i in range(5)])
    assert prepared(check, table, data, "[3, 1]").parts["train"].inputs["past"].shape == (2, 3, 1)
    assert prepared(check, table, data, "[3]").parts["train"].inputs["past"].tolist() == [[0, 1, 2], [1, 2, 3]]


def test_the_last_rows_are_kept_aside_and_no_window_reaches_over_the_border(check):
    data = COLUMNS + "split = { validation = 0.25, test = 0.25 }\nwindow = { length = 3 }"
    found = prepared(check, table_of([(i, 0) for i in range(40)]), data)
    rows = {part: found.parts[part].inputs["past"][:, :, 0] for part in PARTS}
    targets = {part: found.parts[part].targets["next"].reshape(-1) for part in PARTS}
    assert (rows["train"].max(), targets["train"].max()) == (18, 19)
    assert (rows["validation"].min(), targets["validation"].max()) == (20, 29)
    assert (rows["test"].min(), targets["test"].max()) == (30, 39)


def test_series_stand_apart_and_rows_are_taken_in_the_order_of_time(check):
    rows = [(100 * series + time, 0, "ab"[series], time) for time in (2, 0, 3, 1, 4) for series in (0, 1)]
    data = COLUMNS + 'split = { test = 0.2, time = "t" }\nwindow = { length = 3, group = "s" }'
    table = table_of(rows, "a,b,s,t")
    with pytest.raises(Problem, match="1 at most"):
        prepared(check, table, data)
    data = data.replace("test = 0.2, ", "").replace('split = { time = "t" }\n', "")
    found = prepared(check, table_of(sorted(rows, key=lambda row: row[3]), "a,b,s,t"), data)
    starts = [one.tolist() for one in found.parts["train"].inputs["past"][:, :, 0]]
    assert starts == [[0, 1, 2], [1, 2, 3], [100, 101, 102], [101, 102, 103]]


def test_no_window_reaches_over_a_row_that_is_left_out(check):
    rows = [(i if i != 4 else "", 0) for i in range(10)]
    found = prepared(check, table_of(rows), COLUMNS + "missing = 'drop'\nwindow = { length = 3, horizon = 1 }")
    assert found.parts["train"].inputs["past"][:, 0, 0].tolist() == [0, 5, 6]
    assert found.dropped == 1


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), min_size=1, max_size=50),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from([Split(), Split(0.2, 0.2), Split(0.3, time="time"), Split(0.3, 0.1, group="series")]),
    st.data(),
)
def test_windows_are_those_of_a_plain_loop(cells, length, stride, horizon, shares, data):
    series, times = (np.array([cell[place] for cell in cells]) for place in (0, 1))
    kept = np.array(sorted(data.draw(st.sets(st.integers(0, len(cells) - 1), min_size=1))))
    table = Table("the table", {"series": series, "time": times})
    columns = {name: values[kept] for name, values in table.columns.items()}
    try:
        found = examples_of(table, shares, Window(length, stride, horizon, "series"), 1, kept, columns)
    except Problem as problem:
        if not {one.code for one in problem.findings} <= {"E408", "E441"}:
            raise
        return
    seen: dict[int, str] = {}
    for part, one in found.items():
        windows = one.of_inputs(kept)
        assert one.of_rows(kept).shape == (len(windows),)
        for window, target in zip(windows, one.of_rows(kept), strict=True):
            used = [*window.tolist(), int(target)] if horizon else window.tolist()
            assert len({int(series[row]) for row in used}) == 1
            assert all(seen.setdefault(row, part) == part for row in used)
            by_time = times if shares.time else np.arange(len(cells))
            line = sorted(np.flatnonzero(series == series[used[0]]), key=lambda row: (by_time[row], row))
            place = line.index(used[0])
            assert line[place : place + length] == window.tolist()
            assert line[place + length - 1 + horizon] == target


def test_many_windows_are_gathered_by_the_batch(check, monkeypatch):
    table = table_of([(i, 10 * i) for i in range(30)])
    whole = prepared(check, table, COLUMNS + "window = { length = 3 }").parts["train"].inputs["past"]
    monkeypatch.setattr(examples_module, "KEPT_BYTES", 10)
    later = prepared(check, table, COLUMNS + "window = { length = 3 }").parts["train"].inputs["past"]
    assert not isinstance(later, np.ndarray)
    assert later.shape == whole.shape
    assert later[np.array([4, 0, 26])].tolist() == whole[[4, 0, 26]].tolist()


@pytest.mark.parametrize(
    ("shape", "data", "code", "pointer"),
    [
        ("[4, 2]", "window = { length = 3 }", "E441", ("window", "length")),
        ("[]", "window = { length = 3 }", "E441", ("window", "length")),
        ("[2]", "window = { length = 3 }", "E441", ("window", "length")),
        (
            "[3, 2]",
            "window = { length = 3 }\nsplit = { validation = 0.1, stratify = 'a' }",
            "E408",
            ("split", "stratify"),
        ),
        ("[3, 2]", "window = { length = 0 }", "E106", ("window", "length")),
        ("[3, 2]", "window = { stride = 2 }", "E103", ("window",)),
        ("[3, 2]", "split = { group = 'a' }", "E408", ("split", "group")),
        ("[3, 2]", "split = { validation = 0.1, group = 'a', time = 'b' }", "E408", ("split", "time")),
        ("[3, 2]", "split = { validation = 0.1, column = 'b' }", "E408", ("split", "validation")),
        ("[3, 2]", "split = { validation = 'v.csv' }", "E105", ("split", "validation")),
        ("[3, 2]", "split = { validation = 1.5 }", "E106", ("split", "validation")),
        ("[3, 2]", "split.validation = { type = 'cvs', path = 'a' }", "E108", ("split", "validation", "type")),
        ("[3, 2]", "split.validation = { type = 'csv' }", "E103", ("split", "validation", "type")),
    ],
)
def test_what_is_wrong_before_any_data_is_read(shape, data, code, pointer):
    text = SPEC.format(data=data, shape=shape).replace('type = "Flatten"', 'type = "Reshape"\ntarget_shape = [-1, 1]')
    found = [one.finding for one in compile_text(text).diagnostics]
    assert (code, ("data", *pointer)) in [(one.code, one.pointer) for one in found]


def test_a_part_too_short_for_a_window_is_said(check, refused):
    data = COLUMNS + "split = { validation = 0.1 }\nwindow = { length = 3 }"
    checked = check(SPEC.format(data=data, shape="[3, 2]"), files={"t.csv": table_of([(i, 0) for i in range(20)])})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert one.code == "E441"
    assert "4 rows one after another" in one.message
    assert "the validation part has 2 at most" in one.message


def test_weights_of_rows(check):
    data = 'inputs.past.column = "a"\ntargets.next.column = "b"\nsample_weight = "w"\nsplit = { validation = 0.5 }'
    table = table_of([(i, i, i / 2) for i in range(8)], "a,b,w")
    found = prepared(check, table, data, "[1]")
    for part in ("train", "validation"):
        rows = found.parts[part]
        assert rows.weights["next"].tolist() == (rows.inputs["past"].reshape(-1) / 2).tolist()
    assert found.parts["train"].weights["next"].dtype == "float32"


def test_weights_of_windows_are_those_of_their_targets(check):
    data = COLUMNS + 'window = { length = 3 }\nsample_weight = "w"'
    found = prepared(check, table_of([(i, 0, i) for i in range(6)], "a,b,w"), data)
    assert found.parts["train"].weights["next"].tolist() == [3, 4, 5]


def test_weights_of_rows_and_of_classes_are_multiplied(check):
    text = SPEC.format(shape="[1]", data='inputs.past.column = "a"\ntargets.next.column = "b"\nsample_weight = "w"')
    text = text.replace("units = 1", 'units = 1\nactivation = "sigmoid"').replace(
        'loss = "mse"', 'loss = "binary_crossentropy"\nclass_weight = { no = 10 }'
    )
    checked = check(text, files={"t.csv": "a,b,w\n1,no,1\n2,yes,2\n3,no,3\n"})
    found = prepare(checked.typed, checked.path.parent)
    assert np.ravel(found.parts["train"].weights["next"][:]).tolist() == [10, 2, 30]


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        (["1", "x", "2"], "E440", '"x" (row 2)'),
        (["1", "-1", "2"], "E440", "holds -1 (row 2)"),
        (["0", "0", "0"], "E440", "0 in every row"),
        (["1", "", "2"], "E404", "no value"),
    ],
)
def test_what_is_no_weight(check, refused, cells, code, words):
    data = 'inputs.past.column = "a"\ntargets.next.column = "b"\nsample_weight = "w"'
    table = table_of([(1, 1, cell) for cell in cells], "a,b,w")
    checked = check(SPEC.format(data=data, shape="[1]"), files={"t.csv": table})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert (one.code, one.pointer) == (code, ("data", "sample_weight"))
    assert words in one.message


@pytest.mark.parametrize(
    "data",
    [
        "split = { validation = 0.2, group = 'house' }\nsample_weight = 'count'",
        "split = { validation = 0.2, test = 0.2, time = 'day' }",
        "split = { column = 'part' }",
        "split = { validation = { type = 'synthetic', rows = 20 } }",
    ],
)
@pytest.mark.parametrize("window", ["", "window = { length = 3, group = 'sensor' }"])
def test_rows_at_random_have_all_these_columns(check, data, window):
    if window and "group" in data:
        window = ""
    text = SPEC.format(data=f"{data}\n{window}", shape="[3, 2]").replace('"csv", path = "t.csv"', '"synthetic"')
    checked = check(text)
    found = prepare(checked.typed, checked.path.parent)
    assert found.parts["train"].inputs["past"].shape[1:] == (3, 2)
    assert found.parts["validation"].count > 0


@pytest.mark.parametrize(
    ("columns", "window", "time", "rows", "last"),
    [
        ({"day": [3.0, 1, 2, 5, 4], "x": [30, 10, 20, 50, 40]}, Window(2), "day", [0, 2, 3, 4], [30, 20, 50, 40]),
        ({"s": list("ababab"), "x": [1, 11, 2, 12, 3, 13]}, Window(2, group="s"), None, [2, 3, 4, 5], [2, 12, 3, 13]),
    ],
)
def test_predictions_come_in_the_order_of_the_rows(columns, window, time, rows, last):
    table = Table("t", {name: np.array(values) for name, values in columns.items()})
    found = whole(table, window, time, np.arange(table.rows), targets=False)
    assert found.rows.tolist() == rows
    assert found.of_inputs(table.columns["x"])[:, -1].tolist() == last


def test_weights_that_nothing_counts_are_said():
    text = SPEC.format(shape="[1]", data='sample_weight = "w"').replace(
        'loss = "mse"', 'losses = [{ expression = "mean(square(s))", inputs = { s = "next" } }]'
    )
    found = [one.finding for one in compile_text(text).diagnostics]
    assert [(one.code, one.pointer) for one in found] == [("W604", ("data", "sample_weight"))]


def test_a_program_of_its_own_is_refused_for_what_it_would_leave_out():
    data = "window = { length = 3 }\nsample_weight = 'w'\nsplit = { validation = 0.1, time = 'd' }"
    typed = compile_text(SPEC.format(shape="[3, 2]", data=data)).typed
    assert list(without(typed.graph.spec.data)) == [("window",), ("sample_weight",), ("split", "time")]
    with pytest.raises(Problem, match="does without `window`") as caught:
        Reader(typed, typed.graph.spec.data, "path")
    assert caught.value.findings[0].pointer == ("data", "window")
