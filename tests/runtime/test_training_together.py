"""What a training section says, several things of it together: they work as each does alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import compile_file
from keraspec.runtime.checkpoints import Checkpoints
from keraspec.runtime.data import prepare
from keraspec.runtime.progress import SILENT, in_order
from keraspec.runtime.run import RunFolder
from keraspec.spec.overlay import OverrideError
from keraspec.training import train

from .conftest import Check

YES_NO = """
keraspec = 1
inputs.x.shape = [3]
layers = [
  { name = "h", type = "Dense", units = 4, activation = "tanh" },
  { name = "y", type = "Dense", units = 1, activation = "sigmoid" },
]
[data]
source = { type = "npz", path = "t.npz" }
batch_size = 16
split = { validation = 0.25 }
[training]
optimizer = { type = "SGD", learning_rate = 0.1 }
loss = "binary_crossentropy"
"""

TWO = """
keraspec = 1
inputs.x.shape = [3]
outputs = ["kind", "size"]
layers = [
  { name = "h", type = "Dense", units = 4, activation = "tanh" },
  { name = "kind", type = "Dense", units = 3, activation = "softmax" },
  { name = "size", type = "Dense", units = 1, inputs = "h" },
]
[data]
source = { type = "npz", path = "t.npz" }
batch_size = 48
shuffle = false
sample_weight = "w"
[data.targets.kind]
column = "k"
[data.targets.size]
column = "z"
[training]
"""


def rows(folder: Path) -> dict[str, Any]:
    random = np.random.default_rng(2)
    x = random.normal(size=(48, 3)).astype("float32")
    made = {"x": x, "y": (x[:, 0] > 0.3).astype(int), "k": np.arange(48) ** 2 % 3, "z": x[:, 1] - 1,
            "w": random.uniform(0.5, 2, 48).astype("float32")}  # fmt: skip
    np.savez(folder / "t.npz", **made)
    return made


F1 = """epochs = 3
metrics = ["f1_score", { type = "F1Score", threshold = 0.5 }, { type = "FBetaScore", threshold = 0.5, name = "fb" }]
checkpoint = { every = "epoch", best = "val_fb" }
callbacks = [
  { type = "EarlyStopping", monitor = "val_f1_score", patience = 3, mode = "max" },
  { type = "ReduceLROnPlateau", monitor = "f1_score", mode = "max", patience = 5 },
  { type = "ModelCheckpoint", filepath = "best.keras", monitor = "val_f1_score", mode = "max", save_best_only = true },
]
[[training.rules]]
when = "f1_score >= 0"
set = { learning_rate = 0.01 }
check = "epoch"
[[training.rules]]
when = "fb >= 0"
set = { learning_rate = 0.02 }
check = "batch"
"""


def test_a_metric_of_one_class_is_one_number(check: Check, tmp_path: Path) -> None:
    """Keras gives a list of one, which its callbacks fail on, and a rule does not find."""
    rows(tmp_path)
    run = train(check(YES_NO + F1), run_dir=tmp_path / "run", show=SILENT)
    last = run.history[-1]
    assert {"f1_score", "f1_score_1", "fb", "val_f1_score", "val_fb"} <= last.keys()
    assert [one["rule"] for one in json.loads((run.folder / "rules.json").read_text())] == [2, 1]
    assert (run.folder / "best.keras").is_file()
    assert (run.folder / "checkpoints" / "best.keras").is_file()
    checked = check(YES_NO)
    assert checked.typed is not None
    part = prepare(checked.typed, tmp_path).parts["validation"]
    said = run.model().predict(np.asarray(part.inputs["x"][:]), verbose=0)[:, 0] > 0.5
    truth = np.ravel(part.targets["y"][:]) == 1
    assert last["val_f1_score_1"] == pytest.approx(2 * (truth & said).sum() / (truth.sum() + said.sum()))


def test_a_list_of_one_is_one_number() -> None:
    assert in_order({"a": np.array([0.5]), "loss": 1.0}) == {"loss": 1.0, "a": 0.5}


RULES = """
[[training.rules]]
when = "loss < 100"
set = { learning_rate = "initial_learning_rate * 0.1" }
[[training.rules]]
when = "epoch >= 2"
set = { learning_rate = "learning_rate * 0.5" }
[[training.phases]]
epochs = 2
[[training.phases]]
epochs = 2
freeze = ["h"]
[[training.phases]]
epochs = 1
optimizer.learning_rate = 0.5
"""


def test_rules_do_not_add_up_over_phases(check: Check, tmp_path: Path) -> None:
    """What was carried out is over as long as the optimizer goes on; one that begins anew has a rate of its own."""
    rows(tmp_path)
    run = train(check(YES_NO + RULES), run_dir=tmp_path / "run", show=SILENT)
    fired = json.loads((run.folder / "rules.json").read_text())
    assert [(one["rule"], one["epoch"]) for one in fired] == [(1, 1), (2, 2), (1, 5), (2, 5)]
    assert [one["learning_rate"]["after"] for one in fired] == pytest.approx([0.01, 0.005, 0.05, 0.025])
    assert [row["learning_rate"] for row in run.history] == pytest.approx([0.1, 0.01, 0.005, 0.005, 0.5])


LATER = """
[[training.phases]]
epochs = 1
[[training.phases.rules]]
when = "epoch >= 1"
set = { learning_rate = "learning_rate * 0.5" }
[[training.phases]]
epochs = 1
[[training.phases.rules]]
when = "epoch >= 2"
set = { learning_rate = "initial_learning_rate * 0.1" }
"""


@pytest.mark.long
def test_the_initial_rate_is_that_of_the_optimizer(check: Check, tmp_path: Path) -> None:
    rows(tmp_path)
    run = train(check(YES_NO + LATER), run_dir=tmp_path / "run", show=SILENT)
    fired = json.loads((run.folder / "rules.json").read_text())
    assert [one["learning_rate"]["after"] for one in fired] == pytest.approx([0.05, 0.01])


ALL = """epochs = 1
optimizer = { type = "SGD", learning_rate = 1e-20 }
class_weight = { 0 = 1.0, 1 = 2.0, 2 = 5.0 }
[training.outputs.kind]
loss = "sparse_categorical_crossentropy"
weight = 0.5
[training.outputs.size]
loss = { expression = "mean(square(y_true - y_pred), axis=-1) + 0.1 * mean(abs(y_pred), axis=-1)" }
weight = 3
[[training.losses]]
name = "small"
expression = "mean(square(h), axis=-1)"
inputs = { h = "h" }
weight = 0.25
"""


@pytest.mark.long
def test_all_weights_together_as_in_numpy(check: Check, tmp_path: Path) -> None:
    """Rows, classes, outputs and terms are weighed each in its place."""
    given = rows(tmp_path)
    run = train(check(TWO + ALL), run_dir=tmp_path / "run", show=SILENT)
    (row,) = run.history
    model = run.model()
    kernel, bias = model.get_layer("h").get_weights()
    hidden = np.tanh(given["x"] @ kernel + bias)
    kind, size = (
        hidden @ one + other for one, other in (model.get_layer(name).get_weights() for name in ("kind", "size"))
    )
    shares = np.exp(kind) / np.exp(kind).sum(-1, keepdims=True)
    counts = given["w"] * np.array([1, 2, 5])[given["k"]]
    first = -(counts * np.log(shares[np.arange(48), given["k"]])).mean()
    second = (given["w"] * ((given["z"] - size[:, 0]) ** 2 + 0.1 * abs(size[:, 0]))).mean()
    small = (hidden**2).mean()
    expected = {"kind_loss": first, "size_loss": second, "small": small,
                "loss": 0.5 * first + 3 * second + 0.25 * small}  # fmt: skip
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_a_target_that_nothing_uses_is_no_error(check: Check, tmp_path: Path) -> None:
    """``check`` warns of it, and training passes over warnings."""
    rows(tmp_path)
    checked = check(TWO + '[training.outputs.size]\nloss = "mse"\n')
    assert [(one.code, one.finding.pointer) for one in checked.diagnostics] == [("W604", ("data", "targets", "kind"))]
    assert checked.typed is not None
    assert list(prepare(checked.typed, tmp_path).parts["train"].targets) == ["size"]


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ('{ name = "loss", expression = "mean(abs(y_true - y_pred))" }', "loss"),
        ('{ type = "AUC", name = "learning_rate" }', "learning_rate"),
        ('{ type = "AUC", name = "val_auc" }', "val_auc"),
    ],
)
def test_a_metric_takes_no_name_that_is_taken(tmp_path: Path, metric: str, name: str) -> None:
    path = tmp_path / "spec.keraspec.toml"
    path.write_text(YES_NO + f"metrics = [{metric}]\n")
    (one,) = compile_file(path).diagnostics
    assert (one.code, one.finding.pointer) == ("E424", ("training", "metrics", 0, "name"))
    assert f"can't be called `{name}`" in one.message


def test_the_loss_of_an_output_is_taken_too(tmp_path: Path) -> None:
    outputs = '[training.outputs.size]\nloss = "mse"\nmetrics = [{ type = "MeanSquaredError", name = "loss" }]\n'
    path = tmp_path / "spec.keraspec.toml"
    path.write_text(TWO + '[training.outputs.kind]\nloss = "sparse_categorical_crossentropy"\n' + outputs)
    (one,) = compile_file(path).diagnostics
    assert (one.code, "`size_loss` is the name" in one.message) == ("E424", True)


PHASES = """checkpoint = { every = 2, keep = 2, best = "loss" }
[[training.rules]]
when = "loss < 0.01"
set = { learning_rate = 0.1 }
[[training.phases]]
epochs = 1
[[training.phases]]
epochs = 2
checkpoint = { every = "epoch", best = "val_loss" }
[sweep]
metric = "val_loss"
[sweep.over]
"training.phases.1.epochs" = { low = 1, high = 3 }
"""


def test_phases_and_rules_are_set_by_their_number(check: Check) -> None:
    """They need no name, so ``--set`` and ``[sweep]`` count them from 0."""
    checked = check(YES_NO + PHASES, "training.phases.1.epochs=5", 'training.rules.0.when="loss < 0.5"')
    assert not checked.diagnostics
    assert checked.typed is not None
    training = checked.typed.graph.spec.training
    assert training is not None
    assert [one.epochs for one in training.phases] == [1, 5]
    assert {one.rules[0].when for one in training.phases} == {"loss < 0.5"}
    with pytest.raises(OverrideError, match=r"they are counted from 0 to 1"):
        check(YES_NO + PHASES, "training.phases.2.epochs=5")


def test_a_phase_has_checkpoints_of_its_own(check: Check) -> None:
    checked = check(YES_NO + PHASES)
    assert checked.typed is not None
    training = checked.typed.graph.spec.training
    assert training is not None
    first, second = (one.checkpoint for one in training.phases)
    assert first is not None
    assert second is not None
    assert (first.steps, first.keep, first.best) == (2, 2, "loss")
    assert (second.steps, second.epochs, second.keep, second.best) == (None, 1, 2, "val_loss")


def test_the_best_of_another_number_is_looked_for_anew(check: Check, tmp_path: Path) -> None:
    typed = check(YES_NO + PHASES).typed
    assert typed is not None
    assert typed.graph.spec.training is not None
    first, second = typed.graph.spec.training.phases
    held = Checkpoints(RunFolder(tmp_path), None, print)  # type: ignore[arg-type]
    held.begin(first, 0)
    held.best = 0.25
    held.begin(first, 0)
    assert held.best == 0.25
    held.begin(second, 0)
    assert held.best is None


def test_an_expression_does_not_tell_of_classes(tmp_path: Path) -> None:
    path = tmp_path / "spec.keraspec.toml"
    formula = 'loss = { expression = "mean(square(y_true - y_pred), axis=-1)" }\nclass_weight = "balanced"\n'
    path.write_text(YES_NO.replace('loss = "binary_crossentropy"\n', formula))
    (one,) = compile_file(path).diagnostics
    assert (one.code, 'encode = "index"' in (one.help or "")) == ("E403", True)
    assert not compile_file(path, ['data.targets.y.encode="index"']).diagnostics
