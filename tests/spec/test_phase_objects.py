"""Objects in a phase of training are laid over those of the section, and need not say again what they are."""

from __future__ import annotations

import importlib.resources
import json
import tomllib

import jsonschema
import pytest

from keraspec.checked import Checked, compile_text

BASE = """
keraspec = 1
inputs.x.shape = [2]
layers = [{ name = "hidden", type = "Dense", units = 8 }, { name = "y", type = "Dense", units = 1 }]

[training]
loss = "mse"

[training.optimizer]
type = "Adam"
clipnorm = 1.0
learning_rate = { type = "ExponentialDecay", initial_learning_rate = 0.01, decay_steps = 100, decay_rate = 0.5 }

[[training.phases]]
epochs = 1

[[training.phases]]
epochs = 1
"""
DECAY = {"type": "ExponentialDecay", "initial_learning_rate": 0.01, "decay_steps": 100, "decay_rate": 0.5}


def checked(more: str, base: str = BASE) -> Checked:
    return compile_text(base + more)


def said(more: str, base: str = BASE) -> list[tuple[str, int]]:
    return [
        (one.finding.code, one.place.source.text[: one.place.start].count("\n") + 1)
        for one in checked(more, base).diagnostics
    ]


@pytest.mark.parametrize(
    ("more", "optimizer"),
    [
        ("optimizer.learning_rate = 0.001", {"type": "Adam", "clipnorm": 1.0, "learning_rate": 0.001}),
        ("optimizer.clipnorm = 2.0", {"type": "Adam", "clipnorm": 2.0, "learning_rate": DECAY}),
        (
            "optimizer.learning_rate.decay_steps = 50",
            {"type": "Adam", "clipnorm": 1.0, "learning_rate": DECAY | {"decay_steps": 50}},
        ),
        ('optimizer = { type = "Adam" }', {"type": "Adam", "clipnorm": 1.0, "learning_rate": DECAY}),
        ('optimizer = { type = "SGD", momentum = 0.5 }', {"type": "SGD", "momentum": 0.5}),
        ('optimizer = "sgd"', "sgd"),
    ],
)
def test_tables_are_laid_key_by_key(more: str, optimizer: object) -> None:
    found = checked(more)
    assert not found.diagnostics
    assert found.spec is not None
    assert found.spec.training is not None
    assert found.spec.training.phases[1].optimizer == optimizer
    published = json.loads((importlib.resources.files("keraspec.schemas") / "keraspec-1.json").read_text())
    jsonschema.Draft202012Validator(published).validate(tomllib.loads(BASE + more))


def test_each_mistake_is_told_once_and_where_it_is() -> None:
    last = (BASE + "x").count("\n") + 1
    assert said("optimizer.learning_rat = 0.1") == [("E104", last)]
    assert said('optimizer.learning_rate.decay_steps = "x"') == [("E105", last)]
    assert said("optimizer.clipnorm = 2.0", BASE.replace('"Adam"', '"Adm"')) == [("E108", 10)]
    assert said("optimizer.clipnorm = 2.0", BASE.replace('"Adam"', '"adam"')) == [("W101", 10)]
    assert said("optimizer.clipnorm = 2.0", BASE.replace('"Adam"', "7")) == [("E105", 10)]


def test_what_is_another_thing_needs_all_that_it_is_made_of() -> None:
    last = (BASE + "x").count("\n") + 1
    assert said('optimizer.learning_rate = { type = "PolynomialDecay", end_learning_rate = 0 }') == [
        ("E103", last),
        ("E103", last),
    ]
    before, _, after = BASE.partition("[training.optimizer]")
    named = before + 'optimizer = "adam"\n' + after[after.index("[[") :]
    assert said("optimizer.learning_rate = 0.1", named) == [("E103", (named + "x").count("\n") + 1)]


def test_entries_of_lists_are_not_laid_over_one_another() -> None:
    base = BASE.replace('loss = "mse"', 'loss = "mse"\nmetrics = [{ type = "Precision", thresholds = 0.3 }]')
    assert [code for code, _ in said("metrics = [{ thresholds = 0.5 }]", base)] == ["E103"]
