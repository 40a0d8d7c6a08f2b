"""A loss that is no number any more, and where numbers first ceased to be any."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.compiler.phases import stages
from keraspec.runtime.divergence import Broken
from keraspec.runtime.divergence import diverged as said_of
from keraspec.runtime.progress import SILENT
from keraspec.runtime.run import Run
from keraspec.spec.finding import Finding
from keraspec.training import train

pytest.importorskip("tensorflow")

HEAD = """
keraspec = 1
inputs.x.shape = [3]
layers = [
  { name = "seen", type = "Dense", units = 4, kernel_initializer = "ones", trainable = false },
  LAYERS
  { name = "y", type = "Dense", units = 1 },
]
[data]
source = { type = "npz", path = "t.npz" }
batch_size = 4
shuffle = false
[training]
epochs = 2
loss = "mse"
optimizer = { type = "SGD", learning_rate = RATE }
"""

Diverged = Callable[..., tuple[Checked, Run, Finding]]


@pytest.fixture
def diverged(tmp_path: Path) -> Diverged:
    """Train until the loss is no number; what is said of it."""

    def trained(
        x: Any, layers: str = "", rate: str = "0.001", data: Any = None, more: str = ""
    ) -> tuple[Checked, Run, Finding]:
        np.savez(tmp_path / "t.npz", x=x.astype("float32"), y=np.arange(len(x), dtype="float32"))
        path = tmp_path / "s.keraspec.toml"
        path.write_text(HEAD.replace("LAYERS", layers).replace("RATE", rate) + more)
        checked = compile_file(path)
        assert not checked.errors, [one.message for one in checked.errors]
        run = train(checked, run_dir=tmp_path / "run", data=data, show=SILENT)
        assert run.status == "diverged"
        (one,) = run.findings
        return checked, run, one

    return trained


def rows(place: int | None = None, value: float = 1.0) -> Any:
    """Twenty rows of ones, five batches; one of them other."""
    x = np.ones((20, 3))
    if place is not None:
        x[place] = value
    return x


def test_the_output_of_a_layer(diverged: Diverged) -> None:
    """Row 13 is in the fourth batch; the logarithm of 0 is infinite."""
    checked, _, one = diverged(rows(13, 0.0), '{ name = "size", type = "ops.log" },')
    assert (one.code, one.pointer, one.part) == ("E435", ("layers", 1), "entry")
    assert "in epoch 1, step 4: the output of `size` is the first that is infinite" in one.message
    assert checked.locate(one).line == 6


def test_a_gradient(diverged: Diverged) -> None:
    """The square root of 0 is a number, and its slope is none."""
    wide = '{ name = "wide", type = "Dense", units = 2, kernel_initializer = "ones", use_bias = false },'
    layers = wide + '{ name = "root", type = "ops.sqrt" },'
    _, _, one = diverged(rows(9, 0.0), layers)
    assert (one.code, one.pointer) == ("E435", ("layers", 1))
    assert "in epoch 1, step 3" in one.message
    assert "the gradient of `wide`" in one.message


def test_the_rows_themselves(diverged: Diverged) -> None:
    """Of a dataset of one's own, which nobody has looked at before."""
    import tensorflow as tf

    own = tf.data.Dataset.from_tensor_slices((rows(5, np.inf).astype("float32"), np.ones(20, "float32"))).batch(4)
    _, _, one = diverged(rows(), data=own)
    assert (one.code, one.pointer) == ("E435", ("inputs", "x"))
    assert "in epoch 1, step 2: the rows of the input `x` have infinite numbers in them" in one.message


def test_beside_loss_terms(diverged: Diverged) -> None:
    """The model that is trained is then another one, around the graph."""
    term = '[[training.losses]]\nexpression = "mean(abs(s))"\ninputs = { s = "seen" }\n'
    _, _, one = diverged(rows(13, 0.0), '{ name = "size", type = "ops.log" },', more=term)
    assert (one.code, one.pointer) == ("E435", ("layers", 1))
    assert "step 4: the output of `size` is the first that is infinite" in one.message


def test_steps_that_are_too_large(diverged: Diverged) -> None:
    _, run, one = diverged(rows(), rate="1e15")
    assert (one.code, one.pointer) == ("E418", ("training", "optimizer"))
    assert "step " in one.message
    assert [other.pointer for other in one.related] in ([("layers", 1)], [])
    assert not list(run.folder.glob("checkpoints/*.npz"))


def test_a_key_of_the_section_is_named_where_it_is_written() -> None:
    """Phases have a loss and an optimizer; it is the section that says which."""
    phases = "[[training.phases]]\nepochs = 1\n[[training.phases]]\nepochs = 1\noptimizer.learning_rate = 9.0\n"
    checked = compile_text(HEAD.replace("LAYERS", "").replace("RATE", "0.1") + phases)
    assert checked.typed is not None
    first, second = stages(checked.typed)
    loss = Broken("loss", "", "", "NaN", 1, 1, sound=True)
    history = [{"loss": float("nan")}]
    assert said_of(second, history, loss).pointer == ("training", "loss")
    assert said_of(first, history, None).pointer == ("training", "optimizer")
    assert said_of(second, history, None).pointer == ("training", "phases", 1, "optimizer")


ELSEWHERE = {
    "output": (13, 0.0, '{ name = "size", type = "ops.log" },', "0.001"),
    "gradient": (
        9,
        0.0,
        '{ name = "drop", type = "Dropout", rate = 0.001 }, { name = "wide", type = "Dense", units = 2, '
        'kernel_initializer = "ones", use_bias = false }, { name = "root", type = "ops.sqrt" },',
        "0.001",
    ),
    "weight": (None, 1.0, "", "1e30"),
}
"""Row that is another one, its value, layers and learning rate."""

PROGRAM = """
import sys
from pathlib import Path
from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT
from keraspec.training import train

for folder in map(Path, sys.argv[1:]):
    checked = compile_file(folder / "s.keraspec.toml")
    run = train(checked, run_dir=folder / "run", show=SILENT)
    (one,) = run.findings
    print(one.code, *one.pointer, one.message)
"""


@pytest.mark.long
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_words_on_other_backends(backend: str, diverged: Diverged, tmp_path: Path) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    here = []
    for name, (place, value, layers, rate) in ELSEWHERE.items():
        _, run, one = diverged(rows(place, value), layers, rate)
        here.append(" ".join([one.code, *map(str, one.pointer), one.message]))
        folder = tmp_path / name
        folder.mkdir()
        for file in ("t.npz", "s.keraspec.toml"):
            (folder / file).write_bytes((tmp_path / file).read_bytes())
        shutil.rmtree(run.folder)
    command = [sys.executable, "-c", PROGRAM, *(str(tmp_path / name) for name in ELSEWHERE)]
    flags = {"KERAS_BACKEND": backend}
    done = subprocess.run(command, env={**os.environ, **flags}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == here
    assert all("step " in line for line in here)
