"""The layers that attend, against Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np
import pytest
from oracle import Case, Inputs, Plan, Tensor, agree, axis

from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.objects import instantiate
from keraspec.compiler.catalogue.record import Call, Inferred, ShapeError
from keraspec.compiler.sizes import BATCH, symbol
from keraspec.compiler.tensor import TensorType, policy

DTYPES = ("float32", "float32", "float32", "float16")


def sequences(
    rng: Random, features: tuple[Any, Any, Any], *, ranks: tuple[int, ...] = (2, 2, 2, 2, 1, 3)
) -> list[Tensor]:
    """Query, value and key: places of their own, and these features."""
    rank = rng.choice(ranks)
    lead = [axis(rng, zero=0, unknown=0.1) for _ in range(max(0, rank - 2))]
    asking, places = axis(rng, zero=0), axis(rng, zero=0)
    keys = axis(rng, zero=0) if rng.random() < 0.1 else places
    shapes = [[*lead, size, width] for size, width in zip((asking, places, keys), features, strict=True)]
    if rank == 1:
        shapes = [[width] for width in features]
    if rng.random() < 0.06:
        shapes[rng.randrange(3)].insert(0, 2)
    return [Tensor(tuple(shape), rng.choice(DTYPES)) for shape in shapes]


def listed(rng: Random, written: Mapping[str, Any]) -> Inputs:
    """Inputs for the layers that take a list."""
    width = axis(rng, zero=0, unknown=0.05)
    other = width if rng.random() < 0.85 else axis(rng, zero=0)
    three = rng.random() < 0.4
    given = sequences(rng, (width, axis(rng, zero=0) if three else other, other))
    inputs = {"inputs": tuple(given[: 3 if three else 2])}
    if rng.random() < 0.03:
        inputs = {"inputs": tuple(given[:1])}
    elif rng.random() < 0.25 and len(given[0].shape) == 2:
        inputs["mask"] = tuple(Tensor(one.shape[:-1], "bool") for one in given[:2])
    return inputs


def named(same: bool) -> Callable[[Random, Mapping[str, Any]], Inputs]:
    """Inputs for the layers that take them by name; ``same``: query and value need as many features."""

    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs:
        width = axis(rng, zero=0, unknown=0.04)
        value = width if same and rng.random() < 0.9 else axis(rng, zero=0, unknown=0.04)
        query, values, key = sequences(rng, (width, value, axis(rng, zero=0, unknown=0.04)))
        inputs = {"query": (query,), "value": (values,)}
        if rng.random() < 0.4:
            inputs["key"] = (key,)
        if len(query.shape) == 2 and len(values.shape) == 2:
            masks = {
                "query_mask": query.shape[:1],
                "value_mask": values.shape[:1],
                "key_mask": values.shape[:1],
                "attention_mask": (query.shape[0], values.shape[0]),
            }
            inputs |= {name: (Tensor(shape, "bool"),) for name, shape in masks.items() if rng.random() < 0.1}
        return inputs

    return feed


def flat(case: Case) -> bool:
    """Without a time axis the samples of a batch would look at each other."""
    return any(len(one.shape) < 2 for one in next(iter(case.inputs.values())))


def width_of_one(case: Case) -> bool:
    """A single feature is spread over all of the other's; `Attention` has no weights that would say what is meant."""
    given = case.inputs["inputs"]
    return 1 in (given[0].shape[-1], given[-1].shape[-1])


def meets(case: Case) -> bool:
    """A word meets a number or another word: that runs for a batch in which they are the same."""
    given = [one.shape for one in (*case.inputs.get("inputs", ()), *case.inputs.get("query", ()),
                                   *case.inputs.get("value", ()), *case.inputs.get("key", ()))]  # fmt: skip
    return any(isinstance(size, str) for shape in given for size in shape)


def scores_of_other_shape(case: Case) -> bool:
    """Keras gives the scores of MultiHeadAttention four axes and the query's places twice; tested below as they run."""
    query, value = case.inputs["query"][0].shape, case.inputs["value"][0].shape
    return bool(case.options.get("return_attention_scores")) and (len(query) != 2 or query[0] != value[0])


def other_window(case: Case) -> bool:
    """With more axes a window or a causal mask has the wrong sizes; it runs where they are alike by chance."""
    wanted = case.options.get("use_causal_mask") or case.written.get("sliding_window") not in (None, "none")
    return bool(wanted) and len(case.inputs["query"][0].shape) > 2


def odd_axes(case: Case) -> bool:
    """Attention along the batch or the features: Keras runs it, but the one mixes samples, and the other looks along
    the heads instead."""
    written, rank = case.written.get("attention_axes"), len(case.inputs["query"][0].shape) + 1
    if not isinstance(written, (int, list)):
        return False
    axes = [one % rank for one in (written if isinstance(written, list) else [written]) if isinstance(one, int)]
    return 0 in axes or rank - 1 in axes


def other_rank(case: Case) -> bool:
    """A key with an axis more than its value runs where that axis happens to be the size of the batch."""
    return len({len(one.shape) for one in case.inputs["inputs"]}) > 1


def masked(case: Case) -> bool:
    """Keras fails when a masked batch with more axes comes."""
    return any(one.mask and len(one.shape) > 2 for given in case.inputs.values() for one in given)


STUCK = {"a word is right only where it is the size that it meets": meets}
ONE_PLACE = {
    "Keras takes any dropout": lambda case: (
        isinstance(case.written.get("dropout"), (int, float)) and not 0 <= case.written["dropout"] <= 1
    ),
    "attention without a time axis": flat,
    "masks of inputs with more axes": masked,
    "one feature against several": width_of_one,
    "inputs with different numbers of axes": other_rank,
}
PLANS = (
    Plan("Attention", listed, arguments={"dropout": (0, 0.1)}, known=ONE_PLACE, stuck=STUCK),
    Plan("AdditiveAttention", listed, arguments={"dropout": (0, 0.1)}, known=ONE_PLACE, stuck=STUCK),
    Plan(
        "MultiHeadAttention",
        named(same=False),
        arguments={
            "num_heads": (1, 2, 3),
            "key_dim": (1, 2, 4),
            "value_dim": ("none", 3, 5),
            "output_shape": ("none", 7, [2, 3], [4]),
            "attention_axes": ("none", "none", 1, [1], -2, 2, [1, 2], 0, 4),
            "dropout": (0, 0.2),
            "sliding_window": ("none", 1, 2, 0),
            "flash_attention": ("none", False),
        },
        known={
            "attention over the batch, the features or the heads": odd_axes,
            "masks of inputs with more axes": masked,
            "a window along another axis than the time": other_window,
            "Keras knows another shape of the scores": scores_of_other_shape,
        },
        stuck=STUCK,
    ),
    Plan(
        "GroupQueryAttention",
        named(same=True),
        arguments={
            "head_dim": (1, 2, 4),
            "num_query_heads": (2, 4, 6),
            "num_key_value_heads": (1, 2, 2, 3),
            "dropout": (0, 0.2),
            "sliding_window": ("none", 1, 2, 0),
            "flash_attention": ("none", False),
        },
        accepted=0.2,
        stuck=STUCK,
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)


def inferred(name: str, written: Mapping[str, Any], options: Mapping[str, Any], **shapes: tuple[Any, ...]) -> Inferred:
    """What the rule says of inputs of these shapes, the batch axis left out."""
    record = find("layers", name)
    assert record is not None
    assert record.rule is not None
    tensors = {port: (TensorType((BATCH, *shape)),) for port, shape in shapes.items()}
    every = {option.name: option.default for option in record.options} | dict(options)
    return record.rule(Call(instantiate(record, written), tensors, every, policy("float32")))


@pytest.mark.parametrize(
    ("axes", "query", "value"),
    [
        (None, (5, 4), (6, 3)),
        (1, (5, 4), (6, 3)),
        (None, (5, 6, 4), (7, 8, 4)),
        (1, (5, 6, 4), (7, 6, 4)),
        (-2, (5, 6, 4), (5, 9, 4)),
        ([2, 1], (5, 6, 4), (7, 8, 4)),
        ([1, 3], (2, 3, 4, 5), (6, 3, 7, 5)),
    ],
)
def test_scores_have_the_shape_that_runs(axes: Any, query: tuple[int, ...], value: tuple[int, ...]) -> None:
    import keras

    written = {"num_heads": 2, "key_dim": 3} | ({} if axes is None else {"attention_axes": axes})
    options = {"return_attention_scores": True}
    mine = inferred("MultiHeadAttention", written, options, query=query, value=value)
    layer = keras.layers.MultiHeadAttention(**written)
    ones = np.ones
    theirs = layer(ones((2, *query), "float32"), ones((2, *value), "float32"), return_attention_scores=True)
    assert [output.shape[1:] for output in mine.outputs] == [tuple(output.shape[1:]) for output in theirs]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "attention_axes": 2}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
    ],
)
def test_a_causal_mask_needs_the_time_at_axis_1(name: str, written: Mapping[str, Any]) -> None:
    """Keras takes it when the model is built, and fails at the first batch."""
    with pytest.raises(ShapeError) as error:
        inferred(name, written, {"use_causal_mask": True}, query=(5, 6, 4), value=(5, 6, 4))
    assert error.value.code == "E307"
    inferred(name, written | {"attention_axes": 1}, {"use_causal_mask": True}, query=(5, 6, 4), value=(5, 6, 4))


def test_unknown_places_go_through_to_the_scores() -> None:
    time, places = symbol("time"), symbol("places")
    written = {"num_heads": 2, "key_dim": 3}
    found = inferred(
        "MultiHeadAttention", written, {"return_attention_scores": True}, query=(time, 4), value=(places, 4)
    )
    assert [output.shape for output in found.outputs] == [(BATCH, time, 4), (BATCH, 2, time, places)]
