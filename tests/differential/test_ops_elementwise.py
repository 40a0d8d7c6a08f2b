"""Operations element by element, against Keras."""

from __future__ import annotations

import pytest
from oracle import Plan, agree, shapes
from test_merging import alike

PLANS = (
    Plan("ops.add", alike(1, 2)),
    Plan("ops.exp", shapes(0, 1, 2, 3, dtypes=("float32", "float16", "int32", "bool", "int64"))),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
