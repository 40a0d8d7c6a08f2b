"""Rows of unequal length, and rows that can't be read."""

from __future__ import annotations

import json

import numpy as np

from keraspec.runtime.data import prepare


def prepared(check, text, *overrides):
    checked = check(text, *overrides)
    return prepare(checked.typed, checked.path.parent)


def problem(check, refused, text, *overrides):
    checked = check(text, *overrides)
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    return one


RAGGED = """
keraspec = 1
name = "t"
inputs.words = { shape = ["count"], dtype = "int32" }
layers = [
  { type = "Embedding", input_dim = 10, output_dim = 2, mask_zero = true },
  { type = "GlobalAveragePooling1D" },
  { name = "class", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "jsonl", path = "t.jsonl" }
targets.class.column = "label"
[training]
loss = "sparse_categorical_crossentropy"
"""


def test_rows_of_unequal_length_are_filled_up(check, refused, tmp_path):
    rows = [{"words": [1, 2, 3], "label": 0}, {"words": [4], "label": 1}, {"words": [], "label": 1}]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = prepared(check, RAGGED).parts["train"].inputs["words"]
    assert words.dtype == "int32"
    assert words[:].tolist() == [[1, 2, 3], [4, 0, 0], [0, 0, 0]]
    assert words[np.array([1])].tolist() == [[4]]
    padded = prepared(check, RAGGED, "data.inputs.words.pad=9").parts["train"].inputs["words"]
    assert padded[:].tolist() == [[1, 2, 3], [4, 9, 9], [9, 9, 9]]
    fixed = prepared(check, RAGGED.replace('["count"]', "[4]")).parts["train"].inputs["words"]
    assert fixed[np.array([1])].tolist() == [[4, 0, 0, 0]]
    found = problem(check, refused, RAGGED.replace('["count"]', "[2]"))
    assert found.code == "E405"
    assert "`words` has a row of shape [3], but the shape [2] takes no such row (first in row 1)" in found.message


def test_cells_that_are_no_numbers_are_left_out(check, refused, tmp_path):
    (tmp_path / "t.csv").write_text("x,label\n1,0\noops,1\n2,1\ninf,0\n-,1\n")
    text = (
        RAGGED[: RAGGED.index("inputs")]
        + """
inputs.x.shape = [1]
layers = [{ name = "class", type = "Dense", units = 2, activation = "softmax" }]
[data]
source = { type = "csv", path = "t.csv" }
targets.class.column = "label"
[training]
loss = "sparse_categorical_crossentropy"
"""
    )
    assert problem(check, refused, text).code == "E405"
    found = prepared(check, text, "data.on_error=skip")
    assert found.parts["train"].inputs["x"].tolist() == [[1], [2]]
    assert found.parts["train"].targets["class"].tolist() == [0, 1]
    assert found.skipped[0] == 'row 2: `x` holds "oops", which is no number'
    assert len(found.skipped) == 3
