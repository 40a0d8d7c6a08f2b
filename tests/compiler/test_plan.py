"""What can be said of data and training before there is any data: names, losses, monitors."""

from __future__ import annotations

import pytest

from keraspec.checked import compile_text

HEAD = "keraspec = 1\ninputs.image.shape = [4]\ninputs.age.shape = [1]\n"
LAYERS = """
[[layers]]
name = "both"
type = "Concatenate"
inputs = ["image", "age"]
[[layers]]
name = "digit"
type = "Dense"
units = 10
[[layers]]
name = "sure"
type = "Dense"
units = 1
inputs = "both"
"""
TWO = 'outputs = ["digit", "sure"]\n'
NAMED = 'outputs = { class = "digit", score = "sure" }\n'
CSV = '[data]\nsource = { type = "csv", path = "a.csv" }\n'


def said(outputs: str, rest: str) -> list[str]:
    found = compile_text(HEAD + outputs + LAYERS + rest).diagnostics
    return [f"{one.code} {one.place.source.text[one.place.start : one.place.end]}: {one.help}" for one in found]


@pytest.mark.parametrize(
    ("outputs", "rest", "expected"),
    [
        (TWO, CSV + "[data.inputs.imag]\n[data.targets.digit]\n", ["E406 imag: did you mean `image`?"]),
        (TWO, CSV + "[data.inputs.zzz]\n", ["E406 zzz: its inputs are `image` and `age`"]),
        (TWO, CSV + "[data.targets.class]\n", ["E406 class: its outputs are `digit` and `sure`"]),
        (NAMED, CSV + "[data.targets.class]\n[data.targets.score]\n[data.inputs.age]\n", []),
        (NAMED, CSV + "[data.targets.digit]\n", ["E406 digit: its outputs are `class` and `score`"]),
        (NAMED, '[training.outputs.sure]\nloss = "mse"\n', ["E406 sure: its outputs are `class` and `score`"]),
    ],
)
def test_names_of_inputs_and_outputs(outputs: str, rest: str, expected: list[str]) -> None:
    assert said(outputs, rest) == expected


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ('"sparse_categorical_crossentropy"', ["E409"]),
        ('"categorical_crossentropy"', ["E409"]),
        ('{ type = "CategoricalCrossentropy", from_logits = true }', ["E409"]),
        ('{ type = "CategoricalFocalCrossentropy" }', ["E409"]),
        ('"binary_crossentropy"', []),
        ('"mse"', []),
        ('{ type = "Huber", delta = 2.0 }', []),
    ],
)
def test_losses_that_compare_classes_want_more_than_one(loss: str, expected: list[str]) -> None:
    rest = f'[training.outputs.sure]\nloss = {loss}\n[training.outputs.digit]\nloss = "mse"\n'
    found = compile_text(HEAD + TWO + LAYERS + rest).diagnostics
    assert [one.code for one in found] == expected
    assert all(one.finding.pointer == ("training", "outputs", "sure", "loss") for one in found)


def test_a_loss_for_all_outputs_is_looked_at_for_each() -> None:
    found = compile_text(HEAD + TWO + LAYERS + '[training]\nloss = "sparse_categorical_crossentropy"\n').diagnostics
    assert [one.code for one in found] == ["E409"]
    assert "`sure`" in found[0].message


def test_text_has_no_loss() -> None:
    text = """
keraspec = 1
inputs.n = { shape = [1], dtype = "int64" }
layers = [{ name = "word", type = "IntegerLookup", vocabulary = [1, 2], invert = false },
  { name = "s", type = "StringLookup", vocabulary = ["a", "b"], invert = true }]
[training]
loss = "mse"
"""
    assert [one.code for one in compile_text(text).diagnostics] == ["E409"]


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        ("loss", None),
        ("val_loss", None),
        ("digit_loss", None),
        ("val_sure_loss", None),
        ("digit_accuracy", None),
        ("val_digit_mean_absolute_error", None),
        ("learning_rate", None),
        ("accuracy", 'did you mean "digit_accuracy"?'),
        ("val_los", 'did you mean "val_loss"?'),
        ("digit_acc", 'did you mean "digit_accuracy"?'),
        ("sure_accuracy", "there are `loss`"),
        ("zzz", "there are `loss`"),
    ],
)
def test_monitors(monitor: str, expected: str | None) -> None:
    rest = f"""
[data]
source = {{ type = "csv", path = "a.csv" }}
split = {{ validation = 0.2 }}
[training.outputs.digit]
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy", {{ type = "MeanAbsoluteError" }}]
[training.outputs.sure]
loss = "mse"
[[training.callbacks]]
type = "EarlyStopping"
monitor = "{monitor}"
"""
    found = compile_text(HEAD + TWO + LAYERS + rest).diagnostics
    if expected is None:
        assert found == ()
    else:
        (one,) = found
        assert (one.code, one.finding.pointer) == ("E411", ("training", "callbacks", 0, "monitor"))
        assert expected in (one.help or "")


def test_nothing_is_measured_on_what_was_not_kept_aside() -> None:
    rest = CSV + '[training]\nloss = "mse"\ncallbacks = [{ type = "EarlyStopping", monitor = "val_loss" }]\n'
    (one,) = compile_text(HEAD + TWO + LAYERS + rest).diagnostics
    assert one.code == "E411"
    assert "split = { validation" in (one.help or "")


def test_names_are_not_judged_while_the_model_is_not_understood() -> None:
    broken = LAYERS.replace('name = "digit"', "name = digit")
    found = compile_text(HEAD + TWO + broken + CSV + "[data.targets.score]\n").diagnostics
    assert [one.code for one in found] == ["E002"]
