"""Rows come into parts by group, by time, as a column says, or from sources of their own; none into two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keraspec.runtime.data import prepare
from keraspec.runtime.parts import parts_of
from keraspec.runtime.table import Table
from keraspec.spec.problem import Problem
from keraspec.spec.spec import Split

SHARES = st.floats(0.01, 0.45)
PARTS = ("train", "validation", "test")
SPEC = """
keraspec = 1
inputs.x.shape = [1]
[[layers]]
name = "y"
type = "Dense"
units = 1
[data]
source = {{ type = "csv", path = "t.csv" }}
inputs.x.column = "x"
targets.y.column = "y"
{data}
[training]
loss = "mse"
"""


def parted(values, shares, seed=0, test=None, rows=None):
    values = np.asarray(values)
    table = Table("the table", {"key": values}, test=test)
    rows = np.arange(len(values)) if rows is None else rows
    return parts_of(table, shares, seed, rows, {"key": values[rows]})


def attempted(values, shares, seed=0):
    """The parts, or None where it is said that there are none."""
    try:
        return parted(values, shares, seed)
    except Problem as problem:
        if {one.code for one in problem.findings} != {"E408"}:
            raise
        return None


def whole(parts, count):
    assert np.sort(np.concatenate(list(parts.values()))).tolist() == list(range(count))
    for rows in parts.values():
        assert (np.diff(rows) > 0).all()


def prepared(check, table, data, **files):
    files = {"t.csv": table} | {name.replace("_csv", ".csv"): text for name, text in files.items()}
    checked = check(SPEC.format(data=data), files=files)
    return prepare(checked.typed, checked.path.parent)


def of(found, part):
    return found.parts[part].inputs["x"].reshape(-1).tolist()


@given(st.lists(st.integers(0, 12), min_size=3, max_size=120), SHARES, SHARES, st.integers(0, 2**31 - 1))
def test_no_group_is_in_two_parts(groups, validation, test, seed):
    shares = Split(validation, test, group="key")
    parts = attempted(groups, shares, seed)
    if parts is None:
        few = len(set(groups)) < 3
        assert few or len(groups) - max(1, round(len(groups) * validation)) - max(1, round(len(groups) * test)) < 1
        return
    whole(parts, len(groups))
    seen = [set(np.asarray(groups)[rows].tolist()) for rows in parts.values()]
    assert all(seen)
    assert not seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2]
    again = parted(groups, shares, seed)
    assert all((again[name] == parts[name]).all() for name in PARTS)


@given(st.integers(20, 200), st.integers(0, 1000))
def test_groups_of_one_row_give_the_share_itself(count, seed):
    parts = parted(np.arange(count), Split(0.2, 0.1, group="key"), seed)
    assert (len(parts["validation"]), len(parts["test"])) == (round(count * 0.2), max(1, round(count * 0.1)))


def test_a_large_group_stays_in_training_when_the_share_is_small():
    parts = parted([0] * 80 + [1] * 10 + [2] * 10, Split(0.1, 0.1, group="key"))
    assert len(parts["train"]) == 80


def test_another_seed_draws_other_groups():
    drawn = {tuple(parted(np.arange(40) // 4, Split(0.2, group="key"), seed)["validation"]) for seed in range(5)}
    assert len(drawn) > 1


@given(st.lists(st.integers(0, 30), min_size=5, max_size=150), SHARES, SHARES)
def test_the_last_by_time_are_the_test(times, validation, test):
    parts = attempted(times, Split(validation, test, time="key"))
    if parts is None:
        sizes = [max(1, round(len(times) * share)) for share in (validation, test)]
        assert len(set(times)) < 3 or len(times) <= sum(sizes)
        return
    whole(parts, len(times))
    times = np.asarray(times)
    assert times[parts["train"]].max() < times[parts["validation"]].min()
    assert times[parts["validation"]].max() < times[parts["test"]].min()


@given(st.permutations(range(40)), st.floats(0.05, 0.4), st.floats(0.05, 0.4))
def test_times_that_differ_give_the_shares_themselves(times, validation, test):
    parts = parted(times, Split(validation, test, time="key"))
    assert (len(parts["validation"]), len(parts["test"])) == (round(40 * validation), round(40 * test))


@given(st.lists(st.sampled_from(["train", "val", "Valid", "validation", "TEST", "dev"]), min_size=1, max_size=60))
def test_a_column_says_it(said):
    values = np.array(["train", *said], dtype=object)
    parts = parted(values, Split(column="key"))
    whole(parts, len(values))
    for part, words in (("train", {"train"}), ("test", {"test"})):
        assert {str(one).lower() for one in values[parts[part]]} <= words
    assert not {str(one).lower() for one in values[parts["validation"]]} - {"val", "valid", "validation", "dev"}


def test_own_test_rows_stay_the_test():
    own = np.arange(30) >= 24
    parts = parted(np.arange(30) // 3, Split(0.25, group="key"), test=own)
    assert parts["test"].tolist() == list(range(24, 30))
    whole(parts, 30)
    with pytest.raises(Problem, match="among the test rows"):
        parted(np.arange(30) % 3, Split(0.25, group="key"), test=own)


def test_by_group_of_a_file(check):
    rows = "".join(f"{i},{i},{'abcde'[i % 5]}\n" for i in range(50))
    found = prepared(check, "x,y,patient\n" + rows, 'split = { validation = 0.2, test = 0.2, group = "patient" }')
    seen = {part: {int(x) % 5 for x in of(found, part)} for part in PARTS}
    assert [len(seen[part]) for part in PARTS] == [3, 1, 1]
    assert sorted(group for groups in seen.values() for group in groups) == list(range(5))


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-05", "2024-01-01", "2023-12-31", "2024-01-03"],
        ["2024-01-05T10:00:00Z", "2024-01-05T09:00:00Z", "2024-01-05T09:30:00+02:00", "2024-01-05T09:59:59Z"],
        ["5.1.2024", "01.01.2024", "31.12.2023", "03.01.2024"],
        ["2024-02", "2023-11", "2022-12", "2024-01"],
        ["2024/02/01", "2024/01/09", "2022/12/31", "2024/01/31 12:00"],
        ["4", "2", "-1", "3.5"],
    ],
)
def test_by_time_of_a_file(check, dates):
    table = "x,y,date\n" + "".join(f"{i},0,{date}\n" for i, date in enumerate(dates))
    found = prepared(check, table, 'split = { validation = 0.25, test = 0.25, time = "date" }')
    assert [of(found, part) for part in PARTS] == [[1, 2], [3], [0]]


def test_by_a_column_of_a_file(check):
    table = "x,y,part\n1,0,train\n2,0, Val\n3,0,test\n4,0,training\n"
    found = prepared(check, table, 'split = { column = "part" }')
    assert [of(found, part) for part in PARTS] == [[1, 4], [2], [3]]


def test_parts_from_sources_of_their_own(check):
    data = """split = { test = 0.25, validation = { type = "csv", path = "v.csv" } }"""
    found = prepared(check, "x,y\n1,0\n2,0\n3,0\n4,0\n", data, v_csv="y,x\n7,70\n8,80\n")
    assert of(found, "validation") == [70, 80]
    assert found.parts["validation"].targets["y"].reshape(-1).tolist() == [7, 8]
    assert sorted(of(found, "train") + of(found, "test")) == [1, 2, 3, 4]
    assert len(of(found, "test")) == 1


def test_classes_are_those_of_training(check, refused):
    text = SPEC.format(data="split.validation = { type = 'csv', path = 'v.csv' }").replace("units = 1", "units = 2")
    text = text.replace('"mse"', '"sparse_categorical_crossentropy"').replace(
        "units = 2", 'units = 2\nactivation = "softmax"'
    )
    checked = check(text, files={"t.csv": "x,y\n1,yes\n2,no\n", "v.csv": "x,y\n3,no\n"})
    found = prepare(checked.typed, checked.path.parent)
    assert found.encodings["y"].classes == ("no", "yes")
    assert found.parts["validation"].targets["y"].tolist() == [0]
    checked = check(text, files={"t.csv": "x,y\n1,yes\n2,no\n", "v.csv": "x,y\n3,maybe\n"})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert (one.code, one.pointer) == ("E403", ("data", "split", "validation"))
    assert "maybe" in one.message
    assert "v.csv" in one.message


@pytest.mark.parametrize(
    ("data", "code", "pointer", "words"),
    [
        ("split = { validation = 0.3, group = 'p' }", "E402", ("split", "group"), "there is no column `p`"),
        ("split = { validation = 0.3, group = 'one' }", "E408", ("split", "group"), "1 different value"),
        ("split = { validation = 0.3, time = 'gap' }", "E404", ("split", "time"), "no value"),
        ("split = { validation = 0.3, time = 'word' }", "E408", ("split", "time"), "neither a number nor a date"),
        ("split = { validation = 0.3, time = 'one' }", "E408", ("split", "time"), "all `one` are the same"),
        ("split = { column = 'word' }", "E408", ("split", "column"), "which is no part"),
        ("split = { column = 'all' }", "E408", ("split", "column"), "nothing is left to train with"),
        ("split.test = { type = 'csv', path = 'u.csv' }", "E401", ("split", "test", "path"), "there is no file"),
        ("split.test = { type = 'csv', path = 't.csv' }\nsample_weight = 'w'", "E402", ("sample_weight",), "`w`"),
    ],
)
def test_splits_that_can_not_be(check, refused, data, code, pointer, words):
    table = "x,y,one,gap,word,all\n1,1,5,1,train,val\n2,2,5,,trian,val\n3,3,5,3,test,val\n"
    checked = check(SPEC.format(data=data), files={"t.csv": table})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert (one.code, one.pointer) == (code, ("data", *pointer))
    assert words in one.message


def test_rows_that_do_not_say_their_part_can_be_left_out(check):
    table = "x,y,part\n1,0,train\n2,0,\n3,0,test\n"
    found = prepared(check, table, "split = { column = 'part' }\nmissing = 'drop'")
    assert (of(found, "train"), of(found, "test"), found.dropped) == ([1], [3], 1)
    found = prepared(check, table, "split = { column = 'part' }\nmissing = { part = 'train' }")
    assert of(found, "train") == [1, 2]
