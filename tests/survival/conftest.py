"""What the tests of survival share: a training with everything that has to be remembered, and how runs are compared."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.runtime.progress import Progress
from keraspec.runtime.run import Run, open_run
from keraspec.training import resume

ROWS = 48
REPEAT = int(os.environ.get("KERASPEC_REPEAT", "1"))
"""How often each test is done, but for those that count for themselves how often they kill."""

COUNTING = frozenset({"test_kill_9_at_random", "test_going_on_from_each"})

SPEC = """
keraspec = 1
inputs.point.shape = [2]
layers = [
  { type = "Normalization" },
  { name = "seen", type = "Dense", units = 6, activation = "relu" },
  { type = "BatchNormalization" },
  { type = "Dropout", rate = 0.3 },
  { name = "kind", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.25, stratify = "kind" }
batch_size = 12
inputs.point.column = ["a", "b"]
[training]
seed = 3
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
class_weight = "adaptive"
optimizer = { type = "Adam", learning_rate = 0.02 }
checkpoint = { every = 1, keep = 1000, best = "val_loss" }
callbacks = [
  { type = "EarlyStopping", patience = 2, min_delta = 0.05, restore_best_weights = true },
  { type = "ReduceLROnPlateau", factor = 0.5, patience = 1, min_delta = 0.05 },
  { type = "CSVLogger", filename = "log.csv" },
]
[[training.rules]]
when = "step >= 4"
check = "batch"
set = { learning_rate = "initial_learning_rate / 2" }
[[training.rules]]
when = "epoch >= 3"
set = { learning_rate = "learning_rate * 0.8" }
[[training.phases]]
epochs = 2
freeze = ["seen"]
[[training.phases]]
epochs = 6
"""
"""In the second phase EarlyStopping ends training before its time."""


def table() -> str:
    """Two clouds, one of them rare."""
    random = np.random.default_rng(0)
    kind = (np.arange(ROWS) % 4 == 0).astype(int)
    points = random.normal(0, 0.9, (ROWS, 2)) + kind[:, None]
    lines = [f"{x:.4f},{y:.4f},{('no', 'yes')[one]}" for (x, y), one in zip(points, kind, strict=True)]
    return "a,b,kind\n" + "\n".join(lines) + "\n"


def write_spec(folder: Path, text: str = SPEC) -> Path:
    """The spec and its table, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "t.csv").write_text(table())
    path = folder / "spec.keraspec.toml"
    path.write_text(text)
    return path


def states(run: Path) -> list[Path]:
    """The checkpoints of a run, the oldest first."""
    return sorted((run / "checkpoints").glob("step-*.npz"))


def cut_short(run: Path, copy: Path, last: str) -> Path:
    """The folder that a run would have left, had it been killed right after this checkpoint."""
    shutil.copytree(run, copy)
    for path in states(copy):
        if path.name > last:
            path.unlink()
    about = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(about | {"status": "running"}))
    for name in ("metrics.json", "model.keras"):
        (copy / name).unlink()
    return copy


def left(run: Path) -> dict[str, Any]:
    """All that a run has come to, but for times: weights, what the optimizer keeps, history, metrics, tables."""
    model = open_run(run).model()
    variables = {one.path: np.array(one) for one in model.weights}  # states of random generators are in no such file
    moved = {f"optimizer {number}": np.array(one) for number, one in enumerate(model.optimizer.variables)}
    text = {name: (run / name).read_text() for name in ("rules.json", "class_weights.csv", "log.csv", "metrics.json")
            if (run / name).is_file()}  # fmt: skip
    with (run / "history.csv").open() as file:
        rows = [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]
    return {**variables, **moved, **text, "history": rows}


def assert_same(one: Path, other: Path) -> None:
    """Two runs have come to the same, bit for bit."""
    here, there = left(one), left(other)
    assert here.keys() == there.keys()
    for name, value in here.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == there[name].dtype
            assert value.tobytes() == there[name].tobytes(), name
        else:
            assert value == there[name], name


@pytest.fixture
def said() -> list[str]:
    """What has been said while training."""
    return []


@pytest.fixture
def go_on(said: list[str]) -> Callable[..., Run]:
    """Go on with a run, noting what is said."""

    def gone_on(run: Path, **more: Any) -> Run:
        return resume(run, show=Progress(say=said.append), **more)

    return gone_on


@pytest.fixture
def again(request: pytest.FixtureRequest) -> int:
    """Which time of ``REPEAT`` it is."""
    number: int = request.param
    return number


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test as often as it is asked for; with once their names stay as they are."""
    if REPEAT > 1 and metafunc.function.__name__ not in COUNTING:
        metafunc.fixturenames.append("again")
        metafunc.parametrize("again", range(REPEAT), indirect=True)
