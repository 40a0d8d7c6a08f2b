"""`keraspec train --fold` and `--folds`: one fold by its number, all of them, and what they come to together."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest
from click.testing import CliRunner

from keraspec.cli import group
from keraspec.runtime.reuse import interface_of_run, parts_again
from keraspec.runtime.sources import reader

SPEC = """
keraspec = 1
name = "line"
inputs.x.shape = [1]
[[layers]]
name = "y"
type = "Dense"
units = 1
[data]
source = { type = "csv", path = "t.csv" }
split = { SPLIT }
[training]
loss = "mse"
metrics = ["mae"]
"""
FOLDS = "folds = 3, test = 0.25"


def written(folder: Path, split: str) -> str:
    random = np.random.default_rng(0)
    rows = [f"{x:.4f},{2 * x + 1:.4f}" for x in random.normal(0, 1, 40)]
    (folder / "t.csv").write_text("\n".join(["x,y", *rows]))
    path = folder / "line.keraspec.toml"
    path.write_text(SPEC.replace("SPLIT", split))
    return str(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    pytest.importorskip("keras")
    folder = tmp_path_factory.mktemp("folds")
    done = CliRunner().invoke(group, ["train", written(folder, FOLDS), "--folds", "--run-dir", str(folder / "runs")])
    assert done.exit_code == 0, done.output
    return folder / "runs", done.output


@pytest.mark.long
def test_each_fold_is_a_run_of_its_own(trained):
    folder, output = trained
    for fold in (1, 2, 3):
        metrics = json.loads((folder / f"fold-{fold}" / "metrics.json").read_text())
        assert set(metrics) == {"train", "validation", "test"}
        assert all(set(found) == {"loss", "mae"} for found in metrics.values())
        about = json.loads((folder / f"fold-{fold}" / "run.json").read_text())
        assert about["rows"] == {"train": 20, "validation": 10, "test": 10}
        assert f"fold {fold} of 3" in output
    assert "3 of 3 folds trained" in output


@pytest.mark.long
def test_mean_and_deviation_are_those_of_the_runs(trained):
    folder, output = trained
    each = [json.loads((folder / f"fold-{fold}" / "metrics.json").read_text()) for fold in (1, 2, 3)]
    summary = json.loads((folder / "folds.json").read_text())
    assert summary["trained"] == summary["folds"] == 3
    for part in ("train", "validation", "test"):
        for name in ("loss", "mae"):
            values = [one[part][name] for one in each]
            assert summary["mean"][part][name] == pytest.approx(fmean(values))
            assert summary["std"][part][name] == pytest.approx(stdev(values))
            assert f"{name} {fmean(values):.4f} ± {stdev(values):.4f}" in output
    with (folder / "folds.csv").open() as file:
        rows = {row["fold"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["1", "2", "3", "mean", "std"]
    assert float(rows["2"]["validation.mae"]) == pytest.approx(each[1]["validation"]["mae"])
    assert float(rows["mean"]["test.loss"]) == pytest.approx(summary["mean"]["test"]["loss"])


@pytest.mark.long
def test_one_fold_is_the_same_run_as_among_all(trained, tmp_path):
    folder, _ = trained
    command = ["train", written(tmp_path, FOLDS), "--fold", "2", "--run-dir", str(tmp_path / "run")]
    assert CliRunner().invoke(group, command).exit_code == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    expected = json.loads((folder / "fold-2" / "metrics.json").read_text())
    for part, found in expected.items():
        assert metrics[part] == pytest.approx(found, rel=1e-6)


@pytest.mark.long
def test_the_rows_of_a_fold_are_found_again(trained):
    folder, _ = trained
    held = []
    for fold in (1, 2, 3):
        interface = interface_of_run(folder / f"fold-{fold}")
        table = reader("csv").read(interface.source, Path(interface.folder), ("data", "source"))
        parts = parts_again(interface, table)
        assert [parts[part].count for part in ("train", "validation", "test")] == [20, 10, 10]
        held.append({float(x) for x in parts["validation"].inputs["x"].reshape(-1)})
    assert len(set.union(*held)) == 30


@pytest.mark.parametrize(
    ("split", "options", "code", "words"),
    [
        ("validation = 0.2", ["--folds"], 2, "the spec has no folds"),
        ("validation = 0.2", ["--fold", "1"], 2, "the spec has no folds"),
        (FOLDS, ["--fold", "4"], 1, "there are 3 folds, counted from 1"),
        (FOLDS, ["--fold", "1", "--folds"], 2, "give one of the two"),
        (FOLDS, ["--fold", "0"], 2, "--fold"),
    ],
)
def test_what_can_not_be_is_said(tmp_path, split, options, code, words):
    done = CliRunner().invoke(group, ["train", written(tmp_path, split), *options])
    assert done.exit_code == code
    assert words in done.output


@pytest.mark.parametrize("before", [False, True])
def test_folds_that_can_t_begin_leave_nothing(tmp_path: Path, before: bool) -> None:
    pytest.importorskip("keras")
    spec = written(tmp_path, FOLDS)
    (tmp_path / "t.csv").unlink()
    runs = tmp_path / "runs"
    if before:
        runs.mkdir()
    done = CliRunner().invoke(group, ["train", spec, "--folds", "--run-dir", str(runs)])
    assert done.exit_code == 1, done.output
    assert "E401" in done.output
    assert runs.is_dir() == before
    assert not before or not list(runs.iterdir())
