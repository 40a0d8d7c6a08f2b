"""Rows in a file, read by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from keraspec.runtime.laid import RowFile


def test_rows_of_a_file_in_any_order(tmp_path):
    values = np.random.default_rng(0).normal(size=(500, 2, 3)).astype(np.float32)
    path = tmp_path / "rows.values"
    values.tofile(path)
    rows = RowFile(path, np.float32, (2, 3))
    mixed = np.random.default_rng(1).integers(0, 500, 300, dtype=np.int32)
    for chosen in (np.arange(500), mixed, np.sort(mixed), np.array([3, 4, 5, 0, 499, 499]), np.zeros(0, np.int64)):
        found = rows.take(chosen)
        np.testing.assert_array_equal(found, values[chosen])
        assert found.flags.writeable
    np.testing.assert_array_equal(rows.stretch(7, 19), values[7:19])
    with path.open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(OSError, match="shorter"):
        rows.take(np.array([499]))
