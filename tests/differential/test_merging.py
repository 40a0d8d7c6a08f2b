"""The layers that make one tensor of several, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from oracle import Case, Draw, Feed, Plan, Tensor, agree, axis

from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.objects import instantiate
from keraspec.compiler.catalogue.record import Call, Inferred, ShapeError
from keraspec.compiler.sizes import BATCH, symbol
from keraspec.compiler.tensor import TensorType, policy

DTYPES = ("float32", "float32", "float32", "int32", "float16")
WORDS = ("time", "width")


def alike(least: int, most: int, *, different: float = 0.12, ranks: float = 0.15) -> Feed:
    """Several shapes that mostly broadcast: axes of one of them are 1, missing, words or, seldom, different."""

    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        shape = [axis(rng, zero=0) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))]
        given = []
        for _ in range(rng.randint(least, most)):
            own = [varied(rng, size, different) for size in shape]
            if own and rng.random() < ranks:
                own = own[rng.randint(0, len(own)) :]
            given.append(Tensor(tuple(own), rng.choice(DTYPES)))
        return tuple(given)

    return feed


def varied(rng: Random, size: Any, different: float) -> Any:
    """The size, now and then another."""
    pick = rng.random()
    if pick < different:
        return rng.randint(1, 9)
    if pick < different + 0.1:
        return 1
    return rng.choice(WORDS) if pick < different + 0.15 else size


def beside(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Several shapes that mostly differ along the axis of concatenation alone."""
    shape = [axis(rng, zero=0) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))]
    along = written.get("axis", -1)
    given = []
    for _ in range(rng.randint(1, 4)):
        own = [varied(rng, size, 0.02) if rng.random() < 0.3 else size for size in shape]
        if isinstance(along, int) and not isinstance(along, bool) and -len(own) <= along <= len(own) and along:
            own[along - 1 if along > 0 else along] = axis(rng, zero=0)
        if rng.random() < 0.05:
            own.append(3)
        given.append(Tensor(tuple(own), rng.choice(DTYPES)))
    return tuple(given)


def factors(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Two shapes, sometimes one or three, that mostly have one size along the axes of the product."""
    ranks = (rng.choice((1, 1, 2, 2, 3)), rng.choice((1, 1, 2, 2, 3)))
    given = [[axis(rng, unknown=0.1, zero=0) for _ in range(rank)] for rank in ranks]
    axes = written.get("axes")
    pair = axes if isinstance(axes, list) else [axes, axes]
    size = axis(rng, zero=0)
    for shape, one in zip(given, pair, strict=False):
        if isinstance(one, int) and -len(shape) <= one <= len(shape) and one and rng.random() < 0.9:
            shape[one - 1 if one > 0 else one] = size
    return tuple(Tensor(tuple(shape), rng.choice(DTYPES)) for shape in given[: rng.choice((2,) * 12 + (1,))])


def axes(rng: Random) -> Any:
    """The axes of a product."""
    return rng.choice((1, -1, 1, -1, 2, -2, 0, [1, 1], [1, 2], [2, 1], [-1, 1], [-1, -2], [-1, -1], [3, 1], -4, [1]))


def lucky(case: Case) -> bool:
    """A word meets a number or another word: that runs for a batch in which they are the same."""
    given = [one.shape for one in case.inputs["inputs"]]
    rank = max(map(len, given))
    columns = zip(*[(1,) * (rank - len(shape)) + shape for shape in given], strict=True)
    return any(len(set(column) - {1}) > 1 and any(isinstance(size, str) for size in column) for column in columns)


STUCK = {"a word is right only where it is the size that it meets": lucky}
DRAW_AXES: Draw = axes
ROW = Tensor((4,))
FEW_AND_MANY = (({}, (ROW,)), ({}, (ROW, ROW, ROW)))
PLANS = (
    *(Plan(name, alike(1, 4), stuck=STUCK) for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")),
    Plan("Subtract", alike(2, 2), stuck=STUCK, examples=FEW_AND_MANY),
    Plan(
        "Concatenate",
        beside,
        arguments={"axis": (-1, -1, 1, 1, 2, -2, 0, 5, -6)},
        stuck=STUCK,
        known={"Keras looks for no axis where there is one input": lambda case: len(case.inputs["inputs"]) == 1},
    ),
    Plan(
        "Dot",
        factors,
        arguments={"axes": DRAW_AXES},
        accepted=0.2,
        known={
            "Keras takes one axis modulo the rank": lambda case: (
                isinstance(case.written.get("axes"), int)
                and any(-case.written["axes"] > len(one.shape) + 1 for one in case.inputs["inputs"])
            ),
        },
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)


def joined(name: str, *shapes: tuple[Any, ...], **written: Any) -> Inferred:
    """What the rule says of inputs of these shapes, the batch axis left out."""
    record = find("layers", name)
    assert record is not None
    assert record.rule is not None
    tensors = {"inputs": tuple(TensorType((BATCH, *shape)) for shape in shapes)}
    return record.rule(Call(instantiate(record, written), tensors, {}, policy("float32")))


@pytest.mark.parametrize(
    ("name", "shapes", "message", "way_out"),
    [
        (
            "Add",
            [(8, 8, 32), (8, 8, 16)],
            "Add works element by element, but input 2 has shape (batch, 8, 8, 16) and the input before "
            "(batch, 8, 8, 32): axis 3 is 16 and 32",
            "give the layers before the same number of units or filters, 32 or 16",
        ),
        (
            "Multiply",
            [(8, 32), (8, 32), (7, 32)],
            "Multiply works element by element, but input 3 has shape (batch, 7, 32) and the inputs before "
            "(batch, 8, 32): axis 1 is 7 and 8",
            "bring axis 1 to the same size, 8 or 7",
        ),
        (
            "Average",
            [(8, 8, 32), (16,)],
            "Average works element by element, but input 2 has shape (batch, 16) and the input before "
            "(batch, 8, 8, 32): axis 3 is 16 and 32",
            "the inputs have 4 and 2 axes",
        ),
        (
            "Concatenate",
            [(8, 4), (9, 4)],
            "Concatenate along axis 2 needs inputs that are the same along all others, but input 2 has shape "
            "(batch, 9, 4) and the first (batch, 8, 4): axis 1 is 9 and 8",
            "use `axis = 1`",
        ),
        ("Subtract", [(4,)], "Subtract takes exactly 2 inputs, found 1", "write them as a list"),
    ],
)
def test_what_does_not_fit_is_named(name: str, shapes: list[Any], message: str, way_out: str) -> None:
    with pytest.raises(ShapeError) as error:
        joined(name, *shapes)
    assert (error.value.code, error.value.message) == ("E302", message)
    assert error.value.help is not None
    assert way_out in error.value.help


def test_words_are_kept() -> None:
    time, width = symbol("time"), symbol("width")
    assert joined("Add", (time, 4), (1, 4)).outputs[0].shape == (BATCH, time, 4)
    assert joined("Concatenate", (time, 4), (width, 4), (3, 4), axis=1).outputs[0].shape == (BATCH, time + width + 3, 4)
    assert joined("Dot", (time, 4), (width, 4), axes=2).outputs[0].shape == (BATCH, time, width)
    with pytest.raises(ShapeError):
        joined("Add", (time, 4), (time + 1, 4))


@pytest.mark.parametrize(("masks", "kept"), [((True, True), True), ((True, False), False), ((False, False), False)])
def test_add_keeps_a_mask_that_all_inputs_have(masks: tuple[bool, bool], kept: bool) -> None:
    record = find("layers", "Add")
    assert record is not None
    assert record.rule is not None
    tensors = {"inputs": tuple(TensorType((BATCH, 3, 4), mask=mask) for mask in masks)}
    assert record.rule(Call(instantiate(record, {}), tensors, {}, policy("float32"))).outputs[0].mask is kept
