"""The mistakes that people make most: each has a message made for it, and doing what it says first mends the spec.

The specs and the exact texts stand in tests/bad. Here stands what is to be written instead, as the help puts it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keraspec.checked import compile_file, compile_text
from keraspec.spec.report import as_record, concise, full

BAD = Path(__file__).parents[1] / "bad"

MENDED: dict[str, list[tuple[str, str]]] = {
    "picture-without-channel": [("[28, 28]", "[28, 28, 1]")],
    "dense-on-single-numbers": [("shape = []", "shape = [1]")],
    "conv1d-on-a-table-row": [("BEFORE conv", '{ type = "Reshape", target_shape = [12, 1] }')],
    "lstm-on-a-table-row": [("BEFORE memory", '{ type = "Reshape", target_shape = [12, 1] }')],
    "lstm-on-word-numbers": [("BEFORE memory", '{ type = "Embedding", input_dim = 10000, output_dim = 64 }')],
    "lstm-after-lstm": [("units = 16", "units = 16\nreturn_sequences = true")],
    "lstm-after-bidirectional": [("units = 16 }", "units = 16, return_sequences = true }")],
    "time-distributed-after-last-step": [("units = 16", "units = 16\nreturn_sequences = true")],
    "repeat-all-steps": [("return_sequences = true\n", "")],
    "pictures-into-lstm": [("BEFORE memory", '{ type = "Reshape", target_shape = [26, 208] }')],
    "flatten-before-convolution": [
        ('[[layers]]\nname = "flat"\ntype = "Flatten"\n\n', ""),
        ("BEFORE digit", '{ name = "flat", type = "Flatten" }'),
    ],
    "pooling-of-pictures-on-a-series": [("GlobalAveragePooling2D", "GlobalAveragePooling1D")],
    "batch-size-in-shape": [("[32, 28, 28, 1]", "[28, 28, 1]")],
    "none-in-shape": [('"None", ', "")],
    "minus-one-in-shape": [("-1, ", "")],
    "batch-shape": [("batch_shape", "shape")],
    "input-shape-in-layer": [
        ("input_shape = [28, 28, 1]\n", ""),
        ('name = "digits"', "inputs.x.shape = [28, 28, 1]"),
    ],
    "input-as-layer": [
        ('[[layers]]\nname = "image"\ntype = "Input"\nshape = [28, 28, 1]\n', ""),
        ('name = "digits"', "inputs.image.shape = [28, 28, 1]"),
    ],
    "channels-first": [("BEFORE conv1", '{ type = "Permute", dims = [2, 3, 1] }')],
    "whole-numbers-into-convolution": [("BEFORE conv", '{ type = "Rescaling", scale = 0.00392156862745098 }')],
    "text-into-embedding": [
        ("BEFORE vectors", '{ type = "TextVectorization", max_tokens = 10000, output_sequence_length = 100 }')
    ],
    "add-of-other-channels": [
        ("BEFORE sum", '{ name = "stem_shortcut", type = "Conv2D", filters = 32, kernel_size = 1, inputs = "stem" }'),
        ('["wide", "stem"]', '["wide", "stem_shortcut"]'),
    ],
    "add-after-stride": [
        (
            "BEFORE sum",
            '{ name = "stem_shortcut", type = "Conv2D", filters = 32, kernel_size = 1, strides = 2, '
            'padding = "same", inputs = "stem" }',
        ),
        ('["half", "stem"]', '["half", "stem_shortcut"]'),
    ],
    "add-without-same": [("filters = 16\nkernel_size = 3\n\n", 'filters = 16\nkernel_size = 3\npadding = "same"\n\n')],
    "add-of-other-units": [("units = 64", "units = 32")],
    "concatenate-along-other-axis": [('type = "Concatenate"', 'type = "Concatenate"\naxis = 1')],
    "concatenate-picture-and-number": [
        ("BEFORE both", '{ name = "pool_mean", type = "GlobalAveragePooling2D", inputs = "pool" }'),
        ('["pool", "age"]', '["pool_mean", "age"]'),
    ],
    "unet-of-odd-sizes": [("[50, 50, 3]", "[52, 52, 3]")],
    "unet-without-same": [("kernel_size = 3\n", 'kernel_size = 3\npadding = "same"\n')],
    "attention-of-other-widths": [
        ("BEFORE look", '{ name = "text_projected", type = "Dense", units = 32, inputs = "text" }'),
        ('value = "text"', 'value = "text_projected"'),
    ],
    "shortcut-around-attention": [('["look", "text"]', '["look", "question"]')],
    "decoder-of-other-units": [("units = 32", "units = 64")],
    "reshape-of-other-count": [("units = 6000", "units = 6272")],
    "reshape-with-batch": [("[32, 28, 28]", "[28, 28]")],
    "kernel-larger-than-input": [("filters = 32\n", 'filters = 32\npadding = "same"\n')],
    "pooled-to-nothing": [('name = "pool5"\n', 'name = "pool5"\npadding = "same"\n')],
    "flatten-of-unknown-length": [('"Flatten"', '"GlobalAveragePooling1D"')],
    "groups-of-channels": [("groups = 32", "groups = 8")],
    "axis-that-is-not-there": [("axis = 4", "axis = -1")],
    "words-of-pytorch": [
        ("in_channels = 1\n", ""),
        ("out_channels", "filters"),
        ("stride =", "strides ="),
        ("padding = 1", 'padding = "same"'),
        ("bias =", "use_bias ="),
        ("p = 0.5", "rate = 0.5"),
        ("in_features = 5408\n", ""),
        ("out_features", "units"),
        ("dropout = 0.2\n", ""),
        ("BEFORE digit", '{ type = "Dropout", rate = 0.2 }'),
    ],
    "layers-of-pytorch": [
        ("nn.Conv2d", "Conv2D"),
        ("BatchNorm2d", "BatchNormalization"),
        ("MaxPool2d", "MaxPooling2D"),
        ("Linear", "Dense"),
    ],
    "words-of-keras-2-and-caffe": [
        ("num_output", "filters"),
        ("kernel =", "kernel_size ="),
        ("border_mode", "padding"),
        ("alpha", "negative_slope"),
        ("pool =", "pool_size ="),
        ("n_units", "units"),
    ],
    "memory-of-pytorch": [
        ("hidden_size", "units"),
        ("num_layers = 2\n", ""),
        ("batch_first = true\n", ""),
        ("bidirectional = true\n", ""),
    ],
    "names-of-a-program": [("layers.Conv2D", "Conv2D"), ("tf.nn.relu", "relu"), ("tf.keras.layers.Dense", "Dense")],
    "values-of-other-kinds": [
        ('"8"', "8"),
        ('"3x3"', "[3, 3]"),
        ("padding = 1", 'padding = "same"'),
        ("ReLU", "relu"),
        ("rate = 50", "rate = 0.5"),
        ("Softmax", "softmax"),
        ('"l2(0.01)"', '{ type = "L2", l2 = 0.01 }'),
    ],
    "activation-without-quotes": [("= softmax", '= "softmax"')],
    "training-of-pytorch": [
        ("num_epochs", "epochs"),
        ("lr = 0.001\n", ""),
        ('criterion = "CrossEntropyLoss"', 'loss = "sparse_categorical_crossentropy"'),
        ('"Adam(lr=0.001)"', '{ type = "Adam", learning_rate = 0.001 }'),
        ('"accuracy"', '["accuracy"]'),
    ],
    "losses-of-pytorch": [
        ('"CrossEntropyLoss"', '"categorical_crossentropy"'),
        (" lr ", " learning_rate "),
        (" eps ", " epsilon "),
        ('"f1"', '"F1Score"'),
    ],
    "training-words-in-the-wrong-place": [
        ("batch_size = 32\n", ""),
        ("validation_split = 0.2\n", ""),
        ("early_stopping = true\n", 'callbacks = [{ type = "EarlyStopping", patience = 3 }]\n'),
    ],
}
"""Mistake → what to write instead: text and what takes its place, or ``BEFORE name`` and the entry to put there."""

NAMES = {path.name.removesuffix(".keraspec.toml")[11:]: path for path in sorted(BAD.glob("mistake-*.keraspec.toml"))}
SHAPES = re.compile(r"E3\d\d")


def mended(text: str, changes: list[tuple[str, str]]) -> str:
    for old, new in changes:
        if old.startswith("BEFORE "):
            head = f'[[layers]]\nname = "{old[7:]}"'
            assert head in text
            entry = re.sub(r"^\{ (.*) \}$", r"\1", new)
            lines = re.sub(r", (?=\w+ = )", "\n", entry)
            text = text.replace(head, f"[[layers]]\n{lines}\n\n{head}")
        else:
            assert old in text
            text = text.replace(old, new)
    return text


def test_the_table_lists_all_of_them() -> None:
    assert list(NAMES) == list(MENDED)
    assert len(NAMES) >= 25
    numbers = [int(path.name[8:10]) for path in NAMES.values()]
    assert numbers == list(range(1, len(NAMES) + 1))


@pytest.mark.parametrize("name", MENDED)
def test_each_mistake_says_where_it_is_and_what_to_write(name: str) -> None:
    found = compile_file(NAMES[name]).diagnostics
    assert found
    for one in found:
        assert one.severity == "error"
        assert one.help
        if SHAPES.fullmatch(one.code):
            assert one.shapes
            assert all(" → " in way for way in one.shapes)
            assert one.finding.related
            assert len(one.shapes) == (2 if one.code == "E302" and "initial_state" not in one.message else 1)


@pytest.mark.parametrize("name", MENDED)
def test_what_the_help_says_first_mends_it(name: str) -> None:
    text = NAMES[name].read_text(encoding="utf-8")
    helps = " ".join(one.help or "" for one in compile_file(NAMES[name]).diagnostics)
    for old, new in MENDED[name]:
        if old.startswith("BEFORE ") and name != "flatten-before-convolution":
            assert f"`{new}`" in helps
    checked = compile_text(mended(text, MENDED[name]))
    assert [concise(one) for one in checked.errors] == []


def test_shapes_stand_in_the_full_report_and_in_json_but_on_no_single_line() -> None:
    (one,) = compile_file(NAMES["lstm-after-lstm"]).diagnostics
    way = "series (batch, 30, 4) → first (batch, 16) → dropout (batch, 16) → second: LSTM"
    assert f"= shapes: {way}" in full(one)
    assert as_record(one)["shapes"] == [way]
    assert "shapes:" not in concise(one)
    assert way not in concise(one)
