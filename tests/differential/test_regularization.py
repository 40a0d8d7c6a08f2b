"""The layers that act in training only, against Keras."""

from __future__ import annotations

import pytest
from oracle import Case, Plan, agree, shapes

RATES = (0, 0.2, 0.5, 0.9, 1, -0.1, 1.5)
NOISE = (
    "none",
    ["none", 1],
    [1, 1],
    ["none", "none"],
    ["none", 1, "none"],
    [1, 1, 1],
    [1],
    [3],
    ["none", 4],
    [1, 1, 1, 1, 1],
)
FLOATS = ("float32", "float32", "float16", "bfloat16")
LEFT_OUT = {
    (
        "ActivityRegularization",
        "activity_regularizer",
    ): "the layer makes its own of l1 and l2, and Keras refuses another",
}


def in_use(case: Case) -> bool:
    """Keras hands the input on without a look; it is in training that it fails."""
    return not case.options.get("training") or case.written["rate"] == 0


IN_TRAINING = {
    "Keras fails in training only": in_use,
    "where all is dropped, the noise is not looked at": lambda case: case.written["rate"] == 1,
    "the noise makes an axis of size 1 larger": lambda case: case.written.get("noise_shape") == [3],
    "the noise adds axes": lambda case: len(case.written.get("noise_shape") or ()) > len(case.x.shape) + 1,
}

PLANS = (
    Plan(
        "Dropout",
        shapes(1, 2, 3, 4, dtypes=(*FLOATS, "int32")),
        arguments={"rate": RATES, "noise_shape": NOISE},
        known=IN_TRAINING,
    ),
    Plan("SpatialDropout1D", shapes(2, wrong=0.2, dtypes=FLOATS), arguments={"rate": RATES}),
    Plan("SpatialDropout2D", shapes(3, wrong=0.2, dtypes=FLOATS), arguments={"rate": RATES}),
    Plan("SpatialDropout3D", shapes(4, wrong=0.2, dtypes=FLOATS), arguments={"rate": RATES}),
    Plan("GaussianNoise", shapes(1, 2, 3, dtypes=FLOATS), arguments={"stddev": RATES}),
    Plan(
        "GaussianDropout",
        shapes(1, 2, 3, dtypes=FLOATS),
        arguments={"rate": RATES},
        known=IN_TRAINING,
    ),
    Plan(
        "AlphaDropout",
        shapes(1, 2, 3, dtypes=FLOATS),
        arguments={"rate": RATES, "noise_shape": NOISE},
        accepted=0.2,
        known=IN_TRAINING,
    ),
    Plan(
        "ActivityRegularization",
        shapes(0, 1, 2, 3, 4, dtypes=FLOATS),
        arguments={"l1": (0, 0.1, 2), "l2": (0, 0.1, 2)},
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
