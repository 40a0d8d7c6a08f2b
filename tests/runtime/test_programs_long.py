"""The larger programs of ``examples/training``, and those on data sets of one's own, trained to the stated results."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from keraspec.training import predict

from .programs import DATA, REAL, Runs, descended, line, mnist, points, table, trainer, whole_training

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return trainer(tmp_path_factory.mktemp)


def test_a_loss_that_prices_large_outputs(runs: Runs) -> None:
    run = runs("small_outputs")
    with np.load(DATA / "regression.npz") as file:
        x, y = file["x"], file["y"]
    found = run.model().predict(x, verbose=0)[:, 0]
    whole = np.mean((y - found) ** 2) + 0.1 * np.mean(np.abs(found))
    sizes = json.loads((run.folder / "run.json").read_text())["rows"]
    together = sum(sizes[part] * run.metrics[part]["loss"] for part in sizes) / len(y)
    assert together == pytest.approx(whole, rel=1e-5)
    assert type(run.model().optimizer).__name__ == "Adam"
    assert float(run.model().optimizer.learning_rate) == pytest.approx(0.001)
    assert run.metrics["test"]["mae"] <= 0.3
    plain = runs("regression").model().predict(x, verbose=0)[:, 0]
    assert np.abs(found).mean() < np.abs(plain).mean() - 0.02


def test_a_line_at_a_tenth_is_that_of_least_squares(runs: Runs) -> None:
    x, y = points()
    assert line(runs("line_fast")) == pytest.approx(np.polyfit(x.astype(float), y.astype(float), 1), abs=1e-4)
    assert line(runs("line_fast")) == pytest.approx((2, 1), abs=0.15)  # the line that the points were thrown about


def test_a_metric_by_expression(runs: Runs) -> None:
    run = runs("line_mae")
    x, y = points()
    _, lines = descended(x, y, [0.01] * 1000)
    assert line(run) == pytest.approx(lines[-1], abs=1e-4)
    for epoch in (1, 10, 999):  # what is measured in an epoch is measured before its step
        w, b = lines[epoch - 1]
        assert run.history[epoch]["mae"] == pytest.approx(float(np.abs(w * x + b - y).mean()), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("mnist_one_conv", 0.89),
        ("mnist_two_convs", 0.91),
        ("mnist_dropout", 0.89),
        ("mnist_l2", 0.88),
        ("mnist_batch_norm", 0.89),
    ],
)
def test_digits(runs: Runs, name: str, result: float) -> None:
    run = runs(name)
    assert run.metrics["test"]["accuracy"] >= result
    assert json.loads((run.folder / "run.json").read_text())["rows"]["test"] == 397


def test_variants_differ_from_their_base_in_what_they_say(runs: Runs) -> None:
    base = runs("mnist_dense").model()
    kinds = [type(layer).__name__ for layer in base.layers]
    assert [type(one).__name__ for one in runs("mnist_dropout").model().layers] == [*kinds[:-1], "Dropout", kinds[-1]]
    regular = runs("mnist_l2").model()
    assert [type(one).__name__ for one in regular.layers] == kinds
    assert np.square(regular.get_layer("hidden").kernel).sum() < 0.5 * np.square(base.get_layer("hidden").kernel).sum()
    normal = [type(one).__name__ for one in runs("mnist_batch_norm").model().layers]
    assert normal == [*kinds[:-1], "BatchNormalization", "ReLU", kinds[-1]]


@pytest.mark.skipif(not (REAL / "mnist").is_dir(), reason="KERASPEC_DATA names no folder with mnist/")
def test_a_whole_training_on_mnist_itself(runs: Runs, tmp_path: Path) -> None:
    run = runs("mnist_mlp", f"data.source.path={REAL / 'mnist'}")
    images, labels = mnist("t10k", REAL / "mnist")
    assert len(labels) == 10_000
    whole_training(run, images, labels, 0.98, tmp_path)


def test_digits_by_tensorflow_datasets(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tfds = pytest.importorskip("tensorflow_datasets")
    tfds.dataset_builders.store_as_tfds_dataset(
        name="mnist",
        version="3.0.1",
        features=tfds.features.FeaturesDict(
            {"image": tfds.features.Image(shape=(28, 28, 1)), "label": tfds.features.ClassLabel(num_classes=10)}
        ),
        split_datasets={
            name: [
                (number, {"image": image[..., None], "label": int(label)})
                for number, (image, label) in enumerate(zip(*mnist(part), strict=True))
            ]
            for name, part in (("train", "train"), ("test", "t10k"))
        },
        data_dir=str(tmp_path),
    )
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    run = runs("mnist_tfds")
    assert json.loads((run.folder / "run.json").read_text())["rows"] == {"train": 1400, "validation": 0, "test": 397}
    assert [layer.units for layer in run.model().layers if hasattr(layer, "units")] == [128, 10]
    assert run.metrics["test"]["accuracy"] >= 0.89


def test_the_backbone_is_what_its_program_trains(runs: Runs) -> None:
    from keraspec.runtime.saved import open_model

    run = runs("digits_backbone")
    assert run.metrics["validation"]["accuracy"] >= 0.97
    given = open_model(DATA / "digits_backbone.keras")
    assert [one.name for one in run.model().layers] == [one.name for one in given.layers]
    with np.load(DATA / "digits_0_to_4.npz") as file:
        images, labels = file["image"][..., None].astype("float32"), file["label"]
    assert (given.predict(images, verbose=0).argmax(axis=1) == labels).mean() >= 0.97


def test_frauds_are_found(runs: Runs) -> None:
    run = runs("payments")
    frauds = table("payments.csv")["fraud"] == "yes"
    assert frauds.mean() == pytest.approx(0.04)
    found = {
        name: np.array(predict(one.folder, DATA / "payments.csv").columns["prediction"]) == "yes"
        for name, one in (("adaptive", run), ("plain", runs("payments", "training.class_weight={}")))
    }
    recalls = {name: float(one[frauds].mean()) for name, one in found.items()}
    assert recalls["adaptive"] >= 0.75
    assert recalls["plain"] <= 0.5
    assert found["adaptive"][~frauds].mean() <= 0.3
    with (run.folder / "class_weights.csv").open() as file:
        moved = [row for row in csv.DictReader(file) if row["class"] == "yes"]
    assert len(moved) == run.epochs
    assert len({row["weight"] for row in moved}) > 5


def test_a_vae_of_digits(runs: Runs) -> None:
    metrics = runs("vae").metrics["test"]
    pixels = np.loadtxt(DATA / "digits.csv", delimiter=",", skiprows=1)[:, :-1]
    assert metrics["divergence"] > 5  # in nats: what the code says of a picture
    assert metrics["loss"] <= 300 < 0.55 * 0.5 * pixels.var(axis=0).sum()  # by the mean picture alone


def test_pairs_of_digits(runs: Runs) -> None:
    run = runs("siamese")
    assert run.metrics["test"]["accuracy"] >= 0.84
    assert len([one for one in run.model().layers if type(one).__name__ == "Conv2D"]) == 1  # the weights are shared


def test_dialled_digits(runs: Runs) -> None:
    run = runs("tones")
    assert run.metrics["validation"]["accuracy"] >= 0.9


def test_discs_overlap_with_their_masks(runs: Runs) -> None:
    run = runs("segmentation")
    assert run.metrics["validation"]["overlap"] >= 0.8


def test_tides_three_hours_ahead(runs: Runs) -> None:
    run = runs("forecast")
    found = table("tides.csv")
    levels = found["level"][found["harbour"] == "north"].astype(float)
    repeated = np.abs(levels[12:] - levels[:-12]).mean()  # twelve hours are nearly a tide
    assert run.metrics["test"]["mae"] <= 0.11 < 0.75 * repeated
