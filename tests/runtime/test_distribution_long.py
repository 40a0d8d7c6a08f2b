"""Training on several devices and in several processes comes to what one device comes to; a lost process ends it.

Tolerance: 1e-6 for each weight and each number that is measured, in float32; what was seen is 6e-8.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.runtime.launching import Job

pytestmark = pytest.mark.long
pytest.importorskip("tensorflow")

HERE = Path(__file__).parent
CLOSE = 1e-6
SPEC = """
keraspec = 1
name = "two"
inputs.x.shape = [4]

[[layers]]
type = "Dense"
units = 9
activation = "relu"
kernel_regularizer = "l2"

LAYER
[[layers]]
name = "y"
type = "Dense"
units = 3
activation = "softmax"

[data]
source = { type = "synthetic", rows = ROWS }
batch_size = 16
split = { validation = 0.1, test = 0.1 }

[training]
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
epochs = 4
seed = 3
optimizer = { type = "Adam", learning_rate = 0.01, global_clipnorm = 1.0 }
checkpoint = { every = "epoch" }
"""
NORMED = '[[layers]]\ntype = "BatchNormalization"\nsynchronized = true\n'


def run_both(folder: Path, text: str, **environment: str) -> Path:
    """The runs of one device and of two, in ``one`` and ``two``."""
    spec = folder / "spec.keraspec.toml"
    spec.write_text(text)
    done = subprocess.run(
        [sys.executable, str(HERE / "distributed_numbers.py"), str(spec), str(folder)],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "each batch is shared by 2 devices" in done.stdout
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last batch has 5 rows, of which one device takes 2, the other 3; validation has 11."""
    return run_both(tmp_path_factory.mktemp("runs"), SPEC.replace("LAYER", NORMED).replace("ROWS", "107"))


def weights(run: Path) -> list[Any]:
    import h5py

    found: list[Any] = []
    with (
        zipfile.ZipFile(run / "model.keras") as archive,
        archive.open("model.weights.h5") as file,
        h5py.File(file) as held,
    ):
        held.visititems(lambda _, one: found.append(np.array(one)) if isinstance(one, h5py.Dataset) else None)
    assert found
    return found


def history(run: Path) -> list[dict[str, float]]:
    rows = csv.DictReader((run / "history.csv").read_text().splitlines())
    return [{name: float(value) for name, value in row.items() if name != "seconds"} for row in rows]


def require_same(one: Path, other: Path) -> None:
    for here, there in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(here, there, atol=CLOSE)
    for before, after in zip(history(one), history(other), strict=True):
        assert before == pytest.approx(after, abs=CLOSE)
    first, second = (json.loads((run / "metrics.json").read_text()) for run in (one, other))
    for part in ("train", "validation", "test"):
        assert first[part] == pytest.approx(second[part], abs=CLOSE)


def test_two_devices_learn_what_one_does(runs: Path) -> None:
    require_same(runs / "one", runs / "two")
    about = json.loads((runs / "two" / "run.json").read_text())
    assert (about["steps_per_execution"], about["jit_compile"]) == (1, False)


def test_two_processes_learn_what_one_does_though_one_is_killed(runs: Path) -> None:
    """The second process is killed behind the second epoch; both are started again and go on."""
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("[1] epoch 2/") and not any("starting again" in one for one in said):
            os.kill(job.running[1].pid, signal.SIGKILL)

    arguments = [str(runs / "spec.keraspec.toml"), "--set", "training.distribute=multi_worker"]
    job = Job(runs / "job", 2, arguments, say, restarts=1)
    ended = job.run()
    assert (ended.status, ended.lost) == (0, None), said
    assert sum("starting again" in one for one in said) == 1
    assert any("going on from epoch" in one for one in said)
    assert not any(one.startswith("[2] epoch") for one in said), "the first tells"
    require_same(runs / "one", runs / "job")


LAUNCH = [sys.executable, "-m", "keraspec.cli", "launch", "--workers", "2"]


def test_ctrl_c_and_a_loss_end_all(runs: Path) -> None:
    """One Ctrl-C lets all end behind a step, with the model saved; a process killed ends the other within seconds."""
    job = subprocess.Popen(
        [*LAUNCH, "--run-dir", str(runs / "stopped"), "--set", "training.epochs=500", str(runs / "spec.keraspec.toml")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    guard = threading.Timer(200, job.kill)
    guard.start()
    try:
        assert job.stdout is not None
        for line in job.stdout:
            if line.startswith("[1] epoch   2/"):
                job.send_signal(signal.SIGINT)
                asked = time.monotonic()
                break
        rest = job.stdout.read()
        assert job.wait() == 128 + signal.SIGINT, rest
        assert time.monotonic() - asked < 60
    finally:
        guard.cancel()
        job.kill()
        job.communicate()
    assert json.loads((runs / "stopped" / "run.json").read_text())["status"] == "interrupted"
    assert (runs / "stopped" / "model.keras").is_file()
    said: list[str] = []
    killed: list[float] = []

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("[1] epoch") and not killed:
            killed.append(time.monotonic())
            os.kill(again.running[0].pid, signal.SIGKILL)

    again = Job(runs / "stopped", 2, [], say)
    ended = again.run()
    assert (ended.status, ended.lost) == (1, "process 1 was killed (SIGKILL)"), said
    assert time.monotonic() - killed[0] < 30
    assert any("going on from" in one for one in said)


@pytest.mark.filterwarnings("default")
def test_jax(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    flags = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    runs = run_both(tmp_path, SPEC.replace("LAYER", "").replace("ROWS", "120"), **flags)
    require_same(runs / "one", runs / "two")
