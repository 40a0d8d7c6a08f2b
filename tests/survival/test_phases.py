"""A run whose layers change goes on from any of its checkpoints to what it would have come to, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keraspec.checked import compile_file
from keraspec.runtime.progress import SILENT
from keraspec.runtime.run import Run, RunFolder
from keraspec.training import train

from .conftest import SPEC, assert_same, cut_short, states, write_spec

pytest.importorskip("tensorflow")

MORE = """
[[training.phases]]
epochs = 2
losses = [{ name = "small", inputs = { s = "more" }, expression = "mean(square(s))", weight = 0.1 }]
learning_rate_factors = { seen = 0.5 }
overrides.seen.units = 8
overrides.more = { type = "Dense", units = 4, activation = "tanh", before = "kind" }
[[training.phases]]
epochs = 1
overrides.more.activation = "relu"
"""


@pytest.mark.long
def test_going_on_from_where_layers_change(
    tmp_path: Path, go_on: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    save = RunFolder.model

    def saved(self: RunFolder, model: object, name: str = "model.keras") -> None:
        if not name.startswith("step-"):  # models of single steps take their time, and nothing goes on from them
            save(self, model, name)

    monkeypatch.setattr(RunFolder, "model", saved)
    text = SPEC.replace("epochs = 6\n", "epochs = 2\n") + MORE
    path = write_spec(tmp_path, text)
    run = train(compile_file(path), run_dir=tmp_path / "whole", show=SILENT)
    assert run.status == "finished"
    every = states(run.folder)
    phases = [row["phase"] for row in run.history]
    assert phases[-1] == 4
    ends = [3 * number for number, phase in enumerate(phases) if phase in (3, 4) and phases[number - 1] != phase]
    for number in (ends[0] - 1, ends[0] + 1, ends[1]):
        copy = cut_short(run.folder, tmp_path / f"from-{number}", every[number].name)
        gone_on = go_on(copy)
        assert gone_on.status == "finished"
        assert_same(run.folder, copy)
