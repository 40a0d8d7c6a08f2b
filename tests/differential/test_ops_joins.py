"""Operations that put tensors together and take them apart, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import CASES, MANY, WITH_TEXT, alike, as_we_say, some, tensor
from oracle import Plan, Tensor, agree

CUTS = (1, 2, 3, [1], [1, 2], [2, 2], [0, 3], [4, 1], [9])
AXES = (0, 1, 1, -1, 2, -4)
FLOAT_GRID = {'with "ij" Keras announces float32 whatever it is given': as_we_say()}
MIXED_GRID = {
    "of truth values among numbers Keras announces another dtype than it computes": lambda case: (
        {"bool"} < {one.dtype for one in case.inputs["x"]}
    )
}
ONE_PIECE = {
    "in a graph that does not know the size Keras gives one piece for all": lambda case: (
        not all(isinstance(size, int) for size in case.x.axes)
    )
}
NO_PIECE = {"nothing comes out where there are no places": lambda case: 0 in case.x.shape}


def cuttable(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    return (tensor(rng, rng.randint(0, 3), WITH_TEXT, unknown=0.15, free=0.35, largest=6),)


def two(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    found = alike(*MANY)(rng, written)
    return (found * 2)[:2]


def grid(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    dtype = rng.choice(("float32", "float32", "int32", "float16", "int64"))
    return tuple(
        tensor(rng, rng.randint(0, 1), (dtype,) if rng.random() < 0.9 else MANY, free=0.4)
        for _ in range(rng.randint(1, 3))
    )


def pieces(name: str, more: Mapping[str, Any], **further: Any) -> Plan:
    return Plan(name, cuttable, {"indices_or_sections": CUTS, **more}, compiled=True, accepted=0.04, **further)


PLANS = (
    Plan("ops.concatenate", alike(*WITH_TEXT), {"axis": AXES}, compiled=True, accepted=0.2),
    Plan("ops.stack", alike(*WITH_TEXT), {"axis": AXES}, compiled=True, accepted=0.2),
    Plan("ops.hstack", alike(*WITH_TEXT), compiled=True, accepted=0.2),
    Plan("ops.vstack", alike(*WITH_TEXT), compiled=True, accepted=0.2),
    Plan("ops.dstack", alike(*WITH_TEXT), compiled=True, accepted=0.2),
    Plan("ops.append", two, {"axis": (0, 1, -1, 2, "none"), "x1": ([1, 2], [[1.5]]), "x2": ([1, 2], [[0.5]], [True])},
         compiled=True, accepted=0.1),
    Plan("ops.meshgrid", grid, {"indexing": ("xy", "ij")}, known=FLOAT_GRID | MIXED_GRID, compiled=True, accepted=0.2),
    pieces("ops.split", {"axis": AXES}),
    pieces("ops.hsplit", {}),
    pieces("ops.vsplit", {}),
    pieces("ops.dsplit", {}),
    pieces("ops.array_split", {"axis": AXES}, known=ONE_PIECE),
    Plan("ops.unstack", some(0, 1, 2, dtypes=WITH_TEXT, free=0.4), {"num": (1, 2, 3, "none"), "axis": AXES},
         compiled=True, accepted=0.1, known=NO_PIECE),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)
