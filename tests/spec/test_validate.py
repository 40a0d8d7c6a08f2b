"""What people write wrong in a spec, key by key: each mistake is one diagnostic, at its place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from keraspec.checked import compile_text
from keraspec.spec.document import HOLE
from keraspec.spec.values import explain_value, fits
from keraspec.spec.words import closest, listed, quoted, shown

HEAD = "keraspec = 1\ninputs.x.shape = [8, 8, 3]\n"
DENSE = '[[layers]]\ntype = "Dense"\nunits = 4\n'


def said(text: str, language: str = "toml") -> list[str]:
    """Code and underlined text of each diagnostic, in order."""
    return [
        f"{one.code} {one.place.source.text[one.place.start : one.place.end]}"
        for one in compile_text(text, language).diagnostics
    ]


def helped(text: str, language: str = "toml") -> list[str | None]:
    return [one.help for one in compile_text(text, language).diagnostics]


def layer(*lines: str) -> str:
    return HEAD + "[[layers]]\n" + "\n".join(lines) + "\n"


def training(*lines: str) -> str:
    return HEAD + DENSE + "[training]\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("line", "expected", "way"),
    [
        ('units = "64"', 'E105 "64"', "write 64 without quotes"),
        ('units = "0.5e1"', 'E105 "0.5e1"', "write 0.5e1 without quotes"),
        ("units = true", "E105 true", "write a number: true and false are not numbers"),
        ("units = 64.5", "E105 64.5", "write a whole number, such as 64"),
        ("units = -4", "E106 -4", "write 1 or more"),
        ("units = 0", "E106 0", "write 1 or more"),
        ("units = [4]", "E105 [4]", None),
        ("units = { value = 4 }", "E105 { value = 4 }", None),
        ('units = "none"', 'E105 "none"', None),
        ("units = 4\nuse_bias = 1", "E105 1", "write true"),
        ('units = 4\nuse_bias = "False"', 'E105 "False"', "write false without quotes"),
        ('units = 4\ntrainable = "yes"', 'E105 "yes"', "write true without quotes"),
        ('units = 4\nactivation = "Relu"', 'E108 "Relu"', 'did you mean "relu"?'),
        ('units = 4\nactivation = { type = "relu" }', 'E105 { type = "relu" }', 'write the name alone: "relu"'),
        ('units = 4\nactivation = ["relu"]', 'E105 ["relu"]', None),
        ('units = 4\nkernel_initializer = "he_norml"', 'E108 "he_norml"', 'did you mean "he_normal"?'),
        (
            'units = 4\nkernel_initializer = "none"',
            'E108 "none"',
            "one is needed here; leave `kernel_initializer` out for the usual one",
        ),
        (
            "units = 4\nkernel_regularizer = { l2 = 0.1 }",
            "E103 kernel_regularizer",
            'add `type = "…"`, the name of a regularizer',
        ),
        ('units = 4\nkernel_regularizer = { type = "L2", l1 = 0.1 }', "E104 l1", None),
        ('units = 4\nkernel_regularizer = { type = "L2", l2 = "0.1" }', 'E105 "0.1"', "write 0.1 without quotes"),
        ('units = 4\ndtype = "float"', 'E108 "float"', 'did you mean "float32"?'),
        ("unit = 4", "E104 unit", "did you mean `units`?"),
        ("Units = 4", "E104 Units", "did you mean `units`?"),
        ("num_units = 4", "E104 num_units", "did you mean `units`?"),
        ("out_features = 4", "E104 out_features", "did you mean `units`?"),
        ("units = 4\nin_features = 3", "E104 in_features", "leave it out: the number of features comes from the input"),
        ('units = 4\ninput = "x"', "E104 input", "did you mean `inputs`?"),
        ("units = 4\nfilters = 3", "E104 filters", None),
        ("units = 4\ncall = true", "E105 true", None),
        ('units = 4\nrepeat = "3"', 'E617 "3"', "write 3 without quotes"),
        ('units = 4\nwhen = "true"', 'E617 "true"', "write true without quotes"),
        ("units = 4\nremove = true", "E632 remove", 'take `remove` away, or write `extends = "…"` at the top'),
    ],
)
def test_arguments_of_a_layer(line: str, expected: str, way: str | None) -> None:
    text = layer('type = "Dense"', line)
    assert said(text) == [expected]
    if way is not None:
        assert helped(text) == [way]


@pytest.mark.parametrize(
    "line",
    [
        "units = 64.0",
        "units = 1e3",
        'units = 4\nactivation = "none"',
        'units = 4\nkernel_regularizer = "none"',
        'units = 4\nkernel_regularizer = "l2"',
        'units = 4\nlora_rank = "none"',
        "units = 4\ntrainable = false",
        'units = 4\nname = "a-b_1"',
    ],
)
def test_what_is_right(line: str) -> None:
    assert said(layer('type = "Dense"', line)) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kernel_size = [3]", "E106 [3]"),
        ("kernel_size = [3, 3, 3]", "E106 [3, 3, 3]"),
        ('kernel_size = ["3", 3]', 'E105 "3"'),
        ("kernel_size = [3, 0]", "E106 0"),
        ("kernel_size = [3, 2.5]", "E105 2.5"),
        ('kernel_size = 3\npadding = "SAME"', 'E107 "SAME"'),
        ("kernel_size = 3\npadding = 1", "E105 1"),
        ('kernel_size = 3\nborder_mode = "same"', "E104 border_mode"),
        ("kernel_size = 3\nstride = 2", "E104 stride"),
        ("kernel = 3", "E104 kernel"),
        ("kernel_size = 3\nstrides = 2\ndilation_rate = 2", "E114 2"),
    ],
)
def test_arguments_of_a_convolution(line: str, expected: str) -> None:
    assert said(layer('type = "Conv2D"', "filters = 4", line)) == [expected]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('type = "Dens"\nunits = 4', 'E108 "Dens"'),
        ('type = "dense"\nunits = 4', 'E108 "dense"'),
        ('type = "Conv"\nfilters = 4', 'E108 "Conv"'),
        ('type = "BatchNorm"', 'E108 "BatchNorm"'),
        ("type = 4", "E105 4"),
        ('type = ["Dense"]', 'E105 ["Dense"]'),
        ('typ = "Dense"\nunits = 4', "E102 typ"),
        ('class_name = "Dense"\nunits = 4', "E102 class_name"),
        ('reuze = "x"', "E102 reuze"),
        ("units = 4", "E103 [[layers]]"),
        ("", "E103 [[layers]]"),
        ('type = "Dense"', 'E103 "Dense"'),
        ('block = "tower"', 'E610 "tower"'),
        ('type = "ops.matmull"', 'E108 "ops.matmull"'),
        ('type = "applications.MobileNetV9"', 'E108 "applications.MobileNetV9"'),
        ('type = "my_package.MyLayer"', 'E117 "my_package.MyLayer"'),
        ('name = "the layer"\ntype = "Flatten"', 'E113 "the layer"'),
        ('name = "1st"\ntype = "Flatten"', 'E113 "1st"'),
        ('name = ""\ntype = "Flatten"', 'E113 ""'),
        ('name = 3\ntype = "Flatten"', "E105 3"),
        ('type = "Flatten"\nreuse = "x"', "E112 reuse"),
        ('type = "Flatten"\ninputs = 3', "E105 3"),
        ('type = "Flatten"\ninputs = []', "E106 []"),
        ('type = "Flatten"\ninputs = ["x", 3]', "E105 3"),
        ('type = "Flatten"\ninputs = { inputs = 3 }', "E105 3"),
        ('type = "Flatten"\ninputs = [["x"]]', 'E105 ["x"]'),
        ('type = "Nothing"\ninputs = 3\nname = "a b"', 'E113 "a b"|E108 "Nothing"|E105 3'),
    ],
)
def test_entries(lines: str, expected: str) -> None:
    assert sorted(said(layer(lines))) == sorted(expected.split("|"))


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ('[layers]\ntype = "Dense"\nunits = 4\n', "E105 [layers]"),
        ('[layers.first]\ntype = "Dense"\nunits = 4\n', "E105 layers"),
        ('layers = ["Dense"]\n', 'E105 "Dense"'),
        ("layers = []\n", "E103 []"),
        ("layers = 3\n", "E105 layers"),
        ("", "E103 keraspec"),
        (DENSE + "outputs = ['x']\n", "E109 outputs"),
        (DENSE + "description = 'a'\n", "E109 description"),
        ("epochs = 3\n" + DENSE, "E102 epochs"),
        ("batch_size = 3\n" + DENSE, "E102 batch_size"),
        (DENSE + "[train]\nepochs = 3\n", "E102 train"),
        (DENSE + "[parameters]\nn = 3\n", "W601 n"),
        ("name = 3\n" + DENSE, "E105 3"),
        ('outputs = "dense"\n' + DENSE, 'E105 "dense"'),
        ("outputs = []\n" + DENSE, "E106 []"),
        ("outputs = { a = 3 }\n" + DENSE, "E105 3"),
        (DENSE + "[training]\nouputs = ['a']\n", "E102 ouputs"),
        (DENSE + "[training]\noutputs = ['a']\n", "E105 ['a']"),
        (DENSE + "[data]\nlayers = []\nsource = { type = 'csv', path = 'a' }\n", "E109 layers"),
    ],
)
def test_the_top_level(root: str, expected: str) -> None:
    assert said(HEAD + root) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["E101 "]),
        ("# nothing\n", ["E101 #"]),
        ("a = 1\n", ["E101 a", "E102 a"]),
        ("keraspec = 1\n", ["E103 keraspec", "E103 keraspec"]),
        ("inputs.x.shape = [3]\n" + DENSE, ["E101 inputs.x.shape"]),
        ("inputs.x.shape = [3]\n" + DENSE + "keraspec = 1\n", ["E109 keraspec"]),
        ("kerasspec = 1\ninputs.x.shape = [3]\n" + DENSE, ["E102 kerasspec"]),
        ("keraspec = 2\ninputs.x.shape = [3]\n" + DENSE, ["E101 2"]),
        ('keraspec = "1"\ninputs.x.shape = [3]\n' + DENSE, ['E101 "1"']),
        ("keraspec = true\ninputs.x.shape = [3]\n" + DENSE, ["E101 true"]),
        ("keraspec = 1.0\ninputs.x.shape = [3]\n" + DENSE, []),
        ("keraspec = 1\ninput.x.shape = [3]\n" + DENSE, ["E102 input"]),
        ("keraspec = 1\ninputs = {}\n" + DENSE, ["E103 inputs"]),
        ("keraspec = 1\ninputs = [3]\n" + DENSE, ["E105 [3]"]),
        ("keraspec = 1\ninputs.x = [3]\n" + DENSE, ["E105 [3]"]),
        ("keraspec = 1\ninputs.x.shap = [3]\n" + DENSE, ["E102 shap"]),
        ("keraspec = 1\ninputs.x.shape = 3\n" + DENSE, ["E105 3"]),
        ("keraspec = 1\ninputs.x.shape = [3, -1]\n" + DENSE, ["E106 -1"]),
        ("keraspec = 1\ninputs.x.shape = [0]\n" + DENSE, ["E106 0"]),
        ('keraspec = 1\ninputs.x.shape = ["3"]\n' + DENSE, ['E106 "3"']),
        ("keraspec = 1\ninputs.x = { dtype = 'int32' }\n" + DENSE, ["E103 x"]),
        ("keraspec = 1\ninputs.x = { shape = [3], dtype = 'int' }\n" + DENSE, ["E107 'int'"]),
        ('keraspec = 1\ninputs."my x".shape = [3]\n' + DENSE + 'inputs = "my x"\n', ['E113 "my x"']),
    ],
)
def test_version_and_inputs(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('metrics = "accuracy"', ['E105 "accuracy"']),
        ('metrics = ["acuracy"]', ['E108 "acuracy"']),
        ('metrics = ["accuracy", 3]', ["E105 3"]),
        ('loss = "msee"', ['E108 "msee"']),
        ('loss = ["mse"]', ['E105 ["mse"]']),
        ('loss = { type = "Huber", detla = 1.0 }', ["E104 detla"]),
        ("loss = { delta = 1.0 }", ["E103 loss"]),
        ('optimizer = "addam"', ['E108 "addam"']),
        ('optimizer = { type = "Adam", lr = 0.1 }', ["E104 lr"]),
        ('optimizer = { type = "Adam", learning_rate = "0.1" }', ['E105 "0.1"']),
        (
            'optimizer = { type = "Adam", learning_rate = { type = "CosineDecay", decay_steps = 10 } }',
            ['E103 "CosineDecay"'],
        ),
        ('optimizer = { typ = "Adam" }', ["E102 typ"]),
        ('callbacks = { type = "EarlyStopping" }', ['E105 { type = "EarlyStopping" }']),
        ('callbacks = [{ type = "EarlyStopping", monitr = "loss" }]', ["E104 monitr"]),
        ('callbacks = ["EarlyStoping"]', ['E108 "EarlyStoping"']),
        ('callbacks = ["ModelCheckpoint"]', ['E103 "ModelCheckpoint"']),
        ('callbacks = [{ type = "LambdaCallback" }]', ['E111 "LambdaCallback"']),
        ("epochs = 0", ["E106 0"]),
        ('epochs = "3"', ['E105 "3"']),
        ("epoch = 3", ["E102 epoch"]),
        ('precision = "half"', ['E107 "half"']),
        ("jit_compile = 1", ["E105 1"]),
        ("class_weight = { a = -1 }", ["E106 -1"]),
        ('distribute = "mirored"', ['E107 "mirored"']),
    ],
)
def test_training(line: str, expected: list[str]) -> None:
    assert said(training(line)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('source = "a.csv"', ['E105 "a.csv"']),
        ('source = { path = "a.csv" }', ["E103 source"]),
        ('source = { type = "cvs", path = "a.csv" }', ['E108 "cvs"']),
        ('source = { type = "tfds", path = "a" }', ['E103 "tfds"', "E104 path"]),
        ('source = { type = "python", function = "load" }', ['E106 "load"']),
        ('source = { type = "csv" }', ['E103 "csv"']),
        ("batch_size = 8", ["E103 [data]"]),
        ('source = { type = "csv", path = "a" }\nsplit = 0.2', ["E105 0.2"]),
        ('source = { type = "csv", path = "a" }\nsplit = { validation = 1.5 }', ["E106 1.5"]),
        ('source = { type = "csv", path = "a" }\nsplit = { valid = 0.1 }', ["E102 valid"]),
        ('source = { type = "csv", path = "a" }\ninputs.x = "a"', ['E105 "a"']),
        ('source = { type = "csv", path = "a" }\ninputs.x.colum = "a"', ["E102 colum"]),
        ('source = { type = "csv", path = "a" }\ninputs.x.column = 3', ["E105 3"]),
        ('source = { type = "csv", path = "a" }\ninputs.y.column = "a"', ["E406 y"]),
        ('source = { type = "csv", path = "a" }\nmissing = "drp"', ['E107 "drp"']),
        ('source = { type = "csv", path = "a" }\nshuffle = "yes"', ['E105 "yes"']),
        ('source = { type = "csv", path = "a" }\naugment = {}', ["E105 {}"]),
    ],
)
def test_data(line: str, expected: list[str]) -> None:
    assert said(HEAD + DENSE + "[data]\n" + line + "\n") == expected


def test_mistakes_inside_a_wrapped_layer_are_all_said_at_their_places() -> None:
    wrapped = 'layer = { type = "LSTM", unit = 4, activation = "rellu", use_bias = "no", inputs = "x" }'
    text = 'keraspec = 1\ninputs.x.shape = [8, 3]\n[[layers]]\ntype = "Bidirectional"\n' + wrapped + "\n"
    assert said(text) == ["E104 unit", 'E108 "rellu"', 'E105 "no"', "E102 inputs"]


@pytest.mark.parametrize(
    ("wrapped", "expected"),
    [
        ('"LSTM"', 'E105 "LSTM"'),
        ('{ type = "LSMT", units = 4 }', 'E108 "LSMT"'),
        ("{ units = 4 }", "E103 layer"),
        ('{ type = "Dense", units = 4 }', 'E114 { type = "Dense", units = 4 }'),
    ],
)
def test_what_can_be_wrapped(wrapped: str, expected: str) -> None:
    text = f'keraspec = 1\ninputs.x.shape = [8, 3]\n[[layers]]\ntype = "Bidirectional"\nlayer = {wrapped}\n'
    assert said(text) == [expected]


def test_expressions_that_are_wrong_hide_nothing_else() -> None:
    text = (
        layer('name = "a"', 'type = "Dense"', 'units = "${n}"')
        + '[[layers]]\ntype = "Dense"\nunits = "${2 * n}"\ninputs = "b"\n'
    )
    assert said(text) == ["E602 n", "E602 n", 'E201 "b"']
    assert (
        said(layer('type = "Dense"', "units = 4").replace("keraspec = 1", 'keraspec = 1\ndescription = "${n}"')) == []
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"layers": [{"type": "Dense", "units": "4"}]}, ['E105 "4"']),
        ({"layers": [{"type": "Dense", "units": None}]}, ["E105 null"]),
        ({"layers": [{"type": "Dense", "units": 4, "activation": None}]}, []),
        ({"layers": {"type": "Dense", "units": 4}}, ['E105 "layers"']),
        ({"layers": [{"units": 4}]}, ["E103 {"]),
        ({"inputs": {"x": {"shape": [None, 3]}}}, ["E105 null"]),
        ({"$schema": 3}, ["E105 3"]),
        ({"$schema": "keraspec-1.json"}, []),
        ({"keraspec": 1.5}, ["E101 1.5"]),
        ({"layers": [{"type": "Dense", "units": True}, {"type": "Dens"}, []]}, ["E105 true", 'E108 "Dens"', "E105 []"]),
    ],
)
def test_json(data: dict[str, Any], expected: list[str]) -> None:
    whole = {"keraspec": 1, "inputs": {"x": {"shape": [3]}}, "layers": [{"type": "Dense", "units": 4}], **data}
    assert said(json.dumps(whole, indent=1), "json") == expected


def test_byte_order_mark_and_line_ends_of_windows_move_no_place() -> None:
    plain = layer('type = "Dense"', 'units = "4"')
    windows = "\ufeff" + plain.replace("\n", "\r\n")
    for text in (plain, windows):
        (one,) = compile_text(text).diagnostics
        assert (one.line, one.column) == (5, 9)


def test_columns_count_characters_not_bytes() -> None:
    text = layer('type = "Dense"', 'kernel_regularizer = { type = "Größe 😀", l2 = 1 }', "units = 4")
    (one,) = compile_text(text).diagnostics
    assert (one.line, one.column, one.place.end - one.place.start) == (5, 31, len('"Größe 😀"'))


WRONG = ({"q": 1}, [["a"]], {"type": "Nothing"}, -7.5)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_one_wrong_value_anywhere_in_an_entry_is_one_diagnostic(wrong: Any) -> None:
    layers = [
        {"name": "a", "type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"name": "b", "type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "inputs": "a"},
        {"name": "c", "type": "Add", "inputs": ["a", "b"]},
        {"name": "d", "reuse": "b", "inputs": "c"},
        {"type": "Flatten", "name": "e"},
        {"type": "Dense", "name": "f", "units": 3, "kernel_regularizer": {"type": "L2", "l2": 0.1}},
    ]
    for index, entry in enumerate(layers):
        for key in entry:
            changed = copy.deepcopy(layers)
            changed[index][key] = wrong
            whole = {"keraspec": 1, "inputs": {"x": {"shape": [8, 8, 3]}}, "layers": changed, "outputs": ["f"]}
            found = compile_text(json.dumps(whole), "json").diagnostics
            assert len(found) == 1, (index, key, [one.message for one in found])
            renamed = copy.deepcopy(layers)
            renamed[index]["zz" + key] = renamed[index].pop(key)
            whole["layers"] = renamed
            found = compile_text(json.dumps(whole), "json").diagnostics
            assert len(found) == 1, (index, "zz" + key, [one.message for one in found])


def test_unreadable_values_are_passed_over() -> None:
    kind = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "x-keraspec": {"expects": "two numbers"}}
    assert explain_value(kind, [HOLE, 3], ("a",), "b") == []
    assert [one[2] for one in explain_value(kind, [HOLE, "3"], ("a",), "b")] == [("a", 1)]
    assert fits(kind, [3, 4])
    assert not fits(kind, [3])


@pytest.mark.parametrize(
    ("word", "names", "expected"),
    [
        ("addam", ["Adam", "adam", "SGD"], "adam"),
        ("Addam", ["adam", "Adam"], "Adam"),
        ("conv2d", ["Conv1D", "Conv2D"], "Conv2D"),
        ("lr", ["learning_rate", "rate"], "learning_rate"),
        ("dropout_rate", ["rate"], "rate"),
        ("zzz", ["units", "filters"], None),
        ("unit", ["units", "unit_forget_bias"], "units"),
        ("", ["units"], None),
    ],
)
def test_closest(word: str, names: list[str], expected: str | None) -> None:
    assert closest(word, names) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("64", 'the text "64"'),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        ([1, "a", None], 'the list [1, "a", null]'),
        ([[1, 2], {"a": 1}, [[3]]], "the list [[1, 2], {…}, […]]"),
        ([0] * 90, "the list [0, 0, 0, 0, 0, 0, 0, 0, …]"),
        (["long text" * 3] * 9, "a list of 9 values"),
        ({"a": 1}, "a table"),
        ("a\nb\u0007" + "c" * 99, 'the text "a·b·' + "c" * 55 + '…"'),
    ],
)
def test_shown(value: Any, expected: str) -> None:
    assert shown(value) == expected


def test_listed_and_quoted() -> None:
    assert listed(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listed(["a", "b", "c", "d"], 2) == "`a`, `b` and 2 more"
    assert listed([]) == ""
    assert quoted("a\u200bb") == '"a·b"'
