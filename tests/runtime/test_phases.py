"""Phases that change layers and loss terms: what is checked, what is carried over, and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.compiler.phases import stages
from keraspec.runtime.progress import Progress
from keraspec.runtime.run import Run
from keraspec.training import evaluate, predict, report, train

ROWS = 48
SPEC = """
keraspec = 1
inputs.point.shape = [2]
layers = [
  { type = "Normalization" },
  { name = "seen", type = "Dense", units = 4, activation = "relu" },
  { type = "BatchNormalization" },
  { name = "left", type = "Dropout", rate = 0.3 },
  { name = "kind", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.25, stratify = "kind" }
batch_size = 12
inputs.point.column = ["a", "b"]
[training]
seed = 3
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
optimizer = { type = "Adam", learning_rate = 0.02 }
checkpoint = { keep = 9 }
callbacks = [{ type = "EarlyStopping", patience = 1, min_delta = 9, restore_best_weights = true }]
[[training.phases]]
epochs = 2
[[training.phases]]
name = "wider"
epochs = 1
freeze = ["seen"]
losses = [{ name = "small", inputs = { s = "more" }, expression = "mean(square(s))", weight = 0.1 }]
[training.phases.overrides]
left.remove = true
more = { type = "Dense", units = 5, activation = "relu", after = "left" }
[[training.phases]]
epochs = 2
optimizer = { type = "Adam", learning_rate = 0.01 }
overrides = [{ name = "more", activation = "tanh" }]
"""


def table() -> str:
    random = np.random.default_rng(0)
    kind = np.arange(ROWS) % 2
    points = random.normal(0, 0.9, (ROWS, 2)) + kind[:, None]
    lines = [f"{x:.4f},{y:.4f},{('no', 'yes')[one]}" for (x, y), one in zip(points, kind, strict=True)]
    return "a,b,kind\n" + "\n".join(lines) + "\n"


def text_of(spec: str = SPEC) -> str:
    """The new layer goes where the removed one stood."""
    return spec.replace('after = "left"', 'before = "kind"')


def written(folder: Path, text: str) -> Checked:
    (folder / "t.csv").write_text(table())
    (folder / "spec.keraspec.toml").write_text(text)
    checked = compile_file(folder / "spec.keraspec.toml")
    assert not checked.diagnostics, [one.message for one in checked.diagnostics]
    return checked


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[str]]:
    """A run whose layers change twice, and what was said."""
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("grown")
    said: list[str] = []
    checked = written(folder, text_of())
    return train(checked, run_dir=folder / "run", show=Progress(say=said.append), report=True), said


def kept(run: Run, epoch: int) -> dict[str, Any]:
    from keraspec.runtime.saved import open_model

    model = open_model(run.folder / "checkpoints" / f"step-{3 * epoch:08d}.keras")
    return {one.path: np.array(one) for one in model.weights}


def test_each_phase_has_its_layers() -> None:
    checked = compile_text(text_of())
    assert not checked.errors
    assert checked.typed is not None
    names = [list(one.graph.nodes)[1:] for one in stages(checked.typed)]
    first = ["normalization", "seen", "batch_normalization", "left", "kind"]
    assert names == [first, [*first[:3], "more", "kind"], [*first[:3], "more", "kind"]]
    one, two, three = stages(checked.typed)
    assert two.typed["kind"].params == 12
    assert [len(stage.graph.terms) for stage in (one, two, three)] == [0, 1, 0]
    activations = [stage.graph.nodes["more"].layer.arguments["activation"] for stage in (two, three)]  # type: ignore[union-attr]
    assert activations == ["relu", "tanh"]
    assert checked.graph is not None
    assert list(checked.graph.nodes)[1:] == first


def test_weights_that_fit_are_carried_over(grown: tuple[Run, list[str]]) -> None:
    run, said = grown
    assert run.status == "finished"
    assert [(row["epoch"], row["phase"]) for row in run.history] == [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3)]
    assert ["small" in row for row in run.history] == [False, False, True, False, False]
    ended = kept(run, 1)  # the best weights of the first phase are those of its first epoch, and come back
    wider = kept(run, 3)
    for name in ("seen/kernel", "seen/bias"):  # frozen, so they are as they were handed on
        assert (wider[name] == ended[name]).all()
    for name in ("normalization/mean", "normalization/variance"):
        assert (wider[name] == ended[name]).all()
    assert wider["kind/kernel"].shape == (5, 2)
    assert wider["more/kernel"].shape == (4, 5)
    last = {one.path: np.array(one) for one in run.model().weights}
    assert last.keys() == wider.keys()
    assert (last["seen/kernel"] != wider["seen/kernel"]).any()
    model = run.model()
    assert model.get_layer("more").activation.__name__ == "tanh"
    assert int(model.optimizer.iterations) == 6  # the optimizer of the last phase is another one
    assert any(line == "phase 2 of 3 (wider): 1 epoch, frozen: seen, layers changed: left, more" for line in said)
    carried = [line.split() for line in said if line.startswith("  ")]
    assert ["more", "begins", "anew:", "it", "is", "new"] in carried
    assert ["seen", "keeps", "its", "weights"] in carried
    assert any(line.startswith("  the optimizer keeps 6 of 12 of its numbers") for line in said)
    assert any(line == "  the optimizer begins anew" for line in said)


def test_what_the_run_folder_says(grown: tuple[Run, list[str]]) -> None:
    run, _ = grown
    about = json.loads((run.folder / "run.json").read_text())
    assert about["phase"] == 3
    assert [one["overrides"] for one in about["phases"]] == [[], ["left", "more"], ["more"]]
    ways = {row["layer"]: row["weights"] for row in about["phases"][1]["carried"]["layers"]}
    assert ways == {"normalization": "learned", "seen": "kept", "batch_normalization": "kept", "more": "anew",
                    "kind": "partly"}  # fmt: skip
    assert about["phases"][2]["carried"]["optimizer"]["kept"] == 0
    page = (run.folder / "report.html").read_text()
    assert "more" in page


def test_what_comes_of_it_is_used_as_any_model(grown: tuple[Run, list[str]]) -> None:
    import keras

    run, _ = grown
    found = evaluate(run.folder)
    assert found.metrics == pytest.approx(run.metrics["validation"], rel=1e-5)
    assert predict(run.folder, run.folder.parent / "t.csv").count == ROWS
    assert report(run.folder, judged=True).is_file()
    assert [one.name for one in keras.models.load_model(run.model_path).layers][-2:] == ["more", "kind"]


@pytest.mark.long
def test_a_run_goes_on_from_one_with_phases(grown: tuple[Run, list[str]], tmp_path: Path) -> None:
    run, _ = grown
    text = text_of()[: text_of().index("[[training.phases]]")].replace('Dropout", rate = 0.3', 'Dense", units = 4')
    checked = written(tmp_path, text)
    said: list[str] = []
    train(checked, run_dir=tmp_path / "run", begin_with=run.folder, show=Progress(say=said.append))
    assert any("3 of 4" in line or "2 of 4" in line for line in said)


@pytest.mark.long
def test_where_training_ends_early_its_own_layers_are_kept(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    checked = written(tmp_path, text_of())
    run = train(
        checked, run_dir=tmp_path / "run", show=Progress(say=lambda _: None), enough=lambda epoch, _: epoch == 1
    )
    assert [one.name for one in run.model().layers][-1] == "kind"
    assert run.model().get_layer("kind").kernel.shape == (4, 2)
    assert evaluate(run.folder).metrics["loss"] > 0


BLOCKS = """
keraspec = 1
inputs.x.shape = [4]
parameters = { width = 8 }
[blocks.unit]
parameters = { units = 4 }
layers = [{ name = "inner", type = "Dense", units = "${units}" }]
[[layers]]
name = "a"
block = "unit"
repeat = 2
[[layers]]
name = "y"
type = "Dense"
units = 1
[training]
loss = "mse"
[[training.phases]]
epochs = 1
[[training.phases]]
epochs = 1
overrides.a = { units = "${width * (index + 1)}", repeat = 3 }
"""


def test_blocks_parameters_and_repeats_in_a_phase() -> None:
    checked = compile_text(BLOCKS)
    assert not checked.diagnostics, [one.message for one in checked.diagnostics]
    assert checked.typed is not None
    one, two = stages(checked.typed)
    assert list(one.graph.nodes) == ["x", "a.0.inner", "a.1.inner", "y"]
    shapes = [two.typed[name].outputs[0].shape[-1] for name in two.graph.nodes if "inner" in name]  # type: ignore[index]
    assert shapes == [8, 16, 24]


def test_what_one_phase_alone_uses_is_used() -> None:
    text = BLOCKS.replace("repeat = 3 }", 'repeat = 3 }\noverrides.y.inputs = "spare"').replace(
        '[[layers]]\nname = "y"',
        '[[layers]]\nname = "spare"\ntype = "Dense"\nunits = 2\n[[layers]]\ninputs = "a"\nname = "y"',
    )
    assert not compile_text(text).diagnostics
    idle = compile_text(text.replace('\noverrides.y.inputs = "spare"', ""))
    assert [one.code for one in idle.diagnostics] == ["E205"]


def test_promises_hold_in_every_phase() -> None:
    found = compile_text(BLOCKS + '[[assertions]]\ncheck = "params < 100"\n').diagnostics
    assert [one.code for one in found] == ["E501"]
    assert found[0].message.startswith("in phase 2: ")
    assert found[0].place.source.text[found[0].place.start : found[0].place.end] == "overrides"


def test_a_term_that_only_a_phase_has_is_checked() -> None:
    wrong = text_of().replace('inputs = { s = "more" }', 'inputs = { s = "mor" }')
    found = compile_text(wrong).diagnostics
    assert [(one.code, one.help) for one in found] == [("E201", 'did you mean "more"?')]
    unknown = text_of().replace("mean(square(s))", "mean(squre(s))")
    assert [one.code for one in compile_text(unknown).diagnostics] == ["E421"]


def test_the_command_line_and_extends_reach_into_phases(tmp_path: Path) -> None:
    checked = written(tmp_path, text_of())
    (tmp_path / "over.keraspec.toml").write_text('keraspec = 1\nextends = "spec.keraspec.toml"\nname = "over"\n')
    other = compile_file(tmp_path / "over.keraspec.toml", ["training.phases.wider.overrides.more.units=7"])
    assert not other.diagnostics
    assert checked.typed is not None
    assert other.typed is not None
    sizes = [stages(one)[1].typed["more"].outputs[0].shape[-1] for one in (checked.typed, other.typed)]  # type: ignore[index]
    assert sizes == [5, 7]


def test_renaming_a_layer_reaches_into_phases() -> None:
    from keraspec.spec.document import Source
    from keraspec.spec.editing import Draft
    from keraspec.spec.editing_names import rename

    text = text_of().replace('freeze = ["seen"]', 'freeze = ["seen"]\nlearning_rate_factors = { left = 2, seen = 0.5 }')
    draft = Draft(Source("spec.keraspec.toml", text))
    for old, new in (("left", "gone"), ("seen", "looked")):
        rename(draft, old, new)
    expected = text.replace("left", "gone").replace('"seen"', '"looked"').replace("seen =", "looked =")
    assert draft.text == expected


def test_a_spec_written_out_has_the_values_of_its_phases() -> None:
    from keraspec.spec.rendered import rendered

    text = BLOCKS.replace("overrides.a = ", 'overrides.y.name = "y"\noverrides.y.units = "${width // 8}"\n#')
    checked = compile_text(text)
    assert checked.document is not None
    again = compile_text(rendered(checked.document))
    assert not again.diagnostics, [one.message for one in again.diagnostics]
    assert "${" not in rendered(checked.document)
