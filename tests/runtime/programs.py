"""What the tests of the programs share: training one by its name, its data read plainly, its steps in NumPy."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT
from keraspec.runtime.run import Run
from keraspec.training import evaluate, predict, train

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "examples" / "training"
DATA = ROOT / "examples" / "data"
REAL = Path(os.environ.get("KERASPEC_DATA", "no data"))

Runs = Callable[..., Run]


def trainer(folder: Callable[[str], Path]) -> Runs:
    """What trains a program by its name; one that was trained before, with the same settings, is not trained again."""
    made: dict[tuple[str, ...], Run] = {}

    def run(name: str, *settings: str) -> Run:
        if (name, *settings) not in made:
            checked = compile_file(PROGRAMS / f"{name}.keraspec.toml", settings)
            assert not checked.diagnostics
            made[name, *settings] = train(checked, run_dir=folder(name) / "run", show=SILENT)
        return made[name, *settings]

    return run


def rows_of(run: Run) -> list[dict[str, float]]:
    """The history, but for the seconds."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in run.history]


def table(name: str) -> dict[str, np.ndarray[Any, Any]]:
    with (DATA / name).open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def points(name: str = "line.csv") -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    found = table(name)
    return found["x"].astype("float32"), found["y"].astype("float32")


def descended(x: Any, y: Any, rates: list[float]) -> tuple[list[float], list[tuple[float, float]]]:
    """Steps of gradient descent in NumPy: the loss before each, and the line after each."""
    w = b = 0.0
    losses, lines = [], []
    for rate in rates:
        off = w * x + b - y
        losses.append(float((off**2).mean()))
        w, b = w - rate * 2 * float((off * x).mean()), b - rate * 2 * float(off.mean())
        lines.append((w, b))
    return losses, lines


def line(run: Run) -> tuple[float, float]:
    kernel, bias = (float(np.ravel(one)[0]) for one in run.model().get_weights())
    return kernel, bias


def mnist(part: str, folder: Path = DATA / "digits_as_mnist") -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    raw = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    images = np.frombuffer(raw, "uint8", offset=16).reshape(-1, 28, 28)
    labels = np.frombuffer(gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes()), "uint8", offset=8)
    return images, labels


def whole_training(run: Run, images: Any, labels: Any, result: float, folder: Path) -> None:
    """All that the large program of a multilayer perceptron does, on its test rows."""
    import keras

    from keraspec.runtime.saved import open_model

    validation = [row["val_loss"] for row in run.history]
    best = int(np.argmin(validation))
    assert run.epochs == 20 or run.epochs == best + 6  # stopped five epochs behind the best
    assert run.metrics["validation"]["loss"] == pytest.approx(validation[best], rel=1e-4)  # which is restored
    kept = open_model(run.folder / "best.keras").evaluate(images, labels, verbose=0, return_dict=True)
    assert kept["accuracy"] >= result - 0.01
    rates = {round(float(row["learning_rate"]), 8) for row in run.history}
    assert rates <= {round(0.002 / 2**n, 8) for n in range(7)}
    assert (run.folder / "curves.png").stat().st_size > 1000
    assert run.metrics["test"]["accuracy"] >= result
    assert evaluate(run.folder).metrics == pytest.approx(run.metrics["test"], rel=1e-4)
    np.savez(folder / "new.npz", image=images)
    made = np.array(predict(run.folder, folder / "new.npz").columns["prediction"])
    assert np.mean(made.astype(int) == labels) == pytest.approx(run.metrics["test"]["accuracy"], abs=1e-6)
    keras.saving.load_model(run.model_path).save(folder / "again.keras")
    again = keras.saving.load_model(folder / "again.keras").predict(images, verbose=0)
    assert (again.argmax(axis=1) == made.astype(int)).all()
