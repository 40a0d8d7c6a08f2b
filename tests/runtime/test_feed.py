from __future__ import annotations

import numpy as np
import pytest

from keraspec.runtime.data import Rows
from keraspec.runtime.feed import Form, Held, Order, feed

FORM = Form({"x": "float32"}, ("y",), False)


def rows(count):
    return Rows({"x": np.arange(count, dtype=np.uint8)}, {"y": np.arange(count, dtype=np.int32)})


def seen(dataset):
    return [int(value) for x, y in dataset for value in y.numpy()]


def test_every_row_once_in_order_and_cast():
    dataset = feed(rows(10), FORM, 4)
    assert int(dataset.cardinality()) == 3
    batches = [(x.numpy(), y.numpy()) for x, y in dataset]
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    assert batches[0][0].dtype == np.float32
    assert np.concatenate([x for x, _ in batches]).tolist() == list(range(10))


def test_another_order_every_epoch_and_the_same_for_a_seed():
    order, again, other = Order(3), Order(3), Order(4)
    first, second, third = (
        feed(rows(50), FORM, 8, order),
        feed(rows(50), FORM, 8, again),
        feed(rows(50), FORM, 8, other),
    )
    epochs = []
    for epoch in range(3):
        for one in (order, again, other):
            one.set(epoch)
        epochs.append(seen(first))
        assert sorted(epochs[-1]) == list(range(50))
        assert epochs[-1] == seen(second)
        assert epochs[-1] != seen(third)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    order.set(1)
    assert seen(first) == epochs[1]  # whenever it is asked for


def test_keras_counts_the_steps_right():
    """A feed of unknown length would be run one step too long, and spoil what is measured."""
    import keras

    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=3)
    order = Order(0)
    small = Rows({"x": np.ones((64, 1), np.float32)}, {"y": np.ones((64, 1), np.float32)})
    model.fit(feed(small, FORM, 8, order), epochs=3, verbose=0, shuffle=False)
    assert int(model.optimizer.iterations) == 24


def test_structures():
    form = Form({"a": "float32", "b": "string"}, ("p", "q"), False)
    two = Rows(
        {"a": np.ones((3, 2), np.float32), "b": np.array(["u", "v", "w"], dtype=object)},
        {"p": np.zeros(3, np.int32)},
        {"p": np.array([1, 2, 3], np.float32)},
    )
    ((a, b), (p, q), (u, v)) = next(iter(feed(two, form, 8)))
    assert (a.shape, b.numpy().tolist(), p.shape) == ((3, 2), [b"u", b"v", b"w"], (3,))
    assert q.numpy().tolist() == [0, 0, 0]  # an output without a target
    assert (u.numpy().tolist(), v.numpy().tolist()) == ([1, 2, 3], [1, 1, 1])
    named = Form({"a": "float32"}, ("p", "q"), True)
    _x, y = next(iter(feed(Rows({"a": two.inputs["a"]}, two.targets), named, 8)))
    assert set(y) == {"p", "q"}
    (only,) = next(iter(feed(Rows({"a": two.inputs["a"]}, {}), named, 8)))
    assert only.shape == (3, 2)


def test_large_rows_are_shared_and_not_copied():
    from keraspec.runtime.deferred import part, settled

    whole = settled((5000, 7), np.float32)
    whole[:] = np.arange(35_000).reshape(5000, 7)
    assert part(whole, np.arange(5000)) is whole
    some = part(whole, np.arange(4999, -1, -2))  # another order, and not all: copied
    np.testing.assert_array_equal(some, whole[::-2])
    assert not np.shares_memory(some, whole)
    for values in (whole, some, whole[:, :3], np.asarray(whole, order="F"), whole.astype(">f4")):
        for count in (512, 333):
            batches = [x.numpy() for (x,) in feed(Rows({"x": values}, {}), Form({"x": "float32"}, (), False), count)]
            np.testing.assert_array_equal(np.concatenate(batches), values)


def test_rows_in_a_file_and_rows_in_memory_are_the_same_batches():
    from keraspec.runtime.deferred import Deferred, Every

    values = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    lying = Deferred(lambda chosen: values[chosen], Every(100), (3,), values.dtype)
    y = {"y": np.arange(100, dtype=np.int32)}
    for order in (None, Order(5)):
        pair = [[*feed(Rows({"x": one}, y), FORM, 17, order)] for one in (values, lying)]
        assert len(pair[0]) == len(pair[1]) == 6
        for (x, label), (other, same) in zip(*pair, strict=True):
            np.testing.assert_array_equal(x, other)
            np.testing.assert_array_equal(label, same)


@pytest.mark.parametrize("count", [3, 8, 11], ids=["less than a batch", "whole batches", "and some rows"])
def test_batches_in_order_are_the_same_either_way(count, monkeypatch):
    random = np.random.default_rng(count)
    x, y = random.normal(size=(count, 5)).astype("float32"), np.arange(count)
    rows = Rows({"x": x}, {"a": y}, {"a": y / 2})
    form = Form({"x": "float32"}, ("a", "b"), True)
    cut = [*feed(rows, form, 4).as_numpy_iterator()]
    monkeypatch.setattr(Held, "in_order", lambda self, size: None)
    one_by_one = [*feed(rows, form, 4).as_numpy_iterator()]
    assert len(cut) == len(one_by_one) == -(-count // 4)
    for one, other in zip(cut, one_by_one, strict=True):
        np.testing.assert_equal(one, other)
    np.testing.assert_array_equal(np.concatenate([one[0] for one in cut]), x)
