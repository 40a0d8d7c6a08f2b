"""Codes E8: saved models that are to become specs."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final = (
    Code(
        "E801",
        "a file that holds no architecture",
        "`keraspec import` was given a file in which no layers of a Keras model are written down: weights alone, a "
        "SavedModel (a program of TensorFlow), a pickle, or something broken. It reads `.keras` and `.h5` files of "
        "whole models, the JSON that `model.to_json()` gives, and the `model.json` of TensorFlow.js. Save the model as "
        "a whole, and import that file.",
        "# keraspec import digits.weights.h5          weights, and no layers",
        "# keraspec import digits.keras               the whole model",
    ),
    Code(
        "E802",
        "a part of a model that a spec can't say",
        "A spec states layers and ops of Keras. What runs code of its author (`Lambda`), a class of somebody's own, a "
        "layer that Keras no longer has, or a call that no entry can express can't become one. All such places are "
        "told at once, with the way to them in the file. Rebuild those parts of Keras' own layers and save the model "
        "again, or offer the class in a plugin.",
        "# in the model:  Lambda(lambda x: x / 255)",
        '# in the model:  Rescaling(1 / 255)\n[[layers]]\nname = "scaled"\ntype = "Rescaling"\nscale = 0.00392',
    ),
    Code(
        "E803",
        "weights that do not fit",
        "A file of weights has other layers than the model, another number of weights in one, or weights of another "
        "shape. They are only taken if all of them fit. Name the file that `keraspec import --weights` wrote beside "
        "this spec, or one that `model.save_weights` gave for the same layers.",
        "# keraspec.build('digits.keraspec.toml', weights='letters.weights.h5')",
        "# keraspec.build('digits.keraspec.toml', weights='digits.weights.h5')",
    ),
)
