"""The layers that normalise, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from oracle import Case, Plan, Tensor, agree, axis, shapes

AXES = (-1, -1, 1, 2, -2, 0, 5, -6, [1, 2], [-1], [1, -1], [2, 1], [-2, -1], [1, 1])
FLOATS = ("float32", "float32", "float32", "int32", "float16")


def grouped(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Shapes whose channels can often be shared among the groups."""
    shape = [axis(rng) for _ in range(rng.choice((0, 1, 2, 2, 3)))]
    channels = rng.choice((1, 4, 6, 8, 12, "depth"))
    return (Tensor((*shape, channels), rng.choice(FLOATS)),)


def few_groups(rng: Random, written: dict[str, Any]) -> None:
    """The 32 groups that are the default fit no small input."""
    written.setdefault("groups", rng.choice((1, 2, -1)))


def scaled_along(case: Case) -> bool:
    """The sizes of the last axes happen to be those of the scale, or 1: it runs, and scales the wrong axes."""
    return case.record.name == "RMSNormalization" and "axis" in case.written


PLANS = (
    Plan(
        "BatchNormalization",
        shapes(1, 2, 3, 4, unknown=0.06, dtypes=FLOATS),
        wrong=0.1,
        arguments={
            "axis": (-1, -1, -1, -1, 1, 1, 2, -2, 0, 4),
            "renorm_clipping": (
                *("none",) * 4,
                {"rmin": 0.5, "rmax": 2, "dmax": 1},
                {"rmin": 0.5},
                {"rmin": 2, "rmax": 1},
                {"dmax": -1},
                {"r": 1},
            ),
            "renorm": (True, True, False),
            "momentum": (0.9, 0.99, 0, 0.5, 1, 5),
            "synchronized": (False,),
        },
        known={
            "limits of a correction that is off": lambda case: not case.written.get("renorm"),
            "a momentum outside of 0 to 1 is accepted by Keras": lambda case: any(
                not isinstance(case.written.get(name, 0), (int, float)) or not 0 <= case.written.get(name, 0) <= 1
                for name in ("momentum", "renorm_momentum")
            ),
            "an epsilon below 0 is accepted by Keras": lambda case: negative(case, "epsilon"),
        },
    ),
    Plan(
        "LayerNormalization",
        shapes(1, 2, 3, 4, unknown=0.1, dtypes=FLOATS),
        arguments={"axis": AXES},
        known={"an epsilon below 0 is accepted by Keras": lambda case: negative(case, "epsilon")},
    ),
    Plan(
        "GroupNormalization",
        grouped,
        arguments={"groups": (1, 2, 2, 4, -1, 0, 3), "axis": (-1, -1, -1, -1, 1, 2, -2, 0, 6)},
        mend=few_groups,
        wrong=0.1,
        known={"an epsilon below 0 is accepted by Keras": lambda case: negative(case, "epsilon")},
    ),
    Plan(
        "UnitNormalization",
        shapes(1, 2, 3, 4, dtypes=FLOATS),
        arguments={"axis": AXES},
        known={"Keras takes no axis for one": lambda case: case.written.get("axis") == []},
    ),
    Plan(
        "RMSNormalization",
        shapes(1, 2, 3, 4, unknown=0.1, dtypes=FLOATS),
        arguments={"axis": AXES},
        known={
            "an epsilon below 0 is accepted by Keras": lambda case: negative(case, "epsilon"),
            "it runs where sizes are alike by chance": scaled_along,
        },
    ),
    Plan(
        "SpectralNormalization",
        shapes(2, 2, 3, smallest=3, unknown=0.04, wrong=0.04, dtypes=("float32",)),
        accepted=0.2,
        wrong=0.1,
        arguments={
            "layer": (
                {"type": "Dense", "units": 4},
                {"type": "Dense", "units": 3},
                {"type": "Dense", "units": 2, "use_bias": False},
                {"type": "Conv1D", "filters": 4, "kernel_size": 2},
                {"type": "Conv2D", "filters": 2, "kernel_size": 3, "padding": "same"},
                {"type": "Dropout", "rate": 0.5},
                {"type": "LayerNormalization"},
            ),
            "power_iterations": (1, 2, 3),
        },
    ),
)


def negative(case: Case, name: str) -> bool:
    """Whether a number is below 0."""
    value = case.written.get(name, 0)
    return isinstance(value, (int, float)) and value < 0


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
