"""The convolutions against Keras."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from oracle import Case, Plan, agree, spatial


def one_of_two(rng: Random, written: dict[str, Any]) -> None:
    """Strides or dilation, not both, and filters that the groups divide."""
    written.pop(rng.choice(("strides", "dilation_rate")), None)
    groups = written.get("groups", 1)
    written["filters"] = groups * max(1, written["filters"] // groups)


def equal_strides(rng: Random, written: dict[str, Any]) -> None:
    if rng.random() < 0.5:
        written.pop("strides", None)
    elif isinstance(written.get("strides"), list):
        written["strides"] = written["strides"][:1] * len(written["strides"])


def small_output_padding(rng: Random, written: dict[str, Any]) -> None:
    one_of_two(rng, written)
    if written.get("output_padding") not in (None, "none"):
        written["strides"], written["output_padding"] = rng.choice(((2, 1), (3, 1), (3, 2), (2, 0)))
        written.pop("dilation_rate", None)


KERNELS = {"kernel_size": (1, 2, 3, 4), "strides": (1, 2, 3), "dilation_rate": (1, 2, 3), "filters": (1, 2, 4, 6)}
BORDERS = {"padding": ("valid", "same"), "data_format": ("channels_last", "channels_first", "none")}


def sized(rank: int, *names: str) -> dict[str, Any]:
    """Numbers and, half of the time, a list with one for each axis."""

    def draw(values: tuple[int, ...]) -> Any:
        def value(rng: Random) -> Any:
            return rng.choice(values) if rng.random() < 0.5 else [rng.choice(values) for _ in range(rank)]

        return value

    return {name: KERNELS[name] if name == "filters" else draw(KERNELS[name]) for name in names} | BORDERS


def channels_first(case: Case) -> bool:
    return case.written.get("data_format") == "channels_first"


def dilated(case: Case) -> bool:
    rate = case.written.get("dilation_rate", 1)
    return max(rate if isinstance(rate, list) else [rate]) > 1


# Keras builds these; TensorFlow runs them on a GPU, or not at all in training on a CPU.
STUCK = {"TensorFlow's CPU kernels want the channels last": channels_first}
STUCK_TRANSPOSED = STUCK | {"TensorFlow's CPU kernels do not dilate transposed convolutions": dilated}

PLANS = (
    *(
        Plan(
            f"Conv{rank}D",
            spatial(rank, smallest=2, dtypes=(*("float32",) * 9, "int32", "uint8")),
            sized(rank, *KERNELS) | ({"padding": ("valid", "same", "causal")} if rank == 1 else {}),
            mend=one_of_two,
            stuck=STUCK,
        )
        for rank in (1, 2, 3)
    ),
    *(
        Plan(f"Conv{rank}DTranspose", spatial(rank), sized(rank, *KERNELS), mend=small_output_padding,
             stuck=STUCK_TRANSPOSED)
        for rank in (1, 2, 3)
    ),
    *(
        Plan(
            f"DepthwiseConv{rank}D",
            spatial(rank),
            sized(rank, "kernel_size", "strides", "dilation_rate"),
            mend=equal_strides,
            stuck=STUCK,
        )
        for rank in (1, 2)
    ),
    *(
        Plan(f"SeparableConv{rank}D", spatial(rank), sized(rank, *KERNELS), mend=equal_strides, stuck=STUCK)
        for rank in (1, 2)
    ),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
