"""A good spec as TOML and as JSON, and the mistakes that people make in it, as changes to both texts."""

from __future__ import annotations

from dataclasses import dataclass

HERE = "¶"
"""Where a message is expected: on this line."""

TOML = """\
#:schema SCHEMA

keraspec = 1
name = "editors"
inputs.image.shape = [28, 28, 1]
outputs = ["digit"]

[[layers]]
name = "conv"
type = "Conv2D"
filters = 32
kernel_size = 3
padding = "same"
activation = "relu"
kernel_regularizer = { type = "L2", l2 = 0.01 }

[[layers]]
name = "again"
reuse = "conv"

[[layers]]
type = "Reshape"
target_shape = [28, 896]

[[layers]]
type = "Bidirectional"
layer = { type = "LSTM", units = 64 }

[[layers]]
name = "digit"
type = "Dense"
units = 10

[data]
source = { type = "csv", path = "digits.csv" }
split = { validation = 0.2, stratify = "label" }
batch_size = 64

[data.inputs.image]
column = "pixel_*"

[training]
epochs = 3
optimizer = { type = "Adam", learning_rate = 0.001 }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
callbacks = [{ type = "EarlyStopping", monitor = "val_loss", patience = 3 }]
"""
JSON = """\
{
  "$schema": "SCHEMA",
  "keraspec": 1,
  "name": "editors",
  "inputs": {"image": {"shape": [28, 28, 1]}},
  "outputs": ["digit"],
  "layers": [
    {
      "name": "conv",
      "type": "Conv2D",
      "filters": 32,
      "kernel_size": 3,
      "padding": "same",
      "activation": "relu",
      "kernel_regularizer": {"type": "L2", "l2": 0.01}
    },
    {
      "name": "again",
      "reuse": "conv"
    },
    {
      "type": "Reshape",
      "target_shape": [28, 896]
    },
    {
      "type": "Bidirectional",
      "layer": {"type": "LSTM", "units": 64}
    },
    {
      "name": "digit",
      "type": "Dense",
      "units": 10
    }
  ],
  "data": {
    "source": {"type": "csv", "path": "digits.csv"},
    "split": {"validation": 0.2, "stratify": "label"},
    "batch_size": 64,
    "inputs": {"image": {"column": "pixel_*"}}
  },
  "training": {
    "epochs": 3,
    "optimizer": {"type": "Adam", "learning_rate": 0.001},
    "loss": "sparse_categorical_crossentropy",
    "metrics": ["accuracy"],
    "callbacks": [{"type": "EarlyStopping", "monitor": "val_loss", "patience": 3}]
  }
}
"""


@dataclass(frozen=True)
class Mistake:
    """The same change to both texts: ``old`` becomes ``new``, which has ``¶`` on the line of the message.

    ``says`` is what the message must name.
    """

    old: str
    new: str
    old_json: str
    new_json: str
    says: str


MISTAKES = {
    "misspelt key": Mistake('padding = "same"', '¶paddin = "same"', '"padding": "same"', '¶"paddin": "same"', "paddin"),
    "wrong word": Mistake('padding = "same"', '¶padding = "sme"', '"padding": "same"', '¶"padding": "sme"', '"valid"'),
    "wrong type of value": Mistake(
        "filters = 32", '¶filters = "32"', '"filters": 32', '¶"filters": "32"', "[Ii]nteger"
    ),
    "value out of range": Mistake("filters = 32", "¶filters = 0", '"filters": 32', '¶"filters": 0', "1"),
    "missing key": Mistake(
        '[[layers]]\nname = "conv"\ntype = "Conv2D"\nfilters = 32\n',
        '¶[[layers]]\nname = "conv"\ntype = "Conv2D"\n',
        '{\n      "name": "conv",\n      "type": "Conv2D",\n      "filters": 32,\n',
        '¶{\n      "name": "conv",\n      "type": "Conv2D",\n',
        "filters",
    ),
    "unknown type": Mistake(
        'type = "Conv2D"', '¶type = "Conv2Dx"', '"type": "Conv2D"', '¶"type": "Conv2Dx"', '"Conv2D"'
    ),
    "unknown type and nothing else": Mistake(
        'type = "Reshape"\ntarget_shape = [28, 896]',
        '¶type = "Lambda"',
        '"type": "Reshape",\n      "target_shape": [28, 896]',
        '¶"type": "Lambda"',
        '"Dense"',
    ),
    "no type": Mistake(
        '[[layers]]\ntype = "Reshape"\ntarget_shape = [28, 896]',
        '¶[[layers]]\nname = "x"',
        '{\n      "type": "Reshape",\n      "target_shape": [28, 896]',
        '¶{\n      "name": "x"',
        "type",
    ),
    "key beside reuse": Mistake(
        'reuse = "conv"', 'reuse = "conv"\n¶units = 3', '"reuse": "conv"', '"reuse": "conv",\n¶"units": 3', "units"
    ),
    "repeat that is no number": Mistake(
        "units = 10", "units = 10\n¶repeat = true", '"units": 10', '"units": 10,\n¶"repeat": true', "[Ii]nteger"
    ),
    "misspelt key of a nested object": Mistake("l2 = 0.01", "¶l3 = 0.01", '"l2": 0.01', '¶"l3": 0.01', "l3"),
    "unknown type of a nested object": Mistake('"L2"', '¶"L3"', '"L2"', '¶"L3"', '"L1L2"'),
    "missing key of a nested layer": Mistake(
        '{ type = "LSTM", units = 64 }', '¶{ type = "LSTM" }', '"LSTM", "units": 64', '¶"LSTM"', "units"
    ),
    "entry's key in a nested layer": Mistake(
        "units = 64", '¶units = 64, inputs = "conv"', '"units": 64', '¶"units": 64, "inputs": "conv"', "(?i)match|input"
    ),
    "misspelt key of a section": Mistake(
        "batch_size = 64", "¶bach_size = 64", '"batch_size": 64', '¶"bach_size": 64', "bach_size"
    ),
    "misspelt key of the top level": Mistake(
        'name = "editors"', '¶title = "editors"', '"name": "editors"', '¶"title": "editors"', "title"
    ),
    "unknown source": Mistake('"csv", path = "digits.csv"', '¶"cvs"', '"csv", "path": "digits.csv"', '¶"cvs"', '"npz"'),
    "unknown optimizer": Mistake(
        '"Adam", learning_rate = 0.001', '¶"Adamm"', '"Adam", "learning_rate": 0.001', '¶"Adamm"', '"AdamW"'
    ),
    "misspelt metric": Mistake('"accuracy"', '¶"acuracy"', '"accuracy"', '¶"acuracy"', '"accuracy"'),
    "misspelt activation": Mistake('"relu"', '¶"rellu"', '"relu"', '¶"rellu"', '"relu"'),
    "size that is none": Mistake("28, 1]", "¶28.5, 1]", "28, 1]", "¶28.5, 1]", "[Ii]nteger"),
    "name that is none": Mistake("inputs.image.", '¶inputs."1".', '{"image": {"shape"', '¶{"1": {"shape"', "pattern"),
    "another version": Mistake("keraspec = 1", "¶keraspec = 2", '"keraspec": 1', '¶"keraspec": 2', "1"),
}


def toml(schema: str, old: str = "", new: str = "") -> str:
    """The good spec, changed, as TOML."""
    assert old in TOML
    return TOML.replace(old, new, 1).replace("SCHEMA", schema)


def as_json(schema: str, old: str = "", new: str = "") -> str:
    """The good spec, changed, as JSON."""
    assert old in JSON
    return JSON.replace(old, new, 1).replace("SCHEMA", schema)
