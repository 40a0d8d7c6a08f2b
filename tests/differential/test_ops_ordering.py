"""Operations that order, look for and gather elements, against Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import dropping
from oracle import Axis, Case, Plan, Tensor, agree, random_array, shapes

CASES = int(os.environ.get("KERASPEC_CASES", "12"))
COMMON = ("float32", "float32", "float16", "bfloat16", "float64", "int32", "int64", "int8", "uint8", "bool")
ONE = ("none", 0, 1, 2, -1, -1, -2)
LONE = ({}, (Tensor((), batched=False),))
EMPTY = {"nothing is asked for, or less": lambda case: any(
    isinstance(case.written.get(name), int) and case.written[name] <= 0
    for name in ("k", "num_segments", "size", "bins", "minlength")
)}  # fmt: skip


def counts(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Small numbers from 0 on that never go down, as places and segments are."""
    import keras
    import numpy as np

    if dtype == "bool":
        return random_array(rng, case, shape, dtype)
    numbers = np.sort(np.arange(int(np.prod(shape))) % 3).reshape(shape)
    return keras.ops.cast(keras.ops.convert_to_tensor(numbers), dtype)


def segments(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Data and the numbers of segments."""
    shape: list[Axis] = [rng.choice((1, 2, 3, "time")) for _ in range(rng.randint(0, 2))]
    ids = Tensor((), rng.choice(("int32", "int64", "int16", "float32", "uint8")))
    if rng.random() < 0.15:
        ids = Tensor((3,), "int32", batched=rng.random() < 0.5)
    return Tensor(tuple(shape), rng.choice(COMMON)), ids


def short(case: Case) -> bool:
    return case.inputs.get("segment_ids", (case.x,))[0].dtype == "int16"


def plan_of_segments(name: str) -> Plan:
    """The plan of an op on segments."""
    return Plan(
        f"ops.segment_{name}",
        segments,
        {"num_segments": (3, 5, "none"), "segment_ids": ([0, 1, 1],)},
        mend=dropping(1, "segment_ids"),
        known=EMPTY | {"some of these take int16 for `segment_ids` as well, and some do not": short},
        stuck={"the numbers of segments go up to 2": lambda case: case.written.get("num_segments") in (1, 2)},
        values=counts,
        compiled=True,
        accepted=0.1,
        examples=(
            ({"segment_ids": [0, 1, 1], "num_segments": 2}, (Tensor((3, 4), batched=False),)),
            ({"segment_ids": [0, 1, 1]}, (Tensor((4, 4), batched=False),)),
            ({"segment_ids": [0, 1, 1]}, (Tensor((4,)),)),
            ({"sorted": True, "num_segments": 3}, (Tensor((4,)), Tensor((), "int32"))),
        ),
    )


def targets(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    wrong = rng.random() < 0.1
    return (
        Tensor((3,) if wrong else (), rng.choice(("int32", "int64", "int32", "float32", "int8"))),
        Tensor((5,) if rng.random() < 0.9 else (5, 2), "float32" if rng.random() < 0.9 else "float16"),
    )


def rows(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    dtype = rng.choice(COMMON)
    long: Axis = rng.choice((4, 4, "time"))
    one = Tensor((long,), dtype, batched=False) if rng.random() < 0.6 else Tensor((), dtype)
    other = Tensor((3,), dtype if rng.random() < 0.8 else "float32", batched=rng.random() < 0.2)
    return one, other


LEFT_OUT = {
    ("ops.bincount", "weights"): "numbers only, as many as the tensor has elements: the batch is not known",
    ("ops.bincount", "sparse"): "a spec has no sparse tensors",
}

PLANS = (
    Plan("ops.sort", shapes(0, 1, 2, 3, wrong=0, dtypes=COMMON), {"axis": ONE}, examples=(LONE,)),
    Plan("ops.argsort", shapes(0, 1, 2, 3, wrong=0, dtypes=COMMON), {"axis": ONE}, examples=(LONE,)),
    Plan("ops.argpartition", shapes(0, 0, 0, 0, 1, wrong=0, dtypes=COMMON), {"axis": ONE, "kth": (0, 1, 2, 5)},
         known={"Keras mixes up the rows": lambda case: len(case.x.axes) > 1}, values=counts, compiled=True),
    Plan("ops.top_k", shapes(0, 1, 2, 3, wrong=0, dtypes=COMMON), {"k": (1, 2, 3)}, known=EMPTY),
    Plan("ops.in_top_k", targets, {"k": (1, 2, 3)}, known=EMPTY, accepted=0.1),
    Plan(
        "ops.searchsorted",
        rows,
        {"sorted_sequence": ([0, 1, 2], [0.5, 1, 2]), "values": ([1, 2], [1.0])},
        mend=dropping(0.6, "sorted_sequence", "values"),
        compiled=True,
        values=counts,
        accepted=0.15,
        examples=(
            ({"sorted_sequence": [0.5, 1, 2]}, (Tensor(()),)),
            ({"sorted_sequence": [0, 1, 2]}, (Tensor((), "int32"),)),
            ({"sorted_sequence": [0.5, 1, 2]}, (Tensor((3,)),)),
            ({"values": [0.5, 1.5]}, (Tensor((4,), batched=False),)),
            ({"values": [0.5, 1.5]}, (Tensor(()),)),
        ),
    ),
    Plan(
        "ops.digitize",
        shapes(0, 1, 2, wrong=0, dtypes=COMMON),
        {"bins": ([0, 1, 2], [0.5], [-1.5, 0, 2])},
        compiled=True,
        wrong=0,
        examples=(({"bins": [2, 1]}, (Tensor((3,)),)),),
    ),
    Plan("ops.nonzero", shapes(0, 1, 2, wrong=0, dtypes=COMMON), compiled=True, examples=(LONE,),
         known={"a lone number has no places: Keras gives no output at all": lambda case: not case.x.axes}),
    Plan("ops.unique", shapes(0, 1, 2, wrong=0, zero=0, dtypes=COMMON),
         {"axis": ("none", "none", 0, 1, -1), "size": ("none", 4), "fill_value": ("none", 0, 1, 0.5)}, known=EMPTY,
         values=counts, compiled=True),
    Plan("ops.bincount", shapes(0, 1, 2, wrong=0, zero=0, dtypes=COMMON), {"minlength": (0, 5)}, known=EMPTY,
         values=counts, compiled=True),
    *(plan_of_segments(name) for name in ("sum", "prod", "max", "min")),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)
