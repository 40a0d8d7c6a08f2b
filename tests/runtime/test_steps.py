"""Steps taken one by one, in stretches, from memory and through a pipeline: the same numbers as Keras' own fit."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keraspec.runtime.data import Rows
from keraspec.runtime.feed import Form, Held, Order, fed
from keraspec.runtime.feeds import Feeds
from keraspec.runtime.resident import Resident
from keraspec.runtime.steps import Steps, Streamed, steps_of

pytestmark = pytest.mark.filterwarnings("ignore:Gradients do not exist")

COUNT, SIZE, EPOCHS = 107, 7, 2
STEPS = -(-COUNT // SIZE)


def plain() -> Any:
    """Everything that keeps a state: batch norm, dropout, momentum, several metrics, weights of rows."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(5)
    x = keras.Input([6], name="x")
    inner = layers.Dropout(0.3)(layers.BatchNormalization()(layers.Dense(9, "relu", kernel_regularizer="l2")(x)))
    model = keras.Model(x, layers.Dense(3, "softmax", name="kind")(inner))
    optimizer = keras.optimizers.Adam(0.01, global_clipnorm=1.0, use_ema=True, ema_overwrite_frequency=5)
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)],
    )
    return model


def several() -> Any:
    """Several inputs and outputs, one without a loss; gradients accumulated."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(6)
    x, z = keras.Input([6], name="x"), keras.Input([2], name="z")
    inner = layers.Dropout(0.2)(layers.Concatenate()([layers.Dense(5, "tanh")(x), z]))
    outputs = {
        "kind": layers.Dense(3, "softmax", name="kind")(inner),
        "much": layers.Dense(1, name="much")(inner),
        "bare": layers.Dense(1, name="bare")(inner),
    }
    model = keras.Model([x, z], outputs)
    model.compile(
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9, gradient_accumulation_steps=3),
        loss={"kind": "sparse_categorical_crossentropy", "much": "mse"},
        loss_weights={"kind": 1.0, "much": 0.25},
        metrics={"kind": ["accuracy"], "much": ["mae"]},
    )
    return model


def halves() -> Any:
    """Half precision, with a scale of the loss that moves."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(7)
    x = keras.Input([6], name="x")
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    inner = layers.Dropout(0.3, dtype=policy)(layers.Dense(8, "relu", dtype=policy)(x))
    model = keras.Model(x, layers.Dense(3, "softmax", name="kind", dtype="float32")(inner))
    scaled = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.01), initial_scale=2.0**24, dynamic_growth_steps=4
    )
    model.compile(optimizer=scaled, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def rows_and_form(make: Callable[[], Any]) -> tuple[Rows, Form]:
    random = np.random.default_rng(0)
    inputs = {"x": random.normal(size=(COUNT, 6)), "z": random.normal(size=(COUNT, 2)).astype("float32")}
    kind, much = random.integers(0, 3, COUNT), random.normal(size=(COUNT, 1)).astype("float32")
    weights = {"kind": random.uniform(0.5, 2, COUNT).astype("float32")}
    if make is several:
        form = Form({"x": "float32", "z": "float32"}, ("kind", "much", "bare"), True)
        return Rows(inputs, {"kind": kind, "much": much}, weights), form
    rows = Rows({"x": inputs["x"]}, {"kind": kind}, weights if make is plain else {})
    return rows, Form({"x": "float32"}, ("kind",), False)


def state(model: Any) -> list[np.ndarray]:
    """All that training moves: weights, states of random numbers, of the optimizer and of the metrics."""
    return [np.array(one) for one in (*model.variables, *model.optimizer.variables, *model.metrics_variables)]


def by_keras(make: Callable[[], Any]) -> tuple[list[dict[str, float]], list[np.ndarray]]:
    import keras

    model, (rows, form), order = make(), rows_and_form(make), Order(3)
    begins = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: order.set(epoch))
    batches = fed(Held(rows, form), SIZE, order)
    found = model.fit(batches, epochs=EPOCHS, verbose=0, shuffle=False, callbacks=[begins]).history
    return [{name: values[epoch] for name, values in found.items()} for epoch in range(EPOCHS)], state(model)


def by_steps(make: Callable[[], Any], made: Callable[..., Steps]) -> tuple[list[dict[str, float]], list[np.ndarray]]:
    model, (rows, form), order = make(), rows_and_form(make), Order(3)
    steps, logs = made(model, rows, form, order), []
    for epoch in range(EPOCHS):
        order.set(epoch)
        model.reset_metrics()
        steps.begin()
        last: Any = None
        while (found := steps.run(10**9)) is not None:
            last = found
        assert steps.done == STEPS
        logs.append({name: float(value) for name, value in last.items()})
    model.optimizer.finalize_variable_values(model.trainable_weights)
    return logs, state(model)


def of_stage(span: int, *, memory: bool, step: Callable[[Any], Any] | None = None) -> Callable[..., Steps]:
    def made(model: Any, rows: Rows, form: Form, order: Order) -> Steps:
        held = Held(rows, form)
        feeds = Feeds(fed(held, SIZE, order), {}, STEPS, order, held if memory else None, SIZE, order)
        found = steps_of(SimpleNamespace(feeds=feeds, settings=SimpleNamespace(steps_per_execution=span)), model, step)
        assert isinstance(found, Resident if memory else Streamed)
        assert found.count == STEPS
        return found

    return made


def same(one: Any, other: Any) -> None:
    assert one[0] == other[0]
    assert len(one[1]) == len(other[1])
    for first, second in zip(one[1], other[1], strict=True):
        assert (first == second).all()


@pytest.mark.parametrize("make", [plain, several, halves])
def test_stretches_are_fit_to_the_last_bit(make: Callable[[], Any]) -> None:
    expected = by_keras(make)
    same(by_steps(make, of_stage(10**6, memory=True)), expected)
    same(by_steps(make, of_stage(5, memory=False)), expected)


def test_single_steps_and_stretches() -> None:
    expected = by_steps(plain, of_stage(STEPS, memory=True))
    same(by_steps(plain, of_stage(1, memory=True)), expected)
    same(by_steps(plain, of_stage(6, memory=True)), expected)
    same(by_steps(plain, of_stage(1, memory=False)), expected)


@pytest.mark.parametrize("memory", [True, False])
def test_an_epoch_goes_on_where_it_was(memory: bool) -> None:
    model, (rows, form), order = plain(), rows_and_form(plain), Order(3)
    steps = of_stage(4, memory=memory)(model, rows, form, order)
    order.set(1)
    seen: list[list[int]] = []
    for skip in (0, STEPS - 3, STEPS):
        steps.begin(skip)
        assert steps.done == skip
        done = []
        while steps.run(3) is not None:
            done.append(steps.done)
        seen.append(done)
    assert seen == [[*range(3, STEPS, 3), STEPS], [STEPS], []]
    assert int(model.optimizer.iterations) == STEPS + 3


def test_what_is_asked_for_and_not_more() -> None:
    model, (rows, form), order = plain(), rows_and_form(plain), Order(3)
    steps = of_stage(4, memory=False)(model, rows, form, order)
    steps.begin()
    steps.run(2)
    assert (steps.done, int(model.optimizer.iterations)) == (2, 2)
    steps.run(9)
    assert (steps.done, int(model.optimizer.iterations)) == (6, 6)
