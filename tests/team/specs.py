"""The specs of a team: some of the gallery, some that lie over a base, some that include blocks, some in JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Final

GALLERY: Final = (
    "convnext_tiny", "lenet5", "lstm_tagger", "resnet50", "siamese", "text_cnn", "transformer_classifier", "two_tower",
    "unet", "vgg16", "wavenet",
)  # fmt: skip
ARCHITECTURES: Final = Path(__file__).parents[2] / "examples" / "architectures"

BASE: Final = """keraspec = 1
name = "base"
description = "What the others of this folder lie over."
inputs.measures.shape = [8]

[[layers]]
name = "wide"
type = "Dense"
units = 32
activation = "relu"

[[layers]]
name = "hidden"
type = "Dense"
units = 16
activation = "relu"

[[layers]]
name = "price"
type = "Dense"
units = 1

[data]
source = { type = "synthetic", rows = 256 }
batch_size = 16
seed = 1

[data.split]
validation = 0.2

# As long as it gets better.
[training]
epochs = 20
seed = 1
optimizer = { type = "Adam", learning_rate = 0.001 }
loss = "mean_squared_error"
callbacks = [
  { type = "EarlyStopping", monitor = "val_loss", patience = 3 },
]
"""
SMALL: Final = """keraspec = 1
extends = "base.keraspec.toml"
name = "small"

[[layers]]
name = "wide"
units = 8

[training]
epochs = 5
"""
LARGE: Final = """{
  "keraspec": 1,
  "extends": "base.keraspec.toml",
  "name": "large",
  "layers": [
    { "name": "wide", "units": 128 },
    { "name": "deeper", "type": "Dense", "units": 64, "after": "wide" }
  ],
  "training": { "epochs": 50 }
}
"""
LIBRARY: Final = """keraspec = 1

[blocks.unit]
description = "A convolution, and what steadies it."
parameters = { filters = {}, rate = 0.1 }
layers = [
  { name = "conv", type = "Conv2D", filters = "${filters}", kernel_size = 3, padding = "same" },
  { name = "steady", type = "BatchNormalization" },
  { type = "ReLU" },
  { type = "Dropout", rate = "${rate}" },
]

[blocks.head]
parameters = { classes = {} }

[[blocks.head.layers]]
type = "GlobalAveragePooling2D"

[[blocks.head.layers]]
name = "class"
type = "Dense"
units = "${classes}"
activation = "softmax"
"""
PLAIN: Final = """keraspec = 1
name = "plain"
include = ["../blocks/units.keraspec.toml"]
inputs.image.shape = [32, 32, 3]

# What the picture is made of.
[[layers]]
name = "first"
block = "unit"
filters = 16

[[layers]]
type = "MaxPooling2D"

[[layers]]
name = "second"
block = "unit"
filters = 32
rate = 0.2  # more of it

[[layers]]
name = "thing"
block = "head"
classes = 10

[training]
epochs = 3
optimizer = { type = "SGD", learning_rate = 0.1 }
loss = "sparse_categorical_crossentropy"
"""
DEEP: Final = """keraspec = 1
name = "deep"
include = ["../blocks/units.keraspec.toml"]
inputs.image.shape = [64, 64, 3]
layers = [
  { name = "unit", block = "unit", repeat = [16, 32, 64], filters = "${item}" },
  { name = "thing", block = "head", classes = 10 },
]
"""
HEADS: Final = """keraspec = 1
name = "heads"
inputs.x.shape = [8]
layers = [
  { name = "a", type = "Dense", units = 1, inputs = "x" },
  { name = "b", type = "Dense", units = 2, inputs = "x" },
  { name = "c", type = "Dense", units = 3, inputs = "x" },
  { name = "d", type = "Dense", units = 4, inputs = "x" },
  { name = "e", type = "Dense", units = 5, inputs = "x" },
]
outputs = ["a", "b", "c", "d", "e"]
"""
TABLE: Final = """{
  "keraspec": 1,
  "name": "table",
  "inputs": { "row": { "shape": [12] } },
  "layers": [
    { "type": "Dense", "units": 64, "activation": "relu" },
    { "name": "again", "type": "Dense", "units": 32, "activation": "relu" },
    { "name": "yes", "type": "Dense", "units": 1, "activation": "sigmoid" }
  ],
  "training": { "epochs": 10, "optimizer": { "type": "Adam" }, "loss": "binary_crossentropy" }
}
"""
TOWER: Final = """{
  "keraspec": 1,
  "name": "tower",
  "inputs": { "row": { "shape": [12] } },
  "layers": [
    { "name": "floor", "type": "Dense", "repeat": 4, "units": 64 },
    { "name": "roof", "type": "Dense", "units": 1 }
  ]
}
"""
OLD: Final = """keraspec = 1
name = "old"
inputs.signal.shape = [128, 1]

[[layers]]
name = "listen"
type = "Conv1D"
filters = 8
kernel_size = 5

[[layers]]
type = "GlobalMaxPooling1D"

[[layers]]
name = "loud"
type = "Dense"
units = 1
activation = "sigmoid"
"""
GONE: Final = """keraspec = 1
name = "gone"
inputs = { time = { shape = ["days", 3] } }
layers = [
  { name = "remember", type = "GRU", units = 8 },
  { name = "tomorrow", type = "Dense", units = 3 },
]
"""

WRITTEN: Final = {
    "blocks/units.keraspec.toml": LIBRARY,
    "nets/base.keraspec.toml": BASE,
    "nets/deep.keraspec.toml": DEEP,
    "nets/gone.keraspec.toml": GONE,
    "nets/heads.keraspec.toml": HEADS,
    "nets/large.keraspec.json": LARGE,
    "nets/old.keraspec.toml": OLD,
    "nets/plain.keraspec.toml": PLAIN,
    "nets/small.keraspec.toml": SMALL,
    "nets/table.keraspec.json": TABLE,
    "nets/tower.keraspec.json": TOWER,
}


def gallery(name: str) -> str:
    """Where a spec of the gallery lies in the team's repository."""
    return f"gallery/{name}.keraspec.toml"


def specs() -> dict[str, str]:
    """Paths and texts of all of them."""
    taken = {gallery(name): (ARCHITECTURES / f"{name}.keraspec.toml").read_text("utf-8") for name in GALLERY}
    return {path: text.replace("#:schema ../../schemas/", "#:schema ../") for path, text in taken.items()} | WRITTEN
