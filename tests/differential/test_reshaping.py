"""The layers that change the shape, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from oracle import Axis, Plan, Tensor, agree, shapes, spatial

FORMATS = ("channels_last", "channels_first", "none")


def ends(rank: int) -> Any:
    """One number, one for each axis, or a pair for each axis."""

    def value(rng: Random) -> Any:
        def one() -> int:
            return rng.choice((0, 1, 1, 2))

        form = rng.randrange(3)
        if form == 0:
            return one()
        if rank == 1:
            return [one(), one()]
        return [one() if form == 1 else [one(), one()] for _ in range(rank)]

    return value


def factors(rank: int) -> Any:
    return lambda rng: rng.randint(1, 3) if rng.random() < 0.5 else [rng.randint(1, 3) for _ in range(rank)]


def reshaped(rng: Random, written: Mapping[str, Any]) -> list[Tensor]:
    """Mostly an input with the elements that the target wants, now and then a word or one too many."""
    target = [size for size in written["target_shape"] if size != -1]
    shape: list[Axis] = list(target)
    rng.shuffle(shape)
    if -1 in written["target_shape"]:
        shape.append(rng.choice((1, 3, "time", 4)))
    if len(shape) > 1 and rng.random() < 0.4 and isinstance(shape[0], int) and isinstance(shape[1], int):
        shape[:2] = [shape[0] * shape[1]]
    if shape and rng.random() < 0.25:
        shape[-1] = rng.choice(("time", 5, "width"))
    return [Tensor(tuple(shape), rng.choice(("float32", "float32", "int32", "string")))]


def target(rng: Random) -> list[int]:
    sizes = [rng.choice((1, 2, 3, 4, 6)) for _ in range(rng.randint(0, 3))]
    if rng.random() < 0.45:
        sizes.insert(rng.randint(0, len(sizes)), -1)
    return sizes if rng.random() < 0.95 else [*sizes, -1]


def order(rng: Random) -> list[int]:
    axes = list(range(1, rng.randint(1, 3) + 1))
    rng.shuffle(axes)
    return axes if rng.random() < 0.9 else [*axes, 2]


def permuted(rng: Random, written: Mapping[str, Any]) -> list[Tensor]:
    feed = shapes(
        len(written["dims"]) if isinstance(written["dims"], list) else 2, dtypes=("float32", "int32", "string")
    )
    return list(feed(rng, written))  # type: ignore[arg-type]


# A penalty on text is no use to anybody and stops in the first step.
NO_PENALTY = frozenset({"activity_regularizer"})
NUMBERS = (*("float32",) * 5, "int32")

PLANS = (
    Plan("Flatten", shapes(0, 1, 2, 3, dtypes=("float32", "int32", "string", "uint8")), {"data_format": FORMATS},
         skip=NO_PENALTY),
    Plan("Reshape", reshaped, {"target_shape": target}, wrong=0.0, skip=NO_PENALTY),
    Plan("Permute", permuted, {"dims": order}, skip=NO_PENALTY),
    Plan("RepeatVector", shapes(1, dtypes=NUMBERS), {"n": (1, 2, 5)}),
    *(
        Plan(f"Cropping{rank}D", spatial(rank, dtypes=NUMBERS), {"cropping": ends(rank), "data_format": FORMATS})
        for rank in (1, 2, 3)
    ),
    *(
        Plan(f"ZeroPadding{rank}D", spatial(rank, dtypes=NUMBERS), {"padding": ends(rank), "data_format": FORMATS})
        for rank in (1, 2, 3)
    ),
    Plan("UpSampling1D", spatial(1, dtypes=NUMBERS), {"size": (1, 2, 3)}),
    Plan(
        "UpSampling2D",
        spatial(2, dtypes=NUMBERS),
        {"size": factors(2), "data_format": FORMATS,
         "interpolation": ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")},
    ),
    Plan("UpSampling3D", spatial(3, dtypes=NUMBERS), {"size": factors(3), "data_format": FORMATS}),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)
