"""What of the gallery comes with data or takes little of it, trained: it must learn, not only run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT
from keraspec.runtime.run import Run
from keraspec.training import evaluate, train

GALLERY = Path(__file__).parents[2] / "examples" / "architectures"
RANDOM = np.random.default_rng(11)


def run(name: str, folder: Path, *overrides: str, data: Any = None, epochs: int | None = None) -> Run:
    settings = [one if one.startswith("training") else f"parameters.{one}" for one in overrides]
    checked = compile_file(GALLERY / f"{name}.keraspec.toml", settings)
    return train(checked, data=data, run_dir=folder / "run", epochs=epochs, show=SILENT)


def test_the_code_of_an_autoencoder_says_more_than_the_mean_picture(tmp_path: Path) -> None:
    found = run("autoencoder", tmp_path, epochs=6)
    pixels = np.loadtxt(GALLERY.parent / "data" / "digits.csv", delimiter=",", skiprows=1)[:, :-1]
    assert found.metrics["test"]["loss"] < 0.5 * pixels.var(axis=0).mean()
    assert evaluate(found.folder).metrics["loss"] == found.metrics["test"]["loss"]


def test_a_vae_learns_and_its_two_losses_are_told_apart(tmp_path: Path) -> None:
    found = run("vae", tmp_path, epochs=5)
    pixels = np.loadtxt(GALLERY.parent / "data" / "digits.csv", delimiter=",", skiprows=1)[:, :-1]
    guessed = 0.5 * pixels.var(axis=0).sum()  # the mean picture, and no region told from another
    metrics = found.metrics["test"]
    assert metrics["divergence"] > 1
    assert metrics["loss"] < 0.75 * guessed


def test_experts_read_digits(tmp_path: Path) -> None:
    found = run("mixture_of_experts", tmp_path, epochs=5)
    assert found.metrics["test"]["accuracy"] > 0.85
    assert found.metrics["test"]["balance"] < 1.5  # it would be 7 where one expert does all the work


def test_wide_and_deep_tell_penguins_apart(tmp_path: Path) -> None:
    found = run("wide_deep", tmp_path, epochs=12)
    assert found.metrics["test"]["accuracy"] > 0.9


def test_a_text_cnn_finds_a_phrase(tmp_path: Path) -> None:
    """Class 1: somewhere 7 comes right before 8. Both words are in all texts."""
    texts = RANDOM.integers(9, 20, (400, 12))
    classes = np.arange(400) % 2
    for text, told in zip(texts, classes, strict=True):
        place = RANDOM.integers(0, 5)
        text[place] = 7
        text[place + 1 if told else RANDOM.integers(6, 12)] = 8
    found = run("text_cnn", tmp_path, "vocabulary=20", "longest=12", data=(texts.astype("int32"), classes), epochs=6)
    assert found.history[-1]["accuracy"] > 0.9


def test_a_transformer_sees_which_word_comes_first(tmp_path: Path) -> None:
    """The same words in all texts: only their places tell whether 1 comes before 2. At the end there is padding."""
    texts = np.array([RANDOM.permutation(np.arange(1, 7)) for _ in range(600)])
    classes = (np.argmax(texts == 1, axis=1) < np.argmax(texts == 2, axis=1)).astype(int)
    texts = np.pad(texts, ((0, 0), (0, 2)))
    sizes = ("vocabulary=7", "longest=8", "width=32", "heads=2", "depth=1", "dropout=0")
    rate = "training.optimizer.learning_rate=0.003"
    found = run("transformer_classifier", tmp_path, *sizes, rate, data=(texts.astype("int32"), classes), epochs=15)
    assert found.history[-1]["accuracy"] > 0.9


def test_a_tagger_looks_both_ways(tmp_path: Path) -> None:
    """The tag of a word is whether the one behind it is larger: nothing before it tells."""
    texts = RANDOM.integers(1, 9, (300, 8))
    tags = np.zeros_like(texts)
    tags[:, :-1] = texts[:, 1:] > 4
    sizes = ("vocabulary=9", "tags=2", "units=8", "depth=1", "dropout=0")
    rate = "training.optimizer.learning_rate=0.01"
    found = run("lstm_tagger", tmp_path, *sizes, rate, data=(texts.astype("int32"), tags), epochs=8)
    assert found.history[-1]["accuracy"] > 0.9
