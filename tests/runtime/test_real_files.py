"""Files as people really have them: gaps in lists, lists of words, blank lines, parts without rows, links back."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keraspec.runtime.data import prepare
from keraspec.runtime.looked_at import look
from keraspec.runtime.sources import jsonl_pieces

HEAD = "keraspec = 1\nname = 't'\n"
DENSE = "layers = [{ name = 'y', type = 'Dense', units = 1 }]\n"
NUMBERS = f"""{HEAD}inputs.v.shape = [2]
{DENSE}[data]
source = {{ type = "jsonl", path = "t.jsonl" }}
targets.y.column = "label"
[training]
loss = "mse"
"""
STEPS = NUMBERS.replace("[2]", '["time", 1]').replace("layers = [", "layers = [{ type = 'LSTM', units = 2 }, ")
WORDS = NUMBERS.replace("shape = [2]", 'shape = ["time"]\ninputs.v.dtype = "string"').replace(
    "layers = [",
    "layers = [{ type = 'StringLookup', max_tokens = 9 }, { type = 'Embedding', input_dim = 10, output_dim = 2 },"
    " { type = 'GlobalAveragePooling1D' }, ",
)
TABLE = f"""{HEAD}inputs.x.shape = [2]
{DENSE}[data]
source = {{ type = "csv", path = "t.csv" }}
inputs.x.column = ["a", "b"]
targets.y.column = "label"
[training]
loss = "mse"
"""


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def cells(*values):
    return lines(*({"v": one, "label": index} for index, one in enumerate(values)))


def prepared(check, text, *overrides, **files):
    checked = check(text, *overrides, files={name.replace("_", "."): content for name, content in files.items()})
    return prepare(checked.typed, checked.path.parent)


def problem(check, refused, text, *overrides, **files):
    (one,) = refused(lambda: prepared(check, text, *overrides, **files))
    return one


@pytest.mark.parametrize("cache", ["true", "false"])
def test_a_gap_inside_of_a_list_is_a_missing_value(check, refused, cache):
    rows = cells([1, None], [3, 4])
    found = problem(check, refused, NUMBERS, f"data.cache={cache}", t_jsonl=rows)
    assert (found.code, found.message.endswith("1 cell has no value; the first is in row 1")) == ("E404", True)
    filled = prepared(check, NUMBERS, f"data.cache={cache}", "data.missing={v=7}", t_jsonl=rows)
    assert filled.parts["train"].inputs["v"][:].tolist() == [[1, 7], [3, 4]]
    dropped = prepared(check, NUMBERS, f"data.cache={cache}", "data.missing=drop", t_jsonl=rows)
    assert dropped.parts["train"].inputs["v"][:].tolist() == [[3, 4]]
    assert dropped.dropped == 1


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        (NUMBERS, ([1, None], [3]), [[1, 7], [3, 0]]),  # 0 fills up
        (NUMBERS, ([True, None], [False, True]), [[1, 7], [0, 1]]),
        (NUMBERS, ([1, 2], None), [[1, 2], [7, 7]]),
        (STEPS, ([[1], [2]], None, [[3]]), [[[1], [2]], [[7], [0]], [[3], [0]]]),
    ],
)
def test_what_fills_a_list(check, text, rows, expected):
    found = prepared(check, text, "data.missing={v=7}", t_jsonl=cells(*rows))
    assert found.parts["train"].inputs["v"][:].tolist() == expected


def test_lists_in_a_list_are_of_one_length(check, refused):
    for rows in (([[1, 2], [3]], [[4, 5]]), ([[1], [2, 3]], [[4], [5]])):
        found = problem(check, refused, STEPS.replace("1]", "2]"), t_jsonl=cells(*rows))
        assert found.message == "`v` holds a list whose own lists differ in length (first in row 1)"


def test_lists_of_words_are_filled_up_with_nothing(check, refused):
    rows = (["a", "b"], [], ["c"])
    found = prepared(check, WORDS, t_jsonl=cells(*rows)).parts["train"].inputs["v"]
    assert found[:].tolist() == [["a", "b"], ["", ""], ["c", ""]]
    assert found[np.array([2])].tolist() == [["c"]]  # the longest of the batch
    found = problem(check, refused, WORDS, t_jsonl=cells(["a", None], ["b"]))
    assert found.code == "E404"
    assert '{ v = "unknown" }' in found.help
    found = prepared(check, WORDS, "data.missing={v='none'}", t_jsonl=cells(["a", None], None)).parts["train"].inputs
    assert found["v"][:].tolist() == [["a", "none"], ["none", "none"]]
    found = problem(check, refused, WORDS, t_jsonl=cells([1, 2], [3]))
    assert (found.code, found.message) == (
        "E405", "`v` holds other things than words, but the input takes text (first in row 1)"
    )  # fmt: skip


def test_lists_of_words_in_pieces(check, refused, monkeypatch, tmp_path):
    monkeypatch.setenv("KERASPEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(jsonl_pieces, "AT_ONCE", 64)
    rows = [[f"w{number}" for number in range(index % 7)] for index in range(30)]
    stated = WORDS.replace('["time"]', "[6]")
    found = prepared(check, stated, "data.cache=false", t_jsonl=cells(*rows)).parts["train"].inputs["v"]
    assert found[:].tolist() == [row + [""] * (6 - len(row)) for row in rows]
    found = problem(check, refused, WORDS, "data.cache=false", t_jsonl=cells(*rows))
    assert "lists of words of unequal length" in found.message


def test_labels_of_steps_are_as_many_as_the_steps(check, refused):
    text = STEPS.replace("units = 2", "units = 2, return_sequences = true").replace(
        "units = 1", 'units = 3, activation = "softmax"'
    )
    text = text.replace("mse", "sparse_categorical_crossentropy")
    rows = lines({"v": [[1], [2]], "label": [1, 2]}, {"v": [[3]], "label": [1]})
    found = prepared(check, text, t_jsonl=rows).parts["train"]
    assert found.targets["y"][np.array([1])].tolist() == [[1]]
    swapped = lines({"v": [[1], [2]], "label": [1, 2]}, {"v": [[3]], "label": [1, 2]})
    found = problem(check, refused, text, t_jsonl=swapped)
    assert "has a row of length 2, and the input `v` has 1 steps there (first in row 2)" in found.message


def test_numbers_of_words_beyond_an_embedding_also_in_lists(check, refused):
    text = WORDS.replace('dtype = "string"', 'dtype = "int32"').replace(
        "{ type = 'StringLookup', max_tokens = 9 }, ", ""
    )
    assert prepared(check, text, t_jsonl=cells([1], [9, 2])).parts["train"].count == 2
    found = problem(check, refused, text, t_jsonl=cells([1], [12, 2]))
    assert found.message.endswith("the Embedding `embedding` knows 0 to 9 (first in row 2)")
    assert found.help == "set `input_dim = 13` in it"


SAID = {
    '"1,234"': "if the comma parts thousands, take it out of the file; if fractions stand behind it",
    '"1,234,567"': "if the comma parts thousands, take it out of the file",
    '"1,5"': 'write `decimal = ","` in the source',
    "2024-03-01": "a date or a time is no number",
    "3.1.2024": "a date or a time is no number",
    "12:30": "a date or a time is no number",
    '"[1, 2]"': "a list of numbers in one cell",
    "red": "StringLookup",
}


@pytest.mark.parametrize("cell", SAID)
def test_what_is_said_of_a_cell_that_is_no_number(check, refused, cell):
    found = problem(check, refused, TABLE, t_csv=f"a,b,label\n{cell},2,3\n{cell},2,4\n")
    assert SAID[cell] in found.help


def test_advice_is_about_this_kind_of_file(check, refused):
    rows = lines({"a": 1, "b": 2, "label": 3}, {"a": True, "b": 2, "label": 3}, {"a": "7", "b": 2, "label": 3})
    text = TABLE.replace("csv", "jsonl")
    assert "write 1 for true" in problem(check, refused, text, t_jsonl=rows).help
    found = problem(check, refused, text, t_jsonl="[" + rows.replace("}\n", "},\n"))
    assert "one list of objects" in found.help
    found = problem(check, refused, TABLE.replace('"b"', '"B"'), t_csv="a,b,label\n1,2,3\n")
    assert found.help == "did you mean `b`?"


def test_arrays_that_are_no_numbers(check, refused, tmp_path):
    text = TABLE.replace("csv", "npz").replace('["a", "b"]', '"x"')
    for array, kind in ((np.ones((2, 2), complex), "complex128"), (np.ones((2, 2), "M8[D]"), "datetime64[D]")):
        np.savez(tmp_path / "t.npz", x=array, label=np.arange(2))
        found = problem(check, refused, text)
        assert found.message == f"`x` is of the type {kind}, and the input takes real numbers"
    frame = pd.DataFrame({"a": pd.to_timedelta([1, 2], "s"), "b": 1, "label": 2})
    frame.to_parquet(tmp_path / "t.parquet")  # else their number would depend on the unit
    assert '"0:00:01", which is no number' in problem(check, refused, TABLE.replace("csv", "parquet")).message


def test_labels_in_another_form(check, refused, tmp_path):
    several = TABLE.replace("units = 1", 'units = 2, activation = "softmax"')
    sparse = several.replace("mse", "sparse_categorical_crossentropy")
    np.savez(tmp_path / "t.npz", x=np.ones((3, 2)), label=np.eye(2)[[0, 1, 1]])
    found = problem(check, refused, sparse.replace("csv", "npz").replace('["a", "b"]', '"x"'))
    assert found.help == '`loss = "categorical_crossentropy"` takes such rows'
    yes = several.replace("softmax", "sigmoid").replace("mse", "binary_crossentropy")
    found = problem(check, refused, yes.replace('"label"', '"is_*"'), t_csv="a,b,is_x,is_y\n1,2,yes,no\n1,2,no,yes\n")
    assert "`is_x` of them holds words" in found.message
    rows = lines({"a": 1, "b": 2, "label": [4, 7]}, {"a": 1, "b": 2, "label": [7]})
    found = problem(check, refused, yes.replace("csv", "jsonl"), t_jsonl=rows)
    assert found.help == '`encode = "one_hot"` takes each number for a label that the row has'
    (found,) = [prepared(check, yes.replace("csv", "jsonl"), "data.targets.y.encode=one_hot", t_jsonl=rows)]
    assert found.parts["train"].targets["y"].tolist() == [[1, 1], [0, 1]]


@pytest.mark.parametrize("cache", ["true", "false"])
def test_lines_of_blanks_and_files_without_rows(check, refused, monkeypatch, tmp_path, cache):
    monkeypatch.setenv("KERASPEC_CACHE", str(tmp_path / "cache"))
    rows = "a,b,label\n1,2,3\n"
    found = prepared(check, TABLE, f"data.cache={cache}", t_csv=rows + "  \n\t\n4,5,6\n   \n").parts["train"]
    assert found.inputs["x"][:].tolist() == [[1, 2], [4, 5]]
    text = TABLE.replace("t.csv", "p*.csv")
    found = prepared(check, text, f"data.cache={cache}", p1_csv=rows, p2_csv="a,b,label\n", p3_csv=rows).parts["train"]
    assert found.inputs["x"][:].tolist() == [[1, 2], [1, 2]]
    found = problem(check, refused, text, f"data.cache={cache}", p1_csv=rows[:10], p2_csv=rows[:10], p3_csv=rows[:10])
    assert found.code == "E412"
    assert "lacks a value" not in found.message


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4)).save(path)


FOLDER = f"""{HEAD}inputs.image.shape = [4, 4, 1]
layers = [{{ type = "Flatten" }}, {{ name = "label", type = "Dense", units = 2, activation = "softmax" }}]
[data]
source = {{ type = "images", path = "pets" }}
[training]
loss = "sparse_categorical_crossentropy"
"""


def test_a_link_back_brings_no_file_twice(check, tmp_path):
    for name in ("cat", "dog"):
        picture(tmp_path / "pets" / name / "a.png")
    (tmp_path / "pets" / "cat" / "all").symlink_to("..")
    picture(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "pets" / "dog" / "more").symlink_to("../../elsewhere")
    assert prepared(check, FOLDER).parts["train"].targets["label"].tolist() == [0, 1, 1]


def test_folders_of_parts_are_no_classes(check, tmp_path):
    for part in ("train", "val"):
        for name in ("cat", "dog"):
            picture(tmp_path / "pets" / part / name / "a.png")
    picture(tmp_path / "pets" / "val" / "dog" / "b.tif")
    checked = check(FOLDER)
    found = {one.kind: one for one in look(checked.typed, tmp_path, 4).suspicions}
    assert 'path = "pets/train"' in found["parts as classes"].help
    assert found["unread files"].message.startswith("1 file of pets, such as `b.tif`, is left out")
    mended = FOLDER.replace('path = "pets" }', 'path = "pets/train" }\nsplit = { validation = ' + (
        '{ type = "images", path = "pets/val" } }'))  # fmt: skip
    assert {one.count for one in prepared(check, mended).parts.values()} == {2, 0}


def test_empty_lists_are_told_of(check, tmp_path):
    text = NUMBERS.replace("[2]", '["time"]').replace(
        "layers = [",
        "layers = [{ type = 'Embedding', input_dim = 9, output_dim = 2, mask_zero = true },"
        " { type = 'GlobalAveragePooling1D' }, ",
    )

    def told(*values):
        checked = check(text, files={"t.jsonl": cells(*values)})
        return [one for one in look(checked.typed, tmp_path, 2).suspicions if one.kind == "empty lists"]

    (found,) = told([1, 2], [], [3], [], [4, 5, 6])
    assert found.where == "input v"
    assert found.message.startswith("`v` has an empty list (row 2 and 1 more): ")
    (found,) = told([1, 2], [3], [])
    assert "(row 3): " in found.message
    assert not told([1, 2], [3])
    assert not told([1, 2], [3, 4])


BAGS = f"""{HEAD}inputs.age.shape = [1]
inputs.note = {{ shape = [1], dtype = "string" }}
layers = [
  {{ name = "bag", type = "TextVectorization", inputs = "note", output_mode = "MODE", PLACES }},
  {{ type = "Concatenate", inputs = ["age", "bag"] }},
  {{ name = "y", type = "Dense", units = 1 }},
]
"""


@pytest.mark.parametrize("mode", ["multi_hot", "tf_idf"])
def test_bags_of_words_stand_beside_numbers_and_are_read_again(check, tmp_path, mode):
    """Keras announces an axis too many, and can not read weights again that it wrote of fewer words than places."""
    import keras
    import tensorflow as tf

    from keraspec.compiler.build import assemble
    from keraspec.runtime.preprocessing import adapt

    checked = check(BAGS.replace("MODE", mode).replace("PLACES", "max_tokens = 9, pad_to_max_tokens = true"))
    built = assemble(checked.typed)
    x = [tf.constant([[1.0], [2.0]]), tf.constant([["a b a"], ["c"]])]
    adapt(checked.typed, built, lambda: tf.data.Dataset.from_tensors(dict(zip(("age", "note"), x, strict=True))))
    said = built.model(x).numpy()
    assert built.model.output_shape == (None, 1)
    assert said.shape == (2, 1)
    built.model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert (again(x).numpy() == said).all()
    assert again.get_layer("bag").get_vocabulary() == built.layers["bag"].get_vocabulary()
