"""Operations that take places out of tensors and put values into them, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
import pytest
from op_feeds import CASES, MANY, WITH_TEXT, places, some, tensor
from oracle import Axis, Case, Plan, Tensor, agree

WHOLE = ("int32", "int32", "int64", "uint8")
ITEMS = (
    ":",
    ":",
    ":",
    "0",
    "-1",
    "1:",
    ":-1",
    "::2",
    "1:3",
    "-2:",
    "::-1",
    "3:0:-1",
    "-1:-4:-2",
    "...",
    "newaxis",
    "7:",
)
UNKNOWN_ROWS = {
    "for other than one axis Keras computes wrong places, and fails in a graph": lambda case: len(case.x.axes) != 1,
    "a shape of no axes has no places": lambda case: case.written.get("shape") == [],
}

UNTOLD = {"how much follows a start that is computed is not known": lambda case: "start_indices" in case.inputs}
MOVED = {
    "XLA moves a block that reaches over an end back into the tensor, and so writes elsewhere": lambda case: (
        isinstance(case.written.get("start_indices"), list) and any(case.written["start_indices"])
    ),
    "fractions are cut off without a word to go among whole numbers": lambda case: (
        isinstance(case.written.get("updates"), list) and case.x.dtype.startswith(("int", "uint", "bool"))
    ),
}


def key(rng: Random) -> Any:
    if rng.random() < 0.08:
        return rng.choice((0, "[]", "0", "[0:", "[:, 'a']", "[..., 0, ...]", "[::0]", "[True]", "[1.5]"))
    items = [rng.choice(ITEMS) for _ in range(rng.randint(1, 4))]
    return f"[{', '.join(items)}]"


def numbers(rng: Random) -> Any:
    return rng.choice((0, -1, [0, 1], [[0], [0]], [0, 0, -1], [7], 1.5))


def taking(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    x = tensor(rng, rng.randint(0, 3), WITH_TEXT)
    indices = tensor(rng, rng.randint(0, 2), WHOLE if rng.random() < 0.9 else MANY)
    return (x, indices)


def along(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """A tensor and one that fits it but along the axis that is drawn."""
    x = tensor(rng, rng.randint(0, 3), WITH_TEXT)
    shape: list[Axis] = [1 if rng.random() < 0.15 else size for size in x.shape]
    axis = written.get("axis")
    place = axis - x.batched if isinstance(axis, int) and axis >= 0 else axis
    if isinstance(place, int) and -len(shape) <= place < len(shape):
        shape[place] = rng.choice((1, 2, 5))
    if axis in (None, "none"):
        shape = [4]
    if rng.random() < 0.1:
        shape.append(2)
    free = not x.batched or axis in (None, "none")
    return x, Tensor(tuple(shape), rng.choice(WHOLE), batched=not free)


def starts(rng: Random) -> list[int]:
    return [rng.choice((0, 0, 0, 1, 2, -1)) for _ in range(rng.randint(1, 3))]


def as_many(rng: Random, written: dict[str, Any]) -> None:
    """As many sizes as starts."""
    rank = rng.randint(1, 3)
    written["start_indices"] = [rng.choice((0, 0, 1)) for _ in range(rank)]
    if "shape" in written:
        written["shape"] = [rng.choice((-1, -1, 1, 2)) for _ in range(rank)]


def of_start(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    stated = written.get("start_indices")
    rank = len(stated) if isinstance(stated, list) else 2
    batched = rank > 0 and rng.random() < 0.7
    x = tensor(rng, max(0, rank - batched), MANY, free=0 if batched else 1)
    more = () if "start_indices" in written else (Tensor((rank,), "int32", batched=False),)
    shape = [size if isinstance(size, str) else rng.randint(1, 2) for size in x.shape]
    batch = [] if not batched or rng.random() < 0.5 else [1]
    updates = Tensor((*batch, *shape), x.dtype, batched=batched and not batch)
    return (x, *more, updates)


def cut(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    return of_start(rng, written)[:-1]


def scattered(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Places, each of so many numbers, and a value for each."""
    shape = written.get("shape")
    shape = shape if isinstance(shape, list) and shape else [4, 3]
    stated = written.get("indices")
    if isinstance(stated, list):
        depth = len(stated[0]) if stated and isinstance(stated[0], list) else 1
        return (Tensor((len(stated), *shape[depth:]), rng.choice(MANY), batched=False),)
    depth = rng.randint(1, len(shape)) if rng.random() < 0.9 else 4
    batched = rng.random() < 0.6
    count = () if batched else (rng.randint(1, 3),)
    dtype = rng.choice(("int32", "int64")) if rng.random() < 0.95 else "float32"
    values = Tensor((*count, *shape[depth:]), rng.choice(MANY), batched=batched)
    return Tensor((*count, depth), dtype, batched=batched), values


def with_point(case: Case) -> bool:
    return "int" in case.x.dtype and np.asarray(case.written.get("updates", 0)).dtype.kind == "f"


def updated(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    x = tensor(rng, rng.randint(0, 2), ("float32", "float32", "int32", "float16", "float64"), free=0.5)
    whole = [None, *x.shape] if x.batched else list(x.shape)
    depth = rng.randint(1, max(1, len(whole)))
    given = [] if "indices" in written else [Tensor((2, depth), "int32", batched=False)]
    stated = written.get("indices")
    rows = len(stated) if isinstance(stated, list) else 2
    if isinstance(stated, list) and stated and isinstance(stated[0], list):
        depth = len(stated[0])
    rest = [3 if size is None else size for size in whole[depth:]]
    return (x, *given, Tensor((rows, *rest), x.dtype if rng.random() < 0.9 else "int64", batched=False))


PLANS = (
    Plan("ops.get_item", some(0, 1, 2, 3, dtypes=WITH_TEXT), {"key": key}, compiled=True, accepted=0.2,
         examples=tuple(({"key": one}, (Tensor((5, "time", 3)),)) for one in
                        ("[:, 0]", "[:, 1:, ::2]", "[..., -1]", "[:, newaxis, :2]", "[:, ::-1, 7:]",
                         "[:, -3:, -2:-9:-1]",
                         "[:, :, ::-2]", "[:, :, -3:-1]", "[:, :, 3:1:-1]", "[:, :, 1::-1]", "[::2]", "[:, 5]"))),
    Plan("ops.take", taking, {"indices": numbers, "axis": (0, 1, -1, 2, "none")}, compiled=True, accepted=0.2,
         values=places),
    Plan("ops.take_along_axis", along, {"indices": ([0, 1], [[0]], [[[0, 0]]]), "axis": (0, 1, -1, 2, "none")},
         compiled=True, accepted=0.08, values=places,
         known={"no places at all are none of whole numbers": lambda case: case.written.get("indices") == []},
         examples=(({"axis": -1}, (Tensor((3, 4)), Tensor((3, 2), "int32"))),)),
    Plan("ops.slice", cut, {"start_indices": starts, "shape": ([-1, 1], [-1, -1], [1, 2])}, mend=as_many, compiled=True,
         accepted=0.15, values=places, known=UNTOLD),
    Plan("ops.slice_update", of_start, {"start_indices": starts, "updates": ([[1.0]], [1.5, 2.5], [[1]])}, mend=as_many,
         compiled=True, accepted=0.1, values=places, known=MOVED),
    Plan("ops.scatter", scattered, {"shape": ([4, 3], [5], [2, 3, 2]), "indices": ([[0], [1]], [[0, 1]])},
         compiled=True, accepted=0.1, values=places),
    Plan("ops.scatter_update", updated, {"indices": ([[0], [1]], [[0, 1]]), "updates": ([1.0, 2.0], [[1.5]], [1, 2]),
                                         "reduction": ("none", "add", "max", "min", "mul")},
         compiled=True, accepted=0.07, values=places,
         known={"numbers with a point lose what is behind it where they go among whole ones": with_point},
         examples=tuple(({"reduction": one}, (Tensor((3,)), Tensor((2, 2), "int32", batched=False),
                                              Tensor((2,), batched=False))) for one in ("none", "mul"))),
    Plan("ops.unravel_index", some(0, 0, 0, 1, dtypes=WHOLE, free=0.3), {"shape": ([3, 4], [12], [2, 2, 3], [0])},
         compiled=True, accepted=0.2, values=places, known=UNKNOWN_ROWS),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)
