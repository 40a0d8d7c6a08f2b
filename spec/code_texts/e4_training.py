"""Codes E425 to E429: what is frozen, phases, rules, layers that phases change."""

from __future__ import annotations

from typing import Final

from .code import Code

_PRICE: Final = 'inputs.rooms.shape = [3]\n\n[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n'
_KIND: Final = (
    'inputs.rooms.shape = [3]\n\n[[layers]]\nname = "kind"\ntype = "Dense"\nunits = 3\nactivation = "softmax"\n\n'
)
_RULE: Final = f'{_PRICE}[training]\nloss = "mse"\n\n[[training.rules]]\nwhen = "epoch >= 10"\n'
_TWO_PHASES: Final = (
    'inputs.rooms.shape = [3]\n\n[[layers]]\nname = "seen"\ntype = "Dense"\nunits = 8\n\n'
    '[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n[training]\nloss = "mse"\n\n'
    "[[training.phases]]\nepochs = 5\n\n[[training.phases]]\nepochs = 5\n"
)
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
    Code(
        "E428",
        "a phase that changes a layer which is not there",
        "`overrides` in a phase lays keys over layers that have a `name`, as `extends` does with those of another "
        "file: from that phase on they are other layers, and what fits of their weights is kept. Here the name is none "
        "of a layer at the top of the spec, or it is not said how the entry is meant. A new layer says what it is, and "
        'where it goes: `overrides.more = { type = "Dense", units = 8, after = "seen" }`. What is inside a block is '
        "changed by a parameter of that block.",
        _TWO_PHASES + "overrides.sen = { units = 16 }",
        _TWO_PHASES + "overrides.seen = { units = 16 }",
    ),
    Code(
        "E429",
        "a phase that gives other outputs",
        "The rows are prepared once, for all phases, to be compared with the outputs of the model. So a phase may "
        "change all that is inside, but its outputs have the names, the shapes and the dtypes of those before.",
        _TWO_PHASES + "overrides.price = { units = 2 }",
        _TWO_PHASES + 'overrides.price = { kernel_initializer = "zeros" }',
    ),
)
