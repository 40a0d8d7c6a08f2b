from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keraspec.compiler.build import build, condensed, legal, make, resolve, stated

TWO = """
keraspec = 1
name = "two heads: a/b"
inputs.image.shape = [8, 8, 3]
inputs.age.shape = [1]
layers = [
  { name = "conv", type = "Conv2D", inputs = "image", filters = 4, kernel_size = 3, OBJECTS },
  { type = "GlobalAveragePooling2D", name = "pool" },
  { name = "wide", type = "Dense", units = 4, inputs = "age" },
  { name = "sum", type = "Add", inputs = ["pool", "wide"] },
  { name = "half", type = "Dense", units = 4 },
  { name = "again", reuse = "half", inputs = "half" },
]
outputs = { left = "half", right = "again" }
""".replace(
    "OBJECTS",
    'kernel_regularizer = { type = "L2", l2 = 0.5 }, kernel_initializer = { type = "HeNormal", seed = 3 }',
)


def test_names_and_arguments_are_kept(check):
    model = build(check(TWO).typed)
    assert model.name == "two_heads_a_b"
    names = [layer.name for layer in model.layers]
    assert set(names) == {"image", "age", "conv", "pool", "wide", "sum", "half"}
    conv = model.get_layer("conv")
    assert float(conv.kernel_regularizer.l2) == 0.5
    assert conv.kernel_initializer.get_config()["seed"] == 3
    assert [tensor.name for tensor in model.inputs] == ["image", "age"]
    found = model([np.zeros((2, 8, 8, 3), "float32"), np.ones((2, 1), "float32")])
    assert set(found) == {"left", "right"}
    half = model.get_layer("half")
    assert np.allclose(found["right"], half(found["left"]))  # the same weights twice
    assert model.count_params() == 3 * 3 * 3 * 4 + 4 + 2 * 4 + 4 * 4 + 4


def test_sizes_not_known_and_several_outputs_of_a_layer(check):
    model = build(
        check(
            """
keraspec = 1
inputs.words = { shape = ["time"], dtype = "int32" }
layers = [
  { type = "Embedding", input_dim = 9, output_dim = 4, mask_zero = true },
  { name = "lstm", type = "LSTM", units = 3, return_sequences = true, return_state = true },
  { name = "decoder", type = "LSTM", units = 3, inputs = STATES },
  { name = "both", type = "Bidirectional", layer = { type = "GRU", units = 2 }, inputs = "lstm[0]" },
]
outputs = ["decoder", "both", "lstm[2]"]
""".replace("STATES", '{ sequences = "lstm[0]", initial_state = ["lstm[1]", "lstm[2]"] }')
        ).typed
    )
    assert [tensor.shape for tensor in model.inputs] == [(None, None)]
    assert [tensor.shape for tensor in model.outputs] == [(None, 3), (None, 4), (None, 3)]
    assert isinstance(model(np.zeros((1, 5), "int32")), list)


def test_attention_takes_a_table(check):
    model = build(
        check(
            """
keraspec = 1
inputs.a.shape = [5, 8]
inputs.b.shape = [7, 8]
layers = [
  { name = "self", type = "MultiHeadAttention", num_heads = 2, key_dim = 4, inputs = INPUTS, call = CALL },
  { name = "plain", type = "Attention", inputs = { query = "self", value = "b" } },
]
""".replace("INPUTS", '{ query = "a", value = "b" }').replace("CALL", "{ use_causal_mask = true }")
        ).typed
    )
    assert model.output_shape == (None, 5, 8)
    assert not isinstance(model.output, (list, dict))


def test_precision_is_for_every_layer(check):
    import keras

    model = build(check(TWO + '[training]\nprecision = "mixed_bfloat16"\nloss = "mse"\n').typed)
    assert model.get_layer("half").compute_dtype == "bfloat16"
    assert model.get_layer("half").variable_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_objects_and_names():
    import keras

    value = {"type": "Adam", "learning_rate": {"type": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 5}}
    adam = resolve("optimizers", value)
    assert isinstance(adam, keras.optimizers.Adam)
    assert float(keras.ops.convert_to_tensor(adam.learning_rate)) == pytest.approx(0.1)
    assert resolve("losses", "mse") == "mse"
    assert isinstance(resolve("callbacks", "TerminateOnNaN"), keras.callbacks.TerminateOnNaN)
    huber = stated("losses", {"type": "Huber", "delta": 2.0})
    assert float(make(huber)([[0.0]], [[5.0]])) == 8.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("digits", "digits"), ("a b/c", "a_b_c"), ("_x", "x"), ("数字", "model"), ("-", "model"), ("1st", "1st")],
)
def test_legal_names(name, expected):
    assert legal(name) == expected


def test_keras_refusals_are_condensed():
    error = ValueError(
        "Exception encountered when calling Dense.call().\n\n\x1b[1mAxis 3 is out.\x1b[0m\n\nArguments received by "
        "Dense.call():\n  • args=('<KerasTensor>',)"
    )
    assert condensed(error) == "Axis 3 is out."


def test_a_refusal_stands_at_its_entry(check, refused):
    """What the catalogue lets pass and Keras does not: here by a layer that no check would let through."""
    checked = check(TWO)
    graph = checked.typed.graph
    wide = graph.nodes["wide"]
    wrong = replace(wide, layer=replace(wide.layer, written={"units": -4}))
    typed = replace(checked.typed, graph=replace(graph, nodes={**graph.nodes, "wide": wrong}))
    (one,) = refused(lambda: build(typed))
    assert one.code == "E310"
    assert one.pointer == wide.pointer
    assert "-4" in one.message
    assert "\n" not in one.message


@pytest.mark.parametrize(
    "layer",
    [
        '{ type = "Bidirectional", layer = { type = "LSTM", units = 2 }, trainable = false }',
        '{ type = "MultiHeadAttention", num_heads = 1, key_dim = 2, trainable = false, '
        'inputs = { query = "x", value = "x" } }',
        '{ type = "TimeDistributed", layer = { type = "Dense", units = 2 }, trainable = false }',
        '{ type = "TimeDistributed", layer = { type = "Bidirectional", trainable = false, '
        'layer = { type = "GRU", units = 2 } }, inputs = "rows" }',
        '{ type = "RNN", cell = { type = "GRUCell", units = 2 }, trainable = false }',
        '{ type = "Dense", units = 2, trainable = false }',
    ],
)
def test_what_is_not_to_be_trained_is_not_trained_inside_either(check, layer):
    entry = layer if "inputs" in layer else f'{layer[:-1]}, inputs = "x" }}'
    typed = check(f"keraspec = 1\ninputs.x.shape = [4, 3]\ninputs.rows.shape = [2, 4, 3]\nlayers = [ {entry} ]\n").typed
    model = build(typed)
    assert model.trainable_weights == []
    assert sum(typed.typed[name].trainable_params for name in typed.typed) == 0
    assert model.count_params() > 0
