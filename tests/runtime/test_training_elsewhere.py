"""Everything that a training section can ask for, on JAX and PyTorch: the numbers that TensorFlow comes to.

Losses may differ by 1e-4 of them: sums in another order differ in the last digits, and steps carry that on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SPEC = """
keraspec = 1
inputs.x.shape = [3]
layers = [
  { name = "h", type = "Dense", units = 4, activation = "tanh", kernel_initializer = "ones" },
  { type = "BatchNormalization" },
  { name = "y", type = "Dense", units = 2, activation = "softmax", kernel_initializer = "ones" },
]
[data]
source = { type = "npz", path = "t.npz" }
batch_size = 10
split = { validation = 0.25, stratify = "y" }
targets.y.encode = "one_hot"
[training]
loss = { expression = "mean(square(y_true - y_pred), axis=-1) + 0.1 * mean(abs(y_pred), axis=-1)" }
metrics = ["accuracy", { name = "far", expression = "max(abs(y_true - y_pred), axis=-1)" }]
class_weight = "adaptive"
gradients = { clip_norm = 0.05, accumulate = 2 }
optimizer = { type = "SGD", learning_rate = 0.5, momentum = 0.9 }
[[training.losses]]
name = "small"
expression = "mean(abs(s))"
inputs = { s = "h" }
weight = 0.1
[[training.rules]]
when = "step >= 6"
check = "batch"
set = { learning_rate = "initial_learning_rate * minimum(loss, 0.5)" }
[[training.rules]]
when = "epoch >= 3"
set = { learning_rate = "learning_rate * 0.1" }
[[training.phases]]
epochs = 2
freeze = ["h"]
[[training.phases]]
epochs = 2
optimizer = { type = "RMSprop", learning_rate = 0.01 }
"""

PROGRAM = """
import sys
from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT
from keraspec.training import train
from pathlib import Path

path = Path(sys.argv[1])
train(compile_file(path), run_dir=path.parent / "run", show=SILENT)
train(compile_file(path, ['training.loop="custom"']), run_dir=path.parent / "custom", show=SILENT)
none = 'training.loss={expression="mean(y_true * log(y_pred - 2.0), axis=-1)"}'
run = train(compile_file(path, [none]), run_dir=path.parent / "nan", show=SILENT)
print(run.status, *(one.code for one in run.findings))
"""


def history(run: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tensorflow")
    from keraspec.checked import compile_file
    from keraspec.runtime.progress import SILENT
    from keraspec.training import train

    folder = tmp_path_factory.mktemp("tensorflow")
    random = np.random.default_rng(0)
    kind = (np.arange(48) % 3 == 0).astype(np.int64)
    np.savez(folder / "t.npz", x=(random.normal(size=(48, 3)) + kind[:, None]).astype(np.float32), y=kind)
    (folder / "spec.keraspec.toml").write_text(SPEC)
    return train(compile_file(folder / "spec.keraspec.toml"), run_dir=folder / "run", show=SILENT).folder


@pytest.mark.long
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_training(on_tensorflow: Path, tmp_path: Path, backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    for name in ("t.npz", "spec.keraspec.toml"):
        (tmp_path / name).write_bytes((on_tensorflow.parent / name).read_bytes())
    flags = {"KERAS_BACKEND": backend, "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "spec.keraspec.toml")]
    done = subprocess.run(command, env={**os.environ, **flags}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split("\n")[0] == "diverged E435"
    assert history(tmp_path / "custom") == history(tmp_path / "run")  # an explicit loop, and the same to the last bit
    here, there = history(tmp_path / "run"), history(on_tensorflow)
    assert len(here) == len(there) == 4
    assert {"far", "small", "val_small", "learning_rate", "phase"} <= here[0].keys()
    for one, other in zip(here, there, strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-6)
    one, other = (json.loads((run / "rules.json").read_text()) for run in (tmp_path / "run", on_tensorflow))
    assert [(rule["rule"], rule["epoch"], rule["step"]) for rule in one] == [
        (rule["rule"], rule["epoch"], rule["step"]) for rule in other
    ]
    for mine, theirs in zip(one, other, strict=True):
        assert mine["learning_rate"] == pytest.approx(theirs["learning_rate"], rel=1e-4)
