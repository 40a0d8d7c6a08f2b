"""Which kernels TensorFlow computes with: chosen by what the spec says, before it is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.runtime.kernels import SWITCH, choose_kernels, suits_onednn

HOME = Path(__file__).parents[2]
CONV = '{ type = "Conv2D", filters = FILTERS, kernel_size = 3 }, { type = "Flatten" }'


def of(shape: str, layers: str, batch: int = 32) -> Checked:
    """A checked spec with a classifier of ten classes behind some layers."""
    found = compile_text(f"""\
keraspec = 1
name = "model"
inputs.x.shape = {shape}
layers = [{layers}, {{ name = "y", type = "Dense", units = 10 }}]
[data]
source = {{ type = "npz", path = "rows.npz" }}
batch_size = {batch}
inputs.x.column = "x"
targets.y.column = "y"
[training]
loss = "mse"
""")
    assert not found.errors, found.diagnostics
    return found


@pytest.mark.parametrize(
    ("shape", "layers", "batch", "suits"),
    [
        ("[28, 28, 1]", CONV.replace("FILTERS", "32"), 32, True),
        ("[8, 8, 1]", CONV.replace("FILTERS", "4"), 32, False),
        ("[8, 8, 1]", CONV.replace("FILTERS", "4"), 4096, True),
        ("[784]", '{ type = "Dense", units = 1024 }, { type = "Dense", units = 1024 }', 32, True),
        ("[784]", '{ type = "Dense", units = 128 }', 32, False),
        ("[28, 28]", '{ type = "LSTM", units = 512 }, { type = "Dense", units = 4096 }', 32, False),
        ("[512, 16]", '{ type = "Conv1D", filters = 64, kernel_size = 5 }, { type = "Flatten" }', 32, False),
        ("[64, 64, 32]", '{ type = "DepthwiseConv2D", kernel_size = 3 }, { type = "GlobalMaxPooling2D" }', 32, False),
        ("[4]", '{ type = "ReLU" }', 32, False),
    ],
)
def test_large_layers_suit_it(shape: str, layers: str, batch: int, suits: bool) -> None:
    assert suits_onednn(of(shape, layers, batch).typed) is suits


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setenv(SWITCH, "")  # so that whatever the test sets is taken back
    monkeypatch.delenv(SWITCH)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr("keraspec.runtime.kernels.backend", lambda: "tensorflow")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


LARGE = of("[28, 28, 1]", CONV.replace("FILTERS", "32")).typed
SMALL = of("[784]", '{ type = "Dense", units = 16 }').typed


@pytest.mark.usefixtures("untouched")
def test_it_is_chosen_and_told() -> None:
    told = choose_kernels(LARGE)
    assert told is not None
    assert "oneDNN" in told
    assert SWITCH in told
    assert os.environ[SWITCH] == "1"
    assert choose_kernels(LARGE) is None  # it stands now


@pytest.mark.usefixtures("untouched")
def test_a_small_network_leaves_it_to_tensorflow() -> None:
    assert choose_kernels(SMALL) is None
    assert SWITCH not in os.environ


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("before", "after"), [("1", "1"), ("0", "0"), ("default", None)])
def test_a_run_goes_on_with_those_it_began_with(before: str, after: str | None) -> None:
    assert choose_kernels(LARGE if before != "1" else SMALL, before) is None
    assert os.environ.get(SWITCH) == after


@pytest.mark.usefixtures("untouched")
def test_what_someone_has_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    assert choose_kernels(LARGE) is None
    assert os.environ[SWITCH] == "0"


@pytest.mark.usefixtures("untouched")
def test_other_processors_and_backends_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert choose_kernels(LARGE) is None
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("keraspec.runtime.kernels.backend", lambda: "jax")
    assert choose_kernels(LARGE) is None
    monkeypatch.setattr("keraspec.runtime.kernels.backend", lambda: "tensorflow")
    monkeypatch.setitem(sys.modules, "tensorflow", object())  # type: ignore[arg-type]
    assert choose_kernels(LARGE) is None
    assert SWITCH not in os.environ


@pytest.mark.long
def test_the_command_chooses_and_records(tmp_path: Path) -> None:
    import numpy as np

    random = np.random.default_rng(0)
    np.savez(tmp_path / "rows.npz", x=random.random((64, 28, 28, 1), dtype=np.float32), y=random.random((64, 10)))
    path = tmp_path / "model.keraspec.toml"
    path.write_text(of("[28, 28, 1]", CONV.replace("FILTERS", "32")).graph.spec.document.source.text)
    assert not compile_file(path).errors
    clean = {name: value for name, value in os.environ.items() if name != SWITCH}
    done = subprocess.run(
        [sys.executable, "-m", "keraspec", "train", str(path), "--run-dir", str(tmp_path / "run")],
        capture_output=True, text=True, check=False, env=clean, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    about = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert about["machine"]["onednn"] == "1"
    assert any("oneDNN" in reason for reason in about["reasons"]), about["reasons"]
