"""Exported models: each is read back here by other means than the exporter's own, where there are any."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import keraspec
from keraspec.checked import SpecError, compile_file
from keraspec.cli import group
from keraspec.runtime.exporting import FORMATS
from keraspec.runtime.progress import SILENT
from keraspec.runtime.run import RunError
from keraspec.training import export, predict, train

NUMBERS = """
keraspec = 1
name = "numbers"
inputs.point.shape = [2]
layers = [
  { type = "Normalization" },
  { name = "hidden", type = "Dense", units = 8, activation = "relu" },
  { type = "BatchNormalization" },
  { type = "Dropout", rate = 0.5 },
  { name = "kind", type = "Dense", units = 3, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
inputs.point.column = ["a", "b"]
targets.kind.column = "kind"
[training]
epochs = 1
loss = "sparse_categorical_crossentropy"
"""

WORDS = """
keraspec = 1
name = "words"
inputs.b.shape = [2]
inputs.word = { shape = [], dtype = "string" }
layers = [
  { name = "number", type = "StringLookup", inputs = "word", max_tokens = 5, pad_to_max_tokens = true },
  { name = "vector", type = "Embedding", input_dim = 5, output_dim = 2 },
  { name = "joined", type = "Concatenate", inputs = ["b", "vector"] },
  { name = "kind", type = "Dense", units = 2, activation = "softmax", inputs = "joined" },
  { name = "size", type = "Dense", units = 1, inputs = "joined" },
]
outputs = { size = "size", answer = "kind" }
[data]
source = { type = "csv", path = "t.csv" }
inputs.b.column = ["a", "b"]
inputs.word.column = "kind"
targets.answer.column = "yes"
targets.size.column = "size"
[training]
epochs = 1
[training.outputs.answer]
loss = "sparse_categorical_crossentropy"
[training.outputs.size]
loss = "mse"
"""

SEQUENCE = """
keraspec = 1
name = "sequence"
inputs.x.shape = ["time", 3]
inputs.code = { shape = ["time"], dtype = "int32" }
layers = [
  { name = "vector", type = "Embedding", inputs = "code", input_dim = 4, output_dim = 3 },
  { name = "sum", type = "Add", inputs = ["x", "vector"] },
  { name = "memory", type = "Bidirectional", layer = { type = "GRU", units = 4 } },
  { name = "level", type = "Dense", units = 1 },
  { name = "rise", type = "Dense", units = 2, inputs = "memory" },
]
outputs = ["level", "rise"]
[training]
epochs = 1
loss = "mse"
"""

PICTURES = """
keraspec = 1
name = "pictures"
inputs.image.shape = [8, 8, 1]
layers = [
  { type = "RandomTranslation", height_factor = 0.4, width_factor = 0.4 },
  { type = "RandomFlip" },
  { type = "GaussianNoise", stddev = 0.5 },
  { type = "Flatten" },
  { type = "Dense", units = 2 },
]
[training]
epochs = 1
loss = "mse"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four trained models: numbers in and one output; text, and a dict of outputs; a list, of unknown length; pictures
    that are changed at random while training."""
    random = np.random.default_rng(1)
    table = "a,b,kind,yes,size\n" + "".join(
        f"{a:.3f},{b:.3f},{kind},{'no' if a > 0 else 'yes'},{a + b:.3f}\n"
        for (a, b), kind in zip(random.normal(size=(24, 2)), ["left", "right", "up"] * 8, strict=True)
    )
    found = {}
    for name, text in (("numbers", NUMBERS), ("words", WORDS), ("sequence", SEQUENCE), ("pictures", PICTURES)):
        folder = tmp_path_factory.mktemp(name)
        (folder / "t.csv").write_text(table)
        (folder / "spec.keraspec.toml").write_text(text)
        data = None
        if name == "sequence":
            x = {"x": random.normal(size=(16, 6, 3)).astype("float32"), "code": random.integers(0, 4, (16, 6))}
            data = (x, [random.normal(size=(16, 1)), random.normal(size=(16, 2))])
        elif name == "pictures":
            data = (random.normal(size=(16, 8, 8, 1)).astype("float32"), random.normal(size=(16, 2)))
        checked = compile_file(folder / "spec.keraspec.toml")
        found[name] = train(checked, data=data, run_dir=folder / "run", show=SILENT).folder
    return found


def points(runs: dict[str, Path]) -> np.ndarray:
    return np.loadtxt(runs["numbers"].parent / "t.csv", delimiter=",", skiprows=1, usecols=(0, 1), dtype="float32")


def expected(runs: dict[str, Path], name: str = "numbers") -> np.ndarray:
    return predict(runs[name], runs[name].parent / "t.csv").outputs["kind"].values


@pytest.mark.parametrize("form", [one.name for one in FORMATS])
def test_every_format_by_default(runs: dict[str, Path], form: str) -> None:
    made = keraspec.export(runs["numbers"], form)
    (one,) = (one for one in FORMATS if one.name == form)
    assert made.path == runs["numbers"] / "export" / f"numbers{one.ending}"
    assert made.path.is_dir() if one.folder else made.path.stat().st_size > 100
    assert made.params == 5 + 24 + 32 + 27
    assert (made.rows, made.real) == ((0, False) if form == "config" else (8, True))
    assert made.difference <= made.allowed
    assert not [path for path in made.path.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("form", ["savedmodel", "onnx", "tflite"])
def test_what_is_random_while_training_is_not_in_what_is_exported(
    runs: dict[str, Path], form: str, tmp_path: Path
) -> None:
    (one,) = (one for one in FORMATS if one.name == form)
    made = export(runs["pictures"], form, tmp_path / f"a{one.ending}")
    assert made.rows == 8
    assert made.difference <= made.allowed


def test_keras_opens_what_was_exported(runs: dict[str, Path], tmp_path: Path) -> None:
    import keras

    made = export(runs["numbers"], "keras", tmp_path / "a.keras")
    model = keras.models.load_model(made.path)
    assert not model.compiled
    assert np.array_equal(model.predict(points(runs), verbose=0), expected(runs))
    assert made.difference == 0


def test_weights_go_into_what_is_built_of_the_spec(runs: dict[str, Path], tmp_path: Path) -> None:
    made = export(runs["numbers"], "weights", tmp_path / "a.weights.h5")
    model = keraspec.build(runs["numbers"] / "spec.keraspec.toml")
    model.load_weights(made.path)
    assert np.array_equal(model.predict(points(runs), verbose=0), expected(runs))


def test_tensorflow_reads_the_savedmodel(runs: dict[str, Path], tmp_path: Path) -> None:
    import tensorflow as tf

    made = export(runs["numbers"], "savedmodel", tmp_path / "served")
    served = tf.saved_model.load(made.path).signatures["serving_default"]
    (given,) = served(tf.constant(points(runs))).values()
    assert np.allclose(given, expected(runs), atol=1e-6)
    (tmp_path / "served" / "mine.txt").write_text("kept by nobody")
    export(runs["numbers"], "savedmodel", tmp_path / "served")  # an exported model is replaced whole
    assert not (tmp_path / "served" / "mine.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["served"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("somebody's")
    with pytest.raises(RunError, match="no exported model"):
        export(runs["numbers"], "savedmodel", tmp_path / "other")
    assert (tmp_path / "other" / "file").read_text() == "somebody's"


def test_onnx_runs_without_keras(runs: dict[str, Path], tmp_path: Path) -> None:
    """By the reference implementation, which is another program than the one that the exporter asks."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    made = export(runs["numbers"], "onnx", tmp_path / "a.onnx")
    onnx.checker.check_model(onnx.load(made.path), full_check=True)
    (given,) = ReferenceEvaluator(str(made.path)).run(None, {"point": points(runs)})
    assert np.allclose(given, expected(runs), atol=1e-4)


def test_the_configuration(runs: dict[str, Path], tmp_path: Path) -> None:
    import keras

    made = export(runs["words"], "config", tmp_path / "a.config.json")
    text = made.path.read_text()
    model = keras.models.model_from_json(text)
    assert [layer.name for layer in model.layers][:2] == ["word", "number"]
    assert model.count_params() == made.params == 10 + 10 + 5
    assert "compile_config" not in json.loads(text)


@pytest.mark.parametrize("form", ["keras", "savedmodel", "tflite"])
def test_text_and_a_dict_of_outputs(runs: dict[str, Path], form: str) -> None:
    made = export(runs["words"], form)
    assert (made.rows, made.real) == (8, True)
    assert made.difference <= made.allowed


@pytest.mark.long
@pytest.mark.parametrize("form", ["keras", "savedmodel", "onnx", "weights"])
def test_sequences_of_any_length_and_two_outputs(runs: dict[str, Path], form: str) -> None:
    made = export(runs["sequence"], form)
    assert (made.rows, made.real) == (8, False)  # it was trained with arrays: there is no table to read
    assert made.difference <= made.allowed


def refusal(run: Path, form: str, path: Path) -> tuple[str, str, str | None]:
    with pytest.raises(SpecError) as caught:
        export(run, form, path)
    (one,) = caught.value.diagnostics
    assert not [*path.parent.iterdir()]
    return one.code, one.message, one.help


def test_what_a_format_can_not_carry(runs: dict[str, Path], tmp_path: Path) -> None:
    assert refusal(runs["words"], "onnx", tmp_path / "a.onnx") == (
        "E701",
        "ONNX has no tables to look values up in, as `number` (StringLookup) does",
        "export it as savedmodel, which can",
    )
    code, message, _ = refusal(runs["words"], "weights", tmp_path / "a.weights.h5")
    assert (code, message) == (
        "E701",
        "the vocabulary that `number` (StringLookup) learned has no place in a file of weights",
    )


@pytest.mark.long
def test_an_operation_that_the_converter_does_not_know(tmp_path: Path) -> None:
    """The layer is found by the names in what the converter says."""
    text = NUMBERS.replace('{ type = "BatchNormalization" }', '{ name = "spread", type = "ops.erfinv" }').replace(
        '"relu"', '"tanh"'
    )
    (tmp_path / "spec.keraspec.toml").write_text(text)
    random = np.random.default_rng(0)
    data = (random.normal(size=(16, 2)), np.arange(16) % 3)
    run = train(compile_file(tmp_path / "spec.keraspec.toml"), data=data, run_dir=tmp_path / "run", show=SILENT).folder
    (tmp_path / "out").mkdir()
    for form, ending, called in (("onnx", ".onnx", "ONNX"), ("tflite", ".tflite", "TensorFlow Lite")):
        code, message, way = refusal(run, form, tmp_path / "out" / f"a{ending}")
        assert code == "E701"
        assert message == f"{called} can't hold `spread` (ops.erfinv): {called} has no Erfinv"
        assert way == "export it as savedmodel, which may"


def test_half_precision_stays_with_keras(runs: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(runs["numbers"], tmp_path / "run")
    spec = tmp_path / "run" / "spec.keraspec.toml"
    spec.write_text(spec.read_text().replace("epochs = 1", 'epochs = 1\nprecision = "mixed_bfloat16"'))
    (tmp_path / "out").mkdir()
    code, message, _ = refusal(tmp_path / "run", "onnx", tmp_path / "out" / "a.onnx")
    assert (code, message) == ("E701", "ONNX is written in float32 only, and this was trained in mixed_bfloat16")


def test_other_numbers_leave_nothing_behind(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keraspec.runtime.exporting import onnx_file

    run = onnx_file.run
    monkeypatch.setattr(onnx_file, "run", lambda *given: [one + 0.001 for one in run(*given)])
    (tmp_path / "a.onnx").write_text("what was there before")
    with pytest.raises(SpecError) as caught:
        export(runs["numbers"], "onnx", tmp_path / "a.onnx")
    (one,) = caught.value.diagnostics
    assert one.code == "E702"
    assert one.message == "ONNX gives other numbers for `kind`: they differ by up to 0.001"
    assert one.place.source.text[one.place.start :].startswith('{ name = "kind"')
    assert [path.read_text() for path in tmp_path.iterdir()] == ["what was there before"]
    monkeypatch.setattr(onnx_file, "run", lambda *given: [one * np.nan for one in run(*given)])
    with pytest.raises(SpecError, match="differ by up to nan"):
        export(runs["numbers"], "onnx", tmp_path / "a.onnx")


def test_wrong_usage(runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = str(runs["numbers"])

    def call(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(group, ["export", *arguments])
        return done.exit_code, done.output

    status, text = call(run, "--format", "onnx", "-o", str(tmp_path / "a.tflite"))
    assert (status, "must end in .onnx" in text) == (2, True)
    (tmp_path / "b.onnx").mkdir()
    status, text = call(run, "--format", "onnx", "-o", str(tmp_path / "b.onnx"))
    assert (status, "is a folder" in text) == (2, True)
    assert call(str(tmp_path), "--format", "onnx")[0] == 2
    assert call(run, "--format", "pickle")[0] == 2
    assert call(run)[0] == 2
    with pytest.raises(ValueError, match="there is no format 'pickle'"):
        keraspec.export(run, "pickle")
    from keraspec.runtime import export as module

    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "tf2onnx" else True)
    status, text = call(run, "--format", "onnx")
    assert (status, text) == (
        2,
        'keraspec: this needs tf2onnx, which is not installed here: pip install "keraspec[export]"\n',
    )


def test_on_other_backends(runs: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keraspec.runtime.export.backend", lambda: "jax")
    with pytest.raises(RunError, match="ONNX is written with Keras on TensorFlow, and here it runs on jax: set KERAS_"):
        export(runs["numbers"], "onnx")
    monkeypatch.setattr("keraspec.runtime.predict.backend", lambda: "jax")
    with pytest.raises(RunError, match="reads text, and Keras runs on jax here"):
        predict(runs["words"], runs["words"].parent / "t.csv")


def test_the_verb(runs: dict[str, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(
        group, ["export", str(runs["numbers"]), "--format", "keras", "-o", str(tmp_path / "a.keras")]
    )
    assert (done.exit_code, done.output) == (
        0,
        f"{tmp_path / 'a.keras'} written\nread back: on 8 rows of the data it gives the same numbers to the last bit\n",
    )
    done = CliRunner().invoke(
        group, ["export", str(runs["sequence"]), "--format", "tflite"]
    )  # it has a recurrent layer
    first, second = done.output.splitlines()
    assert first.endswith("sequence.tflite written: it takes one row at a time")
    assert second.startswith("read back: on 8 rows drawn at random its numbers differ by at most ")
    done = CliRunner().invoke(group, ["export", str(runs["numbers"]), "--format", "config"])
    assert done.output.endswith("read back: the same configuration, 88 parameters\n")
