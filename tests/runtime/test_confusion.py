from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, multilabel_confusion_matrix, precision_recall_fscore_support

from keraspec.runtime.confusion import classes_csv, drawn, matrix_csv, of_labels, of_matrix


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_shares_are_those_of_scikit_learn(pairs):
    true, said = np.array(pairs).T
    matrix = confusion_matrix(true, said, labels=range(4))
    rows = of_matrix(matrix, ["a", "b", "c", "d"])
    for beside, name in zip(
        precision_recall_fscore_support(true, said, labels=range(4), zero_division=0),
        ("precision", "recall", "f1", "count"), strict=True,
    ):  # fmt: skip
        assert [getattr(row, name) or 0 for row in rows] == pytest.approx(beside)
    assert [row.precision is None for row in rows] == [index not in said for index in range(4)]
    assert [row.recall is None for row in rows] == [index not in true for index in range(4)]


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.booleans()] * 6), min_size=1, max_size=40))
def test_labels_too(answers):
    true, said = np.array(answers)[:, :3].astype(int), np.array(answers)[:, 3:].astype(int)
    both = multilabel_confusion_matrix(true, said)
    counts = np.stack([both[:, 1, 1], both[:, 0, 1], both[:, 1, 0], both[:, 0, 0]], 1)
    found = precision_recall_fscore_support(true, said, zero_division=0)
    rows = of_labels(counts, ["x", "y", "z"])
    assert [row.f1 or 0 for row in rows] == pytest.approx(found[2])
    assert [row.count for row in rows] == found[3].tolist()


def test_tables():
    matrix = np.array([[3, 1], [0, 0]])
    assert list(csv.reader(io.StringIO(matrix_csv(matrix, ["a,b", "c"])))) == [
        ["true\\predicted", "a,b", "c"], ["a,b", "3", "1"], ["c", "0", "0"],
    ]  # fmt: skip
    assert list(csv.reader(io.StringIO(classes_csv(of_matrix(matrix, ["a,b", "c"])))))[1:] == [
        ["a,b", "1", "0.75", "0.857143", "4"], ["c", "0", "", "0", "0"],
    ]  # fmt: skip


def test_pictures():
    matrix = np.array([[3, 1], [0, 2]])
    assert drawn(matrix, ["$x", "_" * 40], "$kind", "png").startswith(b"\x89PNG")
    svg = drawn(matrix, ["$x", "b<"], "kind", "svg")
    assert b"b&lt;" in svg
    assert svg == drawn(matrix, ["$x", "b<"], "kind", "svg")
