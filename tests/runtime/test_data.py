from __future__ import annotations

import io

import numpy as np
import pytest

from keraspec.runtime.arrays import from_arrays
from keraspec.runtime.data import prepare

HEAD = """
keraspec = 1
name = "t"
inputs.x.shape = [2]
[[layers]]
name = "y"
type = "Dense"
units = {units}
activation = "{activation}"
[data]
source = {{ type = "csv", path = "t.csv" }}
inputs.x.column = ["a", "b"]
targets.y.column = "label"
{data}
[training]
loss = {loss}
"""
SPARSE = '"sparse_categorical_crossentropy"'


def spec(units=2, loss=SPARSE, data="", activation="softmax"):
    return HEAD.format(units=units, loss=loss, data=data, activation=activation)


def prepared(check, table, *overrides, **how):
    checked = check(spec(**how), *overrides, files={"t.csv": table})
    return prepare(checked.typed, checked.path.parent)


def problem(check, refused, table, *overrides, **how):
    checked = check(spec(**how), *overrides, files={"t.csv": table})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    return one, checked


def test_columns_and_whole_labels(check):
    found = prepared(check, "label,a,b,more\n0,1,2,x\n1,3.5,4,x\n")
    train = found.parts["train"]
    assert train.inputs["x"].tolist() == [[1, 2], [3.5, 4]]
    assert train.inputs["x"].dtype == "float32"
    assert train.targets["y"].tolist() == [0, 1]
    assert found.encodings["y"].classes is None
    assert found.parts["test"].count == 0


def test_words_become_classes(check):
    found = prepared(check, "a,b,label\n1,2,no\n3,4,yes\n5,6,no\n")
    assert found.encodings["y"].classes == ("no", "yes")
    assert found.parts["train"].targets["y"].tolist() == [0, 1, 0]


def test_rows_of_probabilities(check):
    found = prepared(check, "a,b,label\n1,2,no\n3,4,yes\n", loss='"categorical_crossentropy"')
    assert found.encodings["y"].form == "one_hot"
    assert found.parts["train"].targets["y"].tolist() == [[1, 0], [0, 1]]


def test_one_unit_tells_two_classes_apart(check):
    found = prepared(check, "a,b,label\n1,2,no\n3,4,yes\n", units=1, loss='"binary_crossentropy"', activation="sigmoid")
    assert found.parts["train"].targets["y"].tolist() == [[0], [1]]


def test_encode_numbers_labels_from_zero(check):
    found = prepared(check, "a,b,label\n1,2,3\n3,4,7\n", data='targets.y.encode = "index"')
    assert found.encodings["y"].classes == ("3", "7")
    assert found.parts["train"].targets["y"].tolist() == [0, 1]


def test_numbers_for_a_regression(check):
    found = prepared(check, "a,b,label\n1,2,0.5\n3,4,7\n", units=1, loss='"mse"', activation="linear")
    assert found.parts["train"].targets["y"].tolist() == [[0.5], [7]]
    assert found.parts["train"].targets["y"].dtype == "float32"


@pytest.mark.parametrize(
    ("table", "how", "code", "at", "words"),
    [
        ("a,b,label\n1,2,1\n3,4,2\n", {}, "E403", "targets", "labels from 1 to 2"),
        ("a,b,label\n1,2,-1\n3,4,2\n", {}, "E403", "targets", "labels from -1 to 2"),
        ("a,b,label\n1,2,0.5\n3,4,1\n", {}, "E403", "targets", "whole numbers"),
        ("a,b,label\n1,2,x\n3,4,y\n3,4,z\n", {}, "E403", "targets", '3 classes ("x", "y", "z"), but the head has 2'),
        ("a,b,label\n1,2,x\n3,4,x\n", {}, "E403", "targets", "1 class "),
        ("a,b,label\n1,2,x\n3,4,y\n", {"units": 1, "loss": '"mse"', "activation": "linear"}, "E405", "targets", '"x"'),
        (
            "a,b,label\n1,2,0\n3,4,2\n",
            {"units": 1, "loss": '"binary_crossentropy"', "activation": "sigmoid"},
            "E403",
            "targets",
            "from 0 to 1",
        ),
        ("a,b,label\n1,x,0\n3,4,1\n", {}, "E405", "inputs", '"x", which is no number (first in row 1)'),
        ("a,b,label\n1,inf,0\n3,4,1\n", {}, "E405", "inputs", "infinite"),
        ("a,b,label\n1,,0\n3,,1\n", {}, "E404", "inputs", "2 cells have no value; the first is in row 1"),
        ("a,b,label\n1,2,0\n3,4,\n", {}, "E404", "targets", "1 cell has no value; the first is in row 2"),
        ("a,c,label\n1,2,0\n3,4,1\n", {}, "E402", "inputs", "no column `b`"),
        ("a,b,b,label\n1,2,0,0\n", {}, "E407", "inputs", "several columns"),
    ],
)
def test_what_the_data_can_not_mean(check, refused, table, how, code, at, words):
    one, checked = problem(check, refused, table, **how)
    assert one.code == code
    assert words in one.message
    assert one.pointer[:2] == ("data", at)
    line, _ = checked.locate(one).place.source.line_column(checked.locate(one).place.start)
    assert "column" in checked.document.source.line(line)
    assert one.help


def test_all_that_is_wrong_at_once(check, refused):
    checked = check(spec(), files={"t.csv": "c,d\n1,2\n"})
    found = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert [one.code for one in found] == ["E402", "E402", "E402"]


def test_rows_without_a_value_are_left_out(check):
    found = prepared(check, "a,b,label\n1,,0\n3,4,1\n5,6,\n7,8,0\n", data='missing = "drop"')
    assert found.parts["train"].inputs["x"].tolist() == [[3, 4], [7, 8]]
    assert found.dropped == 2


def test_missing_values_are_filled(check):
    found = prepared(check, "a,b,label\n1,,no\n,4,\n", data='missing = { "[ab]" = 9.5, label = "yes" }')
    assert found.parts["train"].inputs["x"].tolist() == [[1, 9.5], [9.5, 4]]
    assert found.encodings["y"].classes == ("no", "yes")


def test_nothing_left(check, refused):
    one, _ = problem(check, refused, "a,b,label\n1,,0\n", data='missing = "drop"')
    assert one.code == "E412"


def test_filling_a_column_that_is_not_there(check, refused):
    one, _ = problem(check, refused, "a,b,label\n1,2,0\n", data="missing = { c = 1 }")
    assert (one.code, one.pointer) == ("E402", ("data", "missing", "c"))


def test_stratify_by_a_column_that_is_not_there(check, refused):
    one, _ = problem(check, refused, "a,b,label\n1,2,0\n3,4,1\n", data='split = { test = 0.5, stratify = "labl" }')
    assert (one.code, one.pointer) == ("E402", ("data", "split", "stratify"))
    assert one.help == "did you mean `label`?"


def test_the_answer_among_the_inputs(check, refused):
    text = spec().replace('["a", "b"]', '"*"').replace("shape = [2]", "shape = [3]")
    checked = check(text, files={"t.csv": "a,b,label\n1,2,0\n"})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert one.code == "E419"
    assert "`label`" in one.message


AUTOENCODER = """
keraspec = 1
inputs.x.shape = [3]
[[layers]]
name = "y"
type = "Dense"
units = 3
[data]
source = { type = "csv", path = "t.csv" }
inputs.x.column = "p*"
targets.y.column = "p*"
[training]
loss = "mse"
"""


def test_an_autoencoder_and_the_order_of_columns(check):
    checked = check(AUTOENCODER, files={"t.csv": "p_10,q,p_9,p_1\n10,0,9,1\n"})
    train = prepare(checked.typed, checked.path.parent).parts["train"]
    assert train.inputs["x"].tolist() == [[1, 9, 10]]  # by their number, not p_1, p_10, p_9
    assert train.targets["y"].tolist() == [[1, 9, 10]]
    checked = check(AUTOENCODER, files={"t.csv": "p_r,p_g,p_b\n1,2,3\n"})
    assert prepare(checked.typed, checked.path.parent).parts["train"].inputs["x"].tolist() == [[1, 2, 3]]


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


IMAGES = """
keraspec = 1
inputs.image.shape = [4, 4, 1]
[[layers]]
type = "Flatten"
[[layers]]
name = "label"
type = "Dense"
units = 3
activation = "softmax"
[data]
source = { type = "npz", path = "t.npz" }
[training]
loss = "sparse_categorical_crossentropy"
"""


def images(check, **arrays):
    checked = check(IMAGES, files={"t.npz": npz(**arrays)})
    return checked, lambda: prepare(checked.typed, checked.path.parent)


@pytest.mark.parametrize("shape", [(5, 4, 4, 1), (5, 4, 4), (5, 16)])
def test_arrays_are_folded_into_the_shape(check, shape):
    pixels = np.arange(80, dtype="uint8").reshape(shape)
    _, call = images(check, image=pixels, label=np.array([[0], [1], [2], [1], [0]]))
    train = call().parts["train"]
    assert train.inputs["image"].shape == (5, 4, 4, 1)
    assert train.inputs["image"].dtype == "uint8"  # the feed casts: a quarter of the memory
    assert train.inputs["image"].reshape(-1).tolist() == list(range(80))
    assert train.targets["label"].tolist() == [0, 1, 2, 1, 0]


@pytest.mark.parametrize(
    ("arrays", "code", "words"),
    [
        ({"image": np.zeros((5, 4, 5, 1)), "label": np.zeros(5)}, "E405", "[4, 4, 1]"),
        ({"image": np.zeros((5, 2, 8)), "label": np.zeros(5)}, "E405", "[4, 4, 1]"),
        ({"image": np.zeros((5, 4, 4)), "label": np.zeros(4)}, "E405", "`label` has 4 rows, but `image` has 5"),
        ({"image": np.full((5, 4, 4), np.nan), "label": np.zeros(5)}, "E404", "5 cells have no value"),
        ({"image": np.full((5, 4, 4), "a"), "label": np.zeros(5)}, "E405", '"a", which is no number'),
        ({"image": np.zeros((5, 4, 4)), "label": np.array([0, 1, 2, 3, 0])}, "E403", "first in row 4"),
        ({"picture": np.zeros((5, 4, 4)), "label": np.zeros(5)}, "E406", "no column gives the input `image`"),
        ({"image": np.zeros((0, 4, 4)), "label": np.zeros(0)}, "E412", "nothing is left"),
        ({"image": np.array([None] * 5), "label": np.zeros(5)}, "E407", "Python objects"),
    ],
)
def test_arrays_that_do_not_fit(check, refused, arrays, code, words):
    _, call = images(check, **arrays)
    (one,) = refused(call)
    assert one.code == code
    assert words in one.message


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("content", [npy(np.zeros(3)), b"", b"PK\x03\x04rest", b"\x93NUMPY\x01\x00", b"no array"])
def test_what_is_no_npz(check, refused, content):
    checked = check(IMAGES, files={"t.npz": content})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert (one.code, one.pointer) == ("E407", ("data", "source", "path"))


def test_whole_numbers_where_an_embedding_follows(check, refused):
    text = IMAGES.replace("[4, 4, 1]", "[3]\ninputs.image.dtype = 'int32'").replace(
        'type = "Flatten"',
        'name = "words"\ntype = "Embedding"\ninput_dim = 5\noutput_dim = 2\n[[layers]]\ntype = "Flatten"',
    )
    checked = check(text, files={"t.npz": npz(image=np.array([[0, 1, 5]]), label=np.zeros(1))})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert one.code == "E405"
    assert "knows 0 to 4" in one.message
    assert "input_dim = 6" in one.help
    checked = check(text, files={"t.npz": npz(image=np.array([[0, 1, 2.5]]), label=np.zeros(1))})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert "2.5" in one.message


def test_class_weights(check, refused):
    table = "a,b,label\n1,2,no\n3,4,yes\n5,6,no\n"
    text = spec() + "class_weight = { yes = 3.0 }"
    checked = check(text, files={"t.csv": table})
    found = prepare(checked.typed, checked.path.parent)
    assert found.parts["train"].weights["y"].tolist() == [1, 3, 1]
    checked = check(text.replace("yes", "ja"), files={"t.csv": table})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert (one.code, one.pointer) == ("E403", ("training", "class_weight", "ja"))


def test_arrays_of_ones_own(check, refused):
    checked = check(spec(data='split = { validation = 0.5, stratify = "label" }'), files={"t.csv": "a\n1\n"})
    x, y = np.arange(16.0).reshape(8, 2), np.array(["u", "v"] * 4)
    found = from_arrays(checked.typed, (x, y))
    assert found.encodings["y"].classes == ("u", "v")
    assert found.parts["validation"].count == 4
    assert sorted(found.parts["validation"].targets["y"].tolist()) == [0, 0, 1, 1]
    found = from_arrays(checked.typed, (x, y), ({"x": x[:2] + 100}, y[:2]))
    assert found.parts["train"].count == 8
    assert found.parts["validation"].inputs["x"].tolist() == [[100, 101], [102, 103]]
    (one,) = refused(lambda: from_arrays(checked.typed, ({"z": x}, y)))
    assert one.code == "E406"
    (one,) = refused(lambda: from_arrays(checked.typed, (x[:, :1], y)))
    assert (one.code, one.pointer) == ("E405", ("inputs", "x"))


@pytest.mark.parametrize("gone", ["data", "training", "loss"])
def test_nothing_to_train_with(check, refused, gone):
    text = spec()
    if gone == "data":
        text = text[: text.index("[data]")] + text[text.index("[training]") :]
    elif gone == "training":
        text = text[: text.index("[training]")]
    else:
        text = text.replace(f"loss = {SPARSE}", "epochs = 1")
    checked = check(text, files={"t.csv": "a,b,label\n1,2,0\n"})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert one.code == "E410"
