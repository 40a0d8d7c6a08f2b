"""From models by hand to specs and back: what is written, and that the numbers are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.src.applications.convnext import LayerScale, StochasticDepth
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer
from same_models import differences, same_model

import keraspec
from keraspec import SpecError
from keraspec.compiler.build import build


def rows(model: keras.Model) -> list[Any]:
    rng = np.random.default_rng(3)
    found = []
    for one in model.inputs:
        shape = (2, *(size or 6 for size in one.shape[1:]))
        whole = one.dtype.startswith("int")
        found.append(rng.integers(0, 4, shape).astype(one.dtype) if whole else rng.random(shape).astype(one.dtype))
    return found


def returned(model: keras.Model, tmp_path: Path, *, flat: bool = True) -> dict[str, Any]:
    """Import, build, give it the weights, compare the numbers and the configuration; the data of the spec."""
    rng = np.random.default_rng(0)
    for one in model.weights:
        one.assign(rng.uniform(0.1, 0.9, one.shape))
    found = keraspec.import_model(model)
    assert [one.message for one in found.checked.errors] == []
    assert found.checked.typed is not None
    weights = tmp_path / "model.weights.h5"
    found.save_weights(weights)
    spec = tmp_path / "spec.keraspec.toml"
    found.save(spec)
    own = keraspec.build(spec, weights)
    given: Any = rows(model)
    theirs, ours = (
        keras.tree.flatten(one.predict_on_batch(given if len(given) > 1 else given[0])) for one in (model, own)
    )
    assert len(theirs) == len(ours)
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_array_equal(one, other)
    if flat:
        before, after = json.loads(model.to_json()), json.loads(own.to_json())
        assert differences(same_model(before), same_model(after)) == []
    again = keraspec.import_model(own)
    assert keraspec.import_model(build(again.checked.typed)).text == again.text  # type: ignore[arg-type]
    return dict(found.data)


def test_a_sequential_of_a_person(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(0.1)),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_initializer="he_normal", name="digit"),
        ],
        name="digits",
    )
    assert returned(model, tmp_path, flat=False) == {
        "keraspec": 1,
        "name": "digits",
        "inputs": {"image": {"shape": [8, 8, 1]}},
        "layers": [
            {
                "type": "Conv2D",
                "filters": 4,
                "kernel_size": 3,
                "activation": "relu",
                "kernel_regularizer": {"type": "L2", "l2": 0.1},
            },
            {"type": "Flatten"},
            {
                "name": "digit",
                "type": "Dense",
                "units": 3,
                "activation": "softmax",
                "kernel_initializer": "he_normal",
            },
        ],
    }


def test_shared_layers_are_reused(tmp_path: Path) -> None:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    tower = layers.Dense(3, name="tower")
    data = returned(keras.Model([left, right], layers.Subtract()([tower(left), tower(right)])), tmp_path)
    assert data["layers"] == [
        {"name": "tower", "type": "Dense", "inputs": "left", "units": 3},
        {"name": "tower_1", "reuse": "tower", "inputs": "right"},
        {"type": "Subtract", "inputs": ["tower", "tower_1"]},
    ]


def test_models_inside_are_blocks_and_shared_ones_are_reused(tmp_path: Path) -> None:
    x = keras.Input((6,))
    encoder = keras.Sequential(
        [layers.Dense(4, name="in/out".replace("/", "_")), layers.BatchNormalization()], name="encoder"
    )
    inner_in = keras.Input((4,))
    hidden = layers.Dense(5, activation="tanh")(inner_in)
    heads = keras.Model(
        inner_in, [layers.Dense(2, name="a")(hidden), hidden, layers.Dense(3, name="b")(hidden)], name="heads"
    )
    one, _, two = heads(encoder(x))
    three, four, _ = heads(encoder(x * 2.0))
    model = keras.Model(x, {"z": layers.Concatenate()([one, two, three]), "a": four})
    data = returned(model, tmp_path, flat=False)
    assert set(data["blocks"]) == {"encoder", "heads"}
    assert list(data["blocks"]["heads"]["outputs"]) == ["a", "dense", "b"]
    assert [one["reuse"] for one in data["layers"] if "reuse" in one] == ["encoder", "heads"]
    assert keraspec.import_model(model).checked.diagnostics == ()
    assert data["outputs"]["a"] == "heads_1.dense"


def test_of_a_model_inside_only_what_is_used_is_written(tmp_path: Path) -> None:
    i = keras.Input((4,))
    hidden = layers.Dense(5, name="hidden")(i)
    trunk = keras.Model(i, {"deep": layers.Dense(2, name="deeper")(hidden), "flat": hidden}, name="trunk")
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(3, name="end")(trunk(x)["flat"]))
    data = returned(model, tmp_path, flat=False)
    assert [one["name"] for one in data["blocks"]["trunk"]["layers"]] == ["hidden"]
    (said,) = keraspec.import_model(model).diagnostics
    assert said.message == "of `trunk` not all outputs are used; layers that lead to the others alone are left out"


def test_equal_models_inside_are_one_block(tmp_path: Path) -> None:
    def tower(name: str) -> keras.Model:
        return keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.ReLU()], name=name)

    x = keras.Input((4,))
    data = returned(keras.Model(x, layers.Add()([tower("left")(x), tower("right")(x)])), tmp_path, flat=False)
    assert len(data["blocks"]) == 1
    assert [one.get("block") for one in data["layers"]] == ["left", "left", None]


def test_models_inside_models_inside(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3, name="deep")], name="inner")
    i = keras.Input((3,))
    middle = keras.Model(i, inner(layers.Dense(3)(i)) + i, name="middle")
    x = keras.Input((3,))
    data = returned(keras.Model(x, middle(middle(x))), tmp_path, flat=False)
    assert data["blocks"]["middle"]["layers"][1] == {"name": "inner", "block": "inner"}


def test_a_frozen_model_inside_stays_frozen() -> None:
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3)], name="inner")
    inner.trainable = False
    x = keras.Input((3,))
    found = keraspec.import_model(keras.Model(x, inner(x)))
    assert found.data["blocks"]["inner"]["layers"] == [{"type": "Dense", "units": 3, "trainable": False}]
    assert build(found.checked.typed).trainable_weights == []  # type: ignore[arg-type]


def test_ops_literals_and_keys(tmp_path: Path) -> None:
    x = keras.Input((4, 6))
    y = 1.0 - x[:, 0]
    z = ops.where(y > 0.5, y, 0.0) ** 2
    w = ops.concatenate([z, x[:, -1, ...], x[:, 1, ::2]], axis=-1)
    v = ops.einsum("bij,bkj->bik", x, x)
    parts = ops.split(w, 3, axis=1)
    model = keras.Model(x, [parts[1], ops.sum(v, axis=[1, 2]), ops.add(np.arange(6.0, dtype="float32"), y)])
    data = returned(model, tmp_path)
    keys = [one["key"] for one in data["layers"] if one["type"] == "ops.get_item"]
    assert keys == ["[:, 0]", "[:, -1, ...]", "[:, 1, ::2]"]
    assert {"type": "ops.subtract", "x1": 1.0} in [
        {key: value for key, value in one.items() if key not in ("name", "inputs")} for one in data["layers"]
    ]
    assert data["outputs"][0] == "split[1]"


def test_masks_flow_by_themselves(tmp_path: Path) -> None:
    words = keras.Input((None,), dtype="int32", name="words")
    x = layers.Embedding(5, 4, mask_zero=True)(words)
    y = layers.LSTM(3, return_sequences=True)(x)
    data = returned(keras.Model(words, layers.LSTM(2)(layers.Dropout(0.1)(layers.Add()([y, y])))), tmp_path, flat=False)
    assert [one["type"] for one in data["layers"]] == ["Embedding", "LSTM", "Add", "Dropout", "LSTM"]
    assert data["inputs"] == {"words": {"shape": ["time"], "dtype": "int32"}}


def test_a_mask_that_somebody_gives_is_written(tmp_path: Path) -> None:
    words = keras.Input((6,), dtype="int32", name="words")
    x = layers.Embedding(5, 4)(words)
    data = returned(keras.Model(words, layers.GRU(3)(x, mask=ops.not_equal(words, 2))), tmp_path)
    assert data["layers"][-1]["inputs"]["mask"] == "not_equal"


def test_a_mask_that_is_lost_and_given_again_is_written(tmp_path: Path) -> None:
    words = keras.Input((6,), dtype="int32", name="words")
    embedding = layers.Embedding(5, 4, mask_zero=True)
    x = embedding(words)
    plain = ops.multiply(x, 2.0)
    data = returned(keras.Model(words, layers.GRU(3)(plain, mask=embedding.compute_mask(words))), tmp_path)
    assert "mask" in data["layers"][-1]["inputs"]


def test_states_and_arguments_by_name(tmp_path: Path) -> None:
    a, b = keras.Input((4, 3), name="a"), keras.Input((5, 3), name="b")
    _, h, c = layers.LSTM(2, return_state=True, name="reader")(a)
    y = layers.LSTM(2, return_sequences=True)(b, initial_state=[h, c])
    z = layers.MultiHeadAttention(2, 2, name="looks")(y, value=a, use_causal_mask=True)
    w = layers.Attention()([z, y])
    data = returned(keras.Model([a, b], w), tmp_path)
    by_type = {one["type"]: one for one in data["layers"]}
    assert by_type["LSTM"]["inputs"]["initial_state"] == ["reader[1]", "reader[2]"]
    assert by_type["MultiHeadAttention"]["call"] == {"use_causal_mask": True}
    assert by_type["Attention"]["inputs"] == {"query": "looks", "value": "lstm"}


def test_wrappers_and_cells(tmp_path: Path) -> None:
    x = keras.Input((5, 3))
    y = layers.Bidirectional(layers.GRU(2, return_sequences=True), merge_mode="sum")(x)
    y = layers.TimeDistributed(layers.Dense(4, activation="relu"))(y)
    y = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])(y)
    data = returned(keras.Model(x, y), tmp_path)
    assert data["layers"][0]["layer"] == {"type": "GRU", "units": 2, "return_sequences": True}
    assert "backward_layer" not in data["layers"][0]


def test_layers_that_keras_keeps_to_itself(tmp_path: Path) -> None:
    x = keras.Input((4, 4, 3))
    y = LayerScale(0.5, 3, name="scale")(x)
    y = StochasticDepth(0.2, name="drop")(y)
    y = CustomScaleLayer(0.17, name="sum")([x, y])
    data = returned(keras.Model(x, y), tmp_path, flat=False)
    assert [one["type"] for one in data["layers"]] == ["EinsumDense", "Dropout", "ops.multiply", "Add"]


def test_names_that_a_spec_may_not_have(tmp_path: Path) -> None:
    x = keras.Input((3,), name="my.input")
    y = layers.Dense(2, name="3units.here")(x)
    y = layers.Dense(2, name="3units_here")(y)
    data = returned(keras.Model(x, y), tmp_path, flat=False)
    assert list(data["inputs"]) == ["my_input"]
    assert [one["name"] for one in data["layers"]] == ["_3units_here", "_3units_here_1"]


def test_several_outputs_of_one_layer_and_an_input_that_goes_out(tmp_path: Path) -> None:
    x = keras.Input((4, 3))
    out, state = layers.GRU(2, return_state=True, name="reader")(x)
    data = returned(keras.Model(x, [state, out, x]), tmp_path, flat=False)
    assert data["outputs"] == ["reader[1]", "reader", "input_layer"]


def test_a_dtype_policy_is_kept(tmp_path: Path) -> None:
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2, dtype="mixed_float16")(layers.Dense(3)(x)))
    data = returned(model, tmp_path)
    assert [one.get("dtype") for one in data["layers"]] == [None, "mixed_float16"]


def test_what_it_was_compiled_with() -> None:
    x = keras.Input((4,), name="x")
    a, b = layers.Dense(1, name="a")(x), layers.Dense(3, activation="softmax", name="b")(x)
    model = keras.Model(x, [a, b])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)
    model.compile(
        keras.optimizers.SGD(schedule, momentum=0.9),
        loss={"a": "mse", "b": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        loss_weights={"b": 0.5},
        metrics={"a": ["mae"], "b": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top")]},
    )
    assert keraspec.import_model(model).data["training"] == {
        "optimizer": {
            "type": "SGD",
            "learning_rate": {
                "type": "ExponentialDecay",
                "initial_learning_rate": 0.01,
                "decay_steps": 100,
                "decay_rate": 0.9,
            },
            "momentum": 0.9,
        },
        "outputs": {
            "a": {"loss": "mse", "metrics": ["mae"]},
            "b": {
                "loss": {"type": "SparseCategoricalCrossentropy", "from_logits": True},
                "weight": 0.5,
                "metrics": ["accuracy", {"type": "SparseTopKCategoricalAccuracy", "k": 2, "name": "top"}],
            },
        },
    }


def test_a_custom_loss_is_left_out_and_said() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])

    def mine(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(y_true - y_pred)

    model.compile("adam", loss=mine, metrics=["mae"])
    found = keraspec.import_model(model)
    assert found.data["training"]["optimizer"] == "adam"
    (said,) = [one for one in found.diagnostics if one.code == "W801"]
    assert "mine" in said.message


@keras.saving.register_keras_serializable("mine")
class Doubled(layers.Layer):
    def call(self, x: Any) -> Any:
        return x * 2


def tripled(x: Any) -> Any:
    return x * 3


def test_everything_that_a_spec_cannot_say_is_said_at_once() -> None:
    x = keras.Input((4,))
    y = Doubled(name="twice")(layers.Lambda(tripled, name="more")(x))
    y = layers.Dense(2, activation=tripled, name="odd")(y)
    with pytest.raises(SpecError) as caught:
        keraspec.import_model(keras.Model(x, y))
    messages = [one.message for one in caught.value.diagnostics]
    assert len(messages) == 3, messages
    assert "it runs Python code of the file's author" in messages[0]
    assert '`mine>Doubled`, the class of the layer "twice"' in messages[1]
    assert "`activation` of Dense" in messages[2]
    assert all(
        one.code == "E802" and one.finding.pointer[:2] == ("config", "layers") for one in caught.value.diagnostics
    )
