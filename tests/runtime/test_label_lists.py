"""Targets that are lists: any number of labels a row, and a label for each step of rows of unequal length."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from keraspec.runtime.data import prepare
from keraspec.runtime.evaluate import evaluate
from keraspec.runtime.predict import predict
from keraspec.runtime.progress import Progress
from keraspec.runtime.train import train

SEVERAL = """
keraspec = 1
inputs.x.shape = [2]
layers = [{ name = "tags", type = "Dense", units = 3, activation = "sigmoid" }]
[data]
source = { type = "jsonl", path = "t.jsonl" }
[training]
loss = "binary_crossentropy"
metrics = ["binary_accuracy"]
"""
STEPS = """
keraspec = 1
inputs.words = { shape = ["time"], dtype = "int32" }
layers = [
  { type = "Embedding", input_dim = 20, output_dim = 8, mask_zero = true },
  { name = "tag", type = "Dense", units = 3, activation = "softmax" },
]
[data]
source = { type = "jsonl", path = "t.jsonl" }
batch_size = 4
cache = true
[training]
epochs = 8
optimizer = { type = "Adam", learning_rate = 0.1 }
loss = "sparse_categorical_crossentropy"
"""
NAMES = ("noun", "other", "verb")


def table(folder, rows):
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def targets(check, text, *overrides):
    checked = check(text, *overrides)
    (found,) = prepare(checked.typed, checked.path.parent).parts["train"].targets.values()
    return found


def problem(check, refused, text, *overrides):
    checked = check(text, *overrides)
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    return one


def tagged(folder, count=40, seed=0):
    """Sentences of unequal length, in which the remainder of a word by three is its tag."""
    draw = np.random.default_rng(seed)
    words = [draw.integers(1, 20, draw.integers(1, 8)).tolist() for _ in range(count)]
    table(
        folder, [{"words": row, "tag": [NAMES[one % 3] for one in row], "n": [one % 3 for one in row]} for row in words]
    )
    return words


@pytest.mark.parametrize(
    ("cells", "how"),
    [
        ([["red", "old"], [], ["big"]], ""),
        ([["red", "old"], [], ["big"]], "one_hot"),
        ([["red", "old"], ["big", "old"], ["red", "red"]], ""),
        ([[12, 2], [], [7]], "one_hot"),
    ],
)
def test_any_number_of_labels_a_row(check, tmp_path, cells, how):
    table(tmp_path, [{"x": [0.5, index], "tags": cell} for index, cell in enumerate(cells)])
    labels = sorted({one for cell in cells for one in cell})
    expected = [[float(label in cell) for label in labels] for cell in cells]
    found = targets(check, SEVERAL, *([f"data.targets.tags.encode={how}"] if how else []))
    assert found.tolist() == expected


def test_labels_and_units_must_agree(check, refused, tmp_path):
    table(tmp_path, [{"x": [1, 2], "tags": ["a", "b"]}, {"x": [1, 2], "tags": []}])
    found = problem(check, refused, SEVERAL)
    assert (found.code, found.help) == ("E403", "set `units = 2` in the last layer")
    one = SEVERAL.replace("units = 3", "units = 2").replace("sigmoid", "softmax")
    one = one.replace("binary_crossentropy", "sparse_categorical_crossentropy").replace("binary_acc", "acc")
    found = problem(check, refused, one)
    assert found.code == "E405"
    assert "holds a list of labels in each row" in found.message
    assert "sigmoid" in found.help


def test_predictions_name_every_label(check, tmp_path):
    tags = [["odd"] * (index % 2) + ["third"] * (index % 3 == 0) + ["any"] for index in range(36)]
    rows = [{"x": [index % 2, int(index % 3 == 0)], "tags": one} for index, one in enumerate(tags)]
    table(tmp_path, rows)
    checked = check(SEVERAL, "training.epochs=60", "training.optimizer={type='Adam',learning_rate=0.2}")
    run = train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=Progress(lambda text: None))
    assert run.metrics["train"]["binary_accuracy"] == 1
    said = predict(tmp_path / "run", tmp_path / "t.jsonl").outputs["tags"]
    assert said.classes == ("any", "odd", "third")
    assert said.labels.tolist() == ["; ".join(sorted(row["tags"])) for row in rows]


@pytest.mark.parametrize(("column", "kept"), [("tag", "true"), ("n", "true"), ("tag", "false"), ("n", "false")])
def test_steps_are_as_long_as_the_inputs_of_their_batch(check, tmp_path, column, kept):
    words = tagged(tmp_path)
    checked = check(STEPS, f"data.targets.tag.column={column}", f"data.cache={kept}")
    rows = prepare(checked.typed, tmp_path).parts["train"]
    for first in range(0, len(words), 4):
        inputs, found = rows.inputs["words"][first : first + 4], rows.targets["tag"][first : first + 4]
        assert inputs.shape == found.shape == (4, max(map(len, words[first : first + 4])))
        assert np.array_equal(found, np.where(inputs > 0, inputs % 3, 0))


def test_steps_of_a_known_number(check, refused, tmp_path):
    tagged(tmp_path)
    for column in ("tag", "n"):
        known = STEPS.replace('["time"]', "[9]").replace("cache = true", f'targets.tag.column = "{column}"')
        found = targets(check, known)
        assert found.shape == (40, 9)
        assert not found[:, 7:].any()
        checked = check(known.replace("[9]", "[6]"))
        found = refused(lambda checked=checked: prepare(checked.typed, tmp_path))
        assert [one.code for one in found] == ["E405", "E405"]


def test_tags_of_unequal_sentences_are_learned(check, tmp_path, monkeypatch):
    words = tagged(tmp_path)
    checked = check(STEPS)
    run = train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=Progress(lambda text: None))
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    losses = []
    for row in words:
        said = np.log(model.predict_on_batch(np.array([row]))[0])
        losses += [-said[index, one % 3] for index, one in enumerate(row)]
    assert run.metrics["train"]["loss"] == pytest.approx(np.mean(losses), rel=0.3)
    assert np.mean(losses) < 0.2
    said = predict(tmp_path / "run", tmp_path / "t.jsonl")
    monkeypatch.setattr("keraspec.runtime.predict.BATCH", 4)
    again = predict(tmp_path / "run", tmp_path / "t.jsonl")
    for one in (said, again):
        assert one.columns["prediction"] == [" ".join(NAMES[word % 3] for word in row) for row in words]
        assert one.outputs["tag"].values.shape == (40, 7, 3)
    again = evaluate(checked.typed, tmp_path / "run", tmp_path / "t.jsonl", confusion=tmp_path / "found")
    assert again.metrics["loss"] == pytest.approx(run.metrics["train"]["loss"], rel=1e-5)
    assert again.judgement is not None
    (verdict,) = again.judgement.verdicts
    assert verdict.counted == sum(map(len, words)) == verdict.matrix.sum()
    assert all(len(one.truth.split()) == len(words[one.row]) for one in again.judgement.worst)


@pytest.mark.long
@pytest.mark.parametrize(("shape", "mask"), [("[9]", "true"), ('["time"]', "false")])
def test_steps_that_were_filled_up_are_no_examples(check, tmp_path, shape, mask):
    """By the model's mask where rows have the length that the spec states, else by the lengths of the rows."""
    words = tagged(tmp_path)
    text = STEPS.replace('["time"]', shape).replace("mask_zero = true", f"mask_zero = {mask}")
    checked = check(text.replace("epochs = 8", "epochs = 1").replace("0.1", "0.001"))
    train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=Progress(lambda text: None))
    found = evaluate(checked.typed, tmp_path / "run", tmp_path / "t.jsonl", confusion=tmp_path / "found").judgement
    (verdict,) = found.verdicts
    assert verdict.counted == sum(map(len, words))
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    said = model.predict_on_batch(np.array([row + [0] * (9 - len(row)) for row in words]))
    losses = [
        np.mean([-np.log(step[word % 3]) for step, word in zip(steps, row, strict=False)])
        for steps, row in zip(said, words, strict=True)
    ]
    worst = sorted(range(len(words)), key=lambda row: -losses[row])[:12]
    assert [one.row for one in found.worst] == worst
    assert [one.loss for one in found.worst] == pytest.approx([losses[row] for row in worst], rel=1e-4)
    assert all(one.truth.split() == [NAMES[word % 3] for word in words[one.row]] for one in found.worst)


NUMBERS = """
keraspec = 1
inputs.x = { shape = ["time", 2] }
layers = [{ name = "y", type = "Dense", units = 1, kernel_initializer = "ones" }]
[data]
source = { type = "jsonl", path = "t.jsonl" }
batch_size = 4
[training]
optimizer = { type = "SGD", learning_rate = 1e-12 }
loss = "mse"
"""


@pytest.mark.parametrize(
    ("shape", "together"), [('["time", 2]', True), pytest.param("[9, 2]", False, marks=pytest.mark.long)]
)
def test_numbers_of_steps_are_as_many_as_the_row_has(check, tmp_path, monkeypatch, shape, together):
    """The model adds the two numbers of each step."""
    monkeypatch.setattr("keraspec.runtime.predict.BATCH", 4)
    lengths = [3, 1, 2, 5, 4, 4, 4, 4, 9, 1]
    rows = [[[index + 1, step] for step in range(length)] for index, length in enumerate(lengths)]
    off = [[sum(step) + 1.0 for step in row] for row in rows]
    table(tmp_path, [{"x": row, "y": one} for row, one in zip(rows, off, strict=True)])
    text = NUMBERS.replace('["time", 2]', shape)
    checked = check(text)
    train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=Progress(lambda text: None))
    found = predict(tmp_path / "run", tmp_path / "t.jsonl")
    sums = [[float(sum(step)) for step in row] for row in rows]
    if together:
        assert found.columns == {"prediction": [" ".join(f"{one:g}" for one in row) for row in sums]}
    else:
        columns = found.columns
        assert [*columns] == [f"prediction_{index}" for index in range(9)]
        for index, row in enumerate(sums):
            assert [column[index] for column in columns.values()] == row + [None] * (9 - len(row))
    assert np.isfinite(found.outputs["y"].values).sum() == sum(lengths)
    lines = found.csv().splitlines()
    assert {line.count(",") for line in lines} == {lines[0].count(",")}
    if together:
        again = evaluate(checked.typed, tmp_path / "run", tmp_path / "t.jsonl", confusion=tmp_path / "found")
        (verdict,) = again.judgement.verdicts
        assert verdict.counted == sum(lengths)
        assert verdict.errors["mean_absolute_error"] == pytest.approx(1)
        assert [one.loss for one in again.judgement.worst] == pytest.approx([1] * 10)


CELLS = {
    "lists": [[], ["red", "old"], ["big"], [], ["old"], ["big", "red", "old"]] * 3,
    "pairs": [["red", "old"], ["big", "old"], ["red", "red"], ["old", "big"]] * 3,
    "numbers": [[12, 2], [], [7], [7], [7], [2, 12, 7]] * 3,
    "digits": [["10", "9"], ["9"], ["10", "2"], []] * 3,
    "late": [[]] * 9 + [["red", "old"], ["big"]],
    "two widths": [["red", "old"]] * 9 + [["big"]] * 9,
}


@pytest.mark.parametrize("size", [48, 2**20])
@pytest.mark.parametrize("name", [*CELLS])
def test_lists_by_the_batch(check, tmp_path, monkeypatch, name, size):
    """However the pieces of the source are cut, whose rows may have as many labels each: as all of it in memory."""
    monkeypatch.setattr("keraspec.runtime.sources.jsonl_pieces.AT_ONCE", size)
    monkeypatch.setattr("keraspec.runtime.laid.HELD_BYTES", 0)
    cells = CELLS[name]
    table(tmp_path, [{"x": [0.5, index], "tags": cell} for index, cell in enumerate(cells)])
    how = ["data.targets.tags.encode=one_hot"] if name == "numbers" else []
    whole, laid = (prepare(check(SEVERAL, *how, f"data.cache={kept}").typed, tmp_path) for kept in ("true", "false"))
    assert laid.streamed
    assert laid.encodings == whole.encodings
    one, other = (rows.parts["train"].targets["tags"][:] for rows in (whole, laid))
    assert one.dtype == other.dtype
    assert one.tolist() == other.tolist()
    assert one.sum() == sum(len(set(cell)) for cell in cells)


def test_pairs_of_words_for_steps_by_the_batch(check, tmp_path, monkeypatch):
    monkeypatch.setattr("keraspec.runtime.sources.jsonl_pieces.AT_ONCE", 48)
    words = [[1, 2], [3, 4], [5, 6]] * 4
    table(tmp_path, [{"words": row, "tag": [NAMES[one % 3] for one in row]} for row in words])
    for shape in ('["time"]', "[2]"):
        rows = prepare(check(STEPS.replace('["time"]', shape), "data.cache=false").typed, tmp_path).parts["train"]
        assert rows.targets["tag"][:].tolist() == [[one % 3 for one in row] for row in words]


def test_lists_and_single_labels_are_no_column(check, refused, tmp_path, monkeypatch):
    monkeypatch.setattr("keraspec.runtime.sources.jsonl_pieces.AT_ONCE", 48)
    found = []
    for kept in ("true", "false"):
        table(tmp_path, [{"x": [1, 2], "tags": ["a", "b"]}] * 4 + [{"x": [1, 2], "tags": "a"}] * 4)
        checked = check(SEVERAL, f"data.cache={kept}")
        found.append({one.code for one in refused(lambda checked=checked: prepare(checked.typed, tmp_path))})
    assert found[0] == found[1]


@pytest.mark.long
def test_a_file_of_single_labels_for_a_model_of_several(check, tmp_path, monkeypatch):
    """Trained by the batch, measured on another file that is read in pieces, in some of which all have one label."""
    monkeypatch.setattr("keraspec.runtime.sources.jsonl_pieces.AT_ONCE", 60)
    tags = [["odd"] * (index % 2) + ["third"] * (index % 3 == 0) + ["any"] for index in range(24)]
    rows = [{"x": [index % 2, int(index % 3 == 0)], "tags": one} for index, one in enumerate(tags)]
    table(tmp_path, rows)
    checked = check(SEVERAL, "data.cache=false")
    train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=Progress(lambda text: None))
    alone = [{"x": row["x"], "tags": row["tags"][-1:]} for row in rows]
    (tmp_path / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in alone))
    found = evaluate(checked.typed, tmp_path / "run", tmp_path / "other.jsonl")
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    said = model.predict_on_batch(np.array([row["x"] for row in rows], "float32"))
    expected = -(np.log(said[:, 0]) + np.log(1 - said[:, 1:]).sum(1)).mean() / 3
    assert found.metrics["loss"] == pytest.approx(expected, rel=1e-4)
