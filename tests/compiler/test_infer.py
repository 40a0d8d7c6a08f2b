"""What flows along the edges: shapes with words in them, masks, shared weights; and where it stops."""

from __future__ import annotations

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.compiler.sizes import symbol, to_json
from keraspec.compiler.tensor import BATCH

WORDS = 'keraspec = 1\ninputs.w = { shape = ["time"], dtype = "int32" }\n'
SERIES = 'keraspec = 1\ninputs.x.shape = ["time", 4]\ninputs.y.shape = ["time", 4]\ninputs.z.shape = ["other", 4]\n'


def check(head: str, *layers: str, tail: str = "") -> Checked:
    return compile_text(head + "layers = [\n" + "".join(f"  {{ {one} }},\n" for one in layers) + "]\n" + tail)


def said(checked: Checked) -> list[str]:
    return [f"{one.code} {one.line}" for one in checked.diagnostics]


def masks(checked: Checked) -> dict[str, bool]:
    assert checked.typed is not None
    return {
        name: one.outputs[0].mask
        for name, one in checked.typed.typed.items()
        if one.outputs is not None and checked.typed.graph.nodes[name].input is None
    }


def shape(checked: Checked, name: str) -> list[object]:
    assert checked.typed is not None
    outputs = checked.typed.typed[name].outputs
    assert outputs is not None
    assert outputs[0].shape[0] == BATCH
    return [to_json(size) for size in outputs[0].shape[1:]]


EMBEDDING = 'name = "e", type = "Embedding", input_dim = 9, output_dim = 4, mask_zero = true'


def test_a_mask_begins_travels_and_ends_where_it_is_used_up() -> None:
    checked = check(
        WORDS,
        EMBEDDING,
        'type = "Dropout", rate = 0.1',
        'type = "LSTM", units = 3, return_sequences = true',
        'type = "TimeDistributed", layer = { type = "Dense", units = 2 }',
        'type = "GRU", units = 3',
        'type = "Dense", units = 2',
    )
    assert checked.diagnostics == ()
    assert masks(checked) == {
        "e": True, "dropout": True, "lstm": True, "time_distributed": True, "gru": False, "dense": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("layer", "warned"),
    [
        ('type = "Flatten"', True),
        ('type = "Reshape", target_shape = [-1, 2]', True),
        ('type = "Permute", dims = [2, 1]', True),
        ('type = "ReLU"', False),
        ('type = "Activation", activation = "relu"', False),
        ('type = "LayerNormalization"', False),
        ('type = "GlobalAveragePooling1D"', False),
        ('type = "Add", inputs = ["e", "e"]', False),
        ('type = "Concatenate", inputs = ["e", "e"]', False),
        ('type = "MultiHeadAttention", num_heads = 1, key_dim = 2, inputs = { query = "e", value = "e" }', False),
    ],
)
def test_where_a_mask_is_lost_agrees_with_keras(layer: str, warned: bool) -> None:
    """A layer of Keras that has no way with masks says so itself when it is given one."""
    import warnings

    import keras

    from keraspec.compiler.build import build

    checked = check(WORDS.replace('"time"', "6"), EMBEDDING, layer)
    assert said(checked) == (["W301 5"] if warned else [])
    assert checked.typed is not None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = build(checked.typed)
        model(keras.ops.ones((1, 6), "int32"))
    assert any("mask" in str(one.message) for one in caught) == warned


def test_a_mask_that_is_lost_is_said_once_and_names_where_it_began() -> None:
    checked = check(
        WORDS.replace('"time"', "6"), EMBEDDING, 'type = "ReLU"', 'type = "Flatten"', 'type = "Dense", units = 2'
    )
    assert said(checked) == ["W301 6"]
    (one,) = checked.diagnostics
    assert one.finding.related[0].pointer == ("layers", 0, "type")


def test_a_word_in_two_places_is_one_size() -> None:
    checked = check(SERIES, 'type = "Add", inputs = ["x", "y"]')
    assert shape(checked, "add") == ["time", 4]
    assert [one.code for one in checked.diagnostics] == ["W201"]


def test_two_words_may_be_one_size() -> None:
    checked = check(SERIES, 'name = "a", type = "Add", inputs = ["x", "z"]', 'type = "Add", inputs = ["a", "y"]')
    assert checked.diagnostics == ()


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ('type = "Conv1D", filters = 2, kernel_size = 3', ["time - 2", 2]),
        ('type = "Conv1D", filters = 2, kernel_size = 3, padding = "same"', ["time", 2]),
        ('type = "MaxPooling1D", pool_size = 2', ["time//2", 4]),
        ('type = "UpSampling1D", size = 3', ["3*time", 4]),
        ('type = "ZeroPadding1D", padding = [1, 2]', ["time + 3", 4]),
        ('type = "Flatten"', ["4*time"]),
        ('type = "Reshape", target_shape = [-1, 2]', ["2*time", 2]),
        ('type = "Permute", dims = [2, 1]', [4, "time"]),
        ('type = "Concatenate", axis = 1, inputs = ["x", "z"]', ["other + time", 4]),
        ('type = "Dot", axes = 2, inputs = ["x", "z"]', ["time", "other"]),
    ],
)
def test_sizes_not_known_are_computed_with(layer: str, expected: list[object]) -> None:
    entry = layer if "inputs" in layer else layer + ', inputs = "x"'
    checked = check(SERIES, f'name = "one", {entry}')
    assert shape(checked, "one") == expected


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (
            [
                'type = "Conv1D", filters = 4, kernel_size = 3, name = "s", inputs = "x"',
                'type = "Add", inputs = ["s", "y"]',
            ],
            ["E302 7"],
        ),
        (['type = "Flatten", inputs = "x"', 'type = "Dense", units = 3'], ["E305 7"]),
        (['type = "Cropping1D", cropping = 2, inputs = "x"', 'type = "Conv1D", filters = 1, kernel_size = 9'], []),
    ],
)
def test_a_size_is_wrong_only_where_it_surely_is(layers: list[str], expected: list[str]) -> None:
    checked = check(SERIES, *layers)
    assert [f"{one.code} {one.line}" for one in checked.errors] == expected


FIXED = "keraspec = 1\ninputs.x.shape = [8, 4]\ninputs.y.shape = [9, 4]\ninputs.z.shape = [8, 5]\n"


@pytest.mark.parametrize(
    ("layer", "other", "expected"),
    [
        ('type = "Dense", units = 3', "y", []),
        ('type = "Dense", units = 3', "z", ["E308 7"]),
        ('type = "LSTM", units = 3', "y", []),
        ('type = "LSTM", units = 3', "z", ["E308 7"]),
        ('type = "Bidirectional", layer = { type = "GRU", units = 2 }', "z", ["E308 7"]),
        ('type = "TimeDistributed", layer = { type = "Dense", units = 2 }', "y", []),
        ('type = "Conv1D", filters = 2, kernel_size = 3', "z", ["E308 7"]),
        ('type = "BatchNormalization"', "z", ["E308 7"]),
        ('type = "ReLU"', "z", []),
        ('type = "Flatten"', "z", []),
        ('type = "MultiHeadAttention", num_heads = 1, key_dim = 2', "z", ["E308 7"]),
    ],
)
def test_a_layer_that_is_called_again(layer: str, other: str, expected: list[str]) -> None:
    def inputs(name: str) -> str:
        return f'{{ query = "{name}", value = "{name}" }}' if "MultiHead" in layer else f'"{name}"'

    checked = check(
        FIXED,
        f'name = "one", {layer}, inputs = {inputs("x")}',
        f'name = "two", reuse = "one", inputs = {inputs(other)}',
        tail='[training]\nloss = "mse"\n',
    )
    found = [f"{one.code} {one.line}" for one in checked.errors if one.code != "E205"]
    assert found == expected
    if not expected:
        assert checked.typed is not None
        assert checked.typed.typed["two"].params == 0


def test_the_weights_of_a_reused_layer_count_once() -> None:
    checked = check(FIXED, 'name = "a", type = "Dense", units = 4, inputs = "x"', 'reuse = "a"', 'reuse = "a"')
    assert checked.typed is not None
    assert [checked.typed.typed[name].params for name in ("a", "a_1", "a_2")] == [20, 0, 0]


@pytest.mark.parametrize(
    ("shape", "layers", "expected"),
    [
        ("[1048576, 1048577]", ['type = "ReLU"'], ["E309 2"]),
        ("[1048576, 1048576]", ['type = "ReLU"'], []),
        ("[8]", ['type = "Dense", units = 1000000000000', 'type = "Dense", units = 3'], ["E309 4"]),
        ("[2000, 2000, 3]", ['type = "Flatten"', 'type = "Dense", units = 1000000'], ["E309 5"]),
        ("[1000, 1000, 3]", ['type = "UpSampling2D", size = 1000'], ["E309 4"]),
    ],
)
def test_what_is_too_large(shape: str, layers: list[str], expected: list[str]) -> None:
    assert said(check(f"keraspec = 1\ninputs.x.shape = {shape}\n", *layers)) == expected


def test_states_that_are_not_given_are_said_once() -> None:
    checked = check(
        FIXED,
        'name = "e", type = "LSTM", units = 3, inputs = "x"',
        'type = "LSTM", units = 3, inputs = { sequences = "y", initial_state = ["e[1]", "e[2]"] }',
    )
    assert [one.code for one in checked.errors] == ["E208"]
    assert "return_state" in (checked.errors[0].help or "")


def test_what_hangs_on_a_mistake_is_unknown_and_silent() -> None:
    checked = check(
        FIXED,
        'name = "bad", type = "Conv2D", filters = 3, kernel_size = 3, inputs = "x"',
        'name = "next", type = "Flatten"',
        'name = "fine", type = "Dense", units = 2, inputs = "y"',
        'type = "Add", inputs = ["next", "fine"]',
    )
    assert [one.code for one in checked.errors] == ["E301"]
    assert checked.typed is not None
    known = {name for name, one in checked.typed.typed.items() if one.outputs is not None}
    assert known == {"x", "y", "z", "fine"}


def test_a_frozen_layer_has_weights_that_are_not_trained() -> None:
    checked = check(FIXED, 'name = "a", type = "Dense", units = 4, inputs = "x", trainable = false')
    assert checked.typed is not None
    one = checked.typed.typed["a"]
    assert (one.params, one.trainable_params) == (20, 0)


def test_words_are_symbols() -> None:
    checked = check(SERIES, 'name = "one", type = "Conv1D", filters = 2, kernel_size = 2, inputs = "x"')
    assert checked.typed is not None
    outputs = checked.typed.typed["one"].outputs
    assert outputs is not None
    assert outputs[0].shape[1] == symbol("time") - 1
