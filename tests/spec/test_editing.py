"""Edits from the command line: what is asked for changes, references follow, comments and all the rest stay."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tomli

from keraspec.spec.document import Source
from keraspec.spec.editing import Draft, EditError, removed, set_value
from keraspec.spec.editing_layers import add_entry, insert_layer, remove_layer
from keraspec.spec.editing_names import rename
from keraspec.spec.format import converted

TOML = """\
keraspec = 1
inputs.x.shape = [8]        # eight numbers
outputs = ["kind", "size"]

# the trunk
[[layers]]
name = "first"
type = "Dense"   # dense
units = 16

[[layers]]
name = "second"
type = "Dense"
units = 16

[[layers]]
name = "sum"
type = "Add"
inputs = ["first", "second"]

[[layers]]
type = "Dropout"
rate = 0.5

[[layers]]
name = "kind"
type = "Dense"
units = 3

[[layers]]
name = "size"
type = "Dense"
inputs = "sum"
units = 1

[data]
source = { type = "csv", path = "data.csv" }
inputs.x.column = "x_*"

[training]
epochs = 3
optimizer = "adam"
freeze = ["first", "kind*"]
callbacks = [
  # stops
  { type = "EarlyStopping", monitor = "val_kind_loss" },
]

[training.outputs.kind]
loss = "mse"

[training.outputs.size]
loss = "mse"

[[assertions]]
check = "output_shape('kind') == [3] and receptive_field(name='kind', axis=0) > 1"
"""
LIST = """\
keraspec = 1
inputs.x.shape = [8, 8, 1]
layers = [
  { name = "conv", block = "conv", filters = "${width}" },   # first

  # then flat
  { type = "Flatten" },
  { name = "y", type = "Dense", inputs = "flat", units = 2 }
]

[parameters]
width = 4
double = "${width * 2}"

[blocks.conv]
parameters = { filters = {} }
layers = [
  { name = "inner", type = "Conv2D", filters = "${filters}", kernel_size = 3 },
  { type = "ReLU", inputs = "inner" },
]
"""


def draft(text: str = TOML, name: str = "a.toml") -> Draft:
    return Draft(Source(name, text))


def both(text: str = TOML) -> list[Draft]:
    return [draft(text), draft(converted(text, "toml").text, "a.json")]


def read(one: Draft) -> Any:
    return json.loads(one.text) if one.source.path.endswith("json") else tomli.loads(one.text)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["training", "epochs"], 30),
        (["training", "jit_compile"], True),
        (["layers", "second", "units"], 32),
        (["layers", "second", "kernel_regularizer"], {"type": "L2", "l2": 0.1}),
        (["layers", "Dropout", "rate"], 0.25),
        (["training", "callbacks", "EarlyStopping", "patience"], 4),
        (["data", "split", "validation"], 0.2),
        (["data", "targets", "kind", "column"], "label"),
        (["training", "outputs", "size", "weight"], 0.5),
        (["parameters", "width", "default"], 3),
        (["inputs", "x", "dtype"], "int32"),
        (["name"], "new"),
    ],
)
def test_set(keys: list[str], value: Any) -> None:
    for one in both():
        expected = read(one)
        at = expected
        for key in keys[:-1]:
            if isinstance(at, list):
                at = next(entry for entry in at if key in (entry.get("name"), entry.get("type")))
            else:
                at = at.setdefault(key, {})
        at[keys[-1]] = value
        comments = one.text.count("#")
        set_value(one, keys, value)
        assert read(one) == expected
        assert one.text.count("#") == comments


def test_set_makes_a_table_of_a_name() -> None:
    for one in both():
        set_value(one, ["training", "optimizer", "learning_rate"], 0.1)
        assert read(one)["training"]["optimizer"] == {"type": "adam", "learning_rate": 0.1}


def test_another_type_takes_the_old_arguments_away() -> None:
    for one in both():
        set_value(one, ["layers", "first", "type"], "ReLU")
        assert read(one)["layers"][0] == {"name": "first", "type": "ReLU"}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["layers", "frist", "units"], "did you mean 'first'"),
        (["trainig", "epochs"], "did you mean 'training'"),
        (["inputs", "x", "shape", "rank"], "nothing in `inputs.x.shape` is called 'rank'"),
        (["training", "epochs", "rate"], "`training.epochs` is 3, which has no `rate`"),
        (["inputs", "x", "shape", "0", "a"], "which has no `a`"),
    ],
)
def test_set_leads_nowhere(keys: list[str], words: str) -> None:
    with pytest.raises(EditError, match=words):
        set_value(draft(), keys, 1)


def test_a_layer_after_another() -> None:
    for one in both():
        insert_layer(one, {"type": "BatchNormalization"}, "after", "first")
        layers = read(one)["layers"]
        assert layers[1] == {"type": "BatchNormalization"}
        assert layers[3]["inputs"] == ["first", "second"]


def test_a_layer_after_one_that_others_name() -> None:
    for one in both():
        insert_layer(one, {"type": "LayerNormalization"}, "after", "size")
        assert read(one)["outputs"] == ["kind", "layer_normalization"]
    for one in both(TOML.replace('type = "Dropout"\n', 'type = "Dropout"\ninputs = "sum"\n')):
        insert_layer(one, {"type": "ReLU"}, "after", "sum")
        layers = read(one)["layers"]
        assert layers[3] == {"name": "re_lu", "type": "ReLU"}
        assert [entry.get("inputs") for entry in layers[4:]] == ["re_lu", None, "re_lu"]


def test_a_layer_before_another() -> None:
    for one in both():
        insert_layer(one, {"type": "ReLU"}, "before", "size")
        assert read(one)["layers"][5:] == [
            {"type": "ReLU", "inputs": "sum"},
            {"name": "size", "type": "Dense", "units": 1},
        ]
    with pytest.raises(EditError, match="say by --input"):
        insert_layer(draft(), {"type": "ReLU"}, "before", "sum")
    for one in both():
        insert_layer(one, {"type": "ReLU"}, "before", "sum", "first")
        assert read(one)["layers"][2] == {"name": "re_lu", "type": "ReLU", "inputs": "first"}
        assert read(one)["layers"][3]["inputs"] == ["re_lu", "second"]


def test_a_layer_is_taken_away() -> None:
    one = draft()
    remove_layer(one, "second")
    assert read(one)["layers"][1]["inputs"] == ["first", "first"]
    for one in both():
        remove_layer(one, "Dropout")
        assert [entry["name"] for entry in read(one)["layers"]] == ["first", "second", "sum", "kind", "size"]
        remove_layer(one, "first")
        assert read(one)["layers"][1]["inputs"] == ["x", "second"]
        assert read(one)["training"]["freeze"] == ["kind*"]
        with pytest.raises(EditError, match="it is not clear what shall stand in its place"):
            remove_layer(one, "sum")


def test_what_stands_before_a_removed_layer_gets_a_name() -> None:
    text = 'keraspec = 1\ninputs.x.shape = [4]\nlayers = [\n  { type = "ReLU" },\n  { name = "a", type = "ReLU" },\n'
    text += '  { type = "ReLU" },\n  { type = "Add", inputs = ["a", "x"] },\n]\n'
    for one in both(text):
        remove_layer(one, "a")
        assert read(one)["layers"] == [
            {"name": "re_lu", "type": "ReLU"},
            {"type": "ReLU"},
            {"type": "Add", "inputs": ["re_lu", "x"]},
        ]


def test_entries_are_added() -> None:
    for one in both():
        add_entry(one, ["layers"], {"type": "Dense", "units": 2, "name": "last"})
        add_entry(one, ["training", "callbacks"], {"type": "ReduceLROnPlateau", "patience": 2})
        add_entry(one, ["training", "outputs", "size", "metrics"], {"type": "mae"})
        data = read(one)
        assert data["layers"][-1] == {"name": "last", "type": "Dense", "units": 2}
        assert data["training"]["callbacks"][1] == {"type": "ReduceLROnPlateau", "patience": 2}
        assert data["training"]["outputs"]["size"]["metrics"] == ["mae"]
        with pytest.raises(EditError, match="called `last` already"):
            add_entry(one, ["layers"], {"type": "Dense", "units": 2, "name": "last"})
    assert "  # stops\n" in one.text or one.source.path.endswith("json")


def test_lists_keep_their_layout() -> None:
    one = draft(LIST)
    add_entry(one, ["layers"], {"type": "ReLU"})
    assert '  { name = "y", type = "Dense", inputs = "flat", units = 2 },\n  { type = "ReLU" }\n]' in one.text
    insert_layer(one, {"type": "Dropout", "rate": 0.1}, "after", "conv")
    assert '"${width}" },   # first\n\n  { type = "Dropout", rate = 0.1 },\n  # then flat' in one.text or (
        '"${width}" },   # first\n' in one.text and "# then flat\n" in one.text
    )
    assert [entry.get("type", "block") for entry in read(one)["layers"]] == [
        "block",
        "Dropout",
        "Flatten",
        "Dense",
        "ReLU",
    ]


def test_keys_and_tables_are_taken_away() -> None:
    for one in both():
        removed(one, "training.callbacks.EarlyStopping")
        removed(one, "training.outputs.size")
        removed(one, "layers.kind.units")
        data = read(one)
        assert not data["training"].get("callbacks")
        assert list(data["training"]["outputs"]) == ["kind"]
        assert data["layers"][4] == {"name": "kind", "type": "Dense"}
        with pytest.raises(EditError, match=r"there is no `training\.epoch`; did you mean 'epochs'"):
            removed(one, "training.epoch")


def test_rename_a_layer_that_is_an_output() -> None:
    for one in both():
        rename(one, "kind", "sort")
        data = read(one)
        assert data["outputs"] == ["sort", "size"]
        assert data["layers"][4]["name"] == "sort"
        assert data["data"]["targets"] == {"sort": {"column": "kind"}}, "it took the column of its name"
        assert list(data["training"]["outputs"]) == ["sort", "size"]
        assert data["training"]["callbacks"][0]["monitor"] == "val_sort_loss"
        assert (
            data["assertions"][0]["check"] == "output_shape('sort') == [3] and receptive_field(name='sort', axis=0) > 1"
        )
        assert data["training"]["freeze"] == ["first", "kind*"], "a pattern is no name"


def test_rename_inputs_and_inner_layers() -> None:
    for one in both():
        rename(one, "x", "rows")
        rename(one, "first", "begin")
        data = read(one)
        assert data["inputs"] == {"rows": {"shape": [8]}}
        assert data["data"]["inputs"] == {"rows": {"column": "x_*"}}
        assert data["layers"][2]["inputs"] == ["begin", "second"]
        assert data["training"]["freeze"] == ["begin", "kind*"]


def test_rename_blocks_and_parameters() -> None:
    for one in both(LIST):
        rename(one, "blocks.conv", "unit")
        rename(one, "width", "wide")
        rename(one, "blocks.unit.inner", "kernel")
        data = read(one)
        assert list(data["blocks"]) == ["unit"]
        assert data["layers"][0] == {"name": "conv", "block": "unit", "filters": "${wide}"}
        assert data["parameters"] == {"wide": 4, "double": "${wide * 2}"}
        assert data["blocks"]["unit"]["layers"][0]["filters"] == "${filters}"
        assert data["blocks"]["unit"]["layers"][1]["inputs"] == "kernel"


def test_there_and_back_is_the_same_text() -> None:
    for text in (TOML, LIST):
        for one in both(text):
            before = one.text
            for name in ("first", "second", "sum") if text == TOML else ("conv", "parameters.width", "blocks.conv"):
                home = name.rpartition(".")[0]
                rename(one, name, "other")
                rename(one, f"{home}.other" if home else "other", name.rpartition(".")[2])
            assert one.text == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("frist", "a", "did you mean `first`"), ("first", "sum", "already"), ("first", "1a", "can't be a name")],
)
def test_what_can_not_be_renamed(old: str, new: str, words: str) -> None:
    with pytest.raises(EditError, match=words):
        rename(draft(), old, new)


def test_a_text_with_mistakes_is_left_alone() -> None:
    with pytest.raises(EditError, match="mistakes in its syntax"):
        set_value(draft("keraspec = \n"), ["name"], "a")
