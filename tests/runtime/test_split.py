from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keraspec.runtime.split import split
from keraspec.spec.problem import Problem
from keraspec.spec.spec import Split

SHARES = st.floats(0, 0.45)


def everything(parts):
    return np.sort(np.concatenate(list(parts.values())))


@given(st.integers(10, 400), SHARES, SHARES, st.integers(0, 2**31 - 1))
def test_every_row_is_in_one_part(count, validation, test, seed):
    parts = split(count, Split(validation, test), seed)
    assert everything(parts).tolist() == list(range(count))
    for name, share in (("validation", validation), ("test", test)):
        expected = max(1, round(count * share)) if share > 0 else 0
        assert len(parts[name]) == expected
    again = split(count, Split(validation, test), seed)
    assert all((parts[name] == again[name]).all() for name in parts)


@given(st.lists(st.integers(0, 4), min_size=30, max_size=300), SHARES, SHARES, st.integers(0, 1000))
def test_stratified_shares(labels, validation, test, seed):
    groups = np.array(labels)
    parts = split(len(groups), Split(validation, test, "label"), seed, groups)
    assert everything(parts).tolist() == list(range(len(groups)))
    for name, share in (("validation", validation), ("test", test)):
        if share == 0:
            assert not len(parts[name])
            continue
        assert len(parts[name])
        real = max(1, round(len(groups) * share)) / len(groups)
        for value, count in zip(*np.unique(groups, return_counts=True), strict=True):
            found = int((groups[parts[name]] == value).sum())
            assert abs(found - count * real) <= 2
            if count > 2:
                assert found >= 1
    for value, count in zip(*np.unique(groups, return_counts=True), strict=True):
        if count > 2:
            assert (groups[parts["train"]] == value).any()


def test_another_seed_is_another_split():
    first, second = (split(100, Split(0.2, 0.2), seed)["test"] for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_the_data_sets_own_test_rows():
    own = np.arange(100) >= 80
    parts = split(100, Split(validation=0.25), 1, None, own)
    assert parts["test"].tolist() == list(range(80, 100))
    assert len(parts["validation"]) == 20
    assert parts["validation"].max() < 80
    parts = split(100, Split(validation=0.25, test=0.5), 1, None, own)
    assert len(parts["test"]) == 50
    assert parts["test"].min() < 80


@pytest.mark.parametrize(
    ("count", "shares", "words"),
    [(10, Split(0.5, 0.5), "leave nothing"), (2, Split(0.4, 0.4), "no row would be left"), (1, Split(0.1), "no row")],
)
def test_nothing_left(count, shares, words):
    with pytest.raises(Problem) as caught:
        split(count, shares, 0)
    (one,) = caught.value.findings
    assert one.code == "E408"
    assert words in one.message


def test_a_column_of_different_values_does_not_stratify():
    with pytest.raises(Problem) as caught:
        split(20, Split(0.2, 0.2, "id"), 0, np.arange(20))
    (one,) = caught.value.findings
    assert (one.code, one.pointer) == ("E408", ("data", "split", "stratify"))


@pytest.mark.parametrize("shares", [Split(), Split(0.2, 0.1)], ids=["whole", "parts"])
def test_many_rows_are_parted_as_few_would_be_and_take_half_the_memory(monkeypatch, shares):
    from keraspec.runtime import split as module

    plain = split(5000, shares, 7)
    monkeypatch.setattr(module, "MANY", 100)
    short = split(5000, shares, 7)
    assert short["train"].dtype == np.int32
    for name, rows in plain.items():
        np.testing.assert_array_equal(rows, short[name])
