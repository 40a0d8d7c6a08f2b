from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from keraspec.cli import group
from keraspec.runtime.run import RunError
from keraspec.runtime.runs import compare, flattened, runs_in

SPEC = """keraspec = 1
name = "net"
inputs.x.shape = [2]
layers = [
  { name = "wide", type = "Dense", units = UNITS },
  { type = "Dropout", rate = 0.1 },
  { type = "Dense", units = 1 },
]
[training]
loss = "mse"
"""


def a_run(folder, began, units, metrics, **about):
    folder.mkdir()
    (folder / "spec.keraspec.toml").write_text(SPEC.replace("UNITS", str(units)))
    table = {"status": "finished", "name": "net", "began": began, "epochs": 3, "seconds": 1.5, **about}
    (folder / "run.json").write_text(json.dumps(table))
    if metrics is not None:
        (folder / "metrics.json").write_text(json.dumps(metrics))


@pytest.fixture
def runs(tmp_path):
    measured = {"train": {"loss": 1.0}, "test": {"loss": 0.5, "accuracy": 0.8}}
    a_run(tmp_path / "a", "2026-01-01T10:00:00+00:00", 8, measured,
          versions={"keras": "3.15.1"}, backend="tensorflow")  # fmt: skip
    a_run(tmp_path / "b", "2026-01-02T10:00:00+00:00", 16, {"test": {}, "validation": {"loss": 0.7, "accuracy": 0.9}},
          versions={"keras": "3.15.1"}, backend="jax")  # fmt: skip
    a_run(tmp_path / "c", "2026-01-03T10:00:00+00:00", 16, None, status="running", epochs=None)
    (tmp_path / "notes").mkdir()
    return tmp_path


def names(found):
    return [one.folder.name for one in found]


def test_a_list(runs):
    found = runs_in(runs)
    assert names(found) == ["c", "b", "a"]
    assert [one.part for one in found] == [None, "validation", "test"]
    assert names(runs_in(runs, "loss")) == ["a", "b", "c"]
    assert names(runs_in(runs, "accuracy")) == ["b", "a", "c"]
    assert names(runs_in(runs, "epochs"))[-1] == "c"
    assert names(runs_in(runs / "a")) == ["a"]
    with pytest.raises(RunError, match="did you mean `accuracy`"):
        runs_in(runs, "acuracy")
    with pytest.raises(RunError, match="there is no folder"):
        runs_in(runs / "nowhere")


def test_what_differed(runs):
    both = compare([runs / "a", runs / "b"])
    assert {one.path: one.values for one in both.spec} == {"layers.wide.units": ("8", "16")}
    assert {one.path: one.values for one in both.surroundings} == {"backend": ("tensorflow", "jax")}
    assert both.metrics["test loss"] == (0.5, None)
    assert both.metrics["validation accuracy"] == (None, 0.9)


def test_paths():
    data = {
        "layers": [{"type": "Dense", "units": 1}, {"type": "Dense"}, {"name": "x", "block": "b"}],
        "n": [1, 2],
        "t": {},
    }
    assert flattened(data) == [
        ("layers.(Dense).type", '"Dense"'), ("layers.(Dense).units", "1"), ("layers.(Dense)#2.type", '"Dense"'),
        ("layers.x.block", '"b"'), ("n", "[1, 2]"), ("t", "{}"),
    ]  # fmt: skip


def call(*arguments):
    return CliRunner().invoke(group, [str(one) for one in arguments])


def test_the_verb(runs):
    lines = call("runs", runs).stdout.splitlines()
    assert lines[0].split() == ["run", "name", "began", "status", "epochs", "measured", "on", "loss", "accuracy"]
    assert lines[3].split()[-3:] == ["test", "0.5000", "0.8000"]
    found = json.loads(call("runs", runs, "--json").stdout)
    assert [one["status"] for one in found] == ["stopped", "finished", "finished"]
    text = call("runs", runs / "a", runs / "b").stdout
    assert "what differed in the spec" in text
    assert "layers.wide.units" in text
    both = json.loads(call("runs", runs / "a", runs / "b", "--json").stdout)
    assert both["spec"] == {"layers.wide.units": ["8", "16"]}
    assert call("runs", runs / "b", runs / "c").stdout.startswith("the specs are the same\n")
    for arguments, words in (
        ((runs / "notes", runs / "a"), "is not a run folder"),
        ((runs / "a", runs / "b", "--sort", "loss"), "--sort is for a list"),
        ((runs / "nowhere",), "there is no folder"),
    ):
        done = call("runs", *arguments)
        assert (done.exit_code, words in done.stderr) == (2, True), done.output
    assert call("runs", runs / "notes").stdout == f"there are no runs in {runs / 'notes'}\n"
    done = call("report", runs / "c")
    assert (done.exit_code, "did not come far enough; train again\n" in done.stderr) == (2, True)
    (runs / "c" / "checkpoints").mkdir()
    (runs / "c" / "checkpoints" / "step-00000002.npz").touch()
    (runs / "c" / "history.jsonl").write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert f"go on with `keraspec train --resume {runs / 'c'}`\n" in call("report", runs / "c").stderr
    assert json.loads(call("runs", runs / "c", "--json").stdout)[0]["epochs"] == 2  # of one that was killed
    done = call("report", runs)
    assert (done.exit_code, f"; name one of those in it, such as {runs / 'a'}\n" in done.stderr) == (2, True)


def test_one_that_is_damaged_does_not_hide_the_others(runs):
    (runs / "a" / "run.json").write_text("[")
    found = {one.folder.name: one.status for one in runs_in(runs)}
    assert found == {"a": "unreadable", "b": "finished", "c": "stopped"}
    done = call("runs", runs / "a", runs / "b")
    assert (done.exit_code, "can't be read" in done.stderr) == (2, True)


def test_running_is_what_a_process_holds(runs):
    from keraspec.runtime.resume import hold

    with hold(runs / "c"):
        assert runs_in(runs / "c")[0].status == "running"
    assert runs_in(runs / "c")[0].status == "stopped"
