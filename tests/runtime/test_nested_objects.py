"""Objects that hold others, and those that need a package: trained with, kept in the run, opened again."""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import Checked
from keraspec.runtime import compile as compiling
from keraspec.runtime.train import train
from keraspec.spec.finding import Finding

SPEC = """
keraspec = 1
inputs.x.shape = [4]

[[layers]]
name = "a"
type = "Dense"
units = 3
dtype = { type = "DTypePolicy", name = "mixed_bfloat16" }
kernel_initializer = "constant"
kernel_regularizer = "l1_l2"

[[layers]]
name = "both"
type = "Pipeline"
layers = [{ type = "Dense", units = 4, kernel_initializer = "ones" }, { type = "ReLU" }]

[[layers]]
name = "b"
type = "Dense"
units = 1

[training]
epochs = 2
seed = 3
loss = "mse"
"""


def _rows() -> tuple[Any, Any]:
    x = np.random.default_rng(0).random((24, 4)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("optimizer", "class_name"),
    [
        ('"lamb"', "Lamb"),
        (
            '{ type = "MultiOptimizer", optimizer_map = { type = "OptimizerMap", default_optimizer = "lamb", '
            'optimizer_map = { "b/.*" = { type = "SGD", learning_rate = 0.1 } } } }',
            "MultiOptimizer",
        ),
        ('{ type = "LossScaleOptimizer", inner_optimizer = "sgd", initial_scale = 8 }', "LossScaleOptimizer"),
    ],
)
def test_trained_kept_and_opened(
    check: Callable[..., Checked], tmp_path: Path, optimizer: str, class_name: str
) -> None:
    text = (
        SPEC
        + f"""
metrics = ["huber", {{ type = "log_cosh" }}, {{ type = "huber", delta = 0.1, name = "near" }}]
callbacks = [{{ type = "History" }}, {{ type = "ProgbarLogger" }}]
optimizer = {optimizer}
"""
    )
    typed = check(text).typed
    assert typed is not None
    run = train(typed, tmp_path, run_dir=tmp_path / "run", data=_rows(), validation=_rows())
    assert [row["epoch"] for row in run.history] == [1, 2]
    assert {"loss", "huber", "log_cosh", "near", "val_near"} <= run.history[0].keys()
    assert run.history[0]["near"] < run.history[0]["huber"]
    model = run.model()
    assert type(model.optimizer).__name__ == class_name
    assert model.get_layer("a").dtype_policy.name == "mixed_bfloat16"
    x, _ = _rows()
    assert model.predict(x, verbose=0).shape == (24, 1)


def test_8_bit_floats_are_trained_and_opened(check: Callable[..., Checked], tmp_path: Path) -> None:
    eight = '{ type = "QuantizedFloat8DTypePolicy", mode = "float8", amax_history_length = 4 }'
    typed = check(SPEC.replace("units = 1\n", f"units = 1\ndtype = {eight}\n") + 'optimizer = "sgd"\n').typed
    assert typed is not None
    run = train(typed, tmp_path, run_dir=tmp_path / "run", data=_rows())
    assert run.history[1]["loss"] < run.history[0]["loss"]
    assert run.model().get_layer("b").dtype_policy.amax_history_length == 4


CHECKPOINT = SPEC + 'optimizer = "sgd"\ncallbacks = [{ type = "OrbaxCheckpoint", directory = "kept" }]\n'


def test_a_missing_package_is_named(
    check: Callable[..., Checked],
    refused: Callable[[Callable[[], object]], tuple[Finding, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> ModuleSpec | None:
        assert name == "orbax"
        return None

    monkeypatch.setattr(compiling, "find_spec", absent)
    typed = check(CHECKPOINT).typed
    assert typed is not None
    (finding,) = refused(lambda: train(typed, tmp_path, run_dir=tmp_path / "run", data=_rows()))
    assert finding.code == "E417"
    assert "orbax-checkpoint is not installed" in finding.message
    assert finding.help == "pip install orbax-checkpoint"


def test_orbax_checkpoints_stand_in_the_run_folder(check: Callable[..., Checked], tmp_path: Path) -> None:
    pytest.importorskip("orbax.checkpoint", reason="OrbaxCheckpoint needs orbax-checkpoint")
    typed = check(CHECKPOINT).typed
    assert typed is not None
    train(typed, tmp_path, run_dir=tmp_path / "run", data=_rows())
    assert [one.name for one in (tmp_path / "run" / "kept").iterdir()] == ["1"]
