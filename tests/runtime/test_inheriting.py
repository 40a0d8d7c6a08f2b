"""Training that begins with what another run has learned, as far as it still fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import keraspec
from keraspec.cli import group
from keraspec.runtime.run import Run

SPEC = """keraspec = 1
name = "small"
inputs.x.shape = [6]

[[layers]]
type = "Normalization"

[[layers]]
name = "one"
type = "Dense"
units = 8
activation = "relu"

[[layers]]
type = "Dense"
units = 5

[[layers]]
name = "y"
type = "Dense"
units = 1

[data]
source = { type = "synthetic", rows = 32 }
batch_size = 16

[training]
epochs = 2
seed = 3
optimizer = { type = "Adam", learning_rate = 0.01 }
loss = "mse"
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    folder = tmp_path_factory.mktemp("inheriting")
    spec = folder / "small.keraspec.toml"
    spec.write_text(SPEC, "utf-8")
    return folder, keraspec.train(spec, run_dir=folder / "first", report=False)


def begun(trained: tuple[Path, Run], text: str, name: str) -> tuple[dict[str, Any], Run]:
    """A run that begins with the trained one, and what it says of what was carried."""
    folder, first = trained
    spec = folder / f"{name}.keraspec.toml"
    # A learning rate of next to nothing: what is in the model in the end is what it began with.
    text = text.replace("learning_rate = 0.01", "learning_rate = 1e-30").replace("epochs = 2", "epochs = 1")
    spec.write_text(text, "utf-8")
    run = keraspec.train(spec, run_dir=folder / name, begin_with=first.folder, report=False)
    return json.loads((run.folder / "carried.json").read_text("utf-8")), run


def weights(run: Run, layer: str) -> list[Any]:
    found: list[Any] = run.model().get_layer(layer).get_weights()
    return found


def test_what_fits_is_kept_and_the_rest_begins_anew(trained: tuple[Path, Run]) -> None:
    first = trained[1]
    told, run = begun(
        trained, SPEC.replace('name = "one"', 'name = "first"').replace("units = 5", "units = 7"), "wider"
    )
    assert {one["layer"]: (one["before"], one["weights"]) for one in told["layers"]} == {
        "normalization": ("normalization", "learned"),
        "first": ("one", "kept"),
        "dense": ("dense", "anew"),
        "y": ("y", "partly"),
    }
    for one, other in zip(weights(first, "one"), weights(run, "first"), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(weights(first, "y")[1], weights(run, "y")[1])
    assert weights(run, "y")[0].shape == (7, 1)


def test_the_optimizer_goes_on_for_the_weights_that_were_kept(trained: tuple[Path, Run]) -> None:
    first = trained[1]
    told, run = begun(
        trained, SPEC.replace('name = "one"', 'name = "first"').replace("units = 5", "units = 7"), "slots"
    )
    # Adam keeps two numbers for each: of `first` kernel and bias, of `y` the bias.
    assert told["optimizer"] == {"kept": 6, "of": 12, "iterations": 4}
    assert int(first.model().optimizer.iterations) == 4
    assert int(run.model().optimizer.iterations) == 6


def test_the_same_spec_goes_on_where_the_other_ended(trained: tuple[Path, Run]) -> None:
    first = trained[1]
    told, run = begun(trained, SPEC, "same")
    assert {one["weights"] for one in told["layers"]} == {"kept", "learned"}
    assert told["optimizer"]["kept"] == told["optimizer"]["of"] == 12
    for name in ("one", "dense", "y"):
        for one, other in zip(weights(first, name), weights(run, name), strict=True):
            np.testing.assert_array_equal(one, other)


def test_another_optimizer_begins_anew(trained: tuple[Path, Run]) -> None:
    told, _ = begun(trained, SPEC.replace('"Adam"', '"RMSprop"'), "other")
    assert told["optimizer"]["kept"] == 0
    assert told["optimizer"]["iterations"] is None


def test_the_command_line_tells_what_was_carried(trained: tuple[Path, Run]) -> None:
    folder, first = trained
    spec = folder / "small.keraspec.toml"
    run = CliRunner().invoke(group, ["train", str(spec), "--from", str(folder), "--run-dir", str(folder / "no")])
    assert run.exit_code == 2
    assert "is not a run folder" in run.output
    both = ["train", str(spec), "--from", str(first.folder), "--weights", str(spec)]
    assert CliRunner().invoke(group, both).exit_code == 2
    run = CliRunner().invoke(group, ["train", str(spec), "--from", str(first.folder), "--run-dir", str(folder / "cli")])
    assert run.exit_code == 0
    assert "3 of 3 layers with weights keep them" in run.output
    assert "its count of steps goes on at 4" in run.output
