"""Activation functions as ops, against Keras."""

from __future__ import annotations

import pytest
from oracle import Case, Plan, agree, shapes

from keraspec.compiler.catalogue.ops.activations import OPS

DTYPES = ("float32", "float32", "float16", "bfloat16", "float64", "int32", "bool")
AXES = (-1, -1, 0, 1, 2, -2, [0, 1], [1, -1], [1, 1], "none", 5)


def whole(case: Case) -> bool:
    return case.x.dtype in ("int32", "bool")


KNOWN = {
    "ops.leaky_relu": {"Keras announces whole numbers and computes float32": whole},
    "ops.threshold": {"whole numbers run with whole arguments alone": whole},
    "ops.log_softmax": {"an empty list of axes asks for nothing": lambda case: case.written.get("axis") == []},
    "ops.softmax": {"an empty list of axes asks for nothing": lambda case: case.written.get("axis") == []},
    "ops.soft_shrink": {"whole numbers run with a whole threshold alone": whole},
    "ops.hard_shrink": {"whole numbers run with a whole threshold alone": whole},
}


def batch(case: Case) -> bool:
    axis = case.written.get("axis", -1)
    return axis == 0 or (isinstance(axis, int) and axis == -1 - len(case.x.shape))


STUCK = {"ops.glu": {"the batch here is odd, and can't be halved": batch}}


PLANS = tuple(
    Plan(
        record.name,
        shapes(0, 1, 2, 3, dtypes=DTYPES),
        arguments={"axis": AXES} if record.name.endswith("softmax") else {"axis": (-1, -1, 0, 1, 2, -2, 5)},
        known=KNOWN.get(record.name, {}),
        stuck=STUCK.get(record.name, {}),
        accepted=0.2,
    )
    for record in OPS
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
