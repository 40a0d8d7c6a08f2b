"""The verbs train, evaluate and predict: what they print, and the status they end with."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from keraspec.cli import group

SPEC = """
keraspec = 1
name = "small"
inputs.x.shape = [2]
layers = [{ name = "kind", type = "Dense", units = 2, activation = "softmax" }]
[data]
source = { type = "csv", path = "t.csv" }
split = { test = 0.25 }
inputs.x.column = ["a", "b"]
[training]
epochs = 2
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.keraspec.toml").write_text(SPEC)
    random = np.random.default_rng(0).normal(size=(40, 2))
    rows = "".join(f"{a:.3f},{b:.3f},{'yes' if a > 0 else 'no'}\n" for a, b in random)
    (tmp_path / "t.csv").write_text("a,b,kind\n" + rows)

    def called(*arguments: str):
        return CliRunner().invoke(group, arguments)

    return called


def test_the_three_verbs(call, tmp_path):
    done = call("train", "spec.keraspec.toml", "--run-dir", "run", "--set", "training.epochs=5", "--epochs", "3")
    assert done.exit_code == 0, done.output
    out = done.stdout.splitlines()
    assert out[0] == "rows: 30 train, 10 test"
    assert [line[:9] for line in out if line.startswith("epoch")] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert out[-1] == "finished after 3 epochs; all of it is in run"
    assert out[-2].startswith("test        loss ")

    done = call("evaluate", "run")
    assert done.exit_code == 0
    assert done.stdout.startswith("test: 10 rows\nloss      ")
    done = call("evaluate", "run", "--data", "t.csv", "--format", "json")
    assert json.loads(done.stdout)["rows"] == 40
    assert call("evaluate", "run", "t.csv", "--format", "json").stdout == done.stdout
    done = call("evaluate", "run", "t.csv", "--data", "t.csv")
    assert (done.exit_code, "the data is named twice" in done.stderr) == (2, True)

    done = call("predict", "run", "t.csv")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "prediction,probability_no,probability_yes"
    assert len(lines) == 41
    assert {line.partition(",")[0] for line in lines[1:]} <= {"yes", "no"}
    done = call("predict", "run", "t.csv", "-o", "out.csv")
    assert done.stdout == "40 predictions written to out.csv\n"
    assert (tmp_path / "out.csv").read_text().splitlines() == lines

    done = call("train", "spec.keraspec.toml", "--run-dir", "run")
    assert done.exit_code == 2
    assert "already holds a run" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("train", "nothing.toml"), 2, "no such file"),
        (("train", "spec.keraspec.toml", "--epochs", "0"), 2, "--epochs"),
        (("train", "spec.keraspec.toml", "--set", "training.epochs"), 2, "KEY=VALUE"),
        (("train", "spec.keraspec.toml", "--set", "layers.kind.units=3"), 1, "E403"),
        (("train", "spec.keraspec.toml", "--set", 'data.source.path="u.csv"'), 1, "E401"),
        (("evaluate", "nothing"), 2, "there is no folder nothing"),
        (("predict", "nothing", "t.csv"), 2, "there is no folder nothing"),
    ],
)
def test_what_goes_wrong(call, tmp_path, arguments, status, words):
    done = call(*arguments)
    assert done.exit_code == status, done.output
    assert words in done.stderr
    assert not (tmp_path / "runs").exists()
    assert "Traceback" not in done.output


@pytest.mark.parametrize("missing", ["pyarrow", "keras"])
def test_without_the_extras_it_says_what_to_install(call, monkeypatch, missing):
    for name in [one for one in sys.modules if one.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    done = call("train", "spec.keraspec.toml")
    assert done.exit_code == 2
    assert done.stderr == (
        f'keraspec: this needs {missing}, which is not installed here: pip install "keraspec[tensorflow]"\n'
    )
