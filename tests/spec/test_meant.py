"""What is suggested for words of other frameworks exists, and means what it says."""

from __future__ import annotations

import pytest

from keraspec.checked import compile_text
from keraspec.compiler.catalogue import family, find
from keraspec.compiler.catalogue.objects import arguments_of
from keraspec.spec.foreign import COMPOSED, FOREIGN, KINDS, NOTES, OBSOLETE
from keraspec.spec.meant import meant_key, meant_type
from keraspec.spec.published import definition_of, types_of
from keraspec.spec.words import closest


@pytest.mark.parametrize("name", KINDS)
def test_what_other_frameworks_call_by_another_name_exists_in_keras(name: str) -> None:
    for words in KINDS[name].values():
        for meant in words:
            assert find(name, meant) is not None, meant


@pytest.mark.parametrize("name", KINDS)
def test_a_name_of_keras_is_no_foreign_word(name: str) -> None:
    """What can be written as it is must never be called another thing."""
    known = set(definition_of(name)["x-keraspec"].get("names", ())) | set(types_of(name))
    for word, meant in KINDS[name].items():
        assert word not in known or word in meant or find(name, word) is find(name, meant[0]), word


def test_a_suggested_argument_is_one_that_the_layer_has() -> None:
    for record in family("layers").values():
        names = list(arguments_of(record))
        for word in (*FOREIGN, *OBSOLETE["layers"], "unitss", "kernal", "activaton"):
            if word in names:
                continue
            near, way = meant_key(word, 3, names, "layers")
            assert near is None or near in names
            assert near is None or f"`{near}`" in (way or "")
            assert closest(word, names) in (None, *names)


def test_notes_are_about_words_that_are_known() -> None:
    for word, meant in NOTES:
        assert meant in FOREIGN[word]


def test_what_to_do_instead_can_be_said_of_any_value() -> None:
    for home, keys in OBSOLETE.items():
        for key in keys:
            for value in (3, 0.5, True, "same", [28, 28, 1], {"a": 1}, list(range(99)), None):
                _, way = meant_key(key, value, (), home)
                assert way
                assert "{value}" not in way
                assert "{{" not in way
    assert all("{{" not in way for way in COMPOSED.values())


@pytest.mark.parametrize(
    ("home", "name", "in_table", "expected"),
    [
        ("layers", "Linear", True, 'did you mean "Dense"?'),
        ("layers", "torch.nn.Linear", True, 'did you mean "Dense"?'),
        ("layers", "layers.Dense", True, 'did you mean "Dense"?'),
        ("layers", "MaxPool2d", True, 'did you mean "MaxPooling2D"?'),
        ("layers", "Dense(64, activation='relu')", True, '{ type = "Dense", units = 64, activation = "relu" }'),
        ("layers", "Conv2D(32, (3, 3))", True, '{ type = "Conv2D", filters = 32, kernel_size = [3, 3] }'),
        ("layers", "gelu", True, '{ type = "Activation", activation = "gelu" }'),
        ("layers", "nn.Sequential", True, "one after the other"),
        ("layers", "qqqqq", True, None),
        ("optimizers", "Adam(lr=0.001)", False, '{ type = "Adam", learning_rate = 0.001 }'),
        ("optimizers", "tf.keras.optimizers.Adam", False, 'did you mean "Adam"?'),
        ("optimizers", "SGD(0.1, momentum=0.9, nesterov=True)", False, "momentum = 0.9, nesterov = true }"),
        ("losses", "MSELoss", False, 'did you mean "mean_squared_error"?'),
        ("losses", "nn.CrossEntropyLoss()", False, 'did you mean "SparseCategoricalCrossentropy"?'),
        ("losses", "MSELoss", True, 'did you mean "MeanSquaredError"?'),
        ("regularizers", "l2(0.01)", False, '{ type = "L2", l2 = 0.01 }'),
        ("initializers", "xavier", False, 'did you mean "glorot_uniform"?'),
        ("activations", "nn.ReLU", False, 'did you mean "relu"?'),
    ],
)
def test_meant_type(home: str, name: str, in_table: bool, expected: str | None) -> None:
    names = types_of(home) if in_table else tuple(definition_of(home)["x-keraspec"]["names"])
    found = meant_type(home, name, names, in_table=in_table)
    assert (found is None) == (expected is None)
    assert expected is None or (found is not None and expected in found)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('type = "Conv2D", filters = 8, kernel_size = "3x3"', "write [3, 3] without quotes"),
        ('type = "Conv2D", filters = 8, kernel_size = "(3, 3)"', "write [3, 3] without quotes"),
        ('type = "Conv2D", filters = 8, kernel_size = 3, padding = 0', 'write "valid", with quotes'),
        ('type = "Conv2D", filters = 8, kernel_size = 3, padding = 2', "with `padding = 2` before this one"),
        ('type = "Dropout", rate = 25', "write 0.25: it is a share of 1, not a percentage"),
        ('type = "Dropout", rate = 2', "write 1 or less"),
        ('type = "Dense", units = 3, activation = { type = "ReLU" }', 'write the name alone: "relu"'),
        ('type = "Dense", units = 3, activation = "None"', 'write "none", in small letters'),
        ('type = "Dense", units = 3, dropout = 0.3', '{ type = "Dropout", rate = 0.3 }'),
        ('type = "Dropout", keep_prob = 0.8', "1 - keep_prob"),
        ('type = "MultiHeadAttention", num_heads = 2, embed_dim = 8', "divided by `num_heads`"),
    ],
)
def test_values_of_other_frameworks(line: str, expected: str) -> None:
    head = 'keraspec = 1\ninputs.x.shape = [8, 8, 3]\nlayers = [{ name = "a", '
    (one,) = compile_text(f"{head}{line} }}]\n").errors
    assert expected in (one.help or "")
