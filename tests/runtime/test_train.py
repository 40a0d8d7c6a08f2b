from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from keraspec.checked import SpecError
from keraspec.runtime.progress import SILENT, lines
from keraspec.runtime.run import RunError, open_run
from keraspec.training import evaluate, predict, train

# Keras 3.15 hands its variables to NumPy 2 in a way that NumPy warns of; nothing of ours can be done about it.
ROWS = 120


def blobs(seed=0):
    """Three clouds of points, named."""
    random = np.random.default_rng(seed)
    kind = np.arange(ROWS) % 3
    points = random.normal(0, 0.4, (ROWS, 2)) + np.array([[0, 0], [3, 0], [0, 3]])[kind]
    names = np.array(["left", "right", "up"])[kind]
    table = "a,b,kind\n" + "".join(f"{x:.4f},{y:.4f},{name}\n" for (x, y), name in zip(points, names, strict=True))
    return points.astype("float32"), names, table


SPEC = """
keraspec = 1
name = "blobs"
inputs.point.shape = [2]
layers = [
  { type = "Normalization" },
  { type = "Dense", units = 16, activation = "relu" },
  { type = "Dropout", rate = 0.1 },
  { name = "kind", type = "Dense", units = 3, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.2, test = 0.2, stratify = "kind" }
batch_size = 16
seed = 3
inputs.point.column = ["a", "b"]
[training]
epochs = 4
seed = 5
optimizer = { type = "Adam", learning_rate = 0.05 }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
callbacks = [
  { type = "ModelCheckpoint", filepath = "kept/best.keras", monitor = "val_loss", save_best_only = true },
  { type = "CSVLogger", filename = "log.csv" },
]
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One run that several tests look at."""
    from keraspec.checked import compile_file

    folder = tmp_path_factory.mktemp("blobs")
    (folder / "t.csv").write_text(blobs()[2])
    (folder / "spec.keraspec.toml").write_text(SPEC)
    return train(compile_file(folder / "spec.keraspec.toml"), run_dir=folder / "run", show=SILENT)


def test_a_run_folder(trained):
    folder = trained.folder
    assert trained.status == "finished"
    assert trained.metrics["test"]["accuracy"] > 0.9
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "spec.keraspec.toml", "run.json", "interface.json", "history.csv", "history.jsonl", "metrics.json",
        "curves.png", "diagram.svg", "model.keras", "kept", "log.csv", "provenance.json", "expanded.keraspec.toml",
        "tensorboard",
    }  # fmt: skip
    assert (folder / "spec.keraspec.toml").read_text() == SPEC
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert list(rows[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics) == {"train", "validation", "test"}
    assert metrics == trained.metrics
    about = json.loads((folder / "run.json").read_text())
    assert about["status"] == "finished"
    assert about["rows"] == {"train": 72, "validation": 24, "test": 24}
    assert about["seed"] == 5
    assert {"keras", "python", "numpy"} <= set(about["versions"])
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "diagram.svg").read_text()
    assert open_run(folder) == trained or open_run(folder).metrics == trained.metrics


def test_plain_keras_opens_the_model(trained):
    """In a process that has never heard of keraspec; what is saved takes raw values, checkpoints as well."""
    points, _names, _ = blobs()
    code = (
        "import sys, keras, numpy as np\n"
        f"x = np.array({points[:6].tolist()})\n"
        f"for path in ({str(trained.model_path)!r}, {str(trained.folder / 'kept' / 'best.keras')!r}):\n"
        "    model = keras.models.load_model(path)\n"
        "    print(model.name, [l.name for l in model.layers], model.predict(x, verbose=0).argmax(1).tolist())\n"
        "    model.fit(x, np.zeros(6), verbose=0)\n"
        "assert not [name for name in sys.modules if name.startswith('keraspec')]\n"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        assert line.startswith("blobs ['point', 'normalization', 'dense', 'dropout', 'kind'] [0, 1, 2, 0, 1, 2]")


def test_evaluating_again_gives_the_same(trained):
    found = evaluate(trained.folder)
    assert (found.data, found.rows) == ("test", 24)
    assert found.metrics == pytest.approx(trained.metrics["test"], rel=1e-5)


def test_evaluating_another_table(trained, tmp_path):
    (tmp_path / "more.csv").write_text(blobs(1)[2])
    found = evaluate(trained.folder, tmp_path / "more.csv")
    assert (found.data, found.rows) == ("more.csv", ROWS)
    assert found.metrics["accuracy"] > 0.9
    (tmp_path / "more.csv").write_text("a,b,kind\n1,2,down\n")
    with pytest.raises(SpecError) as caught:
        evaluate(trained.folder, tmp_path / "more.csv")
    (one,) = caught.value.diagnostics
    assert one.finding.code == "E403"
    assert 'holds "down", which is none of the classes "left", "right", "up" (first in row 1)' in one.finding.message
    assert one.file == str(tmp_path / "more.csv")
    (tmp_path / "more.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SpecError) as caught:
        evaluate(trained.folder, tmp_path / "more.csv")
    assert caught.value.diagnostics[0].finding.code == "E402"
    given = tmp_path / "given.keraspec.toml"
    given.write_text(SPEC.replace('"t.csv"', '"more.csv"'))
    (tmp_path / "more.csv").write_text("a,b,kind\n1,2,up\n1,,up\n")
    for data in ("more.csv", given.name):  # the spec as trained is not to be changed
        with pytest.raises(SpecError) as caught:
            predict(trained.folder, tmp_path / data)
        (one,) = caught.value.diagnostics
        assert one.finding.code == "E404"
        assert "of more.csv 1 cell has no value; the first is in row 2" in one.finding.message
        assert one.finding.help.startswith("fill these cells")
        assert one.file == str(tmp_path / data)
    assert one.place.source.text[one.place.start :].startswith('{ type = "csv", path = "more.csv" }')


def test_predicting_gives_names(trained, tmp_path):
    (tmp_path / "in.csv").write_text("b,a,other\n0,0,x\n0,3,y\n3,0,z\n")
    made = predict(trained.folder, tmp_path / "in.csv")
    assert made.columns["prediction"] == ["left", "right", "up"]
    rows = list(csv.DictReader(made.csv().splitlines()))
    assert list(rows[0]) == ["prediction", "probability_left", "probability_right", "probability_up"]
    assert sum(float(rows[0][name]) for name in list(rows[0])[1:]) == pytest.approx(1, abs=1e-5)
    predict(trained.folder, tmp_path / "in.csv", tmp_path / "out.json")
    assert [row["prediction"] for row in json.loads((tmp_path / "out.json").read_text())] == ["left", "right", "up"]
    predict(trained.folder, tmp_path / "in.csv", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as arrays:
        assert arrays["kind.labels"].tolist() == ["left", "right", "up"]
        assert arrays["kind"].shape == (3, 3)
    np.savez(tmp_path / "in.npz", point=np.array([[0, 3.0]]))
    with pytest.raises(SpecError, match="no column `a`"):
        predict(trained.folder, tmp_path / "in.npz")
    with pytest.raises(RunError, match=r"must end in one of .csv, .jsonl, .json, .parquet, .npz"):
        predict(trained.folder, tmp_path / "in.csv", tmp_path / "out.xlsx")
    with pytest.raises(RunError, match="there is no file"):
        predict(trained.folder, tmp_path / "nothing.csv")


def test_a_folder_with_something_in_it_is_refused(trained, check):
    checked = check(SPEC, files={"t.csv": blobs()[2]})
    before = {path: path.read_bytes() for path in trained.folder.iterdir() if path.is_file()}
    with pytest.raises(RunError, match="already holds a run"):
        train(checked, run_dir=trained.folder, show=SILENT)
    assert {path: path.read_bytes() for path in trained.folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("what", ["nothing", "empty", "no model"])
def test_what_is_no_run(tmp_path, what):
    folder = tmp_path / "run"
    if what != "nothing":
        folder.mkdir()
    if what == "no model":
        (folder / "run.json").write_text("{}")
    with pytest.raises(RunError):
        open_run(folder)


def test_the_same_seed_gives_the_same_weights(trained, check, tmp_path):
    import keras

    checked = check(SPEC, files={"t.csv": blobs()[2]})
    same = train(checked, run_dir=tmp_path / "same", show=SILENT).model().get_weights()
    for one, two in zip(trained.model().get_weights(), same, strict=True):
        assert one.tobytes() == two.tobytes()
    keras.utils.set_random_seed(99)
    other = check(SPEC, "training.seed=6")
    different = train(other, run_dir=tmp_path / "other", show=SILENT).model().get_weights()
    assert any(one.tobytes() != two.tobytes() for one, two in zip(same, different, strict=True))


def test_settings_are_kept_with_the_spec_and_lines_said_without_a_terminal(check, tmp_path, capsys):
    checked = check(SPEC, "training.epochs=3", files={"t.csv": blobs()[2]})
    run = train(checked, run_dir=tmp_path / "run", epochs=2, show=lines())
    assert run.epochs == 2
    text = (run.folder / "spec.keraspec.toml").read_text()
    assert text == SPEC.replace("epochs = 4", "epochs = 2")
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "rows: 72 train, 24 validation, 24 test"
    assert out[1] == "classes of kind: left, right, up"
    epochs = [line for line in out if line.startswith("epoch")]
    assert [line[:10] for line in epochs] == ["epoch 1/2 ", "epoch 2/2 "]
    assert "val_accuracy" in epochs[0]
    assert evaluate(run.folder).rows == 24


HEADS = """
keraspec = 1
inputs.a.shape = [2]
inputs.word = { shape = [], dtype = "string" }
layers = [
  { name = "number", type = "StringLookup", inputs = "word", max_tokens = 5 },
  { name = "vector", type = "Embedding", input_dim = 5, output_dim = 2 },
  { name = "joined", type = "Concatenate", inputs = ["a", "vector"] },
  { name = "hidden", type = "Dense", units = 8, activation = "relu" },
  { name = "kind", type = "Dense", units = 2, activation = "softmax", inputs = "hidden" },
  { name = "size", type = "Dense", units = 1, inputs = "hidden" },
]
outputs = OUTPUTS
[data]
source = { type = "csv", path = "t.csv" }
inputs.a.column = ["x", "y"]
split.validation = 0.25
batch_size = 4
[training]
epochs = 2
[training.outputs.kind]
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
[training.outputs.size]
loss = "mse"
weight = 0.5
metrics = ["mae"]
"""


@pytest.mark.parametrize(
    "outputs", ['["kind", "size", "hidden"]', '{ kind = "kind", size = "size", inner = "hidden" }']
)
def test_several_inputs_and_outputs(check, tmp_path, outputs):
    """One of the outputs has no loss and needs no target; the word goes through the input pipeline."""
    table = "x,y,word,kind,size\n" + "".join(f"{i},{i % 4},{'ab'[i % 2]},{'uv'[i % 2]},{i / 8}\n" for i in range(16))
    checked = check(HEADS.replace("OUTPUTS", outputs), files={"t.csv": table})
    run = train(checked, run_dir=tmp_path / "run", show=SILENT)
    assert {"loss", "kind_accuracy", "size_mae"} <= set(run.metrics["validation"])
    assert evaluate(run.folder).metrics == pytest.approx(run.metrics["validation"], rel=1e-4)
    made = predict(run.folder, tmp_path / "t.csv")
    assert set(made.columns) >= {"kind.prediction", "kind.probability_u", "size.prediction"}
    assert set(made.columns["kind.prediction"]) <= {"u", "v"}


def test_class_weights_and_arrays(check, tmp_path):
    text = SPEC.replace("[training]", "[training]\nclass_weight = { left = 5.0 }")
    points, names, table = blobs()
    checked = check(text, files={"t.csv": table})
    run = train(checked, data=(points, names), run_dir=tmp_path / "run", epochs=1, show=SILENT)
    assert run.metrics["test"]
    more = train(
        checked,
        data=(points, names),
        validation=(points[:9], names[:9]),
        run_dir=tmp_path / "more",
        epochs=1,
        show=SILENT,
    )
    assert json.loads((more.folder / "run.json").read_text())["rows"] == {"train": ROWS, "validation": 9, "test": 0}
    np.savez(tmp_path / "in.npz", point=points[:3])
    assert len(predict(more.folder, tmp_path / "in.npz").columns["prediction"]) == 3


def test_a_dataset_of_ones_own(check, tmp_path):
    import tensorflow as tf

    points, names, table = blobs()
    indices = np.unique(names, return_inverse=True)[1]
    dataset = tf.data.Dataset.from_tensor_slices((points, indices)).batch(16)
    checked = check(SPEC, files={"t.csv": table})
    run = train(checked, data=dataset, validation=dataset.take(2), run_dir=tmp_path / "run", show=SILENT)
    assert run.metrics["train"]["accuracy"] > 0.9
    assert run.metrics["test"] == {}
    normal = run.model().get_layer("normalization")
    assert np.allclose(np.ravel(normal.mean), points.mean(0), atol=1e-5)
    more = train(
        checked,
        data=dataset.filter(lambda x, y: True),
        validation=dataset,
        run_dir=tmp_path / "more",
        epochs=2,
        show=SILENT,
    )
    assert int(more.model().optimizer.iterations) == 2 * 8  # no step too many where the length is not known
    with pytest.raises(ValueError, match="never ends"):
        train(checked, data=dataset.repeat(), show=SILENT)
    with pytest.raises(ValueError, match="pair of arrays"):
        train(checked, data=points, show=SILENT)


def test_a_loss_that_is_no_number(check, tmp_path):
    text = (
        SPEC.replace('type = "Adam", learning_rate = 0.05', 'type = "SGD", learning_rate = 1e30')
        .replace('"sparse_categorical_crossentropy"', '{ type = "SparseCategoricalCrossentropy", from_logits = true }')
        .replace(', activation = "softmax"', "")
    )
    checked = check(text, files={"t.csv": blobs()[2]})
    run = train(checked, run_dir=tmp_path / "run", show=SILENT)
    assert run.status == "diverged"
    assert run.epochs < 4
    (one,) = run.findings
    assert (one.code, one.pointer) == ("E418", ("training", "optimizer"))
    assert json.loads((run.folder / "metrics.json").read_text())["train"]["loss"] is None


def test_steps_at_once():
    from keraspec.compiler.build import stated
    from keraspec.runtime.environment import choose
    from keraspec.spec.spec import Training

    def chosen(steps, callbacks=(), gpu=False, how=None, **training):
        found = choose(Training(**training), steps, [stated("callbacks", one) for one in callbacks], gpu, **(how or {}))
        return found.jit_compile, found.steps_per_execution

    assert chosen(1000) == (False, 32)
    assert chosen(5) == (False, 5)
    assert chosen(0) == (False, 32)
    assert chosen(1000, gpu=True) == ("auto", 32)
    assert chosen(1000, [{"type": "ModelCheckpoint", "filepath": "a.keras", "save_freq": 10}]) == (False, 1)
    assert chosen(1000, [{"type": "ModelCheckpoint", "filepath": "a.keras"}]) == (False, 32)
    assert chosen(1000, jit_compile=True, steps_per_execution=7) == (True, 7)
    resident = {"resident": True, "fitting": 400}
    assert chosen(300, how=resident) == (False, 300)  # the whole epoch
    assert chosen(1000, how=resident) == (False, 400)  # so that Ctrl-C does not wait
    assert chosen(1000, how={"fitting": 400}) == (False, 32)
    assert chosen(1000, how={"fitting": 3}) == (False, 3)
    assert chosen(0, how={"fitting": 1}) == (False, 2)
    assert chosen(1000, how=resident, steps_per_execution=1) == (False, 1)
    assert chosen(1000, [{"type": "TensorBoard", "update_freq": "batch"}], how=resident) == (False, 1)


def test_what_fits_into_one_call(check):
    from keraspec.runtime.pace import steps_at_once

    def fitting(layers, shape, size=32, gpu=False):
        text = f"keraspec = 1\ninputs.x = {{ shape = {shape} }}\nlayers = [{layers}]\n"
        return steps_at_once(check(text).typed, size, gpu=gpu)

    dense, conv = '{ type = "Dense", units = 10 }', '{ type = "Conv2D", filters = 64, kernel_size = 3 }'
    small, large = fitting(dense, "[20]"), fitting(f"{conv}, {conv}", "[128, 128, 3]")
    assert 5_000 < small < 50_000  # a step takes about 0.1 ms, a call never much more than a second
    assert large == 1  # 7 GFLOPs a picture, forward and backward
    assert 20 < fitting(f"{conv}, {conv}", "[128, 128, 3]", 1, gpu=True) < 200
    lstm = '{ type = "LSTM", units = 8 }'
    short, long = fitting(lstm, "[10, 4]"), fitting(lstm, "[1000, 4]")
    assert short > 50 * long >= 1
    assert 1 <= fitting(lstm, '["time", 4]') < short  # a length that only the data tell


@pytest.fixture
def heard():
    """Ctrl-C as a terminal has it: whoever starts the tests in the background has it ignored, for children too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_saves_what_was_learned(tmp_path, heard):
    (tmp_path / "t.csv").write_text(blobs()[2])
    (tmp_path / "spec.keraspec.toml").write_text(SPEC)
    program = "from keraspec.cli import main; main()"
    command = [sys.executable, "-c", program, "train", "spec.keraspec.toml", "--run-dir", "run", "--epochs", "100000"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if line.startswith("epoch"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted after" in out
    run = open_run(tmp_path / "run")
    assert run.status == "interrupted"
    assert run.epochs >= 1
    assert run.metrics["test"]["accuracy"] > 0
    assert run.model().get_layer("kind") is not None


def test_a_second_ctrl_c_ends_at_once(check, tmp_path, monkeypatch, heard):
    from keraspec.runtime.session import Session

    signals = []

    def fit(self, *_):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        signals.append(self.watch.interrupted)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        raise AssertionError("still going on")

    monkeypatch.setattr(Session, "_fit", fit)
    checked = check(SPEC, files={"t.csv": blobs()[2]})
    run = train(checked, run_dir=tmp_path / "run", show=SILENT)
    assert signals == [signal.SIGINT]
    assert run.status == "interrupted"
    assert run.model() is not None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_keras_can_not_train(check, tmp_path, monkeypatch):
    import keras

    def train_step(self, *_):
        raise ValueError("Something is wrong.")

    monkeypatch.setattr(keras.Model, "train_step", train_step)
    checked = check(SPEC, files={"t.csv": blobs()[2]})
    with pytest.raises(SpecError) as caught:
        train(checked, run_dir=tmp_path / "run", show=SILENT)
    (one,) = caught.value.diagnostics
    assert one.finding.code == "E417"
    assert "Something is wrong." in one.finding.message
    told = Path(one.finding.help.removeprefix("all that Keras says is in "))
    assert "ValueError" in told.read_text()
    told.unlink()
    assert not (tmp_path / "run").exists()  # nothing was learned, and the next attempt may have the folder


def test_a_model_that_names_something_foreign(trained, tmp_path):
    import shutil
    import zipfile

    from keraspec.runtime.saved import open_model, unknown

    path = tmp_path / "model.keras"
    shutil.copy(trained.model_path, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    assert list(unknown(config)) == []
    config["config"]["layers"][2]["config"]["activation"] = {
        "module": "os",
        "class_name": "function",
        "config": "system",
    }
    config["config"]["layers"][1]["class_name"] = "Lambda"
    assert sorted(unknown(config)) == ["keras.layers.Lambda", "system"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (parts | {"config.json": json.dumps(config).encode()}).items():
            archive.writestr(name, content)
    with pytest.raises(RunError, match="no spec can say"):
        open_model(path)
