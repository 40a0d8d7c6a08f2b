"""A run that goes on from any of its checkpoints comes to what it would have come to, to the last bit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from keraspec.checked import SpecError, compile_file
from keraspec.runtime.listening import Listener
from keraspec.runtime.progress import SILENT
from keraspec.runtime.resume import hold
from keraspec.runtime.run import Run, RunError, RunFolder
from keraspec.training import train

from .conftest import SPEC, assert_same, cut_short, left, states, write_spec

pytest.importorskip("tensorflow")

GoOn = Callable[..., Run]
EVERY = int(os.environ.get("KERASPEC_KILLS", "3"))


class KilledError(BaseException):
    """Passes by everything that is there to save something."""


@pytest.fixture(scope="module", autouse=True)
def _fewer_models() -> Iterator[None]:
    """Models of single steps are left out, for they are not what is gone on from, and take their time."""
    save = RunFolder.model

    def saved(self: RunFolder, model: object, name: str = "model.keras") -> None:
        if not name.startswith("step-"):
            save(self, model, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "model", saved)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing has stopped."""
    path = write_spec(tmp_path_factory.mktemp("survival"))
    run = train(compile_file(path), run_dir=path.parent / "whole", show=SILENT)
    assert run.status == "finished"
    assert 4 <= run.epochs < 8  # EarlyStopping has acted
    return run.folder


def test_what_the_run_has_been_through(whole: Path) -> None:
    """Else the tests below would show less than they seem to."""
    found = left(whole)
    rates = {row["learning_rate"] for row in found["history"]}
    assert len(rates) >= 4
    assert [one["rule"] for one in json.loads(found["rules.json"])] == [1, 2]  # each once, in either phase
    assert len(states(whole)) == 3 * len(found["history"])
    losses = [float(row["val_loss"]) for row in found["history"]]
    loss = json.loads(found["metrics.json"])["validation"]["loss"]
    assert any(loss == pytest.approx(one, rel=1e-5) for one in losses[:-1])  # the weights of another epoch are back
    assert (whole / "checkpoints" / "best.keras").is_file()


@pytest.mark.parametrize("share", [0.6, 1.0])
def test_going_on_from_anywhere(whole: Path, tmp_path: Path, share: float, go_on: GoOn, said: list[str]) -> None:
    every = states(whole)
    last = every[max(0, round(share * len(every)) - 1)].name
    run = go_on(cut_short(whole, tmp_path / "run", last))
    assert run.status == "finished"
    assert any(one.startswith("going on from") for one in said)
    assert_same(whole, run.folder)
    about = json.loads((run.folder / "run.json").read_text())
    assert len(about["resumed"]) == 1
    assert about["began"] == json.loads((whole / "run.json").read_text())["began"]


@pytest.mark.long
def test_going_on_from_each(whole: Path, tmp_path: Path, go_on: GoOn) -> None:
    random = np.random.default_rng(1)
    every = [one.name for one in states(whole)]
    for last in random.permutation(every)[: max(3, EVERY)]:
        assert_same(whole, go_on(cut_short(whole, tmp_path / last, str(last))).folder)


def test_killed_at_a_step_and_again(whole: Path, tmp_path: Path, go_on: GoOn, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, twice, between checkpoints that come every three steps."""
    taken = Listener.taken
    left_to_take = [7]

    def some(self: Listener, *given: object) -> bool:
        left_to_take[0] -= 1
        if left_to_take[0] < 0:
            raise KilledError
        return taken(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Listener, "taken", some)
    path = write_spec(tmp_path, SPEC.replace("every = 1,", "every = 3,"))
    with pytest.raises(KilledError):
        train(compile_file(path), run_dir=tmp_path / "run", show=SILENT)
    assert [one.name for one in states(tmp_path / "run")] == ["step-00000003.npz", "step-00000006.npz"]
    left_to_take[0] = 5
    with pytest.raises(KilledError):
        go_on(tmp_path / "run")
    assert states(tmp_path / "run")[-1].name == "step-00000009.npz"
    left_to_take[0] = 1000
    go_on(tmp_path / "run")
    assert_same(whole, tmp_path / "run")


def test_a_damaged_checkpoint_and_another_machine(whole: Path, tmp_path: Path, go_on: GoOn, said: list[str]) -> None:
    """The one before is taken; a file cut off, and one with a single bit turned."""
    every = states(whole)
    run = cut_short(whole, tmp_path / "run", every[-2].name)
    one, two, three = states(run)[-3:]
    three.write_bytes(three.read_bytes()[:-100])
    content = bytearray(two.read_bytes())
    content[len(content) // 2] ^= 1
    two.write_bytes(content)
    about = json.loads((run / "run.json").read_text())
    about["machine"]["cores"] = 999
    about["versions"]["numpy"] = "0.1"
    (run / "run.json").write_text(json.dumps(about))
    stale = run / "checkpoints" / ".step-00000099.npz.123.tmp"
    stale.write_bytes(b"half")
    go_on(run)
    assert [line.split()[0] for line in said if "is damaged" in line] == [three.name, two.name]
    assert any(line.startswith("going on from") for line in said)
    told = [line for line in said if line.startswith("not as it was")]
    assert [re.sub(r", now.*", "", line.partition(": ")[2]) for line in told] == ["cores 999", "numpy 0.1"]
    assert not stale.exists()
    assert one.exists()
    assert_same(whole, run)


@pytest.mark.long
def test_no_checkpoint_at_all(whole: Path, tmp_path: Path, go_on: GoOn, said: list[str]) -> None:
    run = cut_short(whole, tmp_path / "run", "")
    go_on(run)
    assert "there is no checkpoint to go on from: training begins anew" in said
    assert_same(whole, run)


def test_a_run_that_is_over(whole: Path, go_on: GoOn, said: list[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    assert go_on(whole).status == "finished"
    assert said == []
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before


def test_other_rows_and_none(whole: Path, tmp_path: Path, go_on: GoOn) -> None:
    run = cut_short(whole, tmp_path / "run", states(whole)[3].name)
    table = whole.parent / "t.csv"
    text = table.read_text()
    try:
        table.write_text(text.replace("no", "NO", 1).replace("NO", "no").replace(text.split("\n")[7], "9,9,no", 1))
        with pytest.raises(SpecError) as caught:
            go_on(run)
        (one,) = caught.value.diagnostics
        assert (one.code, one.finding.pointer) == ("E437", ("data", "source"))
        assert "the input `point`" in one.message
        table.unlink()
        with pytest.raises(SpecError) as caught:
            go_on(run)
        assert caught.value.diagnostics[0].code.startswith("E4")
        assert "t.csv" in caught.value.diagnostics[0].message
    finally:
        table.write_text(text)


def test_two_at_a_time(whole: Path, tmp_path: Path, go_on: GoOn) -> None:
    run = cut_short(whole, tmp_path / "run", states(whole)[3].name)
    with hold(run), pytest.raises(RunError, match="written to by another process"):
        go_on(run)
    with hold(run):  # it has been let go
        pass


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    program = "import sys, time; from pathlib import Path; from keraspec.runtime.resume import hold\n"
    program += "with hold(Path(sys.argv[1])):\n  print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RunError), hold(tmp_path):
            pass
    finally:
        process.kill()
        process.communicate()
    with hold(tmp_path):
        pass


def test_what_can_not_be_gone_on_with(whole: Path, tmp_path: Path, go_on: GoOn) -> None:
    with pytest.raises(RunError, match="there is no folder"):
        go_on(tmp_path / "nowhere")
    with pytest.raises(RunError, match=re.escape("there is no run.json in it")):
        go_on(tmp_path)
    run = cut_short(whole, tmp_path / "run", "")
    other = compile_file(whole.parent / "spec.keraspec.toml", ["training.seed=4"])
    with pytest.raises(RunError, match=re.escape("`training.seed` differs")):
        go_on(run, spec=other)
    about = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(about | {"backend": "jax"}))
    with pytest.raises(RunError, match="KERAS_BACKEND=jax"):
        go_on(run)
    (run / "run.json").write_text(json.dumps(about | {"data": "arrays"}))
    with pytest.raises(RunError, match=r"given in Python"):
        go_on(run)
