"""What models of Keras 1 and 2 were compiled with, in the words of today."""

from __future__ import annotations

from typing import Any

import pytest

from keraspec.compiler.lift.legacy import read_legacy

from .legacy_models import functional, given, layer, lifted, node, sequential

MODEL = sequential(layer("Dense", "out", batch_input_shape=[None, 4], units=3, activation="softmax"))


def compiled(optimizer: Any, **rest: Any) -> dict[str, Any]:
    return {"optimizer_config": optimizer, "sample_weight_mode": None, "loss_weights": None, **rest}


def stored(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": config}


OPTIMIZERS: list[tuple[Any, Any]] = [
    (
        stored("Adam", lr=0.0020000000949949026, beta_1=0.9, beta_2=0.999, decay=0.0, epsilon=1e-7, amsgrad=False),
        {"type": "Adam", "learning_rate": 0.002},
    ),
    (
        stored("SGD", lr=0.01, momentum=0.9, nesterov=True, decay=1e-4),
        {
            "type": "SGD",
            "learning_rate": {
                "type": "InverseTimeDecay",
                "initial_learning_rate": 0.01,
                "decay_steps": 1,
                "decay_rate": 1e-4,
            },
            "momentum": 0.9,
            "nesterov": True,
        },
    ),
    (
        stored("Adagrad", lr=0.01, epsilon=None),
        {"type": "Adagrad", "learning_rate": 0.01, "initial_accumulator_value": 0.0},
    ),
    (
        stored("Adam", name="Adam", learning_rate=0.1, is_legacy_optimizer=False, jit_compile=True, clipnorm=1.0),
        {"type": "Adam", "learning_rate": 0.1, "clipnorm": 1.0},
    ),
    (
        stored(
            "RMSprop",
            learning_rate={
                "class_name": "ExponentialDecay",
                "config": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "name": None},
            },
        ),
        {
            "type": "RMSprop",
            "learning_rate": {
                "type": "ExponentialDecay",
                "initial_learning_rate": 0.1,
                "decay_steps": 10,
                "decay_rate": 0.5,
            },
        },
    ),
    ("adadelta", "Adadelta"),
]


@pytest.mark.parametrize(("written", "stated"), OPTIMIZERS, ids=[str(index) for index in range(len(OPTIMIZERS))])
def test_optimizers(written: Any, stated: Any) -> None:
    training = lifted(MODEL, compiled(written, loss="mse")).data["training"]
    assert training["optimizer"] in (stated, str(stated).lower())


def test_a_decay_is_the_schedule_that_says_the_same() -> None:
    keras = pytest.importorskip("keras")
    rate, decay = 0.01, 0.125
    saved = read_legacy(MODEL, compiled(stored("SGD", lr=rate, decay=decay)))
    assert saved.compiled is not None
    schedule = keras.optimizers.schedules.InverseTimeDecay(
        **saved.compiled["optimizer"]["config"]["learning_rate"]["config"]
    )
    for step in (0, 1, 7, 1000):
        assert float(schedule(step)) == pytest.approx(rate * (1 / (1 + decay * step)))


LOSSES: list[tuple[Any, Any]] = [
    ("categorical_crossentropy", "categorical_crossentropy"),
    ("cosine_proximity", "cosine_similarity"),
    ("kullback_leibler_divergence", "kl_divergence"),
    ("logcosh", "log_cosh"),
    ("meanSquaredError", "mean_squared_error"),
    (
        {"class_name": "CategoricalCrossentropy", "config": {"reduction": "auto", "name": "c", "from_logits": True}},
        {"type": "CategoricalCrossentropy", "from_logits": True},
    ),
    ({"class_name": "LossFunctionWrapper", "config": {"fn": "mse", "reduction": "auto"}}, "mse"),
]


@pytest.mark.parametrize(("written", "stated"), LOSSES, ids=[str(index) for index in range(len(LOSSES))])
def test_losses(written: Any, stated: Any) -> None:
    assert lifted(MODEL, compiled(stored("Adam"), loss=written)).data["training"]["loss"] == stated


METRICS: list[tuple[Any, Any]] = [
    (["acc"], ["acc"]),
    (["accuracy", "mae"], ["accuracy", "mae"]),
    ([[stored("MeanMetricWrapper", name="acc", dtype="float32", fn="accuracy")]], ["accuracy"]),
    ([stored("MeanMetricWrapper", name="accuracy", dtype="float32")], ["accuracy"]),
    ([stored("AUC", name="auc", num_thresholds=50, dtype="float32")], [{"type": "AUC", "num_thresholds": 50}]),
]


@pytest.mark.parametrize(("written", "stated"), METRICS, ids=[str(index) for index in range(len(METRICS))])
def test_metrics(written: Any, stated: Any) -> None:
    assert lifted(MODEL, compiled(stored("Adam"), loss="mse", metrics=written)).data["training"]["metrics"] == stated


def test_several_outputs() -> None:
    model = functional(
        given("x", 4),
        node("Dense", "a", [[["x", 0, 0, {}]]], units=3),
        node("Dense", "b", [[["x", 0, 0, {}]]], units=1),
        inputs=[["x", 0, 0]],
        outputs=[["a", 0, 0], ["b", 0, 0]],
    )
    told = compiled(stored("Adam"), loss={"a": "mse", "b": "hinge"}, loss_weights={"b": 0.5}, metrics={"a": ["mae"]})
    told["loss_weights"] = {"b": 0.5}
    assert lifted(model, told).data["training"]["outputs"] == {
        "a": {"loss": "mse", "metrics": ["mae"]},
        "b": {"loss": "hinge", "weight": 0.5},
    }


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (compiled(stored("TFOptimizer"), loss="mse"), "one of TensorFlow's own"),
        (compiled(stored("Mine"), loss="mse"), "no optimizer `Mine`"),
        (compiled(stored("Adam"), loss="my_loss"), "Keras has no loss `my_loss`"),
        (compiled(stored("Adam"), loss="mse", metrics=["mine"]), "Keras has no metric `mine`"),
        ({**compiled(stored("Adam"), loss="mse"), "sample_weight_mode": "temporal"}, "`sample_weight_mode`"),
        (compiled(7, loss="mse"), "what the optimizer was can't be read"),
    ],
)
def test_what_no_spec_can_say_is_left_out_and_told(told: dict[str, Any], message: str) -> None:
    saved = read_legacy(MODEL, told)
    assert [message in one.message for one in saved.differences] == [True]
    assert saved.differences[0].at[0] == "training_config"
    assert saved.network.layers[1].config["units"] == 3


def test_keras_1_wrote_it_beside_the_model() -> None:
    told = {"optimizer": {"name": "SGD", "lr": 0.01, "momentum": 0, "decay": 0, "nesterov": False}, "loss": "hinge"}
    saved = read_legacy({**MODEL, **told, "loss_weights": None}, None)
    assert saved.compiled == {
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.01, "momentum": 0, "nesterov": False}},
        "loss": "hinge",
    }


def test_keras_2_13_wrote_it_inside_the_model() -> None:
    told = {"optimizer": {"module": "keras.optimizers", **stored("Adam", learning_rate=0.5)}, "loss": "mse"}
    saved = read_legacy({**MODEL, "compile_config": told}, None)
    assert saved.compiled == {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.5}}, "loss": "mse"}


def test_a_model_that_was_not_compiled() -> None:
    assert read_legacy(MODEL, None).compiled is None
    assert "training" not in lifted(MODEL).data
