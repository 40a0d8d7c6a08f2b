"""The programs of ``examples/training``, trained to the results that docs/training_examples.md states."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT
from keraspec.training import predict, train

from .programs import DATA, PROGRAMS, ROOT, Runs, descended, line, mnist, points, rows_of, trainer, whole_training


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return trainer(tmp_path_factory.mktemp)


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.keraspec.toml")), ids=lambda path: path.name.split(".")[0])
def test_each_checks_clean_and_stands_in_the_docs(path: Path) -> None:
    assert compile_file(path).diagnostics == ()
    page = (ROOT / "docs" / "training_examples.md").read_text()
    assert f"keraspec train examples/training/{path.name}`" in page


def test_the_docs_name_no_program_that_is_not_there() -> None:
    page = (ROOT / "docs" / "training_examples.md").read_text()
    named = re.findall(r"keraspec train (examples/\S+?\.toml)", page)
    assert len(named) > 20
    assert [one for one in named if not (ROOT / one).is_file()] == []


def test_the_data_is_what_the_tool_makes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("training_data", ROOT / "tools" / "training_data.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    for maker in tool.MAKERS:
        for name, content in maker().items():
            there = (DATA / name).read_bytes()
            if name.endswith(".npz"):  # how NumPy packs is its own affair
                (tmp_path / "made.npz").write_bytes(content)
                with np.load(tmp_path / "made.npz") as made, np.load(DATA / name) as kept:
                    assert {key: made[key].tolist() for key in made} == {key: kept[key].tolist() for key in kept}
            elif name.endswith(".gz"):
                assert gzip.decompress(there) == gzip.decompress(content), name
            else:
                assert there == content, name


def test_a_regression_on_arrays(runs: Runs) -> None:
    run = runs("regression")
    assert [layer.units for layer in run.model().layers[1:]] == [64, 32, 1]
    assert set(run.metrics["test"]) == {"loss", "mae"}
    assert run.metrics["test"]["mae"] <= 0.25  # the numbers lie about 0.9 from their mean


# Lines


def test_a_line_by_the_steps_of_numpy(runs: Runs) -> None:
    run = runs("line")
    losses, lines = descended(*points(), [0.01] * 1000)
    assert run.epochs == 1000
    assert line(run) == pytest.approx(lines[-1], abs=1e-4)
    assert run.history[0]["loss"] == pytest.approx(losses[0], rel=1e-5)
    assert run.history[-1]["loss"] == pytest.approx(losses[-1], rel=1e-4)


def test_a_rule_lowers_the_rate_once(runs: Runs) -> None:
    run = runs("line_rule")
    x, y = points("quiet_line.csv")
    losses, _ = descended(x, y, [0.01] * 1000)
    step = next(number for number, loss in enumerate(losses, 1) if loss < 0.01)
    assert 100 < step < 900
    (fired,) = json.loads((run.folder / "rules.json").read_text())
    assert fired["step"] == step
    assert fired["learning_rate"] == pytest.approx({"before": 0.01, "after": 0.001})  # and it is fired only once
    assert float(run.model().optimizer.learning_rate) == pytest.approx(0.001)
    _, lines = descended(x, y, [0.01] * step + [0.001] * (1000 - step))
    assert line(run) == pytest.approx(lines[-1], abs=1e-4)


# Handwritten digits, in files as those of MNIST


def test_softmax_by_ten_steps_over_all_rows(runs: Runs) -> None:
    run = runs("mnist_softmax")
    images, labels = mnist("train")
    x, y = images.reshape(len(images), -1) / 255, np.eye(10)[labels]
    kernel, bias = np.zeros((784, 10)), np.zeros(10)
    for _ in range(10):
        scores = np.exp(x @ kernel + bias)
        off = (scores / scores.sum(axis=1, keepdims=True) - y) / len(x)
        kernel, bias = kernel - 0.1 * x.T @ off, bias - 0.1 * off.sum(axis=0)
    found = run.model().get_layer("digit").get_weights()
    assert found[0] == pytest.approx(kernel, abs=1e-4)
    assert found[1] == pytest.approx(bias, abs=1e-4)
    assert run.metrics["test"]["accuracy"] >= 0.82


def test_digits_as_features(runs: Runs) -> None:
    run = runs("mnist_dense")
    assert [tuple(layer.kernel.shape) for layer in run.model().layers if hasattr(layer, "kernel")] == [
        (784, 128),
        (128, 10),
    ]
    assert run.metrics["test"]["accuracy"] >= 0.89


def test_a_whole_training(runs: Runs, tmp_path: Path) -> None:
    run = runs("mnist_mlp")
    images, labels = mnist("t10k")
    whole_training(run, images, labels, 0.9, tmp_path)


def test_what_was_learned_of_other_digits_helps(runs: Runs) -> None:
    from keraspec.runtime.saved import open_model

    run = runs("digits_transfer")
    assert [row["phase"] for row in run.history] == [1] * 20 + [2] * 20
    scratch = runs("digits_from_scratch")
    assert scratch.epochs == run.epochs
    assert run.metrics["test"]["accuracy"] >= 0.83
    assert run.metrics["test"]["accuracy"] > scratch.metrics["test"]["accuracy"] + 0.01
    assert run.metrics["test"]["loss"] < 0.8 * scratch.metrics["test"]["loss"]
    # At the end of the first phase the backbone is still that of the file.
    given = open_model(DATA / "digits_backbone.keras")
    frozen = runs("digits_transfer", "training.phases=[{ epochs = 2, freeze = ['backbone'], optimizer = 'adam' }]")
    for name in ("backbone.conv2d", "backbone.conv2d_1"):
        for one, two in zip(frozen.model().get_layer(name).weights, given.get_layer(name).weights, strict=True):
            assert (np.array(one) == np.array(two)).all(), name


# Tables


def test_penguins_are_the_same_from_everywhere(runs: Runs) -> None:
    run = runs("penguins_csv")
    assert run.metrics["validation"]["accuracy"] >= 0.97
    for other in ("penguins_arrays", "penguins_tfrecord"):
        assert rows_of(runs(other)) == rows_of(run), other
        for one, two in zip(runs(other).model().get_weights(), run.model().get_weights(), strict=True):
            assert (one == two).all(), other


def test_penguins_from_arrays_in_python(runs: Runs, tmp_path: Path) -> None:
    with np.load(DATA / "penguins.npz") as file:
        measures = np.stack([file[name] for name in file.files if name != "species"], axis=1)
        species = file["species"]
    checked = compile_file(PROGRAMS / "penguins_csv.keraspec.toml")
    run = train(checked, data=(measures, species), run_dir=tmp_path / "run", show=SILENT, epochs=2)
    assert rows_of(run) == rows_of(runs("penguins_csv"))[:2]


def test_an_explicit_loop_validates_each_epoch(runs: Runs) -> None:
    run = runs("penguins_loop")
    assert all({"loss", "val_loss", "val_accuracy"} <= row.keys() for row in run.history)
    assert run.epochs == 15
    assert rows_of(run) == rows_of(runs("penguins_csv"))
    assert run.metrics["validation"]["accuracy"] >= 0.97


# Pictures, words, sounds, series


def test_words_in_their_order(runs: Runs, tmp_path: Path) -> None:
    run = runs("reviews")
    assert run.metrics["test"]["accuracy"] >= 0.97
    (tmp_path / "new.csv").write_text("text\nThe soup was not good.\nThe soup was good.\nThe wine was not so bad.\n")
    assert predict(run.folder, tmp_path / "new.csv").columns["prediction"] == ["bad", "good", "good"]
