"""Class weights, gradients, loops, rules, phases, freezing and checkpoints, each held against Keras or NumPy."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import Checked, SpecError
from keraspec.runtime.class_weights import Adaptive, Classes, balanced
from keraspec.runtime.labels import Head
from keraspec.runtime.progress import SILENT, Progress
from keraspec.runtime.run import Run
from keraspec.training import train

from .conftest import Check

ROWS = 96


def table() -> str:
    """Two clouds, one of them rare."""
    random = np.random.default_rng(0)
    kind = (np.arange(ROWS) % 6 == 0).astype(int)
    points = random.normal(0, 0.8, (ROWS, 2)) + kind[:, None] * 1.5
    lines = [f"{x:.4f},{y:.4f},{('no', 'yes')[one]}" for (x, y), one in zip(points, kind, strict=True)]
    return "a,b,kind\n" + "\n".join(lines) + "\n"


HEAD = """
keraspec = 1
inputs.point.shape = [2]
layers = [
  { name = "seen", type = "Dense", units = 6, activation = "relu" },
  { type = "BatchNormalization" },
  { type = "Dropout", rate = 0.2 },
  { name = "kind", type = "Dense", units = 2, activation = "softmax", kernel_regularizer = "l2" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.25, stratify = "kind" }
batch_size = 16
inputs.point.column = ["a", "b"]
[training]
seed = 3
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
optimizer = { type = "Adam", learning_rate = 0.02 }
"""


def trained(check: Check, folder: Path, more: str, *, head: str = HEAD, show: Progress = SILENT) -> Run:
    return train(check(head + more, files={"t.csv": table()}), run_dir=folder, show=show)


def rows_of(run: Run) -> list[dict[str, float]]:
    """The history, but for the seconds."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in run.history]


def weights(run: Run) -> Mapping[str, Any]:
    return {one.path: np.array(one) for one in run.model().weights}


def columns(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


# Class weights


def classes(labels: str, target: list[int], ignored: int | None = None) -> Classes:
    size = len(labels)
    return Classes(
        tuple(labels), np.array(target), False, Head("SparseCategoricalCrossentropy", (size,), False, ignored)
    )


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    counts = np.array([60, 30, 0, 10])
    table = balanced(counts)
    assert table[[0, 1, 3]] == pytest.approx(100 / (3 * counts[[0, 1, 3]]))  # compute_class_weight("balanced")
    assert table[2] == 1
    assert (table * counts).sum() == pytest.approx(100)


def test_what_the_loss_passes_over_is_not_counted() -> None:
    one = classes("ab", [0, 1, 255, 1, 255], ignored=255)
    assert one.counts(np.arange(5)).tolist() == [1, 2]
    assert one.weights(np.array([2.0, 3.0], np.float32)).tolist() == [2, 3, 1, 3, 1]
    assert one.counts(np.array([0, 1])).tolist() == [1, 1]


def test_weights_move_towards_classes_that_are_missed() -> None:
    one = classes("ab", [0] * 6 + [1] * 2)
    moving = Adaptive({"y": one}, 8)
    start = moving.tables["y"].copy()
    assert start == pytest.approx([8 / 12, 8 / 4])
    feed = moving.weights({"y": one.weights(start)})["y"]
    assert feed[np.arange(8)] == pytest.approx([2 / 3] * 6 + [2] * 2)
    guesses = np.eye(2)[[0, 0, 0, 0, 0, 0, 0, 1]]  # every `a` is found, and half of `b`
    (first, second) = list(moving.epoch([{"y": guesses[:5]}, {"y": guesses[5:]}]))
    assert (first["recall"], second["recall"]) == (1.0, 0.5)
    expected = start * np.exp(0.75 - np.array([1.0, 0.5]))
    expected *= 8 / (expected * [6, 2]).sum()
    assert moving.tables["y"] == pytest.approx(expected, rel=1e-6)
    assert second["next"] == pytest.approx(expected[1], rel=1e-6)
    assert feed[np.array([0, 7])] == pytest.approx(expected, rel=1e-6)  # what is fed follows
    for _ in range(50):
        list(moving.epoch([{"y": np.eye(2)[[0] * 8]}]))
    assert (moving.tables["y"] / start)[1] / (moving.tables["y"] / start)[0] == pytest.approx(100, rel=1e-4)


def test_one_unit_says_yes_from_a_half_on() -> None:
    one = Classes(("0", "1"), np.array([0, 1, 1]), False, Head("BinaryCrossentropy", (1,)))
    there, found = one.hits(np.array([[0.4], [0.6], [0.2]]), np.arange(3))
    assert (there.tolist(), found.tolist()) == ([1, 2], [1, 1])
    logits = Classes(("0", "1"), np.array([0, 1, 1]), False, Head("BinaryCrossentropy", (1,), True))
    assert logits.hits(np.array([[0.4], [0.6], [0.2]]), np.arange(3))[1].tolist() == [0, 2]


def test_balanced_is_a_table_of_the_training_rows(check: Check, tmp_path: Path) -> None:
    run = trained(check, tmp_path / "balanced", 'epochs = 2\nclass_weight = "balanced"\n')
    no, yes = 60, 12  # of 80 and 16, three quarters
    assert json.loads((run.folder / "run.json").read_text())["rows"]["train"] == no + yes
    stated = f"epochs = 2\nclass_weight = {{ no = {72 / (2 * no)}, yes = {72 / (2 * yes)} }}\n"
    assert rows_of(trained(check, tmp_path / "stated", stated)) == rows_of(run)


def test_adaptive_weights_are_written_down_and_repeatable(check: Check, tmp_path: Path) -> None:
    runs = [trained(check, tmp_path / name, 'epochs = 3\nclass_weight = "adaptive"\n') for name in "ab"]
    assert rows_of(runs[0]) == rows_of(runs[1])
    found = columns(runs[0].folder / "class_weights.csv")
    assert [(row["epoch"], row["class"]) for row in found] == [(str(e), c) for e in (1, 2, 3) for c in ("no", "yes")]
    for before, after in zip(found, found[2:], strict=False):
        assert after["weight"] == before["next"]
    model = runs[0].model()
    points = np.array([[float(row["a"]), float(row["b"])] for row in columns(tmp_path / "t.csv")], "float32")
    assert model.predict(points, verbose=0).shape == (ROWS, 2)


def test_no_classes_to_weigh(check: Check) -> None:
    from keraspec.checked import compile_file

    checked = check(HEAD, files={"t.csv": table()})
    text = checked.path.read_text().replace("sparse_categorical_crossentropy", "mse") + 'class_weight = "balanced"\n'
    checked.path.write_text(text.replace('metrics = ["accuracy"]\n', ""))
    assert [one.code for one in compile_file(checked.path).errors] == ["E403"]


# Gradients


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("clip_norm = 0.05", "global_clipnorm = 0.05"),
        pytest.param("clip_value = 0.01", "clipvalue = 0.01", marks=pytest.mark.long),
        ("accumulate = 3", "gradient_accumulation_steps = 3"),
        pytest.param("accumulate = 1", None, marks=pytest.mark.long),
    ],
)
def test_gradients_are_what_the_optimizer_does(check: Check, tmp_path: Path, stated: str, expected: str | None) -> None:
    run = trained(check, tmp_path / "gradients", f"epochs = 1\ngradients = {{ {stated} }}\n")
    head = HEAD if expected is None else HEAD.replace("learning_rate = 0.02 }", f"learning_rate = 0.02, {expected} }}")
    same = trained(check, tmp_path / "optimizer", "epochs = 1\n", head=head)
    assert rows_of(run) == rows_of(same)
    config = run.model().optimizer.get_config()
    name, _, value = (expected or "global_clipnorm = none").partition(" = ")
    assert config[name] == (None if expected is None else float(value))


# The explicit loop


def test_an_explicit_loop_is_fit_to_the_last_bit(check: Check, tmp_path: Path) -> None:
    more = 'epochs = 3\ncallbacks = [{ type = "ReduceLROnPlateau", patience = 1, monitor = "val_loss" }, ' \
           '{ type = "CSVLogger", filename = "log.csv" }]\nclass_weight = "balanced"\n'  # fmt: skip
    one = trained(check, tmp_path / "fit", more)
    other = trained(check, tmp_path / "custom", more + 'loop = "custom"\n')
    assert rows_of(one) == rows_of(other)
    assert one.metrics == other.metrics
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert (value == second[name]).all(), name
    assert int(one.model().optimizer.iterations) == int(other.model().optimizer.iterations) == 15
    logs = [(run.folder / "log.csv").read_text() for run in (one, other)]
    assert logs[0] == logs[1]


def test_steps_one_by_one_and_all_at_once_are_the_same(check: Check, tmp_path: Path) -> None:
    one = trained(check, tmp_path / "one", "epochs = 2\nsteps_per_execution = 1\n")
    many = trained(check, tmp_path / "many", "epochs = 2\n")
    about = [json.loads((run.folder / "run.json").read_text()) for run in (one, many)]
    assert [found["steps_per_execution"] for found in about] == [1, 5]
    assert "steps_per_execution: 5, an epoch has 5 steps" in about[1]["reasons"]
    assert rows_of(one) == rows_of(many)
    first, second = weights(one), weights(many)
    assert all((value == second[name]).all() for name, value in first.items())


LINE = """
keraspec = 1
inputs.x.shape = [1]
layers = [{ name = "y", type = "Dense", units = 1, kernel_initializer = "zeros" }]
[data]
source = { type = "csv", path = "line.csv" }
shuffle = false
batch_size = 32
[training]
loss = "mse"
optimizer = { type = "SGD", learning_rate = 0.01 }
loop = "custom"
"""


def line() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, 32).astype("float32")
    return x, (2 * x + 1 + random.normal(0, 0.05, 32)).astype("float32")


def descended(x: np.ndarray, y: np.ndarray, rates: list[float]) -> tuple[float, float]:
    """The same steps in NumPy."""
    w = b = 0.0
    for rate in rates:
        off = w * x + b - y
        w, b = w - rate * 2 * (off * x).mean(), b - rate * 2 * off.mean()
    return w, b


def on_a_line(check: Check, tmp_path: Path, more: str, name: str = "run") -> tuple[Run, np.ndarray, np.ndarray]:
    x, y = line()
    text = "x,y\n" + "".join(f"{one:.9g},{other:.9g}\n" for one, other in zip(x, y, strict=True))
    run = train(check(LINE + more, files={"line.csv": text}), run_dir=tmp_path / name, show=SILENT)
    return run, x, y


def test_steps_are_those_of_numpy(check: Check, tmp_path: Path) -> None:
    run, x, y = on_a_line(check, tmp_path, "epochs = 60\n")
    kernel, bias = (float(np.ravel(one)[0]) for one in run.model().get_weights())
    assert (kernel, bias) == pytest.approx(descended(x, y, [0.01] * 60), abs=1e-5)


# Rules


def test_a_rule_is_set_from_the_initial_rate_and_once(check: Check, tmp_path: Path) -> None:
    said: list[str] = []
    rule = """epochs = 40
[[training.rules]]
when = "loss < 1.7"
check = "batch"
set = { learning_rate = "initial_learning_rate * 0.1" }
[[training.rules]]
when = "step >= 30"
set = { learning_rate = "initial_learning_rate * 0.5" }
[[training.rules]]
when = "learning_rate < 0"
set = { learning_rate = 1 }
"""
    x, y = line()
    text = "x,y\n" + "".join(f"{one:.9g},{other:.9g}\n" for one, other in zip(x, y, strict=True))
    show = Progress(say=said.append)
    run = train(check(LINE + rule, files={"line.csv": text}), run_dir=tmp_path / "run", show=show)
    first, second = json.loads((run.folder / "rules.json").read_text())
    # The loss of a batch is that of the weights before the step: it fires at the first step that finds it small.
    losses = [float(((w * x + b - y) ** 2).mean()) for w, b in (descended(x, y, [0.01] * n) for n in range(40))]
    step = next(index for index, loss in enumerate(losses) if loss < 1.7) + 1
    assert 1 < step < 30
    assert (first["rule"], first["step"], first["epoch"]) == (1, step, step)
    assert first["numbers"]["loss"] == pytest.approx(losses[step - 1], rel=1e-4)
    assert first["learning_rate"] == pytest.approx({"before": 0.01, "after": 0.001})
    assert (second["rule"], second["step"]) == (2, 30)
    assert second["learning_rate"] == pytest.approx({"before": 0.001, "after": 0.005})  # not 0.0005
    rates = [0.01] * step + [0.001] * (30 - step) + [0.005] * 10
    kernel, bias = (float(np.ravel(one)[0]) for one in run.model().get_weights())
    assert (kernel, bias) == pytest.approx(descended(x, y, rates), abs=1e-5)
    logged = [row["learning_rate"] for row in run.history]
    # A rule at a batch acts within its epoch; one at an epoch's end after the row of the epoch was written.
    assert logged == pytest.approx([*rates[1:30], 0.001, *rates[30:]], rel=1e-5)
    assert f"rule 1 (loss < 1.7) in epoch {step}, step {step}: learning rate 0.0100 → 0.0010" in said


def test_rules_do_the_same_in_both_loops_which_stop_when_they_are_told(check: Check, tmp_path: Path) -> None:
    rules = """epochs = 9
callbacks = [{ type = "EarlyStopping", monitor = "loss", patience = 1, min_delta = 99 }]
[[training.rules]]
when = "loss < 2 and accuracy >= 0"
check = "batch"
set = { learning_rate = "minimum(learning_rate, 0.004) / 2" }
[[training.rules]]
when = "val_loss < 100 and epoch == 2"
set = { learning_rate = 0.001 }
"""
    runs = [trained(check, tmp_path / loop, f'loop = "{loop}"\n{rules}') for loop in ("fit", "custom")]
    assert [run.epochs for run in runs] == [2, 2]
    assert rows_of(runs[0]) == rows_of(runs[1])
    fired = [json.loads((run.folder / "rules.json").read_text()) for run in runs]
    assert fired[0] == fired[1]
    assert [(one["rule"], one["epoch"]) for one in fired[0]] == [(1, 1), (2, 2)]
    assert fired[0][1]["step"] == 10
    about = json.loads((runs[0].folder / "run.json").read_text())
    assert about["steps_per_execution"] == 1
    assert any("a rule looks at every batch" in one for one in about["reasons"])


# Phases and freezing

PHASES = """
[[training.phases]]
name = "head"
epochs = 2
freeze = ["seen"]
[[training.phases]]
epochs = 2
"""


def kernels(check: Check, tmp_path: Path, name: str, more: str) -> tuple[Run, Mapping[str, Any], dict[str, Any]]:
    """A run, its last weights, and those kept after each epoch."""
    run = trained(check, tmp_path / name, f"checkpoint = {{ keep = 9 }}\n{more}")
    from keraspec.runtime.saved import open_model

    kept = {path.name: open_model(path) for path in sorted((run.folder / "checkpoints").glob("*.keras"))}
    return run, weights(run), {key: {w.path: np.array(w) for w in one.weights} for key, one in kept.items()}


def test_a_phase_freezes_for_as_long_as_it_lasts(check: Check, tmp_path: Path) -> None:
    run, last, kept = kernels(check, tmp_path, "phases", PHASES)
    assert list(kept) == [f"step-{5 * epoch:08d}.keras" for epoch in (1, 2, 3, 4)]
    one, two, three, _ = kept.values()
    assert (one["seen/kernel"] == two["seen/kernel"]).all()
    assert (one["kind/kernel"] != two["kind/kernel"]).any()
    assert (two["seen/kernel"] != three["seen/kernel"]).all()
    assert [(row["epoch"], row["phase"]) for row in run.history] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert int(run.model().optimizer.iterations) == 20  # the optimizer is unchanged, so it goes on
    assert run.model().get_layer("seen").trainable
    text = "".join(one for one in (run.folder / "spec.keraspec.toml").read_text().splitlines(True))
    assert "[[training.phases]]" in text
    assert last.keys() == one.keys()


def test_phases_without_a_difference_are_one_training(check: Check, tmp_path: Path) -> None:
    whole = trained(check, tmp_path / "whole", "epochs = 4\n")
    parts = trained(check, tmp_path / "parts", "[[training.phases]]\nepochs = 1\n[[training.phases]]\nepochs = 3\n")
    rows = [{name: value for name, value in row.items() if name != "phase"} for row in rows_of(parts)]
    assert rows == rows_of(whole)
    first, second = weights(whole), weights(parts)
    for name, value in first.items():
        assert (value == second[name]).all(), name


def test_another_optimizer_starts_anew(check: Check, tmp_path: Path) -> None:
    more = """metrics = []
[[training.phases]]
epochs = 1
callbacks = [{ type = "CSVLogger", filename = "first.csv" }]
[[training.phases]]
epochs = 2
optimizer = { learning_rate = 0.001, type = "Adam" }
metrics = ["accuracy"]
callbacks = [
  { type = "EarlyStopping", monitor = "loss", min_delta = 99, patience = 1, start_from_epoch = 1 },
  { type = "CSVLogger", filename = "second.csv" },
]
"""
    run = trained(check, tmp_path / "run", more, head=HEAD.replace('metrics = ["accuracy"]\n', ""))
    assert int(run.model().optimizer.iterations) == 10
    assert float(run.model().optimizer.learning_rate) == pytest.approx(0.001)
    assert [row["epoch"] for row in columns(run.folder / "first.csv")] == ["0"]
    assert [row["epoch"] for row in columns(run.folder / "second.csv")] == ["1", "2"]
    assert "accuracy" not in run.history[0]
    assert "accuracy" in run.history[1]


@pytest.mark.long
def test_freezing_all_of_training(check: Check, tmp_path: Path) -> None:
    start = trained(check, tmp_path / "start", "epochs = 1\n")
    file = tmp_path / "start.weights.h5"
    start.model().save_weights(file)
    run = train(
        check(HEAD + 'epochs = 1\nfreeze = ["se*", "batch_normalization"]\n', files={"t.csv": table()}),
        run_dir=tmp_path / "run", show=SILENT, weights=file,
    )  # fmt: skip
    before, after = weights(start), weights(run)
    held = [name for name in before if not name.startswith(("kind", "seed", "dropout"))]
    assert len(held) == 6
    for name in held:
        assert (before[name] == after[name]).all(), name
    assert (before["kind/kernel"] != after["kind/kernel"]).any()
    assert not run.model().get_layer("seen").trainable


BLOCKS = """
keraspec = 1
inputs.point.shape = [2]
layers = [
  { name = "stage", block = "unit", repeat = 2 },
  { name = "kind", type = "Dense", units = 2, activation = "softmax" },
]
[blocks.unit]
layers = [{ name = "in", type = "Dense", units = 4 }, { name = "out", type = "Dense", units = 4 }]
""" + HEAD[HEAD.index("[data]") :]


@pytest.mark.parametrize(
    ("freeze", "held"),
    [
        ('"stage"', {"stage.0.in", "stage.0.out", "stage.1.in", "stage.1.out"}),
        ('"stage.0"', {"stage.0.in", "stage.0.out"}),
        ('"stage.*.out"', {"stage.0.out", "stage.1.out"}),
        ('"stage.1.in", "kind"', {"stage.1.in", "kind"}),
    ],
)
def test_a_name_means_all_inside(check: Check, freeze: str, held: set[str]) -> None:
    from keraspec.compiler.build import assemble
    from keraspec.runtime.frozen import Freezer

    checked: Checked = check(f"{BLOCKS}epochs = 1\nfreeze = [{freeze}]\n", files={"t.csv": table()})
    assert checked.typed is not None
    built = assemble(checked.typed)
    freezer = Freezer(checked.typed, built)
    freezer.set(checked.typed)
    assert {name for name, layer in built.layers.items() if not layer.trainable} == held
    from keraspec.spec.rendered import rendered

    assert checked.document is not None
    again = check(rendered(checked.document))
    assert again.typed is not None
    assert len(again.typed.graph.spec.training.freeze) == len(held)  # type: ignore[union-attr]


def test_layers_inside_an_application_are_frozen(check: Check) -> None:
    from keraspec.compiler.build import assemble
    from keraspec.runtime.frozen import Freezer

    text = """
keraspec = 1
inputs.image.shape = [32, 32, 3]
layers = [
  { name = "back", type = "applications.MobileNetV2", weights = "none", alpha = 0.35, include_top = false },
  { type = "GlobalAveragePooling2D" },
  { name = "kind", type = "Dense", units = 2, activation = "softmax" },
]
[training]
loss = "sparse_categorical_crossentropy"
freeze = ["back.block_1*", "back.Conv1"]
"""
    checked: Checked = check(text)
    assert checked.typed is not None
    built = assemble(checked.typed)
    Freezer(checked.typed, built).set(checked.typed)
    frozen = {layer.name for layer in built.layers["back"].layers if not layer.trainable}
    assert {"Conv1", "block_1_expand", "block_16_project"} <= frozen
    assert not any(name.startswith(("block_2", "block_9", "expanded")) for name in frozen)
    assert built.layers["back"].trainable


# Checkpoints


def test_checkpoints_every_few_steps(check: Check, tmp_path: Path) -> None:
    run = trained(check, tmp_path / "run", "epochs = 3\ncheckpoint = { every = 4, keep = 2 }\n")
    folder = run.folder / "checkpoints"
    names = [f"step-{step:08d}.{kind}" for step in (8, 12) for kind in ("keras", "npz")]
    assert sorted(path.name for path in folder.iterdir()) == names
    from keraspec.runtime.saved import open_model

    assert int(open_model(folder / "step-00000012.keras").optimizer.iterations) == 12


def test_a_rate_that_is_none_ends_training(check: Check, tmp_path: Path) -> None:
    rate = '"log(initial_learning_rate)"'
    more = f'epochs = 2\n[[training.rules]]\nwhen = "epoch >= 1"\nset = {{ learning_rate = {rate} }}\n'
    with pytest.raises(SpecError) as caught:
        trained(check, tmp_path / "run", more)
    (one,) = caught.value.diagnostics
    assert (one.code, one.place.source.text[one.place.start : one.place.end]) == ("E427", rate)


@pytest.mark.long
def test_evaluating_after_phases(check: Check, tmp_path: Path) -> None:
    from keraspec.training import evaluate

    head = HEAD.replace('loss = "sparse_categorical_crossentropy"\n', "")
    loss = 'loss = "sparse_categorical_crossentropy"\n'
    more = f'[[training.phases]]\nepochs = 1\n{loss}class_weight = "balanced"\n[[training.phases]]\nepochs = 1\n{loss}'
    run = trained(check, tmp_path / "run", more, head=head)
    found = evaluate(run.folder)
    assert found.data == "validation"
    assert found.metrics == pytest.approx(run.metrics["validation"], rel=1e-5)
    about = json.loads((run.folder / "run.json").read_text())
    assert [one["epochs"] for one in about["phases"]] == [1, 1]
    short = train(check(head + more, files={"t.csv": table()}), run_dir=tmp_path / "short", epochs=2, show=SILENT)
    assert short.epochs == 4


def test_class_weights_and_a_dataset_of_ones_own(check: Check) -> None:
    import tensorflow as tf

    own = tf.data.Dataset.from_tensor_slices((np.zeros((8, 2), "float32"), np.zeros(8, "int32"))).batch(4)
    checked = check(HEAD + 'epochs = 1\nclass_weight = "balanced"\n', files={"t.csv": table()})
    with pytest.raises(ValueError, match="let the dataset give"):
        train(checked, data=own, show=SILENT)


TWO = """
keraspec = 1
inputs.point.shape = [1]
outputs = { kind = "class", size = "amount" }
layers = [
  { name = "seen", type = "Dense", units = 6, activation = "relu" },
  { name = "class", type = "Dense", units = 2, activation = "softmax" },
  { name = "amount", type = "Dense", units = 1, inputs = "seen" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.25 }
batch_size = 16
inputs.point.column = "b"
targets.kind.column = "kind"
targets.size.column = "a"
[training]
epochs = 2
class_weight = "adaptive"
outputs.kind = { loss = "sparse_categorical_crossentropy", metrics = ["accuracy"] }
outputs.size = { loss = "mse", weight = 0.5 }
[[training.losses]]
name = "small"
expression = "abs(s)"
inputs = { s = "seen" }
weight = 0.01
[[training.rules]]
when = "loss < 100 and small < 100 and size_loss < 100"
check = "batch"
set = { learning_rate = "initial_learning_rate / 4" }
"""


@pytest.mark.long
def test_several_outputs_terms_and_rules_in_both_loops(check: Check, tmp_path: Path) -> None:
    runs = [trained(check, tmp_path / loop, "", head=TWO.replace("epochs = 2", f'epochs = 2\nloop = "{loop}"'))
            for loop in ("fit", "custom")]  # fmt: skip
    assert rows_of(runs[0]) == rows_of(runs[1])
    assert {"small", "kind_loss", "size_loss", "kind_accuracy"} <= runs[0].history[0].keys()
    weighed = columns(runs[0].folder / "class_weights.csv")
    assert {row["output"] for row in weighed} == {"kind"}
    assert json.loads((runs[0].folder / "rules.json").read_text())[0]["step"] == 1
