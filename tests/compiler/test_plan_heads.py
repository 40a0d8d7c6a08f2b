"""Heads: losses, activations, targets and metrics against each other, each with its exact place and way out."""

from __future__ import annotations

import pytest

from keraspec.checked import compile_text
from keraspec.compiler.catalogue import family
from keraspec.compiler.endings import VALUES
from keraspec.compiler.heads import heads
from keraspec.compiler.verdicts import GROUPS, NEEDS, VERDICTS, WORDS


def spec(layers: str, training: str, *, shape: str = "[8]", data: str = "") -> str:
    return f"keraspec = 1\ninputs.x.shape = {shape}\nlayers = [{layers}]\n{data}\n[training]\nepochs = 20\n{training}\n"


def dense(units: int, activation: str | None = None) -> str:
    more = f', activation = "{activation}"' if activation else ""
    return f'{{ name = "out", type = "Dense", units = {units}{more} }}'


def said(text: str) -> list[str]:
    """Code, underlined text and help of all that is said."""
    found = compile_text(text).diagnostics
    return [f"{one.code} {one.place.source.text[one.place.start : one.place.end]}: {one.help}" for one in found]


def codes(text: str) -> list[str]:
    return [one.code for one in compile_text(text).diagnostics]


SPARSE = "sparse_categorical_crossentropy"
RAW = '{ type = "SparseCategoricalCrossentropy", from_logits = true }'
BINARY_RAW = '{ type = "BinaryCrossentropy", from_logits = true }'


@pytest.mark.parametrize(
    ("units", "activation", "loss", "expected"),
    [
        (3, "softmax", f'"{SPARSE}"', []),
        (3, None, RAW, []),
        (3, "log_softmax", RAW, []),
        (3, None, f'"{SPARSE}"', ["E414"]),
        (3, "relu", f'"{SPARSE}"', ["E414"]),
        (3, "tanh", f'"{SPARSE}"', ["E414"]),
        (3, "log_softmax", f'"{SPARSE}"', ["E414"]),
        (3, "sigmoid", f'"{SPARSE}"', ["W401"]),
        (3, "softplus", '"categorical_crossentropy"', ["W401"]),
        (3, "softmax", RAW, ["E414"]),
        (3, "sigmoid", RAW, ["E414"]),
        (3, "relu", RAW, ["W401"]),
        (1, "sigmoid", '"binary_crossentropy"', []),
        (1, None, BINARY_RAW, []),
        (1, None, '"binary_crossentropy"', ["E414"]),
        (1, "sigmoid", BINARY_RAW, ["E414"]),
        (1, "relu", BINARY_RAW, ["E414"]),
        (1, "softmax", '"binary_crossentropy"', ["E414"]),
        (1, "softmax", '"mse"', ["E414"]),
        (3, "softmax", '"binary_crossentropy"', ["W401"]),
        (3, "softmax", '"mse"', []),
        (1, "sigmoid", '"crossentropy"', []),
        (3, "softmax", '"crossentropy"', []),
        (1, "tanh", '"hinge"', []),
        (1, None, '"squared_hinge"', []),
        (1, "sigmoid", '"hinge"', ["W401"]),
        (1, "softplus", '"poisson"', []),
        (1, "exponential", '"poisson"', []),
        (1, None, '"poisson"', ["E414"]),
        (3, None, '"kl_divergence"', ["E414"]),
        (3, "softmax", '"kl_divergence"', []),
        (1, "sigmoid", '"kl_divergence"', ["E409"]),
        (3, None, '"dice"', ["E414"]),
        (3, "sigmoid", '"tversky"', []),
        (3, "softmax", '{ type = "CategoricalGeneralizedCrossEntropy" }', []),
        (3, None, '{ type = "CategoricalGeneralizedCrossEntropy" }', ["E414"]),
        (1, None, '"cosine_similarity"', ["E409"]),
        (1, None, '"categorical_hinge"', ["E409"]),
        (3, None, '"categorical_hinge"', []),
        (3, None, '"ctc"', ["E409"]),
        (3, None, '"circle"', ["W401"]),
        (3, None, '"mse"', []),
        (3, "softmax", '{ type = "CategoricalCrossentropy", axis = 2 }', ["E409"]),
        (3, "softmax", '{ type = "SparseCategoricalCrossentropy", axis = 0 }', ["E409"]),
        (3, "softmax", '{ type = "SparseCategoricalCrossentropy", axis = 1 }', []),
        (3, "softmax", '{ type = "Dice", axis = [0, 5] }', ["E409"]),
    ],
)
def test_losses_and_activations(units: int, activation: str | None, loss: str, expected: list[str]) -> None:
    assert codes(spec(dense(units, activation), f"loss = {loss}")) == expected


OUT = '{ name = "out", type = "Dense", units = 3, activation = "softmax" }'
BACK = [
    (OUT + ', { type = "Dropout", rate = 0.1 }', ["E414"]),
    (OUT + ', { type = "Reshape", target_shape = [1, 3] }', ["E414"]),
    (OUT + ', { type = "Reshape", target_shape = [3, 1] }', ["E409"]),
    ('{ type = "Dense", units = 3 }, { name = "soft", type = "Softmax" }', ["E414"]),
    ('{ type = "Dense", units = 3 }, { name = "a", type = "Activation", activation = "softmax" }', ["E414"]),
    (OUT + ', { type = "Activation", activation = "linear" }', ["E414"]),
    ('{ type = "Dense", units = 3 }, { type = "BatchNormalization" }', []),
    ('{ type = "Dense", units = 3 }, { type = "LeakyReLU" }', []),
    (OUT.replace("out", "d") + ', { name = "o", type = "Dense", units = 8 }, { reuse = "d" }', ["E414"]),
    ('{ name = "d", type = "Dense", units = 3 }, { type = "Add", inputs = ["d", "d"] }', []),
]


@pytest.mark.parametrize(("layers", "expected"), BACK)
def test_the_way_back_to_the_activation(layers: str, expected: list[str]) -> None:
    assert codes(spec(layers, f"loss = {RAW}")) == expected


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ('{ type = "TimeDistributed", layer = { type = "Dense", units = 3, activation = "softmax" } }', ["E414"]),
        ('{ type = "Bidirectional", layer = { type = "LSTM", units = 3, return_sequences = true } }', ["W401"]),
        ('{ type = "GRU", units = 3, return_sequences = true }', ["W401"]),
        ('{ type = "LSTM", units = 3, return_sequences = true, activation = "softmax" }', []),
        ('{ type = "Conv1D", filters = 3, kernel_size = 1, activation = "softmax" }', ["E414"]),
        ('{ name = "c", type = "Conv1D", filters = 3, kernel_size = 1, activation = "softmax" }, '
         '{ type = "GlobalAveragePooling1D" }', ["E414"]),
        ('{ name = "c", type = "Conv1D", filters = 3, kernel_size = 1, activation = "softmax" }, '
         '{ type = "GlobalMaxPooling1D" }', []),
        ('{ type = "Softmax", axis = 1 }', []),
    ],
)  # fmt: skip
def test_the_way_back_through_sequences(layers: str, expected: list[str]) -> None:
    assert codes(spec(layers, f"loss = {RAW}", shape="[5, 4]")) == expected


def test_both_places_are_named_and_the_edit() -> None:
    (one,) = compile_text(spec(dense(3, "softmax"), f"loss = {RAW}")).diagnostics
    assert one.message == (
        "SparseCategoricalCrossentropy is told by `from_logits = true` to expect raw scores, but `out` ends in "
        '"softmax", which gives probabilities that add up to 1: softmax would be applied twice, and no answer could be '
        "sure"
    )
    assert one.help == 'leave out `from_logits = true`, or write `activation = "linear"` in `out`'
    assert one.finding.pointer == ("training", "loss", "from_logits")
    assert [related.pointer for related in one.finding.related] == [("layers", 0, "activation")]


@pytest.mark.parametrize(
    ("layers", "help_text"),
    [
        (dense(3), 'write `activation = "softmax"` in `out`, or `loss = { type = "SparseCategoricalCrossentropy", from_'
                   'logits = true }`'),
        (dense(3, "relu"), 'write `activation = "softmax"` in `out`'),
        ('{ type = "Dense", units = 3 }, { name = "r", type = "ReLU" }',
         'put `{ type = "Activation", activation = "softmax" }` in place of `r`'),
    ],
)  # fmt: skip
def test_edits(layers: str, help_text: str) -> None:
    (one,) = compile_text(spec(layers, f'loss = "{SPARSE}"')).diagnostics
    assert one.help == help_text


CSV = '[data]\nsource = { type = "csv", path = "a.csv" }\n'
MNIST = '[data]\nsource = { type = "keras", name = "mnist" }\n'


@pytest.mark.parametrize(
    ("head", "loss", "data", "expected"),
    [
        (dense(3, "softmax"), SPARSE, 'targets.out.encode = "one_hot"', ["E416"]),
        (dense(3, "softmax"), SPARSE, 'targets.out.encode = "index"', []),
        (dense(3, "softmax"), "categorical_crossentropy", 'targets.out.encode = "index"', ["E416"]),
        (dense(3, "softmax"), "categorical_crossentropy", 'targets.out.encode = "one_hot"', []),
        (dense(1, "sigmoid"), "binary_crossentropy", 'targets.out.encode = "one_hot"', ["E416"]),
        (dense(1, "sigmoid"), "binary_crossentropy", 'targets.out.encode = "index"', []),
        (dense(3), "mse", 'targets.out.column = "y"', ["E405"]),
        (dense(3), "mse", 'targets.out.column = "y*"', []),
        (dense(3), "mse", 'targets.out.column = ["a", "b", "c"]', []),
        (dense(1), "mse", 'targets.out.column = "y"', []),
        (dense(3, "softmax"), SPARSE, 'targets.out.column = ["a", "b", "c"]', ["E405"]),
        (dense(3, "softmax"), SPARSE, 'targets.out = { column = ["a", "b"], encode = "index" }', ["E416"]),
        (dense(3, "softmax"), "categorical_crossentropy", 'targets.out.column = "y"', []),
    ],
)
def test_targets(head: str, loss: str, data: str, expected: list[str]) -> None:
    assert codes(spec(head, f'loss = "{loss}"', data=CSV + data)) == expected


@pytest.mark.parametrize(
    ("head", "loss", "expected"),
    [
        (dense(10, "softmax"), SPARSE, []),
        (dense(11, "softmax"), SPARSE, []),
        (dense(9, "softmax"), SPARSE, ["E403 \"mnist\": set `units = 10` in the last layer"]),
        (dense(1, "sigmoid"), "binary_crossentropy",
         ['E403 "mnist": use `units = 10`, "softmax" and "sparse_categorical_crossentropy"']),
        (dense(10), "mse", ["E405 source"]),
    ],
)  # fmt: skip
def test_classes_of_known_data_sets(head: str, loss: str, expected: list[str]) -> None:
    found = said(spec('{ type = "Flatten" }, ' + head, f'loss = "{loss}"', shape="[28, 28]", data=MNIST))
    assert len(found) == len(expected)
    assert all(one.startswith(wanted.split()[0]) and (":" not in wanted or one == wanted)
               for one, wanted in zip(found, expected, strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("head", "loss", "weights", "data", "expected"),
    [
        (dense(3, "softmax"), SPARSE, "{ 0 = 1.0, 2 = 2.0 }", CSV, []),
        (dense(3, "softmax"), SPARSE, "{ a = 1.0, b = 2.0, c = 1.0, d = 3.0 }", CSV, ["E403"]),
        (dense(1, "sigmoid"), "binary_crossentropy", "{ no = 1.0, yes = 2.0 }", CSV, []),
        (dense(1, "sigmoid"), "binary_crossentropy", "{ 0 = 1.0, 1 = 2.0, 2 = 1.0 }", CSV, ["E403"]),
        (dense(1), "mse", "{ 0 = 1.0 }", CSV, ["E403"]),
        (dense(10, "softmax"), SPARSE, "{ 9 = 2.0 }", '[data]\nsource = { type = "keras", name = "mnist" }\n', []),
        (dense(10, "softmax"), SPARSE, "{ 10 = 2.0, nine = 1.0 }",
         '[data]\nsource = { type = "keras", name = "mnist" }\n',
         ["E403", "E403"]),
    ],
)  # fmt: skip
def test_class_weights(head: str, loss: str, weights: str, data: str, expected: list[str]) -> None:
    assert codes(spec(head, f'loss = "{loss}"\nclass_weight = {weights}', data=data)) == expected


ONE_HOT = "categorical_crossentropy"


@pytest.mark.parametrize(
    ("head", "loss", "metric", "expected"),
    [
        (dense(9, "softmax"), f'"{SPARSE}"', '"accuracy"', None),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '"accuracy"', None),
        (dense(1, "sigmoid"), '"binary_crossentropy"', '"accuracy"', None),
        (dense(9, "softmax"), f'"{SPARSE}"', '"categorical_accuracy"',
         'E413 write "sparse_categorical_accuracy", or `loss'),
        (dense(9, "softmax"), f'"{SPARSE}"', '"mse"', "E413 write `loss"),
        (dense(9, "softmax"), f'"{SPARSE}"', '"binary_accuracy"', 'E413 write "accuracy", or `loss'),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '"sparse_categorical_accuracy"', 'E413 write "CategoricalAccuracy", or'),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '"binary_accuracy"', 'W402 write "accuracy"'),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '{ type = "Accuracy" }', 'W402 write "accuracy", without `type`'),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '{ type = "AUC" }', None),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '{ type = "AUC", from_logits = true }', "W402 leave out `from_logits`"),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '{ type = "AUC", multi_label = true, num_labels = 3 }', "E413 make it 9"),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '{ type = "Precision", class_id = 9 }',
         "E413 use a class number from 0 to 8"),
        (dense(9, "softmax"), f'"{ONE_HOT}"', '{ type = "Precision", top_k = 10 }', "E413 write a smaller `top_k`"),
        (dense(3, "softmax"), f'"{SPARSE}"', '"sparse_top_k_categorical_accuracy"', "W402 write a `k` below 3"),
        (dense(9, "softmax"), f'"{SPARSE}"', '"sparse_top_k_categorical_accuracy"', None),
        (dense(3, "softmax"), f'"{SPARSE}"', '{ type = "MeanIoU", num_classes = 3 }',
         "E413 write `sparse_y_pred = false`"),
        (dense(3, "softmax"), f'"{SPARSE}"', '{ type = "MeanIoU", num_classes = 3, sparse_y_pred = false }', None),
        (dense(3, "softmax"), f'"{SPARSE}"', '{ type = "MeanIoU", num_classes = 2, sparse_y_pred = false }',
         "E413 write `num_classes = 3`"),
        (dense(3, "softmax"), f'"{SPARSE}"', '{ type = "MeanIoU", num_classes = 4, sparse_y_pred = false }',
         "W402 write `num_classes = 3`"),
        (dense(3, "softmax"), f'"{ONE_HOT}"', '{ type = "OneHotMeanIoU", num_classes = 3 }', None),
        (dense(3, "softmax"), f'"{ONE_HOT}"', '{ type = "MeanIoU", num_classes = 3 }',
         "E413 write `sparse_y_true = false`"),
        (dense(1), '"mse"', '"accuracy"', 'W402 write "mae", or R2Score'),
        (dense(1), '"mse"', '{ type = "R2Score" }', None),
        (dense(1), '"mse"', '{ type = "PearsonCorrelation" }', "E413 compare along the rows of a batch"),
        (dense(1), '"mse"', '{ type = "PearsonCorrelation", axis = 0 }', None),
        (dense(3), '"mse"', '{ type = "PearsonCorrelation" }', None),
        (dense(1), BINARY_RAW, '"accuracy"', 'W402 write `{ type = "BinaryAccuracy", threshold = 0 }`'),
        (dense(1), BINARY_RAW, '{ type = "BinaryAccuracy", threshold = 0 }', None),
        (dense(1), BINARY_RAW, '{ type = "Recall" }', 'W402 write `{ type = "Recall", thresholds = 0 }`'),
        (dense(1), BINARY_RAW, '{ type = "AUC" }', 'W402 write `{ type = "AUC", from_logits = true }`'),
        (dense(9), RAW, '"accuracy"', None),
        (dense(5, "sigmoid"), '"binary_crossentropy"', '"accuracy"', 'W402 write "binary_accuracy"'),
        (dense(1, "sigmoid"), '"binary_crossentropy"', '{ type = "F1Score" }', "W402 say from where on it is one"),
        (dense(1, "sigmoid"), '"binary_crossentropy"', '{ type = "F1Score", threshold = 0.5 }', None),
    ],
)  # fmt: skip
def test_metrics(head: str, loss: str, metric: str, expected: str | None) -> None:
    found = compile_text(spec(head, f"loss = {loss}\nmetrics = [{metric}]")).diagnostics
    assert len(found) == (expected is not None)
    for one in found:
        assert one.finding.pointer[:3] == ("training", "metrics", 0)
        assert f"{one.code} {one.help}".startswith(expected or "")


def test_segmentation_takes_labels_of_each_place() -> None:
    head = '{ name = "out", type = "Conv2D", filters = 4, kernel_size = 1, activation = "softmax" }'
    metrics = 'metrics = ["accuracy", { type = "MeanIoU", num_classes = 4, sparse_y_pred = false }]'
    text = spec(head, f'loss = "{SPARSE}"\n{metrics}', shape='["height", "width", 3]')
    assert codes(text) == []
    assert codes(text.replace('activation = "softmax"', 'data_format = "channels_last"')) == ["E414"]


def test_sizes_that_are_words_are_not_judged() -> None:
    text = spec('{ name = "out", type = "Softmax" }', f'loss = "{SPARSE}"\nmetrics = ["accuracy"]', shape='["classes"]')
    assert codes(text) == []


def test_one_cause_one_message() -> None:
    """A loss that does not fit the shape: nothing more is said of activations, targets and metrics."""
    more = f'loss = "{SPARSE}"\nmetrics = ["categorical_accuracy", "mse"]'
    assert codes(spec(dense(1), more, data=CSV + 'targets.out.encode = "one_hot"')) == ["E409"]


def test_whole_numbers_can_not_be_learned() -> None:
    layers = '{ type = "Discretization", bin_boundaries = [0.0, 1.0] }'
    (one,) = compile_text(spec(layers, 'loss = "mse"')).diagnostics
    assert one.code == "E409"
    assert "whole numbers" in one.message


def test_the_tables_speak_of_what_there_is() -> None:
    losses = {name for name, record in family("losses").items() if record.refused is None}
    assert GROUPS.keys() <= losses
    assert {one.removesuffix(" logits") for one in VERDICTS} == set(GROUPS.values())
    assert VERDICTS.keys() == NEEDS.keys()
    assert {one for verdicts in VERDICTS.values() for one in verdicts} <= WORDS.keys()
    activations = {name for name, record in family("activations").items() if record.refused is None}
    assert VALUES.keys() - {"unit"} <= activations


def test_every_output_has_its_own_loss_and_metrics() -> None:
    text = """
keraspec = 1
inputs.x.shape = [4]
outputs = { a = "left", b = "right" }
layers = [
  { name = "left", type = "Dense", units = 3, activation = "softmax", inputs = "x" },
  { name = "right", type = "Dense", units = 1, inputs = "x" },
]
[training]
loss = "mse"
metrics = ["mae"]
[training.outputs.a]
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
"""
    typed = compile_text(text).typed
    assert typed is not None
    first, second = heads(typed)
    assert [one.name for one in first.metrics] == ["SparseCategoricalAccuracy"]
    assert [one.name for one in second.metrics] == ["MeanAbsoluteError"]
    assert (first.ending.values, second.ending.values) == ("shares", "numbers")
    assert codes(text) == []
    assert codes(text.replace('loss = "sparse_categorical_crossentropy"\n', "")) == []
    assert codes(text.replace('metrics = ["mae"]', 'metrics = ["accuracy"]')) == ["W402"]
