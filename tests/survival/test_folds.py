"""Folds that were stopped: what is trained stays, and all come to what they would have come to, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from keraspec.cli import group
from keraspec.folds import train_folds
from keraspec.runtime.listening import Listener
from keraspec.runtime.progress import SILENT
from keraspec.runtime.resume import hold
from keraspec.runtime.run import RunFolder

from .conftest import assert_same, write_spec

FOLDS = """
keraspec = 1
inputs.point.shape = [2]
layers = [
  { type = "Normalization" },
  { type = "Dropout", rate = 0.3 },
  { name = "kind", type = "Dense", units = 2, activation = "softmax" },
]
[parameters]
table = "t.csv"
[data]
source = { type = "csv", path = "${table}" }
split = { folds = 3, stratify = "kind" }
batch_size = 12
inputs.point.column = ["a", "b"]
[training]
seed = 3
epochs = 3
loss = "sparse_categorical_crossentropy"
optimizer = { type = "Adam", learning_rate = 0.02 }
checkpoint = { every = 1, keep = 2 }
"""
SETTINGS = ["training.optimizer.learning_rate=0.03"]
"""Laid over the spec: the folds that are not begun need them too."""


class KilledError(BaseException):
    """Passes by everything that is there to save something."""


@pytest.fixture(scope="module", autouse=True)
def _fewer_models() -> Iterator[None]:
    """Models of single steps are left out: they are not what is gone on from."""
    save = RunFolder.model

    def saved(self: RunFolder, model: object, name: str = "model.keras") -> None:
        if not name.startswith("step-"):
            save(self, model, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "model", saved)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folds that nothing has stopped."""
    pytest.importorskip("tensorflow")
    path = write_spec(tmp_path_factory.mktemp("folds"), FOLDS)
    found = train_folds(path, SETTINGS, run_dir=path.parent / "whole", show=SILENT)
    assert found.whole
    return found.folder


@pytest.fixture
def killed(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folds of which the second was killed in the midst of its second epoch."""
    taken, second = Listener.taken, ["fold-2"]

    def some(self: Listener, epoch: int, step: int, logs: object) -> bool:
        if self.place.path.name in second and (epoch, step) == (1, 2):
            second.clear()
            raise KilledError
        return taken(self, epoch, step, logs)  # type: ignore[arg-type]

    monkeypatch.setattr(Listener, "taken", some)
    path = whole.parent / "spec.keraspec.toml"
    with pytest.raises(KilledError):
        train_folds(path, SETTINGS, run_dir=tmp_path / "run", show=SILENT)
    assert (tmp_path / "run" / "fold-2" / "checkpoints" / "step-00000004.npz").is_file()
    assert not (tmp_path / "run" / "fold-3").exists()
    return tmp_path / "run"


def resumed(run: Path, *more: str, status: int = 0) -> str:
    done = CliRunner().invoke(group, ["train", *more, "--resume", str(run)])
    assert done.exit_code == status, done.output
    return done.output


@pytest.mark.long
def test_killed_folds_go_on(whole: Path, killed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From another folder; the third is left as a process leaves it that is killed right at its beginning."""
    (killed / "fold-3").mkdir()
    (killed / "fold-3" / "spec.keraspec.toml").write_text("keras")
    first = {path: path.stat().st_mtime_ns for path in (killed / "fold-1").rglob("*")}
    monkeypatch.chdir(tmp_path)
    with hold(killed):
        assert "written to by another process" in resumed(killed, status=2)
    output = resumed(killed)
    assert "going on from epoch 2, step 2" in output
    assert "3 of 3 folds trained" in output
    assert {path: path.stat().st_mtime_ns for path in (killed / "fold-1").rglob("*")} == first
    for fold in (1, 2, 3):
        assert_same(whole / f"fold-{fold}", killed / f"fold-{fold}")
    for name in ("folds.csv", "folds.json"):
        assert (killed / name).read_text() == (whole / name).read_text()
    before = {path: path.stat().st_mtime_ns for path in killed.rglob("*.keras")}
    assert "3 of 3 folds trained" in resumed(killed)  # all is done: nothing is trained
    assert {path: path.stat().st_mtime_ns for path in killed.rglob("*.keras")} == before


@pytest.mark.long
def test_what_folds_can_not_go_on_with(whole: Path, tmp_path: Path) -> None:
    spec = whole.parent / "spec.keraspec.toml"
    assert "is not the spec of these folds: `training.optimizer.learning_rate` differs" in resumed(
        whole, str(spec), status=2
    )
    assert "leave it out" in resumed(whole, "--json-log", status=2)
    (tmp_path / "folds.json").write_text(json.dumps({"folds": 3, "trained": 1}))
    assert "does not say how its folds began" in resumed(tmp_path, status=2)
