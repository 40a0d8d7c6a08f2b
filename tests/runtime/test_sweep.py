"""Sweeps: which candidates are tried, what is thrown out, kept, gone on with, and written; training is made up here,
save for one sweep that is real.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from keraspec.checked import SpecError, compile_file
from keraspec.cli import group
from keraspec.runtime.run import Run, RunError
from keraspec.spec.finding import Finding
from keraspec.spec.problem import Problem
from keraspec.sweeping import sweep

optuna = pytest.importorskip("optuna")

SPEC = """\
# a line
keraspec = 1
name = "line"
inputs.x.shape = [1]

[parameters]
width.default = 8  # how wide
width.minimum = 2

[[layers]]
name = "hidden"
type = "Dense"
units = "${width}"  # as told

[[layers]]
name = "y"
type = "Dense"
units = 1

[data]
source = { type = "csv", path = "t.csv" }  # beside it
split = { validation = 0.25 }

[training]
loss = "mse"
epochs = 4
metrics = ["mae"]
optimizer = { type = "SGD", learning_rate = 0.01 }

[[assertions]]
check = "params < 60"

[sweep]
metric = "val_mae"
trials = 6
seed = 3
"""
OVER = """
[sweep.over]
"parameters.width" = { low = 2, high = 32 }
"training.optimizer.learning_rate" = { low = 1e-4, high = 0.1, log = true }
"layers.hidden.activation" = { choices = ["relu", "tanh"], when = "parameters.width > 8" }
"""


def written(folder: Path, text: str = SPEC + OVER) -> Path:
    rows = [f"{x / 20:.4f},{2 * x / 20 + 1:.4f}" for x in range(-30, 30)]
    (folder / "t.csv").write_text("\n".join(["x,y", *rows]))
    path = folder / "line.keraspec.toml"
    path.write_text(text)
    return path


class Fake:
    """In the place of training: a number that hangs on the values alone, an epoch at a time."""

    def __init__(self, at=None, error=None):
        self.calls = []
        self.at, self.error = at, error

    def __call__(self, checked, *, run_dir, show, enough):
        document = checked.document
        data = document.data if document.expansion is None else document.expansion.written.data
        assert "sweep" not in data
        width = data["parameters"]["width"]["default"]
        rate = data["training"]["optimizer"]["learning_rate"]
        self.calls.append((width, rate, data["layers"][0].get("activation")))
        if len(self.calls) == self.at:
            raise self.error
        run_dir.mkdir(parents=True)
        value = abs(width - 11) + abs(rate - 0.01) * 10
        history = []
        for epoch in range(1, 5):
            history.append({"epoch": epoch, "val_mae": value + 1 / epoch})
            if enough(epoch, history[-1]):
                return Run(run_dir, "pruned", epoch, 0.1, tuple(history), {})
        return Run(run_dir, "finished", 4, 0.1, tuple(history), {"validation": {"mae": value}, "train": {"mae": 0.0}})


@pytest.fixture(autouse=True)
def _hasty(monkeypatch, request):
    """Databases need not outlive a power cut here; importances and picture cost seconds, and are looked at once."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def connected(connection, record):
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", connected)
    if "what_is_kept" not in request.node.name:
        monkeypatch.setattr("keraspec.runtime.sweep.searching.Search.importances", lambda self: {})
        monkeypatch.setattr("keraspec.runtime.sweep.picture.parallel", lambda *_: b"")
    yield
    event.remove(Engine, "connect", connected)


@pytest.fixture
def fake(monkeypatch):
    def put(**how):
        made = Fake(**how)
        monkeypatch.setattr("keraspec.sweeping.train", made)
        monkeypatch.setattr("keraspec.runtime.fold_summary.forget", lambda: None)
        return made

    return put


def values(found):
    return [(one.outcome, dict(one.values)) for one in found.trials if one.outcome != "interrupted"]


def test_candidates_are_checked_first_then_trained(tmp_path, fake):
    made = fake()
    said = []
    found = sweep(written(tmp_path), run_dir=tmp_path / "out", say=said.append)
    infeasible = [one for one in found.trials if one.outcome == "infeasible"]
    assert infeasible
    for one in infeasible:  # 3 * width + 1 parameters
        assert 3 * one.values["parameters.width"] + 1 >= 60
        assert "E501" in one.reason
        assert not (found.folder / one.folder).exists()
    assert found.trained == len(made.calls) == 6
    assert found.ended == "6 candidates were trained"
    for one in found.trials:
        assert ("layers.hidden.activation" in one.values) == (one.values["parameters.width"] > 8)
        assert 1e-4 <= one.values["training.optimizer.learning_rate"] <= 0.1
    assert {activation for width, _, activation in made.calls if width > 8} <= {"relu", "tanh"}
    assert {activation for width, _, activation in made.calls if width <= 8} <= {None}
    done = [one for one in found.trials if one.outcome == "finished"]
    assert found.best == min(done, key=lambda one: one.value)
    assert sum("infeasible" in line for line in said) == len(infeasible)


def test_what_is_kept_can_be_read(tmp_path, fake):
    fake()
    found = sweep(written(tmp_path), ["training.epochs=5"], run_dir=tmp_path / "out")
    with (found.folder / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == [one.number for one in found.trials]
    assert [float(row["val_mae"] or -1) for row in rows] == pytest.approx(
        [one.value or -1 for one in found.trials], 1e-6
    )
    best = next(row for row in rows if int(row["trial"]) == found.best.number)
    assert int(best["parameters.width"]) == found.best.values["parameters.width"]
    rate = "training.optimizer.learning_rate"
    assert float(best[rate]) == found.best.values[rate]
    summary = json.loads((found.folder / "sweep.json").read_text())
    assert summary["best"]["trial"] == found.best.number
    assert summary["direction"] == "minimize"
    assert summary["trained"] == 6
    assert (found.folder / "parallel.png").read_bytes().startswith(b"\x89PNG")
    assert sum(found.importances.values()) == pytest.approx(1)
    assert (found.folder / "importances.csv").is_file()


def test_the_best_spec_is_the_spec_with_other_values(tmp_path, fake):
    fake()
    path = written(tmp_path)
    found = sweep(path, run_dir=tmp_path / "out" / "deep")
    text = found.best_spec.read_text()
    for comment in ("# a line", "# how wide", "# as told", "# beside it"):
        assert comment in text
    checked = compile_file(found.best_spec)
    assert not checked.diagnostics
    wanted = compile_file(path, [f"{name}={value!r}".replace("'", '"') for name, value in found.best.values.items()])
    assert checked.graph.nodes.keys() == wanted.graph.nodes.keys()
    assert checked.spec.training == wanted.spec.training
    source = found.best_spec.parent / checked.spec.data.source["path"]
    assert source.resolve() == (tmp_path / "t.csv").resolve()
    before, after = path.read_text().splitlines(), text.splitlines()
    changed = [old for old, new in zip(before, after, strict=False) if old != new]
    assert len(after) - len(before) in (0, 1)  # an activation has a line of its own
    assert any(line.startswith("width.default") for line in changed)


def test_a_best_spec_that_extends_another_says_what_is_below(tmp_path, fake):
    fake()
    written(tmp_path)
    (tmp_path / "specs").mkdir()
    path = tmp_path / "specs" / "wide.keraspec.toml"
    path.write_text('extends = "../line.keraspec.toml"\nname = "wide"  # over it\n')
    found = sweep(path, ["sweep.trials=3"], run_dir=tmp_path / "out")
    checked = compile_file(found.best_spec)
    assert not checked.diagnostics
    assert checked.spec.name == "wide"
    document = checked.document.expansion.written.data
    assert document["parameters"]["width"]["default"] == found.best.values["parameters.width"]
    source = found.best_spec.parent / checked.spec.data.source["path"]
    assert source.resolve() == (tmp_path / "t.csv").resolve()


@pytest.mark.long
def test_the_same_seed_tries_the_same(tmp_path, fake):
    fake()
    path = written(tmp_path)
    first, second = (sweep(path, run_dir=tmp_path / name) for name in ("one", "two"))
    assert values(first) == values(second)
    other = sweep(path, ["sweep.seed=4"], run_dir=tmp_path / "three")
    assert values(first) != values(other)


def test_what_was_cut_off_goes_on_as_if_it_had_not_been(tmp_path, fake):
    class Killed(BaseException):
        pass

    fake()
    path = written(tmp_path)
    whole = sweep(path, run_dir=tmp_path / "whole", trials=9)
    cut = fake(at=3, error=Killed())
    with pytest.raises(Killed):
        sweep(path, run_dir=tmp_path / "cut", trials=9)
    made = fake()
    found = sweep(resume=tmp_path / "cut", trials=9)
    assert made.calls[0] == cut.calls[-1]
    assert values(found) == values(whole)
    assert found.best.values == whole.best.values
    assert sum(one.outcome == "interrupted" for one in found.trials) == 1
    again = sweep(resume=tmp_path / "cut", trials=9)  # all is done
    assert values(again) == values(found)
    more = sweep(resume=tmp_path / "cut", trials=10)
    assert more.trained == 10


def test_ctrl_c_ends_it_and_it_goes_on(tmp_path, fake):
    path = written(tmp_path)
    cut = fake(at=2, error=KeyboardInterrupt())
    found = sweep(path, run_dir=tmp_path / "out")
    assert found.interrupted
    assert found.trained == 1
    assert found.best is not None
    made = fake()
    found = sweep(path, resume=tmp_path / "out")
    assert not found.interrupted
    assert made.calls[0] == cut.calls[-1]
    assert found.trained == 6


def test_candidates_that_fall_behind_are_pruned(tmp_path, fake):
    fake()
    text = SPEC + 'pruner = { type = "MedianPruner", n_startup_trials = 2 }\n' + OVER
    found = sweep(written(tmp_path, text), run_dir=tmp_path / "out", trials=12)
    pruned = [one for one in found.trials if one.outcome == "pruned"]
    assert pruned
    assert all(one.value is None and one.epochs < 4 for one in pruned)
    assert found.trained == 12
    text = SPEC + 'pruner = "NopPruner"\n' + OVER
    found = sweep(written(tmp_path, text), run_dir=tmp_path / "none", trials=12)
    assert all(one.outcome in ("finished", "infeasible") for one in found.trials)


def test_a_small_space_ends_when_all_was_tried(tmp_path, fake):
    made = fake()
    over = '[sweep.over]\n"parameters.width" = { choices = [4, 8, 40] }\n'
    found = sweep(written(tmp_path, SPEC + over), run_dir=tmp_path / "out")
    assert sorted(width for width, *_ in made.calls) == [4, 8]
    assert found.trained == 2
    assert found.ended == "all that there is was tried"
    assert sum(one.outcome == "infeasible" for one in found.trials) == 1
    assert {row["trial"] for row in found.table()["trials"]}.isdisjoint(
        one.number for one in found.trials if one.outcome == "repeat"
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("range_", "allowed"),
    [
        ("{ low = 4, high = 15, step = 4 }", {4, 8, 12}),
        ("{ choices = [3, 5] }", {3, 5}),
        ("{ low = 2, high = 16, log = true }", set(range(2, 17))),
    ],
)
def test_ranges(tmp_path, fake, range_, allowed):
    made = fake()
    over = f'[sweep.over]\n"parameters.width" = {range_}\n'
    sweep(written(tmp_path, SPEC + over), run_dir=tmp_path / "out", trials=4)
    assert {width for width, *_ in made.calls} <= allowed
    assert all(type(width) is int for width, *_ in made.calls)


def test_choices_may_be_tables_and_mixed(tmp_path, fake):
    seen = []
    made = fake()

    def look(checked, **how):
        seen.append(checked.spec.training.optimizer)
        return made(checked, **how)

    over = '[sweep.over]\n"training.optimizer" = { choices = [{ type = "Adam", learning_rate = 0.1 }, '
    over += '{ type = "SGD", learning_rate = 0.02, momentum = 0.5 }] }\n'
    over += '"layers.hidden.use_bias" = { choices = [true, false] }\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keraspec.sweeping.train", look)
        found = sweep(written(tmp_path, SPEC + over), run_dir=tmp_path / "out", trials=4)
    assert {one["type"] for one in seen} == {"Adam", "SGD"}
    assert all(one.get("momentum") == 0.5 for one in seen if one["type"] == "SGD")
    assert compile_file(found.best_spec).spec.training.optimizer == found.best.values["training.optimizer"]


def test_failures(tmp_path, fake):
    path = written(tmp_path)
    checked = compile_file(path)

    def error(code):
        return checked.error(Problem(Finding(code, "no memory", ("training",))))

    fake(at=2, error=error("E417"))
    found = sweep(path, run_dir=tmp_path / "one")
    assert [one.outcome for one in found.trials].count("failed") == 1
    assert found.trained == 6
    fake(at=1, error=error("E402"))  # the data can't be read: nobody's fault but the spec's
    with pytest.raises(SpecError):
        sweep(path, run_dir=tmp_path / "two")
    assert not (tmp_path / "two").exists()  # the next attempt may have the name


def test_data_that_a_candidate_chose_are_its_own_fault(tmp_path, fake):
    """Also of the first: the others are trained."""
    path = written(tmp_path, SPEC + '[sweep.over]\n"data.source.path" = { choices = ["t.csv", "none.csv"] }\n')
    missing = Finding("E401", "there is no such file", ("data", "source", "path"))
    fake(at=1, error=compile_file(path).error(Problem(missing)))
    found = sweep(path, run_dir=tmp_path / "one")
    assert sorted(one.outcome for one in found.trials if one.outcome != "repeat") == ["failed", "finished"]
    assert found.best is not None
    fake(at=1, error=compile_file(path).error(Problem(replace(missing, pointer=("training", "loss")))))
    with pytest.raises(SpecError):
        sweep(path, run_dir=tmp_path / "two")


@pytest.mark.long
def test_storage_that_is_shared(tmp_path, fake):
    fake()
    path = written(tmp_path)
    shared = f"sqlite:///{tmp_path / 'all.db'}"
    first = sweep(path, run_dir=tmp_path / "one", storage=shared, trials=3)
    second = sweep(path, run_dir=tmp_path / "two", storage=shared, trials=6)
    assert first.trained == 3
    assert second.trained == 6
    assert values(second)[: len(first.trials)] == values(first)
    assert not (tmp_path / "two" / "sweep.db").exists()
    with pytest.raises(RunError, match="--storage"):
        sweep(resume=tmp_path / "one")
    path.write_text(path.read_text().replace("params < 60", "params < 50"))
    with pytest.raises(RunError, match="of another spec"):
        sweep(path, run_dir=tmp_path / "three", storage=shared)


@pytest.mark.long
def test_a_journal_will_do_for_a_storage(tmp_path, fake):
    fake()
    path = written(tmp_path, SPEC + 'storage = "all.log"\n' + OVER)
    found = sweep(path, run_dir=tmp_path / "one", trials=2)
    assert (found.folder / "all.log").is_file()
    assert sweep(resume=tmp_path / "one", trials=3).trained == 3


def test_time_is_a_budget(tmp_path, fake):
    made = fake()
    found = sweep(written(tmp_path), run_dir=tmp_path / "out", minutes=1e-9)
    assert not made.calls
    assert found.best is None
    assert "minutes are over" in found.ended


@pytest.mark.parametrize(
    ("text", "words"),
    [(SPEC.partition("[sweep]")[0], "has no \\[sweep\\]"), (None, "no folder of a sweep")],
)
def test_what_can_not_be_gone_on_with(tmp_path, text, words):
    path = written(tmp_path, text or SPEC + OVER)
    with pytest.raises(RunError, match=words):
        sweep(path, resume=tmp_path if text is None else None, run_dir=tmp_path / "out")


def test_what_optuna_refuses_has_a_place(tmp_path):
    text = SPEC + 'sampler = { type = "QMCSampler", qmc_type = "sobolev" }\n' + OVER
    with pytest.raises(SpecError) as caught:
        sweep(written(tmp_path, text), run_dir=tmp_path / "out")
    assert caught.value.diagnostics[0].code == "E512"
    assert "qmc_type" in caught.value.diagnostics[0].finding.message


@pytest.mark.long
@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler", "QMCSampler", "BruteForceSampler", "NSGAIISampler"])
def test_samplers(tmp_path, fake, sampler):
    made = fake()
    over = '[sweep.over]\n"parameters.width" = { low = 2, high = 18 }\n'
    text = SPEC + f'sampler = "{sampler}"\n' + over
    found = sweep(written(tmp_path, text), run_dir=tmp_path / "out", trials=3)
    assert found.trained == 3
    assert len(set(made.calls)) == 3


def test_proposals_that_bring_nothing_new_come_to_an_end(tmp_path, fake, monkeypatch):
    monkeypatch.setattr("keraspec.sweeping.ROW", 4)
    made = fake()
    over = '[sweep.over]\n"parameters.width" = { low = 25, high = 32, log = true }\n'
    over += '"layers.hidden.use_bias" = { choices = [true, false], when = "parameters.width < 3" }\n'
    found = sweep(written(tmp_path, SPEC + over), run_dir=tmp_path / "out")
    assert not made.calls
    assert found.best is None
    assert found.ended == "none of 4 further proposals was new and feasible"


def test_on_the_command_line(tmp_path, fake):
    fake()
    path = written(tmp_path)
    done = CliRunner().invoke(group, ["sweep", str(path), "--run-dir", str(tmp_path / "out"), "--trials", "3"])
    assert done.exit_code == 0, done.output
    assert "the best spec:" in done.output
    assert "3 candidates were trained" in done.output
    done = CliRunner().invoke(group, ["sweep", "--resume", str(tmp_path / "out"), "--trials", "4", "--json"])
    assert done.exit_code == 0, done.output
    table = json.loads(done.output)
    assert table["trained"] == 4
    values = [one["value"] for one in table["trials"] if one["value"] is not None]
    assert table["best"]["value"] == min(values)
    fake(at=1, error=KeyboardInterrupt())
    done = CliRunner().invoke(group, ["sweep", "--resume", str(tmp_path / "out"), "--trials", "5"])
    assert done.exit_code == 130
    for arguments, words in ((["sweep"], "Missing argument"), (["sweep", str(tmp_path / "no.toml")], "no such file")):
        done = CliRunner().invoke(group, arguments)
        assert done.exit_code == 2
        assert words in done.output.lower() or words in done.output


def test_training_ends_where_somebody_has_had_enough(tmp_path):
    pytest.importorskip("keras")
    from keraspec.training import train

    asked = []

    def enough(epoch, logs):
        asked.append((epoch, set(logs)))
        return epoch == 2

    run = train(compile_file(written(tmp_path)), run_dir=tmp_path / "run", enough=enough)
    assert run.status == "pruned"
    assert run.epochs == 2
    assert asked == [(epoch, {"loss", "mae", "val_loss", "val_mae"}) for epoch in (1, 2)]
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "pruned"


@pytest.mark.long
def test_a_sweep_that_is_killed_goes_on_and_its_best_trains_to_the_same_number(tmp_path):
    pytest.importorskip("keras")
    path, folder = written(tmp_path), tmp_path / "out"
    command = [sys.executable, "-m", "keraspec.cli", "sweep", str(path), "--run-dir", str(folder), "--trials", "3"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while len(list(folder.glob("trial-*"))) < 2 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
    found = sweep(resume=folder, trials=3)
    assert found.trained == 3
    assert found.best is not None
    from keraspec.training import train

    again = train(compile_file(found.best_spec), run_dir=tmp_path / "again")
    assert again.metrics["validation"]["mae"] == found.best.value
