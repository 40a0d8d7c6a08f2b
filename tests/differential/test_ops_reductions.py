"""Operations that make one number of many, against Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import NOWHERE
from oracle import Axis, Case, Plan, Tensor, agree, shapes

from keraspec.compiler.catalogue.ops.reductions import PLAIN, RUNNING

CASES = int(os.environ.get("KERASPEC_CASES", "8"))
COMMON = ("float32", "float32", "float16", "bfloat16", "float64", "int32", "int64", "int8", "uint8", "bool")
ONE = (None, 0, 1, 2, -1, -1, -2)
MANY = (None, 0, 1, -1, -1, [0, 1], [1, 2], [-1, -2], [1, 1], [2, 0])
ARGS = ("ops.argmax", "ops.argmin", "ops.nanargmax", "ops.nanargmin")


def axis(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple("none" if value is None else value for value in values)


def mends(case: Case) -> bool:
    return "dtype" in case.written and case.written["dtype"] not in (None, "none")


def not_float32(case: Case) -> bool:
    return case.x.dtype != "float32"


def twice(case: Case) -> bool:
    named = case.written.get("axis")
    return isinstance(named, list) and len(set(named)) < len(named)


def below(case: Case) -> bool:
    initial = case.written.get("initial")
    return case.x.dtype.startswith("uint") and isinstance(initial, int | float) and initial < 0


def shared(case: Case) -> bool:
    return case.written.get("synchronized") is True


UNSIGNED = {"a number below 0 wraps around in a graph, and ends the process outside of one": below}


def plan_of(name: str) -> Plan:
    """The plan of a reduction."""
    known: dict[str, Any] = NOWHERE | (UNSIGNED if name in ("ops.max", "ops.min") else {})
    if name == "ops.logsumexp":
        known["Keras announces float32 for a sum of fractions of any dtype"] = not_float32
    if name == "ops.prod":
        known["Keras announces the dtype asked for, and does not convert to it"] = mends
    return Plan(
        name,
        shapes(0, 1, 2, 2, 3, wrong=0, dtypes=COMMON),
        {"axis": axis(ONE if name in ARGS else MANY), "initial": (0, 1, 0.5, -1.0, "none"),
         "dtype": ("float32", "int32", "float16", "none"), "keepdims": (True, False)},
        known=known,
        compiled=True,
        accepted=0.15,
        examples=(
            *(({}, (Tensor((2,), dtype),)) for dtype in ("int8", "uint16", "bool", "bfloat16")),
            ({}, (Tensor((), batched=False),)),
            ({"axis": -1}, (Tensor((), batched=False),)),
        ),
    )  # fmt: skip


def plan_running(name: str) -> Plan:
    """The plan of a running sum or product."""
    return Plan(
        name,
        shapes(0, 1, 2, 3, wrong=0, dtypes=COMMON),
        {"axis": axis(ONE), "dtype": ("float32", "int32", "float16", "bool", "none")},
        compiled=True,
        examples=(({}, (Tensor((), batched=False),)), ({"axis": 0}, (Tensor((), batched=False),))),
    )


def weighed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """A tensor, and now and then weights."""
    shape: list[Axis] = [rng.choice((1, 2, 3, "time")) for _ in range(rng.randint(0, 3))]
    x = Tensor(tuple(shape), rng.choice(COMMON[:6]))
    pick = rng.random()
    if pick < 0.3:
        return (x,)
    if pick < 0.6:
        return x, Tensor(x.shape, rng.choice(COMMON[:6]))
    size = rng.choice((*shape, 3))
    return x, Tensor((size,), "float32", batched=False)


PLANS = (
    *(plan_of(record.name) for record in PLAIN),
    *(plan_running(record.name) for record in RUNNING),
    Plan(
        "ops.average",
        weighed,
        {"axis": axis(ONE)},
        skip=frozenset({"weights"}),
        compiled=True,
        accepted=0.2,
        examples=(
            ({"weights": [1, 2, 3], "axis": -1}, (Tensor((2, 3)),)),
            ({"weights": [1, 2, 3], "axis": 1}, (Tensor((3, 2), "float16"),)),
            ({"weights": [1, 2, 3], "axis": 1}, (Tensor((2,)),)),
            ({"weights": [1, 2, 3]}, (Tensor((3,)),)),
            ({"axis": 0}, (Tensor((3,)), Tensor(()))),
        ),
    ),
    Plan("ops.moments", shapes(0, 1, 2, 3, wrong=0, dtypes=COMMON), {"axes": MANY[1:]}, compiled=True, accepted=0.2,
         known=NOWHERE | {"small whole numbers are taken when devices share": shared}),
    Plan(
        "ops.norm",
        shapes(0, 1, 2, 3, wrong=0, dtypes=COMMON),
        {"axis": axis(MANY), "ord": (1, 2, 3, 0, -1, -2, 0.5, "fro", "nuc", "inf", "-inf", "none"),
         "keepdims": (True, False)},
        known={"one axis named twice is no matrix": twice,
               "Keras puts the axes back elsewhere than it announces": lambda case: case.written.get("keepdims") is True
               and case.written.get("ord") in (2, -2, "nuc")},
        compiled=True,
        accepted=0.2,
        examples=(({"ord": 2, "axis": [1, 2], "keepdims": True}, (Tensor((3, 4)),)),),
    ),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)
