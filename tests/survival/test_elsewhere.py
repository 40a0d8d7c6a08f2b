"""On JAX and on PyTorch, without TensorFlow: what is killed and gone on with comes to the same bits."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import cut_short, states

BACKENDS = [
    pytest.param(
        name, marks=pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")
    )
    for name in ("jax", "torch")
]

SPEC = """
keraspec = 1
inputs.picture.shape = [6, 6, 1]
layers = [
  { type = "GaussianNoise", stddev = 0.1, seed = 1 },
  { name = "seen", type = "Conv2D", filters = 3, kernel_size = 3, activation = "relu" },
  { type = "BatchNormalization" },
  { type = "Flatten" },
  { type = "Dropout", rate = 0.3 },
  { name = "kind", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "npz", path = "t.npz" }
split = { validation = 0.25, stratify = "kind" }
batch_size = 10
augment = [{ type = "RandomFlip", mode = "horizontal" }]
[training]
seed = 3
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
class_weight = "adaptive"
gradients = { clip_norm = 1.0, accumulate = 2 }
optimizer = { type = "Adam", learning_rate = 0.02 }
checkpoint = { every = 1, keep = 100, best = "val_loss" }
callbacks = [
  { type = "EarlyStopping", patience = 2, min_delta = 0.5, restore_best_weights = true },
  { type = "ReduceLROnPlateau", factor = 0.5, patience = 1, min_delta = 0.5 },
  { type = "CSVLogger", filename = "log.csv" },
]
[[training.rules]]
when = "step >= 3"
check = "batch"
set = { learning_rate = "initial_learning_rate / 2" }
[[training.phases]]
epochs = 2
freeze = ["seen"]
[[training.phases]]
epochs = 6
"""

PROGRAM = """
import sys
from importlib.machinery import PathFinder

class Without:
    find_distributions = PathFinder.find_distributions
    invalidate_caches = PathFinder.invalidate_caches

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] == "tensorflow" else PathFinder.find_spec(name, path, target)

sys.meta_path[:] = [Without if one is PathFinder else one for one in sys.meta_path]
from pathlib import Path
from keraspec.checked import compile_file
from keraspec.runtime.progress import lines
from keraspec.runtime.run import RunFolder
from keraspec.training import resume, train

save = RunFolder.model

def saved(self, model, name="model.keras"):
    if not name.startswith("step-"):  # models of single steps take their time, and are not what is gone on from
        save(self, model, name)

RunFolder.model = saved
for one in sys.argv[1:]:
    if Path(one).exists():
        resume(Path(one), show=lines())
    else:
        train(compile_file("spec.keraspec.toml"), run_dir=Path(one), show=lines())
"""


def started(backend: str, folder: Path, *runs: str) -> subprocess.Popen[str]:
    """A process that trains into folders, one after the other, or goes on with what is there."""
    flags = {"KERAS_BACKEND": backend, "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *runs],
        cwd=folder,
        env={**os.environ, **flags},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_by(process: subprocess.Popen[str]) -> str:
    try:
        said, _ = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 0, said[-3000:]
    return said


def pictures(path: Path) -> None:
    random = np.random.default_rng(0)
    kind = (np.arange(48) % 4 == 0).astype(np.int64)
    np.savez(path, picture=random.normal(0, 1, (48, 6, 6, 1)) + kind[:, None, None, None], kind=kind)


def arrays(path: Path) -> dict[str, bytes]:
    """All arrays of a state, the model's, the optimizer's and those of random generators."""
    with np.load(path) as held:
        return {name: held[name].tobytes() for name in held.files if name != "state.json"}


def weights(run: Path) -> dict[str, bytes]:
    """What a saved model holds."""
    import h5py

    found: dict[str, bytes] = {}

    def look(name: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset):
            found[name] = one[()].tobytes()

    with zipfile.ZipFile(run / "model.keras") as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(look)
    return found


def require_same(one: Path, other: Path) -> None:
    """Two runs have come to the same, bit for bit."""
    assert [path.name for path in states(one)][-1] == [path.name for path in states(other)][-1]
    assert arrays(states(one)[-1]) == arrays(states(other)[-1])
    assert weights(one) == weights(other)
    for name in ("rules.json", "class_weights.csv", "log.csv", "metrics.json"):
        assert (one / name).read_text() == (other / name).read_text(), name
    here, there = (
        [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()] for run in (one, other)
    )
    assert [row | {"seconds": 0} for row in here] == [row | {"seconds": 0} for row in there]


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_killed_and_gone_on_with(backend: str, tmp_path: Path) -> None:
    """Killed in the midst of an epoch; and as if it had been at the border of phases, and right before its end."""
    pictures(tmp_path / "t.npz")
    (tmp_path / "spec.keraspec.toml").write_text(SPEC)
    killed = started(backend, tmp_path, "whole", "killed")
    run = tmp_path / "killed"
    try:
        while killed.poll() is None and not (states(run) and states(run)[-1].name >= "step-00000006"):
            time.sleep(0.002)
        killed.send_signal(signal.SIGKILL)
        said, _ = killed.communicate(timeout=60)
    finally:
        killed.kill()
    assert killed.returncode == -signal.SIGKILL, said[-3000:]
    whole = tmp_path / "whole"
    assert not (run / "metrics.json").exists()
    every = states(whole)
    rows = [json.loads(line) for line in (whole / "history.jsonl").read_text().splitlines()]
    assert len(every) == 4 * len(rows)
    assert 4 <= len(rows) < 8  # EarlyStopping has acted
    assert len({row["learning_rate"] for row in rows}) >= 3
    assert len(json.loads((whole / "rules.json").read_text())) == 1  # once, in either phase
    cut = [cut_short(whole, tmp_path / f"cut-{path.stem}", path.name) for path in (every[7], every[-1])]
    said = said_by(started(backend, tmp_path, "killed", *(path.name for path in cut)))
    assert said.count("going on from") == 3, said
    assert "going on from epoch 3\n" in said
    for one in (run, *cut):
        require_same(whole, one)


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_sigterm_saves_within_the_epoch(backend: str, tmp_path: Path) -> None:
    """With checkpoints an hour apart: the state that is gone on from was written because of the signal."""
    pictures(tmp_path / "t.npz")
    text = SPEC.replace("every = 1, keep = 100", 'every = "1 hour"').replace("epochs = 6", "epochs = 300")
    (tmp_path / "spec.keraspec.toml").write_text(text.replace("patience = 2", "patience = 300"))
    process = started(backend, tmp_path, "run")
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch") and " 3/" in line:
                break
        process.send_signal(signal.SIGTERM)
    finally:
        said = said_by(process)
    assert "stopping: saving what was learned so far" in said
    assert len(states(tmp_path / "run")) == 1
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "interrupted"
