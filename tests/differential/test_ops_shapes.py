"""Operations that change shapes and axes, or copy what is there, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import CASES, NOWHERE, WITH_TEXT, axes, some
from oracle import Plan, Tensor, agree

NUMBERS = ("float32", "float32", "float64", "float16", "int32", "int8", "uint8", "int64", "bool")
ANY = some(0, 1, 2, 3, dtypes=WITH_TEXT)
NOTHING_TO_SQUEEZE = {
    "where nothing is of size 1 TensorFlow looks again at run time, and may take the batch axis": lambda case: (
        1 not in case.x.shape and case.written.get("axis") in (None, "none")
    )
}
FILLED = {
    "where a word turns out as another number than the list has, TensorFlow leaves the list as it is": lambda case: (
        isinstance(case.written.get("fill_value"), list) and any(isinstance(size, str) for size in case.x.shape)
    )
}


def newshape(rng: Random) -> Any:
    if rng.random() < 0.15:
        return rng.choice((-1, 6, 4))
    shape = [rng.choice((1, 2, 3, 4, 6)) for _ in range(rng.randint(0, 2))]
    shape.insert(rng.randint(0, len(shape)), -1)
    if rng.random() < 0.15:
        shape.append(rng.choice((-1, 0, 5)))
    return shape


def permutation(rng: Random) -> Any:
    rank = rng.randint(1, 4)
    order = rng.sample(range(rank), rank)
    return [one - rank if rng.random() < 0.3 else one for one in order]


def as_many(rng: Random, written: dict[str, Any]) -> None:
    if isinstance(written.get("source"), list):
        written["destination"] = rng.sample(range(4), len(written["source"]))
    elif isinstance(written.get("destination"), list):
        written["destination"] = 1


def shifts(rng: Random, written: dict[str, Any]) -> None:
    axis = written.get("axis")
    written["shift"] = [rng.randint(-3, 3) for _ in axis] if isinstance(axis, list) else rng.randint(-3, 3)


def squeezable(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    shape = tuple(rng.choice((1, 1, 2, 3, "time")) for _ in range(rng.randint(0, 3)))
    return (Tensor(shape, rng.choice(WITH_TEXT), batched=rng.random() < 0.7),)


def stretched(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Tensors that mostly broadcast to the shape that is drawn."""
    target = written.get("shape")
    sizes = target if isinstance(target, list) else []
    shape = [size if isinstance(size, int) and size >= 0 and rng.random() < 0.6 else 1 for size in sizes or [1]]
    if rng.random() < 0.1:
        shape.append(7)
    return (Tensor(tuple(shape[rng.randint(0, 1) :]), rng.choice(NUMBERS), batched=rng.random() < 0.1),)


def counted(rng: Random) -> Any:
    return rng.choice((1, 2, 3, [2], [1, 2], [0, 2], [2, 1, 3], [1, 1, 2, 2]))


def widths(rng: Random) -> Any:
    if rng.random() < 0.15:
        return rng.choice((1, [1, 2], [[2, 1]]))
    return [[rng.randint(0, 2), rng.randint(0, 2)] for _ in range(rng.randint(1, 3))]


PLANS = (
    Plan("ops.reshape", ANY, {"newshape": newshape}, compiled=True, accepted=0.2,
         examples=(({"newshape": [-1, 6]}, (Tensor((2, 3)),)), ({"newshape": [-1, "time"]}, (Tensor((2,)),)))),
    Plan("ops.ravel", ANY, compiled=True),
    Plan("ops.transpose", ANY, {"axes": permutation}, compiled=True),
    Plan("ops.swapaxes", ANY, {"axis1": lambda rng: rng.randint(-3, 3), "axis2": lambda rng: rng.randint(-3, 3)},
         compiled=True, accepted=0.2),
    Plan("ops.moveaxis", some(1, 2, 3, dtypes=WITH_TEXT),
         {"source": (0, 1, -1, [0, 1], [1, -1]), "destination": (0, 1, -1, 2, [0, 1])}, mend=as_many, compiled=True),
    Plan("ops.expand_dims", ANY, {"axis": axes(-3, 3)}, known=NOWHERE, compiled=True),
    Plan("ops.squeeze", squeezable, {"axis": axes(-3, 3)}, compiled=True, accepted=0.1,
         known=NOTHING_TO_SQUEEZE | NOWHERE,
         examples=(({}, (Tensor((1, 3)),)), ({"axis": 1}, (Tensor((1, 3)),)))),
    Plan("ops.broadcast_to", stretched, {"shape": lambda rng: [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]},
         compiled=True, accepted=0.2),
    Plan("ops.flip", ANY, {"axis": axes()}, known=NOWHERE, compiled=True, accepted=0.2),
    Plan("ops.fliplr", ANY, compiled=True),
    Plan("ops.flipud", ANY, compiled=True),
    Plan("ops.roll", ANY, {"axis": axes(-2, 2), "shift": (1, 2, -1, [1, 2])}, mend=shifts, compiled=True,
         accepted=0.2),
    Plan("ops.rot90", ANY, {"k": (0, 1, 2, 3, -1), "axes": ([0, 1], [1, 2], [-1, -2], [2, 1], [1, 1])},
         compiled=True, accepted=0.1),
    Plan("ops.view", some(0, 1, 2, dtypes=NUMBERS),
         {"dtype": ("int32", "float32", "uint8", "float64", "int16", "none")},
         compiled=True, accepted=0.1),
    Plan("ops.size", some(0, 1, 2, 3, dtypes=WITH_TEXT), compiled=True),
    Plan("ops.tile", ANY, {"repeats": counted}, compiled=True),
    Plan("ops.repeat", ANY, {"repeats": counted, "axis": (0, 1, -1, 2, "none")}, compiled=True, accepted=0.15),
    Plan("ops.pad", some(0, 1, 2, dtypes=WITH_TEXT),
         {"pad_width": widths, "mode": ("constant", "reflect", "symmetric"), "constant_values": ("none", 1, 0.5, 2.0)},
         compiled=True, accepted=0.05,
         examples=(({"pad_width": [[0, 0], [1, 2]]}, (Tensor((3,)),)),
                   ({"pad_width": [[0, 0], [1, 2]], "constant_values": 1.5}, (Tensor((3,), "float16"),)))),
    Plan("ops.zeros_like", ANY, compiled=True),
    Plan("ops.ones_like", ANY, compiled=True),
    Plan("ops.empty_like", ANY, compiled=True),
    Plan("ops.full_like", some(0, 1, 2), {"fill_value": (0, 1, 2.0, 0.5, True, [1, 2], [[3]])}, compiled=True,
         known=FILLED,
         accepted=0.1),
    Plan("ops.full", lambda rng, written: (Tensor((), rng.choice(NUMBERS), batched=rng.random() < 0.2),),
         {"shape": ([2, 3], [4], [], [1, 5])}, compiled=True),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)
