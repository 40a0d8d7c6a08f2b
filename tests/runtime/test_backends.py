"""The same specs on Keras' other backends: the same numbers as on TensorFlow, from the same weights and rows.

Float32 sums in another order differ in the last digits: 1e-5 of the largest number of an output is allowed, and 2e-2
where a spec asks for half precision.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.compiler.build import assemble
from keraspec.runtime.data import Rows
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.feed import Form, Order, feed
from keraspec.runtime.order import permutation
from keraspec.runtime.run import public

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("backend_numbers.py")
GOLDEN = "tests/golden/specs/{}.keraspec.toml"
NAMES = (
    "attention", "channels_first", "constraints", "einsum", "masks", "merges", "mixed", "named_inputs", "nones",
    "outputs_list", "reuse_chain", "scalars", "scores", "seq2seq", "siamese",
)  # fmt: skip
ARCHITECTURES = ("lenet5", "siamese", "vae", "transformer_classifier", "lstm_tagger")
SPECS = (
    *(GOLDEN.format(name) for name in NAMES),
    *(f"examples/architectures/{name}.keraspec.toml" for name in ARCHITECTURES),
    "examples/digits.keraspec.toml",
)
HALF = {GOLDEN.format("mixed")}

STEPS = """
keraspec = 1
name = "steps"
inputs.image.shape = [6, 6, 2]
inputs.code = { shape = [3], dtype = "int32" }
layers = [
  { type = "Conv2D", filters = 4, kernel_size = 3, inputs = "image", kernel_regularizer = "l2" },
  { type = "BatchNormalization" },
  { name = "seen", type = "GlobalAveragePooling2D" },
  { type = "Embedding", input_dim = 5, output_dim = 3, inputs = "code" },
  { name = "read", type = "GRU", units = 4 },
  { type = "Concatenate", inputs = ["seen", "read"] },
  { name = "level", type = "Dense", units = 2, activation = "tanh" },
]
[training]
loss = "huber"
"""

BACKENDS = [
    pytest.param(
        name,
        marks=[
            pytest.mark.backends,
            pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed"),
        ],
    )
    for name in ("jax", "torch")
]


def module():
    spec = importlib.util.spec_from_file_location("backend_numbers", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


WITHOUT_TENSORFLOW = """
import runpy, sys
from importlib.machinery import PathFinder

class Without:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] == "tensorflow" else PathFinder.find_spec(name, path, target)

sys.meta_path[:] = [Without if one is PathFinder else one for one in sys.meta_path]
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Keras on another backend loads TensorFlow where there is one; here it finds none, as on a machine without it."""


def elsewhere(backend: str, *arguments: str, program: Path = PROGRAM) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": "--xla_backend_optimization_level=0",  # most of the time goes into compiling what runs once
    }
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(program), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def apart(one: np.ndarray, two: np.ndarray) -> float:
    assert one.shape == two.shape
    assert np.isfinite(one).all()
    return float(np.abs(one - two).max(initial=0) / max(1.0, np.abs(one).max(initial=0)))


@pytest.fixture(scope="module")
def on_tensorflow() -> dict[str, np.ndarray]:
    numbers = module()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some of the specs lose a mask on purpose
        return {f"{path}:{index}": array for path in SPECS for index, array in enumerate(numbers.outputs(ROOT / path))}


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_numbers(backend: str, on_tensorflow: dict[str, np.ndarray], tmp_path: Path) -> None:
    elsewhere(backend, str(tmp_path / "out.npz"), *SPECS)
    with np.load(tmp_path / "out.npz") as given:
        assert set(given) == set(on_tensorflow)
        wrong = {
            name: found
            for name, array in on_tensorflow.items()
            if (found := apart(array, given[name])) > (2e-2 if name.rpartition(":")[0] in HALF else 1e-5)
        }
    assert wrong == {}


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_training_takes_the_same_steps(backend: str, tmp_path: Path) -> None:
    """Three epochs of SGD, the rows in the order of the seed: the same weights, up to rounding that steps carry on."""
    path = tmp_path / "spec.keraspec.toml"
    path.write_text(STEPS)
    elsewhere(backend, "--train", str(tmp_path / "out.npz"), str(path))
    expected = module().trained(path)
    with np.load(tmp_path / "out.npz") as given:
        arrays = [given[f"{path}:{index}"] for index in range(len(expected))]
    assert len(arrays) == 2 + 4 + 1 + 3 + 2
    assert max(apart(one, two) for one, two in zip(expected, arrays, strict=True)) < 1e-4


BLOBS = """
keraspec = 1
name = "blobs"
inputs.point.shape = [2]
inputs.step = { shape = [], dtype = "float32" }
layers = [
  { name = "even", type = "Normalization", inputs = "point" },
  { name = "bin", type = "Discretization", inputs = "step", num_bins = 4, output_mode = "one_hot" },
  { type = "Concatenate", inputs = ["even", "bin"] },
  { type = "Dense", units = 16, activation = "relu" },
  { type = "BatchNormalization", momentum = 0.5 },
  { type = "Dropout", rate = 0.1 },
  { name = "kind", type = "Dense", units = 3, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.2, test = 0.2, stratify = "kind" }
batch_size = 16
inputs.point.column = ["a", "b"]
[training]
epochs = 6
optimizer = { type = "Adam", learning_rate = 0.05 }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
class_weight = { left = 2.0 }
callbacks = [
  { type = "ModelCheckpoint", filepath = "kept/best.keras", monitor = "val_loss", save_best_only = true },
  { type = "ModelCheckpoint", filepath = "kept/step.keras", save_freq = 3 },
]
"""

VERBS = """
import sys
import warnings
from pathlib import Path
from typing import Any
from keraspec.training import evaluate, export, predict, train
from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT, lines
folder = Path(sys.argv[1])
run = train(compile_file(folder / "spec.keraspec.toml"), run_dir=folder / "run", show=lines(), report=True)
assert run.status == "finished", run.status
assert run.metrics["test"]["accuracy"] > 0.9, run.metrics
assert "that it had never seen" in (run.folder / "report.html").read_text()
again = evaluate(run.folder).metrics
assert abs(again["loss"] - run.metrics["test"]["loss"]) < 1e-5, (again, run.metrics)
predict(run.folder, folder / "t.csv", folder / "predicted.npz")
made = predict(run.folder, folder / "t.csv")
assert made.columns["prediction"][:3] == ["left", "right", "up"]
export(run.folder, "keras", folder / "a.keras")
export(run.folder, "weights", folder / "a.weights.h5")
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_verbs_without_tensorflow(backend: str, tmp_path: Path) -> None:
    """What was trained elsewhere is opened by TensorFlow, and says the same."""
    random = np.random.default_rng(0)
    kind = np.arange(120) % 3
    points = random.normal(0, 0.4, (120, 2)) + np.array([[0, 0], [3, 0], [0, 3]])[kind]
    names = np.array(["left", "right", "up"])[kind]
    rows = "".join(
        f"{x:.4f},{y:.4f},{i % 7},{name}\n" for i, ((x, y), name) in enumerate(zip(points, names, strict=True))
    )
    (tmp_path / "t.csv").write_text("a,b,step,kind\n" + rows)
    (tmp_path / "spec.keraspec.toml").write_text(BLOBS)
    (tmp_path / "verbs.py").write_text(VERBS)
    elsewhere(backend, str(tmp_path), program=tmp_path / "verbs.py")
    from keraspec.training import predict

    made = predict(tmp_path / "run", tmp_path / "t.csv")
    with np.load(tmp_path / "predicted.npz") as arrays:
        assert np.allclose(arrays["kind"], made.outputs["kind"].values, atol=1e-5)
    import keras

    for name in ("best", "step"):
        model = keras.models.load_model(tmp_path / "run" / "kept" / f"{name}.keras")
        assert all(np.isfinite(one).all() for one in model.get_weights())


@pytest.mark.backends
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_text_needs_tensorflow(tmp_path: Path) -> None:
    """Said at once, before any data is read; the verbs that need the TensorFlow backend to write say so, too."""
    path = ROOT / "examples" / "penguins.keraspec.toml"
    code = "from keraspec.cli import main; main()"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", code, "train", str(path), "--run-dir", str(tmp_path / "run")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("error[E430]") == 2  # both inputs; what looks their words up is not said again
    assert "`island` is text, which only TensorFlow has tensors of, and Keras runs on jax here" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("count", "seed", "epoch"), [(0, 1, 0), (1, 1, 0), (2, 3, 1), (7, 2**40 + 5, 9), (1000, -3, 2)]
)
def test_the_order_is_that_of_tensorflow(count: int, seed: int, epoch: int) -> None:
    order = Order(seed)
    order.set(epoch)
    assert permutation(seed, epoch, count).tolist() == order.rows(count).numpy().tolist()


def test_the_batches_are_those_of_tensorflow() -> None:
    from keraspec.runtime.batches import batches

    form = Form({"a": "float32", "b": "int32"}, ("p", "q"), True)
    rows = Rows(
        {"a": np.arange(20, dtype=np.uint8).reshape(10, 2), "b": np.arange(10)},
        {"p": np.arange(10, dtype=np.int32)},
        {"p": np.linspace(0, 1, 10, dtype=np.float32)},
    )
    order = Order(5)
    ours, theirs = batches(rows, form, 4, order), feed(rows, form, 4, order)
    assert len(ours) == 3
    for epoch in (0, 1):
        order.set(epoch)
        for index, batch in enumerate(theirs):
            (a, b), y, weights = ours[index]
            assert a.dtype == np.float32
            assert b.dtype == np.int32
            assert a.tolist() == batch[0][0].numpy().tolist()
            assert b.tolist() == batch[0][1].numpy().tolist()
            assert {name: one.tolist() for name, one in y.items()} == {
                k: v.numpy().tolist() for k, v in batch[1].items()
            }
            assert {name: one.tolist() for name, one in weights.items()} == {
                name: one.numpy().tolist() for name, one in batch[2].items()
            }
    (alone,) = batches(Rows(rows.inputs, {}), form, 4)[0]
    assert [one.shape for one in alone] == [(4, 2), (4,)]


def test_batches_made_ahead_are_those_of_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    from keraspec.runtime import batches as made

    monkeypatch.setattr(made, "WORTH_IT", 2**9)
    form = Form({"a": "float32"}, ("p",), False)
    numbers, label = np.arange(50 * 64, dtype=np.float32).reshape(50, 64), np.arange(50)
    order = Order(5)

    def pairs(rows: Rows) -> None:
        assert made.laborious(rows, 4)
        ours, theirs = made.batches(rows, form, 4, order), feed(rows, form, 4, order)
        for epoch in (0, 1, 0):
            order.set(epoch)
            for index, (x, y) in enumerate(theirs):
                a, b = ours[index]
                assert a.tolist() == x.numpy().tolist()
                assert b.tolist() == y.numpy().tolist()
            assert index == len(ours) - 1
        assert [ours[index][1].tolist() for index in (9, 2, 2)] == [ours[9][1].tolist(), *[ours[2][1].tolist()] * 2]

    pairs(Rows({"a": numbers}, {"p": label}))
    read = Deferred(lambda rows: numbers[rows], np.arange(50), (64,), np.dtype(np.float32))
    pairs(Rows({"a": read}, {"p": label}))
    assert not made.laborious(Rows({"a": numbers[:, :1]}, {"p": label}), 4)


def test_what_goes_wrong_ahead_is_said_at_its_batch() -> None:
    from keraspec.runtime.batches import Ahead

    def make(chosen: Any) -> int:
        if chosen == 30:
            raise OSError("row 3 is gone")
        return int(chosen)

    ahead = Ahead(make)
    rows = np.arange(6) * 10
    assert [ahead.get(rows, index) for index in range(3)] == [0, 10, 20]
    with pytest.raises(OSError, match="row 3"):
        ahead.get(rows, 3)
    assert ahead.get(rows, 5) == 50
    assert ahead.get(rows[::-1], 4) == 10
    assert not ahead.pending.keys() - {5}


def test_a_model_of_pytorch_names_what_every_backend_has(tmp_path: Path) -> None:
    parts = {
        "metadata.json": b"{}",
        "config.json": b'{"optimizer": {"module": "keras.src.backend.torch.optimizers.torch_adam", '
        b'"class_name": "Adam"}}',
        "model.weights.h5": bytes(range(256)),
    }
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    public(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found.pop("config.json") == b'{"optimizer": {"module": "keras.optimizers", "class_name": "Adam"}}'
    assert found == {name: content for name, content in parts.items() if name != "config.json"}
    before = (tmp_path / "a.keras").stat().st_mtime_ns
    public(tmp_path / "a.keras")  # what names nothing of the kind is left as it is
    assert (tmp_path / "a.keras").stat().st_mtime_ns == before


def test_names_without_dots_on_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    path = tmp_path / "spec.keraspec.toml"
    path.write_text(
        'keraspec = 1\nname = "dots"\ninputs.x.shape = [2]\nlayers = [{ name = "a_0_d", type = "Dense", units = 2 }, '
        '{ name = "a", block = "b", repeat = 2 }]\n[blocks.b]\nlayers = [{ name = "d", type = "Dense", units = 2 }]\n'
    )
    numbers = module()
    names = [layer.name for layer in assemble(numbers.typed_of(path)).model.layers]
    assert names == ["x", "a_0_d", "a.0.d", "a.1.d"]
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    names = [layer.name for layer in assemble(numbers.typed_of(path)).model.layers]
    assert names == ["x", "a_0_d", "a_0_d_", "a_1_d"]


def test_specs_need_no_tensorflow() -> None:
    numbers = module()
    assert not [path for path in SPECS if numbers.needs_tensorflow(numbers.typed_of(ROOT / path))]
