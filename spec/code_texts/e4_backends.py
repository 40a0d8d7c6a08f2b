"""Codes E43: training on other backends than TensorFlow."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E430",
        "this needs TensorFlow",
        "Keras runs on TensorFlow, JAX or PyTorch, as KERAS_BACKEND says, and a spec is the same for all. But only "
        "TensorFlow has tensors of text, and with its tables Keras looks words and numbers up. Set "
        "KERAS_BACKEND=tensorflow for this spec, or put numbers in place of the words before.",
        'inputs.colour = { shape = [], dtype = "string" }\n\n'
        '[[layers]]\ntype = "StringLookup"\nvocabulary = ["red", "green"]',
        'inputs.colour = { shape = [], dtype = "int32" }\n\n'
        '[[layers]]\ntype = "Embedding"\ninput_dim = 3\noutput_dim = 4',
    ),
)
