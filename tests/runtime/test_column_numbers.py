"""Statistics of columns that hold what has none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from keraspec.runtime.data import prepare
from keraspec.runtime.looked_at import look
from keraspec.spec.problem import Problem

SPEC = """
keraspec = 1
inputs.a.shape = [1]
layers = [{ name = "y", type = "Dense", units = 1 }]
[data]
source = { type = "npz", path = "t.npz" }
[training]
loss = "mse"
"""


def test_infinite_numbers_are_shown_and_told(check, tmp_path):
    np.savez(tmp_path / "t.npz", a=np.array([1.0, -math.inf, math.inf, 4.0]), y=np.zeros(4))
    checked = check(SPEC)
    found = look(checked.typed, tmp_path, 2)
    (column,) = found.columns["input a"]
    assert (column.least, column.most) == (-math.inf, math.inf)
    assert math.isnan(column.mean)
    assert "infinite" in found.findings[0].message
    with pytest.raises(Problem, match="infinite"):
        prepare(checked.typed, tmp_path)
