"""What a model gets right and wrong, for every kind of output: counted anew from what the model gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import keraspec
from keraspec.runtime.data import prepare
from keraspec.runtime.interface import interface_of
from keraspec.runtime.judged import judge
from keraspec.runtime.reporting import keep
from keraspec.runtime.reporting.shown import lines, noun, picture, shown

ROWS = 21


@pytest.fixture
def judged(check, tmp_path):
    """A spec over arrays → model, interface, rows, and the judgement of the untrained model."""

    def made(text: str, **arrays):
        np.savez(tmp_path / "t.npz", **arrays)
        checked = check('keraspec = 1\nname = "n"\n' + text)
        prepared = prepare(checked.typed, tmp_path)
        model = keraspec.build(checked)
        model.set_weights([np.random.default_rng(1).normal(size=one.shape) for one in model.get_weights()])
        interface = interface_of(checked.typed, prepared, tmp_path)
        rows = prepared.parts["train"]
        found = judge(checked.typed, model, interface, "train", rows, batch_size=4)
        return checked.typed, model, interface, rows, found

    return made


def x(*shape):
    return np.random.default_rng(0).normal(size=(ROWS, *shape)).astype("float32")


def whole(*shape, below):
    return np.random.default_rng(2).integers(0, below, (ROWS, *shape))


def counted(true, said, size):
    matrix = np.zeros((size, size), int)
    np.add.at(matrix, (true.reshape(-1), said.reshape(-1)), 1)
    return matrix


DATA = '[data]\nsource = { type = "npz", path = "t.npz" }\nshuffle = false\n'


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_classes(judged, loss):
    text = f"""
inputs.x.shape = [3]
layers = [{{ name = "y", type = "Dense", units = 4, activation = "softmax" }}]
{DATA}[training]
loss = "{loss}"
"""
    y = whole(below=4)
    y[:4] = range(4)
    _, model, _, rows, found = judged(text, x=x(3), y=y)
    given = model.predict(rows.inputs["x"], verbose=0)
    (verdict,) = found.verdicts
    np.testing.assert_array_equal(verdict.matrix, counted(y, given.argmax(1), 4))
    losses = -np.log(given[np.arange(ROWS), y])
    assert [one.row for one in found.worst] == np.argsort(-losses, kind="stable")[:12].tolist()
    assert [one.loss for one in found.worst] == pytest.approx(np.sort(losses)[::-1][:12].tolist(), rel=1e-4)


def test_yes_or_no_from_logits(judged):
    text = f"""
inputs.x.shape = [3]
layers = [{{ name = "y", type = "Dense", units = 1 }}]
{DATA}[training]
loss = {{ type = "BinaryCrossentropy", from_logits = true }}
"""
    y = whole(below=2)
    _, model, _, rows, found = judged(text, x=x(3), y=y)
    given = model.predict(rows.inputs["x"], verbose=0)[:, 0]
    np.testing.assert_array_equal(found.verdicts[0].matrix, counted(y, (given > 0).astype(int), 2))
    for one in found.worst:
        sure = 1 / (1 + np.exp(-abs(given[one.row])))
        assert (one.said, one.sure) == (str(int(given[one.row] > 0)), pytest.approx(sure, rel=1e-5))


def test_several_labels(judged):
    text = f"""
inputs.x.shape = [3]
layers = [{{ name = "y", type = "Dense", units = 3, activation = "sigmoid" }}]
{DATA}[training]
loss = "binary_crossentropy"
"""
    y = whole(3, below=2)
    _, model, _, rows, found = judged(text, x=x(3), y=y.astype("float32"))
    said = model.predict(rows.inputs["x"], verbose=0) >= 0.5
    (verdict,) = found.verdicts
    assert verdict.kind == "labels"
    assert (verdict.right, verdict.counted) == ((said == y).sum(), 3 * ROWS)
    assert verdict.matrix[:, 0].tolist() == (said & (y == 1)).sum(0).tolist()
    assert verdict.matrix.sum(1).tolist() == [ROWS] * 3


def test_a_class_for_each_step_and_some_that_do_not_count(judged):
    text = f"""
inputs.x.shape = [5, 2]
layers = [{{ name = "y", type = "Dense", units = 3, activation = "softmax" }}]
{DATA}[training]
loss = {{ type = "SparseCategoricalCrossentropy", ignore_class = 0 }}
"""
    y = whole(5, below=3)
    _, model, _, rows, found = judged(text, x=x(5, 2), y=y)
    said = model.predict(rows.inputs["x"], verbose=0).argmax(-1)
    wanted = counted(y, said, 3)
    wanted[0] = 0
    np.testing.assert_array_equal(found.verdicts[0].matrix, wanted)
    assert found.verdicts[0].counted == (y != 0).sum()


def test_numbers_and_several_outputs(judged):
    text = f"""
inputs.x.shape = [3]
layers = [
  {{ name = "size", type = "Dense", units = 2 }},
  {{ name = "kind", type = "Dense", units = 2, activation = "softmax", inputs = "x" }},
]
outputs = {{ size = "size", kind = "kind" }}
{DATA}[training.outputs]
size.loss = "mse"
kind.loss = "sparse_categorical_crossentropy"
"""
    size, kind = x(2) * 3 + 1, whole(below=2)
    typed, model, interface, rows, found = judged(text, x=x(3), size=size, kind=kind)
    given = model.predict(rows.inputs["x"], verbose=0)
    numbers, classes = found.verdicts
    errors = numbers.errors
    assert errors["mean_absolute_error"] == pytest.approx(np.abs(given["size"] - size).mean(), rel=1e-5)
    assert errors["root_mean_squared_error"] == pytest.approx(((given["size"] - size) ** 2).mean() ** 0.5, rel=1e-5)
    assert errors["standard_deviation"] == pytest.approx(size.std(), rel=1e-5)
    assert (errors["least"], errors["most"]) == (size.min(), size.max())
    assert len(numbers.pairs) == ROWS
    assert all(true in size for true, _ in np.float32(numbers.pairs))
    np.testing.assert_array_equal(classes.matrix, counted(kind, given["kind"].argmax(1), 2))
    assert {one.output for one in found.worst} <= {"size", "kind"}
    folder = Path(interface.folder)
    keep(folder, typed, model, interface, "train", rows)
    table = json.loads((folder / "judged.json").read_text())
    assert [one["name"] for one in table["outputs"]] == ["size", "kind"]
    assert (folder / "confusion-kind.csv").is_file()


def test_what_rows_look_like(judged):
    text = f"""
inputs.x.shape = [6, 6, 1]
layers = [{{ type = "Flatten" }}, {{ name = "y", type = "Dense", units = 1 }}]
{DATA}[training]
loss = "mse"
"""
    _, _, interface, rows, _ = judged(text, x=np.abs(x(6, 6, 1)), y=x())
    (one,) = shown(interface, rows, 3)
    assert one["name"] == "x"
    assert one["picture"].startswith("data:image/png;base64,iVBOR")
    assert noun(interface) == "pictures"


@pytest.mark.parametrize(
    ("array", "least", "most"),
    [
        (np.linspace(0, 1, 64).reshape(8, 8), 0, 255),
        (np.linspace(0, 255, 64).reshape(8, 8, 1), 0, 255),
        (np.linspace(10, 200, 192).reshape(8, 8, 3), 10, 200),
        (np.linspace(0, 16, 64).reshape(8, 8), 0, 255),
        (np.linspace(-3, 3, 64).reshape(8, 8), 0, 255),
        (np.full((4, 4), np.nan), 0, 0),
    ],
)
def test_pictures_are_spread_as_their_numbers_say(array, least, most):
    import base64
    import io

    from PIL import Image

    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture(array).partition(",")[2]))))
    assert (found.min(), found.max()) == (least, most)


def test_long_series_become_short_lines():
    found = lines(np.arange(4000.0).reshape(1000, 4))
    assert (len(found), len(found[0]), found[1][:2]) == (3, 200, [1, 21])
