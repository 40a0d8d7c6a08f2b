"""The pooling layers against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from oracle import Case, Inputs, Plan, Tensor, agree, spatial

FORMATS = ("channels_last", "channels_first", "none")


def reach(rank: int, *values: int) -> Any:
    """A number or a list with one for each axis."""

    def value(rng: Random) -> Any:
        return rng.choice(values) if rng.random() < 0.5 else [rng.choice(values) for _ in range(rank)]

    return value


def over_volumes(case: Case) -> bool:
    return case.written.get("dtype") in ("float16", "float64", "mixed_float16", "mixed_bfloat16", "bfloat16")


def alone(case: Case) -> bool:
    wanted = case.written.get("output_size")
    return 1 in (wanted if isinstance(wanted, list) else [wanted]) or 1 in case.x.shape


def sequences(rng: Random, written: Mapping[str, Any]) -> Inputs:
    """A sequence, and now and then a mask of its own, which is sometimes too long."""
    (x,) = spatial(1)(rng, written)
    inputs: dict[str, tuple[Tensor, ...]] = {"inputs": (x,)}
    if rng.random() < 0.4 and len(x.shape) == 2:
        steps = x.shape[1 if written.get("data_format") == "channels_first" else 0]
        late = isinstance(steps, int) and rng.random() < 0.2
        inputs["mask"] = (Tensor((steps + 2 if late else steps,), rng.choice(("bool", "bool", "int32"))),)
    return inputs


# Reason → cases that Keras builds and TensorFlow runs on a GPU only, or not at all.
STUCK = {3: {"TensorFlow's CPU kernels over volumes know float32 only": over_volumes}}
PLANS = (
    *(
        Plan(
            f"{kind}Pooling{rank}D",
            spatial(rank, dtypes=(*("float32",) * 8, "int32")),
            {"pool_size": reach(rank, 1, 2, 3, 4), "strides": reach(rank, 1, 2, 3), "padding": ("valid", "same"),
             "data_format": FORMATS},
            stuck=STUCK.get(rank, {}),
        )
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    ),
    *(
        Plan(
            f"Global{kind}Pooling{rank}D",
            sequences if (kind, rank) == ("Average", 1) else spatial(rank),
            {"data_format": FORMATS, "keepdims": (True, False)},
        )
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    ),
    *(
        Plan(
            f"Adaptive{kind}Pooling{rank}D",
            spatial(rank, largest=8),
            {"output_size": reach(rank, 1, 2, 2, 3, 3, 5, 5), "data_format": FORMATS},
            known={"Keras runs it eagerly and not in a model": alone},
            stuck=STUCK.get(rank, {}),
        )
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    ),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
