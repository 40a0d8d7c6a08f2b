"""Batches of rows of similar length: every row once an epoch, the same rows together for a seed, on every feeder."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.runtime.buckets import bucket_of, plan_of, steps_of, together
from keraspec.runtime.data import prepare

LENGTHS = st.lists(st.integers(0, 50), min_size=1, max_size=120)
LIMITS = st.lists(st.integers(1, 60), min_size=1, max_size=5, unique=True)


@settings(max_examples=50)
@given(LENGTHS, LIMITS, st.integers(1, 9), st.integers(0, 1000), st.integers(0, 5))
def test_each_row_comes_once_and_only_with_rows_of_its_bucket(lengths, limits, size, seed, epoch):
    buckets = bucket_of(np.array(lengths), limits)
    plan = plan_of(buckets, size)
    batches = plan.batches(seed, epoch)
    assert np.sort(np.concatenate(batches)).tolist() == list(range(len(lengths)))
    assert len(batches) == plan.count == steps_of(len(lengths), buckets, size)
    short = {}
    for batch in batches:
        assert len({int(one) for one in buckets[batch]}) == 1
        assert len(batch) <= size
        short.setdefault(int(buckets[batch[0]]), []).append(len(batch) < size)
    assert all(sum(found) <= 1 for found in short.values())
    again = plan.batches(seed, epoch)
    assert all((one == two).all() for one, two in zip(batches, again, strict=True))


def test_a_row_is_in_the_bucket_of_the_first_limit_that_it_does_not_exceed():
    assert bucket_of(np.array([0, 10, 11, 20, 21, 99]), [20, 10]).tolist() == [0, 0, 1, 1, 2, 2]
    assert together([np.array([0, 0, 1]), np.array([1, 1, 0])]).tolist() == [0, 0, 1]
    assert together([]) is None


def test_another_epoch_is_another_order():
    plan = plan_of(bucket_of(np.arange(200) % 37, [10, 20]), 8)
    first, second = plan.batches(0, 0), plan.batches(0, 1)
    assert {tuple(sorted(one)) for one in first} != {tuple(sorted(one)) for one in second}
    lengths = [int(plan.buckets[one[0]]) for one in first]
    assert lengths != sorted(lengths)


SPEC = """
keraspec = 1
inputs.words.shape = ["time"]
inputs.words.dtype = "int32"
[[layers]]
type = "Embedding"
input_dim = 50
output_dim = 4
mask_zero = true
[[layers]]
type = "GlobalAveragePooling1D"
[[layers]]
name = "y"
type = "Dense"
units = 1
activation = "sigmoid"
[data]
source = { type = "jsonl", path = "t.jsonl" }
inputs.words.pad = PAD
split = { validation = 0.2 }
batch_size = 8
seed = 3
[training]
epochs = 2
loss = "binary_crossentropy"
"""
PAD = "{ value = 0, buckets = [5, 10, 20] }"


def rows():
    random = np.random.default_rng(0)
    for row in range(150):
        words = random.integers(1, 50, random.integers(1, 31)).tolist()
        yield json.dumps({"words": words, "y": row % 2})


def prepared(check, pad=PAD):
    checked = check(SPEC.replace("PAD", pad), files={"t.jsonl": "\n".join(rows())})
    return checked, prepare(checked.typed, checked.path.parent)


def test_the_spec_says_it_in_either_way(check):
    checked, found = prepared(check)
    train = found.parts["train"]
    lengths = (train.inputs["words"][:] > 0).sum(axis=1)
    assert (train.buckets == bucket_of(lengths, [5, 10, 20])).all()
    assert checked.spec.data.inputs["words"].pad == 0
    for pad in ("7", "{ value = 7 }"):
        plain = prepared(check, pad)[1].parts["train"]
        assert plain.buckets is None
        assert plain.inputs["words"][:].max() <= 49
        assert (plain.inputs["words"][:] == 7).sum() > (train.inputs["words"][:] == 7).sum()


@pytest.mark.parametrize("pad", ["{ buckets = [] }", "{ buckets = [0] }", "{ bucket = [3] }", '"none"'])
def test_what_no_pad_can_be(pad):
    assert compile_text(SPEC.replace("PAD", pad)).errors


def test_the_feeders_give_the_same_batches(check):
    pytest.importorskip("tensorflow")
    from keraspec.runtime.batches import batches
    from keraspec.runtime.feed import Order, feed, form_of

    train = prepared(check)[1].parts["train"]
    form = form_of([("words", "int32")], ["y"], False)
    order = Order(3)
    pipeline, arrays = feed(train, form, 8, order), batches(train, form, 8, order)
    expected = plan_of(train.buckets, 8)
    filled = 0
    for epoch in (0, 1):
        order.set(epoch)
        assert len(arrays) == len(pipeline) == expected.count
        for number, (x, y) in enumerate(pipeline):
            other_x, other_y = arrays[number]
            assert (x.numpy() == other_x).all()
            assert (y.numpy() == other_y).all()
            chosen = expected.batches(3, epoch)[number]
            assert (x.numpy() == train.inputs["words"][chosen]).all()
            filled += int((x.numpy() == 0).sum())
    without = 0
    for number in range(30):
        without += int((train.inputs["words"][np.arange(number * 4, number * 4 + 4)] == 0).sum()) * 2
    assert filled < without / 2


def test_training_takes_every_row_once_an_epoch(check, tmp_path):
    pytest.importorskip("tensorflow")
    import keraspec

    checked, found = prepared(check)
    run = keraspec.train(checked, run_dir=tmp_path / "run")
    assert run.status == "finished"
    assert run.epochs == 2
    assert found.parts["train"].count == 120
    assert run.history[1]["loss"] < run.history[0]["loss"] + 0.1
