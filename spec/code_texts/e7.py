"""Codes E7: exporting trained models."""

from __future__ import annotations

from typing import Final

from .code import Code

_WORDS = 'inputs.word = { shape = [], dtype = "string" }\n\n'

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E701",
        "the format can't carry this",
        "A format such as ONNX or TensorFlow Lite has its own list of operations, and no format has a place for "
        "everything. The message names the layer that it has none for, and the help a format that can take it. "
        "Or leave the layer out: words can be looked up by the program that uses the model, and a model that is given "
        "numbers goes everywhere.",
        _WORDS + '[[layers]]\ntype = "StringLookup"\nvocabulary = ["red", "green"]\n\n'
        '[[layers]]\ntype = "Embedding"\ninput_dim = 3\noutput_dim = 4',
        'inputs.number = { shape = [], dtype = "int32" }\n\n'
        '[[layers]]\ntype = "Embedding"\ninput_dim = 3\noutput_dim = 4',
    ),
    Code(
        "E702",
        "what was exported computes other numbers",
        "An exported model is read back at once and given a few rows. Its numbers must be those of the trained model, "
        "up to the rounding that the format allows, and here they are not. So nothing was kept. Often a layer makes "
        "small differences large, such as a huge `scale` or a division by nearly nothing.",
        '[[layers]]\ntype = "Rescaling"\nscale = 1e12',
        '[[layers]]\ntype = "Rescaling"\nscale = 2.0',
    ),
)
