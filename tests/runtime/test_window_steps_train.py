"""Training with an answer for each row of a window: what is measured is what is predicted, held against the file."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from keraspec.training import evaluate, predict, train

pytestmark = pytest.mark.long

ROWS, LENGTH = 120, 6
SPEC = """
keraspec = 1
inputs.past.shape = [SHAPE, 2]
layers = [{ type = "LSTM", units = 4, return_sequences = true }, { name = "y", type = "Dense", UNITS }]
[data]
cache = CACHE
batch_size = 16
source = { type = "csv", path = "t.csv" }
inputs.past.column = ["a", "b"]
targets.y.column = TARGET
window = { length = 6, horizon = HORIZON }
split = { test = 0.25 }
[training]
loss = "LOSS"
METRICS
"""


@pytest.mark.parametrize("cache", ["true", "false"])
@pytest.mark.parametrize(
    ("units", "target", "horizon", "loss"),
    [
        ("units = 1", '"a"', 2, "mse"),
        ("units = 2", '["a", "b"]', 0, "mse"),
        ('units = 2, activation = "softmax"', '"word"', 1, "sparse_categorical_crossentropy"),
    ],
)
def test_windows_are_trained_measured_and_predicted(check, tmp_path, monkeypatch, cache, units, target, horizon, loss):
    monkeypatch.setenv("KERASPEC_CACHE", str(tmp_path / "cache"))
    a, b = np.sin(np.arange(ROWS) / 7), np.cos(np.arange(ROWS) / 5)
    words = np.where(a > 0, "up", "down")
    rows = "".join(f"{one:.6f},{two:.6f},{word}\n" for one, two, word in zip(a, b, words, strict=True))
    text, metrics = SPEC, 'metrics = ["accuracy"]' if loss != "mse" else ""
    filled = {"SHAPE": '"time"' if horizon else "6", "UNITS": units, "TARGET": target, "HORIZON": str(horizon)}
    for word, value in {**filled, "LOSS": loss, "CACHE": cache, "METRICS": metrics}.items():
        text = text.replace(word, value)
    run = train(check(text, files={"t.csv": "a,b,word\n" + rows}), run_dir=tmp_path / "run")
    measured = evaluate(run.folder)
    assert (measured.data, measured.rows) == ("test", 30 - LENGTH - horizon + 1)
    predict(run.folder, tmp_path / "t.csv", tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(newline="") as file:
        found = list(csv.reader(file))[1:]
    last = np.arange(90 + LENGTH - 1, ROWS - horizon)
    steps = last[:, None] - np.arange(LENGTH)[::-1] + horizon
    cells = [" ".join(found[row]).split() for row in last]
    assert not any(found[LENGTH - 2])
    if loss == "mse":
        wanted = np.stack([a, b], -1)[steps][:, :, : 2 if "b" in target else 1].reshape(len(last), -1)
        assert np.mean((np.array(cells, float) - wanted) ** 2) == pytest.approx(measured.metrics["loss"], rel=1e-4)
    else:
        assert np.mean(np.array(cells) == words[steps]) == pytest.approx(measured.metrics["accuracy"], rel=1e-4)
