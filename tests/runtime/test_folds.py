"""Folds and hashed splits: each row in one fold, classes even, groups whole, and a hashed row that never moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.runtime.folds import hashed
from keraspec.runtime.parts import parts_of
from keraspec.runtime.table import Table
from keraspec.spec.problem import Problem
from keraspec.spec.spec import Split

KEYS = st.lists(st.integers(0, 60), min_size=12, max_size=120)
SEEDS = st.integers(0, 1000)
SHARES = st.floats(0.01, 0.45)


def parted(keys, shares, seed=0, test=None, validation=None):
    values = np.asarray(keys)
    table = Table("the table", {"key": values}, test=test, validation=validation)
    return parts_of(table, shares, seed, np.arange(len(values)), {"key": values})


def only_refused_as_too_few(problem):
    assert {one.code for one in problem.findings} == {"E408"}


def each_once(parts, count):
    assert np.sort(np.concatenate(list(parts.values()))).tolist() == list(range(count))
    for rows in parts.values():
        assert (np.diff(rows) > 0).all()


KINDS = (
    Split(0.2, 0.2),
    Split(0.2, 0.2, stratify="key"),
    Split(0.2, 0.2, group="key"),
    Split(0.2, 0.2, time="key"),
    Split(0.2, 0.2, hash="key"),
    *(
        Split(test=test, folds=3, fold=2, **by)
        for test in (0.0, 0.2)
        for by in ({}, {"stratify": "key"}, {"group": "key"}, {"hash": "key"})
    ),
)


@given(KEYS, SEEDS, st.sampled_from(KINDS), st.booleans())
def test_no_row_is_in_two_parts_however_it_is_parted(keys, seed, shares, own):
    test = np.arange(len(keys)) % 7 == 3 if own and shares.by != "group" else None
    try:
        parts = parted(keys, shares, seed, test)
    except Problem as problem:
        only_refused_as_too_few(problem)
        return
    each_once(parts, len(keys))
    assert all(len(parts[part]) for part in ("train", "validation"))
    again = parted(keys, shares, seed, test)
    assert all((parts[name] == again[name]).all() for name in parts)
    if test is not None and not shares.test:
        assert parts["test"].tolist() == np.flatnonzero(test).tolist()


@given(KEYS, SEEDS, st.integers(2, 6), st.sampled_from([{}, {"stratify": "key"}, {"group": "key"}, {"hash": "key"}]))
def test_each_row_is_validated_in_one_fold_and_trained_in_the_others(keys, seed, folds, by):
    try:
        every = [parted(keys, Split(folds=folds, fold=fold + 1, **by), seed) for fold in range(folds)]
    except Problem as problem:
        only_refused_as_too_few(problem)
        return
    for parts in every:
        each_once(parts, len(keys))
    held = np.concatenate([parts["validation"] for parts in every])
    assert np.sort(held).tolist() == list(range(len(keys)))
    values = np.asarray(keys)
    for parts in every:
        inside = values[parts["validation"]]
        if not by or "stratify" in by:
            assert abs(len(inside) - len(keys) / folds) < 1
        if "stratify" in by:
            for value in set(keys):
                assert abs((inside == value).sum() - keys.count(value) / folds) < 1
        if "group" in by or "hash" in by:
            assert not set(inside) & set(values[parts["train"]])


@given(st.lists(st.integers(1, 40), min_size=3, max_size=30), SEEDS)
def test_groups_make_folds_that_are_about_as_large(sizes, seed):
    keys = np.repeat(np.arange(len(sizes)), sizes)
    found = [len(parted(keys, Split(folds=3, fold=fold, group="key"), seed)["validation"]) for fold in (1, 2, 3)]
    assert max(found) - min(found) <= max(sizes)


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 10**6), min_size=60, max_size=120, unique=True),
    st.lists(st.integers(10**6, 2 * 10**6), max_size=60, unique=True),
    SEEDS,
    st.randoms(),
)
def test_growing_and_mixing_a_table_moves_no_row(keys, more, seed, random):
    try:
        before = parted(keys, Split(0.3, 0.3, hash="key"), seed)
    except Problem:
        return
    grown = [*keys, *more]
    random.shuffle(grown)
    after = parted(grown, Split(0.3, 0.3, hash="key"), seed)
    for part, rows in before.items():
        assert {keys[row] for row in rows} == {grown[row] for row in after[part]} & set(keys)


@settings(max_examples=30)
@given(st.lists(st.text(), min_size=40, max_size=80, unique=True), SEEDS, st.floats(0, 0.5))
def test_another_share_for_validation_leaves_the_test_as_it_was(keys, seed, share):
    keys = np.array(keys, object).astype(str)
    try:
        first, second = (parted(keys, Split(one, 0.3, hash="key"), seed) for one in (0.2, share))
    except Problem:
        return
    assert first["test"].tolist() == second["test"].tolist()


def test_hashes_are_the_same_on_every_machine_and_for_every_way_of_storing_a_number():
    # What `printf '7\0\0a' | b2sum -l 64` says, its first 53 bits as a fraction.
    for key, digest in (("a", 0x1FB2AEB176160C0F), ("b", 0x8017C1DC89B98B96)):
        assert hashed(np.array([key]), 7)[0] == (digest >> 11) / 2**53
    for kind in (np.int8, np.int64, np.float32, np.float64):
        assert (hashed(np.array([1, 2, 3], kind), 0) == hashed(np.array(["1", "2", "3"]), 0)).all()
    assert hashed(np.array([0.5]), 0)[0] != hashed(np.array([0.25]), 0)[0]
    assert hashed(np.array(["a"]), 7)[0] != hashed(np.array(["a"]), 8)[0]


def test_hashes_are_spread_evenly():
    parts = parted(np.arange(20_000), Split(0.1, 0.2, hash="key"))
    assert len(parts["validation"]) / 20_000 == pytest.approx(0.1, abs=0.01)
    assert len(parts["test"]) / 20_000 == pytest.approx(0.2, abs=0.01)


def test_marks_of_the_data_set_itself():
    test, validation = np.arange(20) >= 16, (np.arange(20) >= 12) & (np.arange(20) < 16)
    parts = parted(np.arange(20), Split(), 0, test, validation)
    assert [len(parts[name]) for name in ("train", "validation", "test")] == [12, 4, 4]
    anew = parted(np.arange(20), Split(validation=0.5), 0, test, validation)
    assert [len(anew[name]) for name in ("train", "validation", "test")] == [8, 8, 4]


@pytest.mark.parametrize(
    ("keys", "shares", "place", "words"),
    [
        ([1, 1, 2, 2], Split(folds=3, group="key"), ("data", "split", "folds"), "2 groups can't be parted into 3"),
        ([1, 2], Split(folds=3), ("data", "split", "folds"), "2 rows can't be parted into 3"),
        ([5] * 9, Split(folds=3, hash="key"), ("data", "split", "hash"), "too few different values"),
        ([5] * 9, Split(0.2, 0.2, hash="key"), ("data", "split", "hash"), "1 different values"),
    ],
)
def test_too_few_to_be_parted(keys, shares, place, words):
    with pytest.raises(Problem) as caught:
        parted(keys, shares)
    (finding,) = caught.value.findings
    assert finding.code == "E408"
    assert finding.pointer == place
    assert words in finding.message


SPEC = """
keraspec = 1
inputs.x.shape = [2]
[[layers]]
name = "y"
type = "Dense"
units = 1
[data]
source = {{ type = "csv", path = "t.csv" }}
inputs.x.column = ["a", "b"]
targets.y.column = "c"
split = {{ {split} }}
{more}
[training]
loss = "mse"
"""


@pytest.mark.parametrize(
    ("split", "more", "words"),
    [
        ("folds = 5, fold = 6", "", "counted from 1"),
        ("fold = 2", "", "there are none"),
        ("folds = 3, validation = 0.1", "", "each of them is the validation part"),
        ("folds = 3, time = 'a'", "", "drawn by chance"),
        ("folds = 3, column = 'a'", "", "`column` says of each row"),
        ("hash = 'a'", "", "no share of them"),
        ("validation = 0.1, hash = 'a', group = 'b'", "", "`group` and `hash`"),
        ("folds = 3", "window = { length = 2 }", "`folds` draws single rows"),
        ("validation = 0.1, hash = 'a'", "window = { length = 2, group = 'b' }", "`hash` draws single rows"),
    ],
)
def test_contradictions_are_told_without_the_data(split, more, words):
    checked = compile_text(SPEC.format(split=split, more=more))
    assert [one.code for one in checked.diagnostics] == ["E408"]
    assert words in checked.diagnostics[0].message
    assert checked.diagnostics[0].help


@pytest.mark.parametrize(
    "split", ["folds = 5", "folds = 5, fold = 5, test = 0.2, group = 'a'", "test = 0.1, hash = 'a'"]
)
def test_what_goes_together(split):
    assert not compile_text(SPEC.format(split=split, more="")).diagnostics
