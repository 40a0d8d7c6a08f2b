"""The examples, trained as they are, on the data that ships with the project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT
from keraspec.training import evaluate, predict, train

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name, folder, **options):
    return train(compile_file(EXAMPLES / f"{name}.keraspec.toml"), run_dir=folder, show=SILENT, **options)


def test_digits(tmp_path):
    found = run("digits", tmp_path / "run")
    assert found.metrics["test"]["accuracy"] >= 0.97
    made = predict(found.folder, EXAMPLES / "data" / "digits.csv")
    lines = (EXAMPLES / "data" / "digits.csv").read_text().splitlines()[1:]
    labels = [int(line.rpartition(",")[2]) for line in lines]
    assert len(labels) == 1797
    assert np.mean(np.array(made.columns["prediction"]) == labels) >= 0.98


def test_penguins(tmp_path):
    found = run("penguins", tmp_path / "run", epochs=15)
    assert found.metrics["test"]["accuracy"] >= 0.95
    table = (EXAMPLES / "data" / "penguins.csv").read_text().splitlines()
    (tmp_path / "in.csv").write_text("\n".join(line.partition(",")[2] for line in table))  # without the species
    made = predict(found.folder, tmp_path / "in.csv").columns["prediction"]
    species = [line.partition(",")[0] for line in table[1:]]
    assert np.mean(np.array(made) == species) >= 0.95
    assert set(made) == {"Adelie", "Chinstrap", "Gentoo"}


def test_mpg(tmp_path):
    found = run("mpg", tmp_path / "run")
    assert found.metrics["test"]["mae"] < 2.5
    again = evaluate(found.folder)
    assert again.metrics == pytest.approx(found.metrics["test"], rel=1e-4)
    made = predict(found.folder, EXAMPLES / "data" / "auto-mpg.csv").columns["prediction"]
    assert len(made) == 398
    assert sum(value is None for value in made) == 6  # cars without horsepower


def test_digits_from_a_folder_of_pictures(tmp_path):
    found = run("digit_images", tmp_path / "run", epochs=25)
    assert found.metrics["validation"]["accuracy"] >= 0.85
    made = predict(found.folder, EXAMPLES / "data" / "digit_images").columns["prediction"]
    labels = [path.parent.name for path in sorted((EXAMPLES / "data" / "digit_images").glob("*/*.png"))]
    assert np.mean(np.array(made) == labels) >= 0.95


def test_masks_of_discs(tmp_path):
    found = run("discs", tmp_path / "run", epochs=25)
    assert found.metrics["validation"]["accuracy"] >= 0.95  # a quarter of the pixels belong to discs
    made = predict(found.folder, EXAMPLES / "data" / "discs" / "discs.csv")
    assert made.outputs["mask"].values.shape == (40, 24, 24, 1)


def test_a_rehearsal_without_data(tmp_path):
    found = run("rehearsal", tmp_path / "run", epochs=1)
    assert set(found.metrics["validation"]) == {"loss", "kind_loss", "kind_accuracy", "price_loss"}
    assert evaluate(found.folder).rows == 40


def test_mnist_from_a_small_file(tmp_path, monkeypatch):
    """Squares at ten places instead of digits, in a file of the format that Keras loads."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    random = np.random.default_rng(0)

    def part(count):
        labels = np.arange(count) % 10
        images = random.integers(0, 60, (count, 28, 28))
        for image, label in zip(images, labels, strict=True):
            image[3 + 2 * label : 9 + 2 * label, 6:20] += 180
        return images.astype(np.uint8), labels.astype(np.uint8)

    (x_train, y_train), (x_test, y_test) = part(600), part(50)
    path = tmp_path / "datasets" / "mnist.npz"
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    before = path.read_bytes()
    found = run("mnist", tmp_path / "run", epochs=6)
    assert path.read_bytes() == before
    assert sorted(item.name for item in path.parent.iterdir()) == ["mnist.npz"]
    assert found.metrics["test"]["accuracy"] > 0.8
    assert evaluate(found.folder).rows == 50


def test_tides_six_hours_ahead(tmp_path):
    found = run("tides", tmp_path / "run")
    rows = [line.split(",") for line in (EXAMPLES / "data" / "tides.csv").read_text().splitlines()[1:]]
    levels = np.array([float(row[2]) for row in rows if row[1] == "north"])
    repeated = np.abs(levels[12:] - levels[:-12]).mean()  # twelve hours are nearly a tide
    assert found.metrics["test"]["mae"] < 0.75 * repeated
    assert evaluate(found.folder).metrics == pytest.approx(found.metrics["test"], rel=1e-4)
