"""Codes E50: promises that a model makes."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E501",
        "a promise that the model breaks",
        "`[[assertions]]` say what must be true of the model: how many parameters it may have, how many operations it "
        "may take, which shape comes out. This one is not true. The message has the numbers; change the model, or the "
        "promise if it asks too much.",
        '[[layers]]\nname = "answer"\ntype = "Dense"\nunits = 10\n\n[[assertions]]\ncheck = "params < 10"',
        '[[layers]]\nname = "answer"\ntype = "Dense"\nunits = 10\n\n[[assertions]]\ncheck = "params < 1_000"',
    ),
    Code(
        "E502",
        "a promise that can't be decided",
        "The promise hangs on a size that is not known yet: it is a word in `inputs`. What is true for short sequences "
        "may be false for long ones. Write a number for the size, or promise something that does not hang on it.",
        'inputs.words.shape = ["time", 8]\n\n[[layers]]\ntype = "Dense"\nunits = 10\n\n'
        '[[assertions]]\ncheck = "flops < 1_000_000"',
        'inputs.words.shape = [100, 8]\n\n[[layers]]\ntype = "Dense"\nunits = 10\n\n'
        '[[assertions]]\ncheck = "flops < 1_000_000"',
    ),
)
