"""The ``model.json`` of TensorFlow.js: models that were made there, and models that were converted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keraspec.checked import compile_text
from keraspec.compiler.lift.lift import lift
from keraspec.compiler.lift.network import Unreadable
from keraspec.compiler.lift.tensorflow_js import read_tensorflow_js

from .legacy_models import layer, sequential

SCALING = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1, "mode": "fan_avg", "distribution": "normal", "seed": None},
}
OWN: dict[str, Any] = {
    "format": "layers-model",
    "generatedBy": "TensorFlow.js tfjs-layers v4.22.0",
    "convertedBy": None,
    "modelTopology": {
        "class_name": "Sequential",
        "config": {
            "name": "sequential_1",
            "layers": [
                {
                    "class_name": "GRU",
                    "config": {
                        "units": 5,
                        "activation": "tanh",
                        "recurrent_activation": "hard_sigmoid",
                        "use_bias": True,
                        "kernel_initializer": SCALING,
                        "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1, "seed": None}},
                        "bias_initializer": {"class_name": "Zeros", "config": {}},
                        "dropout": 0,
                        "recurrent_dropout": 0,
                        "implementation": 1,
                        "reset_after": False,
                        "return_sequences": False,
                        "return_state": False,
                        "go_backwards": False,
                        "stateful": False,
                        "unroll": False,
                        "name": "gru_GRU1",
                        "trainable": True,
                        "batch_input_shape": [None, 7, 3],
                        "dtype": "float32",
                    },
                },
                {
                    "class_name": "Dense",
                    "config": {
                        "units": 2,
                        "activation": "softmax",
                        "use_bias": True,
                        "kernel_initializer": SCALING,
                        "bias_initializer": {"class_name": "Zeros", "config": {}},
                        "kernel_regularizer": {
                            "class_name": "L1L2",
                            "config": {"hasL1": False, "hasL2": True, "l1": 0, "l2": 0.019999999552965164},
                        },
                        "bias_regularizer": None,
                        "activity_regularizer": None,
                        "kernel_constraint": None,
                        "bias_constraint": None,
                        "name": "dense_Dense1",
                        "trainable": True,
                    },
                },
            ],
        },
        "keras_version": "tfjs-layers 4.22.0",
        "backend": "tensor_flow.js",
    },
    "weightsManifest": [{"paths": ["./weights.bin"], "weights": []}],
    "trainingConfig": {
        "loss": "categorical_crossentropy",
        "metrics": ["acc"],
        "optimizer_config": {
            "class_name": "Adam",
            "config": {"learningRate": 0.01, "beta1": 0.8, "beta2": 0.999, "epsilon": 1e-7},
        },
    },
}


def test_a_model_made_there() -> None:
    saved = read_tensorflow_js(OWN)
    assert [one.message[:14] for one in saved.differences] == ["`hard_sigmoid`"]
    data = lift(saved).data
    gru, dense = ({key: value for key, value in one.items() if key != "name"} for one in data["layers"])
    assert gru == {
        "type": "GRU",
        "units": 5,
        "recurrent_activation": "hard_sigmoid",
        "reset_after": False,
        "kernel_initializer": "glorot_normal",
    }
    assert dense == {
        "type": "Dense",
        "units": 2,
        "activation": "softmax",
        "kernel_initializer": "glorot_normal",
        "kernel_regularizer": {"type": "L2", "l2": 0.02},
    }
    assert data["training"] == {
        "optimizer": {"type": "Adam", "learning_rate": 0.01, "beta_1": 0.8},
        "loss": "categorical_crossentropy",
        "metrics": ["acc"],
    }
    checked = compile_text(json.dumps(data), "json")
    assert checked.diagnostics == ()
    assert checked.typed is not None
    # Without reset_after a GRU has one offset for each gate.
    assert sum(int(str(one.params)) for one in checked.typed.typed.values()) == 3 * (5 * (3 + 5) + 5) + (5 * 2 + 2)


def test_a_converted_model() -> None:
    model = sequential(layer("Dense", "out", batch_input_shape=[None, 4], units=3))
    told = {"optimizer_config": {"class_name": "SGD", "config": {"lr": 0.5}}, "loss": "mse"}
    inside = {"keras_version": "2.2.4-tf", "backend": "tensorflow", "model_config": model, "training_config": told}
    saved = read_tensorflow_js({"format": "layers-model", "modelTopology": inside, "weightsManifest": []})
    assert saved.network.layers[1].kind == "Dense"
    assert saved.compiled == {"optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.5}}, "loss": "mse"}


def test_a_model_of_keras_3_that_was_converted() -> None:
    begun = {"batch_shape": [None, 4], "dtype": "float32", "name": "x"}
    history = {"shape": [None, 4], "dtype": "float32", "keras_history": ["x", 0, 0]}
    called = {"args": [{"class_name": "__keras_tensor__", "config": history}], "kwargs": {}}
    entries = [
        {"class_name": "InputLayer", "config": begun, "name": "x", "inbound_nodes": []},
        {"class_name": "Dense", "config": {"name": "d", "units": 3}, "name": "d", "inbound_nodes": [called]},
    ]
    config = {"name": "m", "layers": entries, "input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]}
    inside = {"keras_version": "3.15.1", "model_config": {"class_name": "Functional", "config": config}}
    saved = read_tensorflow_js({"format": "layers-model", "modelTopology": inside})
    assert lift(saved).data["layers"] == [{"type": "Dense", "units": 3, "name": "d"}]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"format": "graph-model", "modelTopology": {"node": []}}, "in which no layers are left"),
        ({"modelTopology": {"node": [], "library": {}}}, "in which no layers are left"),
        ({"format": "layers-model", "weightsManifest": []}, "`modelTopology` must be an object, found nothing"),
        ({"modelTopology": {"class_name": "Sequential"}}, "no Functional or Sequential model"),
    ],
)
def test_what_is_no_model_of_layers(model: Any, message: str) -> None:
    with pytest.raises(Unreadable, match=message) as raised:
        read_tensorflow_js(model)
    assert raised.value.help


def test_places_count_from_the_whole_file() -> None:
    broken = json.loads(json.dumps(OWN))
    broken["modelTopology"]["config"]["layers"][1]["config"]["activation"] = "mine"
    with pytest.raises(Unreadable) as raised:
        read_tensorflow_js(broken)
    assert raised.value.at == ("modelTopology", "config", "layers", 1, "config", "activation")
