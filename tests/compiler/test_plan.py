"""What can be said of data and training before there is any data: names, losses, callbacks."""

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
activation = "softmax"
[[layers]]
name = "sure"
type = "Dense"
units = 1
activation = "sigmoid"
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
        ("learning_rate", 'monitor "loss"'),
        ("val_digit_acc", 'did you mean "val_digit_accuracy"?'),
        ("val_digit_mae", 'did you mean "val_digit_mean_absolute_error"?'),
        ("val_acc", 'did you mean "val_digit_accuracy"?'),
        ("accuracy", 'did you mean "digit_accuracy"?'),
        ("val_los", 'did you mean "val_loss"?'),
        ("digit_acc", 'did you mean "digit_accuracy"?'),
        ("sure_accuracy", "there are `loss`, "),
        ("zzz", "there are `loss`, "),
    ],
)
def test_monitors(monitor: str, expected: str | None) -> None:
    rest = f"""
[data]
source = {{ type = "csv", path = "a.csv" }}
split = {{ validation = 0.2 }}
[training.outputs.digit]
loss = "categorical_crossentropy"
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


@pytest.mark.parametrize(
    ("more", "there"), [("", "there is `loss`"), ('\nmetrics = ["mae"]', "there are `loss` and `mae`")]
)
def test_what_there_is_to_tell_the_best_by(more: str, there: str) -> None:
    layers = "inputs.x.shape = [3]\nlayers = [{ name = 'y', type = 'Dense', units = 1 }]\n"
    rest = f'{CSV}[training]\nloss = "mse"\ncheckpoint = {{ best = "zzz" }}{more}\n'
    (one,) = compile_text("keraspec = 1\n" + layers + rest).diagnostics
    assert (one.code, one.help) == ("E411", there)


def test_nothing_is_measured_on_what_was_not_kept_aside() -> None:
    rest = CSV + '[training]\nloss = "mse"\ncallbacks = [{ type = "EarlyStopping", monitor = "val_loss" }]\n'
    (one,) = compile_text(HEAD + TWO + LAYERS + rest).diagnostics
    assert one.code == "E411"
    assert "split = { validation" in (one.help or "")


def test_names_are_not_judged_while_the_model_is_not_understood() -> None:
    broken = LAYERS.replace('name = "digit"', "name = digit")
    found = compile_text(HEAD + TWO + broken + CSV + "[data.targets.score]\n").diagnostics
    assert [one.code for one in found] == ["E002"]


FIT = """keraspec = 1
inputs.x.shape = [4]
layers = [{ name = "out", type = "Dense", units = 3, activation = "softmax" }]
[data]
source = { type = "csv", path = "a.csv" }
split = { validation = 0.2 }
[training]
epochs = 10
loss = "categorical_crossentropy"
metrics = ["accuracy", { type = "F1Score" }, { type = "TruePositives" }, "accuracy"]
OPTIMIZER
callbacks = [CALLBACKS]
"""
STOP = '{ type = "EarlyStopping"'
SAVE = '{ type = "ModelCheckpoint"'
PLATEAU = '{ type = "ReduceLROnPlateau"'
SCHEDULE = """optimizer = { type = "SGD", learning_rate = { type = "CosineDecay", initial_learning_rate = 0.1, \
decay_steps = 9 } }""".replace("\\\n", "")


def fit(callbacks: str, optimizer: str = "") -> list[str]:
    found = compile_text(FIT.replace("CALLBACKS", callbacks).replace("OPTIMIZER", optimizer)).diagnostics
    return [f"{one.code} {one.place.source.text[one.place.start : one.place.end]}: {one.help}" for one in found]


@pytest.mark.parametrize(
    ("callbacks", "expected"),
    [
        (STOP + " }", []),
        (STOP + ', monitor = "val_accuracy" }', []),
        (STOP + ', monitor = "val_accuracy", mode = "max" }', []),
        (STOP + ', monitor = "val_accuracy", mode = "min" }',
         ['E420 "min": leave out `mode`, or write `mode = "max"`']),
        (STOP + ', mode = "max" }', ['E420 "max": leave out `mode`, or write `mode = "min"`']),
        (STOP + ', monitor = "true_positives" }', ['E420 "true_positives": write `mode = "max"`']),
        (STOP + ', monitor = "true_positives", mode = "max" }', []),
        (STOP + ', monitor = "accuracy_1" }', ['E420 "accuracy_1": write `mode = "max"`']),
        (STOP + ', monitor = "val_f1_score" }',
         ['E420 "val_f1_score": make one of them: `{ type = "F1Score", average = "macro" }`']),
        (STOP + ', monitor = "val_acc" }', ['E411 "val_acc": did you mean "val_accuracy"?']),
        (STOP + ', monitor = "learning_rate", mode = "min" }',
         ['E411 "learning_rate": monitor "loss" or "val_loss", or put ReduceLROnPlateau before it']),
        (PLATEAU + ', patience = 2 }, ' + STOP + ', monitor = "learning_rate", mode = "min" }', []),
        (PLATEAU + ', patience = 2 }, ' + STOP + ', monitor = "learning_rate" }',
         ['E420 "learning_rate": write `mode = "min"`']),
        (STOP + ", patience = 10 }", ["W403 10: write a smaller `patience`, or more `epochs`"]),
        (STOP + ", patience = 9 }", []),
        (STOP + ", patience = 10, restore_best_weights = true }", []),
        (STOP + ", patience = 1, start_from_epoch = 10 }",
         ["W403 10: write a smaller `start_from_epoch`, or more `epochs`"]),
        (PLATEAU + ", patience = 12 }", ["W403 12: write a smaller `patience`, or more `epochs`"]),
        (PLATEAU + ", patience = 2, min_lr = 0.1 }", ["W403 0.1: write a smaller `min_lr`"]),
        (SAVE + ', filepath = "a_{epoch:02d}_{val_loss:.2f}.keras" }', []),
        (SAVE + ', filepath = "a_{val_acc:.2f}.keras" }',
         ['E411 "a_{val_acc:.2f}.keras": did you mean `{val_accuracy}`?']),
        (SAVE + ', filepath = "a_{batch}.keras" }', ['E411 "a_{batch}.keras": write `{epoch}`']),
        (SAVE + ', filepath = "a_{batch}.keras", save_freq = 5 }', []),
        (SAVE + ', filepath = "a_{val_loss:.2f}.keras", save_freq = 5 }',
         ['E411 "a_{val_loss:.2f}.keras": write `save_freq = "epoch"`']),
        (SAVE + ', filepath = "a_{loss:02d}.keras" }', ['E420 "a_{loss:02d}.keras": write `{loss:.3f}`']),
        (SAVE + ', filepath = "a_{f1_score:.2f}.keras" }',
         ['E420 "a_{f1_score:.2f}.keras": make one of them: `{ type = "F1Score", average = "macro" }`']),
        (SAVE + ', filepath = "a_{learning_rate:.2f}.keras" }', ['E411 "a_{learning_rate:.2f}.keras": leave it out']),
        (SAVE + ', filepath = "a.keras", monitor = "zzz", mode = "min" }', []),
        (SAVE + ', filepath = "a.keras", monitor = "val_acc", save_best_only = true }',
         ['E411 "val_acc": did you mean "val_accuracy"?']),
        ('{ type = "SwapEMAWeights" }', ['W403 "SwapEMAWeights": write `use_ema = true` in the optimizer']),
    ],
)  # fmt: skip
def test_callbacks(callbacks: str, expected: list[str]) -> None:
    assert fit(callbacks) == expected


def test_two_can_not_set_the_learning_rate() -> None:
    wrong = 'E420 "ReduceLROnPlateau": write a number as `learning_rate`, or leave the callback out'
    assert fit(PLATEAU + ", patience = 2 }", SCHEDULE) == [wrong]
    scaled = SCHEDULE.replace("optimizer = ", 'optimizer = { type = "LossScaleOptimizer", inner_optimizer = ') + " }"
    assert fit(PLATEAU + ", patience = 2 }", scaled) == [wrong]
    assert fit(PLATEAU + ", patience = 2 }", 'optimizer = { type = "SGD", learning_rate = 0.1 }') == []


def test_without_validation_the_default_monitor_watches_nothing() -> None:
    text = FIT.replace("split = { validation = 0.2 }\n", "").replace("OPTIMIZER", "")
    for callback, codes in ((STOP + " }", ["E411"]), (SAVE + ', filepath = "a.keras" }', []),
                            (SAVE + ', filepath = "{val_loss:.2f}.keras" }', ["E411"])):  # fmt: skip
        assert [one.code for one in compile_text(text.replace("CALLBACKS", callback)).diagnostics] == codes


def test_a_training_section_that_is_not_understood_is_not_judged() -> None:
    text = FIT.replace("OPTIMIZER", "").replace("CALLBACKS", STOP + ', monitor = "zzz" }')
    found = compile_text(text.replace('"categorical_crossentropy"', '"categorical_crosentropy"')).diagnostics
    assert [one.code for one in found] == ["E108"]


@pytest.mark.parametrize(
    ("metric", "callback"),
    [
        ('{ type = "MeanIoU" }', STOP + " }"),
        ('{ type = "IoU", num_classes = 3 }', SAVE + " }"),
        ('"accuracy"', SAVE + ', filepath = "../a_{" }'),
        ('"accuracy"', STOP + ", patience = {} }"),
    ],
)
def test_what_lacks_an_argument_is_said_elsewhere_and_harms_nothing(metric: str, callback: str) -> None:
    text = FIT.replace("OPTIMIZER", "").replace("CALLBACKS", callback)
    found = compile_text(text.replace('"accuracy", { type = "F1', f'{metric}, {{ type = "F1')).diagnostics
    codes = {one.code[:2] for one in found}
    assert "E1" in codes
    assert codes <= {"E1", "E4"}
