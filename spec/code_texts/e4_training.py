"""Codes E425 to E427: what is frozen, phases, rules."""

from __future__ import annotations

from typing import Final

from .code import Code

_PRICE: Final = 'inputs.rooms.shape = [3]\n\n[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n'
_KIND: Final = (
    'inputs.rooms.shape = [3]\n\n[[layers]]\nname = "kind"\ntype = "Dense"\nunits = 3\nactivation = "softmax"\n\n'
)
_RULE: Final = f'{_PRICE}[training]\nloss = "mse"\n\n[[training.rules]]\nwhen = "epoch >= 10"\n'
_SPARSE: Final = _KIND + '[[training.phases]]\nepochs = 2\nloss = "sparse_categorical_crossentropy"\n\n'

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E425",
        "nothing is left to learn",
        "`freeze` keeps layers from being trained, with all inside of them. Here it takes in every layer that has "
        "weights, so training could change nothing. Leave out those that should learn: mostly the last layers, which "
        "were made for this task.",
        _PRICE + '[training]\nloss = "mse"\nfreeze = ["*"]',
        'inputs.rooms.shape = [3]\n\n[[layers]]\nname = "seen"\ntype = "Dense"\nunits = 8\n\n'
        '[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n[training]\nloss = "mse"\nfreeze = ["seen"]',
    ),
    Code(
        "E426",
        "phases that want different targets",
        "The data is prepared once, for all phases. A loss of one phase wants the number of the class as its target, "
        "and that of another wants a row with a 1 for the class, or plain numbers. Take losses that want the same.",
        _SPARSE + '[[training.phases]]\nepochs = 2\nloss = "categorical_crossentropy"',
        _SPARSE + '[[training.phases]]\nepochs = 2\noptimizer = "sgd"',
    ),
    Code(
        "E427",
        "a rule that came to no learning rate",
        "A rule works out the learning rate from the numbers of the moment. Here it came to 0, to less, or to no "
        "number at all, with which nothing could be learned. Write an expression that stays above 0, whatever is "
        "reported: `maximum(…, 1e-6)` keeps it there.",
        _RULE + 'set = { learning_rate = "initial_learning_rate - 0.001 * epoch" }',
        _RULE + 'set = { learning_rate = "initial_learning_rate * 0.1" }',
    ),
)
