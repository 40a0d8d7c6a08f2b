"""Mistakes in data and specs that users were seen to make, and what came of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from keraspec.cli import group
from keraspec.runtime.progress import SILENT, in_order
from keraspec.runtime.sources import reader
from keraspec.runtime.train import train
from keraspec.spec.problem import Problem
from keraspec.training import evaluate, predict

AT = ("data", "source")
ROWS = "".join(f"{index % 7}.5,{index % 5},{'yes' if index % 3 else 'no'}\n" for index in range(30))

SPEC = """
keraspec = 1
inputs.x.shape = [2]
layers = [
  { type = "Normalization" },
  { name = "y", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.2 }
inputs.x.column = ["a", "b"]
[training]
loss = "sparse_categorical_crossentropy"
"""


def read(folder, content, name="t.csv", **arguments):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return reader("csv").read({"type": "csv", "path": name, **arguments}, folder, AT)


def cli(*arguments):
    result = CliRunner().invoke(group, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_blanks_around_cells_are_no_part_of_them(tmp_path):
    table = read(tmp_path, "a, b\n1, yes\n2, ?\n 3 , no \n", missing_values=["?"])
    assert table.columns["b"].to_pylist() == ["yes", None, "no"]
    assert table.columns["a"].to_pylist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (b"\x1f\x8b\x08\x00garbage", {}, "gzip"),
        (b"a,b\n1,2\n" * 3 + b"\xff\xfe\x80,\x00,1,2,3\n", {}, "line 7"),
        (b"a,b\n1,\x002\n", {}, "zero byte"),
        ("a\u00a6b\n1\u00a62\n", {"separator": "\u00a6"}, "plain character"),
        ("a,b\n1,2\n", {"separator": '"'}, "quotation mark"),
    ],
    ids=["gzip by another name", "not UTF-8", "zero byte", "separator not ASCII", "a quotation mark as separator"],
)
def test_what_is_no_table_is_said_once_and_quietly(tmp_path, content, arguments, words, capfd):
    with pytest.raises(Problem) as caught:
        read(tmp_path, content, **arguments)
    (one,) = caught.value.findings
    assert one.code == "E407"
    assert words in f"{one.message} {one.help}"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("path", ["x" * 5000 + ".csv", "~nobody-of-this-name/t.csv", "a\0b.csv"])
def test_paths_that_can_not_be_looked_up(tmp_path, path):
    with pytest.raises(Problem) as caught:
        reader("csv").read({"path": path}, tmp_path, AT)
    (one,) = caught.value.findings
    assert one.code == "E401"
    assert len(one.message) < 200


def test_names_without_a_line_end(tmp_path):
    with pytest.raises(Problem, match="no rows"):
        read(tmp_path, "a,b")


def test_another_separator_is_one_message(check, refused, tmp_path):
    checked = check(SPEC, files={"t.csv": ("a,b,y\n" + ROWS).replace(",", ";")})
    (one,) = refused(lambda: train(checked.typed, tmp_path, show=SILENT))
    assert one.code == "E407"
    assert one.help == 'write `separator = ";"` in the source'


def test_a_file_without_names(check, refused, tmp_path):
    checked = check(SPEC, files={"t.csv": ROWS})
    findings = refused(lambda: train(checked.typed, tmp_path, show=SILENT))
    assert all("looks like a row" in one.help for one in findings)


@pytest.mark.parametrize("spelling", ["?", "None", "NAN"])
def test_a_spelling_of_no_value(check, refused, tmp_path, spelling):
    checked = check(SPEC, files={"t.csv": f"a,b,y\n{ROWS}{spelling},1,yes\n"})
    (one,) = refused(lambda: train(checked.typed, tmp_path, show=SILENT))
    assert f'missing_values = ["", "{spelling}"]' in one.help
    assert "row 31" in one.message


def test_metrics_of_several_numbers():
    logs = {"F1Score": np.array([0.5, 0.25]), "loss": np.float32(1)}
    assert in_order(logs) == {"loss": 1.0, "F1Score_0": 0.5, "F1Score_1": 0.25}


@pytest.mark.parametrize(
    ("loss", "metric", "way"),
    [
        ("sparse_categorical_crossentropy", "F1Score", "categorical_crossentropy"),
        ("sparse_categorical_crossentropy", "AUC", "categorical_crossentropy"),
        ("sparse_categorical_crossentropy", "TopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy"),
        ("categorical_crossentropy", "sparse_categorical_accuracy", "CategoricalAccuracy"),
    ],
)
def test_metrics_and_labels_of_two_forms(tmp_path, loss, metric, way):
    text = SPEC.replace("sparse_categorical_crossentropy", loss) + f'metrics = ["accuracy", "{metric}"]\n'
    (tmp_path / "s.keraspec.toml").write_text(text)
    result = cli("check", tmp_path / "s.keraspec.toml", "--output-format", "json")
    (one,) = json.loads(result.output)
    assert (one["code"], one["pointer"]) == ("E413", "/training/metrics/1")
    assert way in one["help"]


SEVERAL = """
keraspec = 1
inputs.x.shape = [2]
inputs.word = { shape = [3], dtype = "int32" }
outputs = { kind = "k", size = "s", spare = "p" }
layers = [
  { name = "norm", type = "Normalization", inputs = "x" },
  { name = "words", type = "Embedding", input_dim = 9, output_dim = 4, mask_zero = true, inputs = "word" },
  { name = "pooled", type = "GlobalAveragePooling1D", inputs = "words" },
  { name = "both", type = "Concatenate", inputs = ["norm", "pooled"] },
  { name = "k", type = "Dense", units = 2, activation = "softmax", dtype = "float32", inputs = "both" },
  { name = "s", type = "Dense", units = 1, dtype = "float32", inputs = "both" },
  { name = "p", type = "Dense", units = 1, dtype = "float32", inputs = "both" },
]
[data]
source = { type = "npz", path = "t.npz" }
split = { validation = 0.2 }
missing = { size = 0 }
[training]
outputs.kind = { loss = "categorical_crossentropy", metrics = ["accuracy", "F1Score"] }
outputs.size = { loss = "mse" }
callbacks = [
  { type = "EarlyStopping", monitor = "val_kind_accuracy" },
  { type = "ModelCheckpoint", filepath = "best.keras", monitor = "val_size_loss", save_best_only = true },
]
"""


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_several_outputs_masks_and_precision(check, tmp_path, precision):
    """A monitor of one output, a metric of several numbers, a mask in the saved model, Normalization in half."""
    random = np.random.default_rng(0)
    arrays = {"x": random.normal(5, 2, (40, 2)), "word": random.integers(1, 9, (40, 3))}
    np.savez(tmp_path / "t.npz", **arrays, kind=np.arange(40) % 2, size=random.normal(size=40))
    np.savez(tmp_path / "new.npz", **arrays)
    checked = check(SEVERAL + f'precision = "{precision}"\n')
    run = train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=SILENT)
    assert run.status == "finished"
    assert {"kind_F1Score_0", "kind_F1Score_1", "val_kind_accuracy"} <= set(run.history[0])
    normalization = run.model().get_layer("norm")
    np.testing.assert_allclose(np.ravel(normalization.mean), arrays["x"].mean(0), atol=0.8)
    made = predict(run.folder, tmp_path / "new.npz")  # without targets
    assert made.outputs["kind"].values.shape == (40, 2)


def test_a_prediction_for_each_row(check, tmp_path):
    checked = check(
        SPEC.replace("split", 'missing = "drop"\nsplit'),
        files={"t.csv": f"a,b,y\n{ROWS},1,yes\n", "new.csv": "more,b,a\n?,1,2\n?,,3\n?,4,5\n"},
    )
    run = train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=SILENT)
    result = cli("predict", run.folder, tmp_path / "new.csv")
    lines = result.stdout.splitlines()
    assert lines[0] == "prediction,probability_no,probability_yes"
    assert len(lines) == 4
    assert lines[2] == ",,"
    assert result.stderr == "keraspec: 1 row has no prediction: a value is missing there\n"


def test_datasets_that_name_their_parts(check, tmp_path):
    import tensorflow as tf

    checked = check(SPEC.split("[data]", maxsplit=1)[0] + "[training]\nloss = 'sparse_categorical_crossentropy'\n")
    x, y = np.random.default_rng(0).normal(size=(20, 2)).astype("float32"), np.arange(20) % 2
    data = tf.data.Dataset.from_tensor_slices(({"x": x}, {"y": y})).batch(5)
    run = train(checked.typed, tmp_path, run_dir=tmp_path / "run", data=data, validation=data, show=SILENT)
    assert run.metrics["train"] == run.metrics["validation"] != {}
    np.savez(tmp_path / "t.npz", x=x, y=y)
    result = cli("evaluate", run.folder, "--data", tmp_path / "t.npz")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is not known" in result.stderr
    for wrong, words in (
        (data.take(0), "no batches"),
        (data.map(lambda x, y: x["x"]), "batches \\(x, y\\)"),
        (data.map(lambda x, y: ({"z": x["x"]}, y)), "there is no x"),
    ):
        with pytest.raises(ValueError, match=words):
            train(checked.typed, tmp_path, data=wrong, show=SILENT)


NUMBER = """
keraspec = 1
inputs.x.shape = []
layers = [
  { type = "Normalization", axis = "none" },
  { type = "Reshape", target_shape = [1] },
  { name = "y", type = "Dense", units = 1 },
]
[data]
source = { type = "npz", path = "t.npz" }
split = { validation = 0.25 }
[training]
loss = "mse"
"""


def test_single_numbers_and_names_of_metrics(check, tmp_path):
    """Twice in one process, where Keras would call the second metric otherwise."""
    np.savez(tmp_path / "t.npz", x=np.arange(40.0), y=np.arange(40) % 2)
    kinds = '{ type = "MeanAbsoluteError" }, { type = "MeanAbsoluteError" }, { type = "RootMeanSquaredError" }'
    checked = check(NUMBER + f"metrics = [{kinds}]\n")
    for folder in ("one", "two"):
        run = train(checked.typed, tmp_path, run_dir=tmp_path / folder, show=SILENT)
        names = ["loss", "mean_absolute_error", "mean_absolute_error_1", "root_mean_squared_error"]
        assert list(run.metrics["train"]) == names
        assert np.ravel(run.model().layers[1].mean)[0] == pytest.approx(19.5, abs=3)
    assert list(evaluate(run.folder).metrics) == names


def test_an_infinite_loss_is_the_end(check, tmp_path):
    np.savez(tmp_path / "t.npz", x=np.arange(40.0), y=np.arange(40.0) * 1e6)
    rate = 'epochs = 20\noptimizer = { type = "SGD", learning_rate = 1e9 }\n'
    run = train(check(NUMBER + rate).typed, tmp_path, run_dir=tmp_path / "run", show=SILENT)
    assert run.status == "diverged"
    assert run.epochs < 20
    assert [one.code for one in run.findings] == ["E418"]


def test_vectors_of_texts_in_a_column(check, tmp_path):
    """Keras says (batch, 1, words) of what is (batch, words)."""
    rows = "".join(f"{'free win now' if one % 2 else 'see you at home'},{one % 2}\n" for one in range(20))
    checked = check(
        """
keraspec = 1
inputs.text = { shape = [1], dtype = "string" }
layers = [
  { type = "TextVectorization", output_mode = "multi_hot" },
  { name = "y", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
[training]
loss = "sparse_categorical_crossentropy"
""",
        files={"t.csv": "text,y\n" + rows},
    )
    run = train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=SILENT)
    assert predict(run.folder, tmp_path / "t.csv").outputs["y"].values.shape == (20, 2)
