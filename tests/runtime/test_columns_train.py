"""Training with weights of rows, windows and parts of their own, to the end: the numbers are Keras' own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keraspec.runtime.data import prepare
from keraspec.runtime.evaluate import evaluate
from keraspec.runtime.predict import predict
from keraspec.runtime.progress import Progress
from keraspec.runtime.train import train

SPEC = """
keraspec = 1
inputs.past.shape = {shape}
layers = [{{ name = "flat", type = "Flatten" }}, {{ name = "next", type = "Dense", units = {units} }}]
[data]
source = {{ type = "csv", path = "t.csv" }}
batch_size = 8
{data}
[training]
epochs = 3
loss = "{loss}"
metrics = ["mae"]
optimizer = {{ type = "SGD", learning_rate = 0.01 }}
"""
AB = 'inputs.past.column = ["a", "b"]\ntargets.next.column = "y"\n'


def spec(data, shape="[2]", units=1, loss="mse"):
    return SPEC.format(data=data, shape=shape, units=units, loss=loss)


def table_of(count=60, seed=0):
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, count)).round(4)
    weight = random.integers(0, 5, count)
    rows = zip(a, b, (a - 2 * b + random.normal(0, 0.1, count)).round(4), weight, strict=True)
    return "a,b,y,w\n" + "".join(f"{one[0]},{one[1]},{one[2]},{one[3]}\n" for one in rows)


def run(check, tmp_path, text, **files):
    checked = check(text, files={name.replace("_", "."): content for name, content in files.items()})
    return checked, train(checked.typed, tmp_path, run_dir=tmp_path / "run", show=Progress(lambda text: None))


def weighted(model, rows):
    """The loss as Keras' own model computes it with weights of rows; metrics take no weights there either."""
    errors = (model.predict(rows.inputs["past"], verbose=0) - rows.targets["next"]) ** 2
    return float(np.mean(errors.mean(-1) * rows.weights["next"]))


def test_weights_count_in_training_and_in_validation(check, tmp_path):
    data = AB + 'sample_weight = "w"\nshuffle = false\nsplit = { validation = 0.3 }'
    checked, found = run(check, tmp_path, spec(data), t_csv=table_of())
    rows = prepare(checked.typed, tmp_path).parts
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    assert found.history[-1]["val_loss"] == pytest.approx(weighted(model, rows["validation"]), rel=1e-5)
    assert found.metrics["train"]["loss"] == pytest.approx(weighted(model, rows["train"]), rel=1e-5)
    keras.utils.set_random_seed(0)
    own = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    own.compile(keras.optimizers.SGD(0.01), "mse")
    again = own.fit(
        rows["train"].inputs["past"],
        rows["train"].targets["next"],
        sample_weight=rows["train"].weights["next"],
        validation_data=(
            rows["validation"].inputs["past"],
            rows["validation"].targets["next"],
            rows["validation"].weights["next"],
        ),
        batch_size=8,
        epochs=3,
        shuffle=False,
        verbose=0,
    )
    for key in ("loss", "val_loss"):
        assert [row[key] for row in found.history] == pytest.approx(again.history[key], rel=1e-5)
    measured = evaluate(checked.typed, tmp_path / "run")
    assert measured.data == "validation"
    assert measured.metrics["loss"] == pytest.approx(found.history[-1]["val_loss"], rel=1e-6)
    (tmp_path / "plain.csv").write_text("a,b,y\n1,0,1\n0,1,-2\n")
    assert evaluate(checked.typed, tmp_path / "run", tmp_path / "plain.csv").rows == 2


def test_windows_are_trained_on_measured_and_predicted(check, tmp_path):
    series = 'inputs.past.column = "a"\ntargets.next.column = "a"\nwindow = { length = 4, stride = 2, group = "s" }\n'
    text = spec(series + "split = { validation = 0.25, test = 0.25 }", "[4, 1]")
    cells = [(s, round(float(np.sin(0.4 * t + s)), 5)) for t in range(40) for s in (0, 1)]
    table = "s,a\n" + "".join(f"{s},{a}\n" for s, a in cells)
    checked, found = run(check, tmp_path, text, t_csv=table)
    rows = prepare(checked.typed, tmp_path).parts
    assert {part: one.count for part, one in rows.items()} == {"train": 16, "validation": 6, "test": 6}
    assert found.history[-1]["loss"] < found.history[0]["loss"]
    measured = evaluate(checked.typed, tmp_path / "run")
    assert (measured.data, measured.rows) == ("test", 6)
    assert measured.metrics == pytest.approx(found.metrics["test"], rel=1e-6)
    (tmp_path / "new.csv").write_text("s,a\n" + "".join(f"7,{a}\n" for _, a in cells[:12:2]))
    made = predict(tmp_path / "run", tmp_path / "new.csv")
    assert made.rows.tolist() == [3, 4, 5]
    assert made.columns["prediction"][:3] == [None] * 3
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    values = np.array([a for _, a in cells[:12:2]], "float32")
    expected = model.predict(np.stack([values[i : i + 4] for i in range(3)])[..., None], verbose=0)
    assert np.allclose(made.outputs["next"].values, expected)


def test_the_test_source_is_what_is_measured(check, tmp_path):
    data = AB + "split.test = { type = 'csv', path = 'u.csv' }\nsplit.validation = 0.2"
    checked, found = run(check, tmp_path, spec(data), t_csv=table_of(), u_csv=table_of(13, 1))
    measured = evaluate(checked.typed, tmp_path / "run")
    assert (measured.data, measured.rows) == ("test", 13)
    assert measured.metrics == pytest.approx(found.metrics["test"], rel=1e-6)


@pytest.mark.parametrize("way", ['group = "w"', 'time = "a"'])
def test_a_run_finds_its_parts_again(check, tmp_path, way):
    checked, found = run(check, tmp_path, spec(AB + f"split = {{ test = 0.3, {way} }}"), t_csv=table_of())
    measured = evaluate(checked.typed, tmp_path / "run")
    assert measured.rows == prepare(checked.typed, tmp_path).parts["test"].count
    assert measured.metrics == pytest.approx(found.metrics["test"], rel=1e-6)


def test_an_autoencoder_has_its_inputs_as_targets(check, tmp_path):
    data = 'inputs.past.column = ["a", "b"]\ntargets.next.column = ["a", "b"]\n'
    checked, found = run(check, tmp_path, spec(data, units=2), t_csv=table_of())
    rows = prepare(checked.typed, tmp_path).parts["train"]
    assert np.array_equal(rows.inputs["past"], rows.targets["next"])
    assert found.history[-1]["loss"] < found.history[0]["loss"]


def test_several_labels_at_once(check, tmp_path):
    text = spec('inputs.past.column = ["a", "b"]\ntargets.next.column = "is_*"\n', units=3, loss="binary_crossentropy")
    text = text.replace("units = 3", 'units = 3, activation = "sigmoid"').replace('"mae"', '"binary_accuracy"')
    cells = [(i % 7, i % 3, i % 2, int(i % 3 == 0), "true" if i % 5 else "false") for i in range(30)]
    table = "a,b,is_red,is_big,is_old\n" + "".join(",".join(map(str, row)) + "\n" for row in cells)
    checked, found = run(check, tmp_path, text, t_csv=table)
    targets = prepare(checked.typed, tmp_path).parts["train"].targets["next"]
    assert targets.tolist() == [[row[2], row[3], float(row[4] == "true")] for row in cells]
    assert 0 <= found.metrics["train"]["binary_accuracy"] <= 1
