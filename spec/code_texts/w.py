"""Codes W: warnings, for what may be meant so and often is not."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "W101",
        "another name of the same thing",
        "Keras knows some objects by two names, such as `Convolution2D` for `Conv2D`. Both work. The usual name is "
        "easier to find in books, and specs are easier to compare if all use the same one.",
        '[[layers]]\ntype = "Convolution2D"\nfilters = 8\nkernel_size = 3',
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3',
    ),
    Code(
        "W102",
        "a comment that silences nothing",
        "`# keraspec: ignore[W301]` at the end of a line, or on a line of its own above it, keeps that code from being "
        "reported there; at a [header] it does so for all that stands below the header. Several codes stand in the "
        "brackets with commas between them. Here there is nothing of the kind to be silent about: it was mended in the "
        "meantime, or the comment stands in the wrong place, or the code is another. Take it away, lest it hide what "
        "will be wrong one day. Specs in JSON have no comments; for them there is `per-file-ignores` in keraspec.toml.",
        '[[layers]]\ntype = "Dense"   # keraspec: ignore[W201]\nunits = 10',
        '[[layers]]\ntype = "Dense"\nunits = 10',
    ),
    Code(
        "W201",
        "an input that feeds nothing",
        "The model asks for this input, but no layer takes it, so it has no effect on what comes out. Mostly an "
        "`inputs` further down is missing or names something else. Use the input, or take it away.",
        'inputs.image.shape = [8, 8, 1]\ninputs.age.shape = [1]\n\n[[layers]]\ntype = "Flatten"\ninputs = "image"',
        "inputs.image.shape = [8, 8, 1]\ninputs.age.shape = [1]\n\n"
        '[[layers]]\nname = "flat"\ntype = "Flatten"\ninputs = "image"\n\n'
        '[[layers]]\ntype = "Concatenate"\ninputs = ["flat", "age"]',
    ),
    Code(
        "W301",
        "a mask is lost",
        "Sequences of unequal length are filled up to one length, and a mask says which places are filling and do "
        "not count. Layers hand the mask on to those behind them, but this one does not, so from here on the filling "
        "counts as data. That is right where the axis over time ends here, and wrong if a recurrent or attention "
        "layer follows: put that one first.",
        'inputs.words = { shape = ["time"], dtype = "int32" }\n\n'
        '[[layers]]\ntype = "Embedding"\ninput_dim = 1000\noutput_dim = 16\nmask_zero = true\n\n'
        '[[layers]]\ntype = "Conv1D"\nfilters = 8\nkernel_size = 3\n\n[[layers]]\ntype = "LSTM"\nunits = 8',
        'inputs.words = { shape = ["time"], dtype = "int32" }\n\n'
        '[[layers]]\ntype = "Embedding"\ninput_dim = 1000\noutput_dim = 16\nmask_zero = true\n\n'
        '[[layers]]\ntype = "LSTM"\nunits = 8',
    ),
    Code(
        "W302",
        "a mask is not there when the model runs",
        "A mask says which places of a sequence are filling and do not count. Keras ties it to a tensor, and not every "
        "layer leaves it there: `MultiHeadAttention` takes the masks off the tensors that it reads, so that a sum "
        "around it, or a second layer that reads the same, finds none. `Add` and its like hand one on only where all "
        "that they are given have one, and a recurrent layer that is given its first states is not told of any. Keras "
        "says nothing, and what comes out depends on how far a row was filled up. Let such a "
        "layer read a copy, or compute the mask as a tensor and give it to each layer that needs it.",
        'inputs.words = { shape = ["time"], dtype = "int32" }\n\n'
        '[[layers]]\nname = "word"\ntype = "Embedding"\ninput_dim = 1000\noutput_dim = 16\nmask_zero = true\n\n'
        '[[layers]]\nname = "look"\ntype = "MultiHeadAttention"\ninputs = { query = "word", value = "word" }\n'
        "num_heads = 2\nkey_dim = 8\n\n"
        '[[layers]]\nname = "sum"\ntype = "Add"\ninputs = ["word", "look"]\n\n'
        '[[layers]]\ntype = "MultiHeadAttention"\ninputs = { query = "sum", value = "sum" }\n'
        "num_heads = 2\nkey_dim = 8",
        'inputs.words = { shape = ["time"], dtype = "int32" }\n\n'
        '[[layers]]\nname = "real"\ntype = "ops.not_equal"\ninputs = "words"\nx2 = 0\n\n'
        '[[layers]]\nname = "word"\ntype = "Embedding"\ninputs = "words"\ninput_dim = 1000\noutput_dim = 16\n\n'
        '[[layers]]\nname = "look"\ntype = "MultiHeadAttention"\n'
        'inputs = { query = "word", value = "word", value_mask = "real" }\nnum_heads = 2\nkey_dim = 8\n\n'
        '[[layers]]\nname = "sum"\ntype = "Add"\ninputs = ["word", "look"]\n\n'
        '[[layers]]\ntype = "MultiHeadAttention"\n'
        'inputs = { query = "sum", value = "sum", value_mask = "real" }\nnum_heads = 2\nkey_dim = 8',
    ),
    Code(
        "W401",
        "the activation hardly fits the loss",
        "The loss can be computed from these numbers and made smaller, but it was made for others, and another "
        "activation learns faster or gives answers that are easier to trust. So it is with `sigmoid` before a loss for "
        "one of several classes, whose probabilities should add up to 1.",
        '[[layers]]\nname = "kind"\ntype = "Dense"\nunits = 3\nactivation = "sigmoid"\n\n'
        '[training]\nloss = "categorical_crossentropy"',
        '[[layers]]\nname = "kind"\ntype = "Dense"\nunits = 3\nactivation = "softmax"\n\n'
        '[training]\nloss = "categorical_crossentropy"',
    ),
    Code(
        "W402",
        "a metric that hardly says anything",
        "The metric can be computed, but its number does not mean here what its name promises: it is always 1, it asks "
        "for right or wrong where answers are near or far, or it takes raw scores for probabilities. Training goes on "
        "as well without it; what you read of it would mislead.",
        '[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n[training]\nloss = "mse"\nmetrics = ["accuracy"]',
        '[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n[training]\nloss = "mse"\nmetrics = ["mae"]',
    ),
    Code(
        "W403",
        "a callback that never acts",
        "With these settings training ends before the callback would do anything, or there is nothing that it could "
        "do. A `patience` of 10 in a training of 10 epochs is the usual case. Give it a smaller number, train for "
        "longer, or leave it out.",
        '[training]\nloss = "mse"\nepochs = 5\n'
        'callbacks = [{ type = "EarlyStopping", monitor = "loss", patience = 10 }]',
        '[training]\nloss = "mse"\nepochs = 50\n'
        'callbacks = [{ type = "EarlyStopping", monitor = "loss", patience = 10 }]',
    ),
    Code(
        "W404",
        "a tensor that a loss term does not use",
        "`inputs` of a loss term gives names to tensors, for its expression to use. The expression does not use this "
        "one. Use it, or take it away.",
        '[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n[[training.losses]]\nname = "small"\n'
        'inputs = { p = "price", q = "price" }\nexpression = "abs(p)"',
        '[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n[[training.losses]]\nname = "small"\n'
        'inputs = { p = "price" }\nexpression = "abs(p)"',
    ),
    Code(
        "W405",
        "each device normalizes its own rows",
        "With several devices, BatchNormalization takes mean and variance of the rows that its device has of a batch, "
        "so that what is learned depends on how many devices there are. With `synchronized = true` they are those of "
        "the whole batch, as on one device, at the price of waiting for each other.",
        '[[layers]]\ntype = "BatchNormalization"\n\n[training]\nloss = "mse"\ndistribute = "mirrored"',
        '[[layers]]\ntype = "BatchNormalization"\nsynchronized = true\n\n'
        '[training]\nloss = "mse"\ndistribute = "mirrored"',
    ),
    Code(
        "W601",
        "a parameter that nothing uses",
        "The parameter has a value, but no expression asks for it, so changing it changes nothing. Mostly a number was "
        "written where the parameter was meant. Use it, `${NAME}`, or take it away.",
        '[[layers]]\ntype = "Dense"\nunits = 8\n\n[parameters]\nunits = 8',
        '[[layers]]\ntype = "Dense"\nunits = "${units}"\n\n[parameters]\nunits = 8',
    ),
    Code(
        "W602",
        "a block that nothing uses",
        "The block is defined, and no layer entry has `block` with its name, so none of its layers is in the model. "
        "Use it, or take it away.",
        '[blocks.pair]\nlayers = [{ type = "ReLU" }, { type = "ReLU" }]',
        '[[layers]]\nblock = "pair"\n\n[blocks.pair]\nlayers = [{ type = "ReLU" }, { type = "ReLU" }]',
    ),
    Code(
        "W603",
        "a file that gives nothing",
        "`include` takes the blocks of another file, and nothing else of it. This file has no blocks, or none of them "
        "is used. Name the file that has them, or take the line away.",
        'include = ["no-blocks.keraspec.toml"]',
        'name = "all in one file"',
    ),
    Code(
        "W604",
        "a section or an input of a block that nothing uses",
        "What stands here changes nothing: a target or a weight of an output that has neither a loss nor a metric, or "
        "an input of a block that none of its layers takes. Mostly a line was forgotten elsewhere. Use it, or take it "
        "away.",
        '[[layers]]\nblock = "pair"\ninputs = ["image", "image"]\n\n'
        '[blocks.pair]\ninputs = ["left", "right"]\nlayers = [{ type = "ReLU", inputs = "left" }]',
        '[[layers]]\nblock = "pair"\n\n[blocks.pair]\ninputs = ["left"]\nlayers = [{ type = "ReLU" }]',
    ),
    Code(
        "W801",
        "a part of a model that is left out on import",
        "The file says more than the spec that was made of it: a size of batches, a custom loss, the state that a "
        "layer hands on from batch to batch. The network is the same without it, save where the message says what "
        "differs. Look whether you need it, and write it into the spec by hand in some other way.",
        "# keraspec import letters.h5                  an input of 32 rows at a time",
        "# keraspec import letters.keras               an input of any number of rows",
    ),
)
