"""Codes E4: data and training."""

from __future__ import annotations

from typing import Final

from .code import Code

_SOURCE = '[data]\nsource = { type = "csv", path = "data/flowers.csv" }\n'
_ANSWER = '[[layers]]\nname = "species"\ntype = "Dense"\nunits = 3\nactivation = "softmax"\n\n'
_FLOWERS = "inputs.measures.shape = [2]\n\n" + _ANSWER
_COLUMNS = 'inputs.measures.column = ["length", "width"]\ntargets.species.column = "species"'

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E401",
        "the file is not there",
        "Paths in a spec are relative to the folder of the spec itself, not to the folder in which the command runs. "
        "So a spec and its data can be moved together. The help names a file that looks alike, if there is one.",
        _FLOWERS + '[data]\nsource = { type = "csv", path = "data/flower.csv" }',
        _FLOWERS + '[data]\nsource = { type = "csv", path = "data/flowers.csv" }',
    ),
    Code(
        "E402",
        "there is no such column",
        "The first line of a table names its columns, and `column` says which of them feeds an input or a target. "
        "None of them is called so, or none matches the pattern. Capital letters and blanks count. The help names the "
        "column that looks alike.",
        _FLOWERS + _SOURCE + 'inputs.measures.column = ["lenght", "width"]',
        _FLOWERS + _SOURCE + 'inputs.measures.column = ["length", "width"]',
    ),
    Code(
        "E403",
        "the labels do not fit the output",
        "For each class that may be the answer the last layer needs one unit, and numbers that stand for classes "
        "count from 0. Here the column has more classes than the layer has units, or a number that stands for none. "
        "Change `units`, or look whether a label is misspelt in the data: \"Setosa\" and \"setosa\" are two classes.",
        _FLOWERS.replace("units = 3", "units = 2") + _SOURCE + _COLUMNS,
        _FLOWERS + _SOURCE + _COLUMNS,
    ),
    Code(
        "E404",
        "cells without a value",
        "A network computes with numbers, and an empty cell has none: a single one would turn all weights into \"not "
        "a number\". Say in [data] what is to be done: `missing = \"drop\"` leaves such rows out, "
        "`missing = { age = 30 }` fills the cells of a column with a value.",
        _FLOWERS + _SOURCE + _COLUMNS,
        _FLOWERS + _SOURCE + 'missing = "drop"\n' + _COLUMNS,
    ),
    Code(
        "E405",
        "the column does not fit the input",
        "The values of the columns must be what the input says: of its dtype (numbers or text), and as many in each "
        "row as its shape has places. Two columns of numbers fit the shape [2], 64 columns fit [64] or [8, 8, 1]. "
        "Change the columns, the shape or the dtype.",
        _FLOWERS + _SOURCE + 'inputs.measures.column = "length"\ntargets.species.column = "species"',
        _FLOWERS + _SOURCE + _COLUMNS,
    ),
    Code(
        "E406",
        "data and model do not name the same inputs and outputs",
        "`[data.inputs.NAME]` and `[data.targets.NAME]` say which columns belong to which input and output of the "
        "model, so NAME must be one that the model has, and each needs a column. An output is called like the layer "
        "that it comes from, if that has a `name`.",
        _FLOWERS + _SOURCE + 'inputs.measures.column = ["length", "width"]\ntargets.label.column = "species"',
        _FLOWERS + _SOURCE + _COLUMNS,
    ),
    Code(
        "E407",
        "the file can't be read",
        "The file is there, but it is not what the source says, or it is broken: a row with too few cells, text that "
        "is not UTF-8, an archive that was not downloaded completely. The message says where reading had to stop. "
        "In a CSV file a cell that holds a comma or a line break stands in quotation marks.",
        _FLOWERS + '[data]\nsource = { type = "csv", path = "data/flowers.xlsx" }',
        _FLOWERS + '[data]\nsource = { type = "csv", path = "data/flowers.csv" }',
    ),
    Code(
        "E408",
        "the rows can't be split so",
        "`split` keeps a share of the rows aside, for validation after each epoch and for the test at the end. What "
        "remains is for training, and each part that you ask for needs at least one row. With `stratify` each class "
        "is spread over all parts, so each class needs enough rows.",
        _FLOWERS + _SOURCE + "split = { validation = 0.6, test = 0.6 }\n" + _COLUMNS,
        _FLOWERS + _SOURCE + "split = { validation = 0.15, test = 0.15 }\n" + _COLUMNS,
    ),
    Code(
        "E409",
        "the loss does not fit the output",
        "A loss compares what the model gives with what is right, and each loss expects a certain form. "
        '"sparse_categorical_crossentropy" wants one probability for each class (a Dense layer with as many units as '
        'classes and `activation = "softmax"`); "binary_crossentropy" wants one number between 0 and 1 '
        '(`units = 1`, `activation = "sigmoid"`); "mse" wants numbers of any size.',
        '[[layers]]\nname = "answer"\ntype = "Dense"\nunits = 1\n\n'
        '[training]\nloss = "sparse_categorical_crossentropy"',
        '[[layers]]\nname = "answer"\ntype = "Dense"\nunits = 1\nactivation = "sigmoid"\n\n'
        '[training]\nloss = "binary_crossentropy"',
    ),
    Code(
        "E410",
        "there is nothing to train with",
        "Training needs rows, and something to make small: a [data] section with a `source`, and a [training] "
        "section with a `loss`. A spec without them can be checked, drawn and built, but not trained.",
        _FLOWERS + _SOURCE + _COLUMNS,
        _FLOWERS + _SOURCE + _COLUMNS + '\n\n[training]\nloss = "sparse_categorical_crossentropy"',
    ),
    Code(
        "E411",
        "a callback watches a number that is not there",
        "EarlyStopping and its kin watch a number that training reports: `loss`, the metrics, and the same with "
        "`val_` before it for the validation rows. This number will never be reported, so the callback would never "
        "act. Check the spelling, list the metric, or keep rows aside with `split = { validation = 0.15 }`.",
        '[training]\nloss = "mse"\nmetrics = ["mae"]\ncallbacks = [{ type = "EarlyStopping", monitor = "val_mea" }]',
        '[training]\nloss = "mse"\nmetrics = ["mae"]\ncallbacks = [{ type = "EarlyStopping", monitor = "val_mae" }]',
    ),
    Code(
        "E412",
        "there are no rows",
        "The file can be read, but there is nothing in it to learn from: no row below the line with the names, or "
        "none that is left after rows with missing values were dropped. Look into the file, or fill the missing "
        "values instead of dropping the rows.",
        _FLOWERS + '[data]\nsource = { type = "csv", path = "data/empty.csv" }',
        _FLOWERS + '[data]\nsource = { type = "csv", path = "data/flowers.csv" }',
    ),
    Code(
        "E413",
        "the metric does not fit the output",
        "Metrics are computed from the same targets as the loss, and each wants a certain form: the number of the "
        "right class, or a number for each class; one axis of units, or any number of axes; as many classes as there "
        "are. Keras would stop at the first batch, or report a number that means nothing. \"accuracy\" always takes "
        "the form that the loss has.",
        _FLOWERS + '[training]\nloss = "sparse_categorical_crossentropy"\nmetrics = ["categorical_accuracy"]',
        _FLOWERS + '[training]\nloss = "sparse_categorical_crossentropy"\nmetrics = ["accuracy"]',
    ),
    Code(
        "E414",
        "the activation does not fit the loss",
        "Most losses about classes compare probabilities, so the last layer needs an activation that makes some: "
        '"softmax" for one of several classes, "sigmoid" for yes or no. With `from_logits = true` the loss makes them '
        "itself, and the last layer must have no activation. Where both make them, or neither does, training runs and "
        "learns next to nothing.",
        _FLOWERS + '[training]\nloss = { type = "SparseCategoricalCrossentropy", from_logits = true }',
        _FLOWERS + '[training]\nloss = { type = "SparseCategoricalCrossentropy" }',
    ),
    Code(
        "E415",
        "a layer can't learn its state before training",
        "Layers such as `Normalization`, `StringLookup` and `TextVectorization` look through the training rows once, "
        "before training, to learn a mean or a vocabulary. That only makes sense if what reaches them does not change "
        "while training, so nothing that trains may stand before them. Put them first; inside of a network "
        "`BatchNormalization` does what you want.",
        '[[layers]]\ntype = "Dense"\nunits = 8\n\n[[layers]]\ntype = "Normalization"',
        '[[layers]]\ntype = "Normalization"\n\n[[layers]]\ntype = "Dense"\nunits = 8',
    ),
    Code(
        "E416",
        "the target is encoded for another loss",
        '`encode = "index"` makes one number of a label, `encode = "one_hot"` a number for each class. '
        '"sparse_categorical_crossentropy" takes the first, "categorical_crossentropy" the second. Mostly it is best '
        "to leave `encode` out: labels then become what the loss takes.",
        _FLOWERS + _SOURCE + 'targets.species = { column = "species", encode = "one_hot" }\n\n'
        '[training]\nloss = "sparse_categorical_crossentropy"',
        _FLOWERS + _SOURCE + 'targets.species = { column = "species", encode = "one_hot" }\n\n'
        '[training]\nloss = "categorical_crossentropy"',
    ),
    Code(
        "E417",
        "Keras could not train this",
        "The spec, the model and the data passed all checks, and yet Keras stopped in the middle of training. The "
        "message is the first line of what it said; the rest stands in a file that the help names. Often the "
        "memory was too small, and a smaller `batch_size` helps; or a number inside of the network, such as one of a "
        "word, is larger than the layer behind it was made for.",
        '[data]\nsource = { type = "csv", path = "data/flowers.csv" }\nbatch_size = 100000',
        '[data]\nsource = { type = "csv", path = "data/flowers.csv" }\nbatch_size = 32',
    ),
    Code(
        "E418",
        "the loss is not a number any more",
        "Training goes in steps, and when the steps are too large the weights grow without end, until the loss is "
        "NaN, \"not a number\"; from there nothing can be learned. A smaller `learning_rate` helps most often. So do "
        "inputs of about -1 to 1 (a `Normalization` or `Rescaling` layer in front) and `clipnorm`, which keeps single "
        "steps short.",
        '[training]\nloss = "mse"\noptimizer = { type = "SGD", learning_rate = 10.0 }',
        '[training]\nloss = "mse"\noptimizer = { type = "SGD", learning_rate = 0.01, clipnorm = 1.0 }',
    ),
    Code(
        "E419",
        "the answer is among the inputs",
        "The column that the model is to predict is also one of those it is given. It would learn to copy it, look "
        "perfect in training, and be useless for rows whose answer nobody knows yet. Often a pattern such as \"*\" "
        "takes in one column too many.",
        _FLOWERS.replace("[2]", "[3]") + _SOURCE
        + 'inputs.measures.column = ["length", "width", "species"]\ntargets.species.column = "species"',
        _FLOWERS + _SOURCE + _COLUMNS,
    ),
    Code(
        "E420",
        "a callback that can't do its work",
        "The number that it watches is there, but the callback can't use it: it takes the smallest for the best where "
        "the largest is, nobody told it which is better, or it would be given a list. Or the callback wants to set "
        "what something else sets already. Keras finds out at the end of the first epoch, or later, or not at all.",
        _FLOWERS + '[training]\nloss = "sparse_categorical_crossentropy"\nepochs = 20\n'
        'callbacks = [{ type = "EarlyStopping", monitor = "loss", mode = "max", patience = 3 }]',
        _FLOWERS + '[training]\nloss = "sparse_categorical_crossentropy"\nepochs = 20\n'
        'callbacks = [{ type = "EarlyStopping", monitor = "loss", mode = "min", patience = 3 }]',
    ),
)  # fmt: skip
