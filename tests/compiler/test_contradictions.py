"""Arguments of training objects that contradict each other, said before any data is read."""

from __future__ import annotations

import pytest

from keraspec.checked import compile_text

SPEC = """
keraspec = 1
inputs.x.shape = [4]
layers = [{ name = "y", type = "Dense", units = 1 }]
[training]
loss = "mse"
"""

WRONG = [
    (
        'optimizer = { type = "Adam", clipnorm = 1, clipvalue = 2 }',
        ("training", "optimizer", "clipvalue"),
        "clips gradients in one way",
    ),
    (
        'optimizer = { type = "SGD", learning_rate = { type = "PiecewiseConstantDecay", boundaries = [2], '
        "values = [1] } }",
        ("training", "optimizer", "learning_rate", "values"),
        "2 pieces",
    ),
    (
        'optimizer = { type = "LossScaleOptimizer", inner_optimizer = { type = "SGD", loss_scale_factor = 2 } }',
        ("training", "optimizer", "inner_optimizer"),
        "switches `loss_scale_factor`",
    ),
    (
        'optimizer = { type = "LossScaleOptimizer", inner_optimizer = { type = "LossScaleOptimizer", '
        'inner_optimizer = "sgd" } }',
        ("training", "optimizer", "inner_optimizer"),
        "twice",
    ),
    (
        'optimizer = { type = "MultiOptimizer", optimizer_map = { type = "OptimizerMap", default_optimizer = '
        '{ type = "LossScaleOptimizer", inner_optimizer = "sgd" } } }',
        ("training", "optimizer", "optimizer_map"),
        "inside a MultiOptimizer",
    ),
    (
        'optimizer = { type = "MultiOptimizer", optimizer_map = { type = "OptimizerMap", default_optimizer = "sgd", '
        'optimizer_map = { "y/.*" = { type = "Adam", clipnorm = 1, clipvalue = 2 } } } }',
        ("training", "optimizer", "optimizer_map", "optimizer_map", "y/.*", "clipvalue"),
        "clips gradients in one way",
    ),
    (
        'metrics = ["mae", { type = "IoU", num_classes = 2, target_class_ids = [4] }]',
        ("training", "metrics", 1, "target_class_ids"),
        "class 4 does not exist",
    ),
    (
        'callbacks = [{ type = "TerminateOnNaN" }, { type = "ModelCheckpoint", monitor = "loss", filepath = "a.txt" }]',
        ("training", "callbacks", 1, "filepath"),
        "must end in",
    ),
]


@pytest.mark.parametrize(("line", "pointer", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_contradictions(line: str, pointer: tuple[str | int, ...], words: str) -> None:
    found = [one.finding for one in compile_text(SPEC + line).diagnostics if one.finding.code == "E114"]
    assert [one.pointer for one in found] == [pointer]
    assert words in found[0].message
    assert found[0].help


def test_what_is_missing_or_wrong_by_itself_is_said_once() -> None:
    for line in (
        'callbacks = [{ type = "ModelCheckpoint", monitor = "loss" }]',
        'callbacks = [{ type = "ModelCheckpoint", monitor = "loss", filepath = 3 }]',
        'optimizer = { type = "MultiOptimizer" }',
        'optimizer = { type = "LossScaleOptimizer", inner_optimizer = "no_such" }',
    ):
        assert len(compile_text(SPEC + line).errors) == 1, line


@pytest.mark.parametrize(
    "line",
    [
        'optimizer = { type = "LossScaleOptimizer", inner_optimizer = "adam" }',
        'optimizer = { type = "MultiOptimizer", optimizer_map = { type = "OptimizerMap", default_optimizer = "sgd" } }',
        'callbacks = [{ type = "ModelCheckpoint", monitor = "loss", filepath = "a.keras" }]',
    ],
)
def test_what_fits_together_passes(line: str) -> None:
    assert compile_text(SPEC + line).errors == ()
