"""Quantiles, differences, integrals and correlations, against Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import dropping
from oracle import Plan, Tensor, agree, shapes

CASES = int(os.environ.get("KERASPEC_CASES", "12"))
COMMON = ("float32", "float32", "float16", "bfloat16", "float64", "int32", "int64", "int8", "uint8", "bool")
MANY = ("none", 0, 1, -1, -1, [0, 1], [1, 2], [-1, -2])
NOWHERE = {"no axis at all leaves everything as it is: a spec leaves the op out": lambda case: (
    case.written.get("axis") == []
)}  # fmt: skip
BEYOND = {"there is nothing below 0 or above all": lambda case: bool(outside(case.written.get("q")))}
LOST = {"Keras takes a method and computes another": lambda case: case.written.get("method", "linear") != "linear"}


def outside(q: Any) -> list[Any]:
    return [one for one in (q if isinstance(q, list) else [q]) if isinstance(one, int | float) and not 0 <= one <= 1]


def plan_of(name: str, most: int) -> Plan:
    """The plan of a quantile; those that pass over NaN run over all elements only."""
    holes = name.startswith("ops.nan")
    asked = {"q": (0, most, 0.25 * most, most // 2, [0.5 * most], [0, 0.3 * most, most])}
    return Plan(
        name,
        shapes(0, 1, 2, 3, wrong=0, zero=0, dtypes=COMMON),
        {"axis": ("none", "none", "none", 1) if holes else MANY, "keepdims": (True, False), **(asked if most else {})},
        mend=lambda rng, written: written.update({"q": rng.choice(asked["q"])}) if most else None,
        known=NOWHERE | (LOST if name == "ops.quantile" else {}) | (BEYOND if most else {}),
        compiled=True,
        accepted=0.1 if holes else 0.3,
        examples=(
            *((({}, (Tensor((3,)), Tensor((2,), batched=False))),) if most else ()),
            *((({}, (Tensor((3,)), Tensor(()))), ({}, (Tensor((3,)), Tensor((2,))))) if most else ()),
        ),
    )


def curves(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    shape = [rng.choice((1, 2, 3, "time")) for _ in range(rng.randint(0, 3))]
    return (Tensor(tuple(shape), rng.choice(COMMON)),)


def rows(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    def row() -> Tensor:
        size = rng.choice((1, 3, 4, 7)) if rng.random() < 0.9 else "time"
        return Tensor((size,), rng.choice(COMMON[:8]), batched=rng.random() < 0.1)

    return row(), row()


PLANS = (
    plan_of("ops.median", 0),
    plan_of("ops.nanmedian", 0),
    plan_of("ops.quantile", 1),
    plan_of("ops.percentile", 100),
    plan_of("ops.nanquantile", 1),
    plan_of("ops.nanpercentile", 100),
    Plan("ops.diff", shapes(0, 1, 2, 3, wrong=0, dtypes=COMMON), {"n": (0, 1, 2, 5), "axis": (0, 1, -1, -2)},
         examples=(({}, (Tensor((), batched=False),)),)),
    Plan(
        "ops.trapezoid",
        curves,
        {"x": ("none", "none", [0, 1, 3], [0.5, 2], [0, 1]), "axis": (-1, -1, 0, 1, -2), "dx": (1.0, 2, 0.5)},
        known={"there are no points": lambda case: case.written.get("x") == []},
        compiled=True,
        accepted=0.2,
        examples=(
            ({"x": [0, 1, 3]}, (Tensor((3,)),)),
            ({"x": [0, 1, 3]}, (Tensor((4,)),)),
            ({"x": [0, 1, 3], "axis": 0}, (Tensor((3, 2), batched=False),)),
            ({"x": [0, 1, 3], "axis": 0}, (Tensor((3,)),)),
            ({}, (Tensor((), batched=False),)),
        ),
    ),
    Plan(
        "ops.correlate",
        rows,
        {"mode": ("valid", "same", "full"), "x1": ([1, 2, 3], [0.5] * 8), "x2": ([1, 2, 3], [0.5])},
        mend=dropping(0.6, "x1", "x2"),
        compiled=True,
        accepted=0.2,
    ),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)
