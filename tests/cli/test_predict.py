"""What `predict` says of rows without a prediction: which have too few before them, and how many lack a value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from keraspec import training
from keraspec.cli import group
from keraspec.runtime.reuse import stretches
from keraspec.runtime.written import Written


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (Written(Path("o.csv"), 9, 9), ""),
        (Written(Path("o.csv"), 8, 9), "1 row has no prediction: a value is missing there\n"),
        (
            Written(Path("o.csv"), 89, 100, (range(11),)),
            "11 rows have no prediction: too few rows come before to fill a window (rows 1 to 11)\n",
        ),
        (
            Written(Path("o.csv"), 5, 9, (range(1), range(5, 7))),
            "3 rows have no prediction: too few rows come before to fill a window (rows 1, 6 to 7)\n"
            "keraspec: 1 row has no prediction: a value is missing there\n",
        ),
        (
            Written(Path("o.csv"), 94, 100, tuple(range(at, at + 1) for at in range(0, 60, 10))),
            "6 rows have no prediction: too few rows come before to fill a window "
            "(rows 1, 11, 21, 31, and 2 more such stretches)\n",
        ),
        (
            Written(
                Path("o.csv"), 6, 9, skipped=('"a.png" can\'t be read as an image: it is none, or broken',), unread=1
            ),
            "1 row can't be read and has no prediction; the first: \"a.png\" can't be read as an image: it is none, or "
            "broken\nkeraspec: 2 rows have no prediction: a value is missing there\n",
        ),
        (
            Written(Path("o.csv"), 9, 9, skipped=("line 2 of t.jsonl is [1]", "line 3 of t.jsonl is [2]")),
            "2 rows can't be read and have no prediction; the first: line 2 of t.jsonl is [1]\n",
        ),
    ],
)
def test_why_rows_have_no_prediction(monkeypatch, written, said):
    monkeypatch.setattr(training, "predict", lambda *_, **__: written)
    done = CliRunner().invoke(group, ["predict", "run", "in.csv", "-o", "o.csv"])
    assert done.exit_code == 0, done.output
    assert done.stderr == (said and f"keraspec: {said}")


def test_rows_that_are_left_come_in_stretches():
    assert stretches(np.array([0, 1, 2, 5, 6, 9]), np.array([2, 9])) == (range(2), range(5, 7))
    assert stretches(np.arange(3), np.array([2, 0, 1])) == ()
